//! Saved state: separate from the running types, checked when it comes back.

use alloc::vec::Vec;
use core::fmt;

use crate::bfb::SavedBfb;
use crate::context::Context;
use crate::device::{Bank, Smmu};
use crate::fault::{Held, HeldState};
use crate::micro_tlb::SavedMicroTlb;
use crate::spec::GlobalPage;
use crate::stats::Stats;
use crate::stream::Route;
use crate::tlb::SavedTlb;
use msmemu_regs::{At, RegFile};

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

impl Smmu {
    /// Saves everything but the configuration.
    pub fn save(&self) -> Saved {
        let Self { config: _, global, banks, routes: _, tlb, micro, bfb, lines, stats, named: _ } = self;
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
        let mut new = self.clone();
        new.global = RegFile::new();
        new.global.restore(global)?;
        if [GlobalPage::IDR, GlobalPage::REV].iter().any(|&reg| new.global.get(reg) != self.global.get(reg)) {
            return shape("identification registers");
        }
        if !stats.plausible() {
            return Err(RestoreError::Value { what: "counters" });
        }
        let cr = new.global.get(GlobalPage::CR);
        for (index, (bank, SavedBank { regs, held })) in (0..).zip(new.banks.iter_mut().zip(banks)) {
            bank.regs.restore(regs)?;
            let cbacr = new.global.get_at(At { reg: GlobalPage::CBACR_N, index });
            bank.context = Context::decode(&bank.regs, cr, cbacr);
            if held.iter().skip(1).any(|held| held.state != HeldState::Waiting) {
                return Err(RestoreError::Value { what: "held transactions" });
            }
            for held in held {
                held.request.check()?;
            }
            bank.held = held.iter().copied().collect();
        }
        for (index, route) in (0..).zip(&mut new.routes) {
            *route = Route::decode(new.global.get_at(At { reg: GlobalPage::M2VCBR_N, index }));
        }
        new.tlb.restore(tlb)?;
        new.update_floor();
        for (micro, saved) in new.micro.iter_mut().zip(micro) {
            micro.restore(saved)?;
        }
        new.bfb.restore(bfb)?;
        if *lines >> crate::config::INTERRUPT_LINES != 0 {
            return Err(RestoreError::Value { what: "interrupt outputs" });
        }
        new.lines = *lines;
        new.stats.clone_from(stats);
        *self = new;
        Ok(())
    }
}
