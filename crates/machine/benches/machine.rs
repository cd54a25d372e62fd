//! The machine as a user meets it. DMA: host time of a 64-byte read through a TLB hit, functional and timed,
//! everything included: the engine's own work, translation, memory, time, lines, statistics; beside it what a
//! translation and the use of its answer alone take. The core: instructions and polls of a register, with the digest
//! that every run has. A fork.
//!
//! `cargo bench -p msmemu-machine --bench machine`.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a bench")]

mod adapter;
mod lab;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lab::{Loop, Sweep};
use msmemu_machine::TimingMode;
use msmemu_machine::digest::Digest;

fn dma(c: &mut Criterion) {
    let mut group = c.benchmark_group("dma read of 64 bytes");
    group.throughput(Throughput::Elements(u64::from(lab::READS)));
    for (name, sweep) in [("micro-TLB hit", Sweep::Section), ("main TLB hit", Sweep::Pages)] {
        for timing in [TimingMode::Functional, TimingMode::Approximate] {
            let mut machine = lab::machine(timing, sweep);
            group.bench_function(BenchmarkId::new(name, format!("{timing:?}")), |b| {
                b.iter(|| lab::transfer(&mut machine));
            });
        }
    }
    for (name, sweep) in [("micro-TLB hit", Sweep::Section), ("main TLB hit", Sweep::Pages)] {
        let (mut machine, mut digest) = (lab::machine(TimingMode::Functional, sweep), Digest::default());
        group.bench_function(BenchmarkId::new(name, "Functional, digest"), |b| {
            b.iter(|| lab::observed(&mut machine, &mut digest));
        });
    }
    let mut adapter = adapter::Adapter::new();
    group.bench_function("translation and use alone", |b| b.iter(|| adapter.reads(lab::READS)));
    group.finish();
    let mut machine = lab::machine(TimingMode::Functional, Sweep::Section);
    c.bench_function("fork", |b| b.iter(|| black_box(machine.fork())));
}

fn core(c: &mut Criterion) {
    let mut group = c.benchmark_group("core");
    group.throughput(Throughput::Elements(300_000));
    for kind in [Loop::Registers, Loop::UartPoll] {
        let (mut machine, mut digest) = (lab::looping(kind), Digest::default());
        group.bench_function(format!("{kind:?}"), |b| {
            b.iter(|| lab::instructions(&mut machine, &mut digest, 300_000));
        });
    }
    group.finish();
}

criterion_group!(benches, dma, core);
criterion_main!(benches);
