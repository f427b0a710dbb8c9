//! What a caller may tell the decoder.

/// Tunnel ports and bounds. A tunnel is recognised by its *destination* port, as the kernel does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// UDP destination ports that carry VXLAN. Linux and flannel use 8472, IANA assigned 4789.
    pub vxlan_ports: Vec<u16>,
}

impl Default for DecodeOptions {
    fn default() -> Self {
        Self {
            vxlan_ports: vec![8472, 4789],
        }
    }
}
