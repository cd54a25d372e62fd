//! The vendor driver of the 3.4 kernels and the GPU driver KGSL on top of it: ASIDs shared between banks,
//! the non-secure line, RESUME after the clear, locked entries for the ring buffer, table switches.

use msmemu_testkit::case::{Answer, Hit};
use msmemu_testkit::tables::{Attributes, PageSize, Tables};

use crate::devices::BACKENDS;
use crate::drivers::{Machine, held, pa};

const PRRR: u32 = 0xFF0A_81A8;
const NMRR: u32 = 0x40E0_40E0;
/// The GPU's SMMU has three banks, of which the tables use two.
const BANKS: u32 = 3;
const SHARED: Attributes =
    Attributes { ap: 0b011, tex: 1, c: true, b: true, s: true, ng: true, xn: false, ns: false };

/// In the global reset the flush comes after the latches, with a TLBIVA; PRRR and NMRR go to 0.
fn first_reset(machine: &mut Machine, bank: u32) {
    machine.context_reset(bank, false, false);
    machine.bank_fields(bank, &[("CTX_TLBIALL", 0), ("TLBIVA", 0), ("PRRR", 0), ("NMRR", 0)]);
}

fn probe(machine: &mut Machine) {
    machine.global_reset(BANKS, first_reset);
    assert!(machine.self_test());
    for mid in 0..16 {
        machine.bind(mid, 0, Some(1), None);
    }
    for mid in 16..32 {
        machine.bind(mid, 1, Some(1), None);
    }
}

/// ASID of a bank about to be attached: that of a bank with the same table, else the lowest that no other
/// bank has. Reads TTBR0.PA and CONTEXTIDR of every bank that platform data announces.
fn choose_asid(machine: &mut Machine, bank: u32) -> u32 {
    let table = machine.get(&format!("CB{bank}.TTBR0.PA"));
    let others: Vec<u32> = (0..BANKS).filter(|b| *b != bank).collect();
    for other in &others {
        if machine.get(&format!("CB{other}.TTBR0.PA")) == table {
            return machine.get(&format!("CB{other}.CONTEXTIDR.ASID"));
        }
    }
    let used: Vec<u32> =
        others.iter().map(|other| machine.get(&format!("CB{other}.CONTEXTIDR.ASID"))).collect();
    (0..BANKS).find(|asid| !used.contains(asid)).expect("the driver stops the kernel here")
}

/// Attach: no invalidation. `split` writes the same table to both bases and the number 1 to TTBCR.
fn attach(machine: &mut Machine, bank: u32, table: u32, split: bool) {
    machine.context_reset(bank, false, true);
    machine.bank_fields(bank, &[("ACTLR.TLBMCFG", 3), ("ACTLR.V2PCFG", 3)]);
    machine.set(&format!("CB{bank}.TTBCR"), u32::from(split));
    machine.set(&format!("CB{bank}.TTBR0.PA"), table >> 14);
    if split {
        machine.set(&format!("CB{bank}.TTBR1.PA"), table >> 14);
    }
    machine.fault_and_redirect(bank);
    machine.bank_fields(bank, &[("SCTLR.TRE", 1), ("PRRR", PRRR), ("NMRR", NMRR), ("BFBCR.BFBDFE", 1)]);
    let asid = choose_asid(machine, bank);
    machine.bank_fields(bank, &[("CONTEXTIDR.ASID", asid), ("SCTLR.M", 1)]);
}

fn detach(machine: &mut Machine, bank: u32) {
    let asid = machine.get(&format!("CB{bank}.CONTEXTIDR.ASID"));
    machine.set(&format!("CB{bank}.TLBIASID"), asid);
    machine.context_reset(bank, false, true);
}

/// One TLBIVA for a mapping of any size, in every bank of the domain.
fn map(machine: &mut Machine, banks: &[u32], va: u32, pa: u32, size: PageSize) {
    machine.tables.map(&mut machine.memory, va, pa, size, SHARED).unwrap();
    flush_va(machine, banks, va);
}

fn flush_va(machine: &mut Machine, banks: &[u32], va: u32) {
    for bank in banks {
        let asid = machine.get(&format!("CB{bank}.CONTEXTIDR.ASID"));
        machine.set(&format!("CB{bank}.TLBIVA"), va & 0xFFFF_F000 | asid);
    }
}

/// The bank's own handler on the shared line: FSR, FAR, the registers that are printed, FSR written back,
/// then RESUME unless the domain's handler answered busy.
fn handle_fault(machine: &mut Machine, bank: u32, busy: bool) -> Option<(u32, u32)> {
    let fsr = machine.get(&format!("CB{bank}.FSR"));
    if fsr == 0 {
        return None; // not ours
    }
    let far = machine.get(&format!("CB{bank}.FAR"));
    for name in ["PAR", "FSYNR0", "FSYNR1", "TTBR0", "TTBR1", "SCTLR", "ACTLR", "PRRR", "NMRR"] {
        machine.get(&format!("CB{bank}.{name}"));
    }
    machine.set(&format!("CB{bank}.FSR"), fsr);
    if !busy {
        machine.set(&format!("CB{bank}.RESUME"), 1);
    }
    Some((fsr, far))
}

fn hit(answer: &Answer) -> Option<Hit> {
    match answer {
        Answer::Translated { hit, .. } => Some(*hit),
        _ => None,
    }
}

#[test]
fn asids_are_shared_by_banks_with_the_same_table() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, BANKS);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000, false);
        assert_eq!(machine.get("CB0.CONTEXTIDR.ASID"), 1, "unattached banks have 0");
        attach(&mut machine, 1, 0x8100_0000, false);
        assert_eq!(machine.get("CB1.CONTEXTIDR.ASID"), 1);
        map(&mut machine, &[0, 1], 0x1000_0000, 0x9000_0000, PageSize::Section);
        assert_eq!(hit(&machine.dma(0, 0x1000_0000, false).1), Some(Hit::Walk));
        assert_eq!(hit(&machine.dma(16, 0x1000_0000, false).1), Some(Hit::Main), "{}", backend.name);
        detach(&mut machine, 1);
        attach(&mut machine, 1, 0x8200_0000, false);
        assert_eq!(machine.get("CB1.CONTEXTIDR.ASID"), 2, "bank 0 has 1, bank 2 has 0");
    }
}

/// Nothing is invalidated at attach, so TLBIASID at detach must leave nothing behind.
#[test]
fn an_asid_starts_clean_for_its_next_owner() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, BANKS);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000, false);
        for (i, size) in (1..).zip(PageSize::ALL) {
            map(&mut machine, &[0], 0x1000_0000 * i, 0x9000_0000, size);
            assert_eq!(machine.reach(0, 0x1000_0000 * i), Some(0x9000_0000));
        }
        detach(&mut machine, 0);
        assert_eq!(machine.get("CB0.CONTEXTIDR.ASID"), 1, "CONTEXTIDR keeps its value");
        machine.tables = Tables::new(0x8200_0000);
        attach(&mut machine, 0, 0x8200_0000, false);
        assert_eq!(machine.get("CB0.CONTEXTIDR.ASID"), 1);
        for i in 1..=4 {
            let va = 0x1000_0000 * i;
            map(&mut machine, &[], va, 0xA000_0000, PageSize::Section);
            assert_eq!(machine.reach(0, va), Some(0xA000_0000), "{}", backend.name);
        }
    }
}

#[test]
fn one_tlbiva_for_a_mapping_of_any_size() {
    for backend in &BACKENDS {
        for size in PageSize::ALL {
            let mut machine = Machine::new(backend, BANKS);
            probe(&mut machine);
            attach(&mut machine, 0, 0x8100_0000, false);
            map(&mut machine, &[0], 0x4000_0000, 0x9000_0000, size);
            let last = 0x4000_0000 + size.bytes() - 64;
            assert_eq!(machine.reach(0, last), Some(0x9000_0000 + size.bytes() - 64));
            map(&mut machine, &[0], 0x4000_0000, 0xA000_0000, size);
            assert_eq!(machine.reach(0, last), Some(0xA000_0000 + size.bytes() - 64), "{size:?}");
        }
    }
}

#[test]
fn a_split_at_2_gib_with_one_table_for_both_halves() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, BANKS);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000, true);
        assert_eq!(machine.get("CB0.TTBCR"), 1);
        assert_eq!(machine.get("CB0.TTBCR.N"), 1);
        map(&mut machine, &[0], 0x1000_0000, 0x9000_0000, PageSize::Section);
        map(&mut machine, &[0], 0xE000_0000, 0x9100_0000, PageSize::Small);
        assert_eq!(machine.reach(0, 0x1000_0000), Some(0x9000_0000));
        assert_eq!(machine.reach(0, 0xE000_0000), Some(0x9100_0000), "{}", backend.name);
    }
}

#[test]
fn faults_on_the_non_secure_line_then_resume() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, BANKS);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000, false);
        attach(&mut machine, 1, 0x8100_0000, false);
        let (user, answer) = machine.dma(3, 0x1000_0000, true);
        assert!(held(&answer));
        let (privileged, answer) = machine.dma(20, 0x2000_0000, false);
        assert!(held(&answer));
        assert!(!machine.irq(0) && machine.irq(1), "IRPTNDX = 1");
        assert_eq!(handle_fault(&mut machine, 2, false), None);
        assert_eq!(handle_fault(&mut machine, 0, false), Some((0x4000_0002, 0x1000_0000)));
        assert!(machine.irq(1), "the other bank still asks");
        assert_eq!(machine.answer(user).to_string(), "fault=TF answer=zero");
        assert!(held(&machine.answer(privileged)));
        assert_eq!(handle_fault(&mut machine, 1, false), Some((0x4000_0002, 0x2000_0000)));
        assert!(!machine.irq(1), "{}", backend.name);
        assert_eq!(machine.answer(privileged).to_string(), "fault=TF answer=zero");
    }
}

/// KGSL answers busy, prints from a work item, and writes RESUME = 1 and FSR = 0 much later.
#[test]
fn kgsl_resumes_late_with_the_line_low() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, BANKS);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000, false);
        let (id, _) = machine.dma(3, 0x1000_1000, true);
        assert_eq!(machine.get("CB0.FSYNR1.AWRITE"), 1, "KGSL prints read or write from this bit");
        handle_fault(&mut machine, 0, true);
        assert!(!machine.irq(1) && held(&machine.answer(id)));
        machine.set("CB0.RESUME", 1);
        machine.set("CB0.FSR", 0);
        assert!(!held(&machine.answer(id)) && !machine.irq(1), "{}", backend.name);
        assert_eq!(pa(&machine.answer(id)), None);
    }
}

/// The lock-down of the ring buffer: 8 pages in 2 banks are 16 locked entries that survive the flushes of
/// table switches.
#[test]
fn kgsl_locks_its_ring_buffer() {
    const PAGES: u32 = 8;
    const RING: u32 = 0x6000_0000;
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, BANKS);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000, false);
        attach(&mut machine, 1, 0x8200_0000, false);
        let banks = [0, 1];
        for table in [0x8100_0000, 0x8200_0000] {
            machine.tables = Tables::new(table);
            for page in 0..PAGES {
                let va = RING + 0x1000 * page;
                map(&mut machine, &banks, va, 0x9000_0000 + 0x1000 * page, PageSize::Small);
            }
        }
        for bank in banks {
            machine.bank_fields(
                bank,
                &[
                    ("TLBLKCR.LKE", 1),
                    ("TLBLKCR.TLBIALLCFG", 1),
                    ("TLBLKCR.TLBIASIDCFG", 1),
                    ("TLBLKCR.TLBIVAACFG", 1),
                    ("TLBLKCR.FLOOR", PAGES * banks.len() as u32),
                ],
            );
        }
        let mut index = 0;
        for page in 0..PAGES {
            for bank in banks {
                machine.set(&format!("CB{bank}.V2PUR"), (RING + 0x1000 * page) | index);
                assert_eq!(machine.get(&format!("CB{bank}.PAR.FAULT")), 0);
                assert_eq!(machine.get(&format!("CB{bank}.V2PSR.INDEX")), index);
                index += 1;
                for other in banks {
                    machine.set(&format!("CB{other}.TLBLKCR.VICTIM"), index);
                }
            }
        }
        for bank in banks {
            machine.set(&format!("CB{bank}.TLBLKCR.LKE"), 0);
        }
        // A table switch: TTBR0 with the low bits kept, read back, then the flushes.
        machine.set("CB0.TTBR0.IRGNL", 1);
        let low = machine.get("CB0.TTBR0") & !0xFFFF_C000;
        machine.set("CB0.TTBR0", 0x8300_0000 | low);
        assert_eq!(machine.get("CB0.TTBR0"), 0x8300_0040);
        let asid = machine.get("CB0.CONTEXTIDR.ASID");
        machine.set("CB0.TLBIASID", asid);
        machine.set("CB0.CTX_TLBIALL", 1);
        // Enough misses to go round the whole TLB.
        machine.tables = Tables::new(0x8300_0000);
        for page in 0..100 {
            let va = 0x1000_0000 + 0x1000 * page;
            map(&mut machine, &[0], va, 0xA000_0000, PageSize::Small);
            assert_eq!(machine.reach(0, va), Some(0xA000_0000));
        }
        for page in 0..PAGES {
            for mid in [0, 16] {
                let (_, answer) = machine.dma(mid, RING + 0x1000 * page, false);
                assert_eq!(pa(&answer), Some(0x9000_0000 + 0x1000 * page));
                assert_eq!(hit(&answer), Some(Hit::Main), "{}", backend.name);
            }
        }
        // The TLB has room beside the locked entries.
        assert!(1 << machine.get("IDR.TLBSIZE") > PAGES * banks.len() as u32);
    }
}

/// 3.4 does not flush before a V2P, so the result may come from the TLB; and a V2P loads the TLB.
#[test]
fn v2p_without_a_flush() {
    for backend in &BACKENDS {
        let mut machine = Machine::new(backend, BANKS);
        probe(&mut machine);
        attach(&mut machine, 0, 0x8100_0000, false);
        map(&mut machine, &[0], 0x1000_0000, 0x9000_0000, PageSize::Section);
        assert_eq!(machine.iova_to_phys(0, 0x1004_5678, false), 0x9004_5678);
        assert_eq!(machine.get("CB0.V2PSR.HIT"), 0);
        assert_eq!(hit(&machine.dma(0, 0x1004_5640, false).1), Some(Hit::Main));
        assert_eq!(machine.iova_to_phys(0, 0x100F_FFFC, false), 0x900F_FFFC);
        assert_eq!(machine.get("CB0.V2PSR.HIT"), 1, "{}", backend.name);
    }
}
