//! The one interface of a node that plays a part.

use std::net::IpAddr;

use super::path::Paths;
use super::timeline::NodeId;
use crate::types::{PointId, Role};

impl Paths<'_> {
    /// The tunnel device for packets to an address: the only one, else the only one that saw its family (flannel has one for IPv4
    /// and one for IPv6).
    pub(super) fn vtep(&self, node: NodeId, destination: IpAddr) -> Option<PointId> {
        self.only(node, Role::Vtep, None).or_else(|| {
            let family = |p: &PointId| {
                let seen = self.addresses.get(p).into_iter().flatten();
                seen.into_iter()
                    .any(|address| address.is_ipv4() == destination.is_ipv4())
            };
            let mut fitting = self
                .layout
                .ids()
                .filter(|p| self.layout.node(*p) == node && self.layout.role(*p) == Role::Vtep)
                .filter(family);
            fitting.next().filter(|_| fitting.next().is_none())
        })
    }

    /// The one point of that role on a node: the only one, else the only one that saw `address` or tunnels, else the only bond.
    pub(super) fn only(
        &self,
        node: NodeId,
        role: Role,
        address: Option<IpAddr>,
    ) -> Option<PointId> {
        let all: Vec<PointId> = self
            .layout
            .ids()
            .filter(|p| self.layout.node(*p) == node && self.layout.role(*p) == role)
            .collect();
        if let [point] = all.as_slice() {
            return Some(*point);
        }
        let knows = |p: &&PointId| match address {
            Some(address) => self
                .addresses
                .get(p)
                .is_some_and(|seen| seen.contains(&address)),
            None => self.tunnel_points.contains(p),
        };
        let knowing: Vec<PointId> = all.iter().copied().filter(|p| knows(&p)).collect();
        let bonds = |p: &PointId| {
            let name = self.layout.interface(*p);
            name.starts_with("bond") || name.starts_with("team")
        };
        // A bond shows what its members show; without one, several candidates leave it open.
        let candidates = if knowing.is_empty() { all } else { knowing };
        let bonded: Vec<PointId> = candidates.iter().copied().filter(bonds).collect();
        match (candidates.as_slice(), bonded.as_slice()) {
            ([point], _) | (_, [point]) => Some(*point),
            _ => None,
        }
    }
}
