//! Sightings as a table: CSV (RFC 4180) or TSV, a row a sighting.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::IpAddr;

use super::chosen::{Chosen, Place};
use super::replay::{Seen, Sink};
use super::text::{fate, flags_text, flow_name, rules_text, service_text, time_text};
use super::transmission::Transmissions;
use crate::correlate::{Disposition, FlowTimeline, Journey};
use crate::decode::{DecodeOptions, Packet, decode_packet};
use crate::types::CapturePoint;

/// The columns: name, and what stands in it. docs/export.md lists them.
///
/// Further columns may come behind these; names and their meaning stay.
pub const COLUMNS: [(&str, &str); 34] = [
    (
        "flow",
        "the flow, as `netdiff trace --format json` of the whole set names it",
    ),
    ("protocol", "`tcp`, `udp`, `icmp` …"),
    ("initiator", "address of who began"),
    (
        "initiator_name",
        "what the cluster, the manifest or a hosts file calls it",
    ),
    ("responder", "address of who was called"),
    ("responder_name", "its name"),
    ("service", "port of the responder, `echo` or `icmp-error`"),
    (
        "called",
        "the address that the initiator called, where it is translated to the responder's",
    ),
    (
        "initiator_port",
        "the initiator's port or ICMP identifier: tells the conversations of a flow apart",
    ),
    ("direction", "`forward` (initiator to responder) or `reply`"),
    (
        "journey",
        "the packet's number in its flow and direction, from 1, by the time of its first sighting",
    ),
    (
        "transmission",
        "of TCP, how often these sequence numbers were sent so far in this conversation: 1, and more for retransmissions",
    ),
    ("flags", "TCP's flags"),
    (
        "disposition",
        "what became of the packet: `delivered`, `lost`, `assumed-lost`, `rejected`, `looped`, `not-covered`, `unknown`",
    ),
    (
        "missing_at",
        "of a lost packet, the capture point that should have seen it next",
    ),
    ("findings", "rules of the findings that explain its end"),
    ("hop", "number of the hop in the direction's ladder, from 1"),
    ("hops", "how many hops the ladder has"),
    ("last", "`true` at the packet's last sighting, else `false`"),
    ("node", "where it was seen"),
    ("interface", "where it was seen"),
    (
        "role",
        "the interface's part: `pod`, `bridge`, `vtep`, `uplink` …",
    ),
    ("source", "source address of the flow's packets at this hop"),
    (
        "destination",
        "destination address of the flow's packets at this hop",
    ),
    (
        "tunnel",
        "`vxlan`, `geneve` … around the packet at this hop",
    ),
    ("vni", "its network identifier"),
    ("file", "the capture, by its name in the set"),
    (
        "packet_number",
        "the packet's place in it, from 1: Wireshark's frame number; of a fragmented packet, that of the fragment that completed it",
    ),
    (
        "time",
        "when it was captured, by the clock of its node; RFC 3339 in UTC with nine digits",
    ),
    (
        "corrected_time",
        "the same by the clock of the set's first node; empty where the packets do not compare the two",
    ),
    (
        "clock_error_ns",
        "the largest error of the comparison in nanoseconds, 0 on the first node",
    ),
    ("ttl", "time to live of the inner-most IP header"),
    (
        "ip_length",
        "length of the inner-most IP packet of this frame in bytes",
    ),
    ("frame_length", "length of the frame on the wire in bytes"),
];

/// What stands between two columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// A comma.
    #[default]
    Comma,
    /// A tab.
    Tab,
}

impl Separator {
    const fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Tab => '\t',
        }
    }
}

/// A table of sightings with a line of column names, lines end in `\n`.
///
/// A cell that holds a separator, a quotation mark or a line break stands in quotation marks, which are doubled inside (RFC 4180). A text that
/// begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe in front: spreadsheets would take it for a formula, and names come from captures.
pub struct Table<'a> {
    chosen: &'a Chosen<'a>,
    names: &'a BTreeMap<IpAddr, String>,
    transmissions: Transmissions,
    separator: Separator,
    decode: DecodeOptions,
    packet: Packet,
    out: &'a mut dyn Write,
}

impl<'a> Table<'a> {
    /// Begins a table with the names of its columns.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(
        chosen: &'a Chosen<'a>,
        names: &'a BTreeMap<IpAddr, String>,
        separator: Separator,
        decode: DecodeOptions,
        out: &'a mut dyn Write,
    ) -> io::Result<Self> {
        let header = COLUMNS.map(|(name, _)| name);
        let between = separator.character().to_string();
        writeln!(out, "{}", header.join(&between))?;
        Ok(Self {
            chosen,
            names,
            transmissions: Transmissions::of(chosen),
            separator,
            decode,
            packet: Packet::new(),
            out,
        })
    }

    fn row(&self, seen: &Seen<'_>, place: Place) -> Option<Row> {
        let (flow, direction, journey) = self.chosen.journey(place)?;
        let (index, hop) = self.chosen.hop(place)?;
        let set = self.chosen.facts.set;
        let mut row = Row::new(self.separator);
        self.flow_cells(&mut row, place.flow, flow);
        self.journey_cells(&mut row, place, journey);
        row.number(index + 1);
        row.number(direction.hops.len());
        let last = usize::from(place.step) + 1 == journey.sightings.len();
        row.plain(if last { "true" } else { "false" });
        let CapturePoint { node, interface } = set.name(seen.point);
        row.text(&node);
        row.text(&interface);
        row.plain(set.role(seen.point).name());
        row.plain(&hop.source.to_string());
        row.plain(&hop.destination.to_string());
        row.plain(hop.tunnel.map_or("", |tunnel| tunnel.encapsulation.name()));
        row.some(hop.tunnel.and_then(|tunnel| tunnel.vni).map(|vni| vni.0));
        self.frame_cells(&mut row, seen);
        Some(row)
    }

    fn flow_cells(&self, row: &mut Row, number: u32, flow: &FlowTimeline) {
        let name = |address: &IpAddr| self.names.get(address).map_or("", String::as_str);
        row.plain(&flow_name(number));
        row.plain(&flow.protocol.to_string());
        for party in [&flow.initiator, &flow.responder] {
            row.plain(&party.address.to_string());
            row.text(name(&party.address));
        }
        row.plain(&service_text(flow.service));
        row.some(flow.called.map(|called| called.address));
    }

    fn journey_cells(&self, row: &mut Row, place: Place, journey: &Journey) {
        row.some(Some(journey.port).filter(|port| *port != 0));
        row.plain(if place.reply { "reply" } else { "forward" });
        row.number(place.journey as usize + 1);
        row.some(self.transmissions.nth(place));
        row.some(journey.flags.map(flags_text));
        row.plain(fate(journey.disposition));
        let missing_at = match journey.disposition {
            Disposition::Lost { to, .. } => self.chosen.facts.set.name(to).to_string(),
            _ => String::new(),
        };
        row.text(&missing_at);
        row.plain(&rules_text(self.chosen.explaining(place)));
    }

    fn frame_cells(&self, row: &mut Row, seen: &Seen<'_>) {
        let files = self.chosen.facts.files;
        row.text(files.get(seen.file.0 as usize).map_or("", String::as_str));
        row.some(Some(seen.packet_number));
        row.plain(&time_text(seen.time));
        let bound = seen.corrected.bound;
        let corrected = bound.map(|_| time_text(seen.corrected.time));
        row.plain(&corrected.unwrap_or_default());
        row.some(bound.map(|bound| bound.0));
        let ip = self.packet.innermost_ip().map(|(_, ip)| *ip);
        row.some(ip.map(|ip| ip.ttl));
        row.some(ip.map(|ip| u64::from(ip.header_len) + u64::from(ip.payload_len)));
        row.some(Some(seen.original_len));
    }
}

impl Sink for Table<'_> {
    fn packet(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        if seen.fragment_of.is_some() {
            return Ok(());
        }
        decode_packet(
            seen.link_type,
            seen.data,
            seen.original_len,
            &self.decode,
            &mut self.packet,
        );
        let places = seen.wanted.iter().filter_map(|wanted| wanted.place);
        for place in places {
            if let Some(row) = self.row(seen, place) {
                writeln!(self.out, "{}", row.line)?;
            }
        }
        Ok(())
    }
}

/// A line being made.
struct Row {
    line: String,
    separator: char,
    is_first: bool,
}

impl Row {
    fn new(separator: Separator) -> Self {
        Self {
            line: String::new(),
            separator: separator.character(),
            is_first: true,
        }
    }

    /// A text that somebody else wrote.
    fn text(&mut self, text: &str) {
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            self.plain(&format!("'{text}"));
        } else {
            self.plain(text);
        }
    }

    fn number(&mut self, number: usize) {
        self.plain(&number.to_string());
    }

    fn some(&mut self, value: Option<impl ToString>) {
        self.plain(&value.map_or_else(String::new, |value| value.to_string()));
    }

    fn plain(&mut self, cell: &str) {
        if !self.is_first {
            self.line.push(self.separator);
        }
        self.is_first = false;
        if cell.contains([self.separator, '"', '\n', '\r']) {
            self.line.push('"');
            self.line.push_str(&cell.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(separator: Separator, cells: &[&str]) -> String {
        let mut row = Row::new(separator);
        cells.iter().for_each(|cell| row.text(cell));
        row.line
    }

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (cells, csv, tsv) in [
            (&["a", "", "b c"][..], "a,,b c", "a\t\tb c"),
            (
                &["a,b", "say \"x\""],
                "\"a,b\",\"say \"\"x\"\"\"",
                "a,b\t\"say \"\"x\"\"\"",
            ),
            (&["x\ny", "x\ty"], "\"x\ny\",x\ty", "\"x\ny\"\t\"x\ty\""),
            (
                &["=1+1", "+1", "-1", "@f", "\tx", "\rx"],
                "'=1+1,'+1,'-1,'@f,'\tx,\"'\rx\"",
                "'=1+1\t'+1\t'-1\t'@f\t\"'\tx\"\t\"'\rx\"",
            ),
        ] {
            assert_eq!(line(Separator::Comma, cells), csv);
            assert_eq!(line(Separator::Tab, cells), tsv);
        }
    }
}
