//! Any zImage, initial RAM disk, command line and device tree: refused with a message, or an image whose device
//! tree can be read.
#![no_main]

use std::sync::OnceLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use msmemu_machine::config::Config;
use msmemu_machine::{devicetree, load};

mod edits;

#[derive(Arbitrary, Debug)]
struct Input {
    kernel: Vec<u8>,
    /// Where the header says that the image starts and ends.
    header: Option<(u32, u32)>,
    initrd: Option<(u8, u32)>,
    append: Option<String>,
    dtb: Option<Vec<edits::Edit>>,
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
    let config = config();
    let mut kernel = input.kernel;
    if let Some((start, end)) = input.header {
        kernel.resize(kernel.len().max(0x40), 0);
        for (at, word) in [(0x24, 0x016F_2818), (0x28, start), (0x2C, end)] {
            kernel[at..at + 4].copy_from_slice(&u32::to_le_bytes(word));
        }
    }
    // Up to more than the machine's memory.
    let initrd = input.initrd.map(|(byte, len)| vec![byte; len as usize % 0x0900_0000]);
    let dtb = input.dtb.map(|edits| edits::apply(tree(), &edits));
    let boot = load::Linux {
        kernel: &kernel,
        initrd: initrd.as_deref(),
        append: input.append.as_deref(),
        dtb: dtb.as_deref(),
    };
    match load::linux(config, &boot) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(image) => {
            let tree = image.segments.last().expect("kernel and tree");
            let readable = image.segments.iter().any(|s| devicetree::source(&s.bytes).is_ok());
            assert!(readable, "{} of {} bytes", tree.name, tree.bytes.len());
        }
    }
});
