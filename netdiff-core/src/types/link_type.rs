//! Link types: what a captured packet begins with.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A `LINKTYPE_` value, the format of a packet's first bytes.
///
/// Source: <https://www.tcpdump.org/linktypes.html>. Files written on some BSDs carry `DLT_` values
/// instead; the reader maps those it knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkType(pub u16);

macro_rules! link_types {
    ($($name:ident = $number:literal, $tcpdump:literal;)*) => {
        impl LinkType {
            $(#[doc = concat!("`LINKTYPE_", $tcpdump, "` (", $number, ").")]
            pub const $name: Self = Self($number);)*

            /// The name that tcpdump's list gives this value, without `LINKTYPE_`.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($tcpdump),)*
                    _ => None,
                }
            }
        }
    };
}

link_types! {
    NULL = 0, "NULL";
    ETHERNET = 1, "ETHERNET";
    PPP = 9, "PPP";
    RAW_BSD = 12, "RAW(12)";
    RAW_OPENBSD = 14, "RAW(14)";
    PPP_HDLC = 50, "PPP_HDLC";
    PPP_ETHER = 51, "PPP_ETHER";
    RAW = 101, "RAW";
    C_HDLC = 104, "C_HDLC";
    IEEE802_11 = 105, "IEEE802_11";
    LOOP = 108, "LOOP";
    LINUX_SLL = 113, "LINUX_SLL";
    IEEE802_11_PRISM = 119, "IEEE802_11_PRISM";
    IEEE802_11_RADIOTAP = 127, "IEEE802_11_RADIOTAP";
    PPP_WITH_DIR = 204, "PPP_WITH_DIR";
    IPV4 = 228, "IPV4";
    IPV6 = 229, "IPV6";
    NFLOG = 239, "NFLOG";
    LINUX_SLL2 = 276, "LINUX_SLL2";
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "LINKTYPE {}", self.0),
        }
    }
}

impl fmt::Debug for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LinkType({}, {self})", self.0)
    }
}
