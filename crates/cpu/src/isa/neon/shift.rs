//! Shifts by an immediate, fixed-point conversions, and one register and a modified immediate.

use super::{Lowered, Undefined, Word, by_sign, data, quadword, require, vectors};
use crate::exec::neon::Family as F;
use crate::isa::isa_both;
use crate::op::Op;

isa_both! {
    const A32 "1111001U ", T32 "111U1111 " = [
        // Modified immediates: the shifts with no bit set that would tell the element size.
        VmovImm32 "1d00 0iii dddd 0kk0 0Q01 iiii" => "vmov.i32 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MovImm);
        VorrImm32 "1d00 0iii dddd 0kk1 0Q01 iiii" => "vorr.i32 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::OrrImm);
        VmovImm16 "1d00 0iii dddd 10k0 0Q01 iiii" => "vmov.i16 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MovImm);
        VorrImm16 "1d00 0iii dddd 10k1 0Q01 iiii" => "vorr.i16 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::OrrImm);
        VmovImmOnes "1d00 0iii dddd 110k 0Q01 iiii" => "vmov.i32 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MovImm);
        VmovImm8 "1d00 0iii dddd 1110 0Q01 iiii" => "vmov.i8 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MovImm);
        VmovImmF "1d00 0iii dddd 1111 0Q01 iiii" => "vmov.f32 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MovImm);
        VmvnImm32 "1d00 0iii dddd 0kk0 0Q11 iiii" => "vmvn.i32 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MvnImm);
        VbicImm32 "1d00 0iii dddd 0kk1 0Q11 iiii" => "vbic.i32 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::BicImm);
        VmvnImm16 "1d00 0iii dddd 10k0 0Q11 iiii" => "vmvn.i16 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MvnImm);
        VbicImm16 "1d00 0iii dddd 10k1 0Q11 iiii" => "vbic.i16 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::BicImm);
        VmvnImmOnes "1d00 0iii dddd 110k 0Q11 iiii" => "vmvn.i32 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MvnImm);
        VmovImm64 "1d00 0iii dddd 1110 0Q11 iiii" => "vmov.i64 {Vd}, {vimm}", Simd, Neon, |w, op| immediate(w, op, F::MovImm);

        Vshr "1dii iiii dddd 0000 LQm1 mmmm" => "vshr.{su}{ssz} {Vd}, {Vm}, {rsh}", Simd, Neon, |w, op| right(w, op, by_sign(w, F::ShrS, F::ShrU));
        Vsra "1dii iiii dddd 0001 LQm1 mmmm" => "vsra.{su}{ssz} {Vd}, {Vm}, {rsh}", Simd, Neon, |w, op| right(w, op, by_sign(w, F::SraS, F::SraU));
        Vrshr "1dii iiii dddd 0010 LQm1 mmmm" => "vrshr.{su}{ssz} {Vd}, {Vm}, {rsh}", Simd, Neon, |w, op| right(w, op, by_sign(w, F::RshrS, F::RshrU));
        Vrsra "1dii iiii dddd 0011 LQm1 mmmm" => "vrsra.{su}{ssz} {Vd}, {Vm}, {rsh}", Simd, Neon, |w, op| right(w, op, by_sign(w, F::RsraS, F::RsraU));
        Vsri "1dii iiii dddd 0100 LQm1 mmmm" where U != 0 => "vsri.{ssz} {Vd}, {Vm}, {rsh}", Simd, Neon, |w, op| right(w, op, F::Sri);
        VshlImm "1dii iiii dddd 0101 LQm1 mmmm" where U != 1 => "vshl.i{ssz} {Vd}, {Vm}, {lsh}", Simd, Neon, |w, op| left(w, op, F::ShlImm);
        Vsli "1dii iiii dddd 0101 LQm1 mmmm" where U != 0 => "vsli.{ssz} {Vd}, {Vm}, {lsh}", Simd, Neon, |w, op| left(w, op, F::Sli);
        Vqshlu "1dii iiii dddd 0110 LQm1 mmmm" where U != 0 => "vqshlu.s{ssz} {Vd}, {Vm}, {lsh}", Simd, Neon, |w, op| left(w, op, F::QshluImm);
        VqshlImm "1dii iiii dddd 0111 LQm1 mmmm" => "vqshl.{su}{ssz} {Vd}, {Vm}, {lsh}", Simd, Neon, |w, op| left(w, op, by_sign(w, F::QshlImmS, F::QshlImmU));
        Vshrn "1dii iiii dddd 1000 00m1 mmmm" where U != 1 => "vshrn.i{sszx2} {Dd}, {Qm}, {rsh}", Simd, Neon, |w, op| narrow(w, op, F::Shrn);
        Vrshrn "1dii iiii dddd 1000 01m1 mmmm" where U != 1 => "vrshrn.i{sszx2} {Dd}, {Qm}, {rsh}", Simd, Neon, |w, op| narrow(w, op, F::Rshrn);
        Vqshrun "1dii iiii dddd 1000 00m1 mmmm" where U != 0 => "vqshrun.s{sszx2} {Dd}, {Qm}, {rsh}", Simd, Neon, |w, op| narrow(w, op, F::Qshrun);
        Vqrshrun "1dii iiii dddd 1000 01m1 mmmm" where U != 0 => "vqrshrun.s{sszx2} {Dd}, {Qm}, {rsh}", Simd, Neon, |w, op| narrow(w, op, F::Qrshrun);
        Vqshrn "1dii iiii dddd 1001 00m1 mmmm" => "vqshrn.{su}{sszx2} {Dd}, {Qm}, {rsh}", Simd, Neon, |w, op| narrow(w, op, by_sign(w, F::QshrnS, F::QshrnU));
        Vqrshrn "1dii iiii dddd 1001 01m1 mmmm" => "vqrshrn.{su}{sszx2} {Dd}, {Qm}, {rsh}", Simd, Neon, |w, op| narrow(w, op, by_sign(w, F::QrshrnS, F::QrshrnU));
        Vshll "1dii iiii dddd 1010 00m1 mmmm" => "{vshll}", Simd, Neon, |w, op| {
            quadword(op.rd)?;
            let (size, shift) = left_shift(w)?;
            op.sh = shift;
            data(w, op, by_sign(w, F::ShllS, F::ShllU), size)
        };
        VcvtFixedFromF "1d1i iiii dddd 1111 0Qm1 mmmm" => "vcvt.{su}32.f32 {Vd}, {Vm}, {vfbits}", Simd, Neon, |w, op| {
            op.sh = 32 - w.f('i') as u8;
            vectors(w, op, by_sign(w, F::CvtToS, F::CvtToU), 2)
        };
        VcvtFFromFixed "1d1i iiii dddd 1110 0Qm1 mmmm" => "vcvt.f32.{su}32 {Vd}, {Vm}, {vfbits}", Simd, Neon, |w, op| {
            op.sh = 32 - w.f('i') as u8;
            vectors(w, op, by_sign(w, F::CvtFromS, F::CvtFromU), 2)
        };
    ]
}

/// log2 of the element's bytes of a shift by immediate; UNDEFINED for modified immediates that are none.
pub(in crate::isa) fn shift_size(w: &Word<'_>) -> Result<u32, Undefined> {
    if w.bit('L') {
        return Ok(3);
    }
    // The position of the highest bit set: 3, 4 or 5.
    w.f('i').checked_ilog2().and_then(|top| top.checked_sub(3)).ok_or(Undefined)
}

/// Element size and amount, 1 to the element's bits, of a right shift.
pub(in crate::isa) fn right_shift(w: &Word<'_>) -> Result<(u32, u8), Undefined> {
    let size = shift_size(w)?;
    let end = if size == 3 { 64 } else { 16 << size };
    Ok((size, (end - w.f('i')) as u8))
}

/// Element size and amount, 0 to the element's bits less one, of a left shift.
pub(in crate::isa) fn left_shift(w: &Word<'_>) -> Result<(u32, u8), Undefined> {
    let size = shift_size(w)?;
    let start = if size == 3 { 0 } else { 8 << size };
    Ok((size, (w.f('i') - start) as u8))
}

fn right(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    let (size, shift) = right_shift(w)?;
    op.sh = shift;
    vectors(w, op, family, size)
}

fn left(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    let (size, shift) = left_shift(w)?;
    op.sh = shift;
    vectors(w, op, family, size)
}

/// A quadword to a doubleword; the size is that of the result.
fn narrow(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    quadword(op.rm)?;
    let (size, shift) = right_shift(w)?;
    op.sh = shift;
    require(size < 3)?;
    data(w, op, family, size)
}

/// The eight bits of a modified immediate and, with bit 4 for the 64-bit form, its cmode.
pub(in crate::isa) fn modified_immediate(w: &Word<'_>) -> (u8, u8) {
    let imm8 = (w.f('U') << 7 | w.f('i')) as u8;
    let cmode = (w.raw >> 8 & 15) as u8;
    let is_64_bit = cmode == 14 && w.raw & (1 << 5) != 0;
    (imm8, cmode | u8::from(is_64_bit) << 4)
}

fn immediate(w: &Word<'_>, op: &mut Op, family: F) -> Lowered {
    vectors(w, op, family, 0)?;
    (op.rm, op.sh) = modified_immediate(w);
    Ok(())
}
