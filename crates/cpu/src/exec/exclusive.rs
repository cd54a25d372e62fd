//! Load-exclusive, store-exclusive, CLREX and SWP.
//!
//! Two monitors must agree: the local one (a mark in the core) and the global one (a mark at the RAM, which stores of
//! other masters clear). Outside RAM there is only the local monitor (our choice).

use super::alu::{reg, set_reg};
use super::{handlers, multiple::Multiple};
use crate::env::Env;
use crate::fault::Trap;
use crate::mem::{self, Datum, Kind};
use crate::mmu;
use crate::op::{Exec, Flow, Op, Raised};
use crate::state::Core;
use msmemu_fabric::{Bus, PhysAddr};

// rd = Rt of a load; of a store rd = Rd (status) and rs = Rt; rm = Rt2. op.imm is the offset.
handlers! { Exclusive after Multiple::END, may_leave;
    Ldrex => ldrex::<E, u32>,
    Ldrexb => ldrex::<E, u8>,
    Ldrexh => ldrex::<E, u16>,
    Ldrexd => ldrexd::<E>,
    Strex => strex::<E, u32>,
    Strexb => strex::<E, u8>,
    Strexh => strex::<E, u16>,
    Strexd => strexd::<E>,
    Clrex => clrex::<E>,
    Swp => swp::<E, u32>,
    Swpb => swp::<E, u8>,
}

/// Marks the location in both monitors, before the load so that a fault comes first.
fn mark<E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32, bytes: u32) -> Result<(), Raised> {
    let pa = physical(core, env, op, va, bytes, Kind::Read)?;
    core.monitor.marked = Some((pa, bytes as u8));
    if env.bus().ram().frame(PhysAddr(pa)).is_some() {
        let master = core.master.bus;
        env.bus().ram().monitor().mark(master, PhysAddr(pa));
    }
    Ok(())
}

/// Translates an exclusive access, which must be aligned to its whole size.
fn physical<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    bytes: u32,
    kind: Kind,
) -> Result<u64, Raised> {
    if va & (bytes - 1) != 0 {
        return Err(mem::misaligned(core, va, kind == Kind::Write));
    }
    mem::mark_time(core, op);
    let privileged = core.mode.is_privileged();
    match mmu::translate(core, env, va, kind, privileged) {
        Ok(translation) => Ok(translation.pa),
        Err(fault) => Err(core.raise(Trap::DataAbort(fault))),
    }
}

/// Whether a store-exclusive may store; clears both monitors. A store-exclusive to another address or of another size
/// than the load fails (our choice where the manual leaves it IMPLEMENTATION DEFINED).
fn may_store<E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32, bytes: u32) -> Result<bool, Raised> {
    let pa = physical(core, env, op, va, bytes, Kind::Write)?;
    let local = core.monitor.marked.take() == Some((pa, bytes as u8));
    let in_ram = env.bus().ram().frame(PhysAddr(pa)).is_some();
    let master = core.master.bus;
    let monitor = env.bus().ram().monitor();
    let global = !in_ram || monitor.holds(master, PhysAddr(pa));
    monitor.clear(master);
    Ok(local && global)
}

fn ldrex<E: Env, W: Datum>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = reg(core, op.n).wrapping_add(op.imm);
    mark(core, env, op, va, W::BYTES)?;
    let value: W = mem::load_aligned(core, env, op, va)?;
    set_reg(core, op.d, Into::<u64>::into(value) as u32);
    Ok(Flow::Next)
}

fn ldrexd<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = reg(core, op.n);
    mark(core, env, op, va, 8)?;
    let first: u32 = mem::load_aligned(core, env, op, va)?;
    let second: u32 = mem::load_aligned(core, env, op, va.wrapping_add(4))?;
    set_reg(core, op.d, first);
    set_reg(core, op.m, second);
    Ok(Flow::Next)
}

fn strex<E: Env, W: Datum>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = reg(core, op.n).wrapping_add(op.imm);
    let store = may_store(core, env, op, va, W::BYTES)?;
    if store {
        let value = W::truncate(u64::from(reg(core, op.s)));
        mem::store_aligned(core, env, op, va, value)?;
    }
    set_reg(core, op.d, u32::from(!store));
    Ok(Flow::Next)
}

fn strexd<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let va = reg(core, op.n);
    let store = may_store(core, env, op, va, 8)?;
    if store {
        let (first, second) = (reg(core, op.s), reg(core, op.m));
        mem::store_aligned(core, env, op, va, first)?;
        mem::store_aligned(core, env, op, va.wrapping_add(4), second)?;
    }
    set_reg(core, op.d, u32::from(!store));
    Ok(Flow::Next)
}

fn clrex<E: Env>(core: &mut Core, env: &mut E, _op: &Op) -> Exec {
    core.monitor.marked = None;
    let master = core.master.bus;
    env.bus().ram().monitor().clear(master);
    Ok(Flow::Next)
}

/// Deprecated, and UNDEFINED unless SCTLR.SW is set. rd = Rt, rm = Rt2, rn = Rn.
fn swp<E: Env, W: Datum>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    if !core.swp_enabled() {
        return core.undefined();
    }
    let va = reg(core, op.n);
    // The read comes first, so what both would fault on is a read fault; nothing is read where the write would fault.
    physical(core, env, op, va, W::BYTES, Kind::Read)?;
    physical(core, env, op, va, W::BYTES, Kind::Write)?;
    let old: W = mem::load_aligned(core, env, op, va)?;
    let new = W::truncate(u64::from(reg(core, op.m)));
    mem::store_aligned(core, env, op, va, new)?;
    set_reg(core, op.d, Into::<u64>::into(old) as u32);
    Ok(Flow::Next)
}
