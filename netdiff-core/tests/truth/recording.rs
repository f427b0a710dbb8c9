//! From the truth to capture files, and which packet of which file shows what.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use super::ledger::{AtomId, Frame, Ledger};
use super::packet::Piece;
use super::spec::{Container, FileSpec, NodeSpec, Overlay, WorldSpec};
use super::topology::{Place, Station, interface_index, interface_name, node_name};
use super::world::START;

/// Atoms of a packet, each with the place of its way where it was seen.
pub type Shown = Vec<(AtomId, usize)>;

/// What the captures have of the truth.
#[derive(Debug, Default)]
pub struct Recording {
    /// The station of each file, by `node/interface`.
    pub names: HashMap<String, Station>,
    /// By station, which of its files, and packet number: the atoms of each packet that shows some. A datagram in fragments is shown by
    /// the fragment that completes it.
    pub shown: HashMap<(Station, usize, u64), Shown>,
    /// Where each atom can be recognized: places of its way, in order.
    pub seen: HashMap<AtomId, Vec<usize>>,
    /// Where each atom is in a file, if only in part.
    pub passed: HashMap<AtomId, Vec<usize>>,
    /// Packets of each captured station.
    pub packets: HashMap<Station, u64>,
    /// When each captured station's file begins and ends, in true time.
    pub spans: HashMap<Station, (i64, i64)>,
    /// When each capture ran, in true time.
    pub windows: HashMap<Station, (i64, i64)>,
    pub frames: u64,
}

/// Frames of one capture, in order, each with the interface that shows it.
type Capture<'a> = Vec<(Station, &'a Frame)>;

/// Writes the files below `folder`.
pub fn record(spec: &WorldSpec, ledger: &Ledger, folder: &Path) -> Recording {
    let mut recording = Recording::default();
    let times = || ledger.frames.iter().map(|frame| frame.time);
    let begin = times().min().unwrap_or(START);
    let end = times().max().unwrap_or(START);
    for (node, of_node) in (0u8..).zip(&spec.nodes) {
        let stations: Vec<Station> = Place::ALL
            .into_iter()
            .filter(|place| {
                let absent = spec.overlay == Overlay::HostGateway && *place == Place::Vtep
                    || spec.overlay == Overlay::IpInIp && *place == Place::Bridge;
                of_node.file(*place).captured && !absent
            })
            .map(|place| Station::new(node, place))
            .collect();
        let captures = match of_node.container {
            Container::Files => stations.into_iter().map(|s| vec![s]).collect(),
            _ if stations.is_empty() => Vec::new(),
            Container::Any | Container::Merged => vec![stations],
        };
        for stations in captures {
            let file = of_node.file(stations[0].place());
            let window = (
                begin + i64::from(file.late_ms) * 1_000_000,
                end - i64::from(file.early_ms) * 1_000_000,
            );
            let shows = |f: &&Frame| {
                stations.contains(&f.station) && f.time >= window.0 && f.time <= window.1
            };
            let mut frames: Vec<&Frame> = ledger.frames.iter().filter(shows).collect();
            frames.sort_by_key(|frame| frame.time);
            let named = |frame: &Frame| match of_node.container {
                Container::Merged => Station::merged(node),
                _ => frame.station,
            };
            let frames: Capture<'_> = frames.into_iter().map(|f| (named(f), f)).collect();
            let names = names(spec, of_node, &stations, &frames);
            for station in names.values() {
                recording.windows.insert(*station, window);
                recording.packets.insert(*station, 0);
            }
            let stem = match of_node.container {
                Container::Files => interface_name(spec.overlay, stations[0]),
                _ => "any".to_owned(),
            };
            recording.names.extend(names);
            let stem = folder.join(node_name(node)).join(stem);
            recording.write(&stem, &frames, (of_node, file), spec.overlay);
        }
    }
    recording
}

/// The stations that a capture shows, by the names that its points get.
fn names(
    spec: &WorldSpec,
    node: &NodeSpec,
    stations: &[Station],
    frames: &Capture<'_>,
) -> HashMap<String, Station> {
    let name = |station: Station, interface: &str| {
        (
            format!("{}/{interface}", node_name(stations[0].node())),
            station,
        )
    };
    match node.container {
        Container::Files => {
            let interface = interface_name(spec.overlay, stations[0]);
            HashMap::from([name(stations[0], &interface)])
        }
        Container::Merged => HashMap::from([name(Station::merged(stations[0].node()), "any")]),
        // An interface without a packet is not even known.
        Container::Any if frames.is_empty() => {
            HashMap::from([name(Station::merged(stations[0].node()), "any")])
        }
        Container::Any => frames
            .iter()
            .map(|(station, _)| name(*station, &format!("if{}", interface_index(station.place()))))
            .collect(),
    }
}

impl Recording {
    /// Writes the parts of one capture, and notes what they show.
    fn write(
        &mut self,
        stem: &Path,
        frames: &Capture<'_>,
        (node, file): (&NodeSpec, FileSpec),
        overlay: Overlay,
    ) {
        fs::create_dir_all(stem.parent().expect("a file lies in a folder")).unwrap();
        let per_part = frames.len().div_ceil(usize::from(file.parts)).max(1);
        let mut parts: Vec<&[(Station, &Frame)]> = frames.chunks(per_part).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        for (nth, part) in parts.iter().enumerate() {
            // As tcpdump names them.
            let number = if nth == 0 {
                String::new()
            } else {
                nth.to_string()
            };
            let mut path = stem.as_os_str().to_owned();
            path.push(format!(".pcap{number}"));
            fs::write(path, pcap(part, file, node, overlay)).unwrap();
        }
        // A point's files are in the order of their first packets, by its clock.
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|nth| parts[*nth].first().map(|(_, f)| on_clock(node, f.time)));
        let of_station =
            |part: &[(Station, &Frame)], station| part.iter().any(|(s, _)| *s == station);
        let stations: HashSet<Station> = frames.iter().map(|(station, _)| *station).collect();
        for station in stations {
            // Files that show nothing of a point are none of its files.
            let own: Vec<usize> = order
                .iter()
                .copied()
                .filter(|nth| of_station(parts[*nth], station))
                .collect();
            let numbered = parts.iter().enumerate().flat_map(|(nth, part)| {
                let place = own.iter().position(|own| *own == nth).unwrap_or(0);
                let numbered = (1u64..).zip(part.iter());
                numbered.map(move |(number, (s, frame))| (*s, place, number, *frame))
            });
            let own: Vec<(usize, u64, &Frame)> = numbered
                .filter(|(s, ..)| *s == station)
                .map(|(_, place, number, frame)| (place, number, frame))
                .collect();
            self.add(station, &own, file);
        }
    }

    fn add(&mut self, station: Station, frames: &[(usize, u64, &Frame)], file: FileSpec) {
        self.packets.insert(station, frames.len() as u64);
        self.frames += frames.len() as u64;
        if let (Some(first), Some(last)) = (frames.first(), frames.last()) {
            self.spans.insert(station, (first.2.time, last.2.time));
        }
        let mut parts: HashMap<(Station, AtomId, usize), Vec<Piece>> = HashMap::new();
        for (nth, number, frame) in frames {
            let readable = frame.headers <= file.snap_length as usize;
            for &atom in &frame.atoms {
                let place = (atom, frame.hop);
                let mut show = || {
                    let shown = self.shown.entry((station, *nth, *number)).or_default();
                    shown.push(place);
                };
                // Which fragment completes it is not told where interfaces are merged, or files have no certain order.
                let anyone = station != frame.station || file.parts > 1;
                if anyone || frame.part.is_none() {
                    show();
                }
                if let Some(part) = frame.part {
                    let parts = parts.entry((frame.station, atom, frame.hop)).or_default();
                    if parts.contains(&part) {
                        continue;
                    }
                    parts.push(part);
                    if parts.iter().map(|p| p.len).sum::<usize>() < part.total {
                        continue;
                    }
                    // The next complete set is a copy.
                    parts.clear();
                    if !anyone {
                        show();
                    }
                }
                note(self.passed.entry(atom).or_default(), frame.hop);
                if readable {
                    note(self.seen.entry(atom).or_default(), frame.hop);
                }
            }
        }
    }
}

fn note(places: &mut Vec<usize>, place: usize) {
    if !places.contains(&place) {
        places.push(place);
        places.sort_unstable();
    }
}

/// True time as a node's clock shows it.
fn on_clock(node: &NodeSpec, time: i64) -> i64 {
    let drift = (time - START) / 1_000_000 * i64::from(node.drift_ppm);
    let step = node
        .step_ms
        .filter(|(after, _)| time >= START + i64::from(*after) * 1_000_000)
        .map_or(0, |(_, by)| i64::from(by) * 1_000_000);
    time + drift + step + i64::from(node.clock_ms) * 1_000_000
}

fn pcap(
    frames: &[(Station, &Frame)],
    file: FileSpec,
    node: &NodeSpec,
    overlay: Overlay,
) -> Vec<u8> {
    let magic: u32 = if file.nanoseconds {
        0xa1b2_3c4d
    } else {
        0xa1b2_c3d4
    };
    let is_raw = |station: Station| overlay == Overlay::IpInIp && station.place() == Place::Vtep;
    let link_type = match (node.container, frames.first()) {
        (Container::Any, _) => 276,
        (Container::Merged, _) => 113,
        (Container::Files, Some((station, _))) if is_raw(*station) => 101,
        (Container::Files, _) => 1,
    };
    let mut bytes = magic.to_le_bytes().to_vec();
    bytes.extend([2, 0, 4, 0]);
    for value in [0, 0, file.snap_length, link_type] {
        bytes.extend(value.to_le_bytes());
    }
    for (_, frame) in frames {
        let time = on_clock(node, frame.time);
        let fraction = time.rem_euclid(1_000_000_000);
        let fraction = if file.nanoseconds {
            fraction
        } else {
            fraction / 1000
        };
        let content = match node.container {
            Container::Files => frame.bytes.clone(),
            cooked => cook(frame, cooked, is_raw(frame.station)),
        };
        let len = content.len().min(file.snap_length as usize);
        for value in [
            time.div_euclid(1_000_000_000) as u32,
            fraction as u32,
            len as u32,
            content.len() as u32,
        ] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(&content[..len]);
    }
    bytes
}

/// A frame as a capture of all interfaces shows it: `packet(7)`'s cooked header in place of its own.
fn cook(frame: &Frame, container: Container, raw: bool) -> Vec<u8> {
    let (ether, source, content) = if raw {
        (vec![8, 0], [0; 8], frame.bytes.as_slice())
    } else {
        let mut source = [0; 8];
        source[..6].copy_from_slice(&frame.bytes[6..12]);
        (frame.bytes[12..14].to_vec(), source, &frame.bytes[14..])
    };
    let packet_type: u8 = if frame.outgoing { 4 } else { 0 };
    let device: u16 = if raw { 768 } else { 1 };
    let address_len: u8 = if raw { 0 } else { 6 };
    let mut bytes = Vec::with_capacity(content.len() + 20);
    if container == Container::Any {
        bytes.extend(ether);
        bytes.extend([0, 0]);
        bytes.extend(interface_index(frame.station.place()).to_be_bytes());
        bytes.extend(device.to_be_bytes());
        bytes.extend([packet_type, address_len]);
        bytes.extend(source);
    } else {
        bytes.extend([0, packet_type]);
        bytes.extend(device.to_be_bytes());
        bytes.extend([0, address_len]);
        bytes.extend(source);
        bytes.extend(ether);
    }
    bytes.extend(content);
    bytes
}
