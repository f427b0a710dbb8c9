//! Long output through a pager, as git does.

use std::env;
use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What shows long output where nobody says otherwise. With `FRX` it ends at once if all fits on the screen.
const DEFAULT: &str = "less";
const DEFAULT_OPTIONS: &str = "FRX";

/// What a shell says of a command that is not there, or cannot be run.
const NOT_FOUND: i32 = 127;
const NOT_RUNNABLE: i32 = 126;

/// A program that shows text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pager {
    /// The one that most systems have.
    Default,
    /// A command line for the shell, since it may hold options.
    Asked(OsString),
}

/// Shows `text` with the pager; false if there is none, so that it is still to be written.
///
/// Only where standard output is a terminal. A reader who quits early has seen enough: that is no error.
pub(crate) fn show(text: &str) -> bool {
    let smart = env::var_os("TERM").is_none_or(|term| term != "dumb");
    if !(smart && std::io::stdout().is_terminal()) {
        return false;
    }
    let asked = env::var_os("NETDIFF_PAGER").or_else(|| env::var_os("PAGER"));
    chosen(asked).is_some_and(|pager| feed(&mut pager.command(), text))
}

/// An empty pager, or `cat`, is none.
fn chosen(asked: Option<OsString>) -> Option<Pager> {
    match asked {
        None => Some(Pager::Default),
        Some(none) if none.is_empty() || none == "cat" => None,
        Some(asked) => Some(Pager::Asked(asked)),
    }
}

impl Pager {
    fn command(&self) -> Command {
        let mut command = match self {
            Self::Default => Command::new(DEFAULT),
            Self::Asked(line) if cfg!(windows) => shell("cmd", "/C", line),
            Self::Asked(line) => shell("sh", "-c", line),
        };
        if env::var_os("LESS").is_none() {
            command.env("LESS", DEFAULT_OPTIONS);
        }
        command
    }
}

fn shell(shell: &str, option: &str, line: &OsString) -> Command {
    let mut command = Command::new(shell);
    command.arg(option).arg(line);
    command
}

/// Runs the pager until it ends; false if it cannot be run.
fn feed(command: &mut Command, text: &str) -> bool {
    // The pager decides what ^C means: it must not end netdiff, or two programs would read the terminal.
    let ignored = signal_hook::flag::register(
        signal_hook::consts::SIGINT,
        Arc::new(AtomicBool::new(false)),
    );
    let fed = command
        .stdin(Stdio::piped())
        .spawn()
        .is_ok_and(|child| wait(child, text));
    if let Ok(ignored) = ignored {
        signal_hook::low_level::unregister(ignored);
    }
    fed
}

fn wait(mut child: Child, text: &str) -> bool {
    let written = child.stdin.take().map(|mut stdin| {
        let written = stdin.write_all(text.as_bytes());
        written.and_then(|()| stdin.flush())
    });
    let quit_early = |error: &std::io::Error| error.kind() == ErrorKind::BrokenPipe;
    let taken = match written {
        Some(Ok(())) => true,
        Some(Err(error)) => quit_early(&error),
        None => false,
    };
    match child.wait().map(|status| status.code()) {
        Ok(Some(NOT_FOUND | NOT_RUNNABLE)) | Err(_) => false,
        Ok(_) => taken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_cat_are_no_pager() {
        assert_eq!(chosen(None), Some(Pager::Default));
        assert_eq!(chosen(Some("".into())), None);
        assert_eq!(chosen(Some("cat".into())), None);
        let asked = chosen(Some("more -s".into())).unwrap();
        assert_eq!(asked, Pager::Asked("more -s".into()));
    }

    #[test]
    #[cfg(unix)]
    fn a_pager_that_is_missing_leaves_the_text_and_one_that_quits_does_not() {
        let long = "text\n".repeat(100_000);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shown");
        let shows = |line: &str| {
            let mut command = Pager::Asked(line.into()).command();
            feed(command.stderr(Stdio::null()), &long)
        };
        assert!(shows(&format!("cat > '{}'", file.display())));
        assert_eq!(std::fs::read_to_string(file).unwrap(), long);
        assert!(shows("exit 0"), "quits before it has read");
        assert!(shows("head -1 > /dev/null"));
        assert!(!shows("no-such-pager --at-all"));
        assert!(!feed(&mut Command::new("no-such-pager"), &long));
    }
}
