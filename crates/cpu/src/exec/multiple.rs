//! Loads and stores of several registers.

use super::alu::{reg, set_reg};
use super::{handlers, load_store::LoadStore};
use crate::env::Env;
use crate::exception;
use crate::mem;
use crate::op::{Exec, Flow, Op, Raised};
use crate::state::Core;
use crate::tlb::Way;
use msmemu_fabric::Bus;

// op.imm: register list in bits 15:0. op.sh: see `flag`.
handlers! { Multiple after LoadStore::END, may_leave;
    Ldm => ldm::<E>,
    LdmPc => ldm_pc::<E>,
    LdmUser => ldm_user::<E>,
    LdmReturn => ldm_return::<E>,
    Stm => stm::<E>,
    StmUser => stm_user::<E>,
}

/// Bits of `op.sh`.
pub(crate) mod flag {
    /// Addresses go up from Rn.
    pub(crate) const UP: u8 = 1;
    /// Rn itself is not an address (before).
    pub(crate) const BEFORE: u8 = 2;
    /// Rn is written back.
    pub(crate) const WRITE_BACK: u8 = 4;
}

/// The lowest address, and what Rn becomes.
#[inline(always)]
fn range(core: &Core, op: &Op) -> (u32, u32) {
    let bytes = 4 * (op.imm & 0xFFFF).count_ones();
    let base = reg(core, op.n);
    let (first, end) = if op.sh & flag::UP != 0 {
        (base, base.wrapping_add(bytes))
    } else {
        (base.wrapping_sub(bytes), base.wrapping_sub(bytes))
    };
    let up = op.sh & flag::UP != 0;
    let before = op.sh & flag::BEFORE != 0;
    (if up == before { first.wrapping_add(4) } else { first }, end)
}

/// Loads everything before any register changes, so that an abort leaves them as they were.
#[inline(always)]
fn read_all<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Result<([u32; 16], u32), Raised> {
    let (mut va, end) = range(core, op);
    let mut values = [0; 16];
    let mut list = op.imm & 0xFFFF;
    if let Some(frame) = mem::words(core, env, Way::Read, va, list.count_ones()) {
        let mut offset = va & 0xFFF;
        while list != 0 {
            values[(list.trailing_zeros() & 15) as usize] = env.bus().ram().load_aligned(frame, offset);
            offset += 4;
            list &= list - 1;
        }
        return Ok((values, end));
    }
    while list != 0 {
        values[(list.trailing_zeros() & 15) as usize] = mem::load_aligned(core, env, op, va)?;
        va = va.wrapping_add(4);
        list &= list - 1;
    }
    Ok((values, end))
}

#[inline(always)]
fn load_low<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Result<u32, Raised> {
    let (values, end) = read_all(core, env, op)?;
    // A base that is also loaded keeps the loaded value.
    if op.sh & flag::WRITE_BACK != 0 {
        set_reg(core, op.n, end);
    }
    let mut list = op.imm & 0x7FFF;
    while list != 0 {
        let n = (list.trailing_zeros() & 15) as usize;
        core.r[n] = values[n];
        list &= list - 1;
    }
    Ok(values[15])
}

fn ldm<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    load_low(core, env, op)?;
    Ok(Flow::Next)
}

fn ldm_pc<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let target = load_low(core, env, op)?;
    core.bx(target);
    Ok(Flow::Jump)
}

/// LDM with `^` and without R15: User registers. No write-back.
fn ldm_user<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    if !core.mode.has_spsr() {
        return core.undefined();
    }
    let (values, end) = read_all(core, env, op)?;
    if op.sh & flag::WRITE_BACK != 0 {
        set_reg(core, op.n, end);
    }
    for (n, &value) in values.iter().enumerate().take(15) {
        if op.imm >> n & 1 != 0 {
            core.set_user_reg(n, value);
        }
    }
    Ok(Flow::Next)
}

/// LDM with `^` and R15: exception return.
fn ldm_return<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let Some(spsr) = core.spsr() else { return core.undefined() };
    let target = load_low(core, env, op)?;
    exception::exception_return(core, target, spsr)
}

#[inline(always)]
fn write_all<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    value: impl Fn(&Core, usize) -> u32,
) -> Result<u32, Raised> {
    let (mut va, end) = range(core, op);
    let mut list = op.imm & 0xFFFF;
    if let Some(frame) = mem::words(core, env, Way::Write, va, list.count_ones()) {
        // Words up to the first one that RAM wants to hear of; the rest goes the long way.
        while list != 0 {
            let n = (list.trailing_zeros() & 15) as usize;
            let value = if n == 15 { op.pc_value() } else { value(core, n) };
            if !env.bus().ram().store_aligned(frame, va, value) {
                break;
            }
            va = va.wrapping_add(4);
            list &= list - 1;
        }
    }
    while list != 0 {
        let n = (list.trailing_zeros() & 15) as usize;
        let value = if n == 15 { op.pc_value() } else { value(core, n) };
        mem::store_aligned(core, env, op, va, value)?;
        va = va.wrapping_add(4);
        list &= list - 1;
    }
    Ok(end)
}

fn stm<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let end = write_all(core, env, op, |core, n| core.r[n])?;
    if op.sh & flag::WRITE_BACK != 0 {
        set_reg(core, op.n, end);
    }
    Ok(Flow::Next)
}

/// STM with `^`: User registers.
fn stm_user<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    if !core.mode.has_spsr() {
        return core.undefined();
    }
    let end = write_all(core, env, op, Core::user_reg)?;
    if op.sh & flag::WRITE_BACK != 0 {
        set_reg(core, op.n, end);
    }
    Ok(Flow::Next)
}
