//! Kinds of difference in a sentence, for readers who meet them outside a report.

use crate::diff::DifferenceKind;

/// What a kind of difference says; empty if there is none of that name.
pub(super) fn kind_meaning(name: &str) -> &'static str {
    let kind = DifferenceKind::ALL.iter().find(|kind| kind.name() == name);
    kind.map_or("", |kind| meaning(*kind))
}

const fn meaning(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Delivery => text!("packets that arrive in one set do not in the other"),
        DifferenceKind::Loss => {
            text!("more packets are lost in one set, where some arrive in both")
        }
        DifferenceKind::Answers => text!("what was answered in one set is not in the other"),
        DifferenceKind::Path => text!("packets take other hops"),
        DifferenceKind::Encapsulation => text!("packets are carried between nodes in another way"),
        DifferenceKind::Translation => text!("addresses or ports are rewritten in one set only"),
        DifferenceKind::Resets => text!("connections are reset in one set"),
        DifferenceKind::RoundTrip => text!("answers take much longer in one set"),
        DifferenceKind::Delay => text!("the way between two hops takes much longer in one set"),
        DifferenceKind::Retransmissions => text!("segments are sent again more often in one set"),
        DifferenceKind::Fragmentation => text!("packets come in fragments in one set only"),
        DifferenceKind::Ttl => text!("packets come through more or fewer routers"),
        DifferenceKind::Mss => text!("TCP's maximum segment size differs"),
        DifferenceKind::Marking => {
            text!("DSCP, ECN, DF or VLAN are changed on the way in one set only")
        }
        DifferenceKind::Duplicates => text!("copies of packets are seen in one set only"),
        DifferenceKind::Vni => text!("tunnels have another virtual network identifier"),
        DifferenceKind::TunnelPort => text!("tunnels have another UDP port"),
        DifferenceKind::OuterAddressing => {
            text!("tunnel endpoints share a subnet in one set and not in the other")
        }
        DifferenceKind::OuterChecksum => text!("tunnels carry a UDP checksum in one set only"),
        DifferenceKind::InnerChecksum => {
            text!("tunneled packets have a wrong checksum in one set only")
        }
        DifferenceKind::IcmpErrors => {
            text!("one set has ICMP errors of a kind that the other has not")
        }
        DifferenceKind::Arp => text!("ARP requests stay unanswered in one set"),
        DifferenceKind::Coverage => text!("a part of the way was captured in one set only"),
        DifferenceKind::Unpaired => text!("a flow has no counterpart in the other set"),
    }
}
