//! Parts the sightings of a conversation by what they are, before units are made of them.

use std::collections::HashSet;

use super::super::pieces::distance;
use super::conversations::View;
use super::gather::Gathered;
use super::sorted::{Fact, MAX_PLACES};
use crate::identify::{Detail, Glance, PacketClass, TcpFlags};
use crate::types::FlowKey;

/// One sighting while units are made.
#[derive(Clone, Copy, Default)]
pub(super) struct Placed {
    /// What is equal of one unit; of TCP's bytes, how far they begin behind the first ones.
    pub(super) id: u64,
    /// How many bytes of TCP it takes.
    pub(super) len: u32,
    pub(super) index: u32,
    pub(super) place: u8,
    pub(super) plain: bool,
}

/// Distances in order, as numbers without a sign.
pub(super) const MIDDLE: u64 = 1 << 32;

impl Placed {
    /// Of TCP's bytes, how far behind the first ones they begin and end.
    pub(super) const fn bytes(&self) -> (u64, u64) {
        (self.id, self.id + self.len as u64)
    }
}

/// The sightings of a conversation by what they are, while units are made.
#[derive(Default)]
pub(super) struct Parted {
    /// Of TCP's bytes, by direction.
    pub(super) data: [Vec<Placed>; 2],
    /// The others, by way.
    pub(super) whole: [Vec<Placed>; 3],
    /// From which TCP's bytes count, by direction.
    pub(super) bases: [Option<u32>; 2],
    /// Of its SYN.
    starts: [Option<u32>; 2],
}

/// The things between each two bounds.
pub(super) fn spans<'a, T>(things: &'a [T], bounds: &'a [usize]) -> impl Iterator<Item = &'a [T]> {
    bounds.windows(2).filter_map(|bounds| match *bounds {
        [from, to] => things.get(from..to),
        _ => None,
    })
}

/// Segments by their bytes, then by place; those that are equal are gathered before, since most are.
pub(super) fn in_order(data: Vec<Placed>) -> Vec<Placed> {
    let bytes = |p: &Placed| p.id << 31 ^ u64::from(p.len);
    let gathered = Gathered::new(data.iter().map(bytes));
    let (data, begins) = gathered.sorted(data.into_iter());
    let mut equal: Vec<&[Placed]> = spans(&data, &begins).collect();
    let key = |p: &Placed| (p.id, p.len);
    equal.sort_by_key(|equal| equal.first().map(key));
    let mut sorted: Vec<Placed> = Vec::with_capacity(data.len());
    for equal in equal.chunk_by(|a, b| a.first().map(key) == b.first().map(key)) {
        let start = sorted.len();
        equal
            .iter()
            .for_each(|equal| sorted.extend_from_slice(equal));
        if let Some(own) = sorted.get_mut(start..) {
            by_place(own, |p| (p.place, p.index));
        }
    }
    sorted
}

/// Most come in this order.
pub(super) fn by_place<T, K: Ord>(those: &mut [T], key: impl Fn(&T) -> K + Copy) {
    if !those.is_sorted_by_key(key) {
        those.sort_by_key(key);
    }
}

impl Parted {
    /// `None` where it cannot be told from others.
    pub(super) fn take(
        &mut self,
        index: u32,
        row: &Glance,
        view: View<'_>,
        quoted: &HashSet<(FlowKey, u64)>,
    ) -> Option<()> {
        let fact = view.fact(row)?;
        let odd = if row.mark == 0 { None } else { view.odd(row) };
        if fact.class == PacketClass::IcmpError {
            return Some(());
        }
        if usize::from(fact.place) >= MAX_PLACES {
            return None;
        }
        let mut placed = Placed {
            id: row.full,
            len: 0,
            place: fact.place,
            plain: fact.telling,
            index,
        };
        if let Some(odd) = odd {
            placed.id = odd.fingerprint.full?;
            placed.plain &= odd.fragments == 1 && odd.detail != Detail::LinkLocal;
            if let Detail::Tcp {
                header_len,
                control,
                ..
            } = odd.detail
            {
                header_len.zip(control)?;
            }
        }
        if fact.quoted && view.is_quoted(row, quoted) {
            placed.plain = false;
        }
        let side = usize::from(fact.back);
        match fact.class {
            PacketClass::Tcp => return self.take_segment(placed, row, fact),
            PacketClass::Query(_) => {
                placed.id = u64::from(row.sequence);
                self.whole.get_mut(2)?.push(placed);
            }
            PacketClass::Datagram | PacketClass::IcmpError => {
                self.whole.get_mut(side)?.push(placed);
            }
        }
        Some(())
    }

    /// Takes a TCP segment; `None` where another connection used the same ports.
    fn take_segment(&mut self, mut placed: Placed, row: &Glance, fact: &Fact) -> Option<()> {
        let side = usize::from(fact.back);
        let flags = TcpFlags(row.flags);
        let is = |bits| u32::from(flags.any(bits));
        placed.plain &= !flags.any(TcpFlags::SYN | TcpFlags::FIN | TcpFlags::RST);
        if flags.any(TcpFlags::SYN)
            && *self.starts.get_mut(side)?.get_or_insert(row.sequence) != row.sequence
        {
            return None;
        }
        let headers = u32::from(fact.header_len) + u32::from(row.header_len);
        let len = row.ip_len.saturating_sub(headers);
        placed.len = len.saturating_add(is(TcpFlags::SYN) + is(TcpFlags::FIN));
        let base = *self.bases.get_mut(side)?.get_or_insert(row.sequence);
        if placed.len == 0 {
            self.whole.get_mut(side)?.push(placed);
        } else {
            placed.id = MIDDLE.saturating_add_signed(distance(base, row.sequence));
            self.data.get_mut(side)?.push(placed);
        }
        Some(())
    }
}
