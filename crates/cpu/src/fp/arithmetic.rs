//! Addition, multiplication, fused multiply-add, division, square root.
//!
//! # When the host's floating-point unit is used
//!
//! IEEE 754 basic operations of Rust's `f32` and `f64` are exactly defined and the same on every host for
//! numbers, so the value of a sum, product, quotient or root needs no own code when the rounding mode is
//! to nearest and operands and result are normal numbers (a result at or next to the smallest normal number
//! is left to the exact path, since tininess is detected before rounding). What the host does not tell is
//! whether the result was inexact. That is known when `IXC` is set already, and otherwise computed from
//! quantities that are exact themselves: the error term of a sum (2Sum), the exact `f64` product of two
//! `f32`, the integer product of two significands.

use super::env::Env;
use super::env::Rounding;
use super::format::{
    Class, Float, Unpacked, invalid, propagate_nan, propagate_nans, round, shift_right_jam_128, unpack,
};

/// Sum.
#[inline]
pub fn add<T: Float>(a: T, b: T, env: &mut Env) -> T {
    match T::host_add(a, b, env) {
        Some(sum) => sum,
        None => add_exact(a, b, false, env),
    }
}

/// Difference. The sign of a NaN operand is not changed.
#[inline]
pub fn sub<T: Float>(a: T, b: T, env: &mut Env) -> T {
    match T::host_add(a, b.neg(), env) {
        Some(difference) => difference,
        None => add_exact(a, b, true, env),
    }
}

/// Product.
#[inline]
pub fn mul<T: Float>(a: T, b: T, env: &mut Env) -> T {
    match T::host_mul(a, b, env) {
        Some(product) => product,
        None => mul_exact(a, b, env),
    }
}

/// Quotient.
#[inline]
pub fn div<T: Float>(a: T, b: T, env: &mut Env) -> T {
    match T::host_div(a, b, env) {
        Some(quotient) => quotient,
        None => div_exact(a, b, env),
    }
}

/// Square root.
#[inline]
pub fn sqrt<T: Float>(a: T, env: &mut Env) -> T {
    match T::host_sqrt(a, env) {
        Some(root) => root,
        None => sqrt_exact(a, env),
    }
}

/// A nonzero finite number with room for sums and products: `significand / 2^126 * 2^exponent`, bit 126 set
/// and bit 127 clear.
#[derive(Clone, Copy)]
struct Wide {
    negative: bool,
    exponent: i32,
    significand: u128,
}

impl Wide {
    fn new(u: &Unpacked) -> Self {
        Self { negative: u.negative, exponent: u.exponent, significand: u128::from(u.significand) << 63 }
    }

    /// The exact product; significands have at most 53 bits, so nothing is lost.
    fn product(a: &Unpacked, b: &Unpacked) -> Self {
        let product = u128::from(a.significand) * u128::from(b.significand);
        let carry = (product >> 127) as u32;
        Self {
            negative: a.negative != b.negative,
            exponent: a.exponent + b.exponent + carry as i32,
            significand: product >> carry,
        }
    }

    fn round<T: Float>(self, env: &mut Env) -> T {
        let low = self.significand << 65;
        let high = (self.significand >> 63) as u64;
        round(self.negative, self.exponent, high | u64::from(low != 0), env)
    }

    fn add<T: Float>(self, other: Self, env: &mut Env) -> T {
        let (large, small) = if (self.exponent, self.significand) >= (other.exponent, other.significand) {
            (self, other)
        } else {
            (other, self)
        };
        let distance = (large.exponent - small.exponent) as u32;
        let aligned = shift_right_jam_128(small.significand, distance);
        let sum = if large.negative == small.negative {
            large.significand + aligned
        } else {
            large.significand - aligned
        };
        if sum == 0 {
            return T::zero(env.rounding() == Rounding::MinusInfinity);
        }
        // Normalise to bit 127, of which the upper half and a sticky bit go on.
        let shift = sum.leading_zeros();
        let normalised = sum << shift;
        let significand = (normalised >> 64) as u64 | u64::from(normalised as u64 != 0);
        round(large.negative, large.exponent + 1 - shift as i32, significand, env)
    }
}

#[cold]
#[inline(never)]
fn add_exact<T: Float>(a: T, b: T, subtract: bool, env: &mut Env) -> T {
    let (ua, mut ub) = (unpack(a, env), unpack(b, env));
    if let Some(nan) = propagate_nans([(a, &ua), (b, &ub)], env) {
        return nan;
    }
    ub.negative ^= subtract;
    add_numbers(&ua, &ub, env)
}

/// The sum of two operands that are not NaNs.
fn add_numbers<T: Float>(a: &Unpacked, b: &Unpacked, env: &mut Env) -> T {
    match (a.class, b.class) {
        (Class::Infinity, Class::Infinity) if a.negative != b.negative => invalid(env),
        (Class::Infinity, _) => T::infinity(a.negative),
        (_, Class::Infinity) => T::infinity(b.negative),
        (Class::Zero, Class::Zero) if a.negative == b.negative => T::zero(a.negative),
        (Class::Zero, Class::Zero) => T::zero(env.rounding() == Rounding::MinusInfinity),
        (Class::Zero, _) => round(b.negative, b.exponent, b.significand, env),
        (_, Class::Zero) => round(a.negative, a.exponent, a.significand, env),
        _ => Wide::new(a).add(Wide::new(b), env),
    }
}

#[cold]
#[inline(never)]
fn mul_exact<T: Float>(a: T, b: T, env: &mut Env) -> T {
    let (ua, ub) = (unpack(a, env), unpack(b, env));
    if let Some(nan) = propagate_nans([(a, &ua), (b, &ub)], env) {
        return nan;
    }
    let negative = ua.negative != ub.negative;
    match (ua.class, ub.class) {
        (Class::Infinity, Class::Zero) | (Class::Zero, Class::Infinity) => invalid(env),
        (Class::Infinity, _) | (_, Class::Infinity) => T::infinity(negative),
        (Class::Zero, _) | (_, Class::Zero) => T::zero(negative),
        _ => Wide::product(&ua, &ub).round(env),
    }
}

/// `addend + a * b` with one rounding.
///
/// An invalid product (infinity times zero) with a quiet NaN addend gives the default NaN and raises invalid
/// operation.
pub fn fma<T: Float>(addend: T, a: T, b: T, env: &mut Env) -> T {
    let (uc, ua, ub) = (unpack(addend, env), unpack(a, env), unpack(b, env));
    let invalid_product = (ua.is_infinite() && ub.is_zero()) || (ua.is_zero() && ub.is_infinite());
    let nan = propagate_nans([(addend, &uc), (a, &ua), (b, &ub)], env);
    if invalid_product && uc.class != Class::SignallingNan {
        return invalid(env);
    }
    if let Some(nan) = nan {
        return nan;
    }
    let negative = ua.negative != ub.negative;
    let special = |class| Unpacked { negative, class, exponent: 0, significand: 0 };
    if ua.is_infinite() || ub.is_infinite() {
        return add_numbers(&special(Class::Infinity), &uc, env);
    }
    if ua.is_zero() || ub.is_zero() {
        return add_numbers(&special(Class::Zero), &uc, env);
    }
    let product = Wide::product(&ua, &ub);
    match uc.class {
        Class::Infinity => T::infinity(uc.negative),
        Class::Zero => product.round(env),
        _ => product.add(Wide::new(&uc), env),
    }
}

#[cold]
#[inline(never)]
fn div_exact<T: Float>(a: T, b: T, env: &mut Env) -> T {
    let (ua, ub) = (unpack(a, env), unpack(b, env));
    if let Some(nan) = propagate_nans([(a, &ua), (b, &ub)], env) {
        return nan;
    }
    let negative = ua.negative != ub.negative;
    match (ua.class, ub.class) {
        (Class::Infinity, Class::Infinity) | (Class::Zero, Class::Zero) => invalid(env),
        (Class::Infinity, _) => T::infinity(negative),
        (Class::Zero, _) | (_, Class::Infinity) => T::zero(negative),
        (_, Class::Zero) => {
            env.raise(Env::DZC);
            T::infinity(negative)
        }
        _ => {
            // The larger significand first, so that the quotient lies in [1, 2).
            let borrow = u32::from(ua.significand < ub.significand);
            let dividend = u128::from(ua.significand) << (63 + borrow);
            let divisor = u128::from(ub.significand);
            let quotient = (dividend / divisor) as u64 | u64::from(dividend % divisor != 0);
            round(negative, ua.exponent - ub.exponent - borrow as i32, quotient, env)
        }
    }
}

#[cold]
#[inline(never)]
fn sqrt_exact<T: Float>(a: T, env: &mut Env) -> T {
    let u = unpack(a, env);
    if u.is_nan() {
        return propagate_nan(a, &u, env);
    }
    match u.class {
        Class::Zero => T::zero(u.negative),
        _ if u.negative => invalid(env),
        Class::Infinity => T::infinity(false),
        _ => {
            let odd = u.exponent & 1;
            let square = u128::from(u.significand) << (63 + odd);
            let root = square.isqrt();
            let significand = root as u64 | u64::from(root * root != square);
            round(false, (u.exponent - odd) / 2, significand, env)
        }
    }
}

macro_rules! host_arithmetic {
    ($bits:ty, $host:ty, $frac:expr, $exp:expr, |$x:ident, $y:ident, $p:ident| $product_is_exact:expr) => {
        impl Float for $bits {
            const FRAC_BITS: u32 = $frac;
            const EXP_BITS: u32 = $exp;
            #[inline(always)]
            fn to_bits(self) -> u64 {
                u64::from(self)
            }
            #[inline(always)]
            fn from_bits(bits: u64) -> Self {
                bits as $bits
            }

            #[inline(always)]
            fn host_add(a: Self, b: Self, env: &mut Env) -> Option<Self> {
                let (x, y) = (<$host>::from_bits(a), <$host>::from_bits(b));
                let sum = x + y;
                if !(env.is_nearest() && x.is_normal() && y.is_normal() && is_safe(sum)) {
                    return None;
                }
                if !env.inexact_is_set() {
                    // 2Sum: `error` is the exact difference between the true sum and `sum`.
                    let y_part = sum - x;
                    let error = (x - (sum - y_part)) + (y - y_part);
                    if error != 0.0 {
                        env.raise(Env::IXC);
                    }
                }
                return Some(sum.to_bits());

                #[inline(always)]
                fn is_safe(v: $host) -> bool {
                    // 2Sum is exact as long as no intermediate overflows.
                    let magnitude = v.abs();
                    magnitude > <$host>::MIN_POSITIVE && magnitude < <$host>::MAX / 4.0
                }
            }

            #[inline(always)]
            fn host_mul(a: Self, b: Self, env: &mut Env) -> Option<Self> {
                let ($x, $y) = (<$host>::from_bits(a), <$host>::from_bits(b));
                let $p = $x * $y;
                if !(env.is_nearest() && $x.is_normal() && $y.is_normal() && is_safe($p)) {
                    return None;
                }
                if !env.inexact_is_set() && !$product_is_exact {
                    env.raise(Env::IXC);
                }
                return Some($p.to_bits());

                #[inline(always)]
                fn is_safe(v: $host) -> bool {
                    let magnitude = v.abs();
                    magnitude > <$host>::MIN_POSITIVE && magnitude.is_finite()
                }
            }

            #[inline(always)]
            fn host_div(a: Self, b: Self, env: &mut Env) -> Option<Self> {
                let (x, y) = (<$host>::from_bits(a), <$host>::from_bits(b));
                let quotient = x / y;
                let magnitude = quotient.abs();
                (env.is_nearest()
                    && env.inexact_is_set()
                    && x.is_normal()
                    && y.is_normal()
                    && magnitude > <$host>::MIN_POSITIVE
                    && magnitude.is_finite())
                .then(|| quotient.to_bits())
            }

            #[inline(always)]
            fn host_sqrt(a: Self, env: &mut Env) -> Option<Self> {
                let x = <$host>::from_bits(a);
                // The root of a positive normal number is a normal number.
                (env.is_nearest() && env.inexact_is_set() && x.is_normal() && x > 0.0)
                    .then(|| x.sqrt().to_bits())
            }
        }
    };
}

// The product of two singles has at most 48 significant bits and no extreme exponent: exact in a double.
host_arithmetic!(u32, f32, 23, 8, |x, y, p| f64::from(x) * f64::from(y) == f64::from(p));
// The product of two doubles is exact if no more than 53 of the 106 bits of the integer product are in use.
host_arithmetic!(u64, f64, 52, 11, |x, y, p| {
    let significand = |v: f64| u128::from((v.to_bits() & ((1 << 52) - 1)) | (1 << 52));
    let product = significand(x) * significand(y);
    let _ = p;
    128 - product.leading_zeros() - product.trailing_zeros() <= 53
});
