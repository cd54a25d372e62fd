//! Loads and stores of the ARM instruction set.

use super::lower::*;
use super::{Undefined, Word, isa};
use crate::exec::exclusive::Exclusive;
use crate::exec::load_store::{LoadStore, mode, what};
use crate::exec::multiple::Multiple;
use crate::op::Op;

isa! {
    /// Special cases come before what they are special cases of.
    pub(super) const MEMORY = [
        Ldrt "cccc 0100 U 0 1 1 nnnn tttt iiiiiiiiiiii" => "ldrt{c} {Rt}, [{Rn}]{post}", Load, V7, |w, op| unprivileged_imm(w, op, what::WORD, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        LdrtReg "cccc 0110 U 0 1 1 nnnn tttt iiiii yy 0 mmmm" => "ldrt{c} {Rt}, [{Rn}]{postreg}", Load, V7, |w, op| unprivileged_reg(w, op, what::WORD), unp "Rt or Rm = R15: UNDEFINED";
        Ldr "cccc 010 P U 0 W 1 nnnn tttt iiiiiiiiiiii" => "ldr{c} {Rt}, {address}", Load, V7, |w, op| single_imm(w, op, word_or_pc(op), op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrReg "cccc 011 P U 0 W 1 nnnn tttt iiiii yy 0 mmmm" => "ldr{c} {Rt}, {address}", Load, V7, |w, op| single_reg(w, op, word_or_pc(op), w.f('y') << 5 | op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Ldrbt "cccc 0100 U 1 1 1 nnnn tttt iiiiiiiiiiii" => "ldrbt{c} {Rt}, [{Rn}]{post}", Load, V7, |w, op| unprivileged_imm(w, op, what::BYTE, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        LdrbtReg "cccc 0110 U 1 1 1 nnnn tttt iiiii yy 0 mmmm" => "ldrbt{c} {Rt}, [{Rn}]{postreg}", Load, V7, |w, op| unprivileged_reg(w, op, what::BYTE), unp "Rt or Rm = R15: UNDEFINED";
        Ldrb "cccc 010 P U 1 W 1 nnnn tttt iiiiiiiiiiii" => "ldrb{c} {Rt}, {address}", Load, V7, |w, op| single_imm(w, op, what::BYTE, op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        LdrbReg "cccc 011 P U 1 W 1 nnnn tttt iiiii yy 0 mmmm" => "ldrb{c} {Rt}, {address}", Load, V7, |w, op| single_reg(w, op, what::BYTE, w.f('y') << 5 | op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        Strt "cccc 0100 U 0 1 0 nnnn tttt iiiiiiiiiiii" => "strt{c} {Rt}, [{Rn}]{post}", Store, V7, |w, op| unprivileged_imm(w, op, what::STORE_WORD, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        StrtReg "cccc 0110 U 0 1 0 nnnn tttt iiiii yy 0 mmmm" => "strt{c} {Rt}, [{Rn}]{postreg}", Store, V7, |w, op| unprivileged_reg(w, op, what::STORE_WORD), unp "Rt or Rm = R15: UNDEFINED";
        Str "cccc 010 P U 0 W 0 nnnn tttt iiiiiiiiiiii" => "str{c} {Rt}, {address}", Store, V7, |w, op| single_imm(w, op, what::STORE_WORD, op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrReg "cccc 011 P U 0 W 0 nnnn tttt iiiii yy 0 mmmm" => "str{c} {Rt}, {address}", Store, V7, |w, op| single_reg(w, op, what::STORE_WORD, w.f('y') << 5 | op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Strbt "cccc 0100 U 1 1 0 nnnn tttt iiiiiiiiiiii" => "strbt{c} {Rt}, [{Rn}]{post}", Store, V7, |w, op| unprivileged_imm(w, op, what::STORE_BYTE, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        StrbtReg "cccc 0110 U 1 1 0 nnnn tttt iiiii yy 0 mmmm" => "strbt{c} {Rt}, [{Rn}]{postreg}", Store, V7, |w, op| unprivileged_reg(w, op, what::STORE_BYTE), unp "Rt or Rm = R15: UNDEFINED";
        Strb "cccc 010 P U 1 W 0 nnnn tttt iiiiiiiiiiii" => "strb{c} {Rt}, {address}", Store, V7, |w, op| single_imm(w, op, what::STORE_BYTE, op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        StrbReg "cccc 011 P U 1 W 0 nnnn tttt iiiii yy 0 mmmm" => "strb{c} {Rt}, {address}", Store, V7, |w, op| single_reg(w, op, what::STORE_BYTE, w.f('y') << 5 | op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        Strht "cccc 0000 U 1 1 0 nnnn tttt iiii 1011 iiii" => "strht{c} {Rt}, [{Rn}]{post}", Store, V7, |w, op| unprivileged_imm(w, op, what::STORE_HALF, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        StrhtReg "cccc 0000 U 0 1 0 nnnn tttt 0000 1011 mmmm" => "strht{c} {Rt}, [{Rn}]{postreg}", Store, V7, |w, op| unprivileged_reg(w, op, what::STORE_HALF), unp "Rt or Rm = R15: UNDEFINED";
        Strh "cccc 000 P U 1 W 0 nnnn tttt iiii 1011 iiii" => "strh{c} {Rt}, {address}", Store, V7, |w, op| single_imm(w, op, what::STORE_HALF, op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        StrhReg "cccc 000 P U 0 W 0 nnnn tttt 0000 1011 mmmm" => "strh{c} {Rt}, {address}", Store, V7, |w, op| single_reg(w, op, what::STORE_HALF, 0), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        Ldrht "cccc 0000 U 1 1 1 nnnn tttt iiii 1011 iiii" => "ldrht{c} {Rt}, [{Rn}]{post}", Load, V7, |w, op| unprivileged_imm(w, op, what::HALF, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        LdrhtReg "cccc 0000 U 0 1 1 nnnn tttt 0000 1011 mmmm" => "ldrht{c} {Rt}, [{Rn}]{postreg}", Load, V7, |w, op| unprivileged_reg(w, op, what::HALF), unp "Rt or Rm = R15: UNDEFINED";
        Ldrh "cccc 000 P U 1 W 1 nnnn tttt iiii 1011 iiii" => "ldrh{c} {Rt}, {address}", Load, V7, |w, op| single_imm(w, op, what::HALF, op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        LdrhReg "cccc 000 P U 0 W 1 nnnn tttt 0000 1011 mmmm" => "ldrh{c} {Rt}, {address}", Load, V7, |w, op| single_reg(w, op, what::HALF, 0), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        Ldrsbt "cccc 0000 U 1 1 1 nnnn tttt iiii 1101 iiii" => "ldrsbt{c} {Rt}, [{Rn}]{post}", Load, V7, |w, op| unprivileged_imm(w, op, what::SIGNED_BYTE, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        LdrsbtReg "cccc 0000 U 0 1 1 nnnn tttt 0000 1101 mmmm" => "ldrsbt{c} {Rt}, [{Rn}]{postreg}", Load, V7, |w, op| unprivileged_reg(w, op, what::SIGNED_BYTE), unp "Rt or Rm = R15: UNDEFINED";
        Ldrsb "cccc 000 P U 1 W 1 nnnn tttt iiii 1101 iiii" => "ldrsb{c} {Rt}, {address}", Load, V7, |w, op| single_imm(w, op, what::SIGNED_BYTE, op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        LdrsbReg "cccc 000 P U 0 W 1 nnnn tttt 0000 1101 mmmm" => "ldrsb{c} {Rt}, {address}", Load, V7, |w, op| single_reg(w, op, what::SIGNED_BYTE, 0), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        Ldrsht "cccc 0000 U 1 1 1 nnnn tttt iiii 1111 iiii" => "ldrsht{c} {Rt}, [{Rn}]{post}", Load, V7, |w, op| unprivileged_imm(w, op, what::SIGNED_HALF, op.imm), unp "Rt or Rm = R15: UNDEFINED";
        LdrshtReg "cccc 0000 U 0 1 1 nnnn tttt 0000 1111 mmmm" => "ldrsht{c} {Rt}, [{Rn}]{postreg}", Load, V7, |w, op| unprivileged_reg(w, op, what::SIGNED_HALF), unp "Rt or Rm = R15: UNDEFINED";
        Ldrsh "cccc 000 P U 1 W 1 nnnn tttt iiii 1111 iiii" => "ldrsh{c} {Rt}, {address}", Load, V7, |w, op| single_imm(w, op, what::SIGNED_HALF, op.imm), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        LdrshReg "cccc 000 P U 0 W 1 nnnn tttt 0000 1111 mmmm" => "ldrsh{c} {Rt}, {address}", Load, V7, |w, op| single_reg(w, op, what::SIGNED_HALF, 0), unp "write-back to R15: UNDEFINED; Rt = Rn with write-back: the loaded value stays; Rt = R15: UNDEFINED";
        Ldrd "cccc 000 P U 1 W 0 nnnn tttt iiii 1101 iiii" => "ldrd{c} {Rt}, {Rt2}, {address}", Load, V7, |w, op| double_imm(w, op, what::DOUBLE, op.imm), unp "Rt odd or R14, P = 0 with W = 1: UNDEFINED";
        LdrdReg "cccc 000 P U 0 W 0 nnnn tttt 0000 1101 mmmm" => "ldrd{c} {Rt}, {Rt2}, {address}", Load, V7, |w, op| double_reg(w, op, what::DOUBLE, 0), unp "Rt odd or R14, P = 0 with W = 1: UNDEFINED";
        Strd "cccc 000 P U 1 W 0 nnnn tttt iiii 1111 iiii" => "strd{c} {Rt}, {Rt2}, {address}", Store, V7, |w, op| double_imm(w, op, what::STORE_DOUBLE, op.imm), unp "Rt odd or R14, P = 0 with W = 1: UNDEFINED";
        StrdReg "cccc 000 P U 0 W 0 nnnn tttt 0000 1111 mmmm" => "strd{c} {Rt}, {Rt2}, {address}", Store, V7, |w, op| double_reg(w, op, what::STORE_DOUBLE, 0), unp "Rt odd or R14, P = 0 with W = 1: UNDEFINED";
        Stm "cccc 100 P U 0 W 0 nnnn iiiiiiiiiiiiiiii" => "{stm}{c} {Rn}{!}, {list}", Multiple, V7, |w, op| multiple(op, false, w.bit('U'), w.bit('P'), w.bit('W')), unp "empty list or Rn = R15: UNDEFINED; Rn in the list: its old value is stored";
        Ldm "cccc 100 P U 0 W 1 nnnn iiiiiiiiiiiiiiii" => "{ldm}{c} {Rn}{!}, {list}", Multiple, V7, |w, op| multiple(op, true, w.bit('U'), w.bit('P'), w.bit('W')), unp "empty list or Rn = R15: UNDEFINED; Rn in the list with write-back: the loaded value stays";
        StmUser "cccc 100 P U 1 W 0 nnnn iiiiiiiiiiiiiiii" => "{stm}{c} {Rn}{!}, {list} ^", Multiple, V7, |w, op| multiple_user(w, op, Multiple::StmUser), unp "User or System mode, empty list: UNDEFINED; write-back happens";
        LdmReturn "cccc 100 P U 1 W 1 nnnn 1iiiiiiiiiiiiiii" => "{ldm}{c} {Rn}{!}, {list} ^", Multiple, V7, |w, op| multiple_user(w, op, Multiple::LdmReturn), unp "User or System mode: UNDEFINED";
        LdmUser "cccc 100 P U 1 W 1 nnnn 0iiiiiiiiiiiiiii" => "{ldm}{c} {Rn}{!}, {list} ^", Multiple, V7, |w, op| multiple_user(w, op, Multiple::LdmUser), unp "User or System mode, empty list: UNDEFINED; write-back happens";
        Strex "cccc 00011000 nnnn dddd 1111 1001 tttt" => "strex{c} {Rd}, {Rt}, [{Rn}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strex), unp "R15 as a register: UNDEFINED; Rd equal to another register: UNDEFINED";
        Ldrex "cccc 00011001 nnnn tttt 1111 1001 1111" => "ldrex{c} {Rt}, [{Rn}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrex), unp "R15 as a register: UNDEFINED";
        Strexd "cccc 00011010 nnnn dddd 1111 1001 tttt" => "strexd{c} {Rd}, {Rt}, {Rt2}, [{Rn}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strexd), unp "R15 as a register, Rt odd: UNDEFINED; Rd equal to another register: UNDEFINED";
        Ldrexd "cccc 00011011 nnnn tttt 1111 1001 1111" => "ldrexd{c} {Rt}, {Rt2}, [{Rn}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrexd), unp "R15 as a register, Rt odd: UNDEFINED";
        Strexb "cccc 00011100 nnnn dddd 1111 1001 tttt" => "strexb{c} {Rd}, {Rt}, [{Rn}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strexb), unp "R15 as a register: UNDEFINED; Rd equal to another register: UNDEFINED";
        Ldrexb "cccc 00011101 nnnn tttt 1111 1001 1111" => "ldrexb{c} {Rt}, [{Rn}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrexb), unp "R15 as a register: UNDEFINED";
        Strexh "cccc 00011110 nnnn dddd 1111 1001 tttt" => "strexh{c} {Rd}, {Rt}, [{Rn}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strexh), unp "R15 as a register: UNDEFINED; Rd equal to another register: UNDEFINED";
        Ldrexh "cccc 00011111 nnnn tttt 1111 1001 1111" => "ldrexh{c} {Rt}, [{Rn}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrexh), unp "R15 as a register: UNDEFINED";
        Swp "cccc 00010000 nnnn tttt 0000 1001 mmmm" => "swp{c} {Rt}, {Rm}, [{Rn}]", Store, V7, |_, op| no_pc(op, Exclusive::Swp.id(), &[op.rd, op.rn, op.rm]), unp "R15 as a register: UNDEFINED";
        Swpb "cccc 00010100 nnnn tttt 0000 1001 mmmm" => "swpb{c} {Rt}, {Rm}, [{Rn}]", Store, V7, |_, op| no_pc(op, Exclusive::Swpb.id(), &[op.rd, op.rn, op.rm]), unp "R15 as a register: UNDEFINED";
        PldImm "1111 0101 -101 nnnn 1111 iiiiiiiiiiii" => "pld {address}", Alu, V7, nop;
        PldwImm "1111 0101 -001 nnnn 1111 iiiiiiiiiiii" => "pldw {address}", Alu, V7, nop;
        PliImm "1111 0100 -101 nnnn 1111 iiiiiiiiiiii" => "pli {address}", Alu, V7, nop;
        PldReg "1111 0111 -101 nnnn 1111 iiiii yy 0 mmmm" => "pld {address}", Alu, V7, nop;
        PldwReg "1111 0111 -001 nnnn 1111 iiiii yy 0 mmmm" => "pldw {address}", Alu, V7, nop;
        PliReg "1111 0110 -101 nnnn 1111 iiiii yy 0 mmmm" => "pli {address}", Alu, V7, nop;
        HintImm "1111 0100 -001 ---- ---- ---- ---- ----" => "nop", Alu, V7, nop, unp "unallocated memory hint: NOP";
        HintReg "1111 0110 -001 ---- ---- ---- ---0 ----" => "nop", Alu, V7, nop, unp "unallocated memory hint: NOP";
    ]
}

fn word_or_pc(op: &Op) -> u8 {
    if op.rd == 15 { what::PC } else { what::WORD }
}

/// Transfers other than words do not reach R15.
fn check_rt(op: &Op, what: u8) -> Lowered {
    let word = matches!(what, what::WORD | what::PC | what::STORE_WORD);
    if op.rd == 15 && !word { Err(Undefined) } else { Ok(()) }
}

fn single_imm(w: &Word<'_>, op: &mut Op, what: u8, magnitude: u32) -> Lowered {
    check_rt(op, what)?;
    transfer_imm(w, op, what, w.bit('P'), w.bit('W'), signed(w.bit('U'), magnitude))
}

fn single_reg(w: &Word<'_>, op: &mut Op, what: u8, shift: u32) -> Lowered {
    check_rt(op, what)?;
    transfer_reg(op, what, w.bit('P'), w.bit('W'), !w.bit('U'), shift)
}

fn check_pair(w: &Word<'_>, op: &mut Op) -> Lowered {
    op.rs = op.rd + 1;
    let odd = op.rd & 1 != 0 || op.rd == 14;
    if odd || !w.bit('P') && w.bit('W') { Err(Undefined) } else { Ok(()) }
}

fn double_imm(w: &Word<'_>, op: &mut Op, what: u8, magnitude: u32) -> Lowered {
    check_pair(w, op)?;
    single_imm(w, op, what, magnitude)
}

fn double_reg(w: &Word<'_>, op: &mut Op, what: u8, shift: u32) -> Lowered {
    check_pair(w, op)?;
    single_reg(w, op, what, shift)
}

fn unprivileged(op: &mut Op, what: u8, mode: u8) -> Lowered {
    op.sh = what;
    op.rs = mode;
    no_pc(op, LoadStore::unprivileged(), &[op.rd, op.rn])
}

fn unprivileged_imm(w: &Word<'_>, op: &mut Op, what: u8, magnitude: u32) -> Lowered {
    op.imm = signed(w.bit('U'), magnitude);
    unprivileged(op, what, mode::IMM_POST)
}

fn unprivileged_reg(w: &Word<'_>, op: &mut Op, what: u8) -> Lowered {
    if op.rm == 15 {
        return Err(Undefined);
    }
    op.imm |= w.f('y') << 5 | u32::from(!w.bit('U')) << 7;
    unprivileged(op, what, mode::SHIFTED_POST)
}

fn multiple_user(w: &Word<'_>, op: &mut Op, handler: Multiple) -> Lowered {
    op.imm = w.raw & 0xFFFF;
    if op.imm == 0 || op.rn == 15 {
        return Err(Undefined);
    }
    op.sh = multiple_flags(w.bit('U'), w.bit('P'), w.bit('W'));
    op.cycles = op.cycles.saturating_add(op.imm.count_ones() as u8 - 1);
    op.handler = handler.id();
    if handler == Multiple::LdmReturn {
        op.ends_block();
    }
    Ok(())
}

fn store_exclusive(w: &Word<'_>, op: &mut Op, handler: Exclusive) -> Lowered {
    op.rs = w.f('t') as u8;
    op.rm = 0;
    if handler == Exclusive::Strexd {
        if op.rs & 1 != 0 || op.rs == 14 || op.rd == op.rs + 1 {
            return Err(Undefined);
        }
        op.rm = op.rs + 1;
    }
    if op.rd == op.rn || op.rd == op.rs {
        return Err(Undefined);
    }
    no_pc(op, handler.id(), &[op.rd, op.rn, op.rs])
}

fn load_exclusive(_w: &Word<'_>, op: &mut Op, handler: Exclusive) -> Lowered {
    if handler == Exclusive::Ldrexd {
        if op.rd & 1 != 0 || op.rd == 14 {
            return Err(Undefined);
        }
        op.rm = op.rd + 1;
    }
    no_pc(op, handler.id(), &[op.rd, op.rn])
}
