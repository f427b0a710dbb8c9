//! Any text as a file's name in a set.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|name: &str| {
    for names_interfaces in [false, true] {
        let (node, interface, _) = netdiff_core::doors::place(name, names_interfaces);
        // A name of nothing would be a capture point that no report can name.
        assert!(node.is_none_or(|node| !node.is_empty() && !node.contains('/')));
        assert!(interface.is_none_or(|interface| !interface.is_empty()));
    }
});
