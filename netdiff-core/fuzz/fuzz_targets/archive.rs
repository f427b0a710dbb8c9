//! Any bytes as a whole request: archives, one inside the other, compressed or not, and what lies in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use netdiff_core::AnalysisOptions;
use netdiff_core::doors::{profile_of, set_of};

fuzz_target!(|bytes: &[u8]| {
    match set_of(&[("ticket", bytes)]) {
        Ok(mut set) => {
            for file in &set.files {
                assert!(!file.name.starts_with('/') && !file.name.contains("../"));
            }
            if let Ok(profile) = profile_of(&mut set, &AnalysisOptions::default()) {
                netdiff_fuzz::check_profile(&profile);
            }
        }
        Err(error) => netdiff_fuzz::check_sentence(&error.to_string()),
    }
});
