//! Name resolution blocks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::byte_order::ByteOrder;
use super::options::start_of;
use crate::read::ResolvedName;
use crate::types::visible;

/// The most bytes that are kept of a name; the domain name system has no longer ones.
const MAX_NAME_LEN: usize = 255;

const END: u16 = 0;
const IPV4: u16 = 1;
const IPV6: u16 = 2;

/// The names in a name resolution `block`, up to the first record that does not fit.
pub(super) fn decode_names(block: &[u8], order: ByteOrder) -> Vec<ResolvedName> {
    let end = block.len().saturating_sub(4);
    let mut records = block.get(8..end).unwrap_or(&[]);
    let mut names = Vec::new();
    while let (Some(kind), Some(len)) = (order.u16_at(records, 0), order.u16_at(records, 2)) {
        let len = usize::from(len);
        let Some(value) = records.get(4..4 + len) else {
            break;
        };
        if kind == END {
            break;
        }
        names.extend(decode_name(kind, value));
        records = records.get(4 + len.next_multiple_of(4)..).unwrap_or(&[]);
    }
    names
}

/// An address, then its names, each with a NUL behind it.
fn decode_name(kind: u16, value: &[u8]) -> Option<ResolvedName> {
    let (address, names) = match kind {
        IPV4 => {
            let (address, names) = value.split_first_chunk::<4>()?;
            (IpAddr::from(Ipv4Addr::from(*address)), names)
        }
        IPV6 => {
            let (address, names) = value.split_first_chunk::<16>()?;
            (IpAddr::from(Ipv6Addr::from(*address)), names)
        }
        _ => return None,
    };
    let name = visible(&start_of(
        names.split(|byte| *byte == 0).next()?,
        MAX_NAME_LEN,
    ));
    (!name.is_empty()).then_some(ResolvedName { address, name })
}
