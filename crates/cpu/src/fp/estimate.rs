//! Reciprocal and reciprocal square root: estimates and Newton-Raphson steps of Advanced SIMD.
//!
//! The estimates have nine significant bits. They are defined by integer arithmetic here, which gives the
//! values of the architecture's definition for every input.

use super::arithmetic::{mul, sub};
use super::env::Env;
use super::format::{Class, Float, invalid, propagate_nan, propagate_nans, round, unpack};

const TWO: u32 = 0x4000_0000;
const THREE: u32 = 0x4040_0000;

/// Reciprocal of `(operand + 0.5) / 512` in units of 1/256, for an operand of 256 to 511; the result is in 256 to
/// 511 as well.
fn reciprocal(operand: u32) -> u32 {
    let midpoint = 2 * operand + 1;
    ((1 << 19) / midpoint).div_ceil(2)
}

/// Reciprocal square root in units of 1/256 for an operand of 128 to 511, which stands for a number of
/// 0.25 to 1 in units of 1/512; the result is in 256 to 511.
fn reciprocal_root(operand: u32) -> u32 {
    // Above one half the operand's last bit is not looked at; the midpoint of the interval is taken.
    let midpoint = if operand < 256 { 2 * operand + 1 } else { 2 * ((operand & !1) + 1) };
    // The root in units of 1/512, rounded down.
    let root = ((1_u32 << 28) / midpoint).isqrt();
    let exact = root * root * midpoint == 1 << 28;
    (root - u32::from(exact)).div_ceil(2)
}

/// `VRECPE.U32`: estimate of 2^63 / operand, saturated.
pub fn recip_estimate_u32(operand: u32) -> u32 {
    if operand >> 31 == 0 { u32::MAX } else { reciprocal(operand >> 23) << 23 }
}

/// `VRSQRTE.U32`: estimate of the reciprocal square root of an unsigned fraction, saturated.
pub fn rsqrt_estimate_u32(operand: u32) -> u32 {
    if operand >> 30 == 0 { u32::MAX } else { reciprocal_root(operand >> 23) << 23 }
}

/// `VRECPE.F32`, in the standard environment.
pub fn recip_estimate(operand: u32, env: &mut Env) -> u32 {
    let u = unpack(operand, env);
    match u.class {
        Class::QuietNan | Class::SignallingNan => propagate_nan(operand, &u, env),
        Class::Infinity => u32::zero(u.negative),
        Class::Zero => {
            env.raise(Env::DZC);
            u32::infinity(u.negative)
        }
        Class::Finite if u.exponent >= 126 => {
            env.raise(Env::UFC);
            u32::zero(u.negative)
        }
        Class::Finite => {
            let estimate = reciprocal((u.significand >> 55) as u32);
            let exp_field = (126 - u.exponent) as u32;
            (u32::from(u.negative) << 31) | (exp_field << 23) | ((estimate & 0xff) << 15)
        }
    }
}

/// `VRSQRTE.F32`, in the standard environment.
pub fn rsqrt_estimate(operand: u32, env: &mut Env) -> u32 {
    let u = unpack(operand, env);
    match u.class {
        Class::QuietNan | Class::SignallingNan => propagate_nan(operand, &u, env),
        Class::Zero => {
            env.raise(Env::DZC);
            u32::infinity(u.negative)
        }
        _ if u.negative => invalid(env),
        Class::Infinity => u32::zero(false),
        Class::Finite => {
            // Scaled by an even power of two into 0.25 to 1.
            let top = (u.significand >> 55) as u32;
            let scaled = if u.exponent & 1 != 0 { top } else { top >> 1 };
            let estimate = reciprocal_root(scaled);
            let exp_field = ((253 - u.exponent) / 2) as u32;
            (exp_field << 23) | ((estimate & 0xff) << 15)
        }
    }
}

/// `VRECPS.F32`: `2 - a * b`, two roundings; zero times infinity counts as zero.
pub fn recip_step(a: u32, b: u32, env: &mut Env) -> u32 {
    match step_product(a, b, env) {
        Ok(product) => sub(TWO, product, env),
        Err(nan) => nan,
    }
}

/// `VRSQRTS.F32`: `(3 - a * b) / 2`, two roundings; zero times infinity counts as zero.
pub fn rsqrt_step(a: u32, b: u32, env: &mut Env) -> u32 {
    let product = match step_product(a, b, env) {
        Ok(product) => product,
        Err(nan) => return nan,
    };
    let difference = sub(THREE, product, env);
    // Halving is exact: the difference is zero, infinite, or at least 2^-22.
    let u = unpack(difference, env);
    match u.class {
        Class::Finite => round(u.negative, u.exponent - 1, u.significand, env),
        _ => difference,
    }
}

fn step_product(a: u32, b: u32, env: &mut Env) -> Result<u32, u32> {
    let (ua, ub) = (unpack(a, env), unpack(b, env));
    if let Some(nan) = propagate_nans([(a, &ua), (b, &ub)], env) {
        return Err(nan);
    }
    if (ua.is_infinite() && ub.is_zero()) || (ua.is_zero() && ub.is_infinite()) {
        return Ok(0);
    }
    Ok(mul(a, b, env))
}
