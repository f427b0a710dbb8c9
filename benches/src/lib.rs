//! Benchmarks of netdiff: what is measured and how stands in each bench file.
