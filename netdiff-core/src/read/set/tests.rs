//! Whole sets in temporary folders.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use tempfile::TempDir;

use super::{CaptureSet, InterfaceName, SetRequest, open_set};
use crate::read::SetError;
use crate::read::byte_order::ByteOrder;
use crate::read::testing::{pcap_of_lengths, pcap_record};
use crate::types::Role;

/// A folder of one-packet captures with these names.
fn folder(names: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in names {
        write(folder.path(), name, &pcap_of_lengths(&[60]));
    }
    folder
}

fn write(folder: &Path, name: &str, contents: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, contents).unwrap();
}

fn open(folder: &TempDir) -> Result<CaptureSet, SetError> {
    open_set(&SetRequest::of_path(folder.path()))
}

fn places(set: &CaptureSet) -> Vec<String> {
    set.files
        .iter()
        .map(|file| format!("{} {}/{}", file.name, file.node, file.interface))
        .collect()
}

/// The error's text with the folder's path taken out.
fn error(folder: &TempDir) -> String {
    let text = open(folder).unwrap_err().to_string();
    text.replace(&folder.path().display().to_string(), "SET")
}

#[test]
fn files_are_placed_sorted_and_readable() {
    let folder = folder(&["node2/cni0.pcap", "node2-eth0.pcap", "master/eth0.pcap"]);
    write(folder.path(), "README.txt", b"about these captures\n");
    write(folder.path(), ".hidden.pcap", b"not looked at");
    let set = open(&folder).unwrap();
    assert_eq!(
        places(&set),
        [
            "master/eth0.pcap master/eth0",
            "node2-eth0.pcap node2/eth0",
            "node2/cni0.pcap node2/cni0",
        ]
    );
    assert_eq!(set.label, folder.path().display().to_string());
    let mut reader = set.files[1].open().unwrap();
    assert_eq!(reader.next_packet().unwrap().data.len(), 60);
    assert_eq!(reader.finish().packets, 1);
}

#[test]
fn the_order_of_the_request_does_not_matter() {
    let folder = folder(&["a/eth0.pcap", "b/eth0.pcap"]);
    let paths = [folder.path().join("b"), folder.path().join("a/eth0.pcap")];
    let forward = SetRequest {
        paths: paths.to_vec(),
        points: Vec::new(),
    };
    let backward = SetRequest {
        paths: paths.iter().rev().cloned().collect(),
        points: Vec::new(),
    };
    let set = open_set(&forward).unwrap();
    let other = open_set(&backward).unwrap();
    assert_eq!((places(&set), &set.label), (places(&other), &other.label));
    assert!(
        places(&set)[0].ends_with("/a/eth0.pcap a/eth0"),
        "{:?}",
        places(&set)
    );
}

#[test]
fn the_manifest_wins_over_names_and_a_point_over_both() {
    let folder = folder(&["node2/eth0.pcap", "dump.pcap", "x/y.pcap"]);
    write(
        folder.path(),
        "netdiff.toml",
        b"[[capture]]\nfile = \"dump.pcap\"\nnode = \"master\"\ninterface = \"eth0\"\nrole = \"uplink\"\n\
          [[capture]]\nfile = \"node2/eth0.pcap\"\nnode = \"node3\"\ninterface = \"any\"\n\
          [[node]]\nname = \"master\"\naddresses = [\"10.33.188.138\"]\n",
    );
    let mut request = SetRequest::of_path(folder.path());
    request.points = vec!["node9/cni0=node2/eth0.pcap".parse().unwrap()];
    let set = open_set(&request).unwrap();
    assert_eq!(
        places(&set),
        [
            "dump.pcap master/eth0",
            "node2/eth0.pcap node9/cni0",
            "x/y.pcap x/y"
        ]
    );
    assert_eq!(set.files[0].role, Some(Role::Uplink));
    assert_eq!(&*set.hints.nodes[0].name, "master");
    assert_eq!(
        open(&folder).unwrap().files[1].interface,
        InterfaceName::FromFile
    );
}

#[test]
fn a_point_outside_the_set_joins_it() {
    let folder = folder(&["node2/eth0.pcap"]);
    let other = self::folder(&["dump1"]);
    let text = format!("master/eth0={}", other.path().join("dump1").display());
    let mut request = SetRequest::of_path(folder.path());
    request.points = vec![text.parse().unwrap()];
    assert_eq!(open_set(&request).unwrap().files.len(), 2);
}

#[test]
#[cfg(unix)]
fn links_are_followed_once() {
    let folder = folder(&["a/eth0.pcap"]);
    let link = |to: &str, from: &str| {
        std::os::unix::fs::symlink(folder.path().join(to), folder.path().join(from)).unwrap();
    };
    link(".", "a/loop");
    link("a/eth0.pcap", "b-eth0.pcap");
    link("nowhere", "c-eth0.pcap");
    assert_eq!(places(&open(&folder).unwrap()), ["a/eth0.pcap a/eth0"]);
}

#[test]
fn each_trouble_has_its_own_message() {
    let nowhere = SetRequest::of_path("no/such/folder");
    assert_eq!(
        open_set(&nowhere).unwrap_err().to_string(),
        "no/such/folder: no such file or folder; check the spelling, or name a folder of captures"
    );
    assert!(error(&folder(&[])).starts_with("SET: no packet captures in there"));
    assert_eq!(
        error(&folder(&["eth0.pcap", "captures/cni0.pcap"])),
        "captures/cni0.pcap, eth0.pcap: cannot tell the node or the interface; \
         say it with --point NODE/INTERFACE=FILE, or write into netdiff.toml in the set's folder:\n\n\
         [[capture]]\nfile = \"captures/cni0.pcap\"\nnode = \"NODE\"\ninterface = \"INTERFACE\"\n\n\
         [[capture]]\nfile = \"eth0.pcap\"\nnode = \"NODE\"\ninterface = \"INTERFACE\"\n"
    );
    assert_eq!(
        error(&folder(&["a/eth0.pcap", "a-eth0.pcap"])),
        "a-eth0.pcap and a/eth0.pcap both claim the capture point a/eth0; say in netdiff.toml or \
         with --point which of them was taken elsewhere, or leave one out"
    );
}

#[test]
fn files_that_are_no_captures_are_named_for_what_they_are() {
    for (contents, words) in [
        (
            &b"12:00:00 IP 10.0.0.1 > 10.0.0.2: ICMP\n"[..],
            "it is text; a capture is written with",
        ),
        (b"\x7fELF\x02\x01", "it is a program (ELF)"),
        (
            b"snoop\0\0\0\0\0\0\x02",
            "it is a snoop file, convert it with: editcap",
        ),
    ] {
        let folder = folder(&["a/cni0.pcap"]);
        write(folder.path(), "a/eth0.pcap", contents);
        let error = error(&folder);
        assert!(
            error.starts_with("a/eth0.pcap: not a packet capture"),
            "{error}"
        );
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn manifest_and_point_errors_name_the_place() {
    let folder = folder(&["a/eth0.pcap"]);
    write(
        folder.path(),
        "netdiff.toml",
        b"\n[[capture]]\nfile = \"b/eth0.pcap\"\nnode = \"b\"\ninterface = \"eth0\"\n",
    );
    assert_eq!(
        error(&folder),
        "SET/netdiff.toml, line 3: file b/eth0.pcap is not in the set; check its spelling"
    );
    fs::remove_file(folder.path().join("netdiff.toml")).unwrap();
    let mut request = SetRequest::of_path(folder.path());
    request.points = vec!["b/eth0=c.pcap".parse().unwrap()];
    assert_eq!(
        open_set(&request).unwrap_err().to_string(),
        "--point b/eth0=c.pcap: there is no such file, neither as a path nor by its name in the set"
    );
}

#[test]
fn empty_captures_stay_and_files_without_a_header_are_warned_of() {
    let folder = folder(&[]);
    write(folder.path(), "a/eth0.pcap", &pcap_of_lengths(&[]));
    write(folder.path(), "a/cni0.pcap", b"");
    write(folder.path(), "a/lo.pcap", &pcap_of_lengths(&[])[..20]);
    let set = open(&folder).unwrap();
    assert_eq!(places(&set), ["a/eth0.pcap a/eth0"]);
    let warnings: Vec<_> = set.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "a/cni0.pcap: the file is empty, without even a header; the capture was stopped before \
             it wrote anything",
            "a/lo.pcap: the file ends inside its header, it holds no packet",
        ]
    );
}

#[test]
fn rotated_files_are_one_point_in_time_order() {
    let folder = TempDir::new().unwrap();
    // A ring that began anew: file 0 holds the latest packets.
    for (name, second) in [
        ("eth0.pcap0", 30),
        ("eth0.pcap1", 10),
        ("eth0.pcap2.gz", 20),
    ] {
        let mut file = pcap_of_lengths(&[]);
        file.extend(pcap_record(ByteOrder::Little, second, b"x"));
        write(folder.path(), &format!("b/{name}"), &file);
    }
    write(folder.path(), "b/eth0.pcap3", &pcap_of_lengths(&[]));
    write(folder.path(), "a/cni0.pcap", &pcap_of_lengths(&[]));
    assert_eq!(
        places(&open(&folder).unwrap()),
        [
            "a/cni0.pcap a/cni0",
            "b/eth0.pcap1 b/eth0",
            "b/eth0.pcap2.gz b/eth0",
            "b/eth0.pcap0 b/eth0",
            "b/eth0.pcap3 b/eth0",
        ]
    );
    write(folder.path(), "b/eth0.pcap1.gz", &pcap_of_lengths(&[]));
    assert!(error(&folder).starts_with("b/eth0.pcap1 and b/eth0.pcap1.gz both claim"));
}

/// A tar file of these entries.
fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, contents) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(contents.len() as u64);
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, *contents).unwrap();
    }
    archive.into_inner().unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, contents) in entries {
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(*name, options).unwrap();
        archive.write_all(contents).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn bundles_are_sets() {
    let capture = pcap_of_lengths(&[60, 60]);
    let manifest = b"[[capture]]\nfile = \"dump\"\nnode = \"c\"\ninterface = \"lo\"\n";
    let packed = zstd::stream::encode_all(&capture[..], 1).unwrap();
    let entries: &[(&str, &[u8])] = &[
        ("incident/master/eth0.pcap", &capture),
        ("incident/node2-flannel.1.pcap", &packed),
        ("incident/dump", &capture),
        ("incident/netdiff.toml", manifest),
        ("incident/._dump.pcap", b"resource fork"),
        ("incident/notes.txt", b"notes"),
    ];
    let folder = TempDir::new().unwrap();
    let packed_tar = zstd::stream::encode_all(&tar(entries)[..], 1).unwrap();
    for bundle in [tar(entries), packed_tar, zip(entries)] {
        write(folder.path(), "bundle", &bundle);
        let set = open_set(&SetRequest::of_path(folder.path().join("bundle"))).unwrap();
        assert_eq!(
            places(&set),
            [
                "incident/dump c/lo",
                "incident/master/eth0.pcap master/eth0",
                "incident/node2-flannel.1.pcap node2/flannel.1",
            ]
        );
        for file in set.files.iter().chain(&set.files) {
            assert_eq!(file.open().unwrap().finish().packets, 2);
        }
    }
}

#[test]
fn bundles_inside_a_set_are_its_folders() {
    let capture = pcap_of_lengths(&[60]);
    let inner = tar(&[("pcaps/eth0.pcap", &capture), ("../../cni0.pcap", &capture)]);
    let folder = TempDir::new().unwrap();
    write(folder.path(), "node1.tar", &inner);
    write(folder.path(), "all.zip", &zip(&[("node2.tar", &inner)]));
    assert_eq!(
        places(&open(&folder).unwrap()),
        [
            "all.zip/node2.tar/cni0.pcap node2/cni0",
            "all.zip/node2.tar/pcaps/eth0.pcap node2/eth0",
            "node1.tar/cni0.pcap node1/cni0",
            "node1.tar/pcaps/eth0.pcap node1/eth0",
        ]
    );
}

#[test]
fn a_bundle_of_one_nodes_folder_is_placed_by_it() {
    let folder = TempDir::new().unwrap();
    write(
        folder.path(),
        "x.tar",
        &tar(&[("master/eth0.pcap", &pcap_of_lengths(&[]))]),
    );
    let set = open_set(&SetRequest::of_path(folder.path().join("x.tar"))).unwrap();
    assert_eq!(places(&set), ["master/eth0.pcap master/eth0"]);
}

#[test]
fn a_cut_bundle_gives_what_came_before() {
    let capture = pcap_of_lengths(&[1000; 10]);
    let bundle = tar(&[("a/eth0.pcap", &capture), ("a/cni0.pcap", &capture)]);
    let folder = TempDir::new().unwrap();
    write(folder.path(), "x.tar", &bundle[..512 + 10_240 + 512 + 5000]);
    let set = open_set(&SetRequest::of_path(folder.path().join("x.tar"))).unwrap();
    let packets: Vec<_> = set
        .files
        .iter()
        .map(|file| (&*file.name, file.open().unwrap().finish().packets))
        .collect();
    assert_eq!(packets, [("a/cni0.pcap", 4), ("a/eth0.pcap", 10)]);
    assert!(
        set.warnings
            .iter()
            .any(|warning| warning.to_string().contains("reading stopped"))
    );
}
