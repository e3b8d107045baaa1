//! Every text that the page itself says, each in both languages side by side: a text that lacks one does not compile.
//! What the server says in its own sentences (evidence, the causes of failures) is English; see
//! [`crate::components::said`].

/// Texts by name: `name: "English", "中文";`, and sentences with names in them as
/// `name(count: usize): format!("{count} running"), format!("{count} 项进行中");` (or `name(..) -> &'static str: ..`).
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident $(($($arg:ident: $of:ty),*))? $(-> $said:ty)?: $en:expr, $zh:expr;)*) => {
        impl $crate::text::Texts {
            $($crate::text::texts! { @one [$(#[$doc])*] $name [$(($($arg: $of),*))?] [$($said)?] $en, $zh })*
        }
    };
    (@one [$($doc:tt)*] $name:ident [] [] $en:expr, $zh:expr) => {
        $($doc)*
        pub fn $name(self) -> &'static str {
            self.of(($en, $zh))
        }
    };
    (@one [$($doc:tt)*] $name:ident [$args:tt] [] $en:expr, $zh:expr) => {
        $crate::text::texts! { @one [$($doc)*] $name [$args] [String] $en, $zh }
    };
    (@one [$($doc:tt)*] $name:ident [($($arg:ident: $of:ty),*)] [$said:ty] $en:expr, $zh:expr) => {
        $($doc)*
        pub fn $name(self, $($arg: $of),*) -> $said {
            match self.0 {
                $crate::text::Lang::En => $en,
                $crate::text::Lang::Zh => $zh,
            }
        }
    };
}
use texts;

mod activity;
mod backups;
mod change;
mod checks;
mod controller;
mod diagnosed;
mod doctor;
mod drift;
mod evidence;
mod failures;
pub mod formats;
mod here;
mod home;
mod installation;
mod language;
mod models;
mod monitor;
mod page;
mod providers;
mod routes;
mod settled;
mod states;
mod warnings;

pub use language::{Lang, UnknownLang};

/// The texts of the language in use.
#[inline]
pub fn t() -> Texts {
    Texts(Lang::current())
}

/// The texts of one language.
#[derive(Clone, Copy, Debug)]
pub struct Texts(Lang);

impl Texts {
    /// Of the two, English and Chinese, the one in this language.
    fn of<T>(self, (english, chinese): (T, T)) -> T {
        match self.0 {
            Lang::En => english,
            Lang::Zh => chinese,
        }
    }
}

#[cfg(test)]
mod tests {
    /// The English and the Chinese of every text in a file. Of a sentence with more than one form, only the Chinese
    /// ones can be told from what else stands in quotes: their English is empty.
    fn texts(file: &str) -> Vec<(&str, &str)> {
        let parts: Vec<_> = file.split('"').skip(1).collect();
        let of_a_pair = |english, chinese, between: &str| {
            let between: String = between.split_whitespace().collect();
            [",", "),format!("].contains(&between.as_str()).then_some((english, chinese))
        };
        let pairs = parts.windows(4).step_by(2).filter_map(|at| match *at {
            // The pattern of the next arm of a match.
            [.., after] if after.trim_start().starts_with(['=', '|']) => None,
            [english, between, chinese, _] => of_a_pair(english, chinese, between),
            _ => None,
        });
        let alone = parts.iter().step_by(2).filter(|text| has_chinese(text)).map(|text| ("", *text));
        pairs.chain(alone).collect()
    }

    fn has_chinese(text: &str) -> bool {
        text.contains(|c: char| c >= '\u{2e80}')
    }

    /// The words in Latin letters of a text, without the names of what is put into it.
    fn latin(text: &str) -> Vec<&str> {
        let outside = text
            .split('{')
            .flat_map(|part| part.split_once('}').map_or(part, |(_, rest)| rest).split_whitespace());
        let words = outside.flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric()));
        words.filter(|word| word.contains(|c: char| c.is_ascii_alphabetic())).collect()
    }

    /// What is called the same in Chinese: products, files, and words of the trade.
    const SAME: &str = "AGM AI API AUTH Base CONTROLLER CPU Claude DEFAULT DeepSeek Docker FILE GATEWAY GLM Gateway Gemini HICLAW HOST HTTP HTTPS HiClaw Higress ID IPv4 \
                        JSON JavaScript Kimi MODEL Manager MiB NTP Ollama OpenAI PORT Qwen REACH RPM TOKEN URL Worker YAML admin agm cert doctor domain hiclaw higress http json key model openclaw reach tls token v1 vLLM";

    #[test]
    fn no_text_is_left_in_the_other_language() {
        let same: Vec<_> = SAME.split_whitespace().collect();
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/text")).unwrap();
        let files: Vec<_> =
            files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        let said = |file| texts(str::split(file, "#[cfg(test)]").next().unwrap());
        let all: Vec<_> = files.iter().flat_map(|file| said(file)).collect();
        assert!(all.len() > 500);
        for (english, chinese) in all {
            let foreign: Vec<_> = latin(chinese).into_iter().filter(|word| !same.contains(word)).collect();
            assert_eq!(foreign, Vec::<&str>::new(), "{chinese}");
            assert!(!has_chinese(english), "{english}");
        }
    }

    #[test]
    fn a_text_with_an_english_word_is_found() {
        let file = r#"a: "Save", "保存 changes"; b(n: usize): if n > 0 { "Some" } else { "none" }, "{n} 个 token";
                      c(of: &str): format!("Remove {of}"), format!("Remove"); Of::D => ("Fine", "好"), "x" => "好", "y" => 1"#;
        let expected = [
            ("Save", "保存 changes"),
            ("Remove {of}", "Remove"),
            ("Fine", "好"),
            ("", "保存 changes"),
            ("", "{n} 个 token"),
            ("", "好"),
            ("", "好"),
        ];
        assert_eq!(texts(file), expected);
        assert_eq!(
            expected.into_iter().flat_map(|(_, said)| latin(said)).collect::<Vec<_>>(),
            ["changes", "Remove", "changes", "token"]
        );
    }
}
