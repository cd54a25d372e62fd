//! Data processing.

use super::{Wrap, handlers};
use crate::env::Env;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

handlers! { Alu after Wrap::END;
    AddImm => add_imm::<E>,
}

fn add_imm<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.r[op.rd as usize & 15] = core.r[op.rn as usize & 15].wrapping_add(op.imm);
    Ok(Flow::Next)
}
