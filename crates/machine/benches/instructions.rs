//! Instruction counts of the machine, the same on a busy host as on an idle one: `scripts/instruction-counts machine`
//! compares them with the committed ones. Preparations are not counted.
//!
//! DMA: 1024 reads of 64 bytes through a TLB hit. The core: 30,000 instructions, with the digest that every run has;
//! a third of those of the poll read the status of the UART.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a bench")]
#![allow(unused_qualifications, reason = "in the code that the attributes expand to")]

mod adapter;
mod lab;

use std::hint::black_box;

use adapter::Adapter;
use gungraun::{library_benchmark, library_benchmark_group, main};
use lab::{Loop, Sweep};
use msmemu_machine::digest::Digest;
use msmemu_machine::{Machine, TimingMode};

#[library_benchmark(setup = lab::machine)]
#[bench::functional_micro_hit(TimingMode::Functional, Sweep::Section)]
#[bench::functional_main_hit(TimingMode::Functional, Sweep::Pages)]
#[bench::timed_micro_hit(TimingMode::Approximate, Sweep::Section)]
#[bench::timed_main_hit(TimingMode::Approximate, Sweep::Pages)]
fn dma_reads(mut machine: Machine) {
    lab::transfer(black_box(&mut machine));
    // Freeing is no part of the work.
    std::mem::forget(machine);
}

#[library_benchmark(setup = lab::machine)]
#[bench::functional_micro_hit(TimingMode::Functional, Sweep::Section)]
fn dma_reads_with_digest(mut machine: Machine) -> Digest {
    let mut digest = Digest::default();
    lab::observed(black_box(&mut machine), &mut digest);
    std::mem::forget(machine);
    digest
}

#[library_benchmark(setup = Adapter::new)]
#[bench::micro_hit()]
fn translation_and_use(mut adapter: Adapter) -> u32 {
    let sum = adapter.reads(black_box(lab::READS));
    std::mem::forget(adapter);
    sum
}

#[library_benchmark(setup = lab::looping)]
#[bench::registers(Loop::Registers)]
#[bench::uart_poll(Loop::UartPoll)]
fn core_loop(mut machine: Machine) -> Digest {
    let mut digest = Digest::default();
    lab::instructions(black_box(&mut machine), &mut digest, 30_000);
    std::mem::forget(machine);
    digest
}

library_benchmark_group!(
    name = machine,
    benchmarks = [dma_reads, dma_reads_with_digest, translation_and_use, core_loop]
);
main!(library_benchmark_groups = machine);
