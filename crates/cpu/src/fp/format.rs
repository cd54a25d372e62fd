//! The three formats: unpacking, rounding and packing, NaNs.

use super::env::{Env, Rounding};

/// A floating-point encoding: `u16` half, `u32` single, `u64` double precision.
pub trait Float: Copy + Eq + core::fmt::Debug {
    /// Width of the fraction field.
    const FRAC_BITS: u32;
    /// Width of the exponent field.
    const EXP_BITS: u32;

    /// The encoding in the low bits of a `u64`.
    fn to_bits(self) -> u64;
    /// The encoding from the low bits of a `u64`.
    fn from_bits(bits: u64) -> Self;

    /// Host sum if it is exact including flags; see `arithmetic`.
    #[inline(always)]
    fn host_add(_: Self, _: Self, _: &mut Env) -> Option<Self> {
        None
    }
    /// Host product if it is exact including flags.
    #[inline(always)]
    fn host_mul(_: Self, _: Self, _: &mut Env) -> Option<Self> {
        None
    }
    /// Host quotient if it is exact including flags.
    #[inline(always)]
    fn host_div(_: Self, _: Self, _: &mut Env) -> Option<Self> {
        None
    }
    /// Host square root if it is exact including flags.
    #[inline(always)]
    fn host_sqrt(_: Self, _: &mut Env) -> Option<Self> {
        None
    }

    /// Width of the encoding.
    const BITS: u32 = 1 + Self::EXP_BITS + Self::FRAC_BITS;
    /// Exponent bias.
    const BIAS: i32 = (1 << (Self::EXP_BITS - 1)) - 1;
    /// Largest exponent field.
    const EXP_MAX: u64 = (1 << Self::EXP_BITS) - 1;
    /// Fraction mask.
    const FRAC_MASK: u64 = (1 << Self::FRAC_BITS) - 1;
    /// Most significant fraction bit, set in quiet NaNs.
    const QUIET_BIT: u64 = 1 << (Self::FRAC_BITS - 1);

    /// Zero with a sign.
    #[inline]
    fn zero(negative: bool) -> Self {
        Self::from_bits(u64::from(negative) << (Self::BITS - 1))
    }
    /// Infinity with a sign.
    #[inline]
    fn infinity(negative: bool) -> Self {
        Self::from_bits((u64::from(negative) << (Self::BITS - 1)) | (Self::EXP_MAX << Self::FRAC_BITS))
    }
    /// The default NaN: positive, quiet, no payload.
    #[inline]
    fn default_nan() -> Self {
        Self::from_bits((Self::EXP_MAX << Self::FRAC_BITS) | Self::QUIET_BIT)
    }
    /// The value with its sign bit inverted, also for NaNs.
    #[inline]
    #[must_use]
    fn neg(self) -> Self {
        Self::from_bits(self.to_bits() ^ (1 << (Self::BITS - 1)))
    }
    /// The value with its sign bit clear, also for NaNs.
    #[inline]
    #[must_use]
    fn abs(self) -> Self {
        Self::from_bits(self.to_bits() & !(1 << (Self::BITS - 1)))
    }
}

impl Float for u16 {
    const FRAC_BITS: u32 = 10;
    const EXP_BITS: u32 = 5;
    #[inline(always)]
    fn to_bits(self) -> u64 {
        u64::from(self)
    }
    #[inline(always)]
    fn from_bits(bits: u64) -> Self {
        bits as u16
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Zero,
    Finite,
    Infinity,
    QuietNan,
    SignallingNan,
}

/// A value taken apart: `(-1)^negative * (significand / 2^63) * 2^exponent` when finite, with bit 63 of the
/// significand set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unpacked {
    pub negative: bool,
    pub class: Class,
    pub exponent: i32,
    pub significand: u64,
}

impl Unpacked {
    pub(super) fn is_nan(&self) -> bool {
        matches!(self.class, Class::QuietNan | Class::SignallingNan)
    }
    pub(super) fn is_zero(&self) -> bool {
        self.class == Class::Zero
    }
    pub(super) fn is_infinite(&self) -> bool {
        self.class == Class::Infinity
    }
}

/// Takes a value apart; flushes a denormal single or double when `FZ` is set.
pub(super) fn unpack<T: Float>(value: T, env: &mut Env) -> Unpacked {
    let bits = value.to_bits();
    let negative = bits >> (T::BITS - 1) != 0;
    let exp_field = (bits >> T::FRAC_BITS) & T::EXP_MAX;
    let frac = bits & T::FRAC_MASK;
    let is_half = T::BITS == 16;
    let special = |class| Unpacked { negative, class, exponent: 0, significand: 0 };
    if exp_field == 0 {
        if frac == 0 {
            return special(Class::Zero);
        }
        if env.flush_to_zero() && !is_half {
            env.raise(Env::IDC);
            return special(Class::Zero);
        }
        let zeros = frac.leading_zeros();
        // The fraction's top bit stands for 2^(1 - bias - 1) at bit position FRAC_BITS - 1.
        let exponent = 1 - T::BIAS + 63 - T::FRAC_BITS as i32 - zeros as i32;
        return Unpacked { negative, class: Class::Finite, exponent, significand: frac << zeros };
    }
    if exp_field == T::EXP_MAX && !(is_half && env.alternative_half()) {
        return special(if frac == 0 {
            Class::Infinity
        } else if frac & T::QUIET_BIT != 0 {
            Class::QuietNan
        } else {
            Class::SignallingNan
        });
    }
    let significand = (frac | (1 << T::FRAC_BITS)) << (63 - T::FRAC_BITS);
    Unpacked { negative, class: Class::Finite, exponent: exp_field as i32 - T::BIAS, significand }
}

/// Shifts right and keeps "something was lost" in bit 0.
pub(super) fn shift_right_jam(value: u64, count: u32) -> u64 {
    match count {
        0 => value,
        1..64 => (value >> count) | u64::from(value << (64 - count) != 0),
        _ => u64::from(value != 0),
    }
}

/// Shifts right and keeps "something was lost" in bit 0.
pub(super) fn shift_right_jam_128(value: u128, count: u32) -> u128 {
    match count {
        0 => value,
        1..128 => (value >> count) | u128::from(value << (128 - count) != 0),
        _ => u128::from(value != 0),
    }
}

/// Whether a magnitude with discarded bits `rest` of `2 * half` is rounded away from zero.
pub(super) fn rounds_away(rounding: Rounding, negative: bool, odd: bool, rest: u64, half: u64) -> bool {
    match rounding {
        Rounding::Nearest => rest > half || (rest == half && odd),
        Rounding::PlusInfinity => rest != 0 && !negative,
        Rounding::MinusInfinity => rest != 0 && negative,
        Rounding::Zero => false,
    }
}

/// Rounds `significand / 2^63 * 2^exponent` (bit 63 set, bit 0 sticky) to the format, with all flags.
pub(super) fn round<T: Float>(negative: bool, exponent: i32, significand: u64, env: &mut Env) -> T {
    let sign = u64::from(negative) << (T::BITS - 1);
    let discard = 63 - T::FRAC_BITS;
    let is_half = T::BITS == 16;
    let tiny = exponent < 1 - T::BIAS;
    if tiny && env.flush_to_zero() && !is_half {
        env.raise(Env::UFC);
        return T::zero(negative);
    }
    let (base, significand) = if tiny {
        (0, shift_right_jam(significand, (1 - T::BIAS - exponent) as u32))
    } else {
        // The hidden bit adds one to the exponent field.
        ((exponent + T::BIAS - 1) as u64, significand)
    };
    let rest = significand & ((1 << discard) - 1);
    let kept = significand >> discard;
    let away = rounds_away(env.rounding(), negative, kept & 1 != 0, rest, 1 << (discard - 1));
    let magnitude = (base << T::FRAC_BITS) + kept + u64::from(away);
    let exp_field = magnitude >> T::FRAC_BITS;
    if is_half && env.alternative_half() {
        if exp_field > T::EXP_MAX {
            env.raise(Env::IOC);
            return T::from_bits(sign | 0x7fff);
        }
    } else if exp_field >= T::EXP_MAX {
        env.raise(Env::OFC | Env::IXC);
        let to_infinity = match env.rounding() {
            Rounding::Nearest => true,
            Rounding::PlusInfinity => !negative,
            Rounding::MinusInfinity => negative,
            Rounding::Zero => false,
        };
        let infinity = T::EXP_MAX << T::FRAC_BITS;
        return T::from_bits(sign | (infinity - u64::from(!to_infinity)));
    }
    if rest != 0 {
        env.raise(if tiny { Env::UFC | Env::IXC } else { Env::IXC });
    }
    T::from_bits(sign | magnitude)
}

/// Raises invalid operation and gives the default NaN.
pub(super) fn invalid<T: Float>(env: &mut Env) -> T {
    env.raise(Env::IOC);
    T::default_nan()
}

/// The NaN result for one operand that is a NaN.
pub(super) fn propagate_nan<T: Float>(value: T, unpacked: &Unpacked, env: &mut Env) -> T {
    if unpacked.class == Class::SignallingNan {
        env.raise(Env::IOC);
    }
    if env.default_nan() { T::default_nan() } else { T::from_bits(value.to_bits() | T::QUIET_BIT) }
}

/// The NaN result for operands in order of priority: the first signalling one, else the first quiet one;
/// `None` without NaNs.
pub(super) fn propagate_nans<T: Float, const N: usize>(
    operands: [(T, &Unpacked); N],
    env: &mut Env,
) -> Option<T> {
    let signalling = operands.iter().find(|(_, u)| u.class == Class::SignallingNan);
    let chosen = signalling.or_else(|| operands.iter().find(|(_, u)| u.class == Class::QuietNan))?;
    Some(propagate_nan(chosen.0, chosen.1, env))
}

/// The single-precision constant of an 8-bit immediate: sign, three bits of exponent, four of fraction.
pub fn expand_single(imm8: u8) -> u32 {
    let exponent = if imm8 & 0x40 != 0 { 0x1f } else { 0x20 };
    (u32::from(imm8 >> 7) << 31) | (exponent << 25) | (u32::from(imm8 & 0x3f) << 19)
}

/// The double-precision constant of an 8-bit immediate.
pub fn expand_double(imm8: u8) -> u64 {
    let exponent = if imm8 & 0x40 != 0 { 0xff } else { 0x100 };
    (u64::from(imm8 >> 7) << 63) | (exponent << 54) | (u64::from(imm8 & 0x3f) << 48)
}
