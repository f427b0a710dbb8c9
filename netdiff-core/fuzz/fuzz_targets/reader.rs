//! Any bytes as one capture file: pcap and pcapng in all variants, and the compressions around them.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use netdiff_core::read::PacketReader;

fuzz_target!(|bytes: &[u8]| {
    netdiff_fuzz::read_through(bytes);
    if let Err(error) = PacketReader::new("a", Box::new(Cursor::new(bytes.to_vec()))) {
        netdiff_fuzz::check_sentence(&error.to_string());
    }
});
