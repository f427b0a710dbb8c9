//! Words that comments and tables share.

use std::net::{IpAddr, SocketAddr};

use crate::correlate::{Blind, Disposition, Doubt, FlowTimeline, Party, Refusal, Service, Trust};
use crate::diagnose::RuleId;
use crate::identify::TcpFlags;
use crate::types::{Message, Timestamp};

/// RFC 3339 in UTC with nine digits.
///
/// A time outside the calendar's range, which no `i64` of nanoseconds reaches, would be written as nanoseconds.
pub(super) fn time_text(time: Timestamp) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(time.0)) {
        Ok(instant) => format!("{instant:.9}"),
        Err(_) => format!("{} ns", time.0),
    }
}

/// The flow's name in the report of the whole set.
pub(super) fn flow_name(flow: u32) -> String {
    format!("set-{}", u64::from(flow) + 1)
}

/// `echo`, `icmp-error` or a port; empty where there is none.
pub(super) fn service_text(service: Service) -> String {
    match service {
        Service::Echo => "echo".to_owned(),
        Service::IcmpError => "icmp-error".to_owned(),
        Service::Port(port) => port.to_string(),
        Service::None => String::new(),
    }
}

/// Who talks to whom, as the initiator began: `10.244.0.4:40000 > 10.244.1.5:80 tcp`.
pub(super) fn parties_text(flow: &FlowTimeline, port: u16) -> Message {
    let own = match flow.service {
        Service::Port(_) => Some(port).filter(|port| *port != 0),
        _ => None,
    };
    let called = flow.called.map_or_else(Message::empty, |called| {
        let called = end(called.address, called.port);
        message!(" (called as {called})", called)
    });
    let service = match flow.service {
        Service::Echo => message!(" echo"),
        Service::IcmpError => message!(" error"),
        Service::Port(_) | Service::None => Message::empty(),
    };
    let Party { address, port, .. } = flow.responder;
    message!(
        "{initiator} > {responder}{called} {protocol}{service}",
        initiator = end(flow.initiator.address, own),
        responder = end(address, port),
        called,
        protocol = flow.protocol,
        service
    )
}

fn end(address: IpAddr, port: Option<u16>) -> String {
    match port {
        Some(port) => SocketAddr::new(address, port).to_string(),
        None => address.to_string(),
    }
}

/// TCP's flags, such as `SYN ACK`.
pub(super) fn flags_text(flags: TcpFlags) -> String {
    let names = [
        (TcpFlags::FIN, "FIN"),
        (TcpFlags::SYN, "SYN"),
        (TcpFlags::RST, "RST"),
        (TcpFlags::PSH, "PSH"),
        (TcpFlags::ACK, "ACK"),
    ];
    let set = names.into_iter().filter(|(bit, _)| flags.any(*bit));
    let set: Vec<&str> = set.map(|(_, name)| name).collect();
    set.join(" ")
}

/// Rules by name, with a blank between them.
pub(super) fn rules_text(rules: &[RuleId]) -> String {
    let names: Vec<&str> = rules.iter().map(|rule| rule.0).collect();
    names.join(" ")
}

/// The word for an end, as reports count it and selections name it.
pub(super) const fn fate(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Delivered(_) => text!("delivered"),
        Disposition::Lost {
            trust: Trust::Proven,
            ..
        } => text!("lost"),
        Disposition::Lost {
            trust: Trust::Assumed,
            ..
        } => text!("assumed-lost"),
        Disposition::Rejected { .. } => text!("rejected"),
        Disposition::Looped { .. } => text!("looped"),
        Disposition::NotCovered { .. } => text!("not-covered"),
        Disposition::Unknown { .. } => text!("unknown"),
    }
}

/// Why the fate of a packet is out of sight.
pub(super) const fn blind_text(blind: Blind) -> &'static str {
    match blind {
        Blind::NoPoint => text!("no capture lies further on"),
        Blind::Window => text!("the next capture did not run then"),
        Blind::Filter => text!("the next capture leaves such packets out"),
    }
}

/// Why the fate of a packet cannot be told.
pub(super) const fn doubt_text(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::Ambiguous => text!("equal packets cannot be told apart"),
        Doubt::Translated => text!("it may go on under other addresses"),
        Doubt::Dropped => text!("the next capture lost packets"),
        Doubt::Cut => text!("the next capture cut its packets"),
        Doubt::NoExpectation => text!("nothing says where it should go"),
    }
}

/// How a packet was refused.
pub(super) fn refusal_text(refusal: Refusal) -> Message {
    match refusal {
        Refusal::Icmp { icmp_type, code } => {
            message!("ICMP type {icmp_type} code {code}", icmp_type, code)
        }
        Refusal::Reset => message!("a TCP reset"),
    }
}
