//! Cost of a master's side of DMA: what a transaction costs without a bus and without an SMMU.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use msmemu_devices::pl330::{Pl330, Pl330Config};
use msmemu_devices::traffic_engine::{TrafficEngine, TrafficEngineConfig};
use msmemu_devices::{Device, DmaMaster, Mmio};
use msmemu_fabric::{AccessKind, Time};

const BYTES: u32 = 0x1_0000;

/// Completes every request at once from a flat memory until the master rests; the number of requests.
fn drain(master: &mut impl DmaMaster, memory: &mut [u8]) -> u64 {
    let mut now = Time::ZERO;
    let mut requests = 0;
    loop {
        while let Some(request) = master.next_request(now) {
            requests += 1;
            let at = request.addr.0 as usize % (memory.len() - 256);
            let range = at..at + request.len as usize;
            if request.kind == AccessKind::Write {
                memory[range].copy_from_slice(master.write_data(request.id));
                master.complete(now, request.id, Ok(&[]));
            } else {
                master.complete(now, request.id, Ok(&memory[range]));
            }
        }
        match master.deadline() {
            Some(at) => {
                now = at;
                master.advance(at);
            }
            None => return requests,
        }
    }
}

fn engine(operation: u32) -> (TrafficEngine, Vec<u8>) {
    let mut memory = vec![0; 0x4_0000];
    let frame = [operation | 6 << 8 | 3 << 12, 0x0010_0010, 0x1_0000, 0x2_0000, BYTES];
    for (n, word) in frame.into_iter().enumerate() {
        memory[n * 4..][..4].copy_from_slice(&word.to_le_bytes());
    }
    let mut engine = TrafficEngine::new(TrafficEngineConfig::default());
    engine.write(Time::ZERO, Mmio::word(0x0c), 1).unwrap();
    (engine, memory)
}

fn dmac() -> (Pl330, Vec<u8>) {
    let mut memory = vec![0; 0x4_0000];
    // DMAMOV CCR, SAR, DAR; 4 times 256 times a copy of 64 bytes; DMAEND.
    let ccr = 1_u32 | 3 << 1 | 7 << 4 | 1 << 9 | 1 << 14 | 3 << 15 | 7 << 18 | 1 << 23;
    let mut program = Vec::new();
    for (register, value) in [(1, ccr), (0, 0x1_0000), (2, 0x2_0000)] {
        program.extend([0xbc, register]);
        program.extend(value.to_le_bytes());
    }
    program.extend([0x22, 3, 0x20, 255, 0x04, 0x08, 0x38, 2, 0x3c, 6, 0]);
    memory[..program.len()].copy_from_slice(&program);
    let mut dmac = Pl330::new(Pl330Config::default());
    for (offset, word) in [(0xd08, 0xa2 << 16), (0xd0c, 0), (0xd04, 0)] {
        dmac.write(Time::ZERO, Mmio::word(offset), word).unwrap();
    }
    (dmac, memory)
}

fn masters(c: &mut Criterion) {
    let mut group = c.benchmark_group("transaction_of_64_bytes");
    for (name, operation) in [("engine_read", 3), ("engine_copy", 1)] {
        let (mut first, mut memory) = engine(operation);
        group.throughput(Throughput::Elements(drain(&mut first, &mut memory)));
        group.bench_function(name, |b| {
            b.iter_batched_ref(
                || engine(operation),
                |(engine, memory)| drain(engine, memory),
                BatchSize::LargeInput,
            );
        });
    }
    let (mut first, mut memory) = dmac();
    group.throughput(Throughput::Elements(drain(&mut first, &mut memory)));
    group.bench_function("pl330_copy", |b| {
        b.iter_batched_ref(dmac, |(dmac, memory)| drain(dmac, memory), BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group!(benches, masters);
criterion_main!(benches);
