//! How long answers take, by the clock of one capture point.

use foldhash::{HashMap, HashMapExt as _};

use super::conversation::Seen;
use super::hop::Spread;
use super::place::Place;
use crate::identify::{Detail, TcpFlags};
use crate::types::{Nanos, Timestamp};

/// What an answer answers: a ping by its conversation and sequence number, a SYN by its conversation and the number behind it.
type Question = (u32, u32, bool);

/// The times from pings and SYNs to their first answers, both seen at this place, the one nearest to the initiator. A question that is asked again
/// counts from the first time; answers without a question are left out. No two clocks are compared.
pub(super) fn round_trips(place: Place, forward: &[Seen], reply: &[Seen]) -> Option<Spread> {
    let mut asked: HashMap<Question, (Timestamp, u64)> = HashMap::new();
    let here = |seen: &&Seen| seen.evidence.point == place.point;
    for seen in forward.iter().filter(here) {
        if let Some(question) = question(seen) {
            let counts = 1 + u64::from(seen.folded.trips);
            let first = asked.entry(question).or_insert((seen.time, counts));
            *first = (seen.time.min(first.0), counts.max(first.1));
        }
    }
    let mut answered: HashMap<Question, Timestamp> = HashMap::new();
    for seen in reply.iter().filter(here) {
        if let Some(question) = answer(seen) {
            let first = answered.entry(question).or_insert(seen.time);
            *first = seen.time.min(*first);
        }
    }
    let times: Vec<(Nanos, u64)> = answered
        .iter()
        .filter_map(|(question, time)| {
            let (first, counts) = *asked.get(question)?;
            Some((*time - first, counts))
        })
        .filter(|(time, _)| time.0 >= 0)
        .collect();
    Spread::of(times)
}

fn question(seen: &Seen) -> Option<Question> {
    match seen.sighting.detail {
        Detail::Query {
            request: true,
            sequence,
        } => Some((seen.conversation, u32::from(sequence), false)),
        Detail::Tcp {
            flags, sequence, ..
        } => {
            let flags = TcpFlags(flags);
            let opens = flags.any(TcpFlags::SYN) && !flags.any(TcpFlags::ACK);
            opens.then_some((seen.conversation, sequence.wrapping_add(1), true))
        }
        _ => None,
    }
}

fn answer(seen: &Seen) -> Option<Question> {
    match seen.sighting.detail {
        Detail::Query {
            request: false,
            sequence,
        } => Some((seen.conversation, u32::from(sequence), false)),
        Detail::Tcp {
            flags,
            acknowledgment,
            ..
        } => {
            let flags = TcpFlags(flags);
            let opens = flags.any(TcpFlags::SYN) && flags.any(TcpFlags::ACK);
            opens.then_some((seen.conversation, acknowledgment, true))
        }
        _ => None,
    }
}
