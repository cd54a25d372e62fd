//! The laboratory: with its core asleep and an engine that reads in bursts of 64 bytes, or with its core in a loop.

use std::sync::Arc;

use msmemu_machine::config::Config;
use msmemu_machine::cpu::semihosting::Host;
use msmemu_machine::digest::Digest;
use msmemu_machine::fabric::Size;
use msmemu_machine::load::{Image, Segment};
use msmemu_machine::observe::Observer;
use msmemu_machine::{GapPolicy, Machine, Stop, TimingMode, Until};

struct NoHost;

impl Host for NoHost {
    fn console_write(&mut self, _bytes: &[u8]) {}
}

const RAM: u32 = 0x4000_0000;
const TABLE: u32 = 0x4010_0000;
const TABLE2: u32 = 0x4010_4000;
const FRAME: u32 = 0x4020_0000;
const SECTION: u32 = 0x4030_0000;
const PAGES: u32 = 0x1000_0000;
const SMMU: u32 = 0x0730_0000;
const ENGINE: u32 = 0x0F00_0000;
const UART: u32 = 0x19C4_0000;

/// Reads of 64 bytes in a transfer; the frame makes one more.
pub const READS: u32 = 1024;

/// What the reads find.
#[derive(Clone, Copy, Debug)]
pub enum Sweep {
    /// One section: the engine's micro-TLB has it.
    Section,
    /// Thirty-two pages in turn: more than the micro-TLB holds, all in the main TLB.
    Pages,
}

/// A machine that runs some Arm instructions.
fn running(timing: TimingMode, code: &[u32]) -> Machine {
    let config = Arc::new(Config::builtin("smmu-lab").unwrap().unwrap());
    let mut machine = Machine::new(config, timing, GapPolicy::Warn).unwrap();
    let bytes = code.iter().flat_map(|w| w.to_le_bytes()).collect();
    let segment = Segment { name: "code".into(), address: RAM, bytes, zeros: 0 };
    machine.load(Image { segments: vec![segment], entry: RAM, ..Image::default() }).unwrap();
    machine
}

/// A loop of the core.
#[derive(Clone, Copy, Debug)]
pub enum Loop {
    /// Four instructions between registers.
    Registers,
    /// Reads the status of the UART, counts, and again: three instructions.
    UartPoll,
}

/// A machine whose core runs a loop, and has warmed up.
pub fn looping(kind: Loop) -> Machine {
    let code: &[u32] = match kind {
        // add r1, r1, #1; eor r3, r3, r1; subs r2, r2, #1; b .-12
        Loop::Registers => &[0xE281_1001, 0xE023_3001, 0xE252_2001, 0xEAFF_FFFB],
        // ldr r0, =SR; ldr r1, [r0]; subs r2, r2, #1; b .-8
        Loop::UartPoll => &[0xE59F_0008, 0xE590_1000, 0xE252_2001, 0xEAFF_FFFC, UART + 8],
    };
    let mut machine = running(TimingMode::Functional, code);
    instructions(&mut machine, &mut Digest::default(), 10_000);
    machine
}

/// Runs so many instructions as `msmemu run` does: in slices, with the digest of what happens.
pub fn instructions(machine: &mut Machine, digest: &mut Digest, count: u64) {
    let until = Some(machine.core().instructions + count);
    let until = Until { instructions: until, slice: 1 << 20, time: None };
    assert_eq!(machine.run(until, digest, &mut (), &mut NoHost), Stop::InstructionLimit);
}

/// A machine that has done a transfer, so that its TLB is warm.
pub fn machine(timing: TimingMode, sweep: Sweep) -> Machine {
    // wfi; b .-4
    let mut machine = running(timing, &[0xE320_F003, 0xEAFF_FFFD]);
    let mut poke = |address: u32, value: u32| {
        machine.bus_access(address, Size::Word, Some(value.into()), &mut (), &mut ()).unwrap();
    };
    for section in [FRAME, SECTION] {
        poke(TABLE + (section >> 20) * 4, section | 0xC02);
    }
    poke(TABLE + (PAGES >> 20) * 4, TABLE2 | 1);
    for page in 0..32 {
        poke(TABLE2 + page * 4, (SECTION + page * 0x1000) | 0x32);
    }
    // Memory that nobody wrote has no frames to read from.
    for page in 0..32 {
        poke(SECTION + page * 0x1000, page);
    }
    poke(SMMU + 0x10, TABLE);
    poke(SMMU + 0x04, 0x3000);
    poke(SMMU, 1);
    // CHECKSUM in bursts of 64 bytes, normal memory.
    let mut frame = [0; 16];
    (frame[0], frame[1]) = (3 | 6 << 8, 0x0010_0010);
    match sweep {
        Sweep::Section => {
            // Sixteen outstanding.
            frame[0] |= 15 << 12;
            (frame[2], frame[4]) = (SECTION, READS * 64);
        }
        Sweep::Pages => {
            // Elements of 64 bytes, a page apart, over and over.
            frame[0] |= 1 << 18;
            (frame[2], frame[4]) = (PAGES, 32 * 64);
            (frame[6], frame[8], frame[10]) = (0x1000, 64, READS / 32 - 1);
        }
    }
    for (i, word) in frame.into_iter().enumerate() {
        poke(FRAME + i as u32 * 4, word);
    }
    poke(ENGINE + 0x10, FRAME);
    transfer(&mut machine);
    machine
}

/// One transfer of [`READS`] reads, from the start of the engine to the last completion.
pub fn transfer(machine: &mut Machine) {
    observed(machine, &mut ());
}

/// As [`transfer`], with an observer.
pub fn observed<O: Observer>(machine: &mut Machine, observer: &mut O) {
    machine.bus_access(ENGINE + 0x0C, Size::Word, Some(1), observer, &mut ()).unwrap();
    let stop = machine.run(Until::default(), observer, &mut (), &mut NoHost);
    assert_eq!(stop, Stop::Idle);
}
