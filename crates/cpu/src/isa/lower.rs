//! Lowerings that several encodings share.

use super::{Set, Undefined, Word};
use crate::exec::Special;
use crate::exec::alu::{Alu, form, operation};
use crate::exec::branch::Branch;
use crate::exec::load_store::{LoadStore, mode, what};
use crate::exec::multiple::{Multiple, flag};
use crate::exec::system::System;
use crate::op::{HandlerId, Op};

/// What a lowering returns.
pub(super) type Lowered = Result<(), Undefined>;

/// A handler with the default fields.
pub(super) fn simple(op: &mut Op, handler: HandlerId) -> Lowered {
    op.handler = handler;
    Ok(())
}

/// A handler that needs its registers to be other than R15; UNDEFINED otherwise (UNPREDICTABLE in the manual).
pub(super) fn no_pc(op: &mut Op, handler: HandlerId, registers: &[u8]) -> Lowered {
    op.handler = handler;
    if registers.contains(&15) { Err(Undefined) } else { Ok(()) }
}

/// Has R15 made readable if one of the registers is it.
pub(super) fn reads(op: &mut Op, registers: &[u8]) {
    if registers.contains(&15) {
        op.flags |= Op::READS_PC;
    }
}

/// The A32 modified immediate: value, and whether it sets the shifter's carry out.
pub(super) fn arm_expand(imm12: u32) -> (u32, bool) {
    let rotation = imm12 >> 8 << 1;
    ((imm12 & 0xFF).rotate_right(rotation), rotation != 0)
}

/// The T32 modified immediate. Patterns with a zero byte are UNPREDICTABLE and give 0 (our choice).
pub(super) fn thumb_expand(imm12: u32) -> (u32, bool) {
    let byte = imm12 & 0xFF;
    match imm12 >> 8 {
        0 => (byte, false),
        1 => (byte << 16 | byte, false),
        2 => (byte << 24 | byte << 8, false),
        3 => (byte * 0x0101_0101, false),
        _ => ((0x80 | byte & 0x7F).rotate_right(imm12 >> 7), true),
    }
}

/// Whether a data-processing operation writes no register.
const fn compares(operation: u8) -> bool {
    matches!(operation, operation::TST | operation::TEQ | operation::CMP | operation::CMN)
}

fn data(w: &Word<'_>, op: &mut Op, operation: u8, form: u8, flags: bool) -> Lowered {
    let unary = matches!(operation, operation::MOV | operation::MVN);
    let mut sources = [if unary { 0 } else { op.rn }, 0, 0];
    if form != form::IMM {
        sources[1] = op.rm;
    }
    if form == form::BY_REG {
        sources[2] = op.rs;
    }
    reads(op, &sources);
    if w.set == Set::A32 && op.rd == 15 && !compares(operation) {
        op.handler = Alu::writes_pc();
        op.ends_block();
        return Ok(());
    }
    op.handler = Alu::id(operation, form, flags || compares(operation));
    Ok(())
}

/// Operation with an immediate already expanded; `carry` tells whether bit 31 becomes the carry.
pub(super) fn data_imm(
    w: &Word<'_>,
    op: &mut Op,
    operation: u8,
    imm: u32,
    carry: bool,
    flags: bool,
) -> Lowered {
    op.imm = imm;
    op.sh = u8::from(carry);
    data(w, op, operation, form::IMM, flags)
}

/// Operation with a register shifted by an encoded constant.
pub(super) fn data_shift(
    w: &Word<'_>,
    op: &mut Op,
    operation: u8,
    kind: u32,
    imm5: u32,
    flags: bool,
) -> Lowered {
    let (form, amount) = match (kind & 3, imm5) {
        (0, 0) => (form::REG, 0),
        (0, n) => (form::LSL, n),
        (1, 0) => (form::LSR, 32),
        (1, n) => (form::LSR, n),
        (2, 0) => (form::ASR, 32),
        (2, n) => (form::ASR, n),
        (_, 0) => (form::RRX, 0),
        (_, n) => (form::ROR, n),
    };
    op.sh = amount as u8;
    data(w, op, operation, form, flags)
}

/// Operation with a register shifted by a register.
pub(super) fn data_by_reg(w: &Word<'_>, op: &mut Op, operation: u8, kind: u32, flags: bool) -> Lowered {
    op.sh = kind as u8;
    data(w, op, operation, form::BY_REG, flags)
}

/// A constant in a register (ADR, MOVW).
pub(super) fn constant(w: &Word<'_>, op: &mut Op, value: u32) -> Lowered {
    data_imm(w, op, operation::MOV, value, false, false)
}

/// A load or store with P, W and a signed immediate offset. Loads of R15 must have been asked for as [`what::PC`].
/// Write-back to R15 is UNPREDICTABLE and UNDEFINED here.
pub(super) fn transfer_imm(
    w: &Word<'_>,
    op: &mut Op,
    what: u8,
    index: bool,
    write_back: bool,
    offset: u32,
) -> Lowered {
    let mode = match (index, write_back) {
        (true, false) => mode::IMM,
        (true, true) => mode::IMM_PRE,
        (false, _) => mode::IMM_POST,
    };
    op.imm = offset;
    if op.rn == 15 {
        if mode != mode::IMM {
            return Err(Undefined);
        }
        if what < what::STORE_WORD {
            op.imm = (w.pc_value() & !3).wrapping_add(offset);
            return transfer(op, what, mode::LITERAL);
        }
    }
    reads(op, &[op.rn]);
    transfer(op, what, mode)
}

/// A load or store with P, W and a shifted register offset. `shift` is type and amount as in the encoding.
pub(super) fn transfer_reg(
    op: &mut Op,
    what: u8,
    index: bool,
    write_back: bool,
    subtract: bool,
    shift: u32,
) -> Lowered {
    let mode = match (index, write_back) {
        (true, false) if !subtract && shift >> 5 == 0 => mode::REG,
        (true, false) => mode::SHIFTED,
        (true, true) => mode::SHIFTED_PRE,
        (false, _) => mode::SHIFTED_POST,
    };
    op.sh = shift as u8;
    op.imm = shift | u32::from(subtract) << 7;
    if op.rn == 15 && (!index || write_back) {
        return Err(Undefined);
    }
    reads(op, &[op.rn, op.rm]);
    transfer(op, what, mode)
}

fn transfer(op: &mut Op, what: u8, mode: u8) -> Lowered {
    op.handler = LoadStore::id(what, mode);
    if what == what::PC {
        op.ends_block();
    }
    if what >= what::STORE_WORD {
        reads(op, &[op.rd, if what == what::STORE_DOUBLE { op.rs } else { 0 }]);
    }
    if matches!(what, what::DOUBLE | what::STORE_DOUBLE) {
        op.cycles += 1;
    }
    Ok(())
}

/// Signed offset from U and a magnitude.
pub(super) fn signed(up: bool, magnitude: u32) -> u32 {
    if up { magnitude } else { magnitude.wrapping_neg() }
}

/// LDM and STM without `^`. The list is in `op.imm`.
pub(super) fn multiple(op: &mut Op, load: bool, up: bool, before: bool, write_back: bool) -> Lowered {
    if op.imm == 0 || op.rn == 15 {
        return Err(Undefined);
    }
    op.sh = multiple_flags(up, before, write_back);
    op.cycles = op.cycles.saturating_add(op.imm.count_ones() as u8 - 1);
    op.handler = match (load, op.imm & 0x8000 != 0) {
        (true, true) => {
            op.ends_block();
            Multiple::LdmPc.id()
        }
        (true, false) => Multiple::Ldm.id(),
        (false, _) => Multiple::Stm.id(),
    };
    Ok(())
}

/// `op.sh` of the multiple transfers.
pub(super) fn multiple_flags(up: bool, before: bool, write_back: bool) -> u8 {
    (u8::from(up) * flag::UP) | (u8::from(before) * flag::BEFORE) | (u8::from(write_back) * flag::WRITE_BACK)
}

/// A hint that does nothing.
pub(super) fn nop(_w: &Word<'_>, op: &mut Op) -> Lowered {
    simple(op, Special::Nop.id())
}

/// Sign-extends the low `bits` bits.
pub(super) fn sign_extend(value: u32, bits: u32) -> u32 {
    ((value << (32 - bits)) as i32 >> (32 - bits)) as u32
}

/// An instruction that leaves the block: it raises an exception, exits to the host or changes the state.
pub(super) fn stop(op: &mut Op, handler: System) -> Lowered {
    op.ends_block();
    simple(op, handler.id())
}

/// Permanently UNDEFINED.
pub(super) fn undefined(op: &mut Op) -> Lowered {
    op.ends_block();
    simple(op, Special::Undefined.id())
}

/// A branch under the instruction's condition.
pub(super) fn branch_to(op: &mut Op, target: u32) -> Lowered {
    op.imm = target;
    op.flags |= Op::TESTS_COND;
    op.ends_block();
    simple(op, Branch::conditional(op.cond).id())
}

/// CPS: `masks` has A, I and F in bits 2:0.
pub(super) fn change_state(op: &mut Op, imod: u32, mode_changes: bool, masks: u32, mode: u32) -> Lowered {
    op.imm = masks << 6 | mode;
    op.rs = (u32::from(imod == 2) | imod & 2 | u32::from(mode_changes) << 2) as u8;
    stop(op, System::Cps)
}

/// MCR and MRC: fields n, o (opc1), m, e (opc2).
pub(super) fn coprocessor(w: &Word<'_>, op: &mut Op, handler: System) -> Lowered {
    op.imm = w.f('n') << 12 | w.f('o') << 8 | w.f('m') << 4 | w.f('e');
    if matches!(handler, System::Mcr14 | System::Mcr15) {
        op.ends_block();
    }
    simple(op, handler.id())
}
