//! Integer instructions of the ARM instruction set.

use super::{Undefined, Word, isa};
use crate::exec::alu::Alu;
use crate::exec::branch::Branch;
use crate::op::Op;

isa! {
    /// All of them; special cases come before what they are special cases of.
    pub(super) const TABLE = [
        AddImm "cccc 0010100 S nnnn dddd iiiiiiiiiiii" where S != 1, d != 15 => "add{c} {Rd}, {Rn}, {const}", Alu, V7, add_imm;
        B "cccc 1010 iiiiiiiiiiiiiiiiiiiiiiii" => "b{c} {label}", Branch, V7, b;
    ]
}

fn add_imm(w: &Word<'_>, op: &mut Op) -> Result<(), Undefined> {
    op.imm = (op.imm & 0xFF).rotate_right(op.imm >> 8 << 1);
    op.handler = Alu::AddImm.id();
    if w.f('n') == 15 {
        op.flags |= Op::READS_PC;
    }
    Ok(())
}

fn b(w: &Word<'_>, op: &mut Op) -> Result<(), Undefined> {
    op.imm = w.pc_value().wrapping_add(((op.imm << 8) as i32 >> 6) as u32);
    op.handler = Branch::B.id();
    op.ends_block();
    Ok(())
}
