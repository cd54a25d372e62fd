//! Saved form of the interrupt controller.

use super::{Bank, CpuInterface, Gic, Gicc};
use crate::StateError;
use msmemu_regs::RegFile;

/// 32 interrupts.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedBank {
    /// Enabled, a bit per interrupt.
    pub enabled: u32,
    /// Latched as pending.
    pub latch: u32,
    /// Active.
    pub active: u32,
    /// Level of the inputs.
    pub line: u32,
    /// Edge-triggered.
    pub edge: u32,
    /// Priorities.
    pub priority: [u8; 32],
    /// Targets.
    pub targets: [u8; 32],
}

/// One CPU interface and the private interrupts of its core.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedCpuInterface {
    /// Storage words of the register file.
    pub registers: Vec<u32>,
    /// SGIs and PPIs.
    pub private: SavedBank,
    /// Senders of each SGI.
    pub sgi_sources: [u8; 16],
}

/// Saved form of a [`Gic`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedGic {
    /// `GICD_CTLR.Enable`.
    pub enabled: bool,
    /// CPU interfaces.
    pub cpus: Vec<SavedCpuInterface>,
    /// Shared interrupts.
    pub shared: Vec<SavedBank>,
}

impl Bank {
    fn save(&self) -> SavedBank {
        let Self { enabled, latch, active, line, edge, priority, targets } = self;
        SavedBank {
            enabled: *enabled,
            latch: *latch,
            active: *active,
            line: *line,
            edge: *edge,
            priority: *priority,
            targets: *targets,
        }
    }

    fn restore(&mut self, saved: SavedBank) {
        let SavedBank { enabled, latch, active, line, edge, priority, targets } = saved;
        *self = Self { enabled, latch, active, line, edge, priority, targets };
    }
}

impl Gic {
    /// State for a snapshot.
    pub fn save(&self) -> SavedGic {
        let Self { version: _, enabled, cpus, shared, irqs: _ } = self;
        let cpus = cpus
            .iter()
            .map(|CpuInterface { regs, private, sgi_sources }| SavedCpuInterface {
                registers: regs.words().to_vec(),
                private: private.save(),
                sgi_sources: *sgi_sources,
            })
            .collect();
        SavedGic { enabled: *enabled, cpus, shared: shared.iter().map(Bank::save).collect() }
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it is of a controller of another size, or holds impossible register values; nothing is
    /// changed then.
    pub fn restore(&mut self, saved: SavedGic) -> Result<(), StateError> {
        let SavedGic { enabled: saved_enabled, cpus: saved_cpus, shared: saved_shared } = saved;
        let shape = |what, found, expected| {
            if found == expected {
                Ok(())
            } else {
                Err(StateError::Shape { device: "gic", what, found, expected })
            }
        };
        shape("CPU interfaces", saved_cpus.len(), self.cpus.len())?;
        shape("banks of shared interrupts", saved_shared.len(), self.shared.len())?;
        let mut restored = Vec::with_capacity(saved_cpus.len());
        for SavedCpuInterface { registers, private: saved_private, sgi_sources } in saved_cpus {
            let mut regs = RegFile::<Gicc, { Gicc::WORDS }>::new();
            regs.restore(&registers)?;
            let mut private = Bank::default();
            private.restore(saved_private);
            restored.push(CpuInterface { regs, private, sgi_sources });
        }
        let Self { version: _, enabled, cpus, shared, irqs: _ } = self;
        *enabled = saved_enabled;
        *cpus = restored;
        for (bank, saved) in shared.iter_mut().zip(saved_shared) {
            bank.restore(saved);
        }
        self.settle();
        Ok(())
    }
}
