//! The whole way, on the recorded incident: one set, two sets, and the rendering.

#![allow(
    missing_docs,
    reason = "criterion's macros write functions without docs"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use netdiff_benches::scenario;
use netdiff_core::{TextOptions, compare, render_json, render_text, trace};

fn incident(c: &mut Criterion) {
    let reference = scenario("vxlan-8472-blocked", "reference");
    let failing = scenario("vxlan-8472-blocked", "failing");
    c.bench_function("trace", |b| b.iter(|| trace(black_box(&failing)).is_ok()));
    c.bench_function("diff", |b| {
        b.iter(|| compare(black_box(&reference), &failing).is_ok());
    });
    if let Ok(report) = compare(&reference, &failing) {
        c.bench_function("text", |b| {
            b.iter(|| render_text(black_box(&report), &TextOptions::default()));
        });
        c.bench_function("json", |b| {
            b.iter(|| render_json(black_box(&report)).is_ok());
        });
    }
}

criterion_group!(benches, incident);
criterion_main!(benches);
