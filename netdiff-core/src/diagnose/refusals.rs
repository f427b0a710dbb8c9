//! ICMP errors that quote lost packets: somebody refused them and says so.

use std::net::IpAddr;

use super::facts::Loss;
use crate::correlate::{IcmpError, Timelines};
use crate::types::Message;

/// Destination unreachable (RFC 792).
const UNREACHABLE: u8 = 3;
/// Time exceeded (RFC 792).
const TIME_EXCEEDED: u8 = 11;

/// ICMP errors of one kind from one sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal<'a> {
    /// They quote the tunnel's outer packet, rather than what is inside.
    pub(super) quotes_tunnel: bool,
    /// Its sightings, one a capture point, in file order.
    pub(super) errors: Vec<&'a IcmpError>,
}

impl Refusal<'_> {
    /// Who refuses.
    pub(super) fn source(&self) -> Option<IpAddr> {
        self.errors.first().map(|error| error.source)
    }

    /// Type and code.
    pub(super) fn kind(&self) -> Option<(u8, u8)> {
        self.errors
            .first()
            .map(|error| (error.icmp_type, error.code))
    }

    /// Which rules are about such an error (RFC 1812, section 5.2.7; Linux's iptables REJECT).
    pub(super) fn candidates(&self) -> &'static [&'static str] {
        match (self.quotes_tunnel, self.kind()) {
            (true, Some((UNREACHABLE, 3))) => &["vtep-down", "port-mismatch", "node-input-reject"],
            (true, Some((UNREACHABLE, 4))) => &["underlay-mtu-small"],
            (true, Some((UNREACHABLE, 9 | 10 | 13))) => &["node-input-reject"],
            (false, Some((UNREACHABLE, 0))) => &["route-missing-src", "route-missing-return"],
            (false, Some((UNREACHABLE, 1))) => &["neigh-missing", "dead-pod-ip"],
            (false, Some((UNREACHABLE, 4))) => &["mtu-pod-too-big"],
            (false, Some((UNREACHABLE, 9 | 10 | 13))) => &["forward-reject"],
            (_, Some((TIME_EXCEEDED, 0))) => &["routing-loop"],
            _ => &[],
        }
    }

    /// `ICMP 3/13 (administratively prohibited) from 10.0.0.2`.
    pub(super) fn describe(&self) -> Message {
        let (icmp_type, code) = self.kind().unwrap_or((0, 0));
        let meaning = match (icmp_type, code) {
            (UNREACHABLE, 0) => message!(" (net unreachable)"),
            (UNREACHABLE, 1) => message!(" (host unreachable)"),
            (UNREACHABLE, 3) => message!(" (port unreachable)"),
            (UNREACHABLE, 4) => message!(" (fragmentation needed)"),
            (UNREACHABLE, 9 | 10 | 13) => message!(" (prohibited)"),
            (TIME_EXCEEDED, 0) => message!(" (time to live exceeded)"),
            _ => Message::empty(),
        };
        let source = self
            .source()
            .map_or_else(Message::empty, |source| message!(" from {source}", source));
        message!(
            "ICMP {icmp_type}/{code}{meaning}{source}",
            icmp_type,
            code,
            meaning,
            source
        )
    }
}

/// The ICMP errors that quote packets like these losses: the same addresses, inside or as tunnel endpoints.
///
/// Errors are rate-limited, so their absence proves nothing and their number is no count of losses.
pub(super) fn find_refusals<'a>(timelines: &'a Timelines, losses: &[&Loss]) -> Vec<Refusal<'a>> {
    let mut refusals: Vec<Refusal<'a>> = Vec::new();
    for error in &timelines.icmp_errors {
        let Some(quotes_tunnel) = quotes(timelines, error, losses) else {
            continue;
        };
        let kind = (error.icmp_type, error.code);
        let known = refusals.iter_mut().find(|known| {
            (known.quotes_tunnel, known.source(), known.kind())
                == (quotes_tunnel, Some(error.source), Some(kind))
        });
        match known {
            Some(known) => known.errors.push(error),
            None => refusals.push(Refusal {
                quotes_tunnel,
                errors: vec![error],
            }),
        }
    }
    refusals
}

/// Whether an error quotes one of the losses, and if so, whether by its tunnel.
fn quotes(timelines: &Timelines, error: &IcmpError, losses: &[&Loss]) -> Option<bool> {
    let quote = error.quote?;
    let quoted = (quote.key.source, quote.key.destination);
    let endpoints = |loss: &&&Loss| {
        loss.tunnel
            .map(|tunnel| (tunnel.source, tunnel.destination))
    };
    if let Some(tunnel) = quote.tunnel {
        let outer = (tunnel.source, tunnel.destination);
        return losses
            .iter()
            .any(|loss| endpoints(&loss) == Some(outer))
            .then_some(true);
    }
    if losses.iter().any(|loss| endpoints(&loss) == Some(quoted)) {
        return Some(true);
    }
    let inside = losses.iter().any(|loss| {
        let flow = timelines.flows.get(loss.journey.flow);
        flow.is_some_and(|flow| {
            let parties = (flow.initiator.address, flow.responder.address);
            let way = if loss.journey.reply {
                (parties.1, parties.0)
            } else {
                parties
            };
            way == quoted && flow.protocol == quote.key.protocol
        })
    });
    inside.then_some(false)
}
