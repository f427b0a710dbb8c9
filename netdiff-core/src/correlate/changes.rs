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
use std::fmt;
use std::net::IpAddr;

use super::conversation::Seen;
use super::hop::{Change, Field};
use super::layout::Layout;
use super::place::Place;
use super::trip::Trip;
use crate::identify::Sighting;
use crate::types::Role;

/// ECN's two bits in the traffic class, and its mark of congestion (RFC 3168).
const ECN: u8 = 0b11;

/// Everything that differs between two neighboring places, in order of fields and values.
///
/// `trips` are those of the first place, or more.
pub(super) fn between<'a>(
    (from, to): (Place, Place),
    trips: impl Iterator<Item = &'a Trip>,
    seen: &[Seen],
    layout: Layout<'_>,
) -> Vec<Change> {
    let mut counts: BTreeMap<(Field, Value, Value, bool), u64> = BTreeMap::new();
    for trip in trips {
        let at = |place| trip.sightings.get(place).and_then(|i| seen.get(i));
        let (Some(before), Some(after)) = (at(from), at(to)) else {
            continue;
        };
        let (old, new) = (&before.sighting, &after.sighting);
        if (old.ttl, old.marks, old.key) == (new.ttl, new.marks, new.key) {
            continue;
        }
        for (field, old, new) in differences(before, after) {
            let expected = is_expected(field, (from, before), (to, after), layout);
            *counts.entry((field, old, new, expected)).or_default() += trip.stands_for;
        }
    }
    let mut as_text: BTreeMap<(Field, String, String, bool), u64> = BTreeMap::new();
    for ((field, old, new, expected), packets) in counts {
        let text = (field, old.to_string(), new.to_string(), expected);
        *as_text.entry(text).or_default() += packets;
    }
    as_text
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

/// What a field holds: put into words only once all packets are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    None,
    Number(u16),
    Truth(bool),
    /// An address and a port (ICMP identifier), 0 where there is none.
    Endpoint(IpAddr, u16),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::None => f.write_str("none"),
            Self::Number(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
            Self::Endpoint(address, 0) => address.fmt(f),
            Self::Endpoint(address, port) if address.is_ipv6() => write!(f, "[{address}]:{port}"),
            Self::Endpoint(address, port) => write!(f, "{address}:{port}"),
        }
    }
}

/// As a rule only the TTL differs, or nothing.
fn differences(before: &Seen, after: &Seen) -> impl Iterator<Item = (Field, Value, Value)> {
    let both = [values(&before.sighting), values(&after.sighting)];
    let [old, new] = both.map(IntoIterator::into_iter);
    let pairs = old.zip(new);
    pairs
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| (field, old, new))
}

fn values(sighting: &Sighting) -> [(Field, Value); 8] {
    let (key, marks) = (&sighting.key, &sighting.marks);
    let number = |value: Option<u16>| value.map_or(Value::None, Value::Number);
    let small = |value: u8| Value::Number(u16::from(value));
    [
        (Field::Source, Value::Endpoint(key.source, key.source_port)),
        (
            Field::Destination,
            Value::Endpoint(key.destination, key.destination_port),
        ),
        (Field::Ttl, small(sighting.ttl)),
        (Field::Dscp, small(marks.traffic_class >> 2)),
        (Field::Ecn, small(marks.traffic_class & ECN)),
        (Field::DontFragment, Value::Truth(marks.dont_fragment)),
        (Field::Vlan, number(marks.vlan)),
        (
            Field::MaximumSegmentSize,
            number(marks.maximum_segment_size),
        ),
    ]
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
