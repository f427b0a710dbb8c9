//! What each hop changed in the packets that pass it, and whether that is to be expected there.
//!
//! | field | expected |
//! |---|---|
//! | TTL | one less behind a router; the same on a bridge, into and out of a tunnel |
//! | addresses | only where a node routes: bridges do not translate |
//! | VLAN | where a tag is put on or taken off between an uplink and what carries it |
//! | DSCP, ECN | never but for ECN's mark of congestion (CE), which a router on the way sets |
//! | maximum segment size | never: somebody clamps it, to make room for a tunnel as a rule |
//! | don't fragment | never |
//!
//! MAC addresses change with every router and checksums with every offload: neither is looked at.

use std::collections::BTreeMap;

use super::conversation::Seen;
use super::flow::Track;
use super::hop::{Change, Field};
use super::layout::Layout;
use super::place::Place;
use crate::types::Role;

/// ECN's two bits in the traffic class, and its mark of congestion (RFC 3168).
const ECN: u8 = 0b11;

/// Everything that differs between two neighboring places, in order of fields and values.
pub(super) fn between(from: Place, to: Place, track: &Track, layout: Layout<'_>) -> Vec<Change> {
    let mut counts: BTreeMap<(Field, String, String, bool), u64> = BTreeMap::new();
    for trip in &track.matched.trips {
        let at = |place| trip.sightings.get(&place).and_then(|&i| track.seen.get(i));
        let (Some(before), Some(after)) = (at(from), at(to)) else {
            continue;
        };
        for (field, old, new) in differences(before, after) {
            let expected = is_expected(field, (from, before), (to, after), layout);
            *counts.entry((field, old, new, expected)).or_default() += trip.stands_for;
        }
    }
    counts
        .into_iter()
        .map(|((field, before, after, expected), packets)| Change {
            field,
            before,
            after,
            packets,
            expected,
        })
        .collect()
}

fn differences(before: &Seen, after: &Seen) -> Vec<(Field, String, String)> {
    let (old, new) = (&before.sighting, &after.sighting);
    let endpoint = |address: std::net::IpAddr, port: u16| match port {
        0 => address.to_string(),
        port if address.is_ipv6() => format!("[{address}]:{port}"),
        port => format!("{address}:{port}"),
    };
    let number = |value: Option<u16>| value.map_or_else(|| "none".to_owned(), |n| n.to_string());
    let all = [
        (
            Field::Source,
            endpoint(old.key.source, old.key.source_port),
            endpoint(new.key.source, new.key.source_port),
        ),
        (
            Field::Destination,
            endpoint(old.key.destination, old.key.destination_port),
            endpoint(new.key.destination, new.key.destination_port),
        ),
        (Field::Ttl, old.ttl.to_string(), new.ttl.to_string()),
        (
            Field::Dscp,
            (old.marks.traffic_class >> 2).to_string(),
            (new.marks.traffic_class >> 2).to_string(),
        ),
        (
            Field::Ecn,
            (old.marks.traffic_class & ECN).to_string(),
            (new.marks.traffic_class & ECN).to_string(),
        ),
        (
            Field::DontFragment,
            old.marks.dont_fragment.to_string(),
            new.marks.dont_fragment.to_string(),
        ),
        (Field::Vlan, number(old.marks.vlan), number(new.marks.vlan)),
        (
            Field::MaximumSegmentSize,
            number(old.marks.maximum_segment_size),
            number(new.marks.maximum_segment_size),
        ),
    ];
    all.into_iter().filter(|(_, old, new)| old != new).collect()
}

fn is_expected(
    field: Field,
    (from, before): (Place, &Seen),
    (to, after): (Place, &Seen),
    layout: Layout<'_>,
) -> bool {
    let same_node = layout.node(from.point) == layout.node(to.point);
    let roles = (layout.role(from.point), layout.role(to.point));
    let bridged =
        same_node && matches!(roles, (Role::Pod | Role::Bridge, Role::Pod | Role::Bridge));
    let lower = before.sighting.ttl.checked_sub(after.sighting.ttl);
    match field {
        Field::Ttl => lower == Some(1) && !bridged,
        Field::Source | Field::Destination => same_node,
        Field::Vlan => roles == (Role::Uplink, Role::Uplink),
        Field::Ecn => {
            let congested = after.sighting.marks.traffic_class & ECN == ECN;
            congested && before.sighting.marks.traffic_class & ECN != 0
        }
        Field::Dscp | Field::DontFragment | Field::MaximumSegmentSize => false,
    }
}
