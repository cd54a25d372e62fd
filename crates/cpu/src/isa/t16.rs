//! 16-bit Thumb instructions.

use super::lower::*;
use super::lower_media::*;
use super::{Word, isa};
use crate::exec::Special;
use crate::exec::alu::operation::*;
use crate::exec::branch::Branch;
use crate::exec::load_store::what;
use crate::exec::media::Media;
use crate::exec::mul::Mul;
use crate::exec::system::System;
use crate::op::Op;

isa! {
    /// Special cases come before what they are special cases of.
    pub(super) const TABLE = [
        MovsReg "000 00 00000 mmm ddd" => "mov{s} {Rd}, {Rm}", Alu, V7, |w, op| data_shift(w, op, MOV, 0, 0, !w.in_it());
        LslImm "000 00 iiiii mmm ddd" => "lsl{s}{c} {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 0, op.imm, !w.in_it());
        LsrImm "000 01 iiiii mmm ddd" => "lsr{s}{c} {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 1, op.imm, !w.in_it());
        AsrImm "000 10 iiiii mmm ddd" => "asr{s}{c} {Rd}, {Rm}, {amount}", Alu, V7, |w, op| data_shift(w, op, MOV, 2, op.imm, !w.in_it());
        AddReg "0001100 mmm nnn ddd" => "add{s}{c} {Rd}, {Rn}, {Rm}", Alu, V7, |w, op| data_shift(w, op, ADD, 0, 0, !w.in_it());
        SubReg "0001101 mmm nnn ddd" => "sub{s}{c} {Rd}, {Rn}, {Rm}", Alu, V7, |w, op| data_shift(w, op, SUB, 0, 0, !w.in_it());
        AddImm3 "0001110 iii nnn ddd" => "add{s}{c} {Rd}, {Rn}, {#i}", Alu, V7, |w, op| data_imm(w, op, ADD, op.imm, false, !w.in_it());
        SubImm3 "0001111 iii nnn ddd" => "sub{s}{c} {Rd}, {Rn}, {#i}", Alu, V7, |w, op| data_imm(w, op, SUB, op.imm, false, !w.in_it());
        MovImm "00100 ddd iiiiiiii" => "mov{s}{c} {Rd}, {#i}", Alu, V7, |w, op| data_imm(w, op, MOV, op.imm, false, !w.in_it());
        CmpImm "00101 nnn iiiiiiii" => "cmp{c} {Rn}, {#i}", Alu, V7, |w, op| data_imm(w, op, CMP, op.imm, false, true);
        AddImm8 "00110 ddd iiiiiiii" => "add{s}{c} {Rd}, {#i}", Alu, V7, |w, op| same_imm(w, op, ADD);
        SubImm8 "00111 ddd iiiiiiii" => "sub{s}{c} {Rd}, {#i}", Alu, V7, |w, op| same_imm(w, op, SUB);
        AndReg "010000 0000 mmm ddd" => "and{s}{c} {Rd}, {Rm}", Alu, V7, |w, op| same_reg(w, op, AND);
        EorReg "010000 0001 mmm ddd" => "eor{s}{c} {Rd}, {Rm}", Alu, V7, |w, op| same_reg(w, op, EOR);
        LslByReg "010000 0010 mmm ddd" => "lsl{s}{c} {Rd}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 0);
        LsrByReg "010000 0011 mmm ddd" => "lsr{s}{c} {Rd}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 1);
        AsrByReg "010000 0100 mmm ddd" => "asr{s}{c} {Rd}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 2);
        AdcReg "010000 0101 mmm ddd" => "adc{s}{c} {Rd}, {Rm}", Alu, V7, |w, op| same_reg(w, op, ADC);
        SbcReg "010000 0110 mmm ddd" => "sbc{s}{c} {Rd}, {Rm}", Alu, V7, |w, op| same_reg(w, op, SBC);
        RorByReg "010000 0111 mmm ddd" => "ror{s}{c} {Rd}, {Rm}", AluShift, V7, |w, op| shift_by_reg(w, op, 3);
        TstReg "010000 1000 mmm nnn" => "tst{c} {Rn}, {Rm}", Alu, V7, |w, op| data_shift(w, op, TST, 0, 0, true);
        Rsb "010000 1001 nnn ddd" => "rsb{s}{c} {Rd}, {Rn}, #0", Alu, V7, |w, op| data_imm(w, op, RSB, 0, false, !w.in_it());
        CmpReg "010000 1010 mmm nnn" => "cmp{c} {Rn}, {Rm}", Alu, V7, |w, op| data_shift(w, op, CMP, 0, 0, true);
        CmnReg "010000 1011 mmm nnn" => "cmn{c} {Rn}, {Rm}", Alu, V7, |w, op| data_shift(w, op, CMN, 0, 0, true);
        OrrReg "010000 1100 mmm ddd" => "orr{s}{c} {Rd}, {Rm}", Alu, V7, |w, op| same_reg(w, op, ORR);
        Mul "010000 1101 nnn ddd" => "mul{s}{c} {Rd}, {Rn}, {Rd}", Mul, V7, mul;
        BicReg "010000 1110 mmm ddd" => "bic{s}{c} {Rd}, {Rm}", Alu, V7, |w, op| same_reg(w, op, BIC);
        MvnReg "010000 1111 mmm ddd" => "mvn{s}{c} {Rd}, {Rm}", Alu, V7, |w, op| same_reg(w, op, MVN);
        AddPc "01000100 1 mmmm 111" => "add{c} pc, {Rm}", Branch, V7, |_, op| branch_reg(op, Branch::AddPc), unp "Rm = R15: reads as the address plus 4";
        AddHigh "01000100 d mmmm ddd" => "add{c} {Rd}, {Rm}", Alu, V7, |w, op| same_high(w, op);
        CmpHigh "01000101 n mmmm nnn" => "cmp{c} {Rn}, {Rm}", Alu, V7, |w, op| data_shift(w, op, CMP, 0, 0, true), unp "two low registers or R15: compared, R15 reads as the address plus 4";
        MovPc "01000110 1 mmmm 111" => "mov{c} pc, {Rm}", Branch, V7, |_, op| branch_reg(op, Branch::MovPc);
        MovHigh "01000110 d mmmm ddd" => "mov{c} {Rd}, {Rm}", Alu, V7, |w, op| data_shift(w, op, MOV, 0, 0, false);
        Bx "010001110 mmmm ---" => "bx{c} {Rm}", Branch, V7, |_, op| branch_reg(op, Branch::Bx), unp "bits 2:0 not 0: ignored";
        BlxReg "010001111 mmmm ---" where m != 15 => "blx{c} {Rm}", Branch, V7, |_, op| branch_reg(op, Branch::BlxReg), unp "Rm = R15: UNDEFINED; bits 2:0 not 0: ignored";
        LdrLiteral "01001 ttt iiiiiiii" => "ldr{c} {Rt}, {literal}", Load, V7, |w, op| literal(w, op, what::WORD);
        StrReg "0101 000 mmm nnn ttt" => "str{c} {Rt}, [{Rn}, {Rm}]", Store, V7, |_, op| transfer_reg(op, what::STORE_WORD, true, false, false, 0);
        StrhReg "0101 001 mmm nnn ttt" => "strh{c} {Rt}, [{Rn}, {Rm}]", Store, V7, |_, op| transfer_reg(op, what::STORE_HALF, true, false, false, 0);
        StrbReg "0101 010 mmm nnn ttt" => "strb{c} {Rt}, [{Rn}, {Rm}]", Store, V7, |_, op| transfer_reg(op, what::STORE_BYTE, true, false, false, 0);
        LdrsbReg "0101 011 mmm nnn ttt" => "ldrsb{c} {Rt}, [{Rn}, {Rm}]", Load, V7, |_, op| transfer_reg(op, what::SIGNED_BYTE, true, false, false, 0);
        LdrReg "0101 100 mmm nnn ttt" => "ldr{c} {Rt}, [{Rn}, {Rm}]", Load, V7, |_, op| transfer_reg(op, what::WORD, true, false, false, 0);
        LdrhReg "0101 101 mmm nnn ttt" => "ldrh{c} {Rt}, [{Rn}, {Rm}]", Load, V7, |_, op| transfer_reg(op, what::HALF, true, false, false, 0);
        LdrbReg "0101 110 mmm nnn ttt" => "ldrb{c} {Rt}, [{Rn}, {Rm}]", Load, V7, |_, op| transfer_reg(op, what::BYTE, true, false, false, 0);
        LdrshReg "0101 111 mmm nnn ttt" => "ldrsh{c} {Rt}, [{Rn}, {Rm}]", Load, V7, |_, op| transfer_reg(op, what::SIGNED_HALF, true, false, false, 0);
        StrImm "01100 iiiii nnn ttt" => "str{c} {Rt}, [{Rn}{,#i*4}]", Store, V7, |w, op| scaled(w, op, what::STORE_WORD, 2);
        LdrImm "01101 iiiii nnn ttt" => "ldr{c} {Rt}, [{Rn}{,#i*4}]", Load, V7, |w, op| scaled(w, op, what::WORD, 2);
        StrbImm "01110 iiiii nnn ttt" => "strb{c} {Rt}, [{Rn}{,#i*1}]", Store, V7, |w, op| scaled(w, op, what::STORE_BYTE, 0);
        LdrbImm "01111 iiiii nnn ttt" => "ldrb{c} {Rt}, [{Rn}{,#i*1}]", Load, V7, |w, op| scaled(w, op, what::BYTE, 0);
        StrhImm "10000 iiiii nnn ttt" => "strh{c} {Rt}, [{Rn}{,#i*2}]", Store, V7, |w, op| scaled(w, op, what::STORE_HALF, 1);
        LdrhImm "10001 iiiii nnn ttt" => "ldrh{c} {Rt}, [{Rn}{,#i*2}]", Load, V7, |w, op| scaled(w, op, what::HALF, 1);
        StrSp "10010 ttt iiiiiiii" => "str{c} {Rt}, [sp{,#i*4}]", Store, V7, |w, op| on_stack(w, op, what::STORE_WORD);
        LdrSp "10011 ttt iiiiiiii" => "ldr{c} {Rt}, [sp{,#i*4}]", Load, V7, |w, op| on_stack(w, op, what::WORD);
        Adr "10100 ddd iiiiiiii" => "adr{c} {Rd}, {#i*4}", Alu, V7, |w, op| constant(w, op, (w.pc_value() & !3).wrapping_add(op.imm << 2));
        AddSpImm "10101 ddd iiiiiiii" => "add{c} {Rd}, sp, {#i*4}", Alu, V7, |w, op| from_stack(w, op, ADD);
        AddSp "10110000 0 iiiiiii" => "add{c} sp, {#i*4}", Alu, V7, |w, op| move_stack(w, op, ADD);
        SubSp "10110000 1 iiiiiii" => "sub{c} sp, {#i*4}", Alu, V7, |w, op| move_stack(w, op, SUB);
        Cbz "1011 0 0 i 1 iiiii nnn" => "cbz {Rn}, {label}", Branch, V7, |w, op| compare_branch(w, op, Branch::Cbz), unp "in an IT block: executed under the block's condition";
        Cbnz "1011 1 0 i 1 iiiii nnn" => "cbnz {Rn}, {label}", Branch, V7, |w, op| compare_branch(w, op, Branch::Cbnz), unp "in an IT block: executed under the block's condition";
        Sxth "10110010 00 mmm ddd" => "sxth{c} {Rd}, {Rm}", Alu, V7, |w, op| extend(w, op, Media::Sxth);
        Sxtb "10110010 01 mmm ddd" => "sxtb{c} {Rd}, {Rm}", Alu, V7, |w, op| extend(w, op, Media::Sxtb);
        Uxth "10110010 10 mmm ddd" => "uxth{c} {Rd}, {Rm}", Alu, V7, |w, op| extend(w, op, Media::Uxth);
        Uxtb "10110010 11 mmm ddd" => "uxtb{c} {Rd}, {Rm}", Alu, V7, |w, op| extend(w, op, Media::Uxtb);
        Push "1011010 r iiiiiiii" => "push{c} {pushlist}", Multiple, V7, push, unp "empty list: UNDEFINED";
        Pop "1011110 r iiiiiiii" => "pop{c} {poplist}", Multiple, V7, pop, unp "empty list: UNDEFINED";
        Setend "10110110 0101 i 000" => "setend {endian}", System, V7, |_, op| stop(op, System::Setend);
        Cps "10110110 011 m 0 A I F" => "cps{imod}{iflags}", System, V7, |w, op| change_state(op, 2 | w.f('m'), false, w.f('A') << 2 | w.f('I') << 1 | w.f('F'), 0);
        Rev "10111010 00 mmm ddd" => "rev{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rev);
        Rev16 "10111010 01 mmm ddd" => "rev16{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Rev16);
        Revsh "10111010 11 mmm ddd" => "revsh{c} {Rd}, {Rm}", Alu, V7, |_, op| unary(op, Media::Revsh);
        Bkpt "10111110 iiiiiiii" => "bkpt {#i}", Exception, V7, bkpt;
        Nop "10111111 0000 0000" => "nop{c}", Alu, V7, nop;
        Yield "10111111 0001 0000" => "yield{c}", Alu, V7, nop;
        Wfe "10111111 0010 0000" => "wfe{c}", System, V7, |_, op| stop(op, System::Wfe);
        Wfi "10111111 0011 0000" => "wfi{c}", System, V7, |_, op| stop(op, System::Wfi);
        Sev "10111111 0100 0000" => "sev{c}", System, V7, |_, op| stop(op, System::Sev);
        Hint "10111111 iiii 0000" => "hint{c} {#i}", Alu, V7, nop, unp "unallocated hint: NOP";
        It "10111111 oooo kkkk" => "it{pattern} {firstcond}", Alu, V7, it, unp "first condition 15: as always; in an IT block: starts a new one";
        Stm "11000 nnn iiiiiiii" => "stm{c} {Rn}{wb}, {list}", Multiple, V7, stm, unp "empty list: UNDEFINED; Rn in the list: its old value is stored";
        Ldm "11001 nnn iiiiiiii" => "ldm{c} {Rn}{wb}, {list}", Multiple, V7, ldm, unp "empty list: UNDEFINED";
        Udf "1101 1110 iiiiiiii" => "udf {#i}", Exception, V7, |_, op| undefined(op);
        Svc "1101 1111 iiiiiiii" => "svc{c} {#i}", Exception, V7, |_, op| stop(op, System::Svc);
        BCond "1101 oooo iiiiiiii" => "b{cond} {label}", Branch, V7, b_cond, unp "in an IT block: under its own condition";
        B "11100 iiiiiiiiiii" => "b{c} {label}", Branch, V7, b;
    ]
}

/// Rd is also the first operand.
fn same_imm(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    op.rn = op.rd;
    data_imm(w, op, operation, op.imm, false, !w.in_it())
}

fn same_reg(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    op.rn = op.rd;
    data_shift(w, op, operation, 0, 0, !w.in_it())
}

fn same_high(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.rn = op.rd;
    data_shift(w, op, ADD, 0, 0, false)
}

fn shift_by_reg(w: &Word<'_>, op: &mut Op, kind: u32) -> Lowered {
    op.rs = op.rm;
    op.rm = op.rd;
    data_by_reg(w, op, MOV, kind, !w.in_it())
}

fn mul(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.rm = op.rd;
    simple(op, if w.in_it() { Mul::Mul } else { Mul::Muls }.id())
}

fn branch_reg(op: &mut Op, handler: Branch) -> Lowered {
    reads(op, &[op.rm]);
    op.ends_block();
    simple(op, handler.id())
}

fn literal(w: &Word<'_>, op: &mut Op, what: u8) -> Lowered {
    op.rn = 15;
    transfer_imm(w, op, what, true, false, op.imm << 2)
}

fn scaled(w: &Word<'_>, op: &mut Op, what: u8, scale: u32) -> Lowered {
    transfer_imm(w, op, what, true, false, op.imm << scale)
}

fn on_stack(w: &Word<'_>, op: &mut Op, what: u8) -> Lowered {
    op.rn = 13;
    scaled(w, op, what, 2)
}

fn from_stack(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    op.rn = 13;
    data_imm(w, op, operation, op.imm << 2, false, false)
}

fn move_stack(w: &Word<'_>, op: &mut Op, operation: u8) -> Lowered {
    op.rd = 13;
    from_stack(w, op, operation)
}

fn compare_branch(w: &Word<'_>, op: &mut Op, handler: Branch) -> Lowered {
    op.imm = w.pc_value().wrapping_add(op.imm << 1);
    op.ends_block();
    simple(op, handler.id())
}

fn push(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.rn = 13;
    op.imm |= w.f('r') << 14;
    multiple(op, false, false, true, true)
}

fn pop(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.rn = 13;
    op.imm |= w.f('r') << 15;
    multiple(op, true, true, false, true)
}

fn stm(_w: &Word<'_>, op: &mut Op) -> Lowered {
    multiple(op, false, true, false, true)
}

/// Written back unless the base is loaded.
fn ldm(_w: &Word<'_>, op: &mut Op) -> Lowered {
    let write_back = op.imm >> op.rn & 1 == 0;
    multiple(op, true, true, false, write_back)
}

/// Always executes, whatever the condition of an IT block.
fn bkpt(_w: &Word<'_>, op: &mut Op) -> Lowered {
    op.cond = 14;
    stop(op, System::Bkpt)
}

fn it(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.cond = 14;
    op.sh = (w.f('o') << 4 | w.f('k')) as u8;
    op.flags |= Op::SETS_IT;
    simple(op, Special::Nop.id())
}

fn b_cond(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.cond = w.f('o') as u8;
    branch_to(op, w.pc_value().wrapping_add(sign_extend(op.imm, 8) << 1))
}

fn b(w: &Word<'_>, op: &mut Op) -> Lowered {
    branch_to(op, w.pc_value().wrapping_add(sign_extend(op.imm, 11) << 1))
}
