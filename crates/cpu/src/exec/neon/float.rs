//! Single-precision operations of Advanced SIMD, in the environment of the standard `FPSCR` value.

use super::lanes::{self, Int, Lane};
use crate::fp::{self, Env, FixedPoint, Float, FpState, Rounding};
use crate::op::Op;

/// Runs an operation in the standard environment and keeps the flags.
#[inline(always)]
fn in_standard(s: &mut FpState, f: impl FnOnce(&mut FpState, &mut Env)) {
    let mut env = Env::standard(s.fpscr);
    f(s, &mut env);
    s.fpscr |= env.flags();
}

#[inline(always)]
fn map(s: &mut FpState, op: &Op, f: impl Fn(u32, &mut Env) -> u32) {
    in_standard(s, |s, env| {
        for r in 0..op.rs {
            s.set_d(op.rd + r, lanes::map(s.d(op.rm + r), |a: u32| f(a, env)));
        }
    });
}

#[inline(always)]
fn zip(s: &mut FpState, op: &Op, f: impl Fn(u32, u32, &mut Env) -> u32) {
    in_standard(s, |s, env| {
        for r in 0..op.rs {
            s.set_d(op.rd + r, lanes::zip(s.d(op.rn + r), s.d(op.rm + r), |a: u32, b| f(a, b, env)));
        }
    });
}

#[inline(always)]
fn zip_into(s: &mut FpState, op: &Op, f: impl Fn(u32, u32, u32, &mut Env) -> u32) {
    in_standard(s, |s, env| {
        for r in 0..op.rs {
            let (d, n, m) = (s.d(op.rd + r), s.d(op.rn + r), s.d(op.rm + r));
            s.set_d(op.rd + r, lanes::zip3(d, n, m, |d: u32, a, b| f(d, a, b, env)));
        }
    });
}

#[inline(always)]
fn zip_lane_into(s: &mut FpState, op: &Op, f: impl Fn(u32, u32, u32, &mut Env) -> u32) {
    in_standard(s, |s, env| {
        let b = u32::lane(s.d(op.rm), op.sh);
        for r in 0..op.rs {
            let (d, n) = (s.d(op.rd + r), s.d(op.rn + r));
            s.set_d(op.rd + r, lanes::zip(d, n, |d: u32, a| f(d, a, b, env)));
        }
    });
}

#[inline(always)]
fn pairs(s: &mut FpState, op: &Op, f: impl Fn(u32, u32, &mut Env) -> u32) {
    in_standard(s, |s, env| {
        s.set_d(op.rd, lanes::pairs(s.d(op.rn), s.d(op.rm), |a, b| f(a, b, env)));
    });
}

/// The sum of the destination and a product, each rounded.
#[inline(always)]
fn multiply_add(d: u32, a: u32, b: u32, env: &mut Env) -> u32 {
    let product = fp::mul(a, b, env);
    fp::add(d, product, env)
}

#[inline(always)]
fn multiply_subtract(d: u32, a: u32, b: u32, env: &mut Env) -> u32 {
    let product = fp::mul(a, b, env);
    fp::add(d, product.neg(), env)
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $shape:ident($f:expr);)*) => {
        $(
            $(#[$doc])*
            pub(super) fn $name(s: &mut FpState, op: &Op) {
                $shape(s, op, $f);
            }
        )*
    };
}

const ZERO: u32 = 0;

operations! {
    add = zip(fp::add);
    sub = zip(fp::sub);
    mul = zip(fp::mul);
    mla = zip_into(multiply_add);
    mls = zip_into(multiply_subtract);
    fma = zip_into(fp::fma);
    fms = zip_into(|d, a: u32, b, env| fp::fma(d, a.neg(), b, env));
    mul_lane = zip_lane_into(|_, a, b, env| fp::mul(a, b, env));
    mla_lane = zip_lane_into(multiply_add);
    mls_lane = zip_lane_into(multiply_subtract);
    abd = zip(|a, b, env| fp::sub(a, b, env).abs());
    padd = pairs(fp::add);
    pmax = pairs(fp::max);
    pmin = pairs(fp::min);
    max = zip(fp::max);
    min = zip(fp::min);
    ceq = zip(|a, b, env| Int::mask(fp::eq(a, b, env)));
    cge = zip(|a, b, env| Int::mask(fp::ge(a, b, env)));
    cgt = zip(|a, b, env| Int::mask(fp::gt(a, b, env)));
    acge = zip(|a: u32, b: u32, env| Int::mask(fp::ge(a.abs(), b.abs(), env)));
    acgt = zip(|a: u32, b: u32, env| Int::mask(fp::gt(a.abs(), b.abs(), env)));
    cgt_zero = map(|a, env| Int::mask(fp::gt(a, ZERO, env)));
    cge_zero = map(|a, env| Int::mask(fp::ge(a, ZERO, env)));
    ceq_zero = map(|a, env| Int::mask(fp::eq(a, ZERO, env)));
    cle_zero = map(|a, env| Int::mask(fp::ge(ZERO, a, env)));
    clt_zero = map(|a, env| Int::mask(fp::gt(ZERO, a, env)));
    recpe = map(fp::recip_estimate);
    rsqrte = map(fp::rsqrt_estimate);
    recps = zip(fp::recip_step);
    rsqrts = zip(fp::rsqrt_step);
}

/// 32-bit fixed point with `op.sh` fraction bits.
fn fixed(op: &Op, signed: bool) -> FixedPoint {
    FixedPoint { bits: 32, frac_bits: u32::from(op.sh), signed }
}

pub(super) fn from_signed(s: &mut FpState, op: &Op) {
    map(s, op, |a, env| fp::fixed_to_float(a, fixed(op, true), env));
}

pub(super) fn from_unsigned(s: &mut FpState, op: &Op) {
    map(s, op, |a, env| fp::fixed_to_float(a, fixed(op, false), env));
}

pub(super) fn to_signed(s: &mut FpState, op: &Op) {
    map(s, op, |a, env| fp::float_to_fixed(a, fixed(op, true), Rounding::Zero, env));
}

pub(super) fn to_unsigned(s: &mut FpState, op: &Op) {
    map(s, op, |a, env| fp::float_to_fixed(a, fixed(op, false), Rounding::Zero, env));
}

/// Four singles to four halves.
pub(super) fn to_half(s: &mut FpState, op: &Op) {
    in_standard(s, |s, env| {
        let halves = lanes::narrow::<u16>(s.q(op.rm), |a| fp::convert(a, env));
        s.set_d(op.rd, halves);
    });
}

/// Four halves to four singles.
pub(super) fn from_half(s: &mut FpState, op: &Op) {
    in_standard(s, |s, env| {
        let halves = s.d(op.rm);
        let singles = lanes::zip_long::<u16>(halves, halves, |a, _| fp::convert(a, env));
        s.set_q(op.rd, singles);
    });
}
