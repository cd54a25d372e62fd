//! Integer instructions of the Thumb instruction set, 16 bits long.

use super::{Undefined, Word, isa};
use crate::exec::Wrap;
use crate::op::Op;

isa! {
    /// All of them; special cases come before what they are special cases of.
    pub(super) const TABLE = [
        Nop "1011 1111 0000 0000" => "nop{c}", Alu, V7, nop;
    ]
}

fn nop(_w: &Word<'_>, op: &mut Op) -> Result<(), Undefined> {
    op.handler = Wrap::Nop.id();
    Ok(())
}
