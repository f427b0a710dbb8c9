//! `netdiff.toml` in the folder where netdiff is run: what makes a build fail, and what is ignored and why.
//!
//! ```toml
//! fail-on = "warning"              # or a list: ["difference", "unused-ignore"]
//! lang = "zh-CN"                   # the language of what netdiff says: en or zh-CN
//!
//! [[ignore]]
//! what = "path=cross-node"         # a rule or a kind of difference, and what narrows it
//! reason = "routed without a tunnel since March"
//! ```
//!
//! A set's manifest has the same name, and may be the same file where netdiff is run in a set's folder: its tables are passed over here.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use netdiff_core::{FailOn, Ignore, Language};
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::language::said;
use crate::near::{did_you_mean, unknown_item};

/// The name by which settings are found.
pub(crate) const CONFIG_NAME: &str = "netdiff.toml";

/// Keys of settings.
const SETTINGS: [&str; 3] = ["fail-on", "ignore", "lang"];

/// Keys of a manifest, which is read with its set.
const MANIFEST: [&str; 6] = ["capture", "node", "pair", "pod", "service", "translation"];

/// Keys of an ignored thing.
const IGNORE: [&str; 2] = ["what", "reason"];

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) fail_on: Option<FailOn>,
    pub(crate) ignores: Vec<Ignore>,
}

/// Reads the file that was asked for, else the one in the current folder if there is one.
///
/// # Errors
/// Where the file cannot be read or has something that is no setting; with file and line.
pub(crate) fn read_config(asked: Option<&Path>) -> anyhow::Result<Config> {
    let file = asked.unwrap_or(Path::new(CONFIG_NAME));
    match fs::read_to_string(file) {
        Ok(text) => Source { file, text: &text }.config(),
        Err(error) if asked.is_none() && error.kind() == ErrorKind::NotFound => {
            Ok(Config::default())
        }
        Err(error) => {
            let check = match error.kind() {
                ErrorKind::NotFound => said!("; check the spelling behind --config"),
                _ => String::new(),
            };
            Err(anyhow!(
                "{}",
                said!(
                    "cannot read the settings in {file}: {error}{check}",
                    file = file.display(),
                    error,
                    check
                )
            ))
        }
    }
}

/// The language that a file states, if it states one that netdiff speaks: what is wrong with the file is told when it is read for its other settings.
pub(crate) fn language_of_config(file: &Path) -> Option<Language> {
    let text = fs::read_to_string(file).ok()?;
    let table = DeTable::parse(&text).ok()?;
    match table.get_ref().get("lang")?.get_ref() {
        DeValue::String(name) => name.parse().ok(),
        _ => None,
    }
}

/// Files in the sets' folders that hold settings which are not in force, because netdiff is not run there.
pub(crate) fn idle_configs(sets: &[&Path], in_force: Option<&Path>) -> Vec<PathBuf> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let in_force = real(in_force.unwrap_or(Path::new(CONFIG_NAME)));
    let files = sets.iter().map(|set| set.join(CONFIG_NAME));
    let idle = files.filter(|file| {
        let there = real(file);
        let settings = || {
            let text = fs::read_to_string(file).unwrap_or_default();
            DeTable::parse(&text).is_ok_and(|table| {
                let mut keys = table
                    .get_ref()
                    .iter()
                    .map(|(key, _)| key.get_ref().as_ref());
                keys.any(|key| SETTINGS.contains(&key))
            })
        };
        there.is_some() && there != in_force && settings()
    });
    idle.collect()
}

/// A file that is being read.
struct Source<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn config(&self) -> anyhow::Result<Config> {
        let table = DeTable::parse(self.text).map_err(|error| {
            self.error(error.span().map_or(0, |span| span.start), error.message())
        })?;
        let mut config = Config::default();
        for (key, value) in table.get_ref() {
            match key.get_ref().as_ref() {
                "fail-on" => config.fail_on = Some(self.fail_on(value)?),
                "ignore" => config.ignores = self.ignores(value)?,
                "lang" => self.check_language(value)?,
                known if MANIFEST.contains(&known) => {}
                other => {
                    let known: Vec<&str> = SETTINGS.iter().chain(&MANIFEST).copied().collect();
                    let words = said!(
                        "there is no key '{other}'; {known}",
                        other,
                        known = one_of(other, &known)
                    );
                    return Err(self.error(key.span().start, words));
                }
            }
        }
        Ok(config)
    }

    fn fail_on(&self, value: &Spanned<DeValue<'_>>) -> anyhow::Result<FailOn> {
        let names: Vec<&Spanned<DeValue<'_>>> = match value.get_ref() {
            DeValue::Array(names) => names.iter().collect(),
            _ => vec![value],
        };
        let mut joined: Option<FailOn> = None;
        for name in names {
            let text = self.text_of(name, "fail-on")?;
            let level = FailOn::named(text).ok_or_else(|| {
                let words = said!(
                    "fail-on '{text}': {known}",
                    text,
                    known = one_of(text, &FailOn::NAMES)
                );
                self.error(name.span().start, words)
            })?;
            joined = Some(joined.map_or(level, |joined| joined.or(level)));
        }
        joined.ok_or_else(|| {
            let words = said!(
                "fail-on is empty; {known}",
                known = one_of("", &FailOn::NAMES)
            );
            self.error(value.span().start, words)
        })
    }

    /// The language was decided on before.
    fn check_language(&self, value: &Spanned<DeValue<'_>>) -> anyhow::Result<()> {
        let name = self.text_of(value, "lang")?;
        let known = name.parse::<Language>();
        known.map(|_| ()).map_err(|_| {
            let words = said!("lang '{name}': netdiff speaks en and zh-CN", name);
            self.error(value.span().start, words)
        })
    }

    fn ignores(&self, value: &Spanned<DeValue<'_>>) -> anyhow::Result<Vec<Ignore>> {
        let wrong = || {
            let words = said!(
                "write a table of its own for each: [[ignore]], then what = \"…\" and reason = \"…\""
            );
            self.error(value.span().start, words)
        };
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(wrong());
        };
        let entries: &DeArray<'_> = entries;
        let entries = entries.iter().map(|entry| match entry.get_ref() {
            DeValue::Table(table) => self.ignore(table, entry.span().start),
            _ => Err(wrong()),
        });
        entries.collect()
    }

    fn ignore(&self, table: &DeTable<'_>, at: usize) -> anyhow::Result<Ignore> {
        let (mut what, mut reason) = (None, None);
        for (key, value) in table {
            let text = || self.text_of(value, key.get_ref());
            match key.get_ref().as_ref() {
                "what" => what = Some((text()?, value.span().start)),
                "reason" => reason = Some(text()?.trim()),
                other => {
                    let words = said!(
                        "there is no key '{other}' here; {known}",
                        other,
                        known = one_of(other, &IGNORE)
                    );
                    return Err(self.error(key.span().start, words));
                }
            }
        }
        let Some((what, line_at)) = what else {
            let words =
                said!("say what is to be ignored: what = \"RULE\", or a kind of difference");
            return Err(self.error(at, words));
        };
        let Some(reason) = reason.filter(|reason| !reason.is_empty()) else {
            let words = said!("say why {what} is ignored: reason = \"…\"", what);
            return Err(self.error(at, words));
        };
        let ignore =
            Ignore::parse(what).map_err(|error| self.error(line_at, unknown_item(&error)))?;
        let line = u64::try_from(self.line_of(line_at)).unwrap_or(u64::MAX);
        Ok(ignore
            .because(reason)
            .stated_in(self.file.display().to_string(), line))
    }

    fn text_of<'v>(&self, value: &'v Spanned<DeValue<'_>>, key: &str) -> anyhow::Result<&'v str> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.error(
                value.span().start,
                said!("{key} takes a text in quotes", key),
            )),
        }
    }

    fn line_of(&self, at: usize) -> usize {
        let before = self.text.bytes().take(at);
        1 + before.filter(|byte| *byte == b'\n').count()
    }

    fn error(&self, at: usize, words: impl std::fmt::Display) -> anyhow::Error {
        anyhow!(
            "{}",
            said!(
                "{file}, line {at}: {words}",
                file = self.file.display(),
                at = self.line_of(at),
                words
            )
        )
    }
}

/// What was probably meant, else all that is known.
fn one_of(name: &str, known: &[&str]) -> String {
    did_you_mean(name, known)
        .unwrap_or_else(|| said!("known are {known}", known = known.join(", ")))
}

/// Refuses what cannot be kept secret or cannot be found again once names are replaced, and leaves out what may name something.
pub(crate) fn anonymous(ignores: Vec<Ignore>) -> anyhow::Result<Vec<Ignore>> {
    let anonymous = ignores.into_iter().map(|ignore| {
        if ignore.is_narrowed() {
            bail!("{}", said!("--anonymize replaces the names that '{what}' may be about, so that it would not be found; leave one of the two \
                 away (--no-config leaves netdiff.toml away)", what = ignore.what()));
        }
        Ok(ignore.without_words())
    });
    anonymous.collect()
}
