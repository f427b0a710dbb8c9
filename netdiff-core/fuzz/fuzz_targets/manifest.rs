//! Any text as a set's manifest.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = netdiff_core::doors::manifest(text) {
        assert!(error.starts_with("netdiff.toml, line "), "{error}");
    }
});
