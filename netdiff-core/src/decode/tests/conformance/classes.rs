//! Why two decoders disagree: every known class of disagreement, with its reason.

use super::expected::ExpectedRow;
use crate::decode::{Layer, LayerKind, Packet};

/// Whether the rows of a class count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// netdiff means to decode them.
    In,
    /// netdiff does not mean to decode them.
    Out,
}

/// A class of disagreement.
pub(super) struct Class {
    pub(super) name: &'static str,
    pub(super) reason: &'static str,
    pub(super) scope: Scope,
    applies: fn(&ExpectedRow, &Packet) -> bool,
}

/// The known classes. A row belongs to the first that applies.
const CLASSES: [Class; 7] = [
    Class {
        name: "tunnel port as source only",
        reason: "A VXLAN or Geneve port is the source port, not the destination. The kernel decapsulates \
                 by destination port, and so does netdiff; the other decoder looks at either.",
        scope: Scope::In,
        applies: |_, packet| is_from_tunnel_port(packet),
    },
    Class {
        name: "pseudowire with a control word",
        reason: "netdiff finds the frame behind the control word; the other decoder guesses a \
                 pseudowire without one and shows data.",
        scope: Scope::In,
        applies: |row, packet| row.stack.contains("pwethnocw") && packet.innermost_ip().is_some(),
    },
    Class {
        name: "damaged packet behind MPLS",
        reason: "A damaged packet whose first bits say IPv4: netdiff keeps the addresses of a header \
                 whose options are cut, the other decoder shows data.",
        scope: Scope::In,
        applies: |row, packet| row.stack.contains("mpls:data") && packet.innermost_ip().is_some(),
    },
    Class {
        name: "compressed payload",
        reason: "IPComp (RFC 3173): netdiff does not inflate payloads.",
        scope: Scope::Out,
        applies: |row, _| row.stack.contains(":ipcomp"),
    },
    Class {
        name: "sampled headers",
        reason: "sFlow reports the headers of sampled packets; they are not tunneled packets.",
        scope: Scope::Out,
        applies: |row, _| row.stack.contains(":sflow"),
    },
    Class {
        name: "wireless frames in GRE",
        reason: "802.11 frames, which netdiff declines by name, inside GRE.",
        scope: Scope::Out,
        applies: |row, _| row.stack.contains("gre:wlan"),
    },
    Class {
        name: "Cisco metadata tag",
        reason: "A tag between Ethernet header and packet (Ethernet type 0x8909) that netdiff does \
                 not decode.",
        scope: Scope::Out,
        applies: |row, _| row.stack.contains(":cmd:"),
    },
];

/// What has no reason yet.
pub(super) const UNEXPLAINED: Class = Class {
    name: "unexplained",
    reason: "To be looked into.",
    scope: Scope::In,
    applies: |_, _| true,
};

/// The class of a disagreement.
pub(super) fn class_of(row: &ExpectedRow, packet: &Packet) -> &'static Class {
    let mut classes = CLASSES.iter();
    let class = classes.find(|class| (class.applies)(row, packet));
    class.unwrap_or(&UNEXPLAINED)
}

fn is_from_tunnel_port(packet: &Packet) -> bool {
    let last = packet.layers().last();
    last.is_some_and(|placed| match placed.layer {
        Layer::Udp(udp) => {
            placed.layer.kind() == LayerKind::Udp
                && matches!(udp.source_port, 4789 | 4790 | 6081 | 8472)
        }
        _ => false,
    })
}
