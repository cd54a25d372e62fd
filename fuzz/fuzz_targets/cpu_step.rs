//! A guest of random bytes never panics the host, and decoded blocks give what stepping gives, whatever the slices.

#![no_main]

use libfuzzer_sys::fuzz_target;
use msmemu_cpu::{Core, Cpu, Engine, Exit, Limits, Model, StepEngine};
use msmemu_fabric::{Bus, BusFault, BusMaster, MasterId, PhysAddr, PhysRange, Ram, RamBus};

/// RAM at 0, so that the vectors and, with the MMU on, page tables lie in it.
const RAM_SIZE: u64 = 0x1_0000;
const FUZZER: BusMaster = BusMaster(9);

/// RAM filled over and over with the input, and an external abort behind its end.
fn bus(bytes: &[u8]) -> RamBus {
    let ram_range = PhysRange::new(PhysAddr(0), RAM_SIZE).expect("constant");
    let fault_range = PhysRange::new(PhysAddr(RAM_SIZE), 0x1000).expect("constant");
    let mut ram = Ram::new(&[ram_range]).expect("one region");
    let image: Vec<u8> = bytes.iter().copied().cycle().take(RAM_SIZE as usize).collect();
    ram.write(FUZZER, PhysAddr(0), &image).expect("inside RAM");
    RamBus::new(ram).with_fault(fault_range, BusFault::Slave)
}

/// A core as the input's header wants it.
fn prepare<G: Engine>(cpu: &mut Cpu<G>, header: &[u8; 24]) {
    let word = |n: usize| u32::from_le_bytes(std::array::from_fn(|k| header[4 * n + k]));
    let core = &mut cpu.core;
    core.set_cpsr(word(0), !0);
    core.it = if core.thumb { core.it } else { 0 };
    for n in 0..15 {
        // A few interesting values, spread over the registers.
        core.r[n] = word(1 + n % 4).rotate_left(n as u32 * 5) & if n % 3 == 0 { 0xffff } else { !0 };
    }
    core.pc = word(5) & 0xfffc;
    core.lines.irq = header[23] & 1 != 0;
}

fn memory(bus: &mut RamBus) -> Vec<u8> {
    let mut bytes = vec![0; RAM_SIZE as usize];
    bus.ram().read(PhysAddr(0), &mut bytes).expect("inside RAM");
    bytes
}

fuzz_target!(|input: (bool, [u8; 24], Vec<u8>)| {
    let (krait, header, bytes) = input;
    if bytes.is_empty() {
        return;
    }
    let model = if krait { Model::Krait } else { Model::Scorpion };
    let mut blocks = Cpu::new(model, MasterId::default());
    let mut steps = Cpu::with_engine(Core::new(model, MasterId::default()), StepEngine);
    let (mut bus_a, mut bus_b) = (bus(&bytes), bus(&bytes));
    prepare(&mut blocks, &header);
    prepare(&mut steps, &header);
    for slice in 0..12u64 {
        let limit = |core: &Core| Limits {
            cycles: core.cycles + 400,
            instructions: core.instructions + 5 + slice * 7,
        };
        let limits = limit(&blocks.core);
        let exit_a = blocks.run(&mut bus_a, &mut (), limits);
        let exit_b = steps.run(&mut bus_b, &mut (), limits);
        assert_eq!(exit_a, exit_b);
        let (a, b) = (&blocks.core, &steps.core);
        assert_eq!(a.r[..15], b.r[..15]);
        assert_eq!((a.pc, a.cpsr(), a.instructions, a.cycles), (b.pc, b.cpsr(), b.instructions, b.cycles));
        assert_eq!(a.banks, b.banks);
        assert_eq!(a.fp, b.fp);
        assert_eq!(a.cp15, b.cp15);
        if matches!(exit_a, Exit::WaitForInterrupt) && a.masks & 0x80 != 0 {
            break;
        }
    }
    assert!(memory(&mut bus_a) == memory(&mut bus_b), "memory differs");
});
