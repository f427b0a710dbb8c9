//! Any text as a selection; one that is understood reads back from what it displays as.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netdiff_core::Selection;

fuzz_target!(|text: &str| {
    match text.parse::<Selection>() {
        Ok(selection) => {
            let shown = selection.to_string();
            // Longer than what is read: `&&` displays as `and`.
            if shown.len() > 4096 {
                return;
            }
            let again: Selection = shown.parse().unwrap();
            assert_eq!(selection, again, "{shown}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
