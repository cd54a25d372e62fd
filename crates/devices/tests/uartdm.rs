//! The UART as the console driver, early consoles and pollers use it.
#![allow(clippy::unwrap_used)]

use msmemu_devices::uartdm::{UartConfig, Uartdm};
use msmemu_devices::{Device, Mmio};
use msmemu_fabric::Time;

const MR2: u32 = 0x04;
const SR: u32 = 0x08;
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
const TX_READY: u32 = 1 << 7;
const TX_ERROR: u32 = 1 << 8;

const CHARACTER: Time = Time::from_micros(87);

fn uart() -> Uartdm {
    let mut uart = Uartdm::new(UartConfig { character: CHARACTER });
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
    let mut uart = Uartdm::new(UartConfig { character: Time::ZERO });
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
fn received_characters_come_by_stale_event() {
    let mut uart = uart();
    write(&mut uart, Time::ZERO, IPR, 0x1f); // 31 character times
    write(&mut uart, Time::ZERO, RFWR, 48);
    write(&mut uart, Time::ZERO, IMR, STALE | RX_LEVEL);
    write(&mut uart, Time::ZERO, DMRX, 0xff_ffff);
    write(&mut uart, Time::ZERO, CR, 0x500);
    for (n, &character) in b"reset".iter().enumerate() {
        uart.receive(Time(CHARACTER.0 * n as u64), character);
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
        uart.receive(due, character);
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
        uart.receive(Time::ZERO, b'x');
    }
    assert!(!uart.level(0));
    for _ in 0..4 {
        uart.receive(Time::ZERO, b'y');
    }
    assert!(uart.level(0));
    while uart.room() > 0 {
        uart.receive(Time::ZERO, b'z');
    }
    assert_eq!(read(&mut uart, Time::ZERO, SR) & (OVERRUN | 2), 2, "full, nothing lost");
    uart.receive(Time::ZERO, b'!');
    assert_ne!(read(&mut uart, Time::ZERO, SR) & OVERRUN, 0);
    write(&mut uart, Time::ZERO, CR, 0x30);
    assert_eq!(read(&mut uart, Time::ZERO, SR) & OVERRUN, 0);
}

#[test]
fn a_poller_forces_the_partial_word_out() {
    let mut uart = uart();
    uart.receive(Time::ZERO, b'?');
    assert_eq!(read(&mut uart, Time::ZERO, SR) & RX_READY, 0);
    assert_eq!(read(&mut uart, Time::ZERO, RXFS) >> 7 & 7, 1);
    write(&mut uart, Time::ZERO, CR, 0x400);
    assert_eq!(read(&mut uart, Time::ZERO, FIFO), u32::from(b'?'));
}

#[test]
fn a_disabled_receiver_hears_nothing_and_loopback_hears_itself() {
    let mut uart = uart();
    write(&mut uart, Time::ZERO, CR, 0b0010);
    uart.receive(Time::ZERO, b'a');
    assert_eq!(read(&mut uart, Time::ZERO, RXFS), 0);
    write(&mut uart, Time::ZERO, CR, 0b0001);
    write(&mut uart, Time::ZERO, MR2, 0x80);
    write(&mut uart, Time::ZERO, NCF_TX, 4);
    write(&mut uart, Time::ZERO, FIFO, 0x6463_6261);
    let end = Time(CHARACTER.0 * 4);
    assert_eq!(read(&mut uart, end, FIFO), 0x6463_6261);
    assert_eq!(uart.take_sent(), b"");
    assert!(uart.write(end, Mmio::word(CR), 0x50).is_err(), "a break is a gap, not silence");
}
