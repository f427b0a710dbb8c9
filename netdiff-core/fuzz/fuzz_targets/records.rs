//! pcap and pcapng files made of records and blocks, some of which lie.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use netdiff_fuzz::files::{PcapFile, PcapngFile};

#[derive(Arbitrary, Debug)]
enum File {
    Pcap(PcapFile),
    Pcapng(PcapngFile),
}

fuzz_target!(|file: File| {
    let bytes = match file {
        File::Pcap(file) => file.bytes(),
        File::Pcapng(file) => file.bytes(),
    };
    netdiff_fuzz::read_through(&bytes);
});
