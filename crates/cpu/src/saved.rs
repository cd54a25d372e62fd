//! Saved state of a core.

use crate::cp15::SavedCp15;
use crate::fp::FpState;
use crate::mmu::tlb::{NotThisTlb, SavedTlb};
use crate::model::Model;
use crate::psr::{Mode, bits};
use crate::state::{Banks, Core, Lines, LocalMonitor};
use msmemu_regs::RestoreError as RegisterError;
use thiserror::Error;

/// Everything that a run depends on. Host settings (breakpoints, semihosting) and derived data (software TLB, decoded
/// blocks) are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs)]
pub struct SavedCore {
    pub model: Model,
    /// R0–R14 of the running mode.
    pub r: [u32; 15],
    pub pc: u32,
    pub cpsr: u32,
    pub banks: Banks,
    pub fp: FpState,
    pub cp15: SavedCp15,
    pub cp14: Vec<u32>,
    pub tlb: SavedTlb,
    pub monitor: LocalMonitor,
    pub event: bool,
    pub lines: Lines,
    pub instructions: u64,
    pub cycles: u64,
    /// Waiting time not yet in `cycles`.
    pub wait_cycles: u64,
    /// The bus has asked for the slice to end and the host has not been told.
    pub attention: bool,
}

/// Saved state that this core cannot have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RestoreError {
    /// Another core.
    #[error("the saved core is a {found:?}, expected a {expected:?}")]
    Model {
        /// What was saved.
        found: Model,
        /// What this core is.
        expected: Model,
    },
    /// A reserved mode number, or bits that no PSR has.
    #[error("{0:#010x} is not a CPSR")]
    Cpsr(u32),
    /// CP14 or CP15 registers.
    #[error(transparent)]
    Registers(#[from] RegisterError),
    /// The architectural TLB.
    #[error(transparent)]
    Tlb(#[from] NotThisTlb),
}

impl Core {
    /// The state as plain data.
    pub fn save(&self) -> SavedCore {
        let Self {
            r,
            pc,
            flags: _,
            ge: _,
            q: _,
            thumb: _,
            it: _,
            big_endian: _,
            masks: _,
            mode: _,
            banks,
            fp,
            cp15,
            cp14,
            mmu,
            monitor,
            event,
            lines,
            instructions,
            cycles,
            model,
            master: _,
            trap: _,
            breakpoints: _,
            watchpoints: _,
            watch_hit: _,
            semihosting: _,
            exit: _,
            tlb: _,
            leave: _,
            code: _,
            stale_code: _,
            bus_time: _,
            wait_cycles,
            attention,
        } = self;
        let [r @ .., _] = *r;
        SavedCore {
            model: *model,
            r,
            pc: *pc,
            cpsr: self.cpsr(),
            banks: *banks,
            fp: *fp,
            cp15: cp15.save(),
            cp14: cp14.save(),
            tlb: mmu.tlb.save(),
            monitor: *monitor,
            event: *event,
            lines: *lines,
            instructions: *instructions,
            cycles: *cycles,
            wait_cycles: *wait_cycles,
            attention: *attention,
        }
    }

    /// Takes saved state back. [`crate::Cpu::restore`] also tells the engine.
    ///
    /// # Errors
    /// When this core cannot have the state. The core may then hold a part of it: reset it or restore another.
    pub fn restore(&mut self, saved: &SavedCore) -> Result<(), RestoreError> {
        let SavedCore {
            model,
            r,
            pc,
            cpsr,
            banks,
            fp,
            cp15,
            cp14,
            tlb,
            monitor,
            event,
            lines,
            instructions,
            cycles,
            wait_cycles,
            attention,
        } = saved;
        if *model != self.model {
            return Err(RestoreError::Model { found: *model, expected: self.model });
        }
        let mode = Mode::from_bits(*cpsr).ok_or(RestoreError::Cpsr(*cpsr))?;
        if cpsr & (bits::J | 0x00F0_0000) != 0 || cpsr & bits::T == 0 && pc & 3 != 0 || pc & 1 != 0 {
            return Err(RestoreError::Cpsr(*cpsr));
        }
        self.cp15.restore(cp15)?;
        self.cp14.restore(cp14)?;
        self.mmu.tlb.restore(tlb)?;
        // The mode is set first so that writing the CPSR swaps no registers.
        self.mode = mode;
        self.set_cpsr(*cpsr, !0);
        self.r[..15].copy_from_slice(r);
        self.r[15] = 0;
        self.pc = *pc;
        self.banks = *banks;
        self.fp = *fp;
        self.monitor = *monitor;
        self.event = *event;
        self.lines = *lines;
        self.instructions = *instructions;
        self.cycles = *cycles;
        self.wait_cycles = *wait_cycles;
        self.attention = *attention;
        self.stale_code.clear();
        self.tlb.flush();
        Ok(())
    }
}
