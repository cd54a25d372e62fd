#![allow(clippy::unwrap_used)]

use super::*;
use crate::cp14;
use crate::engine::Limits;
use crate::env::Ctx;
use msmemu_fabric::{BusMaster, MasterId, Mid, PhysAddr, PhysRange, Ram, RamBus};

struct Guest {
    core: Core,
    bus: RamBus,
    op: Op,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    coproc: Vec<CoprocAccess>,
    cache: Vec<CacheMaintenance>,
    tlb: Vec<TlbMaintenance>,
}

impl Observer for Seen {
    fn coproc(&mut self, _pc: u32, access: &CoprocAccess) {
        self.coproc.push(*access);
    }
    fn tlb(&mut self, _pc: u32, what: &TlbMaintenance) {
        self.tlb.push(*what);
    }
    fn cache(&mut self, _pc: u32, what: &CacheMaintenance) {
        self.cache.push(*what);
    }
}

type Place = (u8, u8, u8, u8);

fn coord((crn, opc1, crm, opc2): Place) -> Coord {
    Coord { crn, opc1, crm, opc2 }
}

impl Guest {
    fn new(model: Model) -> Self {
        let ram = Ram::new(&[PhysRange::new(PhysAddr(0), 1 << 16).unwrap()]).unwrap();
        let core = Core::new(model, MasterId { bus: BusMaster(0), mid: Mid(0) });
        Self { core, bus: RamBus::new(ram), op: Op::default(), seen: Seen::default() }
    }

    fn mrc(&mut self, place: Place) -> Option<u32> {
        let mut ctx = Ctx { bus: &mut self.bus, obs: &mut self.seen };
        read(&mut self.core, &mut ctx, &self.op, coord(place)).ok()
    }

    fn mcr(&mut self, place: Place, value: u32) -> Option<Flow> {
        let mut ctx = Ctx { bus: &mut self.bus, obs: &mut self.seen };
        write(&mut self.core, &mut ctx, &self.op, coord(place), value).ok()
    }

    fn mrc14(&mut self, place: Place) -> Option<u32> {
        let mut ctx = Ctx { bus: &mut self.bus, obs: &mut self.seen };
        cp14::read(&mut self.core, &mut ctx, &self.op, coord(place)).ok()
    }

    fn mcr14(&mut self, place: Place, value: u32) -> Option<Flow> {
        let mut ctx = Ctx { bus: &mut self.bus, obs: &mut self.seen };
        cp14::write(&mut self.core, &mut ctx, &self.op, coord(place), value).ok()
    }
}

const SCTLR: Place = (1, 0, 0, 0);
const SCR: Place = (1, 0, 1, 0);
const TTBR0: Place = (2, 0, 0, 0);
const PMCR: Place = (9, 0, 12, 0);
const PMCNTENSET: Place = (9, 0, 12, 1);
const PMCNTENCLR: Place = (9, 0, 12, 2);
const PMOVSR: Place = (9, 0, 12, 3);
const PMSWINC: Place = (9, 0, 12, 4);
const PMSELR: Place = (9, 0, 12, 5);
const PMCCNTR: Place = (9, 0, 13, 0);
const PMXEVTYPER: Place = (9, 0, 13, 1);
const PMXEVCNTR: Place = (9, 0, 13, 2);
const PMUSERENR: Place = (9, 0, 14, 0);
const PMINTENSET: Place = (9, 0, 14, 1);
const TPIDRURO: Place = (13, 0, 0, 3);

#[test]
fn coordinates_are_unique() {
    // `Cp15Regs::at` finds each register at its own offset; two at one offset would not compile or not be found.
    for reg in Cp15Regs::ALL {
        assert_eq!(Cp15Regs::at(reg.desc().offset).map(|at| at.reg), Some(*reg));
    }
    assert_eq!(coord((15, 7, 15, 7)).offset(), 0xFFFC);
}

#[test]
fn the_models_identify_themselves() {
    let mut scorpion = Guest::new(Model::Scorpion);
    let mut krait = Guest::new(Model::Krait);
    assert_eq!(scorpion.mrc((0, 0, 0, 0)), Some(0x510F_02D2));
    assert_eq!(krait.mrc((0, 0, 0, 0)), Some(0x511F_06F0));
    // Divide instructions are announced where they are.
    assert_eq!(scorpion.mrc((0, 0, 2, 0)).unwrap() >> 24, 0);
    assert_eq!(krait.mrc((0, 0, 2, 0)).unwrap() >> 24, 2);
    // Performance event selection registers of the other core are not there.
    assert!(scorpion.mrc((15, 0, 0, 0)).is_some() && krait.mrc((15, 0, 0, 0)).is_none());
    assert!(scorpion.mrc((9, 1, 15, 0)).is_none() && krait.mrc((9, 1, 15, 0)).is_some());
}

#[test]
fn cache_geometry_is_that_of_the_selected_cache() {
    for (model, csselr, bytes, line) in [
        (Model::Scorpion, 0, 32 << 10, 32),
        (Model::Scorpion, 1, 32 << 10, 32),
        (Model::Scorpion, 2, 512 << 10, 128),
        (Model::Krait, 0, 16 << 10, 64),
        (Model::Krait, 1, 16 << 10, 64),
        (Model::Krait, 2, 1 << 20, 128),
    ] {
        let mut guest = Guest::new(model);
        guest.mcr((0, 2, 0, 0), csselr).unwrap();
        let ccsidr = guest.mrc((0, 1, 0, 0)).unwrap();
        let line_bytes = 16 << (ccsidr & 7);
        let ways = (ccsidr >> 3 & 0x3FF) + 1;
        let sets = (ccsidr >> 13 & 0x7FFF) + 1;
        assert_eq!((line_bytes, line_bytes * ways * sets), (line, bytes), "{model:?} {csselr}");
        // CTR gives the smallest lines, in words.
        let ctr = guest.mrc((0, 0, 0, 1)).unwrap();
        let smallest = if csselr == 1 { ctr & 0xF } else { ctr >> 16 & 0xF };
        assert!(csselr == 2 || 4 << smallest == line);
    }
}

#[test]
fn holes_wrong_directions_and_wrong_modes_are_undefined() {
    let mut guest = Guest::new(Model::Scorpion);
    assert_eq!(guest.mrc((9, 5, 9, 7)), None);
    assert_eq!(guest.core.trap, Trap::Undefined);
    assert_eq!(guest.mcr((0, 0, 0, 0), 1), None);
    assert_eq!(guest.mrc((8, 0, 7, 0)), None);
    assert!(guest.seen.coproc.is_empty());
    guest.core.set_mode(Mode::User);
    for place in [SCTLR, TTBR0, (7, 0, 4, 0), (13, 0, 0, 4), PMCCNTR] {
        assert_eq!(guest.mrc(place), None, "{place:?}");
        assert_eq!(guest.mcr(place, 0), None, "{place:?}");
    }
    assert!(guest.mrc(TPIDRURO).is_some() && guest.mcr(TPIDRURO, 1).is_none());
    assert!(guest.mrc((13, 0, 0, 2)).is_some() && guest.mcr((13, 0, 0, 2), 1).is_some());
    for barrier in [(7, 0, 5, 4), (7, 0, 10, 4), (7, 0, 10, 5)] {
        assert!(guest.mcr(barrier, 0).is_some());
    }
}

#[test]
fn non_secure_state_has_its_own_copies_and_no_secure_registers() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr(TTBR0, 0x4000).unwrap();
    guest.mcr(SCR, 1).unwrap();
    assert_eq!(guest.mrc(TTBR0), Some(0));
    guest.mcr(TTBR0, 0x8000).unwrap();
    assert_eq!((guest.mrc(SCR), guest.mcr(SCR, 0)), (None, None));
    assert_eq!(guest.mrc((12, 0, 0, 1)), None);
    assert!(guest.mrc((1, 0, 1, 2)).is_some() && guest.mcr((1, 0, 1, 2), 0).is_none());
    assert_eq!(guest.mcr((7, 0, 8, 4), 0), None);
    // Not banked: the same on both sides.
    guest.mcr((1, 0, 0, 2), 0x00F0_0000).unwrap();
    // Monitor mode is Secure whatever SCR says, but sees the copies that SCR.NS selects.
    guest.core.set_mode(Mode::Monitor);
    assert_eq!(guest.mrc(TTBR0), Some(0x8000));
    assert_eq!(guest.mrc((1, 0, 0, 2)), Some(0x00F0_0000));
    guest.mcr(SCR, 0).unwrap();
    assert_eq!(guest.mrc(TTBR0), Some(0x4000));
}

#[test]
fn sctlr_keeps_its_fixed_bits_and_ends_the_block() {
    let mut guest = Guest::new(Model::Scorpion);
    assert_eq!(guest.mcr(SCTLR, 0), Some(Flow::Sync));
    assert_eq!(guest.mrc(SCTLR), Some(0x00C5_0078));
    // What Linux 6.1 sets on these cores (cr=10c5387d in boot logs), hardware access flag excluded.
    guest.mcr(SCTLR, 0x10C5_387D).unwrap();
    assert_eq!(guest.mrc(SCTLR), Some(0x10C5_387D));
    assert!(!guest.core.strict_alignment() && !guest.core.swp_enabled());
}

#[test]
fn cache_operations_are_seen_with_their_physical_address() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr((7, 0, 14, 1), 0x1234).unwrap();
    assert_eq!(guest.mcr((7, 0, 5, 0), 0), Some(Flow::Sync));
    guest.mcr((7, 0, 14, 2), 0x40).unwrap();
    let by_va = CacheMaintenance::ByVa {
        va: 0x1234,
        pa: 0x1234,
        data: true,
        clean: true,
        invalidate: true,
        coherency: true,
    };
    let by_set = CacheMaintenance::BySetWay { value: 0x40, clean: true, invalidate: true };
    assert_eq!(guest.seen.cache, [by_va, CacheMaintenance::InstructionAll, by_set]);
    // With the MMU on and an empty table the address has no translation.
    guest.mcr((3, 0, 0, 0), 1).unwrap();
    guest.mcr(SCTLR, 1).unwrap();
    assert_eq!(guest.mcr((7, 0, 10, 1), 0x1234), None);
    let Trap::DataAbort(fault) = guest.core.trap else { panic!("{:?}", guest.core.trap) };
    assert_eq!((fault.va, fault.dfsr()), (0x1234, 0x805));
}

#[test]
fn tlb_operations_are_seen() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr((8, 0, 3, 1), 0x1234_5042).unwrap();
    guest.mcr((8, 0, 7, 2), 0x42).unwrap();
    guest.mcr((8, 0, 7, 3), 0x1234_5FFF).unwrap();
    guest.mcr((8, 0, 6, 0), 0).unwrap();
    let expected = [
        TlbMaintenance::Page { va: 0x1234_5000, asid: 0x42 },
        TlbMaintenance::Asid(0x42),
        TlbMaintenance::PageAllAsids { va: 0x1234_5000 },
        TlbMaintenance::All,
    ];
    assert_eq!(guest.seen.tlb, expected);
}

#[test]
fn cycle_counter_counts_while_enabled() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.core.cycles = 1000;
    assert_eq!(guest.mrc(PMCCNTR), Some(0));
    guest.mcr(PMCNTENSET, 1 << 31).unwrap();
    guest.core.cycles = 2000;
    assert_eq!(guest.mrc(PMCCNTR), Some(0), "PMCR.E is clear");
    guest.mcr(PMCR, 1).unwrap();
    guest.core.cycles = 2500;
    guest.op.before = 7;
    assert_eq!(guest.mrc(PMCCNTR), Some(507), "up to the instruction itself");
    guest.op.before = 0;
    guest.core.cycles = 3000;
    guest.mcr(PMCR, 1 | 4).unwrap();
    assert_eq!((guest.mrc(PMCCNTR), guest.mrc(PMCR)), (Some(0), Some(0x5100_2001)));
    guest.mcr(PMCR, 1 | 8).unwrap();
    guest.core.cycles = 3000 + 64 * 5 + 63;
    assert_eq!(guest.mrc(PMCCNTR), Some(5));
    guest.core.cycles += 1;
    assert_eq!(guest.mrc(PMCCNTR), Some(6), "the fraction is kept");
    guest.mcr(PMCNTENCLR, 1 << 31).unwrap();
    guest.core.cycles += 640;
    assert_eq!(guest.mrc(PMCCNTR), Some(6));
    assert_eq!(guest.mrc(PMCNTENCLR), Some(0));
}

#[test]
fn event_counters_count_instructions_and_software_increments() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr(PMCR, 1).unwrap();
    guest.mcr(PMCNTENSET, 0b111).unwrap();
    for (select, event) in [(0, 0x08), (1, 0x00), (2, 0x13)] {
        guest.mcr(PMSELR, select).unwrap();
        guest.mcr(PMXEVTYPER, event).unwrap();
    }
    guest.core.instructions = 90;
    guest.op.index = 10;
    guest.mcr(PMSWINC, 0b111).unwrap();
    let count = |guest: &mut Guest, select| {
        guest.mcr(PMSELR, select).unwrap();
        guest.mrc(PMXEVCNTR).unwrap()
    };
    assert_eq!([count(&mut guest, 0), count(&mut guest, 1), count(&mut guest, 2)], [100, 1, 0]);
    assert_eq!(count(&mut guest, 30), 0, "no such counter");
    guest.mcr(PMCNTENCLR, 0b010).unwrap();
    guest.mcr(PMSWINC, 0b010).unwrap();
    assert_eq!(count(&mut guest, 1), 1, "disabled");
    guest.mcr(PMCR, 1 | 2).unwrap();
    assert_eq!([count(&mut guest, 0), count(&mut guest, 1)], [0, 0]);
}

#[test]
fn overflows_are_sticky_and_interrupt() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr(PMCNTENSET, 1 << 31).unwrap();
    guest.mcr(PMINTENSET, 1 << 31).unwrap();
    guest.mcr(PMCR, 1).unwrap();
    guest.mcr(PMCCNTR, u32::MAX - 9).unwrap();
    guest.core.cycles += 9;
    assert!(!guest.core.pmu_interrupt());
    guest.core.cycles += 1;
    assert!(guest.core.pmu_interrupt());
    assert_eq!((guest.mrc(PMCCNTR), guest.mrc(PMOVSR)), (Some(0), Some(1 << 31)));
    guest.mcr(PMOVSR, 1 << 31).unwrap();
    assert!(!guest.core.pmu_interrupt());
}

#[test]
fn the_next_overflow_is_known_in_advance() {
    let none = Limits { cycles: u64::MAX, instructions: u64::MAX };
    let mut guest = Guest::new(Model::Scorpion);
    guest.core.cycles = 1000;
    guest.core.instructions = 500;
    guest.mcr(PMCNTENSET, 1 << 31 | 0b11).unwrap();
    guest.mcr(PMCR, 1).unwrap();
    guest.mcr(PMCCNTR, u32::MAX - 99).unwrap();
    assert_eq!(guest.core.pmu_overflow(), none, "no interrupt is enabled");
    assert!(!std::mem::take(&mut guest.core.attention));
    guest.mcr(PMINTENSET, 1 << 31 | 0b11).unwrap();
    assert!(std::mem::take(&mut guest.core.attention), "the machine has to look again");
    assert_eq!(guest.core.pmu_overflow(), Limits { cycles: 1100, ..none });
    for (select, event, count) in [(0, 0x08, u32::MAX - 6), (1, 0x11, u32::MAX - 4)] {
        guest.mcr(PMSELR, select).unwrap();
        guest.mcr(PMXEVTYPER, event).unwrap();
        guest.mcr(PMXEVCNTR, count).unwrap();
    }
    assert_eq!(guest.core.pmu_overflow(), Limits { cycles: 1005, instructions: 507 });
    guest.core.cycles = 1004;
    guest.core.instructions = 506;
    assert!(!guest.core.pmu_interrupt());
    guest.core.cycles = 1005;
    assert!(guest.core.pmu_interrupt());
    // What has overflowed is not waited for again.
    assert_eq!(guest.core.pmu_overflow(), Limits { cycles: 1100, instructions: 507 });
    guest.mcr(PMCR, 1 | 8).unwrap();
    assert_eq!(guest.core.pmu_overflow().cycles, 1005 + 95 * 64);
    guest.mcr(PMCR, 0).unwrap();
    assert_eq!((guest.core.pmu_overflow(), guest.core.pmu_interrupt()), (none, false));
}

#[test]
fn exceptions_returns_and_context_changes_are_counted() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr(PMCR, 1).unwrap();
    guest.mcr(PMCNTENSET, 0b111).unwrap();
    for (select, event) in [(0, 0x09), (1, 0x0A), (2, 0x0B)] {
        guest.mcr(PMSELR, select).unwrap();
        guest.mcr(PMXEVTYPER, event).unwrap();
    }
    let mut ctx = Ctx { bus: &mut guest.bus, obs: &mut guest.seen };
    exception::take(&mut guest.core, &mut ctx, Trap::Svc(0));
    exception::take(&mut guest.core, &mut ctx, Trap::Undefined);
    exception::exception_return(&mut guest.core, 0, 0x1D3).unwrap();
    guest.mcr((13, 0, 0, 1), 0x42).unwrap();
    for (select, counted) in [(0, 2), (1, 1), (2, 1)] {
        guest.mcr(PMSELR, select).unwrap();
        assert_eq!(guest.mrc(PMXEVCNTR), Some(counted), "counter {select}");
    }
    // An overflow of these ends the slice.
    guest.mcr(PMINTENSET, 0b100).unwrap();
    guest.mcr(PMXEVCNTR, u32::MAX).unwrap();
    guest.core.attention = false;
    guest.mcr((13, 0, 0, 1), 0x43).unwrap();
    assert!(guest.core.attention && guest.core.pmu_interrupt());
}

#[test]
fn user_mode_counts_when_pmuserenr_lets_it() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr(PMUSERENR, 1).unwrap();
    guest.core.set_mode(Mode::User);
    assert!(guest.mrc(PMCCNTR).is_some() && guest.mcr(PMSELR, 1).is_some());
    assert!(guest.mrc(PMUSERENR).is_some() && guest.mcr(PMUSERENR, 0).is_none());
    assert!(guest.mrc(PMINTENSET).is_none());
}

#[test]
fn level_2_registers_are_kept_behind_their_selector() {
    let (select, data) = ((15, 3, 0, 6), (15, 3, 0, 7));
    let mut guest = Guest::new(Model::Krait);
    for (number, value) in [(0x500, 1), (0x501, 2)] {
        guest.mcr(select, number).unwrap();
        guest.mcr(data, value).unwrap();
    }
    guest.mcr(select, 0x500).unwrap();
    assert_eq!(guest.mrc(data), Some(1));
    guest.mcr(select, 0x502).unwrap();
    assert_eq!(guest.mrc(data), Some(0));
}

#[test]
fn a_kernel_looking_for_hardware_breakpoints_finds_none_usable() {
    let mut guest = Guest::new(Model::Krait);
    // The order of arch/arm's probe: architecture, powered up, OS lock, monitor mode.
    assert_eq!(guest.mrc14((0, 0, 0, 0)).unwrap() >> 16 & 0xF, 3);
    assert_eq!(guest.mrc14((1, 0, 5, 4)).unwrap() & 1, 1);
    assert_eq!(guest.mrc14((1, 0, 1, 4)).unwrap() & 0b1001, 0b1000);
    guest.mcr14((1, 0, 0, 4), 0).unwrap();
    let dscr = guest.mrc14((0, 0, 1, 0)).unwrap();
    guest.mcr14((0, 0, 2, 2), dscr | 1 << 15).unwrap();
    assert_eq!(guest.mrc14((0, 0, 1, 0)).unwrap() & 1 << 15, 0);
    // Six breakpoints and four watchpoints are there, and no more.
    assert!(guest.mcr14((0, 0, 5, 5), 0).is_some() && guest.mcr14((0, 0, 6, 5), 0).is_none());
    assert!(guest.mcr14((0, 0, 3, 7), 0).is_some() && guest.mcr14((0, 0, 4, 7), 0).is_none());
    guest.core.set_mode(Mode::User);
    assert!(guest.mrc14((0, 0, 0, 0)).is_some() && guest.mrc14((1, 0, 1, 4)).is_none());
}

#[test]
fn the_os_lock_needs_its_key() {
    let mut guest = Guest::new(Model::Scorpion);
    let (lock, status) = ((1, 0, 0, 4), (1, 0, 1, 4));
    guest.mcr14(lock, 0xC5AC_CE55).unwrap();
    assert_eq!(guest.mrc14(status).unwrap() & 2, 2);
    guest.mcr14(lock, 1).unwrap();
    assert_eq!(guest.mrc14(status).unwrap() & 2, 0);
    assert_eq!(guest.mrc14(lock), None);
}

#[test]
fn accesses_are_observed() {
    let mut guest = Guest::new(Model::Scorpion);
    guest.mcr(TTBR0, 0x4059).unwrap();
    guest.mrc(TTBR0).unwrap();
    let access = |value, write| CoprocAccess { coproc: 15, crn: 2, opc1: 0, crm: 0, opc2: 0, value, write };
    assert_eq!(guest.seen.coproc, [access(0x4059, true), access(0x4059, false)]);
}

#[test]
fn state_survives_save_and_restore_and_bad_state_is_refused() {
    let mut guest = Guest::new(Model::Krait);
    guest.mcr(TTBR0, 0x4000).unwrap();
    guest.mcr((15, 3, 0, 7), 9).unwrap();
    guest.core.cycles = 123;
    guest.mcr(PMCCNTR, 77).unwrap();
    let saved = guest.core.cp15.save();
    let mut other = Cp15::new(Model::Scorpion);
    other.restore(&saved).unwrap();
    assert_eq!(other, guest.core.cp15);
    let bad = SavedCp15 { secure: vec![0; 3], ..saved };
    assert!(other.restore(&bad).is_err());
    assert_eq!(other, guest.core.cp15);
    other.reset(Model::Scorpion);
    assert_eq!(other, Cp15::new(Model::Scorpion));
}

mod storm {
    use super::*;
    use crate::mem::{self, Kind};
    use crate::mmu;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Act {
        Mcr(Place, u32),
        Mrc(Place),
        Mcr14(Place, u32),
        Mode(u32),
        Load(u32),
        Store(u32, u32),
        Fetch(u32),
        Trap(u8, u32),
        Time(u32),
    }

    fn place() -> impl Strategy<Value = Place> {
        let declared = (0..Cp15Regs::ALL.len()).prop_map(|i| {
            let offset = Cp15Regs::ALL[i].desc().offset;
            ((offset >> 12) as u8, (offset >> 9 & 7) as u8, (offset >> 5 & 15) as u8, (offset >> 2 & 7) as u8)
        });
        prop_oneof![8 => declared, 1 => (0_u8..16, 0_u8..8, 0_u8..16, 0_u8..8)]
    }

    fn value() -> impl Strategy<Value = u32> {
        prop_oneof![any::<u32>(), 0_u32..0x1_0000, Just(0), Just(1), Just(u32::MAX)]
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            8 => (place(), value()).prop_map(|(at, value)| Act::Mcr(at, value)),
            4 => place().prop_map(Act::Mrc),
            1 => (place(), value()).prop_map(|(at, value)| Act::Mcr14(at, value)),
            2 => value().prop_map(Act::Mode),
            2 => value().prop_map(Act::Load),
            2 => (value(), value()).prop_map(|(at, value)| Act::Store(at, value)),
            1 => value().prop_map(Act::Fetch),
            2 => (0_u8..8, value()).prop_map(|(kind, at)| Act::Trap(kind, at)),
            1 => value().prop_map(Act::Time),
        ]
    }

    fn perform(guest: &mut Guest, act: &Act) {
        let mut ctx = Ctx { bus: &mut guest.bus, obs: &mut guest.seen };
        let (core, op) = (&mut guest.core, &guest.op);
        match *act {
            Act::Mcr(at, value) => {
                let _ = write(core, &mut ctx, op, coord(at), value);
            }
            Act::Mrc(at) => {
                let _ = read(core, &mut ctx, op, coord(at));
            }
            Act::Mcr14(at, value) => {
                let _ = cp14::write(core, &mut ctx, op, coord(at), value);
            }
            Act::Mode(value) => exception::write_cpsr(core, value, 0b1111, true),
            Act::Load(va) => {
                let _ = mem::load::<u32, _>(core, &mut ctx, op, va);
            }
            Act::Store(va, value) => {
                let _ = mem::store::<u64, _>(core, &mut ctx, op, va, value.into());
            }
            Act::Fetch(va) => {
                let _ = mmu::translate(core, &mut ctx, va, Kind::Fetch, core.mode.is_privileged());
            }
            Act::Trap(kind, at) => {
                core.pc = at;
                let status = crate::FaultStatus::External { slave: true };
                let fault = Fault { va: at, status, domain: 3, write: true, maintenance: false };
                let trap = [
                    Trap::Undefined,
                    Trap::Svc(at),
                    Trap::Smc(at),
                    Trap::PrefetchAbort(fault),
                    Trap::Breakpoint(1),
                    Trap::DataAbort(fault),
                    Trap::Irq,
                    Trap::Fiq,
                ][usize::from(kind)];
                exception::take(core, &mut ctx, trap);
            }
            Act::Time(cycles) => {
                core.cycles += u64::from(cycles);
                core.instructions += u64::from(cycles / 2);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// Whatever a guest does to the system registers: no panic, and what was saved on the way goes on alike.
        #[test]
        fn nothing_a_guest_writes_breaks_the_core(acts in prop::collection::vec(act(), 1..60), cut in 0_usize..60) {
            let mut guest = Guest::new(Model::Scorpion);
            let mut other = None;
            for (i, act) in acts.iter().enumerate() {
                if i == cut {
                    let mut moved = Guest::new(Model::Scorpion);
                    moved.core.restore(&guest.core.save()).unwrap();
                    for at in 0..0x1_0000_u64 / 4096 {
                        let mut bytes = [0; 4096];
                        guest.bus.ram_mut().read(PhysAddr(at * 4096), &mut bytes).unwrap();
                        moved.bus.ram_mut().write(BusMaster(0), PhysAddr(at * 4096), &bytes).unwrap();
                    }
                    other = Some(moved);
                }
                perform(&mut guest, act);
                if let Some(other) = &mut other {
                    perform(other, act);
                }
            }
            if let Some(other) = other {
                prop_assert_eq!(other.core.save(), guest.core.save());
            }
        }
    }

    trait RamMut {
        fn ram_mut(&mut self) -> &mut Ram;
    }

    impl RamMut for RamBus {
        fn ram_mut(&mut self) -> &mut Ram {
            msmemu_fabric::Bus::ram(self)
        }
    }
}
