//! Advanced SIMD instructions.

use super::{handlers, vfp::Vfp};
use crate::env::Env;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

handlers! { Neon after Vfp::END;
    Vand => vand::<E>,
}

fn vand<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    for i in 0..=usize::from(op.sh) {
        let value = core.fp.d[(op.rn as usize + i) & 31] & core.fp.d[(op.rm as usize + i) & 31];
        core.fp.d[(op.rd as usize + i) & 31] = value;
    }
    Ok(Flow::Next)
}
