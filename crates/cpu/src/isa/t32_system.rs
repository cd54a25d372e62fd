//! Branches, status registers, coprocessors, hints and exceptions of 32-bit Thumb.

use super::lower::*;
use super::{Word, isa};
use crate::exec::branch::Branch;
use crate::exec::exclusive::Exclusive;
use crate::exec::system::System;
use crate::op::Op;

isa! {
    /// Special cases come before what they are special cases of.
    pub(super) const SYSTEM = [
        B "11110 S iiiiiiiiii 10 J 1 K kkkkkkkkkkk" => "b{c}.w {label}", Branch, V7, |w, op| branch_to(op, long_target(w));
        Bl "11110 S iiiiiiiiii 11 J 1 K kkkkkkkkkkk" => "bl{c} {label}", Branch, V7, bl;
        BlxImm "11110 S iiiiiiiiii 11 J 0 K kkkkkkkkkk 0" => "blx{c} {label}", Branch, V7, blx;
        MsrReg "11110011100 r nnnn 1000 kkkk 0000 0000" => "msr{c} {psrk}, {Rn}", System, V7, msr, unp "Rn = R15: UNDEFINED; a reserved mode number: the mode stays; SPSR in User or System mode: UNDEFINED";
        Nop "111100111010 1111 1000 0000 00000000" => "nop{c}.w", Alu, V7, nop;
        Yield "111100111010 1111 1000 0000 00000001" => "yield{c}.w", Alu, V7, nop;
        Wfe "111100111010 1111 1000 0000 00000010" => "wfe{c}.w", System, V7, |_, op| stop(op, System::Wfe);
        Wfi "111100111010 1111 1000 0000 00000011" => "wfi{c}.w", System, V7, |_, op| stop(op, System::Wfi);
        Sev "111100111010 1111 1000 0000 00000100" => "sev{c}.w", System, V7, |_, op| stop(op, System::Sev);
        Dbg "111100111010 1111 1000 0000 1111iiii" => "dbg{c} {#i}", Alu, V7, nop;
        Hint "111100111010 1111 1000 0000 iiiiiiii" => "hint{c}.w {#i}", Alu, V7, nop, unp "unallocated hint: NOP";
        Cps "111100111010 1111 1000 0 mm M A I F ooooo" => "cps{imod}.w{iflags}{mode}", System, V7, cps, unp "imod 01: the masks stay; a reserved mode number: the mode stays";
        Clrex "111100111011 1111 1000 1111 0010 1111" => "clrex{c}", System, V7, |_, op| simple(op, Exclusive::Clrex.id());
        Dsb "111100111011 1111 1000 1111 0100 iiii" => "dsb{c} {barrier}", System, V7, |_, op| simple(op, System::Barrier.id());
        Dmb "111100111011 1111 1000 1111 0101 iiii" => "dmb{c} {barrier}", System, V7, |_, op| simple(op, System::Barrier.id());
        Isb "111100111011 1111 1000 1111 0110 iiii" => "isb{c} {barrier}", System, V7, |_, op| simple(op, System::Barrier.id());
        Bxj "111100111100 mmmm 1000 1111 0000 0000" => "bxj{c} {Rm}", Branch, V7, bxj, unp "trivial Jazelle: as BX; R15: UNDEFINED";
        SubsPcLr "111100111101 1110 1000 1111 iiiiiiii" => "subs{c} pc, lr, {#i}", Branch, V7, subs_pc_lr, unp "User or System mode: UNDEFINED";
        Mrs "11110011111 r 1111 1000 dddd 0000 0000" => "mrs{c} {Rd}, {psr}", System, V7, mrs, unp "Rd = R15: UNDEFINED; SPSR in User or System mode: UNDEFINED";
        Smc "111101111111 iiii 1000 0000 0000 0000" => "smc{c} {#i}", Exception, V7, |_, op| stop(op, System::Smc);
        Udf "111101111111 iiii 1010 iiii iiii iiii" => "udf.w {#i}", Exception, V7, |_, op| undefined(op);
        BCond "11110 S oooo iiiiii 10 J 0 K kkkkkkkkkkk" where o != 14, o != 15 => "b{cond}.w {label}", Branch, V7, b_cond, unp "in an IT block: under its own condition";
        Srsdb "1110100000 W 0 1101 1100 0000 000 iiiii" => "srsdb{c} sp{!}, {#i}", Store, V7, |w, op| srs(w, op, false), unp "User or System mode, reserved mode number: UNDEFINED";
        Srsia "1110100110 W 0 1101 1100 0000 000 iiiii" => "srsia{c} sp{!}, {#i}", Store, V7, |w, op| srs(w, op, true), unp "User or System mode, reserved mode number: UNDEFINED";
        Rfedb "1110100000 W 1 nnnn 1100 0000 0000 0000" => "rfedb{c} {Rn}{!}", Load, V7, |w, op| rfe(w, op, false), unp "User mode, Rn = R15: UNDEFINED";
        Rfeia "1110100110 W 1 nnnn 1100 0000 0000 0000" => "rfeia{c} {Rn}{!}", Load, V7, |w, op| rfe(w, op, true), unp "User mode, Rn = R15: UNDEFINED";
        Mcr14 "1110 1110 ooo 0 nnnn tttt 1110 eee 1 mmmm" => "mcr{c} p14, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mcr14), unp "Rt = R15: PC value is written";
        Mcr15 "1110 1110 ooo 0 nnnn tttt 1111 eee 1 mmmm" => "mcr{c} p15, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mcr15), unp "Rt = R15: PC value is written";
        Mrc14 "1110 1110 ooo 1 nnnn tttt 1110 eee 1 mmmm" => "mrc{c} p14, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mrc14);
        Mrc15 "1110 1110 ooo 1 nnnn tttt 1111 eee 1 mmmm" => "mrc{c} p15, {#o}, {Rt}, c{n}, c{m}, {#e}", System, V7, |w, op| coprocessor(w, op, System::Mrc15);
        Mcrr "1110 1100 0100 uuuu tttt 111 p oooo mmmm" => "mcrr{c} p{cp}, {#o}, {Rt}, {Ru}, c{m}", System, V7, |_, op| stop(op, System::Mcrr), unp "no such register exists on these cores: UNDEFINED";
        Mrrc "1110 1100 0101 uuuu tttt 111 p oooo mmmm" => "mrrc{c} p{cp}, {#o}, {Rt}, {Ru}, c{m}", System, V7, |_, op| stop(op, System::Mrrc), unp "no such register exists on these cores: UNDEFINED";
    ]
}

/// Target of B, BL and BLX: S:I1:I2:imm10:imm11:0, where I1 and I2 are J1 and J2 exclusive-NOR S.
fn long_target(w: &Word<'_>) -> u32 {
    let s = w.f('S');
    let (i1, i2) = (1 ^ w.f('J') ^ s, 1 ^ w.f('K') ^ s);
    let low = if w.insn.encoding.field_mask(b'k').count_ones() == 10 { w.f('k') << 1 } else { w.f('k') };
    let offset = s << 23 | i1 << 22 | i2 << 21 | w.f('i') << 11 | low;
    w.pc_value().wrapping_add(sign_extend(offset, 24) << 1)
}

fn bl(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.imm = long_target(w);
    op.ends_block();
    simple(op, Branch::Bl.id())
}

fn blx(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.imm = long_target(w) & !3;
    op.ends_block();
    simple(op, Branch::BlxToArm.id())
}

fn b_cond(w: &Word<'_>, op: &mut Op) -> Lowered {
    let offset = w.f('S') << 19 | w.f('K') << 18 | w.f('J') << 17 | w.f('i') << 11 | w.f('k');
    op.cond = w.f('o') as u8;
    branch_to(op, w.pc_value().wrapping_add(sign_extend(offset, 20) << 1))
}

fn bxj(_w: &Word<'_>, op: &mut Op) -> Lowered {
    op.ends_block();
    no_pc(op, Branch::Bx.id(), &[op.rm])
}

fn subs_pc_lr(_w: &Word<'_>, op: &mut Op) -> Lowered {
    op.rn = 14;
    stop(op, System::SubsPcLr)
}

fn mrs(w: &Word<'_>, op: &mut Op) -> Lowered {
    let handler = if w.bit('r') { System::MrsSpsr } else { System::MrsCpsr };
    no_pc(op, handler.id(), &[op.rd])
}

fn msr(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.sh = w.f('k') as u8;
    no_pc(op, if w.bit('r') { System::MsrSpsrReg } else { System::MsrCpsrReg }.id(), &[op.rn])
}

fn cps(w: &Word<'_>, op: &mut Op) -> Lowered {
    change_state(op, w.f('m'), w.bit('M'), w.f('A') << 2 | w.f('I') << 1 | w.f('F'), w.f('o'))
}

fn srs(w: &Word<'_>, op: &mut Op, up: bool) -> Lowered {
    op.sh = multiple_flags(up, !up, w.bit('W'));
    simple(op, System::Srs.id())
}

fn rfe(w: &Word<'_>, op: &mut Op, up: bool) -> Lowered {
    op.sh = multiple_flags(up, !up, w.bit('W'));
    op.ends_block();
    no_pc(op, System::Rfe.id(), &[op.rn])
}
