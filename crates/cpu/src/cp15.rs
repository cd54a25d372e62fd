//! CP15, the system control coprocessor.

use crate::env::Env;
use crate::model::Model;
use crate::op::{Flow, Op, Raised};
use crate::state::Core;

/// State of CP15.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cp15 {
    /// SCTLR.
    pub sctlr: u32,
}

impl Cp15 {
    /// Reset values of a model.
    pub fn new(_model: Model) -> Self {
        Self { sctlr: 0x00C5_0078 }
    }

    /// SCTLR.A: unaligned accesses fault.
    pub fn strict_alignment(&self) -> bool {
        self.sctlr & 2 != 0
    }
}

/// Coordinates of a register in an MRC, MCR, MRRC or MCRR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Coord {
    pub crn: u8,
    pub opc1: u8,
    pub crm: u8,
    pub opc2: u8,
}

/// MRC p15.
///
/// # Errors
/// Undefined Instruction where no register is, or it is not accessible; the trap is recorded.
pub fn read<E: Env>(core: &mut Core, _env: &mut E, _op: &Op, _at: Coord) -> Result<u32, Raised> {
    Err(core.raise(crate::fault::Trap::Undefined))
}

/// MCR p15. The returned flow ends the block where the write changes decoding, translation or interrupts.
///
/// # Errors
/// As [`read`]; also the faults of operations by address.
pub fn write<E: Env>(
    core: &mut Core,
    _env: &mut E,
    _op: &Op,
    _at: Coord,
    _value: u32,
) -> Result<Flow, Raised> {
    Err(core.raise(crate::fault::Trap::Undefined))
}
