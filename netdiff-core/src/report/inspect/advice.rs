//! What to capture next: one sentence for each gap.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::contents::{PointContents, StatedNetworks};
use super::model::{AdviceReport, CoverageRow, InspectedFile};
use crate::correlate::{NodeId, RoleBasis, Timelines};
use crate::types::{Language, Message, Role, Timestamp};

/// Tunnel endpoints without a captured node that are named one by one.
const MAX_STRANGERS: usize = 8;

/// Tunnels that need no device of their own on a node.
const WITHOUT_DEVICE: &[&str] = &["esp", "gtpu", "l2tp", "l2tp-over-ip", "teredo", "erspan"];

/// flannel's backends that use a tunnel device.
const DEVICE_BACKENDS: &[&str] = &["vxlan", "udp", "ipip", "wireguard"];

/// Beginnings of the names of pods' links that are routed, without a bridge: Calico, Cilium, AWS, GKE.
const ROUTED: &[&str] = &["cali", "lxc", "eni", "gke"];

/// What the gaps of a set are judged by.
pub(super) struct Gaps<'a> {
    pub(super) timelines: &'a Timelines,
    pub(super) rows: &'a [CoverageRow],
    pub(super) contents: &'a [PointContents],
    pub(super) files: &'a [InspectedFile],
    pub(super) unplaced: &'a [String],
    pub(super) stated: &'a [StatedNetworks],
    pub(super) language: Language,
}

impl Gaps<'_> {
    /// What to capture next, the most useful first.
    pub(super) fn advice(&self) -> Vec<AdviceReport> {
        let mut advice = Vec::new();
        self.advise_places(&mut advice);
        self.advise_roles(&mut advice);
        for role in [Role::Uplink, Role::Vtep, Role::Bridge, Role::Pod] {
            self.advise_missing(role, &mut advice);
        }
        self.advise_strangers(&mut advice);
        self.advise_times(&mut advice);
        advice
    }

    /// Captures of which it is not known where they were taken.
    fn advise_places(&self, advice: &mut Vec<AdviceReport>) {
        for file in self.unplaced {
            advice.push(self.anywhere(&message!(
                "say where {file} was taken, in netdiff.toml or with --point NODE/INTERFACE={file}: its name does not tell",
                file
            )));
        }
    }

    /// The nodes that are known, so that it is worth asking for more of them.
    fn placed_rows(&self) -> impl Iterator<Item = &CoverageRow> {
        let is_placed = |row: &&CoverageRow| {
            let mut files = self.files.iter().filter(|file| file.node == row.node);
            files.any(|file| !self.unplaced.contains(&file.name))
        };
        self.rows.iter().filter(is_placed)
    }

    /// Captures that do not say what they show.
    fn advise_roles(&self, advice: &mut Vec<AdviceReport>) {
        for row in self.placed_rows() {
            let unknown = self.heard(row, Role::Unknown);
            if !unknown.is_empty() {
                let text = message!(
                    "say in netdiff.toml which role {interfaces} of {node} has: neither name nor packets tell",
                    interfaces = Message::list(&unknown, text!(", ")),
                    node = row.node
                );
                advice.push(self.on_node(&row.node, None, &text));
            }
            if !self.heard(row, Role::Merged).is_empty() {
                let text = message!(
                    "capture each interface of {node} by itself, or all with tcpdump -i any -y LINUX_SLL2: \
                     its capture cannot tell interfaces apart",
                    node = row.node
                );
                advice.push(self.on_node(&row.node, None, &text));
            }
        }
    }

    /// The interfaces of that role on the row's node that saw packets.
    fn heard(&self, row: &CoverageRow, role: Role) -> Vec<&str> {
        let points = self.timelines.points.iter();
        points
            .filter(|p| *p.point.node == *row.node && p.role == role && p.packets > 0)
            .map(|p| &*p.point.interface)
            .collect()
    }

    fn advise_missing(&self, role: Role, advice: &mut Vec<AdviceReport>) {
        let wanted = match role {
            Role::Vtep => self.has_tunnels(),
            Role::Bridge => self.has_bridges(),
            _ => true,
        };
        if !wanted {
            return;
        }
        for row in self.placed_rows() {
            let state = row.cells().into_iter().find(|(r, _)| *r == role);
            let Some((_, cell)) = state else { continue };
            // What seems to be missing may be an interface of unknown role; it is asked for already.
            let in_doubt = !self.heard(row, Role::Unknown).is_empty();
            match (cell.state, role) {
                ("missing", _) if in_doubt => {}
                ("missing", _) => {
                    let text = message!(
                        "capture {interface} on {node}: {why}",
                        interface = self.name_of(role),
                        node = row.node,
                        why = unknown_without(role)
                    );
                    advice.push(self.on_node(&row.node, Some(role), &text));
                }
                ("empty", Role::Uplink) => {
                    let text = message!(
                        "check that {interfaces} of {node} is the interface that leads to the other nodes: it saw no packet",
                        interfaces = Message::list(&cell.interfaces, text!(", ")),
                        node = row.node
                    );
                    advice.push(self.on_node(&row.node, Some(role), &text));
                }
                _ => {}
            }
        }
    }

    /// Whether nodes tunnel by devices of their own: packets show it, or the cluster says so.
    fn has_tunnels(&self) -> bool {
        let mut tunnels = self.contents.iter().flat_map(|c| c.tunnels.keys());
        let mut backends = self.stated.iter().filter_map(|s| s.backend.as_deref());
        tunnels.any(|tunnel| !WITHOUT_DEVICE.contains(&tunnel.kind))
            || backends.any(|backend| DEVICE_BACKENDS.contains(&backend))
    }

    /// Whether pods hang on bridges here, as far as is known.
    fn has_bridges(&self) -> bool {
        let of_role = |role| {
            let points = self.timelines.points.iter();
            points.filter(move |point| point.role == role)
        };
        let routed = |name: &str| ROUTED.iter().any(|prefix| name.starts_with(prefix));
        let mut links = of_role(Role::Pod).peekable();
        of_role(Role::Bridge).next().is_some()
            || links.peek().is_none()
            || links.any(|link| !routed(&link.point.interface))
    }

    /// What the interface is called: on another node, or usually.
    fn name_of(&self, role: Role) -> Message {
        if role == Role::Pod {
            return message!("the pods' links (veth…)");
        }
        let mut points = self.timelines.points.iter();
        let known = points.find(|p| p.role == role && p.role_basis != RoleBasis::Packets);
        match (known, role) {
            (Some(point), _) => Message::verbatim(&*point.point.interface),
            (None, Role::Bridge) => message!("the pods' bridge (such as cni0)"),
            (None, Role::Vtep) => message!("the tunnel device (such as flannel.1)"),
            (None, _) => message!("the uplink (such as eth0)"),
        }
    }

    /// Tunnels that lead to no captured node.
    fn advise_strangers(&self, advice: &mut Vec<AdviceReport>) {
        let tunnels = self.contents.iter().flat_map(|c| c.tunnels.keys());
        let strangers: BTreeSet<IpAddr> = tunnels
            .flat_map(|tunnel| [tunnel.source, tunnel.destination])
            .filter(|address| !address.is_multicast())
            .filter(|address| self.timelines.plan.home(*address).is_none())
            .collect();
        for address in strangers.iter().take(MAX_STRANGERS) {
            let text = message!(
                "capture every interface of the node that has {address}: tunnels lead there, and it is not known to be \
                 a captured node's",
                address
            );
            advice.push(self.anywhere(&text));
        }
        if let Some(more) = strangers
            .len()
            .checked_sub(MAX_STRANGERS)
            .filter(|n| *n > 0)
        {
            advice.push(self.anywhere(&message!(
                "capture the nodes of {more} further tunnel endpoints",
                more
            )));
        }
    }

    /// Captures that were not taken at the same time.
    fn advise_times(&self, advice: &mut Vec<AdviceReport>) {
        let windows = (0..).map(NodeId).zip(&self.timelines.nodes);
        let windows: Vec<_> = windows
            .filter_map(|(node, name)| Some((self.window(node)?, name)))
            .collect();
        let last_begin = windows.iter().max_by_key(|((first, _), _)| *first);
        let first_end = windows.iter().min_by_key(|((_, last), _)| *last);
        if let (Some(((begin, _), late)), Some(((_, end), early))) = (last_begin, first_end)
            && end < begin
        {
            advice.push(self.anywhere(&message!(
                "capture all nodes at once: the captures of {early} end before those of {late} begin",
                early,
                late
            )));
        }
    }

    /// When a node was captured, by the first node's clock where the difference is known.
    fn window(&self, node: NodeId) -> Option<(Timestamp, Timestamp)> {
        let by_first = |time: Timestamp| {
            let offset = self.timelines.clocks.offset_at(node, NodeId(0), time);
            time + offset.map(|clock| clock.offset).unwrap_or_default()
        };
        let points = self.timelines.points.iter().zip(&self.timelines.node_of);
        points
            .filter(|(_, home)| **home == node)
            .filter_map(|(point, _)| point.first_time.zip(point.last_time))
            .map(|(first, last)| (by_first(first), by_first(last)))
            .reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }

    fn on_node(&self, node: &str, role: Option<Role>, text: &Message) -> AdviceReport {
        AdviceReport {
            node: Some(node.to_owned()),
            role: role.map(Role::name),
            text: text.render(self.language),
        }
    }

    fn anywhere(&self, text: &Message) -> AdviceReport {
        AdviceReport {
            node: None,
            role: None,
            text: text.render(self.language),
        }
    }
}

/// What cannot be told without an interface of that role.
fn unknown_without(role: Role) -> Message {
    match role {
        Role::Uplink => {
            message!(
                "whether packets leave the node, or come to it over the network, cannot be told"
            )
        }
        Role::Vtep => {
            message!(
                "whether packets between its uplink and its bridge are lost before or behind it cannot be told"
            )
        }
        Role::Bridge => {
            message!("whether packets of its pods are lost before or behind it cannot be told")
        }
        _ => message!("whether packets reach the pods themselves cannot be told"),
    }
}
