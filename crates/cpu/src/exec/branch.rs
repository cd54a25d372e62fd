//! Branches.

use super::alu::{Alu, reg};
use super::{Special, handlers};
use crate::env::Env;
use crate::mem;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

handlers! { Branch after Alu::END, may_leave;
    B => b::<E>,
    BEq => b_if::<E, 0>,
    BNe => b_if::<E, 1>,
    BCs => b_if::<E, 2>,
    BCc => b_if::<E, 3>,
    BMi => b_if::<E, 4>,
    BPl => b_if::<E, 5>,
    BVs => b_if::<E, 6>,
    BVc => b_if::<E, 7>,
    BHi => b_if::<E, 8>,
    BLs => b_if::<E, 9>,
    BGe => b_if::<E, 10>,
    BLt => b_if::<E, 11>,
    BGt => b_if::<E, 12>,
    BLe => b_if::<E, 13>,
    Bl => bl::<E>,
    // A call whose target follows in the path.
    Link => link_only::<E>,
    BlxToThumb => blx_imm::<E, true>,
    BlxToArm => blx_imm::<E, false>,
    Bx => bx::<E>,
    BlxReg => blx_reg::<E>,
    MovPc => mov_pc::<E>,
    AddPc => add_pc::<E>,
    Cbz => cbz::<E, false>,
    Cbnz => cbz::<E, true>,
    Tbb => tbb::<E>,
    Tbh => tbh::<E>,
}

impl Branch {
    /// The handler of a conditional branch; 14 is "always".
    pub(crate) const fn conditional(cond: u8) -> Self {
        const BY_CONDITION: [Branch; 14] = {
            use Branch::*;
            [BEq, BNe, BCs, BCc, BMi, BPl, BVs, BVc, BHi, BLs, BGe, BLt, BGt, BLe]
        };
        if cond < 14 { BY_CONDITION[cond as usize] } else { Self::B }
    }

    /// Where a direct branch that stays in its instruction set goes, and whether it tests something: its condition, which
    /// is in `op.cond`, or a register.
    pub(crate) fn target(op: &Op) -> Option<(u32, bool)> {
        let is = |branch: Self| op.handler == branch.id();
        if is(Self::B) || is(Self::Bl) {
            Some((op.imm, false))
        } else if is(Self::Cbz) || is(Self::Cbnz) || is(Self::conditional(op.cond)) {
            Some((op.imm, true))
        } else {
            None
        }
    }

    /// Changes a branch that has a [`Branch::target`] for a path that goes on there: the path's next op then follows
    /// when the branch is taken, and the instruction behind the branch is jumped to when it is not.
    pub(crate) fn take(op: &mut Op) {
        let is = |branch: Self| op.handler == branch.id();
        op.handler = if is(Self::B) {
            Special::Nop.id()
        } else if is(Self::Bl) {
            Self::Link.id()
        } else {
            let opposite = match (is(Self::Cbz), is(Self::Cbnz)) {
                (true, _) => Self::Cbnz,
                (_, true) => Self::Cbz,
                _ => Self::conditional(op.cond ^ 1),
            };
            op.imm = op.next_pc();
            opposite.id()
        };
        op.inner = op.handler;
    }
}

fn b<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.pc = op.imm;
    Ok(Flow::Jump)
}

pub(super) fn b_if<E: Env, const COND: u8>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    if core.condition(COND) {
        core.pc = op.imm;
        Ok(Flow::Jump)
    } else {
        Ok(Flow::Next)
    }
}

/// Return address: the next instruction, with bit 0 set in Thumb state.
fn link(core: &mut Core, op: &Op) {
    core.r[14] = op.next_pc() | u32::from(op.flags & Op::THUMB != 0);
}

fn bl<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    link(core, op);
    core.pc = op.imm;
    Ok(Flow::Jump)
}

fn link_only<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    link(core, op);
    Ok(Flow::Next)
}

fn blx_imm<E: Env, const THUMB: bool>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    link(core, op);
    core.thumb = THUMB;
    core.pc = op.imm;
    Ok(Flow::Jump)
}

fn bx<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let target = reg(core, op.m);
    core.bx(target);
    Ok(Flow::Jump)
}

fn blx_reg<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let target = reg(core, op.m);
    link(core, op);
    core.bx(target);
    Ok(Flow::Jump)
}

/// MOV PC, Rm in Thumb: stays in Thumb state.
fn mov_pc<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.pc = reg(core, op.m) & !1;
    Ok(Flow::Jump)
}

/// ADD PC, Rm in Thumb.
fn add_pc<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.pc = op.pc_value().wrapping_add(reg(core, op.m)) & !1;
    Ok(Flow::Jump)
}

fn cbz<E: Env, const NONZERO: bool>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    if (reg(core, op.n) != 0) == NONZERO {
        core.pc = op.imm;
        Ok(Flow::Jump)
    } else {
        Ok(Flow::Next)
    }
}

fn tbb<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = reg(core, op.n).wrapping_add(reg(core, op.m));
    let entry: u8 = mem::load(core, env, op, va)?;
    core.pc = op.pc_value().wrapping_add(2 * u32::from(entry));
    Ok(Flow::Jump)
}

fn tbh<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = reg(core, op.n).wrapping_add(reg(core, op.m) << 1);
    let entry: u16 = mem::load(core, env, op, va)?;
    core.pc = op.pc_value().wrapping_add(2 * u32::from(entry));
    Ok(Flow::Jump)
}
