//! Any register values, any table words, any requests: the model answers as the naive reference does.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use msmemu_smmu::{Ports, Smmu};
use msmemu_testkit::case::run::same;
use msmemu_testkit::memory::Memory;
use msmemu_testkit::reference::{self, Context, Registers};
use msmemu_testkit::transaction::{Outcome, Request};

#[path = "../../crates/smmu/tests/it/devices.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod devices;

#[derive(Arbitrary, Debug)]
struct Bank {
    sctlr: u8,
    actlr: u32,
    ttbr: [u32; 2],
    ttbcr: u8,
    prrr: u32,
    nmrr: u32,
}

#[derive(Arbitrary, Debug)]
struct Input {
    cr: u16,
    routes: [u32; 4],
    banks: [Bank; 2],
    /// Word number in the first 256 KiB, descriptor.
    tables: Vec<(u16, u32)>,
    requests: Vec<(u8, u32, u16)>,
}

fuzz_target!(|input: Input| {
    let config = msmemu_smmu::Config { mids: 4, ..Default::default() };
    let mut model = Smmu::new(&config).expect("a valid configuration");
    let mut memory = Memory::new();
    for (word, descriptor) in &input.tables {
        // Second-level tables are kept where the words are.
        let pointer = descriptor & 3 == 1 && *word < 0x4000;
        let word_at = u32::from(*word) * 4;
        let descriptor = if pointer { descriptor & 0x0003_FFFF } else { *descriptor };
        memory.write32(word_at, descriptor).expect("all memory answers");
    }
    let contexts: Vec<Context> = input
        .banks
        .iter()
        .map(|b| Context {
            sctlr: u32::from(b.sctlr & 0x3F),
            actlr: b.actlr & 0x00F7_FF7F,
            ttbr0: b.ttbr[0] & 0x0003_C07B,
            ttbr1: b.ttbr[1] & 0x0003_C07B,
            ttbcr: u32::from(b.ttbcr & 0x37),
            prrr: b.prrr & 0xFF0F_FFFF,
            nmrr: b.nmrr,
        })
        .collect();
    let registers = Registers {
        cr: u32::from(input.cr) & 0x30,
        m2vcbr: input.routes.iter().map(|r| r & 0x00C1_031F).collect(),
        contexts,
    };
    let mut causes = devices::Causes::default();
    for (mid, value) in (0..).zip(&registers.m2vcbr) {
        model.write(0xFF000 + 4 * mid, *value, &mut Ports::new(devices::Port(&mut memory)));
    }
    for (bank, c) in (0..).zip(&registers.contexts) {
        let values = [
            (0x00, c.sctlr),
            (0x04, c.actlr),
            (0x10, c.ttbr0),
            (0x14, c.ttbr1),
            (0x18, c.ttbcr),
            (0x34, c.prrr),
            (0x38, c.nmrr),
        ];
        for (offset, value) in values {
            model.write(bank * 0x1000 + offset, value, &mut Ports::new(devices::Port(&mut memory)));
        }
    }
    model.write(0xFFF80, registers.cr, &mut Ports::new(devices::Port(&mut memory)));
    for (mid, va, flags) in &input.requests {
        let request = Request {
            mid: mid % 5,
            va: *va,
            write: flags & 1 != 0,
            privileged: flags & 2 != 0,
            instruction: flags & 4 != 0,
            non_secure: flags & 8 != 0,
            size: (flags >> 4 & 7) as u8,
            beats: (flags >> 8 & 15) as u8 + 1,
        };
        model.write(0xFFF00, 0, &mut Ports::new(devices::Port(&mut memory)));
        causes.forget();
        let mut after = memory.clone();
        let expected = reference::translate(&registers, &mut after, &request);
        let mut ports = Ports::new(devices::Port(&mut memory)).observed_by(&mut causes);
        let reply = model.translate(&devices::model_request(0, &request), &mut ports);
        let held = reply == msmemu_smmu::Answer::Held;
        let answer = devices::answer(0, &reply, &causes, held);
        assert!(same(&answer, &expected, &registers), "{request:?}: {answer}, expected {expected:?}");
        assert!(memory.words().eq(after.words()));
        if let Outcome::Fault(fault) = expected {
            let bank = u32::from(fault.bank) * 0x1000;
            let recorded = [0x20, 0x28, 0x2C, 0x30].map(|at| model.peek(bank + at));
            assert_eq!(recorded, [fault.fsr, fault.far, fault.fsynr0, fault.fsynr1]);
            for (offset, value) in [(0x20, u32::MAX), (0x820, 1)] {
                model.write(bank + offset, value, &mut Ports::new(devices::Port(&mut memory)));
            }
            while model.next_released(&mut Ports::new(devices::Port(&mut memory))).is_some() {}
        }
        model.write(0xFFF88, u32::MAX, &mut Ports::new(devices::Port(&mut memory)));
    }
});
