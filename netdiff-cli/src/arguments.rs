//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use netdiff_core::{Language, PointOverride};

use crate::judging::Judging;
use crate::language::said;
use crate::schema::{SCHEMA_HELP, Subject};
use crate::select::Selecting;
use crate::taking::{EXPORT_HELP, EXTRACT_HELP, Export, Extract};

/// Finds the hop at which packets stop.
#[derive(Debug, Parser)]
#[command(name = "netdiff", version, max_term_width = 100, after_help = EXAMPLES)]
#[command(
    about = "Finds the hop at which packets stop, from captures of every interface of every node"
)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The language of what is said: en or zh-CN [default: `lang` in netdiff.toml, else the locale's]
    // It is looked for before the command line is understood, see `language`; here it is checked.
    #[arg(long = "lang", global = true, value_name = "LANGUAGE")]
    _lang: Option<Language>,
}

const EXAMPLES: &str = "\
Examples:
  netdiff diff healthy/ failing/          what differs, where packets stop, why, what to do
  netdiff trace failing/                  the same for one set alone
  netdiff inspect failing/                what is in there, and what to capture next
  netdiff baseline healthy/ -o h.json     what comparisons need of it, in a small file
  netdiff extract failing/ --finding RULE -o found.pcapng
                                          its packets, merged and annotated, for Wireshark
  netdiff export failing/ -o hops.csv     where each packet was seen, as a table
  netdiff explain RULE                    what a finding means, how to confirm it, what helps
  netdiff diff healthy/ failing/ --format json | jq '.findings[0].segment'

A set is a folder with one capture for each interface of each node, such as
  failing/master/eth0.pcap   failing/master/flannel.1.pcap   failing/master/cni0.pcap
  failing/node/eth0.pcap     failing/node/flannel.1.pcap     failing/node/cni0.pcap
Record one on a node with:
  tcpdump -i eth0 -w eth0.pcap        (the same for flannel.1, cni0 and the pod's veth, all at once)

Exit status: 0 no error and no significant difference, 1 findings or differences, 2 could not do the job.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compare a failing capture set with a healthy reference
    #[command(after_help = DIFF_HELP)]
    Diff {
        /// The healthy set: a folder, an archive or a capture
        reference: PathBuf,
        /// The set under suspicion
        failing: PathBuf,
        /// A node's name or an address of the reference, and the one of the failing set that plays its part
        #[arg(long = "pair", value_name = "REFERENCE=FAILING")]
        pairs: Vec<String>,
        /// Where to write the report, whole or not at all [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        judging: Judging,
        #[command(flatten)]
        selecting: Selecting,
        #[command(flatten)]
        common: Common,
    },
    /// Show the hop ladders and findings of one capture set
    #[command(after_help = TRACE_HELP)]
    Trace {
        /// The set: a folder, an archive, or captures
        #[arg(required = true)]
        set: Vec<PathBuf>,
        /// Where to write the report, whole or not at all [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        judging: Judging,
        #[command(flatten)]
        selecting: Selecting,
        #[command(flatten)]
        common: Common,
    },
    /// Show what a capture set holds and what is missing, without judging it
    #[command(after_help = INSPECT_HELP)]
    Inspect {
        /// The set: a folder, an archive, or captures
        #[arg(required = true)]
        set: Vec<PathBuf>,
        /// Write places, roles and addresses, as inferred, to netdiff.toml in the set's folder;
        /// with =- or for a set that is no folder, to standard output instead of the report
        #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
        write_manifest: Option<Option<PathBuf>>,
        /// Say nothing on standard error but what went wrong; with --write-manifest, write no report
        #[arg(short, long)]
        quiet: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Write what comparisons need of healthy sets to a small file that takes their place
    #[command(after_help = BASELINE_HELP)]
    Baseline {
        /// Healthy sets, or baselines; several widen what counts as normal
        #[arg(required = true)]
        sets: Vec<PathBuf>,
        /// Where to write it [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Say nothing on standard error but what went wrong
        #[arg(short, long)]
        quiet: bool,
        #[command(flatten)]
        selecting: Selecting,
        #[command(flatten)]
        common: Common,
    },
    /// Write packets of a finding or selection, from all capture points, as one annotated pcapng file
    #[command(after_help = EXTRACT_HELP)]
    Extract(Box<Extract>),
    /// Write where each packet was seen as a table: CSV or TSV
    #[command(after_help = EXPORT_HELP)]
    Export(Box<Export>),
    /// Write the JSON Schema of what netdiff writes as JSON
    #[command(after_help = SCHEMA_HELP)]
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = Subject::Report)]
        of: Subject,
    },
    /// Say what a rule means, what netdiff looks for, how to confirm it and what helps
    #[command(after_help = EXPLAIN_HELP)]
    Explain {
        /// The rule, as findings name it, or `selection`; all rules are listed without one
        rule: Option<String>,
        #[command(flatten)]
        layout: Layout,
    },
    /// Write a script that completes commands, options and names in a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the manual pages, into a folder or all to standard output
    #[command(after_help = MAN_HELP)]
    Man {
        /// Where to write one page for each command; made if it is not there
        folder: Option<PathBuf>,
    },
}

const DIFF_HELP: &str = "\
Examples:
  netdiff diff healthy/ failing/
  netdiff diff healthy/ failing/ --format json > report.json
  netdiff diff healthy/ failing/ --format markdown     to paste into an issue
  netdiff diff healthy/ failing/ --format html -o report.html
  netdiff diff healthy/ failing/ --point node/eth0=failing/dump3.pcap

Both sets may have been recorded at any time; flows are paired by what they are, not by when they ran.

In CI:
  netdiff diff healthy.netdiff.json now/ --format github
  netdiff diff healthy.netdiff.json now/ --format junit > netdiff.xml
  netdiff diff healthy.netdiff.json now/ --quiet --fail-on error
  netdiff diff healthy.netdiff.json now/ --ignore 'mss' --ignore 'delivery=*/uplink..*/uplink'
What is always ignored belongs into netdiff.toml, with the reason:
  [[ignore]]
  what = \"path=cross-node\"
  reason = \"routed without a tunnel since March\"

Exit status: 0 nothing that counts, 1 something that counts, 2 could not do the job. --fail-on says what counts:
  error          errors
  warning        and warnings
  difference     and differences in how the clusters behave (the default)
  note           and notes, differences that alone do no harm, and what is to be ignored and no longer occurs
  unused-ignore  the last of these alone; with another: --fail-on difference,unused-ignore";

const TRACE_HELP: &str = "\
Examples:
  netdiff trace failing/
  netdiff trace failing/ --flow 'icmp and 10.244.0.4' --not-seen-at node/eth0
  netdiff trace failing/ --format json | jq '.flows[] | {key, dispositions}'
  netdiff trace failing/ --format html -o report.html
  netdiff trace a.pcap b.pcap --point master/eth0=a.pcap --point node/eth0=b.pcap

Exit status: 0 no error or warning, 1 errors or warnings, 2 could not do the job; --fail-on and --ignore as for diff.";

const INSPECT_HELP: &str = "\
Examples:
  netdiff inspect failing/
  netdiff inspect ticket-4711.tar.gz
  netdiff inspect healthy.netdiff.json              what a baseline holds
  netdiff inspect failing/ --format json | jq '.coverage, .advice'
  netdiff inspect failing/ --write-manifest         writes failing/netdiff.toml, to be corrected
  netdiff inspect a.pcap b.pcap --point master/eth0=a.pcap --write-manifest=- > netdiff.toml

Exit status: 0 done, whatever the captures hold; 2 could not do the job.";

const BASELINE_HELP: &str = "\
Examples:
  netdiff baseline healthy/ -o healthy.netdiff.json
  netdiff diff healthy.netdiff.json failing/           a baseline stands wherever a set does
  netdiff baseline monday/ tuesday/ -o healthy.netdiff.json
  netdiff baseline healthy/ --anonymize -o healthy.netdiff.json

A baseline holds no payload, and under 200 KB of each set, whatever the captures' size. It is JSON, one fact a line, in a stable order:
it can live in a repository, and a diff of two of them reads well.
Exit status: 0 done, 2 could not do the job.";

const EXPLAIN_HELP: &str = "\
Examples:
  netdiff explain                                  the list of rules
  netdiff explain underlay-vxlan-blocked
  netdiff explain selection                        what --flow, --seen-at, --since … take
  netdiff explain vtep-mac-stale --format json | jq '.[0].causes'

Exit status: 0 done, 2 there is no such rule.";

const COMPLETIONS_HELP: &str = "\
Examples:
  netdiff completions bash > ~/.local/share/bash-completion/completions/netdiff
  netdiff completions zsh > ~/.zfunc/_netdiff             (with fpath+=~/.zfunc before compinit in ~/.zshrc)
  netdiff completions fish > ~/.config/fish/completions/netdiff.fish
  netdiff completions powershell >> $PROFILE

Exit status: 0 done, 2 could not do the job.";

const MAN_HELP: &str = "\
Examples:
  netdiff man ~/.local/share/man/man1      then: man netdiff-diff
  netdiff man | man -l -

Exit status: 0 done, 2 could not do the job.";

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Say where a capture was taken; wins over names and netdiff.toml
    #[arg(long = "point", value_name = "NODE/INTERFACE=FILE")]
    pub(crate) points: Vec<PointOverride>,
    /// Another UDP port that carries VXLAN, beside 8472 and 4789; may be given several times
    #[arg(long = "vxlan-port", value_name = "PORT")]
    pub(crate) vxlan_ports: Vec<u16>,
    /// Replace every name and address in what comes out, consistently; addresses keep their common prefixes
    #[arg(long)]
    pub(crate) anonymize: bool,
    /// Also say why each hop stands where it stands, what it changed, and on what expectations rest
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) layout: Layout,
    /// Threads that read captures [default: one a core]
    #[arg(long, value_name = "N", value_parser = whole_number)]
    pub(crate) jobs: Option<usize>,
}

/// How output looks.
#[derive(Debug, Args)]
pub(crate) struct Layout {
    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// When to color the text
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Columns of the text, 40 or more [default: the terminal's, else 80]
    #[arg(long, value_name = "COLUMNS", value_parser = whole_number)]
    pub(crate) width: Option<usize>,
    /// Write text in ASCII, but for names; so does a locale (`LC_ALL`, `LC_CTYPE`, `LANG`) without UTF-8
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Do not show long output with `$NETDIFF_PAGER`, `$PAGER` or less, as is done on a terminal
    #[arg(long)]
    pub(crate) no_pager: bool,
}

pub(crate) fn whole_number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| said!("write a whole number, such as 100"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs; the shape is versioned
    Json,
    /// For an issue tracker (trace and diff)
    Markdown,
    /// One page that stands alone, for a browser (trace and diff)
    Html,
    /// Test report for build servers: JUnit XML (diff and trace)
    Junit,
    /// Results for code scanning: SARIF 2.1.0 (diff and trace)
    Sarif,
    /// Annotations of a GitHub Actions run (diff and trace)
    Github,
}

impl Format {
    /// The name that the command line takes.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal that can, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
