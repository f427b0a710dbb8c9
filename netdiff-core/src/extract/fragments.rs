//! Finds the fragments of a wanted datagram.
//!
//! The rooms before name the fragment that completed a datagram. Those that came before it are kept here for a while, in case that theirs is wanted.

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::decode::{DecodeOptions, Packet, decode_packet};
use crate::read::{FileInterface, RawPacket};
use crate::types::{LinkType, PacketNumber, Protocol, Timestamp};

/// Fragments that are kept of one file: those of 20 datagrams of 64 KiB at an MTU of 1500.
const MAX_KEPT: usize = 1024;

/// What says that fragments belong together (RFC 791, RFC 8200).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Datagram {
    interface: FileInterface,
    source: IpAddr,
    destination: IpAddr,
    protocol: Protocol,
    identification: Option<u32>,
}

/// A packet with its bytes: a fragment that may be wanted.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    datagram: Option<Datagram>,
    pub(super) packet_number: PacketNumber,
    pub(super) link_type: LinkType,
    pub(super) time: Timestamp,
    pub(super) original_len: u32,
    pub(super) data: Vec<u8>,
}

impl Kept {
    pub(super) fn of(raw: &RawPacket<'_>, time: Timestamp) -> Self {
        Self {
            datagram: None,
            packet_number: raw.packet_number,
            link_type: raw.link_type,
            time,
            original_len: raw.original_len,
            data: raw.data.to_vec(),
        }
    }
}

/// The last fragments of a file.
#[derive(Debug)]
pub(super) struct Fragments<'a> {
    options: &'a DecodeOptions,
    packet: Packet,
    kept: VecDeque<Kept>,
}

impl<'a> Fragments<'a> {
    pub(super) fn new(options: &'a DecodeOptions) -> Self {
        Self {
            options,
            packet: Packet::new(),
            kept: VecDeque::new(),
        }
    }

    /// Keeps a packet if it is a fragment, or carried by one.
    pub(super) fn keep(&mut self, raw: &RawPacket<'_>, time: Timestamp) {
        let Some(datagram) = self.datagram(raw) else {
            return;
        };
        if self.kept.len() == MAX_KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Kept {
            datagram: Some(datagram),
            ..Kept::of(raw, time)
        });
    }

    /// The kept fragments of the datagram that a packet is a fragment of, in file order; they are not kept any longer.
    pub(super) fn take(&mut self, raw: &RawPacket<'_>) -> Vec<Kept> {
        let datagram = self.datagram(raw);
        if datagram.is_none() {
            return Vec::new();
        }
        let kept = std::mem::take(&mut self.kept);
        let (own, others): (Vec<Kept>, _) =
            kept.into_iter().partition(|kept| kept.datagram == datagram);
        self.kept = others.into();
        own
    }

    /// By the outermost header that is fragmented.
    fn datagram(&mut self, raw: &RawPacket<'_>) -> Option<Datagram> {
        let packet = &mut self.packet;
        decode_packet(
            raw.link_type,
            raw.data,
            raw.original_len,
            self.options,
            packet,
        );
        let (_, ip) = packet.ip_layers().find(|(_, ip)| ip.fragment.is_some())?;
        Some(Datagram {
            interface: raw.interface,
            source: ip.source,
            destination: ip.destination,
            protocol: ip.protocol,
            identification: ip.identification,
        })
    }
}
