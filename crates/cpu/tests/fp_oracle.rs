//! Arithmetic of `fp` against Berkeley SoftFloat: results and cumulative flags in all rounding modes, with
//! `FZ` and `DN`. What differs between architectures is not SoftFloat's: the NaN rules, tininess before rounding
//! and flushing are written down here a second time, as plainly as possible.
//!
//! `FP_ORACLE_CASES` sets the number of cases per operation and format (default 20 000); half-precision
//! conversions are exhaustive in either case.

use msmemu_cpu::fp::{self, Comparison, Env, FixedPoint, Float as Bits, Rounding};
use softfloat_wrapper::{ExceptionFlags, F16, F32, F64, Float, RoundingMode};
use std::fmt::Debug;

const FZ: u32 = 1 << 24;
const DN: u32 = 1 << 25;
const AHP: u32 = 1 << 26;

fn cases() -> u64 {
    std::env::var("FP_ORACLE_CASES").ok().and_then(|v| v.parse().ok()).unwrap_or(20_000)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Encodings near the edges of the format: exponents at both ends and around one, fractions of few bits.
    fn operand<T: Bits>(&mut self) -> T {
        let r = self.next();
        let exp_max = T::EXP_MAX;
        let bias = T::BIAS as u64;
        let exponent = match r % 16 {
            0 => 0,
            1 => 1,
            2 => exp_max,
            3 => exp_max - 1,
            4 => exp_max - 2,
            5..9 => bias - 2 + self.next() % 5,
            9 => bias - u64::from(T::FRAC_BITS) + self.next() % 4,
            10 => (bias + u64::from(T::FRAC_BITS) - 2 + self.next() % 4).min(exp_max - 1),
            11 => bias / 2 + self.next() % 4,
            12 => 2 + self.next() % u64::from(T::FRAC_BITS),
            _ => self.next() % (exp_max + 1),
        };
        let frac = match self.next() % 8 {
            0 => 0,
            1 => T::FRAC_MASK,
            2 => 1 << (self.next() % u64::from(T::FRAC_BITS)),
            3 => T::FRAC_MASK ^ (1 << (self.next() % u64::from(T::FRAC_BITS))),
            4 => T::FRAC_MASK << (self.next() % u64::from(T::FRAC_BITS)),
            5 => self.next() & T::FRAC_MASK & !0xfff,
            _ => self.next(),
        } & T::FRAC_MASK;
        T::from_bits(((r >> 63) << (T::BITS - 1)) | (exponent << T::FRAC_BITS) | frac)
    }

    /// An `FPSCR` value: any rounding mode, `FZ`, `DN`, and at times `IXC` set (which enables host paths).
    fn control(&mut self) -> u32 {
        let r = self.next() as u32;
        let rmode = if r & 0x30 == 0 { 0 } else { (r & 3) << 22 };
        rmode | (r & (FZ | DN)) | (r & Env::IXC)
    }
}

fn mode(control: u32) -> RoundingMode {
    match (control >> 22) & 3 {
        0 => RoundingMode::TiesToEven,
        1 => RoundingMode::TowardPositive,
        2 => RoundingMode::TowardNegative,
        _ => RoundingMode::TowardZero,
    }
}

/// The formats as SoftFloat has them.
trait Oracle: Bits {
    type Soft: Float;
    fn soft(self) -> Self::Soft;
    fn hard(soft: &Self::Soft) -> Self;
}

macro_rules! oracle {
    ($bits:ty, $soft:ty) => {
        impl Oracle for $bits {
            type Soft = $soft;
            fn soft(self) -> $soft {
                <$soft>::from_bits(self)
            }
            fn hard(soft: &$soft) -> Self {
                soft.to_bits()
            }
        }
    };
}
oracle!(u16, F16);
oracle!(u32, F32);
oracle!(u64, F64);

fn is_nan<T: Bits>(v: T) -> bool {
    v.abs().to_bits() > T::infinity(false).to_bits()
}
fn is_signalling<T: Bits>(v: T) -> bool {
    is_nan(v) && v.to_bits() & T::QUIET_BIT == 0
}
fn is_denormal<T: Bits>(v: T) -> bool {
    let magnitude = v.abs().to_bits();
    magnitude != 0 && magnitude <= T::FRAC_MASK
}

/// Flags that SoftFloat raised, in the layout of `FPSCR`.
fn soft_flags() -> u32 {
    let mut flags = ExceptionFlags::default();
    flags.get();
    (u32::from(flags.is_invalid()) * Env::IOC)
        | (u32::from(flags.is_infinite()) * Env::DZC)
        | (u32::from(flags.is_overflow()) * Env::OFC)
        | (u32::from(flags.is_underflow()) * Env::UFC)
        | (u32::from(flags.is_inexact()) * Env::IXC)
}

/// Flushes operands as `FZ` says and counts `IDC`.
fn flush<T: Bits, const N: usize>(operands: [T; N], control: u32) -> ([T; N], u32) {
    let mut flags = 0;
    let flushed = operands.map(|v| {
        if control & FZ != 0 && T::BITS != 16 && is_denormal(v) {
            flags |= Env::IDC;
            T::zero(v.to_bits() >> (T::BITS - 1) != 0)
        } else {
            v
        }
    });
    (flushed, flags)
}

/// Runs SoftFloat and applies what it does not know: NaNs, tininess before rounding, `FZ` on the result.
fn expect<T: Oracle>(
    control: u32,
    nan: Option<(T, u32)>,
    operation: impl Fn(RoundingMode) -> T::Soft,
) -> (T, u32) {
    if let Some((nan, flags)) = nan {
        return (if control & DN != 0 { T::default_nan() } else { nan }, flags);
    }
    let run = |mode| {
        ExceptionFlags::default().set();
        let result = T::hard(&operation(mode));
        (result, soft_flags())
    };
    // Below the normal numbers before rounding: so is the truncated result.
    let (truncated, truncated_flags) = run(RoundingMode::TowardZero);
    let vanished = truncated.abs().to_bits() == 0 && truncated_flags & Env::IXC != 0;
    let tiny = is_denormal(truncated) || vanished;
    if tiny && control & FZ != 0 && T::BITS != 16 {
        return (T::zero(truncated.to_bits() >> (T::BITS - 1) != 0), Env::UFC);
    }
    let (result, flags) = run(mode(control));
    let underflow = if tiny && flags & Env::IXC != 0 { Env::UFC } else { 0 };
    (result, (flags & !Env::UFC) | underflow)
}

/// The NaN that operands in order of priority give, and the flags.
fn nan_of<T: Bits>(operands: &[T]) -> Option<(T, u32)> {
    match operands.iter().find(|&&v| is_signalling(v)) {
        Some(&v) => Some((T::from_bits(v.to_bits() | T::QUIET_BIT), Env::IOC)),
        None => operands.iter().find(|&&v| is_nan(v)).map(|&v| (v, 0)),
    }
}

fn check<T: Debug + PartialEq>(
    what: &str,
    operands: &dyn Debug,
    control: u32,
    actual: (T, u32),
    expected: (T, u32),
) {
    let expected = (expected.0, expected.1 | (control & Env::IXC));
    assert!(
        actual == expected,
        "{what} {operands:x?} FPSCR {control:08x}: got {actual:x?}, expected {expected:x?}"
    );
}

type Ours<T> = fn(T, T, &mut Env) -> T;

fn binary<T: Oracle>(
    what: &str,
    seed: u64,
    ours: Ours<T>,
    theirs: fn(&T::Soft, T::Soft, RoundingMode) -> T::Soft,
) {
    let mut random = Random(seed);
    for _ in 0..cases() {
        let (a, b, control): (T, T, u32) = (random.operand(), random.operand(), random.control());
        let mut env = Env::vfp(control);
        let result = ours(a, b, &mut env);
        let ([fa, fb], idc) = flush([a, b], control);
        let expected = expect::<T>(control, nan_of(&[a, b]), |mode| theirs(&fa.soft(), fb.soft(), mode));
        check(what, &(a, b), control, (result, env.flags()), (expected.0, expected.1 | idc));
    }
}

macro_rules! binary_tests {
    ($($name:ident: $bits:ty, $ours:path, $theirs:ident, $seed:expr;)*) => {
        $(#[test]
        fn $name() {
            binary::<$bits>(stringify!($name), $seed, $ours, |a, b, mode| a.$theirs(b, mode));
        })*
    };
}
binary_tests! {
    add_single: u32, fp::add, add, 1;
    add_double: u64, fp::add, add, 2;
    sub_single: u32, fp::sub, sub, 3;
    sub_double: u64, fp::sub, sub, 4;
    mul_single: u32, fp::mul, mul, 5;
    mul_double: u64, fp::mul, mul, 6;
    div_single: u32, fp::div, div, 7;
    div_double: u64, fp::div, div, 8;
}

fn square_root<T: Oracle>(seed: u64) {
    let mut random = Random(seed);
    for _ in 0..cases() {
        let mut a: T = random.operand();
        if !random.next().is_multiple_of(8) {
            a = a.abs();
        }
        let control = random.control();
        let mut env = Env::vfp(control);
        let result = fp::sqrt(a, &mut env);
        let ([fa], idc) = flush([a], control);
        let expected = expect::<T>(control, nan_of(&[a]), |mode| fa.soft().sqrt(mode));
        check("sqrt", &a, control, (result, env.flags()), (expected.0, expected.1 | idc));
    }
}

#[test]
fn sqrt_single() {
    square_root::<u32>(9);
}
#[test]
fn sqrt_double() {
    square_root::<u64>(10);
}

fn fused<T: Oracle>(seed: u64) {
    let mut random = Random(seed);
    for _ in 0..cases() {
        let (a, b): (T, T) = (random.operand(), random.operand());
        let control = random.control();
        let mut addend: T = random.operand();
        if random.next().is_multiple_of(2) {
            // Near the product, so that cancellation is common.
            let product = fp::mul(a, b, &mut Env::vfp(0));
            addend = T::from_bits(product.neg().to_bits().wrapping_add(random.next() % 3).wrapping_sub(1));
        }
        let mut env = Env::vfp(control);
        let result = fp::fma(addend, a, b, &mut env);
        let ([fc, fa, fb], idc) = flush([addend, a, b], control);
        // The addend has priority among NaNs, but an invalid product wins over a quiet NaN addend.
        let zero = |v: T| v.abs().to_bits() == 0;
        let infinite = |v: T| v.abs() == T::infinity(false);
        let invalid_product = (zero(fa) && infinite(fb)) || (infinite(fa) && zero(fb));
        let nan = match nan_of(&[addend, a, b]) {
            Some((_, 0)) if invalid_product => Some((T::default_nan(), Env::IOC)),
            nan => nan,
        };
        let expected = expect::<T>(control, nan, |mode| fa.soft().fused_mul_add(fb.soft(), fc.soft(), mode));
        check("fma", &(addend, a, b), control, (result, env.flags()), (expected.0, expected.1 | idc));
    }
}

#[test]
fn fma_single() {
    fused::<u32>(11);
}
#[test]
fn fma_double() {
    fused::<u64>(12);
}

fn comparison<T: Oracle>(seed: u64) {
    let mut random = Random(seed);
    for case in 0..cases() {
        let a: T = random.operand();
        let b: T = match case % 3 {
            0 => a,
            1 => T::from_bits(a.to_bits() ^ (random.next() & 1)),
            _ => random.operand(),
        };
        let control = random.control();
        let ([fa, fb], idc) = flush([a, b], control);
        for signal_quiet in [false, true] {
            let mut env = Env::vfp(control);
            let result = fp::compare(a, b, signal_quiet, &mut env);
            ExceptionFlags::default().set();
            let (equal, less) = if signal_quiet {
                (fa.soft().eq_signaling(fb.soft()), fa.soft().lt(fb.soft()))
            } else {
                (fa.soft().eq(fb.soft()), fa.soft().lt_quiet(fb.soft()))
            };
            let flags = soft_flags() | idc;
            let expected = match (is_nan(fa) || is_nan(fb), equal, less) {
                (true, _, _) => Comparison::Unordered,
                (_, true, _) => Comparison::Equal,
                (_, _, true) => Comparison::Less,
                _ => Comparison::Greater,
            };
            check("compare", &(a, b, signal_quiet), control, (result, env.flags()), (expected, flags));
        }
        // Minimum and maximum of numbers, from the order alone.
        if !is_nan(a) && !is_nan(b) {
            let mut env = Env::vfp(control);
            let (max, min) = (fp::max(a, b, &mut env), fp::min(a, b, &mut env));
            let smaller_first =
                fa.soft().lt(fb.soft()) || (fa.soft().eq(fb.soft()) && fa.to_bits() >> (T::BITS - 1) != 0);
            let expected = if smaller_first { (fb, fa) } else { (fa, fb) };
            check("max, min", &(a, b), control, ((max, min), env.flags()), (expected, idc));
        }
    }
}

#[test]
fn compare_single() {
    comparison::<u32>(13);
}
#[test]
fn compare_double() {
    comparison::<u64>(14);
}

#[test]
fn minimum_and_maximum_propagate_nans() {
    let quiet = 0x7fc0_1234_u32;
    let signalling = 0x7f80_0001_u32;
    let mut env = Env::vfp(0);
    assert_eq!(fp::max(quiet, 0x3f80_0000, &mut env), quiet);
    assert_eq!(env.flags(), 0);
    assert_eq!(fp::min(quiet, signalling, &mut env), signalling | (1 << 22));
    assert_eq!(env.flags(), Env::IOC);
}

fn conversions<From: Oracle, To: Oracle>(
    operands: impl Iterator<Item = From>,
    theirs: fn(&From::Soft, RoundingMode) -> To::Soft,
) {
    let mut random = Random(15);
    for a in operands {
        let control = random.control();
        let mut env = Env::vfp(control);
        let result: To = fp::convert(a, &mut env);
        let ([fa], idc) = flush([a], control);
        let nan = nan_of(&[a]).map(|(nan, flags)| {
            // Sign and the most significant fraction bits stay.
            let sign = (nan.to_bits() >> (From::BITS - 1)) << (To::BITS - 1);
            let fraction =
                ((nan.to_bits() << (64 - From::FRAC_BITS)) >> (64 - To::FRAC_BITS)) & To::FRAC_MASK;
            (To::from_bits(sign | To::infinity(false).to_bits() | fraction), flags)
        });
        let expected = expect::<To>(control, nan, |mode| theirs(&fa.soft(), mode));
        check("convert", &a, control, (result, env.flags()), (expected.0, expected.1 | idc));
    }
}

fn operands<T: Bits>(seed: u64) -> impl Iterator<Item = T> {
    let mut random = Random(seed);
    (0..cases()).map(move |_| random.operand())
}

#[test]
fn single_to_double_and_back() {
    conversions::<u32, u64>(operands(16), |a, mode| a.to_f64(mode));
    conversions::<u64, u32>(operands(17), |a, mode| a.to_f32(mode));
}

#[test]
fn half_to_single_and_double_exhaustive() {
    for _ in 0..16 {
        conversions::<u16, u32>(0..=u16::MAX, |a, mode| a.to_f32(mode));
        conversions::<u16, u64>(0..=u16::MAX, |a, mode| a.to_f64(mode));
    }
}

#[test]
fn single_to_half() {
    conversions::<u32, u16>(operands(18), |a, mode| a.to_f16(mode));
    // Every half, its neighbours as singles, and the midpoints between halves.
    let near_halves = (0..=u16::MAX).flat_map(|half| {
        let single: u32 = fp::convert(half, &mut Env::vfp(0));
        [0, 1, 0x0fff, 0x1000, 0x1001, 0x1fff].map(|offset| single.wrapping_add(offset))
    });
    conversions::<u32, u16>(near_halves, |a, mode| a.to_f16(mode));
}

/// The alternative format extends the range of normal numbers by one exponent and has no infinities or NaNs.
#[test]
fn alternative_half_exhaustive() {
    for half in 0..=u16::MAX {
        let mut env = Env::vfp(AHP);
        let single: u32 = fp::convert(half, &mut env);
        let fraction = f64::from(half & 0x3ff);
        let magnitude = match (half >> 10) & 0x1f {
            0 => fraction / 1024.0 * 2.0_f64.powi(-14),
            exponent => (1.0 + fraction / 1024.0) * 2.0_f64.powi(i32::from(exponent) - 15),
        };
        let expected = if half >> 15 != 0 { -magnitude } else { magnitude };
        assert_eq!(single, (expected as f32).to_bits(), "{half:04x}");
        assert_eq!(fp::convert::<u32, u16>(single, &mut env), half);
        assert_eq!(env.flags(), 0, "{half:04x}");
    }
    for (single, half) in [
        (0x7f80_0000, 0x7fff),
        (0xff80_0000, 0xffff),
        (0x7fc0_0000, 0x0000),
        (0xff80_0001, 0x8000),
        (131_008.0_f32.to_bits() + 0x1000, 0x7fff),
        (1e30_f32.to_bits(), 0x7fff),
    ] {
        let mut env = Env::vfp(AHP);
        assert_eq!(fp::convert::<u32, u16>(single, &mut env), half, "{single:08x}");
        assert_eq!(env.flags(), Env::IOC, "{single:08x}");
    }
}

fn to_integer<T: Oracle>(seed: u64) {
    let mut random = Random(seed);
    for _ in 0..cases() {
        let (mut a, control): (T, u32) = (random.operand(), random.control());
        if random.next().is_multiple_of(2) {
            // Magnitudes around the range of the integers.
            let exponent = T::BIAS as u64 + random.next() % 34;
            let rest = a.to_bits() & !(T::EXP_MAX << T::FRAC_BITS);
            a = T::from_bits(rest | (exponent << T::FRAC_BITS));
        }
        let ([fa], idc) = flush([a], control);
        let rounding = Env::vfp(control).rounding();
        for signed in [false, true] {
            let mut env = Env::vfp(control);
            let fixed = FixedPoint { bits: 32, frac_bits: 0, signed };
            let result = fp::float_to_fixed(a, fixed, rounding, &mut env);
            ExceptionFlags::default().set();
            // SoftFloat's result for an invalid conversion is its own; the architecture saturates.
            let integer = if signed {
                fa.soft().to_i32(mode(control), true) as u32
            } else {
                fa.soft().to_u32(mode(control), true)
            };
            let flags = soft_flags();
            let negative = fa.to_bits() >> (T::BITS - 1) != 0;
            let integer = match (flags & Env::IOC != 0, signed, negative) {
                (false, _, _) => integer,
                _ if is_nan(fa) => 0,
                (_, true, true) => 0x8000_0000,
                (_, true, false) => 0x7fff_ffff,
                (_, false, true) => 0,
                (_, false, false) => u32::MAX,
            };
            check("to integer", &(a, signed), control, (result, env.flags()), (integer, flags | idc));
        }
    }
}

#[test]
fn single_to_integer() {
    to_integer::<u32>(19);
}
#[test]
fn double_to_integer() {
    to_integer::<u64>(20);
}

/// Fixed point against integers: scaling by a power of two is exact, so a conversion with `n` fraction bits
/// is the integer conversion of the value times `2^n`.
#[test]
fn fixed_point_is_scaled_integer() {
    let mut random = Random(21);
    for _ in 0..cases() {
        let a: u32 = random.operand();
        let frac_bits = (random.next() % 33) as u32;
        let signed = random.next() & 1 != 0;
        let bits = if random.next() & 1 != 0 { 32 } else { 16 };
        let frac_bits = frac_bits.min(bits);
        let fixed = FixedPoint { bits, frac_bits, signed };
        let mut env = Env::vfp(0);
        let result = fp::float_to_fixed(a, fixed, Rounding::Zero, &mut env);
        let value = f64::from(f32::from_bits(a)) * 2.0_f64.powi(frac_bits as i32);
        let (low, high) = match (signed, bits) {
            (true, 32) => (f64::from(i32::MIN), f64::from(i32::MAX)),
            (true, _) => (f64::from(i16::MIN), f64::from(i16::MAX)),
            (false, 32) => (0.0, f64::from(u32::MAX)),
            (false, _) => (0.0, f64::from(u16::MAX)),
        };
        let truncated = value.trunc();
        let flags = if value.is_nan() || truncated < low || truncated > high {
            Env::IOC
        } else if truncated != value {
            Env::IXC
        } else {
            0
        };
        let expected = if value.is_nan() { 0 } else { truncated.clamp(low, high) as i64 as u32 };
        let mask = ((1_u64 << bits) - 1) as u32;
        assert_eq!((result, env.flags()), (expected & mask, flags), "{a:08x} {fixed:?}");

        let integer = random.next() as u32 & mask;
        let number = match (signed, bits) {
            (true, 32) => f64::from(integer as i32),
            (true, _) => f64::from(integer as i16),
            (false, _) => f64::from(integer),
        } / 2.0_f64.powi(frac_bits as i32);
        let mut env = Env::vfp(0);
        let double: u64 = fp::fixed_to_float(integer, fixed, &mut env);
        assert_eq!((double, env.flags()), (number.to_bits(), 0), "{integer:x} {fixed:?}");
        let single: u32 = fp::fixed_to_float(integer, fixed, &mut env);
        let narrowed = number as f32;
        let inexact = u32::from(f64::from(narrowed) != number) * Env::IXC;
        assert_eq!((single, env.flags()), (narrowed.to_bits(), inexact), "{integer:x} {fixed:?}");
    }
}

#[test]
fn integer_to_float_rounds_as_asked() {
    let mut random = Random(22);
    for _ in 0..cases() {
        let value = (random.next() as u32) >> (random.next() % 32);
        let control = random.control() & !FZ;
        for signed in [false, true] {
            let fixed = FixedPoint { bits: 32, frac_bits: 0, signed };
            let mut env = Env::vfp(control);
            let single: u32 = fp::fixed_to_float(value, fixed, &mut env);
            let expected = expect::<u32>(control, None, |mode| {
                if signed { F32::from_i32(value as i32, mode) } else { F32::from_u32(value, mode) }
            });
            check("from integer", &(value, signed), control, (single, env.flags()), expected);
        }
    }
}

/// The estimates against the architecture's definition in real arithmetic: the reciprocal of the midpoint of
/// the operand's interval, to nine bits, rounded half up.
#[test]
fn estimates_follow_the_definition() {
    for operand in 256..512_u32 {
        let reciprocal = (256.0 * 512.0 / (f64::from(operand) + 0.5) + 0.5) as u32;
        assert_eq!(fp::recip_estimate_u32(operand << 23), reciprocal << 23);
        let single = 0x3f80_0000 | ((operand & 0xff) << 15);
        let expected = 0x3f00_0000 | ((reciprocal & 0xff) << 15);
        assert_eq!(fp::recip_estimate(single, &mut Env::standard(0)), expected);
    }
    for operand in 128..512_u32 {
        let midpoint = if operand < 256 {
            (f64::from(operand) + 0.5) / 512.0
        } else {
            (f64::from(operand / 2) + 0.5) / 256.0
        };
        let root = (256.0 / midpoint.sqrt() + 0.5) as u32;
        assert_eq!(fp::rsqrt_estimate_u32(operand << 23), root << 23, "{operand}");
    }
    let special = |function: fn(u32, &mut Env) -> u32, operand| {
        let mut env = Env::standard(0);
        (function(operand, &mut env), env.flags())
    };
    assert_eq!(special(fp::recip_estimate, 0x8000_0000), (0xff80_0000, Env::DZC));
    assert_eq!(special(fp::recip_estimate, 0x0000_0001), (0x7f80_0000, Env::DZC | Env::IDC));
    assert_eq!(special(fp::recip_estimate, 0x7f00_0000), (0, Env::UFC));
    assert_eq!(special(fp::recip_estimate, 0xff80_0000), (0x8000_0000, 0));
    assert_eq!(special(fp::rsqrt_estimate, 0x8000_0000), (0xff80_0000, Env::DZC));
    assert_eq!(special(fp::rsqrt_estimate, 0xbf80_0000), (0x7fc0_0000, Env::IOC));
    assert_eq!(special(fp::rsqrt_estimate, 0x7f80_0000), (0, 0));
    assert_eq!(fp::recip_step(0, 0x7f80_0000, &mut Env::standard(0)), 0x4000_0000);
    assert_eq!(fp::rsqrt_step(0x7f80_0000, 0, &mut Env::standard(0)), 0x3fc0_0000);
}

/// Three Newton-Raphson steps from the estimate reach full precision for every exponent.
#[test]
fn newton_iteration_converges() {
    let mut random = Random(23);
    for _ in 0..cases() {
        let exponent = 32 + random.next() % 190;
        let x = ((exponent << 23) | (random.next() & 0x7f_ffff)) as u32;
        let mut env = Env::standard(0);
        let (mut recip, mut root) = (fp::recip_estimate(x, &mut env), fp::rsqrt_estimate(x, &mut env));
        for _ in 0..3 {
            recip = fp::mul(recip, fp::recip_step(x, recip, &mut env), &mut env);
            let square = fp::mul(root, root, &mut env);
            root = fp::mul(root, fp::rsqrt_step(x, square, &mut env), &mut env);
        }
        let value = f64::from(f32::from_bits(x));
        assert!((f64::from(f32::from_bits(recip)) * value - 1.0).abs() < 3e-7, "{x:08x}");
        assert!((f64::from(f32::from_bits(root)) * value.sqrt() - 1.0).abs() < 3e-7, "{x:08x}");
    }
}
