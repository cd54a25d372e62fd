//! Why a fault of an SMMU stays unresolved: who, where, which descriptor, and who wrote it.

use core::fmt::Write as _;

use msmemu_smmu::spec::ContextBank;
use msmemu_smmu::spec::context_bank::{FSR, SCTLR};
use msmemu_smmu::{FaultCause, RegisterId};

use crate::{FaultReport, Machine, TableWrite};

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
        let _ = writeln!(out, "  The core had last accessed a device at {}.", self.place(report.pc));
        out
    }

    fn master_behind(&self, report: &FaultReport) -> String {
        let config = self.config();
        let smmu = config.smmu.get(report.smmu).map(|s| s.name.as_str());
        let mut behind = config.smmu_ports().filter(|(_, _, of)| Some(*of) == smmu);
        behind.nth(usize::from(report.request.port)).map_or("a master", |(_, name, _)| name).into()
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
            None if self.soc.tables.unwritten.contains(&(address & !3)) => {
                out.push_str("; nothing has stored to it since the run began");
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

    /// Words of the descriptors behind unresolved faults of which nobody knows who wrote them: they were
    /// stored before anything said that they are descriptors. Running a copy of the start again, with
    /// [`Machine::watch_table`] for each, finds out; then see [`Machine::learn_writers`].
    pub fn unknown_writers(&self) -> Vec<u32> {
        let reports = self.unresolved_faults();
        let read = reports.iter().flat_map(|report| report.descriptors.iter().flatten());
        let mut unknown: Vec<u32> = read.map(|(address, _)| *address).collect();
        unknown.retain(|address| self.table_write(*address).is_none());
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Takes over what a second run of the same start saw of stores to `words`. Whether it could: the second
    /// run must have come to the same state of the core, or it was another run and says nothing about this.
    pub fn learn_writers(&mut self, second: &Self, words: &[u32]) -> bool {
        let state =
            |m: &Self| (m.core().cycles, m.core().instructions, m.core().pc, m.core().r, m.core().cpsr());
        if state(self) != state(second) {
            return false;
        }
        for word in words {
            match second.table_write(*word) {
                Some(write) => {
                    self.soc.tables.writes.insert(*word, *write);
                }
                None => {
                    self.soc.tables.unwritten.insert(*word);
                }
            }
        }
        true
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
