//! Comparisons with another cluster: docs/comparisons-proved.md, kept true.
//!
//! Every scenario is compared with its own reference, with the captures of a foreign one (`common/foreign.rs` says which), and with that one's
//! baseline file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use common::foreign::{Kind, foreign, references};
use common::scenario::{Scenario, findings, map_all, scenarios, segment};
use netdiff_core::{
    AnalysisOptions, ComparisonReport, FindingReport, PointName, Report, SetRequest, baseline,
    compare,
};

const HEAD: &str = "\
# Comparisons, proved by recordings

Each scenario of testdata/scenarios against its own reference, against one recorded from another cluster, and against that one's baseline file. Written
by `UPDATE_DOCS=1 cargo test` and kept true by netdiff-core/tests/foreign.rs.

The **foreign reference** shares no node's name, no pod's link and no network (/24, /64) with the scenario. Of all recorded references of which that is
true, the test takes the one that is built most alike (tunnels, IP families, bridges, number of nodes), of these the one that has most of
the scenario's kinds of traffic, of these the first by name. What kinds of traffic it lacks stays unpaired, and what is found stands all the same.

The **first divergence** is the first hop at which a pair of flows parts, of the first pair that the first finding explains; where packets take the same
hops and arrive (copies, disorder, a little loss), that of the finding. It is

- **right**: between the two points that scenario.toml names as where packets part (`parts`, which stands there only where it is not where they
  die), else as where the fault shows; or behind the first of them where none is known to come next;
- **earlier**, **later**: on the way of these packets, but not where the finding has its place: packets of the failing set
  first differ there (an address is not rewritten, another node is next), and die elsewhere;
- **elsewhere**: none of these;
- **no pair**: nothing in the reference plays the part of the flows that fail; **no place**: scenario.toml names none.

";

/// Where the first divergence is, as the head says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Right,
    Earlier,
    Later,
    Elsewhere,
    NoPair,
    Unstated,
}

impl Place {
    const ALL: [Self; 6] = [
        Self::Right,
        Self::Earlier,
        Self::Later,
        Self::Elsewhere,
        Self::NoPair,
        Self::Unstated,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Earlier => "earlier",
            Self::Later => "later",
            Self::Elsewhere => "elsewhere",
            Self::NoPair => "no pair",
            Self::Unstated => "no place",
        }
    }
}

/// How one scenario fares.
struct Row {
    scenario: String,
    foreign: String,
    traffic: String,
    incident: bool,
    /// The first finding: with its own reference, a foreign one, and that one's baseline.
    first: [String; 3],
    truth: bool,
    places: [Place; 2],
    /// Significant differences and findings above a note, of a scenario in which nothing is wrong.
    extra: [Vec<String>; 2],
}

fn name(point: &PointName) -> String {
    format!("{}/{}", point.node, point.interface)
}

fn first(report: &Report) -> String {
    let describe = |f: &&FindingReport| {
        let place = segment(f).map_or_else(String::new, |(from, to)| format!(" {from} → {to}"));
        format!("{}{place}", f.rule)
    };
    findings(report)
        .first()
        .map_or_else(|| "nothing".to_owned(), describe)
}

/// Where the first pair parts that the first finding explains.
fn place(scenario: &Scenario, report: &Report) -> Place {
    let truth = scenario.expect.parting();
    if truth.is_empty() {
        return Place::Unstated;
    }
    let Some(finding) = findings(report).first().copied() else {
        return Place::Elsewhere;
    };
    let explained = |c: &&ComparisonReport| finding.flows.contains(&c.failing);
    let pairs: Vec<&ComparisonReport> = report.comparisons.iter().filter(explained).collect();
    if pairs.is_empty() {
        return Place::NoPair;
    }
    let parting = pairs.iter().find_map(|c| Some((c, c.divergence.as_ref()?)));
    let Some((pair, parting)) = parting else {
        return Place::Elsewhere;
    };
    let (after, at) = (
        parting.after.as_ref().map(name),
        parting.at.as_ref().map(name),
    );
    let is = |wanted: &str, point: &Option<String>| point.as_deref().is_none_or(|p| p == wanted);
    if after.is_some()
        && truth
            .iter()
            .any(|(from, to)| is(from, &after) && is(to, &at))
    {
        return Place::Right;
    }
    let flow = report.flows.iter().find(|f| f.id == pair.failing).unwrap();
    let way = if parting.direction == "reply" {
        &flow.reply
    } else {
        &flow.forward
    };
    let hops: Vec<String> = way
        .hops
        .iter()
        .map(|hop| format!("{}/{}", hop.node, hop.interface))
        .collect();
    let index = |point: &str| hops.iter().position(|hop| hop == point);
    let here = after.as_deref().and_then(index);
    let there = truth.iter().find_map(|(from, _)| index(from));
    match (here, there) {
        (Some(here), Some(there)) if here < there => Place::Earlier,
        (Some(here), Some(there)) if here >= there => Place::Later,
        _ => Place::Elsewhere,
    }
}

/// What a comparison of healthy sets says that is more than a note.
fn extra(report: &Report) -> Vec<String> {
    let found = findings(report).into_iter().map(|f| f.rule.to_owned());
    let significant = report.differences.iter().filter(|d| d.significant);
    let mut extra: Vec<String> = found
        .chain(significant.map(|d| d.kind.to_owned()))
        .collect();
    extra.sort();
    extra.dedup();
    extra
}

fn row(scenario: &Scenario, own: &Kind, foreign: &Kind) -> Row {
    let set = |folder: &Path| SetRequest::of_path(folder);
    let failing = set(&scenario.folder.join(&scenario.failing));
    let with_own = compare(&set(&own.folder), &failing).unwrap();
    let with_foreign = compare(&set(&foreign.folder), &failing).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("healthy.netdiff.json");
    let text = baseline(&[set(&foreign.folder)], &AnalysisOptions::default()).unwrap();
    fs::write(&file, text).unwrap();
    let with_file = compare(&set(&file), &failing).unwrap();
    let incident = scenario.expect.all().next().is_some();
    Row {
        scenario: scenario.name.clone(),
        foreign: foreign.scenario.clone(),
        traffic: format!("{} of {}", own.traffic_in(foreign), own.traffic.len()),
        incident,
        first: [&with_own, &with_foreign, &with_file].map(first),
        truth: findings(&with_own)
            .first()
            .is_none_or(|f| scenario.expect.all().any(|e| e.names(f))),
        places: [&with_own, &with_foreign].map(|report| place(scenario, report)),
        extra: [&with_own, &with_foreign].map(extra),
    }
}

#[test]
fn a_foreign_reference_tells_the_same() {
    let all: Vec<Scenario> = scenarios()
        .into_iter()
        .filter(|s| s.reference.is_some())
        .collect();
    let kinds = references(&all);
    let pairs: Vec<(&Scenario, &Kind)> = all.iter().zip(&kinds).collect();
    let rows = map_all(pairs, |(scenario, own)| {
        row(scenario, own, foreign(own, &kinds))
    });
    let told_otherwise = rows
        .iter()
        .filter(|row| !(row.truth && row.first.iter().all(|f| *f == row.first[0])));
    let told_otherwise: Vec<&str> = told_otherwise.map(|row| row.scenario.as_str()).collect();
    assert!(
        told_otherwise.is_empty(),
        "the first finding depends on the reference: {told_otherwise:?}"
    );
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/comparisons-proved.md");
    let text = document(&rows);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, text).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|old| old == text),
        "docs/comparisons-proved.md is out of date: run UPDATE_DOCS=1 cargo test and look at the change"
    );
}

fn document(rows: &[Row]) -> String {
    let (faults, healthy): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.incident);
    let mut text = HEAD.to_owned();
    totals(&faults, &mut text);
    text.push_str("\n## Faults\n\n| scenario | first finding, with all three | foreign reference of | kinds of traffic it has | first divergence: own, foreign |\n|---|---|---|---|---|\n");
    for row in faults {
        let places = row.places.map(Place::word);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {}, {} |",
            row.scenario, row.first[0], row.foreign, row.traffic, places[0], places[1]
        );
    }
    text.push_str("\n## Nothing is wrong\n\nWhat is told above a note: significant differences, where the two clusters or their traffic do differ.\n\n");
    text.push_str("| scenario | foreign reference of | kinds of traffic it has | with its own | with the foreign one |\n|---|---|---|---|---|\n");
    for row in healthy {
        let [own, foreign] = &row.extra;
        let words = |told: &[String]| {
            if told.is_empty() {
                "nothing".to_owned()
            } else {
                told.join(", ")
            }
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.scenario,
            row.foreign,
            row.traffic,
            words(own),
            words(foreign)
        );
    }
    text
}

fn totals(faults: &[&Row], text: &mut String) {
    let _ = writeln!(
        text,
        "## Totals\n\n{} scenarios with a fault. The first finding (rule and segment) is the same with its own reference, the foreign one and the foreign \
         one's baseline file in {}.\n",
        faults.len(),
        faults
            .iter()
            .filter(|row| row.first.iter().all(|f| *f == row.first[0]))
            .count()
    );
    text.push_str("| first divergence | own reference | foreign reference |\n|---|---|---|\n");
    for place in Place::ALL {
        let count = |which: usize| {
            faults
                .iter()
                .filter(|row| row.places[which] == place)
                .count()
        };
        let _ = writeln!(text, "| {} | {} | {} |", place.word(), count(0), count(1));
    }
    let share = |which: usize| {
        let told = |place: &Place| !matches!(place, Place::NoPair | Place::Unstated);
        let places: Vec<Place> = faults
            .iter()
            .map(|row| row.places[which])
            .filter(told)
            .collect();
        let right = places
            .iter()
            .filter(|place| **place == Place::Right)
            .count();
        format!(
            "{right} of {} ({} %)",
            places.len(),
            right * 100 / places.len().max(1)
        )
    };
    let _ = writeln!(
        text,
        "| **right, of those with a pair and a place** | {} | {} |",
        share(0),
        share(1)
    );
}

/// Scenarios whose healthy clusters do differ from others, and in what.
const TRULY_OTHERWISE: &[(&str, &str)] = &[
    // One node reaches another by way of a third.
    ("asymmetric-via-third", "path"),
];

/// Healthy clusters that are built alike, whoever they belong to: each reference against the next two such ones in the order of their names, or against all
/// of them with `NETDIFF_ALL_PAIRS=1`. As baseline files, which say the same as captures (tests/baseline.rs).
#[test]
fn healthy_clusters_that_are_built_alike_do_not_differ() {
    let all: Vec<Scenario> = scenarios()
        .into_iter()
        .filter(|s| s.reference.is_some())
        .collect();
    let kinds = references(&all);
    let folder = tempfile::tempdir().unwrap();
    let file = |kind: &Kind| {
        folder
            .path()
            .join(format!("{}.netdiff.json", kind.scenario))
    };
    map_all(kinds.iter().collect(), |kind: &Kind| {
        let request = SetRequest::of_path(&kind.folder);
        fs::write(
            file(kind),
            baseline(&[request], &AnalysisOptions::default()).unwrap(),
        )
        .unwrap();
    });
    let most = if std::env::var_os("NETDIFF_ALL_PAIRS").is_some() {
        kinds.len()
    } else {
        2
    };
    let pairs = kinds.iter().enumerate().flat_map(|(index, kind)| {
        let (before, after) = kinds.split_at(index);
        let others = after.iter().skip(1).chain(before);
        let alike = others.filter(|other| kind.built_alike(other) == 4);
        alike.take(most).map(move |other| (kind, other))
    });
    let pairs: Vec<(&Kind, &Kind)> = pairs.collect();
    assert!(pairs.len() > 150, "{}", pairs.len());
    let said = map_all(pairs, |(ours, theirs)| {
        let set = |kind: &Kind| SetRequest::of_path(file(kind));
        let report = compare(&set(ours), &set(theirs)).unwrap();
        let mut extra = extra(&report);
        let is_either = |name: &str| ours.scenario == name || theirs.scenario == name;
        let expected = TRULY_OTHERWISE.iter().filter(|(name, _)| is_either(name));
        let expected: Vec<&str> = expected.map(|(_, kind)| *kind).collect();
        extra.retain(|kind| !expected.contains(&kind.as_str()));
        (!extra.is_empty()).then(|| {
            format!(
                "{} and {}: {}",
                ours.scenario,
                theirs.scenario,
                extra.join(", ")
            )
        })
    });
    let said: Vec<String> = said.into_iter().flatten().collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
}
