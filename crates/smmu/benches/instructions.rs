//! Instruction counts of the model's hot paths, the same on a busy machine as on an idle one:
//! `cargo bench -p msmemu-smmu --bench instructions` (needs Valgrind and `gungraun-runner`).
//!
//! Each benchmark runs 4096 operations; what it counts is those alone, not the preparation.

#![allow(missing_docs, unused_qualifications, reason = "gungraun's macros make such items")]

mod scenarios;

use std::hint::black_box;

use gungraun::{library_benchmark, library_benchmark_group, main};
use msmemu_smmu::{Request, Smmu, Timed};
use scenarios::*;

const COUNT: u32 = 4096;

type Functional = (Smmu, Memory, Vec<Request>);

/// An instance that has seen the traffic once.
fn warm(micro_entries: u8, requests: fn(u32) -> Vec<Request>) -> Functional {
    let mut memory = memory();
    let mut smmu = smmu(micro_entries, &mut memory);
    let requests = requests(COUNT);
    translate_all(&mut smmu, &mut memory, &requests);
    (smmu, memory, requests)
}

#[library_benchmark(setup = warm)]
#[bench::micro_hit(4, micro_hits)]
#[bench::main_hit(0, main_hits)]
#[bench::main_hit_behind_micro(4, main_hits)]
#[bench::one_level_walk(4, one_level_walks)]
#[bench::two_level_walk(4, two_level_walks)]
#[bench::miss_storm(4, miss_storm)]
#[bench::masters(4, masters)]
fn functional((mut smmu, mut memory, requests): Functional) -> u32 {
    let sum = translate_all(&mut smmu, &mut memory, black_box(&requests));
    // Freeing is no part of the work.
    std::mem::forget((smmu, memory, requests));
    sum
}

fn full() -> (Smmu, Memory) {
    let (smmu, memory, _) = warm(4, main_hits);
    (smmu, memory)
}

#[library_benchmark]
#[bench::page(setup = full)]
fn invalidation((mut smmu, mut memory): (Smmu, Memory)) {
    invalidate(&mut smmu, &mut memory, black_box(COUNT));
    std::mem::forget((smmu, memory));
}

fn warm_timed(requests: fn(u32) -> Vec<Request>) -> (Timed, Memory, Vec<Request>) {
    let mut memory = memory();
    let mut timed = timed(&mut memory);
    let requests = requests(COUNT);
    run_timed(&mut timed, &mut memory, &requests);
    (timed, memory, requests)
}

#[library_benchmark(setup = warm_timed)]
#[bench::main_hit(main_hits)]
#[bench::two_level_walk(two_level_walks)]
#[bench::masters(masters)]
fn in_time((mut timed, mut memory, requests): (Timed, Memory, Vec<Request>)) -> u32 {
    let sum = run_timed(&mut timed, &mut memory, black_box(&requests));
    std::mem::forget((timed, memory, requests));
    sum
}

library_benchmark_group!(name = hot_paths, benchmarks = [functional, invalidation, in_time]);
main!(library_benchmark_groups = hot_paths);
