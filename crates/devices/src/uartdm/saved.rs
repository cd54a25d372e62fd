//! Saved form of the UART.

use super::{FIFO_WORDS, Uartdm};
use crate::StateError;
use msmemu_fabric::Time;
use msmemu_regs::RegFile;

/// Saved form of a [`Uartdm`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedUartdm {
    /// Storage words of the registers that are read.
    pub registers: Vec<u32>,
    /// Storage words of the registers that are only written.
    pub write_registers: Vec<u32>,
    /// Receiver on.
    pub rx_enabled: bool,
    /// Transmitter on.
    pub tx_enabled: bool,
    /// Characters of the transmit transfer not yet written.
    pub tx_left: u32,
    /// `ISR.TX_READY`.
    pub tx_ready: bool,
    /// `ISR.TX_DONE`.
    pub tx_done: bool,
    /// `ISR.TX_ERROR`.
    pub tx_error: bool,
    /// Words to send and the number of characters in each.
    pub tx_fifo: Vec<(u32, u8)>,
    /// When the character on the wire is sent.
    pub tx_busy: Option<Time>,
    /// Sent, not yet taken by the machine.
    pub sent: Vec<u8>,
    /// Words received and the number of characters in each.
    pub rx_fifo: Vec<(u32, u8)>,
    /// Partial word.
    pub rx_pack: (u32, u8),
    /// Characters of the receive transfer.
    pub rx_total: u32,
    /// Stale events are enabled.
    pub stale_enabled: bool,
    /// `ISR.RXSTALE`.
    pub stale: bool,
    /// `SR.OVERRUN`.
    pub overrun: bool,
    /// Last arrival, while a stale event may follow.
    pub last_arrival: Option<Time>,
}

impl Uartdm {
    /// State for a snapshot.
    pub fn save(&self) -> SavedUartdm {
        let Self {
            config: _,
            regs,
            write_regs,
            rx_enabled,
            tx_enabled,
            tx_left,
            tx_ready,
            tx_done,
            tx_error,
            tx_fifo,
            tx_busy,
            sent,
            rx_fifo,
            rx_pack,
            rx_total,
            stale_enabled,
            stale,
            overrun,
            last_arrival,
        } = self;
        SavedUartdm {
            registers: regs.words().to_vec(),
            write_registers: write_regs.words().to_vec(),
            rx_enabled: *rx_enabled,
            tx_enabled: *tx_enabled,
            tx_left: *tx_left,
            tx_ready: *tx_ready,
            tx_done: *tx_done,
            tx_error: *tx_error,
            tx_fifo: tx_fifo.iter().copied().collect(),
            tx_busy: *tx_busy,
            sent: sent.clone(),
            rx_fifo: rx_fifo.iter().copied().collect(),
            rx_pack: *rx_pack,
            rx_total: *rx_total,
            stale_enabled: *stale_enabled,
            stale: *stale,
            overrun: *overrun,
            last_arrival: *last_arrival,
        }
    }

    /// Takes over a snapshot.
    ///
    /// # Errors
    /// When it holds impossible values; nothing is changed then.
    pub fn restore(&mut self, saved: SavedUartdm) -> Result<(), StateError> {
        let SavedUartdm {
            registers,
            write_registers,
            rx_enabled,
            tx_enabled,
            tx_left,
            tx_ready,
            tx_done,
            tx_error,
            tx_fifo,
            tx_busy,
            sent,
            rx_fifo,
            rx_pack,
            rx_total,
            stale_enabled,
            stale,
            overrun,
            last_arrival,
        } = saved;
        let fifo_ok = |fifo: &[(u32, u8)]| {
            fifo.len() <= FIFO_WORDS && fifo.iter().all(|&(_, count)| (1..=4).contains(&count))
        };
        if !fifo_ok(&tx_fifo) || !fifo_ok(&rx_fifo) || rx_pack.1 > 3 {
            return Err(StateError::Value { device: "uartdm", what: "FIFO" });
        }
        let mut regs = RegFile::new();
        regs.restore(&registers)?;
        let mut write_regs = RegFile::new();
        write_regs.restore(&write_registers)?;
        *self = Self {
            config: self.config,
            regs,
            write_regs,
            rx_enabled,
            tx_enabled,
            tx_left,
            tx_ready,
            tx_done,
            tx_error,
            tx_fifo: tx_fifo.into(),
            tx_busy,
            sent,
            rx_fifo: rx_fifo.into(),
            rx_pack,
            rx_total,
            stale_enabled,
            stale,
            overrun,
            last_arrival,
        };
        Ok(())
    }
}
