//! Status registers, coprocessors, barriers, hints and exception-generating instructions.

use super::alu::{reg, set_reg};
use super::{exclusive::Exclusive, handlers};
use crate::cp15::Coord;
use crate::env::Env;
use crate::exception;
use crate::fault::{Exit, Trap};
use crate::mem;
use crate::op::{Exec, Flow, Op};
use crate::psr::{Mode, bits};
use crate::state::Core;
use crate::{cp14, cp15};

handlers! { System after Exclusive::END, may_leave;
    Svc => svc::<E>,
    Smc => smc::<E>,
    Bkpt => bkpt::<E>,
    // op.imm: Rt-independent coordinates as in `coord`; rd = Rt.
    Mrc15 => mrc::<E, 15>,
    Mrc14 => mrc::<E, 14>,
    Mcr15 => mcr::<E, 15>,
    Mcr14 => mcr::<E, 14>,
    // rd = Rt, rs = Rt2, op.imm = opc1, op.rm = CRm.
    Mrrc => mrrc::<E>,
    Mcrr => mcrr::<E>,
    MrsCpsr => mrs_cpsr::<E>,
    MrsSpsr => mrs_spsr::<E>,
    // op.sh: mask of fields (c=1, x=2, s=4, f=8).
    MsrCpsrReg => msr_cpsr::<E, false>,
    MsrCpsrImm => msr_cpsr::<E, true>,
    MsrSpsrReg => msr_spsr::<E, false>,
    MsrSpsrImm => msr_spsr::<E, true>,
    // op.imm: values of A, I, F and mode in their CPSR positions; op.rs bit 0: enable (clear), bit 1: masks change, bit 2: mode changes.
    Cps => cps::<E>,
    Setend => setend::<E>,
    // op.sh as in `multiple::flag`; op.imm is the mode.
    Srs => srs::<E>,
    Rfe => rfe::<E>,
    SubsPcLr => subs_pc_lr::<E>,
    Wfi => wfi::<E>,
    Wfe => wfe::<E>,
    Sev => sev::<E>,
    Barrier => barrier::<E>,
}

/// A32's SVC 0x123456 and Thumb's SVC 0xAB are semihosting calls when the host asked for them.
fn svc<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let call = if op.flags & Op::THUMB != 0 { 0xAB } else { 0x12_3456 };
    if core.semihosting && op.imm == call {
        core.exit = Exit::Semihosting;
        return Ok(Flow::Exit);
    }
    Err(core.raise(Trap::Svc(op.imm)))
}

/// UNDEFINED in User mode.
fn smc<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    if !core.mode.is_privileged() {
        return core.undefined();
    }
    Err(core.raise(Trap::Smc(op.imm)))
}

fn bkpt<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    if core.semihosting && op.imm == 0xAB {
        core.exit = Exit::Semihosting;
        return Ok(Flow::Exit);
    }
    Err(core.raise(Trap::Breakpoint(op.imm as u16)))
}

/// Coordinates packed by the lowering: CRn, opc1, CRm, opc2 in a nibble each.
fn coord(op: &Op) -> Coord {
    Coord {
        crn: (op.imm >> 12 & 15) as u8,
        opc1: (op.imm >> 8 & 15) as u8,
        crm: (op.imm >> 4 & 15) as u8,
        opc2: (op.imm & 15) as u8,
    }
}

fn mrc<E: Env, const COPROC: u8>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let at = coord(op);
    let value = if COPROC == 15 { cp15::read(core, env, op, at)? } else { cp14::read(core, env, op, at)? };
    if op.rd == 15 {
        core.set_nzcv(value);
    } else {
        set_reg(core, op.d, value);
    }
    Ok(Flow::Next)
}

fn mcr<E: Env, const COPROC: u8>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let value = if op.rd == 15 { op.pc_value() } else { reg(core, op.d) };
    if COPROC == 15 {
        cp15::write(core, env, op, coord(op), value)
    } else {
        cp14::write(core, env, op, coord(op), value)
    }
}

/// No 64-bit CP15 or CP14 register exists on these cores (short descriptors only).
fn mrrc<E: Env>(core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    core.undefined()
}

fn mcrr<E: Env>(core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    core.undefined()
}

/// IT, J and T read as 0; in User mode the mode and mask bits read as they are (our choice; the manual makes them
/// UNKNOWN).
fn mrs_cpsr<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = core.cpsr() & !(bits::IT | bits::J | bits::T);
    set_reg(core, op.d, value);
    Ok(Flow::Next)
}

fn mrs_spsr<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    match core.spsr() {
        Some(value) => {
            set_reg(core, op.d, value);
            Ok(Flow::Next)
        }
        None => core.undefined(),
    }
}

fn msr_cpsr<E: Env, const IMM: bool>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = if IMM { op.imm } else { reg(core, op.n) };
    exception::write_cpsr(core, value, u32::from(op.sh), false);
    Ok(if op.sh & 3 != 0 { Flow::Sync } else { Flow::Next })
}

fn msr_spsr<E: Env, const IMM: bool>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    if core.spsr().is_none() {
        return core.undefined();
    }
    let value = if IMM { op.imm } else { reg(core, op.n) };
    exception::write_spsr(core, value, u32::from(op.sh));
    Ok(Flow::Next)
}

/// A NOP in User mode.
fn cps<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    if !core.mode.is_privileged() {
        return Ok(Flow::Next);
    }
    let mut value = core.cpsr();
    if op.rs & 2 != 0 {
        let masks = op.imm & (bits::A | bits::I | bits::F);
        value = if op.rs & 1 != 0 { value & !masks } else { value | masks };
    }
    if op.rs & 4 != 0 {
        value = value & !bits::M | op.imm & bits::M;
    }
    exception::write_cpsr(core, value, 3, false);
    Ok(Flow::Sync)
}

fn setend<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    core.set_cpsr(op.imm << 9, bits::E);
    Ok(Flow::Sync)
}

use super::multiple::flag;

/// The lower of two consecutive words at `base`, and the written-back base.
fn two_words(base: u32, how: u8) -> (u32, u32) {
    let up = how & flag::UP != 0;
    let before = how & flag::BEFORE != 0;
    let end = if up { base.wrapping_add(8) } else { base.wrapping_sub(8) };
    let low = if up { base } else { end };
    (if up == before { low.wrapping_add(4) } else { low }, end)
}

fn srs<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let (Some(spsr), Some(mode)) = (core.spsr(), Mode::from_bits(op.imm)) else { return core.undefined() };
    let own = mode.bank() == core.mode.bank();
    let base = if own { core.r[13] } else { core.banks.r13[mode.bank()] };
    let (va, end) = two_words(base, op.sh);
    let lr = core.r[14];
    mem::store_aligned(core, env, op, va, lr)?;
    mem::store_aligned(core, env, op, va.wrapping_add(4), spsr)?;
    if op.sh & flag::WRITE_BACK != 0 {
        if own {
            core.r[13] = end;
        } else {
            core.banks.r13[mode.bank()] = end;
        }
    }
    Ok(Flow::Next)
}

/// UNPREDICTABLE, and treated as UNDEFINED, in User mode.
fn rfe<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    if !core.mode.is_privileged() {
        return core.undefined();
    }
    let (va, end) = two_words(reg(core, op.n), op.sh);
    let target: u32 = mem::load_aligned(core, env, op, va)?;
    let psr: u32 = mem::load_aligned(core, env, op, va.wrapping_add(4))?;
    if op.sh & flag::WRITE_BACK != 0 {
        set_reg(core, op.n, end);
    }
    exception::exception_return(core, target, psr)
}

/// Thumb's SUBS PC, LR, #imm.
fn subs_pc_lr<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    match core.spsr() {
        Some(spsr) => {
            let target = reg(core, op.n).wrapping_sub(op.imm);
            exception::exception_return(core, target, spsr)
        }
        None => core.undefined(),
    }
}

/// An interrupt that is pending ends the wait even when it is masked.
fn interrupt_pending(core: &Core) -> bool {
    exception::isr(core) != 0
}

fn wfi<E: Env>(core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    if interrupt_pending(core) {
        return Ok(Flow::Next);
    }
    core.exit = Exit::WaitForInterrupt;
    Ok(Flow::Exit)
}

fn wfe<E: Env>(core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    if core::mem::take(&mut core.event) || interrupt_pending(core) {
        return Ok(Flow::Next);
    }
    core.exit = Exit::WaitForEvent;
    Ok(Flow::Exit)
}

fn sev<E: Env>(core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    core.event = true;
    core.exit = Exit::SendEvent;
    Ok(Flow::Exit)
}

/// DMB, DSB, ISB: memory is in order already.
fn barrier<E: Env>(_core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
    Ok(Flow::Next)
}
