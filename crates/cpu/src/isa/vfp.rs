//! VFPv3 and VFPv4 instructions. The A32 and T32 encodings differ in their top four bits only.
//!
//! Short vectors are not supported, as on Cortex-A9 and A15: with `FPSCR.Len` or `FPSCR.Stride` not zero the data
//! processing instructions that could work on vectors are UNDEFINED.

use super::{Undefined, Word, isa_both};
use crate::exec::vfp::{Vfp, system_register};
use crate::fp::Access;
use crate::op::Op;

isa_both! {
    const A32 "cccc ", T32 "1110 " = [
        // Three registers.
        VmlaS "1110 0d00 nnnn dddd 1010 n0m0 mmmm" => "vmla{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::MlaS);
        VmlaD "1110 0d00 nnnn dddd 1011 n0m0 mmmm" => "vmla{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::MlaD);
        VmlsS "1110 0d00 nnnn dddd 1010 n1m0 mmmm" => "vmls{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::MlsS);
        VmlsD "1110 0d00 nnnn dddd 1011 n1m0 mmmm" => "vmls{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::MlsD);
        VnmlsS "1110 0d01 nnnn dddd 1010 n0m0 mmmm" => "vnmls{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::NmlsS);
        VnmlsD "1110 0d01 nnnn dddd 1011 n0m0 mmmm" => "vnmls{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::NmlsD);
        VnmlaS "1110 0d01 nnnn dddd 1010 n1m0 mmmm" => "vnmla{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::NmlaS);
        VnmlaD "1110 0d01 nnnn dddd 1011 n1m0 mmmm" => "vnmla{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::NmlaD);
        VmulS "1110 0d10 nnnn dddd 1010 n0m0 mmmm" => "vmul{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::MulS);
        VmulD "1110 0d10 nnnn dddd 1011 n0m0 mmmm" => "vmul{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::MulD);
        VnmulS "1110 0d10 nnnn dddd 1010 n1m0 mmmm" => "vnmul{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::NmulS);
        VnmulD "1110 0d10 nnnn dddd 1011 n1m0 mmmm" => "vnmul{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::NmulD);
        VaddS "1110 0d11 nnnn dddd 1010 n0m0 mmmm" => "vadd{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::AddS);
        VaddD "1110 0d11 nnnn dddd 1011 n0m0 mmmm" => "vadd{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::AddD);
        VsubS "1110 0d11 nnnn dddd 1010 n1m0 mmmm" => "vsub{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::SubS);
        VsubD "1110 0d11 nnnn dddd 1011 n1m0 mmmm" => "vsub{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::SubD);
        VdivS "1110 1d00 nnnn dddd 1010 n0m0 mmmm" => "vdiv{c}.f32 {Sd}, {Sn}, {Sm}", FpDiv, Vfp3, |w, op| vector_s(w, op, Vfp::DivS);
        VdivD "1110 1d00 nnnn dddd 1011 n0m0 mmmm" => "vdiv{c}.f64 {Dd}, {Dn}, {Dm}", FpDiv, Vfp3, |w, op| vector_d(w, op, Vfp::DivD);
        VfnmsS "1110 1d01 nnnn dddd 1010 n0m0 mmmm" => "vfnms{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp4, |w, op| vector_s(w, op, Vfp::FnmsS);
        VfnmsD "1110 1d01 nnnn dddd 1011 n0m0 mmmm" => "vfnms{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp4, |w, op| vector_d(w, op, Vfp::FnmsD);
        VfnmaS "1110 1d01 nnnn dddd 1010 n1m0 mmmm" => "vfnma{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp4, |w, op| vector_s(w, op, Vfp::FnmaS);
        VfnmaD "1110 1d01 nnnn dddd 1011 n1m0 mmmm" => "vfnma{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp4, |w, op| vector_d(w, op, Vfp::FnmaD);
        VfmaS "1110 1d10 nnnn dddd 1010 n0m0 mmmm" => "vfma{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp4, |w, op| vector_s(w, op, Vfp::FmaS);
        VfmaD "1110 1d10 nnnn dddd 1011 n0m0 mmmm" => "vfma{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp4, |w, op| vector_d(w, op, Vfp::FmaD);
        VfmsS "1110 1d10 nnnn dddd 1010 n1m0 mmmm" => "vfms{c}.f32 {Sd}, {Sn}, {Sm}", Fp, Vfp4, |w, op| vector_s(w, op, Vfp::FmsS);
        VfmsD "1110 1d10 nnnn dddd 1011 n1m0 mmmm" => "vfms{c}.f64 {Dd}, {Dn}, {Dm}", Fp, Vfp4, |w, op| vector_d(w, op, Vfp::FmsD);

        // Two registers and immediates.
        VmovImmS "1110 1d11 iiii dddd 1010 0000 iiii" => "vmov{c}.f32 {Sd}, {fimm}", FpMove, Vfp3, |w, op| immediate(w, op, Vfp::MovImmS),
            unp "bits 7 and 5 set: UNDEFINED";
        VmovImmD "1110 1d11 iiii dddd 1011 0000 iiii" => "vmov{c}.f64 {Dd}, {fimm}", FpMove, Vfp3, |w, op| immediate(w, op, Vfp::MovImmD),
            unp "bits 7 and 5 set: UNDEFINED";
        VmovRegS "1110 1d11 0000 dddd 1010 01m0 mmmm" => "vmov{c}.f32 {Sd}, {Sm}", FpMove, Vfp3, |w, op| vector_s(w, op, Vfp::MovS);
        VmovRegD "1110 1d11 0000 dddd 1011 01m0 mmmm" => "vmov{c}.f64 {Dd}, {Dm}", FpMove, Vfp3, |w, op| vector_d(w, op, Vfp::MovD);
        VabsS "1110 1d11 0000 dddd 1010 11m0 mmmm" => "vabs{c}.f32 {Sd}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::AbsS);
        VabsD "1110 1d11 0000 dddd 1011 11m0 mmmm" => "vabs{c}.f64 {Dd}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::AbsD);
        VnegS "1110 1d11 0001 dddd 1010 01m0 mmmm" => "vneg{c}.f32 {Sd}, {Sm}", Fp, Vfp3, |w, op| vector_s(w, op, Vfp::NegS);
        VnegD "1110 1d11 0001 dddd 1011 01m0 mmmm" => "vneg{c}.f64 {Dd}, {Dm}", Fp, Vfp3, |w, op| vector_d(w, op, Vfp::NegD);
        VsqrtS "1110 1d11 0001 dddd 1010 11m0 mmmm" => "vsqrt{c}.f32 {Sd}, {Sm}", FpDiv, Vfp3, |w, op| vector_s(w, op, Vfp::SqrtS);
        VsqrtD "1110 1d11 0001 dddd 1011 11m0 mmmm" => "vsqrt{c}.f64 {Dd}, {Dm}", FpDiv, Vfp3, |w, op| vector_d(w, op, Vfp::SqrtD);
        VcmpS "1110 1d11 0100 dddd 1010 E1m0 mmmm" => "vcmp{E}{c}.f32 {Sd}, {Sm}", Fp, Vfp3, |w, op| compare_s(w, op, 0);
        VcmpD "1110 1d11 0100 dddd 1011 E1m0 mmmm" => "vcmp{E}{c}.f64 {Dd}, {Dm}", Fp, Vfp3, |w, op| compare_d(w, op, 0);
        VcmpZeroS "1110 1d11 0101 dddd 1010 E100 0000" => "vcmp{E}{c}.f32 {Sd}, #0.0", Fp, Vfp3, |w, op| compare_s(w, op, 2),
            unp "bits 5 and 3:0 not zero: UNDEFINED";
        VcmpZeroD "1110 1d11 0101 dddd 1011 E100 0000" => "vcmp{E}{c}.f64 {Dd}, #0.0", Fp, Vfp3, |w, op| compare_d(w, op, 2),
            unp "bits 5 and 3:0 not zero: UNDEFINED";

        // Conversions.
        VcvtHalfToSingle "1110 1d11 0010 dddd 1010 T1m0 mmmm" => "vcvt{T}{c}.f32.f16 {Sd}, {Sm}", Fp, Vfp3, |w, op| half(w, op, Vfp::HalfToSingle);
        VcvtSingleToHalf "1110 1d11 0011 dddd 1010 T1m0 mmmm" => "vcvt{T}{c}.f16.f32 {Sd}, {Sm}", Fp, Vfp3, |w, op| half(w, op, Vfp::SingleToHalf);
        VcvtDoubleFromSingle "1110 1d11 0111 dddd 1010 11m0 mmmm" => "vcvt{c}.f64.f32 {Dd}, {Sm}", Fp, Vfp3, |w, op| {
            op.rm = single(w.f('m'));
            doublewords(w, op, Vfp::SingleToDouble, &[w.f('d')])
        };
        VcvtSingleFromDouble "1110 1d11 0111 dddd 1011 11m0 mmmm" => "vcvt{c}.f32.f64 {Sd}, {Dm}", Fp, Vfp3, |w, op| {
            op.rd = single(w.f('d'));
            doublewords(w, op, Vfp::DoubleToSingle, &[w.f('m')])
        };
        VcvtIntToS "1110 1d11 1000 dddd 1010 S1m0 mmmm" => "vcvt{c}.f32.{S32} {Sd}, {Sm}", Fp, Vfp3, |w, op| {
            op.sh = w.f('S') as u8;
            singles(w, op, Vfp::IntToS)
        };
        VcvtIntToD "1110 1d11 1000 dddd 1011 S1m0 mmmm" => "vcvt{c}.f64.{S32} {Dd}, {Sm}", Fp, Vfp3, |w, op| {
            op.sh = w.f('S') as u8;
            op.rm = single(w.f('m'));
            doublewords(w, op, Vfp::IntToD, &[w.f('d')])
        };
        VcvtSToInt "1110 1d11 110S dddd 1010 Z1m0 mmmm" => "vcvt{Z}{c}.{S32}.f32 {Sd}, {Sm}", Fp, Vfp3, |w, op| {
            op.sh = to_integer(w);
            singles(w, op, Vfp::SToInt)
        };
        VcvtDToInt "1110 1d11 110S dddd 1011 Z1m0 mmmm" => "vcvt{Z}{c}.{S32}.f64 {Sd}, {Dm}", Fp, Vfp3, |w, op| {
            op.sh = to_integer(w);
            op.rd = single(w.f('d'));
            doublewords(w, op, Vfp::DToInt, &[w.f('m')])
        };
        VcvtFixedToS "1110 1d11 101U dddd 1010 x1e0 eeee" => "vcvt{c}.f32.{fixed} {Sd}, {Sd}, {fbits}", Fp, Vfp3, |w, op| fixed(w, op, Vfp::FixedToS),
            unp "more fraction bits than bits: UNDEFINED";
        VcvtFixedToD "1110 1d11 101U dddd 1011 x1e0 eeee" => "vcvt{c}.f64.{fixed} {Dd}, {Dd}, {fbits}", Fp, Vfp3, |w, op| fixed(w, op, Vfp::FixedToD),
            unp "more fraction bits than bits: UNDEFINED";
        VcvtSToFixed "1110 1d11 111U dddd 1010 x1e0 eeee" => "vcvt{c}.{fixed}.f32 {Sd}, {Sd}, {fbits}", Fp, Vfp3, |w, op| fixed(w, op, Vfp::SToFixed),
            unp "more fraction bits than bits: UNDEFINED";
        VcvtDToFixed "1110 1d11 111U dddd 1011 x1e0 eeee" => "vcvt{c}.{fixed}.f64 {Dd}, {Dd}, {fbits}", Fp, Vfp3, |w, op| fixed(w, op, Vfp::DToFixed),
            unp "more fraction bits than bits: UNDEFINED";

        // Transfers to and from core registers.
        VmovToSingle "1110 0000 nnnn tttt 1010 n001 0000" where t != 15 => "vmov{c} {Sn}, {Rt}", FpMove, Vfp3, |w, op| singles(w, op, Vfp::CoreToSingle),
            unp "R15 or bits 6:5, 3:0 not zero: UNDEFINED";
        VmovFromSingle "1110 0001 nnnn tttt 1010 n001 0000" where t != 15 => "vmov{c} {Rt}, {Sn}", FpMove, Vfp3, |w, op| singles(w, op, Vfp::SingleToCore),
            unp "R15 or bits 6:5, 3:0 not zero: UNDEFINED";
        VmovToPair "1100 0100 aaaa tttt 1010 00m1 mmmm" where a != 15, t != 15, m != 31 => "vmov{c} {Sm}, {Sm1}, {Rt}, {Ra}", FpMove, Vfp3, |w, op| singles(w, op, Vfp::CoreToPair),
            unp "R15 or S31 as the first single: UNDEFINED";
        VmovFromPair "1100 0101 aaaa tttt 1010 00m1 mmmm" where a != 15, t != 15, m != 31 => "vmov{c} {Rt}, {Ra}, {Sm}, {Sm1}", FpMove, Vfp3, |w, op| {
            distinct(w)?;
            singles(w, op, Vfp::PairToCore)
        }, unp "R15, S31 as the first single, or one core register twice: UNDEFINED";
        VmovToDouble "1100 0100 aaaa tttt 1011 00m1 mmmm" where a != 15, t != 15 => "vmov{c} {Dm}, {Rt}, {Ra}", FpMove, Vfp3, |w, op| doublewords(w, op, Vfp::CoreToDouble, &[w.f('m')]),
            unp "R15: UNDEFINED";
        VmovFromDouble "1100 0101 aaaa tttt 1011 00m1 mmmm" where a != 15, t != 15 => "vmov{c} {Rt}, {Ra}, {Dm}", FpMove, Vfp3, |w, op| {
            distinct(w)?;
            doublewords(w, op, Vfp::DoubleToCore, &[w.f('m')])
        }, unp "R15 or one core register twice: UNDEFINED";
        VmovToLane "1110 0oo0 nnnn tttt 1011 noo1 0000" where t != 15 => "vmov{c}.{lanesize} {lane}, {Rt}", FpMove, Vfp3, |w, op| lane(w, op, Vfp::CoreToLane),
            unp "R15 or bits 3:0 not zero: UNDEFINED";
        VmovFromLane "1110 Uoo1 nnnn tttt 1011 noo1 0000" where t != 15 => "vmov{c}.{lanetype} {Rt}, {lane}", FpMove, Vfp3, |w, op| lane(w, op, Vfp::LaneToCore),
            unp "R15 or bits 3:0 not zero: UNDEFINED";
        Vmsr "1110 1110 rrrr tttt 1010 0001 0000" where t != 15 => "vmsr{c} {fpsysreg}, {Rt}", FpMove, Vfp3, |w, op| system(w, op, Vfp::Vmsr),
            unp "R15 or bits 7:5, 3:0 not zero: UNDEFINED";
        VmrsFlags "1110 1111 0001 1111 1010 0001 0000" => "vmrs{c} apsr_nzcv, fpscr", FpMove, Vfp3, |w, op| {
            op.rd = 15;
            op.rn = system_register::FPSCR;
            enabled(w, op, Vfp::Vmrs)
        };
        Vmrs "1110 1111 rrrr tttt 1010 0001 0000" where t != 15 => "vmrs{c} {Rt}, {fpsysreg}", FpMove, Vfp3, |w, op| system(w, op, Vfp::Vmrs),
            unp "R15 except from FPSCR, or bits 7:5, 3:0 not zero: UNDEFINED";

        // Loads and stores.
        VldrS "1101 Ud01 nnnn dddd 1010 iiii iiii" => "vldr{c} {Sd}, {fpmem}", Load, Vfp3, |w, op| offset(w, op, Vfp::LoadS);
        VldrD "1101 Ud01 nnnn dddd 1011 iiii iiii" => "vldr{c} {Dd}, {fpmem}", Load, Vfp3, |w, op| offset(w, op, Vfp::LoadD);
        VstrS "1101 Ud00 nnnn dddd 1010 iiii iiii" => "vstr{c} {Sd}, {fpmem}", Store, Vfp3, |w, op| offset(w, op, Vfp::StoreS),
            unp "R15 as base in Thumb: stores at the aligned PC value";
        VstrD "1101 Ud00 nnnn dddd 1011 iiii iiii" => "vstr{c} {Dd}, {fpmem}", Store, Vfp3, |w, op| offset(w, op, Vfp::StoreD),
            unp "R15 as base in Thumb: stores at the aligned PC value";
        VpopS "1100 1d11 1101 dddd 1010 iiii iiii" => "vpop{c} {Slist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleS, 1), unp "as VLDM";
        FldmiaxPop "1100 1d11 1101 dddd 1011 iiii iii1" => "fldmiax{c} sp!, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleD, 1), unp "as VLDM";
        VpopD "1100 1d11 1101 dddd 1011 iiii iii0" => "vpop{c} {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleD, 1), unp "as VLDM";
        VpushS "1101 0d10 1101 dddd 1010 iiii iiii" => "vpush{c} {Slist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleS, 3), unp "as VLDM";
        FstmdbxPush "1101 0d10 1101 dddd 1011 iiii iii1" => "fstmdbx{c} sp!, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleD, 3), unp "as VLDM";
        VpushD "1101 0d10 1101 dddd 1011 iiii iii0" => "vpush{c} {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleD, 3), unp "as VLDM";
        VldmiaS "1100 1dW1 nnnn dddd 1010 iiii iiii" => "vldmia{c} {Rn}{W}, {Slist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleS, 0),
            unp "no register, registers beyond the last, or R15 as base with writeback or in Thumb: UNDEFINED";
        Fldmiax "1100 1dW1 nnnn dddd 1011 iiii iii1" => "fldmiax{c} {Rn}{W}, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleD, 0), unp "as VLDM";
        VldmiaD "1100 1dW1 nnnn dddd 1011 iiii iii0" => "vldmia{c} {Rn}{W}, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleD, 0),
            unp "no or more than 16 registers, registers beyond the last, or R15 as base with writeback or in Thumb: UNDEFINED";
        VldmdbS "1101 0d11 nnnn dddd 1010 iiii iiii" => "vldmdb{c} {Rn}!, {Slist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleS, 3), unp "as VLDM";
        Fldmdbx "1101 0d11 nnnn dddd 1011 iiii iii1" => "fldmdbx{c} {Rn}!, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleD, 3), unp "as VLDM";
        VldmdbD "1101 0d11 nnnn dddd 1011 iiii iii0" => "vldmdb{c} {Rn}!, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::LoadMultipleD, 3), unp "as VLDM";
        VstmiaS "1100 1dW0 nnnn dddd 1010 iiii iiii" => "vstmia{c} {Rn}{W}, {Slist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleS, 0), unp "as VLDM";
        Fstmiax "1100 1dW0 nnnn dddd 1011 iiii iii1" => "fstmiax{c} {Rn}{W}, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleD, 0), unp "as VLDM";
        VstmiaD "1100 1dW0 nnnn dddd 1011 iiii iii0" => "vstmia{c} {Rn}{W}, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleD, 0), unp "as VLDM";
        VstmdbS "1101 0d10 nnnn dddd 1010 iiii iiii" => "vstmdb{c} {Rn}!, {Slist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleS, 3), unp "as VLDM";
        Fstmdbx "1101 0d10 nnnn dddd 1011 iiii iii1" => "fstmdbx{c} {Rn}!, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleD, 3), unp "as VLDM";
        VstmdbD "1101 0d10 nnnn dddd 1011 iiii iii0" => "vstmdb{c} {Rn}!, {Dlist}", Multiple, Vfp3, |w, op| multiple(w, op, Vfp::StoreMultipleD, 3), unp "as VLDM";
    ]
}

/// The number of a single from a field whose first bit in the word is the least significant one.
pub(super) fn single(field: u32) -> u8 {
    (((field & 15) << 1) | ((field >> 4) & 1)) as u8
}

/// The number of a doubleword from a field whose last bit in the word is the most significant one.
pub(super) fn doubleword(field: u32) -> u8 {
    ((field >> 1) | ((field & 1) << 4)) as u8
}

/// Doubleword `N:Vn`; bit 7 is the upper bit.
pub(super) fn first_operand(w: &Word<'_>) -> u8 {
    doubleword(w.f('n'))
}

fn access(w: &Word<'_>) -> Access {
    Access(w.fp)
}

/// An instruction that only needs VFP to be enabled.
fn enabled(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    op.handler = handler.id();
    if access(w).vfp() { Ok(()) } else { Err(Undefined) }
}

/// All register fields are singles.
fn singles(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    let fields = &w.insn.encoding;
    if fields.field_mask(b'd') != 0 {
        op.rd = single(w.f('d'));
    }
    if fields.field_mask(b'n') != 0 {
        // Bit 7, the least significant one, comes last already.
        op.rn = w.f('n') as u8;
    }
    if fields.field_mask(b'm') != 0 {
        op.rm = single(w.f('m'));
    }
    enabled(w, op, handler)
}

/// Some register fields are doublewords.
fn doublewords(w: &Word<'_>, op: &mut Op, handler: Vfp, registers: &[u32]) -> Result<(), Undefined> {
    if !access(w).d32() && registers.iter().any(|&d| d > 15) {
        return Err(Undefined);
    }
    enabled(w, op, handler)
}

/// Data processing that is UNDEFINED while `FPSCR` asks for short vectors, on singles.
fn vector_s(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    singles(w, op, handler)?;
    if access(w).vfp_scalar() { Ok(()) } else { Err(Undefined) }
}

/// Data processing that is UNDEFINED while `FPSCR` asks for short vectors, on doublewords.
fn vector_d(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    op.rn = first_operand(w);
    doublewords(w, op, handler, &[w.f('d'), u32::from(op.rn), w.f('m')])?;
    if access(w).vfp_scalar() { Ok(()) } else { Err(Undefined) }
}

fn immediate(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    op.sh = w.f('i') as u8;
    if handler == Vfp::MovImmS { vector_s(w, op, handler) } else { vector_d(w, op, handler) }
}

fn compare_s(w: &Word<'_>, op: &mut Op, zero: u8) -> Result<(), Undefined> {
    op.sh = w.f('E') as u8 | zero;
    singles(w, op, Vfp::CmpS)
}

fn compare_d(w: &Word<'_>, op: &mut Op, zero: u8) -> Result<(), Undefined> {
    op.sh = w.f('E') as u8 | zero;
    doublewords(w, op, Vfp::CmpD, &[w.f('d'), w.f('m')])
}

fn half(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    op.sh = 16 * w.f('T') as u8;
    singles(w, op, handler)
}

/// Signedness and rounding of a conversion to an integer.
fn to_integer(w: &Word<'_>) -> u8 {
    w.f('S') as u8 | if w.bit('Z') { 0 } else { 4 }
}

/// Bits of a fixed-point number and bits after its point; `None` when there are more of the latter.
pub(super) fn fixed_point(w: &Word<'_>) -> Option<(u32, u32)> {
    let bits = if w.bit('x') { 32 } else { 16 };
    // Bit 5 is the least significant one of the five bits.
    let split = w.f('e');
    let imm5 = ((split & 15) << 1) | (split >> 4);
    Some((bits, bits.checked_sub(imm5)?))
}

fn fixed(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    let (bits, frac_bits) = fixed_point(w).ok_or(Undefined)?;
    op.rs = frac_bits as u8;
    op.sh = u8::from(!w.bit('U')) | if bits == 16 { 2 } else { 0 };
    match handler {
        Vfp::FixedToS | Vfp::SToFixed => singles(w, op, handler),
        _ => doublewords(w, op, handler, &[w.f('d')]),
    }
}

/// Refuses one core register as both destinations.
fn distinct(w: &Word<'_>) -> Result<(), Undefined> {
    if w.f('a') == w.f('t') { Err(Undefined) } else { Ok(()) }
}

/// Width in bits and number of the lane in a transfer between a lane and a core register.
pub(super) fn lane_of(w: &Word<'_>) -> Option<(u32, u32)> {
    let opc = w.f('o');
    match opc {
        0b1000..=0b1111 => Some((8, opc & 7)),
        _ if opc & 1 != 0 => Some((16, (opc >> 1) & 3)),
        _ if opc & 2 == 0 && !w.bit('U') => Some((32, opc >> 2)),
        _ => None,
    }
}

fn lane(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    let (bits, number) = lane_of(w).ok_or(Undefined)?;
    // Words are VFP, smaller lanes Advanced SIMD.
    if bits < 32 && !access(w).simd() {
        return Err(Undefined);
    }
    op.imm = bits;
    op.sh = (bits * number) as u8;
    op.rs = u8::from(!w.bit('U'));
    op.rn = first_operand(w);
    doublewords(w, op, handler, &[u32::from(op.rn)])
}

fn system(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    use system_register::{FPEXC, FPSCR, FPSID, MVFR0, MVFR1};
    op.handler = handler.id();
    op.rn = w.f('r') as u8;
    let allowed = match op.rn {
        FPSCR => access(w).vfp(),
        FPSID | MVFR0 | MVFR1 | FPEXC => access(w).system(),
        // FPINST and FPINST2 belong to a subarchitecture that is not there.
        _ => false,
    };
    if allowed { Ok(()) } else { Err(Undefined) }
}

fn offset(w: &Word<'_>, op: &mut Op, handler: Vfp) -> Result<(), Undefined> {
    let offset = w.f('i') << 2;
    op.imm = if w.bit('U') { offset } else { offset.wrapping_neg() };
    match handler {
        Vfp::LoadS | Vfp::StoreS => {
            op.rd = single(w.f('d'));
            enabled(w, op, handler)
        }
        _ => doublewords(w, op, handler, &[w.f('d')]),
    }
}

/// `mode` bit 0: always writes back, bit 1: decrements before.
fn multiple(w: &Word<'_>, op: &mut Op, handler: Vfp, mode: u8) -> Result<(), Undefined> {
    let words = w.raw & 0xff;
    op.imm = words << 2;
    op.sh = mode | w.f('W') as u8;
    // R13 stands in the pattern of VPUSH and VPOP.
    op.rn = ((w.raw >> 16) & 15) as u8;
    if op.rn == 15 && (op.sh & 1 != 0 || w.set != super::Set::A32) {
        return Err(Undefined);
    }
    let is_single = matches!(handler, Vfp::LoadMultipleS | Vfp::StoreMultipleS);
    let count = if is_single { words } else { words / 2 };
    op.rs = count as u8;
    op.cycles = op.cycles.saturating_add(op.rs);
    if is_single {
        op.rd = single(w.f('d'));
        if count == 0 || u32::from(op.rd) + count > 32 {
            return Err(Undefined);
        }
        return enabled(w, op, handler);
    }
    let last = w.f('d') + count;
    if count == 0 || count > 16 || last > 32 {
        return Err(Undefined);
    }
    doublewords(w, op, handler, &[last - 1])
}
