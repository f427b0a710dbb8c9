//! What a caller may tell the decoder.

use crate::types::Protocol;

/// Tunnel ports. A tunnel is recognised by its *destination* port, as the kernel does; those that
/// answer from their own port (`WireGuard`, Teredo, L2TP, GTP-U, ESP over UDP) by either.
///
/// Ports that are not listed here and mean one thing only are fixed: VXLAN-GPE 4790, GUE 6080, Geneve
/// 6081, MPLS 6635, GTP-U 2152, L2TP 1701, ESP 4500, Teredo 3544.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// UDP destination ports that carry VXLAN. Linux and flannel use 8472, IANA assigned 4789.
    pub vxlan_ports: Vec<u16>,
    /// UDP destination ports that carry Geneve, besides 6081.
    pub geneve_ports: Vec<u16>,
    /// UDP destination ports that carry a bare IP packet: flannel's udp backend uses 8285.
    pub bare_ip_ports: Vec<u16>,
    /// UDP destination ports that carry an IP protocol without a header of their own (Linux FOU).
    pub fou_ports: Vec<(u16, Protocol)>,
    /// UDP ports of `WireGuard`: 51820 by custom, flannel uses 51821 for IPv6.
    pub wireguard_ports: Vec<u16>,
    /// Whether a datagram to an unknown port that looks like VXLAN in every byte is decoded as VXLAN.
    pub guess_vxlan: bool,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            vxlan_ports: vec![8472, 4789],
            geneve_ports: Vec::new(),
            bare_ip_ports: vec![8285],
            fou_ports: Vec::new(),
            wireguard_ports: vec![51820, 51821],
            guess_vxlan: true,
        }
    }
}
