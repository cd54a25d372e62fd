//! Comparison, minimum and maximum.

use super::env::Env;
use super::format::{Class, Float, Unpacked, propagate_nans, unpack};
use core::cmp::Ordering;

/// Result of a comparison; [`Comparison::nzcv`] gives the flags that `VCMP` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// First operand less than second.
    Less,
    /// Equal; both zeros are.
    Equal,
    /// First operand greater than second.
    Greater,
    /// At least one operand is a NaN.
    Unordered,
}

impl Comparison {
    /// `N`, `Z`, `C`, `V` in bits 3 to 0.
    pub fn nzcv(self) -> u32 {
        match self {
            Self::Less => 0b1000,
            Self::Equal => 0b0110,
            Self::Greater => 0b0010,
            Self::Unordered => 0b0011,
        }
    }
}

/// Compares; a signalling NaN is an invalid operation, a quiet one only if `signal_quiet` (`VCMPE`).
pub fn compare<T: Float>(a: T, b: T, signal_quiet: bool, env: &mut Env) -> Comparison {
    let (ua, ub) = (unpack(a, env), unpack(b, env));
    if ua.is_nan() || ub.is_nan() {
        if signal_quiet || ua.class == Class::SignallingNan || ub.class == Class::SignallingNan {
            env.raise(Env::IOC);
        }
        return Comparison::Unordered;
    }
    match order(&ua, &ub) {
        Ordering::Less => Comparison::Less,
        Ordering::Equal => Comparison::Equal,
        Ordering::Greater => Comparison::Greater,
    }
}

/// Orders two operands that are not NaNs.
fn order(a: &Unpacked, b: &Unpacked) -> Ordering {
    let key = |u: &Unpacked| match u.class {
        Class::Zero => (0, 0, 0),
        Class::Infinity => (1, i32::MAX, 0),
        _ => (1, u.exponent, u.significand),
    };
    let (ka, kb) = (key(a), key(b));
    // Zeros compare equal whatever their sign.
    match (a.negative && !a.is_zero(), b.negative && !b.is_zero()) {
        (false, false) => ka.cmp(&kb),
        (true, true) => kb.cmp(&ka),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// `a == b`; only signalling NaNs are invalid.
pub fn eq<T: Float>(a: T, b: T, env: &mut Env) -> bool {
    compare(a, b, false, env) == Comparison::Equal
}

/// `a >= b`; any NaN is invalid.
pub fn ge<T: Float>(a: T, b: T, env: &mut Env) -> bool {
    matches!(compare(a, b, true, env), Comparison::Greater | Comparison::Equal)
}

/// `a > b`; any NaN is invalid.
pub fn gt<T: Float>(a: T, b: T, env: &mut Env) -> bool {
    compare(a, b, true, env) == Comparison::Greater
}

/// Larger operand; a NaN wins, and `+0` over `-0`.
pub fn max<T: Float>(a: T, b: T, env: &mut Env) -> T {
    select(a, b, Ordering::Greater, env)
}

/// Smaller operand; a NaN wins, and `-0` over `+0`.
pub fn min<T: Float>(a: T, b: T, env: &mut Env) -> T {
    select(a, b, Ordering::Less, env)
}

fn select<T: Float>(a: T, b: T, wanted: Ordering, env: &mut Env) -> T {
    let (ua, ub) = (unpack(a, env), unpack(b, env));
    if let Some(nan) = propagate_nans([(a, &ua), (b, &ub)], env) {
        return nan;
    }
    if ua.is_zero() && ub.is_zero() {
        let negative = match wanted {
            Ordering::Greater => ua.negative && ub.negative,
            _ => ua.negative || ub.negative,
        };
        return T::zero(negative);
    }
    let (value, unpacked) = if order(&ua, &ub) == wanted { (a, ua) } else { (b, ub) };
    if unpacked.is_zero() { T::zero(unpacked.negative) } else { value }
}
