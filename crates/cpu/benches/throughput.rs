//! Guest instructions per second on five kinds of work, MMU on.

#![allow(clippy::expect_used, missing_docs, reason = "a bench ends where its image is missing")]

mod image;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use image::Guest;

/// The images and what they exercise.
const IMAGES: [&str; 5] = ["integer", "memory", "branch", "neon", "user"];
const INSTRUCTIONS: u64 = 1_000_000;

fn throughput(c: &mut Criterion) {
    let mut group = c.benchmark_group("cpu");
    group.throughput(Throughput::Elements(INSTRUCTIONS)).sample_size(20);
    for name in IMAGES {
        group.bench_function(name, |b| {
            // The images end after some hundred million instructions, so each sample starts from a warm guest.
            b.iter_batched_ref(
                || Guest::warm(name),
                |guest| guest.run(INSTRUCTIONS),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, throughput);
criterion_main!(benches);
