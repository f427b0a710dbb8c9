//! Any text as a baseline; one that is understood is written, read, and compared with itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netdiff_core::doors::report_of_both;
use netdiff_core::profile::{read_baseline, write_baseline};
use netdiff_core::{TextOptions, render_text};

fuzz_target!(|text: &str| {
    let Ok(profiles) = read_baseline(text) else {
        return;
    };
    let written = write_baseline(&profiles).unwrap();
    let again = read_baseline(&written).unwrap();
    assert_eq!(profiles.len(), again.len());
    let (Some(one), Some(other)) = (profiles.first(), again.first()) else {
        return;
    };
    let report = report_of_both(one, other);
    assert!(!render_text(&report, &TextOptions::default()).is_empty());
});
