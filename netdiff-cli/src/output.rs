//! Standard output and the terminal.

use std::io::{ErrorKind, Write};

use anstream::{AutoStream, ColorChoice};
use anyhow::Context;
use netdiff_core::{
    InspectReport, Report, Styles, TextOptions, render_inspect_json, render_inspect_text,
    render_json, render_text,
};

use crate::arguments::{Color, Common, Format};

/// Writes the report as asked for.
pub(crate) fn write_report(report: &Report, common: &Common) -> anyhow::Result<()> {
    let text = match common.format {
        Format::Json => render_json(report).context("cannot render the report as JSON")?,
        Format::Text => render_text(report, &text_options(common)),
    };
    write_text(&text)
}

/// Writes what a set holds as asked for.
pub(crate) fn write_inspection(report: &InspectReport, common: &Common) -> anyhow::Result<()> {
    let text = match common.format {
        Format::Json => render_inspect_json(report).context("cannot render the report as JSON")?,
        Format::Text => render_inspect_text(report, &text_options(common)),
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

fn text_options(common: &Common) -> TextOptions {
    let colored = match common.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
    };
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    TextOptions {
        width: common
            .width
            .or(terminal)
            .unwrap_or(TextOptions::DEFAULT_WIDTH),
        styles: if colored {
            Styles::COLORED
        } else {
            Styles::PLAIN
        },
        verbose: common.verbose,
        ..TextOptions::default()
    }
}
