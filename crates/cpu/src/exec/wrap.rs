//! Handlers around handlers: conditions and R15 as an operand.

use super::{handlers, run};
use crate::env::Env;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

handlers! { Wrap after 0;
    Undefined => undefined::<E>,
    Conditional => conditional::<E>,
    ReadsPc => reads_pc::<E>,
    ConditionalReadsPc => conditional_reads_pc::<E>,
    Nop => nop::<E>,
}

pub(super) fn undefined<E: Env>(core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    core.undefined()
}

fn nop<E: Env>(_core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    Ok(Flow::Next)
}

fn conditional<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    if core.condition(op.cond) { run(core, env, op.inner, op) } else { Ok(Flow::Next) }
}

fn reads_pc<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    core.r[15] = op.pc_value();
    run(core, env, op.inner, op)
}

fn conditional_reads_pc<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    if core.condition(op.cond) { reads_pc(core, env, op) } else { Ok(Flow::Next) }
}
