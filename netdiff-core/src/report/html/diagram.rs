//! The picture of a ladder: capture points from left to right, a lane for each set or way, and a cross where packets end.

use crate::report::model::{PointName, SetReport};
use crate::report::model_flow::{DirectionReport, HopReport};
use crate::report::summary::{End, ends};
use crate::types::{Language, Message, Nanos};

/// Lengths in the picture's own unit, a CSS pixel at full size.
const LABELS: i32 = 92;
const STOP: i32 = 112;
const NODE_GAP: i32 = 26;
const FIRST_LANE: i32 = 84;
const LANE: i32 = 54;
const STUB: i32 = 69;

/// Characters of a name that fit below one stop.
const NAME: usize = 15;

/// What happened on one line of a ladder, and to whom.
pub(super) struct Track<'a> {
    /// `reference`, `failing`, `packets` or `replies`.
    pub(super) name: &'static str,
    pub(super) direction: &'a DirectionReport,
    /// What this track saw at each stop.
    pub(super) hops: Vec<Option<&'a HopReport>>,
    /// Where captures were taken.
    pub(super) set: &'a SetReport,
    /// Whether packets go from right to left.
    pub(super) leftwards: bool,
}

/// The picture.
pub(super) struct Diagram {
    pub(super) width: i32,
    pub(super) height: i32,
    /// What it shows, for those who do not see it.
    pub(super) description: String,
    pub(super) nodes: Vec<NodeSpan>,
    pub(super) stops: Vec<Stop>,
    pub(super) lanes: Vec<Lane>,
}

/// Stops of one node.
pub(super) struct NodeSpan {
    pub(super) x: i32,
    pub(super) width: i32,
    pub(super) name: String,
}

impl NodeSpan {
    pub(super) const fn middle(&self) -> i32 {
        self.x + self.width / 2
    }
}

/// A capture point.
pub(super) struct Stop {
    pub(super) x: i32,
    pub(super) name: String,
    pub(super) role: &'static str,
}

/// One track.
pub(super) struct Lane {
    pub(super) name: &'static str,
    pub(super) y: i32,
    pub(super) leftwards: bool,
    pub(super) dots: Vec<Dot>,
    pub(super) edges: Vec<Edge>,
    pub(super) crosses: Vec<Cross>,
}

/// What was seen at a stop.
pub(super) struct Dot {
    pub(super) x: i32,
    /// `seen`, `none` (captured, and saw nothing) or `dark` (not captured).
    pub(super) kind: &'static str,
    pub(super) count: String,
}

impl Dot {
    /// What stands for a figure where there is none.
    pub(super) fn word(&self) -> &'static str {
        if self.kind == "none" {
            text!("none")
        } else {
            "–"
        }
    }
}

/// The way between two stops.
pub(super) struct Edge {
    pub(super) from: i32,
    pub(super) to: i32,
    /// `plain`, or `tunnel` where packets are carried in others.
    pub(super) kind: &'static str,
    pub(super) label: String,
}

impl Edge {
    pub(super) const fn middle(&self) -> i32 {
        (self.from + self.to) / 2
    }
}

/// Where packets ended.
pub(super) struct Cross {
    pub(super) x: i32,
    /// Where the lane's line begins that leads to it.
    pub(super) from: i32,
    /// How many packets ended how, and how far below the lane that stands.
    pub(super) labels: Vec<(i32, String)>,
    /// Whether nothing went on: then the line ends in the cross.
    pub(super) last: bool,
}

impl Diagram {
    pub(super) fn new(what: &str, tracks: &[Track<'_>], language: Language) -> Self {
        let stops = stops(tracks);
        let right = stops.last().map_or(LABELS, |(stop, _)| stop.x);
        let lanes = tracks.iter().enumerate().map(|(nth, track)| {
            let nth = i32::try_from(nth).unwrap_or(i32::MAX);
            lane(
                track,
                &stops,
                FIRST_LANE + nth.saturating_mul(LANE),
                language,
            )
        });
        let lanes: Vec<Lane> = lanes.collect();
        Self {
            width: right + STUB + 30,
            height: lanes.last().map_or(FIRST_LANE, |lane| lane.y) + 42,
            description: describe(what, tracks).render(language),
            nodes: spans(&stops),
            lanes,
            stops: stops.into_iter().map(|(stop, _)| stop).collect(),
        }
    }

    pub(super) fn bottom(&self) -> i32 {
        self.height - 6
    }
}

/// What the picture shows, in a sentence a track.
fn describe(what: &str, tracks: &[Track<'_>]) -> Message {
    let mut parts = vec![Message::verbatim(what)];
    for track in tracks {
        let seen = track.hops.iter().flatten();
        let seen = seen.map(|hop| {
            let (n, node, interface) = (hop.packets, &hop.node, &hop.interface);
            message!("{n} at {node}/{interface}", n, node, interface)
        });
        let ends = ends(track.direction).into_iter().map(|end| end.sentence);
        parts.push(message!(
            "{track}: {what}",
            track = Message::text(track.name),
            what = Message::join(seen.chain(ends), text!(", "))
        ));
    }
    Message::join(parts, text!("; "))
}

/// The stops, each with its node's name.
fn stops(tracks: &[Track<'_>]) -> Vec<(Stop, String)> {
    let count = tracks.iter().map(|track| track.hops.len()).max();
    let mut x = LABELS + STOP / 2;
    let mut stops: Vec<(Stop, String)> = Vec::new();
    for nth in 0..count.unwrap_or(0) {
        let here: Vec<&HopReport> = tracks
            .iter()
            .filter_map(|track| track.hops.get(nth).copied().flatten())
            .collect();
        let node = both(&here, |hop| &hop.node);
        if stops.last().is_some_and(|(_, before)| *before != node) {
            x += NODE_GAP;
        }
        let stop = Stop {
            x,
            name: cut(&both(&here, |hop| &hop.interface)),
            role: here.first().map_or("", |hop| hop.role),
        };
        stops.push((stop, node));
        x += STOP;
    }
    stops
}

/// The name that all have, or the different ones.
fn both(hops: &[&HopReport], name: fn(&HopReport) -> &String) -> String {
    let mut names: Vec<&str> = hops.iter().map(|hop| name(hop).as_str()).collect();
    names.dedup();
    names.join(" | ")
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let short: String = name.chars().take(NAME - 1).collect();
    format!("{short}…")
}

fn spans(stops: &[(Stop, String)]) -> Vec<NodeSpan> {
    let mut spans: Vec<NodeSpan> = Vec::new();
    for (stop, node) in stops {
        match spans.last_mut() {
            Some(span) if span.name == *node => span.width = stop.x + STOP / 2 - span.x,
            _ => spans.push(NodeSpan {
                x: stop.x - STOP / 2,
                width: STOP,
                name: node.clone(),
            }),
        }
    }
    spans
}

fn lane(track: &Track<'_>, stops: &[(Stop, String)], y: i32, language: Language) -> Lane {
    let points = || stops.iter().zip(&track.hops);
    let dots = points().enumerate().map(|(nth, ((stop, _), hop))| Dot {
        x: stop.x,
        kind: match hop {
            Some(_) => "seen",
            None if captured(track.set, nth, track, stops) => "none",
            None => "dark",
        },
        count: hop.map_or_else(String::new, |hop| hop.packets.to_string()),
    });
    let seen: Vec<(i32, &HopReport)> = points()
        .filter_map(|((stop, _), hop)| Some((stop.x, (*hop)?)))
        .collect();
    let edges = seen.windows(2).filter_map(|two| match two {
        [(from, before), (to, after)] => Some(edge((*from, before), (*to, after), track)),
        _ => None,
    });
    Lane {
        name: track.name,
        y,
        leftwards: track.leftwards,
        dots: dots.collect(),
        edges: edges.collect(),
        crosses: crosses(track, &seen, language),
    }
}

fn edge(left: (i32, &HopReport), right: (i32, &HopReport), track: &Track<'_>) -> Edge {
    // The delay stands at the hop that packets come to.
    let arrived = if track.leftwards { left.1 } else { right.1 };
    let delay = arrived.delay.filter(|delay| delay.bound_ns == 0);
    let delay = delay.map(|delay| format!("+{}", Nanos(delay.median_ns)).replace("+-", "−"));
    let tunnel = left.1.encapsulation.as_ref();
    let tunnel = tunnel.filter(|_| right.1.encapsulation.is_some());
    let carried = tunnel.map(|tunnel| match tunnel.vni {
        Some(vni) => format!("{} {vni}", tunnel.kind),
        None => tunnel.kind.to_owned(),
    });
    Edge {
        from: left.0,
        to: right.0,
        kind: if carried.is_some() { "tunnel" } else { "plain" },
        label: carried.or(delay).unwrap_or_default(),
    }
}

/// A cross behind each point where packets ended.
fn crosses(track: &Track<'_>, seen: &[(i32, &HopReport)], language: Language) -> Vec<Cross> {
    let mut crosses: Vec<Cross> = Vec::new();
    for (nth, (x, hop)) in seen.iter().enumerate() {
        // A point that is passed twice has the cross where it is passed last.
        let later = if track.leftwards {
            seen.get(..nth)
        } else {
            seen.get(nth + 1..)
        };
        let passed_again =
            |at: &PointName| later.is_some_and(|later| later.iter().any(|(_, hop)| is_at(at, hop)));
        let here: Vec<End<'_>> = ends(track.direction)
            .into_iter()
            .filter(|end| is_at(end.at, hop) && !passed_again(end.at))
            .collect();
        if here.is_empty() {
            continue;
        }
        let last = if track.leftwards {
            nth == 0
        } else {
            nth + 1 == seen.len()
        };
        let away = if track.leftwards { -STUB } else { STUB };
        crosses.push(Cross {
            x: x + away * if last { 3 } else { 2 } / 3,
            from: *x,
            labels: labels(&here, language),
            last,
        });
    }
    crosses
}

/// A line for each kind of end.
fn labels(ends: &[End<'_>], language: Language) -> Vec<(i32, String)> {
    let mut kinds: Vec<(&'static str, u64)> = Vec::new();
    for end in ends {
        match kinds.iter_mut().find(|(kind, _)| *kind == end.kind) {
            Some((_, packets)) => *packets += end.packets,
            None => kinds.push((end.kind, end.packets)),
        }
    }
    let below = (21..).step_by(13);
    let words = kinds.into_iter().map(|(kind, n)| {
        let word = Message::text(kind);
        message!("{n} {word}", n, word).render(language)
    });
    below.zip(words).collect()
}

fn is_at(point: &PointName, hop: &HopReport) -> bool {
    (&point.node, &point.interface) == (&hop.node, &hop.interface)
}

/// Whether the track's set captured where the other track saw packets: then a missing hop means that nothing was seen there.
fn captured(set: &SetReport, nth: usize, track: &Track<'_>, stops: &[(Stop, String)]) -> bool {
    let Some((stop, node)) = stops.get(nth) else {
        return false;
    };
    let lost_there = ends(track.direction)
        .iter()
        .filter_map(|end| end.to)
        .any(|to| cut(&to.interface) == stop.name);
    let named = |p: &&crate::report::model::CapturePointReport| cut(&p.interface) == stop.name;
    let there = set.capture_points.iter().filter(named);
    lost_there || there.into_iter().any(|p| p.node == *node)
}
