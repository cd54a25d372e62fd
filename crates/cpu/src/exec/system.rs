//! Status registers, coprocessors, barriers, hints and exception-generating instructions.

use super::{branch::Branch, handlers};
use crate::env::Env;
use crate::fault::Trap;
use crate::op::{Exec, Op};
use crate::state::Core;

handlers! { System after Branch::END;
    Svc => svc::<E>,
}

fn svc<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    Err(core.raise(Trap::Svc(op.imm)))
}
