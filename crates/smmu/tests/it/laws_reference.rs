//! Random tables and random requests against the naive reference. `scripts/slow-smmu` runs a million and
//! more; `cargo test` a few thousand.

use msmemu_smmu::{BfbGeometry, Config, PageSizes, Ports, Smmu, TlbGeometry};
use msmemu_testkit::case::run::same;
use msmemu_testkit::case::{Answer, Hit};
use msmemu_testkit::memory::{BusError, Memory};
use msmemu_testkit::reference::{self, Context, Registers};
use msmemu_testkit::tables::{Attributes, PageSize, Tables};
use msmemu_testkit::transaction::{Outcome, Request};

use crate::devices::{Causes, Port, answer, model_request};
use crate::rng::{Rng, cases};

const BANKS: usize = 3;
const MIDS: u32 = 8;
const REQUESTS_A_ROUND: u64 = 200;

/// How the tables of a round are made, and so what may be asked of the caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// The sixteen entries of a large mapping are equal: whatever is cached must agree with the tables.
    WellFormed,
    /// Any words at all. Everything is invalidated before each request, for two overlapping entries would
    /// be a multiple hit.
    Arbitrary,
}

struct World {
    model: Smmu,
    registers: Registers,
    memory: Memory,
    causes: Causes,
    rng: Rng,
    style: Style,
    /// Blocks that some table maps.
    mapped: Vec<(u32, PageSize)>,
    /// What came of the requests: bypasses, translations by walk and by hit, faults, global errors.
    seen: [u64; 5],
}

/// A virtual address in the few megabytes where the tables have something, mostly.
fn address(rng: &mut Rng) -> u32 {
    let base = rng.pick(&[0, 0x0100_0000, 0x1000_0000, 0x4000_0000, 0x8000_0000, 0xFF00_0000]);
    let offset = rng.word() & rng.pick(&[0xFFF, 0xFFFF, 0x000F_FFFF, 0x00FF_FFFF]);
    if rng.one_in(20) { rng.word() } else { base | offset }
}

fn configuration(rng: &mut Rng) -> Config {
    let entries = rng.pick(&[1, 2, 4, 16, 64, 256]);
    let ways = rng.pick(&[1, 2, 4, 256]).min(entries);
    let mut on = || rng.one_in(2);
    let sizes = PageSizes { small: true, large: on(), section: on(), supersection: on() };
    Config {
        banks: BANKS as u16,
        mids: MIDS as u16,
        micro_entries: rng.pick(&[0, 1, 4, 32]),
        tlb: TlbGeometry { entries, ways, sizes },
        bfb: BfbGeometry { first_lines: rng.pick(&[0, 1, 4]), second_lines: rng.pick(&[0, 1, 4]) },
        ..Config::default()
    }
}

/// Fills a table; gives the blocks that were mapped.
fn tables(
    rng: &mut Rng,
    style: Style,
    base: u32,
    big_endian: bool,
    memory: &mut Memory,
) -> Vec<(u32, PageSize)> {
    let mut mapped = Vec::new();
    let mut tables = if big_endian { Tables::big_endian(base) } else { Tables::new(base) };
    for _ in 0..30 {
        let size = rng.pick(&PageSize::ALL);
        let va = address(rng) & !(size.bytes() - 1);
        let pa = rng.word() & !(size.bytes() - 1);
        let mut attributes = Attributes::number(rng.below(Attributes::COUNT.into()) as u16);
        if rng.one_in(2) {
            attributes.ap = 0b011;
        }
        let free = match style {
            Style::Arbitrary => true,
            // Blocks keep out of each other's way.
            Style::WellFormed => is_free(&tables, memory, va, size),
        };
        if free {
            // A page under a section is refused; that is as good a table as any.
            if tables.map(memory, va, pa, size, attributes).is_ok() {
                mapped.push((va, size));
            }
        }
    }
    if style == Style::Arbitrary {
        for _ in 0..60 {
            let va = address(rng);
            let second = tables.second_level(memory, va).filter(|_| rng.one_in(2));
            let at = second.unwrap_or_else(|| tables.first_level(va));
            let word = match rng.below(4) {
                0 => rng.word(),
                1 => rng.word() & !3 | 2,
                2 => (base + 0x4000 + 0x400 * rng.below(8)) | 1 | rng.word() & 0x3FC,
                _ => tables.load(memory, at).unwrap() ^ 1 << rng.below(32),
            };
            tables.store(memory, at, word).unwrap();
        }
    }
    mapped
}

/// Whether nothing is mapped at any entry that a block would take.
fn is_free(tables: &Tables, memory: &Memory, va: u32, size: PageSize) -> bool {
    let empty = |at: u32| tables.load(memory, at) == Ok(0);
    let firsts = if size == PageSize::Supersection { 16 } else { 1 };
    let first = tables.first_level(va);
    match size {
        PageSize::Section | PageSize::Supersection => (0..firsts).all(|i| empty(first + 4 * i)),
        PageSize::Small | PageSize::Large => match tables.second_level(memory, va) {
            Some(at) => (0..if size == PageSize::Large { 16 } else { 1 }).all(|i| empty(at + 4 * i)),
            None => empty(first),
        },
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let style = if rng.one_in(2) { Style::Arbitrary } else { Style::WellFormed };
        let model = Smmu::new(&configuration(&mut rng)).unwrap();
        let mut memory = Memory::new();
        let mut registers =
            Registers { m2vcbr: vec![0; MIDS as usize], contexts: vec![Context::default(); BANKS], cr: 0 };
        let mut mapped = Vec::new();
        for bank in 0..BANKS {
            let big_endian = rng.one_in(4);
            let mut base = 0x8000_0000 + 0x0010_0000 * bank as u32;
            mapped.extend(tables(&mut rng, style, base, big_endian, &mut memory));
            let other = base + 0x8_0000;
            mapped.extend(tables(&mut rng, style, other, big_endian, &mut memory));
            let n = if rng.one_in(2) { rng.below(8) } else { 0 };
            if n > 0 && rng.one_in(2) {
                // A table of its own that only the low bits of TTBR0 reach.
                let small = base + 0x2_0000 + (0x4000 >> n);
                for i in 0..0x1000 >> n {
                    let word = memory.read32(base + 4 * i).unwrap();
                    memory.write32(small + 4 * i, word).unwrap();
                }
                base = small;
            }
            let haf = if style == Style::Arbitrary { rng.word() & 8 } else { 0 };
            let sctlr = rng.word() & 0x26 | haf | u32::from(big_endian) << 4;
            let walk = if rng.one_in(8) { rng.below(4) } else { 3 };
            let actlr = rng.word() & 0x00F4_0F71
                | (rng.word() & 0xC & if rng.one_in(2) { 0xC } else { 0 })
                | walk << 12
                | if rng.one_in(4) { rng.below(4) } else { 3 } << 16;
            registers.contexts[bank] = Context {
                sctlr: sctlr | u32::from(!rng.one_in(10)),
                actlr,
                ttbr0: base | rng.word() & 0x7B,
                ttbr1: other | rng.word() & 0x7B,
                ttbcr: n | if rng.one_in(6) { rng.word() & 0x30 } else { 0 },
                prrr: rng.word() & 0xFF0F_FFFF,
                nmrr: rng.word(),
            };
        }
        for m2vcbr in &mut registers.m2vcbr {
            let bank = if rng.one_in(20) { rng.below(256) } else { rng.below(BANKS as u32) };
            *m2vcbr = rng.word() & 0x00C0_001F | bank << 8 | u32::from(rng.one_in(8)) << 16;
        }
        registers.cr = if rng.one_in(40) { 0x10 } else { 0 } | rng.word() & 0x20;
        if rng.one_in(4) {
            let at = 0x8000_0000 + (rng.word() & 0x003F_FFFF);
            let error = if rng.one_in(2) { BusError::Decode } else { BusError::Slave };
            memory.refuse(at..=at | 0xFFF, error);
        }
        let mut world =
            Self { model, registers, memory, causes: Causes::default(), rng, style, mapped, seen: [0; 5] };
        world.program();
        world
    }

    fn write(&mut self, offset: u32, value: u32) {
        let mut ports = Ports::new(Port(&mut self.memory)).observed_by(&mut self.causes);
        self.model.write(offset, value, &mut ports);
    }

    fn read(&mut self, offset: u32) -> u32 {
        self.model.read(offset, &mut Ports::new(Port(&mut self.memory)))
    }

    /// Puts the registers into the model through its guest port.
    fn program(&mut self) {
        let registers = self.registers.clone();
        for (bank, c) in (0..).zip(&registers.contexts) {
            let values = [
                (0x00, c.sctlr),
                (0x04, c.actlr),
                (0x10, c.ttbr0),
                (0x14, c.ttbr1),
                (0x18, c.ttbcr),
                (0x34, c.prrr),
                (0x38, c.nmrr),
                (0x08, bank), // ASID
                (0x4C, 1),    // BFBDFE
            ];
            for (offset, value) in values {
                self.write(bank * 0x1000 + offset, value);
            }
            // A VMID for each bank: the reference knows nothing of sharing, and global entries of one bank
            // would serve another whose tables differ.
            self.write(0xFF800 + 4 * bank, bank << 16);
        }
        for (mid, value) in (0..).zip(&registers.m2vcbr) {
            self.write(0xFF000 + 4 * mid, *value);
        }
        self.write(0xFFF80, registers.cr);
    }

    /// An address in one of the blocks, mostly.
    fn address(&mut self) -> u32 {
        if self.rng.one_in(6) || self.mapped.is_empty() {
            return address(&mut self.rng);
        }
        let (va, size) = self.rng.pick(&self.mapped);
        va | self.rng.word() & (size.bytes() - 1)
    }

    fn request(&mut self) -> Request {
        let flags = self.rng.word();
        Request {
            mid: self.rng.below(MIDS + u32::from(self.rng.clone().one_in(50))) as u8,
            va: self.address(),
            write: flags & 1 != 0,
            privileged: flags & 2 != 0,
            instruction: flags & 12 == 0,
            non_secure: flags & 16 != 0,
            size: (flags >> 8 & 3) as u8,
            beats: (flags >> 12 & 15) as u8 + 1,
        }
    }

    /// One request; the error says what differs.
    fn step(&mut self) -> Result<(), String> {
        if self.style == Style::Arbitrary {
            self.write(0xFFF00, 0); // GLOBAL_TLBIALL
        }
        if self.rng.one_in(8) { self.step_v2p() } else { self.step_transaction() }
    }

    fn step_transaction(&mut self) -> Result<(), String> {
        let request = self.request();
        let mut memory = self.memory.clone();
        let expected = reference::translate(&self.registers, &mut memory, &request);
        self.causes.forget();
        let mut ports = Ports::new(Port(&mut self.memory)).observed_by(&mut self.causes);
        let reply = self.model.translate(&model_request(0, &request), &mut ports);
        let held = reply == msmemu_smmu::Answer::Held;
        let got = answer(0, &reply, &self.causes, held);
        self.seen[match &got {
            Answer::Bypassed { .. } => 0,
            Answer::Translated { hit: Hit::Walk, .. } => 1,
            Answer::Translated { .. } => 2,
            Answer::Fault { .. } | Answer::Held { .. } | Answer::Waits => 3,
            Answer::Global { .. } => 4,
        }] += 1;
        let context = |bank: u8| &self.registers.contexts[usize::from(bank)];
        let ok = match (&got, &expected) {
            // Without walks a hit is as good as the walk that the reference does not do.
            (Answer::Translated { hit: Hit::Main | Hit::Micro, .. }, Outcome::Fault(f))
                if f.fsr & 0x10 != 0 && self.style == Style::WellFormed =>
            {
                let mut walking = self.registers.clone();
                walking.contexts[usize::from(f.bank)].actlr |= 3 << 12;
                let expected = reference::translate(&walking, &mut self.memory.clone(), &request);
                same(&got, &expected, &walking)
            }
            (Answer::Fault { cause, .. } | Answer::Held { cause }, Outcome::Fault(f))
                if f.fsr & 0x10 != 0 && *cause != 0x10 =>
            {
                // A hit whose rights do not suffice.
                cause & 8 != 0 && self.style == Style::WellFormed && context(f.bank).actlr >> 12 & 3 != 3
            }
            _ => same(&got, &expected, &self.registers) && self.memory == memory,
        };
        if !ok {
            return Err(format!("{request:?}\n  model     {got}\n  reference {expected:?}"));
        }
        if let Outcome::Fault(f) = expected {
            let bank = u32::from(f.bank) * 0x1000;
            let recorded = [0x20, 0x28, 0x2C, 0x30].map(|at| self.read(bank + at));
            let wanted = [f.fsr, f.far, f.fsynr0, f.fsynr1];
            if recorded != wanted && f.fsr & 0x10 == 0 {
                return Err(format!("{request:?}\n  recorded {recorded:08x?}\n  wanted   {wanted:08x?}"));
            }
            self.write(bank + 0x20, u32::MAX);
            self.write(bank + 0x820, 1);
            while self.model.next_released(&mut Ports::new(Port(&mut self.memory))).is_some() {}
        }
        if matches!(expected, Outcome::Global(_)) {
            self.write(0xFFF88, u32::MAX);
        }
        Ok(())
    }

    fn step_v2p(&mut self) -> Result<(), String> {
        let bank = self.rng.below(BANKS as u32);
        let context = self.registers.contexts[bank as usize];
        let va = self.address() & 0xFFFF_F000;
        let kind = self.rng.below(4);
        let (write, privileged) = (kind & 1 == 1, kind < 2);
        let request = Request { va, write, privileged, non_secure: true, ..Request::default() };
        let mut memory = self.memory.clone();
        let mut expected = reference::v2p(&context, &mut memory, request);
        self.write(bank * 0x1000 + 0x810 + 4 * kind, va);
        let par = self.read(bank * 0x1000 + 0x1C);
        let hit = self.read(bank * 0x1000 + 0x40) & 1 == 1;
        if hit {
            // Then V2PCFG was 1 or 3, and what was found must be what a walk would give.
            let walking = Context { actlr: context.actlr | 3 << 16, ..context };
            expected = reference::v2p(&walking, &mut self.memory.clone(), request);
        }
        if par != expected || !hit && self.memory != memory {
            return Err(format!(
                "V2P {kind} {va:#x} in bank {bank}: {context:x?}\n  PAR {par:08x}, expected {expected:08x}"
            ));
        }
        if self.read(bank * 0x1000 + 0x20) != 0 {
            return Err("V2P set FSR".to_owned());
        }
        Ok(())
    }
}

#[test]
fn random_requests_equal_the_reference() {
    let rounds = cases(20_000).div_ceil(REQUESTS_A_ROUND);
    let mut seen = [0; 5];
    for seed in 0..rounds {
        let mut world = World::new(seed);
        for n in 0..REQUESTS_A_ROUND {
            if let Err(difference) = world.step() {
                panic!(
                    "seed {seed}, request {n}, {:?}: {difference}\n{:x?}\n{:?}",
                    world.style,
                    world.registers,
                    world.model.config()
                );
            }
        }
        seen.iter_mut().zip(world.seen).for_each(|(all, one)| *all += one);
    }
    let total: u64 = seen.iter().sum();
    assert!(seen.iter().all(|n| n * 100 > total), "each outcome is common enough to be tested: {seen:?}");
}
