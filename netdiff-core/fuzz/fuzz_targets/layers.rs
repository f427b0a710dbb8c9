//! Packets made of layers that fit each other, tunnels inside tunnels, with some damage.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netdiff_fuzz::packets::Stack;

fuzz_target!(|stack: Stack| {
    let (bytes, original_len) = stack.bytes();
    netdiff_fuzz::decode(stack.link_type(), &bytes, original_len);
});
