//! Saturating and parallel arithmetic, packing, extension, bit fields, byte and bit reversal.

use super::alu::{reg, set_reg, shift_by_imm};
use super::{Apply, Body, handlers, mul::Mul};
use crate::env::Env;
use crate::op::{Exec, Flow, HandlerId, Op};
use crate::state::Core;

handlers! { Media after Mul::END, stays;
    Qadd => saturating::<E, false, false>,
    Qsub => saturating::<E, true, false>,
    Qdadd => saturating::<E, false, true>,
    Qdsub => saturating::<E, true, true>,
    // op.imm bits 2:0 the operation, 4:3 the kind; see `parallel`.
    Parallel => parallel::<E>,
    Sel => sel::<E>,
    // op.imm is the shift, op.rs the shift type (0 LSL, 2 ASR), op.sh the bit number.
    Ssat => ssat::<E>,
    Usat => usat::<E>,
    Ssat16 => ssat16::<E>,
    Usat16 => usat16::<E>,
    Pkhbt => pkhbt::<E>,
    Pkhtb => pkhtb::<E>,
    // Extension: op.sh is the rotation in bits; with Rn = 15 nothing is added.
    Sxtb => extend::<E, 0, true>,
    Sxtb16 => extend::<E, 1, true>,
    Sxth => extend::<E, 2, true>,
    Uxtb => extend::<E, 0, false>,
    Uxtb16 => extend::<E, 1, false>,
    Uxth => extend::<E, 2, false>,
    // Bit fields: op.sh is the lowest bit, op.imm the mask of the field at bit 0.
    Bfc => bfc::<E>,
    Bfi => bfi::<E>,
    // op.sh bits are lost at the top; then the field is at the top of the word, and op.imm bits are below it.
    Sbfx => sbfx::<E>,
    Ubfx => ubfx::<E>,
    Clz => clz::<E>,
    Rbit => rbit::<E>,
    Rev => rev::<E>,
    Rev16 => rev16::<E>,
    Revsh => revsh::<E>,
}

/// Clamps to a range; Q is set when that changes the value.
fn clamp_q(core: &mut Core, value: i64, low: i64, high: i64) -> i64 {
    let out = value.clamp(low, high);
    core.q |= u32::from(out != value);
    out
}

fn saturating<E: Env, const SUBTRACT: bool, const DOUBLE: bool>(
    core: &mut Core,
    _env: &mut E,
    op: &Op,
) -> Exec {
    const LOW: i64 = i32::MIN as i64;
    const HIGH: i64 = i32::MAX as i64;
    let m = i64::from(reg(core, op.m) as i32);
    let mut n = i64::from(reg(core, op.n) as i32);
    if DOUBLE {
        n = clamp_q(core, 2 * n, LOW, HIGH);
    }
    let out = clamp_q(core, if SUBTRACT { m - n } else { m + n }, LOW, HIGH);
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

/// Kinds of parallel arithmetic, as in the A32 encoding (op1).
mod kind {
    pub(super) const SIGNED: u32 = 1;
    pub(super) const SATURATING: u32 = 2;
    pub(super) const UNSIGNED: u32 = 5;
    pub(super) const UNSIGNED_SATURATING: u32 = 6;
}

/// One lane: the stored result and whether its GE flag is set.
fn lane(kind: u32, bits: u32, a: u32, b: u32, subtract: bool) -> (u32, bool) {
    let mask = u32::MAX >> (32 - bits);
    let signed = kind < 4;
    let widen = |value: u32| {
        let value = value & mask;
        if signed { i64::from((value << (32 - bits)) as i32 >> (32 - bits)) } else { i64::from(value) }
    };
    let wide = if subtract { widen(a) - widen(b) } else { widen(a) + widen(b) };
    let limit = 1_i64 << bits;
    let ge = match (kind, subtract) {
        (kind::UNSIGNED, false) => wide >= limit,
        _ => wide >= 0,
    };
    let out = match kind {
        kind::SATURATING => wide.clamp(-limit / 2, limit / 2 - 1),
        kind::UNSIGNED_SATURATING => wide.clamp(0, limit - 1),
        kind::SIGNED | kind::UNSIGNED => wide,
        _ => wide >> 1,
    };
    (out as u32 & mask, ge)
}

/// op.imm bits 4:2... of the A32 encoding: op1 (kind) in bits 5:3, op2 (operation) in bits 2:0.
fn parallel<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let (kind, operation) = (op.imm >> 3, op.imm & 7);
    let (n, m) = (reg(core, op.n), reg(core, op.m));
    let (mut out, mut ge) = (0, 0);
    match operation {
        0..=3 => {
            // ADD16, ASX, SAX, SUB16
            let m = if matches!(operation, 1 | 2) { m.rotate_right(16) } else { m };
            let (low, ge_low) = lane(kind, 16, n, m, matches!(operation, 1 | 3));
            let (high, ge_high) = lane(kind, 16, n >> 16, m >> 16, matches!(operation, 2 | 3));
            out |= high << 16 | low;
            ge |= if ge_low { 3 } else { 0 } | if ge_high { 12 } else { 0 };
        }
        _ => {
            for i in 0..4 {
                let (value, set) = lane(kind, 8, n >> (8 * i), m >> (8 * i), operation == 7);
                out |= value << (8 * i);
                ge |= u32::from(set) << i;
            }
        }
    }
    if matches!(kind, kind::SIGNED | kind::UNSIGNED) {
        core.ge = ge;
    }
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn sel<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let mask: u32 = (0..4).map(|i| (core.ge >> i & 1) * (0xFF << (8 * i))).sum();
    let out = reg(core, op.n) & mask | reg(core, op.m) & !mask;
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn saturate(core: &mut Core, op: &Op, value: i64, signed: bool) -> i64 {
    if signed {
        let limit = 1_i64 << (op.sh & 31);
        clamp_q(core, value, -limit, limit - 1)
    } else {
        clamp_q(core, value, 0, (1_i64 << (op.sh & 31)) - 1)
    }
}

fn shifted(core: &Core, op: &Op) -> i64 {
    i64::from(shift_by_imm(op.rs, reg(core, op.n), op.imm, 0).0 as i32)
}

/// `op.sh` is the number of bits less one.
fn ssat<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = shifted(core, op);
    let out = saturate(core, op, value, true);
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

fn usat<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = shifted(core, op);
    let out = saturate(core, op, value, false);
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

fn saturate16(core: &mut Core, op: &Op, signed: bool) -> u32 {
    let n = reg(core, op.n);
    let low = saturate(core, op, i64::from(n as i16), signed) as u32;
    let high = saturate(core, op, i64::from((n >> 16) as i16), signed) as u32;
    high << 16 | low & 0xFFFF
}

fn ssat16<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = saturate16(core, op, true);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn usat16<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = saturate16(core, op, false);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn pkhbt<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let m = shift_by_imm(0, reg(core, op.m), op.imm, 0).0;
    let out = m & 0xFFFF_0000 | reg(core, op.n) & 0xFFFF;
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn pkhtb<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let m = shift_by_imm(2, reg(core, op.m), op.imm, 0).0;
    let out = reg(core, op.n) & 0xFFFF_0000 | m & 0xFFFF;
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn extend<E: Env, const WIDTH: u8, const SIGNED: bool>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let m = reg(core, op.m).rotate_right(u32::from(op.sh));
    let value = match (WIDTH, SIGNED) {
        (0, true) => i32::from(m as i8) as u32,
        (0, false) => m & 0xFF,
        (1, true) => {
            let high = i32::from((m >> 16) as i8) as u32;
            high << 16 | i32::from(m as i8) as u32 & 0xFFFF
        }
        (1, false) => m & 0x00FF_00FF,
        (_, true) => i32::from(m as i16) as u32,
        (_, false) => m & 0xFFFF,
    };
    let out = if op.rn == 15 {
        value
    } else if WIDTH == 1 {
        let n = reg(core, op.n);
        let high = (n & 0xFFFF_0000).wrapping_add(value & 0xFFFF_0000);
        high | n.wrapping_add(value) & 0xFFFF
    } else {
        reg(core, op.n).wrapping_add(value)
    };
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn bfc<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.d) & !(op.imm << (op.sh & 31));
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn bfi<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let lsb = op.sh & 31;
    let field = (reg(core, op.n) & op.imm) << lsb;
    let out = reg(core, op.d) & !(op.imm << lsb) | field;
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn sbfx<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    Sbfx::run(core, env, op)
}

/// SBFX, for pairs.
pub(super) struct Sbfx;

impl Body for Sbfx {
    const ID: HandlerId = Media::Sbfx.id();
    #[inline(always)]
    fn run<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
        let n = reg(core, op.n);
        Self::apply(core, op, n, 0);
        Ok(Flow::Next)
    }
}

impl Apply for Sbfx {
    #[inline(always)]
    fn apply(core: &mut Core, op: &Op, n: u32, _m: u32) -> u32 {
        let out = (((n << (op.sh & 31)) as i32) >> (op.imm & 31)) as u32;
        set_reg(core, op.d, out);
        out
    }
}

fn ubfx<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.n) >> (op.sh & 31) & op.imm;
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn clz<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.m).leading_zeros();
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn rbit<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.m).reverse_bits();
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn rev<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.m).swap_bytes();
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn rev16<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.m).swap_bytes().rotate_right(16);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn revsh<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = i32::from((reg(core, op.m) as u16).swap_bytes() as i16) as u32;
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}
