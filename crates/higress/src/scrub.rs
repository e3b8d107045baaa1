//! Texts of others, made fit to be shown: no secrets, no control characters, not endless.
use secrecy::{ExposeSecret, SecretString};

const HIDDEN: &str = "[hidden]";
/// Shorter "secrets" would blot out ordinary words.
const SHORTEST_SECRET: usize = 4;
/// How keys of known vendors begin.
const KEY_PREFIXES: &[&str] = &["sk-", "sk_", "ak-", "gsk_", "xai-", "ghp_", "AKIA", "AIza", "eyJ"];
const SHORTEST_PREFIXED: usize = 10;
const SHORTEST_KEY: usize = 20;
const LONGEST_WORD: usize = 23;

/// Replaces every known secret, and everything that looks like a key, by a placeholder; turns control characters into
/// spaces; cuts to `cap` characters.
pub fn scrub<'a>(text: &str, known: impl IntoIterator<Item = &'a SecretString>, cap: usize) -> String {
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for secret in known {
        let secret = secret.expose_secret();
        if secret.len() >= SHORTEST_SECRET {
            text = text.replace(secret, HIDDEN);
        }
    }
    cut(hide_keys(&text).trim(), cap)
}

fn cut(text: &str, cap: usize) -> String {
    match text.char_indices().nth(cap) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn hide_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_scheme = false;
    while let Some(first) = rest.chars().next() {
        let inside = is_key_char(first);
        let end = rest.find(|c| is_key_char(c) != inside).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        if inside {
            out.push_str(if after_scheme || looks_like_key(run) { HIDDEN } else { run });
            after_scheme = run.eq_ignore_ascii_case("bearer") || run.eq_ignore_ascii_case("basic");
        } else {
            out.push_str(run);
            after_scheme &= run.chars().all(char::is_whitespace);
        }
        rest = tail;
    }
    out
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=' | '~')
}

/// Keys mix letters and digits inside a word, or are one long word. Model ids and names (`claude-sonnet-4-5-20250929`)
/// keep them apart.
fn looks_like_key(run: &str) -> bool {
    if run.len() >= SHORTEST_PREFIXED && KEY_PREFIXES.iter().any(|prefix| run.starts_with(prefix)) {
        return true;
    }
    let words = || run.split(|c: char| !c.is_ascii_alphanumeric());
    let changes = |word: &str, class: fn(&u8) -> bool| {
        word.as_bytes().windows(2).filter(|pair| class(&pair[0]) != class(&pair[1])).count()
    };
    let long_word = words().any(|word| {
        let has_digits = changes(word, u8::is_ascii_digit) > 0;
        // A class name of Java changes its case twice in a word, a random text at every second letter.
        word.len() > LONGEST_WORD && (has_digits || changes(word, u8::is_ascii_uppercase) * 3 > word.len())
    });
    let mixed: usize = words().map(|word| changes(word, u8::is_ascii_digit)).sum();
    long_word || (run.len() >= SHORTEST_KEY && mixed >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_go_and_words_stay() {
        for key in [
            "sk-abcdefghijklmnop",
            "AIzaSyA-1234567890abcdefghi",
            "f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "0123456789abcdef0123456789abcdef",
            "YWRtaW46YWRtaW5wYXNzd29yZA==",
        ] {
            let shown = scrub(&format!("refused {key}."), [], 300);
            assert_eq!(shown, "refused [hidden].", "{key}");
        }
        for text in [
            "Unknown provider: deepseek",
            "model claude-sonnet-4-5-20250929 not found",
            "ai-route-default-ai-route.internal is not allowed",
            "Connection refused (os error 111)",
            "java.lang.IllegalArgumentException",
        ] {
            assert_eq!(scrub(text, [], 300), text);
        }
    }

    #[test]
    fn what_follows_an_auth_scheme_goes() {
        assert_eq!(
            scrub("got Authorization: Bearer abc123 here", [], 300),
            "got Authorization: Bearer [hidden] here"
        );
    }

    proptest! {
        #[test]
        fn a_known_secret_never_survives(before in ".{0,40}", secret in "[a-z]{6,12}", after in ".{0,40}", cap in 1usize..200) {
            let known = SecretString::from(secret.clone());
            let shown = scrub(&format!("{before}{secret}{after}"), [&known], cap);
            prop_assert!(!shown.contains(&secret) || HIDDEN.contains(&secret));
            prop_assert!(shown.chars().count() <= cap + 1);
        }
    }
}
