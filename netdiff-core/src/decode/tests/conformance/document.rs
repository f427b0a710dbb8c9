//! The outcome of a comparison as a document.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::classes::{Class, Scope, UNEXPLAINED};
use super::expected::{COLUMNS, REQUIRED};

/// What a comparison found.
#[derive(Default)]
pub(super) struct Outcome {
    /// Captures that were compared.
    pub(super) captures: u32,
    /// Captures that could not be opened.
    pub(super) unopened: u32,
    /// Rows that were compared.
    pub(super) rows: u32,
    /// Rows whose values could not be attributed to their layers.
    pub(super) unsound: u32,
    /// Rows of link types that netdiff declines.
    pub(super) declined: u32,
    /// For each column, how many rows have a value and how many of these differ.
    pub(super) columns: [(u32, u32); COLUMNS.len()],
    /// Rows that differ, by class and by what the two decoders made of the packet.
    pub(super) differences: BTreeMap<&'static str, Differences>,
}

/// The rows of one class.
pub(super) struct Differences {
    pub(super) class: &'static Class,
    pub(super) rows: u32,
    /// What differs, the two stacks, and how often.
    pub(super) kinds: BTreeMap<(String, String, String), u32>,
}

impl Outcome {
    /// Adds a row that differs in `columns`.
    pub(super) fn add(&mut self, class: &'static Class, columns: &str, other: &str, own: &str) {
        let entry = self.differences.entry(class.name);
        let differences = entry.or_insert_with(|| Differences {
            class,
            rows: 0,
            kinds: BTreeMap::new(),
        });
        differences.rows += 1;
        let kind = (other.to_owned(), own.to_owned(), columns.to_owned());
        *differences.kinds.entry(kind).or_default() += 1;
    }

    fn differing(&self, scope: Scope) -> u32 {
        let all = self.differences.values();
        let counted = all.filter(|differences| differences.class.scope == scope);
        counted.map(|differences| differences.rows).sum()
    }

    /// Rows in scope, and those of them that agree.
    pub(super) fn agreement(&self) -> (u32, u32) {
        let in_scope = self.rows - self.differing(Scope::Out);
        (in_scope, in_scope - self.differing(Scope::In))
    }

    /// Rows that differ without a known reason.
    pub(super) fn unexplained(&self) -> u32 {
        let differences = self.differences.get(UNEXPLAINED.name);
        differences.map_or(0, |differences| differences.rows)
    }

    /// The document, in Markdown.
    pub(super) fn to_markdown(&self) -> String {
        let mut text = String::from(HEAD);
        let (rows, agreeing) = self.agreement();
        let percent = f64::from(agreeing) * 100.0 / f64::from(rows.max(1));
        let all = f64::from(agreeing) * 100.0 / f64::from(self.rows.max(1));
        let _ = writeln!(
            text,
            "**{agreeing} of {rows} rows in scope agree: {percent:.2} %.** Counted without regard to \
             scope: {agreeing} of {} ({all:.2} %).\n\nCompared: {} captures; not opened: {}. Left out: \
             {} rows whose values the other decoder's output does not attribute to layers, {} rows of \
             link types that netdiff declines.\n",
            self.rows, self.captures, self.unopened, self.unsound, self.declined
        );
        self.write_columns(&mut text);
        self.write_differences(&mut text);
        text
    }

    fn write_columns(&self, text: &mut String) {
        text.push_str("## Columns\n\n| column | rows with a value | different |\n|---|--:|--:|\n");
        for (index, (name, (present, different))) in COLUMNS.iter().zip(self.columns).enumerate() {
            let mark = if index < REQUIRED {
                ""
            } else {
                " (reported only)"
            };
            let _ = writeln!(text, "| {name}{mark} | {present} | {different} |");
        }
    }

    fn write_differences(&self, text: &mut String) {
        text.push_str("\n## Classes of disagreement\n");
        for differences in self.differences.values() {
            let class = differences.class;
            let scope = match class.scope {
                Scope::In => "in scope",
                Scope::Out => "out of scope",
            };
            let (name, rows, reason) = (class.name, differences.rows, class.reason);
            let _ = writeln!(text, "\n### {name} ({scope}, rows: {rows})\n\n{reason}\n");
            for ((other, own, columns), count) in &differences.kinds {
                let _ = writeln!(text, "- {count} × `{other}`, here `{own}`: {columns}");
            }
        }
    }
}

const HEAD: &str = "\
# Decoder conformance

netdiff's decoder compared with TShark 4.0, packet by packet, on small public captures. They are not part
of the project. With a folder of such captures and tables, this document is written anew by

    NETDIFF_CORPUS=FOLDER cargo test -p netdiff-core conformance -- --ignored --nocapture

What the folder holds is described in `netdiff-core/src/decode/tests/conformance`. A row is one packet; it agrees if all
columns that are not marked agree. Depth is the number of IP headers, outer and inner are the first and
the last of them. The tables have ports of TCP and UDP only, no identifiers of service tags (802.1ad), and
the next header of IPv6's fixed header as its protocol.

";
