//! UARTDM 1.3, the SoC's UART, as Linux's `msm_serial` and early consoles use it.
//!
//! Both FIFOs hold 64 words of up to four characters. The other end of the wire is the machine:
//! [`Uartdm::receive`] is a character arriving, [`Uartdm::take_sent`] what was sent.
//!
//! Registers and their use come from the drivers. Chosen by us, where those do not say:
//!
//! * A character takes [`UartConfig::character`] on the wire, whatever the clock is set to; 0
//!   sends at once.
//! * `RXLEV` is set while the receive FIFO holds more than `RFWR` words, `TXLEV` while the
//!   transmit FIFO holds at most `TFWR`.
//! * `TX_READY` rises when the last word of a transfer is written, or at once for `NCF_TX` = 0.
//! * A stale event comes when characters are waiting and none arrived for the stale timeout, or
//!   when `DMRX` characters have arrived. It moves the partial word to the FIFO, latches
//!   `RX_TOTAL_SNAP`, and waits for the next `STALE_EVENT_ENABLE`.
//! * Writing `DMRX` begins a receive transfer: the count of characters starts at 0.
//! * CTS is always asserted; breaks, parity and framing errors do not happen; the data mover
//!   handshake (`DMEN`) and IrDA are absent.

mod registers;
mod saved;

pub use registers::{Uartdm as UartdmRegister, UartdmWrite};
pub use saved::SavedUartdm;

use crate::device::{Device, Gap, Mmio, MmioResult, Peek, word_register};
use msmemu_fabric::Time;
use msmemu_regs::{At, RegFile};
use registers::{CR, DMRX, IMR, IPR, ISR, MR2, NCF_TX, RX_TOTAL_SNAP, RXFS, SR, TXFS, Uartdm as Reg};
use std::collections::VecDeque;

/// Words of each FIFO.
pub const FIFO_WORDS: usize = 64;

/// What a [`Uartdm`] is connected to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UartConfig {
    /// Time of one character on the wire; at 115200 baud 8N1 it is 86.8 us. 0: no time.
    pub character: Time,
}

/// The UART.
#[derive(Clone, Debug)]
pub struct Uartdm {
    config: UartConfig,
    regs: RegFile<Reg, { Reg::WORDS }>,
    write_regs: RegFile<UartdmWrite, { UartdmWrite::WORDS }>,
    rx_enabled: bool,
    tx_enabled: bool,
    /// Characters of the transmit transfer not yet written.
    tx_left: u32,
    tx_ready: bool,
    tx_done: bool,
    tx_error: bool,
    /// Words waiting to be sent: characters and how many.
    tx_fifo: VecDeque<(u32, u8)>,
    /// When the character on the wire is sent, while there is one.
    tx_busy: Option<Time>,
    sent: Vec<u8>,
    /// Words waiting to be read, with the number of characters in each.
    rx_fifo: VecDeque<(u32, u8)>,
    /// The partial word.
    rx_pack: (u32, u8),
    /// Characters since the receive transfer began.
    rx_total: u32,
    stale_enabled: bool,
    stale: bool,
    overrun: bool,
    /// When the last character arrived, while a stale event may follow it.
    last_arrival: Option<Time>,
}

impl Uartdm {
    /// A UART after power-on.
    pub fn new(config: UartConfig) -> Self {
        Self {
            config,
            regs: RegFile::new(),
            write_regs: RegFile::new(),
            rx_enabled: false,
            tx_enabled: false,
            tx_left: 0,
            tx_ready: false,
            tx_done: false,
            tx_error: false,
            tx_fifo: VecDeque::new(),
            tx_busy: None,
            sent: Vec::new(),
            rx_fifo: VecDeque::new(),
            rx_pack: (0, 0),
            rx_total: 0,
            stale_enabled: false,
            stale: false,
            overrun: false,
            last_arrival: None,
        }
    }

    /// Turns receiver and transmitter on, as a boot loader leaves them for an early console.
    pub fn enable(&mut self) {
        self.rx_enabled = true;
        self.tx_enabled = true;
    }

    /// Takes what was sent since the last call.
    pub fn take_sent(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.sent)
    }

    /// How many characters fit before the receiver overruns; 0 while it is disabled. A patient
    /// sender at the other end waits for room.
    pub fn room(&self) -> usize {
        if !self.rx_enabled {
            return 0;
        }
        ((FIFO_WORDS - self.rx_fifo.len()) * 4).saturating_sub(usize::from(self.rx_pack.1))
    }

    /// A character arrives. It is lost when the receiver is disabled, and lost with an overrun
    /// when there is no room.
    pub fn receive(&mut self, now: Time, character: u8) {
        self.advance(now);
        self.arrive(now, character);
    }

    fn arrive(&mut self, now: Time, character: u8) {
        if !self.rx_enabled {
            return;
        }
        if self.room() == 0 {
            self.overrun = true;
            return;
        }
        let (word, count) = self.rx_pack;
        self.rx_pack = (word | u32::from(character) << (8 * count), count + 1);
        if self.rx_pack.1 == 4 {
            self.flush_pack();
        }
        self.rx_total = self.rx_total.wrapping_add(1) & 0xff_ffff;
        self.last_arrival = Some(now);
        let length = self.regs.field(DMRX::RX_DM_CRCI_CHARS);
        if self.stale_enabled && length != 0 && self.rx_total >= length {
            self.stale_event();
        }
    }

    fn flush_pack(&mut self) {
        if self.rx_pack.1 != 0 {
            self.rx_fifo.push_back(self.rx_pack);
            self.rx_pack = (0, 0);
        }
    }

    fn stale_event(&mut self) {
        self.flush_pack();
        self.regs.set_field(RX_TOTAL_SNAP::RX_TOTAL_BYTES, self.rx_total);
        self.stale = true;
        self.stale_enabled = false;
        self.last_arrival = None;
    }

    fn stale_deadline(&self) -> Option<Time> {
        let arrival = self.last_arrival.filter(|_| self.stale_enabled)?;
        let timeout =
            u64::from(self.regs.field(IPR::STALE_TIMEOUT_LSB) | self.regs.field(IPR::STALE_TIMEOUT_MSB) << 5);
        // Without a wire time a character still needs a stale timeout: that of 115200 baud.
        let character =
            if self.config.character == Time::ZERO { Time(86_805_556) } else { self.config.character };
        Some(arrival + Time(character.0.saturating_mul(timeout.max(1))))
    }

    /// Begins to send the next character if the wire is free.
    fn start_sending(&mut self, now: Time) {
        while self.tx_enabled && self.tx_busy.is_none() && !self.tx_fifo.is_empty() {
            self.tx_busy = Some(now + self.config.character);
            if self.config.character != Time::ZERO {
                return;
            }
            self.character_sent(now);
        }
    }

    /// The character on the wire has gone out.
    fn character_sent(&mut self, now: Time) {
        self.tx_busy = None;
        let Some((word, count)) = self.tx_fifo.front_mut() else { return };
        let character = *word as u8;
        *word >>= 8;
        *count -= 1;
        if *count == 0 {
            self.tx_fifo.pop_front();
        }
        if self.tx_fifo.is_empty() && self.tx_left == 0 {
            self.tx_done = true;
        }
        if self.regs.is_set(MR2::LOOPBACK) {
            self.arrive(now, character);
        } else {
            self.sent.push(character);
        }
    }

    fn transmit_word(&mut self, now: Time, word: u32) {
        if self.tx_left == 0 || self.tx_fifo.len() >= FIFO_WORDS {
            self.tx_error = true;
            return;
        }
        let count = self.tx_left.min(4);
        self.tx_fifo.push_back((word, count as u8));
        self.tx_left -= count;
        self.tx_ready |= self.tx_left == 0;
        self.start_sending(now);
    }

    fn command(&mut self, now: Time, value: u32) -> Result<(), Gap> {
        // Disabling wins when a write asks for both.
        self.rx_enabled = (self.rx_enabled || CR::RX_ENABLE.is_set(value)) && !CR::RX_DISABLE.is_set(value);
        self.tx_enabled = (self.tx_enabled || CR::TX_ENABLE.is_set(value)) && !CR::TX_DISABLE.is_set(value);
        match CR::COMMAND.get(value) {
            // Null; errors, breaks and CTS changes do not happen; protection has no effect; RFR is not looked at.
            0x00 | 0x04 | 0x07 | 0x10 | 0x0c | 0x0d | 0x0e | 0x82 => {}
            0x01 => self.reset_receiver(),
            0x02 => self.reset_transmitter(),
            0x03 => self.overrun = false,
            0x08 => self.stale = false,
            0x30 => self.tx_ready = false,
            0x40 => self.stale_event(),
            0x50 => self.stale_enabled = true,
            0x60 => self.stale_enabled = false,
            0x05 | 0x06 => return Err(Gap::Behaviour("sending a break")),
            0x09 => return Err(Gap::Behaviour("UARTDM packet mode")),
            _ => return Err(Gap::Behaviour("this UARTDM command")),
        }
        self.start_sending(now);
        Ok(())
    }

    fn reset_receiver(&mut self) {
        self.rx_enabled = false;
        self.rx_fifo.clear();
        self.rx_pack = (0, 0);
        self.rx_total = 0;
        self.stale_enabled = false;
        self.stale = false;
        self.overrun = false;
        self.last_arrival = None;
    }

    fn reset_transmitter(&mut self) {
        self.tx_enabled = false;
        self.tx_fifo.clear();
        self.tx_busy = None;
        self.tx_left = 0;
        self.tx_ready = false;
        self.tx_done = false;
        self.tx_error = false;
    }

    fn status(&self) -> u32 {
        let bits = [
            (SR::RXRDY, !self.rx_fifo.is_empty()),
            (SR::RXFULL, self.rx_fifo.len() >= FIFO_WORDS),
            (SR::TXRDY, self.tx_fifo.len() < FIFO_WORDS),
            (SR::TXEMT, self.tx_fifo.is_empty()),
            (SR::OVERRUN, self.overrun),
        ];
        bits.iter().fold(0, |word, &(field, on)| field.set(word, u32::from(on)))
    }

    fn interrupts(&self) -> u32 {
        let bits = [
            (ISR::TXLEV, self.tx_fifo.len() <= self.regs.get(Reg::TFWR) as usize),
            (ISR::RXSTALE, self.stale),
            (ISR::RXLEV, self.rx_fifo.len() > self.regs.get(Reg::RFWR) as usize),
            (ISR::CURRENT_CTS, true),
            (ISR::TX_READY, self.tx_ready),
            (ISR::TX_ERROR, self.tx_error),
            (ISR::TX_DONE, self.tx_done),
        ];
        bits.iter().fold(0, |word, &(field, on)| field.set(word, u32::from(on)))
    }

    fn masked_interrupts(&self) -> u32 {
        // The current state of CTS is no event.
        self.interrupts() & !ISR::CURRENT_CTS.mask() & IMR::MASK.get(self.write_regs.get(UartdmWrite::IMR))
    }

    fn value(&self, at: At<Reg>) -> u32 {
        match at.reg {
            Reg::SR => self.status(),
            Reg::MISR => self.masked_interrupts(),
            Reg::ISR => self.interrupts(),
            Reg::TXFS => TXFS::TX_FIFO_STATE.set(0, self.tx_fifo.len() as u32),
            Reg::RXFS => {
                let words = RXFS::RX_FIFO_STATE.set(0, self.rx_fifo.len() as u32);
                RXFS::RX_BUFFER_STATE.set(words, u32::from(self.rx_pack.1))
            }
            Reg::RF => self.rx_fifo.front().map_or(0, |&(word, _)| word),
            Reg::MR1
            | Reg::MR2
            | Reg::IPR
            | Reg::TFWR
            | Reg::RFWR
            | Reg::HCR
            | Reg::DMRX
            | Reg::RX_TOTAL_SNAP
            | Reg::DMEN
            | Reg::NCF_TX
            | Reg::BADR
            | Reg::TESTMODE => self.regs.peek(at),
        }
    }
}

impl Device for Uartdm {
    fn kind(&self) -> &'static str {
        "uartdm"
    }

    fn read(&mut self, now: Time, at: Mmio) -> MmioResult<u32> {
        let reg = word_register::<Reg>(at)?;
        self.advance(now);
        let value = self.value(reg);
        if reg.reg == Reg::RF {
            self.rx_fifo.pop_front();
        }
        Ok(value)
    }

    fn write(&mut self, now: Time, at: Mmio, value: u32) -> MmioResult<()> {
        self.advance(now);
        if let Ok(reg) = word_register::<UartdmWrite>(at) {
            self.write_regs.guest_write(reg, value);
            match reg.reg {
                UartdmWrite::CR => self.command(now, value)?,
                UartdmWrite::TF => self.transmit_word(now, value),
                UartdmWrite::CSR | UartdmWrite::IMR | UartdmWrite::IRDA | UartdmWrite::SIM_CFG => {}
            }
            return Ok(());
        }
        let reg = word_register::<Reg>(at)?;
        let new = self.regs.guest_write(reg, value).new;
        match reg.reg {
            Reg::NCF_TX => {
                self.tx_left = NCF_TX::CHARS.get(new);
                self.tx_ready = self.tx_left == 0;
                self.tx_done = false;
            }
            Reg::DMRX => self.rx_total = 0,
            _ => {}
        }
        Ok(())
    }

    fn peek(&self, _now: Time, at: Mmio) -> Option<Peek> {
        let reg = word_register::<Reg>(at).ok()?;
        Some(Peek { desc: reg.desc(), index: reg.index, value: self.value(reg) })
    }

    fn deadline(&self) -> Option<Time> {
        [self.tx_busy, self.stale_deadline()].into_iter().flatten().min()
    }

    fn advance(&mut self, now: Time) {
        while let Some(at) = self.deadline().filter(|&at| at <= now) {
            if self.tx_busy == Some(at) {
                self.character_sent(at);
                self.start_sending(at);
            } else {
                self.stale_event();
            }
        }
    }

    fn lines(&self) -> &'static [&'static str] {
        &["irq"]
    }

    fn level(&self, line: usize) -> bool {
        line == 0 && self.masked_interrupts() != 0
    }

    fn reset(&mut self) {
        let config = self.config;
        *self = Self::new(config);
    }
}
