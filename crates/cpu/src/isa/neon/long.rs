//! Three registers of different lengths; two registers and a scalar.

use super::{Lowered, Word, by_sign, data, first_operand, quadword};
use crate::exec::neon::Family as F;
use crate::isa::isa_both;
use crate::op::Op;

isa_both! {
    const A32 "1111001U ", T32 "111U1111 " = [
        Vaddl "1dzz nnnn dddd 0000 n0m0 mmmm" where z != 3 => "vaddl.{su}{sz} {Qd}, {Dn}, {Dm}", Simd, Neon, |w, op| long(w, op, F::AddlS, F::AddlU);
        Vaddw "1dzz nnnn dddd 0001 n0m0 mmmm" where z != 3 => "vaddw.{su}{sz} {Qd}, {Qn}, {Dm}", Simd, Neon, |w, op| wide(w, op, F::AddwS, F::AddwU);
        Vsubl "1dzz nnnn dddd 0010 n0m0 mmmm" where z != 3 => "vsubl.{su}{sz} {Qd}, {Dn}, {Dm}", Simd, Neon, |w, op| long(w, op, F::SublS, F::SublU);
        Vsubw "1dzz nnnn dddd 0011 n0m0 mmmm" where z != 3 => "vsubw.{su}{sz} {Qd}, {Qn}, {Dm}", Simd, Neon, |w, op| wide(w, op, F::SubwS, F::SubwU);
        Vaddhn "1dzz nnnn dddd 0100 n0m0 mmmm" where z != 3, U != 1 => "vaddhn.i{szx2} {Dd}, {Qn}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::Addhn);
        Vraddhn "1dzz nnnn dddd 0100 n0m0 mmmm" where z != 3, U != 0 => "vraddhn.i{szx2} {Dd}, {Qn}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::Raddhn);
        Vabal "1dzz nnnn dddd 0101 n0m0 mmmm" where z != 3 => "vabal.{su}{sz} {Qd}, {Dn}, {Dm}", Simd, Neon, |w, op| long(w, op, F::AbalS, F::AbalU);
        Vsubhn "1dzz nnnn dddd 0110 n0m0 mmmm" where z != 3, U != 1 => "vsubhn.i{szx2} {Dd}, {Qn}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::Subhn);
        Vrsubhn "1dzz nnnn dddd 0110 n0m0 mmmm" where z != 3, U != 0 => "vrsubhn.i{szx2} {Dd}, {Qn}, {Qm}", Simd, Neon, |w, op| narrow(w, op, F::Rsubhn);
        Vabdl "1dzz nnnn dddd 0111 n0m0 mmmm" where z != 3 => "vabdl.{su}{sz} {Qd}, {Dn}, {Dm}", Simd, Neon, |w, op| long(w, op, F::AbdlS, F::AbdlU);
        Vmlal "1dzz nnnn dddd 1000 n0m0 mmmm" where z != 3 => "vmlal.{su}{sz} {Qd}, {Dn}, {Dm}", SimdMul, Neon, |w, op| long(w, op, F::MlalS, F::MlalU);
        Vqdmlal "1dzz nnnn dddd 1001 n0m0 mmmm" where z != 3, z != 0, U != 1 => "vqdmlal.s{sz} {Qd}, {Dn}, {Dm}", SimdMul, Neon, |w, op| long(w, op, F::Qdmlal, F::Qdmlal);
        Vmlsl "1dzz nnnn dddd 1010 n0m0 mmmm" where z != 3 => "vmlsl.{su}{sz} {Qd}, {Dn}, {Dm}", SimdMul, Neon, |w, op| long(w, op, F::MlslS, F::MlslU);
        Vqdmlsl "1dzz nnnn dddd 1011 n0m0 mmmm" where z != 3, z != 0, U != 1 => "vqdmlsl.s{sz} {Qd}, {Dn}, {Dm}", SimdMul, Neon, |w, op| long(w, op, F::Qdmlsl, F::Qdmlsl);
        Vmull "1dzz nnnn dddd 1100 n0m0 mmmm" where z != 3 => "vmull.{su}{sz} {Qd}, {Dn}, {Dm}", SimdMul, Neon, |w, op| long(w, op, F::MullS, F::MullU);
        Vqdmull "1dzz nnnn dddd 1101 n0m0 mmmm" where z != 3, z != 0, U != 1 => "vqdmull.s{sz} {Qd}, {Dn}, {Dm}", SimdMul, Neon, |w, op| long(w, op, F::Qdmull, F::Qdmull);
        VmullP "1dzz nnnn dddd 1110 n0m0 mmmm" where U != 1, z != 1, z != 2, z != 3 => "vmull.p8 {Qd}, {Dn}, {Dm}", SimdMul, Neon, |w, op| long(w, op, F::MullP, F::MullP);

        // In the forms that are not long, bit U says whether the vectors are quadwords.
        VmlaLane "1dzz nnnn dddd 0000 n1m0 mmmm" where z != 3, z != 0 => "vmla.i{sz} {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::MlaLane);
        VmlaLaneF "1d10 nnnn dddd 0001 n1m0 mmmm" => "vmla.f32 {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::MlaLaneF);
        VmlalLane "1dzz nnnn dddd 0010 n1m0 mmmm" where z != 3, z != 0 => "vmlal.{su}{sz} {Qd}, {Dn}, {scalar}", SimdMul, Neon, |w, op| long_scalar(w, op, F::MlalLaneS, F::MlalLaneU);
        VqdmlalLane "1dzz nnnn dddd 0011 n1m0 mmmm" where z != 3, z != 0, U != 1 => "vqdmlal.s{sz} {Qd}, {Dn}, {scalar}", SimdMul, Neon, |w, op| long_scalar(w, op, F::QdmlalLane, F::QdmlalLane);
        VmlsLane "1dzz nnnn dddd 0100 n1m0 mmmm" where z != 3, z != 0 => "vmls.i{sz} {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::MlsLane);
        VmlsLaneF "1d10 nnnn dddd 0101 n1m0 mmmm" => "vmls.f32 {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::MlsLaneF);
        VmlslLane "1dzz nnnn dddd 0110 n1m0 mmmm" where z != 3, z != 0 => "vmlsl.{su}{sz} {Qd}, {Dn}, {scalar}", SimdMul, Neon, |w, op| long_scalar(w, op, F::MlslLaneS, F::MlslLaneU);
        VqdmlslLane "1dzz nnnn dddd 0111 n1m0 mmmm" where z != 3, z != 0, U != 1 => "vqdmlsl.s{sz} {Qd}, {Dn}, {scalar}", SimdMul, Neon, |w, op| long_scalar(w, op, F::QdmlslLane, F::QdmlslLane);
        VmulLane "1dzz nnnn dddd 1000 n1m0 mmmm" where z != 3, z != 0 => "vmul.i{sz} {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::MulLane);
        VmulLaneF "1d10 nnnn dddd 1001 n1m0 mmmm" => "vmul.f32 {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::MulLaneF);
        VmullLane "1dzz nnnn dddd 1010 n1m0 mmmm" where z != 3, z != 0 => "vmull.{su}{sz} {Qd}, {Dn}, {scalar}", SimdMul, Neon, |w, op| long_scalar(w, op, F::MullLaneS, F::MullLaneU);
        VqdmullLane "1dzz nnnn dddd 1011 n1m0 mmmm" where z != 3, z != 0, U != 1 => "vqdmull.s{sz} {Qd}, {Dn}, {scalar}", SimdMul, Neon, |w, op| long_scalar(w, op, F::QdmullLane, F::QdmullLane);
        VqdmulhLane "1dzz nnnn dddd 1100 n1m0 mmmm" where z != 3, z != 0 => "vqdmulh.s{sz} {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::QdmulhLane);
        VqrdmulhLane "1dzz nnnn dddd 1101 n1m0 mmmm" where z != 3, z != 0 => "vqrdmulh.s{sz} {Ud}, {Un}, {scalar}", SimdMul, Neon, |w, op| same_scalar(w, op, F::QrdmulhLane);
    ]
}

/// Doublewords to a quadword.
fn long(w: &Word<'_>, op: &mut Op, signed: F, unsigned: F) -> Lowered {
    op.rn = first_operand(w);
    quadword(op.rd)?;
    data(w, op, by_sign(w, signed, unsigned), w.f('z'))
}

/// A quadword and a doubleword to a quadword.
fn wide(w: &Word<'_>, op: &mut Op, signed: F, unsigned: F) -> Lowered {
    op.rn = first_operand(w);
    quadword(op.rd | op.rn)?;
    data(w, op, by_sign(w, signed, unsigned), w.f('z'))
}

/// Quadwords to a doubleword.
fn narrow(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    op.rn = first_operand(w);
    quadword(op.rn | op.rm)?;
    data(w, op, family, w.f('z'))
}

/// Doubleword and lane of a scalar operand with halfword or word elements.
pub(in crate::isa) fn scalar_of(w: &Word<'_>) -> (u8, u8) {
    let m = w.f('m') as u8;
    let is_halfword = w.insn.encoding.field_mask(b'z') != 0 && w.f('z') == 1;
    if is_halfword { (m & 7, m >> 3) } else { (m & 15, m >> 4) }
}

fn long_scalar(w: &Word<'_>, op: &mut Op, signed: F, unsigned: F) -> Lowered {
    (op.rm, op.sh) = scalar_of(w);
    long(w, op, signed, unsigned)
}

fn same_scalar(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    (op.rm, op.sh) = scalar_of(w);
    op.rn = first_operand(w);
    op.rs = 1 + u8::from(w.bit('U'));
    if w.bit('U') {
        quadword(op.rd | op.rn)?;
    }
    let size = if w.insn.encoding.field_mask(b'z') != 0 { w.f('z') } else { 2 };
    data(w, op, family, size)
}
