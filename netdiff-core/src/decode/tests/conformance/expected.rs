//! What another decoder says of each packet: a table with one row for each.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// The columns that must agree, as the tables name them.
pub(super) const REQUIRED: usize = 18;

/// The columns that are compared: those that must agree, then those that are reported only.
pub(super) const COLUMNS: [&str; 25] = [
    "depth",
    "outer_src",
    "outer_dst",
    "outer_proto",
    "outer_sport",
    "outer_dport",
    "inner_src",
    "inner_dst",
    "inner_proto",
    "inner_sport",
    "inner_dport",
    "inner_tcp_seq",
    "inner_icmp_id",
    "inner_icmp_seq",
    "vlan",
    "vxlan_vni",
    "geneve_vni",
    "gre_key",
    "inner_ipid",
    "inner_ttl",
    "mpls",
    "gtp_teid",
    "erspan_id",
    "esp_spi",
    "pppoe_sid",
];

/// A row: the value of each column, normalised; empty where the packet has none.
pub(super) type Row = [String; COLUMNS.len()];

/// A row and where the other decoder found it.
pub(super) struct ExpectedRow {
    /// Wireshark's frame number.
    pub(super) frame: u64,
    /// The values.
    pub(super) row: Row,
    /// The names of the protocols, outermost first. One that begins with `~` marks a row whose
    /// values could not be attributed to their layers.
    pub(super) stack: String,
}

impl ExpectedRow {
    /// Whether the row's values could be attributed to their layers.
    pub(super) fn is_sound(&self) -> bool {
        !self.stack.starts_with('~')
    }
}

/// Reads a table: a line of column names, then tab-separated values.
pub(super) fn parse_table(text: &str) -> Vec<ExpectedRow> {
    let mut lines = text.lines();
    let names = lines.next().unwrap_or_default().split('\t');
    let places: BTreeMap<&str, usize> = names.zip(0..).collect();
    let row = |line: &str| {
        let values: Vec<&str> = line.split('\t').collect();
        let value = |name: &str| places.get(name).map_or("", |&place| values[place]);
        ExpectedRow {
            frame: value("frame").parse().expect("a frame number"),
            row: COLUMNS.map(|column| normalise(value(column))),
            stack: value("stack").to_owned(),
        }
    };
    lines.map(row).collect()
}

/// One way of writing each value: numbers decimal, addresses as Rust writes them.
fn normalise(value: &str) -> String {
    let one = |part: &str| {
        if let Some(Ok(number)) = part
            .strip_prefix("0x")
            .map(|hex| u64::from_str_radix(hex, 16))
        {
            return number.to_string();
        }
        match part.parse::<IpAddr>() {
            Ok(address) => address.to_string(),
            Err(_) => part.to_owned(),
        }
    };
    value.split(',').map(one).collect::<Vec<_>>().join(",")
}

#[test]
fn values_have_one_way_of_writing() {
    assert_eq!(normalise("0x00ff"), "255");
    assert_eq!(normalise("10,0x0b"), "10,11");
    assert_eq!(normalise("2001:db8:0::1.2.3.4"), "2001:db8::102:304");
    assert_eq!(normalise(""), "");
}
