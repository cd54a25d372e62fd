//! Shapes of Advanced SIMD data processing: which registers go through a lane function and where the result goes.
//!
//! Register numbers in an [`Op`] are those of doublewords; `rs` says how many doublewords (1 or 2) lane-wise
//! operations cover, `sh` holds a shift amount or a lane number. Sources are read before the destination is
//! written wherever they can overlap differently from lane to lane.

use super::lanes::{self, Int, Lane, Narrow};
use crate::fp::FpState;
use crate::op::Op;

/// Lane-wise, one source.
#[inline(always)]
pub(super) fn map<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E) -> E) {
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::map(s.d(op.rm + r), &f));
    }
}

/// Lane-wise, one source, saturating.
#[inline(always)]
pub(super) fn map_qc<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, &mut bool) -> E) {
    let mut qc = false;
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::map(s.d(op.rm + r), |a| f(a, &mut qc)));
    }
    s.saturated(qc);
}

/// Lane-wise, one source and a shift amount.
#[inline(always)]
pub(super) fn shift<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, u32) -> E) {
    let by = u32::from(op.sh);
    map(s, op, |a| f(a, by));
}

/// Lane-wise, one source and a shift amount, saturating.
#[inline(always)]
pub(super) fn shift_qc<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, u32, &mut bool) -> E) {
    let by = u32::from(op.sh);
    map_qc(s, op, |a, qc| f(a, by, qc));
}

/// Lane-wise, destination and one source and a shift amount.
#[inline(always)]
pub(super) fn shift_into<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E, u32) -> E) {
    let by = u32::from(op.sh);
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::zip(s.d(op.rd + r), s.d(op.rm + r), |d, a| f(d, a, by)));
    }
}

/// Lane-wise, two sources.
#[inline(always)]
pub(super) fn zip<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E) -> E) {
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::zip(s.d(op.rn + r), s.d(op.rm + r), &f));
    }
}

/// Lane-wise, two sources, saturating.
#[inline(always)]
pub(super) fn zip_qc<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E, &mut bool) -> E) {
    let mut qc = false;
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::zip(s.d(op.rn + r), s.d(op.rm + r), |a, b| f(a, b, &mut qc)));
    }
    s.saturated(qc);
}

/// Lane-wise, destination and two sources.
#[inline(always)]
pub(super) fn zip_into<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E, E) -> E) {
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::zip3(s.d(op.rd + r), s.d(op.rn + r), s.d(op.rm + r), &f));
    }
}

/// Bitwise, destination and two sources.
#[inline(always)]
pub(super) fn bits(s: &mut FpState, op: &Op, f: impl Fn(u64, u64, u64) -> u64) {
    for r in 0..op.rs {
        s.set_d(op.rd + r, f(s.d(op.rd + r), s.d(op.rn + r), s.d(op.rm + r)));
    }
}

/// The scalar operand: one lane of a doubleword.
#[inline(always)]
fn scalar<E: Lane>(s: &FpState, op: &Op) -> E {
    E::lane(s.d(op.rm), op.sh)
}

/// Lane-wise, a source and a scalar.
#[inline(always)]
pub(super) fn zip_scalar<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E) -> E) {
    let b = scalar(s, op);
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::map(s.d(op.rn + r), |a| f(a, b)));
    }
}

/// Lane-wise, a source and a scalar, saturating.
#[inline(always)]
pub(super) fn zip_scalar_qc<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E, &mut bool) -> E) {
    let b = scalar(s, op);
    let mut qc = false;
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::map(s.d(op.rn + r), |a| f(a, b, &mut qc)));
    }
    s.saturated(qc);
}

/// Lane-wise, destination, a source and a scalar.
#[inline(always)]
pub(super) fn zip_scalar_into<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E, E) -> E) {
    let b = scalar(s, op);
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::zip(s.d(op.rd + r), s.d(op.rn + r), |d, a| f(d, a, b)));
    }
}

/// Adjacent lanes of the two sources, doublewords only.
#[inline(always)]
pub(super) fn pairs<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E, E) -> E) {
    s.set_d(op.rd, lanes::pairs(s.d(op.rn), s.d(op.rm), f));
}

/// Adjacent lanes of one source into lanes of twice the width.
#[inline(always)]
pub(super) fn pairs_long<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, N::Wide) -> N::Wide) {
    for r in 0..op.rs {
        s.set_d(op.rd + r, lanes::pairs_long::<N>(s.d(op.rm + r), &f));
    }
}

/// Adjacent lanes of one source into lanes of twice the width, added to the destination.
#[inline(always)]
pub(super) fn pairs_long_into<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, N::Wide) -> N::Wide) {
    for r in 0..op.rs {
        let sums = lanes::pairs_long::<N>(s.d(op.rm + r), &f);
        s.set_d(op.rd + r, lanes::zip::<N::Wide>(s.d(op.rd + r), sums, &f));
    }
}

/// Two doublewords to a quadword of twice the lane width.
#[inline(always)]
pub(super) fn long<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N, N) -> N::Wide) {
    s.set_q(op.rd, lanes::zip_long(s.d(op.rn), s.d(op.rm), f));
}

/// As [`long`], combined with the destination.
#[inline(always)]
pub(super) fn long_into<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, N, N) -> N::Wide) {
    let products = long_scaled::<N>(s.d(op.rn), s.d(op.rm), s.q(op.rd), &f);
    s.set_q(op.rd, products);
}

/// As [`long`], combined with the destination, saturating.
#[inline(always)]
pub(super) fn long_into_qc<N: Narrow>(
    s: &mut FpState,
    op: &Op,
    f: impl Fn(N::Wide, N, N, &mut bool) -> N::Wide,
) {
    let qc = core::cell::Cell::new(false);
    let result =
        long_scaled::<N>(s.d(op.rn), s.d(op.rm), s.q(op.rd), &|d, a, b| with_cell(&qc, |q| f(d, a, b, q)));
    s.set_q(op.rd, result);
    s.saturated(qc.get());
}

/// As [`long`], saturating.
#[inline(always)]
pub(super) fn long_qc<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N, N, &mut bool) -> N::Wide) {
    let mut qc = false;
    let result = lanes::zip_long(s.d(op.rn), s.d(op.rm), |a, b| f(a, b, &mut qc));
    s.set_q(op.rd, result);
    s.saturated(qc);
}

/// A doubleword and a scalar to a quadword of twice the lane width.
#[inline(always)]
pub(super) fn long_scalar<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N, N) -> N::Wide) {
    let b = N::splat(scalar::<N>(s, op));
    s.set_q(op.rd, lanes::zip_long(s.d(op.rn), b, f));
}

/// As [`long_scalar`], combined with the destination.
#[inline(always)]
pub(super) fn long_scalar_into<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, N, N) -> N::Wide) {
    let b = N::splat(scalar::<N>(s, op));
    s.set_q(op.rd, long_scaled::<N>(s.d(op.rn), b, s.q(op.rd), &f));
}

/// As [`long_scalar`], saturating.
#[inline(always)]
pub(super) fn long_scalar_qc<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N, N, &mut bool) -> N::Wide) {
    let b = N::splat(scalar::<N>(s, op));
    let mut qc = false;
    let result = lanes::zip_long(s.d(op.rn), b, |a, b| f(a, b, &mut qc));
    s.set_q(op.rd, result);
    s.saturated(qc);
}

/// As [`long_scalar`], combined with the destination, saturating.
#[inline(always)]
pub(super) fn long_scalar_into_qc<N: Narrow>(
    s: &mut FpState,
    op: &Op,
    f: impl Fn(N::Wide, N, N, &mut bool) -> N::Wide,
) {
    let b = N::splat(scalar::<N>(s, op));
    let qc = core::cell::Cell::new(false);
    let result = long_scaled::<N>(s.d(op.rn), b, s.q(op.rd), &|d, a, b| with_cell(&qc, |q| f(d, a, b, q)));
    s.set_q(op.rd, result);
    s.saturated(qc.get());
}

#[inline(always)]
fn with_cell<T>(qc: &core::cell::Cell<bool>, f: impl FnOnce(&mut bool) -> T) -> T {
    let mut saturated = qc.get();
    let result = f(&mut saturated);
    qc.set(saturated);
    result
}

#[inline(always)]
fn long_scaled<N: Narrow>(a: u64, b: u64, d: [u64; 2], f: &impl Fn(N::Wide, N, N) -> N::Wide) -> [u64; 2] {
    let (from_a, from_b) = (N::split(a), N::split(b));
    let half = from_a.as_ref().len() / 2;
    let mut result = d;
    for (k, doubleword) in result.iter_mut().enumerate() {
        let mut wide = N::Wide::split(*doubleword);
        for (i, to) in wide.as_mut().iter_mut().enumerate() {
            *to = f(*to, from_a.as_ref()[k * half + i], from_b.as_ref()[k * half + i]);
        }
        *doubleword = N::Wide::join(wide);
    }
    result
}

/// A quadword and a doubleword, which is widened, to a quadword.
#[inline(always)]
pub(super) fn wide<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, N::Wide) -> N::Wide) {
    let (a, b) = (s.q(op.rn), lanes::widen::<N>(s.d(op.rm)));
    s.set_q(op.rd, [lanes::zip(a[0], b[0], &f), lanes::zip(a[1], b[1], &f)]);
}

/// Two quadwords to a doubleword of half the lane width.
#[inline(always)]
pub(super) fn narrow2<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, N::Wide) -> N) {
    let (a, b) = (s.q(op.rn), s.q(op.rm));
    let mut lanes_out = N::split(0);
    let half = lanes_out.as_ref().len() / 2;
    for k in 0..2 {
        let (x, y) = (N::Wide::split(a[k]), N::Wide::split(b[k]));
        for i in 0..half {
            lanes_out.as_mut()[k * half + i] = f(x.as_ref()[i], y.as_ref()[i]);
        }
    }
    s.set_d(op.rd, N::join(lanes_out));
}

/// A quadword and a shift amount to a doubleword of half the lane width.
#[inline(always)]
pub(super) fn narrow<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, u32) -> N) {
    let by = u32::from(op.sh);
    s.set_d(op.rd, lanes::narrow(s.q(op.rm), |a| f(a, by)));
}

/// A quadword and a shift amount to a doubleword of half the lane width, saturating. `N` gives the width and the
/// signedness of the source.
#[inline(always)]
pub(super) fn narrow_qc<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, u32, &mut bool) -> N) {
    let by = u32::from(op.sh);
    let mut qc = false;
    s.set_d(op.rd, lanes::narrow(s.q(op.rm), |a| f(a, by, &mut qc)));
    s.saturated(qc);
}

/// A doubleword to a quadword of twice the lane width.
#[inline(always)]
pub(super) fn widen<N: Narrow>(s: &mut FpState, op: &Op, f: impl Fn(N::Wide, u32) -> N::Wide) {
    let by = u32::from(op.sh);
    s.set_q(op.rd, lanes::widen_with(s.d(op.rm), |a: N| f(a.widen(), by)));
}

/// Every lane gets the scalar.
#[inline(always)]
pub(super) fn splat<E: Lane>(s: &mut FpState, op: &Op, f: impl Fn(E) -> E) {
    let value = E::splat(f(scalar(s, op)));
    for r in 0..op.rs {
        s.set_d(op.rd + r, value);
    }
}

/// Result of a shift by a register's lane: left for positive amounts, right for negative ones.
#[inline(always)]
pub(super) fn shift_by<E: Int>(value: E, amount: E, rounding: bool) -> E {
    let amount = amount.amount();
    match (amount >= 0, rounding) {
        (true, _) => value.shl(amount as u32),
        (_, false) => value.shr(amount.unsigned_abs()),
        (_, true) => value.rounding_shr(amount.unsigned_abs()),
    }
}

/// As [`shift_by`], saturating.
#[inline(always)]
pub(super) fn saturating_shift_by<E: Int>(value: E, amount: E, rounding: bool, qc: &mut bool) -> E {
    match amount.amount() {
        left @ 0.. => value.saturating_shl(left as u32, qc),
        _ => shift_by(value, amount, rounding),
    }
}
