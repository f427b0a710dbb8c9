//! A small cluster's traffic as capture files, led through everything; then its packets are written and read again.
#![no_main]

use std::collections::BTreeMap;
use std::io::Cursor;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use netdiff_core::decode::DecodeOptions;
use netdiff_core::doors::{profile_of, set_of};
use netdiff_core::extract::{Chosen, Facts, PacketFile, replay};
use netdiff_core::read::PacketReader;
use netdiff_core::{AnalysisOptions, PacketFileOptions};
use netdiff_fuzz::packets::{Layer, Stack};

#[derive(Arbitrary, Debug)]
struct Input {
    skew: i16,
    drop_seed: u8,
    events: Vec<Event>,
}

#[derive(Arbitrary, Debug)]
struct Event {
    from: u8,
    to: u8,
    gap: u8,
    /// Which points do not see it.
    missed: u8,
    twice: bool,
    what: What,
    data: u8,
}

#[derive(Arbitrary, Debug)]
enum What {
    Ping { reply: bool, number: u8 },
    Udp { ports: u8 },
    Tcp { ports: u8, flags: u8, sequence: u16 },
    Fragments,
    Stack(Stack),
}

const FILES: [&str; 8] = [
    "a/veth1.pcap",
    "a/cni0.pcap",
    "a/flannel.1.pcap",
    "a/eth0.pcap",
    "b/eth0.pcap",
    "b/flannel.1.pcap",
    "b/cni0.pcap",
    "b/veth2.pcap",
];

fn inner(event: &Event, ttl: u8) -> Vec<Vec<Layer>> {
    let ip = |fragment: u8| Layer::Ipv4 {
        source: event.from & 3,
        destination: event.to & 3,
        ttl,
        id: event.data,
        fragment,
        options: 0,
    };
    let data = |len: u8| Layer::Raw(vec![event.data; len.into()]);
    match &event.what {
        What::Ping { reply, number } => vec![vec![
            ip(0),
            Layer::Icmp {
                kind: if *reply { 0 } else { 8 },
                code: 0,
            },
            data(*number & 31),
        ]],
        What::Udp { ports } => vec![vec![
            ip(0),
            Layer::Udp {
                from: 40_000,
                to: 9_000 + u16::from(ports & 3),
            },
            data(24),
        ]],
        What::Tcp {
            ports,
            flags,
            sequence,
        } => vec![vec![
            ip(0),
            Layer::Tcp {
                flags: *flags,
                sequence: sequence & 0xff,
                options: Vec::new(),
            },
            data(*ports & 63),
        ]],
        What::Fragments => vec![
            vec![
                ip(4),
                Layer::Udp {
                    from: 40_000,
                    to: 9_000,
                },
                data(16),
            ],
            vec![ip((3 << 3) | 6), data(16)],
        ],
        What::Stack(stack) => vec![stack.layers.clone()],
    }
}

fn write(file: &mut Vec<u8>, time: i64, bytes: &[u8]) {
    let len = bytes.len() as u32;
    file.extend(((time / 1_000_000) as u32).to_le_bytes());
    file.extend((time.rem_euclid(1_000_000) as u32).to_le_bytes());
    file.extend(len.to_le_bytes());
    file.extend(len.to_le_bytes());
    file.extend(bytes);
}

fn files(input: &Input) -> Vec<Vec<u8>> {
    let header = [
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0,
    ];
    let mut files = vec![header.to_vec(); FILES.len()];
    let mut now = 1_780_000_000_000_000_i64;
    for event in input.events.iter().take(60) {
        now += i64::from(event.gap) * 997;
        let back = event.from & 128 != 0;
        for (step, at) in (0..FILES.len()).enumerate() {
            let point = if back { FILES.len() - 1 - at } else { at };
            if event.missed >> (at & 7) & 1 == 1 && input.drop_seed & 1 == 0 {
                continue;
            }
            let outer = matches!(point, 3 | 4);
            let ttl = 64 - u8::from(at > 1) - u8::from(at > 5);
            for layers in inner(event, ttl) {
                let mut all = vec![Layer::Ethernet];
                if outer {
                    all.extend([
                        Layer::Ipv4 {
                            source: 200 + u8::from(back),
                            destination: 200 + u8::from(!back),
                            ttl: 64,
                            id: event.data,
                            fragment: 0,
                            options: 0,
                        },
                        Layer::Udp {
                            from: 50_000,
                            to: 8472,
                        },
                        Layer::Vxlan {
                            vni: 1,
                            gpe: false,
                            flags: 0,
                        },
                        Layer::Ethernet,
                    ]);
                }
                all.extend(layers);
                let stack = Stack {
                    link: 0,
                    layers: all,
                    damage: Vec::new(),
                    cut: None,
                    more: 0,
                };
                let time = now
                    + step as i64 * 11
                    + if point > 3 {
                        i64::from(input.skew) * 1000
                    } else {
                        0
                    };
                for _ in 0..=usize::from(event.twice && at == 2) {
                    write(&mut files[point], time, &stack.bytes().0);
                }
            }
        }
    }
    files
}

fuzz_target!(|input: Input| {
    let bytes = files(&input);
    let named: Vec<(&str, &[u8])> = FILES
        .iter()
        .copied()
        .zip(bytes.iter().map(Vec::as_slice))
        .collect();
    let options = AnalysisOptions::default();
    let mut set = set_of(&named).unwrap();
    let profile = profile_of(&mut set, &options).unwrap();
    netdiff_fuzz::check_profile(&profile);
    netdiff_fuzz::check_against_itself(&profile);

    let facts = Facts {
        set: &profile.timelines,
        files: &profile.files,
        findings: &profile.findings,
    };
    let chosen = Chosen::new(facts, None, &[]);
    let mut out = Vec::new();
    let decode = DecodeOptions::default();
    let mut file = PacketFile::new(
        &chosen,
        PacketFileOptions::default(),
        decode.clone(),
        &mut out,
    )
    .unwrap();
    let replayed = replay(&set, &chosen, &decode, &mut file).unwrap();
    let mut known: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for source in &bytes {
        let mut reader = PacketReader::new("a", Box::new(Cursor::new(source.clone()))).unwrap();
        while let Some(raw) = reader.next_packet() {
            *known.entry(raw.data.to_vec()).or_default() += 1;
        }
    }
    let mut reader = PacketReader::new("b", Box::new(Cursor::new(out))).unwrap();
    while let Some(raw) = reader.next_packet() {
        let left = known.get_mut(raw.data).expect("a packet that was captured");
        *left = left.checked_sub(1).expect("as often as it was captured");
    }
    let report = reader.finish();
    assert_eq!(
        (report.packets, report.damages.len()),
        (replayed.packets, 0)
    );
});
