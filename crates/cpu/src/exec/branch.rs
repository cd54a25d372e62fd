//! Branches.

use super::{alu::Alu, handlers};
use crate::env::Env;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

handlers! { Branch after Alu::END;
    B => b::<E>,
}

fn b<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.pc = op.imm;
    Ok(Flow::Jump)
}
