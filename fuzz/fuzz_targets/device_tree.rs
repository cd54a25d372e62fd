//! Any device tree blob: reading, printing and completing it never panics, and what is completed can be read.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use msmemu_machine::config::Config;
use msmemu_machine::devicetree::{self, Boot};

mod edits;

#[derive(Arbitrary, Debug)]
enum Input {
    Bytes(Vec<u8>),
    Edited(Vec<edits::Edit>),
}

fuzz_target!(|input: Input| {
    let blob = match input {
        Input::Bytes(bytes) => bytes,
        Input::Edited(edits) => {
            let config = Config::builtin("smmu-lab").and_then(Result::ok).expect("a machine");
            edits::apply(&devicetree::generate(&config), &edits)
        }
    };
    let _ = devicetree::source(&blob);
    let boot = Boot { bootargs: Some("console=ttyMSM0"), initrd: Some(0x4200_0000..0x4210_0000) };
    if let Ok(completed) = devicetree::complete(&blob, &boot) {
        devicetree::source(&completed).expect("a completed tree");
    }
});
