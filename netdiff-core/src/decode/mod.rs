//! Turns bytes into layers. Knows no files, nodes or time; never fails, says why it stopped.
//!
//! Its door is [`Packet`]: the layers of one captured packet, outermost first, each with its place,
//! and a [`Stop`] that says why no further layer follows.

mod arp;
mod dispatch;
mod ethernet;
mod icmp;
mod ip;
mod ipv4;
mod ipv6;
mod ipv6_extensions;
mod layer;
mod linux_cooked;
mod loopback;
mod options;
mod packet;
mod rest;
mod stop;
mod tcp;
mod udp;
mod vlan;
mod vxlan;
mod walk;

pub use arp::{Arp, ArpOperation};
pub use ethernet::{Ethernet, MacAddr};
pub use icmp::{Icmp, IcmpFamily};
pub use ip::{Fragment, Ip};
pub use layer::{Layer, LayerKind, PlacedLayer};
pub use linux_cooked::{LinuxCooked, PacketType};
pub use loopback::Loopback;
pub use options::DecodeOptions;
pub use packet::{Packet, Payload, decode_packet};
pub use stop::{Anomaly, Limit, Stop};
pub use tcp::{Tcp, TcpFlags, TcpTimestamps};
pub use udp::Udp;
pub use vlan::VlanTag;
pub use vxlan::Vxlan;

#[cfg(test)]
mod tests;
