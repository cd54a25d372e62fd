//! Any machine file: it is refused with a message that can be shown, or gives a machine that can be built,
//! described and written out again as the same.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use msmemu_machine::config::{BUILTIN, Config};
use msmemu_machine::{GapPolicy, Machine, TimingMode, devicetree, svd};

mod edits;

#[derive(Arbitrary, Debug)]
enum Input {
    Text(String),
    Edited(bool, Vec<edits::Edit>),
}

fuzz_target!(|input: Input| {
    let text = match &input {
        Input::Text(text) => text.clone(),
        Input::Edited(big, edits) => {
            let base = &BUILTIN[if *big { 0 } else { 2 }];
            String::from_utf8_lossy(&edits::apply(base.text.as_bytes(), edits)).into_owned()
        }
    };
    match Config::parse("fuzz.toml", &text) {
        Err(error) => {
            assert!(!error.mistakes.is_empty());
            assert!(!error.render(false).is_empty());
        }
        Ok(config) => {
            assert_eq!(Config::parse("dump", &config.dump()).as_ref().ok(), Some(&config));
            let dtb = devicetree::generate(&config);
            devicetree::source(&dtb).expect("a tree that can be read");
            // A name may be empty, which SVD does not allow.
            let _ = svd::generate(&config);
            let _ = Machine::new(config.into(), TimingMode::Approximate, GapPolicy::Warn);
        }
    }
});
