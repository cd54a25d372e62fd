//! Who wrote a descriptor before anything said that it is one: the run is repeated, with its input.

use std::path::Path;

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

/// The demo up to a fault that is not handled yet.
fn until_a_fault(timing: TimingMode, console: &mut Keys) -> Run {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-images/elf/hello.elf");
    let request = Request {
        machine: None,
        start: Start::Elf(image),
        timing,
        gaps: GapPolicy::Warn,
        symbols: None,
        semihosting: None,
        semihosting_dir: None,
        semihosting_args: String::new(),
    };
    let mut run = Run::start(&request).expect("the image fits the machine");
    run.set_slice(10_000);
    for step in 1..2000 {
        let until = Time::from_micros(step * 100);
        assert_eq!(run.run(Some(Point::Time(until)), console), Some(Stop::TimeLimit), "the guest still runs");
        if run.has_unknown_writers() {
            return run;
        }
    }
    panic!("no fault came");
}

#[test]
fn a_repeated_run_gets_the_same_input_and_finds_the_writers() {
    for timing in [TimingMode::Approximate, TimingMode::Functional] {
        let mut keys = Keys { text: b"some!keys", looks: 0, interrupted: false };
        let mut run = until_a_fault(timing, &mut keys);
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
        assert!(explained(&run).contains("second-level table; the core wrote 0x"), "{}", explained(&run));
        assert!(explained(&run).contains(" (smmu_start+0x"), "{}", explained(&run));
    }
}
