//! Who wrote a descriptor before anything said that it is one: the run is repeated, with its input.

use msmemu_session::limit::Point;
use msmemu_session::machine::cpu::semihosting::Host;
use msmemu_session::machine::fabric::Time;
use msmemu_session::machine::{GapPolicy, Stop, TimingMode};
use msmemu_session::run::{Console, Input, Request, Run, Start};

/// Types a text, a key every so many looks, and may give up.
struct Keys {
    text: &'static [u8],
    looks: usize,
    interrupted: bool,
}

impl Host for Keys {
    fn console_write(&mut self, _bytes: &[u8]) {}
}

impl Console for Keys {
    fn uart_write(&mut self, _bytes: &[u8]) {}

    fn uart_read(&mut self) -> Option<Input> {
        self.looks += 1;
        if !self.looks.is_multiple_of(7) {
            return None;
        }
        let (key, rest) = self.text.split_first()?;
        self.text = rest;
        Some(if *key == b'!' { Input::Break } else { Input::Character(*key) })
    }

    fn interrupted(&mut self) -> bool {
        self.interrupted
    }
}

/// Stores the words that follow, pair by pair (address, value), and spins: add r2, pc, #16; ldm r2!, {r0, r1};
/// cmp r0, #0; strne r1, [r0]; bne -5; b .
const CODE: [u32; 6] = [0xE28F_2010, 0xE8B2_0003, 0xE350_0000, 0x1580_1000, 0x1AFF_FFFB, 0xEAFF_FFFE];
const ENTRY: u32 = 0x4020_0000;
const TABLE: u32 = 0x4030_0000;
const PAGES: u32 = 0x4031_0000;
const FRAME: u32 = 0x4032_0000;
const SMMU: u32 = 0x0730_0000;
const ENGINE: u32 = 0x0F00_0000;

/// A table whose descriptors are all stored before TTBR0, and a copy from a page that is not mapped.
const STORES: [(u32, u32); 13] = [
    (TABLE + (0x403 << 2), 0x4030_0C02),
    (TABLE + (0x100 << 2), PAGES | 1),
    (PAGES, 0),
    (FRAME, 1 | 6 << 8),
    (FRAME + 4, 0x0010_0010),
    (FRAME + 8, 0x1000_0000),
    (FRAME + 12, 0x4033_0000),
    (FRAME + 16, 64),
    (SMMU + 0x010, TABLE),
    (SMMU + 0x004, 0x7002),
    (SMMU, 1),
    (ENGINE + 0x10, FRAME),
    (ENGINE + 0x0C, 1),
];

/// An ELF file with this code and nothing else.
fn image() -> Vec<u8> {
    let words = CODE.into_iter().chain(STORES.iter().flat_map(|(at, value)| [*at, *value])).chain([0, 0]);
    let code: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    let size = code.len() as u32;
    let mut file = b"\x7FELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // Executable, ARM, version, entry, program headers at 52, none of sections, EABI 5.
    file.extend([2_u16, 40].iter().flat_map(|n| n.to_le_bytes()));
    file.extend([1_u32, ENTRY, 52, 0, 0x0500_0000].iter().flat_map(|n| n.to_le_bytes()));
    file.extend([52_u16, 32, 1, 40, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
    file.extend([1_u32, 84, ENTRY, ENTRY, size, size, 7, 4].iter().flat_map(|n| n.to_le_bytes()));
    file.extend(code);
    file
}

fn until_the_fault(timing: TimingMode, console: &mut Keys) -> Run {
    let path = std::env::temp_dir().join(format!("msmemu-writers-{}-{timing:?}.elf", std::process::id()));
    std::fs::write(&path, image()).expect("the image");
    let request = Request {
        machine: Some("smmu-lab".into()),
        start: Start::Elf(path.clone()),
        timing,
        gaps: GapPolicy::Warn,
        symbols: None,
        semihosting: None,
        semihosting_dir: None,
        semihosting_args: String::new(),
    };
    let mut run = Run::start(&request).expect("the image fits the machine");
    std::fs::remove_file(&path).expect("the image");
    run.set_slice(1000);
    let until = Some(Point::Time(Time::from_millis(1)));
    assert_eq!(run.run(until, console), Some(Stop::TimeLimit));
    run
}

#[test]
fn a_repeated_run_gets_the_same_input_and_finds_the_writers() {
    for timing in [TimingMode::Approximate, TimingMode::Functional] {
        let mut keys = Keys { text: b"some!keys", looks: 0, interrupted: false };
        let mut run = until_the_fault(timing, &mut keys);
        assert_eq!(keys.text, b"", "all was typed before");
        let explained = |run: &Run| run.report(Some(Stop::TimeLimit)).explanation;
        assert!(explained(&run).contains("no store to it was seen"), "{}", explained(&run));
        // Whoever gives up the search learns nothing.
        keys.interrupted = true;
        run.find_writers(&mut keys);
        assert!(run.has_unknown_writers());
        keys.interrupted = false;
        run.find_writers(&mut keys);
        assert!(!run.has_unknown_writers(), "{}", explained(&run));
        let told = explained(&run);
        assert!(
            told.contains("second-level table; the core wrote 0x40310001 at 0x4020000c, at 0.0"),
            "{told}"
        );
        assert!(told.contains("invalid; the core wrote 0x00000000 at 0x4020000c, at 0.0"), "{told}");
    }
}
