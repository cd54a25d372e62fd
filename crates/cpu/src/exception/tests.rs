#![allow(clippy::unwrap_used)]

use super::*;
use crate::env::Ctx;
use crate::model::Model;
use msmemu_fabric::{BusMaster, MasterId, Mid, PhysAddr, PhysRange, Ram, RamBus};

fn core() -> Core {
    let mut core = Core::new(Model::Scorpion, MasterId { bus: BusMaster(0), mid: Mid(0) });
    core.cp15.set(Cp15Regs::VBAR, true, 0x1_0000);
    core.cp15.set(Cp15Regs::MVBAR, true, 0x2_0000);
    core.set_cpsr(Mode::System as u32, !0);
    core.pc = 0x8000;
    core
}

fn enter(core: &mut Core, trap: Trap) {
    let ram = Ram::new(&[PhysRange::new(PhysAddr(0), 4096).unwrap()]).unwrap();
    take(core, &mut Ctx { bus: &mut RamBus::new(ram), obs: &mut () }, trap);
}

fn fault(status: FaultStatus, write: bool) -> Fault {
    Fault { va: 0x1234_5678, status, domain: 5, write, maintenance: false }
}

/// Trap, mode, vector, LR - PC in ARM and Thumb state, A and F set.
fn table() -> Vec<(Trap, Mode, u32, u32, u32, bool, bool)> {
    let data = fault(FaultStatus::TranslationPage, true);
    vec![
        (Trap::Undefined, Mode::Undefined, 0x04, 4, 2, false, false),
        (Trap::Svc(0), Mode::Supervisor, 0x08, 4, 2, false, false),
        (Trap::Smc(0), Mode::Monitor, 0x08, 4, 4, true, true),
        (Trap::PrefetchAbort(data), Mode::Abort, 0x0C, 4, 4, true, false),
        (Trap::Breakpoint(0), Mode::Abort, 0x0C, 4, 4, true, false),
        (Trap::DataAbort(data), Mode::Abort, 0x10, 8, 8, true, false),
        (Trap::AsyncAbort(data), Mode::Abort, 0x10, 8, 8, true, false),
        (Trap::Irq, Mode::Irq, 0x18, 4, 4, true, false),
        (Trap::Fiq, Mode::Fiq, 0x1C, 4, 4, true, true),
    ]
}

#[test]
fn every_exception_enters_as_the_manual_says() {
    for (trap, mode, vector, arm_lr, thumb_lr, a, f) in table() {
        for thumb in [false, true] {
            let mut core = core();
            let state = if thumb { bits::T } else { 0 };
            let before = bits::N | bits::Q | bits::E | bits::GE | state | psr_it(thumb) | Mode::System as u32;
            core.set_cpsr(before, !0);
            enter(&mut core, trap);
            let base = if mode == Mode::Monitor { 0x2_0000 } else { 0x1_0000 };
            assert_eq!(core.mode, mode, "{trap:?}");
            assert_eq!(core.pc, base + vector, "{trap:?}");
            assert_eq!(core.r[14], 0x8000 + if thumb { thumb_lr } else { arm_lr }, "{trap:?} thumb {thumb}");
            assert_eq!(core.spsr(), Some(before), "{trap:?}");
            let masks = bits::I | if a { bits::A } else { 0 } | if f { bits::F } else { 0 };
            assert_eq!(core.cpsr(), bits::N | bits::Q | bits::GE | masks | mode as u32, "{trap:?}");
        }
    }
}

fn psr_it(thumb: bool) -> u32 {
    if thumb { crate::psr::it_bits(0x0A) } else { 0 }
}

#[test]
fn vectors_state_and_endianness_follow_sctlr() {
    for (bit, check) in
        [(SCTLR::V.mask(), 0xFFFF_0018), (SCTLR::TE.mask(), 0x1_0018), (SCTLR::EE.mask(), 0x1_0018)]
    {
        let mut core = core();
        let sctlr = core.sctlr() | bit;
        core.cp15.set(Cp15Regs::SCTLR, true, sctlr);
        enter(&mut core, Trap::Irq);
        assert_eq!(core.pc, check);
        assert_eq!(core.thumb, bit == SCTLR::TE.mask());
        assert_eq!(core.big_endian, bit == SCTLR::EE.mask());
    }
}

#[test]
fn aborts_leave_status_and_address() {
    let mut core = core();
    enter(&mut core, Trap::DataAbort(fault(FaultStatus::PermissionPage, true)));
    assert_eq!(core.cp15_reg(Cp15Regs::DFSR), 0x85F);
    assert_eq!(core.cp15_reg(Cp15Regs::DFAR), 0x1234_5678);
    enter(&mut core, Trap::PrefetchAbort(fault(FaultStatus::External { slave: true }, false)));
    assert_eq!(core.cp15_reg(Cp15Regs::IFSR), 0x1008);
    assert_eq!(core.cp15_reg(Cp15Regs::IFAR), 0x1234_5678);
    enter(&mut core, Trap::Breakpoint(0));
    assert_eq!(core.cp15_reg(Cp15Regs::IFSR), 2);
    let mut asynchronous = fault(FaultStatus::AsyncExternal, false);
    asynchronous.va = 0;
    asynchronous.domain = 0;
    enter(&mut core, Trap::AsyncAbort(asynchronous));
    assert_eq!(core.cp15_reg(Cp15Regs::DFSR), 0x406);
    assert_eq!(core.cp15_reg(Cp15Regs::DFAR), 0x1234_5678);
}

#[test]
fn pending_interrupts_respect_their_masks() {
    let mut core = core();
    core.lines = crate::state::Lines { irq: true, fiq: true, abort: true };
    assert_eq!(isr(&core), 0x1C0);
    assert!(matches!(pending(&core), Some(Trap::AsyncAbort(_))));
    core.masks = bits::A;
    assert_eq!(pending(&core), Some(Trap::Fiq));
    core.masks = bits::A | bits::F;
    assert_eq!(pending(&core), Some(Trap::Irq));
    core.masks = bits::A | bits::F | bits::I;
    assert_eq!(pending(&core), None);
    core.masks = 0;
    let trap = pending(&core).unwrap();
    enter(&mut core, trap);
    assert!(!core.lines.abort);
}

#[test]
fn scr_routes_to_monitor_mode() {
    for (bit, trap, vector) in [
        (SCR::IRQ.mask(), Trap::Irq, 0x18),
        (SCR::FIQ.mask(), Trap::Fiq, 0x1C),
        (SCR::EA.mask(), Trap::DataAbort(fault(FaultStatus::External { slave: false }, false)), 0x10),
        (SCR::EA.mask(), Trap::PrefetchAbort(fault(FaultStatus::ExternalOnWalkFirst, false)), 0x0C),
    ] {
        let mut core = core();
        core.cp15.set(Cp15Regs::SCR, true, bit | SCR::NS.mask());
        enter(&mut core, trap);
        assert_eq!((core.mode, core.pc), (Mode::Monitor, 0x2_0000 + vector), "{trap:?}");
        assert_eq!(core.masks, bits::A | bits::I | bits::F);
        assert!(core.cp15.scr_ns());
    }
    // Not external: stays in Abort mode.
    let mut core = core();
    core.cp15.set(Cp15Regs::SCR, true, SCR::EA.mask());
    enter(&mut core, Trap::DataAbort(fault(FaultStatus::TranslationPage, false)));
    assert_eq!(core.mode, Mode::Abort);
}

#[test]
fn an_exception_in_monitor_mode_clears_ns() {
    let mut core = core();
    core.cp15.set(Cp15Regs::SCR, true, SCR::NS.mask());
    core.set_cpsr(Mode::Monitor as u32, bits::M);
    enter(&mut core, Trap::Undefined);
    assert!(!core.cp15.scr_ns());
    assert_eq!((core.mode, core.pc), (Mode::Undefined, 0x1_0004));
}

#[test]
fn non_secure_state_masks_only_what_scr_allows() {
    for (scr, expected) in [
        (0, bits::I),
        (SCR::AW.mask(), bits::I | bits::A),
        (SCR::FW.mask(), bits::I | bits::F),
        (SCR::AW.mask() | SCR::FW.mask(), bits::I | bits::A | bits::F),
    ] {
        let mut core = core();
        core.cp15.set(Cp15Regs::SCR, true, scr | SCR::NS.mask());
        enter(&mut core, Trap::Fiq);
        assert_eq!(core.masks, expected);
    }
}

#[test]
fn smc_is_undefined_in_user_mode() {
    let mut core = core();
    core.set_cpsr(Mode::User as u32, bits::M);
    enter(&mut core, Trap::Smc(0));
    assert_eq!(core.mode, Mode::Undefined);
}

#[test]
fn returns_undo_entries() {
    for (trap, _, _, arm_lr, thumb_lr, ..) in table() {
        for (thumb, it) in [(false, 0), (true, 0), (true, 0x0A)] {
            let mut core = core();
            let state = if thumb { bits::T } else { 0 } | crate::psr::it_bits(it);
            core.set_cpsr(bits::C | bits::E | state | Mode::System as u32, !0);
            core.r[13] = 0x1313;
            core.r[14] = 0x1414;
            let before = (core.cpsr(), core.r);
            enter(&mut core, trap);
            let offset = if thumb { thumb_lr } else { arm_lr };
            let (target, spsr) = (core.r[14] - offset, core.spsr().unwrap());
            exception_return(&mut core, target, spsr).unwrap();
            assert_eq!((core.cpsr(), core.r), before, "{trap:?}");
            assert_eq!(core.pc, 0x8000);
        }
    }
}

#[test]
fn user_mode_writes_only_flags() {
    let mut core = core();
    core.set_cpsr(Mode::User as u32 | bits::I, !0);
    write_cpsr(&mut core, 0xFFFF_FFDF, 0b1111, false);
    let flags = bits::N | bits::Z | bits::C | bits::V | bits::Q | bits::GE;
    assert_eq!(core.cpsr(), flags | bits::E | bits::I | Mode::User as u32);
}

#[test]
fn privileged_writes_keep_the_execution_state_and_refuse_reserved_modes() {
    let mut core = core();
    write_cpsr(&mut core, 0x0600_FC20 | 0x1C0 | 0x15, 0b1111, false);
    assert_eq!(core.cpsr(), bits::A | bits::I | bits::F | Mode::System as u32);
    write_cpsr(&mut core, Mode::Irq as u32, 0b0001, false);
    assert_eq!(core.cpsr(), bits::A | Mode::Irq as u32);
    // Monitor mode only from Secure state.
    core.cp15.set(Cp15Regs::SCR, true, SCR::NS.mask());
    write_cpsr(&mut core, Mode::Monitor as u32 | bits::F, 0b0001, false);
    assert_eq!(core.cpsr(), bits::A | Mode::Irq as u32);
}

#[test]
fn spsr_writes_by_lanes() {
    let mut core = core();
    write_spsr(&mut core, !0, 0b1111);
    assert_eq!(core.spsr(), None);
    core.set_mode(Mode::Irq);
    write_spsr(&mut core, !0, 0b1000);
    assert_eq!(core.spsr(), Some(0xFF00_0000));
    write_spsr(&mut core, !0, 0b1111);
    assert_eq!(core.spsr(), Some(0xFF0F_FFFF));
    write_spsr(&mut core, 0, 0b0001);
    assert_eq!(core.spsr(), Some(0xFF0F_FF00));
}

#[test]
fn banked_registers_are_apart() {
    let mut core = core();
    for (i, mode) in Mode::ALL.into_iter().enumerate() {
        core.set_mode(mode);
        core.r[13] = 0x1300 + i as u32;
        core.r[14] = 0x1400 + i as u32;
        core.r[8] = if mode == Mode::Fiq { 0xF8 } else { 0x88 };
        core.set_spsr(0x5000 + i as u32);
    }
    for (i, mode) in Mode::ALL.into_iter().enumerate() {
        core.set_mode(mode);
        // System mode came last and shares User's.
        let i = if mode == Mode::User { 7 } else { i as u32 };
        assert_eq!((core.r[13], core.r[14]), (0x1300 + i, 0x1400 + i), "{mode:?}");
        assert_eq!(core.r[8], if mode == Mode::Fiq { 0xF8 } else { 0x88 });
        assert_eq!(core.spsr(), mode.has_spsr().then_some(0x5000 + i));
    }
}

#[test]
fn reset_puts_everything_back() {
    let mut core = core();
    core.r = [7; 16];
    core.cp15.set(Cp15Regs::TTBR0, true, 0x4000);
    core.set_mode(Mode::Fiq);
    enter(&mut core, Trap::Undefined);
    core.reset();
    let fresh = Core::new(Model::Scorpion, core.master);
    assert_eq!((core.cpsr(), core.pc, core.r), (fresh.cpsr(), fresh.pc, fresh.r));
    assert_eq!((core.banks, &core.cp15, &core.mmu), (fresh.banks, &fresh.cp15, &fresh.mmu));
}

#[test]
fn every_pending_input_ends_a_wait_even_when_masked() {
    use crate::state::Lines;
    use crate::{Cpu, Exit};
    for lines in [
        Lines { irq: true, ..Lines::default() },
        Lines { fiq: true, ..Lines::default() },
        Lines { abort: true, ..Lines::default() },
        Lines::default(),
    ] {
        let mut ram = Ram::new(&[PhysRange::new(PhysAddr(0), 4096).unwrap()]).unwrap();
        // WFI
        ram.write(BusMaster(0), PhysAddr(0), &0xE320_F003_u32.to_le_bytes()).unwrap();
        let mut cpu = Cpu::new(Model::Scorpion, core().master);
        cpu.core.lines = lines;
        let exit = cpu.step(&mut RamBus::new(ram), &mut ());
        let expected = if lines == Lines::default() { Exit::WaitForInterrupt } else { Exit::Budget };
        assert_eq!((exit, cpu.core.pc), (expected, 4), "{lines:?}");
    }
}

#[test]
fn non_secure_exceptions_use_the_non_secure_registers() {
    let mut core = core();
    core.cp15.set(Cp15Regs::SCR, true, SCR::NS.mask());
    core.cp15.set(Cp15Regs::VBAR, false, 0x3_0000);
    enter(&mut core, Trap::DataAbort(fault(FaultStatus::TranslationPage, false)));
    assert_eq!(core.pc, 0x3_0010);
    assert_eq!((core.cp15.get(Cp15Regs::DFSR, false), core.cp15.get(Cp15Regs::DFSR, true)), (0x57, 0));
    // Routed to Monitor mode, the fault is Secure state's to read.
    core.cp15.set(Cp15Regs::SCR, true, SCR::NS.mask() | SCR::EA.mask());
    enter(&mut core, Trap::DataAbort(fault(FaultStatus::External { slave: false }, false)));
    assert_eq!((core.cp15.get(Cp15Regs::DFSR, false), core.cp15.get(Cp15Regs::DFSR, true)), (0x57, 0x58));
}
