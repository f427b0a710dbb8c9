//! Turns bytes into layers. Knows no files, nodes or time; never fails, says why it stopped.
//!
//! Its door is [`Packet`]: the layers of one captured packet, outermost first, each with its place,
//! and a [`Stop`] that says why no further layer follows.

mod ah;
mod arp;
mod backbone;
mod checksum;
mod cisco_hdlc;
mod dispatch;
mod erspan;
mod esp;
mod ethernet;
mod geneve;
mod gre;
mod gtpu;
mod gue;
mod icmp;
mod igmp;
mod ip;
mod ipv4;
mod ipv6;
mod ipv6_extensions;
mod l2tp;
mod layer;
mod linux_cooked;
mod llc;
mod loopback;
mod macsec;
mod mpls;
mod nflog;
mod nsh;
mod options;
mod packet;
mod plausible;
mod ppp;
mod pppoe;
mod rest;
mod sctp;
mod stop;
mod tcp;
mod teredo;
mod udp;
mod vlan;
mod vxlan;
mod walk;
mod wireguard;

pub use ah::Ah;
pub use arp::{Arp, ArpOperation};
pub use backbone::BackboneTag;
pub use checksum::{ChecksumState, checksum_state};
pub use cisco_hdlc::CiscoHdlc;
pub use erspan::Erspan;
pub use esp::Esp;
pub use ethernet::{Ethernet, MacAddr};
pub use geneve::Geneve;
pub use gre::Gre;
pub use gtpu::Gtpu;
pub use gue::Gue;
pub use icmp::{Icmp, IcmpFamily};
pub use igmp::Igmp;
pub use ip::{Fragment, Ip};
pub use l2tp::L2tp;
pub use layer::{Layer, LayerKind, PlacedLayer};
pub use linux_cooked::{LinuxCooked, PacketType};
pub use llc::{Llc, Snap};
pub use loopback::Loopback;
pub use macsec::Macsec;
pub use mpls::Mpls;
pub use nflog::Nflog;
pub use nsh::Nsh;
pub use options::DecodeOptions;
pub use packet::{Packet, Payload, decode_packet};
pub use ppp::Ppp;
pub use pppoe::Pppoe;
pub use sctp::Sctp;
pub use stop::{Anomaly, Limit, Stop};
pub use tcp::{Tcp, TcpFlags, TcpTimestamps};
pub use teredo::Teredo;
pub use udp::Udp;
pub use vlan::VlanTag;
pub use vxlan::Vxlan;
pub use wireguard::WireGuard;

#[cfg(test)]
mod tests;
