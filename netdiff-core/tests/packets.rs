//! The small captures of every link type and tunnel: what is decoded of each packet.
//!
//! `testdata/packets/*/decoded.snap` holds a line for every packet, to be compared with what other tools
//! say; the assertions here hold what must not change with the way it looks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use netdiff_core::decode::{
    ChecksumState, DecodeOptions, IcmpFamily, Layer, LayerKind, Packet, PacketType, Stop,
    checksum_state, decode_packet,
};
use netdiff_core::read::PacketReader;
use netdiff_core::types::{LinkType, Protocol, Vni};

#[path = "packets/line.rs"]
mod line;

use line::line;

const FOLDERS: [&str; 2] = ["links", "tunnels"];

/// A packet of a file, with its bytes.
struct Owned {
    link_type: LinkType,
    original_len: u32,
    data: Vec<u8>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/packets")
        .join(name)
}

/// The names of a folder's captures, sorted.
fn captures(name: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(name)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".pcap")).collect();
    names.sort();
    assert!(names.len() > 10, "{name} lost its captures");
    names
}

fn read(folder_name: &str, file: &str) -> Vec<Owned> {
    let source = File::open(folder(folder_name).join(file)).unwrap();
    let mut reader = PacketReader::new(file, Box::new(source)).unwrap();
    let mut packets = Vec::new();
    while let Some(raw) = reader.next_packet() {
        packets.push(Owned {
            link_type: raw.link_type,
            original_len: raw.original_len,
            data: raw.data.to_vec(),
        });
    }
    assert_eq!(reader.finish().damages.len(), 0, "{file}");
    packets
}

/// What `fou.pcap` needs to be told: its ports mean nothing by themselves.
fn options() -> DecodeOptions {
    DecodeOptions {
        fou_ports: vec![(5555, Protocol::IPIP), (5556, Protocol::GRE)],
        ..DecodeOptions::default()
    }
}

impl Owned {
    fn decode(&self) -> Packet {
        self.decode_cut(self.data.len())
    }

    fn decode_cut(&self, len: usize) -> Packet {
        let mut packet = Packet::new();
        let data = &self.data[..len];
        decode_packet(
            self.link_type,
            data,
            self.original_len,
            &options(),
            &mut packet,
        );
        packet
    }
}

/// The packets of a file, decoded.
fn decoded(folder_name: &str, file: &str) -> Vec<Packet> {
    let packets = read(folder_name, &format!("{file}.pcap"));
    packets.iter().map(Owned::decode).collect()
}

fn tunnel(file: &str) -> Vec<Packet> {
    decoded("tunnels", file)
}

/// The kinds of the layers, outermost first.
fn kinds(packet: &Packet) -> Vec<LayerKind> {
    packet
        .layers()
        .iter()
        .map(|placed| placed.layer.kind())
        .collect()
}

/// The first layer that `pick` takes something from.
fn find<T>(packet: &Packet, pick: impl Fn(&Layer) -> Option<T>) -> T {
    let mut layers = packet.layers().iter();
    layers.find_map(|placed| pick(&placed.layer)).unwrap()
}

fn find_all<T>(packets: &[Packet], pick: impl Fn(&Layer) -> Option<T>) -> Vec<T> {
    packets.iter().map(|packet| find(packet, &pick)).collect()
}

/// The ends of the innermost packet, as text.
fn inner(packet: &Packet) -> String {
    let (_, ip) = packet.innermost_ip().unwrap();
    format!("{} > {}", ip.source, ip.destination)
}

#[test]
fn every_packet_is_decoded_as_written_down() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for name in FOLDERS {
        let mut text = String::new();
        for file in captures(name) {
            let packets = read(name, &file);
            let link_type = packets[0].link_type;
            writeln!(text, "{file} ({link_type})").unwrap();
            for (index, packet) in packets.iter().enumerate() {
                writeln!(text, "  {}", line(index + 1, &packet.decode())).unwrap();
            }
        }
        settings.set_snapshot_path(folder(name));
        settings.bind(|| insta::assert_snapshot!("decoded", text));
    }
}

#[test]
fn every_capture_is_small_and_has_its_provenance_in_the_readme() {
    for name in FOLDERS {
        let readme = fs::read_to_string(folder(name).join("README.md")).unwrap();
        for file in captures(name) {
            let stem = file.trim_end_matches(".pcap");
            assert!(readme.contains(&format!("`{stem}`")), "{name}/{file}");
            let size = fs::metadata(folder(name).join(&file)).unwrap().len();
            assert!(size < 2048, "{name}/{file} has {size} bytes");
        }
    }
}

#[test]
fn a_cut_anywhere_is_harmless_and_keeps_the_layers_before_it() {
    for name in FOLDERS {
        for file in captures(name) {
            for (index, packet) in read(name, &file).iter().enumerate() {
                let whole = packet.decode();
                for len in 0..packet.data.len() {
                    let cut = packet.decode_cut(len);
                    let known = cut.layers().len().saturating_sub(1);
                    assert!(
                        whole.layers().get(..known) == cut.layers().get(..known),
                        "{name}/{file}, packet {}, cut at {len}: {}",
                        index + 1,
                        line(index + 1, &cut)
                    );
                }
            }
        }
    }
}

#[test]
fn no_checksum_is_bad() {
    for name in FOLDERS {
        for file in captures(name) {
            for packet in read(name, &file) {
                let decoded = packet.decode();
                for index in 0..decoded.layers().len() {
                    let state = checksum_state(&decoded, index, &packet.data);
                    assert_ne!(
                        state,
                        Some(ChecksumState::Bad),
                        "{name}/{file} layer {index}"
                    );
                }
            }
        }
    }
}

// The facts: what the headers hold, whatever it looks like.

fn udp_ports(packet: &Packet) -> (u16, u16) {
    find(packet, |layer| match layer {
        Layer::Udp(udp) => Some((udp.source_port, udp.destination_port)),
        _ => None,
    })
}

fn vxlans(file: &str) -> Vec<(u32, bool)> {
    find_all(&tunnel(file), |layer| match layer {
        Layer::Vxlan(vxlan) => Some((vxlan.vni.0, vxlan.guessed)),
        _ => None,
    })
}

const PODS: &str = "10.244.1.5 > 10.244.2.7";
const PODS_6: &str = "fd00:1::5 > fd00:2::7";
const OVERLAY: &str = "10.244.0.1 > 10.244.0.2";

#[test]
fn raw_ip_has_three_numbers() {
    for (file, number) in [("raw", 101), ("raw-12", 12), ("raw-14", 14)] {
        let packets = read("links", &format!("{file}.pcap"));
        assert!(
            packets
                .iter()
                .all(|packet| packet.link_type.0 == number
                    && packet.decode().stop() == Stop::Payload)
        );
    }
}

#[test]
fn wireless_is_declined_by_name() {
    for (file, number, name) in [
        ("ieee802-11", 105, "IEEE802_11"),
        ("ieee802-11-prism", 119, "IEEE802_11_PRISM"),
        ("ieee802-11-radiotap", 127, "IEEE802_11_RADIOTAP"),
    ] {
        let after = None;
        let stops: Vec<_> = decoded("links", file).iter().map(Packet::stop).collect();
        assert_eq!(stops, [Stop::Unsupported { after, number }]);
        let link_type = read("links", &format!("{file}.pcap"))[0].link_type;
        assert_eq!(link_type.name(), Some(name));
    }
}

#[test]
fn cooked_headers_keep_direction_and_interface() {
    use PacketType::{Broadcast, Multicast, Outgoing, ToOther, ToUs};
    let cooked = |file: &str| {
        find_all(&decoded("links", file), |layer| match layer {
            Layer::LinuxCooked(cooked) => Some((cooked.packet_type, cooked.interface_index)),
            _ => None,
        })
    };
    let directions = [
        Broadcast, Outgoing, ToUs, Outgoing, Multicast, Outgoing, ToUs, Outgoing, ToUs, ToUs,
    ];
    let version_1: Vec<_> = directions.iter().map(|&kind| (kind, None)).collect();
    assert_eq!(cooked("sll"), version_1);
    // Interface 2 is eth0, 1 is lo.
    let interfaces = [2, 2, 2, 2, 2, 2, 2, 2, 1, 1].map(Some);
    let version_2: Vec<_> = directions.into_iter().zip(interfaces).collect();
    assert_eq!(cooked("sll2"), version_2);
    assert_eq!(
        cooked("sll2-written"),
        [
            (Broadcast, Some(2)),
            (ToOther, Some(2)),
            (Outgoing, Some(7)),
            (ToUs, Some(9)),
            (ToUs, Some(2)),
            (Outgoing, Some(11)),
        ]
    );
}

#[test]
fn nflog_keeps_group_and_interfaces() {
    let nflog = |file| {
        find_all(&decoded("links", file), |layer| match layer {
            Layer::Nflog(nflog) => Some((nflog.group, nflog.in_interface, nflog.out_interface)),
            _ => None,
        })
    };
    assert_eq!(nflog("nflog"), [(5, Some(2), None), (5, None, Some(2))]);
    let written = [(5, Some(3), None), (5, Some(3), Some(4))];
    assert_eq!(nflog("nflog-big-endian"), written);
}

#[test]
fn nflog_of_a_bridge_holds_what_follows_the_ethernet_header() {
    let packets = decoded("links", "nflog-bridge");
    assert_eq!(kinds(&packets[0]), [LayerKind::Nflog, LayerKind::Arp]);
    assert_eq!(inner(&packets[1]), "192.0.2.1 > 192.0.2.2");
}

#[test]
fn a_bridged_frame_behind_snap_begins_behind_two_bytes_of_padding() {
    for packet in tunnel("llc-bridged") {
        assert_eq!(inner(&packet), PODS);
    }
}

#[test]
fn control_messages_of_l2tp_have_no_session() {
    let messages = find_all(&tunnel("l2tpv3-control"), |layer| match layer {
        Layer::L2tp(l2tp) => Some((l2tp.session, l2tp.is_control)),
        _ => None,
    });
    assert_eq!(messages, [(0, true), (0, true)]);
}

#[test]
fn padding_behind_encrypted_data_is_not_its_payload() {
    let packet = &tunnel("macsec-short")[0];
    // 20 bytes of data and 16 of check value; what follows is Ethernet's padding.
    assert_eq!(packet.payload().wire_len, 36);
}

#[test]
fn padding_behind_arp_is_not_its_payload() {
    let lengths = tunnel("arp-padded");
    let lengths: Vec<_> = lengths.iter().map(|p| p.payload().wire_len).collect();
    assert_eq!(lengths, [0, 0]);
}

#[test]
fn vxlan_has_its_network_and_says_where_it_is_a_guess() {
    assert_eq!(vxlans("vxlan-8472"), [(1, false); 6]);
    assert_eq!(vxlans("vxlan-4789"), [(0x00ab_cdef, false); 4]);
    assert_eq!(vxlans("vxlan-odd-port"), [(42, true); 4]);
    assert_eq!(vxlans("vxlan-over-ipv6"), [(44, false); 4]);
    assert_eq!(vxlans("vxlan-gpe"), [(7700, false); 6]);
    assert_eq!(vxlans("vxlan-gpe-recorded"), [(7700, false); 2]);
    for (file, port) in [("vxlan-8472", 8472), ("vxlan-odd-port", 5002)] {
        let packet = &tunnel(file)[2];
        assert_eq!((udp_ports(packet).1, &*inner(packet)), (port, OVERLAY));
    }
    let policies = find_all(&tunnel("vxlan-gbp"), |layer| match layer {
        Layer::Vxlan(vxlan) => Some(vxlan.group_policy),
        _ => None,
    });
    assert_eq!(policies, [None, None, Some(0x123), None]);
}

#[test]
fn gre_has_key_sequence_and_virtual_subnet() {
    let gre = |file| {
        find_all(&tunnel(file), |layer| match layer {
            Layer::Gre(gre) => Some((gre.key, gre.sequence)),
            _ => None,
        })
    };
    let (none, key) = ((None, None), Some(0xc0ff_ee01));
    let both = (key, Some(3));
    let (keyed, numbered) = ((key, None), (None, Some(3)));
    let expected = [none, none, keyed, numbered, both, none, none, keyed];
    assert_eq!(gre("gre"), expected);
    assert_eq!(gre("nvgre"), [(Some(0x0123_4567), None); 2]);
    for packet in tunnel("nvgre") {
        let subnet = find(&packet, |layer| match layer {
            Layer::Gre(gre) => gre.virtual_subnet(),
            _ => None,
        });
        assert_eq!((subnet, &*inner(&packet)), (Vni(0x01_2345), PODS));
    }
}

#[test]
fn tunnel_headers_have_their_numbers() {
    let geneve = find_all(&tunnel("geneve"), |layer| match layer {
        Layer::Geneve(geneve) => Some((geneve.vni.0, geneve.options_len)),
        _ => None,
    });
    assert_eq!(geneve, [0, 20, 0, 12, 12].map(|len| (0x00ab_cdef, len)));
    let gtpu = find_all(&tunnel("gtpu"), |layer| match layer {
        Layer::Gtpu(gtpu) => Some((gtpu.message_type, gtpu.tunnel, gtpu.sequence)),
        _ => None,
    });
    assert_eq!(gtpu[1], (255, 0x1122_3344, Some(9)));
    assert_eq!(gtpu[4], (255, 0x5566_7788, None));
    let erspan = tunnel("erspan")[1..].to_vec();
    let erspan = find_all(&erspan, |layer| match layer {
        Layer::Erspan(erspan) => Some((erspan.version, erspan.session, erspan.vlan)),
        _ => None,
    });
    assert_eq!(erspan, [(1, 42, 7), (2, 43, 7), (2, 43, 7), (2, 43, 7)]);
    let l2tp = find_all(&tunnel("l2tpv3"), |layer| match layer {
        Layer::L2tp(l2tp) => Some((l2tp.version, l2tp.session, l2tp.is_control)),
        _ => None,
    });
    assert_eq!(l2tp, [(3, 9, false); 5]);
    let labels = tunnel("mpls");
    let labels = labels[1]
        .layers()
        .iter()
        .filter_map(|placed| match placed.layer {
            Layer::Mpls(mpls) => Some((mpls.label, mpls.bottom)),
            _ => None,
        });
    assert_eq!(labels.collect::<Vec<_>>(), [(1000, false), (2000, true)]);
}

#[test]
fn the_pods_are_found_in_every_tunnel() {
    for (file, ends) in [
        ("vlan", [PODS, PODS_6, PODS].as_slice()),
        ("qinq", &[PODS, PODS, PODS_6]),
        ("backbone", &[PODS]),
        ("mpls", &[PODS, PODS, PODS_6, PODS, PODS, PODS]),
        ("mpls-over-udp", &[PODS, PODS_6]),
        ("vxlan-gpe", &[PODS, PODS, PODS_6, PODS, PODS, PODS]),
        ("nsh", &[PODS]),
        ("geneve", &[PODS, PODS, PODS_6, PODS_6]),
        ("flannel-udp", &[PODS, PODS]),
        ("fou", &[PODS, PODS, PODS]),
        ("gue", &[PODS, PODS_6, PODS, PODS, PODS_6]),
        ("gtpu", &[PODS, PODS, PODS, PODS_6, PODS]),
        ("l2tpv2", &[PODS, PODS]),
        ("l2tpv3", &[PODS, PODS_6, PODS, PODS, PODS]),
        ("gre", &[PODS, PODS, PODS, PODS, PODS_6, PODS, PODS, PODS]),
        ("erspan", &[PODS; 5]),
        ("ip-in-ip", &[PODS, PODS, PODS_6, PODS, PODS_6]),
    ] {
        let packets = tunnel(file);
        let found: Vec<_> = packets.iter().take(ends.len()).map(inner).collect();
        assert_eq!(found, ends, "{file}");
    }
}

#[test]
fn what_is_encrypted_is_recognized_and_not_opened() {
    for file in ["esp", "wireguard", "macsec"] {
        let first = &tunnel(file)[0];
        assert_eq!(first.stop(), Stop::Encrypted, "{file}");
    }
    let messages = find_all(&tunnel("wireguard"), |layer| match layer {
        Layer::WireGuard(message) => Some((message.message_type, message.counter)),
        _ => None,
    });
    let (first, second) = ((4, Some(0)), (4, Some(1)));
    assert_eq!(messages, [(1, None), (2, None), (3, None), first, second]);
    // Authenticated only: what follows is readable.
    assert_eq!(tunnel("macsec")[3].stop(), Stop::Payload);
    assert_eq!(inner(&tunnel("macsec")[3]), PODS);
    assert_eq!(inner(&tunnel("ah")[1]), PODS);
}

#[test]
fn fragments_inside_and_outside_are_told_apart() {
    let fragments = |packet: &Packet| -> Vec<_> {
        packet
            .ip_layers()
            .map(|(_, ip)| ip.fragment.map(|f| (f.offset, f.more)))
            .collect()
    };
    let inside = tunnel("fragments-inner");
    assert_eq!(fragments(&inside[2]), [None, Some((0, true))]);
    assert_eq!(fragments(&inside[3]), [None, Some((176, false))]);
    assert_eq!(inside[3].stop(), Stop::Fragment);
    let outside = tunnel("fragments-outer");
    assert_eq!(fragments(&outside[0]), [Some((0, true)), None]);
    assert_eq!(inner(&outside[0]), OVERLAY);
    assert_eq!(fragments(&outside[1]), [Some((176, true))]);
    assert_eq!(fragments(&outside[2]), [Some((352, false))]);
    let ipv6 = tunnel("fragments-ipv6");
    assert_eq!(fragments(&ipv6[0]), [Some((0, true))]);
    assert_eq!(fragments(&ipv6[1]), [Some((1232, false))]);
}

#[test]
fn an_error_quotes_the_vxlan_packet_with_its_inside() {
    for (packet, vni, ends) in [
        (&tunnel("icmp-quotes-vxlan")[1], 1, OVERLAY),
        (&tunnel("icmp-errors")[2], 42, PODS),
    ] {
        let (_, ip) = packet.innermost_quoted_ip().unwrap();
        assert_eq!(format!("{} > {}", ip.source, ip.destination), ends);
        let mut quoted = packet.quoted().iter();
        assert!(quoted.any(|placed| match placed.layer {
            Layer::Vxlan(vxlan) => vxlan.vni == Vni(vni),
            _ => false,
        }));
    }
}

#[test]
fn errors_have_type_code_and_the_ports_of_the_quoted_packet() {
    let errors = |file| {
        find_all(&tunnel(file), |layer| match layer {
            Layer::Icmp(icmp) => Some((icmp.family, icmp.icmp_type, icmp.code)),
            _ => None,
        })
    };
    let expected = [(3, 3), (11, 0), (3, 4), (3, 13)];
    let expected = expected.map(|(kind, code)| (IcmpFamily::V4, kind, code));
    assert_eq!(errors("icmp-errors-recorded"), expected);
    let expected = [(1, 4), (3, 0), (2, 0), (1, 1)];
    let expected = expected.map(|(kind, code)| (IcmpFamily::V6, kind, code));
    assert_eq!(errors("icmpv6-errors-recorded"), expected);
    for file in ["icmp-errors-recorded", "icmpv6-errors-recorded"] {
        let packets = tunnel(file);
        let last = |packet: &Packet| packet.quoted().last().unwrap().layer;
        assert!(matches!(last(&packets[0]), Layer::Udp(udp) if udp.destination_port == 40002));
        assert!(matches!(last(&packets[3]), Layer::Tcp(tcp) if tcp.destination_port == 443));
    }
}

#[test]
fn nesting_ends_at_the_bound() {
    let packets = tunnel("nested");
    assert_eq!(packets[0].layers().len(), 11);
    assert_eq!(inner(&packets[0]), PODS);
    assert_eq!(packets[1].layers().len(), Packet::MAX_LAYERS);
    assert_eq!(packets[1].stop(), Stop::TooDeep);
}

#[test]
fn igmp_names_the_group() {
    let groups = find_all(&tunnel("igmp"), |layer| match layer {
        Layer::Igmp(igmp) => Some((igmp.igmp_type, igmp.group.map(IpAddr::from))),
        _ => None,
    });
    let group = Some(IpAddr::from([239, 1, 2, 3]));
    assert!(groups.contains(&(0x22, None)));
    assert!(groups.contains(&(0x16, group)));
    assert!(groups.contains(&(0x17, group)));
    assert!(groups.contains(&(0x11, Some(IpAddr::from([0, 0, 0, 0])))));
}
