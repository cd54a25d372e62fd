//! Guest images: what good files become, and what is said about bad ones.

use msmemu_machine::config::Config;
use msmemu_machine::load::{Image, Linux, Segment, Symbols, elf, linux};
use proptest::prelude::*;

use crate::cases;

fn lab() -> Config {
    Config::builtin("smmu-lab").unwrap().unwrap()
}

/// Offsets of the test file: header, two program headers, code, section headers, symbols.
const CODE: u32 = 0x74;
const STRINGS: u32 = 0x80;
const SYMBOLS: u32 = 0x90;
const SECTIONS: u32 = 0xC0;

/// A well-formed executable: code at 0x40000000 (linked at 0xc0000000), data with a tail of
/// zeros at 0x40010000, symbols `start` (Arm), `main` (Thumb function of 4 bytes) and `$a`.
fn executable() -> Vec<u8> {
    let half = |words: &[u16]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let word = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(half(&[2, 40]));
    file.extend(word(&[1, 0xC000_0000, 0x34, SECTIONS, 0x0500_0400]));
    file.extend(half(&[0x34, 0x20, 2, 0x28, 3, 2]));
    file.extend(word(&[1, CODE, 0xC000_0000, 0x4000_0000, 8, 8, 5, 4]));
    file.extend(word(&[1, CODE + 8, 0xC001_0000, 0x4001_0000, 4, 0x100, 6, 4]));
    assert_eq!(file.len(), CODE as usize);
    file.extend(word(&[0xE1A0_0000, 0xEAFF_FFFE, 0x1234_5678]));
    assert_eq!(file.len(), STRINGS as usize);
    file.extend(b"\0start\0main\0$a\0\0");
    assert_eq!(file.len(), SYMBOLS as usize);
    for (name, value, size, kind) in [(1, 0xC000_0000, 0, 0), (7, 0xC000_0005, 4, 2), (12, 0xC000_0000, 0, 0)]
    {
        file.extend(word(&[name, value, size]));
        file.extend([kind | 0x10, 0]);
        file.extend(half(&[1]));
    }
    assert_eq!(file.len(), SECTIONS as usize);
    file.extend(word(&[0; 10]));
    file.extend(word(&[0, 2, 0, 0, SYMBOLS, 48, 2, 0, 4, 16]));
    file.extend(word(&[0, 3, 0, 0, STRINGS, 16, 0, 0, 1, 0]));
    file
}

#[test]
fn a_bare_metal_image_gets_the_device_tree_at_the_end_of_memory() {
    let config = lab();
    let ram = config.main_memory().unwrap();
    let end = ram.base + ram.size;
    let tree = msmemu_machine::devicetree::generate(&config);
    let pages = (tree.len() as u32).next_multiple_of(0x1000);
    let image = elf(&executable()).unwrap().with_device_tree(&config);
    assert_eq!(image.registers, [0, 0xFFFF_FFFF, end - pages]);
    let placed = image.segments.last().unwrap();
    assert_eq!((placed.address, &placed.bytes), (end - pages, &tree));
    image.check(&config).unwrap();

    // Segments there push it below them, one after the other.
    let mut image = elf(&executable()).unwrap();
    for (address, zeros) in [(end - 0x1000, 0x1000), (end - pages - 0x1800, 0x1000)] {
        image.segments.push(Segment { name: "data".into(), address, bytes: Vec::new(), zeros });
    }
    let image = image.with_device_tree(&config);
    assert_eq!(image.registers[2], end - pages - 0x2000 - pages);

    // No place: no device tree.
    let mut image = elf(&executable()).unwrap();
    let all = Segment { name: "all".into(), address: ram.base, bytes: Vec::new(), zeros: ram.size };
    image.segments = vec![all];
    assert_eq!(image.clone().with_device_tree(&config), image);
}

#[test]
fn executable_becomes_segments_entry_and_symbols() {
    let image = elf(&executable()).unwrap();
    assert_eq!((image.entry, image.thumb), (0x4000_0000, false));
    let [code, data] = image.segments.as_slice() else { panic!("{:?}", image.segments) };
    assert_eq!((code.address, code.bytes.len(), code.zeros), (0x4000_0000, 8, 0));
    assert_eq!((data.address, data.zeros), (0x4001_0000, 0xFC));
    assert_eq!(data.bytes, 0x1234_5678_u32.to_le_bytes());
    let locate = |address| image.symbols.locate(address).map(|l| l.to_string());
    assert_eq!(locate(0xC000_0000).as_deref(), Some("start"));
    assert_eq!(locate(0xC000_0002).as_deref(), Some("start+0x2"));
    assert_eq!(locate(0xC000_0004).as_deref(), Some("main"));
    // `main` has four bytes, so the next address belongs to nothing.
    assert_eq!(locate(0xC000_0008), None);
    assert_eq!(locate(0xBFFF_FFFF), None);
    assert_eq!(image.symbols.address("main"), Some(0xC000_0004));
    assert_eq!(image.symbols.address("$a"), None);
    image.check(&lab()).unwrap();
}

proptest! {
    /// Look-up by bisection agrees with looking at every symbol.
    #[test]
    fn symbols_are_found_as_by_a_scan(
        entries in proptest::collection::vec((0_u32..200, 0_u32..20), 0..40),
        address in 0_u32..250,
    ) {
        let named = entries.iter().enumerate().map(|(i, (a, s))| (*a, *s, format!("s{i:02}")));
        let symbols = Symbols::new(named.clone());
        let start = entries.iter().map(|e| e.0).filter(|a| *a <= address).max();
        let at_start: Vec<_> = named.filter(|(a, ..)| Some(*a) == start).collect();
        let reaches = |s: &&(u32, u32, String)| s.0 + s.1 > address;
        let best = at_start.iter().filter(reaches).map(|s| (s.1, &s.2)).min();
        let open = at_start.iter().filter(|s| s.1 == 0).map(|s| (s.1, &s.2)).min();
        let expected = best.or(open).map(|(_, name)| name.as_str());
        prop_assert_eq!(symbols.locate(address).map(|l| l.symbol), expected);
    }

    /// Whatever bytes of a good file change, the loader answers.
    #[test]
    fn damaged_executables_never_panic(
        damage in proptest::collection::vec((0_usize..0x140, any::<u8>()), 1..6),
    ) {
        let mut file = executable();
        for (offset, value) in damage {
            if let Some(byte) = file.get_mut(offset) {
                *byte = value;
            }
        }
        if let Ok(image) = elf(&file) {
            let total: u64 = image.segments.iter().map(|s| s.bytes.len() as u64).sum();
            prop_assert!(total <= 2 * file.len() as u64);
            prop_assert!(image.segments.iter().all(|s| s.end() <= 1 << 32));
        }
    }
}

/// `word`, `half` and `byte` damage the file, `cut` shortens it.
fn damage(mut file: Vec<u8>, input: &str) -> Vec<u8> {
    for line in input.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |s: &str| u32::from_str_radix(s, 16).unwrap();
        match words.as_slice() {
            ["cut", length] => file.truncate(number(length) as usize),
            [kind, at, value] => {
                let bytes = number(value).to_le_bytes();
                let width = match *kind {
                    "word" => 4,
                    "half" => 2,
                    "byte" => 1,
                    other => panic!("unknown {other}"),
                };
                let at = number(at) as usize;
                file[at..at + width].copy_from_slice(&bytes[..width]);
            }
            other => panic!("unknown {other:?}"),
        }
    }
    file
}

#[test]
fn malformed_executables_say_what_and_where() {
    let count = cases::run("elf.txt", |input| match elf(&damage(executable(), input)) {
        Err(error) => error.to_string(),
        Ok(image) => image.check(&lab()).unwrap_err().to_string(),
    });
    assert!(count >= 20, "{count} cases");
}

/// The smallest file with a zImage header.
fn zimage(size: usize) -> Vec<u8> {
    let mut file = vec![0; size];
    file[0x24..0x28].copy_from_slice(&0x016F_2818_u32.to_le_bytes());
    file[0x2C..0x30].copy_from_slice(&(size as u32).to_le_bytes());
    file[0x30..0x34].copy_from_slice(&0x0403_0201_u32.to_le_bytes());
    file
}

/// Bytes of an image at an address.
fn at(image: &Image, address: u32) -> &[u8] {
    &image.segments.iter().find(|s| s.address == address).unwrap().bytes
}

#[test]
fn linux_is_laid_out_by_the_boot_protocol() {
    let kernel = zimage(0x1000);
    let initrd = vec![0x55; 0x1801];
    let boot = Linux { kernel: &kernel, initrd: Some(&initrd), append: Some("quiet"), dtb: None };
    for name in ["msm8660", "apq8064", "smmu-lab"] {
        let config = Config::builtin(name).unwrap().unwrap();
        let ram = config.main_memory().unwrap();
        let image = linux(&config, &boot).unwrap();
        image.check(&config).unwrap();
        assert_eq!(image.entry, ram.base + 0x20_8000);
        assert_eq!(at(&image, image.entry), kernel);
        let [r0, r1, dtb] = image.registers;
        assert_eq!((r0, r1, dtb % 4096), (0, u32::MAX, 0));
        let source = msmemu_machine::devicetree::source(at(&image, dtb)).unwrap();
        let initrd_at = ram.base + (ram.size / 2).min(128 << 20);
        assert_eq!(at(&image, initrd_at), initrd);
        for line in [
            "bootargs = \"quiet\";".to_owned(),
            format!("linux,initrd-start = <{initrd_at:#x}>;"),
            format!("linux,initrd-end = <{:#x}>;", initrd_at + 0x1801),
        ] {
            assert!(source.contains(&line), "{line}\n{source}");
        }
        let mut places: Vec<_> = image.segments.iter().map(|s| (u64::from(s.address), s.end())).collect();
        places.sort_unstable();
        assert!(places.windows(2).all(|w| w[0].1 <= w[1].0), "{places:x?}");
    }
}

#[test]
fn given_tree_is_used_and_its_command_line_kept() {
    let config = lab();
    let tree = msmemu_machine::devicetree::generate(&Config::builtin("apq8064").unwrap().unwrap());
    let kernel = zimage(0x100);
    let boot = Linux { kernel: &kernel, dtb: Some(&tree), ..Linux::default() };
    let image = linux(&config, &boot).unwrap();
    let source = msmemu_machine::devicetree::source(at(&image, image.registers[2])).unwrap();
    assert!(source.contains("qcom,apq8064-ifc6410"));
    assert!(!source.contains("initrd"));
}

#[test]
fn unbootable_kernels_say_why() {
    let count = cases::run("linux.txt", |input| {
        let (command, rest) = input.split_once('\n').unwrap();
        let words: Vec<&str> = command.split_whitespace().collect();
        let (mut size, mut initrd, mut dtb) = (0x1000, None, None);
        for pair in words.chunks(2) {
            let number = usize::from_str_radix(pair[1], 16).unwrap();
            match pair[0] {
                "kernel" => size = number,
                "initrd" => initrd = Some(vec![1; number]),
                "dtb" => dtb = Some(vec![0; number]),
                other => panic!("unknown {other}"),
            }
        }
        let kernel = damage(zimage(size), rest);
        let boot = Linux { kernel: &kernel, initrd: initrd.as_deref(), append: None, dtb: dtb.as_deref() };
        linux(&lab(), &boot).unwrap_err().to_string()
    });
    assert!(count >= 8, "{count} cases");
}
