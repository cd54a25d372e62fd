//! The mainline driver of 2010: what it does to the registers, and what it relies on.

use msmemu_testkit::case::Answer;
use msmemu_testkit::tables::{Attributes, PageSize};

use crate::devices::BACKENDS;
use crate::drivers::{CLEAR_FSR, Machine, held};

/// PRRR and NMRR of a CPU under Linux, which the driver copies.
const PRRR: u32 = 0xFF0A_81A8;
const NMRR: u32 = 0x40E0_40E0;

fn context_reset(machine: &mut Machine, bank: u32) {
    machine.context_reset(bank, true, true);
}

/// Probe of the device and its two contexts: MIDs 0 and 2 to bank 0, the others to bank 1. The interrupt
/// is requested before the reset, so nothing may be pending.
fn probe(machine: &mut Machine) -> u32 {
    assert!(!machine.irq(0) && !machine.irq(1));
    assert_ne!(machine.get("IDR"), 0, "the driver takes IDR = 0 for no hardware");
    let banks = machine.get("IDR.NCB") + 1;
    machine.global_reset(banks, context_reset);
    for mid in [0, 2] {
        machine.bind(mid, 0, None, Some(0));
    }
    for mid in [1, 3, 4, 5, 6, 7, 8, 9, 10] {
        machine.bind(mid, 1, None, Some(1));
    }
    banks
}

fn attach(machine: &mut Machine, bank: u32, table: u32) {
    context_reset(machine, bank);
    machine.bank_fields(
        bank,
        &[
            ("ACTLR.TLBMCFG", 3),
            ("ACTLR.V2PCFG", 3),
            ("TTBCR", 0),
            ("TTBR0.PA", table >> 14),
            ("CTX_TLBIALL", 0),
        ],
    );
    machine.set(&format!("CBACR[{bank}].IRPTNDX"), 0);
    machine.fault_and_redirect(bank);
    machine.bank_fields(
        bank,
        &[("SCTLR.TRE", 1), ("PRRR", PRRR), ("NMRR", NMRR), ("BFBCR.BFBDFE", 1), ("SCTLR.M", 1)],
    );
}

fn detach(machine: &mut Machine, bank: u32) {
    machine.set(&format!("CB{bank}.CTX_TLBIALL"), 0);
    context_reset(machine, bank);
}

/// The class of a protection: normal memory, NOS = 1, inner policy equal to the outer one.
fn class(policy: u32) -> Option<u32> {
    (0..8).find(|n| {
        PRRR >> (2 * n) & 3 == 2
            && PRRR >> (24 + n) & 1 == 1
            && NMRR >> (2 * n) & 3 == policy
            && NMRR >> (2 * n + 16) & 3 == policy
    })
}

/// Attributes that the driver gives every mapping: shared, not global, read-write for all. For a large
/// page it puts TEX[0] at the position of a small page, so that the hardware sees class 3 for class 7.
fn attributes(class: u32, size: PageSize) -> Attributes {
    let tex = if size == PageSize::Large { 0 } else { (class >> 2) as u8 };
    let (c, b) = (class & 2 != 0, class & 1 != 0);
    Attributes { ap: 0b011, tex, c, b, s: true, ng: true, ..Attributes::default() }
}

fn map(machine: &mut Machine, banks: &[u32], va: u32, pa: u32, size: PageSize) {
    let class = class(1).unwrap();
    machine.tables.map(&mut machine.memory, va, pa, size, attributes(class, size)).unwrap();
    flush(machine, banks);
}

fn unmap(machine: &mut Machine, banks: &[u32], va: u32, size: PageSize) {
    machine.tables.unmap(&mut machine.memory, va, size).unwrap();
    flush(machine, banks);
}

fn flush(machine: &mut Machine, banks: &[u32]) {
    for bank in banks {
        machine.set(&format!("CB{bank}.CTX_TLBIALL"), 0);
    }
}

/// The handler looks at every bank and clears what it finds; gives FSR and FAR of the faults.
fn handle_faults(machine: &mut Machine, banks: u32) -> Vec<(u32, u32)> {
    let mut faults = Vec::new();
    for bank in 0..banks {
        let fsr = machine.get(&format!("CB{bank}.FSR"));
        if fsr != 0 {
            faults.push((fsr, machine.get(&format!("CB{bank}.FAR"))));
            for name in ["PAR", "FSYNR0", "FSYNR1", "TTBR0", "TTBR1", "SCTLR", "ACTLR", "PRRR", "NMRR"] {
                machine.get(&format!("CB{bank}.{name}"));
            }
            machine.set(&format!("CB{bank}.FSR"), CLEAR_FSR);
        }
    }
    faults
}

#[test]
fn classes_of_the_cpu_values() {
    // Not cached, write-back write-allocate, write-through, write-back: the classes that Linux has.
    assert_eq!([0, 1, 2, 3].map(class), [Some(1), Some(7), Some(2), Some(3)]);
}

#[test]
fn probe_and_attach_leave_the_documented_values() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        assert_eq!(probe(&mut machine), 2);
        assert_eq!(machine.get("CR"), 0x40);
        // Before any attach masters go through untranslated.
        assert_eq!(machine.reach(1, 0x1234_5678 & !63), Some(0x1234_5640));
        attach(&mut machine, 1, 0x8100_0000);
        for (register, value) in [
            ("CB1.SCTLR", 0x3),
            ("CB1.ACTLR", 0x0003_7072),
            ("CB1.TTBCR", 0),
            ("CB1.TTBR0", 0x8100_0000),
            ("CB1.PRRR", PRRR),
            ("CB1.NMRR", NMRR),
            ("CB1.BFBCR", 1),
            ("CB1.CONTEXTIDR", 1),
            ("CBACR[1]", 0),
            ("M2VCBR[1]", 0x00C0_0100),
            ("M2VCBR[2]", 0x00C0_0000),
            ("CB0.SCTLR", 0),
        ] {
            assert_eq!(machine.get(register), value, "{}: {register}", backend.name);
        }
    }
}

#[test]
fn tables_in_the_l2_cache_change_the_walk_attributes_alone() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000);
        for base in ["TTBR0", "TTBR1"] {
            for (field, value) in [("SH", 1), ("NOS", 1), ("IRGNH", 0), ("IRGNL", 1), ("ORGN", 1)] {
                machine.set(&format!("CB0.{base}.{field}"), value);
            }
        }
        assert_eq!(machine.get("CB0.TTBR0"), 0x8100_006A);
        map(&mut machine, &[0], 0x1000_0000, 0x9000_0000, PageSize::Small);
        assert_eq!(machine.reach(0, 0x1000_0000), Some(0x9000_0000));
    }
}

#[test]
fn map_use_and_unmap_every_size() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000);
        attach(&mut machine, 1, 0x8100_0000);
        for (i, size) in (1..).zip(PageSize::ALL) {
            let (va, pa, last) = (0x1000_0000 * i, 0x9100_0000 + 0x0100_0000 * i, size.bytes() - 64);
            map(&mut machine, &[0, 1], va, pa, size);
            for (mid, offset) in [(0, 0), (2, last), (1, last), (10, 0)] {
                assert_eq!(machine.reach(mid, va + offset), Some(pa + offset), "{}", backend.name);
            }
            assert_eq!(machine.iova_to_phys(0, va + last + 4, true), pa + last + 4, "{size:?}");
            // Mapping something else at the same place takes effect with the flush after map.
            map(&mut machine, &[0, 1], va, pa + 0x2000_0000, size);
            assert_eq!(machine.reach(0, va + last), Some(pa + 0x2000_0000 + last));
            unmap(&mut machine, &[0, 1], va, size);
            machine.set("CB0.CTX_TLBIALL", 0);
            assert_eq!(machine.iova_to_phys(0, va, true), 0, "a failed V2P gives 0");
        }
        assert!(!machine.irq(0), "V2P raises no interrupt");
    }
}

#[test]
fn the_class_slip_of_large_pages_changes_cacheability_alone() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000);
        map(&mut machine, &[0], 0x1001_0000, 0x9001_0000, PageSize::Large);
        // What the driver really writes: bit 6 set.
        let at = machine.tables.second_level(&machine.memory, 0x1001_0000).unwrap();
        for i in 0..16 {
            let word = machine.memory.read32(at + 4 * i).unwrap();
            machine.memory.write32(at + 4 * i, word | 0x40).unwrap();
        }
        flush(&mut machine, &[0]);
        let (_, answer) = machine.dma(0, 0x1001_F000, true);
        let Answer::Translated { pa, kind, .. } = answer else { panic!("{answer}") };
        assert_eq!(pa, 0x9001_F000);
        assert_eq!(kind, msmemu_testkit::transaction::Type::Normal(3, 3), "class 3 in place of 7");
    }
}

#[test]
fn faults_are_reported_once_and_the_master_hangs_until_detach() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        let banks = probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000);
        attach(&mut machine, 1, 0x8100_0000);
        map(&mut machine, &[0, 1], 0x1000_0000, 0x9000_0000, PageSize::Small);
        let (first, answer) = machine.dma(0, 0x1000_1000, true);
        assert!(held(&answer));
        let (second, answer) = machine.dma(2, 0x1000_0000, false);
        assert!(held(&answer), "behind the first");
        assert!(machine.irq(0) && !machine.irq(1), "the secure line");
        assert_eq!(handle_faults(&mut machine, banks), [(0x4001_0002, 0x1000_1000)]);
        assert!(!machine.irq(0), "{}: SL must not keep the line high", backend.name);
        assert_eq!(handle_faults(&mut machine, banks), []);
        // The driver never writes RESUME.
        assert!(held(&machine.answer(first)) && held(&machine.answer(second)));
        assert_eq!(machine.reach(1, 0x1000_0000), Some(0x9000_0000), "the other bank goes on");
        detach(&mut machine, 0);
        assert!(!held(&machine.answer(first)) && !held(&machine.answer(second)));
        assert_eq!(machine.get("CB0.FSR"), 0);
        assert!(!machine.irq(0));
        assert_eq!(machine.reach(0, 0x1000_0000), Some(0x1000_0000), "no translation after detach");
        assert_eq!(machine.get("CB0.CONTEXTIDR"), 0);
        assert_eq!(machine.get("CB1.CONTEXTIDR"), 1);
    }
}

#[test]
fn a_busy_master_leaves_multi_and_the_clear_takes_it() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        let banks = probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000);
        machine.set("CB0.ACTLR.CFCFG", 0);
        machine.dma(0, 0x2000_0000, false);
        machine.dma(2, 0x3000_0000, true);
        assert_eq!(handle_faults(&mut machine, banks), [(0x8000_0002, 0x2000_0000)]);
        assert!(!machine.irq(0));
        assert_eq!(machine.get("CB0.FSR"), 0);
    }
}

/// The driver before mainline raises a fault by hand after a failed V2P, and it writes RESUME.
#[test]
fn the_driver_before_mainline() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        assert_ne!(machine.get("IDR"), 0);
        machine.set("CR.CLIENTPD", 1);
        machine.global_reset(2, context_reset);
        assert_eq!(machine.get("CR.CLIENTPD"), 0);
        // Every MID has a VMID of its own, the bank has that of the last one; entries are global.
        for mid in 0..8 {
            machine.bind(mid, 0, None, None);
            machine.set(&format!("M2VCBR[{mid}].VMID"), mid);
            machine.set("CBACR[0].CBVMID", mid);
        }
        attach(&mut machine, 0, 0x8100_0000);
        let global = Attributes { ng: false, ..attributes(7, PageSize::Small) };
        let (va, pa) = (0x1000_0000, 0x9000_0000);
        machine.tables.map(&mut machine.memory, va, pa, PageSize::Small, global).unwrap();
        for mid in 0..8 {
            assert_eq!(machine.reach(mid, va), Some(pa));
        }
        machine.tables.map(&mut machine.memory, va, pa + 0x1000, PageSize::Small, global).unwrap();
        flush(&mut machine, &[0]);
        for mid in 0..8 {
            assert_eq!(machine.reach(mid, va), Some(pa + 0x1000), "one flush reaches every MID");
        }
        machine.set("CB0.CTX_TLBIALL", 0);
        assert_eq!(machine.iova_to_phys(0, 0x2000_0000, true), 0);
        assert!(!machine.irq(0));
        machine.set("CB0.FSRRESTORE", 2);
        assert!(machine.irq(0), "FSRRESTORE = 2 raises the fault");
        machine.set("CB0.FSR", CLEAR_FSR);
        assert!(!machine.irq(0));
        // FSR first, then RESUME: the handler mended the mapping, so retry.
        let (id, answer) = machine.dma(3, 0x1000_1000, false);
        assert!(held(&answer));
        machine.set("CB0.FSR", CLEAR_FSR);
        machine.tables.map(&mut machine.memory, 0x1000_1000, pa, PageSize::Small, global).unwrap();
        flush(&mut machine, &[0]);
        machine.set("CB0.RESUME", 0);
        assert_eq!(crate::drivers::pa(&machine.answer(id)), Some(pa));
        let (id, _) = machine.dma(3, 0x1000_2000, false);
        machine.set("CB0.FSR", CLEAR_FSR);
        machine.set("CB0.RESUME", 1);
        assert_eq!(machine.answer(id).to_string(), "fault=TF+SL answer=zero");
    }
}
