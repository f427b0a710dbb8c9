//! netdiff-core: finds the hop at which packets stop.

mod correlate;
mod decode;
mod diagnose;
mod diff;
mod identify;
mod read;
mod types;
