//! Handlers around handlers: conditions and R15 as an operand.

use super::{done, handlers, next, run};
use crate::env::Env;
use crate::op::{End, Exec, Flow, HandlerId, Op};
use crate::state::Core;

/// Handlers that run `op.inner`, and those for no instruction.
pub(crate) struct Wrap;

impl Wrap {
    const CONDITIONAL: u16 = 0;
    const CONDITIONS: u16 = 14;
    const CONDITIONAL_READS_PC: u16 = Self::CONDITIONAL + Self::CONDITIONS;
    const READS_PC: u16 = Self::CONDITIONAL_READS_PC + 1;
    /// Number after the last handler of this group.
    pub(crate) const END: u16 = Self::READS_PC + 1;

    /// Tests a condition, 0–13.
    pub(crate) const fn conditional(cond: u8) -> HandlerId {
        HandlerId(Self::CONDITIONAL + cond as u16 % Self::CONDITIONS)
    }

    /// Tests `op.cond`, then makes R15 readable.
    pub(crate) const fn conditional_reads_pc() -> HandlerId {
        HandlerId(Self::CONDITIONAL_READS_PC)
    }

    /// Makes R15 readable.
    pub(crate) const fn reads_pc() -> HandlerId {
        HandlerId(Self::READS_PC)
    }

    /// Writes this group's handlers into the table.
    pub(crate) const fn list<E: Env, const N: usize>(
        mut table: [super::Handler<E>; N],
    ) -> [super::Handler<E>; N] {
        macro_rules! conditions {
            ($($cond:literal),*) => {$(
                table[Self::conditional($cond).0 as usize] = conditional::<E, $cond>;
            )*};
        }
        conditions!(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
        table[Self::CONDITIONAL_READS_PC as usize] = conditional_reads_pc::<E>;
        table[Self::READS_PC as usize] = reads_pc::<E>;
        table
    }
}

handlers! { Special after Wrap::END, stays;
    Undefined => undefined::<E>,
    Nop => nop::<E>,
}

fn undefined<E: Env>(core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    core.undefined()
}

fn nop<E: Env>(_core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    Ok(Flow::Next)
}

/// Fills the table where no instruction is.
pub(super) fn unassigned<E: Env>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    match ops.first() {
        Some(op) => super::end(env, op, core.undefined()),
        None => done(),
    }
}

fn conditional<E: Env, const COND: u8>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let Some((op, rest)) = ops.split_first() else { return done() };
    if core.condition(COND) { run(core, env, op.inner, ops) } else { next(core, env, op, rest) }
}

fn reads_pc<E: Env>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let Some(op) = ops.first() else { return done() };
    core.r[15] = op.pc_value();
    run(core, env, op.inner, ops)
}

fn conditional_reads_pc<E: Env>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let Some((op, rest)) = ops.split_first() else { return done() };
    if core.condition(op.cond) { reads_pc(core, env, ops) } else { next(core, env, op, rest) }
}
