//! Writes `netdiff.toml` for `netdiff inspect --write-manifest`.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use netdiff_core::{InspectReport, SetRequest, render_manifest};

use crate::arguments::Common;
use crate::language::said;
use crate::output::{cannot_write, write_inspection, write_text};
use crate::whole_file::WholeFile;

/// The name by which a manifest is found in a set's folder.
const MANIFEST_NAME: &str = "netdiff.toml";

/// Writes the manifest to `target`, else into the set's folder, and the report to standard output. If `target` is `-`, or
/// the set is no folder, the manifest goes to standard output instead of the report.
///
/// Quietly, the manifest alone is written.
///
/// # Errors
/// Where there is such a file already: it may have been edited.
pub(crate) fn write_manifest(
    report: &InspectReport,
    request: &SetRequest,
    target: Option<&Path>,
    common: &Common,
    quiet: bool,
) -> anyhow::Result<()> {
    let text = render_manifest(report);
    let file = match target {
        None => folder_of(request).map(|folder| folder.join(MANIFEST_NAME)),
        Some(target) if target == Path::new("-") => None,
        Some(target) => Some(target.to_owned()),
    };
    let Some(target) = file else {
        return write_text(&text, &common.layout);
    };
    write_new(&target, &text)?;
    if quiet {
        return Ok(());
    }
    let words = said!("wrote {file}", file = target.display());
    anstream::eprintln!("netdiff: {words}");
    write_inspection(report, common)
}

/// The folder of a set that is one folder, with nothing added from elsewhere.
fn folder_of(request: &SetRequest) -> Option<PathBuf> {
    let [path] = request.paths.as_slice() else {
        return None;
    };
    let inside = |file: &Path| file.starts_with(path) || path.join(file).exists();
    let whole = request.points.iter().all(|point| inside(&point.path));
    (path.is_dir() && whole).then(|| path.clone())
}

fn write_new(target: &Path, text: &str) -> anyhow::Result<()> {
    let is_there = || {
        anyhow!(
            "{}",
            said!(
                "{target} is there already and may have been edited; move it away, or see what would be written with \
                 --write-manifest=-",
                target = target.display()
            )
        )
    };
    // A link that leads nowhere is something as well.
    if target.symlink_metadata().is_ok() {
        return Err(is_there());
    }
    let written = WholeFile::create(target).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.finish_new()
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => is_there(),
        _ => cannot_write(target, &error),
    })
}
