#![allow(clippy::unwrap_used)]

use super::*;
use crate::cp15::{self, Coord};
use crate::env::Ctx;
use crate::fault::Trap;
use crate::model::Model;
use crate::observe::Observer;
use crate::observe::TlbMaintenance;
use crate::op::Op;
use msmemu_fabric::{BusFault, BusMaster, MasterId, Mid, PhysAddr, PhysRange, Ram, RamBus};
use proptest::prelude::*;

const MASTER: MasterId = MasterId { bus: BusMaster(0), mid: Mid(0) };
const TABLE0: u32 = 0x1_0000;
const TABLE1: u32 = 0x2_0000;
const PAGES: u32 = 0x3_0000;

struct Machine {
    core: Core,
    bus: RamBus,
}

impl Machine {
    /// RAM at 0, MMU on, everything a client of its domain.
    fn new() -> Self {
        let ram = Ram::new(&[PhysRange::new(PhysAddr(0), 1 << 20).unwrap()]).unwrap();
        let slave = PhysRange::new(PhysAddr(0x9000_0000), 0x1000).unwrap();
        let bus = RamBus::new(ram).with_fault(slave, BusFault::Slave);
        let mut machine = Self { core: Core::new(Model::Scorpion, MASTER), bus };
        machine.set(Cp15Regs::TTBR0, TABLE0);
        machine.set(Cp15Regs::TTBR1, TABLE1);
        machine.set(Cp15Regs::DACR, 0x5555_5555);
        let on = machine.core.sctlr() | SCTLR::M.mask();
        machine.set(Cp15Regs::SCTLR, on);
        machine
    }

    fn set(&mut self, reg: Cp15Regs, value: u32) {
        self.core.cp15.set(reg, true, value);
    }

    fn poke(&mut self, address: u32, word: u32) {
        self.bus.ram_mut().write(BusMaster(0), PhysAddr(address.into()), &word.to_le_bytes()).unwrap();
    }

    fn translate(&mut self, va: u32, kind: Kind, privileged: bool) -> Result<Translation, Fault> {
        translate(&mut self.core, &mut Ctx { bus: &mut self.bus, obs: &mut () }, va, kind, privileged)
    }

    fn mcr(&mut self, crn: u8, crm: u8, opc2: u8, value: u32) -> Result<(), Trap> {
        let at = Coord { crn, opc1: 0, crm, opc2 };
        cp15::write(&mut self.core, &mut Ctx { bus: &mut self.bus, obs: &mut () }, &Op::default(), at, value)
            .map(|_| ())
            .map_err(|_| self.core.trap)
    }

    fn par(&mut self) -> u32 {
        self.core.cp15.get(Cp15Regs::PAR, true)
    }

    fn page_of(&mut self, va: u32) -> u64 {
        self.translate(va, Kind::Read, true).unwrap().pa
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

/// What the manual's figures and tables say, written down a second time and without a TLB: physical address, or fault
/// status (`FS[3:0]`) and domain.
fn oracle(
    l1: u32,
    l2: u32,
    va: u32,
    kind: Kind,
    privileged: bool,
    dacr: u32,
    afe: bool,
) -> Result<u64, (u32, u8)> {
    let bit = |word: u32, n: u32| word >> n & 1;
    let (ap, xn, domain, page, pa);
    match (bit(l1, 1), bit(l1, 0)) {
        (1, 0) => {
            page = false;
            ap = bit(l1, 15) * 4 + bit(l1, 11) * 2 + bit(l1, 10);
            xn = bit(l1, 4) == 1;
            if bit(l1, 18) == 1 {
                domain = 0;
                let high = u64::from(bit(l1, 23) * 8 + bit(l1, 22) * 4 + bit(l1, 21) * 2 + bit(l1, 20));
                let higher = u64::from(bit(l1, 8) * 8 + bit(l1, 7) * 4 + bit(l1, 6) * 2 + bit(l1, 5));
                pa = (higher << 36)
                    + (high << 32)
                    + u64::from(l1 / 0x100_0000 * 0x100_0000)
                    + u64::from(va % 0x100_0000);
            } else {
                domain = l1 / 32 % 16;
                pa = u64::from(l1 / 0x10_0000 * 0x10_0000 + va % 0x10_0000);
            }
            if afe && ap % 2 == 0 {
                return Err((0b0011, 0));
            }
        }
        (0, 1) => {
            page = true;
            domain = l1 / 32 % 16;
            ap = bit(l2, 9) * 4 + bit(l2, 5) * 2 + bit(l2, 4);
            match l2 % 4 {
                0 => return Err((0b0111, domain as u8)),
                1 => {
                    xn = bit(l2, 15) == 1;
                    pa = u64::from(l2 / 0x1_0000 * 0x1_0000 + va % 0x1_0000);
                }
                _ => {
                    xn = bit(l2, 0) == 1;
                    pa = u64::from(l2 / 0x1000 * 0x1000 + va % 0x1000);
                }
            }
            if afe && ap % 2 == 0 {
                return Err((0b0110, domain as u8));
            }
        }
        _ => return Err((0b0101, 0)),
    }
    match dacr >> (domain * 2) & 3 {
        3 => return Ok(pa),
        1 => {}
        _ => return Err((if page { 0b1011 } else { 0b1001 }, domain as u8)),
    }
    // (privileged, user), "" none, "r", "rw"
    let table =
        [("", ""), ("rw", ""), ("rw", "r"), ("rw", "rw"), ("", ""), ("r", ""), ("r", "r"), ("r", "r")];
    let row = table[if afe { ap | 1 } else { ap } as usize];
    let rights = if privileged { row.0 } else { row.1 };
    let allowed = match kind {
        Kind::Read => rights.contains('r'),
        Kind::Write => rights.contains('w'),
        Kind::Fetch => rights.contains('r') && !xn,
    };
    if allowed { Ok(pa) } else { Err((if page { 0b1111 } else { 0b1101 }, domain as u8)) }
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Read), Just(Kind::Write), Just(Kind::Fetch)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn walks_agree_with_the_manual(
        l1 in any::<u32>(), l2 in any::<u32>(), va in any::<u32>(), kind in kinds(), privileged: bool, dacr in any::<u32>(), afe: bool,
    ) {
        let mut machine = Machine::new();
        let sctlr = SCTLR::AFE.set(machine.core.sctlr(), afe.into());
        machine.set(Cp15Regs::SCTLR, sctlr);
        machine.set(Cp15Regs::DACR, dacr);
        // A table descriptor has to point to RAM; its other bits stay random.
        let l1 = if l1 & 3 == 1 { PAGES | (l1 & 0x3FF) } else { l1 };
        machine.poke(TABLE0 + (va >> 20) * 4, l1);
        machine.poke(PAGES + (va >> 12 & 0xFF) * 4, l2);
        let expected = oracle(l1, l2, va, kind, privileged, dacr, afe);
        // A miss, then a hit.
        for _ in 0..2 {
            let found = machine.translate(va, kind, privileged)
                .map(|translation| translation.pa)
                .map_err(|fault| (fault.status.fsr(), fault.domain));
            prop_assert_eq!(found, expected);
        }
        if let Err(fault) = machine.translate(va, kind, privileged) {
            prop_assert_eq!((fault.va, fault.write), (va, kind == Kind::Write));
        }
        // Translation operations report the same.
        if kind != Kind::Fetch {
            let opc2 = u8::from(kind == Kind::Write) + if privileged { 0 } else { 2 };
            machine.mcr(7, 8, opc2, va).unwrap();
            let par = machine.par();
            match expected {
                Ok(pa) if l1 & 3 == 2 && l1 >> 18 & 1 == 1 => {
                    prop_assert_eq!(par & 3, 2);
                    prop_assert_eq!(u64::from(par & 0xFF00_0000) | u64::from(par >> 16 & 0xFF) << 32, pa & !0xFF_FFFF);
                }
                Ok(pa) => prop_assert_eq!(u64::from(par & 0xFFFF_F003), pa & !0xFFF),
                Err((fs, _)) => prop_assert_eq!(par, fs << 1 | 1),
            }
        }
    }

    #[test]
    fn the_right_table_is_walked(va in any::<u32>(), n in 0_u32..8, pd0: bool, pd1: bool) {
        let mut machine = Machine::new();
        machine.set(Cp15Regs::TTBCR, n | u32::from(pd0) << 4 | u32::from(pd1) << 5);
        // Tables full of sections whose address tells the table.
        let low = n == 0 || va >> (32 - n) == 0;
        let index = if low { va & (u32::MAX >> n) } else { va } >> 20;
        machine.poke(TABLE0 + index * 4, 0x1110_0C02);
        machine.poke(TABLE1 + index * 4, 0x2220_0C02);
        let found = machine.translate(va, Kind::Read, true).map(|t| t.pa >> 20).map_err(|f| f.status);
        let expected = match (low, pd0, pd1) {
            (true, false, _) => Ok(0x111),
            (false, _, false) => Ok(0x222),
            _ => Err(FaultStatus::TranslationSection),
        };
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn with_the_mmu_off_addresses_are_physical() {
    let mut machine = Machine::new();
    let off = machine.core.sctlr() & !SCTLR::M.mask();
    machine.set(Cp15Regs::SCTLR, off);
    let data = machine.translate(0x8765_4321, Kind::Write, false).unwrap();
    assert_eq!((data.pa, data.attrs), (0x8765_4321, MemAttrs::STRONGLY_ORDERED));
    let code = machine.translate(0x8765_4321, Kind::Fetch, false).unwrap();
    assert_eq!(code.attrs, MemAttrs::NORMAL_NON_CACHEABLE);
}

#[test]
fn a_bus_error_on_a_walk_is_an_external_abort_of_its_level() {
    let mut machine = Machine::new();
    machine.poke(TABLE0 + 5 * 4, 0x8000_0041 | 1);
    let fault = machine.translate(0x0050_0000, Kind::Write, true).unwrap_err();
    assert_eq!((fault.status, fault.domain, fault.write), (FaultStatus::ExternalOnWalkSecond, 2, true));
    machine.set(Cp15Regs::TTBR0, 0x8000_0000);
    let fault = machine.translate(0x0050_0000, Kind::Read, true).unwrap_err();
    assert_eq!((fault.status, fault.domain), (FaultStatus::ExternalOnWalkFirst, 0));
    // A translation operation takes the abort instead of reporting it in PAR.
    machine.set(Cp15Regs::PAR, 0x1234_5000);
    assert!(matches!(machine.mcr(7, 8, 0, 0x0050_0000), Err(Trap::DataAbort(_))));
    assert_eq!(machine.par(), 0x1234_5000);
}

#[test]
fn big_endian_walks_follow_ee() {
    let mut machine = Machine::new();
    machine.poke(TABLE0, 0x1230_0C02_u32.swap_bytes());
    let sctlr = machine.core.sctlr() | SCTLR::EE.mask();
    machine.set(Cp15Regs::SCTLR, sctlr);
    assert_eq!(machine.page_of(0x1000), 0x1230_1000);
}

/// A page, a global page and a section; then their descriptors change without maintenance.
fn stale() -> Machine {
    let mut machine = Machine::new();
    machine.poke(TABLE0, PAGES | 1);
    machine.poke(PAGES, 0x0001_0832); // page 0: not global
    machine.poke(PAGES + 4, 0x0001_1032); // page 1: global
    machine.poke(TABLE0 + 4, 0x0050_0C02); // MiB 1
    machine.set(Cp15Regs::CONTEXTIDR, 7);
    for va in [0, 0x1000, 0x10_0000, 0x18_0000] {
        machine.page_of(va);
    }
    machine.poke(PAGES, 0x0002_0832);
    machine.poke(PAGES + 4, 0x0002_1032);
    machine.poke(TABLE0 + 4, 0x0060_0C02);
    machine
}

const STALE: [u64; 4] = [0x1_0000, 0x1_1000, 0x50_0000, 0x58_0000];
const FRESH: [u64; 4] = [0x2_0000, 0x2_1000, 0x60_0000, 0x68_0000];

fn pages(machine: &mut Machine) -> [u64; 4] {
    [0, 0x1000, 0x10_0000, 0x18_0000].map(|va| machine.page_of(va))
}

#[test]
fn entries_persist_until_maintenance_names_them() {
    assert_eq!(pages(&mut stale()), STALE);
    // (CRm, opc2, value) of c8, and which of the four entries are dropped.
    let cases: &[(u8, u8, u32, [bool; 4])] = &[
        (7, 0, 0, [true; 4]),
        (3, 0, 0, [true; 4]),
        (5, 0, 0, [true; 4]),
        (6, 0, 0, [true; 4]),
        (7, 1, 7, [true, false, false, false]),
        (3, 1, 7, [true, false, false, false]),
        (7, 1, 8, [false; 4]),
        (7, 1, 0x1008, [false, true, false, false]),
        (7, 1, 0x0013_4008, [false, false, true, true]),
        (7, 2, 7, [true, false, false, false]),
        (7, 2, 9, [false; 4]),
        (6, 2, 7, [true, false, false, false]),
        (7, 3, 0, [true, false, false, false]),
        (3, 3, 0x1000, [false, true, false, false]),
        (7, 3, 0x001F_F000, [false, false, true, true]),
    ];
    for (crm, opc2, value, dropped) in cases {
        let mut machine = stale();
        machine.mcr(8, *crm, *opc2, *value).unwrap();
        let expected: Vec<u64> = (0..4).map(|i| if dropped[i] { FRESH[i] } else { STALE[i] }).collect();
        assert_eq!(pages(&mut machine).to_vec(), expected, "c8, c{crm}, {opc2}, {value:#x}");
    }
}

#[test]
fn other_address_spaces_do_not_hit_non_global_entries() {
    let mut machine = stale();
    machine.mcr(13, 0, 1, 8).unwrap();
    assert_eq!(pages(&mut machine), [FRESH[0], STALE[1], STALE[2], STALE[3]]);
    machine.mcr(13, 0, 1, 7).unwrap();
    assert_eq!(pages(&mut machine), STALE);
}

#[test]
fn a_domain_change_acts_on_held_entries() {
    let mut machine = stale();
    machine.mcr(3, 0, 0, 0).unwrap();
    let fault = machine.translate(0x1000, Kind::Read, true).unwrap_err();
    assert_eq!(fault.status, FaultStatus::DomainPage);
}

#[test]
fn faults_are_never_held() {
    let mut machine = Machine::new();
    machine.poke(TABLE0 + 8, 0);
    machine.translate(0x20_0000, Kind::Read, true).unwrap_err();
    machine.poke(TABLE0 + 8, 0x0070_0C02);
    assert_eq!(machine.page_of(0x20_0000), 0x70_0000);
}

#[test]
fn secure_and_non_secure_entries_are_apart() {
    let mut machine = stale();
    let core = &mut machine.core;
    for reg in [Cp15Regs::TTBR0, Cp15Regs::DACR, Cp15Regs::SCTLR, Cp15Regs::CONTEXTIDR] {
        let value = core.cp15.get(reg, true);
        core.cp15.set(reg, false, value);
    }
    core.cp15.set(Cp15Regs::SCR, true, 1);
    assert_eq!(pages(&mut machine), FRESH);
    assert!(!machine.translate(0, Kind::Read, true).unwrap().secure);
    // Non-secure maintenance leaves the Secure entries.
    machine.mcr(8, 7, 0, 0).unwrap();
    machine.core.cp15.set(Cp15Regs::SCR, true, 0);
    assert_eq!(pages(&mut machine), STALE);
}

#[test]
fn eviction_is_round_robin_and_drops_the_software_entry() {
    let mut machine = Machine::new();
    for i in 0..8 {
        machine.poke(TABLE0 + i * 4, i << 20 | 0xC02);
    }
    // Five pages of one set: the first goes.
    for i in 0..5 {
        machine.page_of(i << 20);
    }
    machine.poke(TABLE0, 0x0770_0C02);
    machine.poke(TABLE0 + 4, 0x0770_0C02);
    assert_eq!(machine.page_of(1 << 20), 1 << 20);
    assert_eq!(machine.page_of(0), 0x0770_0000);
}

#[test]
fn the_tlb_survives_save_and_restore() {
    let machine = stale();
    let saved = machine.core.mmu.tlb.save();
    let mut tlb = Tlb::default();
    tlb.restore(&saved).unwrap();
    assert_eq!(tlb, machine.core.mmu.tlb);
    let mut bad = Machine::new();
    bad.poke(TABLE0, PAGES | 1);
    assert_eq!(Tlb::default().save(), bad.core.mmu.tlb.save());
}

#[test]
fn attributes_without_remap() {
    use Cacheability::{NonCacheable as NC, WriteBack as WB, WriteBackAllocate as WBWA, WriteThrough as WT};
    let normal = |inner, outer| MemAttrs { kind: MemType::Normal, inner, outer, shareable: true };
    // TEX, C, B.
    let cases = [
        (0b00000, MemAttrs::STRONGLY_ORDERED),
        (0b00001, MemAttrs::DEVICE),
        (0b00010, normal(WT, WT)),
        (0b00011, normal(WB, WB)),
        (0b00100, normal(NC, NC)),
        (0b00111, normal(WBWA, WBWA)),
        (0b01000, MemAttrs { shareable: false, ..MemAttrs::DEVICE }),
        (0b10001, normal(WBWA, NC)),
        (0b11110, normal(WT, WB)),
        (0b10111, normal(WB, WBWA)),
    ];
    for (bits, expected) in cases {
        assert_eq!(attributes::plain(bits, true), expected, "{bits:#07b}");
    }
}

#[test]
fn attributes_with_the_remap_of_linux() {
    use Cacheability::{NonCacheable as NC, WriteBack as WB, WriteBackAllocate as WBWA, WriteThrough as WT};
    // The values Linux gives PRRR and NMRR for short descriptors.
    let (prrr, nmrr) = (0xFF0A_81A8, 0x40E0_40E0);
    let normal = |inner, outer| MemAttrs { kind: MemType::Normal, inner, outer, shareable: true };
    let cases = [
        (0b000, MemAttrs::STRONGLY_ORDERED),
        (0b001, normal(NC, NC)),
        (0b010, normal(WT, WT)),
        (0b011, normal(WB, WB)),
        (0b100, MemAttrs::DEVICE),
        (0b111, normal(WBWA, WBWA)),
    ];
    for (bits, expected) in cases {
        assert_eq!(attributes::remapped(prrr, nmrr, bits, true), expected, "{bits:#05b}");
    }
    assert!(!attributes::remapped(prrr, nmrr, 0b111, false).shareable);
}

#[test]
fn par_carries_attributes() {
    let mut machine = Machine::new();
    // Section, TEX 001, C, B, S: write-back write-allocate, shareable.
    machine.poke(TABLE0, 0x0040_0C02 | 1 << 12 | 3 << 2 | 1 << 16);
    machine.mcr(7, 8, 0, 0x1234).unwrap();
    assert_eq!(machine.par(), 0x0040_1000 | 1 << 7 | 5 << 4 | 1 << 2);
    machine.mcr(8, 7, 0, 0).unwrap();
    machine.poke(TABLE0, 0x0040_0C02 | 1 << 2);
    machine.mcr(7, 8, 0, 0x1234).unwrap();
    assert_eq!(machine.par(), 0x0040_1000 | 1 << 7 | 3 << 4);
}

#[derive(Default)]
struct Walks(Vec<(u8, u64, u32)>);

impl Observer for Walks {
    fn walk(&mut self, _va: u32, level: u8, pa: u64, descriptor: u32) {
        self.0.push((level, pa, descriptor));
    }
}

#[test]
fn walks_are_observed() {
    let mut machine = Machine::new();
    machine.poke(TABLE0 + 4, PAGES | 1);
    machine.poke(PAGES + 8, 0x0001_0032);
    let mut walks = Walks::default();
    let mut ctx = Ctx { bus: &mut machine.bus, obs: &mut walks };
    translate(&mut machine.core, &mut ctx, 0x0010_2000, Kind::Read, true).unwrap();
    let expected = [(1, u64::from(TABLE0) + 4, PAGES | 1), (2, u64::from(PAGES) + 8, 0x0001_0032)];
    assert_eq!(walks.0, expected);
}

#[test]
fn unaligned_accesses_need_normal_memory() {
    use crate::mem;
    // Strongly-ordered, Device, Normal.
    for (attributes, allowed) in [(0, false), (1 << 2, false), (1 << 12 | 3 << 2, true)] {
        let mut machine = Machine::new();
        machine.poke(TABLE0, 0x0000_0C02 | attributes);
        machine.poke(0x8000, 0x4433_2211);
        // First aligned, so that the software TLB knows the page.
        for (va, aligned) in [(0x8000, true), (0x8001, false), (0x8002, false)] {
            let mut ctx = Ctx { bus: &mut machine.bus, obs: &mut () };
            let loaded = mem::load::<u32, _>(&mut machine.core, &mut ctx, &Op::default(), va);
            let stored = mem::store::<u16, _>(&mut machine.core, &mut ctx, &Op::default(), va | 1, 0x3322);
            assert_eq!(loaded.is_ok(), aligned || allowed, "{attributes:#x} {va:#x}");
            assert_eq!(stored.is_ok(), allowed, "{attributes:#x} {va:#x}");
            if !allowed {
                let Trap::DataAbort(fault) = machine.core.trap else { panic!() };
                assert_eq!((fault.status, fault.va), (FaultStatus::Alignment, va | 1));
            }
        }
    }
}

#[test]
fn any_address_of_a_block_invalidates_all_its_pages() {
    // Large page, section, supersection: descriptor(s), size, and the same moved.
    for (size, first_level) in [(0x1_0000_u32, 0), (0x10_0000, 0x0050_0C02), (0x100_0000, 0x0504_0C02)] {
        let mut machine = Machine::new();
        let fill = |machine: &mut Machine, moved: bool| {
            let offset = if moved { size } else { 0 };
            if first_level == 0 {
                machine.poke(TABLE0, PAGES | 1);
                for i in 0..16 {
                    machine.poke(PAGES + 4 * i, 0x0004_0031 + offset);
                }
            } else {
                for i in 0..16 {
                    machine.poke(TABLE0 + 4 * i, first_level + offset);
                }
            }
        };
        fill(&mut machine, false);
        let first = machine.page_of(0);
        let last = machine.page_of(size - 0x1000);
        fill(&mut machine, true);
        assert_eq!(machine.page_of(size - 0x1000), last);
        machine.mcr(8, 7, 1, size / 2).unwrap();
        assert_eq!(machine.page_of(0), first + u64::from(size), "{size:#x}");
        assert_eq!(machine.page_of(size - 0x1000), last + u64::from(size), "{size:#x}");
    }
}

#[derive(Debug, Clone)]
enum Act {
    Insert(Entry),
    Invalidate(TlbMaintenance),
}

fn acts() -> impl Strategy<Value = Act> {
    // Few addresses, so that entries meet.
    let va = (0_u32..4, 0_u32..3, 0_u32..4).prop_map(|(a, b, c)| a << 24 | b << 20 | c << 12);
    let entry = (va.clone(), 0_usize..4, prop::option::of(0_u8..3), any::<bool>()).prop_map(
        |(va, size, asid, secure)| Entry {
            va,
            mask: [0xFFFF_F000, 0xFFFF_0000, 0xFFF0_0000, 0xFF00_0000][size],
            pa: 0,
            asid,
            secure,
            ns: false,
            ap: 3,
            xn: false,
            domain: 0,
            second_level: size < 2,
            supersection: size == 3,
            attrs: MemAttrs::DEVICE,
        },
    );
    prop_oneof![
        4 => entry.prop_map(Act::Insert),
        1 => (va.clone(), 0_u8..3).prop_map(|(va, asid)| Act::Invalidate(TlbMaintenance::Page { va, asid })),
        1 => va.prop_map(|va| Act::Invalidate(TlbMaintenance::PageAllAsids { va })),
        1 => (0_u8..3).prop_map(|asid| Act::Invalidate(TlbMaintenance::Asid(asid))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The counts that shorten invalidations never hide an entry, and survive a restore.
    #[test]
    fn invalidation_leaves_exactly_what_it_does_not_name(acts in prop::collection::vec(acts(), 1..120)) {
        let mut tlb = Tlb::default();
        for act in acts {
            match act {
                Act::Insert(entry) => {
                    tlb.insert(entry);
                }
                Act::Invalidate(what) => {
                    let names = |entry: &Entry| entry.secure && match what {
                        TlbMaintenance::All => true,
                        TlbMaintenance::Asid(asid) => entry.asid == Some(asid),
                        TlbMaintenance::Page { va, asid } => {
                            va & entry.mask == entry.va & entry.mask && (entry.asid.is_none() || entry.asid == Some(asid))
                        }
                        TlbMaintenance::PageAllAsids { va } => va & entry.mask == entry.va & entry.mask,
                    };
                    let expected: Vec<Entry> = tlb.entries().filter(|entry| !names(entry)).copied().collect();
                    let part = tlb.entries().any(|entry| names(entry) && entry.mask != 0xFFFF_F000);
                    prop_assert_eq!(tlb.invalidate(what, true), part);
                    prop_assert_eq!(tlb.entries().copied().collect::<Vec<_>>(), expected);
                }
            }
            let mut restored = Tlb::default();
            restored.restore(&tlb.save()).unwrap();
            prop_assert!(restored == tlb);
        }
    }
}

#[test]
fn secure_code_translates_for_non_secure_state() {
    let mut machine = Machine::new();
    machine.poke(TABLE0, 0x0010_0C02);
    machine.poke(TABLE1, 0x0020_0402); // privileged only
    let core = &mut machine.core;
    core.cp15.set(Cp15Regs::TTBR0, false, TABLE1);
    core.cp15.set(Cp15Regs::DACR, false, 1);
    let on = core.cp15.get(Cp15Regs::SCTLR, false) | SCTLR::M.mask();
    core.cp15.set(Cp15Regs::SCTLR, false, on);
    const NS: u32 = 1 << 9;
    for (opc2, expected) in
        [(0, 0x0010_3000), (4, 0x0020_3000 | NS), (5, 0x0020_3000 | NS), (6, 0x1B), (7, 0x1B)]
    {
        machine.mcr(7, 8, opc2, 0x3000).unwrap();
        // Attributes are another test's.
        let attributes = if machine.par() & 1 == 0 { 0xFC } else { 0 };
        assert_eq!(machine.par() & !attributes, expected, "{opc2}");
    }
}

#[test]
fn monitor_mode_maintains_the_tlb_of_the_state_that_ns_selects() {
    for (ns, expected) in [(0, FRESH), (1, STALE)] {
        let mut machine = stale();
        machine.core.set_mode(crate::psr::Mode::Monitor);
        machine.core.cp15.set(Cp15Regs::SCR, true, ns);
        machine.mcr(8, 7, 0, 0).unwrap();
        assert_eq!(pages(&mut machine), expected, "ns {ns}");
    }
}

/// Loads go through the software TLB, which must forget what this TLB or the registers no longer say.
#[test]
fn loads_see_evictions_and_register_changes() {
    use crate::mem;
    let load = |machine: &mut Machine, va| {
        let mut ctx = Ctx { bus: &mut machine.bus, obs: &mut () };
        mem::load::<u32, _>(&mut machine.core, &mut ctx, &Op::default(), va).map_err(|_| ())
    };
    let setup = || {
        let mut machine = Machine::new();
        machine.poke(0x4000, 1);
        machine.poke(0x4_4000, 2);
        for i in 0..5 {
            machine.poke(TABLE0 + i * 4, PAGES | 1);
        }
        machine.poke(PAGES + 16, 0x4832); // VA 0x4000, not global
        machine
    };
    // Four more pages of the set push the first out.
    let mut machine = setup();
    assert_eq!(load(&mut machine, 0x4000), Ok(1));
    machine.poke(PAGES + 16, 0x4_4832);
    assert_eq!(load(&mut machine, 0x4000), Ok(1));
    for i in 1..5 {
        machine.page_of(i << 20 | 0x4000);
    }
    assert_eq!(load(&mut machine, 0x4000), Ok(2));
    // Another address space.
    let mut machine = setup();
    assert_eq!(load(&mut machine, 0x4000), Ok(1));
    machine.poke(PAGES + 16, 0x4_4832);
    machine.mcr(13, 0, 1, 5).unwrap();
    assert_eq!(load(&mut machine, 0x4000), Ok(2));
    // Domain closed; MMU off.
    machine.mcr(3, 0, 0, 0).unwrap();
    assert_eq!(load(&mut machine, 0x4000), Err(()));
    machine.mcr(1, 0, 0, 0).unwrap();
    assert_eq!(load(&mut machine, 0x4000), Ok(1));
}

#[test]
fn non_global_sections_belong_to_their_asid() {
    let mut machine = Machine::new();
    machine.poke(TABLE0, 0x0010_0C02 | 1 << 17);
    assert_eq!(machine.page_of(0), 0x10_0000);
    machine.poke(TABLE0, 0x0020_0C02 | 1 << 17);
    machine.mcr(13, 0, 1, 1).unwrap();
    assert_eq!(machine.page_of(0), 0x20_0000);
}

/// A bus without RAM in the tables: answers descriptors, remembers which reads were Secure.
struct Tables {
    ram: Ram,
    reads: Vec<(u64, bool)>,
    first: u32,
}

impl msmemu_fabric::Bus for Tables {
    fn ram(&mut self) -> &mut Ram {
        &mut self.ram
    }
    fn read(&mut self, access: &msmemu_fabric::Access) -> Result<u64, BusFault> {
        self.reads.push((access.addr.0, access.prot.secure));
        Ok(if access.addr.0 == 0x8000_0000 { u64::from(self.first) } else { 0x0010_0032 })
    }
    fn write(&mut self, _access: &msmemu_fabric::Access, _value: u64) -> Result<(), BusFault> {
        Err(BusFault::Slave)
    }
}

#[test]
fn ns_bits_make_accesses_non_secure() {
    // First-level descriptor, whether the second-level read and the translation are Secure.
    for (first, walk_secure, secure) in [
        (0x9000_0001, Some(true), true),
        (0x9000_0009, Some(false), false),
        (0x0010_0C02, None, true),
        (0x0018_0C02, None, false),
    ] {
        let mut machine = Machine::new();
        machine.set(Cp15Regs::TTBR0, 0x8000_0000);
        let ram = Ram::new(&[PhysRange::new(PhysAddr(0), 4096).unwrap()]).unwrap();
        let mut bus = Tables { ram, reads: Vec::new(), first };
        let mut ctx = Ctx { bus: &mut bus, obs: &mut () };
        let found = translate(&mut machine.core, &mut ctx, 0, Kind::Read, true).unwrap();
        assert_eq!(found.secure, secure, "{first:#x}");
        assert_eq!(bus.reads[0], (0x8000_0000, true));
        assert_eq!(bus.reads.get(1).map(|read| read.1), walk_secure, "{first:#x}");
    }
}
