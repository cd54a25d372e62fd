//! Power, clocks and resets.
#![allow(clippy::unwrap_used)]

use msmemu_devices::soc::{Gcc, Mmcc, Pvpanic, Tlmm};
use msmemu_devices::{Device, Mmio};
use msmemu_fabric::{Size, Time};

fn read(device: &mut impl Device, offset: u32) -> u32 {
    device.read(Time::ZERO, Mmio::word(offset)).unwrap()
}

fn write(device: &mut impl Device, offset: u32, value: u32) {
    device.write(Time::ZERO, Mmio::word(offset), value).unwrap();
}

#[test]
fn letting_go_of_ps_hold_switches_off() {
    let mut tlmm = Tlmm::new();
    assert!(tlmm.level(0), "held by the boot loader");
    write(&mut tlmm, 0x820, 0);
    assert!(!tlmm.level(0));
}

#[test]
fn a_driven_pin_reads_back() {
    let mut tlmm = Tlmm::new();
    let pin = 0x1000 + 0x10 * 172;
    write(&mut tlmm, pin + 4, 2);
    assert_eq!(read(&mut tlmm, pin + 4), 2, "not driven");
    write(&mut tlmm, pin, 1 << 9);
    assert_eq!(read(&mut tlmm, pin + 4), 3);
    assert_eq!(read(&mut tlmm, pin - 0x10 + 4), 0);
}

#[test]
fn smmu_clock_and_resets() {
    let mut mmcc = Mmcc::new();
    assert_eq!(read(&mut mmcc, 0x1dc), 1 << 22);
    write(&mut mmcc, 0x08, 1 << 15);
    assert_eq!(read(&mut mmcc, 0x1dc), 0);
    assert!(mmcc.level(0));
    write(&mut mmcc, 0x20c, 1 << 24);
    let reset: Vec<_> = (0..13).filter(|&line| mmcc.level(line)).map(|line| mmcc.lines()[line]).collect();
    assert_eq!(reset, ["smmu-ahb", "reset.mdp0"]);
    write(&mut mmcc, 0x20c, 1 << 31);
    assert!(mmcc.level(12) && mmcc.lines()[12] == "reset.gfx3d");
}

#[test]
fn gsbi_clocks_report_their_halt_status() {
    let mut gcc = Gcc::new();
    let all_off = read(&mut gcc, 0x2fd4);
    assert_eq!(all_off, 1 << 18 | 1 << 17 | 1 << 15 | 1 << 14 | 1 << 13 | 1 << 11);
    write(&mut gcc, 0x2b34, 1 << 9); // UART clock of GSBI 12
    write(&mut gcc, 0x2b20, 1 << 4); // its interface clock
    assert_eq!(all_off & !read(&mut gcc, 0x2fd4), 1 << 13 | 1 << 14);
    write(&mut gcc, 0x34c0, 1 << 8);
    assert_eq!(read(&mut gcc, 0x3158), 1 << 16);
}

#[test]
fn a_panic_is_reported_by_a_byte() {
    let mut pvpanic = Pvpanic::new();
    let byte = Mmio { size: Size::Byte, ..Mmio::word(0) };
    assert_eq!(pvpanic.read(Time::ZERO, byte), Ok(3), "events that can be reported");
    pvpanic.write(Time::ZERO, byte, 2).unwrap();
    assert!(!pvpanic.level(0), "another kernel takes over");
    pvpanic.write(Time::ZERO, byte, 1).unwrap();
    assert!(pvpanic.level(0));
    assert!(pvpanic.read(Time::ZERO, Mmio { size: Size::Byte, ..Mmio::word(1) }).is_err());
}
