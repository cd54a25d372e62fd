//! Data processing, multiplies and media instructions of the ARM instruction set.

use super::lower::*;
use super::lower_media::*;
use super::{Word, isa};
use crate::exec::alu::{Alu, operation::*};
use crate::exec::media::Media;
use crate::exec::mul::Mul;
use crate::op::Op;

isa! {
    /// Data processing. Special cases come before what they are special cases of.
    pub(super) const DATA = [
        AdrAdd "cccc 0010100 0 1111 dddd iiiiiiiiiiii" where d != 15 => "add{c} {Rd}, pc, {const}", Alu, V7, |w, op| adr(w, op, false);
        AdrSub "cccc 0010010 0 1111 dddd iiiiiiiiiiii" where d != 15 => "sub{c} {Rd}, pc, {const}", Alu, V7, |w, op| adr(w, op, true);
        Movw "cccc 00110000 iiii dddd iiiiiiiiiiii" where d != 15 => "movw{c} {Rd}, {#i}", Alu, V7, |w, op| constant(w, op, op.imm), unp "Rd = R15: UNDEFINED";
        Movt "cccc 00110100 iiii dddd iiiiiiiiiiii" where d != 15 => "movt{c} {Rd}, {#i}", Alu, V7, |_, op| simple(op, Alu::movt()), unp "Rd = R15: UNDEFINED";
        AndImm "cccc 0010000 S nnnn dddd iiiiiiiiiiii" => "and{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, AND);
        AndReg "cccc 0000000 S nnnn dddd iiiii yy 0 mmmm" => "and{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, AND);
        AndByReg "cccc 0000000 S nnnn dddd ssss 0 yy 1 mmmm" => "and{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, AND), unp "R15 reads as the address plus 8; as Rd it branches";
        EorImm "cccc 0010001 S nnnn dddd iiiiiiiiiiii" => "eor{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, EOR);
        EorReg "cccc 0000001 S nnnn dddd iiiii yy 0 mmmm" => "eor{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, EOR);
        EorByReg "cccc 0000001 S nnnn dddd ssss 0 yy 1 mmmm" => "eor{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, EOR), unp "R15 reads as the address plus 8; as Rd it branches";
        SubImm "cccc 0010010 S nnnn dddd iiiiiiiiiiii" => "sub{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, SUB);
        SubReg "cccc 0000010 S nnnn dddd iiiii yy 0 mmmm" => "sub{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, SUB);
        SubByReg "cccc 0000010 S nnnn dddd ssss 0 yy 1 mmmm" => "sub{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, SUB), unp "R15 reads as the address plus 8; as Rd it branches";
        RsbImm "cccc 0010011 S nnnn dddd iiiiiiiiiiii" => "rsb{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, RSB);
        RsbReg "cccc 0000011 S nnnn dddd iiiii yy 0 mmmm" => "rsb{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, RSB);
        RsbByReg "cccc 0000011 S nnnn dddd ssss 0 yy 1 mmmm" => "rsb{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, RSB), unp "R15 reads as the address plus 8; as Rd it branches";
        AddImm "cccc 0010100 S nnnn dddd iiiiiiiiiiii" => "add{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, ADD);
        AddReg "cccc 0000100 S nnnn dddd iiiii yy 0 mmmm" => "add{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, ADD);
        AddByReg "cccc 0000100 S nnnn dddd ssss 0 yy 1 mmmm" => "add{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, ADD), unp "R15 reads as the address plus 8; as Rd it branches";
        AdcImm "cccc 0010101 S nnnn dddd iiiiiiiiiiii" => "adc{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, ADC);
        AdcReg "cccc 0000101 S nnnn dddd iiiii yy 0 mmmm" => "adc{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, ADC);
        AdcByReg "cccc 0000101 S nnnn dddd ssss 0 yy 1 mmmm" => "adc{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, ADC), unp "R15 reads as the address plus 8; as Rd it branches";
        SbcImm "cccc 0010110 S nnnn dddd iiiiiiiiiiii" => "sbc{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, SBC);
        SbcReg "cccc 0000110 S nnnn dddd iiiii yy 0 mmmm" => "sbc{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, SBC);
        SbcByReg "cccc 0000110 S nnnn dddd ssss 0 yy 1 mmmm" => "sbc{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, SBC), unp "R15 reads as the address plus 8; as Rd it branches";
        RscImm "cccc 0010111 S nnnn dddd iiiiiiiiiiii" => "rsc{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, RSC);
        RscReg "cccc 0000111 S nnnn dddd iiiii yy 0 mmmm" => "rsc{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, RSC);
        RscByReg "cccc 0000111 S nnnn dddd ssss 0 yy 1 mmmm" => "rsc{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, RSC), unp "R15 reads as the address plus 8; as Rd it branches";
        TstImm "cccc 0011000 1 nnnn 0000 iiiiiiiiiiii" => "tst{c} {Rn}, {const}", Alu, V7, |w, op| imm(w, op, TST);
        TstReg "cccc 0001000 1 nnnn 0000 iiiii yy 0 mmmm" => "tst{c} {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, TST);
        TstByReg "cccc 0001000 1 nnnn 0000 ssss 0 yy 1 mmmm" => "tst{c} {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, TST), unp "R15 reads as the address plus 8";
        TeqImm "cccc 0011001 1 nnnn 0000 iiiiiiiiiiii" => "teq{c} {Rn}, {const}", Alu, V7, |w, op| imm(w, op, TEQ);
        TeqReg "cccc 0001001 1 nnnn 0000 iiiii yy 0 mmmm" => "teq{c} {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, TEQ);
        TeqByReg "cccc 0001001 1 nnnn 0000 ssss 0 yy 1 mmmm" => "teq{c} {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, TEQ), unp "R15 reads as the address plus 8";
        CmpImm "cccc 0011010 1 nnnn 0000 iiiiiiiiiiii" => "cmp{c} {Rn}, {const}", Alu, V7, |w, op| imm(w, op, CMP);
        CmpReg "cccc 0001010 1 nnnn 0000 iiiii yy 0 mmmm" => "cmp{c} {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, CMP);
        CmpByReg "cccc 0001010 1 nnnn 0000 ssss 0 yy 1 mmmm" => "cmp{c} {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, CMP), unp "R15 reads as the address plus 8";
        CmnImm "cccc 0011011 1 nnnn 0000 iiiiiiiiiiii" => "cmn{c} {Rn}, {const}", Alu, V7, |w, op| imm(w, op, CMN);
        CmnReg "cccc 0001011 1 nnnn 0000 iiiii yy 0 mmmm" => "cmn{c} {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, CMN);
        CmnByReg "cccc 0001011 1 nnnn 0000 ssss 0 yy 1 mmmm" => "cmn{c} {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, CMN), unp "R15 reads as the address plus 8";
        OrrImm "cccc 0011100 S nnnn dddd iiiiiiiiiiii" => "orr{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, ORR);
        OrrReg "cccc 0001100 S nnnn dddd iiiii yy 0 mmmm" => "orr{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, ORR);
        OrrByReg "cccc 0001100 S nnnn dddd ssss 0 yy 1 mmmm" => "orr{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, ORR), unp "R15 reads as the address plus 8; as Rd it branches";
        MovImm "cccc 0011101 S 0000 dddd iiiiiiiiiiii" => "mov{S}{c} {Rd}, {const}", Alu, V7, |w, op| imm(w, op, MOV);
        MovReg "cccc 0001101 S 0000 dddd 00000 00 0 mmmm" => "mov{S}{c} {Rd}, {Rm}", Alu, V7, |w, op| reg(w, op, MOV);
        Rrx "cccc 0001101 S 0000 dddd 00000 11 0 mmmm" => "rrx{S}{c} {Rd}, {Rm}", Alu, V7, |w, op| data_shift(w, op, MOV, 3, 0, w.bit('S'));
        LslImm "cccc 0001101 S 0000 dddd iiiii 00 0 mmmm" => "lsl{S}{c} {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 0, op.imm, w.bit('S'));
        LsrImm "cccc 0001101 S 0000 dddd iiiii 01 0 mmmm" => "lsr{S}{c} {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 1, op.imm, w.bit('S'));
        AsrImm "cccc 0001101 S 0000 dddd iiiii 10 0 mmmm" => "asr{S}{c} {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 2, op.imm, w.bit('S'));
        RorImm "cccc 0001101 S 0000 dddd iiiii 11 0 mmmm" => "ror{S}{c} {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 3, op.imm, w.bit('S'));
        LslByReg "cccc 0001101 S 0000 dddd ssss 0 00 1 mmmm" => "lsl{S}{c} {Rd}, {Rm}, {Rs}", AluShift, V7, |w, op| data_by_reg(w, op, MOV, 0, w.bit('S')), unp "R15 reads as the address plus 8; as Rd it branches";
        LsrByReg "cccc 0001101 S 0000 dddd ssss 0 01 1 mmmm" => "lsr{S}{c} {Rd}, {Rm}, {Rs}", AluShift, V7, |w, op| data_by_reg(w, op, MOV, 1, w.bit('S')), unp "R15 reads as the address plus 8; as Rd it branches";
        AsrByReg "cccc 0001101 S 0000 dddd ssss 0 10 1 mmmm" => "asr{S}{c} {Rd}, {Rm}, {Rs}", AluShift, V7, |w, op| data_by_reg(w, op, MOV, 2, w.bit('S')), unp "R15 reads as the address plus 8; as Rd it branches";
        RorByReg "cccc 0001101 S 0000 dddd ssss 0 11 1 mmmm" => "ror{S}{c} {Rd}, {Rm}, {Rs}", AluShift, V7, |w, op| data_by_reg(w, op, MOV, 3, w.bit('S')), unp "R15 reads as the address plus 8; as Rd it branches";
        BicImm "cccc 0011110 S nnnn dddd iiiiiiiiiiii" => "bic{S}{c} {Rd}, {Rn}, {const}", Alu, V7, |w, op| imm(w, op, BIC);
        BicReg "cccc 0001110 S nnnn dddd iiiii yy 0 mmmm" => "bic{S}{c} {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, BIC);
        BicByReg "cccc 0001110 S nnnn dddd ssss 0 yy 1 mmmm" => "bic{S}{c} {Rd}, {Rn}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, BIC), unp "R15 reads as the address plus 8; as Rd it branches";
        MvnImm "cccc 0011111 S 0000 dddd iiiiiiiiiiii" => "mvn{S}{c} {Rd}, {const}", Alu, V7, |w, op| imm(w, op, MVN);
        MvnReg "cccc 0001111 S 0000 dddd iiiii yy 0 mmmm" => "mvn{S}{c} {Rd}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, MVN);
        MvnByReg "cccc 0001111 S 0000 dddd ssss 0 yy 1 mmmm" => "mvn{S}{c} {Rd}, {Rm}, {type} {Rs}", AluShift, V7, |w, op| by_reg(w, op, MVN), unp "R15 reads as the address plus 8; as Rd it branches";
    ]
}

isa! {
    /// Multiplies, saturating and parallel arithmetic, bit fields.
    pub(super) const MEDIA = [
        Mul "cccc 0000000 S dddd 0000 mmmm 1001 nnnn" => "mul{S}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| product(op, if w.bit('S') { Mul::Muls } else { Mul::Mul }, false), unp "R15 as a register: UNDEFINED";
        Mla "cccc 0000001 S dddd aaaa mmmm 1001 nnnn" => "mla{S}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| product(op, if w.bit('S') { Mul::Mlas } else { Mul::Mla }, true), unp "R15 as a register: UNDEFINED";
        Umaal "cccc 0000010 0 hhhh llll mmmm 1001 nnnn" => "umaal{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, Mul::Umaal), unp "R15 as a register: UNDEFINED";
        Mls "cccc 0000011 0 dddd aaaa mmmm 1001 nnnn" => "mls{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |_, op| product(op, Mul::Mls, true), unp "R15 as a register: UNDEFINED";
        Umull "cccc 0000100 S hhhh llll mmmm 1001 nnnn" => "umull{S}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, if w.bit('S') { Mul::Umulls } else { Mul::Umull }), unp "R15 as a register: UNDEFINED";
        Umlal "cccc 0000101 S hhhh llll mmmm 1001 nnnn" => "umlal{S}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, if w.bit('S') { Mul::Umlals } else { Mul::Umlal }), unp "R15 as a register: UNDEFINED";
        Smull "cccc 0000110 S hhhh llll mmmm 1001 nnnn" => "smull{S}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, if w.bit('S') { Mul::Smulls } else { Mul::Smull }), unp "R15 as a register: UNDEFINED";
        Smlal "cccc 0000111 S hhhh llll mmmm 1001 nnnn" => "smlal{S}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, if w.bit('S') { Mul::Smlals } else { Mul::Smlal }), unp "R15 as a register: UNDEFINED";
        Qadd "cccc 00010 00 0 nnnn dddd 0000 0101 mmmm" => "qadd{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qadd.id()), unp "R15 as a register: UNDEFINED";
        Qsub "cccc 00010 01 0 nnnn dddd 0000 0101 mmmm" => "qsub{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qsub.id()), unp "R15 as a register: UNDEFINED";
        Qdadd "cccc 00010 10 0 nnnn dddd 0000 0101 mmmm" => "qdadd{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qdadd.id()), unp "R15 as a register: UNDEFINED";
        Qdsub "cccc 00010 11 0 nnnn dddd 0000 0101 mmmm" => "qdsub{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qdsub.id()), unp "R15 as a register: UNDEFINED";
        Smlaxy "cccc 00010 00 0 dddd aaaa mmmm 1yx0 nnnn" => "smla{x}{y}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| halves(w, op, Mul::Smlaxy, true), unp "R15 as a register: UNDEFINED";
        Smlaw "cccc 00010 01 0 dddd aaaa mmmm 1y00 nnnn" => "smlaw{y}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| halves(w, op, Mul::Smlaw, true), unp "R15 as a register: UNDEFINED";
        Smulw "cccc 00010 01 0 dddd 0000 mmmm 1y10 nnnn" => "smulw{y}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| halves(w, op, Mul::Smulw, false), unp "R15 as a register: UNDEFINED";
        Smlalxy "cccc 00010 10 0 hhhh llll mmmm 1yx0 nnnn" => "smlal{x}{y}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| halves_long(w, op), unp "R15 as a register: UNDEFINED";
        Smulxy "cccc 00010 11 0 dddd 0000 mmmm 1yx0 nnnn" => "smul{x}{y}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| halves(w, op, Mul::Smulxy, false), unp "R15 as a register: UNDEFINED";
        Clz "cccc 00010 11 0 1111 dddd 1111 0001 mmmm" => "clz{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Clz), unp "R15 as a register: UNDEFINED";
        SAdd16 "cccc 01100 001 nnnn dddd 1111 000 1 mmmm" => "sadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 0), unp "R15 as a register: UNDEFINED";
        SAsx "cccc 01100 001 nnnn dddd 1111 001 1 mmmm" => "sasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 1), unp "R15 as a register: UNDEFINED";
        SSax "cccc 01100 001 nnnn dddd 1111 010 1 mmmm" => "ssax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 2), unp "R15 as a register: UNDEFINED";
        SSub16 "cccc 01100 001 nnnn dddd 1111 011 1 mmmm" => "ssub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 3), unp "R15 as a register: UNDEFINED";
        SAdd8 "cccc 01100 001 nnnn dddd 1111 100 1 mmmm" => "sadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 4), unp "R15 as a register: UNDEFINED";
        SSub8 "cccc 01100 001 nnnn dddd 1111 111 1 mmmm" => "ssub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 7), unp "R15 as a register: UNDEFINED";
        QAdd16 "cccc 01100 010 nnnn dddd 1111 000 1 mmmm" => "qadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 0), unp "R15 as a register: UNDEFINED";
        QAsx "cccc 01100 010 nnnn dddd 1111 001 1 mmmm" => "qasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 1), unp "R15 as a register: UNDEFINED";
        QSax "cccc 01100 010 nnnn dddd 1111 010 1 mmmm" => "qsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 2), unp "R15 as a register: UNDEFINED";
        QSub16 "cccc 01100 010 nnnn dddd 1111 011 1 mmmm" => "qsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 3), unp "R15 as a register: UNDEFINED";
        QAdd8 "cccc 01100 010 nnnn dddd 1111 100 1 mmmm" => "qadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 4), unp "R15 as a register: UNDEFINED";
        QSub8 "cccc 01100 010 nnnn dddd 1111 111 1 mmmm" => "qsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 7), unp "R15 as a register: UNDEFINED";
        ShAdd16 "cccc 01100 011 nnnn dddd 1111 000 1 mmmm" => "shadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 0), unp "R15 as a register: UNDEFINED";
        ShAsx "cccc 01100 011 nnnn dddd 1111 001 1 mmmm" => "shasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 1), unp "R15 as a register: UNDEFINED";
        ShSax "cccc 01100 011 nnnn dddd 1111 010 1 mmmm" => "shsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 2), unp "R15 as a register: UNDEFINED";
        ShSub16 "cccc 01100 011 nnnn dddd 1111 011 1 mmmm" => "shsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 3), unp "R15 as a register: UNDEFINED";
        ShAdd8 "cccc 01100 011 nnnn dddd 1111 100 1 mmmm" => "shadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 4), unp "R15 as a register: UNDEFINED";
        ShSub8 "cccc 01100 011 nnnn dddd 1111 111 1 mmmm" => "shsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 7), unp "R15 as a register: UNDEFINED";
        UAdd16 "cccc 01100 101 nnnn dddd 1111 000 1 mmmm" => "uadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 0), unp "R15 as a register: UNDEFINED";
        UAsx "cccc 01100 101 nnnn dddd 1111 001 1 mmmm" => "uasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 1), unp "R15 as a register: UNDEFINED";
        USax "cccc 01100 101 nnnn dddd 1111 010 1 mmmm" => "usax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 2), unp "R15 as a register: UNDEFINED";
        USub16 "cccc 01100 101 nnnn dddd 1111 011 1 mmmm" => "usub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 3), unp "R15 as a register: UNDEFINED";
        UAdd8 "cccc 01100 101 nnnn dddd 1111 100 1 mmmm" => "uadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 4), unp "R15 as a register: UNDEFINED";
        USub8 "cccc 01100 101 nnnn dddd 1111 111 1 mmmm" => "usub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 7), unp "R15 as a register: UNDEFINED";
        UqAdd16 "cccc 01100 110 nnnn dddd 1111 000 1 mmmm" => "uqadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 0), unp "R15 as a register: UNDEFINED";
        UqAsx "cccc 01100 110 nnnn dddd 1111 001 1 mmmm" => "uqasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 1), unp "R15 as a register: UNDEFINED";
        UqSax "cccc 01100 110 nnnn dddd 1111 010 1 mmmm" => "uqsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 2), unp "R15 as a register: UNDEFINED";
        UqSub16 "cccc 01100 110 nnnn dddd 1111 011 1 mmmm" => "uqsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 3), unp "R15 as a register: UNDEFINED";
        UqAdd8 "cccc 01100 110 nnnn dddd 1111 100 1 mmmm" => "uqadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 4), unp "R15 as a register: UNDEFINED";
        UqSub8 "cccc 01100 110 nnnn dddd 1111 111 1 mmmm" => "uqsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 7), unp "R15 as a register: UNDEFINED";
        UhAdd16 "cccc 01100 111 nnnn dddd 1111 000 1 mmmm" => "uhadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 0), unp "R15 as a register: UNDEFINED";
        UhAsx "cccc 01100 111 nnnn dddd 1111 001 1 mmmm" => "uhasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 1), unp "R15 as a register: UNDEFINED";
        UhSax "cccc 01100 111 nnnn dddd 1111 010 1 mmmm" => "uhsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 2), unp "R15 as a register: UNDEFINED";
        UhSub16 "cccc 01100 111 nnnn dddd 1111 011 1 mmmm" => "uhsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 3), unp "R15 as a register: UNDEFINED";
        UhAdd8 "cccc 01100 111 nnnn dddd 1111 100 1 mmmm" => "uhadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 4), unp "R15 as a register: UNDEFINED";
        UhSub8 "cccc 01100 111 nnnn dddd 1111 111 1 mmmm" => "uhsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 7), unp "R15 as a register: UNDEFINED";
        Pkhbt "cccc 01101000 nnnn dddd iiiii 001 mmmm" => "pkhbt{c} {Rd}, {Rn}, {Rm}{lsl}", Alu, V7, |_, op| registers(op, Media::Pkhbt.id()), unp "R15 as a register: UNDEFINED";
        Pkhtb "cccc 01101000 nnnn dddd iiiii 101 mmmm" => "pkhtb{c} {Rd}, {Rn}, {Rm}{asr}", Alu, V7, |_, op| registers(op, Media::Pkhtb.id()), unp "R15 as a register: UNDEFINED";
        Sel "cccc 01101000 nnnn dddd 1111 1011 mmmm" => "sel{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| registers(op, Media::Sel.id()), unp "R15 as a register: UNDEFINED";
        Ssat "cccc 0110101 bbbbb dddd iiiii y 01 nnnn" => "ssat{c} {Rd}, {#b+1}, {Rn}{satshift}", Alu, V7, |w, op| saturate(w, op, Media::Ssat), unp "R15 as a register: UNDEFINED";
        Usat "cccc 0110111 bbbbb dddd iiiii y 01 nnnn" => "usat{c} {Rd}, {#b}, {Rn}{satshift}", Alu, V7, |w, op| saturate(w, op, Media::Usat), unp "R15 as a register: UNDEFINED";
        Ssat16 "cccc 01101010 bbbb dddd 1111 0011 nnnn" => "ssat16{c} {Rd}, {#b+1}, {Rn}", Alu, V7, |w, op| saturate(w, op, Media::Ssat16), unp "R15 as a register: UNDEFINED";
        Usat16 "cccc 01101110 bbbb dddd 1111 0011 nnnn" => "usat16{c} {Rd}, {#b}, {Rn}", Alu, V7, |w, op| saturate(w, op, Media::Usat16), unp "R15 as a register: UNDEFINED";
        Sxtb16 "cccc 01101000 1111 dddd rr 00 0111 mmmm" => "sxtb16{c} {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb16), unp "R15 as a register: UNDEFINED";
        Sxtab16 "cccc 01101000 nnnn dddd rr 00 0111 mmmm" => "sxtab16{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb16), unp "R15 as a register: UNDEFINED";
        Uxtb16 "cccc 01101100 1111 dddd rr 00 0111 mmmm" => "uxtb16{c} {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb16), unp "R15 as a register: UNDEFINED";
        Uxtab16 "cccc 01101100 nnnn dddd rr 00 0111 mmmm" => "uxtab16{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb16), unp "R15 as a register: UNDEFINED";
        Sxtb "cccc 01101010 1111 dddd rr 00 0111 mmmm" => "sxtb{c} {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb), unp "R15 as a register: UNDEFINED";
        Sxtab "cccc 01101010 nnnn dddd rr 00 0111 mmmm" => "sxtab{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb), unp "R15 as a register: UNDEFINED";
        Uxtb "cccc 01101110 1111 dddd rr 00 0111 mmmm" => "uxtb{c} {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb), unp "R15 as a register: UNDEFINED";
        Uxtab "cccc 01101110 nnnn dddd rr 00 0111 mmmm" => "uxtab{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb), unp "R15 as a register: UNDEFINED";
        Sxth "cccc 01101011 1111 dddd rr 00 0111 mmmm" => "sxth{c} {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxth), unp "R15 as a register: UNDEFINED";
        Sxtah "cccc 01101011 nnnn dddd rr 00 0111 mmmm" => "sxtah{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxth), unp "R15 as a register: UNDEFINED";
        Uxth "cccc 01101111 1111 dddd rr 00 0111 mmmm" => "uxth{c} {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxth), unp "R15 as a register: UNDEFINED";
        Uxtah "cccc 01101111 nnnn dddd rr 00 0111 mmmm" => "uxtah{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxth), unp "R15 as a register: UNDEFINED";
        Rev "cccc 01101011 1111 dddd 1111 0011 mmmm" => "rev{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rev), unp "R15 as a register: UNDEFINED";
        Rev16 "cccc 01101011 1111 dddd 1111 1011 mmmm" => "rev16{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rev16), unp "R15 as a register: UNDEFINED";
        Rbit "cccc 01101111 1111 dddd 1111 0011 mmmm" => "rbit{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rbit), unp "R15 as a register: UNDEFINED";
        Revsh "cccc 01101111 1111 dddd 1111 1011 mmmm" => "revsh{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Revsh), unp "R15 as a register: UNDEFINED";
        Smuad "cccc 01110000 dddd 1111 mmmm 0 0 x 1 nnnn" => "smuad{X}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| dual(w, op, Mul::Smuad, 0), unp "R15 as a register: UNDEFINED";
        Smusd "cccc 01110000 dddd 1111 mmmm 0 1 x 1 nnnn" => "smusd{X}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| dual(w, op, Mul::Smuad, 2), unp "R15 as a register: UNDEFINED";
        Smlad "cccc 01110000 dddd aaaa mmmm 0 0 x 1 nnnn" => "smlad{X}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smlad, 0), unp "R15 as a register: UNDEFINED";
        Smlsd "cccc 01110000 dddd aaaa mmmm 0 1 x 1 nnnn" => "smlsd{X}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smlad, 2), unp "R15 as a register: UNDEFINED";
        Smlald "cccc 01110100 hhhh llll mmmm 0 0 x 1 nnnn" => "smlald{X}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| dual_long(w, op, 0), unp "R15 as a register: UNDEFINED";
        Smlsld "cccc 01110100 hhhh llll mmmm 0 1 x 1 nnnn" => "smlsld{X}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| dual_long(w, op, 2), unp "R15 as a register: UNDEFINED";
        Smmul "cccc 01110101 dddd 1111 mmmm 00 x 1 nnnn" => "smmul{r}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| dual(w, op, Mul::Smmul, 0), unp "R15 as a register: UNDEFINED";
        Smmla "cccc 01110101 dddd aaaa mmmm 00 x 1 nnnn" => "smmla{r}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smmla, 0), unp "R15 as a register: UNDEFINED";
        Smmls "cccc 01110101 dddd aaaa mmmm 11 x 1 nnnn" => "smmls{r}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smmls, 0), unp "R15 as a register: UNDEFINED";
        Usad8 "cccc 01111000 dddd 1111 mmmm 0001 nnnn" => "usad8{c} {Rd}, {Rn}, {Rm}", Mul, V7, |_, op| product(op, Mul::Usad8, false), unp "R15 as a register: UNDEFINED";
        Usada8 "cccc 01111000 dddd aaaa mmmm 0001 nnnn" => "usada8{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |_, op| product(op, Mul::Usada8, false), unp "R15 as a register: UNDEFINED";
        Sdiv "cccc 01110001 dddd 1111 mmmm 0001 nnnn" => "sdiv{c} {Rd}, {Rn}, {Rm}", Div, Idiv, |_, op| product(op, Mul::Sdiv, false), unp "R15 as a register: UNDEFINED";
        Udiv "cccc 01110011 dddd 1111 mmmm 0001 nnnn" => "udiv{c} {Rd}, {Rn}, {Rm}", Div, Idiv, |_, op| product(op, Mul::Udiv, false), unp "R15 as a register: UNDEFINED";
        Sbfx "cccc 0111101 wwwww dddd bbbbb 101 nnnn" => "sbfx{c} {Rd}, {Rn}, {#b}, {#w+1}", Alu, V7, extract_signed, unp "R15 as a register: UNDEFINED";
        Ubfx "cccc 0111111 wwwww dddd bbbbb 101 nnnn" => "ubfx{c} {Rd}, {Rn}, {#b}, {#w+1}", Alu, V7, extract, unp "R15 as a register: UNDEFINED";
        Bfc "cccc 0111110 wwwww dddd bbbbb 001 1111" => "bfc{c} {Rd}, {#b}, {width}", Alu, V7, |w, op| insert(w, op, Media::Bfc), unp "R15 as a register: UNDEFINED";
        Bfi "cccc 0111110 wwwww dddd bbbbb 001 nnnn" => "bfi{c} {Rd}, {Rn}, {#b}, {width}", Alu, V7, |w, op| insert(w, op, Media::Bfi), unp "R15 as a register: UNDEFINED";
    ]
}

fn imm(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    let (value, carry) = arm_expand(op.imm);
    data_imm(w, op, operation, value, carry, w.bit('S'))
}

fn reg(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    data_shift(w, op, operation, w.f('y'), op.imm, w.bit('S'))
}

fn by_reg(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    data_by_reg(w, op, operation, w.f('y'), w.bit('S'))
}

fn adr(w: &Word<'_>, op: &mut Op, subtract: bool) -> Lowered {
    let offset = arm_expand(op.imm).0;
    constant(w, op, w.pc_value().wrapping_add(signed(!subtract, offset)))
}
