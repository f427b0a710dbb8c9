//! The picture of the cluster: nodes with their capture points, the network between them, and where packets die.

use std::collections::BTreeSet;

use super::traffic::{Death, Pair, deaths, traffic, traffic_of_reference};
use crate::report::model::{CapturePointReport, PointName, Report, SetName, SetReport};
use crate::types::{Language, Message};

/// Nodes drawn before the rest is only counted.
const MAX_NODES: usize = 6;
/// Capture points of one role and node drawn before the rest is only counted.
const MAX_OF_ROLE: usize = 4;
/// Places of loss that are marked before the rest is only counted.
const MAX_MARKS: usize = 6;

/// Lengths in the picture's own unit, a CSS pixel at full size.
const PILL: i32 = 124;
const PILL_HEIGHT: i32 = 34;
const GAP: i32 = 30;
const ROW_GAP: i32 = 22;
const HEAD: i32 = 30;
const PAD: i32 = 14;
/// From the middle of a pill to below it.
const PAST: i32 = PILL_HEIGHT / 2 + 5;

/// The columns, from the pods outwards.
const COLUMNS: [&[&str]; 4] = [
    &["pod"],
    &["bridge", "loopback"],
    &["vtep"],
    &["uplink", "merged", "unknown"],
];

/// Characters of a name that fit into a pill.
const NAME: usize = 16;

/// The picture.
pub(super) struct Topology {
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) nodes: Vec<NodeBox>,
    pub(super) pills: Vec<Pill>,
    pub(super) links: Vec<Link>,
    pub(super) marks: Vec<Mark>,
    /// Where the network between the nodes is drawn.
    pub(super) network: i32,
    /// Nodes that are not drawn.
    pub(super) more_nodes: usize,
    /// Places of loss that are not marked.
    pub(super) more_marks: usize,
    pub(super) description: String,
}

/// A node.
pub(super) struct NodeBox {
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) name: String,
    pub(super) addresses: String,
}

/// A capture point.
pub(super) struct Pill {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) name: String,
    pub(super) role: String,
    /// Whether it saw a packet.
    pub(super) silent: bool,
    point: Option<PointName>,
}

impl Pill {
    pub(super) const fn middle(&self) -> i32 {
        self.x + PILL / 2
    }

    const fn right(&self) -> (i32, i32) {
        (self.x + PILL, self.y + PILL_HEIGHT / 2)
    }

    const fn left(&self) -> (i32, i32) {
        (self.x, self.y + PILL_HEIGHT / 2)
    }
}

/// Packets went from one capture point to another.
pub(super) struct Link {
    pub(super) path: String,
    /// `seen`, or `reference` where only the healthy set has it.
    pub(super) kind: &'static str,
}

/// A place where packets end.
pub(super) struct Mark {
    pub(super) number: usize,
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) words: String,
    pub(super) path: String,
}

impl Topology {
    /// Of the failing set, or the only one; `None` where no point was captured.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let (set, name) = match (&report.failing, &report.set) {
            (Some(failing), _) => (failing, SetName::Failing),
            (None, Some(set)) => (set, SetName::Set),
            (None, None) => return None,
        };
        let deaths = deaths(report, name);
        let traffic = traffic(report, name);
        let mut topology = Self {
            width: 0,
            height: 0,
            nodes: Vec::new(),
            pills: Vec::new(),
            links: Vec::new(),
            marks: Vec::new(),
            network: 0,
            more_nodes: 0,
            more_marks: deaths.len().saturating_sub(MAX_MARKS),
            description: String::new(),
        };
        topology.draw_nodes(set, &deaths, &traffic, report.language);
        let usual = traffic_of_reference(report, &traffic);
        topology.draw_links(&traffic, "seen");
        topology.draw_links(&usual, "reference");
        topology.draw_marks(&deaths, report.language);
        topology.describe(set, report.language);
        (!topology.pills.is_empty()).then_some(topology)
    }

    fn draw_nodes(
        &mut self,
        set: &SetReport,
        deaths: &[(Pair, Death)],
        traffic: &BTreeSet<Pair>,
        language: Language,
    ) {
        let hit = |node: &str| {
            let pairs = deaths.iter().map(|(pair, _)| pair);
            pairs.clone().any(|(a, b)| a.node == node || b.node == node)
        };
        let mut nodes: Vec<&str> = set.nodes.iter().map(|node| node.name.as_str()).collect();
        nodes.sort_by_key(|node| !hit(node));
        self.more_nodes = nodes.len().saturating_sub(MAX_NODES);
        nodes.truncate(MAX_NODES);
        let used: Vec<bool> = COLUMNS
            .iter()
            .map(|roles| set.capture_points.iter().any(|p| roles.contains(&p.role)))
            .collect();
        let columns = i32::try_from(used.iter().filter(|used| **used).count()).unwrap_or(4);
        let width = PAD * 2 + columns * PILL + (columns - 1).max(0) * GAP;
        let mut y = 4;
        for name in nodes {
            let height = self.draw_node(set, name, (&used, y), (deaths, traffic), language);
            let addresses = set.nodes.iter().find(|node| node.name == name);
            self.nodes.push(NodeBox {
                y,
                width,
                height,
                name: name.to_owned(),
                addresses: addresses.map_or_else(String::new, |n| n.addresses.join(", ")),
            });
            y += height + ROW_GAP;
        }
        self.network = width + 40;
        self.width = self.network + 60;
        self.height = y - ROW_GAP + 4;
    }

    /// Draws the capture points of a node below `y`, and says how high it is.
    fn draw_node(
        &mut self,
        set: &SetReport,
        node: &str,
        (used, y): (&[bool], i32),
        (deaths, traffic): (&[(Pair, Death)], &BTreeSet<Pair>),
        language: Language,
    ) -> i32 {
        let weight = |p: &CapturePointReport| {
            let here = |q: &PointName| q.node == p.node && q.interface == p.interface;
            let deadly = deaths.iter().any(|((a, b), _)| here(a) || here(b));
            let busy = traffic.iter().any(|(a, b)| here(a) || here(b));
            (!deadly, !busy)
        };
        let columns: Vec<Vec<&CapturePointReport>> = COLUMNS
            .iter()
            .map(|roles| {
                let of_node = set.capture_points.iter().filter(|p| p.node == node);
                let mut points: Vec<_> = of_node.filter(|p| roles.contains(&p.role)).collect();
                points.sort_by_cached_key(|p| weight(p));
                points
            })
            .collect();
        let rows = columns.iter().map(|c| c.len().min(MAX_OF_ROLE + 1)).max();
        let rows = i32::try_from(rows.unwrap_or(1).max(1)).unwrap_or(1);
        let height = HEAD + rows * (PILL_HEIGHT + 8) + PAD - 4;
        let mut x = 1 + PAD;
        for (column, _) in columns.iter().zip(used).filter(|(_, used)| **used) {
            let shown = column.len().min(MAX_OF_ROLE);
            let all = i32::try_from(shown + usize::from(column.len() > shown)).unwrap_or(1);
            let mut top = y + HEAD + (rows - all) * (PILL_HEIGHT + 8) / 2;
            for p in column.iter().take(MAX_OF_ROLE) {
                self.pills.push(pill(p, x, top, language));
                top += PILL_HEIGHT + 8;
            }
            if column.len() > shown {
                self.pills.push(Pill {
                    x,
                    y: top,
                    name: message!("and {left} more", left = column.len() - shown).render(language),
                    role: String::new(),
                    silent: true,
                    point: None,
                });
            }
            x += PILL + GAP;
        }
        height
    }

    fn find(&self, point: &PointName) -> Option<&Pill> {
        self.pills.iter().find(|p| p.point.as_ref() == Some(point))
    }

    fn draw_links(&mut self, pairs: &BTreeSet<Pair>, kind: &'static str) {
        let paths: BTreeSet<String> = pairs
            .iter()
            .filter_map(|(a, b)| Some(self.path(self.find(a)?, self.find(b)?)))
            .collect();
        let links = paths.into_iter().map(|path| Link { path, kind });
        self.links.extend(links);
    }

    /// Between two points of one node straight, between two nodes by the network.
    fn path(&self, a: &Pill, b: &Pill) -> String {
        let node = |p: &Pill| p.point.as_ref().map(|point| point.node.clone());
        let (first, second) = if (a.x, a.y) <= (b.x, b.y) {
            (a, b)
        } else {
            (b, a)
        };
        if node(a) == node(b) {
            let (x1, y1) = first.right();
            let (x2, y2) = second.left();
            if first.x == second.x {
                let bow = x1 + GAP / 2;
                return format!("M{x1} {y1}C{bow} {y1} {bow} {y2} {x1} {y2}");
            }
            let middle = i32::midpoint(x1, x2);
            return format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}");
        }
        let (x1, y1) = first.right();
        let (x2, y2) = second.right();
        let network = self.network;
        // Past what lies between a point and the network, not through it.
        match (self.is_outermost(first), self.is_outermost(second)) {
            (true, true) => format!("M{x1} {y1}H{network}V{y2}H{x2}"),
            (true, false) => format!("M{x1} {y1}H{network}V{}H{}V{y2}H{x2}", y2 + PAST, x2 + 8),
            (false, true) => format!("M{x1} {y1}h8v{PAST}H{network}V{y2}H{x2}"),
            (false, false) => format!(
                "M{x1} {y1}h8v{PAST}H{network}V{}H{}V{y2}H{x2}",
                y2 + PAST,
                x2 + 8
            ),
        }
    }

    /// Whether nothing is drawn between a point and the network.
    fn is_outermost(&self, pill: &Pill) -> bool {
        self.pills.iter().all(|p| p.x <= pill.x || p.y != pill.y)
    }

    fn draw_marks(&mut self, deaths: &[(Pair, Death)], language: Language) {
        let mut marks: Vec<Mark> = Vec::new();
        for (number, ((from, to), death)) in deaths.iter().take(MAX_MARKS).enumerate() {
            let (Some(a), b) = (self.find(from), self.find(to)) else {
                continue;
            };
            let (x, mut y) = self.mark_place(a, b);
            while marks
                .iter()
                .any(|mark| mark.x == x && (mark.y - y).abs() < 20)
            {
                y += 20;
            }
            marks.push(Mark {
                number: number + 1,
                x,
                y,
                words: death.words(from, to).render(language),
                path: b.map_or_else(String::new, |b| self.path(a, b)),
            });
        }
        self.marks = marks;
    }

    /// Between the two; between nodes on the network, if the packets got that far.
    fn mark_place(&self, from: &Pill, to: Option<&Pill>) -> (i32, i32) {
        let (x, y) = from.right();
        let node = |p: &Pill| p.point.as_ref().map(|point| point.node.clone());
        match to {
            Some(to) if node(to) == node(from) => {
                let (_, other) = to.left();
                let x = if from.x == to.x {
                    x + GAP / 2
                } else {
                    i32::midpoint(from.middle(), to.middle())
                };
                (x, i32::midpoint(y, other))
            }
            Some(to) if self.pills.iter().all(|p| p.x <= from.x) => {
                (self.network, i32::midpoint(y, to.right().1))
            }
            _ => (x + GAP / 2, y),
        }
    }

    fn describe(&mut self, set: &SetReport, language: Language) {
        let nodes: Vec<Message> = set
            .nodes
            .iter()
            .take(MAX_NODES)
            .map(|node| {
                let points = set.capture_points.iter().filter(|p| p.node == node.name);
                let names: Vec<&str> = points.map(|p| p.interface.as_str()).take(12).collect();
                message!(
                    "node {node} with {interfaces}",
                    node = node.name,
                    interfaces = Message::list(&names, text!(", "))
                )
            })
            .collect();
        let marks: Vec<&str> = self.marks.iter().map(|mark| mark.words.as_str()).collect();
        let ends = if marks.is_empty() {
            message!("no packet was lost")
        } else {
            Message::list(&marks, text!("; "))
        };
        let nodes = Message::join(nodes, text!("; "));
        self.description = message!("{nodes}. {ends}.", nodes, ends).render(language);
    }
}

fn pill(p: &CapturePointReport, x: i32, y: i32, language: Language) -> Pill {
    let name = if p.interface.chars().count() > NAME {
        let short: String = p.interface.chars().take(NAME - 1).collect();
        format!("{short}…")
    } else {
        p.interface.clone()
    };
    Pill {
        x,
        y,
        name,
        role: match p.packets {
            0 => message!("{role} · saw nothing", role = p.role),
            n => message!(
                "{role} · {packets}",
                role = p.role,
                packets = Message::count(n, noun!("packet"))
            ),
        }
        .render(language),
        silent: p.packets == 0,
        point: Some(PointName {
            node: p.node.clone(),
            interface: p.interface.clone(),
        }),
    }
}
