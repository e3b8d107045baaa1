use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A language that the page speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lang {
    #[default]
    #[serde(rename = "en")]
    En,
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    Zh,
}

/// A language tag of no language that the page speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page speaks en and zh-CN only")]
pub struct UnknownLang;

impl Lang {
    const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// Its BCP 47 tag: `en`, `zh-CN`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    /// What it calls itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Zh => "中文",
        }
    }

    /// The one to change to.
    pub fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }

    /// The language in use: that of the request which a page is rendered for, English where none was given.
    #[cfg(any(feature = "ssr", test))]
    pub fn current() -> Self {
        leptos::prelude::use_context().unwrap_or_default()
    }

    /// The language in use: that of the document. It changes with a new document only, so it is asked for once.
    #[cfg(not(any(feature = "ssr", test)))]
    pub fn current() -> Self {
        static OF_DOCUMENT: std::sync::OnceLock<Lang> = std::sync::OnceLock::new();
        *OF_DOCUMENT.get_or_init(|| {
            let root = leptos::prelude::document().document_element();
            root.and_then(|root| root.get_attribute("lang")?.parse().ok()).unwrap_or_default()
        })
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl FromStr for Lang {
    type Err = UnknownLang;

    /// Takes any tag of a language that the page speaks: `en-GB` is English, `zh-Hant-TW` is Chinese.
    fn from_str(tag: &str) -> Result<Self, UnknownLang> {
        let spoken = |lang: &Self| primary(tag).eq_ignore_ascii_case(primary(lang.tag()));
        Self::ALL.into_iter().find(spoken).ok_or(UnknownLang)
    }
}

/// The part of a tag that names the language itself.
fn primary(tag: &str) -> &str {
    tag.split_once('-').map_or(tag, |(primary, _)| primary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_any_of_its_tags() {
        for lang in Lang::ALL {
            assert_eq!(lang.to_string().parse(), Ok(lang));
            assert_eq!(serde_json::to_value(lang).unwrap(), lang.tag());
        }
        assert_eq!(
            ["en-GB", "EN", "zh", "zh-Hant-TW"].map(str::parse),
            [Lang::En, Lang::En, Lang::Zh, Lang::Zh].map(Ok)
        );
        for other in ["", "-", "fr", "eng", "z", "中文", "en_GB"] {
            assert_eq!(other.parse::<Lang>(), Err(UnknownLang), "{other}");
        }
    }
}
