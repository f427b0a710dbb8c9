//! Times netdiff and the tools that people use today on the same files, in turns: `compare FOLDER [RUNS [tshark]]`.
//!
//! Needs a release build of netdiff beside itself. Tools that are not installed are left out; tshark takes minutes and must be asked for.
//! W is the time to read all files and step from header to header (see `yardstick`).

#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use netdiff_benches::timing::{Run, median, run};
use netdiff_benches::yardstick::{files, walk};

/// What is timed.
struct Contender {
    name: &'static str,
    commands: Vec<Command>,
    runs: Vec<Run>,
}

impl Contender {
    fn new(name: &'static str, commands: Vec<Command>) -> Self {
        Self {
            name,
            commands,
            runs: Vec::new(),
        }
    }

    /// All its commands once; nothing if one is not there or fails.
    fn run(&mut self) -> Option<Run> {
        let mut sum = Run::default();
        for command in &mut self.commands {
            let one = run(command).ok()?;
            sum.time += one.time;
            sum.peak = sum.peak.max(one.peak);
        }
        Some(sum)
    }
}

fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str], files: &[PathBuf]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).args(files);
    command
}

fn contenders(folder: &Path, files: &[PathBuf], tshark: bool) -> io::Result<Vec<Contender>> {
    let netdiff = std::env::current_exe()?.with_file_name("netdiff");
    let each = |program: &str, arguments: &dyn Fn(&Path) -> Vec<String>| {
        let commands = files.iter().map(|file| {
            let mut command = Command::new(program);
            command.args(arguments(file));
            command
        });
        commands.collect::<Vec<_>>()
    };
    let text = |file: &Path| file.display().to_string();
    let folder = [folder.to_owned()];
    let mut all = vec![
        Contender::new(
            "netdiff trace",
            vec![command(&netdiff, &["trace"], &folder)],
        ),
        Contender::new(
            "netdiff trace --jobs 1",
            vec![command(&netdiff, &["trace", "--jobs", "1"], &folder)],
        ),
        Contender::new(
            "tcpdump -r F -w /dev/null",
            each("tcpdump", &|f| {
                vec!["-r".into(), text(f), "-w".into(), "/dev/null".into()]
            }),
        ),
        Contender::new("capinfos", vec![command("capinfos", &[], files)]),
    ];
    if tshark {
        let fields = [
            "frame.number",
            "frame.time_epoch",
            "ip.src",
            "ip.dst",
            "ip.id",
            "tcp.seq",
            "udp.port",
        ];
        all.push(Contender::new(
            "tshark -T fields (7)",
            each("tshark", &|f| {
                let mut arguments = vec!["-r".to_owned(), text(f), "-T".into(), "fields".into()];
                arguments.extend(
                    fields
                        .iter()
                        .flat_map(|field| ["-e".to_owned(), (*field).to_owned()]),
                );
                arguments
            }),
        ));
    }
    Ok(all)
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first().map(Path::new) else {
        return Err(io::Error::other("usage: compare FOLDER [RUNS [tshark]]"));
    };
    let runs: usize = arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(5);
    let files = files(folder)?;
    let packets = walk(&files)?;
    let mut contenders = contenders(folder, &files, arguments.get(2).is_some())?;
    let mut walks = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        walk(&files)?;
        walks.push(Run {
            time: start.elapsed(),
            peak: 0,
        });
        for contender in &mut contenders {
            let run = contender.run();
            contender.runs.extend(run);
        }
    }
    let bytes: u64 = files
        .iter()
        .filter_map(|f| Some(f.metadata().ok()?.len()))
        .sum();
    println!(
        "{} files, {packets} packets, {} MB, median of {runs} runs\n",
        files.len(),
        bytes / 1_000_000
    );
    println!("| | seconds | × W | × tcpdump | million packets/s | MB/s | peak MB |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let yard = median(walks).time.as_secs_f64();
    let tcpdump = contenders.iter().find(|c| c.name.starts_with("tcpdump"));
    let tcpdump = tcpdump.map_or(f64::NAN, |c| median(c.runs.clone()).time.as_secs_f64());
    let rows = contenders.iter().filter(|c| !c.runs.is_empty());
    let rows = rows.map(|c| (c.name, median(c.runs.clone())));
    let walk = (
        "W: read and walk the headers",
        Run {
            time: std::time::Duration::from_secs_f64(yard),
            peak: 0,
        },
    );
    for (name, run) in std::iter::once(walk).chain(rows) {
        let seconds = run.time.as_secs_f64();
        println!(
            "| {name} | {seconds:.3} | {:.1} | {:.2} | {:.2} | {:.0} | {} |",
            seconds / yard,
            seconds / tcpdump,
            packets as f64 / seconds / 1e6,
            bytes as f64 / seconds / 1e6,
            if run.peak == 0 {
                "–".to_owned()
            } else {
                (run.peak / 1024).to_string()
            },
        );
    }
    Ok(())
}
