//! State: guest writes obey the tables, reset equals new, random traffic gives the same on every back end
//! (functional, timed, and both restored after every step), mangled saved state is refused.

use msmemu_regs::At;
use msmemu_smmu::spec::{BANK_STRIDE, ContextBank, GLOBAL_PAGE, GlobalPage};
use msmemu_smmu::{Config, Ports, RegisterId, Saved, SavedTimed, Smmu, Timed};
use msmemu_testkit::case;
use msmemu_testkit::memory::Memory;
use msmemu_testkit::tables::{Attributes, PageSize, Tables};
use msmemu_testkit::transaction::Request;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::devices::{BACKENDS, Port, model_request};

/// Something a guest or a master does.
#[derive(Clone, Copy, Debug)]
enum Op {
    Write(u32, u32),
    Read(u32),
    Transaction(Request),
    /// Page, frame, attributes number.
    Map(u32, u32, u16),
    Unmap(u32),
}

const TABLE: u32 = 0x8000_0000;
const PAGES: u32 = 12;

fn size_of(page: u32) -> PageSize {
    PageSize::ALL[page as usize % 4]
}

fn va_of(page: u32) -> u32 {
    0x1000_0000 * (page % 4 + 1) + size_of(page).bytes() * (page / 4)
}

/// Offsets of all registers of two banks and of the global page, the start of the arrays alone.
fn offsets() -> Vec<u32> {
    let mut offsets = Vec::new();
    for desc in ContextBank::DESC.regs {
        offsets.extend([0, 1].map(|bank| bank * BANK_STRIDE + desc.offset));
    }
    for desc in GlobalPage::DESC.regs {
        offsets.extend((0..desc.count.min(4)).map(|i| GLOBAL_PAGE + desc.offset_of(i)));
    }
    offsets
}

fn op() -> impl Strategy<Value = Op> {
    let offsets = offsets();
    let any_register = proptest::sample::select(offsets);
    let bank = prop_oneof![Just(0_u32), Just(BANK_STRIDE)];
    let va = (0..PAGES, any::<u32>(), 0..8_u32).prop_map(|(page, low, wild)| {
        let inside = va_of(page) | low & (size_of(page).bytes() - 1);
        if wild == 0 { low } else { inside }
    });
    // What drivers write, so that most sequences translate something.
    let sensible = prop_oneof![
        Just((0x04, 0x3_3072_u32)),
        Just((0x04, 0x3_7072)),
        Just((0x04, 0x3_F073)),
        Just((0x00, 1)),
        Just((0x00, 7)),
        Just((0x00, 0xD)),
        Just((0x10, TABLE)),
        Just((0x20, 0x4000_000F)),
        Just((0x20, u32::MAX)),
        Just((0x820, 0)),
        Just((0x820, 1)),
        Just((0x34, 0x800B_8204)),
        Just((0x38, 0x4000_4000)),
        Just((0x3C, 0x0001_0401)),
        Just((0x4C, 1)),
        Just((0x800, 0)),
        (0..4_u32).prop_map(|asid| (0x08, asid)),
        (0..4_u32).prop_map(|asid| (0x804, asid)),
        (va.clone(), 0..4_u32).prop_map(|(va, asid)| (0x808, va & 0xFFFF_F000 | asid)),
        va.clone().prop_map(|va| (0x80C, va & 0xFFFF_F000)),
        (va.clone(), 0..4_u32, 0..6_u32).prop_map(|(va, k, index)| (0x810 + 4 * k, va & 0xFFFF_F000 | index)),
    ];
    let route = prop_oneof![
        (0..4_u32, 0..3_u32).prop_map(|(mid, bank)| (0xFF000 + 4 * mid, 0x00C0_0000 | bank << 8)),
        (0..2_u32, 0..4_u32).prop_map(|(bank, vmid)| (0xFF800 + 4 * bank, vmid << 16)),
        prop_oneof![Just(0_u32), Just(0x40), Just(0x60), Just(0x50), Just(0x1C6)]
            .prop_map(|cr| (0xFFF80, cr)),
    ];
    let request = (0..5_u8, va, any::<u16>()).prop_map(|(mid, va, flags)| Request {
        mid,
        va,
        write: flags & 1 != 0,
        privileged: flags & 2 != 0,
        instruction: flags & 0x1C == 0,
        non_secure: flags & 0x20 != 0,
        size: (flags >> 6 & 3) as u8,
        beats: (flags >> 8 & 15) as u8 + 1,
    });
    prop_oneof![
        4 => (bank, sensible).prop_map(|(bank, (offset, value))| Op::Write(bank + offset, value)),
        1 => route.prop_map(|(offset, value)| Op::Write(offset, value)),
        1 => (any_register.clone(), any::<u32>()).prop_map(|(at, value)| Op::Write(at, value)),
        1 => any_register.prop_map(Op::Read),
        5 => request.prop_map(Op::Transaction),
        2 => (0..PAGES, any::<u32>(), 0..Attributes::COUNT).prop_map(|(p, f, a)| Op::Map(p, f, a)),
        1 => (0..PAGES).prop_map(Op::Unmap),
    ]
}

fn change_tables(op: Op, tables: &mut Tables, memory: &mut Memory) {
    match op {
        Op::Map(page, frame, number) => {
            let size = size_of(page);
            // Mostly readable and writable, or nothing would ever be cached.
            let mut attributes = Attributes::number(number);
            attributes.ap |= 0b011 & if frame & 3 != 0 { 3 } else { 0 };
            // The table memory may not be reached by guest traffic, so this cannot fail.
            tables.map(memory, va_of(page), frame & !(size.bytes() - 1), size, attributes).unwrap();
        }
        Op::Unmap(page) => tables.unmap(memory, va_of(page), size_of(page)).unwrap(),
        Op::Write(..) | Op::Read(_) | Op::Transaction(_) => {}
    }
}

/// What a whole run shows to the outside.
fn outside(backend: &case::run::Backend, ops: &[Op]) -> Vec<String> {
    let config = case::Config { banks: 2, mids: 4, tlb: 8, ways: 8, micro: 2 };
    let mut device = (backend.build)(&config);
    let (mut memory, mut tables) = (Memory::new(), Tables::new(TABLE));
    let mut shown = Vec::new();
    let mut ids = 0;
    for op in ops {
        match *op {
            Op::Write(offset, value) => device.write(&mut memory, offset, value),
            Op::Read(offset) => shown.push(format!("{:x}", device.read(&mut memory, offset))),
            Op::Transaction(request) => {
                shown.push(device.start(&mut memory, ids, &request).to_string());
                ids += 1;
            }
            Op::Map(..) | Op::Unmap(_) => change_tables(*op, &mut tables, &mut memory),
        }
        shown.push(format!("{}{}", u8::from(device.irq(0)), u8::from(device.irq(1))));
    }
    let end = (0..ids).map(|id| device.answer(id).map_or("lost".to_owned(), |a| a.to_string()));
    shown.extend(end);
    for offset in offsets() {
        shown.push(format!("{offset:x}: {:x}", device.read(&mut memory, offset)));
    }
    for index in 0..8 {
        device.write(&mut memory, 0xFFE00, index);
        let words = [0xFFE80, 0xFFE84, 0xFFE88].map(|at| device.read(&mut memory, at));
        shown.push(format!("TLB {index}: {words:x?}"));
    }
    for name in ["requests", "fills", "evictions", "walks", "micro-hits", "faults", "stalls", "bypassed"] {
        shown.push(format!("{name} {:?}", device.statistic(name)));
    }
    shown.extend(memory.words().map(|(at, word)| format!("{at:x} {word:x}")));
    shown
}

/// Runs operations on a functional model, for tests that look at its saved state.
fn run_on(model: &mut Smmu, memory: &mut Memory, ops: &[Op]) {
    let mut tables = Tables::new(TABLE);
    for (id, op) in (0..).zip(ops) {
        match *op {
            Op::Write(offset, value) => model.write(offset, value, &mut Ports::new(Port(memory))),
            Op::Read(offset) => {
                model.read(offset, &mut Ports::new(Port(memory)));
            }
            Op::Transaction(request) => {
                model.translate(&model_request(id, &request), &mut Ports::new(Port(memory)));
            }
            Op::Map(..) | Op::Unmap(_) => change_tables(*op, &mut tables, memory),
        }
        while model.next_released(&mut Ports::new(Port(memory))).is_some() {}
    }
}

/// The value that a register must hold after a guest write, from the tables and sections 7.3, 9.3 and 10.
fn written(id: RegisterId, old: u32, value: u32, cr: u32) -> u32 {
    let desc = id.desc();
    match desc.name {
        "FSRRESTORE" => value & 0xC001_00FE,
        "ESRRESTORE" => value & 0x8000_0003,
        "FSR" if old & !value & 0xFE == 0 => 0,
        "ESR" if old & !value & 3 == 0 => 0,
        "TLBLKCR" if cr & 0x40 == 0 => old,
        _ if desc.kind == msmemu_regs::Kind::Command => 0,
        _ => desc.masks.write(old, value),
    }
}

/// The same cases in every run; the slow suite asks for more of them (`PROPTEST_CASES`).
fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x8660),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn traffic_looks_the_same_on_every_back_end(ops in proptest::collection::vec(op(), 1..120)) {
        let expected = outside(&BACKENDS[0], &ops);
        for backend in &BACKENDS[1..] {
            let got = outside(backend, &ops);
            for (n, (a, b)) in expected.iter().zip(&got).enumerate() {
                prop_assert_eq!(a, b, "{}, line {} of what it shows", backend.name, n);
            }
            prop_assert_eq!(expected.len(), got.len());
        }
    }

    #[test]
    fn every_guest_write_obeys_the_table(
        ops in proptest::collection::vec(op(), 0..40),
        offset in proptest::sample::select(offsets()),
        value in any::<u32>(),
    ) {
        let mut memory = Memory::new();
        let mut model = Smmu::new(&Config { mids: 4, ..Config::default() }).unwrap();
        run_on(&mut model, &mut memory, &ops);
        let before: Vec<u32> = offsets().iter().map(|at| model.peek(*at)).collect();
        model.write(offset, value, &mut Ports::new(Port(&mut memory)));
        let id = RegisterId::at(offset).unwrap();
        prop_assert_eq!(id.offset(), offset);
        let name = id.desc().name;
        let absent = matches!(id, RegisterId::Global(At { reg: GlobalPage::CBACR_N, index }) if index >= 2);
        let cr = before[offsets().iter().position(|at| *at == 0xFFF80).unwrap()];
        for (at, old) in offsets().into_iter().zip(before) {
            let new = model.peek(at);
            let other = RegisterId::at(at).unwrap().desc().name;
            let same_bank = at / BANK_STRIDE == offset / BANK_STRIDE;
            if at == offset {
                let expected = if absent { 0 } else { written(id, old, value, cr) };
                prop_assert_eq!(new, expected, "{} = {:#x}, was {:#x}", name, value, old);
            } else if !absent {
                // Who else may change by this write.
                let allowed = match (name, other) {
                    ("FSRRESTORE", "FSR") | ("FSR", "FSRRESTORE") => same_bank,
                    ("ESRRESTORE", "ESR") | ("ESR", "ESRRESTORE") => true,
                    (n, "PAR" | "V2PSR" | "TLBFLPTER" | "TLBSLPTER" | "TLBLKCR") if n.starts_with("V2PP") || n.starts_with("V2PU") => same_bank,
                    ("TLBRSW", o) => o.starts_with("TLBTR"),
                    (n, o) if o.starts_with("TLBTR") => {
                        n.contains("TLBI") || n.contains("TLBIALL") || n.starts_with("V2P")
                    }
                    _ => false,
                };
                prop_assert!(new == old || allowed, "{name} = {value:#x} changed {other} from {old:#x} to {new:#x}");
            }
        }
    }

    #[test]
    fn reset_equals_new(ops in proptest::collection::vec(op(), 0..80)) {
        let config = Config { mids: 4, ..Config::default() };
        let (mut memory, mut model) = (Memory::new(), Smmu::new(&config).unwrap());
        run_on(&mut model, &mut memory, &ops);
        model.reset(&mut Ports::new(Port(&mut memory)));
        let fresh = Smmu::new(&config).unwrap();
        prop_assert!(model.held().next().is_none() && model.interrupts() == 0);
        for at in offsets() {
            prop_assert_eq!(model.peek(at), fresh.peek(at), "{:x}", at);
        }
        let mut memory = Memory::new();
        let mut again = fresh;
        run_on(&mut again, &mut memory.clone(), &ops);
        run_on(&mut model, &mut memory, &ops);
        for at in offsets() {
            prop_assert_eq!(model.peek(at), again.peek(at), "{:x} after the same traffic", at);
        }
        for index in 0..64 {
            prop_assert_eq!(model.tlb_entry(index), again.tlb_entry(index));
        }
    }

    #[test]
    fn saved_state_survives_its_encoding(ops in proptest::collection::vec(op(), 0..80)) {
        let config = Config { mids: 4, ..Config::default() };
        let (mut memory, mut model) = (Memory::new(), Smmu::new(&config).unwrap());
        run_on(&mut model, &mut memory, &ops);
        let saved = model.save();
        let bytes = postcard::to_stdvec(&saved).unwrap();
        let back: Saved = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&back, &saved);
        let mut other = Smmu::new(&config).unwrap();
        other.restore(&back).unwrap();
        prop_assert_eq!(other.save(), saved);
        prop_assert_eq!(other.interrupts(), model.interrupts());
    }

    /// Whatever a damaged file holds: an error or a state that runs on, never a panic.
    #[test]
    fn mangled_saved_state_is_refused_or_harmless(
        ops in proptest::collection::vec(op(), 0..60),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        more in proptest::collection::vec(op(), 0..40),
    ) {
        let config = Config { mids: 4, ..Config::default() };
        let (mut memory, mut model) = (Memory::new(), Smmu::new(&config).unwrap());
        run_on(&mut model, &mut memory, &ops);
        let mut bytes = postcard::to_stdvec(&model.save()).unwrap();
        for (index, value) in &damage {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
        if let Ok(saved) = postcard::from_bytes::<Saved>(&bytes) {
            let mut other = Smmu::new(&config).unwrap();
            let before = other.save();
            match other.restore(&saved) {
                Ok(()) => run_on(&mut other, &mut memory, &more),
                Err(error) => {
                    prop_assert!(!error.to_string().is_empty());
                    prop_assert_eq!(other.save(), before, "a refused state changes nothing");
                }
            }
        }
    }

    #[test]
    fn mangled_timed_state_is_refused_or_harmless(
        ops in proptest::collection::vec(op(), 0..60),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let config = Config { mids: 4, ..Config::default() };
        let (mut memory, mut tables) = (Memory::new(), Tables::new(TABLE));
        let mut model = Timed::new(&config).unwrap();
        let mut out = Vec::new();
        let drive = |model: &mut Timed, memory: &mut Memory, tables: &mut Tables, out: &mut Vec<_>| {
            for (id, op) in (0_u64..).zip(&ops) {
                // Reads are never answered, so walks stay in flight.
                let now = model.now() + id % 40;
                match *op {
                    Op::Write(offset, value) => {
                        model.write(now, offset, value, &mut Ports::new(Port(memory)), out);
                    }
                    Op::Transaction(request) => {
                        let request = model_request(id, &request);
                        model.submit(now, &request, &mut Ports::new(Port(memory)), out);
                    }
                    Op::Read(_) => model.advance(now, &mut Ports::new(Port(memory)), out),
                    Op::Map(..) | Op::Unmap(_) => change_tables(*op, tables, memory),
                }
            }
        };
        drive(&mut model, &mut memory, &mut tables, &mut out);
        let saved = model.save();
        let mut bytes = postcard::to_stdvec(&saved).unwrap();
        let back: SavedTimed = postcard::from_bytes(&bytes).unwrap();
        prop_assert_eq!(&back, &saved);
        let mut other = Timed::new(&config).unwrap();
        other.restore(&back).unwrap();
        prop_assert_eq!(other.save(), saved);
        for (index, value) in &damage {
            let at = index.index(bytes.len());
            bytes[at] = *value;
        }
        if let Ok(saved) = postcard::from_bytes::<SavedTimed>(&bytes) {
            let mut other = Timed::new(&config).unwrap();
            let before = other.save();
            match other.restore(&saved) {
                Ok(()) => drive(&mut other, &mut memory, &mut tables, &mut out),
                Err(_) => prop_assert_eq!(other.save(), before, "a refused state changes nothing"),
            }
        }
    }
}

#[test]
fn state_of_another_shape_is_refused() {
    let config = Config::default();
    let saved = Smmu::new(&config).unwrap().save();
    let timed = Timed::new(&config).unwrap().save();
    let mut others = [config; 7];
    others[0].banks = 3;
    others[1].mids = 16;
    others[2].ports = 2;
    others[3].micro_entries = 2;
    others[4].tlb.entries = 32;
    others[4].tlb.ways = 32;
    others[5].bfb.first_lines = 2;
    others[6].revision = 0x20;
    for other in others {
        assert!(Smmu::new(&other).unwrap().restore(&saved).is_err(), "{other:?}");
        assert!(Timed::new(&other).unwrap().restore(&timed).is_err(), "{other:?}");
    }
    let mut slots = config;
    slots.timing.slots = 8;
    assert!(Timed::new(&slots).unwrap().restore(&timed).is_err());
}
