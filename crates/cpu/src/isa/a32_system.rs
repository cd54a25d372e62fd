//! Branches, status registers, coprocessors, hints and exceptions of the ARM instruction set.

use super::lower::*;
use super::{Word, isa};
use crate::exec::branch::Branch;
use crate::exec::exclusive::Exclusive;
use crate::exec::system::System;
use crate::op::Op;

isa! {
    /// Special cases come before what they are special cases of.
    pub(super) const SYSTEM = [
        B "cccc 1010 iiiiiiiiiiiiiiiiiiiiiiii" => "b{c} {label}", Branch, V7, b;
        Bl "cccc 1011 iiiiiiiiiiiiiiiiiiiiiiii" => "bl{c} {label}", Branch, V7, bl;
        BlxImm "1111 101 h iiiiiiiiiiiiiiiiiiiiiiii" => "blx {label}", Branch, V7, blx;
        Bx "cccc 00010010 1111 1111 1111 0001 mmmm" => "bx{c} {Rm}", Branch, V7, |_, op| branch_reg(op, Branch::Bx);
        Bxj "cccc 00010010 1111 1111 1111 0010 mmmm" => "bxj{c} {Rm}", Branch, V7, |_, op| branch_reg(op, Branch::Bx), unp "trivial Jazelle: as BX; R15: reads as PC + 8";
        BlxReg "cccc 00010010 1111 1111 1111 0011 mmmm" where m != 15 => "blx{c} {Rm}", Branch, V7, |_, op| branch_reg(op, Branch::BlxReg), unp "Rm = R15: UNDEFINED";
        Svc "cccc 1111 iiiiiiiiiiiiiiiiiiiiiiii" => "svc{c} {#i}", Exception, V7, |_, op| stop(op, System::Svc);
        Bkpt "cccc 00010010 iiiiiiiiiiii 0111 iiii" => "bkpt {#i}", Exception, V7, |_, op| stop(op, System::Bkpt), unp "a condition other than always is tested";
        Smc "cccc 00010110 000000000000 0111 iiii" => "smc{c} {#i}", Exception, V7, |_, op| stop(op, System::Smc);
        Udf "1110 01111111 iiiiiiiiiiii 1111 iiii" => "udf {#i}", Exception, V7, |_, op| undefined(op);
        Nop "cccc 00110010 0000 1111 ---- 00000000" => "nop{c}", Alu, V7, nop;
        Yield "cccc 00110010 0000 1111 ---- 00000001" => "yield{c}", Alu, V7, nop;
        Wfe "cccc 00110010 0000 1111 ---- 00000010" => "wfe{c}", System, V7, |_, op| stop(op, System::Wfe);
        Wfi "cccc 00110010 0000 1111 ---- 00000011" => "wfi{c}", System, V7, |_, op| stop(op, System::Wfi);
        Sev "cccc 00110010 0000 1111 ---- 00000100" => "sev{c}", System, V7, |_, op| stop(op, System::Sev);
        Dbg "cccc 00110010 0000 1111 ---- 1111iiii" => "dbg{c} {#i}", Alu, V7, nop;
        Hint "cccc 00110010 0000 1111 ---- iiiiiiii" => "hint{c} {#i}", Alu, V7, nop, unp "unallocated hint: NOP";
        Mrs "cccc 00010 r 00 1111 dddd 0000 0000 0000" => "mrs{c} {Rd}, {psr}", System, V7, mrs, unp "Rd = R15: UNDEFINED; SPSR in User or System mode: UNDEFINED";
        MsrReg "cccc 00010 r 10 kkkk 1111 0000 0000 nnnn" => "msr{c} {psrk}, {Rn}", System, V7, msr_reg, unp "Rn = R15: UNDEFINED; a reserved mode number: the mode stays; SPSR in User or System mode: UNDEFINED";
        MsrImm "cccc 00110 r 10 kkkk 1111 iiiiiiiiiiii" => "msr{c} {psrk}, {const}", System, V7, msr_imm, unp "a reserved mode number: the mode stays; SPSR in User or System mode: UNDEFINED";
        Cps "1111 00010000 mm M 0 0000 000 A I F 0 ooooo" => "cps{imod}{iflags}{mode}", System, V7, cps, unp "imod 01: the masks stay; a reserved mode number: the mode stays";
        Setend "1111 00010000 0001 0000 00 i 0 0000 0000" => "setend {endian}", System, V7, |_, op| stop(op, System::Setend);
        Srs "1111 100 P U 1 W 0 1101 0000 0101 000 iiiii" => "srs{amode} sp{!}, {#i}", Store, V7, srs, unp "User or System mode, reserved mode number: UNDEFINED";
        Rfe "1111 100 P U 0 W 1 nnnn 0000 1010 0000 0000" => "rfe{amode} {Rn}{!}", Load, V7, rfe, unp "User mode, Rn = R15: UNDEFINED";
        Clrex "1111 01010111 1111 1111 0000 0001 1111" => "clrex", System, V7, |_, op| simple(op, Exclusive::Clrex.id());
        Dsb "1111 01010111 1111 1111 0000 0100 iiii" => "dsb {barrier}", System, V7, |_, op| simple(op, System::Barrier.id());
        Dmb "1111 01010111 1111 1111 0000 0101 iiii" => "dmb {barrier}", System, V7, |_, op| simple(op, System::Barrier.id());
        Isb "1111 01010111 1111 1111 0000 0110 iiii" => "isb {barrier}", System, V7, |_, op| simple(op, System::Barrier.id());
        Mcr14 "cccc 1110 ooo 0 nnnn tttt 1110 eee 1 mmmm" => "mcr{c} p14, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mcr14), unp "Rt = R15: PC value is written";
        Mcr15 "cccc 1110 ooo 0 nnnn tttt 1111 eee 1 mmmm" => "mcr{c} p15, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mcr15), unp "Rt = R15: PC value is written";
        Mrc14 "cccc 1110 ooo 1 nnnn tttt 1110 eee 1 mmmm" => "mrc{c} p14, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mrc14);
        Mrc15 "cccc 1110 ooo 1 nnnn tttt 1111 eee 1 mmmm" => "mrc{c} p15, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mrc15);
        Mcrr "cccc 1100 0100 uuuu tttt 111 p oooo mmmm" => "mcrr{c} p{cp}, {#o}, {Rt}, {Ru}, c{m}", System, V7, |_, op| stop(op, System::Mcrr), unp "no such register exists on these cores: UNDEFINED";
        Mrrc "cccc 1100 0101 uuuu tttt 111 p oooo mmmm" => "mrrc{c} p{cp}, {#o}, {Rt}, {Ru}, c{m}", System, V7, |_, op| stop(op, System::Mrrc), unp "no such register exists on these cores: UNDEFINED";
    ]
}

fn b(w: &Word<'_>, op: &mut Op) -> Lowered {
    branch_to(op, w.pc_value().wrapping_add(sign_extend(w.f('i'), 24) << 2))
}

fn bl(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.imm = w.pc_value().wrapping_add(sign_extend(w.f('i'), 24) << 2);
    op.ends_block();
    simple(op, Branch::Bl.id())
}

fn blx(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.imm = w.pc_value().wrapping_add(sign_extend(w.f('i'), 24) << 2 | w.f('h') << 1);
    op.ends_block();
    simple(op, Branch::BlxToThumb.id())
}

fn branch_reg(op: &mut Op, handler: Branch) -> Lowered {
    reads(op, &[op.rm]);
    op.ends_block();
    simple(op, handler.id())
}

fn mrs(w: &Word<'_>, op: &mut Op) -> Lowered {
    let handler = if w.bit('r') { System::MrsSpsr } else { System::MrsCpsr };
    no_pc(op, handler.id(), &[op.rd])
}

fn msr_reg(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = w.f('k') as u8;
    no_pc(op, if w.bit('r') { System::MsrSpsrReg } else { System::MsrCpsrReg }.id(), &[op.rn])
}

fn msr_imm(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = w.f('k') as u8;
    op.imm = arm_expand(op.imm).0;
    simple(op, if w.bit('r') { System::MsrSpsrImm } else { System::MsrCpsrImm }.id())
}

fn cps(w: &Word<'_>, op: &mut Op) -> Lowered {
    change_state(op, w.f('m'), w.bit('M'), w.f('A') << 2 | w.f('I') << 1 | w.f('F'), w.f('o'))
}

fn srs(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = multiple_flags(w.bit('U'), w.bit('P'), w.bit('W'));
    simple(op, System::Srs.id())
}

fn rfe(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = multiple_flags(w.bit('U'), w.bit('P'), w.bit('W'));
    op.ends_block();
    no_pc(op, System::Rfe.id(), &[op.rn])
}
