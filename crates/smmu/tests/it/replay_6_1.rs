//! The driver of Linux 6.1 with the generic v7s page tables: probe, attach, map and unmap, faults, detach.

use msmemu_testkit::tables::{Attributes, PageSize};
use msmemu_testkit::transaction::{Share, Type};

use msmemu_testkit::case::Answer;

use crate::devices::BACKENDS;
use crate::drivers::{CLEAR_FSR, Machine, held, pa};

const PRRR: u32 = 0x800B_8204;
const NMRR: u32 = 0x4000_4000;

fn context_reset(machine: &mut Machine, bank: u32) {
    machine.context_reset(bank, true, false);
}

fn probe(machine: &mut Machine, banks: u32) {
    machine.global_reset(banks, context_reset);
    assert!(machine.self_test(), "PAR = 0 would mean that there is no hardware");
    assert!(!machine.irq(0), "the interrupt is requested next");
    assert_eq!(machine.get("CB0.FSR"), 0);
}

/// Binds the MIDs that the device tree lists, then programs the bank.
fn attach(machine: &mut Machine, bank: u32, mids: &[u32], table: u32) {
    for mid in mids {
        machine.bind(*mid, bank, None, Some(bank));
    }
    context_reset(machine, bank);
    machine.bank_fields(
        bank,
        &[
            ("SCTLR.TRE", 1),
            ("SCTLR.AFE", 1),
            ("ACTLR.TLBMCFG", 3),
            ("ACTLR.V2PCFG", 3),
            ("TTBCR", 0),
            ("TTBR0", table | 2),
            ("TTBR1", 0),
            ("PRRR", PRRR),
            ("NMRR", NMRR),
            ("CTX_TLBIALL", 0),
        ],
    );
    machine.set(&format!("CBACR[{bank}].IRPTNDX"), 0);
    machine.fault_and_redirect(bank);
    machine.bank_fields(bank, &[("BFBCR.BFBDFE", 1), ("SCTLR.M", 1)]);
}

/// What a mapping is for.
#[derive(Clone, Copy, Default)]
struct Prot {
    read_only: bool,
    privileged: bool,
    no_exec: bool,
    device: bool,
    cached: bool,
}

fn attributes(prot: Prot) -> Attributes {
    Attributes {
        ap: 1 | u8::from(!prot.privileged) << 1 | u8::from(prot.read_only) << 2,
        tex: u8::from(!prot.device),
        c: prot.cached,
        b: prot.device || prot.cached,
        s: true,
        ng: true,
        xn: prot.no_exec,
        ns: false,
    }
}

/// TLBIVA for each granule of a range, with the ASID read back from the bank every time.
fn flush_range(machine: &mut Machine, bank: u32, va: u32, size: u32, granule: u32) {
    for offset in (0..size).step_by(granule as usize) {
        let asid = machine.get(&format!("CB{bank}.CONTEXTIDR.ASID"));
        machine.set(&format!("CB{bank}.TLBIVA"), (va + offset) & 0xFFFF_F000 | asid);
    }
}

/// Map flushes every 4 KiB of the range.
fn map(machine: &mut Machine, bank: u32, va: u32, pa: u32, size: PageSize, prot: Prot) {
    machine.tables.map(&mut machine.memory, va, pa, size, attributes(prot)).unwrap();
    flush_range(machine, bank, va, size.bytes(), 0x1000);
}

/// Unmap flushes one granule for each entry: 16 for a large page or a supersection.
fn unmap(machine: &mut Machine, bank: u32, va: u32, size: PageSize) {
    machine.tables.unmap(&mut machine.memory, va, size).unwrap();
    let granule = match size {
        PageSize::Small | PageSize::Large => 0x1000,
        PageSize::Section | PageSize::Supersection => 0x10_0000,
    };
    flush_range(machine, bank, va, size.bytes(), granule);
}

fn handle_faults(machine: &mut Machine, banks: u32) -> Vec<(u32, u32)> {
    let mut faults = Vec::new();
    for bank in 0..banks {
        let fsr = machine.get(&format!("CB{bank}.FSR"));
        if fsr != 0 {
            faults.push((fsr, machine.get(&format!("CB{bank}.FAR"))));
            for name in ["PAR", "FSYNR0", "FSYNR1", "TTBR0", "TTBR1", "SCTLR", "ACTLR"] {
                machine.get(&format!("CB{bank}.{name}"));
            }
            machine.set(&format!("CB{bank}.FSR"), CLEAR_FSR);
        }
    }
    faults
}

#[test]
fn attach_leaves_the_documented_values() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine, 2);
        attach(&mut machine, 0, &[0, 2], 0x8100_0000);
        for (register, value) in [
            ("CB0.SCTLR", 0x7),
            ("CB0.ACTLR", 0x0003_7072),
            ("CB0.TTBCR", 0),
            ("CB0.TTBR0", 0x8100_0002),
            ("CB0.TTBR1", 0),
            ("CB0.PRRR", PRRR),
            ("CB0.NMRR", NMRR),
            ("CB0.BFBCR", 1),
            ("CB0.CONTEXTIDR", 0),
            ("CBACR[0]", 0),
            ("M2VCBR[0]", 0x00C0_0000),
            ("M2VCBR[2]", 0x00C0_0000),
        ] {
            assert_eq!(machine.get(register), value, "{}: {register}", backend.name);
        }
    }
}

#[test]
fn map_use_and_unmap_every_size() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine, 2);
        attach(&mut machine, 0, &[0, 2], 0x8100_0000);
        for (i, size) in (1..).zip(PageSize::ALL) {
            let (va, pa, last) = (0x1000_0000 * i, 0x9100_0000 + 0x0100_0000 * i, size.bytes() - 64);
            map(&mut machine, 0, va, pa, size, Prot::default());
            assert_eq!(machine.reach(0, va), Some(pa), "{}", backend.name);
            assert_eq!(machine.reach(2, va + last), Some(pa + last));
            // The device tree lists MIDs 0 and 2; the display uses others too, which land in bank 0.
            assert_eq!(machine.reach(7, va + last), Some(pa + last));
            machine.set("CB0.CTX_TLBIALL", 0);
            assert_eq!(machine.iova_to_phys(0, va + last + 8, false), pa + last + 8);
            unmap(&mut machine, 0, va, size);
            machine.set("CB0.CTX_TLBIALL", 0);
            assert_eq!(machine.iova_to_phys(0, va, false), 0);
        }
        assert!(!machine.irq(0));
        assert_eq!(machine.get("CB0.FSR"), 0);
    }
}

#[test]
fn unmap_is_seen_at_once_and_so_is_a_new_mapping() {
    for backend in &BACKENDS {
        for size in PageSize::ALL {
            let mut machine = Machine::new(backend, 2);
            probe(&mut machine, 2);
            attach(&mut machine, 0, &[0], 0x8100_0000);
            map(&mut machine, 0, 0x4000_0000, 0x9000_0000, size, Prot::default());
            assert_eq!(machine.reach(0, 0x4000_0000), Some(0x9000_0000));
            unmap(&mut machine, 0, 0x4000_0000, size);
            map(&mut machine, 0, 0x4000_0000, 0xA000_0000, size, Prot::default());
            assert_eq!(machine.reach(0, 0x4000_0000), Some(0xA000_0000), "{size:?}");
            unmap(&mut machine, 0, 0x4000_0000, size);
            let (_, answer) = machine.dma(0, 0x4000_0000, false);
            assert!(held(&answer), "{size:?}: nothing is mapped");
        }
    }
}

/// A page-table entry becomes a section: the driver frees the second-level table and flushes its whole
/// MiB in steps of 4 KiB.
#[test]
fn a_freed_table_is_not_used_again() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine, 2);
        attach(&mut machine, 0, &[0], 0x8100_0000);
        for page in 0..4 {
            map(&mut machine, 0, 0x4000_0000 + page * 0x1000, 0x9000_0000, PageSize::Small, Prot::default());
            assert_eq!(machine.reach(0, 0x4000_0000 + page * 0x1000), Some(0x9000_0000));
        }
        let first = machine.tables.first_level(0x4000_0000);
        machine.memory.write32(first, 0).unwrap();
        flush_range(&mut machine, 0, 0x4000_0000, 0x10_0000, 0x1000);
        map(&mut machine, 0, 0x4000_0000, 0xA000_0000, PageSize::Section, Prot::default());
        for page in 0..4 {
            let offset = page * 0x1000;
            assert_eq!(machine.reach(0, 0x4000_0000 + offset), Some(0xA000_0000 + offset));
        }
    }
}

#[test]
fn protections_and_memory_types() {
    let cases = [
        (Prot { device: true, ..Prot::default() }, Type::Device, Share::Outer),
        (Prot::default(), Type::Normal(0, 0), Share::Outer),
        (Prot { cached: true, ..Prot::default() }, Type::Normal(1, 1), Share::Inner),
    ];
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine, 2);
        attach(&mut machine, 0, &[0], 0x8100_0000);
        machine.set("CB0.ACTLR.CFCFG", 0);
        for (i, (prot, expected, expected_share)) in (0..).zip(cases) {
            let va = 0x1000_0000 + 0x1000 * i;
            map(&mut machine, 0, va, 0x9000_0000, PageSize::Small, prot);
            let (_, answer) = machine.dma(0, va, true);
            let Answer::Translated { kind, share, ns, .. } = answer else { panic!("{answer}") };
            assert_eq!((kind, share, ns), (expected, expected_share, true), "{}", backend.name);
        }
        let refused = [
            (Prot { read_only: true, ..Prot::default() }, true),
            (Prot { privileged: true, ..Prot::default() }, false),
        ];
        for (prot, write) in refused {
            map(&mut machine, 0, 0x2000_0000, 0x9000_0000, PageSize::Small, prot);
            let (_, answer) = machine.dma(0, 0x2000_0000, write);
            assert_eq!(answer.to_string(), "fault=APF+SL answer=zero");
            assert_eq!(handle_faults(&mut machine, 2), [(0x0001_0008, 0x2000_0000)]);
            unmap(&mut machine, 0, 0x2000_0000, PageSize::Small);
        }
        map(
            &mut machine,
            0,
            0x2000_0000,
            0x9000_0000,
            PageSize::Small,
            Prot { read_only: true, no_exec: true, ..Prot::default() },
        );
        assert_eq!(machine.reach(0, 0x2000_0000), Some(0x9000_0000));
    }
}

#[test]
fn faults_print_each_time_and_the_master_stays_stalled() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 3);
        probe(&mut machine, 3);
        attach(&mut machine, 0, &(0..32).collect::<Vec<_>>(), 0x8100_0000);
        map(&mut machine, 0, 0x1000_0000, 0x9000_0000, PageSize::Large, Prot::default());
        let (id, answer) = machine.dma(31, 0x1002_0040, true);
        assert!(held(&answer));
        assert!(machine.irq(0) && !machine.irq(1), "IRPTNDX = 0 is the first entry of the device tree");
        assert_eq!(machine.get("CB0.FSYNR0.AMID"), 31);
        assert_eq!(machine.get("CB0.FSYNR1.AWRITE"), 1);
        assert_eq!(handle_faults(&mut machine, 3), [(0x4001_0002, 0x1002_0040)]);
        assert!(!machine.irq(0));
        assert!(held(&machine.answer(id)));
        // Detach is the context reset alone. CONTEXTIDR, PRRR and NMRR keep their values.
        context_reset(&mut machine, 0);
        assert!(!held(&machine.answer(id)));
        assert_eq!(pa(&machine.answer(id)), None, "ACTLR = 0 comes first, so it was terminated");
        assert_eq!(machine.get("CB0.PRRR"), PRRR);
        assert_eq!(machine.reach(31, 0x1002_0040), Some(0x1002_0040));
        // Attach again, to the same tables.
        attach(&mut machine, 0, &[31], 0x8100_0000);
        assert_eq!(machine.reach(31, 0x1000_0040), Some(0x9000_0040));
    }
}

/// Two masters of one SMMU: banks are handed out from 0 upward, each with its own ASID and tables.
#[test]
fn two_domains_do_not_see_each_other() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 3);
        probe(&mut machine, 3);
        attach(&mut machine, 0, &[0, 1], 0x8100_0000);
        attach(&mut machine, 1, &[16, 17], 0x8200_0000);
        assert_eq!(machine.get("CB1.CONTEXTIDR.ASID"), 1);
        map(&mut machine, 0, 0x1000_0000, 0x9000_0000, PageSize::Section, Prot::default());
        let first = machine.tables.clone();
        machine.tables = msmemu_testkit::tables::Tables::new(0x8200_0000);
        map(&mut machine, 1, 0x1000_0000, 0xA000_0000, PageSize::Section, Prot::default());
        assert_eq!(machine.reach(0, 0x1000_0000), Some(0x9000_0000));
        assert_eq!(machine.reach(17, 0x1000_0000), Some(0xA000_0000));
        // Unmapping in one leaves the other's cached translation.
        unmap(&mut machine, 1, 0x1000_0000, PageSize::Section);
        assert_eq!(machine.reach(1, 0x1000_0000), Some(0x9000_0000), "{}", backend.name);
        let (_, answer) = machine.dma(16, 0x1000_0000, false);
        assert!(held(&answer));
        machine.tables = first;
    }
}

/// A mapping of 16 MiB is flushed by 4096 commands; none of them may disturb anything else.
#[test]
fn thousands_of_flushes() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, 2);
        probe(&mut machine, 2);
        attach(&mut machine, 0, &[0], 0x8100_0000);
        map(&mut machine, 0, 0x1000_0000, 0x9000_0000, PageSize::Small, Prot::default());
        assert_eq!(machine.reach(0, 0x1000_0000), Some(0x9000_0000));
        machine.tables.unmap(&mut machine.memory, 0x1000_0000, PageSize::Small).unwrap();
        map(&mut machine, 0, 0x4000_0000, 0xA000_0000, PageSize::Supersection, Prot::default());
        assert_eq!(machine.reach(0, 0x1000_0000), Some(0x9000_0000), "not flushed yet");
        assert_eq!(machine.reach(0, 0x40FF_FFC0), Some(0xA0FF_FFC0));
    }
}
