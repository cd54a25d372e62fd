//! Loads and stores of 32-bit Thumb.

use super::lower::*;
use super::{Undefined, Word, isa};
use crate::exec::branch::Branch;
use crate::exec::exclusive::Exclusive;
use crate::exec::load_store::{LoadStore, mode, what};
use crate::op::Op;

isa! {
    /// Special cases come before what they are special cases of.
    pub(super) const MEMORY = [
        Stm "11101000 10 W 0 nnnn iiiiiiiiiiiiiiii" => "stm{c}.w {Rn}{!}, {list}", Multiple, V7, |w, op| block(w, op, false, true), unp "empty list, Rn = R15, Rn in the list with write-back: UNDEFINED; R13 or R15 in a list: as any register";
        Ldm "11101000 10 W 1 nnnn iiiiiiiiiiiiiiii" => "ldm{c}.w {Rn}{!}, {list}", Multiple, V7, |w, op| block(w, op, true, true), unp "empty list, Rn = R15, Rn in the list with write-back: UNDEFINED; R13 or R15 in a list: as any register";
        Stmdb "11101001 00 W 0 nnnn iiiiiiiiiiiiiiii" => "stmdb{c}.w {Rn}{!}, {list}", Multiple, V7, |w, op| block(w, op, false, false), unp "empty list, Rn = R15, Rn in the list with write-back: UNDEFINED; R13 or R15 in a list: as any register";
        Ldmdb "11101001 00 W 1 nnnn iiiiiiiiiiiiiiii" => "ldmdb{c}.w {Rn}{!}, {list}", Multiple, V7, |w, op| block(w, op, true, false), unp "empty list, Rn = R15, Rn in the list with write-back: UNDEFINED; R13 or R15 in a list: as any register";
        Strex "11101000 0100 nnnn tttt dddd iiiiiiii" => "strex{c} {Rd}, {Rt}, [{Rn}{,#i*4}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strex), unp "R15 as a register: UNDEFINED; Rd equal to another register, R13: UNDEFINED";
        Ldrex "11101000 0101 nnnn tttt 1111 iiiiiiii" => "ldrex{c} {Rt}, [{Rn}{,#i*4}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrex), unp "R15 as a register: UNDEFINED";
        Strexb "11101000 1100 nnnn tttt 1111 0100 dddd" => "strexb{c} {Rd}, {Rt}, [{Rn}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strexb), unp "R15 as a register: UNDEFINED; Rd equal to another register, R13: UNDEFINED";
        Ldrexb "11101000 1101 nnnn tttt 1111 0100 1111" => "ldrexb{c} {Rt}, [{Rn}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrexb), unp "R15 as a register: UNDEFINED";
        Strexh "11101000 1100 nnnn tttt 1111 0101 dddd" => "strexh{c} {Rd}, {Rt}, [{Rn}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strexh), unp "R15 as a register: UNDEFINED; Rd equal to another register, R13: UNDEFINED";
        Ldrexh "11101000 1101 nnnn tttt 1111 0101 1111" => "ldrexh{c} {Rt}, [{Rn}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrexh), unp "R15 as a register: UNDEFINED";
        Strexd "11101000 1100 nnnn tttt uuuu 0111 dddd" => "strexd{c} {Rd}, {Rt}, {Ru}, [{Rn}]", Store, V7, |w, op| store_exclusive(w, op, Exclusive::Strexd), unp "R15 as a register: UNDEFINED; Rd equal to another register, R13: UNDEFINED";
        Ldrexd "11101000 1101 nnnn tttt uuuu 0111 1111" => "ldrexd{c} {Rt}, {Ru}, [{Rn}]", Load, V7, |w, op| load_exclusive(w, op, Exclusive::Ldrexd), unp "R15 as a register: UNDEFINED; Rt = Rt2: UNDEFINED";
        Tbb "11101000 1101 nnnn 1111 0000 0000 mmmm" => "tbb{c} [{Rn}, {Rm}]", Branch, V7, |_, op| table_branch(op, Branch::Tbb), unp "Rm = R15: UNDEFINED";
        Tbh "11101000 1101 nnnn 1111 0000 0001 mmmm" => "tbh{c} [{Rn}, {Rm}, lsl #1]", Branch, V7, |_, op| table_branch(op, Branch::Tbh), unp "Rm = R15: UNDEFINED";
        StrdPost "1110100 0 U 1 1 0 nnnn tttt uuuu iiiiiiii" => "strd{c} {Rt}, {Ru}, {address4}", Store, V7, |w, op| double(w, op, what::STORE_DOUBLE, false), unp "R15 as Rt or Rt2, Rn = R15 with write-back or in a store: UNDEFINED; Rt = Rt2: the second word counts";
        Strd "1110100 1 U 1 W 0 nnnn tttt uuuu iiiiiiii" => "strd{c} {Rt}, {Ru}, {address4}", Store, V7, |w, op| double(w, op, what::STORE_DOUBLE, true), unp "R15 as Rt or Rt2, Rn = R15 with write-back or in a store: UNDEFINED; Rt = Rt2: the second word counts";
        LdrdPost "1110100 0 U 1 1 1 nnnn tttt uuuu iiiiiiii" => "ldrd{c} {Rt}, {Ru}, {address4}", Load, V7, |w, op| double(w, op, what::DOUBLE, false), unp "R15 as Rt or Rt2, Rn = R15 with write-back or in a store: UNDEFINED; Rt = Rt2: the second word counts";
        Ldrd "1110100 1 U 1 W 1 nnnn tttt uuuu iiiiiiii" => "ldrd{c} {Rt}, {Ru}, {address4}", Load, V7, |w, op| double(w, op, what::DOUBLE, true), unp "R15 as Rt or Rt2, Rn = R15 with write-back or in a store: UNDEFINED; Rt = Rt2: the second word counts";
        PldLiteral "11111000 -001 1111 1111 iiiiiiiiiiii" => "pld {address}", Alu, V7, nop;
        PldImm12 "11111000 1001 nnnn 1111 iiiiiiiiiiii" => "pld {address}", Alu, V7, nop;
        PldImm8 "11111000 0001 nnnn 1111 1100 iiiiiiii" => "pld {address}", Alu, V7, nop;
        PldReg "11111000 0001 nnnn 1111 000000 ii mmmm" => "pld {address}", Alu, V7, nop;
        PldwLiteral "11111000 -011 1111 1111 iiiiiiiiiiii" => "pldw {address}", Alu, V7, nop, unp "unallocated memory hint: NOP";
        PldwImm12 "11111000 1011 nnnn 1111 iiiiiiiiiiii" => "pldw {address}", Alu, V7, nop;
        PldwImm8 "11111000 0011 nnnn 1111 1100 iiiiiiii" => "pldw {address}", Alu, V7, nop;
        PldwReg "11111000 0011 nnnn 1111 000000 ii mmmm" => "pldw {address}", Alu, V7, nop;
        PliLiteral "11111001 -001 1111 1111 iiiiiiiiiiii" => "pli {address}", Alu, V7, nop;
        PliImm12 "11111001 1001 nnnn 1111 iiiiiiiiiiii" => "pli {address}", Alu, V7, nop;
        PliImm8 "11111001 0001 nnnn 1111 1100 iiiiiiii" => "pli {address}", Alu, V7, nop;
        PliReg "11111001 0001 nnnn 1111 000000 ii mmmm" => "pli {address}", Alu, V7, nop;
        HintLiteral "11111001 -011 1111 1111 iiiiiiiiiiii" => "nop {address}", Alu, V7, nop, unp "unallocated memory hint: NOP";
        HintImm12 "11111001 1011 nnnn 1111 iiiiiiiiiiii" => "nop {address}", Alu, V7, nop, unp "unallocated memory hint: NOP";
        HintImm8 "11111001 0011 nnnn 1111 1100 iiiiiiii" => "nop {address}", Alu, V7, nop, unp "unallocated memory hint: NOP";
        HintReg "11111001 0011 nnnn 1111 000000 ii mmmm" => "nop {address}", Alu, V7, nop, unp "unallocated memory hint: NOP";
        StrbImm12 "11111000 1000 nnnn tttt iiiiiiiiiiii" where n != 15 => "strb{c}.w {Rt}, [{Rn}{,#i}]", Store, V7, |w, op| single(w, op, what::STORE_BYTE, true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Strbt "11111000 0000 nnnn tttt 1110 iiiiiiii" where n != 15 => "strbt{c} {Rt}, [{Rn}{,#i}]", Store, V7, |_, op| unprivileged(op, what::STORE_BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrbNeg "11111000 0000 nnnn tttt 1100 iiiiiiii" where n != 15 => "strb{c} {Rt}, [{Rn}, {#-i}]", Store, V7, |w, op| single(w, op, what::STORE_BYTE, true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrbPost "11111000 0000 nnnn tttt 10U1 iiiiiiii" where n != 15 => "strb{c} {Rt}, [{Rn}], {#±i}", Store, V7, |w, op| single(w, op, what::STORE_BYTE, false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrbPre "11111000 0000 nnnn tttt 11U1 iiiiiiii" where n != 15 => "strb{c} {Rt}, [{Rn}, {#±i}]!", Store, V7, |w, op| single(w, op, what::STORE_BYTE, true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrbReg "11111000 0000 nnnn tttt 000000 ii mmmm" where n != 15 => "strb{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Store, V7, |_, op| indexed(op, what::STORE_BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrhImm12 "11111000 1010 nnnn tttt iiiiiiiiiiii" where n != 15 => "strh{c}.w {Rt}, [{Rn}{,#i}]", Store, V7, |w, op| single(w, op, what::STORE_HALF, true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Strht "11111000 0010 nnnn tttt 1110 iiiiiiii" where n != 15 => "strht{c} {Rt}, [{Rn}{,#i}]", Store, V7, |_, op| unprivileged(op, what::STORE_HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrhNeg "11111000 0010 nnnn tttt 1100 iiiiiiii" where n != 15 => "strh{c} {Rt}, [{Rn}, {#-i}]", Store, V7, |w, op| single(w, op, what::STORE_HALF, true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrhPost "11111000 0010 nnnn tttt 10U1 iiiiiiii" where n != 15 => "strh{c} {Rt}, [{Rn}], {#±i}", Store, V7, |w, op| single(w, op, what::STORE_HALF, false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrhPre "11111000 0010 nnnn tttt 11U1 iiiiiiii" where n != 15 => "strh{c} {Rt}, [{Rn}, {#±i}]!", Store, V7, |w, op| single(w, op, what::STORE_HALF, true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrhReg "11111000 0010 nnnn tttt 000000 ii mmmm" where n != 15 => "strh{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Store, V7, |_, op| indexed(op, what::STORE_HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrImm12 "11111000 1100 nnnn tttt iiiiiiiiiiii" where n != 15 => "str{c}.w {Rt}, [{Rn}{,#i}]", Store, V7, |w, op| single(w, op, what::STORE_WORD, true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Strt "11111000 0100 nnnn tttt 1110 iiiiiiii" where n != 15 => "strt{c} {Rt}, [{Rn}{,#i}]", Store, V7, |_, op| unprivileged(op, what::STORE_WORD), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrNeg "11111000 0100 nnnn tttt 1100 iiiiiiii" where n != 15 => "str{c} {Rt}, [{Rn}, {#-i}]", Store, V7, |w, op| single(w, op, what::STORE_WORD, true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrPost "11111000 0100 nnnn tttt 10U1 iiiiiiii" where n != 15 => "str{c} {Rt}, [{Rn}], {#±i}", Store, V7, |w, op| single(w, op, what::STORE_WORD, false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrPre "11111000 0100 nnnn tttt 11U1 iiiiiiii" where n != 15 => "str{c} {Rt}, [{Rn}, {#±i}]!", Store, V7, |w, op| single(w, op, what::STORE_WORD, true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        StrReg "11111000 0100 nnnn tttt 000000 ii mmmm" where n != 15 => "str{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Store, V7, |_, op| indexed(op, what::STORE_WORD), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrbLiteral "11111000 U001 1111 tttt iiiiiiiiiiii" => "ldrb{c}.w {Rt}, {literal}", Load, V7, |w, op| literal(w, op, what::BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrbImm12 "11111000 1001 nnnn tttt iiiiiiiiiiii" where n != 15 => "ldrb{c}.w {Rt}, [{Rn}{,#i}]", Load, V7, |w, op| single(w, op, what::BYTE, true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Ldrbt "11111000 0001 nnnn tttt 1110 iiiiiiii" where n != 15 => "ldrbt{c} {Rt}, [{Rn}{,#i}]", Load, V7, |_, op| unprivileged(op, what::BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrbNeg "11111000 0001 nnnn tttt 1100 iiiiiiii" where n != 15 => "ldrb{c} {Rt}, [{Rn}, {#-i}]", Load, V7, |w, op| single(w, op, what::BYTE, true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrbPost "11111000 0001 nnnn tttt 10U1 iiiiiiii" where n != 15 => "ldrb{c} {Rt}, [{Rn}], {#±i}", Load, V7, |w, op| single(w, op, what::BYTE, false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrbPre "11111000 0001 nnnn tttt 11U1 iiiiiiii" where n != 15 => "ldrb{c} {Rt}, [{Rn}, {#±i}]!", Load, V7, |w, op| single(w, op, what::BYTE, true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrbReg "11111000 0001 nnnn tttt 000000 ii mmmm" where n != 15 => "ldrb{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Load, V7, |_, op| indexed(op, what::BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrhLiteral "11111000 U011 1111 tttt iiiiiiiiiiii" => "ldrh{c}.w {Rt}, {literal}", Load, V7, |w, op| literal(w, op, what::HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrhImm12 "11111000 1011 nnnn tttt iiiiiiiiiiii" where n != 15 => "ldrh{c}.w {Rt}, [{Rn}{,#i}]", Load, V7, |w, op| single(w, op, what::HALF, true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Ldrht "11111000 0011 nnnn tttt 1110 iiiiiiii" where n != 15 => "ldrht{c} {Rt}, [{Rn}{,#i}]", Load, V7, |_, op| unprivileged(op, what::HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrhNeg "11111000 0011 nnnn tttt 1100 iiiiiiii" where n != 15 => "ldrh{c} {Rt}, [{Rn}, {#-i}]", Load, V7, |w, op| single(w, op, what::HALF, true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrhPost "11111000 0011 nnnn tttt 10U1 iiiiiiii" where n != 15 => "ldrh{c} {Rt}, [{Rn}], {#±i}", Load, V7, |w, op| single(w, op, what::HALF, false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrhPre "11111000 0011 nnnn tttt 11U1 iiiiiiii" where n != 15 => "ldrh{c} {Rt}, [{Rn}, {#±i}]!", Load, V7, |w, op| single(w, op, what::HALF, true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrhReg "11111000 0011 nnnn tttt 000000 ii mmmm" where n != 15 => "ldrh{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Load, V7, |_, op| indexed(op, what::HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrLiteral "11111000 U101 1111 tttt iiiiiiiiiiii" => "ldr{c}.w {Rt}, {literal}", Load, V7, |w, op| literal(w, op, word_or_pc(op)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrImm12 "11111000 1101 nnnn tttt iiiiiiiiiiii" where n != 15 => "ldr{c}.w {Rt}, [{Rn}{,#i}]", Load, V7, |w, op| single(w, op, word_or_pc(op), true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Ldrt "11111000 0101 nnnn tttt 1110 iiiiiiii" where n != 15 => "ldrt{c} {Rt}, [{Rn}{,#i}]", Load, V7, |_, op| unprivileged(op, what::WORD), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrNeg "11111000 0101 nnnn tttt 1100 iiiiiiii" where n != 15 => "ldr{c} {Rt}, [{Rn}, {#-i}]", Load, V7, |w, op| single(w, op, word_or_pc(op), true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrPost "11111000 0101 nnnn tttt 10U1 iiiiiiii" where n != 15 => "ldr{c} {Rt}, [{Rn}], {#±i}", Load, V7, |w, op| single(w, op, word_or_pc(op), false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrPre "11111000 0101 nnnn tttt 11U1 iiiiiiii" where n != 15 => "ldr{c} {Rt}, [{Rn}, {#±i}]!", Load, V7, |w, op| single(w, op, word_or_pc(op), true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrReg "11111000 0101 nnnn tttt 000000 ii mmmm" where n != 15 => "ldr{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Load, V7, |_, op| indexed(op, word_or_pc(op)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrsbLiteral "11111001 U001 1111 tttt iiiiiiiiiiii" => "ldrsb{c}.w {Rt}, {literal}", Load, V7, |w, op| literal(w, op, what::SIGNED_BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrsbImm12 "11111001 1001 nnnn tttt iiiiiiiiiiii" where n != 15 => "ldrsb{c}.w {Rt}, [{Rn}{,#i}]", Load, V7, |w, op| single(w, op, what::SIGNED_BYTE, true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Ldrsbt "11111001 0001 nnnn tttt 1110 iiiiiiii" where n != 15 => "ldrsbt{c} {Rt}, [{Rn}{,#i}]", Load, V7, |_, op| unprivileged(op, what::SIGNED_BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrsbNeg "11111001 0001 nnnn tttt 1100 iiiiiiii" where n != 15 => "ldrsb{c} {Rt}, [{Rn}, {#-i}]", Load, V7, |w, op| single(w, op, what::SIGNED_BYTE, true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrsbPost "11111001 0001 nnnn tttt 10U1 iiiiiiii" where n != 15 => "ldrsb{c} {Rt}, [{Rn}], {#±i}", Load, V7, |w, op| single(w, op, what::SIGNED_BYTE, false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrsbPre "11111001 0001 nnnn tttt 11U1 iiiiiiii" where n != 15 => "ldrsb{c} {Rt}, [{Rn}, {#±i}]!", Load, V7, |w, op| single(w, op, what::SIGNED_BYTE, true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrsbReg "11111001 0001 nnnn tttt 000000 ii mmmm" where n != 15 => "ldrsb{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Load, V7, |_, op| indexed(op, what::SIGNED_BYTE), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrshLiteral "11111001 U011 1111 tttt iiiiiiiiiiii" => "ldrsh{c}.w {Rt}, {literal}", Load, V7, |w, op| literal(w, op, what::SIGNED_HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrshImm12 "11111001 1011 nnnn tttt iiiiiiiiiiii" where n != 15 => "ldrsh{c}.w {Rt}, [{Rn}{,#i}]", Load, V7, |w, op| single(w, op, what::SIGNED_HALF, true, false, op.imm), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        Ldrsht "11111001 0011 nnnn tttt 1110 iiiiiiii" where n != 15 => "ldrsht{c} {Rt}, [{Rn}{,#i}]", Load, V7, |_, op| unprivileged(op, what::SIGNED_HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrshNeg "11111001 0011 nnnn tttt 1100 iiiiiiii" where n != 15 => "ldrsh{c} {Rt}, [{Rn}, {#-i}]", Load, V7, |w, op| single(w, op, what::SIGNED_HALF, true, false, op.imm.wrapping_neg()), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrshPost "11111001 0011 nnnn tttt 10U1 iiiiiiii" where n != 15 => "ldrsh{c} {Rt}, [{Rn}], {#±i}", Load, V7, |w, op| single(w, op, what::SIGNED_HALF, false, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrshPre "11111001 0011 nnnn tttt 11U1 iiiiiiii" where n != 15 => "ldrsh{c} {Rt}, [{Rn}, {#±i}]!", Load, V7, |w, op| single(w, op, what::SIGNED_HALF, true, true, signed(w.bit('U'), op.imm)), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
        LdrshReg "11111001 0011 nnnn tttt 000000 ii mmmm" where n != 15 => "ldrsh{c}.w {Rt}, [{Rn}, {Rm}{lsl}]", Load, V7, |_, op| indexed(op, what::SIGNED_HALF), unp "Rt = R15 (other than LDR), Rn = R15 where it is not a literal: UNDEFINED; Rt = Rn with write-back: the loaded value stays";
    ]
}

fn block(w: &Word<'_>, op: &mut Op, load: bool, up: bool) -> Lowered {
    if w.bit('W') && op.imm >> op.rn & 1 != 0 {
        return Err(Undefined);
    }
    multiple(op, load, up, !up, w.bit('W'))
}

fn store_exclusive(w: &Word<'_>, op: &mut Op, handler: Exclusive) -> Lowered {
    op.rs = w.f('t') as u8;
    op.rm = w.f('u') as u8;
    op.imm <<= 2;
    let pair = handler == Exclusive::Strexd;
    let stack = op.rd == 13 || op.rs == 13 || pair && op.rm == 13;
    if stack || op.rd == op.rn || op.rd == op.rs || pair && op.rd == op.rm {
        return Err(Undefined);
    }
    no_pc(op, handler.id(), &[op.rd, op.rn, op.rs, op.rm])
}

fn load_exclusive(w: &Word<'_>, op: &mut Op, handler: Exclusive) -> Lowered {
    op.rm = w.f('u') as u8;
    op.imm <<= 2;
    let pair = handler == Exclusive::Ldrexd;
    if op.rd == 13 || pair && (op.rm == 13 || op.rm == op.rd) {
        return Err(Undefined);
    }
    no_pc(op, handler.id(), &[op.rd, op.rn, op.rm])
}

fn table_branch(op: &mut Op, handler: Branch) -> Lowered {
    reads(op, &[op.rn]);
    op.ends_block();
    no_pc(op, handler.id(), &[op.rm])
}

fn double(w: &Word<'_>, op: &mut Op, what: u8, index: bool) -> Lowered {
    op.rs = w.f('u') as u8;
    let write_back = !index || w.bit('W');
    if op.rd == 15 || op.rs == 15 || op.rn == 15 && (write_back || what == what::STORE_DOUBLE) {
        return Err(Undefined);
    }
    transfer_imm(w, op, what, index, write_back, signed(w.bit('U'), op.imm << 2))
}

fn word_or_pc(op: &Op) -> u8 {
    if op.rd == 15 { what::PC } else { what::WORD }
}

fn single(w: &Word<'_>, op: &mut Op, what: u8, index: bool, write_back: bool, offset: u32) -> Lowered {
    if op.rd == 15 && what != what::PC {
        return Err(Undefined);
    }
    transfer_imm(w, op, what, index, write_back, offset)
}

fn literal(w: &Word<'_>, op: &mut Op, what: u8) -> Lowered {
    op.rn = 15;
    single(w, op, what, true, false, signed(w.bit('U'), op.imm))
}

fn unprivileged(op: &mut Op, what: u8) -> Lowered {
    op.sh = what;
    op.rs = mode::IMM;
    no_pc(op, LoadStore::unprivileged(), &[op.rd])
}

fn indexed(op: &mut Op, what: u8) -> Lowered {
    if op.rd == 15 && what != what::PC || op.rm == 15 {
        return Err(Undefined);
    }
    transfer_reg(op, what, true, false, false, op.imm)
}
