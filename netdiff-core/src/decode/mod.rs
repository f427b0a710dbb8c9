//! Turns bytes into layers. Knows no files, nodes or time; never fails, says why it stopped.
//!
//! Its door is [`Packet`]: the layers of one captured packet, outermost first, each with its place,
//! and a [`Stop`] that says why no further layer follows.

mod arp;
mod ethernet;
mod icmp;
mod ip;
mod linux_cooked;
mod options;
mod packet;
mod stop;
mod tcp;
mod udp;
mod vlan;
mod vxlan;

pub use arp::{Arp, ArpOperation};
pub use ethernet::{Ethernet, MacAddr};
pub use icmp::{Icmp, IcmpFamily};
pub use ip::{Fragment, Ip};
pub use linux_cooked::{LinuxCooked, PacketType};
pub use options::DecodeOptions;
pub use packet::{Layer, LayerKind, Packet, Payload, PlacedLayer, decode_packet};
pub use stop::{Anomaly, Limit, Stop};
pub use tcp::{Tcp, TcpFlags, TcpTimestamps};
pub use udp::Udp;
pub use vlan::VlanTag;
pub use vxlan::Vxlan;
