//! netdiff-core: finds the hop at which packets stop.

mod decode;
mod read;
mod types;
