//! A core that pokes anything, with masters and SMMU at work: nothing panics, and a machine that is restored from a
//! snapshot now and then sees the same as one that never stopped, in both timing modes.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, OnceLock};

use msmemu_machine::config::Config;
use msmemu_machine::cpu::semihosting::Host;
use msmemu_machine::devices::uartdm::Received;
use msmemu_machine::digest::Digest;
use msmemu_machine::fabric::{Size, Time};
use msmemu_machine::{GapPolicy, Machine, TimingMode, Until};

#[derive(Arbitrary, Debug)]
enum Step {
    /// A word of a register window, by number of the window.
    Register {
        window: u8,
        word: u16,
        value: Option<u32>,
    },
    /// A register of the SMMU's first bank or global page.
    Smmu {
        global: bool,
        word: u8,
        value: u32,
    },
    /// A word of the first 64 KiB of memory.
    Memory {
        word: u16,
        value: u32,
    },
    /// A word that points into these 64 KiB.
    Pointer {
        word: u16,
        to: u16,
    },
    /// A command of the traffic engine.
    Engine {
        frame: u8,
    },
    Type {
        character: u8,
    },
    Run {
        micros: u16,
    },
    Save,
}

#[derive(Arbitrary, Debug)]
struct Input {
    timed: bool,
    steps: Vec<Step>,
}

struct Silent;

impl Host for Silent {
    fn console_write(&mut self, _bytes: &[u8]) {}
}

fn config() -> Arc<Config> {
    static CONFIG: OnceLock<Arc<Config>> = OnceLock::new();
    let read = || Arc::new(Config::builtin("smmu-lab").and_then(Result::ok).expect("a machine"));
    Arc::clone(CONFIG.get_or_init(read))
}

struct Bench {
    machine: Machine,
    digest: Digest,
    seen: Vec<u64>,
}

impl Bench {
    fn access(&mut self, address: u32, value: Option<u32>) {
        let value = value.map(u64::from);
        let answer = self.machine.bus_access(address, Size::Word, value, &mut self.digest, &mut ());
        self.seen.push(answer.unwrap_or(u64::MAX));
    }

    fn step(&mut self, step: &Step, saves: bool) {
        let config = config();
        let ram = config.main_memory().map_or(0, |m| m.base);
        match *step {
            Step::Register { window, word, value } => {
                let regions = config.regions();
                let region = &regions[usize::from(window) % regions.len()];
                self.access(region.base + u32::from(word) * 4 % region.size, value);
            }
            Step::Smmu { global, word, value } => {
                let base = config.smmu[0].base + if global { 0xF_F000 } else { 0 };
                self.access(base + u32::from(word) * 4, Some(value));
            }
            Step::Memory { word, value } => self.access(ram + u32::from(word % 0x4000) * 4, Some(value)),
            Step::Pointer { word, to } => {
                let (word, to) = (u32::from(word % 0x4000), u32::from(to % 0x4000));
                // Low bits as descriptors have them.
                self.access(ram + word * 4, Some(ram + (to & !0xFF) * 4 | to & 0xFF));
            }
            Step::Engine { frame } => {
                let base = config.traffic_engine[0].base;
                self.access(base + 0x10, Some(ram + u32::from(frame) * 0x40));
                self.access(base + 0x0C, Some(1));
            }
            Step::Type { character } => {
                self.machine.receive(Time::ZERO, 0, Received::Character(character));
            }
            Step::Run { micros } => {
                let time = self.machine.time() + Time::from_micros(u64::from(micros % 500));
                let until = Until { time: Some(time), slice: 5000, ..Until::default() };
                self.machine.run(until, &mut self.digest, &mut (), &mut Silent);
            }
            Step::Save if saves => {
                let saved = self.machine.save();
                self.machine = Machine::restore(config, GapPolicy::Warn, saved).expect("what was just saved");
            }
            Step::Save => {}
        }
    }
}

fuzz_target!(|input: Input| {
    let timing = if input.timed { TimingMode::Approximate } else { TimingMode::Functional };
    let mut benches = [false, true].map(|_| Bench {
        machine: Machine::new(config(), timing, GapPolicy::Warn).expect("a machine"),
        digest: Digest::default(),
        seen: Vec::new(),
    });
    for step in &input.steps {
        benches[0].step(step, false);
        benches[1].step(step, true);
    }
    let [straight, stopped] = benches;
    assert_eq!(straight.seen, stopped.seen);
    assert_eq!(straight.digest.value(), stopped.digest.value());
    assert_eq!(straight.machine.save(), stopped.machine.save());
    let _ = straight.machine.stats();
    let _ = straight.machine.explain(&msmemu_machine::Stop::Slice);
});
