//! Explanations in plain words: why a fault stays unresolved, why a guest died.

use core::fmt::Write as _;

use msmemu_cpu::Trap;
use msmemu_cpu::semihosting::Host;
use msmemu_smmu::spec::ContextBank;
use msmemu_smmu::spec::context_bank::{FSR, SCTLR};
use msmemu_smmu::{FaultCause, RegisterId};

use crate::soc::exceptions::describe;
use crate::{Exception, FaultReport, Machine, Stop, TableWrite, Until};

/// Descriptor type bits of both levels.
const TYPE: u32 = 3;

impl Machine {
    /// Faults that software has not dealt with: the transaction is held, or FSR still shows the fault.
    pub fn unresolved_faults(&self) -> Vec<&FaultReport> {
        let pending = |report: &FaultReport| self.fsr(report) & 0xFE != 0;
        let open = |report: &&FaultReport| (report.stalled && !report.resumed) || pending(report);
        let mut latest: Vec<&FaultReport> = Vec::new();
        // The first fault of a bank is the one its registers describe; later ones only set MULTI.
        for report in self.faults().iter().filter(open) {
            if !latest.iter().any(|r| r.smmu == report.smmu && r.bank == report.bank) {
                latest.push(report);
            }
        }
        latest
    }

    fn bank_register(&self, report: &FaultReport, register: ContextBank) -> u32 {
        let at = msmemu_regs::At { reg: register, index: 0 };
        let offset = RegisterId::Context { bank: report.bank, at }.offset();
        self.smmu(report.smmu).map_or(0, |smmu| smmu.peek(offset))
    }

    fn fsr(&self, report: &FaultReport) -> u32 {
        self.bank_register(report, ContextBank::FSR)
    }

    /// An address of the guest's code, with its symbol.
    fn place(&self, pc: u32) -> String {
        match self.symbols().locate(pc) {
            Some(location) => format!("{pc:#010x} ({location})"),
            None => format!("{pc:#010x}"),
        }
    }

    /// Everything about a context fault: who, where, why, which descriptor, and who wrote it.
    pub fn explain_fault(&self, report: &FaultReport) -> String {
        let config = self.config();
        let mut out = String::new();
        let smmu = config.smmu.get(report.smmu);
        let name = smmu.map_or("?", |s| s.name.as_str());
        let context = smmu
            .and_then(|s| s.context.iter().find(|c| c.bank == u32::from(report.bank)))
            .map(|c| format!(" ({})", c.name))
            .unwrap_or_default();
        let request = &report.request;
        let access = if request.access.write { "write" } else { "read" };
        let master = self.master_behind(report);
        let _ = writeln!(out, "{master} could not {access} at {:#010x}: {}.", request.va, self.cause(report));
        let _ = writeln!(
            out,
            "  It went through SMMU {name} with MID {}, which is routed to context bank {}{context}, at {}.",
            request.mid, report.bank, report.time
        );
        for (level, descriptor) in report.descriptors.iter().enumerate() {
            if let Some((address, value)) = descriptor {
                let _ = writeln!(out, "  {}", self.descriptor(level, *address, *value, report));
            }
        }
        if report.descriptors[0].is_none() {
            let _ = writeln!(out, "  No descriptor was read: {}.", self.no_walk(report));
        }
        let state = match (report.stalled, report.resumed, self.fsr(report) & 0xFE != 0) {
            (true, false, true) => {
                "The transaction is held until software writes RESUME, and FSR still shows the fault"
            }
            (true, false, false) => "FSR is clear, but the transaction is held until software writes RESUME",
            (_, _, true) => "The transaction has ended, but FSR still shows the fault",
            (_, _, false) => "Software has dealt with it",
        };
        let enabled = self.bank_register(report, ContextBank::ACTLR) & 2 != 0;
        let interrupt = if enabled { "" } else { "; no interrupt was raised, because ACTLR.CFEIE is 0" };
        let _ = writeln!(out, "  {state}{interrupt}.");
        let _ = writeln!(out, "  The core last accessed a device at {}.", self.place(report.pc));
        out
    }

    fn master_behind(&self, report: &FaultReport) -> String {
        let config = self.config();
        let smmu = config.smmu.get(report.smmu).map(|s| s.name.as_str());
        let engines = config.traffic_engine.iter().map(|t| (&t.name, t.smmu.as_deref()));
        let dmacs = config.pl330.iter().map(|p| (&p.name, p.smmu.as_deref()));
        // Ports are numbered in this order.
        let mut behind = engines.chain(dmacs).filter(|(_, of)| *of == smmu);
        behind
            .nth(usize::from(report.request.port))
            .map_or_else(|| "a master".into(), |(name, _)| name.clone())
    }

    fn cause(&self, report: &FaultReport) -> &'static str {
        let descriptor = report.descriptors[usize::from(report.fault.second_level)];
        match report.fault.cause {
            FaultCause::Translation => match descriptor {
                Some((_, value)) if value & TYPE == 0 => "nothing is mapped there (translation fault)",
                Some(_) => "the descriptor has a reserved type (translation fault)",
                None => "nothing is mapped there (translation fault)",
            },
            FaultCause::AccessFlag => "the access flag of the mapping is clear (access flag fault)",
            FaultCause::Permission => "the mapping does not permit it (permission fault)",
            FaultCause::TlbMiss => "the TLB does not have it, and ACTLR.TLBMCFG does not allow a walk",
            FaultCause::WalkDecodeError => "the translation table lies where there is no memory",
            FaultCause::WalkSlaveError => "the translation table lies where a device answered with an error",
            FaultCause::MultipleHits => "several TLB entries match (an invalidation is missing)",
        }
    }

    /// Why a fault has no descriptor.
    fn no_walk(&self, report: &FaultReport) -> &'static str {
        match report.fault.cause {
            FaultCause::TlbMiss => "walks are off",
            FaultCause::Permission | FaultCause::AccessFlag | FaultCause::MultipleHits => {
                "the answer came from the TLB"
            }
            _ if self.bank_register(report, ContextBank::SCTLR) & SCTLR::M.mask() == 0 => {
                "translation is off by now"
            }
            _ => "TTBCR switches walks through this table base off",
        }
    }

    fn descriptor(&self, level: usize, address: u32, value: u32, report: &FaultReport) -> String {
        let ordinal = ["first", "second"][level.min(1)];
        let meaning = match (level, value & TYPE) {
            (_, 0) => "invalid",
            (0, 1) => "second-level table",
            (0, 2) if value & 1 << 18 != 0 => "supersection",
            (0, 2) => "section",
            (0, _) => "reserved",
            (_, 1) => "large page",
            _ => "small page",
        };
        let rights = match (level, value & TYPE) {
            (0, 2) => rights(value >> 10 & 3, value >> 15 & 1, self.afe(report)),
            (1, 1..) => rights(value >> 4 & 3, value >> 9 & 1, self.afe(report)),
            _ => "",
        };
        let comma = if rights.is_empty() { "" } else { ", " };
        let mut out = format!(
            "The {ordinal}-level descriptor at {address:#010x} was {value:#010x}: {meaning}{comma}{rights}"
        );
        match self.table_write(address) {
            Some(write) => {
                let _ = write!(out, "; {}", self.writer(write, value));
            }
            None => out.push_str("; no store to it was seen since the table came into use"),
        }
        let mut now = [0; 4];
        if self.read_physical(address, &mut now).is_ok() && u32::from_le_bytes(now) != value {
            let _ = write!(out, "; it is {:#010x} now", u32::from_le_bytes(now));
        }
        out.push('.');
        out
    }

    fn afe(&self, report: &FaultReport) -> bool {
        self.bank_register(report, ContextBank::SCTLR) & SCTLR::AFE.mask() != 0
    }

    fn writer(&self, write: &TableWrite, value: u32) -> String {
        let who = match (write.pc, write.master.0) {
            (Some(pc), _) => format!("the core wrote {:#010x} at {}", write.value, self.place(pc)),
            (None, 0) => format!("the core wrote {:#010x}", write.value),
            (None, n) if n < 0x100 => {
                format!("{} wrote {:#010x}", self.master_name(usize::from(n - 1)), write.value)
            }
            (None, _) => format!("a table walker set it to {:#010x}", write.value),
        };
        let stale = if write.value == value { "" } else { ", which the walk did not see" };
        format!("{who}{stale}, at {}", write.time)
    }

    /// Finds out who wrote the descriptors of unresolved faults before anybody knew that they were some:
    /// `start`, a fork of this machine from before, is run again up to now with these words watched.
    /// Input that arrived in between is not repeated.
    pub fn find_writers<H: Host>(&mut self, mut start: Self, host: &mut H) {
        let reports = self.unresolved_faults();
        let descriptors = reports.iter().flat_map(|report| report.descriptors.iter().flatten());
        let unknown: Vec<u32> =
            descriptors.map(|(address, _)| *address).filter(|a| self.table_write(*a).is_none()).collect();
        if unknown.is_empty() {
            return;
        }
        for address in &unknown {
            start.watch_table(*address);
        }
        let until = Until { time: Some(self.time()), ..Until::default() };
        start.run(until, &mut (), &mut (), host);
        for address in unknown {
            if let Some(write) = start.table_write(address) {
                self.soc.tables.writes.insert(address, *write);
            }
        }
    }

    /// Why a run ended, when it did not end well: what stopped the core, and every unresolved fault.
    /// Empty when there is nothing to explain.
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
            }
            Stop::Idle => {
                let _ = writeln!(
                    out,
                    "The core waits at {} for an interrupt, but nothing is under way that could raise one.",
                    self.place(self.core().pc)
                );
            }
            Stop::WatchdogBite => {
                let _ = writeln!(out, "The watchdog bit: the guest did not restart it in time.");
            }
            Stop::Gap { address, write, text, pc } => {
                let access = if *write { "wrote to" } else { "read" };
                let _ = writeln!(out, "The guest {access} {address:#010x} at {}: {text}.", self.place(*pc));
            }
            Stop::PoweredOff
            | Stop::Exited { .. }
            | Stop::TimeLimit
            | Stop::InstructionLimit
            | Stop::Breakpoint
            | Stop::Watchpoint { .. }
            | Stop::Slice => {}
        }
        for report in self.unresolved_faults() {
            out.push_str(&self.explain_fault(report));
        }
        out
    }

    fn exception(&self, exception: &Exception) -> String {
        let at = self.place(exception.from);
        match exception.trap {
            Trap::Undefined => format!("an undefined instruction at {at}"),
            Trap::PrefetchAbort(fault) => {
                format!("a fetch from {:#010x} that failed: {}", fault.va, describe(&fault))
            }
            Trap::Breakpoint(n) => format!("a BKPT #{n} at {at}"),
            Trap::DataAbort(fault) | Trap::AsyncAbort(fault) => {
                let access = if fault.write { "write" } else { "read" };
                format!("a {access} of {:#010x} at {at} that failed: {}", fault.va, describe(&fault))
            }
            other => format!("{other:?} at {at}"),
        }
    }
}

/// Rights of a mapping: AP[1:0], AP[2].
fn rights(low: u32, high: u32, afe: bool) -> &'static str {
    if afe {
        return match (high, low >> 1 & 1) {
            (0, 0) => "read-write for privileged accesses only",
            (0, _) => "read-write",
            (_, 0) => "read-only for privileged accesses only",
            _ => "read-only",
        };
    }
    match high << 2 | low {
        0b000 | 0b100 => "no access",
        0b001 => "read-write for privileged accesses only",
        0b010 => "read-write for privileged accesses, else read-only",
        0b011 => "read-write",
        0b101 => "read-only for privileged accesses only",
        _ => "read-only",
    }
}

/// FSR causes are bits 7:1.
const _: () = assert!(FSR::TF.mask() == 2);
