//! The catalogue has every text of the sources, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use netdiff_core::{CHINESE_CATALOGUE, Entry, read_po};

use crate::arguments::Arguments;

/// Files whose sentences are passed on as texts, errors most of them: each sentence in them is in the catalogue.
const KEPT_AS_TEXTS: [&str; 15] = [
    "read/looks_like.rs",
    "read/error.rs",
    "read/ratio.rs",
    "read/spool.rs",
    "read/set/gather.rs",
    "read/set/assemble.rs",
    "read/set/bundle.rs",
    "read/set/request.rs",
    "read/set/manifest.rs",
    "select/error.rs",
    "select/grammar.rs",
    "pipeline/error.rs",
    "pipeline/extracting.rs",
    "pipeline/pairs.rs",
    "extract/replay.rs",
];

/// A text in a source: where it begins and ends there, and what it says.
struct Literal {
    begin: usize,
    end: usize,
    text: String,
}

/// The texts of a source, outside comments.
fn literals(source: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let char_literal = rest
            .strip_prefix("'\\")
            .and_then(|rest| Some(3 + rest[1..].find('\'')?))
            .or_else(|| {
                let mut chars = rest.strip_prefix('\'')?.chars();
                let inner = chars.next()?;
                (chars.next() == Some('\'')).then_some(2 + inner.len_utf8())
            });
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some(len) = char_literal {
            at += len;
        } else if c == '"' {
            let end = closing_quote(rest);
            found.push(Literal {
                begin: at,
                end: at + end + 1,
                text: unescaped(&rest[1..end]),
            });
            at += end + 1;
        } else {
            at += c.len_utf8();
        }
    }
    found
}

fn closing_quote(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let escaped = behind.chars().next().unwrap();
        rest = &behind[escaped.len_utf8()..];
        match escaped {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            '\n' => rest = rest.trim_start(),
            other => out.push(other),
        }
    }
    out + rest
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files_below(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files_below(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// What stands before the tests of a file.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in ["netdiff-core/src", "netdiff-cli/src"] {
        files_below(&root().join(folder), ".rs", &mut files);
    }
    let named = files.into_iter().map(|file| {
        let name = file.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        let tests = text.find("#[cfg(test)]\nmod").unwrap_or(text.len());
        (name, text[..tests].to_owned())
    });
    let is_test = |name: &str| name.contains("tests") || name.ends_with("language/message.rs");
    named.filter(|(name, _)| !is_test(name)).collect()
}

/// Texts with their plural, which is empty where they are no counts.
type Texts = BTreeMap<String, String>;

fn marked(source: &str, texts: &mut Texts) {
    let literals = literals(source);
    for (nth, literal) in literals.iter().enumerate() {
        let before = source[..literal.begin].trim_end();
        let is_in = |name: &str| before.ends_with(name);
        if is_in("noun!(") {
            let next = literals
                .get(nth + 1)
                .filter(|next| source[literal.end..next.begin].trim() == ",");
            let many = next.map_or(format!("{}s", literal.text), |next| next.text.clone());
            texts.insert(format!("{{n}} {}", literal.text), format!("{{n}} {many}"));
        } else if ["message!(", "text!(", "said!(", "#[error("]
            .iter()
            .any(|name| is_in(name))
        {
            texts.entry(literal.text.clone()).or_default();
        }
    }
}

fn is_prose(text: &str) -> bool {
    let words = text.split(' ').filter(|word| {
        let letters = word.trim_matches(|c: char| !c.is_ascii_alphabetic());
        letters.len() > 1
            && letters
                .chars()
                .all(|c| c.is_ascii_alphabetic() || c == '\'')
    });
    words.count() >= 2
}

/// The sentences of the manuals, but for citations.
fn manual(source: &str, texts: &mut Texts) {
    let citations: Vec<(usize, usize)> = ["references: &[", "const REFERENCES"]
        .iter()
        .filter_map(|begin| {
            let at = source.find(begin)?;
            let len = source[at..].find(if begin.starts_with('c') { "];" } else { "],\n" })?;
            Some((at, at + len))
        })
        .collect();
    for literal in literals(source) {
        let before = source[..literal.begin].trim_end();
        let is_marked = before.ends_with("!(") || before.ends_with("reason =");
        let is_cited = citations
            .iter()
            .any(|(from, to)| (*from..*to).contains(&literal.begin));
        let is_name = literal
            .text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
        let has_letters = literal.text.chars().any(char::is_alphabetic);
        if !is_marked && !is_cited && !is_name && has_letters {
            texts.entry(literal.text).or_default();
        }
    }
}

fn templates(texts: &mut Texts) {
    let mut files = Vec::new();
    files_below(&root().join("netdiff-core/templates"), ".html", &mut files);
    for file in files {
        let page = fs::read_to_string(file).unwrap();
        for call in ["self.t(\"", "self.tn(\""] {
            for (at, _) in page.match_indices(call) {
                let rest = &page[at + call.len() - 1..];
                let text = &rest[1..closing_quote(rest)];
                texts.entry(unescaped(text)).or_default();
            }
        }
    }
}

/// What is said of commands, options and values.
fn command_line(command: &Command, texts: &mut Texts) {
    let mut add = |text: Option<String>| {
        texts.extend(text.map(|text| (text, String::new())));
    };
    let said = |text: Option<&clap::builder::StyledStr>| text.map(ToString::to_string);
    add(said(command.get_about()));
    add(said(command.get_long_about()));
    add(said(command.get_after_help()));
    for argument in command.get_arguments() {
        add(said(argument.get_help()));
        for value in argument.get_possible_values() {
            add(said(value.get_help()));
        }
    }
    for command in command.get_subcommands() {
        command_line(command, texts);
    }
}

/// Everything that must be in the catalogue.
fn needed() -> Texts {
    let mut texts = Texts::new();
    for (name, source) in sources() {
        marked(&source, &mut texts);
        if name.contains("/diagnose/rules/") {
            manual(&source, &mut texts);
        }
        if KEPT_AS_TEXTS.iter().any(|kept| name.ends_with(kept)) {
            let kept = literals(&source).into_iter().filter(|literal| {
                let before = source[..literal.begin].trim_end();
                !before.ends_with("reason =")
                    && !before.ends_with("noun!(")
                    && is_prose(&literal.text)
            });
            for literal in kept {
                texts.entry(literal.text).or_default();
            }
        }
    }
    templates(&mut texts);
    command_line(&Arguments::command(), &mut texts);
    texts
        .entry(netdiff_core::SELECTION_MANUAL.to_owned())
        .or_default();
    texts
}

fn catalogue() -> Vec<Entry> {
    read_po(CHINESE_CATALOGUE).unwrap()
}

/// Where a text may stand that is looked up although it is not marked: descriptions in tables of the room that reads.
fn is_in_sources(text: &str) -> bool {
    let sources = sources();
    let mut all = sources.iter().filter(|(name, _)| name.contains("/read/"));
    all.any(|(_, source)| literals(source).iter().any(|literal| literal.text == text))
}

#[test]
fn every_text_has_a_translation_and_every_translation_a_text() {
    let needed = needed();
    let entries = catalogue();
    let known: BTreeSet<&str> = entries.iter().map(|entry| entry.from.as_str()).collect();
    let missing: Vec<&String> = needed
        .keys()
        .filter(|text| !known.contains(text.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "not in netdiff-core/po/zh-CN.po: {missing:#?}"
    );
    let unused: Vec<&str> = known
        .into_iter()
        .filter(|text| !needed.contains_key(*text) && !is_in_sources(text))
        .collect();
    assert!(unused.is_empty(), "nobody says this any more: {unused:#?}");
    for entry in &entries {
        let plural = needed.get(&entry.from).map_or("", String::as_str);
        assert_eq!(entry.plural, plural, "line {}: {}", entry.line, entry.from);
    }
    assert!(
        needed.len() > 1_500,
        "{}: are the sources still found?",
        needed.len()
    );
}

#[test]
fn no_text_is_translated_twice() {
    let mut seen = BTreeSet::new();
    for entry in catalogue() {
        assert!(
            seen.insert(entry.from.clone()),
            "line {}: {}",
            entry.line,
            entry.from
        );
    }
}

/// What stands in braces.
fn blanks(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts
        .filter_map(|part| part.split_once('}').map(|(name, _)| name))
        .collect()
}

const fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

#[test]
fn translations_have_the_blanks_and_the_edges_of_their_texts() {
    for Entry { from, to, line, .. } in catalogue() {
        assert!(!to.is_empty(), "line {line}: {from}");
        assert_eq!(blanks(&from), blanks(&to), "line {line}: {from}");
        let indent = |text: &str| text.len() - text.trim_start_matches(' ').len();
        if from.starts_with("  ") {
            assert_eq!(indent(&from), indent(&to), "line {line}: {from}");
        }
        assert_eq!(
            from.ends_with('\n'),
            to.ends_with('\n'),
            "line {line}: {from}"
        );
        assert_eq!(
            from.matches('`').count() % 2,
            to.matches('`').count() % 2,
            "line {line}: {from}"
        );
    }
}

/// English words that sentences cannot do without, and commands can.
const OF_SENTENCES: [&str; 10] = [
    "the", "of", "is", "are", "was", "were", "that", "which", "its", "this",
];

#[test]
fn translations_are_chinese_with_chinese_punctuation() {
    for Entry { to, line, .. } in catalogue() {
        let chars: Vec<char> = to.chars().collect();
        for pair in chars.windows(2) {
            let ascii = is_chinese(pair[0]) && [',', ';', ':', '!', '?'].contains(&pair[1]);
            assert!(!ascii, "line {line}: {to}");
        }
        let words: Vec<&str> = to
            .split(|c: char| !c.is_ascii_alphabetic() && c != ' ')
            .collect();
        for run in words {
            let words: Vec<&str> = run.split(' ').filter(|word| !word.is_empty()).collect();
            let is_english =
                words.len() > 2 && words.iter().any(|word| OF_SENTENCES.contains(word));
            assert!(!is_english, "line {line}: {run}");
        }
    }
}

#[test]
fn the_collector_finds_what_is_marked() {
    let mut texts = Texts::new();
    marked(
        "// message!(\"no\")\nlet c = '\"'; message!(\n  \"a {b} \\\n   c\", b); noun!(\"copy\", \"copies\"); \"no\"; said!(\"\\\"d\\\"\")",
        &mut texts,
    );
    let found: Vec<(&str, &str)> = texts
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    assert_eq!(
        found,
        [("\"d\"", ""), ("a {b} c", ""), ("{n} copy", "{n} copies")]
    );
}
