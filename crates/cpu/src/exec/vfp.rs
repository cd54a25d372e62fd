//! VFP instructions.
//!
//! Whether they are enabled is decided when they are lowered, see [`crate::fp::decode_bits`]. Registers in an [`Op`] are
//! numbers of singles or of doublewords, as the instruction has them.

use super::{handlers, system::System};
use crate::env::Env;
use crate::fp::{self, FixedPoint, Float, FpState, Rounding};
use crate::mem::{load_aligned, store_aligned};
use crate::op::{Exec, Flow, Op, Raised};
use crate::state::Core;

handlers! { Vfp after System::END, may_leave;
    MlaS => mla_s::<E>, MlaD => mla_d::<E>,
    MlsS => mls_s::<E>, MlsD => mls_d::<E>,
    NmlaS => nmla_s::<E>, NmlaD => nmla_d::<E>,
    NmlsS => nmls_s::<E>, NmlsD => nmls_d::<E>,
    MulS => mul_s::<E>, MulD => mul_d::<E>,
    NmulS => nmul_s::<E>, NmulD => nmul_d::<E>,
    AddS => add_s::<E>, AddD => add_d::<E>,
    SubS => sub_s::<E>, SubD => sub_d::<E>,
    DivS => div_s::<E>, DivD => div_d::<E>,
    FmaS => fma_s::<E>, FmaD => fma_d::<E>,
    FmsS => fms_s::<E>, FmsD => fms_d::<E>,
    FnmaS => fnma_s::<E>, FnmaD => fnma_d::<E>,
    FnmsS => fnms_s::<E>, FnmsD => fnms_d::<E>,
    MovS => mov_s::<E>, MovD => mov_d::<E>,
    AbsS => abs_s::<E>, AbsD => abs_d::<E>,
    NegS => neg_s::<E>, NegD => neg_d::<E>,
    SqrtS => sqrt_s::<E>, SqrtD => sqrt_d::<E>,
    CmpS => cmp_s::<E>, CmpD => cmp_d::<E>,
    MovImmS => mov_imm_s::<E>, MovImmD => mov_imm_d::<E>,
    SingleToDouble => single_to_double::<E>,
    DoubleToSingle => double_to_single::<E>,
    HalfToSingle => half_to_single::<E>,
    SingleToHalf => single_to_half::<E>,
    IntToS => int_to_s::<E>, IntToD => int_to_d::<E>,
    SToInt => s_to_int::<E>, DToInt => d_to_int::<E>,
    FixedToS => fixed_to_s::<E>, FixedToD => fixed_to_d::<E>,
    SToFixed => s_to_fixed::<E>, DToFixed => d_to_fixed::<E>,
    CoreToSingle => core_to_single::<E>,
    SingleToCore => single_to_core::<E>,
    CoreToPair => core_to_pair::<E>,
    PairToCore => pair_to_core::<E>,
    CoreToDouble => core_to_double::<E>,
    DoubleToCore => double_to_core::<E>,
    CoreToLane => core_to_lane::<E>,
    LaneToCore => lane_to_core::<E>,
    Vmrs => vmrs::<E>,
    Vmsr => vmsr::<E>,
    LoadS => load_s::<E>, LoadD => load_d::<E>,
    StoreS => store_s::<E>, StoreD => store_d::<E>,
    LoadMultipleS => load_multiple_s::<E>, LoadMultipleD => load_multiple_d::<E>,
    StoreMultipleS => store_multiple_s::<E>, StoreMultipleD => store_multiple_d::<E>,
}

/// A register of either precision.
trait Register: Float {
    fn get(s: &FpState, n: u8) -> Self;
    fn set(self, s: &mut FpState, n: u8);
}
impl Register for u32 {
    #[inline(always)]
    fn get(s: &FpState, n: u8) -> Self {
        s.s(n)
    }
    #[inline(always)]
    fn set(self, s: &mut FpState, n: u8) {
        s.set_s(n, self);
    }
}
impl Register for u64 {
    #[inline(always)]
    fn get(s: &FpState, n: u8) -> Self {
        s.d(n)
    }
    #[inline(always)]
    fn set(self, s: &mut FpState, n: u8) {
        s.set_d(n, self);
    }
}

/// Runs arithmetic in the environment of `FPSCR` and keeps the flags.
#[inline(always)]
fn arithmetic<R>(s: &mut FpState, f: impl FnOnce(&FpState, &mut fp::Env) -> R) -> R {
    let mut env = fp::Env::vfp(s.fpscr);
    let result = f(s, &mut env);
    s.fpscr |= env.flags();
    result
}

#[inline(always)]
fn unary<F: Register, T: Register>(core: &mut Core, op: &Op, f: impl FnOnce(F, &mut fp::Env) -> T) -> Exec {
    let result = arithmetic(&mut core.fp, |s, env| f(F::get(s, op.rm), env));
    result.set(&mut core.fp, op.rd);
    Ok(Flow::Next)
}

#[inline(always)]
fn binary<T: Register>(core: &mut Core, op: &Op, f: impl FnOnce(T, T, &mut fp::Env) -> T) -> Exec {
    let result = arithmetic(&mut core.fp, |s, env| f(T::get(s, op.rn), T::get(s, op.rm), env));
    result.set(&mut core.fp, op.rd);
    Ok(Flow::Next)
}

/// The destination is the first argument.
#[inline(always)]
fn ternary<T: Register>(core: &mut Core, op: &Op, f: impl FnOnce(T, T, T, &mut fp::Env) -> T) -> Exec {
    let result =
        arithmetic(&mut core.fp, |s, env| f(T::get(s, op.rd), T::get(s, op.rn), T::get(s, op.rm), env));
    result.set(&mut core.fp, op.rd);
    Ok(Flow::Next)
}

macro_rules! both_precisions {
    ($($single:ident, $double:ident = $shape:ident $f:expr;)*) => {$(
        fn $single<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
            $shape::<u32>(core, op, $f)
        }
        fn $double<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
            $shape::<u64>(core, op, $f)
        }
    )*};
}

#[inline(always)]
fn same<T: Register>(core: &mut Core, op: &Op, f: impl FnOnce(T, &mut fp::Env) -> T) -> Exec {
    unary::<T, T>(core, op, f)
}

// The chained forms round the product before the addition; a negated operand is negated as a bit pattern, NaN or not.
both_precisions! {
    mla_s, mla_d = ternary |d, n, m, env| { let p = fp::mul(n, m, env); fp::add(d, p, env) };
    mls_s, mls_d = ternary |d, n, m, env| { let p = fp::mul(n, m, env).neg(); fp::add(d, p, env) };
    nmla_s, nmla_d = ternary |d, n, m, env| { let p = fp::mul(n, m, env).neg(); fp::add(d.neg(), p, env) };
    nmls_s, nmls_d = ternary |d, n, m, env| { let p = fp::mul(n, m, env); fp::add(d.neg(), p, env) };
    mul_s, mul_d = binary fp::mul;
    nmul_s, nmul_d = binary |n, m, env| fp::mul(n, m, env).neg();
    add_s, add_d = binary fp::add;
    sub_s, sub_d = binary fp::sub;
    div_s, div_d = binary fp::div;
    fma_s, fma_d = ternary fp::fma;
    fms_s, fms_d = ternary |d, n, m, env| fp::fma(d, n.neg(), m, env);
    fnma_s, fnma_d = ternary |d, n, m, env| fp::fma(d.neg(), n.neg(), m, env);
    fnms_s, fnms_d = ternary |d, n, m, env| fp::fma(d.neg(), n, m, env);
    mov_s, mov_d = same |m, _| m;
    abs_s, abs_d = same |m, _| m.abs();
    neg_s, neg_d = same |m, _| m.neg();
    sqrt_s, sqrt_d = same fp::sqrt;
}

/// `VCMP`, `VCMPE`; `op.sh` bit 0: quiet NaNs are invalid too, bit 1: compare with zero.
fn compare<T: Register>(core: &mut Core, op: &Op) -> Exec {
    let order = arithmetic(&mut core.fp, |s, env| {
        let second = if op.sh & 2 != 0 { T::zero(false) } else { T::get(s, op.rm) };
        fp::compare(T::get(s, op.rd), second, op.sh & 1 != 0, env)
    });
    core.fp.fpscr = (core.fp.fpscr & 0x0fff_ffff) | (order.nzcv() << 28);
    Ok(Flow::Next)
}
fn cmp_s<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    compare::<u32>(core, op)
}
fn cmp_d<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    compare::<u64>(core, op)
}

/// `op.sh` is the 8-bit immediate.
fn mov_imm_s<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.fp.set_s(op.rd, fp::expand_single(op.sh));
    Ok(Flow::Next)
}
fn mov_imm_d<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.fp.set_d(op.rd, fp::expand_double(op.sh));
    Ok(Flow::Next)
}

fn single_to_double<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    unary::<u32, u64>(core, op, fp::convert)
}
fn double_to_single<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    unary::<u64, u32>(core, op, fp::convert)
}

/// `VCVTB`, `VCVTT`; `op.sh` is the position of the half: 0 or 16.
fn half_to_single<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    unary::<u32, u32>(core, op, |m, env| fp::convert((m >> (op.sh & 16)) as u16, env))
}
fn single_to_half<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let half: u16 = arithmetic(&mut core.fp, |s, env| fp::convert(s.s(op.rm), env));
    let position = op.sh & 16;
    let rest = core.fp.s(op.rd) & !(0xffff << position);
    core.fp.set_s(op.rd, rest | (u32::from(half) << position));
    Ok(Flow::Next)
}

/// The number format of a conversion: `op.rs` fraction bits, `op.sh` bit 0 signed, bit 1 16 bits wide.
fn fixed(op: &Op) -> FixedPoint {
    let bits = if op.sh & 2 != 0 { 16 } else { 32 };
    FixedPoint { bits, frac_bits: u32::from(op.rs), signed: op.sh & 1 != 0 }
}

fn int_to_s<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    unary::<u32, u32>(core, op, |m, env| fp::fixed_to_float(m, fixed(op), env))
}
fn int_to_d<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    unary::<u32, u64>(core, op, |m, env| fp::fixed_to_float(m, fixed(op), env))
}

/// `op.sh` bit 2: in the rounding mode of `FPSCR`, else towards zero.
fn to_int<T: Register>(core: &mut Core, op: &Op) -> Exec {
    unary::<T, u32>(core, op, |m, env| {
        let rounding = if op.sh & 4 != 0 { env.rounding() } else { Rounding::Zero };
        fp::float_to_fixed(m, fixed(op), rounding, env)
    })
}
fn s_to_int<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    to_int::<u32>(core, op)
}
fn d_to_int<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    to_int::<u64>(core, op)
}

/// Conversions from fixed point always round to nearest. Source and destination are one register.
fn from_fixed<T: Register>(core: &mut Core, op: &Op) -> Exec {
    let result: T = arithmetic(&mut core.fp, |s, env| {
        let mut nearest = env.with_rounding(Rounding::Nearest);
        let result = fp::fixed_to_float(T::get(s, op.rd).to_bits() as u32, fixed(op), &mut nearest);
        env.raise(nearest.flags());
        result
    });
    result.set(&mut core.fp, op.rd);
    Ok(Flow::Next)
}
fn fixed_to_s<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    from_fixed::<u32>(core, op)
}
fn fixed_to_d<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    from_fixed::<u64>(core, op)
}

/// Conversions to fixed point round towards zero and are extended to the width of the register.
fn to_fixed<T: Register>(core: &mut Core, op: &Op) -> Exec {
    let format = fixed(op);
    let result =
        arithmetic(&mut core.fp, |s, env| fp::float_to_fixed(T::get(s, op.rd), format, Rounding::Zero, env));
    let unused = 64 - format.bits;
    let extended = (i64::from(result) << unused) >> unused;
    let value = if format.signed { extended as u64 } else { u64::from(result) };
    T::from_bits(value).set(&mut core.fp, op.rd);
    Ok(Flow::Next)
}
fn s_to_fixed<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    to_fixed::<u32>(core, op)
}
fn d_to_fixed<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    to_fixed::<u64>(core, op)
}

/// A core register; lowering has refused R15.
#[inline(always)]
fn core_register(core: &mut Core, n: u8) -> &mut u32 {
    &mut core.r[usize::from(n) & 15]
}

fn core_to_single<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = *core_register(core, op.rd);
    core.fp.set_s(op.rn, value);
    Ok(Flow::Next)
}
fn single_to_core<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    *core_register(core, op.rd) = core.fp.s(op.rn);
    Ok(Flow::Next)
}

/// Core registers `rd` and `rs`, singles `rm` and `rm + 1`.
fn core_to_pair<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let (first, second) = (*core_register(core, op.rd), *core_register(core, op.rs));
    core.fp.set_s(op.rm, first);
    core.fp.set_s(op.rm + 1, second);
    Ok(Flow::Next)
}
fn pair_to_core<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    *core_register(core, op.rd) = core.fp.s(op.rm);
    *core_register(core, op.rs) = core.fp.s(op.rm + 1);
    Ok(Flow::Next)
}

/// Core registers `rd` (low) and `rs` (high), doubleword `rm`.
fn core_to_double<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let (low, high) = (*core_register(core, op.rd), *core_register(core, op.rs));
    core.fp.set_d(op.rm, u64::from(low) | (u64::from(high) << 32));
    Ok(Flow::Next)
}
fn double_to_core<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = core.fp.d(op.rm);
    *core_register(core, op.rd) = value as u32;
    *core_register(core, op.rs) = (value >> 32) as u32;
    Ok(Flow::Next)
}

/// `op.sh` is the bit position of the lane, `op.imm` its width in bits.
fn core_to_lane<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let mask = ((1_u64 << op.imm) - 1) << op.sh;
    let value = u64::from(*core_register(core, op.rd)) << op.sh;
    core.fp.set_d(op.rn, (core.fp.d(op.rn) & !mask) | (value & mask));
    Ok(Flow::Next)
}
/// As [`core_to_lane`]; `op.rs` is 1 for sign extension.
fn lane_to_core<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let unused = 32 - op.imm;
    let lane = ((core.fp.d(op.rn) >> op.sh) as u32) << unused;
    *core_register(core, op.rd) = if op.rs != 0 { (lane as i32 >> unused) as u32 } else { lane >> unused };
    Ok(Flow::Next)
}

/// Numbers of the floating-point system registers.
pub(crate) mod system_register {
    pub(crate) const FPSID: u8 = 0;
    pub(crate) const FPSCR: u8 = 1;
    pub(crate) const MVFR1: u8 = 6;
    pub(crate) const MVFR0: u8 = 7;
    pub(crate) const FPEXC: u8 = 8;
}
use system_register::{FPEXC, FPSCR, FPSID, MVFR0, MVFR1};

/// `op.rn` is the system register; lowering has refused those that are not there.
fn vmrs<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = match op.rn {
        FPSID => fp::fpsid(core.model),
        MVFR0 => fp::mvfr0(core.model),
        MVFR1 => fp::mvfr1(core.model),
        FPEXC => core.fp.fpexc,
        _ => core.fp.fpscr,
    };
    if op.rd == 15 {
        core.set_nzcv(value);
    } else {
        *core_register(core, op.rd) = value;
    }
    Ok(Flow::Next)
}

fn vmsr<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = *core_register(core, op.rd);
    match op.rn {
        FPSCR => {
            let old = core.fp.fpscr;
            core.fp.write_fpscr(value);
            if (old ^ core.fp.fpscr) & FpState::FPSCR_VECTOR != 0 {
                return Ok(Flow::Sync);
            }
        }
        FPEXC => {
            core.fp.fpexc = value & FpState::FPEXC_WRITABLE;
            return Ok(Flow::Sync);
        }
        // The identification registers ignore writes.
        _ => {}
    }
    Ok(Flow::Next)
}

/// Base register of a load or store; R15 reads as the aligned PC value.
fn base(core: &Core, op: &Op) -> u32 {
    if op.rn == 15 { op.pc_value() & !3 } else { core.r[usize::from(op.rn) & 15] }
}

/// Loads a doubleword as two words, at once where no page boundary comes between them.
fn load_doubleword<E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32) -> Result<u64, Raised> {
    if va & 0xfff != 0xffc {
        return load_aligned(core, env, op, va);
    }
    let first: u32 = load_aligned(core, env, op, va)?;
    let second: u32 = load_aligned(core, env, op, va.wrapping_add(4))?;
    let (low, high) = if core.big_endian { (second, first) } else { (first, second) };
    Ok(u64::from(low) | (u64::from(high) << 32))
}

/// Stores a doubleword as two words, at once where no page boundary comes between them.
fn store_doubleword<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    value: u64,
) -> Result<(), Raised> {
    if va & 0xfff != 0xffc {
        return store_aligned(core, env, op, va, value);
    }
    let (low, high) = (value as u32, (value >> 32) as u32);
    let (first, second) = if core.big_endian { (high, low) } else { (low, high) };
    store_aligned(core, env, op, va, first)?;
    store_aligned(core, env, op, va.wrapping_add(4), second)
}

/// `op.imm` is the offset, modulo 2^32.
fn load_s<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = base(core, op).wrapping_add(op.imm);
    let value: u32 = load_aligned(core, env, op, va)?;
    core.fp.set_s(op.rd, value);
    Ok(Flow::Next)
}
fn load_d<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = base(core, op).wrapping_add(op.imm);
    let value = load_doubleword(core, env, op, va)?;
    core.fp.set_d(op.rd, value);
    Ok(Flow::Next)
}
fn store_s<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = base(core, op).wrapping_add(op.imm);
    store_aligned(core, env, op, va, core.fp.s(op.rd))?;
    Ok(Flow::Next)
}
fn store_d<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = base(core, op).wrapping_add(op.imm);
    store_doubleword(core, env, op, va, core.fp.d(op.rd))?;
    Ok(Flow::Next)
}

/// First address of a multiple transfer and the value that the base register gets, if any: `op.rs` registers of
/// `op.imm` bytes in all; `op.sh` bit 0: write back, bit 1: decrement before.
fn multiple(core: &Core, op: &Op) -> (u32, Option<u32>) {
    let base = base(core, op);
    let (first, end) = if op.sh & 2 != 0 {
        let first = base.wrapping_sub(op.imm);
        (first, first)
    } else {
        (base, base.wrapping_add(op.imm))
    };
    (first, (op.sh & 1 != 0).then_some(end))
}

fn write_back(core: &mut Core, op: &Op, value: Option<u32>) -> Exec {
    if let Some(value) = value {
        *core_register(core, op.rn) = value;
    }
    Ok(Flow::Next)
}

// A load writes registers only when all accesses have succeeded, so an abort leaves everything as it was.
fn load_multiple_s<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let (first, end) = multiple(core, op);
    let mut values = [0_u32; 32];
    for i in 0..op.rs.min(32) {
        values[usize::from(i)] = load_aligned(core, env, op, first.wrapping_add(4 * u32::from(i)))?;
    }
    for (i, &value) in (0..op.rs).zip(&values) {
        core.fp.set_s(op.rd + i, value);
    }
    write_back(core, op, end)
}
fn load_multiple_d<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let (first, end) = multiple(core, op);
    let mut values = [0_u64; 16];
    for i in 0..op.rs.min(16) {
        values[usize::from(i)] = load_doubleword(core, env, op, first.wrapping_add(8 * u32::from(i)))?;
    }
    for (i, &value) in (0..op.rs).zip(&values) {
        core.fp.set_d(op.rd + i, value);
    }
    write_back(core, op, end)
}
fn store_multiple_s<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let (first, end) = multiple(core, op);
    for i in 0..op.rs {
        store_aligned(core, env, op, first.wrapping_add(4 * u32::from(i)), core.fp.s(op.rd + i))?;
    }
    write_back(core, op, end)
}
fn store_multiple_d<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let (first, end) = multiple(core, op);
    for i in 0..op.rs {
        store_doubleword(core, env, op, first.wrapping_add(8 * u32::from(i)), core.fp.d(op.rd + i))?;
    }
    write_back(core, op, end)
}
