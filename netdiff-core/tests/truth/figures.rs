//! The figures of `docs/correlation-figures.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};

use super::family::{Family, worlds};
use super::judgment::Count;
use super::ledger::Kind;
use super::spec::WorldSpec;
use super::{number, runner, try_case, wrong_of};

/// What the cases of a family gave together.
#[derive(Default)]
struct Sum {
    cases: u64,
    packets: u64,
    journeys: u64,
    open: u64,
    wrong: Vec<String>,
    conditional: u64,
    assumed: usize,
    by_kind: BTreeMap<(Kind, &'static str), Count>,
}

impl Sum {
    fn of(family: Family, cases: u64) -> Self {
        let mut sum = Self::default();
        let mut runner = runner(family, cases as u32);
        for _ in 0..cases {
            let tree = worlds(family).new_tree(&mut runner).unwrap();
            let (judgment, packets) = try_case(&tree.current());
            if !wrong_of(&judgment).is_empty() && std::env::var_os("TRUTH_SHRINK").is_some() {
                println!("{}", smallest(tree));
            }
            sum.cases += 1;
            sum.packets += packets;
            sum.journeys += judgment.journeys;
            sum.open += judgment.open;
            sum.wrong.extend(judgment.wrong);
            sum.conditional += judgment.conditional;
            sum.assumed += judgment.assumed.len();
            for (kind, count) in judgment.by_kind {
                sum.by_kind.entry(kind).or_default().add(count);
            }
        }
        sum
    }

    fn all(&self) -> Count {
        let mut all = Count::default();
        self.by_kind.values().for_each(|count| all.add(*count));
        all
    }
}

/// The smallest world that is still judged wrongly, in words.
fn smallest(mut tree: impl ValueTree<Value = WorldSpec>) -> String {
    let mut wrong = (tree.current(), Vec::new());
    for _ in 0..3000 {
        let spec = tree.current();
        let found = wrong_of(&try_case(&spec).0);
        let goes_on = if found.is_empty() {
            tree.complicate()
        } else {
            wrong = (spec, found);
            tree.simplify()
        };
        if !goes_on {
            break;
        }
    }
    let (spec, found) = wrong;
    // The last one that is kept.
    try_case(&spec);
    format!("{}\n{spec:?}", found.join("\n"))
}

impl Count {
    fn share(self) -> String {
        match self.knowable {
            0 => "–".to_owned(),
            n => format!("{:.2} %", self.found as f64 * 100.0 / n as f64),
        }
    }
}

const HEAD: &str = "# What netdiff finds of what could be found

Simulated clusters with known truth (`netdiff-core/tests/truth`), read as capture files. *Knowable* are packets (of TCP, segments) whose fate the
captures show to somebody who reads them all with care; `known.rs` defines it. *Found* are those that netdiff calls right, in one journey with all
of their sightings; *split* those that it calls right in one of several journeys; *open* those of which it claims nothing. *Wrong* are false claims of
any packet, knowable or not: there must be none.

*Conditional* are packets that netdiff calls lost *if* a silent capture ran (`assumed_lost` in reports, apart from `lost`): an empty file, or one that ends
early, may be all that is left of packets that die before it, or may never have been captured. They count as open. *In vain* are those where the capture
did not run: nobody can tell them from the others, and saying nothing would hide the incident that an empty capture shows.

    TRUTH_CASES=400 UPDATE_DOCS=1 cargo test -p netdiff-core --release --test truth figures -- --ignored --nocapture

";

fn table(sums: &[(Family, Sum)]) -> String {
    let mut text = HEAD.to_owned();
    text += "| family | cases | packets | journeys | open journeys | knowable | found | % | split | open | conditional | in vain | wrong |\n";
    text += "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
    for (family, sum) in sums {
        let all = sum.all();
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            family.name(),
            sum.cases,
            sum.packets,
            sum.journeys,
            sum.open,
            all.knowable,
            all.found,
            all.share(),
            all.split,
            all.open,
            sum.conditional,
            sum.assumed,
            sum.wrong.len()
        )
        .unwrap();
    }
    text += "\nBy kind of packet and true fate, all families:\n\n";
    text +=
        "| kind | fate | knowable | found | % | split | open |\n|---|---|--:|--:|--:|--:|--:|\n";
    let mut kinds: BTreeMap<(Kind, &str), Count> = BTreeMap::new();
    for (kind, count) in sums.iter().flat_map(|(_, sum)| &sum.by_kind) {
        kinds.entry(*kind).or_default().add(*count);
    }
    for ((kind, fate), count) in kinds {
        let name = match kind {
            Kind::Ping => "ping",
            Kind::Datagram => "UDP datagram",
            Kind::TcpControl => "TCP without data",
            Kind::TcpData => "TCP segment",
            Kind::IcmpError => "ICMP error",
        };
        writeln!(
            text,
            "| {name} | {fate} | {} | {} | {} | {} | {} |",
            count.knowable,
            count.found,
            count.share(),
            count.split,
            count.open
        )
        .unwrap();
    }
    text
}

#[test]
#[ignore = "takes minutes; prints docs/correlation-figures.md"]
fn figures() {
    let cases = number("TRUTH_CASES").unwrap_or(400);
    let only = std::env::var("TRUTH_FAMILY").ok();
    let sums: Vec<(Family, Sum)> = Family::ALL
        .iter()
        .filter(|family| only.as_ref().is_none_or(|o| format!("{family:?}") == *o))
        .map(|&family| (family, Sum::of(family, cases)))
        .collect();
    let text = table(&sums);
    println!("{text}");
    for (family, sum) in &sums {
        for wrong in sum.wrong.iter().take(3) {
            println!("{family:?}: {wrong}");
        }
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/correlation-figures.md");
        fs::write(file, text).unwrap();
    }
}
