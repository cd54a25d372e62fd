//! Exception entry and return, and writes to the CPSR by instructions (ARM DDI 0406C.b, B1.8 and B1.9).

use crate::cp15::regs::{SCR, SCTLR};
use crate::cp15::{Cp15Regs, pmu};
use crate::env::Env;
use crate::fault::{Fault, FaultStatus, Trap};
use crate::fp::FpState;
use crate::observe::Observer;
use crate::op::{Exec, Flow};
use crate::psr::{Mode, bits};
use crate::state::{Banks, Core, Flags, LocalMonitor};

/// Vector offsets.
mod vector {
    pub(super) const UNDEFINED: u32 = 0x04;
    pub(super) const CALL: u32 = 0x08;
    pub(super) const PREFETCH_ABORT: u32 = 0x0C;
    pub(super) const DATA_ABORT: u32 = 0x10;
    pub(super) const IRQ: u32 = 0x18;
    pub(super) const FIQ: u32 = 0x1C;
}

/// How one kind of exception is entered.
struct Entry {
    mode: Mode,
    vector: u32,
    /// What LR is relative to `core.pc`.
    lr_offset: u32,
    /// Mask bits set, besides I.
    masks: u32,
    /// Taken to Monitor mode, with its vectors.
    to_monitor: bool,
}

impl Entry {
    fn of(core: &Core, trap: &Trap) -> Self {
        let scr = core.cp15.get(Cp15Regs::SCR, true);
        let external = |fault: &Fault| fault.status.is_external() && SCR::EA.is_set(scr);
        let next_instruction = if core.thumb { 2 } else { 4 };
        let (mode, vector, lr_offset, masks, to_monitor) = match trap {
            Trap::Undefined | Trap::Host(_) => {
                (Mode::Undefined, vector::UNDEFINED, next_instruction, 0, false)
            }
            Trap::Svc(_) => (Mode::Supervisor, vector::CALL, next_instruction, 0, false),
            Trap::Smc(_) => (Mode::Monitor, vector::CALL, 4, bits::A | bits::F, true),
            Trap::PrefetchAbort(fault) => (Mode::Abort, vector::PREFETCH_ABORT, 4, bits::A, external(fault)),
            Trap::Breakpoint(_) => (Mode::Abort, vector::PREFETCH_ABORT, 4, bits::A, false),
            Trap::DataAbort(fault) | Trap::AsyncAbort(fault) => {
                (Mode::Abort, vector::DATA_ABORT, 8, bits::A, external(fault))
            }
            Trap::Irq => (Mode::Irq, vector::IRQ, 4, bits::A, SCR::IRQ.is_set(scr)),
            Trap::Fiq => (Mode::Fiq, vector::FIQ, 4, bits::A | bits::F, SCR::FIQ.is_set(scr)),
        };
        if to_monitor {
            Self { mode: Mode::Monitor, vector, lr_offset, masks: bits::A | bits::F, to_monitor }
        } else {
            Self { mode, vector, lr_offset, masks, to_monitor }
        }
    }
}

/// Enters the exception for `trap`. `core.pc`, `core.thumb` and `core.it` describe the instruction that raised it, with
/// ITSTATE advanced for SVC and SMC (or, for interrupts, the one that would be next). Never called with
/// [`Trap::Host`].
pub fn take<E: Env>(core: &mut Core, env: &mut E, trap: Trap) {
    // SMC is UNDEFINED in User mode.
    let trap = match trap {
        Trap::Smc(_) if core.mode == Mode::User => Trap::Undefined,
        trap => trap,
    };
    let from = core.pc;
    let entry = Entry::of(core, &trap);
    let spsr = core.cpsr();
    let lr = core.pc.wrapping_add(entry.lr_offset);
    let scr = core.cp15.get(Cp15Regs::SCR, true);

    // An exception taken from Monitor mode goes to Secure state.
    if core.mode == Mode::Monitor && scr & SCR::NS.mask() != 0 {
        core.cp15.set(Cp15Regs::SCR, true, scr & !SCR::NS.mask());
    }
    record_fault(core, &trap, entry.to_monitor);

    // Non-secure state masks A and F only where SCR lets it (or when the target is Monitor mode).
    let secure_target = entry.to_monitor || core.is_secure();
    let mut masks = entry.masks;
    if !secure_target && !SCR::AW.is_set(scr) {
        masks &= !bits::A;
    }
    if !secure_target && !SCR::FW.is_set(scr) {
        masks &= !bits::F;
    }
    let sctlr = core.cp15.get(Cp15Regs::SCTLR, secure_target);
    let base = if entry.to_monitor {
        core.cp15.get(Cp15Regs::MVBAR, true)
    } else if SCTLR::V.is_set(sctlr) {
        0xFFFF_0000
    } else {
        core.cp15.get(Cp15Regs::VBAR, secure_target)
    };
    let thumb = if SCTLR::TE.is_set(sctlr) { bits::T } else { 0 };
    let big_endian = if SCTLR::EE.is_set(sctlr) { bits::E } else { 0 };
    let kept = bits::A | bits::I | bits::F;
    core.set_cpsr(
        (spsr & kept) | entry.mode as u32 | bits::I | masks | thumb | big_endian,
        bits::M | kept | bits::T | bits::E | bits::IT | bits::J,
    );
    core.set_spsr(spsr);
    core.r[14] = lr;
    core.pc = base.wrapping_add(entry.vector);
    core.count_event(pmu::EVENT_EXCEPTION);
    env.obs().exception(&trap, from, core.pc);
}

/// Fault status and address registers of the security state that handles the abort.
fn record_fault(core: &mut Core, trap: &Trap, to_monitor: bool) {
    let secure = to_monitor || core.is_secure();
    match trap {
        Trap::DataAbort(fault) => {
            core.cp15.set(Cp15Regs::DFSR, secure, fault.dfsr());
            core.cp15.set(Cp15Regs::DFAR, secure, fault.va);
        }
        // DFAR means nothing for an asynchronous abort: it is left alone.
        Trap::AsyncAbort(fault) => {
            core.lines.abort = false;
            core.cp15.set(Cp15Regs::DFSR, secure, fault.dfsr());
        }
        Trap::PrefetchAbort(fault) => {
            core.cp15.set(Cp15Regs::IFSR, secure, fault.status.fsr());
            core.cp15.set(Cp15Regs::IFAR, secure, fault.va);
        }
        Trap::Breakpoint(_) => core.cp15.set(Cp15Regs::IFSR, secure, FaultStatus::DebugEvent.fsr()),
        _ => {}
    }
}

/// The interrupt to take before the next instruction, if any. An asynchronous abort comes before FIQ, FIQ before IRQ
/// (their order is a choice of the implementation).
pub fn pending(core: &Core) -> Option<Trap> {
    if core.lines.abort && core.masks & bits::A == 0 {
        let status = FaultStatus::AsyncExternal;
        Some(Trap::AsyncAbort(Fault { va: 0, status, domain: 0, write: false, maintenance: false }))
    } else if core.lines.fiq && core.masks & bits::F == 0 {
        Some(Trap::Fiq)
    } else if core.lines.irq && core.masks & bits::I == 0 {
        Some(Trap::Irq)
    } else {
        None
    }
}

/// ISR: what is pending, masked or not.
pub fn isr(core: &Core) -> u32 {
    (u32::from(core.lines.abort) << 8) | (u32::from(core.lines.irq) << 7) | (u32::from(core.lines.fiq) << 6)
}

/// Exception return: CPSR from SPSR (`spsr`) and a branch to `target`, by the rules of SUBS PC, LR and RFE. The target's
/// low bits are dropped as the new instruction set needs.
///
/// # Errors
/// None; the type is that of handlers.
pub fn exception_return(core: &mut Core, target: u32, spsr: u32) -> Exec {
    write_cpsr(core, spsr, 0b1111, true);
    core.pc = if core.thumb { target & !1 } else { target & !3 };
    core.count_event(pmu::EVENT_RETURN);
    Ok(Flow::SyncJump)
}

/// Writes the CPSR as an instruction may: `fields` are the four byte lanes (bit 0: control, 1: extension, 2: status,
/// 3: flags), `exception_return` adds the execution state. What the mode, SCR and SCTLR.NMFI do not allow stays as it
/// is; so does the mode when the new one does not exist or is Monitor in Non-secure state (UNPREDICTABLE, our choice).
pub fn write_cpsr(core: &mut Core, value: u32, fields: u32, exception_return: bool) {
    let privileged = core.mode.is_privileged();
    let secure = core.is_secure();
    let scr = core.cp15.get(Cp15Regs::SCR, true);
    let mut mask = 0;
    if fields & 8 != 0 {
        mask |= bits::N | bits::Z | bits::C | bits::V | bits::Q;
        if exception_return {
            mask |= bits::IT & 0xFF00_0000;
        }
    }
    if fields & 4 != 0 {
        mask |= bits::GE;
    }
    if fields & 2 != 0 {
        mask |= bits::E;
        if exception_return {
            mask |= bits::IT & 0x0000_FF00;
        }
        if privileged && (secure || SCR::AW.is_set(scr)) {
            mask |= bits::A;
        }
    }
    if fields & 1 != 0 {
        if exception_return {
            mask |= bits::T;
        }
        if privileged {
            mask |= bits::I;
            let non_maskable = SCTLR::NMFI.is_set(core.sctlr()) && value & bits::F != 0;
            if (secure || SCR::FW.is_set(scr)) && !non_maskable {
                mask |= bits::F;
            }
            let mode = Mode::from_bits(value);
            if mode.is_some_and(|mode| secure || mode != Mode::Monitor) {
                mask |= bits::M;
            }
        }
    }
    core.set_cpsr(value, mask);
}

/// Writes the SPSR of the running mode by byte lanes, as [`write_cpsr`] counts them. Nothing happens in User and System
/// mode (UNPREDICTABLE).
pub fn write_spsr(core: &mut Core, value: u32, fields: u32) {
    if let Some(old) = core.spsr() {
        let lanes =
            (0..4).filter(|lane| fields >> lane & 1 != 0).fold(0, |mask, lane| mask | 0xFF << (8 * lane));
        // Bits that no PSR has stay zero.
        let mask = lanes & !0x00F0_0000;
        core.set_spsr((old & !mask) | (value & mask));
    }
}

impl Core {
    /// Reset: Supervisor mode, interrupts masked, vector at 0 (SCTLR.V is clear). What the manual leaves UNKNOWN becomes
    /// 0. Counters of instructions and cycles go on; the levels of the interrupt inputs are the machine's and stay.
    pub fn reset(&mut self) {
        let Self {
            r,
            pc,
            flags,
            ge,
            q,
            thumb,
            it,
            big_endian,
            masks,
            mode,
            banks,
            fp,
            cp15,
            cp14,
            mmu,
            monitor,
            event,
            lines,
            instructions: _,
            cycles: _,
            model,
            master: _,
            trap: _,
            breakpoints: _,
            watchpoints: _,
            watch_hit: _,
            semihosting: _,
            exit: _,
            tlb,
            leave: _,
            code: _,
            stale_code: _,
            bus_time: _,
            wait_cycles: _,
            attention: _,
        } = self;
        *r = [0; 16];
        *pc = 0;
        *flags = Flags { n: 0, z: 1, c: 0, v: 0 };
        *ge = 0;
        *q = 0;
        *thumb = false;
        *it = 0;
        *big_endian = false;
        *masks = bits::A | bits::I | bits::F;
        *mode = Mode::Supervisor;
        *banks = Banks::default();
        *fp = FpState::default();
        cp15.reset(*model);
        cp14.reset();
        mmu.reset();
        *monitor = LocalMonitor::default();
        *event = false;
        lines.abort = false;
        tlb.flush();
        tlb.set_context(true, false);
    }
}

#[cfg(test)]
mod tests;
