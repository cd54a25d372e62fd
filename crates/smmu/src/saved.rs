//! Saved state: separate from the running types, checked when it comes back.

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use msmemu_regs::At;

use crate::bfb::{Bfb, SavedBfb};
use crate::config::INTERRUPT_LINES;
use crate::context::{BankRegs, Context};
use crate::device::{Bank, GlobalRegs, Smmu, Stamp};
use crate::fault::{Held, HeldState};
use crate::micro_tlb::SavedMicroTlb;
use crate::spec::GlobalPage;
use crate::stats::Stats;
use crate::stream::Route;
use crate::tlb::{SavedTlb, Tlb};

/// The state of a [`Smmu`], held transactions included. The configuration is not part of it: it is
/// restored into an instance with the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Saved {
    global: Vec<u32>,
    banks: Vec<SavedBank>,
    tlb: SavedTlb,
    micro: Vec<SavedMicroTlb>,
    bfb: SavedBfb,
    lines: u8,
    stats: Stats,
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct SavedBank {
    regs: Vec<u32>,
    held: Vec<Held>,
}

/// Why saved state was refused. The instance is unchanged then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// Made by an instance of another shape: a number of banks, entries or the like differs.
    Shape {
        /// What differs.
        what: &'static str,
    },
    /// A value that no instance can have.
    Value {
        /// Where.
        what: &'static str,
    },
    /// Registers were refused.
    Registers(msmemu_regs::RestoreError),
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { what } => {
                write!(f, "saved state of the {what} does not fit this configuration")
            }
            Self::Value { what } => write!(f, "saved state has an impossible value: {what}"),
            Self::Registers(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RestoreError {}

impl From<msmemu_regs::RestoreError> for RestoreError {
    fn from(error: msmemu_regs::RestoreError) -> Self {
        Self::Registers(error)
    }
}

impl SavedBank {
    fn restore(&self, cr: u32, cbacr: u32) -> Result<Bank, RestoreError> {
        let Self { regs: words, held } = self;
        let mut regs = BankRegs::new();
        regs.restore(words)?;
        if held.iter().skip(1).any(|held| held.state != HeldState::Waiting) {
            return Err(RestoreError::Value { what: "held transactions" });
        }
        for held in held {
            held.request.check()?;
        }
        let context = Context::decode(&regs, cr, cbacr);
        Ok(Bank { regs, context, held: held.iter().copied().collect() })
    }
}

impl Smmu {
    /// Saves everything but the configuration.
    pub fn save(&self) -> Saved {
        let Self { config: _, global, banks, routes: _, tlb, micro, bfb, lines, stats, stamp: _, named: _ } =
            self;
        let banks = banks.iter().map(|bank| {
            let Bank { regs, context: _, held } = bank;
            SavedBank { regs: regs.words().to_vec(), held: held.iter().copied().collect() }
        });
        Saved {
            global: global.words().to_vec(),
            banks: banks.collect(),
            tlb: tlb.save(),
            micro: micro.iter().map(|micro| micro.save()).collect(),
            bfb: bfb.save(),
            lines: *lines,
            stats: stats.clone(),
        }
    }

    /// Takes saved state. Going on from it is the same as never having stopped.
    ///
    /// # Errors
    /// When the state does not fit the configuration or could not have been saved. Nothing is changed
    /// then.
    pub fn restore(&mut self, saved: &Saved) -> Result<(), RestoreError> {
        let Saved { global, banks, tlb, micro, bfb, lines, stats } = saved;
        let shape = |what| Err(RestoreError::Shape { what });
        if banks.len() != self.banks.len() || stats.contexts.len() != self.banks.len() {
            return shape("context banks");
        }
        if micro.len() != self.micro.len() {
            return shape("micro-TLBs");
        }
        if !stats.plausible() {
            return Err(RestoreError::Value { what: "counters" });
        }
        if lines >> INTERRUPT_LINES != 0 {
            return Err(RestoreError::Value { what: "interrupt outputs" });
        }
        let mut new_global = GlobalRegs::new();
        new_global.restore(global)?;
        if [GlobalPage::IDR, GlobalPage::REV].iter().any(|&reg| new_global.get(reg) != self.global.get(reg)) {
            return shape("identification registers");
        }
        let new_banks = (0..)
            .zip(banks)
            .map(|(index, bank)| {
                let cbacr = new_global.get_at(At { reg: GlobalPage::CBACR_N, index });
                bank.restore(new_global.get(GlobalPage::CR), cbacr)
            })
            .collect::<Result<_, _>>()?;
        let routes = (0..self.config.mids)
            .map(|index| Route::decode(new_global.get_at(At { reg: GlobalPage::M2VCBR_N, index })))
            .collect();
        let mut new_tlb = Tlb::new(self.config.tlb);
        new_tlb.restore(tlb)?;
        let mut new_micro = self.micro.clone();
        for (micro, saved) in new_micro.iter_mut().zip(micro) {
            micro.restore(saved)?;
        }
        let mut new_bfb = Bfb::new(self.config.bfb);
        new_bfb.restore(bfb)?;
        *self = Self {
            config: self.config,
            global: new_global,
            banks: new_banks,
            routes,
            tlb: new_tlb,
            micro: new_micro,
            bfb: new_bfb,
            lines: *lines,
            stats: stats.clone(),
            stamp: Stamp::default(),
            named: Vec::new(),
        };
        self.update_floor();
        Ok(())
    }
}
