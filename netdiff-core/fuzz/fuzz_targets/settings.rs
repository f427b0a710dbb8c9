//! Any text as the program's settings, `netdiff.toml` in the folder where it is run.
#![no_main]

#[path = "../../../netdiff-cli/src/config.rs"]
#[allow(dead_code, unreachable_pub)]
mod config;
#[path = "../../../netdiff-cli/src/language.rs"]
#[allow(dead_code, unreachable_pub)]
mod language;
#[path = "../../../netdiff-cli/src/near.rs"]
#[allow(dead_code, unreachable_pub)]
mod near;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = std::env::temp_dir().join(format!("netdiff-settings-{}.toml", std::process::id()));
    std::fs::write(&file, text).unwrap();
    if let Err(error) = config::read_config(Some(&file)) {
        assert!(error.to_string().contains("netdiff-settings-"), "{error:#}");
    }
});
