//! Does what the command line asks for.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use netdiff_core::{
    AnalysisOptions, PointOverride, Progress, Report, SELECTION_MANUAL, SetRequest, StatedPair,
    StatedPairs, baseline, compare_with, explain, explain_all, inspect_baseline, inspect_with,
    trace_with, visible_lines,
};

use crate::arguments::{Arguments, Command, Common, Layout};
use crate::judging::{Judging, Settings};
use crate::language::{language, said, told};
use crate::manifest::write_manifest;
use crate::near::unknown_rule;
use crate::output::{
    check_format, check_target, write_bytes, write_file, write_inspection, write_report,
    write_rules, write_stored, write_text,
};
use crate::progress::Watch;
use crate::schema::write_schema;
use crate::select::Selecting;
use crate::shell;
use crate::taking::{export_sightings, extract_packets};

/// Nothing that counts.
const EXIT_SAME: u8 = 0;
/// Something that counts.
const EXIT_DIFFERENT: u8 = 1;
/// The job could not be done.
pub(crate) const EXIT_TROUBLE: u8 = 2;

/// Runs the program; failures are told on standard error.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let code = match execute(arguments) {
        Ok(code) => code,
        Err(error) => {
            anstream::eprintln!("netdiff: {}", visible_lines(&told(&error)));
            EXIT_TROUBLE
        }
    };
    ExitCode::from(code)
}

fn execute(arguments: &Arguments) -> anyhow::Result<u8> {
    match &arguments.command {
        Command::Diff {
            reference,
            failing,
            pairs,
            output,
            judging,
            selecting,
            common,
        } => {
            check_target(output.as_deref(), &common.layout)?;
            let settings = judging.settings(&[reference, failing], common.anonymize)?;
            let (ours, theirs) = requests(reference, failing, &common.points)?;
            let options = AnalysisOptions {
                pairs: stated_pairs(pairs)?,
                ..judging.reported(selected(selecting, common)?)
            };
            let report = in_pool(common.jobs, options.progress.clone(), || {
                compare_with(&ours, &theirs, &options)
            })??;
            judge(report, &settings, judging, output.as_deref(), common)
        }
        Command::Trace {
            set,
            output,
            judging,
            selecting,
            common,
        } => {
            let options = judging.reported(selected(selecting, common)?);
            trace_set(set, &options, (judging, output.as_deref()), common)
        }
        Command::Inspect {
            set,
            write_manifest,
            quiet,
            common,
        } => inspect_set(set, write_manifest.as_ref(), common, *quiet),
        Command::Baseline {
            sets,
            output,
            quiet,
            selecting,
            common,
        } => write_baseline(sets, output.as_deref(), selecting, common, *quiet),
        Command::Extract(arguments) => extract_packets(arguments).map(|()| EXIT_SAME),
        Command::Export(arguments) => export_sightings(arguments).map(|()| EXIT_SAME),
        Command::Schema { of } => write_schema(*of).map(|()| EXIT_SAME),
        Command::Explain { rule, layout } => explain_rules(rule.as_deref(), layout),
        Command::Completions { shell } => {
            write_bytes(&shell::completions(*shell)).map(|()| EXIT_SAME)
        }
        Command::Man { folder } => write_manual(folder.as_deref()),
    }
}

/// One set alone.
fn trace_set(
    set: &[PathBuf],
    options: &AnalysisOptions,
    (judging, output): (&Judging, Option<&Path>),
    common: &Common,
) -> anyhow::Result<u8> {
    check_target(output, &common.layout)?;
    let folders: Vec<&Path> = set.iter().map(PathBuf::as_path).collect();
    let settings = judging.settings(&folders, common.anonymize)?;
    let request = SetRequest {
        paths: set.to_vec(),
        points: common.points.clone(),
    };
    let report = in_pool(common.jobs, options.progress.clone(), || {
        trace_with(&request, options)
    })??;
    judge(report, &settings, judging, output, common)
}

/// Takes out what is ignored, writes the rest, and says whether it counts.
fn judge(
    mut report: Report,
    settings: &Settings,
    judging: &Judging,
    output: Option<&Path>,
    common: &Common,
) -> anyhow::Result<u8> {
    report.ignore(&settings.ignores);
    // Quiet is about the terminal: a file that is asked for is written.
    if !judging.quiet || output.is_some() {
        write_report(&report, settings.fail_on, output, common)?;
    }
    Ok(if settings.fail_on.fails(&report) {
        EXIT_DIFFERENT
    } else {
        EXIT_SAME
    })
}

/// Nothing is judged, so that nothing differs.
fn inspect_set(
    set: &[PathBuf],
    manifest: Option<&Option<PathBuf>>,
    common: &Common,
    quiet: bool,
) -> anyhow::Result<u8> {
    let request = &SetRequest {
        paths: set.to_vec(),
        points: common.points.clone(),
    };
    check_format(&common.layout)?;
    let options = AnalysisOptions {
        progress: (!quiet).then(Progress::default),
        ..options(common)
    };
    if let Some(report) = inspect_baseline(request, &options)? {
        if manifest.is_some() {
            bail!(
                "{}",
                said!(
                    "{path}: a baseline holds no captures that a manifest could place",
                    path = report.path
                )
            );
        }
        write_stored(&report, common)?;
        return Ok(EXIT_SAME);
    }
    let report = in_pool(common.jobs, options.progress.clone(), || {
        inspect_with(request, &options)
    })??;
    match manifest {
        Some(target) => write_manifest(&report, request, target.as_deref(), common, quiet)?,
        None => write_inspection(&report, common)?,
    }
    Ok(EXIT_SAME)
}

/// Names or addresses on both sides of `=`.
fn stated_pairs(pairs: &[String]) -> anyhow::Result<StatedPairs> {
    let mut stated = StatedPairs::default();
    for pair in pairs {
        let Some((reference, failing)) = pair.split_once('=') else {
            bail!(
                "{}",
                said!(
                    "--pair {pair}: write REFERENCE=FAILING, two nodes or two addresses",
                    pair
                )
            );
        };
        let read =
            StatedPair::new(reference, failing).with_context(|| said!("--pair {pair}", pair))?;
        stated.extend([read]);
    }
    Ok(stated)
}

/// Each path is a set of its own.
fn write_baseline(
    sets: &[PathBuf],
    output: Option<&Path>,
    selecting: &Selecting,
    common: &Common,
    quiet: bool,
) -> anyhow::Result<u8> {
    let options = AnalysisOptions {
        progress: (!quiet).then(Progress::default),
        ..selected(selecting, common)?
    };
    let requests: Vec<SetRequest> = sets
        .iter()
        .map(|path| SetRequest {
            paths: vec![path.clone()],
            points: common
                .points
                .iter()
                .filter(|point| point.path.starts_with(path))
                .cloned()
                .collect(),
        })
        .collect();
    let text = in_pool(common.jobs, options.progress.clone(), || {
        baseline(&requests, &options)
    })??;
    match output {
        Some(file) => write_file(file, text.as_bytes())?,
        None => write_text(&text, &common.layout)?,
    }
    Ok(EXIT_SAME)
}

/// What is explained beside rules.
const SELECTION: &str = "selection";

/// One rule's manual, or the list of all; or how packets are selected.
fn explain_rules(rule: Option<&str>, layout: &Layout) -> anyhow::Result<u8> {
    let rules = match rule {
        Some(SELECTION) => {
            write_text(language().text(SELECTION_MANUAL), layout)?;
            return Ok(EXIT_SAME);
        }
        None => explain_all(language()),
        Some(id) => {
            let known = explain(id, language()).with_context(|| unknown_rule(id))?;
            vec![known]
        }
    };
    write_rules(&rules, layout)?;
    Ok(EXIT_SAME)
}

/// The manual pages, in a folder or one after the other.
fn write_manual(folder: Option<&Path>) -> anyhow::Result<u8> {
    match folder {
        Some(folder) => {
            let pages = shell::write_manual(folder)?;
            let words = said!(
                "wrote {pages} pages to {folder}",
                pages,
                folder = folder.display()
            );
            anstream::eprintln!("netdiff: {words}");
        }
        None => {
            let pages = shell::manual()?;
            let text: Vec<u8> = pages.into_iter().flat_map(|page| page.text).collect();
            write_bytes(&text)?;
        }
    }
    Ok(EXIT_SAME)
}

fn options(common: &Common) -> AnalysisOptions {
    AnalysisOptions {
        vxlan_ports: common.vxlan_ports.clone(),
        anonymize: common.anonymize,
        language: language(),
        progress: Some(Progress::default()),
        ..AnalysisOptions::default()
    }
}

/// Options with what is selected.
fn selected(selecting: &Selecting, common: &Common) -> anyhow::Result<AnalysisOptions> {
    Ok(AnalysisOptions {
        selection: selecting.selection()?,
        ..options(common)
    })
}

/// Does the work on so many threads, or on one a core, and shows how far it has come.
pub(crate) fn in_pool<T: Send>(
    jobs: Option<usize>,
    progress: Option<Progress>,
    work: impl FnOnce() -> T + Send,
) -> anyhow::Result<T> {
    let _shown = Watch::start(progress);
    let Some(jobs) = jobs else {
        return Ok(work());
    };
    if jobs == 0 {
        bail!("{}", said!("--jobs 0: at least one thread is needed"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    Ok(pool
        .with_context(|| said!("cannot start the threads"))?
        .install(work))
}

/// Gives each `--point` to the set that its file lies in.
fn requests(
    reference: &Path,
    failing: &Path,
    points: &[PointOverride],
) -> anyhow::Result<(SetRequest, SetRequest)> {
    let request = |path: &Path| SetRequest {
        paths: vec![PathBuf::from(path)],
        points: Vec::new(),
    };
    let (mut ours, mut theirs) = (request(reference), request(failing));
    for point in points {
        // The longer path first: one set may lie inside the other's folder.
        let in_reference = point.path.starts_with(reference);
        let in_failing = point.path.starts_with(failing);
        let longer_reference = reference.components().count() > failing.components().count();
        match (in_reference, in_failing) {
            (true, false) => ours.points.push(point.clone()),
            (false, true) => theirs.points.push(point.clone()),
            (true, true) if longer_reference => ours.points.push(point.clone()),
            (true, true) => theirs.points.push(point.clone()),
            (false, false) => bail!(
                "{}",
                said!(
                    "--point {point}: the file is in neither set; give its path beginning with {reference} or {failing}",
                    point,
                    reference = reference.display(),
                    failing = failing.display()
                )
            ),
        }
    }
    Ok((ours, theirs))
}
