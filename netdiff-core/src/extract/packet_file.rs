//! Wanted packets as a pcapng file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::chosen::Chosen;
use super::clock::BY;
use super::note::comment;
use super::pcapng::{write_interface, write_packet, write_section};
use super::replay::{Seen, Sink};
use super::strip::Stripper;
use crate::decode::DecodeOptions;
use crate::types::{Language, LinkType, Message, PointId};

/// How packets are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketFileOptions {
    /// The most bytes to keep of a packet; all without.
    pub snaplen: Option<u32>,
    /// Whether to keep the headers of all layers only.
    pub strip_payload: bool,
    /// Whether packets bear their times by the clock of the set's first node, instead of those that they were captured with.
    pub corrected_times: bool,
    /// What the file's comment says that it holds; nothing where that is empty.
    pub about: String,
    /// The language of comments.
    pub language: Language,
}

/// A pcapng file with one interface for each capture point, named `node/interface`, and a comment at each packet.
///
/// Packets stand in corrected order and bear the times that they were captured with, unless told otherwise: viewers show both
/// the order of events and the original times. Where clocks differ, times then run backwards between packets; each comment
/// says both times.
pub struct PacketFile<'a> {
    chosen: &'a Chosen<'a>,
    options: PacketFileOptions,
    stripper: Stripper,
    /// Numbers of interfaces.
    interfaces: BTreeMap<(PointId, LinkType), u32>,
    out: &'a mut dyn Write,
}

impl<'a> PacketFile<'a> {
    /// Begins a file: its header, and the interfaces of the points that wanted packets were captured at.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn new(
        chosen: &'a Chosen<'a>,
        options: PacketFileOptions,
        decode: DecodeOptions,
        out: &'a mut dyn Write,
    ) -> io::Result<Self> {
        let mut file = Self {
            chosen,
            options,
            stripper: Stripper::new(decode),
            interfaces: BTreeMap::new(),
            out,
        };
        let comment = file.section_comment().render(file.options.language);
        write_section(file.out, &comment)?;
        let mut points: Vec<PointId> = chosen.wanted.iter().map(|wanted| wanted.point).collect();
        points.sort_unstable();
        points.dedup();
        for point in points {
            let known = chosen.facts.set.points.get(point.index());
            if let Some(link_type) = known.and_then(|known| known.link_type) {
                file.interface(point, link_type)?;
            }
        }
        Ok(file)
    }

    fn section_comment(&self) -> Message {
        let first = self.chosen.facts.set.node_name(BY);
        let times = if self.options.corrected_times {
            message!(
                "times are by the clock of {first}, which the packets' comments compare",
                first
            )
        } else {
            message!("times are those of the captures")
        };
        let cut = match (self.options.strip_payload, self.options.snaplen) {
            (true, _) => message!("\npayload was cut off"),
            (false, Some(_)) => message!("\npackets were cut"),
            (false, None) => Message::empty(),
        };
        let about = match self.options.about.as_str() {
            "" => String::new(),
            about => format!("{about}\n"),
        };
        message!(
            "{about}packets are in the order of their times by the clock of {first}; {times}{cut}",
            about,
            first,
            times,
            cut
        )
    }

    /// The number of an interface, which is described before its first packet.
    fn interface(&mut self, point: PointId, link_type: LinkType) -> io::Result<u32> {
        if let Some(number) = self.interfaces.get(&(point, link_type)) {
            return Ok(*number);
        }
        let set = self.chosen.facts.set;
        let name = set.name(point).to_string();
        let role = set.role(point).name();
        let snaplen = self.options.snaplen;
        write_interface(self.out, (&name, role), link_type, snaplen)?;
        let number = u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX);
        self.interfaces.insert((point, link_type), number);
        Ok(number)
    }
}

impl Sink for PacketFile<'_> {
    fn packet(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        let interface = self.interface(seen.point, seen.link_type)?;
        let mut data = seen.data;
        if self.options.strip_payload {
            data = self
                .stripper
                .headers(seen.link_type, data, seen.original_len);
        }
        let most = self.options.snaplen.map_or(usize::MAX, |n| n as usize);
        let data = data.get(..most).unwrap_or(data);
        let time = if self.options.corrected_times {
            seen.corrected.time
        } else {
            seen.time
        };
        let comment = comment(self.chosen, seen).render(self.options.language);
        write_packet(
            self.out,
            interface,
            (time, seen.original_len),
            data,
            &comment,
        )
    }
}
