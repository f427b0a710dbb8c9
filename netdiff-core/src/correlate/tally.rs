//! What became of a direction's packets, counted: what is left of them when the packets themselves are gone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::basis::Basis;
use super::disposition::Disposition;
use super::over_time::OverTime;
use super::timeline::Journey;
use crate::identify::{Evidence, TcpFlags};

/// What became of a direction's packets, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tally {
    /// Packets by what became of them, in order of the disposition. Of loops, one entry a point, with the most rounds.
    #[serde(with = "entries")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<(Disposition, EndCount)>"))]
    pub ends: BTreeMap<Disposition, EndCount>,
    /// TCP segments that begin a connection.
    pub opened: u64,
    /// TCP segments that reset one.
    pub resets: u64,
    /// TCP segments with data or a SYN or FIN.
    pub sent: u64,
    /// Of `sent`, those that carry what one before them carried: retransmissions.
    pub sent_again: u64,
    /// Packets that came in fragments somewhere.
    pub fragmented: u64,
    /// Bytes that were acknowledged, between bytes that were seen, and that no capture shows: a gap of the captures, not a loss.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unseen_bytes: u64,
    /// When its packets met their ends, by the clock of the node that saw them first; empty where the packets are gone (a baseline).
    #[serde(skip)]
    pub over_time: OverTime,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How many packets met one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EndCount {
    /// Packets.
    pub packets: u64,
    /// Length in bytes of the shortest inner-most IP packet.
    pub shortest: u32,
    /// Length in bytes of the longest inner-most IP packet.
    pub longest: u32,
    /// On what the expectation rests, of the first one.
    pub basis: Option<Basis>,
    /// The first of them, where it was last seen; `None` where the packets are gone (a baseline).
    pub first: Option<Evidence>,
}

impl Tally {
    /// Counts journeys in the order of their times.
    #[must_use]
    pub fn of(journeys: &[Journey]) -> Self {
        let mut tally = Self::default();
        let mut sent: BTreeSet<(u16, u32, u32)> = BTreeSet::new();
        for journey in journeys {
            tally.note_end(journey);
            let packets = journey.stands_for;
            tally
                .over_time
                .note(journey.time, journey.disposition, packets);
            let has = |flag| journey.flags.is_some_and(|flags| flags.any(flag));
            tally.opened += packets * u64::from(has(TcpFlags::SYN));
            tally.resets += packets * u64::from(has(TcpFlags::RST));
            tally.fragmented += packets * u64::from(journey.fragments > 1);
            if let Some((from, to)) = journey.sequence.filter(|(from, to)| from != to) {
                tally.sent += packets;
                tally.sent_again += u64::from(!sent.insert((journey.port, from, to)));
            }
        }
        tally
    }

    fn note_end(&mut self, journey: &Journey) {
        let (len, last) = (journey.ip_len, journey.last());
        let end = match journey.disposition {
            Disposition::Looped { at, rounds } => self.longest_loop(at, rounds),
            other => other,
        };
        let count = self.ends.entry(end).or_insert(EndCount {
            packets: 0,
            shortest: len,
            longest: len,
            basis: journey.basis,
            first: last,
        });
        count.packets += journey.stands_for;
        count.shortest = count.shortest.min(len);
        count.longest = count.longest.max(len);
    }

    /// The entry of the loops at a point, renamed if this one has more rounds.
    fn longest_loop(&mut self, at: crate::types::PointId, rounds: u32) -> Disposition {
        let known = self
            .ends
            .keys()
            .copied()
            .find(|end| matches!(end, Disposition::Looped { at: known, .. } if *known == at));
        let most = match known {
            Some(Disposition::Looped { rounds: known, .. }) => known.max(rounds),
            _ => rounds,
        };
        let end = Disposition::Looped { at, rounds: most };
        if let Some(count) = known
            .filter(|k| *k != end)
            .and_then(|k| self.ends.remove(&k))
        {
            self.ends.insert(end, count);
        }
        end
    }

    /// All packets.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.ends.values().map(|count| count.packets).sum()
    }

    /// Packets whose end is of this kind.
    pub fn count(&self, wanted: impl Fn(&Disposition) -> bool) -> u64 {
        let ends = self.ends.iter().filter(|(end, _)| wanted(end));
        ends.map(|(_, count)| count.packets).sum()
    }

    /// Packets that arrived.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.count(|end| matches!(end, Disposition::Delivered(_)))
    }

    /// Packets that were lost or refused.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.count(|end| matches!(end, Disposition::Lost { .. } | Disposition::Rejected { .. }))
    }
}

/// As a list of pairs: what is no text cannot be a key in JSON.
mod entries {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Disposition, EndCount};

    type Ends = BTreeMap<Disposition, EndCount>;

    pub(super) fn serialize<S: Serializer>(ends: &Ends, to: S) -> Result<S::Ok, S::Error> {
        ends.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Ends, D::Error> {
        let entries = Vec::<(Disposition, EndCount)>::deserialize(from)?;
        Ok(entries.into_iter().collect())
    }
}
