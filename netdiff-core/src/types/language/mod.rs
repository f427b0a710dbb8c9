//! The language that people are spoken to in. English is written in the sources and is the key to the other: what a source says with
//! [`message!`](crate::message), [`text!`](crate::text) or [`noun!`](crate::noun) is looked up in the catalogue `po/zh-CN.po`, in the way of gettext.

#[macro_use]
mod message;
mod po;
mod retold;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

pub use message::{Message, Noun, Say, check_template};
pub use po::{Entry, PoError, read_po};

/// A language that netdiff speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, as it stands in the sources.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

/// The translations, as translators keep them.
pub const CHINESE_CATALOGUE: &str = include_str!("../../../po/zh-CN.po");

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// As the command line and HTML name it (BCP 47).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// The language of a locale, such as `zh_CN.UTF-8`, `zh-Hans` or `C`: Chinese where simplified characters are written, else English.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        let name = locale.split(['.', '@']).next().unwrap_or_default();
        let mut parts = name.split(['_', '-']).map(str::to_ascii_lowercase);
        if parts.next().as_deref() != Some("zh") {
            return Self::English;
        }
        let parts: Vec<String> = parts.collect();
        let has = |wanted: &[&str]| parts.iter().any(|part| wanted.contains(&part.as_str()));
        if !has(&["hant"]) && (parts.is_empty() || has(&["cn", "sg", "hans"])) {
            return Self::Chinese;
        }
        Self::English
    }

    /// A text of the sources in this language; a text that the catalogue does not have stays as it is.
    #[must_use]
    pub fn text(self, english: &str) -> &str {
        match self {
            Self::English => english,
            Self::Chinese => chinese().get(english).map_or(english, String::as_str),
        }
    }
}

/// The catalogue, read when it is first asked for. A damaged one is refused by the tests; here it would merely be empty.
fn chinese() -> &'static HashMap<String, String> {
    static CHINESE: OnceLock<HashMap<String, String>> = OnceLock::new();
    CHINESE.get_or_init(|| {
        let entries = read_po(CHINESE_CATALOGUE).unwrap_or_default();
        let translated = entries.into_iter().filter(|entry| !entry.to.is_empty());
        translated.map(|entry| (entry.from, entry.to)).collect()
    })
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A language that netdiff does not speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLanguage;

impl fmt::Display for UnknownLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("netdiff speaks en and zh-CN")
    }
}

impl std::error::Error for UnknownLanguage {}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, UnknownLanguage> {
        let lower = name.to_ascii_lowercase();
        match (Self::of_locale(name), lower.get(..2)) {
            (Self::Chinese, _) => Ok(Self::Chinese),
            (Self::English, Some("en")) => Ok(Self::English),
            _ => Err(UnknownLanguage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_understood() {
        for locale in [
            "zh_CN.UTF-8",
            "zh_CN",
            "zh-Hans",
            "zh_SG.utf8",
            "zh",
            "zh-Hans-HK",
            "zh_CN.GB18030@x",
        ] {
            assert_eq!(Language::of_locale(locale), Language::Chinese, "{locale}");
        }
        for locale in [
            "",
            "C",
            "POSIX",
            "C.UTF-8",
            "en_US.UTF-8",
            "zh_TW.UTF-8",
            "zh-Hant-CN",
            "zh_HK",
            "ja_JP",
            "zha",
        ] {
            assert_eq!(Language::of_locale(locale), Language::English, "{locale}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for language in Language::ALL {
            assert_eq!(language.name().parse(), Ok(language));
        }
        assert_eq!("zh-TW".parse::<Language>(), Err(UnknownLanguage));
        assert_eq!("fr".parse::<Language>(), Err(UnknownLanguage));
        assert_eq!("en_GB".parse(), Ok(Language::English));
    }

    #[test]
    fn the_catalogue_is_read() {
        assert!(!chinese().is_empty());
    }
}
