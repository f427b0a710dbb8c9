//! netdiff-core: finds the hop at which packets stop.

mod correlate;
mod decode;
mod diagnose;
mod identify;
mod read;
mod types;
