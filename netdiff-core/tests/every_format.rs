//! Every format on the same scenarios: an incident, a healthy cluster, a size that does not fit, translated addresses, losses at random, and what cannot be told.
//! The text of these and of all others is in `scenarios.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use common::scenario::{Scenario, scenario};
use common::without_paths;
use netdiff_core::{
    Redaction, Report, SetRequest, TextOptions, compare, render_html, render_json, render_markdown,
    render_text, trace,
};

const SCENARIOS: [&str; 6] = [
    "vxlan-8472-blocked",
    "healthy-healthy",
    "mtu-blackhole",
    "masquerade-missing",
    "loss-random",
    "capture-gap-one-node",
];

fn report(scenario: &Scenario) -> Report {
    let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
    let report = match &scenario.reference {
        Some(reference) => compare(&set(reference), &set(&scenario.failing)),
        None => trace(&set(&scenario.failing)),
    };
    without_paths(report.unwrap())
}

/// A page without its style, script and data, and with one ladder of all.
fn body(page: &str) -> String {
    const LADDER: &str = "<details class=\"ladder\"";
    let (_, body) = page.split_once("<body>").unwrap();
    let body = body.split_once("<script").unwrap().0;
    let mut ladders = body.match_indices(LADDER).skip(1).map(|(at, _)| at);
    let (Some(second), Some(end)) = (ladders.next(), body.find("<section id=\"captures\"")) else {
        return body.to_owned();
    };
    let others = 1 + ladders.count();
    format!("{}[{others} others]\n{}", &body[..second], &body[end..])
}

/// JSON with two flows of all.
fn two_flows(json: &str) -> String {
    let mut report: serde_json::Value = serde_json::from_str(json).unwrap();
    report["flows"].as_array_mut().unwrap().truncate(2);
    serde_json::to_string_pretty(&report).unwrap()
}

#[test]
fn six_scenarios_in_every_format() {
    for name in SCENARIOS {
        let report = report(&scenario(name)).redacted(Redaction::ALL);
        insta::assert_snapshot!(format!("{name}.markdown"), render_markdown(&report));
        insta::assert_snapshot!(format!("{name}.html"), body(&render_html(&report).unwrap()));
        insta::assert_snapshot!(
            format!("{name}.json"),
            two_flows(&render_json(&report).unwrap())
        );
    }
}

/// Text with what marks it up left out.
fn plain(text: &str) -> String {
    let words = text.replace(['`', '*', '\\'], "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_first_ten_lines_say_what_failed_where_why_and_what_to_do() {
    let report = report(&scenario("vxlan-8472-blocked"));
    let told = [
        "VXLAN packets leave master/eth0 and never reach node/eth0",
        "a firewall or cloud security group between the nodes drops the VXLAN port",
        "open UDP 8472 both ways between all nodes",
    ];
    for text in [
        render_text(&report, &TextOptions::default()),
        render_markdown(&report),
        render_json(&report).unwrap(),
    ] {
        let first: Vec<&str> = text
            .lines()
            .filter(|line| !line.is_empty())
            .take(10)
            .collect();
        let first = plain(&first.join("\n"));
        for what in told {
            assert!(first.contains(what), "{what} is not in\n{first}");
        }
    }
}
