//! Saved form of the UART: the whole of it but its configuration.

use super::{ERRORS, FIFO_WORDS, LATCHED, UartConfig, Uartdm};
use crate::StateError;

/// Saved form of a [`Uartdm`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedUartdm(Uartdm);

impl Uartdm {
    /// State for a snapshot.
    pub fn save(&self) -> SavedUartdm {
        SavedUartdm(Self { config: UartConfig::default(), ..self.clone() })
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it holds impossible values; nothing is changed then.
    pub fn restore(&mut self, saved: SavedUartdm) -> Result<(), StateError> {
        let SavedUartdm(saved) = saved;
        let impossible = |what| Err(StateError::Value { device: "uartdm", what });
        let holds = |(_, count): &(u32, u8)| (1..=4).contains(count);
        for fifo in [&saved.tx_fifo, &saved.rx_fifo] {
            if fifo.len() > FIFO_WORDS || !fifo.iter().all(holds) {
                return impossible("FIFO");
            }
        }
        if saved.rx_pack.1 > 3 {
            return impossible("FIFO");
        }
        if saved.latched & !LATCHED != 0 || saved.errors & !ERRORS != 0 {
            return impossible("status");
        }
        *self = Self { config: self.config, ..saved };
        Ok(())
    }
}
