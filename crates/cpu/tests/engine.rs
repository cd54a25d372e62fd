//! Engines agree with each other, whatever the slices.

#![allow(clippy::unwrap_used)]

use msmemu_cpu::{Core, Cpu, Exit, Limits, Model, StepEngine};
use msmemu_fabric::{BusMaster, MasterId, PhysAddr, PhysRange, Ram, RamBus};

const MASTER: MasterId = MasterId { bus: BusMaster(0), mid: msmemu_fabric::Mid(0) };

fn bus(code: &[u32]) -> RamBus {
    let mut ram = Ram::new(&[PhysRange::new(PhysAddr(0), 1 << 20).unwrap()]).unwrap();
    for (i, word) in code.iter().enumerate() {
        ram.write(BusMaster(0), PhysAddr(0x1000 + 4 * i as u64), &word.to_le_bytes()).unwrap();
    }
    RamBus::new(ram)
}

#[test]
fn a_loop_counts_the_same_in_both_engines() {
    let code = [0xE281_1001, 0xE282_2002, 0xEAFF_FFFC];
    let mut block = Cpu::new(Model::Scorpion, MASTER);
    let mut step = Cpu::with_engine(Core::new(Model::Scorpion, MASTER), StepEngine);
    let (mut bus_a, mut bus_b) = (bus(&code), bus(&code));
    block.core.pc = 0x1000;
    step.core.pc = 0x1000;
    for slice in 1..50 {
        let limits = Limits::until_cycle(block.core.cycles + slice);
        assert_eq!(block.run(&mut bus_a, &mut (), limits), Exit::Budget);
        assert_eq!(step.run(&mut bus_b, &mut (), limits), Exit::Budget);
        assert_eq!(block.core.pc, step.core.pc);
        assert_eq!(block.core.r, step.core.r);
        assert_eq!(block.core.cycles, step.core.cycles);
        assert_eq!(block.core.instructions, step.core.instructions);
    }
    assert!(block.core.r[1] > 100);
}
