//! Two registers, extraction, table lookup, duplication.

use super::{Lowered, Neon, Word, data, enabled, first_operand, quadword, require, vectors};
use crate::exec::neon::Family as F;
use crate::isa::isa_both;
use crate::isa::vfp::doubleword;
use crate::op::Op;

isa_both! {
    const A32 "1111001U ", T32 "111U1111 " = [
        Vext "1d11 nnnn dddd iiii nQm0 mmmm" where U != 1 => "vext.8 {Vd}, {Vn}, {Vm}, {imm}", Simd, Neon, |w, op| {
            op.sh = w.f('i') as u8;
            require(w.bit('Q') || op.sh < 8)?;
            vectors(w, op, F::Ext, 0)
        };
        Vtbl "1d11 nnnn dddd 10ll n0m0 mmmm" where U != 0 => "vtbl.8 {Dd}, {tblist}, {Dm}", Simd, Neon, |w, op| table(w, op, F::Tbl),
            unp "table registers beyond D31: UNDEFINED";
        Vtbx "1d11 nnnn dddd 10ll n1m0 mmmm" where U != 0 => "vtbx.8 {Dd}, {tblist}, {Dm}", Simd, Neon, |w, op| table(w, op, F::Tbx),
            unp "table registers beyond D31: UNDEFINED";
        VdupLane8 "1d11 iii1 dddd 1100 0Qm0 mmmm" where U != 0 => "vdup.8 {Vd}, {Dm}[{i}]", Simd, Neon, |w, op| duplicate(w, op, 0);
        VdupLane16 "1d11 ii10 dddd 1100 0Qm0 mmmm" where U != 0 => "vdup.16 {Vd}, {Dm}[{i}]", Simd, Neon, |w, op| duplicate(w, op, 1);
        VdupLane32 "1d11 i100 dddd 1100 0Qm0 mmmm" where U != 0 => "vdup.32 {Vd}, {Dm}[{i}]", Simd, Neon, |w, op| duplicate(w, op, 2);

        Vrev64 "1d11 zz00 dddd 0000 0Qm0 mmmm" where U != 0, z != 3 => "vrev64.{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Rev64, w.f('z'));
        Vrev32 "1d11 0z00 dddd 0000 1Qm0 mmmm" where U != 0 => "vrev32.{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Rev32, w.f('z'));
        Vrev16 "1d11 0000 dddd 0001 0Qm0 mmmm" where U != 0 => "vrev16.8 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Rev16, 0);
        VpaddlS "1d11 zz00 dddd 0010 0Qm0 mmmm" where U != 0, z != 3 => "vpaddl.s{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::PaddlS, w.f('z'));
        VpaddlU "1d11 zz00 dddd 0010 1Qm0 mmmm" where U != 0, z != 3 => "vpaddl.u{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::PaddlU, w.f('z'));
        Vcls "1d11 zz00 dddd 0100 0Qm0 mmmm" where U != 0, z != 3 => "vcls.s{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Cls, w.f('z'));
        Vclz "1d11 zz00 dddd 0100 1Qm0 mmmm" where U != 0, z != 3 => "vclz.i{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Clz, w.f('z'));
        Vcnt "1d11 0000 dddd 0101 0Qm0 mmmm" where U != 0 => "vcnt.8 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Cnt, 0);
        Vmvn "1d11 0000 dddd 0101 1Qm0 mmmm" where U != 0 => "vmvn {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Mvn, 0);
        VpadalS "1d11 zz00 dddd 0110 0Qm0 mmmm" where U != 0, z != 3 => "vpadal.s{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::PadalS, w.f('z'));
        VpadalU "1d11 zz00 dddd 0110 1Qm0 mmmm" where U != 0, z != 3 => "vpadal.u{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::PadalU, w.f('z'));
        Vqabs "1d11 zz00 dddd 0111 0Qm0 mmmm" where U != 0, z != 3 => "vqabs.s{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Qabs, w.f('z'));
        Vqneg "1d11 zz00 dddd 0111 1Qm0 mmmm" where U != 0, z != 3 => "vqneg.s{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Qneg, w.f('z'));

        VcgtZero "1d11 zz01 dddd 0000 0Qm0 mmmm" where U != 0, z != 3 => "vcgt.s{sz} {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CgtZero, w.f('z'));
        VcgeZero "1d11 zz01 dddd 0000 1Qm0 mmmm" where U != 0, z != 3 => "vcge.s{sz} {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CgeZero, w.f('z'));
        VceqZero "1d11 zz01 dddd 0001 0Qm0 mmmm" where U != 0, z != 3 => "vceq.i{sz} {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CeqZero, w.f('z'));
        VcleZero "1d11 zz01 dddd 0001 1Qm0 mmmm" where U != 0, z != 3 => "vcle.s{sz} {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CleZero, w.f('z'));
        VcltZero "1d11 zz01 dddd 0010 0Qm0 mmmm" where U != 0, z != 3 => "vclt.s{sz} {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CltZero, w.f('z'));
        Vabs "1d11 zz01 dddd 0011 0Qm0 mmmm" where U != 0, z != 3 => "vabs.s{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Abs, w.f('z'));
        Vneg "1d11 zz01 dddd 0011 1Qm0 mmmm" where U != 0, z != 3 => "vneg.s{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Neg, w.f('z'));
        VcgtZeroF "1d11 1001 dddd 0100 0Qm0 mmmm" where U != 0 => "vcgt.f32 {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CgtZeroF, 2);
        VcgeZeroF "1d11 1001 dddd 0100 1Qm0 mmmm" where U != 0 => "vcge.f32 {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CgeZeroF, 2);
        VceqZeroF "1d11 1001 dddd 0101 0Qm0 mmmm" where U != 0 => "vceq.f32 {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CeqZeroF, 2);
        VcleZeroF "1d11 1001 dddd 0101 1Qm0 mmmm" where U != 0 => "vcle.f32 {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CleZeroF, 2);
        VcltZeroF "1d11 1001 dddd 0110 0Qm0 mmmm" where U != 0 => "vclt.f32 {Vd}, {Vm}, #0", Simd, Neon, |w, op| vectors(w, op, F::CltZeroF, 2);
        VabsF "1d11 1001 dddd 0111 0Qm0 mmmm" where U != 0 => "vabs.f32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::AbsF, 2);
        VnegF "1d11 1001 dddd 0111 1Qm0 mmmm" where U != 0 => "vneg.f32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::NegF, 2);

        Vswp "1d11 0010 dddd 0000 0Qm0 mmmm" where U != 0 => "vswp {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Swp, 0),
            unp "a register with itself: unchanged";
        Vtrn "1d11 zz10 dddd 0000 1Qm0 mmmm" where U != 0, z != 3 => "vtrn.{sz} {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Trn, w.f('z')),
            unp "a register with itself: the second result";
        Vuzp "1d11 zz10 dddd 0001 0Qm0 mmmm" where U != 0, z != 3 => "vuzp.{sz} {Vd}, {Vm}", Simd, Neon, |w, op| interleave(w, op, F::Uzp),
            unp "a register with itself: the second result";
        Vzip "1d11 zz10 dddd 0001 1Qm0 mmmm" where U != 0, z != 3 => "vzip.{sz} {Vd}, {Vm}", Simd, Neon, |w, op| interleave(w, op, F::Zip),
            unp "a register with itself: the second result";
        Vmovn "1d11 zz10 dddd 0010 00m0 mmmm" where U != 0, z != 3 => "vmovn.i{szx2} {Dd}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::Movn);
        Vqmovun "1d11 zz10 dddd 0010 01m0 mmmm" where U != 0, z != 3 => "vqmovun.s{szx2} {Dd}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::Qmovun);
        VqmovnS "1d11 zz10 dddd 0010 10m0 mmmm" where U != 0, z != 3 => "vqmovn.s{szx2} {Dd}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::QmovnS);
        VqmovnU "1d11 zz10 dddd 0010 11m0 mmmm" where U != 0, z != 3 => "vqmovn.u{szx2} {Dd}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::QmovnU);
        VshllMax "1d11 zz10 dddd 0011 00m0 mmmm" where U != 0, z != 3 => "vshll.i{sz} {Qd}, {Dm}, #{sz}", Simd, Neon, |w, op| {
            quadword(op.rd)?;
            op.sh = 8 << w.f('z');
            data(w, op, F::ShllU, w.f('z'))
        };
        VcvtToHalf "1d11 0110 dddd 0110 00m0 mmmm" where U != 0 => "vcvt.f16.f32 {Dd}, {Qm}", Simd, Neon, |w, op| {
            quadword(op.rm)?;
            data(w, op, F::CvtToHalf, 1)
        };
        VcvtFromHalf "1d11 0110 dddd 0111 00m0 mmmm" where U != 0 => "vcvt.f32.f16 {Qd}, {Dm}", Simd, Neon, |w, op| {
            quadword(op.rd)?;
            data(w, op, F::CvtFromHalf, 1)
        };

        VrecpeU "1d11 1011 dddd 0100 0Qm0 mmmm" where U != 0 => "vrecpe.u32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::RecpeU, 2);
        VrecpeF "1d11 1011 dddd 0101 0Qm0 mmmm" where U != 0 => "vrecpe.f32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::RecpeF, 2);
        VrsqrteU "1d11 1011 dddd 0100 1Qm0 mmmm" where U != 0 => "vrsqrte.u32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::RsqrteU, 2);
        VrsqrteF "1d11 1011 dddd 0101 1Qm0 mmmm" where U != 0 => "vrsqrte.f32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::RsqrteF, 2);
        VcvtFFromS "1d11 1011 dddd 0110 0Qm0 mmmm" where U != 0 => "vcvt.f32.s32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::CvtFromS, 2);
        VcvtFFromU "1d11 1011 dddd 0110 1Qm0 mmmm" where U != 0 => "vcvt.f32.u32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::CvtFromU, 2);
        VcvtSFromF "1d11 1011 dddd 0111 0Qm0 mmmm" where U != 0 => "vcvt.s32.f32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::CvtToS, 2);
        VcvtUFromF "1d11 1011 dddd 0111 1Qm0 mmmm" where U != 0 => "vcvt.u32.f32 {Vd}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::CvtToU, 2);
    ]
}

isa_both! {
    const CORE_A32 "cccc ", CORE_T32 "1110 " = [
        VdupCore "1110 1bQ0 dddd tttt 1011 d0b1 0000" where t != 15, b != 3 => "vdup{c}.{dupsize} {Vd}, {Rt}", FpMove, Neon, |w, op| {
            op.rd = doubleword(w.f('d'));
            op.rn = w.f('t') as u8;
            op.sh = match w.f('b') {
                0 => 2,
                1 => 1,
                _ => 0,
            };
            let quad = w.bit('Q');
            op.rs = 1 + u8::from(quad);
            if quad {
                quadword(op.rd)?;
            }
            op.handler = Neon::DupCore.id();
            enabled(w)
        }, unp "R15 or bits 3:0 not zero: UNDEFINED";
    ]
}

fn table(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    op.rn = first_operand(w);
    op.sh = 1 + w.f('l') as u8;
    require(op.rn + op.sh <= 32)?;
    data(w, op, family, 0)
}

fn duplicate(w: &Word<'_>, op: &mut Op, size: u32) -> Lowered {
    op.sh = w.f('i') as u8;
    op.rs = 1 + u8::from(w.bit('Q'));
    if w.bit('Q') {
        quadword(op.rd)?;
    }
    data(w, op, F::DupLane, size)
}

/// `VUZP` and `VZIP` of words exist for quadwords only; for doublewords they would be `VTRN`.
fn interleave(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    require(w.bit('Q') || w.f('z') != 2)?;
    vectors(w, op, family, w.f('z'))
}

fn narrow(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    quadword(op.rm)?;
    data(w, op, family, w.f('z'))
}
