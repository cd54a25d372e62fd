//! Any ELF file: it is refused, or loaded where the machine has memory, and then runs without harm.
#![no_main]

use std::sync::{Arc, OnceLock};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use msmemu_machine::config::Config;
use msmemu_machine::cpu::semihosting::Host;
use msmemu_machine::{GapPolicy, Machine, TimingMode, Until, load};

mod edits;

const HELLO: &[u8] = include_bytes!("../../guest-images/elf/hello.elf");

#[derive(Arbitrary, Debug)]
enum Input {
    Bytes(Vec<u8>),
    Edited(Vec<edits::Edit>),
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

fuzz_target!(|input: Input| {
    let file = match input {
        Input::Bytes(bytes) => bytes,
        Input::Edited(edits) => edits::apply(HELLO, &edits),
    };
    match load::elf(&file) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(image) => {
            for (address, size, _) in image.symbols.iter() {
                let _ = image.symbols.locate(address.wrapping_add(size));
            }
            let mut machine = Machine::new(config(), TimingMode::Functional, GapPolicy::Warn).expect("it");
            if machine.load(image).is_ok() {
                machine.set_semihosting(true);
                let until = Until { instructions: Some(2000), ..Until::default() };
                let stop = machine.run(until, &mut (), &mut (), &mut Silent);
                let _ = machine.explain(&stop);
            }
        }
    }
});
