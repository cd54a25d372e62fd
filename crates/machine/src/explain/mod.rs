//! Explanations in plain words: why a fault stays unresolved, why a guest died, what it waits for.

mod core;
mod fault;

use std::fmt::Write as _;

use crate::{Machine, Stop};

impl Machine {
    /// What there is to say about the end of a run that was no success: what stopped the core and where it
    /// was, and every unresolved fault. Empty when there is nothing to explain.
    pub fn explain(&self, stop: &Stop) -> String {
        let mut out = String::new();
        match stop {
            Stop::ExceptionLoop { vector } => {
                let _ = writeln!(
                    out,
                    "The core enters the exception at {} for ever: no handler is installed there.",
                    self.place(*vector)
                );
                if let Some(exception) = self.last_exception() {
                    let _ = writeln!(out, "  It began with {}.", self.exception(&exception));
                }
                out += &self.links();
            }
            Stop::Spinning { pc } => {
                let _ = writeln!(
                    out,
                    "The core spins at {} with interrupts off, or with none that could come.",
                    self.place(*pc)
                );
                if let Some(exception) = self.last_exception() {
                    let _ = writeln!(out, "  The last failure was {}.", self.exception(&exception));
                }
                out += &self.position();
            }
            Stop::Idle => {
                let _ = writeln!(
                    out,
                    "The core waits at {} for an interrupt, but nothing is under way that could raise one.",
                    self.place(self.core().pc)
                );
                out += &self.awaited();
                out += &self.position();
            }
            Stop::WatchdogBite => {
                let _ = writeln!(out, "The watchdog bit: the guest did not restart it in time.");
                out += &self.position();
            }
            Stop::Panicked { pc } => {
                let _ = writeln!(
                    out,
                    "The guest's kernel panicked, and said so at {}; the reason is on its console.",
                    self.place(*pc)
                );
                if let Some(exception) = self.last_exception() {
                    let _ = writeln!(out, "  The last failure was {}.", self.exception(&exception));
                }
                out += &self.position();
            }
            Stop::Gap { address, write, text, pc } => {
                let access = if *write { "wrote to" } else { "read" };
                let _ = writeln!(out, "The guest {access} {address:#010x} at {}: {text}.", self.place(*pc));
                out += &self.position();
            }
            Stop::TimeLimit | Stop::InstructionLimit | Stop::Slice => {
                let _ = writeln!(out, "The guest was still running.");
                out += &self.position();
            }
            Stop::PoweredOff | Stop::Exited { .. } | Stop::Breakpoint | Stop::Watchpoint { .. } => {}
        }
        for report in self.unresolved_faults() {
            out.push_str(&self.explain_fault(report));
        }
        out
    }

    /// An address of the guest's code, with its symbol.
    fn place(&self, pc: u32) -> String {
        match self.symbols().locate(pc) {
            Some(location) => format!("{pc:#010x} ({location})"),
            None => format!("{pc:#010x}"),
        }
    }
}
