//! Formats of build servers: whole snapshots, and what their standards require.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use common::scenario::{Scenario, map_all, scenario, scenarios};
use netdiff_core::{
    FailOn, Ignore, Language, Redaction, Report, SetRequest, compare, explain, render_github,
    render_junit, render_sarif, trace,
};
use serde_json::Value;

fn report(scenario: &Scenario) -> Report {
    let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
    let report = match &scenario.reference {
        Some(reference) => compare(&set(reference), &set(&scenario.failing)),
        None => trace(&set(&scenario.failing)),
    };
    report.unwrap().redacted(Redaction::ALL)
}

/// Each renderer on one incident, with one thing ignored and one that is not there.
fn incident() -> Report {
    let mut report = report(&scenario("vxlan-8472-blocked"));
    let ignores = ["delivery=node/eth0..master/eth0", "brnf-off"].map(|what| {
        let ignore = Ignore::parse(what).unwrap();
        ignore
            .because("known, <see> \"the\" board")
            .stated_in("netdiff.toml", 3)
    });
    report.ignore(&ignores);
    report
}

#[test]
fn the_incident_as_junit() {
    insta::assert_snapshot!(render_junit(&incident(), FailOn::DIFFERENCE));
}

#[test]
fn the_incident_as_sarif() {
    insta::assert_snapshot!(render_sarif(&incident()).unwrap());
}

#[test]
fn the_incident_as_github_commands() {
    insta::assert_snapshot!(render_github(&incident()));
}

#[test]
fn another_way_as_junit_and_github_commands() {
    let report = report(&scenario("directrouting-fixed"));
    let text = format!(
        "{}\n{}",
        render_junit(&report, FailOn::ERROR),
        render_github(&report)
    );
    insta::assert_snapshot!(text);
}

#[test]
fn scenarios_fit_the_standards() {
    let check = |scenario: Scenario| {
        let report = report(&scenario);
        check_junit(&render_junit(&report, FailOn::DIFFERENCE), &scenario.name);
        let sarif = serde_json::from_str(&render_sarif(&report).unwrap()).unwrap();
        check_sarif(&sarif, &report, &scenario.name);
        check_github(&render_github(&report), &report, &scenario.name);
    };
    // Every second one: all kinds of finding and difference occur, in half of the time.
    map_all(scenarios().into_iter().step_by(2).collect(), check);
}

/// Well-formed, with counts that are right and names that are told apart.
fn check_junit(text: &str, name: &str) {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let root = document.root_element();
    assert!(root.has_tag_name("testsuites"));
    for suite in root
        .children()
        .filter(roxmltree::Node::is_element)
        .chain([root])
    {
        let count = |tag: &str| suite.descendants().filter(|n| n.has_tag_name(tag)).count();
        for (attribute, tag) in [
            ("tests", "testcase"),
            ("failures", "failure"),
            ("skipped", "skipped"),
        ] {
            assert_eq!(
                suite.attribute(attribute),
                Some(count(tag).to_string().as_str()),
                "{name}"
            );
        }
        assert!(suite.attribute("name").is_some());
    }
    let cases: Vec<_> = root
        .descendants()
        .filter(|n| n.has_tag_name("testcase"))
        .collect();
    assert!(
        !cases.is_empty(),
        "{name}: build servers take no test for a fault"
    );
    for case in cases {
        assert!(case.attribute("classname").is_some() && case.attribute("name").is_some());
    }
}

/// What SARIF 2.1.0 requires of the objects that netdiff writes (sections 3.13 to 3.49), and what GitHub requires beyond it.
fn check_sarif(log: &Value, report: &Report, name: &str) {
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("sarif-2.1.0.json")
    );
    let [run] = log["runs"].as_array().unwrap().as_slice() else {
        panic!("one run")
    };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "netdiff");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in [
            &rule["shortDescription"]["text"],
            &rule["fullDescription"]["text"],
            &rule["help"]["text"],
            &rule["help"]["markdown"],
        ] {
            assert!(!text.as_str().unwrap().is_empty(), "{name}: {}", rule["id"]);
        }
        let id = rule["id"].as_str().unwrap();
        let known = report.differences.iter().any(|d| d.kind == id);
        assert!(
            known || explain(id, Language::English).is_some(),
            "{name}: {id}"
        );
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(
        results.len(),
        report.findings.len() + report.differences.len()
    );
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "{name}");
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(result["partialFingerprints"]["netdiff/v1"].is_string());
        for location in result["locations"].as_array().unwrap() {
            assert!(location["logicalLocations"][0]["fullyQualifiedName"].is_string());
            let Some(physical) = location.get("physicalLocation") else {
                continue;
            };
            let base = physical["artifactLocation"]["uriBaseId"].as_str().unwrap();
            assert!(
                run["originalUriBaseIds"].get(base).is_some(),
                "{name}: {base}"
            );
            let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
            assert!(
                uri.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)),
                "{uri}"
            );
            assert!(physical["region"]["startLine"].as_u64().unwrap() >= 1);
        }
    }
}

/// One command a line, and the whole result at the end.
fn check_github(text: &str, report: &Report, name: &str) {
    let mut lines: Vec<&str> = text.lines().collect();
    assert!(
        lines.pop().unwrap().starts_with("netdiff VERSION: "),
        "{name}"
    );
    assert_eq!(
        lines.len(),
        report.findings.len() + report.differences.len(),
        "{name}"
    );
    for line in lines {
        let (properties, message) = line[2..].split_once("::").unwrap();
        let (command, title) = properties.split_once(" title=").unwrap();
        assert!(["error", "warning", "notice"].contains(&command), "{line}");
        assert!(!title.is_empty() && !message.is_empty(), "{line}");
    }
}
