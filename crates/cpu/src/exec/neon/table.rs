//! The operations of Advanced SIMD data processing, one function per element size.

use super::lanes::{Int, Narrow, polynomial_product};
use super::shapes::{saturating_shift_by, shift_by};
use super::{float, permute, shapes};
use crate::fp::FpState;
use crate::op::Op;

/// One operation at one element size.
pub(crate) type Operation = fn(&mut FpState, &Op);

/// Numbers the families and fills the table. A row of `lanes` names the family, the shape, the element types by
/// ascending size (`_` where there is none) and the lane function; a row of `functions` gives the four
/// functions.
macro_rules! families {
    (
        lanes { $( $family:ident: $shape:ident [$($lane:tt)*] $f:expr; )* }
        functions { $( $other:ident: [$($function:expr),*]; )* }
    ) => {
        /// An operation with all its element sizes. Signed and unsigned are two families.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Family { $($family,)* $($other,)* }

        static TABLE: &[[Operation; 4]] = &[
            $( [$( families!(@one $lane, $shape, $f) ),*], )*
            $( [$($function),*], )*
        ];
    };
    (@one _, $shape:ident, $f:expr) => { no_such_size };
    (@one $lane:tt, $shape:ident, $f:expr) => {
        |s: &mut FpState, op: &Op| shapes::$shape::<$lane>(s, op, $f)
    };
}

/// Stands where a family has no operation; lowering refuses such encodings.
fn no_such_size(_: &mut FpState, _: &Op) {}
const NONE: Operation = no_such_size;

impl Family {
    /// The operation's number for elements of `8 << size` bits.
    pub(crate) fn of_size(self, size: u32) -> u32 {
        self as u32 * 4 + (size & 3)
    }
}

/// An operation by its number.
#[inline(always)]
pub(super) fn operation(number: u32) -> Operation {
    TABLE[(number >> 2) as usize][number as usize & 3]
}

/// All ones in the width of a lane.
#[inline(always)]
fn ones<E: Int>(_: E) -> E {
    E::mask(true)
}

/// `2 * a * b`, saturated: only the square of the lowest number does not fit.
#[inline(always)]
fn doubled_product<N: Narrow>(a: N, b: N, qc: &mut bool) -> N::Wide {
    let product = a.mul_wide(b);
    product.saturating_add_qc(product, qc)
}

/// The upper half of `2 * a * b`, rounded if asked, saturated.
#[inline(always)]
fn doubled_high_half<N: Narrow>(a: N, b: N, rounding: bool, qc: &mut bool) -> N {
    let mut overflow = false;
    let product = doubled_product(a, b, &mut overflow);
    *qc |= overflow;
    // The saturated product is the largest number; rounding it up would wrap.
    N::high_half(product, rounding && !overflow)
}

families! {
    lanes {
        HaddS: zip [i8 i16 i32 _] |a, b| a.halving_add(b);
        HaddU: zip [u8 u16 u32 _] |a, b| a.halving_add(b);
        RhaddS: zip [i8 i16 i32 _] |a, b| a.rounding_halving_add(b);
        RhaddU: zip [u8 u16 u32 _] |a, b| a.rounding_halving_add(b);
        HsubS: zip [i8 i16 i32 _] |a, b| a.halving_sub(b);
        HsubU: zip [u8 u16 u32 _] |a, b| a.halving_sub(b);
        QaddS: zip_qc [i8 i16 i32 i64] |a, b, qc| a.saturating_add_qc(b, qc);
        QaddU: zip_qc [u8 u16 u32 u64] |a, b, qc| a.saturating_add_qc(b, qc);
        QsubS: zip_qc [i8 i16 i32 i64] |a, b, qc| a.saturating_sub_qc(b, qc);
        QsubU: zip_qc [u8 u16 u32 u64] |a, b, qc| a.saturating_sub_qc(b, qc);
        CgtS: zip [i8 i16 i32 _] |a, b| Int::mask(a > b);
        CgtU: zip [u8 u16 u32 _] |a, b| Int::mask(a > b);
        CgeS: zip [i8 i16 i32 _] |a, b| Int::mask(a >= b);
        CgeU: zip [u8 u16 u32 _] |a, b| Int::mask(a >= b);
        Ceq: zip [u8 u16 u32 _] |a, b| Int::mask(a == b);
        Tst: zip [u8 u16 u32 _] |a, b| Int::mask(a & b != 0);
        ShlS: zip [i8 i16 i32 i64] |n, m| shift_by(m, n, false);
        ShlU: zip [u8 u16 u32 u64] |n, m| shift_by(m, n, false);
        RshlS: zip [i8 i16 i32 i64] |n, m| shift_by(m, n, true);
        RshlU: zip [u8 u16 u32 u64] |n, m| shift_by(m, n, true);
        QshlS: zip_qc [i8 i16 i32 i64] |n, m, qc| saturating_shift_by(m, n, false, qc);
        QshlU: zip_qc [u8 u16 u32 u64] |n, m, qc| saturating_shift_by(m, n, false, qc);
        QrshlS: zip_qc [i8 i16 i32 i64] |n, m, qc| saturating_shift_by(m, n, true, qc);
        QrshlU: zip_qc [u8 u16 u32 u64] |n, m, qc| saturating_shift_by(m, n, true, qc);
        MaxS: zip [i8 i16 i32 _] |a, b| a.max(b);
        MaxU: zip [u8 u16 u32 _] |a, b| a.max(b);
        MinS: zip [i8 i16 i32 _] |a, b| a.min(b);
        MinU: zip [u8 u16 u32 _] |a, b| a.min(b);
        AbdS: zip [i8 i16 i32 _] |a, b| a.difference(b);
        AbdU: zip [u8 u16 u32 _] |a, b| a.difference(b);
        AbaS: zip_into [i8 i16 i32 _] |d, a, b| d.wrapping_add(a.difference(b));
        AbaU: zip_into [u8 u16 u32 _] |d, a, b| d.wrapping_add(a.difference(b));
        Add: zip [u8 u16 u32 u64] |a, b| a.wrapping_add(b);
        Sub: zip [u8 u16 u32 u64] |a, b| a.wrapping_sub(b);
        Mla: zip_into [u8 u16 u32 _] |d, a, b| d.wrapping_add(a.wrapping_mul(b));
        Mls: zip_into [u8 u16 u32 _] |d, a, b| d.wrapping_sub(a.wrapping_mul(b));
        Mul: zip [u8 u16 u32 _] |a, b| a.wrapping_mul(b);
        MulP: zip [u8 _ _ _] |a, b| polynomial_product(a, b) as u8;
        PmaxS: pairs [i8 i16 i32 _] |a, b| a.max(b);
        PmaxU: pairs [u8 u16 u32 _] |a, b| a.max(b);
        PminS: pairs [i8 i16 i32 _] |a, b| a.min(b);
        PminU: pairs [u8 u16 u32 _] |a, b| a.min(b);
        Padd: pairs [u8 u16 u32 _] |a, b| a.wrapping_add(b);
        Qdmulh: zip_qc [_ i16 i32 _] |a, b, qc| doubled_high_half(a, b, false, qc);
        Qrdmulh: zip_qc [_ i16 i32 _] |a, b, qc| doubled_high_half(a, b, true, qc);

        AddlS: long [i8 i16 i32 _] |a, b| a.widen().wrapping_add(b.widen());
        AddlU: long [u8 u16 u32 _] |a, b| a.widen().wrapping_add(b.widen());
        AddwS: wide [i8 i16 i32 _] |a, b| a.wrapping_add(b);
        AddwU: wide [u8 u16 u32 _] |a, b| a.wrapping_add(b);
        SublS: long [i8 i16 i32 _] |a, b| a.widen().wrapping_sub(b.widen());
        SublU: long [u8 u16 u32 _] |a, b| a.widen().wrapping_sub(b.widen());
        SubwS: wide [i8 i16 i32 _] |a, b| a.wrapping_sub(b);
        SubwU: wide [u8 u16 u32 _] |a, b| a.wrapping_sub(b);
        Addhn: narrow2 [u8 u16 u32 _] |a, b| Narrow::high_half(a.wrapping_add(b), false);
        Raddhn: narrow2 [u8 u16 u32 _] |a, b| Narrow::high_half(a.wrapping_add(b), true);
        Subhn: narrow2 [u8 u16 u32 _] |a, b| Narrow::high_half(a.wrapping_sub(b), false);
        Rsubhn: narrow2 [u8 u16 u32 _] |a, b| Narrow::high_half(a.wrapping_sub(b), true);
        AbalS: long_into [i8 i16 i32 _] |d, a, b| d.wrapping_add(a.widen().difference(b.widen()));
        AbalU: long_into [u8 u16 u32 _] |d, a, b| d.wrapping_add(a.widen().difference(b.widen()));
        AbdlS: long [i8 i16 i32 _] |a, b| a.widen().difference(b.widen());
        AbdlU: long [u8 u16 u32 _] |a, b| a.widen().difference(b.widen());
        MlalS: long_into [i8 i16 i32 _] |d, a, b| d.wrapping_add(a.mul_wide(b));
        MlalU: long_into [u8 u16 u32 _] |d, a, b| d.wrapping_add(a.mul_wide(b));
        MlslS: long_into [i8 i16 i32 _] |d, a, b| d.wrapping_sub(a.mul_wide(b));
        MlslU: long_into [u8 u16 u32 _] |d, a, b| d.wrapping_sub(a.mul_wide(b));
        MullS: long [i8 i16 i32 _] |a, b| a.mul_wide(b);
        MullU: long [u8 u16 u32 _] |a, b| a.mul_wide(b);
        MullP: long [u8 _ _ _] polynomial_product;
        Qdmull: long_qc [_ i16 i32 _] doubled_product;
        Qdmlal: long_into_qc [_ i16 i32 _] |d, a, b, qc| d.saturating_add_qc(doubled_product(a, b, qc), qc);
        Qdmlsl: long_into_qc [_ i16 i32 _] |d, a, b, qc| d.saturating_sub_qc(doubled_product(a, b, qc), qc);

        MlaLane: zip_scalar_into [_ u16 u32 _] |d, a, b| d.wrapping_add(a.wrapping_mul(b));
        MlsLane: zip_scalar_into [_ u16 u32 _] |d, a, b| d.wrapping_sub(a.wrapping_mul(b));
        MulLane: zip_scalar [_ u16 u32 _] |a, b| a.wrapping_mul(b);
        QdmulhLane: zip_scalar_qc [_ i16 i32 _] |a, b, qc| doubled_high_half(a, b, false, qc);
        QrdmulhLane: zip_scalar_qc [_ i16 i32 _] |a, b, qc| doubled_high_half(a, b, true, qc);
        MlalLaneS: long_scalar_into [_ i16 i32 _] |d, a, b| d.wrapping_add(a.mul_wide(b));
        MlalLaneU: long_scalar_into [_ u16 u32 _] |d, a, b| d.wrapping_add(a.mul_wide(b));
        MlslLaneS: long_scalar_into [_ i16 i32 _] |d, a, b| d.wrapping_sub(a.mul_wide(b));
        MlslLaneU: long_scalar_into [_ u16 u32 _] |d, a, b| d.wrapping_sub(a.mul_wide(b));
        MullLaneS: long_scalar [_ i16 i32 _] |a, b| a.mul_wide(b);
        MullLaneU: long_scalar [_ u16 u32 _] |a, b| a.mul_wide(b);
        QdmullLane: long_scalar_qc [_ i16 i32 _] doubled_product;
        QdmlalLane: long_scalar_into_qc [_ i16 i32 _]
            |d, a, b, qc| d.saturating_add_qc(doubled_product(a, b, qc), qc);
        QdmlslLane: long_scalar_into_qc [_ i16 i32 _]
            |d, a, b, qc| d.saturating_sub_qc(doubled_product(a, b, qc), qc);

        ShrS: shift [i8 i16 i32 i64] |a, by| a.shr(by);
        ShrU: shift [u8 u16 u32 u64] |a, by| a.shr(by);
        SraS: shift_into [i8 i16 i32 i64] |d, a, by| d.wrapping_add(a.shr(by));
        SraU: shift_into [u8 u16 u32 u64] |d, a, by| d.wrapping_add(a.shr(by));
        RshrS: shift [i8 i16 i32 i64] |a, by| a.rounding_shr(by);
        RshrU: shift [u8 u16 u32 u64] |a, by| a.rounding_shr(by);
        RsraS: shift_into [i8 i16 i32 i64] |d, a, by| d.wrapping_add(a.rounding_shr(by));
        RsraU: shift_into [u8 u16 u32 u64] |d, a, by| d.wrapping_add(a.rounding_shr(by));
        Sri: shift_into [u8 u16 u32 u64] |d, a, by| (d & !ones(d).shr(by)) | a.shr(by);
        Sli: shift_into [u8 u16 u32 u64] |d, a, by| (d & !ones(d).shl(by)) | a.shl(by);
        ShlImm: shift [u8 u16 u32 u64] |a, by| a.shl(by);
        QshlImmS: shift_qc [i8 i16 i32 i64] |a, by, qc| a.saturating_shl(by, qc);
        QshlImmU: shift_qc [u8 u16 u32 u64] |a, by, qc| a.saturating_shl(by, qc);
        QshluImm: shift_qc [i8 i16 i32 i64] |a, by, qc| {
            // Signed source, unsigned result.
            *qc |= a < 0;
            a.max(0).cast_unsigned().saturating_shl(by, qc).cast_signed()
        };
        Shrn: narrow [u8 u16 u32 _] |a, by| Narrow::truncate(a.shr(by));
        Rshrn: narrow [u8 u16 u32 _] |a, by| Narrow::truncate(a.rounding_shr(by));
        QshrnS: narrow_qc [i8 i16 i32 _] |a, by, qc| Narrow::saturate(a.shr(by), qc);
        QshrnU: narrow_qc [u8 u16 u32 _] |a, by, qc| Narrow::saturate(a.shr(by), qc);
        Qshrun: narrow_qc [i8 i16 i32 _] |a, by, qc| Narrow::saturate_unsigned(a.shr(by), qc);
        QrshrnS: narrow_qc [i8 i16 i32 _] |a, by, qc| Narrow::saturate(a.rounding_shr(by), qc);
        QrshrnU: narrow_qc [u8 u16 u32 _] |a, by, qc| Narrow::saturate(a.rounding_shr(by), qc);
        Qrshrun: narrow_qc [i8 i16 i32 _] |a, by, qc| Narrow::saturate_unsigned(a.rounding_shr(by), qc);
        Movn: narrow [u8 u16 u32 _] |a, _| Narrow::truncate(a);
        QmovnS: narrow_qc [i8 i16 i32 _] |a, _, qc| Narrow::saturate(a, qc);
        QmovnU: narrow_qc [u8 u16 u32 _] |a, _, qc| Narrow::saturate(a, qc);
        Qmovun: narrow_qc [i8 i16 i32 _] |a, _, qc| Narrow::saturate_unsigned(a, qc);
        ShllS: widen [i8 i16 i32 _] |a, by| a.shl(by);
        ShllU: widen [u8 u16 u32 _] |a, by| a.shl(by);

        PaddlS: pairs_long [i8 i16 i32 _] |a, b| a.wrapping_add(b);
        PaddlU: pairs_long [u8 u16 u32 _] |a, b| a.wrapping_add(b);
        PadalS: pairs_long_into [i8 i16 i32 _] |a, b| a.wrapping_add(b);
        PadalU: pairs_long_into [u8 u16 u32 _] |a, b| a.wrapping_add(b);
        Cls: map [i8 i16 i32 _] |a| a.leading_sign_bits();
        Clz: map [u8 u16 u32 _] |a| a.count_leading_zeros();
        Cnt: map [u8 _ _ _] |a| a.count_ones() as u8;
        Qabs: map_qc [i8 i16 i32 _] |a, qc| {
            *qc |= a.checked_abs().is_none();
            a.saturating_abs()
        };
        Qneg: map_qc [i8 i16 i32 _] |a, qc| {
            *qc |= a.checked_neg().is_none();
            a.saturating_neg()
        };
        CgtZero: map [i8 i16 i32 _] |a| Int::mask(a > 0);
        CgeZero: map [i8 i16 i32 _] |a| Int::mask(a >= 0);
        CeqZero: map [i8 i16 i32 _] |a| Int::mask(a == 0);
        CleZero: map [i8 i16 i32 _] |a| Int::mask(a <= 0);
        CltZero: map [i8 i16 i32 _] |a| Int::mask(a < 0);
        Abs: map [i8 i16 i32 _] |a| a.wrapping_abs();
        Neg: map [i8 i16 i32 _] |a| a.wrapping_neg();
        DupLane: splat [u8 u16 u32 _] |a| a;

        RecpeU: map [_ _ u32 _] crate::fp::recip_estimate_u32;
        RsqrteU: map [_ _ u32 _] crate::fp::rsqrt_estimate_u32;
        AbsF: map [_ _ u32 _] crate::fp::Float::abs;
        NegF: map [_ _ u32 _] crate::fp::Float::neg;
    }
    functions {
        And: [|s, op| shapes::bits(s, op, |_, n, m| n & m), NONE, NONE, NONE];
        Bic: [|s, op| shapes::bits(s, op, |_, n, m| n & !m), NONE, NONE, NONE];
        Orr: [|s, op| shapes::bits(s, op, |_, n, m| n | m), NONE, NONE, NONE];
        Orn: [|s, op| shapes::bits(s, op, |_, n, m| n | !m), NONE, NONE, NONE];
        Eor: [|s, op| shapes::bits(s, op, |_, n, m| n ^ m), NONE, NONE, NONE];
        Bsl: [|s, op| shapes::bits(s, op, |d, n, m| (n & d) | (m & !d)), NONE, NONE, NONE];
        Bit: [|s, op| shapes::bits(s, op, |d, n, m| (n & m) | (d & !m)), NONE, NONE, NONE];
        Bif: [|s, op| shapes::bits(s, op, |d, n, m| (d & m) | (n & !m)), NONE, NONE, NONE];
        Mvn: [|s, op| shapes::bits(s, op, |_, _, m| !m), NONE, NONE, NONE];
        MvnImm: [|s, op| permute::immediate(s, op, |_, imm| !imm), NONE, NONE, NONE];
        MovImm: [|s, op| permute::immediate(s, op, |_, imm| imm), NONE, NONE, NONE];
        OrrImm: [|s, op| permute::immediate(s, op, |d, imm| d | imm), NONE, NONE, NONE];
        BicImm: [|s, op| permute::immediate(s, op, |d, imm| d & !imm), NONE, NONE, NONE];

        Rev64: [
            |s, op| shapes::bits(s, op, |_, _, m| m.swap_bytes()),
            |s, op| shapes::bits(s, op, |_, _, m| permute::reverse_halfwords(m)),
            |s, op| shapes::bits(s, op, |_, _, m| m.rotate_left(32)),
            NONE
        ];
        Rev32: [
            |s, op| shapes::map::<u32>(s, op, |a| a.swap_bytes()),
            |s, op| shapes::map::<u32>(s, op, |a| a.rotate_left(16)),
            NONE,
            NONE
        ];
        Rev16: [|s, op| shapes::map::<u16>(s, op, |a| a.swap_bytes()), NONE, NONE, NONE];
        Swp: [permute::swap, NONE, NONE, NONE];
        Trn: [permute::transpose::<u8>, permute::transpose::<u16>, permute::transpose::<u32>, NONE];
        Uzp: [permute::unzip::<u8>, permute::unzip::<u16>, permute::unzip::<u32>, NONE];
        Zip: [permute::zip::<u8>, permute::zip::<u16>, permute::zip::<u32>, NONE];
        Ext: [permute::extract, NONE, NONE, NONE];
        Tbl: [|s, op| permute::table(s, op, |_| 0), NONE, NONE, NONE];
        Tbx: [|s, op| permute::table(s, op, |old| old), NONE, NONE, NONE];

        AddF: [NONE, NONE, float::add, NONE];
        SubF: [NONE, NONE, float::sub, NONE];
        MulF: [NONE, NONE, float::mul, NONE];
        MlaF: [NONE, NONE, float::mla, NONE];
        MlsF: [NONE, NONE, float::mls, NONE];
        FmaF: [NONE, NONE, float::fma, NONE];
        FmsF: [NONE, NONE, float::fms, NONE];
        MulLaneF: [NONE, NONE, float::mul_lane, NONE];
        MlaLaneF: [NONE, NONE, float::mla_lane, NONE];
        MlsLaneF: [NONE, NONE, float::mls_lane, NONE];
        AbdF: [NONE, NONE, float::abd, NONE];
        PaddF: [NONE, NONE, float::padd, NONE];
        PmaxF: [NONE, NONE, float::pmax, NONE];
        PminF: [NONE, NONE, float::pmin, NONE];
        MaxF: [NONE, NONE, float::max, NONE];
        MinF: [NONE, NONE, float::min, NONE];
        CeqF: [NONE, NONE, float::ceq, NONE];
        CgeF: [NONE, NONE, float::cge, NONE];
        CgtF: [NONE, NONE, float::cgt, NONE];
        AcgeF: [NONE, NONE, float::acge, NONE];
        AcgtF: [NONE, NONE, float::acgt, NONE];
        CgtZeroF: [NONE, NONE, float::cgt_zero, NONE];
        CgeZeroF: [NONE, NONE, float::cge_zero, NONE];
        CeqZeroF: [NONE, NONE, float::ceq_zero, NONE];
        CleZeroF: [NONE, NONE, float::cle_zero, NONE];
        CltZeroF: [NONE, NONE, float::clt_zero, NONE];
        RecpeF: [NONE, NONE, float::recpe, NONE];
        RsqrteF: [NONE, NONE, float::rsqrte, NONE];
        RecpsF: [NONE, NONE, float::recps, NONE];
        RsqrtsF: [NONE, NONE, float::rsqrts, NONE];
        CvtFromS: [NONE, NONE, float::from_signed, NONE];
        CvtFromU: [NONE, NONE, float::from_unsigned, NONE];
        CvtToS: [NONE, NONE, float::to_signed, NONE];
        CvtToU: [NONE, NONE, float::to_unsigned, NONE];
        CvtToHalf: [NONE, float::to_half, NONE, NONE];
        CvtFromHalf: [NONE, float::from_half, NONE, NONE];
    }
}
