//! The report as a page: well-formed, self-contained, the essential first, and names from captures do nothing. What a browser makes of it, `testdata/browser` tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

mod common;

use std::collections::BTreeSet;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};
use netdiff_core::{Report, SetRequest, compare, render_html, trace};

use common::hostile;
use common::scenario::{Scenario, VARIED, map_all, scenario};

/// Elements without an end tag.
const VOID: [&str; 3] = ["meta", "input", "br"];

/// Elements of SVG that may close themselves.
const EMPTY_SVG: [&str; 3] = ["path", "rect", "circle"];

fn report(scenario: &Scenario) -> Report {
    let set = |name: &str| SetRequest::of_path(scenario.folder.join(name));
    let report = match &scenario.reference {
        Some(reference) => compare(&set(reference), &set(&scenario.failing)).unwrap(),
        None => trace(&set(&scenario.failing)).unwrap(),
    };
    common::without_paths(report)
}

/// What a page is made of.
#[derive(Default)]
struct Outline {
    ids: BTreeSet<String>,
    /// What links within the page lead to.
    targets: BTreeSet<String>,
    /// Text outside of scripts and styles.
    text: String,
    scripts: usize,
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Reads a page; panics where a parser would have to guess what is meant, and where anything is to be loaded.
fn outline(name: &str, html: &str) -> Outline {
    let mut outline = Outline::default();
    let mut open: Vec<String> = Vec::new();
    // As a browser does: what is in scripts and styles is no markup.
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token.unwrap() {
            Token::Error(error) => panic!("{name}: {error:?}"),
            Token::StartTag(tag) => {
                let element = string(&tag.name);
                for (key, value) in &tag.attributes {
                    note_attribute(name, &string(key), &string(&value.value), &mut outline);
                }
                outline.scripts += usize::from(element == "script");
                if tag.self_closing {
                    assert!(EMPTY_SVG.contains(&&*element), "{name}: <{element}/>");
                } else if !VOID.contains(&&*element) {
                    open.push(element);
                }
            }
            Token::EndTag(tag) => {
                assert_eq!(open.pop(), Some(string(&tag.name)), "{name}");
            }
            Token::String(text) => {
                let inside = open.last().map(String::as_str);
                if !matches!(inside, Some("script" | "style")) {
                    outline.text.push_str(&string(&text));
                }
            }
            Token::Comment(_) => panic!("{name}: a comment"),
            Token::Doctype(_) => {}
        }
    }
    assert!(open.is_empty(), "{name}: {open:?} not closed");
    outline
}

fn note_attribute(name: &str, key: &str, value: &str, outline: &mut Outline) {
    assert!(!key.starts_with("on"), "{name}: {key}");
    match key {
        "id" => assert!(
            outline.ids.insert(value.to_owned()),
            "{name}: twice {value}"
        ),
        "href" => {
            let target = value.strip_prefix('#');
            outline.targets.insert(
                target
                    .unwrap_or_else(|| panic!("{name}: {value}"))
                    .to_owned(),
            );
        }
        "src" | "style" | "action" | "srcdoc" | "background" => panic!("{name}: {key}={value}"),
        _ => {}
    }
}

#[test]
fn every_scenario_is_a_page() {
    map_all(VARIED.to_vec(), |name| {
        let scenario = scenario(name);
        let name = &scenario.name;
        let html = render_html(&report(&scenario)).unwrap();
        let outline = outline(name, &html);
        let lost: Vec<&String> = outline.targets.difference(&outline.ids).collect();
        assert!(lost.is_empty(), "{name}: links to {lost:?}");
        assert_eq!(outline.scripts, 2, "{name}");
        for address in ["http://", "https://", "url(", "@import", "fetch("] {
            assert!(!html.contains(address), "{name}: {address}");
        }
    });
}

#[test]
fn the_first_screen_says_what_where_why_and_what_to_do() {
    let html = render_html(&report(&scenario("vxlan-8472-blocked"))).unwrap();
    let text = outline("vxlan-8472-blocked", &html).text;
    let (first, _) = text.split_once("Findings").unwrap();
    for what in [
        "1 error",
        "VXLAN packets leave master/eth0 and never reach node/eth0",
        "between master/eth0 and node/eth0",
        "firewall",
        "open UDP 8472",
    ] {
        assert!(first.contains(what), "{what} is not in\n{first}");
    }
}

#[test]
fn names_from_captures_do_nothing() {
    let html = render_html(&hostile::report()).unwrap();
    let outline = outline("hostile", &html);
    assert_eq!(outline.scripts, 2);
    assert!(
        outline.text.contains("<script>alert(1)</script>"),
        "not shown as it is"
    );
    assert!(!html.contains("alert(1)</script>"));
    assert!(!html.contains('\u{1b}') && !html.contains('\u{202e}'));
}

#[test]
fn without_its_script_findings_and_ladders_are_there() {
    let html = render_html(&report(&scenario("vxlan-8472-blocked"))).unwrap();
    let (page, _) = html.split_once("<script").unwrap();
    for what in [
        "What helps, in this order",
        "12 lost between",
        "frame.number == 15",
        "<svg",
    ] {
        assert!(page.contains(what), "{what}");
    }
}

/// The page of the project's small example, without its style and script.
#[test]
fn the_page_of_the_example() {
    let set = SetRequest::of_path(common::testdata().join("example"));
    let html = render_html(&common::without_paths(trace(&set).unwrap())).unwrap();
    let (_, body) = html.split_once("<body>").unwrap();
    let (body, _) = body.rsplit_once("<script>").unwrap();
    insta::assert_snapshot!("example.html", body);
}
