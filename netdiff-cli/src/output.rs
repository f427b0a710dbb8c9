//! Standard output and the terminal.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, anyhow, bail};
use netdiff_core::{
    BaselineReport, FailOn, InspectReport, Report, RuleReport, Styles, TextOptions,
    render_baseline_json, render_baseline_text, render_github, render_html, render_inspect_json,
    render_inspect_text, render_json, render_junit, render_markdown, render_rule_text,
    render_rules_json, render_rules_markdown, render_rules_text, render_sarif, render_text,
};

use crate::arguments::{Color, Common, Format, Layout};
use crate::language::said;
use crate::whole_file::WholeFile;
use crate::{locale, pager};

/// Refuses a page on a terminal, before anything is read.
///
/// # Errors
/// For HTML that no file and no other program would take.
pub(crate) fn check_target(output: Option<&Path>, layout: &Layout) -> anyhow::Result<()> {
    if layout.format == Format::Html && output.is_none() && std::io::stdout().is_terminal() {
        bail!(
            "{}",
            said!(
                "a page is of no use on a terminal: write it to a file with -o report.html and open that in a browser"
            )
        );
    }
    Ok(())
}

/// Writes the report as asked for, to a file or to standard output.
pub(crate) fn write_report(
    report: &Report,
    fail_on: FailOn,
    output: Option<&Path>,
    common: &Common,
) -> anyhow::Result<()> {
    let text = match common.layout.format {
        Format::Json => {
            render_json(report).with_context(|| said!("cannot render the report as JSON"))?
        }
        Format::Junit => render_junit(report, fail_on),
        Format::Sarif => {
            render_sarif(report).with_context(|| said!("cannot render the report as SARIF"))?
        }
        Format::Github => render_github(report),
        Format::Markdown => render_markdown(report),
        Format::Html => {
            render_html(report).with_context(|| said!("cannot render the report as HTML"))?
        }
        Format::Text => render_text(report, &text_options(common, output)),
    };
    match output {
        Some(file) => write_file(file, text.as_bytes()),
        None => write_text(&text, &common.layout),
    }
}

/// Checks that what judges nothing can be written so, before anything is read.
///
/// # Errors
/// For formats that say what is wrong.
pub(crate) fn check_format(layout: &Layout) -> anyhow::Result<()> {
    match layout.format {
        Format::Text | Format::Json => Ok(()),
        format => Err(judges(format)),
    }
}

fn judges(format: Format) -> anyhow::Error {
    anyhow!(
        "{}",
        said!(
            "--format {name} says what is wrong, which only diff and trace do; take text or json here",
            name = format.name()
        )
    )
}

/// Writes what a set holds as asked for.
pub(crate) fn write_inspection(report: &InspectReport, common: &Common) -> anyhow::Result<()> {
    let text = match common.layout.format {
        Format::Json => render_inspect_json(report)
            .with_context(|| said!("cannot render the report as JSON"))?,
        Format::Text => render_inspect_text(report, &text_options(common, None)),
        other => return Err(judges(other)),
    };
    write_text(&text, &common.layout)
}

/// Writes what a baseline holds as asked for.
pub(crate) fn write_stored(report: &BaselineReport, common: &Common) -> anyhow::Result<()> {
    let text = match common.layout.format {
        Format::Json => render_baseline_json(report)
            .with_context(|| said!("cannot render the report as JSON"))?,
        Format::Text => render_baseline_text(report, &text_options(common, None)),
        other => return Err(judges(other)),
    };
    write_text(&text, &common.layout)
}

/// Writes manuals of rules as asked for: one whole, or the list of all.
pub(crate) fn write_rules(rules: &[RuleReport], layout: &Layout) -> anyhow::Result<()> {
    let options = layout_options(layout, None);
    let text = match (layout.format, rules) {
        (Format::Json, _) => {
            render_rules_json(rules).with_context(|| said!("cannot render the rules as JSON"))?
        }
        (Format::Text, [rule]) => render_rule_text(rule, &options),
        (Format::Text, _) => render_rules_text(rules, &options),
        (Format::Markdown, _) => render_rules_markdown(rules),
        (other, _) => return Err(judges(other)),
    };
    write_text(&text, layout)
}

/// Writes to standard output, on a terminal through the pager.
pub(crate) fn write_text(text: &str, layout: &Layout) -> anyhow::Result<()> {
    if !layout.no_pager && pager::show(text) {
        return Ok(());
    }
    write_bytes(text.as_bytes())
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no error.
pub(crate) fn write_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => {
            result.with_context(|| said!("cannot write to standard output; is the disk full?"))
        }
    }
}

/// Why a file cannot be written, and what to do.
pub(crate) fn cannot_write(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        ErrorKind::NotFound => said!("; make its folder first, or name another"),
        ErrorKind::IsADirectory => said!("; that is a folder: name a file in it"),
        ErrorKind::PermissionDenied => said!("; name a place that you may write to"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => said!(
            "; make room, or name a place where there is some. What was there before is as it was"
        ),
        _ => String::new(),
    };
    anyhow!(
        "{}",
        said!(
            "cannot write {path}: {error}{advice}",
            path = path.display(),
            error,
            advice
        )
    )
}

/// Writes a file whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = WholeFile::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.finish()
    });
    match written {
        // A reader that has seen enough is no error: `-o` may name a pipe.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| cannot_write(path, &error)),
    }
}

fn text_options(common: &Common, output: Option<&Path>) -> TextOptions {
    TextOptions {
        verbose: common.verbose,
        ..layout_options(&common.layout, output)
    }
}

/// On a terminal that can, or where `CLICOLOR_FORCE` is set and not 0; not where `NO_COLOR` is.
fn can_color() -> bool {
    let stdout = std::io::stdout();
    let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force != "0");
    (forced || stdout.is_terminal()) && AutoStream::choice(&stdout) != ColorChoice::Never
}

/// A file has no width and no colors, unless they are asked for.
fn layout_options(layout: &Layout, output: Option<&Path>) -> TextOptions {
    let colored = match layout.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if output.is_some() => false,
        Color::Auto => can_color(),
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
        ascii: layout.ascii || !locale::has_unicode(),
        ..TextOptions::default()
    }
}
