//! The report as JUnit XML, as test reports of build servers read it.
//!
//! Suites: `findings` and `differences` with a case for each, and `flows` with a case for each kind of flow, which fails if something that counts is
//! about it, passes if its packets arrive, and is skipped if that cannot be told: so that a healthy comparison has cases that pass. Cases are called by names that other recordings of the same cluster share. What does not
//! count passes, with its words as output; what is ignored is skipped with the reason as message.
//!
//! Written without a crate: what JUnit needs is five elements and one escape, and `quick-junit` brings chrono, uuid and quick-xml for it.

use std::collections::BTreeMap;

use super::fail_on::FailOn;
use super::ignored::IgnoredReport;
use super::items::Item;
use super::model::{Report, SetName};
use super::stable::{StableNames, stable_flow};
use crate::types::Language;

/// Writes a test report in which fails what `fail_on` says.
#[must_use]
pub fn render_junit(report: &Report, fail_on: FailOn) -> String {
    let names = StableNames::new(report);
    let suites = [
        ("findings", findings(report, fail_on, &names)),
        ("differences", differences(report, fail_on, &names)),
        ("flows", flows(report, fail_on)),
        ("ignores", ignores(report, fail_on)),
    ];
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Case> = suites.iter().flat_map(|(_, cases)| cases).collect();
    text.push_str(&format!("<testsuites name=\"netdiff\" {}>\n", counts(&all)));
    for (name, cases) in suites.iter().filter(|(_, cases)| !cases.is_empty()) {
        let all: Vec<&Case> = cases.iter().collect();
        text.push_str(&format!("  <testsuite name=\"{name}\" {}>\n", counts(&all)));
        cases.iter().for_each(|case| text.push_str(&case.xml(name)));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// What became of a case.
enum Outcome {
    Passed,
    /// Type, message and text.
    Failed(&'static str, String, String),
    Skipped(String),
}

/// A case of a suite.
struct Case {
    name: String,
    outcome: Outcome,
    /// What it says although it passed.
    output: String,
}

impl Case {
    fn xml(&self, suite: &str) -> String {
        let head = format!(
            "    <testcase classname=\"netdiff.{suite}\" name=\"{}\"",
            attribute(&self.name)
        );
        let body = match &self.outcome {
            Outcome::Passed if self.output.is_empty() => return format!("{head}/>\n"),
            Outcome::Passed => format!("<system-out>{}</system-out>", content(&self.output)),
            Outcome::Failed(kind, message, text) => format!(
                "<failure type=\"{kind}\" message=\"{}\">{}</failure>",
                attribute(message),
                content(text)
            ),
            Outcome::Skipped(reason) => format!("<skipped message=\"{}\"/>", attribute(reason)),
        };
        format!("{head}>\n      {body}\n    </testcase>\n")
    }
}

fn counts(cases: &[&Case]) -> String {
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count();
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"",
        cases.len(),
        count(|outcome| matches!(outcome, Outcome::Failed(..))),
        count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    )
}

fn case(item: &Item<'_>, counts: bool) -> Case {
    let details = item.details.join("\n");
    let (outcome, output) = if counts {
        let kind = if item.is_finding {
            item.level
        } else {
            "difference"
        };
        (
            Outcome::Failed(kind, item.title.clone(), details),
            String::new(),
        )
    } else {
        (Outcome::Passed, format!("{}\n{details}", item.title))
    };
    Case {
        name: item.identity.clone(),
        outcome,
        output,
    }
}

fn skipped(item: &Item<'_>, ignored: &IgnoredReport, language: Language) -> Case {
    let words = match &ignored.reason {
        Some(reason) => message!("ignored: {reason}", reason),
        None => message!("ignored"),
    };
    Case {
        name: item.identity.clone(),
        outcome: Outcome::Skipped(words.render(language)),
        output: String::new(),
    }
}

fn findings(report: &Report, fail_on: FailOn, names: &StableNames<'_>) -> Vec<Case> {
    let item = |finding| Item::of_finding(finding, report, names);
    let told = report.findings.iter();
    let told = told.map(|finding| case(&item(finding), fail_on.counts_finding(finding)));
    let ignored = report.ignored.iter();
    let ignored = ignored.flat_map(|i| {
        i.findings
            .iter()
            .map(move |f| skipped(&item(f), i, report.language))
    });
    told.chain(ignored).collect()
}

fn differences(report: &Report, fail_on: FailOn, names: &StableNames<'_>) -> Vec<Case> {
    let item = |difference| Item::of_difference(difference, report, names);
    let told = report.differences.iter();
    let told = told.map(|d| case(&item(d), fail_on.counts_difference(d)));
    let ignored = report.ignored.iter();
    let ignored = ignored.flat_map(|i| {
        i.differences
            .iter()
            .map(move |d| skipped(&item(d), i, report.language))
    });
    told.chain(ignored).collect()
}

/// Flows that are called alike are one case.
fn flows(report: &Report, fail_on: FailOn) -> Vec<Case> {
    let findings = report.findings.iter().filter(|f| fail_on.counts_finding(f));
    let findings = findings.map(|f| (&f.flows, f.rule));
    let differences = report
        .differences
        .iter()
        .filter(|d| fail_on.counts_difference(d));
    let differences = differences.map(|d| (&d.flows, d.kind));
    let mut trouble: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for (flows, name) in findings.chain(differences) {
        for flow in flows {
            trouble.entry(flow).or_default().push(name);
        }
    }
    let mut cases: BTreeMap<String, FlowCase> = BTreeMap::new();
    for flow in report.flows.iter().filter(|f| f.set != SetName::Reference) {
        let case = cases.entry(stable_flow(flow)).or_default();
        case.in_doubt |= flow.forward.dispositions.delivered == 0;
        for name in trouble.get(flow.id.as_str()).into_iter().flatten() {
            if !case.told.contains(name) {
                case.told.push(name);
            }
        }
    }
    let case = |(name, flow): (String, FlowCase)| Case {
        name,
        outcome: flow.outcome(report.language),
        output: String::new(),
    };
    cases.into_iter().map(case).collect()
}

/// Flows that are called alike.
#[derive(Default)]
struct FlowCase {
    /// What counts and is about one of them.
    told: Vec<&'static str>,
    /// Whether no packet of one of them is known to arrive.
    in_doubt: bool,
}

impl FlowCase {
    /// That nothing was found is no proof that packets arrive.
    fn outcome(&self, language: Language) -> Outcome {
        match self.told.as_slice() {
            [] if self.in_doubt => {
                let words = message!("it cannot be told whether its packets arrive");
                Outcome::Skipped(words.render(language))
            }
            [] => Outcome::Passed,
            told => Outcome::Failed("flow", told.join(", "), String::new()),
        }
    }
}

/// What is to be ignored and no longer occurs.
fn ignores(report: &Report, fail_on: FailOn) -> Vec<Case> {
    let unused = report.unused_ignores();
    let case = |ignored: &IgnoredReport| {
        let words = message!(
            "it is to be ignored and matches nothing: it no longer occurs, or is called otherwise"
        );
        let words = words.render(report.language);
        let (outcome, output) = if fail_on.counts_unused(ignored) {
            (
                Outcome::Failed("unused-ignore", words, String::new()),
                String::new(),
            )
        } else {
            (Outcome::Passed, words)
        };
        Case {
            name: ignored.what.clone(),
            outcome,
            output,
        }
    };
    unused.map(case).collect()
}

/// Text between tags. Characters that XML 1.0 cannot hold at all are replaced.
fn content(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(c),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c < ' ' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The value of an attribute in double quotes.
fn attribute(text: &str) -> String {
    content(text)
        .replace('"', "&quot;")
        .replace('\n', "&#10;")
        .replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_the_xml() {
        let evil = "a\"/><x>&\u{1}\u{ffff}\n]]>";
        let case = Case {
            name: evil.to_owned(),
            outcome: Outcome::Failed("error", evil.to_owned(), evil.to_owned()),
            output: String::new(),
        };
        let xml = case.xml("findings");
        let document = roxmltree::Document::parse(&xml).unwrap();
        let root = document.root_element();
        let read = evil.replace(['\u{1}', '\u{ffff}'], "\u{fffd}");
        assert_eq!(root.attribute("name"), Some(read.as_str()));
        let failure = root.first_element_child().unwrap();
        assert_eq!(failure.attribute("message"), Some(read.as_str()));
        assert_eq!(failure.text(), Some(read.as_str()));
    }
}
