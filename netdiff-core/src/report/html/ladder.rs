//! A ladder on the page: pictures, figures with their frames, delays, and what became of the packets over time.

use super::diagram::{Diagram, Dot, Track};
use super::plot::{DelayStrip, OverTimePlot};
use super::rows::lost;
use crate::report::model::{ComparisonReport, LadderLine, Report, SetReport};
use crate::report::model_flow::{DirectionReport, FlowReport, HopReport};
use crate::report::over_time::OverTimeReport;
use crate::report::summary::ends;
use crate::report::text::flow_line::{FlowIndex, outcome, place, short};
use crate::report::text::parting;
use crate::report::text::parts::{hop_notes, there_and_back};
use crate::report::wireshark::{flow_filter, frames_filter};
use crate::types::{Language, Nanos};

/// A ladder.
pub(super) struct Ladder {
    /// The failing flow's id, or the only one's.
    pub(super) id: String,
    pub(super) title: String,
    pub(super) places: String,
    pub(super) outcome: String,
    pub(super) trouble: bool,
    /// Where the two part.
    pub(super) parting: String,
    pub(super) ways: Vec<Way>,
    pub(super) filters: Vec<(&'static str, String)>,
    pub(super) plots: Vec<OverTimePlot>,
}

/// A picture with its figures: one direction in two sets, or two directions in one set.
pub(super) struct Way {
    pub(super) heading: &'static str,
    pub(super) diagram: Diagram,
    pub(super) tracks: Vec<&'static str>,
    pub(super) ends: Vec<EndView>,
    pub(super) hops: Vec<HopRow>,
    pub(super) strips: Vec<(String, Vec<DelayStrip>)>,
}

/// Packets that ended before their time, in words.
pub(super) struct EndView {
    pub(super) track: &'static str,
    pub(super) sentence: String,
    /// The first of them: a file and the filter that shows it there.
    pub(super) first: Option<(String, String)>,
}

/// The figures of one capture point.
pub(super) struct HopRow {
    pub(super) point: String,
    pub(super) role: &'static str,
    pub(super) cells: Vec<Option<Cell>>,
    /// What an empty cell says: `none` where the point captured, else a dash.
    pub(super) empty: Vec<&'static str>,
}

/// What one track saw at one point.
pub(super) struct Cell {
    pub(super) packets: u64,
    pub(super) delay: String,
    pub(super) carried: String,
    pub(super) file: String,
    pub(super) filter: String,
    pub(super) notes: Vec<String>,
}

impl Ladder {
    /// Of two flows side by side; `None` if the report does not hold both.
    pub(super) fn of_pair(
        report: &Report,
        pair: &ComparisonReport,
        flows: &FlowIndex<'_>,
    ) -> Option<Self> {
        let sets = report.reference.as_ref().zip(report.failing.as_ref())?;
        let reference = flows.get(&pair.reference)?;
        let failing = flows.get(&pair.failing)?;
        let forward = (&reference.forward, &failing.forward);
        let reply = (&reference.reply, &failing.reply);
        let language = report.language;
        let mut ways = vec![side_by_side(
            (text!("Packets"), false),
            forward,
            &pair.forward,
            sets,
            language,
        )];
        if !(reply.0.hops.is_empty() && reply.1.hops.is_empty()) {
            let mut lines = pair.reply.clone();
            lines.reverse();
            ways.push(side_by_side(
                (text!("Replies"), true),
                reply,
                &lines,
                sets,
                language,
            ));
        }
        let (usual, here) = (flow_filter(reference), flow_filter(failing));
        Some(Self {
            outcome: message!(
                "{failing} (reference: {reference})",
                failing = outcome(failing),
                reference = outcome(reference)
            )
            .render(language),
            parting: pair
                .divergence
                .as_ref()
                .map_or_else(String::new, |divergence| {
                    parting(divergence).render(language)
                }),
            filters: if usual == here {
                vec![(text!("both sets"), here)]
            } else {
                vec![(text!("failing"), here), (text!("reference"), usual)]
            },
            trouble: pair.differs && !pair.ignored,
            ..Self::frame(failing, ways, language)
        })
    }

    /// Of one flow, there and back.
    pub(super) fn of_flow(flow: &FlowReport, set: &SetReport, language: Language) -> Self {
        let lines = there_and_back(flow);
        let tracks = [
            Track {
                name: text!("packets"),
                direction: &flow.forward,
                hops: lines.iter().map(|(there, _)| *there).collect(),
                set,
                leftwards: false,
            },
            Track {
                name: text!("replies"),
                direction: &flow.reply,
                hops: lines.iter().map(|(_, back)| *back).collect(),
                set,
                leftwards: true,
            },
        ];
        let way = way(text!("Packets and replies"), &tracks, language);
        Self::frame(flow, vec![way], language)
    }

    fn frame(flow: &FlowReport, ways: Vec<Way>, language: Language) -> Self {
        let over_time = |name, direction: &DirectionReport| {
            let over_time: Option<&OverTimeReport> = direction.over_time.as_ref();
            over_time.map(|over_time| OverTimePlot::new(name, over_time, language))
        };
        let plots = [
            over_time(text!("packets"), &flow.forward),
            over_time(text!("replies"), &flow.reply),
        ];
        Self {
            id: flow.id.clone(),
            title: short(flow, language),
            places: message!(
                "{from} → {to}",
                from = place(&flow.initiator),
                to = place(&flow.responder)
            )
            .render(language),
            outcome: outcome(flow).render(language),
            trouble: lost(flow) > 0,
            parting: String::new(),
            ways,
            filters: vec![("", flow_filter(flow))],
            plots: plots.into_iter().flatten().collect(),
        }
    }
}

fn side_by_side(
    (heading, leftwards): (&'static str, bool),
    (reference, failing): (&DirectionReport, &DirectionReport),
    lines: &[LadderLine],
    sets: (&SetReport, &SetReport),
    language: Language,
) -> Way {
    let hop = |direction: &'_ DirectionReport, index: Option<usize>| {
        index.filter(|index| *index < direction.hops.len())
    };
    let ours = lines.iter().map(|line| hop(reference, line.reference));
    let theirs = lines.iter().map(|line| hop(failing, line.failing));
    let tracks = [
        Track {
            name: text!("reference"),
            direction: reference,
            hops: ours
                .map(|i| i.and_then(|i| reference.hops.get(i)))
                .collect(),
            set: sets.0,
            leftwards,
        },
        Track {
            name: text!("failing"),
            direction: failing,
            hops: theirs
                .map(|i| i.and_then(|i| failing.hops.get(i)))
                .collect(),
            set: sets.1,
            leftwards,
        },
    ];
    way(heading, &tracks, language)
}

fn way(heading: &'static str, tracks: &[Track<'_>], language: Language) -> Way {
    let count = tracks.iter().map(|track| track.hops.len()).max();
    let lines = 0..count.unwrap_or(0);
    let at = |nth: usize| -> Vec<Option<&HopReport>> {
        let hops = tracks.iter().map(|track| track.hops.get(nth));
        hops.map(|hop| hop.copied().flatten()).collect()
    };
    let ends = tracks.iter().flat_map(|track| {
        let ends = ends(track.direction).into_iter();
        ends.map(|end| EndView {
            track: track.name,
            first: end
                .first
                .map(|packet| (packet.file.clone(), frames_filter(&[packet.packet_number]))),
            sentence: end.sentence.render(language),
        })
    });
    let strips = lines.clone().filter_map(|nth| {
        let hops = at(nth);
        let strips = tracks.iter().zip(&hops);
        let strips =
            strips.filter_map(|(track, hop)| DelayStrip::new(track.name, (*hop)?, language));
        let strips: Vec<DelayStrip> = strips.collect();
        (!strips.is_empty()).then(|| (point_name(&hops), strips))
    });
    let diagram = Diagram::new(language.text(heading), tracks, language);
    let empty = |nth: usize| {
        let dots = diagram.lanes.iter().map(|lane| lane.dots.get(nth));
        let words = dots.map(|dot| dot.map_or("–", Dot::word));
        words.collect::<Vec<_>>()
    };
    Way {
        heading,
        tracks: tracks.iter().map(|track| track.name).collect(),
        ends: ends.collect(),
        strips: strips.collect(),
        hops: lines
            .map(|nth| hop_row(&at(nth), empty(nth), language))
            .collect(),
        diagram,
    }
}

/// `master/eth0`, both names where they differ.
fn point_name(hops: &[Option<&HopReport>]) -> String {
    let seen = hops.iter().flatten();
    let mut names: Vec<String> = seen
        .map(|hop| format!("{}/{}", hop.node, hop.interface))
        .collect();
    names.dedup();
    names.join(" | ")
}

fn hop_row(hops: &[Option<&HopReport>], empty: Vec<&'static str>, language: Language) -> HopRow {
    HopRow {
        point: point_name(hops),
        role: hops.iter().flatten().next().map_or("", |hop| hop.role),
        cells: hops
            .iter()
            .map(|hop| hop.map(|hop| cell(hop, language)))
            .collect(),
        empty,
    }
}

fn cell(hop: &HopReport, language: Language) -> Cell {
    let carried = hop.encapsulation.as_ref().map(|tunnel| {
        let vni = tunnel.vni.map_or_else(String::new, |vni| format!(" {vni}"));
        let port = tunnel
            .port
            .map_or_else(String::new, |port| format!(", UDP {port}"));
        let (from, to) = (&tunnel.source, &tunnel.destination);
        let guess = if tunnel.guessed {
            language.text(text!(" (a guess)"))
        } else {
            ""
        };
        format!("{}{vni}: {from} → {to}{port}{guess}", tunnel.kind)
    });
    let delay = hop.delay.map(|delay| match delay.bound_ns {
        0 => format!("{}", Nanos(delay.median_ns)),
        bound => format!("{} ± {}", Nanos(delay.median_ns), Nanos(bound)),
    });
    Cell {
        packets: hop.packets,
        delay: delay.unwrap_or_default(),
        carried: carried.unwrap_or_default(),
        file: hop.first.file.clone(),
        filter: frames_filter(&[hop.first.packet_number]),
        notes: hop_notes(hop)
            .iter()
            .map(|note| note.render(language))
            .collect(),
    }
}
