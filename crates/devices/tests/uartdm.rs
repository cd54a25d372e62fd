//! The UART as the console driver, early consoles and pollers use it.
#![allow(clippy::unwrap_used)]

use msmemu_devices::uartdm::{Received, UartConfig, Uartdm};
use msmemu_devices::{Device, Mmio};
use msmemu_fabric::Time;

const MR2: u32 = 0x04;
const SR: u32 = 0x08;
const CSR: u32 = 0x08;
const CR: u32 = 0x10;
const ISR: u32 = 0x14;
const IMR: u32 = 0x14;
const IPR: u32 = 0x18;
const RFWR: u32 = 0x20;
const DMRX: u32 = 0x34;
const SNAP: u32 = 0x38;
const NCF_TX: u32 = 0x40;
const RXFS: u32 = 0x50;
const FIFO: u32 = 0x70;

const RX_READY: u32 = 1 << 0;
const TX_READY_SR: u32 = 1 << 2;
const TX_EMPTY: u32 = 1 << 3;
const OVERRUN: u32 = 1 << 4;
const STALE: u32 = 1 << 3;
const RX_LEVEL: u32 = 1 << 4;
const RX_BREAK: u32 = 1 << 6;
const DAMAGED: u32 = 1 << 5;
const BREAK_START: u32 = 1 << 10;
const BREAKS: u32 = 1 << 2 | 1 << 10 | 1 << 11;
const TX_READY: u32 = 1 << 7;
const TX_ERROR: u32 = 1 << 8;

/// 115200 baud, 8N1: ten bits.
const CHARACTER: Time = Time(10 * Time::PER_SECOND / 115_200);

fn uart() -> Uartdm {
    let mut uart = Uartdm::new(UartConfig { clock_hz: 7_372_800 });
    write(&mut uart, Time::ZERO, CSR, 0xcc);
    write(&mut uart, Time::ZERO, MR2, 0x34);
    write(&mut uart, Time::ZERO, CR, 0b0101);
    uart
}

fn read(uart: &mut Uartdm, now: Time, offset: u32) -> u32 {
    uart.read(now, Mmio::word(offset)).unwrap()
}

fn write(uart: &mut Uartdm, now: Time, offset: u32, value: u32) {
    uart.write(now, Mmio::word(offset), value).unwrap();
}

#[test]
fn an_early_console_sends_one_character_at_a_time() {
    let mut uart = Uartdm::new(UartConfig::default());
    uart.enable();
    for &character in b"ok\n" {
        assert_ne!(read(&mut uart, Time::ZERO, SR) & TX_EMPTY, 0);
        write(&mut uart, Time::ZERO, CR, 0x300);
        write(&mut uart, Time::ZERO, NCF_TX, 1);
        assert_eq!(read(&mut uart, Time::ZERO, NCF_TX), 1);
        write(&mut uart, Time::ZERO, FIFO, u32::from(character));
    }
    assert_eq!(uart.take_sent(), b"ok\n");
    assert_eq!(uart.take_sent(), b"");
}

#[test]
fn a_transfer_drops_what_is_beyond_its_length_and_takes_wire_time() {
    let mut uart = uart();
    write(&mut uart, Time::ZERO, IMR, TX_READY);
    write(&mut uart, Time::ZERO, NCF_TX, 6);
    write(&mut uart, Time::ZERO, FIFO, u32::from_le_bytes(*b"hell"));
    assert!(!uart.level(0));
    write(&mut uart, Time::ZERO, FIFO + 4, u32::from_le_bytes(*b"o!XY"));
    assert!(uart.level(0), "all of the transfer is written");
    assert_eq!(read(&mut uart, Time::ZERO, SR) & (TX_READY_SR | TX_EMPTY), TX_READY_SR);
    write(&mut uart, Time::ZERO, CR, 0x300);
    assert!(!uart.level(0));
    uart.advance(Time(CHARACTER.0 * 3));
    assert_eq!(uart.take_sent(), b"hel");
    let end = Time(CHARACTER.0 * 6);
    assert_eq!(read(&mut uart, end, SR) & TX_EMPTY, TX_EMPTY);
    assert_eq!(uart.take_sent(), b"lo!");
    assert_eq!(uart.deadline(), None);
    write(&mut uart, end, FIFO, 0);
    assert_ne!(read(&mut uart, end, ISR) & TX_ERROR, 0, "no transfer");
}

#[test]
fn what_waits_is_sent_at_the_end_of_a_run() {
    let mut uart = uart();
    write(&mut uart, Time::ZERO, NCF_TX, 6);
    write(&mut uart, Time::ZERO, FIFO, u32::from_le_bytes(*b"last"));
    write(&mut uart, Time::ZERO, FIFO, u32::from_le_bytes(*b"!\n\0\0"));
    uart.advance(CHARACTER);
    uart.drain(CHARACTER);
    assert_eq!(uart.take_sent(), b"last!\n");
    assert_eq!(uart.deadline(), None);
}

#[test]
fn received_characters_come_by_stale_event() {
    let mut uart = uart();
    write(&mut uart, Time::ZERO, IPR, 0x1f); // 31 character times
    write(&mut uart, Time::ZERO, RFWR, 48);
    write(&mut uart, Time::ZERO, IMR, STALE | RX_LEVEL);
    write(&mut uart, Time::ZERO, DMRX, 0xff_ffff);
    write(&mut uart, Time::ZERO, CR, 0x500);
    for (n, &character) in b"reset".iter().enumerate() {
        uart.receive(Time(CHARACTER.0 * n as u64), Received::Character(character));
    }
    let last = Time(CHARACTER.0 * 4);
    assert_eq!(read(&mut uart, last, RXFS), 1 | 1 << 7, "one word, one character packed");
    assert!(!uart.level(0));
    let due = last + Time(CHARACTER.0 * 31);
    assert_eq!(uart.deadline(), Some(due));
    uart.advance(due);
    assert!(uart.level(0));
    assert_eq!(read(&mut uart, due, SNAP), 5);
    assert_eq!(read(&mut uart, due, FIFO), u32::from_le_bytes(*b"rese"));
    assert_ne!(read(&mut uart, due, SR) & RX_READY, 0);
    assert_eq!(read(&mut uart, due, FIFO), u32::from(b't'));
    assert_eq!(read(&mut uart, due, SR) & RX_READY, 0);
    write(&mut uart, due, CR, 0x80);
    assert!(!uart.level(0));
    // The next transfer starts its count at 0 and needs its own enable.
    write(&mut uart, due, DMRX, 3);
    write(&mut uart, due, CR, 0x500);
    for character in *b"abc" {
        uart.receive(due, Received::Character(character));
    }
    assert!(uart.level(0), "the transfer's length was reached");
    assert_eq!(read(&mut uart, due, SNAP), 3);
}

#[test]
fn the_watermark_and_the_overrun() {
    let mut uart = uart();
    write(&mut uart, Time::ZERO, RFWR, 48);
    write(&mut uart, Time::ZERO, IMR, RX_LEVEL);
    for _ in 0..48 * 4 {
        uart.receive(Time::ZERO, Received::Character(b'x'));
    }
    assert!(!uart.level(0));
    for _ in 0..4 {
        uart.receive(Time::ZERO, Received::Character(b'y'));
    }
    assert!(uart.level(0));
    while uart.room() > 0 {
        uart.receive(Time::ZERO, Received::Character(b'z'));
    }
    assert_eq!(read(&mut uart, Time::ZERO, SR) & (OVERRUN | 2), 2, "full, nothing lost");
    uart.receive(Time::ZERO, Received::Character(b'!'));
    assert_ne!(read(&mut uart, Time::ZERO, SR) & OVERRUN, 0);
    write(&mut uart, Time::ZERO, CR, 0x30);
    assert_eq!(read(&mut uart, Time::ZERO, SR) & OVERRUN, 0);
}

#[test]
fn a_poller_forces_the_partial_word_out() {
    let mut uart = uart();
    uart.receive(Time::ZERO, Received::Character(b'?'));
    assert_eq!(read(&mut uart, Time::ZERO, SR) & RX_READY, 0);
    assert_eq!(read(&mut uart, Time::ZERO, RXFS) >> 7 & 7, 1);
    write(&mut uart, Time::ZERO, CR, 0x400);
    assert_eq!(read(&mut uart, Time::ZERO, FIFO), u32::from(b'?'));
}

#[test]
fn a_disabled_receiver_hears_nothing_and_loopback_hears_itself() {
    let mut uart = uart();
    write(&mut uart, Time::ZERO, CR, 0b0010);
    uart.receive(Time::ZERO, Received::Character(b'a'));
    assert_eq!(read(&mut uart, Time::ZERO, RXFS), 0);
    write(&mut uart, Time::ZERO, CR, 0b0001);
    write(&mut uart, Time::ZERO, MR2, 0xb4);
    write(&mut uart, Time::ZERO, NCF_TX, 4);
    write(&mut uart, Time::ZERO, FIFO, 0x6463_6261);
    let end = Time(CHARACTER.0 * 4);
    assert_eq!(read(&mut uart, end, FIFO), 0x6463_6261);
    assert_eq!(uart.take_sent(), b"");
    // A break that is sent comes back as one: an event, an error, a zero.
    write(&mut uart, end, IMR, BREAK_START);
    write(&mut uart, end, CR, 0x50);
    assert!(uart.level(0));
    assert_ne!(read(&mut uart, end, SR) & RX_BREAK, 0);
    write(&mut uart, end, CR, 0x820);
    assert!(!uart.level(0));
    write(&mut uart, end, NCF_TX, 1);
    write(&mut uart, end, FIFO, u32::from(b'z'));
    assert_eq!(uart.deadline(), None, "characters wait for the end of the break");
    write(&mut uart, end, CR, 0x60);
    assert!(uart.deadline().is_some());
    assert_eq!(read(&mut uart, end, ISR) & BREAKS, 1 << 2 | 1 << 11, "it changed, and it ended");
    write(&mut uart, end, CR, 0x40);
    write(&mut uart, end, CR, 0x830);
    assert_eq!(read(&mut uart, end, ISR) & BREAKS, 0);
    write(&mut uart, end, CR, 0x30);
    assert_eq!(read(&mut uart, end, SR) & RX_BREAK, 0);
    let end = Time(end.0 + CHARACTER.0);
    uart.advance(end);
    write(&mut uart, end, CR, 0x400);
    assert_eq!(read(&mut uart, end, FIFO), u32::from_le_bytes(*b"\0z\0\0"));
}

#[test]
fn rate_and_format_make_the_time_of_a_character() {
    let mut uart = uart();
    // Divider code, mode, bits of a character, its rate from 7.3728 MHz.
    let cases = [
        (0xcc, 0x34, 10, 115_200),
        (0xff, 0x34, 10, 460_800),
        (0x66, 0x34, 10, 14_400),
        (0x00, 0x34, 10, 300),
        (0xcc, 0x36, 11, 115_200), // even parity
        (0xcc, 0x3d, 12, 115_200), // odd parity, two stop bits
        (0xcc, 0x14, 8, 115_200),  // six data bits
    ];
    let mut now = Time::ZERO;
    for (rate, mode, bits, baud) in cases {
        write(&mut uart, now, CSR, rate);
        write(&mut uart, now, MR2, mode);
        write(&mut uart, now, NCF_TX, 1);
        write(&mut uart, now, FIFO, 0xff);
        let took = uart.deadline().unwrap() - now;
        assert_eq!(took, Time(bits * Time::PER_SECOND / baud), "CSR {rate:#x}, MR2 {mode:#x}");
        assert_eq!(uart.character_time(), took);
        now += took;
        uart.advance(now);
        assert_eq!(uart.take_sent(), [if mode == 0x14 { 0x3f } else { 0xff }]);
    }
}

#[test]
fn damage_shows_until_it_is_reset_and_is_dropped_on_request() {
    let mut uart = uart();
    uart.receive(Time::ZERO, Received::Damaged(b'?'));
    assert_eq!(read(&mut uart, Time::ZERO, SR) & DAMAGED, DAMAGED);
    assert_eq!(read(&mut uart, Time::ZERO, RXFS) >> 7, 1, "the character is there");
    write(&mut uart, Time::ZERO, CR, 0x30);
    assert_eq!(read(&mut uart, Time::ZERO, SR) & DAMAGED, 0);
    write(&mut uart, Time::ZERO, MR2, 0x134);
    uart.receive(Time::ZERO, Received::Damaged(b'?'));
    assert_eq!(read(&mut uart, Time::ZERO, SR) & DAMAGED, DAMAGED);
    assert_eq!(read(&mut uart, Time::ZERO, RXFS) >> 7, 1, "and this one is not");
    write(&mut uart, Time::ZERO, MR2, 0x234);
    uart.receive(Time::ZERO, Received::BreakStart);
    uart.receive(Time::ZERO, Received::BreakEnd);
    assert_eq!(read(&mut uart, Time::ZERO, RXFS) >> 7, 1, "nor the zero of a break");
    assert_eq!(read(&mut uart, Time::ZERO, ISR) & BREAKS, BREAKS);
}

/// What Linux's `msm_serial` does with a UARTDM 1.3 whose clock is 7.3728 MHz: registers and values in its order.
mod linux {
    use super::*;

    const DMEN: u32 = 0x3c;
    const MISR: u32 = 0x10;
    const TFWR: u32 = 0x1c;
    const MR1: u32 = 0x00;
    /// What the driver keeps in IMR: receive level, stale, break start, CTS.
    const IMR_RX: u32 = RX_LEVEL | STALE | 1 << 6 | BREAK_START;
    const TX_LEVEL: u32 = 1;

    struct Driver {
        uart: Uartdm,
        now: Time,
        imr: u32,
        old_snap: u32,
        received: Vec<u8>,
        breaks: u32,
        overruns: u32,
    }

    impl Driver {
        fn write(&mut self, offset: u32, value: u32) {
            write(&mut self.uart, self.now, offset, value);
        }

        fn read(&mut self, offset: u32) -> u32 {
            read(&mut self.uart, self.now, offset)
        }

        /// Opening the port: receive level, then rate, resets, enables, interrupts.
        fn start() -> Self {
            let uart = Uartdm::new(UartConfig { clock_hz: 7_372_800 });
            let (now, imr) = (Time::from_millis(1), IMR_RX);
            let mut driver =
                Self { uart, now, imr, old_snap: 0, received: Vec::new(), breaks: 0, overruns: 0 };
            let level = 64 - 12;
            driver.write(MR1, (level << 2 & !0xff) | (level & 0x3f));
            driver.write(CSR, 0xcc);
            driver.write(IPR, 6);
            driver.write(RFWR, 48);
            driver.write(TFWR, 10);
            for command in [0x10 << 4, 1 << 4, 2 << 4, 3 << 4, 4 << 4, 7 << 4, 0xe << 4] {
                driver.write(CR, command);
            }
            let mode = driver.read(MR1);
            driver.write(MR1, mode & !(1 << 7));
            driver.write(DMEN, 0);
            driver.write(CR, 0b0101);
            driver.write(IMR, IMR_RX);
            driver.write(CR, 8 << 4);
            driver.write(DMRX, 0xff_ffff);
            driver.write(CR, 80 << 4);
            let mode = driver.read(MR2);
            driver.write(MR2, (mode & !0x3f) | 0x34);
            driver
        }

        fn interrupt(&mut self, text: &mut Vec<u8>) {
            let misr = self.read(MISR);
            self.write(IMR, 0);
            if misr & BREAK_START != 0 {
                self.breaks += 1;
                self.write(CR, 0x820);
            }
            if misr & (RX_LEVEL | STALE) != 0 {
                self.receive(misr);
            }
            if misr & TX_LEVEL != 0 {
                self.transmit(text);
            }
            self.write(IMR, self.imr);
        }

        fn receive(&mut self, misr: u32) {
            if self.read(SR) & OVERRUN != 0 {
                self.overruns += 1;
                self.write(CR, 3 << 4);
            }
            let mut count;
            if misr & STALE != 0 {
                count = self.read(SNAP) - self.old_snap;
                self.old_snap = 0;
            } else {
                count = 4 * self.read(RFWR);
                self.old_snap += count;
            }
            while count > 0 {
                if self.read(SR) & RX_READY == 0 {
                    self.old_snap -= count;
                    break;
                }
                let word = self.read(FIFO).to_le_bytes();
                let n = count.min(4);
                self.received.extend(&word[..n as usize]);
                count -= n;
            }
            if misr & STALE != 0 {
                self.write(CR, 8 << 4);
            }
            self.write(DMRX, 0xff_ffff);
            self.write(CR, 80 << 4);
        }

        /// Waits for the transmitter, programs the length, writes words while there is room.
        fn transmit(&mut self, text: &mut Vec<u8>) {
            let chunk = text.len().min(64);
            if chunk == 0 {
                self.imr &= !TX_LEVEL;
                return;
            }
            while self.read(SR) & TX_EMPTY == 0 && self.read(ISR) & TX_READY == 0 {
                self.now += Time::from_micros(1);
            }
            self.write(CR, 0x300);
            self.write(NCF_TX, chunk as u32);
            assert_eq!(self.read(NCF_TX), chunk as u32);
            let mut sent = 0;
            while sent < chunk && self.read(SR) & TX_READY_SR != 0 {
                let mut word = [0; 4];
                let n = (chunk - sent).min(4);
                word[..n].copy_from_slice(&text[sent..sent + n]);
                self.write(FIFO, u32::from_le_bytes(word));
                sent += n;
            }
            text.drain(..sent);
        }

        /// Serves interrupts until the UART is quiet.
        fn run(&mut self, text: &mut Vec<u8>) {
            for _ in 0..100_000 {
                if self.uart.level(0) {
                    self.interrupt(text);
                } else if let Some(at) = self.uart.deadline() {
                    self.now = at;
                    self.uart.advance(at);
                } else {
                    return;
                }
            }
            panic!("the UART does not come to rest");
        }
    }

    #[test]
    fn the_console_sends_what_it_was_given() {
        let mut driver = Driver::start();
        let text: Vec<u8> = (0..1000_u32).map(|n| (n * 7 % 95 + 32) as u8).collect();
        driver.imr |= TX_LEVEL;
        driver.write(IMR, driver.imr);
        driver.run(&mut text.clone());
        assert_eq!(driver.uart.take_sent(), text);
        let time = driver.now - Time::from_millis(1);
        assert!(time >= Time(1000 * CHARACTER.0), "as fast as the wire at most: {time}");
        assert!(time < Time(1010 * CHARACTER.0), "and hardly slower: {time}");
    }

    #[test]
    fn what_arrives_is_received_at_any_pace() {
        for (burst, gap) in [(1, 40), (3, 9), (200, 1), (256, 20)] {
            let mut driver = Driver::start();
            let text: Vec<u8> = (0..2000_u32).map(|n| (n * 11 % 251) as u8).collect();
            for chunk in text.chunks(burst) {
                for &character in chunk {
                    driver.uart.receive(driver.now, Received::Character(character));
                    if driver.uart.level(0) {
                        driver.interrupt(&mut Vec::new());
                    }
                }
                let next = driver.now + Time(CHARACTER.0 * gap);
                while let Some(at) = driver.uart.deadline().filter(|&at| at < next) {
                    driver.now = at;
                    driver.uart.advance(at);
                    if driver.uart.level(0) {
                        driver.interrupt(&mut Vec::new());
                    }
                }
                driver.now = next;
            }
            driver.run(&mut Vec::new());
            assert_eq!(driver.received.len(), text.len(), "bursts of {burst}, {gap} characters apart");
            assert_eq!((&driver.received, driver.overruns), (&text, 0));
        }
    }

    #[test]
    fn a_break_is_a_zero_that_the_driver_is_told_of() {
        let mut driver = Driver::start();
        driver.uart.receive(driver.now, Received::BreakStart);
        driver.uart.receive(driver.now, Received::BreakEnd);
        driver.uart.receive(driver.now, Received::Character(b'h'));
        driver.run(&mut Vec::new());
        assert_eq!((driver.breaks, driver.received.as_slice()), (1, b"\0h".as_slice()));
    }
}
