//! UARTDM 1.3, the SoC's UART, as Linux's `msm_serial` and early consoles use it.
//!
//! Both FIFOs hold 64 words of up to four characters. The other end of the wire is the machine:
//! [`Uartdm::receive`] is a character arriving, [`Uartdm::take_sent`] what was sent.
//!
//! Registers and their use come from the drivers. Chosen by us, where those do not say:
//!
//! * The other end of the wire uses whatever format and rate the UART is set to; damage on the way is
//!   [`Received::Damaged`].
//! * A character lasts its start, data, parity and stop bits at the rate that `CSR` divides from
//!   [`UartConfig::clock_hz`]; the receiver's half of `CSR` only counts for stale events.
//! * `RXLEV` is set while the receive FIFO holds more than `RFWR` words, `TXLEV` while the
//!   transmit FIFO holds at most `TFWR`.
//! * `TX_READY` rises when the last word of a transfer is written, or at once for `NCF_TX` = 0.
//! * A stale event comes when characters are waiting and none arrived for the stale timeout, or
//!   when `DMRX` characters have arrived. It moves the partial word to the FIFO, latches
//!   `RX_TOTAL_SNAP`, and waits for the next `STALE_EVENT_ENABLE`.
//! * A stale event ends the receive transfer: the count starts again at 0. Writing `DMRX` in the middle of one
//!   does not, as `msm_serial` relies on.
//! * A break that is received is a zero character (unless `MR2` drops it), and its start and end are events.
//!   While one is sent, characters wait.
//! * Errors show in `SR` until they are reset, whatever `MR2.ERROR_MODE` says.
//! * CTS is always asserted; the data mover handshake (`DMEN`) and IrDA are absent.

mod registers;
mod saved;

pub use registers::{Uartdm as UartdmRegister, UartdmWrite};
pub use saved::SavedUartdm;

use crate::device::{Device, Gap, Mmio, MmioResult, Peek, word_register};
use msmemu_fabric::Time;
use msmemu_regs::{At, RegFile};
use registers::{CR, CSR, DMRX, IMR, IPR, ISR, MR2, NCF_TX, RX_TOTAL_SNAP, RXFS, SR, TXFS, Uartdm as Reg};
use std::collections::VecDeque;

/// What `CSR` divides the clock by, by its code.
const DIVIDERS: [u16; 16] = [1536, 768, 384, 192, 96, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1];
/// Latched bits of `ISR` that belong to the receiver.
const RECEIVE_EVENTS: u32 =
    ISR::RXBREAK.mask() | ISR::RXSTALE.mask() | ISR::RXBREAK_START.mask() | ISR::RXBREAK_END.mask();
/// Latched bits of `ISR`.
const LATCHED: u32 = RECEIVE_EVENTS | ISR::TX_READY.mask() | ISR::TX_ERROR.mask() | ISR::TX_DONE.mask();
/// Error bits of `SR`.
const ERRORS: u32 = SR::OVERRUN.mask() | SR::PAR_FRAME_ERR.mask() | SR::RX_BREAK.mask();

/// Words of each FIFO.
pub const FIFO_WORDS: usize = 64;

/// What a [`Uartdm`] is connected to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UartConfig {
    /// Clock that the dividers in `CSR` divide. 0: characters take no time.
    pub clock_hz: u32,
}

/// What comes over the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Received {
    /// A character.
    Character(u8),
    /// A character with a wrong parity or stop bit.
    Damaged(u8),
    /// The line begins to stay low for longer than a character.
    BreakStart,
    /// It is high again.
    BreakEnd,
}

/// The UART.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Uartdm {
    #[cfg_attr(feature = "serde", serde(skip))]
    config: UartConfig,
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::registers"))]
    regs: RegFile<Reg, { Reg::WORDS }>,
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::registers"))]
    write_regs: RegFile<UartdmWrite, { UartdmWrite::WORDS }>,
    rx_enabled: bool,
    tx_enabled: bool,
    /// Characters of the transmit transfer not yet written.
    tx_left: u32,
    /// Bits of `ISR` that stay until a command resets them.
    latched: u32,
    /// Error bits of `SR`, until a command resets them.
    errors: u32,
    /// A break is being sent.
    sends_break: bool,
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
            latched: 0,
            errors: 0,
            sends_break: false,
            tx_fifo: VecDeque::new(),
            tx_busy: None,
            sent: Vec::new(),
            rx_fifo: VecDeque::new(),
            rx_pack: (0, 0),
            rx_total: 0,
            stale_enabled: false,
            last_arrival: None,
        }
    }

    /// Turns receiver and transmitter on with 8 data bits, no parity, one stop bit and a quarter of the clock,
    /// as a boot loader leaves them for an early console.
    pub fn enable(&mut self) {
        self.regs.set_field(MR2::BITS_PER_CHAR, 3);
        self.regs.set_field(MR2::STOP_BIT_LEN, 1);
        self.write_regs.set_field(CSR::UART_TX_CLK_SEL, 0xc);
        self.write_regs.set_field(CSR::UART_RX_CLK_SEL, 0xc);
        self.rx_enabled = true;
        self.tx_enabled = true;
    }

    /// Takes what was sent since the last call.
    pub fn take_sent(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.sent)
    }

    /// Sends at once what waits to be sent: for the end of a run, after which nothing would.
    pub fn drain(&mut self, now: Time) {
        while !self.tx_fifo.is_empty() {
            self.character_sent(now);
        }
    }

    /// How many characters fit before the receiver overruns; 0 while it is disabled. A patient
    /// sender at the other end waits for room.
    pub fn room(&self) -> usize {
        if !self.rx_enabled {
            return 0;
        }
        ((FIFO_WORDS - self.rx_fifo.len()) * 4).saturating_sub(usize::from(self.rx_pack.1))
    }

    /// How long a character of the receiver's format and rate lasts on the wire. Without a clock it is that of
    /// 115200 baud, 8N1: a sender at the other end takes its time.
    pub fn character_time(&self) -> Time {
        let rate = CSR::UART_RX_CLK_SEL.get(self.write_regs.get(UartdmWrite::CSR));
        self.wire_time(rate).unwrap_or(Time(86_805_556))
    }

    /// Time of a character, at the rate of a half of `CSR`.
    fn wire_time(&self, rate: u32) -> Option<Time> {
        // Sixteenths of a bit: the clock is sixteen times the bit rate after the divider.
        let parity = u32::from(self.regs.field(MR2::PARITY_MODE) != 0);
        let whole = 1 + self.data_bits() + parity;
        let stop = [9, 16, 25, 32][self.regs.field(MR2::STOP_BIT_LEN) as usize & 3];
        let cycles = u64::from(whole * 16 + stop) * u64::from(DIVIDERS[rate as usize & 15]);
        (cycles * Time::PER_SECOND).checked_div(u64::from(self.config.clock_hz)).map(Time)
    }

    fn data_bits(&self) -> u32 {
        5 + self.regs.field(MR2::BITS_PER_CHAR)
    }

    /// What a character loses on its way: data bits beyond the format.
    fn in_format(&self, character: u8) -> u8 {
        character & (0xff >> (8 - self.data_bits()))
    }

    /// Something arrives. It is lost when the receiver is disabled, and lost with an overrun when there is
    /// no room.
    pub fn receive(&mut self, now: Time, what: Received) {
        self.advance(now);
        self.arrive(now, what);
    }

    fn arrive(&mut self, now: Time, what: Received) {
        if !self.rx_enabled {
            return;
        }
        match what {
            Received::Character(character) => self.put(now, self.in_format(character)),
            Received::Damaged(character) => {
                self.errors |= SR::PAR_FRAME_ERR.mask();
                if !self.regs.is_set(MR2::RX_ERROR_CHAR_OFF) {
                    self.put(now, self.in_format(character));
                }
            }
            Received::BreakStart => {
                self.errors |= SR::RX_BREAK.mask();
                self.latched |= ISR::RXBREAK.mask() | ISR::RXBREAK_START.mask();
                if !self.regs.is_set(MR2::RX_BREAK_ZERO_CHAR_OFF) {
                    self.put(now, 0);
                }
            }
            Received::BreakEnd => self.latched |= ISR::RXBREAK.mask() | ISR::RXBREAK_END.mask(),
        }
    }

    fn put(&mut self, now: Time, character: u8) {
        if self.room() == 0 {
            self.errors |= SR::OVERRUN.mask();
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
        self.rx_total = 0;
        self.latched |= ISR::RXSTALE.mask();
        self.stale_enabled = false;
        self.last_arrival = None;
    }

    fn stale_deadline(&self) -> Option<Time> {
        let arrival = self.last_arrival.filter(|_| self.stale_enabled)?;
        let timeout =
            u64::from(self.regs.field(IPR::STALE_TIMEOUT_LSB) | self.regs.field(IPR::STALE_TIMEOUT_MSB) << 5);
        Some(arrival + Time(self.character_time().0.saturating_mul(timeout.max(1))))
    }

    /// Begins to send the next character if the wire is free.
    fn start_sending(&mut self, now: Time) {
        while self.tx_enabled && !self.sends_break && self.tx_busy.is_none() && !self.tx_fifo.is_empty() {
            let rate = CSR::UART_TX_CLK_SEL.get(self.write_regs.get(UartdmWrite::CSR));
            if let Some(time) = self.wire_time(rate) {
                self.tx_busy = Some(now + time);
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
            self.latched |= ISR::TX_DONE.mask();
        }
        let character = self.in_format(character);
        if self.regs.is_set(MR2::LOOPBACK) {
            self.arrive(now, Received::Character(character));
        } else {
            self.sent.push(character);
        }
    }

    fn transmit_word(&mut self, now: Time, word: u32) {
        if self.tx_left == 0 || self.tx_fifo.len() >= FIFO_WORDS {
            self.latched |= ISR::TX_ERROR.mask();
            return;
        }
        let count = self.tx_left.min(4);
        self.tx_fifo.push_back((word, count as u8));
        self.tx_left -= count;
        self.latch(ISR::TX_READY.mask(), self.tx_left == 0);
        self.start_sending(now);
    }

    fn command(&mut self, now: Time, value: u32) -> Result<(), Gap> {
        // Disabling wins when a write asks for both.
        self.rx_enabled = (self.rx_enabled || CR::RX_ENABLE.is_set(value)) && !CR::RX_DISABLE.is_set(value);
        self.tx_enabled = (self.tx_enabled || CR::TX_ENABLE.is_set(value)) && !CR::TX_DISABLE.is_set(value);
        match CR::COMMAND.get(value) {
            // Null; CTS does not change; protection has no effect; RFR is not looked at.
            0x00 | 0x07 | 0x10 | 0x0c | 0x0d | 0x0e => {}
            0x01 => self.reset_receiver(),
            0x02 => self.reset_transmitter(),
            0x03 => self.errors = 0,
            0x04 => self.latched &= !ISR::RXBREAK.mask(),
            0x05 => self.send_break(now, true),
            0x06 => self.send_break(now, false),
            0x08 => self.latched &= !ISR::RXSTALE.mask(),
            0x30 => self.latched &= !ISR::TX_READY.mask(),
            0x40 => self.stale_event(),
            0x50 => self.stale_enabled = true,
            0x60 => self.stale_enabled = false,
            0x82 => self.latched &= !ISR::RXBREAK_START.mask(),
            0x83 => self.latched &= !ISR::RXBREAK_END.mask(),
            0x09 => return Err(Gap::Behaviour("UARTDM packet mode")),
            _ => return Err(Gap::Behaviour("this UARTDM command")),
        }
        self.start_sending(now);
        Ok(())
    }

    fn send_break(&mut self, now: Time, on: bool) {
        if self.sends_break != on && self.regs.is_set(MR2::LOOPBACK) {
            self.arrive(now, if on { Received::BreakStart } else { Received::BreakEnd });
        }
        self.sends_break = on;
    }

    /// Whether the line to the other end is held low.
    pub fn sends_break(&self) -> bool {
        self.sends_break
    }

    /// Sets latched bits of `ISR` when something is so.
    fn latch(&mut self, bits: u32, when: bool) {
        if when {
            self.latched |= bits;
        }
    }

    fn reset_receiver(&mut self) {
        self.rx_enabled = false;
        self.rx_fifo.clear();
        self.rx_pack = (0, 0);
        self.rx_total = 0;
        self.stale_enabled = false;
        self.latched &= !RECEIVE_EVENTS;
        self.errors = 0;
        self.last_arrival = None;
    }

    fn reset_transmitter(&mut self) {
        self.tx_enabled = false;
        self.tx_fifo.clear();
        self.tx_busy = None;
        self.tx_left = 0;
        self.latched &= RECEIVE_EVENTS;
        self.sends_break = false;
    }

    fn status(&self) -> u32 {
        let bits = [
            (SR::RXRDY, !self.rx_fifo.is_empty()),
            (SR::RXFULL, self.rx_fifo.len() >= FIFO_WORDS),
            (SR::TXRDY, self.tx_fifo.len() < FIFO_WORDS),
            (SR::TXEMT, self.tx_fifo.is_empty()),
        ];
        bits.iter().fold(self.errors, |word, &(field, on)| field.set(word, u32::from(on)))
    }

    fn interrupts(&self) -> u32 {
        let bits = [
            (ISR::TXLEV, self.tx_fifo.len() <= self.regs.get(Reg::TFWR) as usize),
            (ISR::RXLEV, self.rx_fifo.len() > self.regs.get(Reg::RFWR) as usize),
            (ISR::CURRENT_CTS, true),
        ];
        bits.iter().fold(self.latched, |word, &(field, on)| field.set(word, u32::from(on)))
    }

    /// Whether a character that arrives leads to an interrupt.
    pub fn listens(&self) -> bool {
        let receive = ISR::RXSTALE.mask() | ISR::RXLEV.mask();
        self.rx_enabled && IMR::MASK.get(self.write_regs.get(UartdmWrite::IMR)) & receive != 0
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
        if reg.reg == Reg::NCF_TX {
            self.tx_left = NCF_TX::CHARS.get(new);
            self.latched &= !(ISR::TX_READY.mask() | ISR::TX_DONE.mask());
            self.latch(ISR::TX_READY.mask(), self.tx_left == 0);
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
