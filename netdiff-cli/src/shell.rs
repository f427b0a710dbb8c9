//! Completions and manual pages, generated from the command line's own description.

use std::fs;
use std::path::Path;

use anyhow::Context;
use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use netdiff_core::{Ignore, Language, explain_all};

use crate::help::command;
use crate::language::said;
use crate::output::write_file;

/// The script that a shell reads to complete `netdiff`'s commands, options and names.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut named(), "netdiff", &mut script);
    script
}

/// The command line with the names that its arguments take: only completions need them, the program says more of wrong ones than clap does.
fn named() -> Command {
    let rules = || {
        explain_all(Language::English)
            .into_iter()
            .map(|rule| rule.rule)
    };
    let manuals = PossibleValuesParser::new(rules().chain(["selection"]));
    let items = PossibleValuesParser::new(Ignore::names());
    let ignoring = |command: Command| {
        let items = items.clone();
        command.mut_arg("ignores", |argument| argument.value_parser(items))
    };
    command()
        .mut_subcommand("explain", |explain| {
            explain.mut_arg("rule", |rule| rule.value_parser(manuals))
        })
        .mut_subcommand("diff", ignoring)
        .mut_subcommand("trace", ignoring)
}

/// A manual page's file name and its text in roff.
pub(crate) struct ManualPage {
    pub(crate) file: String,
    pub(crate) text: Vec<u8>,
}

/// The program's page, then one for each command.
pub(crate) fn manual() -> anyhow::Result<Vec<ManualPage>> {
    let mut program = command().disable_help_subcommand(true);
    program.build();
    let shown = |command: &&Command| !command.is_hide_set();
    let commands: Vec<Command> = program
        .get_subcommands()
        .filter(shown)
        .map(|command| {
            let name = format!("netdiff-{}", command.get_name());
            command.clone().display_name(name)
        })
        .collect();
    let pages = std::iter::once(program).chain(commands);
    let pages: std::io::Result<Vec<ManualPage>> = pages.map(|command| page(&command)).collect();
    pages.with_context(|| said!("cannot write a manual page"))
}

fn page(command: &Command) -> std::io::Result<ManualPage> {
    let man = Man::new(command.clone())
        .source(concat!("netdiff ", env!("CARGO_PKG_VERSION")))
        .manual("netdiff");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    examples(command).to_writer(&mut text)?;
    Ok(ManualPage {
        file: man.get_filename(),
        text: in_ascii(&String::from_utf8_lossy(&text)),
    })
}

/// With signs beyond ASCII by their names, which every roff knows whatever the locale.
fn in_ascii(text: &str) -> Vec<u8> {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_ascii() => ascii.push(c),
            c => ascii.push_str(&format!("\\[u{:04X}]", u32::from(c))),
        }
    }
    ascii.into_bytes()
}

/// What stands below the options in the help: examples first, as the lines are.
fn examples(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let Some(help) = command.get_after_help() else {
        return roff;
    };
    let help = help.to_string();
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in help
        .trim_start_matches("Examples:")
        .trim_matches('\n')
        .lines()
    {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

/// Writes each page into a folder, which is made if it is not there. Returns how many that were.
pub(crate) fn write_manual(folder: &Path) -> anyhow::Result<usize> {
    let pages = manual()?;
    fs::create_dir_all(folder).with_context(|| {
        said!(
            "cannot make the folder {folder}; name another",
            folder = folder.display()
        )
    })?;
    for page in &pages {
        let file = folder.join(&page.file);
        write_file(&file, &page.text)?;
    }
    Ok(pages.len())
}
