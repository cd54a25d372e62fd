//! Conversions between formats and to and from integers and fixed-point numbers.

use super::env::{Env, Rounding};
use super::format::{Class, Float, Unpacked, propagate_nan, round, rounds_away, shift_right_jam, unpack};

/// An integer or fixed-point number in up to 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPoint {
    /// Width in bits, 1 to 32.
    pub bits: u32,
    /// Bits after the binary point, 0 to `bits`.
    pub frac_bits: u32,
    /// Two's complement if set.
    pub signed: bool,
}

impl FixedPoint {
    /// Signed 32-bit integer.
    pub const S32: Self = Self { bits: 32, frac_bits: 0, signed: true };
    /// Unsigned 32-bit integer.
    pub const U32: Self = Self { bits: 32, frac_bits: 0, signed: false };
}

/// Converts a number in the low `fixed.bits` of `value`; only rounding can make it inexact.
pub fn fixed_to_float<T: Float>(value: u32, fixed: FixedPoint, env: &mut Env) -> T {
    let unused = 32 - fixed.bits;
    let value = value << unused;
    let integer = if fixed.signed { i64::from(value as i32 >> unused) } else { i64::from(value >> unused) };
    if integer == 0 {
        return T::zero(false);
    }
    let magnitude = integer.unsigned_abs();
    let zeros = magnitude.leading_zeros();
    round(integer < 0, 63 - zeros as i32 - fixed.frac_bits as i32, magnitude << zeros, env)
}

/// Converts to a number of `fixed.bits`, in the low bits of the result, zero above; saturates and raises
/// invalid operation for what does not fit, and for NaNs, which give zero.
pub fn float_to_fixed<T: Float>(value: T, fixed: FixedPoint, rounding: Rounding, env: &mut Env) -> u32 {
    let u = unpack(value, env);
    let (largest, lowest) = if fixed.signed {
        ((1_i128 << (fixed.bits - 1)) - 1, -(1_i128 << (fixed.bits - 1)))
    } else {
        ((1_i128 << fixed.bits) - 1, 0)
    };
    let mask = ((1_u64 << fixed.bits) - 1) as u32;
    let (magnitude, inexact) = match u.class {
        Class::Zero => return 0,
        Class::QuietNan | Class::SignallingNan => {
            env.raise(Env::IOC);
            return 0;
        }
        Class::Infinity => (u128::MAX >> 1, false),
        Class::Finite => round_to_integer(&u, fixed.frac_bits, rounding),
    };
    let integer = if u.negative { -(magnitude as i128) } else { magnitude as i128 };
    if integer > largest || integer < lowest {
        env.raise(Env::IOC);
        return (if u.negative { lowest } else { largest }) as u32 & mask;
    }
    if inexact {
        env.raise(Env::IXC);
    }
    integer as u32 & mask
}

/// The magnitude of a finite number times `2^frac_bits`, rounded, and whether anything was lost. Magnitudes
/// beyond 2^64 are out of every range and given as 2^64.
fn round_to_integer(u: &Unpacked, frac_bits: u32, rounding: Rounding) -> (u128, bool) {
    let exponent = u.exponent + frac_bits as i32;
    if exponent > 63 {
        return (1 << 64, false);
    }
    let (kept, rest) = if exponent < 0 {
        (0, shift_right_jam(u.significand, (-1 - exponent) as u32))
    } else {
        let kept = u.significand >> (63 - exponent);
        (kept, if exponent == 63 { 0 } else { u.significand << (exponent + 1) })
    };
    let away = rounds_away(rounding, u.negative, kept & 1 != 0, rest, 1 << 63);
    (u128::from(kept) + u128::from(away), rest != 0)
}

/// Converts between formats. The alternative half-precision format (`AHP`) has neither infinities nor NaNs:
/// an infinity becomes its largest number, a NaN zero, both with an invalid operation.
pub fn convert<From: Float, To: Float>(value: From, env: &mut Env) -> To {
    let u = unpack(value, env);
    let to_alternative = To::BITS == 16 && env.alternative_half();
    match u.class {
        Class::Zero => To::zero(u.negative),
        Class::Finite => round(u.negative, u.exponent, u.significand, env),
        Class::Infinity if to_alternative => {
            env.raise(Env::IOC);
            To::from_bits((u64::from(u.negative) << 15) | 0x7fff)
        }
        Class::Infinity => To::infinity(u.negative),
        Class::QuietNan | Class::SignallingNan if to_alternative => {
            env.raise(Env::IOC);
            To::zero(u.negative)
        }
        Class::QuietNan | Class::SignallingNan => {
            let quiet = propagate_nan(value, &u, env).to_bits();
            let fraction = (quiet & From::FRAC_MASK) << (63 - From::FRAC_BITS) >> (63 - To::FRAC_BITS);
            let sign = (quiet >> (From::BITS - 1)) << (To::BITS - 1);
            To::from_bits(sign | (To::EXP_MAX << To::FRAC_BITS) | fraction)
        }
    }
}
