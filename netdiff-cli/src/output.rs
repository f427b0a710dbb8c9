//! Standard output and the terminal.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, bail};
use netdiff_core::{
    InspectReport, Report, RuleReport, Styles, TextOptions, render_html, render_inspect_json,
    render_inspect_text, render_json, render_markdown, render_rule_text, render_rules_json,
    render_rules_markdown, render_rules_text, render_text,
};

use crate::arguments::{Color, Command, Common, Format, Layout};

/// Refuses, before any work is done, what no command can write in its format or to where it would go.
pub(crate) fn refuse_format(command: &Command) -> anyhow::Result<()> {
    let (format, to_file) = match command {
        Command::Diff { output, common, .. } | Command::Trace { output, common, .. } => {
            (common.layout.format, output.is_some())
        }
        Command::Inspect { common, .. } => match common.layout.format {
            Format::Markdown | Format::Html => bail!(
                "inspect writes text and json only; `netdiff trace` and `netdiff diff` write markdown and html as well"
            ),
            format => (format, false),
        },
        Command::Explain { layout, .. } if layout.format == Format::Html => {
            bail!("explain writes text, json and markdown, no html")
        }
        Command::Explain { .. } | Command::Baseline { .. } => return Ok(()),
    };
    if format == Format::Html && !to_file && std::io::stdout().is_terminal() {
        bail!(
            "a page is of no use on a terminal: write it to a file with -o report.html and open that in a browser"
        );
    }
    Ok(())
}

/// Writes the report as asked for, to a file or to standard output.
pub(crate) fn write_report(
    report: &Report,
    output: Option<&Path>,
    common: &Common,
) -> anyhow::Result<()> {
    let text = match common.layout.format {
        Format::Json => render_json(report).context("cannot render the report as JSON")?,
        Format::Text => render_text(report, &text_options(common, output)),
        Format::Markdown => render_markdown(report),
        Format::Html => render_html(report).context("cannot render the report as HTML")?,
    };
    match output {
        Some(file) => write_file(file, &text),
        None => write_text(&text),
    }
}

/// Writes what a set holds as asked for.
pub(crate) fn write_inspection(report: &InspectReport, common: &Common) -> anyhow::Result<()> {
    let text = match common.layout.format {
        Format::Json => render_inspect_json(report).context("cannot render the report as JSON")?,
        // Others are refused.
        _ => render_inspect_text(report, &text_options(common, None)),
    };
    write_text(&text)
}

/// Writes manuals of rules as asked for: one whole, or the list of all.
pub(crate) fn write_rules(rules: &[RuleReport], layout: &Layout) -> anyhow::Result<()> {
    let options = layout_options(layout, None);
    let text = match (layout.format, rules) {
        (Format::Json, _) => render_rules_json(rules).context("cannot render the rules as JSON")?,
        (Format::Markdown, _) => render_rules_markdown(rules),
        // Others are refused.
        (_, [rule]) => render_rule_text(rule, &options),
        (..) => render_rules_text(rules, &options),
    };
    write_text(&text)
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
pub(crate) fn write_text(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write the report to standard output"),
    }
}

/// Writes a file whole or not at all: beside it first, then in its place.
pub(crate) fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let written = std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        // What could not be written whole is of no use; that it cannot be removed either, nobody needs to know.
        let _ = std::fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn text_options(common: &Common, output: Option<&Path>) -> TextOptions {
    TextOptions {
        verbose: common.verbose,
        ..layout_options(&common.layout, output)
    }
}

/// A file has no width and no colors, unless they are asked for.
fn layout_options(layout: &Layout, output: Option<&Path>) -> TextOptions {
    let colored = match layout.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if output.is_some() => false,
        Color::Auto => AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    };
    let terminal = match output {
        Some(_) => None,
        None => terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
    };
    TextOptions {
        width: layout
            .width
            .or(terminal)
            .unwrap_or(TextOptions::DEFAULT_WIDTH),
        styles: if colored {
            Styles::COLORED
        } else {
            Styles::PLAIN
        },
        ..TextOptions::default()
    }
}
