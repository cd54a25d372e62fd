//! Device trees: golden sources, what `dtc` says, completion for a boot, malformed input.

use std::process::{Command, Stdio};

use msmemu_machine::config::{BUILTIN, Config};
use msmemu_machine::devicetree::{self, Boot};

use crate::cases;

fn lab() -> Vec<u8> {
    devicetree::generate(&Config::builtin("smmu-lab").unwrap().unwrap())
}

#[test]
fn generated_trees_are_the_golden_ones() {
    for builtin in BUILTIN {
        let config = Config::builtin(builtin.name).unwrap().unwrap();
        let source = devicetree::source(&devicetree::generate(&config)).unwrap();
        cases::golden(&format!("tests/golden/{}.dts", builtin.name), &source);
    }
}

/// The reference compiler reads the trees and has nothing to say against them.
#[test]
fn dtc_accepts_generated_trees() {
    if Command::new("dtc").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(
            std::env::var_os("MSMEMU_REQUIRE_TOOLS").is_none(),
            "dtc (device-tree-compiler) is not installed"
        );
        eprintln!("dtc (device-tree-compiler) is not installed; nothing was tested");
        return;
    }
    for builtin in BUILTIN {
        let config = Config::builtin(builtin.name).unwrap().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let dtb = dir.path().join("machine.dtb");
        std::fs::write(&dtb, devicetree::generate(&config)).unwrap();
        let out = Command::new("dtc").args(["-I", "dtb", "-O", "dts"]).arg(&dtb).output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(out.status.success() && said.is_empty(), "{}: {said}", builtin.name);
    }
}

#[test]
fn completion_sets_command_line_and_initrd_and_keeps_the_rest() {
    let dtb = lab();
    let boot = Boot { bootargs: Some("console=ttyMSM0"), initrd: Some(0x4200_0000..0x4210_0000) };
    let completed = devicetree::complete(&dtb, &boot).unwrap();
    let before = devicetree::source(&dtb).unwrap();
    let after = devicetree::source(&completed).unwrap();
    let added: Vec<_> = after.lines().filter(|l| !before.contains(l)).map(str::trim).collect();
    assert_eq!(
        added,
        [
            "bootargs = \"console=ttyMSM0\";",
            "linux,initrd-start = <0x42000000>;",
            "linux,initrd-end = <0x42100000>;"
        ]
    );
    // Completing again replaces, and completing with nothing changes nothing.
    let again = devicetree::complete(&completed, &boot).unwrap();
    assert_eq!(devicetree::source(&again).unwrap(), after);
    let nothing = devicetree::complete(&dtb, &Boot::default()).unwrap();
    assert_eq!(devicetree::source(&nothing).unwrap(), before);
}

/// Big-endian words of a hand-made tree around a structure block.
fn tree(structure: &[u32], strings: &[u8]) -> Vec<u8> {
    let off_struct = 40 + 16;
    let off_strings = off_struct + structure.len() as u32 * 4;
    let total = off_strings + strings.len() as u32;
    let header = [
        0xD00D_FEED,
        total,
        off_struct,
        off_strings,
        40,
        17,
        16,
        0,
        strings.len() as u32,
        structure.len() as u32 * 4,
    ];
    let words = header.iter().chain(&[0; 4]).chain(structure);
    words.flat_map(|w| w.to_be_bytes()).chain(strings.iter().copied()).collect()
}

/// A word of the header or structure replaced.
fn damaged(offset: usize, word: u32) -> Vec<u8> {
    let mut dtb = lab();
    dtb[offset..offset + 4].copy_from_slice(&word.to_be_bytes());
    dtb
}

#[test]
fn malformed_trees_say_where() {
    let count = cases::run("devicetree.txt", |input| {
        let mut boot = Boot::default();
        let words: Vec<&str> = input.split_whitespace().collect();
        let number = |s: &str| usize::from_str_radix(s, 16).unwrap();
        let dtb = match words.as_slice() {
            ["empty"] => Vec::new(),
            ["cut", length] => lab()[..number(length)].to_vec(),
            ["word", offset, value] => damaged(number(offset), number(value) as u32),
            ["trailing"] => [lab(), vec![0]].concat(),
            ["huge"] => vec![0; 2 << 20],
            ["deep"] => {
                let mut structure = vec![1, 0];
                structure.extend([1, 0x6100_0000].repeat(1000));
                structure.extend([2].repeat(1001));
                structure.push(9);
                tree(&structure, b"")
            }
            ["bare"] => tree(&[1, 0, 2, 9], b""),
            ["property", length, name] => {
                tree(&[1, 0, 3, number(length) as u32, number(name) as u32, 2, 9], b"a\0")
            }
            ["nul"] => {
                boot.bootargs = Some("a\0b");
                lab()
            }
            other => panic!("unknown input {other:?}"),
        };
        devicetree::complete(&dtb, &boot).unwrap_err().to_string()
    });
    assert!(count >= 12, "{count} cases");
}

#[test]
fn any_damage_is_an_error_or_a_tree() {
    let dtb = lab();
    for offset in 0..dtb.len() {
        for value in [0x00, 0x01, 0x7F, 0xFF] {
            let mut bad = dtb.clone();
            bad[offset] = value;
            if let Ok(completed) = devicetree::complete(&bad, &Boot::default()) {
                assert!(devicetree::source(&completed).is_ok(), "byte {offset:#x} = {value:#x}");
            }
        }
    }
}
