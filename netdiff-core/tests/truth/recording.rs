//! From the truth to capture files, and which packet of which file shows what.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::ledger::{AtomId, Frame, Ledger};
use super::packet::Piece;
use super::spec::{FileSpec, NodeSpec, Overlay, WorldSpec};
use super::topology::{Place, Station, interface_name, node_name};
use super::world::START;

/// Atoms of a packet, each with the place of its way where it was seen.
pub type Shown = Vec<(AtomId, usize)>;

/// What the captures have of the truth.
#[derive(Debug, Default)]
pub struct Recording {
    /// The station of each file, by `node/interface`.
    pub names: HashMap<String, Station>,
    /// By station and packet number: the atoms of each packet that shows some. A datagram in fragments is shown by the
    /// fragment that completes it.
    pub shown: HashMap<(Station, u64), Shown>,
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

/// Writes the files below `folder`.
pub fn record(spec: &WorldSpec, ledger: &Ledger, folder: &Path) -> Recording {
    let mut recording = Recording::default();
    let times = || ledger.frames.iter().map(|frame| frame.time);
    let begin = times().min().unwrap_or(START);
    let end = times().max().unwrap_or(START);
    for (node, of_node) in (0u8..).zip(&spec.nodes) {
        for place in Place::ALL {
            let station = Station::new(node, place);
            let file = of_node.files[place.index()];
            let absent = spec.overlay == Overlay::HostGateway && place == Place::Vtep
                || spec.overlay == Overlay::IpInIp && place == Place::Bridge;
            if !file.captured || absent {
                continue;
            }
            let window = (
                begin + i64::from(file.late_ms) * 1_000_000,
                end - i64::from(file.early_ms) * 1_000_000,
            );
            let mut frames: Vec<&Frame> = ledger
                .frames
                .iter()
                .filter(|f| f.station == station && f.time >= window.0 && f.time <= window.1)
                .collect();
            frames.sort_by_key(|frame| frame.time);
            let interface = interface_name(spec.overlay, station);
            let path = format!("{}/{interface}", node_name(node));
            let raw = spec.overlay == Overlay::IpInIp && place == Place::Vtep;
            let bytes = pcap(&frames, file, of_node, if raw { 101 } else { 1 });
            let target = folder.join(format!("{path}.pcap"));
            fs::create_dir_all(target.parent().expect("a file lies in a folder")).unwrap();
            fs::write(target, bytes).unwrap();
            recording.names.insert(path, station);
            recording.windows.insert(station, window);
            recording.add(station, &frames, file);
        }
    }
    recording
}

impl Recording {
    fn add(&mut self, station: Station, frames: &[&Frame], file: FileSpec) {
        self.packets.insert(station, frames.len() as u64);
        self.frames += frames.len() as u64;
        if let (Some(first), Some(last)) = (frames.first(), frames.last()) {
            self.spans.insert(station, (first.time, last.time));
        }
        let mut parts: HashMap<(AtomId, usize), Vec<Piece>> = HashMap::new();
        for (number, frame) in (1u64..).zip(frames) {
            let readable = frame.headers <= file.snap_length as usize;
            for &atom in &frame.atoms {
                let place = (atom, frame.hop);
                if let Some(part) = frame.part {
                    let parts = parts.entry(place).or_default();
                    if parts.contains(&part) {
                        continue;
                    }
                    parts.push(part);
                    if parts.iter().map(|p| p.len).sum::<usize>() < part.total {
                        continue;
                    }
                    // The next complete set is a copy.
                    parts.clear();
                }
                self.shown.entry((station, number)).or_default().push(place);
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
    time + drift + i64::from(node.clock_ms) * 1_000_000
}

fn pcap(frames: &[&Frame], file: FileSpec, node: &NodeSpec, link_type: u32) -> Vec<u8> {
    let magic: u32 = if file.nanoseconds {
        0xa1b2_3c4d
    } else {
        0xa1b2_c3d4
    };
    let mut bytes = magic.to_le_bytes().to_vec();
    bytes.extend([2, 0, 4, 0]);
    for value in [0, 0, file.snap_length, link_type] {
        bytes.extend(value.to_le_bytes());
    }
    for frame in frames {
        let time = on_clock(node, frame.time);
        let fraction = time.rem_euclid(1_000_000_000);
        let fraction = if file.nanoseconds {
            fraction
        } else {
            fraction / 1000
        };
        let len = frame.bytes.len().min(file.snap_length as usize);
        for value in [
            time.div_euclid(1_000_000_000) as u32,
            fraction as u32,
            len as u32,
            frame.bytes.len() as u32,
        ] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(&frame.bytes[..len]);
    }
    bytes
}
