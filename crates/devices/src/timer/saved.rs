//! Saved form of the timer block.

use super::{CLEAR_ON_MATCH, Core, ENABLE, Timer, TimerBlock, Watchdog};
use crate::StateError;
use msmemu_fabric::{Counter, Time};
use msmemu_regs::RegFile;

/// One timer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedTimer {
    /// Count.
    pub counter: Counter,
    /// Match value.
    pub match_value: u32,
    /// Enable and clear-on-match bits.
    pub control: u32,
    /// Next match.
    pub armed: Option<Time>,
    /// Level of the line.
    pub fired: bool,
    /// When the line falls by itself.
    pub pulse_end: Option<Time>,
    /// Until when a clear shows as pending.
    pub clear_pending_until: Time,
}

/// The timers of one core.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedTimerCore {
    /// Storage words of the register file.
    pub registers: Vec<u32>,
    /// General purpose timer 0.
    pub gpt0: SavedTimer,
    /// General purpose timer 1.
    pub gpt1: SavedTimer,
    /// Debug timer.
    pub dgt: SavedTimer,
    /// Watchdogs.
    pub watchdogs: [SavedWatchdog; 2],
}

/// One watchdog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedWatchdog {
    /// Count.
    pub counter: Counter,
    /// Bark line.
    pub bark: bool,
    /// Bite line.
    pub bite: bool,
}

/// Saved form of a [`TimerBlock`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedTimerBlock {
    /// By core.
    pub cores: Vec<SavedTimerCore>,
}

impl Timer {
    fn save(&self) -> SavedTimer {
        let Self { counter, match_value, control, armed, fired, pulse_end, clear_pending_until } = self;
        SavedTimer {
            counter: *counter,
            match_value: *match_value,
            control: *control,
            armed: *armed,
            fired: *fired,
            pulse_end: *pulse_end,
            clear_pending_until: *clear_pending_until,
        }
    }

    fn from_saved(saved: SavedTimer) -> Self {
        let SavedTimer { counter, match_value, control, armed, fired, pulse_end, clear_pending_until } =
            saved;
        let control = control & (ENABLE | CLEAR_ON_MATCH);
        Self { counter, match_value, control, armed, fired, pulse_end, clear_pending_until }
    }
}

impl TimerBlock {
    /// State for a snapshot.
    pub fn save(&self) -> SavedTimerBlock {
        let Self { cores } = self;
        let cores = cores
            .iter()
            .map(|Core { regs, gpt0, gpt1, dgt, watchdogs }| SavedTimerCore {
                registers: regs.words().to_vec(),
                gpt0: gpt0.save(),
                gpt1: gpt1.save(),
                dgt: dgt.save(),
                watchdogs: watchdogs.map(|Watchdog { counter, bark, bite }| SavedWatchdog {
                    counter,
                    bark,
                    bite,
                }),
            })
            .collect();
        SavedTimerBlock { cores }
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it is of a block of another size, or holds impossible register values; nothing is
    /// changed then.
    pub fn restore(&mut self, saved: SavedTimerBlock) -> Result<(), StateError> {
        let SavedTimerBlock { cores: saved_cores } = saved;
        if saved_cores.len() != self.cores.len() {
            return Err(StateError::Shape {
                device: "timer",
                what: "cores",
                found: saved_cores.len(),
                expected: self.cores.len(),
            });
        }
        let mut restored = Vec::with_capacity(saved_cores.len());
        for SavedTimerCore { registers, gpt0, gpt1, dgt, watchdogs } in saved_cores {
            let mut regs = RegFile::new();
            regs.restore(&registers)?;
            restored.push(Core {
                regs,
                gpt0: Timer::from_saved(gpt0),
                gpt1: Timer::from_saved(gpt1),
                dgt: Timer::from_saved(dgt),
                watchdogs: watchdogs.map(|SavedWatchdog { counter, bark, bite }| Watchdog {
                    counter,
                    bark,
                    bite,
                }),
            });
        }
        let Self { cores } = self;
        *cores = restored;
        Ok(())
    }
}
