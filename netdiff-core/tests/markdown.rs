//! The report as Markdown: that it says what matters first, that it parses as what it is meant to be, and that names from captures do nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use netdiff_core::{Report, SetRequest, compare, render_markdown, trace};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use common::hostile;
use common::scenario::{Scenario, VARIED, scenario};

/// What GitHub takes as the text of an issue.
const GITHUB: usize = 65_536;

/// Scenarios that are told in full: one error, losses at random, a service, nothing.
const SNAPSHOTS: [&str; 4] = [
    "vxlan-8472-blocked",
    "loss-random",
    "clusterip-blocked",
    "healthy-healthy",
];

fn report(scenario: &Scenario) -> Report {
    let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
    let report = match &scenario.reference {
        Some(reference) => compare(&set(reference), &set(&scenario.failing)).unwrap(),
        None => trace(&set(&scenario.failing)).unwrap(),
    };
    common::without_paths(report)
}

fn events(markdown: &str) -> Vec<Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES).collect()
}

#[test]
fn markdown_of_some_scenarios() {
    for name in SNAPSHOTS {
        let markdown = render_markdown(&report(&scenario(name)));
        insta::assert_snapshot!(format!("{name}.markdown"), markdown);
    }
}

#[test]
fn the_first_lines_say_what_where_why_and_what_to_do() {
    let markdown = render_markdown(&report(&scenario("vxlan-8472-blocked")));
    let first: Vec<&str> = markdown.lines().take(10).collect();
    let first = first.join("\n");
    for what in [
        "1 error",
        "VXLAN packets leave",
        "between `master/eth0` and `node/eth0`",
        "firewall",
        "open UDP 8472",
    ] {
        assert!(first.contains(what), "{what} is not in\n{first}");
    }
}

#[test]
fn every_scenario_fits_an_issue_and_closes_what_it_opens() {
    for scenario in VARIED.map(scenario) {
        let name = &scenario.name;
        let markdown = render_markdown(&report(&scenario));
        assert!(markdown.chars().count() < GITHUB, "{name}");
        let mut open = 0_i32;
        let mut columns = 0;
        let mut cells = 0;
        for event in events(&markdown) {
            match event {
                Event::Html(html) => {
                    open += i32::try_from(html.matches("<details>").count()).unwrap();
                    open -= i32::try_from(html.matches("</details>").count()).unwrap();
                    assert!((0..=1).contains(&open), "{name}: details inside details");
                }
                Event::InlineHtml(html) => assert_eq!(&*html, "<!-- -->", "{name}"),
                Event::Start(Tag::CodeBlock(kind)) => {
                    assert_eq!(kind, CodeBlockKind::Fenced("text".into()), "{name}");
                }
                Event::Start(Tag::Table(alignments)) => columns = alignments.len(),
                Event::Start(Tag::TableRow) => cells = 0,
                Event::Start(Tag::TableCell) => cells += 1,
                Event::End(TagEnd::TableRow) => assert_eq!(cells, columns, "{name}"),
                Event::Start(Tag::Link { dest_url, .. }) => panic!("{name}: a link {dest_url}"),
                Event::Start(Tag::Image { .. }) => panic!("{name}: an image"),
                _ => {}
            }
        }
        assert_eq!(open, 0, "{name}");
    }
}

#[test]
fn names_from_captures_do_nothing() {
    let markdown = render_markdown(&hostile::report());
    for event in events(&markdown) {
        match event {
            Event::Html(html) => {
                let tags = html.replace("<details>", "").replace("</details>", "");
                let tags = tags.replace("<summary>", "").replace("</summary>", "");
                let tags = tags.replace("<!-- -->", "");
                assert!(!tags.contains('<'), "{html}");
            }
            Event::InlineHtml(html) => assert_eq!(&*html, "<!-- -->"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link or an image"),
            Event::Start(Tag::BlockQuote(_)) => panic!("a quotation"),
            _ => {}
        }
    }
    let ladders = events(&markdown);
    let blocks = ladders.iter();
    let blocks = blocks.filter(|event| matches!(event, Event::Start(Tag::CodeBlock(_))));
    assert!(
        blocks.count() >= 2,
        "a name has ended or begun a block of code"
    );
    assert!(!markdown.contains('\u{1b}') && !markdown.contains('\u{202e}'));
    assert!(
        markdown.contains("script"),
        "the names are not there at all"
    );
}
