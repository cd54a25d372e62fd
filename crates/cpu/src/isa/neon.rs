//! Advanced SIMD instructions. The A32 and T32 encodings differ in their top bits only.

use super::{Undefined, Word, isa};
use crate::exec::neon::Neon;
use crate::op::Op;

isa! {
    /// Encodings in ARM state.
    pub(super) const A32 = [
        VandReg "1111 0010 0 D 00 nnnn dddd 0001 N Q M 1 mmmm" => "vand {Qd}, {Qn}, {Qm}", Simd, Neon, vand;
    ]
}

isa! {
    /// Encodings in Thumb state.
    pub(super) const T32 = [
        VandReg "1110 1111 0 D 00 nnnn dddd 0001 N Q M 1 mmmm" => "vand {Qd}, {Qn}, {Qm}", Simd, Neon, vand;
    ]
}

fn vand(w: &Word<'_>, op: &mut Op) -> Result<(), Undefined> {
    op.handler = Neon::Vand.id();
    op.rd = (w.f('D') << 4 | w.f('d')) as u8;
    op.rn = (w.f('N') << 4 | w.f('n')) as u8;
    op.rm = (w.f('M') << 4 | w.f('m')) as u8;
    op.sh = w.f('Q') as u8;
    if op.sh == 1 && (op.rd | op.rn | op.rm) & 1 != 0 { Err(Undefined) } else { Ok(()) }
}
