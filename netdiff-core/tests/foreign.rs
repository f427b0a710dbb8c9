mod common;
use common::foreign::{Kind, foreign, references};
use common::scenario::{Scenario, findings, map_all, scenarios, segment};
use netdiff_core::*;
use std::collections::BTreeMap;

fn first(report: &Report) -> String {
    findings(report).first().map_or_else(
        || "nothing".to_owned(),
        |f| {
            let s = segment(f).map_or(String::new(), |(a, b)| format!(" {a} -> {b}"));
            format!("{}{}", f.rule, s)
        },
    )
}
fn diverg(scenario: &Scenario, report: &Report) -> Vec<String> {
    let name = |p: &Option<PointName>| {
        p.as_ref()
            .map_or("-".to_owned(), |p| format!("{}/{}", p.node, p.interface))
    };
    let mut out = Vec::new();
    for c in report.comparisons.iter().filter(|c| c.divergence.is_some()) {
        let d = c.divergence.as_ref().unwrap();
        let (a, b) = (name(&d.after), name(&d.at));
        let right = scenario.expect.all().any(|e| {
            e.segments()
                .iter()
                .any(|(x, y)| *x == a && (*y == b || b == "-"))
        });
        let f = report.flows.iter().find(|f| f.id == c.failing).unwrap();
        out.push(format!(
            "{}{} {} {a} -> {b} [{}] {} {:?}",
            if right { "ok " } else { "WRONG " },
            if c.differs { "differs" } else { "same" },
            d.direction,
            d.finding.unwrap_or("?"),
            f.relation,
            f.key
        ));
    }
    out
}
#[test]
fn explore() {
    let all = scenarios();
    let kinds = references(&all);
    let by: BTreeMap<String, Kind> = kinds
        .iter()
        .map(|k| (k.scenario.clone(), k.clone()))
        .collect();
    let only = std::env::var("ONLY").ok();
    let all: Vec<_> = all
        .into_iter()
        .filter(|s| {
            s.reference.is_some() && only.as_ref().is_none_or(|o| s.name.contains(o.as_str()))
        })
        .collect();
    let out = map_all(all, |s| {
        let own = &by[&s.name];
        let f = foreign(own, &kinds);
        let failing = SetRequest::of_path(s.folder.join(&s.failing));
        let a = compare(&SetRequest::of_path(&own.folder), &failing).unwrap();
        let b = compare(&SetRequest::of_path(&f.folder), &failing).unwrap();
        let text = baseline(
            &[SetRequest::of_path(&f.folder)],
            &AnalysisOptions::default(),
        )
        .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("b.netdiff.json");
        std::fs::write(&file, text).unwrap();
        let c = compare(&SetRequest::of_path(&file), &failing).unwrap();
        let mut t = format!(
            "=== {} expects {:?}\n foreign {} alike {} traffic {}/{}\n",
            s.name,
            s.expect
                .all()
                .map(|e| (&e.rule, e.segments()))
                .collect::<Vec<_>>(),
            f.scenario,
            own.built_alike(f),
            own.traffic_in(f),
            own.traffic.len()
        );
        let (x, y, z) = (first(&a), first(&b), first(&c));
        t += &format!(" first own {x}\n");
        if x != y {
            t += &format!(" FIRST foreign {y}\n");
        }
        if y != z {
            t += &format!(" FIRST baseline {z}\n");
        }
        for (w, r) in [("own", &a), ("foreign", &b)] {
            for d in diverg(&s, r) {
                t += &format!("  {w} {d}\n");
            }
            for d in &r.differences {
                if w == "foreign" || d.significant {
                    t += &format!(
                        "  {w} diff {}{} {} | {} {:?} {}\n",
                        if d.significant { "SIG " } else { "" },
                        d.kind,
                        d.reference,
                        d.failing,
                        d.packets,
                        d.flows.len()
                    );
                }
            }
            let pairs: Vec<_> = r
                .comparisons
                .iter()
                .map(|c| c.paired_by.join(","))
                .collect();
            t += &format!(
                "  {w} pairs {} of flows {}\n",
                pairs.len(),
                r.flows
                    .iter()
                    .filter(|f| f.set != SetName::Reference)
                    .count()
            );
        }
        t
    });
    std::fs::write("/tmp/foreign-explore.txt", out.concat()).unwrap();
}
