//! Advanced SIMD instructions. The A32 and T32 encodings differ in their first bits only; in the rows bit 24 of A32 and
//! bit 28 of T32 is field `U`.
//!
//! Field letters: `d`, `n`, `m` registers as doublewords, `Q` quadword, `z` element size, `U` unsigned.

pub(super) mod long;
pub(super) mod memory;
pub(super) mod misc;
pub(super) mod same;
pub(super) mod shift;

use super::vfp::first_operand;
use super::{Undefined, Word};
use crate::exec::neon::{Family, Neon};
use crate::fp::Access;
use crate::op::Op;

type Lowered = Result<(), Undefined>;

/// Refuses when Advanced SIMD is disabled.
fn enabled(w: &Word<'_>) -> Lowered {
    require(Access(w.fp).simd())
}

/// UNDEFINED unless `condition`.
fn require(condition: bool) -> Lowered {
    if condition { Ok(()) } else { Err(Undefined) }
}

/// A quadword's number is even as a doubleword's.
fn quadword(register: u8) -> Lowered {
    require(register & 1 == 0)
}

/// Data processing with an operation of a family.
fn data(w: &Word<'_>, op: &mut Op, family: Family, size: u32) -> Lowered {
    enabled(w)?;
    op.handler = Neon::Data.id();
    op.imm = family.of_size(size);
    Ok(())
}

/// Data processing on doublewords or, with `Q` set, quadwords.
fn vectors(w: &Word<'_>, op: &mut Op, family: Family, size: u32) -> Lowered {
    op.rn = first_operand(w);
    let quad = w.bit('Q');
    op.rs = 1 + u8::from(quad);
    if quad {
        quadword(op.rd | op.rn | op.rm)?;
    }
    data(w, op, family, size)
}

/// Signed or unsigned family by field `U`.
fn by_sign(w: &Word<'_>, signed: Family, unsigned: Family) -> Family {
    if w.bit('U') { unsigned } else { signed }
}
