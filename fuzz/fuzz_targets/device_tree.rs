//! Any device tree blob: reading, printing and completing it never panics, and what is completed can be read.
#![no_main]

use std::sync::OnceLock;

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

fn config() -> &'static Config {
    static CONFIG: OnceLock<Config> = OnceLock::new();
    CONFIG.get_or_init(|| Config::builtin("smmu-lab").and_then(Result::ok).expect("a machine"))
}

/// The tree of a machine that is right.
fn tree() -> &'static [u8] {
    static TREE: OnceLock<Vec<u8>> = OnceLock::new();
    TREE.get_or_init(|| devicetree::generate(config()))
}

fuzz_target!(|input: Input| {
    let blob = match input {
        Input::Bytes(bytes) => bytes,
        Input::Edited(edits) => edits::apply(tree(), &edits),
    };
    let _ = devicetree::source(&blob);
    let boot = Boot { bootargs: Some("console=ttyMSM0"), initrd: Some(0x4200_0000..0x4210_0000) };
    if let Ok(completed) = devicetree::complete(&blob, &boot) {
        devicetree::source(&completed).expect("a completed tree");
    }
});
