//! VFPv3 and VFPv4 instructions. The A32 and T32 encodings differ in their top bits only.

use super::{Undefined, Word, isa};
use crate::exec::vfp::Vfp;
use crate::op::Op;

isa! {
    /// Encodings in ARM state.
    pub(super) const A32 = [
        Vmrs "cccc 11101111 rrrr tttt 1010 --- 1 ----" => "vmrs{c} {Rt}, {fpsysreg}", FpMove, Vfp3, vmrs;
    ]
}

isa! {
    /// Encodings in Thumb state.
    pub(super) const T32 = [
        Vmrs "1110 11101111 rrrr tttt 1010 --- 1 ----" => "vmrs{c} {Rt}, {fpsysreg}", FpMove, Vfp3, vmrs;
    ]
}

fn vmrs(w: &Word<'_>, op: &mut Op) -> Result<(), Undefined> {
    op.handler = Vfp::Vmrs.id();
    op.rn = w.f('r') as u8;
    Ok(())
}
