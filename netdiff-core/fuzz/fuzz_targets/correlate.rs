//! Observations that no decoder made, through correlation, rules and reports.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use netdiff_core::correlate::{Folding, Ran, RoleBasis, SetPoint, StatedAddresses, correlate};
use netdiff_core::doors::profile_of_timelines;
use netdiff_core::identify::{Evidence, FragmentTrouble, Observation};
use netdiff_core::types::{CapturePoint, FileId, LinkType, PacketNumber, PointId, Role, Timestamp};
use netdiff_fuzz::observations::{Seen, Time, address, mac, quote, sighting};

#[derive(Arbitrary, Debug)]
struct Input {
    points: [u8; 6],
    step: u8,
    stated: Vec<(u8, u8)>,
    translations: Vec<(u8, u8)>,
    seen: Vec<Seen>,
}

const NAMES: &[(&str, &str, Role)] = &[
    ("a", "cni0", Role::Bridge),
    ("a", "eth0", Role::Uplink),
    ("a", "flannel.1", Role::Vtep),
    ("a", "veth1", Role::Pod),
    ("a", "veth2", Role::Pod),
    ("b", "cni0", Role::Bridge),
    ("b", "eth0", Role::Uplink),
    ("b", "flannel.1", Role::Vtep),
    ("b", "veth3", Role::Pod),
    ("b", "x", Role::Unknown),
    ("c", "any", Role::Merged),
    ("c", "eth0", Role::Uplink),
];

fuzz_target!(|input: Input| {
    let mut chosen: Vec<usize> = input
        .points
        .iter()
        .map(|point| usize::from(*point) % NAMES.len())
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mut points: Vec<SetPoint> = chosen
        .iter()
        .zip(0..)
        .map(|(name, file)| SetPoint {
            point: CapturePoint::new(NAMES[*name].0, NAMES[*name].1),
            role: NAMES[*name].2,
            role_basis: RoleBasis::Name,
            files: vec![FileId(file)],
            link_type: Some(LinkType(1)),
            packets: 0,
            first_time: None,
            last_time: None,
            dropped: 0,
            filtered: false,
            fragments: FragmentTrouble::default(),
            ran: Ran::default(),
        })
        .collect();
    let start = 1_780_000_000_000_000_000_i64;
    let mut now = start;
    let mut observations: Vec<Observation> = Vec::new();
    for seen in input.seen.iter().take(400) {
        let at = usize::from(seen.point) % points.len();
        let time = match seen.time {
            Time::Next(by) => {
                now = now.saturating_add(i64::from(by) << (input.step % 32));
                now
            }
            Time::Near(by) => now.saturating_add(i64::from(by) << (input.step % 32)),
            Time::At(time) => time,
        };
        let time = Timestamp(time);
        let point = &mut points[at];
        point.packets += 1;
        point.first_time = point.first_time.into_iter().chain([time]).min();
        point.last_time = point.last_time.max(Some(time));
        let id = u32::try_from(at).unwrap();
        observations.push(Observation {
            evidence: Evidence {
                point: PointId(id),
                file: FileId(id),
                packet_number: PacketNumber(point.packets),
            },
            time,
            frame: seen.macs.map(|(from, to)| (mac(from), mac(to))),
            inner_frame: None,
            checksums: None,
            sent: seen.sent,
            quote: quote(&seen.what),
            subject: sighting(&seen.what),
        });
    }
    observations.sort_by_key(|observation| {
        (
            observation.evidence.file,
            observation.evidence.packet_number,
        )
    });
    let node = |number: u8| Box::from(["a", "b", "c", "d"][usize::from(number % 4)]);
    let stated = StatedAddresses {
        nodes: input
            .stated
            .iter()
            .filter(|(name, _)| name & 128 == 0)
            .map(|(name, own)| (node(*name), address(*own)))
            .collect(),
        pods: input
            .stated
            .iter()
            .filter(|(name, _)| name & 128 != 0)
            .map(|(name, own)| (node(*name), address(*own)))
            .collect(),
        translations: input
            .translations
            .iter()
            .map(|(from, to)| (address(*from), address(*to)))
            .collect(),
    };
    let count = observations.len() as u64;
    let files = points.iter().map(|point| point.point.to_string()).collect();
    // Every second set is folded as hard as it can be.
    let folding = if input.step & 0x80 == 0 {
        Folding::default()
    } else {
        Folding {
            from: 0,
            each: 2,
            crossings: 4,
            late_ns: 0,
        }
    };
    let timelines = correlate(points, &stated, folding, observations);
    let accounted: u64 = timelines
        .accounting
        .iter()
        .map(|counts| counts.packets)
        .sum();
    assert_eq!(accounted, count);
    let profile = profile_of_timelines(timelines, files);
    netdiff_fuzz::check_profile(&profile);
    netdiff_fuzz::check_against_itself(&profile);
});
