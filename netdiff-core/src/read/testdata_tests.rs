//! The small captures of `testdata/packets/containers` and `testdata/malformed`.

use std::path::{Path, PathBuf};

use super::testing::{OwnedPacket, read_all};
use super::{PacketReader, SetRequest, open_set};
use crate::types::LinkType;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn packets(name: &str) -> Vec<OwnedPacket> {
    let (packets, report) = read_all(&std::fs::read(path(name)).unwrap());
    assert_eq!(report.damages, [], "{name}");
    packets
}

#[test]
fn every_container_holds_the_same_packets() {
    let plain = packets("packets/containers/lo.pcap");
    assert_eq!(plain.len(), 6);
    for ending in [
        "nsecpcap",
        "modpcap",
        "pcapng",
        "pcap.gzip",
        "pcap.zstd",
        "pcap.xz",
        "pcap.lz4",
        "pcap.bzip2",
    ] {
        assert_eq!(
            packets(&format!("packets/containers/lo.{ending}")),
            plain,
            "{ending}"
        );
    }
    for bundle in ["bundle.tar.gz", "bundle.zip"] {
        let request = SetRequest::of_path(path("packets/containers").join(bundle));
        let set = open_set(&request).unwrap();
        let [file] = &set.files[..] else {
            panic!("one file in {bundle}")
        };
        assert_eq!(
            (&*file.node, file.interface.to_string().as_str()),
            ("node1", "lo")
        );
        assert_eq!(file.open().unwrap().finish().packets, 6);
    }
}

#[test]
fn interfaces_come_from_the_file() {
    let file = std::fs::read(path("packets/containers/two-interfaces.pcapng")).unwrap();
    let (packets, report) = read_all(&file);
    let names: Vec<_> = report
        .interfaces
        .iter()
        .map(|info| info.name.as_deref())
        .collect();
    assert_eq!(names, [Some("lo"), Some("veth0")]);
    assert_eq!(report.interfaces[0].filter.as_deref(), Some("udp"));
    assert_eq!(report.interfaces[1].dropped, Some(0));
    assert_eq!(
        packets
            .iter()
            .filter(|packet| packet.interface == 0)
            .count(),
        6
    );
    let any = self::packets("packets/containers/any.pcap");
    assert!(
        any.iter()
            .all(|packet| packet.link_type == LinkType::LINUX_SLL2.0)
    );
    assert!(self::packets("packets/containers/nothing.pcap").is_empty());
}

#[test]
fn foreign_captures_are_named() {
    for (ending, format) in [
        ("snoop", "it is a snoop file"),
        ("netmon1", "it is a Microsoft Network Monitor 1 file"),
        ("netmon2", "it is a Microsoft Network Monitor 2 file"),
        ("5views", "it is a InfoVista 5View file"),
        ("ngsniffer", "it is a NetXray Sniffer file"),
        ("ngwsniffer_2_0", "it is a NetXray or Windows Sniffer file"),
    ] {
        let file = std::fs::File::open(path(&format!("packets/containers/lo.{ending}"))).unwrap();
        let error = PacketReader::new("lo", Box::new(file))
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains(format) && error.contains("editcap -F pcapng"),
            "{error}"
        );
    }
}

#[test]
fn damaged_captures_give_what_is_left() {
    for (name, packets, sentence) in [
        (
            "cut-record.pcap",
            5,
            "the file ends inside a record: 45 of its 65 bytes are there",
        ),
        ("cut-block.pcapng", 5, "the file ends inside a record"),
        ("cut-stream.pcapng.gz", 11, "reading stopped"),
        (
            "length-of-4-gib.pcap",
            5,
            "a record claims 4294967295 bytes",
        ),
        (
            "length-swallows-followers.pcap",
            5,
            "a record claims 300 bytes",
        ),
        (
            "zero-filled-tail.pcap",
            6,
            "3676 zero bytes where records should be",
        ),
        (
            "snaplen-absurd.pcap",
            6,
            "ignored an absurd snapshot length",
        ),
    ] {
        let file = std::fs::read(path("malformed").join(name)).unwrap();
        let (read, report) = read_all(&file);
        let damages: Vec<String> = report.damages.iter().map(ToString::to_string).collect();
        assert_eq!(read.len(), packets, "{name}: {damages:?}");
        assert!(
            damages.iter().any(|damage| damage.contains(sentence)),
            "{name}: {damages:?}"
        );
    }
}
