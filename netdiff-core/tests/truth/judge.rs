//! Compares what netdiff says with the truth.
//!
//! # Wrong claims (there must be none)
//! - sightings in one journey that are not of one transmission;
//! - a journey at a station that its packet did not pass;
//! - *delivered* of a packet that did not arrive, *lost*, *rejected* or *looped* of one that did;
//! - *lost* between two stations that do not enclose the place where it ended; a rejected packet may be called lost there;
//! - *rejected* of a packet that nobody rejected, *looped* of one that ran in no circle.
//!
//! A long TCP packet stands for every segment in it: what is claimed of it must be true of all. A journey's packets have in common what it is about;
//! if it says which bytes, only those.
//!
//! *Lost* of the lower trust is a statement under a condition: lost, if a silent capture ran. Where it ran, the statement must be true; where it did
//! not, it says nothing. Either way it finds nothing: it counts as open.
//!
//! *Delivered* is true of a packet that came to the node it is addressed to, if that node goes on to translate it and nothing behind
//! that was captured: nobody can see that it goes on.
//!
//! Close twins (see [`super::known`]) may be taken for each other, so of them numbers are judged: no more may be called delivered, or lost between
//! two stations, than were. A retransmission is a twin only if even its acknowledgment, window and timestamps are those of the first transmission.

use std::collections::{BTreeMap, BTreeSet};

use netdiff_core::correlate::{Journey, Timelines};
use netdiff_core::identify::Evidence;
use netdiff_core::types::PointId;

use super::claim::{Claim, bytes, sightings};
use super::judgment::{Count, Judgment};
use super::known::{Expected, Knowledge};
use super::ledger::{AtomId, Fate, Ledger, Stopped};
use super::recording::{Recording, Shown};
use super::spec::WorldSpec;
use super::topology::{Hop, Place, Station};

/// A journey, as the judge sees it.
struct View {
    claim: Claim,
    /// What it is about.
    atoms: Vec<AtomId>,
    stations: BTreeSet<Station>,
}

pub struct Judge<'a> {
    ledger: &'a Ledger,
    recording: &'a Recording,
    timelines: &'a Timelines,
    knowledge: Knowledge<'a>,
    /// The station of each capture point.
    stations: Vec<Station>,
    views: Vec<View>,
    by_atom: BTreeMap<AtomId, Vec<usize>>,
    judgment: Judgment,
}

pub fn judge(
    spec: &WorldSpec,
    ledger: &Ledger,
    recording: &Recording,
    timelines: &Timelines,
) -> Judgment {
    let name = |point: &netdiff_core::correlate::SetPoint| point.point.to_string();
    let stations = timelines.points.iter().map(|p| recording.names[&name(p)]);
    let mut judge = Judge {
        ledger,
        recording,
        timelines,
        knowledge: Knowledge::new(spec, ledger, recording),
        stations: stations.collect(),
        views: Vec::new(),
        by_atom: BTreeMap::new(),
        judgment: Judgment::default(),
    };
    judge.check_accounting();
    for flow in &timelines.flows {
        for direction in [&flow.forward, &flow.reply] {
            direction.journeys.iter().for_each(|j| judge.take(j));
        }
    }
    (0..judge.views.len()).for_each(|view| judge.check_claim(view));
    (0..ledger.atoms.len() as AtomId).for_each(|atom| judge.count(atom));
    judge.judgment
}

impl Judge<'_> {
    fn check_accounting(&mut self) {
        for (station, counts) in self.stations.iter().zip(&self.timelines.accounting) {
            let written = self.recording.packets[station];
            if counts.residual() != 0 || counts.packets != written {
                self.judgment.wrong.push(format!(
                    "accounting of {}: {counts:?}, residual {}, {written} packets written",
                    self.label(*station),
                    counts.residual()
                ));
            }
        }
    }

    fn label(&self, station: Station) -> String {
        let names = self.recording.names.iter();
        let mut found = names.filter(|(_, s)| **s == station);
        found
            .next()
            .map_or_else(|| format!("{station:?}"), |(name, _)| name.clone())
    }

    fn station(&self, point: PointId) -> Station {
        self.stations[point.index()]
    }

    fn shown(&self, evidence: Evidence) -> &Shown {
        const NOTHING: &Shown = &Vec::new();
        let files = &self.timelines.points[evidence.point.index()].files;
        let part = files.iter().position(|file| *file == evidence.file);
        let place = (
            self.station(evidence.point),
            part.unwrap_or(0),
            evidence.packet_number.0,
        );
        self.recording.shown.get(&place).unwrap_or(NOTHING)
    }

    /// Takes a journey in, and checks that it is about one thing.
    fn take(&mut self, journey: &Journey) {
        let shown: Vec<Vec<AtomId>> = sightings(journey)
            .into_iter()
            .map(|evidence| self.shown(evidence).iter().map(|(atom, _)| *atom).collect())
            .collect();
        let Some((last, others)) = shown.split_last() else {
            return;
        };
        self.judgment.journeys += 1;
        let mut atoms: Vec<AtomId> = last.clone();
        atoms.retain(|atom| others.iter().all(|set| set.contains(atom)));
        atoms.dedup();
        if let Some((first, end)) = bytes(journey) {
            atoms.retain(|atom| self.has_bytes(*atom, first, end));
        }
        if atoms.is_empty() {
            // Close twins may be taken for each other.
            let swapped = |atom: &&AtomId| {
                let twins = self.knowledge.close_twins(**atom);
                let alike = |other: &AtomId| other == *atom || twins.contains(other);
                others.iter().all(|set| set.iter().any(alike))
            };
            atoms = last.iter().filter(swapped).copied().collect();
        }
        let stations: BTreeSet<Station> = journey.points().map(|p| self.station(p)).collect();
        let claim = Claim::of(journey);
        if claim.is_open() {
            self.judgment.open += 1;
        }
        if matches!(claim, Claim::Lost { assumed: true, .. }) {
            self.judgment.conditional += 1;
        }
        if atoms.is_empty() {
            let all: Vec<String> = shown.concat().iter().map(|a| self.tell(*a)).collect();
            self.judgment.wrong.push(format!(
                "joined what is not one: {}..{}: {}",
                self.label(self.station(journey.first().unwrap().point)),
                self.label(self.station(journey.last().unwrap().point)),
                all.join(" | ")
            ));
            return;
        }
        for atom in &atoms {
            self.by_atom
                .entry(*atom)
                .or_default()
                .push(self.views.len());
        }
        self.views.push(View {
            claim,
            atoms,
            stations,
        });
    }

    fn has_bytes(&self, atom: AtomId, first: u32, end: u32) -> bool {
        let range = self.ledger.atoms[atom as usize].range;
        range.is_none_or(|(start, len)| {
            let wanted = end.wrapping_sub(first);
            start.wrapping_sub(first) < wanted || first.wrapping_sub(start) < len
        })
    }

    /// An atom in words.
    fn tell(&self, atom: AtomId) -> String {
        let (it, sent) = (&self.ledger.atoms[atom as usize], self.ledger.sent(atom));
        let fate = match it.fate() {
            Fate::Delivered => "delivered".to_owned(),
            Fate::Ended { after, how } => {
                let end = |place: usize| sent.way.get(place).map(|hop| self.label(hop.station));
                format!("{how:?} {:?}..{:?}", end(after), end(after + 1))
            }
        };
        let seen: Vec<String> = self
            .knowledge
            .stations(atom)
            .map(|s| self.label(s))
            .collect();
        let again = if sent.again { " again" } else { "" };
        format!(
            "conversation {} {}{again} bytes {:?}: {fate}, seen at {seen:?}",
            sent.conversation, sent.what, it.range
        )
    }

    fn check_claim(&mut self, index: usize) {
        let view = &self.views[index];
        let (mut wrong, mut assumed) = (Vec::new(), Vec::new());
        for &atom in &view.atoms {
            let twins = self.knowledge.close_twins(atom);
            let group: Vec<AtomId> = [&[atom], twins.as_slice()].concat();
            let passed =
                |station: &Station| group.iter().any(|a| self.knowledge.passed(*a, *station));
            if let Some(station) = view.stations.iter().find(|s| !passed(s)) {
                wrong.push(format!(
                    "said to be seen at {}: {}",
                    self.label(*station),
                    self.tell(atom)
                ));
            }
            let true_ones = group.iter().filter(|a| self.fits(view.claim, **a)).count();
            let said: BTreeSet<usize> = group
                .iter()
                .flat_map(|a| self.by_atom.get(a).into_iter().flatten())
                .copied()
                .filter(|other| self.views[*other].claim == view.claim)
                .collect();
            let alone = group.len() == 1;
            if true_ones == 0 || (!alone && !self.fits(view.claim, atom) && said.len() > true_ones)
            {
                let told = format!("called {}: {}", self.name(view.claim), self.tell(atom));
                if self.rests_on_silence(view.claim, atom) {
                    assumed.push(told);
                } else {
                    wrong.push(told);
                }
            }
        }
        self.judgment.wrong.extend(wrong);
        self.judgment.assumed.extend(assumed);
    }

    /// Whether a claim says that it assumes a capture to have run which did not.
    fn rests_on_silence(&self, claim: Claim, atom: AtomId) -> bool {
        const SLACK: i64 = 5_000_000;
        let Claim::Lost {
            to, assumed: true, ..
        } = claim
        else {
            return false;
        };
        let (begin, end) = self.recording.windows[&self.station(to)];
        let time = self.ledger.sent(atom).time;
        time < begin || time > end - SLACK
    }

    fn name(&self, claim: Claim) -> String {
        match claim {
            Claim::Lost { from, to, .. } => format!(
                "lost {}..{}",
                self.label(self.station(from)),
                self.label(self.station(to))
            ),
            other => format!("{other:?}"),
        }
    }

    /// Whether a claim is true of an atom.
    fn fits(&self, claim: Claim, atom: AtomId) -> bool {
        let sent = self.ledger.sent(atom);
        match (claim, self.ledger.atoms[atom as usize].fate()) {
            (Claim::Open | Claim::Followed { .. }, _)
            | (Claim::Delivered, Fate::Delivered)
            | (
                Claim::Rejected,
                Fate::Ended {
                    how: Stopped::Rejected,
                    ..
                },
            )
            | (
                Claim::Looped,
                Fate::Ended {
                    how: Stopped::Looped,
                    ..
                },
            ) => true,
            (Claim::Delivered, Fate::Ended { after, .. }) => {
                self.arrived_to_be_translated(atom, after)
            }
            // Lost on its third round.
            (Claim::Looped, Fate::Ended { after, .. }) => {
                let rounds = |hop: &Hop| {
                    let same = sent.way[..=after].iter();
                    same.filter(|other| other.station == hop.station).count()
                };
                sent.way[..=after].iter().any(|hop| rounds(hop) > 2)
            }
            (Claim::Lost { from, to, .. }, Fate::Ended { after, how }) => {
                let at = |range: &[Hop], point| {
                    let station = self.station(point);
                    range.iter().any(|hop| hop.station.is_at(station))
                };
                let behind = match how {
                    // A circle has no end: what lies outside was never reached.
                    Stopped::Looped => !at(&sent.way, to),
                    _ if circles(&sent.way) && !at(&sent.way, to) => true,
                    _ => at(&sent.way[after + 1..], to),
                };
                at(&sent.way[..=after], from) && behind
            }
            _ => false,
        }
    }

    /// Whether a packet came by the network to a node that translates it, out of sight.
    fn arrived_to_be_translated(&self, atom: AtomId, after: usize) -> bool {
        let way = &self.ledger.sent(atom).way;
        let translated = way.iter().position(|hop| hop.rewrite.is_some());
        let Some((at, arrival)) = translated.and_then(|t| Some((t, way.get(t.checked_sub(1)?)?)))
        else {
            return false;
        };
        let captured = |hop: &Hop| self.recording.packets.contains_key(&hop.station);
        matches!(arrival.station.place(), Place::Uplink | Place::Vtep)
            && after + 1 >= at
            && !way[at..].iter().any(captured)
    }

    fn count(&mut self, atom: AtomId) {
        let Some(expected) = self.knowledge.expected(atom) else {
            return;
        };
        let sent = self.ledger.sent(atom);
        let fate = match expected {
            Expected::Delivered | Expected::Followed(_) => "delivered",
            Expected::Lost(..) => "lost",
            Expected::Rejected(..) => "rejected",
            Expected::Looped => "looped",
        };
        let all = self.by_atom.get(&atom).into_iter().flatten();
        let views: Vec<&View> = all.map(|view| &self.views[*view]).collect();
        let seen: BTreeSet<Station> = self.knowledge.stations(atom).collect();
        let right = |view: &&&View| self.answers(expected, view.claim);
        let mut count = Count {
            knowable: 1,
            ..Count::default()
        };
        if views
            .iter()
            .filter(right)
            .any(|view| seen.is_subset(&view.stations))
        {
            count.found = 1;
        } else if views.iter().any(|view| right(&view)) {
            count.split = 1;
        } else if views.iter().all(|view| view.claim.is_open()) {
            count.open = 1;
        }
        if count.found == 0 && std::env::var_os("TRUTH_MISSED").is_some() {
            let claims: Vec<String> = views.iter().map(|v| self.name(v.claim)).collect();
            eprintln!("missed: {expected:?}, said {claims:?}: {}", self.tell(atom));
        }
        let sum = self.judgment.by_kind.entry((sent.kind, fate)).or_default();
        sum.add(count);
    }

    fn answers(&self, expected: Expected, claim: Claim) -> bool {
        let lost = |before, behind| match claim {
            Claim::Lost {
                from,
                to,
                assumed: false,
            } => (self.station(from), self.station(to)) == (before, behind),
            _ => false,
        };
        match expected {
            Expected::Delivered => claim == Claim::Delivered,
            Expected::Followed(station) => match claim {
                Claim::Delivered => true,
                Claim::Followed { after } => self.station(after) == station,
                _ => false,
            },
            Expected::Lost(before, behind) => lost(before, behind),
            Expected::Rejected(before, behind) => claim == Claim::Rejected || lost(before, behind),
            Expected::Looped => claim == Claim::Looped,
        }
    }
}

/// Whether a way leads through one station again and again.
fn circles(way: &[Hop]) -> bool {
    let mut stations: Vec<Station> = way.iter().map(|hop| hop.station).collect();
    stations.sort_unstable();
    stations
        .windows(3)
        .any(|three| three.first() == three.last())
}
