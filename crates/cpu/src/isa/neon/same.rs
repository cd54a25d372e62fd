//! Three registers of the same length.

use super::{Lowered, Word, by_sign, vectors};
use crate::exec::neon::Family as F;
use crate::isa::isa_both;
use crate::op::Op;

isa_both! {
    const A32 "1111001U ", T32 "111U1111 " = [
        Vhadd "0dzz nnnn dddd 0000 nQm0 mmmm" where z != 3 => "vhadd.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::HaddS, F::HaddU);
        Vqadd "0dzz nnnn dddd 0000 nQm1 mmmm" => "vqadd.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::QaddS, F::QaddU);
        Vrhadd "0dzz nnnn dddd 0001 nQm0 mmmm" where z != 3 => "vrhadd.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::RhaddS, F::RhaddU);
        Vand "0d00 nnnn dddd 0001 nQm1 mmmm" where U != 1 => "vand {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::And, 0);
        Vbic "0d01 nnnn dddd 0001 nQm1 mmmm" where U != 1 => "vbic {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Bic, 0);
        Vorr "0d10 nnnn dddd 0001 nQm1 mmmm" where U != 1 => "{vorr}", Simd, Neon, |w, op| vectors(w, op, F::Orr, 0);
        Vorn "0d11 nnnn dddd 0001 nQm1 mmmm" where U != 1 => "vorn {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Orn, 0);
        Veor "0d00 nnnn dddd 0001 nQm1 mmmm" where U != 0 => "veor {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Eor, 0);
        Vbsl "0d01 nnnn dddd 0001 nQm1 mmmm" where U != 0 => "vbsl {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Bsl, 0);
        Vbit "0d10 nnnn dddd 0001 nQm1 mmmm" where U != 0 => "vbit {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Bit, 0);
        Vbif "0d11 nnnn dddd 0001 nQm1 mmmm" where U != 0 => "vbif {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| vectors(w, op, F::Bif, 0);
        Vhsub "0dzz nnnn dddd 0010 nQm0 mmmm" where z != 3 => "vhsub.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::HsubS, F::HsubU);
        Vqsub "0dzz nnnn dddd 0010 nQm1 mmmm" => "vqsub.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::QsubS, F::QsubU);
        Vcgt "0dzz nnnn dddd 0011 nQm0 mmmm" where z != 3 => "vcgt.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::CgtS, F::CgtU);
        Vcge "0dzz nnnn dddd 0011 nQm1 mmmm" where z != 3 => "vcge.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::CgeS, F::CgeU);
        Vshl "0dzz nnnn dddd 0100 nQm0 mmmm" => "vshl.{su}{sz} {Vd}, {Vm}, {Vn}", Simd, Neon, |w, op| sized(w, op, F::ShlS, F::ShlU);
        Vqshl "0dzz nnnn dddd 0100 nQm1 mmmm" => "vqshl.{su}{sz} {Vd}, {Vm}, {Vn}", Simd, Neon, |w, op| sized(w, op, F::QshlS, F::QshlU);
        Vrshl "0dzz nnnn dddd 0101 nQm0 mmmm" => "vrshl.{su}{sz} {Vd}, {Vm}, {Vn}", Simd, Neon, |w, op| sized(w, op, F::RshlS, F::RshlU);
        Vqrshl "0dzz nnnn dddd 0101 nQm1 mmmm" => "vqrshl.{su}{sz} {Vd}, {Vm}, {Vn}", Simd, Neon, |w, op| sized(w, op, F::QrshlS, F::QrshlU);
        Vmax "0dzz nnnn dddd 0110 nQm0 mmmm" where z != 3 => "vmax.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::MaxS, F::MaxU);
        Vmin "0dzz nnnn dddd 0110 nQm1 mmmm" where z != 3 => "vmin.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::MinS, F::MinU);
        Vabd "0dzz nnnn dddd 0111 nQm0 mmmm" where z != 3 => "vabd.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::AbdS, F::AbdU);
        Vaba "0dzz nnnn dddd 0111 nQm1 mmmm" where z != 3 => "vaba.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::AbaS, F::AbaU);
        Vadd "0dzz nnnn dddd 1000 nQm0 mmmm" where U != 1 => "vadd.i{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::Add, F::Add);
        Vsub "0dzz nnnn dddd 1000 nQm0 mmmm" where U != 0 => "vsub.i{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::Sub, F::Sub);
        Vtst "0dzz nnnn dddd 1000 nQm1 mmmm" where U != 1, z != 3 => "vtst.{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::Tst, F::Tst);
        Vceq "0dzz nnnn dddd 1000 nQm1 mmmm" where U != 0, z != 3 => "vceq.i{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::Ceq, F::Ceq);
        Vmla "0dzz nnnn dddd 1001 nQm0 mmmm" where U != 1, z != 3 => "vmla.i{sz} {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| sized(w, op, F::Mla, F::Mla);
        Vmls "0dzz nnnn dddd 1001 nQm0 mmmm" where U != 0, z != 3 => "vmls.i{sz} {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| sized(w, op, F::Mls, F::Mls);
        Vmul "0dzz nnnn dddd 1001 nQm1 mmmm" where U != 1, z != 3 => "vmul.i{sz} {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| sized(w, op, F::Mul, F::Mul);
        VmulP "0d00 nnnn dddd 1001 nQm1 mmmm" where U != 0 => "vmul.p8 {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| vectors(w, op, F::MulP, 0);
        Vpmax "0dzz nnnn dddd 1010 n0m0 mmmm" where z != 3 => "vpmax.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::PmaxS, F::PmaxU);
        Vpmin "0dzz nnnn dddd 1010 n0m1 mmmm" where z != 3 => "vpmin.{su}{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::PminS, F::PminU);
        Vqdmulh "0dzz nnnn dddd 1011 nQm0 mmmm" where U != 1, z != 0, z != 3 => "vqdmulh.s{sz} {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| sized(w, op, F::Qdmulh, F::Qdmulh);
        Vqrdmulh "0dzz nnnn dddd 1011 nQm0 mmmm" where U != 0, z != 0, z != 3 => "vqrdmulh.s{sz} {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| sized(w, op, F::Qrdmulh, F::Qrdmulh);
        Vpadd "0dzz nnnn dddd 1011 n0m1 mmmm" where U != 1, z != 3 => "vpadd.i{sz} {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| sized(w, op, F::Padd, F::Padd);
        VfmaF "0d00 nnnn dddd 1100 nQm1 mmmm" where U != 1 => "vfma.f32 {Vd}, {Vn}, {Vm}", SimdMul, NeonFma, |w, op| single(w, op, F::FmaF);
        VfmsF "0d10 nnnn dddd 1100 nQm1 mmmm" where U != 1 => "vfms.f32 {Vd}, {Vn}, {Vm}", SimdMul, NeonFma, |w, op| single(w, op, F::FmsF);
        VaddF "0d00 nnnn dddd 1101 nQm0 mmmm" where U != 1 => "vadd.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::AddF);
        VsubF "0d10 nnnn dddd 1101 nQm0 mmmm" where U != 1 => "vsub.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::SubF);
        VpaddF "0d00 nnnn dddd 1101 n0m0 mmmm" where U != 0 => "vpadd.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::PaddF);
        VabdF "0d10 nnnn dddd 1101 nQm0 mmmm" where U != 0 => "vabd.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::AbdF);
        VmlaF "0d00 nnnn dddd 1101 nQm1 mmmm" where U != 1 => "vmla.f32 {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| single(w, op, F::MlaF);
        VmlsF "0d10 nnnn dddd 1101 nQm1 mmmm" where U != 1 => "vmls.f32 {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| single(w, op, F::MlsF);
        VmulF "0d00 nnnn dddd 1101 nQm1 mmmm" where U != 0 => "vmul.f32 {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| single(w, op, F::MulF);
        VceqF "0d00 nnnn dddd 1110 nQm0 mmmm" where U != 1 => "vceq.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::CeqF);
        VcgeF "0d00 nnnn dddd 1110 nQm0 mmmm" where U != 0 => "vcge.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::CgeF);
        VcgtF "0d10 nnnn dddd 1110 nQm0 mmmm" where U != 0 => "vcgt.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::CgtF);
        Vacge "0d00 nnnn dddd 1110 nQm1 mmmm" where U != 0 => "vacge.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::AcgeF);
        Vacgt "0d10 nnnn dddd 1110 nQm1 mmmm" where U != 0 => "vacgt.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::AcgtF);
        VmaxF "0d00 nnnn dddd 1111 nQm0 mmmm" where U != 1 => "vmax.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::MaxF);
        VminF "0d10 nnnn dddd 1111 nQm0 mmmm" where U != 1 => "vmin.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::MinF);
        VpmaxF "0d00 nnnn dddd 1111 n0m0 mmmm" where U != 0 => "vpmax.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::PmaxF);
        VpminF "0d10 nnnn dddd 1111 n0m0 mmmm" where U != 0 => "vpmin.f32 {Vd}, {Vn}, {Vm}", Simd, Neon, |w, op| single(w, op, F::PminF);
        Vrecps "0d00 nnnn dddd 1111 nQm1 mmmm" where U != 1 => "vrecps.f32 {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| single(w, op, F::RecpsF);
        Vrsqrts "0d10 nnnn dddd 1111 nQm1 mmmm" where U != 1 => "vrsqrts.f32 {Vd}, {Vn}, {Vm}", SimdMul, Neon, |w, op| single(w, op, F::RsqrtsF);
    ]
}

/// Integers of the size in field `z`.
fn sized(w: &Word<'_>, op: &mut Op, signed: F, unsigned: F) -> Lowered {
    vectors(w, op, by_sign(w, signed, unsigned), w.f('z'))
}

/// Single precision.
fn single(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    vectors(w, op, family, 2)
}
