//! DMA through the machine: host time of a 64-byte read through a TLB hit, functional and timed, and of a
//! fork. Run with `cargo bench -p msmemu-machine`.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use msmemu_machine::config::Config;
use msmemu_machine::cpu::semihosting::Host;
use msmemu_machine::fabric::Size;
use msmemu_machine::load::{Image, Segment};
use msmemu_machine::{GapPolicy, Machine, TimingMode, Until};

struct NoHost;

impl Host for NoHost {
    fn console_write(&mut self, _bytes: &[u8]) {}
}

const RAM: u32 = 0x4000_0000;
const TABLE: u32 = 0x4010_0000;
const FRAME: u32 = 0x4020_0000;
const SMMU: u32 = 0x0730_0000;
const ENGINE: u32 = 0x0F00_0000;
const BYTES: u32 = 0x1_0000;

/// The laboratory with its core asleep, translation on, and a frame that reads 64 KiB in bursts of 64.
fn machine(timing: TimingMode) -> Machine {
    let config = Arc::new(Config::builtin("smmu-lab").unwrap().unwrap());
    let mut machine = Machine::new(config, timing, GapPolicy::Warn).unwrap();
    let bytes = [0xE320_F003_u32, 0xEAFF_FFFD].iter().flat_map(|w| w.to_le_bytes()).collect();
    let segment = Segment { name: "code".into(), address: RAM, bytes, zeros: 0 };
    machine.load(Image { segments: vec![segment], entry: RAM, ..Image::default() }).unwrap();
    let mut poke = |address: u32, value: u32| {
        machine.bus_access(address, Size::Word, Some(value.into()), &mut (), &mut ()).unwrap();
    };
    for section in [FRAME, 0x4030_0000] {
        poke(TABLE + (section >> 20) * 4, section | 0xC02);
    }
    poke(SMMU + 0x10, TABLE);
    poke(SMMU + 0x04, 0x3000);
    poke(SMMU, 1);
    let mut frame = [0; 16];
    (frame[0], frame[1], frame[2], frame[4]) = (3 | 6 << 8 | 15 << 12, 0x0010_0010, 0x4030_0000, BYTES);
    for (i, word) in frame.into_iter().enumerate() {
        poke(FRAME + i as u32 * 4, word);
    }
    poke(ENGINE + 0x10, FRAME);
    machine
}

fn transfer(machine: &mut Machine) {
    machine.bus_access(ENGINE + 0x0C, Size::Word, Some(1), &mut (), &mut ()).unwrap();
    machine.run(Until::default(), &mut (), &mut (), &mut NoHost);
}

fn dma(c: &mut Criterion) {
    let mut group = c.benchmark_group("dma read of 64 bytes");
    group.throughput(Throughput::Elements(u64::from(BYTES / 64)));
    for timing in [TimingMode::Functional, TimingMode::Approximate] {
        let mut machine = machine(timing);
        transfer(&mut machine);
        group.bench_function(format!("{timing:?}"), |b| b.iter(|| transfer(&mut machine)));
    }
    group.finish();
    let mut machine = machine(TimingMode::Functional);
    transfer(&mut machine);
    c.bench_function("fork", |b| b.iter(|| black_box(machine.fork())));
}

criterion_group!(benches, dma);
criterion_main!(benches);
