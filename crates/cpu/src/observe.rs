//! Hooks for traces, detectors and debuggers. A hook that does nothing costs nothing.

use crate::fault::Trap;
use crate::isa::Set;

/// One data access of the core, as it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataAccess {
    /// Address of the instruction.
    pub pc: u32,
    /// Virtual address.
    pub va: u32,
    /// Physical address of the first byte.
    pub pa: u64,
    /// Bytes: 1, 2, 4 or 8.
    pub size: u8,
    /// Value loaded or stored, zero-extended, as the register sees it (after endian conversion).
    pub value: u64,
    /// Store rather than load.
    pub write: bool,
}

/// One access to a system coprocessor register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoprocAccess {
    /// 14 or 15.
    pub coproc: u8,
    /// CRn, 0–15.
    pub crn: u8,
    /// opc1, 0–7.
    pub opc1: u8,
    /// CRm, 0–15.
    pub crm: u8,
    /// opc2, 0–7.
    pub opc2: u8,
    /// Value read or written.
    pub value: u32,
    /// MCR rather than MRC.
    pub write: bool,
}

/// A TLB maintenance operation or an implied flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlbMaintenance {
    /// Everything.
    All,
    /// Entries of one ASID.
    Asid(u8),
    /// One page of one ASID.
    Page {
        /// Virtual address.
        va: u32,
        /// ASID.
        asid: u8,
    },
    /// One page of every ASID.
    PageAllAsids {
        /// Virtual address.
        va: u32,
    },
}

/// A cache maintenance operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMaintenance {
    /// Operation by virtual address; `pa` is its translation.
    ByVa {
        /// Virtual address of the line.
        va: u32,
        /// Physical address.
        pa: u64,
        /// Data or unified cache rather than instruction cache.
        data: bool,
        /// Writes dirty lines back.
        clean: bool,
        /// Drops lines.
        invalidate: bool,
        /// To the point of coherency rather than of unification.
        coherency: bool,
    },
    /// Operation by set and way.
    BySetWay {
        /// The register value.
        value: u32,
        /// Writes dirty lines back.
        clean: bool,
        /// Drops lines.
        invalidate: bool,
    },
    /// Whole instruction cache.
    InstructionAll,
    /// Branch predictor.
    BranchPredictor,
}

/// What a run can be watched by. Every method has a default that does nothing.
#[allow(unused_variables)]
pub trait Observer {
    /// Whether [`Observer::retired`] is wanted.
    const RETIRED: bool = false;
    /// Whether [`Observer::data`] is wanted.
    const DATA: bool = false;

    /// An instruction completed (or failed its condition).
    fn retired(&mut self, set: Set, pc: u32, word: u32) {}
    /// A load or store completed.
    fn data(&mut self, access: &DataAccess) {}
    /// An exception was entered; `from` is the address of the instruction, `to` of the vector.
    fn exception(&mut self, trap: &Trap, from: u32, to: u32) {}
    /// CP14 or CP15 was accessed.
    fn coproc(&mut self, pc: u32, access: &CoprocAccess) {}
    /// A TLB maintenance operation took effect.
    fn tlb(&mut self, pc: u32, what: &TlbMaintenance) {}
    /// A cache maintenance operation took effect.
    fn cache(&mut self, pc: u32, what: &CacheMaintenance) {}
    /// A page-table walk read a descriptor.
    fn walk(&mut self, va: u32, level: u8, pa: u64, descriptor: u32) {}
}

/// Watches nothing.
impl Observer for () {}
