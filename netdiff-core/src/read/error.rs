//! Why an input cannot be used at all. Damage inside a readable capture is a warning instead.

use std::io;

use super::looks_like::LooksLike;
use super::ratio::Inflated;
use super::warning::ReadWarning;

/// A file that cannot be read as a capture.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The operating system refused.
    #[error("{file}: cannot be read: {reason}{}", remedy(.reason))]
    Open {
        /// The file's name.
        file: String,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The contents are something else.
    #[error("{file}: not a packet capture that netdiff reads; {looks_like}")]
    NotACapture {
        /// The file's name.
        file: String,
        /// What the contents look like, with advice.
        looks_like: LooksLike,
    },
    /// The file ends before its header does.
    #[error(
        "{file}: ends inside its header, so nothing can be read from it; capture it again or leave it out"
    )]
    HeaderCut {
        /// The file's name.
        file: String,
    },
    /// The system gives no more memory.
    #[error(
        "{file}: not enough memory for the packets of this set; give fewer or shorter captures (editcap -A and -B cut one by time), \
         or raise the limit (ulimit -v)"
    )]
    OutOfMemory {
        /// The file at which it ended.
        file: String,
    },
    /// Compressed several times over.
    #[error(
        "{file}: compressed more than {MAX_COMPRESSION_LAYERS} times over; unpack it once first"
    )]
    PackedTooDeep {
        /// The file's name.
        file: String,
    },
}

/// Layers of compression that are unpacked, one inside the other.
pub const MAX_COMPRESSION_LAYERS: usize = 3;

/// A request from which no capture set can be made.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// Nothing there.
    #[error("{path}: no such file or folder; check the spelling, or name a folder of captures")]
    Missing {
        /// The path as given.
        path: String,
    },
    /// The operating system refused.
    #[error("{path}: cannot be read: {reason}{}", remedy(.reason))]
    Unreadable {
        /// The path.
        path: String,
        /// What the operating system said.
        reason: io::Error,
    },
    /// A bundle that is made to fill disks.
    #[error("{path}: {Inflated}")]
    Inflated {
        /// The bundle.
        path: String,
    },
    /// A set without a single capture.
    #[error(
        "{path}: no packet captures in there (pcap or pcapng, in any compression); put one file for \
         each interface into a folder for each node, such as master/eth0.pcap{}", also(.left_out)
    )]
    NoCaptures {
        /// The set as given.
        path: String,
        /// Captures in which there is nothing to read.
        left_out: Vec<ReadWarning>,
    },
    /// A file that was meant as a capture and is none.
    #[error(transparent)]
    File(#[from] ReadError),
    /// Neither path, manifest nor `--point` says where these captures were taken.
    #[error(
        "{}: cannot tell the node or the interface; say it with --point NODE/INTERFACE=FILE, or write \
         into netdiff.toml in the set's folder:\n\n{}",
        names(.files), manifest_lines(.files)
    )]
    Unplaced {
        /// The files, relative to the set, sorted.
        files: Vec<String>,
    },
    /// Two files that claim one capture point.
    #[error(
        "{first} and {second} both claim the capture point {point}; \
         say in netdiff.toml or with --point which of them was taken elsewhere, or leave one out"
    )]
    PointTwice {
        /// The point, as node/interface.
        point: String,
        /// The file that sorts first.
        first: String,
        /// The other file.
        second: String,
    },
    /// A manifest that cannot be used.
    #[error("{file}, line {line}: {reason}")]
    Manifest {
        /// The manifest's path.
        file: String,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong, naming the key.
        reason: String,
    },
    /// A `--point` that cannot be used.
    #[error("--point {text}: {reason}")]
    Point {
        /// The argument.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A set or bundle larger than a stated limit.
    #[error("{path}: {what}; name the captures that matter one by one")]
    TooLarge {
        /// The folder or bundle.
        path: String,
        /// Which limit.
        what: String,
    },
}

/// What helps where the operating system refuses, if anything does.
fn remedy(reason: &io::Error) -> &'static str {
    match reason.kind() {
        io::ErrorKind::PermissionDenied => {
            "; tcpdump writes as root or as its own user: give yourself the right to read it (chmod, chown), or copy it"
        }
        io::ErrorKind::NotFound => "; it was there a moment ago: is something still moving files?",
        _ => "",
    }
}

/// Files that one message names; of more, their number.
const MAX_TOLD: usize = 20;

/// How many more there are than are told; no word of any language.
fn further<T>(all: &[T], before: &str) -> String {
    match all.len().saturating_sub(MAX_TOLD) {
        0 => String::new(),
        more => format!("{before}… (+{more})"),
    }
}

fn names(files: &[String]) -> String {
    let told = files.get(..MAX_TOLD).unwrap_or(files);
    told.join(", ") + &further(files, ", ")
}

/// One line for each of `warnings`.
fn also(warnings: &[ReadWarning]) -> String {
    let told = warnings.iter().take(MAX_TOLD);
    let lines: String = told.map(|warning| format!("\n  {warning}")).collect();
    lines + &further(warnings, "\n  ")
}

/// The manifest entries to fill in for files that could not be placed.
fn manifest_lines(files: &[String]) -> String {
    let entries: Vec<String> = files
        .iter()
        .take(MAX_TOLD)
        .map(|file| {
            let file = file.replace('\\', "\\\\").replace('"', "\\\"");
            format!("[[capture]]\nfile = \"{file}\"\nnode = \"NODE\"\ninterface = \"INTERFACE\"\n")
        })
        .collect();
    entries.join("\n") + &further(files, "\n# ")
}
