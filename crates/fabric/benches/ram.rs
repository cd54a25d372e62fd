//! Cost of guest memory: fast loads and stores, the slow path, forks.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use msmemu_fabric::{BusMaster, FrameId, PhysAddr, PhysRange, Ram, Watch};
use std::hint::black_box;

const BASE: u64 = 0x4000_0000;
const ACCESSES: u32 = 1024;

fn ram(frames: u64) -> (Ram, Vec<FrameId>) {
    let mut ram = Ram::new(&[PhysRange::new(PhysAddr(BASE), 1 << 30).unwrap()]).unwrap();
    let ids: Vec<_> = (0..frames).map(|n| ram.frame(PhysAddr(BASE + n * 4096)).unwrap()).collect();
    for &id in &ids {
        ram.store_slow(BusMaster(0), id, 0, 1_u32);
    }
    (ram, ids)
}

fn fast(c: &mut Criterion) {
    let mut group = c.benchmark_group("fast");
    group.throughput(Throughput::Elements(u64::from(ACCESSES)));
    // A dependent chain, as a load-to-use sequence of a guest: each offset comes from the last value.
    let chase = |ram: &Ram, frame: FrameId| {
        let mut offset = 0;
        for _ in 0..ACCESSES {
            offset = black_box(ram).load::<u32>(black_box(frame), offset) & 0xffc;
        }
        offset
    };
    let (mut machine, ids) = ram(4);
    group.bench_function("load_dependent_owned", |b| b.iter(|| chase(&machine, ids[1])));
    let fork = machine.fork();
    group.bench_function("load_dependent_shared", |b| b.iter(|| chase(&fork, ids[1])));
    drop(fork);
    let (mut machine, ids) = ram(4);
    group.bench_function("store", |b| {
        b.iter(|| {
            for n in 0..ACCESSES {
                let ok = black_box(&mut machine).store(black_box(ids[2]), n * 4 % 4096, n);
                assert!(ok);
            }
        });
    });
    machine.watch(ids[2], Watch::Code);
    group.bench_function("store_watched", |b| {
        b.iter(|| {
            for n in 0..ACCESSES {
                machine.store_slow(BusMaster(0), ids[2], n * 4 % 4096, n);
            }
            machine.take_watched(Watch::Code).len()
        });
    });
    group.finish();
}

fn dma(c: &mut Criterion) {
    let mut group = c.benchmark_group("by_address");
    let (mut machine, _) = ram(16);
    let mut line = [0_u8; 64];
    group.bench_function("read_64", |b| {
        b.iter(|| machine.read(PhysAddr(BASE + 0x1040), black_box(&mut line)));
    });
    group.bench_function("write_64", |b| {
        b.iter(|| machine.write(BusMaster(1), PhysAddr(BASE + 0x1040), black_box(&line)));
    });
    group.finish();
}

fn forks(c: &mut Criterion) {
    let mut group = c.benchmark_group("fork");
    for frames in [64_u64, 16_384] {
        let (mut machine, ids) = ram(frames);
        group.bench_function(format!("{frames}_frames"), |b| b.iter(|| machine.fork()));
        group.bench_function(format!("{frames}_frames_then_first_store"), |b| {
            b.iter_batched_ref(
                || machine.fork(),
                |fork| fork.store_slow(BusMaster(0), ids[0], 0, 2_u32),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, fast, dma, forks);
criterion_main!(benches);
