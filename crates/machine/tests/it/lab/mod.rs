//! A small machine under test control: the core sleeps, the test programs SMMU and engines.

use std::sync::Arc;

use msmemu_machine::config::{BUILTIN, Config};
use msmemu_machine::cpu::semihosting::Host;
use msmemu_machine::fabric::{BusFault, Size, Time};
use msmemu_machine::load::{Image, Segment, Symbols};
use msmemu_machine::observe::Observer;
use msmemu_machine::{GapPolicy, Machine, Stop, TimingMode, Until};

pub(crate) const RAM: u32 = 0x4000_0000;
/// Tables of the SMMU, and frames of the engine.
pub(crate) const TABLE: u32 = 0x4010_0000;
pub(crate) const TABLE2: u32 = 0x4010_4000;
pub(crate) const FRAMES: u32 = 0x4020_0000;
pub(crate) const SMMU: u32 = 0x0730_0000;
pub(crate) const ENGINE: u32 = 0x0F00_0000;

/// Registers of context bank 0.
pub(crate) const SCTLR: u32 = 0x000;
pub(crate) const ACTLR: u32 = 0x004;
pub(crate) const TTBR0: u32 = 0x010;
pub(crate) const FSR: u32 = 0x020;
pub(crate) const RESUME: u32 = 0x820;

/// Bytes that semihosting calls wrote.
#[derive(Default)]
pub(crate) struct Console(pub(crate) Vec<u8>);

impl Host for Console {
    fn console_write(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }
}

/// The shipped laboratory, edited.
pub(crate) fn config(edits: &[(&str, &str)]) -> Arc<Config> {
    let mut text = BUILTIN.iter().find(|b| b.name == "smmu-lab").unwrap().text.to_owned();
    for (old, new) in edits {
        assert!(old.is_empty() || text.contains(old), "{old}");
        text = if old.is_empty() { format!("{text}\n{new}") } else { text.replacen(old, new, 1) };
    }
    Arc::new(Config::parse("lab", &text).unwrap_or_else(|e| panic!("{e}")))
}

/// An image of Arm instructions at the start of RAM.
pub(crate) fn image(code: &[u32]) -> Image {
    let bytes = code.iter().flat_map(|w| w.to_le_bytes()).collect();
    Image {
        segments: vec![Segment { name: "code".into(), address: RAM, bytes, zeros: 0 }],
        entry: RAM,
        symbols: Symbols::new([(RAM, 0, "start".into())]),
        ..Image::default()
    }
}

/// `wfi; b .-4`
pub(crate) const SLEEP: [u32; 2] = [0xE320_F003, 0xEAFF_FFFD];

pub(crate) struct Lab(pub(crate) Machine);

impl Lab {
    pub(crate) fn new(timing: TimingMode, edits: &[(&str, &str)]) -> Self {
        Self::running(timing, edits, &SLEEP)
    }

    pub(crate) fn running(timing: TimingMode, edits: &[(&str, &str)], code: &[u32]) -> Self {
        let mut machine = Machine::new(config(edits), timing, GapPolicy::Warn).unwrap();
        machine.load(image(code)).unwrap();
        Self(machine)
    }

    pub(crate) fn poke(&mut self, address: u32, value: u32) {
        self.0.bus_access(address, Size::Word, Some(value.into()), &mut (), &mut ()).unwrap();
    }

    pub(crate) fn peek(&mut self, address: u32) -> u32 {
        self.0.bus_access(address, Size::Word, None, &mut (), &mut ()).unwrap() as u32
    }

    pub(crate) fn try_peek(&mut self, address: u32) -> Result<u64, BusFault> {
        self.0.bus_access(address, Size::Word, None, &mut (), &mut ())
    }

    pub(crate) fn memory(&self, address: u32, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.read_physical(address, &mut bytes).unwrap();
        bytes
    }

    pub(crate) fn run_for<O: Observer>(&mut self, span: Time, slice: u64, obs: &mut O) -> Stop {
        let until = Until { time: Some(self.0.time() + span), instructions: None, slice };
        self.0.run(until, obs, &mut (), &mut Console::default())
    }

    pub(crate) fn run(&mut self) -> Stop {
        self.run_for(Time::from_millis(50), 0, &mut ())
    }

    /// A section at the same address, read-write.
    pub(crate) fn map_section(&mut self, address: u32) {
        self.poke(TABLE + (address >> 20) * 4, (address & 0xFFF0_0000) | 0xC02);
    }

    /// Small pages from `va` on, one table of 256.
    pub(crate) fn map_pages(&mut self, va: u32, pa: u32, count: u32) {
        self.poke(TABLE + (va >> 20) * 4, TABLE2 | 1);
        for page in 0..count {
            let index = (va >> 12 & 0xFF) + page;
            self.poke(TABLE2 + index * 4, (pa + page * 0x1000) | 0x32);
        }
    }

    /// Frames mapped one to one, translation on in bank 0; `actlr` beside the walks.
    pub(crate) fn enable(&mut self, actlr: u32) {
        self.map_section(FRAMES);
        self.poke(SMMU + TTBR0, TABLE);
        self.poke(SMMU + ACTLR, 0x3000 | actlr);
        self.poke(SMMU + SCTLR, 1);
    }

    /// Writes a frame.
    pub(crate) fn frame(&mut self, at: u32, words: [u32; 16]) {
        for (i, word) in words.into_iter().enumerate() {
            self.poke(at + i as u32 * 4, word);
        }
    }

    pub(crate) fn start(&mut self, engine: u32, frame: u32) {
        self.poke(engine + 0x10, frame);
        self.poke(engine + 0x0C, 1);
    }

    pub(crate) fn status(&mut self, engine: u32) -> u32 {
        self.peek(engine + 0x18)
    }
}

/// Normal memory for both sides.
const ATTRIBUTES: u32 = 0x0010_0010;
pub(crate) const DONE: u32 = 2;
/// ACTLR: CFEIE and CFCFG.
pub(crate) const STALL: u32 = 0x4002;

/// A copy of `len` bytes in bursts of `1 << burst`, `outstanding` at once.
pub(crate) fn copy(source: u32, destination: u32, len: u32, burst: u32, outstanding: u32) -> [u32; 16] {
    let mut frame = [0; 16];
    frame[0] = 1 | burst << 8 | (outstanding - 1) << 12;
    (frame[1], frame[2], frame[3], frame[4]) = (ATTRIBUTES, source, destination, len);
    frame
}

/// Reads `elements` of 64 bytes, `stride` apart, `repeat` times, one transaction at a time.
pub(crate) fn sweep(source: u32, stride: u32, elements: u32, repeat: u32) -> [u32; 16] {
    let mut frame = copy(source, 0, 64 * elements, 6, 1);
    frame[0] = 3 | 6 << 8 | 1 << 18;
    (frame[6], frame[8], frame[10]) = (stride, 64, repeat - 1);
    frame
}
