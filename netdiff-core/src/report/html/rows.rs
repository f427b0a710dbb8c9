//! The list of all flows: what the page's script filters and sorts, and the first of them as a table without it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::model::{Report, SetName};
use crate::report::model_flow::FlowReport;
use crate::report::summary::shown;
use crate::report::text::flow_line::{FlowIndex, importance, outcome, short};
use crate::types::{Language, Nanos};

/// One flow, or two that play the same part. As data it is a list in this order, with numbers for words: the script names the places.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) relation: &'static str,
    /// `differs`, `ignored`, `same`, `only in reference`, `only in failing`; of one set alone `trouble` or `fine`.
    pub(super) state: &'static str,
    /// What became of it in the reference; empty where there is none.
    pub(super) before: String,
    /// What became of it in the failing set, or in the only one.
    pub(super) now: String,
    /// Packets lost, missing or refused, both ways.
    pub(super) lost: u64,
    /// Median of the round trip in nanoseconds.
    round_trip_ns: Option<i64>,
    /// The id of the failing flow: the key to its ladder.
    pub(super) flow: String,
    /// Whether its ladder is drawn.
    pub(super) ladder: bool,
}

impl Row {
    pub(super) fn round_trip(&self) -> String {
        self.round_trip_ns
            .map_or_else(String::new, |ns| Nanos(ns).to_string())
    }

    fn of(
        flow: &FlowReport,
        before: Option<&FlowReport>,
        state: &'static str,
        language: Language,
    ) -> Self {
        let outcome = |flow: &FlowReport| outcome(flow).render(language);
        Self {
            name: short(flow, language),
            relation: flow.relation,
            state,
            before: before.map_or_else(String::new, outcome),
            now: outcome(flow),
            lost: lost(flow),
            round_trip_ns: flow.round_trip.map(|times| times.median_ns),
            flow: flow.id.clone(),
            ladder: false,
        }
    }

    fn data<'a>(&'a self, words: &mut Words<'a>) -> impl Serialize + use<'a> {
        (
            shown(&self.name),
            words.number(self.relation),
            words.number(self.state),
            words.number(&self.before),
            words.number(&self.now),
            self.lost,
            self.round_trip_ns,
            self.ladder.then_some(&self.flow),
        )
    }
}

/// Words that many rows share: the rows have their numbers, which halves the data.
#[derive(Default)]
struct Words<'a> {
    numbers: BTreeMap<&'a str, usize>,
    in_order: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn number(&mut self, word: &'a str) -> usize {
        *self.numbers.entry(word).or_insert_with(|| {
            self.in_order.push(word);
            self.in_order.len() - 1
        })
    }
}

/// Packets of a flow that were lost, missing or refused, both ways.
pub(super) fn lost(flow: &FlowReport) -> u64 {
    let ends = [flow.forward.dispositions, flow.reply.dispositions];
    let lost = ends
        .iter()
        .map(|e| e.lost + e.assumed_lost + e.rejected + e.looped);
    lost.sum()
}

/// Every flow, the worst first.
pub(super) fn rows(report: &Report, flows: &FlowIndex<'_>) -> Vec<Row> {
    let pairs = report.comparisons.iter();
    let states: BTreeMap<&str, &'static str> = pairs
        .map(|pair| {
            let state = match (pair.differs, pair.ignored) {
                (true, false) => text!("differs"),
                (true, true) => text!("ignored"),
                (false, _) => text!("same"),
            };
            (pair.failing.as_str(), state)
        })
        .collect();
    let language = report.language;
    let row = |flow: &FlowReport| {
        let other = flow.counterpart.as_deref().and_then(|id| flows.get(id));
        match (flow.set, other) {
            (SetName::Set, _) if lost(flow) > 0 => {
                Some(Row::of(flow, None, text!("trouble"), language))
            }
            (SetName::Set, _) => Some(Row::of(flow, None, text!("fine"), language)),
            // Told with the other one.
            (SetName::Reference, Some(_)) => None,
            (SetName::Reference, None) => Some(Row {
                before: outcome(flow).render(language),
                now: String::new(),
                lost: 0,
                ..Row::of(flow, None, text!("only in reference"), language)
            }),
            (SetName::Failing, None) => {
                Some(Row::of(flow, None, text!("only in failing"), language))
            }
            (SetName::Failing, Some(other)) => {
                let state = states.get(flow.id.as_str()).copied().unwrap_or("same");
                Some(Row::of(flow, Some(other), state, language))
            }
        }
    };
    let mut rows: Vec<Row> = report.flows.iter().filter_map(row).collect();
    rows.sort_by_key(|row| {
        let calm = !matches!(row.state, "differs" | "trouble");
        (calm, Reverse(row.lost), importance(row.relation))
    });
    rows
}

/// What the script itself says.
const SCRIPT_WORDS: [&str; 4] = [
    text!("Copied: "),
    text!("Not copied: select the filter and copy it"),
    text!("{n} of {all} flows"),
    text!("Show {n} more of {all}"),
];

/// English words of the script and of the rows, and what they are in the page's language; nothing for English.
fn script_words(rows: &[Row], language: Language) -> BTreeMap<&'static str, &'static str> {
    let shown = rows.iter().flat_map(|row| [row.relation, row.state]);
    let words = SCRIPT_WORDS.into_iter().chain(shown);
    let said = words.map(|english| (english, language.text(english)));
    said.filter(|(english, said)| english != said).collect()
}

/// The rows as JSON that can stand inside a script element: with no `<`, nothing in it can end the element or begin a comment.
///
/// # Errors
/// None in practice: there is no map in it, and no value that JSON lacks.
pub(super) fn data(rows: &[Row], language: Language) -> Result<String, serde_json::Error> {
    let said = script_words(rows, language);
    let mut words = Words::default();
    let rows: Vec<_> = rows.iter().map(|row| row.data(&mut words)).collect();
    let json = serde_json::to_string(&(words.in_order, rows, said))?;
    Ok(json.replace('<', "\\u003c"))
}
