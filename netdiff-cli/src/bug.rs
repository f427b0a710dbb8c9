//! What the user is told where netdiff itself is wrong: no capture should get it there.

use std::panic::{PanicHookInfo, UnwindSafe, catch_unwind, set_hook};
use std::process::ExitCode;

use netdiff_core::text;

use crate::language::{language, said};

/// Runs the program; a panic becomes a message and the exit status of a job that could not be done.
pub(crate) fn told(work: impl FnOnce() -> ExitCode + UnwindSafe, trouble: u8) -> ExitCode {
    set_hook(Box::new(|info| anstream::eprintln!("{}", message(info))));
    catch_unwind(work).unwrap_or_else(|_| ExitCode::from(trouble))
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let what = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let what = what.unwrap_or(language().text(text!("no reason given")));
    let place = info.location().map_or_else(
        || said!("an unknown place"),
        |place| format!("{}:{}", place.file(), place.line()),
    );
    said!(
        "netdiff {version}: a bug in netdiff, not in what it was given: {what} ({place}); please report it as SECURITY.md says, with \
         the command and, if they may leave your hands, the captures",
        version = env!("CARGO_PKG_VERSION"),
        what,
        place
    )
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_panic_is_told_as_what_it_is() {
        let heard = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&heard);
        let before = std::panic::take_hook();
        set_hook(Box::new(move |info| {
            *hears.lock().unwrap() = message(info);
        }));
        let ended = catch_unwind(|| panic!("for the test"));
        set_hook(before);
        assert!(ended.is_err());
        let heard = heard.lock().unwrap();
        assert!(heard.contains("a bug in netdiff"), "{heard}");
        assert!(
            heard.contains("for the test") && heard.contains("bug.rs:"),
            "{heard}"
        );
    }
}
