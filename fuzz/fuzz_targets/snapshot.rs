//! Any snapshot: as bytes, and with parts that are sealed anew around damaged contents. It is refused with a
//! message, or gives a machine that runs without harm and can be saved again.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, OnceLock};

use msmemu_machine::config::Config;
use msmemu_machine::cpu::semihosting::Host;
use msmemu_machine::snapshot::Snapshot;
use msmemu_machine::{GapPolicy, Machine, TimingMode, Until, load};

mod edits;

const HELLO: &[u8] = include_bytes!("../../guest-images/elf/hello.elf");

#[derive(Arbitrary, Debug)]
enum Input {
    Bytes(Vec<u8>),
    Edited(Vec<edits::Edit>),
    /// Contents of parts, by number.
    Parts(bool, Vec<(u8, Vec<edits::Edit>)>),
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

/// A machine in the middle of the demo, in both timing modes.
fn sample(timed: bool) -> &'static Snapshot {
    static SAMPLES: OnceLock<[Snapshot; 2]> = OnceLock::new();
    let take = |timing| {
        let mut machine = Machine::new(config(), timing, GapPolicy::Ignore).expect("a machine");
        machine.load(load::elf(HELLO).expect("the demo")).expect("memory");
        let until = Until { instructions: Some(60_000), ..Until::default() };
        machine.run(until, &mut (), &mut (), &mut Silent);
        machine.save()
    };
    &SAMPLES.get_or_init(|| [TimingMode::Functional, TimingMode::Approximate].map(take))[usize::from(timed)]
}

fuzz_target!(|input: Input| {
    let snapshot = match input {
        Input::Bytes(bytes) => Snapshot::decode(&bytes),
        Input::Edited(edits) => {
            let file = sample(false).encode().expect("a snapshot");
            Snapshot::decode(&edits::apply(&file, &edits))
        }
        Input::Parts(timed, parts) => {
            let mut snapshot = sample(timed).clone();
            let count = snapshot.parts.len();
            for (number, edits) in parts {
                let part = &mut snapshot.parts[usize::from(number) % count];
                part.bytes = edits::apply(&part.bytes, &edits);
            }
            Ok(snapshot)
        }
    };
    let restored = snapshot.and_then(|s| Machine::restore(config(), GapPolicy::Ignore, s));
    match restored {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(mut machine) => {
            let until = Until {
                instructions: Some(machine.core().instructions.saturating_add(2000)),
                slice: 1000,
                ..Until::default()
            };
            for _ in 0..20 {
                if machine.slice(until, &mut (), &mut (), &mut Silent) != msmemu_machine::Stop::Slice {
                    break;
                }
            }
            let _ = machine.save();
            let _ = machine.fork();
        }
    }
});
