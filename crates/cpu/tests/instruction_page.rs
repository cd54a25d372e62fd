//! `docs/src/reference/cpu-instructions.md` is what the instruction tables say. `MSMEMU_BLESS=1` writes it.
#![allow(clippy::unwrap_used)]

use msmemu_cpu::isa::{Set, rows};
use msmemu_cpu::{Costs, Feature};
use std::collections::BTreeMap;
use std::fmt::Write;

const HEAD: &str = "# Processor: instructions

Every instruction that the core decodes, from its instruction tables. Bits: `0` and `1` are fixed, `-` is ignored, a
letter is a field. What no row describes is UNDEFINED; earlier rows win where two match. Cycles are the base cost;
transfers of several registers add one for each register after the first.

Where the manual says UNPREDICTABLE and a row says nothing, nothing is left to choose. Behaviour:
[Processor: instruction sets](cpu.md).
";

fn needs(feature: Feature) -> &'static str {
    match feature {
        Feature::V7 => "",
        Feature::Idiv => "Krait",
        Feature::Vfp3 => "VFPv3",
        Feature::Vfp4 => "VFPv4 (Krait)",
        Feature::Neon => "Advanced SIMD",
        Feature::NeonFma => "Advanced SIMD v2 (Krait)",
    }
}

/// The mnemonic of a template: its text up to the operands, without condition and flag placeholders.
fn mnemonic(template: &str) -> String {
    let word = template.split(' ').next().unwrap_or("");
    word.replace("{c}", "").replace("{S}", "{s}").replace("{iflags}", "").replace("{mode}", "")
}

fn page() -> String {
    let mut out = HEAD.to_owned();
    for (set, title) in [(Set::A32, "ARM"), (Set::T16, "Thumb, 16 bits"), (Set::T32, "Thumb, 32 bits")] {
        let count = rows(set).count();
        write!(out, "\n## {title}\n\n{count} encodings.\n\n").unwrap();
        out += "| Name | Mnemonic | Encoding | Cycles | Needs | UNPREDICTABLE: chosen |\n|---|---|---|---|---|---|\n";
        for insn in rows(set) {
            writeln!(
                out,
                "| {} | `{}` | `{}` | {} | {} | {} |",
                insn.name,
                mnemonic(insn.template),
                insn.pattern,
                Costs::of(insn.class),
                needs(insn.feature),
                insn.unpredictable,
            )
            .unwrap();
        }
    }
    out
}

#[test]
fn the_page_is_what_the_tables_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference/cpu-instructions.md");
    let page = page();
    if std::env::var_os("MSMEMU_BLESS").is_some_and(|value| value == "1") {
        std::fs::write(path, &page).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let differs = committed.lines().zip(page.lines()).position(|(a, b)| a != b);
    assert!(committed == page, "{path} differs, first at line {differs:?}; MSMEMU_BLESS=1 rewrites it");
}

/// Coverage counts by name, so a name must say which row it is, or stand for encodings of one instruction.
#[test]
fn rows_of_one_name_have_one_mnemonic() {
    for set in [Set::A32, Set::T16, Set::T32] {
        let mut seen = BTreeMap::new();
        for insn in rows(set) {
            let mnemonic = mnemonic(insn.template);
            let first = seen.entry(insn.name).or_insert_with(|| mnemonic.clone());
            assert_eq!(*first, mnemonic, "{set:?} {}", insn.name);
        }
    }
}
