//! Throughput of the model, functional and timed: `cargo bench -p msmemu-smmu --bench translate`.
//!
//! Each figure is for one translation, or one command.

#![allow(missing_docs, reason = "criterion's macros make items without documentation")]

mod scenarios;

use criterion::{Bencher, Criterion, Throughput, criterion_group, criterion_main};
use msmemu_smmu::Request;
use scenarios::*;

const COUNT: u32 = 16384;

fn functional(c: &mut Criterion) {
    let mut group = c.benchmark_group("functional");
    group.throughput(Throughput::Elements(COUNT.into()));
    let cases: [(&str, u8, Vec<Request>); 7] = [
        ("micro-TLB hit", 4, micro_hits(COUNT)),
        ("main TLB hit", 0, main_hits(COUNT)),
        ("main TLB hit behind a micro-TLB", 4, main_hits(COUNT)),
        ("one-level walk", 4, one_level_walks(COUNT)),
        ("two-level walk", 4, two_level_walks(COUNT)),
        ("miss storm", 4, miss_storm(COUNT)),
        ("64 masters", 4, masters(COUNT)),
    ];
    for (name, micro_entries, requests) in &cases {
        let mut memory = memory();
        let mut smmu = smmu(*micro_entries, &mut memory);
        translate_all(&mut smmu, &mut memory, requests);
        group.bench_function(*name, |b| b.iter(|| translate_all(&mut smmu, &mut memory, requests)));
    }
    let mut memory = memory();
    let mut smmu = smmu(4, &mut memory);
    translate_all(&mut smmu, &mut memory, &main_hits(48));
    group.bench_function("invalidate a page", |b| b.iter(|| invalidate(&mut smmu, &mut memory, COUNT)));
    group.finish();
}

fn in_time(c: &mut Criterion) {
    let mut group = c.benchmark_group("timed");
    group.throughput(Throughput::Elements(COUNT.into()));
    let cases: [(&str, Vec<Request>); 6] = [
        ("micro-TLB hit", micro_hits(COUNT)),
        ("main TLB hit", main_hits(COUNT)),
        ("one-level walk", one_level_walks(COUNT)),
        ("two-level walk", two_level_walks(COUNT)),
        ("miss storm", miss_storm(COUNT)),
        ("64 masters", masters(COUNT)),
    ];
    for (name, requests) in &cases {
        let mut memory = memory();
        let mut timed = timed(&mut memory);
        run_timed(&mut timed, &mut memory, requests);
        group.bench_function(*name, |b| b.iter(|| run_timed(&mut timed, &mut memory, requests)));
    }
    let mut memory = memory();
    let mut timed = timed(&mut memory);
    run_timed(&mut timed, &mut memory, &main_hits(48));
    let bench = |b: &mut Bencher<'_>| b.iter(|| invalidate_timed(&mut timed, &mut memory, COUNT));
    group.bench_function("invalidate a page", bench);
    group.finish();
}

criterion_group!(benches, functional, in_time);
criterion_main!(benches);
