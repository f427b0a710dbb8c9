//! How far long work has come, on standard error.

use std::env;
use std::io::IsTerminal;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::language::said;
use indicatif::{DecimalBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use netdiff_core::Progress;

/// Work that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line is drawn.
const REFRESH: Duration = Duration::from_millis(200);

/// A line on a terminal, as long as this lives; then the line is gone.
pub(crate) struct Watch {
    /// Nothing is sent: that the sender is gone says that the work is done.
    working: Option<Sender<()>>,
    drawing: Option<JoinHandle<()>>,
}

impl Watch {
    /// Shows `progress` if standard error is a terminal; nothing without a `progress`.
    pub(crate) fn start(progress: Option<Progress>) -> Self {
        let smart = env::var_os("TERM").is_none_or(|term| term != "dumb");
        let shown = smart && std::io::stderr().is_terminal();
        let (working, done) = channel();
        let drawing = progress
            .filter(|_| shown)
            .map(|progress| thread::spawn(move || draw(&progress, &done)));
        Self {
            working: Some(working),
            drawing,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.working.take());
        // A thread that draws has nothing to say if it fails.
        let _ = self.drawing.take().map(JoinHandle::join);
    }
}

fn draw(progress: &Progress, done: &Receiver<()>) {
    let start = Instant::now();
    let working = |wait| matches!(done.recv_timeout(wait), Err(RecvTimeoutError::Timeout));
    if !working(PATIENCE) {
        return;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let mut reading_since = start;
    loop {
        let total = progress.bytes_total();
        if total == 0 {
            reading_since = Instant::now();
        }
        let now = State {
            read: progress.bytes_read(),
            total,
            working: start.elapsed(),
            reading: reading_since.elapsed(),
        };
        now.show(&bar);
        if !working(REFRESH) {
            break;
        }
    }
    bar.finish_and_clear();
}

/// A moment of the work.
struct State {
    read: u64,
    total: u64,
    working: Duration,
    reading: Duration,
}

impl State {
    fn show(&self, bar: &ProgressBar) {
        if self.total > 0 && self.read < self.total {
            bar.set_length(self.total);
            bar.set_position(self.read);
            bar.set_style(style("netdiff: [{bar:20}] {msg}"));
        } else {
            bar.set_style(style("netdiff: {msg}"));
        }
        bar.set_message(self.words());
        bar.tick();
    }

    /// `1.2 GB of 4.0 GB read, 210 MB/s, 13 seconds left`.
    fn words(&self) -> String {
        let working = HumanDuration(self.working);
        if self.total == 0 {
            return said!("opening the captures, {working}", working);
        }
        let total = DecimalBytes(self.total);
        if self.read >= self.total {
            return said!(
                "{total} read, following the packets, {working}",
                total,
                working
            );
        }
        let millis = u64::try_from(self.reading.as_millis()).unwrap_or(u64::MAX);
        let rate = self.read.saturating_mul(1000) / millis.max(1);
        let read = DecimalBytes(self.read);
        if rate == 0 {
            return said!("{read} of {total} read, {working}", read, total, working);
        }
        let left = HumanDuration(Duration::from_secs((self.total - self.read) / rate));
        said!(
            "{read} of {total} read, {rate}/s, {left} left",
            read,
            total,
            rate = DecimalBytes(rate),
            left
        )
    }
}

/// A template that is wrong is a template that shows too little, not a reason to stop.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(read: u64, total: u64, seconds: u64) -> String {
        let time = Duration::from_secs(seconds);
        State {
            read,
            total,
            working: time,
            reading: time,
        }
        .words()
    }

    #[test]
    fn the_line_says_how_much_how_fast_and_how_long() {
        assert_eq!(words(0, 0, 3), "opening the captures, 3 seconds");
        assert_eq!(
            words(1_000_000_000, 4_000_000_000, 5),
            "1.00 GB of 4.00 GB read, 200.00 MB/s, 15 seconds left"
        );
        assert_eq!(words(0, 10, 2), "0 B of 10 B read, 2 seconds");
        assert_eq!(
            words(10, 10, 60),
            "10 B read, following the packets, 60 seconds"
        );
    }

    #[test]
    fn templates_are_right() {
        for template in ["netdiff: [{bar:20}] {msg}", "netdiff: {msg}"] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_drawn() {
        // Tests have none: the thread is not even started.
        let watch = Watch::start(Some(Progress::default()));
        assert!(watch.drawing.is_none() || std::io::stderr().is_terminal());
    }
}
