//! A cached translation stays visible until the right invalidation and no longer: every command, against
//! entries of every size, locked or not, global or not, of this VMID and ASID or another, with every CFG
//! bit. What must go is worked out here from the table of the specification (section 9.2).

use msmemu_smmu::{Config, Found, Ports, Smmu};
use msmemu_testkit::memory::Memory;
use msmemu_testkit::tables::{Attributes, PageSize, Tables};

use crate::devices::Port;

const TABLE: u32 = 0x8000_0000;
const VA: u32 = 0x4000_0000;
const OLD: u32 = 0x9000_0000;
const NEW: u32 = 0xA000_0000;
const ASID: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Global,
    Vmid,
    Context,
    Asid,
    Va,
    VaAllAsids,
}

/// One combination.
#[derive(Clone, Copy, Debug)]
struct Situation {
    size: PageSize,
    global: bool,
    locked: bool,
    /// The bank writing the command: the entry's own, another of the same VMID, one of another VMID.
    writer: u32,
    command: Command,
    /// Whether the command's CFG bit asks to keep locked entries.
    keep: bool,
    /// Whether the written ASID, or for TLBIVMID the VMID, is the entry's.
    right_tag: bool,
    /// Offset of the named VA from the start of the mapping; beyond its end: another page.
    offset: u32,
}

impl Situation {
    /// Section 9.2: whether the entry must be gone.
    fn removes(&self) -> bool {
        let same_vmid = self.writer != 2;
        let covered = self.offset < self.size.bytes();
        let kept = self.locked && self.keep;
        match self.command {
            Command::Global => !kept,
            Command::Vmid => self.right_tag && !kept,
            Command::Context => same_vmid && !kept,
            Command::Asid => same_vmid && !self.global && self.right_tag && !kept,
            Command::Va => same_vmid && covered && (self.global || self.right_tag),
            Command::VaAllAsids => same_vmid && covered && !kept,
        }
    }

    fn check(&self) {
        let mut memory = Memory::new();
        let mut model = Smmu::new(&Config { banks: 3, ..Config::default() }).unwrap();
        let mut tables = Tables::new(TABLE);
        let attributes = Attributes { ap: 0b011, ng: !self.global, ..Attributes::default() };
        tables.map(&mut memory, VA, OLD, self.size, attributes).unwrap();
        let mut write = |memory: &mut Memory, offset: u32, value: u32| {
            model.write(offset, value, &mut Ports::new(Port(memory)));
        };
        // Banks 0 and 1 have VMID 3, bank 2 has VMID 4; MID n goes to bank n.
        write(&mut memory, 0xFFF80, 0x40);
        for bank in 0..3 {
            write(&mut memory, 0xFF800 + 4 * bank, if bank == 2 { 4 << 16 } else { 3 << 16 });
            write(&mut memory, 0xFF000 + 4 * bank, 0x00C0_0000 | bank << 8);
            for (offset, value) in [(0x04, 0x3_3000), (0x08, ASID), (0x10, TABLE), (0x3C, 0x0401), (0x00, 1)]
            {
                write(&mut memory, bank * 0x1000 + offset, value);
            }
        }
        // LKE = 1 makes a V2P load a locked entry; with LKE = 0 it loads an ordinary one.
        write(&mut memory, 0x3C, 0x0400 | u32::from(self.locked));
        write(&mut memory, 0x818, VA | 2);
        write(&mut memory, 0x3C, 0x0400);
        tables.map(&mut memory, VA, NEW, self.size, attributes).unwrap();

        let (cr, lock) = match self.command {
            Command::Global => (1 << 7, 0),
            Command::Vmid => (1 << 8, 0),
            Command::Context => (0, 1 << 1),
            Command::Asid => (0, 1 << 2),
            Command::VaAllAsids => (0, 1 << 3),
            Command::Va => (0, 0), // never keeps: all bits of the others are set instead
        };
        let all = (0x180, 0xE);
        let (cr, lock) = match (self.keep, self.command) {
            (true, Command::Va) => all,
            (true, _) => (cr, lock),
            // The bits of all other commands must not matter.
            (false, _) => (all.0 & !cr, all.1 & !lock),
        };
        write(&mut memory, 0xFFF80, 0x40 | cr);
        write(&mut memory, self.writer * 0x1000 + 0x3C, 0x0400 | lock);
        let asid = if self.right_tag { ASID } else { ASID + 1 };
        let bank = self.writer * 0x1000;
        let va = VA + self.offset;
        match self.command {
            Command::Global => write(&mut memory, 0xFFF00, 0xFFFF_FFFF),
            Command::Vmid => write(&mut memory, 0xFFF04, if self.right_tag { 3 } else { 4 }),
            Command::Context => write(&mut memory, bank + 0x800, 1),
            Command::Asid => write(&mut memory, bank + 0x804, asid),
            Command::Va => write(&mut memory, bank + 0x808, va | asid),
            Command::VaAllAsids => write(&mut memory, bank + 0x80C, va | 0xFFF),
        }
        let request = msmemu_smmu::Request::new(1, 0, VA, msmemu_smmu::Access::READ);
        let answer = model.translate(&request, &mut Ports::new(Port(&mut memory)));
        let translation = answer.translation().expect("both mappings are valid");
        let expected = if self.removes() { (NEW, Found::Walk) } else { (OLD, Found::MainTlb) };
        assert_eq!((translation.pa, translation.found), expected, "{self:?}");
    }
}

#[test]
fn every_command_removes_what_it_names_and_nothing_else() {
    use Command::{Asid, Context, Global, Va, VaAllAsids, Vmid};
    let mut checked = 0;
    for size in PageSize::ALL {
        for command in [Global, Vmid, Context, Asid, Va, VaAllAsids] {
            for flags in 0..16 {
                for writer in 0..3 {
                    for offset in [0, (size.bytes() / 2) & !0xFFF, size.bytes() - 0x1000, size.bytes()] {
                        let [global, locked, keep, right_tag] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
                        Situation { size, global, locked, writer, command, keep, right_tag, offset }.check();
                        checked += 1;
                    }
                }
            }
        }
    }
    assert_eq!(checked, 4 * 6 * 16 * 3 * 4);
}

/// Section 9.1: what a bank walked goes with its CTX_TLBIALL even after its VMID has changed, and what
/// another bank walked under the old VMID stays.
#[test]
fn a_context_flush_finds_what_its_bank_walked_under_another_vmid() {
    for walker in [0, 1] {
        let mut memory = Memory::new();
        let mut model = Smmu::new(&Config::default()).unwrap();
        let mut tables = Tables::new(TABLE);
        let attributes = Attributes { ap: 0b011, ..Attributes::default() };
        tables.map(&mut memory, VA, OLD, PageSize::Section, attributes).unwrap();
        let mut write = |memory: &mut Memory, offset: u32, value: u32| {
            model.write(offset, value, &mut Ports::new(Port(memory)));
        };
        for bank in 0..2 {
            write(&mut memory, 0xFF000 + 4 * bank, 0x00C0_0000 | bank << 8);
            for (offset, value) in [(0x04, 0x3_3000), (0x10, TABLE), (0x00, 1)] {
                write(&mut memory, bank * 0x1000 + offset, value);
            }
        }
        write(&mut memory, 0x818 + walker * 0x1000, VA);
        write(&mut memory, 0xFF800, 9 << 16);
        write(&mut memory, 0x800, 0);
        write(&mut memory, 0xFF800, 0);
        let request = msmemu_smmu::Request::new(1, 0, VA, msmemu_smmu::Access::READ);
        let answer = model.translate(&request, &mut Ports::new(Port(&mut memory)));
        let found = answer.translation().map(|t| t.found);
        assert_eq!(found, Some(if walker == 0 { Found::Walk } else { Found::MainTlb }));
    }
}
