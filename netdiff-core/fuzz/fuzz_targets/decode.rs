//! Any bytes as a packet of any link type: decoded and identified.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((head, data)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let link_type = u16::from_le_bytes([head[0], head[1] & 1]);
    let more = u32::from(u16::from_le_bytes([head[2], head[3] & 0x7f]));
    netdiff_fuzz::decode(link_type, data, data.len() as u32 + more);
});
