//! Host instructions per million guest instructions, counted by Valgrind: the same number on a busy machine, so a
//! change of the core's speed shows where a clock would hide it.
//!
//! `scripts/instruction-counts cpu` compares with the committed numbers.

#![allow(clippy::expect_used, missing_docs, reason = "a bench ends where its image is missing")]
#![allow(unused_qualifications, reason = "in the code that the attributes expand to")]

mod image;

use gungraun::{library_benchmark, library_benchmark_group, main};
use image::Guest;
use std::hint::black_box;

#[library_benchmark]
#[bench::integer(args = ("integer"), setup = Guest::warm)]
#[bench::memory(args = ("memory"), setup = Guest::warm)]
#[bench::branch(args = ("branch"), setup = Guest::warm)]
#[bench::neon(args = ("neon"), setup = Guest::warm)]
#[bench::user(args = ("user"), setup = Guest::warm)]
fn million(mut guest: Guest) -> Guest {
    guest.run(black_box(1_000_000));
    guest
}

library_benchmark_group!(name = cpu, benchmarks = million);
main!(library_benchmark_groups = cpu);
