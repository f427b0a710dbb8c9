//! Which language the program speaks: that of `--lang`, else of `lang` in the settings, else of the locale. It is decided once, before the command line is
//! understood, so that its errors and `--help` are in it.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

use netdiff_core::{Language, Message, text};

use crate::config::language_of_config;

static LANGUAGE: OnceLock<Language> = OnceLock::new();

/// The program's language; English until it is decided.
pub(crate) fn language() -> Language {
    LANGUAGE.get().copied().unwrap_or_default()
}

/// In the program's language.
pub(crate) fn render(message: &Message) -> String {
    message.render(language())
}

/// A [`message!`](netdiff_core::message) in the program's language.
macro_rules! said {
    ($($message:tt)*) => {
        $crate::language::render(&netdiff_core::message!($($message)*))
    };
}

pub(crate) use said;

/// Decides on the language.
pub(crate) fn decide(arguments: &[OsString]) {
    let asked = asked(arguments);
    let stated = || language_of_config(&config_of(arguments)?);
    let decided = asked.or_else(stated).unwrap_or_else(of_environment);
    // Only the first decision counts, and there is only one.
    let _ = LANGUAGE.set(decided);
}

/// What `--lang` says; of several, the last. A value that is no language is refused later, with all else on the command line.
fn asked(arguments: &[OsString]) -> Option<Language> {
    value_of(arguments, "--lang")?.parse().ok()
}

/// The settings that would be read; `None` with `--no-config`.
fn config_of(arguments: &[OsString]) -> Option<std::path::PathBuf> {
    let none = arguments.iter().any(|word| word == "--no-config");
    let asked = value_of(arguments, "--config");
    let file = asked.unwrap_or_else(|| crate::config::CONFIG_NAME.to_owned());
    (!none).then(|| Path::new(&file).to_owned())
}

/// The value of an option, before the command line is understood.
fn value_of(arguments: &[OsString], option: &str) -> Option<String> {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let options = words.iter().position(|word| *word == "--");
    let words = words.get(..options.unwrap_or(words.len()))?;
    let joined = |word: &&str| {
        let value = word.strip_prefix(option)?.strip_prefix('=')?;
        Some(value.to_owned())
    };
    let apart = words.windows(2).filter_map(|pair| match pair {
        [name, value] if *name == option => Some((*value).to_owned()),
        _ => None,
    });
    words.iter().filter_map(joined).chain(apart).last()
}

/// The first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set decides, as gettext has it.
fn of_environment() -> Language {
    let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
    Language::of_locale(&locale.unwrap_or_default())
}

/// An error with what brought it about, as `{error:#}` writes it, in the program's language.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let parts: Vec<String> = error
        .chain()
        .map(|cause| language().retold(&cause.to_string()))
        .collect();
    parts.join(language().text(text!(": ")))
}
