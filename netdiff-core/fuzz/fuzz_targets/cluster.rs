//! Any bytes as what kubectl says, and as a hosts file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netdiff_core::Language;

fuzz_target!(|bytes: &[u8]| {
    for name in ["pods.json", "hosts"] {
        let facts = netdiff_core::doors::cluster(name, bytes);
        assert!(
            facts
                .warnings
                .iter()
                .all(|warning| warning.render(Language::English).starts_with(name))
        );
    }
});
