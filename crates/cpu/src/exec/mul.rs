//! Multiplies and divides.

use super::alu::{reg, set_reg};
use super::{branch::Branch, handlers};
use crate::env::Env;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

// Fields: rd = Rd or RdLo, rn = first factor, rm = second factor, rs = Ra or RdHi.
handlers! { Mul after Branch::END, stays;
    Mul => mul::<E, false>,
    Muls => mul::<E, true>,
    Mla => mla::<E, false>,
    Mlas => mla::<E, true>,
    Mls => mls::<E>,
    Umull => long::<E, false, false, false>,
    Umulls => long::<E, false, false, true>,
    Umlal => long::<E, false, true, false>,
    Umlals => long::<E, false, true, true>,
    Smull => long::<E, true, false, false>,
    Smulls => long::<E, true, false, true>,
    Smlal => long::<E, true, true, false>,
    Smlals => long::<E, true, true, true>,
    Umaal => umaal::<E>,
    // Halfword multiplies: op.sh bit 0 selects the top half of Rn, bit 1 that of Rm.
    Smulxy => smulxy::<E>,
    Smlaxy => smlaxy::<E>,
    Smlalxy => smlalxy::<E>,
    // Word by halfword: op.sh bit 1 selects the top half of Rm.
    Smulw => smulw::<E>,
    Smlaw => smlaw::<E>,
    // Dual multiplies: op.sh bit 0 swaps the halves of Rm, bit 1 subtracts.
    Smuad => smuad::<E>,
    Smlad => smlad::<E>,
    Smlald => smlald::<E>,
    // Most significant word: op.sh bit 0 rounds.
    Smmul => smmul::<E>,
    Smmla => smmla::<E>,
    Smmls => smmls::<E>,
    Usad8 => usad8::<E>,
    Usada8 => usada8::<E>,
    Sdiv => sdiv::<E>,
    Udiv => udiv::<E>,
}

fn set_nz(core: &mut Core, value: u32) {
    core.flags.n = value;
    core.flags.z = value;
}

fn mul<E: Env, const S: bool>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.n).wrapping_mul(reg(core, op.m));
    set_reg(core, op.d, out);
    if S {
        set_nz(core, out);
    }
    Ok(Flow::Next)
}

fn mla<E: Env, const S: bool>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.n).wrapping_mul(reg(core, op.m)).wrapping_add(reg(core, op.s));
    set_reg(core, op.d, out);
    if S {
        set_nz(core, out);
    }
    Ok(Flow::Next)
}

fn mls<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.s).wrapping_sub(reg(core, op.n).wrapping_mul(reg(core, op.m)));
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn pair(core: &Core, op: &Op) -> u64 {
    u64::from(reg(core, op.s)) << 32 | u64::from(reg(core, op.d))
}

fn set_pair(core: &mut Core, op: &Op, value: u64) {
    set_reg(core, op.d, value as u32);
    set_reg(core, op.s, (value >> 32) as u32);
}

fn long<E: Env, const SIGNED: bool, const ACCUMULATE: bool, const S: bool>(
    core: &mut Core,
    _env: &mut E,
    op: &Op,
) -> Exec {
    let (n, m) = (reg(core, op.n), reg(core, op.m));
    let product =
        if SIGNED { (i64::from(n as i32) * i64::from(m as i32)) as u64 } else { u64::from(n) * u64::from(m) };
    let out = if ACCUMULATE { product.wrapping_add(pair(core, op)) } else { product };
    set_pair(core, op, out);
    if S {
        core.flags.n = (out >> 32) as u32;
        core.flags.z = (out >> 32) as u32 | out as u32;
    }
    Ok(Flow::Next)
}

fn umaal<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = u64::from(reg(core, op.n)) * u64::from(reg(core, op.m))
        + u64::from(reg(core, op.d))
        + u64::from(reg(core, op.s));
    set_pair(core, op, out);
    Ok(Flow::Next)
}

/// Bottom or top half, sign-extended.
fn half(value: u32, top: bool) -> i32 {
    if top { (value as i32) >> 16 } else { i32::from(value as i16) }
}

/// a + b, setting Q on signed overflow.
fn add_q(core: &mut Core, a: i32, b: i32) -> i32 {
    let (out, overflow) = a.overflowing_add(b);
    core.q |= u32::from(overflow);
    out
}

fn product_xy(core: &Core, op: &Op) -> i32 {
    half(reg(core, op.n), op.sh & 1 != 0) * half(reg(core, op.m), op.sh & 2 != 0)
}

fn smulxy<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = product_xy(core, op);
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

fn smlaxy<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let product = product_xy(core, op);
    let addend = reg(core, op.s) as i32;
    let out = add_q(core, product, addend);
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

fn smlalxy<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = pair(core, op).wrapping_add(i64::from(product_xy(core, op)) as u64);
    set_pair(core, op, out);
    Ok(Flow::Next)
}

fn product_w(core: &Core, op: &Op) -> i32 {
    let wide = i64::from(reg(core, op.n) as i32) * i64::from(half(reg(core, op.m), op.sh & 2 != 0));
    (wide >> 16) as i32
}

fn smulw<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = product_w(core, op);
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

fn smlaw<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let product = product_w(core, op);
    let addend = reg(core, op.s) as i32;
    let out = add_q(core, product, addend);
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

/// The two products of the dual multiplies, the second one negated for the subtracting forms.
fn products(core: &Core, op: &Op) -> (i64, i64) {
    let n = reg(core, op.n);
    let m = reg(core, op.m).rotate_right(if op.sh & 1 != 0 { 16 } else { 0 });
    let first = i64::from(half(n, false)) * i64::from(half(m, false));
    let second = i64::from(half(n, true)) * i64::from(half(m, true));
    (first, if op.sh & 2 != 0 { -second } else { second })
}

/// Keeps the low 32 bits and sets Q if that loses something.
fn narrow_q(core: &mut Core, wide: i64) -> u32 {
    core.q |= u32::from(i32::try_from(wide).is_err());
    wide as u32
}

fn smuad<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let (first, second) = products(core, op);
    let out = narrow_q(core, first + second);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn smlad<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let (first, second) = products(core, op);
    let out = narrow_q(core, first + second + i64::from(reg(core, op.s) as i32));
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn smlald<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let (first, second) = products(core, op);
    let out = pair(core, op).wrapping_add((first + second) as u64);
    set_pair(core, op, out);
    Ok(Flow::Next)
}

fn top_word(core: &Core, op: &Op, addend: u64, subtract: bool) -> u32 {
    let product = (i64::from(reg(core, op.n) as i32) * i64::from(reg(core, op.m) as i32)) as u64;
    let wide = if subtract { addend.wrapping_sub(product) } else { addend.wrapping_add(product) };
    (wide.wrapping_add(if op.sh & 1 != 0 { 0x8000_0000 } else { 0 }) >> 32) as u32
}

fn smmul<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = top_word(core, op, 0, false);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn smmla<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = top_word(core, op, u64::from(reg(core, op.s)) << 32, false);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn smmls<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = top_word(core, op, u64::from(reg(core, op.s)) << 32, true);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn absolute_differences(core: &Core, op: &Op) -> u32 {
    let (n, m) = (reg(core, op.n).to_le_bytes(), reg(core, op.m).to_le_bytes());
    n.iter().zip(m).map(|(&a, b)| u32::from(a.abs_diff(b))).sum()
}

fn usad8<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = absolute_differences(core, op);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn usada8<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = absolute_differences(core, op).wrapping_add(reg(core, op.s));
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}

fn sdiv<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let (n, m) = (reg(core, op.n) as i32, reg(core, op.m) as i32);
    let out = if m == 0 { 0 } else { n.wrapping_div(m) };
    set_reg(core, op.d, out as u32);
    Ok(Flow::Next)
}

fn udiv<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let out = reg(core, op.n).checked_div(reg(core, op.m)).unwrap_or(0);
    set_reg(core, op.d, out);
    Ok(Flow::Next)
}
