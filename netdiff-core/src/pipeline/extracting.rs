//! From a set to some of its packets, or a table of them.

use std::io::Write;

use super::analyze::{follow, judged, label, profiles};
use super::error::AnalysisError;
use super::options::AnalysisOptions;
use super::selecting::check_names;
use crate::correlate::Folding;
use crate::diagnose::{Finding, Reference, RuleId, diagnose, find_rule};
use crate::extract::{
    Chosen, Facts, PacketFile, PacketFileOptions, ReplayError, Replayed, Separator, Table, replay,
};
use crate::profile::{Profile, is_baseline};
use crate::read::{CaptureSet, SetRequest, read_text_if};
use crate::select::{Choice, Selector};
use crate::types::{Message, Say};

/// Which packets to take out, beside [`AnalysisOptions::selection`]; both must hold.
#[derive(Clone, Debug, Default)]
pub struct Wanting {
    /// Rules: the packets that their findings are about. All packets that were followed, without.
    pub rules: Vec<String>,
    /// A healthy set, for findings that only a comparison makes.
    pub reference: Option<SetRequest>,
}

/// What was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// Packets of captures.
    pub packets: u64,
    /// Sightings of journeys: of a super-packet, one for each piece.
    pub sightings: u64,
    /// Capture points that they were captured at.
    pub points: u64,
    /// Files that they were captured in.
    pub files: u64,
    /// What a reader must know, as sentences.
    pub notes: Vec<Message>,
}

/// Writes the wanted packets of a set as a pcapng file: merged over all capture points, with a comment at each.
///
/// # Errors
/// As [`trace`](super::trace); where the set is a baseline, where nothing has one of the rules, and where it cannot be written.
pub fn extract(
    request: &SetRequest,
    wanting: &Wanting,
    options: &AnalysisOptions,
    file: &PacketFileOptions,
    out: &mut dyn Write,
) -> Result<Extracted, AnalysisError> {
    let taken = Taken::of(request, wanting, options)?;
    taken.replayed(request, wanting, options, |chosen, set| {
        let about = said(wanting, options);
        let file = PacketFileOptions {
            about: [about, file.about.clone()].concat(),
            language: options.language,
            ..file.clone()
        };
        let mut sink = PacketFile::new(chosen, file, options.decode(), out)?;
        let replayed = replay(set, chosen, &options.decode(), &mut sink)?;
        out.flush()?;
        Ok(replayed)
    })
}

/// Writes the wanted sightings of a set as a table ([`Table`] describes it), in corrected time order.
///
/// # Errors
/// As [`extract`].
pub fn export(
    request: &SetRequest,
    wanting: &Wanting,
    options: &AnalysisOptions,
    separator: Separator,
    out: &mut dyn Write,
) -> Result<Extracted, AnalysisError> {
    let taken = Taken::of(request, wanting, options)?;
    let names = taken.profile.names.clone();
    taken.replayed(request, wanting, options, |chosen, set| {
        let mut sink = Table::new(chosen, &names, separator, options.decode(), out)?;
        let replayed = replay(set, chosen, &options.decode(), &mut sink)?;
        out.flush()?;
        Ok(replayed)
    })
}

/// What was asked for.
fn said(wanting: &Wanting, options: &AnalysisOptions) -> String {
    let rules = wanting.rules.iter();
    let rules = rules.map(|rule| message!("finding {rules}", rules = rule));
    let selection = options.selection.iter().map(Say::said);
    Message::join(rules.chain(selection), text!("; ")).render(options.language)
}

/// A set that stays open for a second pass, and what was learned of it.
struct Taken {
    set: CaptureSet,
    profile: Profile,
}

impl Taken {
    fn of(
        request: &SetRequest,
        wanting: &Wanting,
        options: &AnalysisOptions,
    ) -> Result<Self, AnalysisError> {
        let text = read_text_if(request, is_baseline)
            .map_err(|error| AnalysisError::of_set(request, error))?;
        if text.is_some() {
            return Err(AnalysisError::Packetless {
                file: label(request),
            });
        }
        for rule in &wanting.rules {
            known_rule(rule)?;
        }
        let every = AnalysisOptions {
            folding: Folding::NEVER,
            ..options.clone()
        };
        let (set, names, followed) = follow(request, &every)?;
        let mut profile = judged(&set, names, followed);
        if let Some(reference) = &wanting.reference {
            profile.findings = compared(&profile, reference, options)?;
        }
        check_names(options, [&profile])?;
        Ok(Self { set, profile })
    }

    fn replayed(
        &self,
        request: &SetRequest,
        wanting: &Wanting,
        options: &AnalysisOptions,
        write: impl FnOnce(&Chosen<'_>, &CaptureSet) -> Result<Replayed, ReplayError>,
    ) -> Result<Extracted, AnalysisError> {
        let profile = &self.profile;
        let rules = rules_found(&wanting.rules, &profile.findings)?;
        let choice = options.selection.as_ref().map(|selection| {
            let selector = Selector::new(selection, &profile.timelines, &profile.names);
            Choice::of(&selector, &profile.timelines)
        });
        let facts = Facts {
            set: &profile.timelines,
            files: &profile.files,
            findings: &profile.findings,
        };
        let chosen = Chosen::new(facts, choice.as_ref(), &rules);
        let replayed = write(&chosen, &self.set).map_err(|reason| match reason {
            ReplayError::Read(reason) => AnalysisError::of_file(request, reason),
            reason => AnalysisError::Extract {
                set: label(request),
                reason,
            },
        })?;
        Ok(self.extracted(&chosen, replayed, options))
    }

    fn extracted(
        &self,
        chosen: &Chosen<'_>,
        replayed: Replayed,
        options: &AnalysisOptions,
    ) -> Extracted {
        let mut notes = self.profile.warnings.clone();
        let selection = options.selection.iter();
        notes.extend(selection.flat_map(|selection| selection.notes(&self.profile.timelines)));
        notes.extend(chosen.strange_clocks());
        let count = |mut ids: Vec<u32>| {
            ids.sort_unstable();
            ids.dedup();
            ids.len() as u64
        };
        let wanted = || chosen.wanted.iter();
        Extracted {
            packets: replayed.packets,
            sightings: replayed.sightings,
            points: count(wanted().map(|wanted| wanted.point.0).collect()),
            files: count(wanted().map(|wanted| wanted.file.0).collect()),
            notes,
        }
    }
}

/// What is wrong with a set, compared with a healthy one.
fn compared(
    profile: &Profile,
    reference: &SetRequest,
    options: &AnalysisOptions,
) -> Result<Vec<Finding>, AnalysisError> {
    let references = profiles(reference, options)?;
    let healthy: Vec<Reference<'_>> = references
        .iter()
        .map(|usual| Reference {
            timelines: &usual.timelines,
            findings: &usual.findings,
        })
        .collect();
    Ok(diagnose(&profile.timelines, &healthy))
}

fn known_rule(rule: &str) -> Result<(), AnalysisError> {
    match find_rule(rule) {
        Some(_) => Ok(()),
        None => Err(AnalysisError::NoFinding {
            rule: rule.to_owned(),
            found: "there is no such rule; `netdiff explain` lists them all".to_owned(),
        }),
    }
}

/// The rules that are asked for, each of which must have found something.
fn rules_found(wanted: &[String], findings: &[Finding]) -> Result<Vec<RuleId>, AnalysisError> {
    let find = |rule: &String| {
        let found = findings.iter().find(|finding| finding.rule.0 == *rule);
        found
            .map(|finding| finding.rule)
            .ok_or_else(|| AnalysisError::NoFinding {
                rule: rule.clone(),
                found: what_was_found(findings),
            })
    };
    wanted.iter().map(find).collect()
}

fn what_was_found(findings: &[Finding]) -> String {
    let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule.0).collect();
    rules.sort_unstable();
    rules.dedup();
    match rules.as_slice() {
        [] => "the set has no findings at all".to_owned(),
        rules => format!("the set has: {}", rules.join(", ")),
    }
}
