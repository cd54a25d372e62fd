//! CP14, the debug coprocessor.

use crate::cp15::Coord;
use crate::env::Env;
use crate::op::{Flow, Op, Raised};
use crate::state::Core;

/// MRC p14.
///
/// # Errors
/// Undefined Instruction where no register is, or it is not accessible; the trap is recorded.
pub fn read<E: Env>(core: &mut Core, _env: &mut E, _op: &Op, _at: Coord) -> Result<u32, Raised> {
    Err(core.raise(crate::fault::Trap::Undefined))
}

/// MCR p14. The returned flow ends the block where the write changes decoding, translation or interrupts.
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
