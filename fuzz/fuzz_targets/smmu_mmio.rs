//! Any guest traffic at the register window, with masters and table changes between: nothing panics, and
//! the functional driver, the timed driver and their restored copies show the same.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use msmemu_testkit::case::Config;
use msmemu_testkit::memory::{BusError, Memory};
use msmemu_testkit::transaction::Request;

#[path = "../../crates/smmu/tests/it/devices.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod devices;

#[derive(Arbitrary, Debug)]
enum Op {
    /// A register of one of the first banks, or of the global page, by word number.
    Bank {
        bank: u8,
        word: u8,
        value: u32,
    },
    Command {
        bank: u8,
        word: u8,
        value: u32,
    },
    Global {
        word: u16,
        value: u32,
    },
    Anywhere {
        offset: u32,
        value: u32,
    },
    Read {
        offset: u32,
    },
    Transaction {
        mid: u8,
        va: u32,
        flags: u16,
    },
    /// A word of the 64 KiB at the bottom of memory, where a TTBR of 0 points.
    Table {
        word: u16,
        value: u32,
    },
    Refuse {
        page: u8,
        slave: bool,
    },
    Heal,
}

#[derive(Arbitrary, Debug)]
struct Input {
    banks: u8,
    tlb: u8,
    micro: u8,
    ops: Vec<Op>,
}

fuzz_target!(|input: Input| {
    let entries = 1 << (input.tlb % 5);
    let config = Config {
        banks: u32::from(input.banks % 3) + 1,
        mids: 32,
        tlb: entries,
        ways: if input.tlb & 0x80 == 0 { entries } else { 1 },
        micro: u32::from(input.micro % 5),
    };
    let mut runs: Vec<_> =
        devices::BACKENDS.iter().map(|b| (b.name, (b.build)(&config), Memory::new(), Vec::new())).collect();
    for (_, device, memory, shown) in &mut runs {
        let mut ids = 0;
        for op in &input.ops {
            match *op {
                Op::Bank { bank, word, value } => {
                    device.write(memory, u32::from(bank & 3) * 0x1000 + u32::from(word % 32) * 4, value);
                }
                Op::Command { bank, word, value } => {
                    let offset = 0x800 + u32::from(word % 16) * 4;
                    device.write(memory, u32::from(bank & 3) * 0x1000 + offset, value);
                }
                Op::Global { word, value } => {
                    device.write(memory, 0xFF000 + u32::from(word % 1024) * 4, value);
                }
                Op::Anywhere { offset, value } => device.write(memory, offset, value),
                Op::Read { offset } => shown.push(device.read(memory, offset).to_string()),
                Op::Transaction { mid, va, flags } => {
                    let request = Request {
                        mid: mid % 33,
                        va,
                        write: flags & 1 != 0,
                        privileged: flags & 2 != 0,
                        instruction: flags & 4 != 0,
                        non_secure: flags & 8 != 0,
                        size: (flags >> 4 & 7) as u8,
                        beats: (flags >> 8 & 15) as u8 + 1,
                    };
                    shown.push(device.start(memory, ids, &request).to_string());
                    ids += 1;
                }
                Op::Table { word, value } => {
                    let _ = memory.write32(u32::from(word) * 4, value);
                }
                Op::Refuse { page, slave } => {
                    let at = u32::from(page) << 12;
                    memory.refuse(at..=at | 0xFFF, if slave { BusError::Slave } else { BusError::Decode });
                }
                Op::Heal => memory.heal(),
            }
            shown.push(format!("{}{}", device.irq(0), device.irq(1)));
            assert!(!device.irq(2), "there are two outputs");
        }
        shown.extend((0..ids).map(|id| device.answer(id).map_or("lost".into(), |a| a.to_string())));
        for bank in 0..3 {
            shown.extend((0..20).map(|w| device.read(memory, bank * 0x1000 + 4 * w).to_string()));
        }
    }
    let (first, rest) = runs.split_first().expect("four back ends");
    for other in rest {
        assert_eq!(first.3, other.3, "{} and {}", first.0, other.0);
        assert!(first.2.words().eq(other.2.words()), "memory of {} and {}", first.0, other.0);
    }
});
