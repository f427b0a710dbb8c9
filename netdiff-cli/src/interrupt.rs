//! Leaves nothing behind when netdiff is interrupted: ^C, a closed terminal, or a request to end.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, Once, PoisonError};

use tempfile::NamedTempFile;

/// Files that nobody needs if netdiff ends now.
static PENDING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that is removed if netdiff is interrupted while this lives.
pub(crate) struct Pending(PathBuf);

/// Creates a file that is removed if netdiff is interrupted.
///
/// An interrupt between its beginning and its end waits for it: it finds the file, and netdiff ends, whenever it comes.
///
/// # Errors
/// As `create`.
pub(crate) fn create_pending(
    create: impl FnOnce() -> io::Result<NamedTempFile>,
) -> io::Result<(NamedTempFile, Pending)> {
    static WATCH: Once = Once::new();
    pending(|files| {
        WATCH.call_once(watch);
        let file = create()?;
        let path = file.path().to_owned();
        files.push(path.clone());
        Ok((file, Pending(path)))
    })
}

impl Drop for Pending {
    fn drop(&mut self) {
        pending(|files| files.retain(|file| *file != self.0));
    }
}

fn pending<T>(work: impl FnOnce(&mut Vec<PathBuf>) -> T) -> T {
    work(&mut PENDING.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Ends as the shell expects it of a program that a signal ends: with 128 and the signal's number.
#[cfg(unix)]
fn watch() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    // Without the watch, an interrupt leaves a hidden file behind: no reason not to work.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else {
        return;
    };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let removed = pending(|files| {
                let removed = files.len();
                for file in files.drain(..) {
                    let _ = std::fs::remove_file(file);
                }
                removed
            });
            // What is written is written: all that is left is to show something, and the pager decides what ^C means.
            if removed > 0 {
                std::process::exit(128 + signal);
            }
        }
    });
}

#[cfg(not(unix))]
fn watch() {}
