//! Data processing, multiplies and media instructions of 32-bit Thumb.

use super::lower::*;
use super::lower_media::*;
use super::{Undefined, Word, isa};
use crate::exec::alu::{Alu, operation::*};
use crate::exec::media::Media;
use crate::exec::mul::Mul;
use crate::op::Op;

isa! {
    /// Special cases come before what they are special cases of.
    pub(super) const DATA = [
        TstImm "11110 i 0 0000 1 nnnn 0 iii 1111 iiiiiiii" => "tst{c}.w {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, TST);
        TstReg "1110101 0000 1 nnnn 0 iii 1111 ii yy mmmm" => "tst{c}.w {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, TST);
        AndImm "11110 i 0 0000 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "and{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, AND), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        AndReg "1110101 0000 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "and{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, AND), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        BicImm "11110 i 0 0001 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "bic{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, BIC), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        BicReg "1110101 0001 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "bic{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, BIC), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        MovImm "11110 i 0 0010 S 1111 0 iii dddd iiiiiiii" where d != 15 => "mov{S}{c}.w {Rd}, {tconst}", Alu, V7, |w, op| imm(w, op, MOV), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        MovReg "1110101 0010 S 1111 0 000 dddd 00 00 mmmm" where d != 15 => "mov{S}{c}.w {Rd}, {Rm}", Alu, V7, |w, op| reg(w, op, MOV), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        Rrx "1110101 0010 S 1111 0 000 dddd 00 11 mmmm" where d != 15 => "rrx{S}{c} {Rd}, {Rm}", Alu, V7, |w, op| data_shift(w, op, MOV, 3, 0, w.bit('S')), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        LslImm "1110101 0010 S 1111 0 iii dddd ii 00 mmmm" where d != 15 => "lsl{S}{c}.w {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 0, op.imm, w.bit('S')), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        LsrImm "1110101 0010 S 1111 0 iii dddd ii 01 mmmm" where d != 15 => "lsr{S}{c}.w {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 1, op.imm, w.bit('S')), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        AsrImm "1110101 0010 S 1111 0 iii dddd ii 10 mmmm" where d != 15 => "asr{S}{c}.w {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 2, op.imm, w.bit('S')), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        RorImm "1110101 0010 S 1111 0 iii dddd ii 11 mmmm" where d != 15 => "ror{S}{c}.w {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 3, op.imm, w.bit('S')), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        OrrImm "11110 i 0 0010 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "orr{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, ORR), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        OrrReg "1110101 0010 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "orr{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, ORR), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        MvnImm "11110 i 0 0011 S 1111 0 iii dddd iiiiiiii" where d != 15 => "mvn{S}{c}.w {Rd}, {tconst}", Alu, V7, |w, op| imm(w, op, MVN), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        MvnReg "1110101 0011 S 1111 0 iii dddd ii yy mmmm" where d != 15 => "mvn{S}{c}.w {Rd}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, MVN), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        OrnImm "11110 i 0 0011 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "orn{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, ORN), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        OrnReg "1110101 0011 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "orn{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, ORN), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        TeqImm "11110 i 0 0100 1 nnnn 0 iii 1111 iiiiiiii" => "teq{c}.w {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, TEQ);
        TeqReg "1110101 0100 1 nnnn 0 iii 1111 ii yy mmmm" => "teq{c}.w {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, TEQ);
        EorImm "11110 i 0 0100 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "eor{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, EOR), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        EorReg "1110101 0100 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "eor{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, EOR), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        Pkhbt "1110101 0110 0 nnnn 0 iii dddd ii 0 0 mmmm" => "pkhbt{c} {Rd}, {Rn}, {Rm}{lsl}", Alu, V7, |_, op| registers(op, Media::Pkhbt.id()), unp "R15: UNDEFINED";
        Pkhtb "1110101 0110 0 nnnn 0 iii dddd ii 1 0 mmmm" => "pkhtb{c} {Rd}, {Rn}, {Rm}{asr}", Alu, V7, |_, op| registers(op, Media::Pkhtb.id()), unp "R15: UNDEFINED";
        CmnImm "11110 i 0 1000 1 nnnn 0 iii 1111 iiiiiiii" => "cmn{c}.w {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, CMN);
        CmnReg "1110101 1000 1 nnnn 0 iii 1111 ii yy mmmm" => "cmn{c}.w {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, CMN);
        AddImm "11110 i 0 1000 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "add{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, ADD), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        AddReg "1110101 1000 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "add{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, ADD), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        AdcImm "11110 i 0 1010 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "adc{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, ADC), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        AdcReg "1110101 1010 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "adc{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, ADC), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        SbcImm "11110 i 0 1011 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "sbc{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, SBC), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        SbcReg "1110101 1011 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "sbc{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, SBC), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        CmpImm "11110 i 0 1101 1 nnnn 0 iii 1111 iiiiiiii" => "cmp{c}.w {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, CMP);
        CmpReg "1110101 1101 1 nnnn 0 iii 1111 ii yy mmmm" => "cmp{c}.w {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, CMP);
        SubImm "11110 i 0 1101 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "sub{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, SUB), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        SubReg "1110101 1101 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "sub{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, SUB), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        RsbImm "11110 i 0 1110 S nnnn 0 iii dddd iiiiiiii" where d != 15 => "rsb{S}{c}.w {Rd}, {Rn}, {tconst}", Alu, V7, |w, op| imm(w, op, RSB), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        RsbReg "1110101 1110 S nnnn 0 iii dddd ii yy mmmm" where d != 15 => "rsb{S}{c}.w {Rd}, {Rn}, {Rm}{shift}", Alu, V7, |w, op| reg(w, op, RSB), unp "Rd = R15: UNDEFINED; R15 as an operand reads as the address plus 4";
        AdrAdd "11110 i 1 0000 0 1111 0 iii dddd iiiiiiii" where d != 15 => "adr{c}.w {Rd}, {#i}", Alu, V7, |w, op| constant(w, op, (w.pc_value() & !3).wrapping_add(op.imm)), unp "Rd = R15: UNDEFINED";
        Addw "11110 i 1 0000 0 nnnn 0 iii dddd iiiiiiii" where d != 15 => "addw{c} {Rd}, {Rn}, {#i}", Alu, V7, |w, op| data_imm(w, op, ADD, op.imm, false, false), unp "Rd = R15: UNDEFINED";
        Movw "11110 i 1 0010 0 jjjj 0 iii dddd iiiiiiii" where d != 15 => "movw{c} {Rd}, {imm16}", Alu, V7, |w, op| constant(w, op, w.f('j') << 12 | op.imm), unp "Rd = R15: UNDEFINED";
        AdrSub "11110 i 1 0101 0 1111 0 iii dddd iiiiiiii" where d != 15 => "adr{c}.w {Rd}, {#-i}", Alu, V7, |w, op| constant(w, op, (w.pc_value() & !3).wrapping_sub(op.imm)), unp "Rd = R15: UNDEFINED";
        Subw "11110 i 1 0101 0 nnnn 0 iii dddd iiiiiiii" where d != 15 => "subw{c} {Rd}, {Rn}, {#i}", Alu, V7, |w, op| data_imm(w, op, SUB, op.imm, false, false), unp "Rd = R15: UNDEFINED";
        Movt "11110 i 1 0110 0 jjjj 0 iii dddd iiiiiiii" where d != 15 => "movt{c} {Rd}, {imm16}", Alu, V7, movt, unp "Rd = R15: UNDEFINED";
        Ssat16 "11110 0 110010 nnnn 0 000 dddd 00 00 bbbb" => "ssat16{c} {Rd}, {#b+1}, {Rn}", Alu, V7, |w, op| saturate(w, op, Media::Ssat16), unp "R15 as a register: UNDEFINED";
        Ssat "11110 0 1100 y 0 nnnn 0 iii dddd ii 0 bbbbb" => "ssat{c} {Rd}, {#b+1}, {Rn}{satshift}", Alu, V7, |w, op| saturate(w, op, Media::Ssat), unp "R15 as a register: UNDEFINED";
        Usat16 "11110 0 111010 nnnn 0 000 dddd 00 00 bbbb" => "usat16{c} {Rd}, {#b}, {Rn}", Alu, V7, |w, op| saturate(w, op, Media::Usat16), unp "R15 as a register: UNDEFINED";
        Usat "11110 0 1110 y 0 nnnn 0 iii dddd ii 0 bbbbb" => "usat{c} {Rd}, {#b}, {Rn}{satshift}", Alu, V7, |w, op| saturate(w, op, Media::Usat), unp "R15 as a register: UNDEFINED";
        Sbfx "11110 0 110100 nnnn 0 bbb dddd bb 0 wwwww" => "sbfx{c} {Rd}, {Rn}, {#b}, {#w+1}", Alu, V7, extract_signed, unp "R15 as a register: UNDEFINED; a field past bit 31: UNDEFINED";
        Ubfx "11110 0 111100 nnnn 0 bbb dddd bb 0 wwwww" => "ubfx{c} {Rd}, {Rn}, {#b}, {#w+1}", Alu, V7, extract, unp "R15 as a register: UNDEFINED; a field past bit 31: UNDEFINED";
        Bfc "11110 0 110110 1111 0 bbb dddd bb 0 wwwww" => "bfc{c} {Rd}, {#b}, {width}", Alu, V7, |w, op| insert(w, op, Media::Bfc), unp "R15 as a register: UNDEFINED; msb below lsb: UNDEFINED";
        Bfi "11110 0 110110 nnnn 0 bbb dddd bb 0 wwwww" => "bfi{c} {Rd}, {Rn}, {#b}, {width}", Alu, V7, |w, op| insert(w, op, Media::Bfi), unp "R15 as a register: UNDEFINED; msb below lsb: UNDEFINED";
        LslByReg "11111010 0 00 S nnnn 1111 dddd 0000 mmmm" => "lsl{S}{c}.w {Rd}, {Rn}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 0), unp "R15 as a register: UNDEFINED";
        LsrByReg "11111010 0 01 S nnnn 1111 dddd 0000 mmmm" => "lsr{S}{c}.w {Rd}, {Rn}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 1), unp "R15 as a register: UNDEFINED";
        AsrByReg "11111010 0 10 S nnnn 1111 dddd 0000 mmmm" => "asr{S}{c}.w {Rd}, {Rn}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 2), unp "R15 as a register: UNDEFINED";
        RorByReg "11111010 0 11 S nnnn 1111 dddd 0000 mmmm" => "ror{S}{c}.w {Rd}, {Rn}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 3), unp "R15 as a register: UNDEFINED";
        Sxth "11111010 0000 1111 1111 dddd 10 rr mmmm" => "sxth{c}.w {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxth), unp "R15 as a register: UNDEFINED";
        Sxtah "11111010 0000 nnnn 1111 dddd 10 rr mmmm" => "sxtah{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxth), unp "R15 as a register: UNDEFINED";
        Uxth "11111010 0001 1111 1111 dddd 10 rr mmmm" => "uxth{c}.w {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxth), unp "R15 as a register: UNDEFINED";
        Uxtah "11111010 0001 nnnn 1111 dddd 10 rr mmmm" => "uxtah{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxth), unp "R15 as a register: UNDEFINED";
        Sxtb16 "11111010 0010 1111 1111 dddd 10 rr mmmm" => "sxtb16{c}.w {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb16), unp "R15 as a register: UNDEFINED";
        Sxtab16 "11111010 0010 nnnn 1111 dddd 10 rr mmmm" => "sxtab16{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb16), unp "R15 as a register: UNDEFINED";
        Uxtb16 "11111010 0011 1111 1111 dddd 10 rr mmmm" => "uxtb16{c}.w {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb16), unp "R15 as a register: UNDEFINED";
        Uxtab16 "11111010 0011 nnnn 1111 dddd 10 rr mmmm" => "uxtab16{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb16), unp "R15 as a register: UNDEFINED";
        Sxtb "11111010 0100 1111 1111 dddd 10 rr mmmm" => "sxtb{c}.w {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb), unp "R15 as a register: UNDEFINED";
        Sxtab "11111010 0100 nnnn 1111 dddd 10 rr mmmm" => "sxtab{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Sxtb), unp "R15 as a register: UNDEFINED";
        Uxtb "11111010 0101 1111 1111 dddd 10 rr mmmm" => "uxtb{c}.w {Rd}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb), unp "R15 as a register: UNDEFINED";
        Uxtab "11111010 0101 nnnn 1111 dddd 10 rr mmmm" => "uxtab{c} {Rd}, {Rn}, {Rm}{rotate}", Alu, V7, |w, op| extend(w, op, Media::Uxtb), unp "R15 as a register: UNDEFINED";
        SAdd16 "11111010 1 001 nnnn 1111 dddd 0 000 mmmm" => "sadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 0), unp "R15 as a register: UNDEFINED";
        SAsx "11111010 1 010 nnnn 1111 dddd 0 000 mmmm" => "sasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 1), unp "R15 as a register: UNDEFINED";
        SSax "11111010 1 110 nnnn 1111 dddd 0 000 mmmm" => "ssax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 2), unp "R15 as a register: UNDEFINED";
        SSub16 "11111010 1 101 nnnn 1111 dddd 0 000 mmmm" => "ssub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 3), unp "R15 as a register: UNDEFINED";
        SAdd8 "11111010 1 000 nnnn 1111 dddd 0 000 mmmm" => "sadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 4), unp "R15 as a register: UNDEFINED";
        SSub8 "11111010 1 100 nnnn 1111 dddd 0 000 mmmm" => "ssub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 1, 7), unp "R15 as a register: UNDEFINED";
        QAdd16 "11111010 1 001 nnnn 1111 dddd 0 001 mmmm" => "qadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 0), unp "R15 as a register: UNDEFINED";
        QAsx "11111010 1 010 nnnn 1111 dddd 0 001 mmmm" => "qasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 1), unp "R15 as a register: UNDEFINED";
        QSax "11111010 1 110 nnnn 1111 dddd 0 001 mmmm" => "qsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 2), unp "R15 as a register: UNDEFINED";
        QSub16 "11111010 1 101 nnnn 1111 dddd 0 001 mmmm" => "qsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 3), unp "R15 as a register: UNDEFINED";
        QAdd8 "11111010 1 000 nnnn 1111 dddd 0 001 mmmm" => "qadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 4), unp "R15 as a register: UNDEFINED";
        QSub8 "11111010 1 100 nnnn 1111 dddd 0 001 mmmm" => "qsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 2, 7), unp "R15 as a register: UNDEFINED";
        ShAdd16 "11111010 1 001 nnnn 1111 dddd 0 010 mmmm" => "shadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 0), unp "R15 as a register: UNDEFINED";
        ShAsx "11111010 1 010 nnnn 1111 dddd 0 010 mmmm" => "shasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 1), unp "R15 as a register: UNDEFINED";
        ShSax "11111010 1 110 nnnn 1111 dddd 0 010 mmmm" => "shsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 2), unp "R15 as a register: UNDEFINED";
        ShSub16 "11111010 1 101 nnnn 1111 dddd 0 010 mmmm" => "shsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 3), unp "R15 as a register: UNDEFINED";
        ShAdd8 "11111010 1 000 nnnn 1111 dddd 0 010 mmmm" => "shadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 4), unp "R15 as a register: UNDEFINED";
        ShSub8 "11111010 1 100 nnnn 1111 dddd 0 010 mmmm" => "shsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 3, 7), unp "R15 as a register: UNDEFINED";
        UAdd16 "11111010 1 001 nnnn 1111 dddd 0 100 mmmm" => "uadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 0), unp "R15 as a register: UNDEFINED";
        UAsx "11111010 1 010 nnnn 1111 dddd 0 100 mmmm" => "uasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 1), unp "R15 as a register: UNDEFINED";
        USax "11111010 1 110 nnnn 1111 dddd 0 100 mmmm" => "usax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 2), unp "R15 as a register: UNDEFINED";
        USub16 "11111010 1 101 nnnn 1111 dddd 0 100 mmmm" => "usub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 3), unp "R15 as a register: UNDEFINED";
        UAdd8 "11111010 1 000 nnnn 1111 dddd 0 100 mmmm" => "uadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 4), unp "R15 as a register: UNDEFINED";
        USub8 "11111010 1 100 nnnn 1111 dddd 0 100 mmmm" => "usub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 5, 7), unp "R15 as a register: UNDEFINED";
        UqAdd16 "11111010 1 001 nnnn 1111 dddd 0 101 mmmm" => "uqadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 0), unp "R15 as a register: UNDEFINED";
        UqAsx "11111010 1 010 nnnn 1111 dddd 0 101 mmmm" => "uqasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 1), unp "R15 as a register: UNDEFINED";
        UqSax "11111010 1 110 nnnn 1111 dddd 0 101 mmmm" => "uqsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 2), unp "R15 as a register: UNDEFINED";
        UqSub16 "11111010 1 101 nnnn 1111 dddd 0 101 mmmm" => "uqsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 3), unp "R15 as a register: UNDEFINED";
        UqAdd8 "11111010 1 000 nnnn 1111 dddd 0 101 mmmm" => "uqadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 4), unp "R15 as a register: UNDEFINED";
        UqSub8 "11111010 1 100 nnnn 1111 dddd 0 101 mmmm" => "uqsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 6, 7), unp "R15 as a register: UNDEFINED";
        UhAdd16 "11111010 1 001 nnnn 1111 dddd 0 110 mmmm" => "uhadd16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 0), unp "R15 as a register: UNDEFINED";
        UhAsx "11111010 1 010 nnnn 1111 dddd 0 110 mmmm" => "uhasx{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 1), unp "R15 as a register: UNDEFINED";
        UhSax "11111010 1 110 nnnn 1111 dddd 0 110 mmmm" => "uhsax{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 2), unp "R15 as a register: UNDEFINED";
        UhSub16 "11111010 1 101 nnnn 1111 dddd 0 110 mmmm" => "uhsub16{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 3), unp "R15 as a register: UNDEFINED";
        UhAdd8 "11111010 1 000 nnnn 1111 dddd 0 110 mmmm" => "uhadd8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 4), unp "R15 as a register: UNDEFINED";
        UhSub8 "11111010 1 100 nnnn 1111 dddd 0 110 mmmm" => "uhsub8{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| parallel(op, 7, 7), unp "R15 as a register: UNDEFINED";
        Qadd "11111010 1000 nnnn 1111 dddd 10 00 mmmm" => "qadd{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qadd.id()), unp "R15 as a register: UNDEFINED";
        Qdadd "11111010 1000 nnnn 1111 dddd 10 01 mmmm" => "qdadd{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qdadd.id()), unp "R15 as a register: UNDEFINED";
        Qsub "11111010 1000 nnnn 1111 dddd 10 10 mmmm" => "qsub{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qsub.id()), unp "R15 as a register: UNDEFINED";
        Qdsub "11111010 1000 nnnn 1111 dddd 10 11 mmmm" => "qdsub{c} {Rd}, {Rm}, {Rn}", Alu, V7, |_, op| registers(op, Media::Qdsub.id()), unp "R15 as a register: UNDEFINED";
        Rev "11111010 1001 nnnn 1111 dddd 10 00 mmmm" => "rev{c}.w {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rev), unp "R15 as a register: UNDEFINED; the two copies of Rm differ: the second counts";
        Rev16 "11111010 1001 nnnn 1111 dddd 10 01 mmmm" => "rev16{c}.w {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rev16), unp "R15 as a register: UNDEFINED; the two copies of Rm differ: the second counts";
        Rbit "11111010 1001 nnnn 1111 dddd 10 10 mmmm" => "rbit{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rbit), unp "R15 as a register: UNDEFINED; the two copies of Rm differ: the second counts";
        Revsh "11111010 1001 nnnn 1111 dddd 10 11 mmmm" => "revsh{c}.w {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Revsh), unp "R15 as a register: UNDEFINED; the two copies of Rm differ: the second counts";
        Sel "11111010 1010 nnnn 1111 dddd 10 00 mmmm" => "sel{c} {Rd}, {Rn}, {Rm}", Alu, V7, |_, op| registers(op, Media::Sel.id()), unp "R15 as a register: UNDEFINED";
        Clz "11111010 1011 nnnn 1111 dddd 10 00 mmmm" => "clz{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Clz), unp "R15 as a register: UNDEFINED; the two copies of Rm differ: the second counts";
        Mul "11111011 0000 nnnn 1111 dddd 0000 mmmm" => "mul{c} {Rd}, {Rn}, {Rm}", Mul, V7, |_, op| product(op, Mul::Mul, false), unp "R15 as a register: UNDEFINED";
        Mla "11111011 0000 nnnn aaaa dddd 0000 mmmm" => "mla{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |_, op| product(op, Mul::Mla, true), unp "R15 as a register: UNDEFINED";
        Mls "11111011 0000 nnnn aaaa dddd 0001 mmmm" => "mls{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |_, op| product(op, Mul::Mls, true), unp "R15 as a register: UNDEFINED";
        Smulxy "11111011 0001 nnnn 1111 dddd 00 x y mmmm" => "smul{x}{y}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| halves(w, op, Mul::Smulxy, false), unp "R15 as a register: UNDEFINED";
        Smlaxy "11111011 0001 nnnn aaaa dddd 00 x y mmmm" => "smla{x}{y}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| halves(w, op, Mul::Smlaxy, true), unp "R15 as a register: UNDEFINED";
        Smuad "11111011 0010 nnnn 1111 dddd 000 x mmmm" => "smuad{X}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| dual(w, op, Mul::Smuad, 0), unp "R15 as a register: UNDEFINED";
        Smlad "11111011 0010 nnnn aaaa dddd 000 x mmmm" => "smlad{X}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smlad, 0), unp "R15 as a register: UNDEFINED";
        Smulw "11111011 0011 nnnn 1111 dddd 000 y mmmm" => "smulw{y}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| halves(w, op, Mul::Smulw, false), unp "R15 as a register: UNDEFINED";
        Smlaw "11111011 0011 nnnn aaaa dddd 000 y mmmm" => "smlaw{y}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| halves(w, op, Mul::Smlaw, true), unp "R15 as a register: UNDEFINED";
        Smusd "11111011 0100 nnnn 1111 dddd 000 x mmmm" => "smusd{X}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| dual(w, op, Mul::Smuad, 2), unp "R15 as a register: UNDEFINED";
        Smlsd "11111011 0100 nnnn aaaa dddd 000 x mmmm" => "smlsd{X}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smlad, 2), unp "R15 as a register: UNDEFINED";
        Smmul "11111011 0101 nnnn 1111 dddd 000 x mmmm" => "smmul{r}{c} {Rd}, {Rn}, {Rm}", Mul, V7, |w, op| dual(w, op, Mul::Smmul, 0), unp "R15 as a register: UNDEFINED";
        Smmla "11111011 0101 nnnn aaaa dddd 000 x mmmm" => "smmla{r}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smmla, 0), unp "R15 as a register: UNDEFINED";
        Smmls "11111011 0110 nnnn aaaa dddd 000 x mmmm" => "smmls{r}{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |w, op| dual(w, op, Mul::Smmls, 0), unp "R15 as a register: UNDEFINED";
        Usad8 "11111011 0111 nnnn 1111 dddd 0000 mmmm" => "usad8{c} {Rd}, {Rn}, {Rm}", Mul, V7, |_, op| product(op, Mul::Usad8, false), unp "R15 as a register: UNDEFINED";
        Usada8 "11111011 0111 nnnn aaaa dddd 0000 mmmm" => "usada8{c} {Rd}, {Rn}, {Rm}, {Ra}", Mul, V7, |_, op| product(op, Mul::Usada8, true), unp "R15 as a register: UNDEFINED";
        Smull "11111011 1000 nnnn llll hhhh 0000 mmmm" => "smull{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, Mul::Smull), unp "R15 as a register: UNDEFINED";
        Umull "11111011 1010 nnnn llll hhhh 0000 mmmm" => "umull{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, Mul::Umull), unp "R15 as a register: UNDEFINED";
        Smlal "11111011 1100 nnnn llll hhhh 0000 mmmm" => "smlal{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, Mul::Smlal), unp "R15 as a register: UNDEFINED";
        Umlal "11111011 1110 nnnn llll hhhh 0000 mmmm" => "umlal{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, Mul::Umlal), unp "R15 as a register: UNDEFINED";
        Sdiv "11111011 1001 nnnn 1111 dddd 1111 mmmm" => "sdiv{c} {Rd}, {Rn}, {Rm}", Div, Idiv, |_, op| product(op, Mul::Sdiv, false), unp "R15 as a register: UNDEFINED";
        Udiv "11111011 1011 nnnn 1111 dddd 1111 mmmm" => "udiv{c} {Rd}, {Rn}, {Rm}", Div, Idiv, |_, op| product(op, Mul::Udiv, false), unp "R15 as a register: UNDEFINED";
        Smlalxy "11111011 1100 nnnn llll hhhh 10 x y mmmm" => "smlal{x}{y}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| halves_long(w, op), unp "R15 as a register: UNDEFINED";
        Smlald "11111011 1100 nnnn llll hhhh 110 x mmmm" => "smlald{X}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| dual_long(w, op, 0), unp "R15 as a register: UNDEFINED";
        Smlsld "11111011 1101 nnnn llll hhhh 110 x mmmm" => "smlsld{X}{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| dual_long(w, op, 2), unp "R15 as a register: UNDEFINED";
        Umaal "11111011 1110 nnnn llll hhhh 0110 mmmm" => "umaal{c} {Rl}, {Rh}, {Rn}, {Rm}", MulLong, V7, |w, op| product_long(w, op, Mul::Umaal), unp "R15 as a register: UNDEFINED";
    ]
}

fn imm(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    let (value, carry) = thumb_expand(op.imm);
    data_imm(w, op, operation, value, carry, w.bit('S'))
}

fn reg(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    data_shift(w, op, operation, w.f('y'), op.imm, w.bit('S'))
}

fn movt(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.imm |= w.f('j') << 12;
    simple(op, Alu::movt())
}

fn shift_by_reg(w: &Word<'_>, op: &mut Op, kind: u32) -> Lowered {
    if [op.rd, op.rn, op.rm].contains(&15) {
        return Err(Undefined);
    }
    op.rs = op.rm;
    op.rm = op.rn;
    data_by_reg(w, op, MOV, kind, w.bit('S'))
}
