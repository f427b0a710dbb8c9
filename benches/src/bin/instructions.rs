//! Guards the hot path against regressions without a look at the clock: `instructions [renew]`.
//!
//! Counts the instructions of each stage on a generated set with valgrind, a packet at a capture point, and compares them with those in
//! `benches/instructions.tsv`. Ends with status 1 if a stage takes a tenth more than there; `renew` writes what was counted. The counts
//! depend on the compiler as well: renew them when it changes. Needs release builds of `netdiff` and `stage` beside itself, and
//! valgrind; without that it says so and counts nothing.
//!
//! The set is large enough for the correlator to let a few packets stand for many (see `Folding`); `correlate` is a set of a tenth of it,
//! in which it looks at each of them.

#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use netdiff_benches::generate::{Shape, generate};
use netdiff_benches::stages::Stage;

/// Packets that pods send, and flows; each packet is seen at eight points.
const LARGE: (u64, u32) = (30_000, 50);
/// The same of the set that is not folded.
const SMALL: (u64, u32) = (3_000, 50);

/// How much more than was written down a stage may take, in percent.
const TOLERANCE: u64 = 10;

fn main() -> io::Result<ExitCode> {
    let renew = std::env::args().nth(1).is_some_and(|word| word == "renew");
    if Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        println!("valgrind is not installed: nothing was counted");
        return Ok(ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir()?;
    let counted = count(folder.path())?;
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.tsv");
    if renew {
        let mut text = String::new();
        for (stage, count) in &counted {
            let _ = writeln!(text, "{stage}\t{count}");
        }
        fs::write(&table, text)?;
        println!("{} was written", table.display());
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(u8::from(!compare(&counted, &read(&table)?))))
}

/// Instructions of each stage, a packet at a capture point.
fn count(folder: &Path) -> io::Result<BTreeMap<String, u64>> {
    let (large, small) = (folder.join("large"), folder.join("small"));
    let mut counted = BTreeMap::new();
    let packets = write(LARGE, &large)?;
    for (name, _) in Stage::ALL {
        let all = instructions(&beside("stage")?, &[name], &large)?;
        counted.insert(name.to_owned(), all / packets);
    }
    let trace = beside("netdiff")?;
    let all = instructions(&trace, &["trace", "--no-config", "--jobs", "1"], &large)?;
    counted.insert("trace".to_owned(), all / packets);
    let packets = write(SMALL, &small)?;
    let all = instructions(&trace, &["trace", "--no-config", "--jobs", "1"], &small)?;
    counted.insert("trace, each packet".to_owned(), all / packets);
    Ok(counted)
}

/// Writes a set; returns how many packets its files hold.
fn write((packets, flows): (u64, u32), folder: &Path) -> io::Result<u64> {
    let truth = generate(&Shape::of(packets, flows), folder)?;
    Ok(truth.packets.iter().sum())
}

fn beside(program: &str) -> io::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(program))
}

/// Instructions of a program on a set, as valgrind counts them.
fn instructions(program: &Path, arguments: &[&str], set: &Path) -> io::Result<u64> {
    let mut command = Command::new("valgrind");
    command.args([
        "--tool=cachegrind",
        "--cache-sim=no",
        "--cachegrind-out-file=/dev/null",
    ]);
    let output = command.arg(program).args(arguments).arg(set).output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let line = told.lines().find_map(|line| {
        line.split_once("I   refs:")
            .or_else(|| line.split_once("I refs:"))
    });
    let number: Option<u64> =
        line.and_then(|(_, number)| number.replace(',', "").trim().parse().ok());
    number.ok_or_else(|| {
        io::Error::other(format!(
            "valgrind counted nothing for {}:\n{told}",
            program.display()
        ))
    })
}

fn read(table: &Path) -> io::Result<BTreeMap<String, u64>> {
    let text = fs::read_to_string(table)?;
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(lines
        .filter_map(|(stage, count)| Some((stage.to_owned(), count.parse().ok()?)))
        .collect())
}

/// Whether no stage takes much more than was written down.
fn compare(counted: &BTreeMap<String, u64>, known: &BTreeMap<String, u64>) -> bool {
    println!("| stage | instructions a packet | written down |");
    println!("|---|--:|--:|");
    let mut holds = true;
    for (stage, count) in counted {
        let Some(most) = known.get(stage) else {
            println!("| {stage} | {count} | not there: run it with `renew` |");
            holds = false;
            continue;
        };
        let more = *count * 100 > *most * (100 + TOLERANCE);
        let word = if more { " **more than it may**" } else { "" };
        println!("| {stage} | {count} | {most}{word} |");
        holds &= !more;
    }
    holds
}
