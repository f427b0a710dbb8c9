//! The report as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), for code scanning and for viewers.
//!
//! - A result is a finding or a difference; `ruleId` is the rule or the kind of difference, and `rules` describes those that occur, with the manual as
//!   help. Differences in how the clusters behave are of level `warning`, others `note`.
//! - Each location is a packet of the evidence: the capture file relative to its set (`uriBaseId` names the set), and the frame number as `startLine`: a
//!   capture has no lines, and this is where viewers show a number behind the file. `logicalLocations` is the capture point.
//! - Where packets stop is the first location of a finding that has a segment: two logical locations, without a file.
//! - What was ignored is there as well, as suppressed, with the reason.
//! - `partialFingerprints` are equal in another recording of the same cluster, so that viewers know results again.

mod document;

use std::collections::{BTreeMap, BTreeSet};

use document::{
    ArtifactLocation, BaseId, Driver, Invocation, Location, Log, LogicalLocation, Markdown,
    Message, PhysicalLocation, Region, ResultEntry, RuleEntry, Run, Suppression, Tool,
};

use super::ignored::IgnoredReport;
use super::items::{Item, sentence};
use super::kinds::kind_meaning;
use super::model::{EvidenceReport, PointName, Report, SetName};
use super::stable::StableNames;
use super::text::{TextOptions, render_rule_text};
use super::{explain, rule_markdown};
use crate::types::Language;

/// Writes the report as a SARIF log with one run, pretty-printed, with a final newline.
///
/// # Errors
/// None in practice, as [`render_json`](super::render_json).
pub fn render_sarif(report: &Report) -> Result<String, serde_json::Error> {
    let names = StableNames::new(report);
    let items = items(report, &names);
    let ids: BTreeSet<&'static str> = items.iter().map(|(item, _)| item.name).collect();
    let ids: Vec<&'static str> = ids.into_iter().collect();
    let results = items
        .iter()
        .map(|(item, ignored)| result(item, *ignored, &ids, report.language));
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: report.tool.name,
                    semantic_version: report.tool.version,
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: ids.iter().map(|id| rule(id, report.language)).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: true,
            }],
            original_uri_base_ids: bases(report),
            results: results.collect(),
            column_kind: "utf16CodeUnits",
        }],
    };
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

/// Everything, with what it was ignored by.
fn items<'a>(
    report: &'a Report,
    names: &StableNames<'_>,
) -> Vec<(Item<'a>, Option<&'a IgnoredReport>)> {
    let told = [(&report.findings, &report.differences, None)];
    let ignored = report.ignored.iter();
    let ignored = ignored.map(|i| (&i.findings, &i.differences, Some(i)));
    let mut items = Vec::new();
    for (findings, differences, ignored) in told.into_iter().chain(ignored) {
        let findings = findings.iter().map(|f| Item::of_finding(f, report, names));
        let differences = differences
            .iter()
            .map(|d| Item::of_difference(d, report, names));
        items.extend(findings.chain(differences).map(|item| (item, ignored)));
    }
    items
}

/// The sets by the ids that locations name.
fn bases(report: &Report) -> BTreeMap<&'static str, BaseId> {
    let sets = [
        (SetName::Set, &report.set),
        (SetName::Reference, &report.reference),
        (SetName::Failing, &report.failing),
    ];
    let base = |(name, set): (SetName, &Option<super::SetReport>)| {
        let description = message!("the set of captures {path}", path = set.as_ref()?.path);
        let description = description.render(report.language);
        Some((
            base_id(name),
            BaseId {
                description: Message { text: description },
            },
        ))
    };
    sets.into_iter().filter_map(base).collect()
}

const fn base_id(set: SetName) -> &'static str {
    match set {
        SetName::Set => "SET",
        SetName::Reference => "REFERENCE",
        SetName::Failing => "FAILING",
    }
}

fn rule(id: &str, language: Language) -> RuleEntry {
    let full = |words: &str| {
        let words = sentence(words);
        message!("{words}.", words).render(language)
    };
    let Some(manual) = explain(id, language) else {
        let meaning = full(language.text(kind_meaning(id)));
        return RuleEntry {
            id: id.to_owned(),
            short_description: Message {
                text: meaning.clone(),
            },
            full_description: Message {
                text: meaning.clone(),
            },
            help: Markdown {
                markdown: meaning.clone(),
                text: meaning,
            },
        };
    };
    RuleEntry {
        id: id.to_owned(),
        short_description: Message {
            text: full(manual.summary),
        },
        full_description: Message {
            text: manual.meaning.to_owned(),
        },
        help: Markdown {
            text: render_rule_text(&manual, &TextOptions::default()),
            markdown: rule_markdown(&manual).trim_start().to_owned(),
        },
    }
}

fn result(
    item: &Item<'_>,
    ignored: Option<&IgnoredReport>,
    ids: &[&str],
    language: Language,
) -> ResultEntry {
    let mut message = vec![item.title.clone()];
    message.extend(item.details.iter().cloned());
    let place = item.segment.map(|segment| Location {
        physical_location: None,
        logical_locations: vec![logical(&segment.from), logical(&segment.to)],
        message: Message {
            text: message!(
                "between {from} and {to}",
                from = full_name(&segment.from),
                to = full_name(&segment.to)
            )
            .render(language),
        },
    });
    let locations = place.into_iter().chain(
        item.evidence
            .iter()
            .map(|packet| location(packet, language)),
    );
    ResultEntry {
        rule_id: item.name,
        rule_index: ids.iter().position(|id| *id == item.name).unwrap_or(0),
        level: item.level,
        message: Message {
            text: message.join("\n"),
        },
        locations: locations.collect(),
        partial_fingerprints: BTreeMap::from([("netdiff/v1", item.identity.clone())]),
        suppressions: ignored
            .map(|ignored| suppression(ignored, language))
            .into_iter()
            .collect(),
    }
}

fn suppression(ignored: &IgnoredReport, language: Language) -> Suppression {
    let reason = ignored.reason.as_deref();
    let reason = reason.unwrap_or_else(|| language.text(text!("no reason given")));
    let justification = match &ignored.stated_in {
        Some(place) => message!(
            "{reason} ({file}, line {line})",
            reason,
            file = place.file,
            line = place.line
        )
        .render(language),
        None => reason.to_owned(),
    };
    Suppression {
        kind: "external",
        justification,
    }
}

fn location(evidence: &EvidenceReport, language: Language) -> Location {
    Location {
        physical_location: Some(PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: relative_uri(&evidence.file),
                uri_base_id: base_id(evidence.set),
            },
            region: Region {
                start_line: evidence.packet_number,
            },
        }),
        logical_locations: vec![logical(&evidence.point)],
        message: Message {
            text: message!(
                "frame {number} of {file}",
                number = evidence.packet_number,
                file = evidence.file
            )
            .render(language),
        },
    }
}

fn logical(point: &PointName) -> LogicalLocation {
    LogicalLocation {
        name: point.interface.clone(),
        fully_qualified_name: full_name(point),
        kind: "resource",
    }
}

fn full_name(point: &PointName) -> String {
    format!("{}/{}", point.node, point.interface)
}

/// A path as a relative reference (RFC 3986): everything but unreserved characters and `/` is escaped, so that no first part looks like a scheme.
fn relative_uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        match byte {
            b'\\' => uri.push('/'),
            _ if plain => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_relative_references() {
        assert_eq!(relative_uri("master/eth0.pcap"), "master/eth0.pcap");
        assert_eq!(relative_uri("a:b c%/ä.pcap"), "a%3Ab%20c%25/%C3%A4.pcap");
    }
}
