//! Saved form of the DMA controller: the whole of it but its configuration.

use super::thread::{Piece, Work};
use super::{Pl330, Pl330Config};
use crate::{MAX_REQUEST_BYTES, StateError};

/// Saved form of a [`Pl330`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedPl330(Pl330);

impl Pl330 {
    /// State for a snapshot.
    pub fn save(&self) -> SavedPl330 {
        SavedPl330(Self { config: Pl330Config::default(), ..self.clone() })
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it is of a controller of another configuration, or holds impossible values; nothing is
    /// changed then.
    pub fn restore(&mut self, saved: SavedPl330) -> Result<(), StateError> {
        let SavedPl330(saved) = saved;
        let shape = |what, found: usize, expected: usize| {
            if found == expected {
                Ok(())
            } else {
                Err(StateError::Shape { device: "pl330", what, found, expected })
            }
        };
        shape("threads", saved.threads.len(), self.threads.len())?;
        shape("cache lines", saved.cache.len(), self.cache.len())?;
        shape("peripherals", saved.peripherals.len(), self.peripherals.len())?;
        let room = u64::from(self.config.buffer_lines) << self.config.width_log2;
        let line_bytes = 1_usize << self.config.line_log2;
        let impossible = |what| Err(StateError::Value { device: "pl330", what });
        if saved.turn >= saved.threads.len() || saved.victim >= saved.cache.len() {
            return impossible("position");
        }
        let mut buffered = 0;
        for thread in &saved.threads {
            let wide = u32::from(self.config.width_log2);
            let control = thread.control;
            if control >> 1 & 7 > wide || control >> 15 & 7 > wide || control >> 28 > 4 || thread.wakeup > 31
            {
                return impossible("thread");
            }
            for Piece { read: _, len, data } in &thread.buffer {
                if *len == 0 || data.as_ref().is_some_and(|data| data.len() != *len as usize) {
                    return impossible("buffer");
                }
                buffered += u64::from(*len);
            }
        }
        if buffered > room {
            return impossible("buffer");
        }
        if saved.cache.iter().flatten().any(|line| line.bytes.len() != line_bytes) {
            return impossible("cache line");
        }
        for transaction in saved.transactions.iter().flatten() {
            let data = if transaction.work == Work::Write { transaction.len as usize } else { 0 };
            let swaps = matches!(transaction.work, Work::Read { swap, .. } if swap > 4);
            let length_ok = (1..=MAX_REQUEST_BYTES).contains(&transaction.len);
            let known = usize::from(transaction.thread) < saved.threads.len();
            if !length_ok || !known || swaps || transaction.data.len() != data {
                return impossible("transaction");
            }
        }
        *self = Self { config: self.config, ..saved };
        Ok(())
    }
}
