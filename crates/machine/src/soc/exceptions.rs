//! Exceptions of the core: counts, and the memory of the last ones for explanations.

use msmemu_cpu::Trap;
use msmemu_cpu::{Fault, FaultStatus};
use msmemu_fabric::Time;
use serde::{Deserialize, Serialize};

/// A series of exceptions, each at the vector of the one before, that is this long will go on for ever.
const HOPELESS: u32 = 16;

/// A synchronous exception of the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Why.
    pub trap: Trap,
    /// Address of the instruction.
    pub from: u32,
    /// Address of the vector.
    pub to: u32,
    /// When.
    pub time: Time,
}

/// What is known about the exceptions of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exceptions {
    /// Undefined instructions, supervisor calls, prefetch aborts, data aborts, interrupts, others.
    pub(crate) counts: [u64; 6],
    /// The last abort or undefined instruction.
    pub(crate) last: Option<Exception>,
    /// What began an unbroken series of exceptions, each at the vector of the one before.
    pub(crate) first_of_loop: Option<Exception>,
    /// Length of the series.
    in_loop: u32,
}

impl Exceptions {
    pub(super) fn entered(&mut self, time: Time, trap: &Trap, from: u32, to: u32) {
        let kind = match trap {
            Trap::Undefined => 0,
            Trap::Svc(_) => 1,
            Trap::PrefetchAbort(_) | Trap::Breakpoint(_) => 2,
            Trap::DataAbort(_) | Trap::AsyncAbort(_) => 3,
            Trap::Irq | Trap::Fiq => 4,
            Trap::Smc(_) | Trap::Host(_) => 5,
        };
        self.counts[kind] += 1;
        let died = matches!(kind, 0 | 2 | 3);
        if !died {
            self.in_loop = 0;
            return;
        }
        let this = Exception { trap: *trap, from, to, time };
        // The vector of the one before could not be executed.
        if self.last.is_some_and(|last| last.to == from) {
            self.in_loop += 1;
            self.first_of_loop = self.first_of_loop.or(self.last);
        } else {
            self.in_loop = 0;
            self.first_of_loop = None;
        }
        self.last = Some(this);
    }

    /// Whether the core will never do anything but enter exceptions.
    pub(super) fn hopeless(&self) -> bool {
        self.in_loop >= HOPELESS
    }
}

/// What a memory fault was, in words.
pub(crate) fn describe(fault: &Fault) -> &'static str {
    match fault.status {
        FaultStatus::Alignment => "the address is not aligned",
        FaultStatus::DebugEvent => "a debug event",
        FaultStatus::AccessFlagSection | FaultStatus::AccessFlagPage => {
            "the access flag of the mapping is clear"
        }
        FaultStatus::InstructionCacheMaintenance => "instruction cache maintenance failed",
        FaultStatus::TranslationSection | FaultStatus::TranslationPage => "nothing is mapped there",
        FaultStatus::ExternalOnWalkFirst | FaultStatus::ExternalOnWalkSecond => {
            "the core's translation table could not be read"
        }
        FaultStatus::DomainSection | FaultStatus::DomainPage => "the domain of the mapping does not allow it",
        FaultStatus::PermissionSection | FaultStatus::PermissionPage => "the mapping does not permit it",
        FaultStatus::External { slave: false } => "nothing answers at the physical address",
        FaultStatus::External { slave: true } => "the device refused the access",
        FaultStatus::AsyncExternal => "an earlier access failed on the bus",
    }
}
