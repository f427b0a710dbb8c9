//! What a case is made of: plain values, so that a failing case can be shrunk and read.

use std::fmt;

use super::topology::{Place, Station};

/// How the nodes reach each other's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    HostGateway,
    Vxlan,
    Geneve,
    IpInIp,
}

/// A case: a cluster, what it is asked to carry and what goes wrong.
#[derive(Clone)]
pub struct WorldSpec {
    pub overlay: Overlay,
    pub nodes: Vec<NodeSpec>,
    pub conversations: Vec<ConversationSpec>,
    pub offload: OffloadSpec,
    /// The pods' MTU leaves no room for the tunnel, whose packets are cut at the uplink.
    pub oversize: bool,
    /// Nodes put fragments together and cut them anew, as connection tracking does.
    pub defragment: bool,
    pub losses: Vec<LossSpec>,
    pub copies: Vec<CopySpec>,
    /// How many of a hundred packets are overtaken between nodes.
    pub reordered: u8,
}

/// One node. Clock and files tell what its captures show of the truth.
#[derive(Clone)]
pub struct NodeSpec {
    /// First pod, second pod, bridge, tunnel device, uplink.
    pub files: [FileSpec; 5],
    pub clock_ms: i32,
    pub drift_ppm: i8,
    /// So long after the beginning, the clock is set forth or back by so much.
    pub step_ms: Option<(u16, i32)>,
    pub container: Container,
}

/// How a node's captures were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A file for each interface.
    Files,
    /// One file for all interfaces, whose packets say which they came by (`-i any`, Linux cooked v2).
    Any,
    /// The same, and they do not say it (Linux cooked v1).
    Merged,
}

impl WorldSpec {
    /// The node of a station.
    pub fn node(&self, station: Station) -> &NodeSpec {
        &self.nodes[usize::from(station.node())]
    }
}

impl NodeSpec {
    /// The file that shows an interface, if that is captured.
    pub fn file(&self, place: Place) -> FileSpec {
        match self.container {
            Container::Files => self.files[place.index()],
            Container::Any | Container::Merged => self.files[Place::Uplink.index()],
        }
    }
}

/// One capture.
#[derive(Clone, Copy, Debug)]
pub struct FileSpec {
    pub captured: bool,
    pub snap_length: u32,
    /// How much later than the first packet of all it begins, and how much earlier than the last it ends.
    pub late_ms: u16,
    pub early_ms: u16,
    pub nanoseconds: bool,
    /// How many files it is rotated over.
    pub parts: u8,
}

/// Segmentation and receive offload.
#[derive(Clone, Copy, Debug)]
pub struct OffloadSpec {
    /// Pods send packets of up to this many segments; 1 is no offload.
    pub segments: u8,
    /// The sender's network card cuts them, so that its uplink still shows the long ones.
    pub by_card: bool,
    pub merge: Merge,
}

/// Where a receiving node merges segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    Never,
    Uplink,
    Vtep,
}

/// Which end a conversation has. Numbers are taken modulo what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndSpec {
    Pod(u8, u8),
    Node(u8),
}

#[derive(Clone, Debug)]
pub struct ConversationSpec {
    pub from: EndSpec,
    pub to: EndSpec,
    pub start_ms: u16,
    pub traffic: Traffic,
    pub ipv6: bool,
    pub translation: Translation,
    pub trouble: Trouble,
    pub seed: u16,
}

#[derive(Clone, Copy, Debug)]
pub enum Traffic {
    Ping {
        count: u8,
        size: u16,
        interval_ms: u16,
    },
    Udp {
        count: u8,
        size: u16,
        interval_ms: u16,
        /// IP identification 0.
        unnumbered: bool,
        /// Every payload the same.
        equal: bool,
    },
    Tcp {
        exchanges: u8,
        request: u16,
        response: u16,
        pause_ms: u16,
        timestamps: bool,
        /// The sequence numbers wrap around.
        wraps: bool,
        zeros: bool,
        /// Receivers say what they have beyond a hole.
        sack: bool,
        /// How often the client asks whether the server is still there.
        keep_alives: u8,
        end: TcpEnd,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpEnd {
    Open,
    Fin,
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Translation {
    None,
    /// The client calls a service's address.
    ClusterIp,
    /// The sender's node puts its own address (and another port) in place of the pod's.
    Masquerade,
    /// Somebody outside the cluster calls a port of a node, which passes the call on under its own address.
    NodePort,
    /// A pod calls a service and is itself behind it.
    Hairpin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// A node answers in place of the receiver: behind the `at`-th place of the way (modulo its length).
    Reject {
        at: u8,
        reset: bool,
    },
    /// Two nodes send the packets to and fro.
    Loop,
}

/// Packets get lost between two neighboring stations of the first conversation's way.
#[derive(Clone, Copy, Debug)]
pub struct LossSpec {
    /// Which of them, modulo their number.
    pub at: u8,
    /// Of the way back.
    pub back: bool,
    /// How many of a hundred; 100 is a block.
    pub percent: u8,
    pub only: Only,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    All,
    Tcp,
    /// Packets that are longer than 1000 bytes.
    Large,
}

/// Exact copies appear at a station of the first conversation's way.
#[derive(Clone, Copy, Debug)]
pub struct CopySpec {
    pub at: u8,
    pub percent: u8,
    /// The copies travel on.
    pub onward: bool,
}

// A failing case is read by people: a line a thing, and nothing that is as usual.

impl fmt::Debug for WorldSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:?}, oversize {}, defragment {}, reordered {} %, {:?}",
            self.overlay, self.oversize, self.defragment, self.reordered, self.offload
        )?;
        for (number, node) in self.nodes.iter().enumerate() {
            writeln!(f, "  node {number}: {node:?}")?;
        }
        for (number, conversation) in self.conversations.iter().enumerate() {
            writeln!(f, "  {number}: {conversation:?}")?;
        }
        let loss = self.losses.iter().map(|loss| format!("{loss:?}"));
        let copies = self.copies.iter().map(|copies| format!("{copies:?}"));
        loss.chain(copies)
            .try_for_each(|line| writeln!(f, "  {line}"))
    }
}

impl fmt::Debug for NodeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clock {} ms, {} ppm", self.clock_ms, self.drift_ppm)?;
        if let Some((after, by)) = self.step_ms {
            write!(f, ", set by {by} ms after {after} ms")?;
        }
        if self.container != Container::Files {
            write!(f, "; {:?}", self.container)?;
        }
        let names = ["pod 0", "pod 1", "bridge", "vtep", "uplink"];
        for (name, file) in names.iter().zip(&self.files) {
            if !file.captured {
                write!(f, "; {name} not captured")?;
                continue;
            }
            if file.snap_length < 262_144 {
                write!(f, "; {name} snap length {}", file.snap_length)?;
            }
            if file.parts > 1 {
                write!(f, "; {name} in {} parts", file.parts)?;
            }
            if file.late_ms + file.early_ms > 0 {
                let cut = (file.late_ms, file.early_ms);
                write!(f, "; {name} late, early by {cut:?} ms")?;
            }
        }
        Ok(())
    }
}

impl Default for OffloadSpec {
    fn default() -> Self {
        Self {
            segments: 1,
            by_card: false,
            merge: Merge::Never,
        }
    }
}
