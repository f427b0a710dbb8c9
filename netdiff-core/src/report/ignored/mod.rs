//! What the user said to ignore: how it is stated, what it is about, and what of the report it takes away.

mod apply;
mod matching;

use serde::Serialize;

use super::model::{DifferenceReport, FindingReport};
use crate::diagnose::CATALOGUE;
use crate::diff::DifferenceKind;
use crate::types::Message;

/// Something to be ignored: `WHAT` or `WHAT=WHERE`.
///
/// `WHAT` is a rule, for findings, or a kind of difference. `WHERE` narrows it, with `*` for any characters:
///
/// - `NODE`, `NODE/INTERFACE` or `NODE/ROLE`: packets are lost from or to there, or, for what has no such place, all evidence is from there. Roles
///   (`pod`, `bridge`, `vtep`, `uplink`) outlive recordings, names of pods' interfaces do not: `*/pod`.
/// - `A..B`: packets are lost between these two places; or the values of a difference, as text shows them: `1410 bytes..1460 bytes`.
/// - a flow's protocol (`tcp`), service (`tcp/8080`, `icmp/echo`), relation (`cross-node`), or an address or name of one of its ends: all flows
///   concerned are such. Several that together take in all flows do as well.
///
/// ```
/// use netdiff_core::Ignore;
///
/// let known = Ignore::parse("delivery=master/eth0..*/eth0")?.because("the link is being replaced");
/// assert_eq!(known.what(), "delivery=master/eth0..*/eth0");
/// assert!(Ignore::parse("delivry").is_err());
/// # Ok::<(), netdiff_core::IgnoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    name: &'static str,
    only: Option<String>,
    reason: Option<String>,
    stated_in: Option<StatedIn>,
}

/// Why something cannot be ignored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoreError {
    /// Neither a rule nor a kind of difference.
    #[error("'{name}' is neither a rule nor a kind of difference")]
    Unknown {
        /// What was given.
        name: String,
    },
    /// Nothing behind `=`.
    #[error("'{what}' says nothing behind '='; leave '=' away to ignore every {what}")]
    Empty {
        /// What stands before it.
        what: String,
    },
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StatedIn {
    /// The file as it was named.
    pub file: String,
    /// 1-based.
    pub line: u64,
}

/// What came of something that was to be ignored; of several, the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum IgnoreEffect {
    /// It matches nothing: what it is about no longer occurs, or is called otherwise.
    Unused,
    /// It takes in some of the flows of a finding or difference, which counts for the others.
    Partial,
    /// It takes in what another takes away, or helps it to.
    Shared,
    /// It takes something away.
    Ignores,
}

/// What was to be ignored, and what was. All of it counts for nothing.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IgnoredReport {
    /// As it was stated: a rule or a kind of difference, and what narrows it.
    pub what: String,
    /// Why, in the user's words; `null` where none was given.
    pub reason: Option<String>,
    /// Where it was stated; `null` for the command line.
    pub stated_in: Option<StatedIn>,
    /// What came of it.
    pub effect: IgnoreEffect,
    /// What it took out of the report's findings.
    pub findings: Vec<FindingReport>,
    /// What it took out of the report's differences.
    pub differences: Vec<DifferenceReport>,
}

impl Ignore {
    /// Reads `WHAT` or `WHAT=WHERE`.
    ///
    /// # Errors
    /// Where `WHAT` is neither a rule nor a kind of difference, or `WHERE` is empty.
    pub fn parse(text: &str) -> Result<Self, IgnoreError> {
        let (name, only) = match text.split_once('=') {
            Some((name, only)) => (name.trim(), Some(only.trim().to_owned())),
            None => (text.trim(), None),
        };
        let known = Self::names().into_iter().find(|known| *known == name);
        let known = known.ok_or_else(|| IgnoreError::Unknown {
            name: name.to_owned(),
        })?;
        if only.as_ref().is_some_and(String::is_empty) {
            return Err(IgnoreError::Empty {
                what: known.to_owned(),
            });
        }
        Ok(Self {
            name: known,
            only,
            reason: None,
            stated_in: None,
        })
    }

    /// The same with a reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }

    /// The same with the line of the file that states it.
    #[must_use]
    pub fn stated_in(self, file: impl Into<String>, line: u64) -> Self {
        Self {
            stated_in: Some(StatedIn {
                file: file.into(),
                line,
            }),
            ..self
        }
    }

    /// The same without reason and place, which may hold names.
    #[must_use]
    pub fn without_words(self) -> Self {
        Self {
            reason: None,
            stated_in: None,
            ..self
        }
    }

    /// As it was stated.
    #[must_use]
    pub fn what(&self) -> String {
        match &self.only {
            Some(only) => format!("{}={only}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Whether it says where.
    #[must_use]
    pub const fn is_narrowed(&self) -> bool {
        self.only.is_some()
    }

    /// All that can be ignored: rules, then kinds of difference.
    #[must_use]
    pub fn names() -> Vec<&'static str> {
        let rules = CATALOGUE.iter().map(|rule| rule.id.0);
        let kinds = DifferenceKind::ALL.iter().map(|kind| kind.name());
        rules.chain(kinds).collect()
    }

    fn is_kind(&self) -> bool {
        DifferenceKind::ALL.iter().any(|k| k.name() == self.name)
    }
}

impl IgnoredReport {
    /// What came of it, for people: `1 difference – REASON (netdiff.toml, line 3)`.
    pub(super) fn words(&self) -> Message {
        let what = match self.effect {
            IgnoreEffect::Ignores => self.taken(),
            IgnoreEffect::Shared => message!("nothing more than the others"),
            IgnoreEffect::Partial => {
                message!("counts, since only some of the flows concerned are such")
            }
            IgnoreEffect::Unused => {
                message!("matches nothing: it no longer occurs, or is called otherwise")
            }
        };
        let reason = self.reason.as_ref();
        let reason = reason.map_or_else(Message::empty, |reason| message!(" – {reason}", reason));
        let place = self.stated_in.as_ref();
        let place = place.map_or_else(Message::empty, |place| {
            message!(
                " ({file}, line {line})",
                file = place.file,
                line = place.line
            )
        });
        Message::join([what, reason, place], "")
    }

    /// `1 finding, 2 differences`.
    fn taken(&self) -> Message {
        let counts = [
            (self.findings.len() as u64, noun!("finding")),
            (self.differences.len() as u64, noun!("difference")),
        ];
        let some = counts.into_iter().filter(|(n, _)| *n > 0);
        Message::join(some.map(|(n, what)| Message::count(n, what)), text!(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_rule_is_called_as_a_kind_of_difference() {
        let names = Ignore::names();
        let distinct: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), distinct.len());
        assert!(names.iter().all(|name| !name.contains('=')));
    }

    #[test]
    fn what_is_stated_is_kept_as_it_is() {
        for what in [
            "delivery",
            "packets-lost=*/vtep",
            "mss=1410 bytes..1460 bytes",
        ] {
            assert_eq!(Ignore::parse(what).unwrap().what(), what);
        }
        assert!(matches!(
            Ignore::parse("delivery="),
            Err(IgnoreError::Empty { .. })
        ));
        let unknown = Ignore::parse("delivry=x").unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "'delivry' is neither a rule nor a kind of difference"
        );
    }
}
