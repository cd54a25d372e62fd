//! Floating-point arithmetic of VFP and Advanced SIMD, on bit patterns.
//!
//! A value is the integer that holds its encoding: `u16` is half, `u32` single and `u64` double precision
//! ([`Float`]). Every operation takes an [`Env`], which carries the control bits of `FPSCR` (rounding mode,
//! `FZ`, `DN`, `AHP`) and collects the cumulative exception flags, so the functions are pure and the same on
//! every host. Results, NaN propagation and flags follow the ARMv7 architecture: tininess is detected before
//! rounding, `FZ` flushes inputs (`IDC`) and tiny results (`UFC` alone), the first signalling NaN wins over
//! the first quiet one.
//!
//! The host's floating-point unit is used in `arithmetic` only for operands and results where it is exact
//! by construction: round to nearest, everything normal, and the inexact flag either known already or
//! computed without error.

mod arithmetic;
mod compare;
mod convert;
mod env;
mod estimate;
mod format;
mod state;

pub use arithmetic::{add, div, fma, mul, sqrt, sub};
pub use compare::{Comparison, compare, eq, ge, gt, max, min};
pub use convert::{FixedPoint, convert, fixed_to_float, float_to_fixed};
pub use env::{Env, Rounding};
pub use estimate::{
    recip_estimate, recip_estimate_u32, recip_step, rsqrt_estimate, rsqrt_estimate_u32, rsqrt_step,
};
pub use format::{Float, expand_double, expand_single};
pub use state::{Access, FpState, decode_bits, fpsid, mvfr0, mvfr1};
