//! Takes a file's name apart: extensions, noise words, numbers of rotation.

use super::timestamps::without_timestamps;

/// Extensions of compressed files.
const COMPRESSION_EXTENSIONS: &[&str] = &["gz", "zst", "zstd", "xz", "lz4", "bz2"];

/// Extensions of captures; digits may follow, as rotation adds them.
const CAPTURE_EXTENSIONS: &[&str] = &["pcap", "pcapng", "cap", "ntar", "dmp"];

/// Extensions of captures that other tools must convert.
const FOREIGN_EXTENSIONS: &[&str] = &["snoop", "erf", "trc"];

/// Extensions of bundles, and of bundles in one word.
const BUNDLE_EXTENSIONS: &[&str] = &["tar", "zip", "tgz", "txz", "tbz2", "tzst"];

/// Words that say nothing about node or interface.
const NOISE: &[&str] = &[
    "cap",
    "capture",
    "captures",
    "dump",
    "dumpcap",
    "dumps",
    "file",
    "files",
    "log",
    "logs",
    "net",
    "network",
    "out",
    "output",
    "packet",
    "packets",
    "pcap",
    "pcapng",
    "pcaps",
    "sniff",
    "tcpdump",
    "tmp",
    "trace",
    "traces",
    "tshark",
    "wireshark",
];

/// Characters between the words of a name.
pub(super) const SEPARATORS: &[char] = &['-', '_', '.', ' ', ',', '+', '@', '=', '~', ':'];

/// Whether `name` has an extension of captures, compressed or not.
pub(super) fn is_named_like_a_capture(name: &str) -> bool {
    let name = without_compression(name);
    split_extension(name).is_some_and(|(_, extension)| {
        is_capture_extension(extension)
            || FOREIGN_EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
    }) || without_rotation_number(name).is_some()
}

/// `name` without its extensions, if it has those of a capture.
pub(super) fn capture_stem(name: &str) -> &str {
    let name = without_compression(name);
    let name = without_rotation_number(name).unwrap_or(name);
    match split_extension(name) {
        Some((stem, extension)) if is_capture_extension(extension) => stem,
        _ => name,
    }
}

/// A folder's or bundle's `name` without the extensions of bundles.
pub(super) fn bundle_stem(name: &str) -> &str {
    let plain = without_compression(name);
    match split_extension(plain) {
        Some((stem, extension)) if BUNDLE_EXTENSIONS.contains(&extension) => stem,
        _ => name,
    }
}

/// `x.pcap.1` without the number that log rotation appends.
fn without_rotation_number(name: &str) -> Option<&str> {
    let (rest, number) = split_extension(name)?;
    let (_, extension) = split_extension(rest)?;
    (is_digits(number) && is_capture_extension(extension)).then_some(rest)
}

fn without_compression(name: &str) -> &str {
    match split_extension(name) {
        Some((stem, extension))
            if COMPRESSION_EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) =>
        {
            stem
        }
        _ => name,
    }
}

fn split_extension(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty())
}

fn is_capture_extension(extension: &str) -> bool {
    let word = extension.trim_end_matches(|c: char| c.is_ascii_digit());
    CAPTURE_EXTENSIONS.contains(&word.to_ascii_lowercase().as_str())
}

/// A file's name as that of one file of a rotated capture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SeriesName<'a> {
    /// The same for all files of the series.
    pub(super) series: String,
    /// Different for each.
    pub(super) member: &'a str,
}

/// Takes the timestamps and numbers by which rotated files differ out of `name`.
pub(super) fn series_of(name: &str) -> SeriesName<'_> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let member = without_compression(file);
    let unnumbered = without_rotation_number(member).unwrap_or(member);
    let extension = split_extension(unnumbered).map_or("", |(_, extension)| extension);
    let extension = extension.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = without_timestamps(capture_stem(file));
    let mut stem = stem.as_str();
    // Not behind a dot: that is part of flannel.1 and of VLAN interfaces.
    while let Some((rest, number)) = stem.rsplit_once(['-', '_'])
        && is_digits(number)
    {
        stem = rest;
    }
    SeriesName {
        series: format!("{folder}/{stem}.{extension}"),
        member,
    }
}

/// `text` without separators, noise words and, at its edges, anything but a name.
pub(super) fn without_noise(text: &str) -> &str {
    let mut rest = text.trim_matches(SEPARATORS);
    loop {
        let first = rest.split(SEPARATORS).next().unwrap_or("");
        let last = rest.rsplit(SEPARATORS).next().unwrap_or("");
        rest = if is_noise(first) {
            rest.strip_prefix(first).unwrap_or("")
        } else if is_noise(last) {
            rest.strip_suffix(last).unwrap_or("")
        } else {
            return rest;
        }
        .trim_matches(SEPARATORS);
    }
}

fn is_noise(word: &str) -> bool {
    NOISE.iter().any(|noise| noise.eq_ignore_ascii_case(word))
}

/// Whether `word` is a number.
pub(super) fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_fall_off() {
        for (name, stem) in [
            ("eth0.pcap", "eth0"),
            ("eth0.PCAP.gz", "eth0"),
            ("flannel.1.pcapng", "flannel.1"),
            ("flannel.1", "flannel.1"),
            ("eth0.pcap12", "eth0"),
            ("eth0.pcap.3.zst", "eth0"),
            ("eth0.100", "eth0.100"),
            (".pcap", ".pcap"),
        ] {
            assert_eq!(capture_stem(name), stem, "{name}");
        }
        assert_eq!(bundle_stem("node1.tar.gz"), "node1");
        assert_eq!(
            bundle_stem("ip-10-0-0-1.ec2.internal"),
            "ip-10-0-0-1.ec2.internal"
        );
        assert!(is_named_like_a_capture("x.pcap.1"));
        assert!(!is_named_like_a_capture("nodes.json.gz"));
    }

    #[test]
    fn rotated_files_are_one_series() {
        for (one, other) in [
            ("a/eth0.pcap", "a/eth0.pcap1"),
            ("a/eth0.pcap09", "a/eth0.pcap10.gz"),
            ("a/eth0.pcap", "a/eth0.pcap.1.gz"),
            ("eth0-20260501-120000.pcap", "eth0-20260501-130000.pcap"),
            (
                "eth0_00001_20260501120000.pcapng",
                "eth0_00002_20260501120500.pcapng",
            ),
            ("eth0-1200.pcap", "eth0-1205.pcap"),
        ] {
            let (one, other) = (series_of(one), series_of(other));
            assert_eq!(one.series, other.series);
            assert_ne!(one.member, other.member);
        }
        for (one, other) in [
            ("a/eth0.pcap", "b/eth0.pcap"),
            ("dump1.pcap", "dump2.pcap"),
            ("eth0.pcap", "eth0.pcapng"),
            ("flannel.1", "flannel.2"),
        ] {
            assert_ne!(series_of(one).series, series_of(other).series);
        }
        assert_eq!(series_of("a/eth0.pcap"), series_of("a/eth0.pcap.gz"));
    }

    #[test]
    fn noise_falls_off_the_edges() {
        for (text, rest) in [
            ("tcpdump-worker-1-", "worker-1"),
            ("pcap_dump", ""),
            ("node.Capture", "node"),
            ("net-policy-node", "policy-node"),
        ] {
            assert_eq!(without_noise(text), rest, "{text}");
        }
    }
}
