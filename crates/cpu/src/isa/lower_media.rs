//! Lowerings of multiplies and media instructions, shared by A32 and T32: the same fields have the same letters.

use super::lower::*;
use super::{Undefined, Word};
use crate::exec::media::Media;
use crate::exec::mul::Mul;
use crate::op::{HandlerId, Op};

/// Rd, Rn and Rm, none of which may be R15.
pub(super) fn registers(op: &mut Op, handler: HandlerId) -> Lowered {
    no_pc(op, handler, &[op.rd, op.rn, op.rm])
}

pub(super) fn unary(op: &mut Op, handler: Media) -> Lowered {
    no_pc(op, handler.id(), &[op.rd, op.rm])
}

/// A product with an optional addend; none of the registers may be R15.
pub(super) fn product(op: &mut Op, handler: Mul, addend: bool) -> Lowered {
    no_pc(op, handler.id(), &[op.rd, op.rn, op.rm, if addend { op.rs } else { 0 }])
}

/// A product in RdHi:RdLo. RdHi = RdLo is UNPREDICTABLE: RdHi is written last (our choice).
pub(super) fn product_long(w: &Word<'_>, op: &mut Op, handler: Mul) -> Lowered {
    op.rd = w.f('l') as u8;
    op.rs = w.f('h') as u8;
    product(op, handler, true)
}

pub(super) fn halves(w: &Word<'_>, op: &mut Op, handler: Mul, addend: bool) -> Lowered {
    op.sh = (w.f('x') | w.f('y') << 1) as u8;
    product(op, handler, addend)
}

pub(super) fn halves_long(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = (w.f('x') | w.f('y') << 1) as u8;
    product_long(w, op, Mul::Smlalxy)
}

pub(super) fn dual(w: &Word<'_>, op: &mut Op, handler: Mul, subtract: u8) -> Lowered {
    op.sh = w.f('x') as u8 | subtract;
    product(op, handler, true)
}

pub(super) fn dual_long(w: &Word<'_>, op: &mut Op, subtract: u8) -> Lowered {
    op.sh = w.f('x') as u8 | subtract;
    product_long(w, op, Mul::Smlald)
}

pub(super) fn parallel(op: &mut Op, kind: u32, operation: u32) -> Lowered {
    op.imm = kind << 3 | operation;
    registers(op, Media::Parallel.id())
}

pub(super) fn saturate(w: &Word<'_>, op: &mut Op, handler: Media) -> Lowered {
    op.sh = w.f('b') as u8;
    op.rs = (w.f('y') << 1) as u8;
    no_pc(op, handler.id(), &[op.rd, op.rn])
}

pub(super) fn extend(w: &Word<'_>, op: &mut Op, handler: Media) -> Lowered {
    op.sh = 8 * w.f('r') as u8;
    if w.insn.encoding.field_mask(b'n') == 0 {
        op.rn = 15;
    }
    no_pc(op, handler.id(), &[op.rd, op.rm])
}

/// UBFX. A field that reaches past bit 31 is UNPREDICTABLE and UNDEFINED here.
pub(super) fn extract(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = w.f('b') as u8;
    op.imm = u32::MAX >> (31 - w.f('w'));
    if w.f('b') + w.f('w') > 31 {
        return Err(Undefined);
    }
    no_pc(op, Media::Ubfx.id(), &[op.rd, op.rn])
}

/// SBFX, as [`extract`].
pub(super) fn extract_signed(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = 31_u32.checked_sub(w.f('b') + w.f('w')).ok_or(Undefined)? as u8;
    op.imm = 31 - w.f('w');
    no_pc(op, Media::Sbfx.id(), &[op.rd, op.rn])
}

/// Here `w` is the highest bit; below `b` it is UNPREDICTABLE and UNDEFINED here.
pub(super) fn insert(w: &Word<'_>, op: &mut Op, handler: Media) -> Lowered {
    op.sh = w.f('b') as u8;
    let width = w.f('w').checked_sub(w.f('b')).ok_or(Undefined)?;
    op.imm = u32::MAX >> (31 - width);
    no_pc(op, handler.id(), &[op.rd])
}
