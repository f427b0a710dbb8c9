//! Takes packets and sightings out of a set: `netdiff extract` and `netdiff export`.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, ValueEnum};
use netdiff_core::{
    AnalysisError, AnalysisOptions, Extracted, Message, PacketFileOptions, PointOverride, Progress,
    Separator, SetRequest, Wanting, export, extract, noun,
};

use crate::language::{language, said};
use crate::output::cannot_write;
use crate::run::in_pool;
use crate::select::Selecting;
use crate::whole_file::WholeFile;

pub(crate) const EXTRACT_HELP: &str = "\
Examples:
  netdiff extract failing/ --finding underlay-vxlan-blocked -o blocked.pcapng
  netdiff extract failing/ --flow 'lost and host 10.244.0.4' -o lost.pcapng
  netdiff extract failing/ --seen-at node1/eth0 --not-seen-at node2/eth0 --strip-payload -o to-share.pcapng
  netdiff extract failing/ --protocol icmp -o - | tshark -r - -T fields -e frame.interface_name -e frame.comment

Every packet has a comment: its hop, what became of it, its flow, the findings that explain it, both clocks' times, and the file
and frame that it comes from. In Wireshark, filter with:  frame.comment contains \"last seen here\"
Packets stand in the order of events, by the clock of the set's first node, and bear the times that they were captured with. With
--strip-payload, headers still tell addresses, ports and lengths. Further copies of a packet at one point are not written.

Exit status: 0 done, 2 could not do the job, or nothing is selected.";

pub(crate) const EXPORT_HELP: &str = "\
Examples:
  netdiff export failing/ -o hops.csv
  netdiff export failing/ --flow lost --format tsv | less -S
  netdiff export failing/ --finding packets-lost > lost.csv
  duckdb -c \"SELECT node, interface, count(*) FROM 'hops.csv' WHERE last AND disposition = 'lost' GROUP BY ALL\"

A row is a packet seen at a hop, in the order of events; docs/export.md describes the columns. Names that a spreadsheet would take for a
formula get an apostrophe in front.

Exit status: 0 done, even if nothing is selected; 2 could not do the job.";

/// The set, and what to take out of it.
#[derive(Debug, Args)]
pub(crate) struct Taking {
    /// The set: a folder, an archive, or captures
    #[arg(required = true)]
    set: Vec<PathBuf>,
    /// Only the packets that findings of this rule are about; may be given several times
    #[arg(long = "finding", value_name = "RULE")]
    rules: Vec<String>,
    /// A healthy set or baseline, for findings that only a comparison makes
    #[arg(long, value_name = "SET")]
    reference: Option<PathBuf>,
    #[command(flatten)]
    selecting: Selecting,
    /// Say where a capture was taken; wins over names and netdiff.toml
    #[arg(long = "point", value_name = "NODE/INTERFACE=FILE")]
    points: Vec<PointOverride>,
    /// Another UDP port that carries VXLAN, beside 8472 and 4789; may be given several times
    #[arg(long = "vxlan-port", value_name = "PORT")]
    vxlan_ports: Vec<u16>,
    /// Threads that read captures [default: one a core]
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Say nothing on standard error but what went wrong
    #[arg(short, long)]
    quiet: bool,
}

/// How packets are written.
#[derive(Debug, Args)]
pub(crate) struct Extract {
    #[command(flatten)]
    taking: Taking,
    /// The pcapng file to write; - for standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Keep at most so many bytes of each packet
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    snaplen: Option<u32>,
    /// Keep the headers of all layers, outer and inner, and cut off what they carry
    #[arg(long)]
    strip_payload: bool,
    /// Give packets their times by the clock of the set's first node, instead of those they were captured with
    #[arg(long)]
    corrected_times: bool,
}

/// How sightings are written.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    taking: Taking,
    /// Where to write the table [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How to write it [default: csv, or tsv for a file of that name]
    #[arg(long, value_enum)]
    format: Option<Form>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Comma-separated values (RFC 4180)
    Csv,
    /// Tab-separated values, quoted alike
    Tsv,
}

/// Standard output, as a file's name.
const STANDARD_OUTPUT: &str = "-";

impl Taking {
    fn request(&self) -> SetRequest {
        SetRequest {
            paths: self.set.clone(),
            points: self.points.clone(),
        }
    }

    fn wanting(&self) -> Wanting {
        Wanting {
            rules: self.rules.clone(),
            reference: self.reference.as_ref().map(SetRequest::of_path),
        }
    }

    fn options(&self) -> anyhow::Result<AnalysisOptions> {
        Ok(AnalysisOptions {
            vxlan_ports: self.vxlan_ports.clone(),
            selection: self.selecting.selection()?,
            language: language(),
            progress: (!self.quiet).then(Progress::default),
            ..AnalysisOptions::default()
        })
    }

    /// Writes to a file, whole or not at all, or to standard output.
    fn write(
        &self,
        output: &Path,
        progress: Option<Progress>,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<Extracted, AnalysisError> + Send,
    ) -> anyhow::Result<Option<Extracted>> {
        if output.as_os_str() == STANDARD_OUTPUT {
            let mut out = BufWriter::new(Pipe::default());
            let written = in_pool(self.jobs, progress, || write(&mut out))?;
            return match written {
                Err(_) if out.get_ref().closed => Ok(None),
                written => Ok(Some(written?)),
            };
        }
        self.write_whole(output, progress, write).map(Some)
    }

    fn write_whole(
        &self,
        output: &Path,
        progress: Option<Progress>,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<Extracted, AnalysisError> + Send,
    ) -> anyhow::Result<Extracted> {
        let cannot = |error: &io::Error| cannot_write(output, error);
        let mut out = WholeFile::create(output).map_err(|error| cannot(&error))?;
        let written = in_pool(self.jobs, progress, || write(&mut out))?;
        if let (Err(_), Some(error)) = (&written, out.failure()) {
            return Err(cannot(error));
        }
        let extracted = written?;
        if extracted.packets == 0 {
            bail!("{}", self.nothing());
        }
        out.finish().map_err(|error| cannot(&error))?;
        Ok(extracted)
    }

    fn nothing(&self) -> String {
        let set: Vec<String> = self.set.iter().map(|p| p.display().to_string()).collect();
        said!(
            "{set}: no packet is selected, nothing is written; `netdiff trace` with the same options says what there is",
            set = set.join(" ")
        )
    }
}

/// Standard output that notes when nobody reads it any more, which is no error.
#[derive(Default)]
struct Pipe {
    closed: bool,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stdout().write(bytes);
        self.closed |= is_closed(&written);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = io::stdout().flush();
        self.closed |= is_closed(&flushed);
        flushed
    }
}

fn is_closed<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::BrokenPipe)
}

/// `netdiff extract`.
pub(crate) fn extract_packets(arguments: &Extract) -> anyhow::Result<()> {
    let Extract { taking, output, .. } = arguments;
    if output.as_os_str() == STANDARD_OUTPUT && io::stdout().is_terminal() {
        bail!(
            "{}",
            said!("-o -: a pcapng file would only garble the terminal; name a file, or pipe it")
        );
    }
    refuse_overwriting(taking, output)?;
    let file = PacketFileOptions {
        snaplen: arguments.snaplen,
        strip_payload: arguments.strip_payload,
        corrected_times: arguments.corrected_times,
        ..PacketFileOptions::default()
    };
    let (request, wanting, options) = (taking.request(), taking.wanting(), taking.options()?);
    let extracted = taking.write(output, options.progress.clone(), |out| {
        extract(&request, &wanting, &options, &file, out)
    })?;
    let Some(extracted) = extracted else {
        return Ok(());
    };
    if extracted.packets == 0 {
        bail!("{}", taking.nothing());
    }
    let what = Message::count(extracted.packets, noun!("packet"));
    if !taking.quiet {
        tell(&extracted, output, &what);
    }
    Ok(())
}

/// `netdiff export`.
pub(crate) fn export_sightings(arguments: &Export) -> anyhow::Result<()> {
    let Export { taking, .. } = arguments;
    let standard = Path::new(STANDARD_OUTPUT);
    let output = arguments.output.as_deref().unwrap_or(standard);
    refuse_overwriting(taking, output)?;
    let by_name = match output.extension().and_then(|e| e.to_str()) {
        Some("tsv") => Form::Tsv,
        _ => Form::Csv,
    };
    let separator = match arguments.format.unwrap_or(by_name) {
        Form::Csv => Separator::Comma,
        Form::Tsv => Separator::Tab,
    };
    let (request, wanting, options) = (taking.request(), taking.wanting(), taking.options()?);
    let extracted = taking.write(output, options.progress.clone(), |out| {
        export(&request, &wanting, &options, separator, out)
    })?;
    if let Some(extracted) = extracted.filter(|_| !taking.quiet) {
        let what = Message::count(extracted.sightings, noun!("row"));
        tell(&extracted, output, &what);
    }
    Ok(())
}

/// What is written must be no file of the set: a capture would be lost, or the next look at the set would find one more.
fn refuse_overwriting(taking: &Taking, output: &Path) -> anyhow::Result<()> {
    if output.as_os_str() == STANDARD_OUTPUT {
        return Ok(());
    }
    let parent = output.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = std::fs::canonicalize(parent.unwrap_or(Path::new(".")));
    let (Ok(parent), Some(name)) = (parent, output.file_name()) else {
        return Ok(());
    };
    let target = parent.join(name);
    let points = taking.points.iter().map(|point| &point.path);
    let mut set = taking.set.iter().chain(points);
    if set.any(|path| std::fs::canonicalize(path).is_ok_and(|path| target.starts_with(&path))) {
        bail!(
            "{}",
            said!(
                "-o {output}: lies in the set and would become one of its files; write it elsewhere",
                output = output.display()
            )
        );
    }
    Ok(())
}

/// Says on standard error what was done, and what a reader must know.
fn tell(extracted: &Extracted, output: &Path, what: &Message) {
    for note in &extracted.notes {
        let words = said!("note: {note}", note);
        anstream::eprintln!("netdiff: {words}");
    }
    if output.as_os_str() == STANDARD_OUTPUT {
        return;
    }
    let words = said!(
        "{file}: {what}, from {points} in {files}",
        file = output.display(),
        what,
        points = Message::count(extracted.points, noun!("capture point")),
        files = Message::count(extracted.files, noun!("file"))
    );
    anstream::eprintln!("netdiff: {words}");
}
