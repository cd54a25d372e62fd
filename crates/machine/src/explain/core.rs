//! Where the core is, what it met, and what it waits for.

use std::fmt::Write as _;

use msmemu_cpu::Trap;
use msmemu_cpu::psr::{Mode, bits};
use msmemu_devices::gic::Obstacle;

use crate::soc::exceptions::describe;
use crate::soc::wires::End;
use crate::{Exception, Machine};

impl Machine {
    /// R14 of a mode.
    fn link(&self, mode: Mode) -> u32 {
        let core = self.core();
        if core.mode.bank() == mode.bank() { core.r[14] } else { core.banks.r14[mode.bank()] }
    }

    /// Where the core is and where it was called from; in the handler of a failure, the same of what failed.
    pub(super) fn position(&self) -> String {
        let core = self.core();
        let mut out = String::new();
        let interrupts = if core.masks & bits::I == 0 { "on" } else { "off" };
        let asleep = if self.asleep { ", asleep" } else { "" };
        let called = self.called_from(core.mode);
        let _ = writeln!(
            out,
            "  It is at {} in {:?} mode{called}, interrupts are {interrupts}{asleep}.",
            self.place(core.pc),
            core.mode,
        );
        let failed = core.spsr().filter(|_| matches!(core.mode, Mode::Abort | Mode::Undefined));
        if let Some(mode) = failed.and_then(Mode::from_bits)
            && mode.bank() != core.mode.bank()
        {
            let _ = writeln!(out, "  What failed ran in {mode:?} mode{}.", self.called_from(mode));
        }
        if let Some(address) = self.soc.last_register {
            let what = self.explain_address(address).map(|text| format!(": {text}")).unwrap_or_default();
            let _ = writeln!(
                out,
                "  It last accessed a device at {}, {address:#010x}{what}.",
                self.place(self.soc.pc)
            );
        }
        out
    }

    fn called_from(&self, mode: Mode) -> String {
        match self.link(mode) {
            0 => String::new(),
            link => format!(", R14 is {}", self.place(link)),
        }
    }

    /// R14 of the modes that may have run before a series of exceptions began.
    pub(super) fn links(&self) -> String {
        let mut out = String::new();
        for mode in [Mode::Supervisor, Mode::System, Mode::Irq] {
            if self.link(mode) != 0 {
                let _ = writeln!(out, "  In {mode:?} mode R14 is {}.", self.place(self.link(mode)));
            }
        }
        out
    }

    /// An abort or undefined instruction, with its status in words and as the core's registers show it.
    pub(super) fn exception(&self, exception: &Exception) -> String {
        let at = self.place(exception.from);
        let what = match exception.trap {
            Trap::Undefined => format!("an undefined instruction at {at}"),
            Trap::PrefetchAbort(fault) => {
                let status = fault.status.fsr();
                format!(
                    "a fetch from {} that failed: {} (IFSR {status:#x})",
                    self.place(fault.va),
                    describe(&fault)
                )
            }
            Trap::Breakpoint(n) => format!("a BKPT #{n} at {at}"),
            Trap::DataAbort(fault) | Trap::AsyncAbort(fault) => {
                let access = if fault.write { "write" } else { "read" };
                format!(
                    "a {access} of {:#010x} at {at} that failed: {} (DFSR {:#x})",
                    fault.va,
                    describe(&fault),
                    fault.dfsr()
                )
            }
            other => format!("{other:?} at {at}"),
        };
        format!("{what}, at {}", exception.time)
    }

    /// What a sleeping core waits for: the interrupts that are enabled, and those that ask in vain.
    pub(super) fn awaited(&self) -> String {
        let mut enabled = Vec::new();
        let mut out = String::new();
        for wire in self.soc.wires.iter() {
            let End::Gic(input) = wire.end else { continue };
            let named = || format!("{} ({})", input.number(), wire.name);
            match self.soc.gic.obstacle(0, input) {
                Some(Obstacle::NotPending) => enabled.push(named()),
                Some(obstacle) if self.soc.gic.is_pending(0, input) => {
                    let _ = writeln!(out, "  Interrupt {} is pending, but {obstacle}.", named());
                }
                _ => {}
            }
        }
        let _ = match (enabled.is_empty(), out.is_empty()) {
            (true, true) => writeln!(out, "  No interrupt of a device is enabled."),
            (true, false) => writeln!(out, "  No other interrupt of a device is enabled."),
            (false, _) => writeln!(out, "  Enabled, but not pending: {}.", enabled.join(", ")),
        };
        out
    }
}
