//! Laws of the engines: slices, caches and snapshots never change what a guest does.
#![allow(clippy::unwrap_used)]

use msmemu_cpu::isa::Set;
use msmemu_cpu::observe::DataAccess;
use msmemu_cpu::{
    BlockEngine, Core, Cpu, Engine, Exit, Limits, Model, Observer, SavedCore, StepEngine, Trap, Watchpoint,
};
use msmemu_fabric::{Bus, BusMaster, MasterId, Mid, PhysAddr, PhysRange, Ram, RamBus, SavedRam};
use proptest::prelude::*;

const MASTER: MasterId = MasterId { bus: BusMaster(0), mid: Mid(0) };
/// Vectors are at 0, code at 0x1000, data at 0x3000; everything is writable.
const CODE: u32 = 0x1000;
const DATA: u32 = 0x3000;

/// Every event of a run, in order.
#[derive(Default, PartialEq, Debug)]
struct Log(Vec<Event>);

#[derive(PartialEq, Debug)]
enum Event {
    Retired(Set, u32, u32),
    Data(DataAccess),
    Exception(Trap, u32, u32),
}

impl Observer for Log {
    const RETIRED: bool = true;
    const DATA: bool = true;
    fn retired(&mut self, set: Set, pc: u32, word: u32) {
        self.0.push(Event::Retired(set, pc, word));
    }
    fn data(&mut self, access: &DataAccess) {
        self.0.push(Event::Data(*access));
    }
    fn exception(&mut self, trap: &Trap, from: u32, to: u32) {
        self.0.push(Event::Exception(*trap, from, to));
    }
}

/// A machine with a program in RAM.
struct Machine<G> {
    cpu: Cpu<G>,
    bus: RamBus,
    log: Log,
}

#[derive(Clone, Debug)]
struct Program {
    thumb: bool,
    words: Vec<u32>,
    registers: [u32; 15],
    cpsr: u32,
}

impl<G: Engine> Machine<G> {
    fn new(program: &Program, engine: G) -> Self {
        let mut ram = Ram::new(&[PhysRange::new(PhysAddr(0), 0x8000).unwrap()]).unwrap();
        // Every vector goes back to the program, each by its own way.
        for (i, word) in
            [0xEA00_03FE_u32, 0xEA00_03FD, 0xEA00_03FC, 0xEA00_03FC, 0xEA00_03FC, 0, 0xEA00_03FC, 0xEA00_03FB]
                .into_iter()
                .enumerate()
        {
            ram.write(BusMaster(0), PhysAddr(4 * i as u64), &word.to_le_bytes()).unwrap();
        }
        for (i, word) in program.words.iter().enumerate() {
            let bytes = if program.thumb { word.rotate_left(16) } else { *word }.to_le_bytes();
            ram.write(BusMaster(0), PhysAddr(u64::from(CODE) + 4 * i as u64), &bytes).unwrap();
        }
        let mut cpu = Cpu::with_engine(Core::new(Model::Krait, MASTER), engine);
        cpu.core.set_cpsr(program.cpsr, !0);
        cpu.core.thumb = program.thumb;
        cpu.core.r[..15].copy_from_slice(&program.registers);
        cpu.core.pc = CODE;
        Self { cpu, bus: RamBus::new(ram), log: Log::default() }
    }

    /// Runs to a cycle, through whatever exits there are.
    fn run_to(&mut self, cycle: u64) {
        let limits = Limits::until_cycle(cycle);
        while self.cpu.run(&mut self.bus, &mut self.log, limits) != Exit::Budget {}
    }

    /// The same without an observer, which lets the fast paths run.
    fn run_unobserved_to(&mut self, cycle: u64) {
        let limits = Limits::until_cycle(cycle);
        while self.cpu.run(&mut self.bus, &mut (), limits) != Exit::Budget {}
    }

    fn state(&mut self) -> (SavedCore, SavedRam) {
        (self.cpu.core.save(), self.bus.ram().save())
    }
}

/// Words that make programs with loops, loads, stores into data and code, and now and then anything at all.
fn word(thumb: bool) -> impl Strategy<Value = u32> {
    let random = any::<u32>();
    if thumb {
        prop_oneof![
            2 => random,
            // Two 16-bit data-processing instructions.
            4 => random.prop_map(|w| w & 0x3FFF_3FFF),
            // Loads and stores with small offsets.
            2 => random.prop_map(|w| (w & 0x0FFF_0FFF) | 0x6000_6000),
            // CMP, then a short conditional branch back.
            2 => (0..8_u32, 0..14_u32, 1..40_u32)
                .prop_map(|(r, cond, back)| (0x2800 | r << 8) << 16 | 0xD000 | cond << 8 | (0x100 - back)),
            // IT and one instruction.
            1 => (0..14_u32, 1..16_u32, 0..0x3FFF_u32).prop_map(|(c, m, w)| (0xBF00 | c << 4 | m) << 16 | w),
        ]
        .boxed()
    } else {
        prop_oneof![
            2 => random,
            4 => random.prop_map(|w| (w & 0x01FF_7FFF) | 0xE000_0000),
            // Loads and stores relative to R8 (data) and R9 (the program itself).
            2 => (any::<bool>(), any::<bool>(), 0..13_u32, 0..64_u32).prop_map(|(load, code, rt, at)| {
                0xE580_0000 | u32::from(load) << 20 | (8 + u32::from(code)) << 16 | (rt % 8) << 12 | at << 2
            }),
            2 => (0..8_u32, 0..14_u32, 1..20_u32)
                .prop_map(|(_, cond, back)| cond << 28 | 0x0A00_0000 | (0x100_0000 - back)),
            1 => random.prop_map(|w| (w & 0x00FF_00FF) | 0xE8A0_0000),
        ]
        .boxed()
    }
}

fn program() -> impl Strategy<Value = Program> {
    (any::<bool>(), any::<[u32; 15]>(), 0..16_u32).prop_flat_map(|(thumb, mut registers, flags)| {
        registers[8] = DATA;
        registers[9] = CODE;
        for low in &mut registers[..8] {
            *low = *low % 0x100 * 4 + DATA;
        }
        proptest::collection::vec(word(thumb), 16..64).prop_map(move |words| Program {
            thumb,
            words,
            registers,
            cpsr: flags << 28 | 0x1DF,
        })
    })
}

/// Runs after which a block becomes a path: never, at once, soon.
const VISITS: std::ops::Range<u8> = 0..4;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The block engine does what the step engine does, with the same events in the same order.
    #[test]
    fn blocks_equal_steps(
        program in program(),
        slices in proptest::collection::vec(1..200_u64, 1..12),
        visits in VISITS,
    ) {
        let mut blocks = Machine::new(&program, BlockEngine::with_paths_after(visits));
        let mut fast = Machine::new(&program, BlockEngine::with_paths_after(visits));
        let mut steps = Machine::new(&program, StepEngine);
        let mut cycle = 0;
        for slice in slices {
            cycle += slice;
            blocks.run_to(cycle);
            steps.run_to(cycle);
            prop_assert_eq!(&blocks.log, &steps.log);
            fast.run_unobserved_to(cycle);
            let state = steps.state();
            prop_assert_eq!(&blocks.state(), &state);
            prop_assert_eq!(&fast.state(), &state);
        }
    }

    /// Neither the number of slices nor their lengths matter, interrupts at given cycles included.
    #[test]
    fn slices_change_nothing(
        program in program(),
        cuts in proptest::collection::btree_set(1..1500_u64, 0..40),
        interrupts in proptest::collection::btree_set(1..1500_u64, 0..6),
        visits in (VISITS, VISITS),
    ) {
        let mut whole = Machine::new(&program, BlockEngine::with_paths_after(visits.0));
        let mut cut = Machine::new(&program, BlockEngine::with_paths_after(visits.1));
        for m in [&mut whole, &mut cut] {
            m.cpu.core.masks &= !0x80;
        }
        let mut level = false;
        for at in (1..=1500).filter(|n| cuts.contains(n) || interrupts.contains(n) || *n == 1500) {
            cut.run_to(at);
            if interrupts.contains(&at) || at == 1500 {
                whole.run_to(at);
                prop_assert_eq!(whole.state(), cut.state());
                level = !level;
                whole.cpu.core.lines.irq = level;
                cut.cpu.core.lines.irq = level;
            }
        }
        prop_assert_eq!(whole.log, cut.log);
    }

    /// A machine restored from a snapshot runs on as the one that was never stopped.
    #[test]
    fn restoring_changes_nothing(program in program(), at in 1..800_u64, visits in VISITS) {
        let mut first = Machine::new(&program, BlockEngine::with_paths_after(visits));
        first.run_to(at);
        let (core, ram) = first.state();
        let mut second = Machine::new(&program, BlockEngine::with_paths_after(visits));
        second.run_to(37);
        second.bus.ram().restore(ram).unwrap();
        second.cpu.restore(&core).unwrap();
        prop_assert_eq!(first.state(), second.state());
        first.run_to(at + 700);
        second.run_to(at + 700);
        prop_assert_eq!(first.state(), second.state());
    }

    /// Counting by instructions stops at exactly that many.
    #[test]
    fn instruction_limits_are_exact(program in program(), n in 1..300_u64, visits in VISITS) {
        let mut blocks = Machine::new(&program, BlockEngine::with_paths_after(visits));
        let limits = Limits { cycles: 5000, instructions: n };
        while blocks.cpu.run(&mut blocks.bus, &mut blocks.log, limits) != Exit::Budget {}
        prop_assert!(blocks.cpu.core.instructions == n || blocks.cpu.core.cycles >= 5000);
        let retired = blocks.log.0.iter().filter(|e| matches!(e, Event::Retired(..))).count();
        prop_assert_eq!(retired as u64, blocks.cpu.core.instructions);
    }
}

/// R1 counts loop passes; the loop stores a changed instruction over the next one each time.
#[test]
fn a_store_is_seen_by_the_next_instruction() {
    let words = vec![
        0xE589_2008, // str r2, [r9, #8]: over the instruction after next
        0xE281_1001, // add r1, r1, #1
        0xE280_0000, // add r0, r0, #0, replaced by add r0, r0, #n
        0xE282_2001, // add r2, r2, #1
        0xEAFF_FFFA, // b to the start
    ];
    let mut registers = [0; 15];
    registers[2] = 0xE280_0001;
    registers[9] = CODE;
    let program = Program { thumb: false, words, registers, cpsr: 0x1DF };
    let mut machine = Machine::new(&program, BlockEngine::default());
    let limits = Limits { cycles: u64::MAX, instructions: 5 * 20 };
    assert_eq!(machine.cpu.run(&mut machine.bus, &mut machine.log, limits), Exit::Budget);
    assert_eq!(machine.cpu.core.r[1], 20);
    assert_eq!(machine.cpu.core.r[0], (1..=20).sum::<u32>());
}

/// Another master's store between slices is seen too.
#[test]
fn dma_into_code_drops_its_blocks() {
    let words = vec![0xE280_0001, 0xEAFF_FFFD];
    let program = Program { thumb: false, words, registers: [0; 15], cpsr: 0x1DF };
    let mut machine = Machine::new(&program, BlockEngine::default());
    let run = |machine: &mut Machine<BlockEngine>, instructions| {
        let limits = Limits { cycles: u64::MAX, instructions };
        machine.cpu.run(&mut machine.bus, &mut (), limits)
    };
    run(&mut machine, 20);
    assert_eq!(machine.cpu.core.r[0], 10);
    machine.bus.ram().write(BusMaster(7), PhysAddr(u64::from(CODE)), &0xE280_0064_u32.to_le_bytes()).unwrap();
    run(&mut machine, 40);
    assert_eq!(machine.cpu.core.r[0], 10 + 100 * 10);
}

/// The global monitor: another master's store to the location makes the store-exclusive fail; one elsewhere and one of the
/// core itself do not.
#[test]
fn another_masters_store_breaks_an_exclusive_sequence() {
    const NOP: u32 = 0xE320_F000;
    const STR: u32 = 0xE588_2000; // str r2, [r8]
    for (between, dma, fails) in [
        (NOP, None, 0),
        (NOP, Some(DATA), 1),
        (NOP, Some(DATA + 0x800), 0),
        (STR, None, 0),
        (STR, Some(DATA), 1),
    ] {
        // ldrex r0, [r8]; strex r1, r2, [r8]; b .
        let words = vec![0xE198_0F9F, between, 0xE188_1F92, 0xEAFF_FFFE];
        let mut registers = [0; 15];
        (registers[1], registers[2], registers[8]) = (9, 0x55, DATA);
        let program = Program { thumb: false, words, registers, cpsr: 0x1DF };
        let mut machine = Machine::new(&program, BlockEngine::default());
        let run = |machine: &mut Machine<BlockEngine>, instructions| {
            let limits = Limits { cycles: u64::MAX, instructions };
            machine.cpu.run(&mut machine.bus, &mut (), limits)
        };
        run(&mut machine, 2);
        if let Some(address) = dma {
            machine.bus.ram().write(BusMaster(7), PhysAddr(u64::from(address)), &[0x77; 4]).unwrap();
        }
        run(&mut machine, 3);
        assert_eq!(machine.cpu.core.r[1], fails, "{between:#x} {dma:x?}");
        let mut stored = [0; 4];
        machine.bus.ram().read(PhysAddr(u64::from(DATA)), &mut stored).unwrap();
        assert_eq!(stored, if fails == 0 { [0x55, 0, 0, 0] } else { [0x77; 4] }, "{between:#x} {dma:x?}");
    }
}

#[test]
fn breakpoints_stop_before_the_instruction_and_let_it_run_next_time() {
    let words = vec![0xE280_0001, 0xE281_1001, 0xE282_2001, 0xEAFF_FFFB];
    let program = Program { thumb: false, words, registers: [0; 15], cpsr: 0x1DF };
    let mut machine = Machine::new(&program, BlockEngine::default());
    machine.run_to(100);
    machine.cpu.core.r = [0; 16];
    machine.cpu.core.pc = CODE;
    machine.cpu.set_breakpoints(&[CODE + 4]);
    let limits = Limits::until_cycle(u64::MAX);
    for pass in 1..4 {
        assert_eq!(machine.cpu.run(&mut machine.bus, &mut (), limits), Exit::Breakpoint);
        assert_eq!(machine.cpu.core.pc, CODE + 4);
        assert_eq!(machine.cpu.core.r[..3], [pass, pass - 1, pass - 1]);
    }
}

#[test]
fn watchpoints_stop_after_the_access() {
    let words = vec![
        0xE280_0001, // add r0, r0, #1
        0xE588_0010, // str r0, [r8, #16]
        0xE598_1010, // ldr r1, [r8, #16]
        0xE5C8_0013, // strb r0, [r8, #19]
        0xEAFF_FFFA, // b to the start
    ];
    let mut registers = [0; 15];
    registers[8] = DATA;
    let program = Program { thumb: false, words, registers, cpsr: 0x1DF };
    let mut machine = Machine::new(&program, BlockEngine::default());
    machine.run_unobserved_to(100);
    let watch = |va, bytes, loads, stores| [Watchpoint { va, bytes, loads, stores }];
    let limits = Limits::until_cycle(10_000);
    let mut stop = |watchpoints: &[Watchpoint]| {
        machine.cpu.set_watchpoints(watchpoints);
        machine.cpu.core.pc = CODE;
        let exit = machine.cpu.run(&mut machine.bus, &mut (), limits);
        (exit, machine.cpu.core.pc - CODE)
    };
    let hit = |va| Exit::Watchpoint { va };
    assert_eq!(stop(&watch(DATA + 16, 4, false, true)), (hit(DATA + 16), 8));
    assert_eq!(stop(&watch(DATA + 18, 1, true, false)), (hit(DATA + 16), 12));
    assert_eq!(stop(&watch(DATA + 19, 1, true, true)), (hit(DATA + 16), 8));
    assert_eq!(stop(&watch(DATA + 20, 8, true, true)).0, Exit::Budget);
}

/// Single steps share the core with the blocks decoded before and after.
#[test]
fn a_store_into_code_while_single_stepping_drops_the_block() {
    let words = vec![
        0xE280_0001, // add r0, r0, #1, replaced by add r0, r0, #100
        0xE589_2000, // str r2, [r9]
        0xEAFF_FFFC, // b to the start
    ];
    let mut registers = [0; 15];
    registers[2] = 0xE280_0001;
    registers[9] = DATA;
    let program = Program { thumb: false, words, registers, cpsr: 0x1DF };
    let mut machine = Machine::new(&program, BlockEngine::default());
    let run = |machine: &mut Machine<BlockEngine>, instructions| {
        machine.cpu.run(&mut machine.bus, &mut (), Limits { cycles: u64::MAX, instructions })
    };
    run(&mut machine, 30);
    assert_eq!(machine.cpu.core.r[0], 10);
    machine.cpu.core.r[2] = 0xE280_0064;
    machine.cpu.core.r[9] = CODE;
    for _ in 0..3 {
        assert_eq!(machine.cpu.step(&mut machine.bus, &mut ()), Exit::Budget);
    }
    assert_eq!(machine.cpu.core.r[0], 11);
    run(&mut machine, 36);
    assert_eq!(machine.cpu.core.r[0], 111);
}
