//! The help is true: every command has examples, and the real parser takes each of them.

use clap::{Command, CommandFactory, Parser};

use crate::arguments::Arguments;
use crate::shell::{completions, manual};

fn commands() -> Vec<Command> {
    let program = Arguments::command();
    let own: Vec<Command> = program.get_subcommands().cloned().collect();
    std::iter::once(program).chain(own).collect()
}

/// What stands below the options.
fn below(command: &Command) -> String {
    let help = command.get_after_help();
    help.map(ToString::to_string).unwrap_or_default()
}

/// The command lines of a help text: indented, beginning with the program's name.
fn examples(help: &str) -> Vec<&str> {
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    lines.filter(|line| line.starts_with("netdiff ")).collect()
}

/// The words of an example up to a pipe, a redirection or the remark behind it, as a shell splits them.
fn words(example: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut before = ' ';
    for c in example.chars() {
        match c {
            '\'' => quoted = !quoted,
            '|' | '>' if !quoted => break,
            ' ' if !quoted && before == ' ' => break,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
        before = c;
    }
    assert!(!quoted, "{example}");
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_has_examples_that_parse() {
    for command in commands() {
        let help = below(&command);
        assert!(help.starts_with("Examples:\n"), "{}", command.get_name());
        let examples = examples(&help);
        assert!(examples.len() >= 2, "{}", command.get_name());
        for example in examples {
            let parsed = Arguments::try_parse_from(words(example));
            assert!(parsed.is_ok(), "{example}: {}", parsed.unwrap_err());
        }
    }
}

#[test]
fn an_example_that_is_wrong_would_be_found() {
    assert_eq!(
        words("netdiff diff a/ b/ | jq '.x'"),
        ["netdiff", "diff", "a/", "b/"]
    );
    assert_eq!(
        words("netdiff trace s --flow 'a  b'   a remark")
            .last()
            .unwrap(),
        "a  b"
    );
    assert!(Arguments::try_parse_from(words("netdiff diff healthy/ --nonsense")).is_err());
}

#[test]
fn every_command_says_its_exit_statuses() {
    for command in commands() {
        let help = below(&command);
        assert!(help.contains("\nExit status: 0 "), "{}", command.get_name());
        assert!(help.contains("2 "), "{}", command.get_name());
    }
}

#[test]
fn every_option_is_described() {
    for command in commands() {
        for argument in command.get_arguments() {
            let described = argument.get_help().is_some() || argument.get_id() == "help";
            assert!(described, "{} {}", command.get_name(), argument.get_id());
        }
    }
}

#[test]
fn the_manual_has_a_page_for_each_command_in_ascii() {
    let pages = manual().unwrap();
    assert_eq!(pages.len(), commands().len());
    for (page, command) in pages.iter().zip(commands()) {
        let name = match command.get_name() {
            "netdiff" => "netdiff.1".to_owned(),
            other => format!("netdiff-{other}.1"),
        };
        assert_eq!(page.file, name);
        let text = String::from_utf8(page.text.clone()).unwrap();
        assert!(text.is_ascii(), "{name}");
        for part in [
            ".TH ",
            ".SH NAME",
            ".SH SYNOPSIS",
            ".SH OPTIONS",
            ".SH EXAMPLES",
        ] {
            assert!(text.contains(part), "{name}: {part}");
        }
        // Examples stay lines of their own.
        let example = examples(&below(&command))[0].replace('-', "\\-");
        let line = text.lines().any(|line| line.contains(&example));
        assert!(line, "{name}: {example}");
    }
}

#[test]
fn completions_know_commands_options_and_rules() {
    for shell in [
        clap_complete::Shell::Bash,
        clap_complete::Shell::Zsh,
        clap_complete::Shell::Fish,
        clap_complete::Shell::PowerShell,
        clap_complete::Shell::Elvish,
    ] {
        let script = String::from_utf8(completions(shell)).unwrap();
        for word in ["diff", "inspect", "fail-on", "no-pager"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let bash = String::from_utf8(completions(clap_complete::Shell::Bash)).unwrap();
    assert!(bash.contains("underlay-vxlan-blocked"));
}
