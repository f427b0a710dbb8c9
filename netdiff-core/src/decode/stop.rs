//! Why decoding stopped, and what was odd on the way.

use std::fmt;

use super::LayerKind;

/// Whose length ended a layer too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// The capture: its snap length cut the packet.
    Capture,
    /// The length field of an enclosing header.
    EnclosingHeader,
}

/// A named oddity: a dotted id such as `ipv4.total-length-zero`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Anomaly(pub &'static str);

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Why no further layer follows the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// What follows is payload: the packet is decoded as far as netdiff goes.
    Payload,
    /// A later fragment: what follows is the middle of a datagram.
    Fragment,
    /// What follows is encrypted.
    Encrypted,
    /// A header does not fit.
    Truncated {
        /// The layer that was being decoded.
        layer: LayerKind,
        /// Where it begins, in bytes from the start of the packet.
        offset: u32,
        /// Bytes that the layer needs.
        needed: u32,
        /// Bytes that there are.
        available: u32,
        /// Whose length it was.
        limit: Limit,
    },
    /// A header contradicts its specification.
    Malformed {
        /// The layer that was being decoded.
        layer: LayerKind,
        /// Where it begins, in bytes from the start of the packet.
        offset: u32,
        /// What is wrong.
        anomaly: Anomaly,
    },
    /// A protocol that netdiff does not decode.
    Unsupported {
        /// The layer that announced it; `None` for the link type itself.
        after: Option<LayerKind>,
        /// The number by which it was announced (Ethernet type, IP protocol, link type …).
        number: u32,
    },
    /// More nested layers than [`Packet::MAX_LAYERS`](super::Packet::MAX_LAYERS).
    TooDeep,
}
