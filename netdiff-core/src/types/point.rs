//! Capture points: where packets were seen.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a capture was taken: an interface of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CapturePoint {
    /// The node's name, as the capture set gives it.
    pub node: Box<str>,
    /// The interface's name on that node.
    pub interface: Box<str>,
}

impl CapturePoint {
    /// The point `node/interface`.
    #[must_use]
    pub fn new(node: &str, interface: &str) -> Self {
        Self {
            node: node.into(),
            interface: interface.into(),
        }
    }
}

impl fmt::Display for CapturePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.node, self.interface)
    }
}

/// Index of a capture point in its set's sorted list of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PointId(pub u32);

impl PointId {
    /// As an index into a list of points.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Index of a capture file in its set's sorted list of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FileId(pub u32);

impl FileId {
    /// As an index into a list of files.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A packet's place in its file, counted from 1: Wireshark's frame number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PacketNumber(pub u64);

impl fmt::Display for PacketNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The part that an interface plays on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The host end of a pod's link, or the pod's own interface.
    Pod,
    /// A bridge that joins the pods of one node.
    Bridge,
    /// A tunnel device: packets are seen inside the tunnel, without its headers.
    Vtep,
    /// An interface towards the other nodes.
    Uplink,
    /// The loopback interface.
    Loopback,
    /// Several interfaces in one capture that cannot be told apart.
    Merged,
    /// Nothing is known.
    Unknown,
}

impl Role {
    /// The word used in reports and manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Bridge => "bridge",
            Self::Vtep => "vtep",
            Self::Uplink => "uplink",
            Self::Loopback => "loopback",
            Self::Merged => "merged",
            Self::Unknown => "unknown",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Pod,
            Self::Bridge,
            Self::Vtep,
            Self::Uplink,
            Self::Loopback,
            Self::Merged,
            Self::Unknown,
        ]
        .into_iter()
        .find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
