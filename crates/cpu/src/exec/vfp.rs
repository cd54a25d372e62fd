//! VFP instructions.

use super::{handlers, system::System};
use crate::env::Env;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

handlers! { Vfp after System::END;
    Vmrs => vmrs::<E>,
}

fn vmrs<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    if op.rn != 1 {
        return core.undefined();
    }
    if op.rd == 15 {
        core.set_nzcv(core.fp.fpscr);
    } else {
        core.r[op.rd as usize & 15] = core.fp.fpscr;
    }
    Ok(Flow::Next)
}
