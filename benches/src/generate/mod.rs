//! Writes capture sets of any size, whose truth is known: two nodes of a flannel cluster, four points each.

mod capture;
mod flow;
mod frame;
mod random;
mod shape;

use std::fs;
use std::io;
use std::path::Path;

use capture::Capture;
use flow::{Flow, Step};
use frame::{Macs, Outer};
use random::Random;
pub use shape::{Kind, Shape};

/// Node, interface, TTL of a packet that passes as the n-th point, and nanoseconds since it was sent.
const POINTS: [(&str, &str); 8] = [
    ("k8s-master1", "veth1a2b3c4d"),
    ("k8s-master1", "cni0"),
    ("k8s-master1", "flannel.1"),
    ("k8s-master1", "eth0"),
    ("k8s-node2", "eth0"),
    ("k8s-node2", "flannel.1"),
    ("k8s-node2", "cni0"),
    ("k8s-node2", "veth5e6f7a8b"),
];

/// TTL at the n-th point of the way.
const TTL: [u8; 8] = [64, 64, 63, 63, 63, 63, 62, 62];

/// When the n-th point of the way sees a packet, in nanoseconds since it was sent.
const DELAY: [i64; 8] = [0, 1_000, 9_000, 14_000, 120_000, 120_000, 129_000, 131_000];

/// The addresses of the nodes.
const NODES: [[u8; 4]; 2] = [[192, 168, 10, 10], [192, 168, 10, 11]];

/// When the captures begin: nanoseconds since 1970.
const START: i64 = 1_700_000_000_000_000_000;

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Packets that were sent.
    pub sent: u64,
    /// Those that did not arrive.
    pub lost: u64,
    /// Packets in each file, in the order of the way.
    pub packets: [u64; 8],
    /// Bytes of all files.
    pub bytes: u64,
}

/// Writes a set of eight files into a folder, the same for the same shape.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn generate(shape: &Shape, folder: &Path) -> io::Result<Truth> {
    let mut captures = Vec::with_capacity(POINTS.len());
    for (node, interface) in POINTS {
        fs::create_dir_all(folder.join(node))?;
        let path = folder
            .join(node)
            .join(interface)
            .with_extension(extension(interface));
        captures.push(Capture::create(&path)?);
    }
    let mut random = Random::new(shape.seed);
    let mut flows: Vec<Flow> = (0..shape.flows)
        .map(|number| Flow::new(number, shape, &mut random))
        .collect();
    let mut truth = Truth::default();
    let pause = 1_000_000_000 / i64::from(shape.rate.max(1));
    for number in 0..shape.packets {
        let now = START + i64::try_from(number).unwrap_or(0) * pause;
        let chosen = usize::try_from(random.below(flows.len().max(1) as u64)).unwrap_or(0);
        let Some(flow) = flows.get_mut(chosen) else {
            break;
        };
        let step = flow.next(now, shape, &mut random);
        let mut points = POINTS.len();
        if step.asks && random.below(1_000_000) < u64::from(shape.lost) {
            points = 1 + usize::try_from(random.below(7)).unwrap_or(0);
            flow.skip_answer();
            truth.lost += 1;
        }
        truth.sent += 1;
        pass(&step, now, points, &mut captures);
        for capture in &mut captures {
            capture.write_before(now)?;
        }
    }
    for (capture, packets) in captures.into_iter().zip(&mut truth.packets) {
        *packets = capture.packets;
        truth.bytes += capture.finish()?;
    }
    Ok(truth)
}

/// Interfaces have dots in their names.
fn extension(interface: &str) -> String {
    match interface.split_once('.') {
        Some((_, rest)) => format!("{rest}.pcap"),
        None => "pcap".to_owned(),
    }
}

/// One packet passes so many points of its way.
fn pass(step: &Step, now: i64, points: usize, captures: &mut [Capture]) {
    let content = step.packet.content();
    for nth in 0..points {
        let at = if step.forward {
            nth
        } else {
            POINTS.len() - 1 - nth
        };
        let (Some(capture), Some(ttl), Some(delay)) =
            (captures.get_mut(at), TTL.get(nth), DELAY.get(nth))
        else {
            continue;
        };
        let (from, to) = if step.forward { (0, 1) } else { (1, 0) };
        let tunneled = POINTS
            .get(at)
            .is_some_and(|(_, interface)| *interface == "eth0");
        let outer = tunneled.then(|| Outer {
            macs: macs(0xE0, from, to),
            source: NODES[usize::from(from)],
            destination: NODES[usize::from(to)],
            source_port: 40_000
                + u16::from(step.packet.source[3]) * 16
                + u16::from(step.packet.destination[3]),
        });
        let frame = step
            .packet
            .frame(&content, *ttl, macs(link(nth), from, to), outer);
        capture.add(now + delay, frame);
    }
}

/// Which link a point of the way lies on: the sender's bridge, the tunnel, or the receiver's bridge.
const fn link(nth: usize) -> u8 {
    match nth {
        0 | 1 => 0xA0,
        6 | 7 => 0xB0,
        _ => 0xC0,
    }
}

const fn macs(link: u8, from: u8, to: u8) -> Macs {
    Macs {
        source: [0x0A, link, 0, 0, 0, from],
        destination: [0x0A, link, 0, 0, 1, to],
    }
}
