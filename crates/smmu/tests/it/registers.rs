//! Every register and field against two transcriptions of the map, by the tables and by register traffic.
//!
//! `register-map.csv` is transcribed by `scripts/extract-register-map` from a public driver header,
//! `register-table.csv` from our specification; neither comes from the other or from the model.

use std::collections::{BTreeMap, BTreeSet};

use msmemu_regs::{Kind, Mode, RegDesc};
use msmemu_smmu::spec::{BANK_STRIDE, ContextBank, GLOBAL_PAGE, GlobalPage, WINDOW};
use msmemu_smmu::{Config, Ports, Smmu};
use msmemu_testkit::memory::Memory;
use msmemu_testkit::registers::{Access, Register, RegisterMap, Scope};

use crate::devices::Port;

const HEADER: &str = include_str!("../register-map.csv");
const TABLE: &str = include_str!("../register-table.csv");
const ODDITIES: &str = include_str!("../register-oddities.csv");

fn maps() -> [(&'static str, RegisterMap); 2] {
    [("header", HEADER), ("table", TABLE)].map(|(name, csv)| (name, RegisterMap::parse(csv).unwrap()))
}

/// Bits the model has beyond a map: `TTBR0[13:7]` extend the base when `TTBCR.N` > 0, as in ARMv7; `PAR` is
/// one word of two layouts with no use for bits 8 and 11; `BFBCR.STRIDE` is in an older header only.
fn beyond(register: &str) -> u32 {
    match register {
        "TTBR0" => 0x0000_3F80,
        "PAR" => 0x0000_0900,
        "BFBCR" => 0xFFFF_F000,
        _ => 0,
    }
}

fn desc(register: &Register) -> &'static RegDesc {
    let block = match register.scope {
        Scope::Global => &GlobalPage::DESC,
        Scope::Context => &ContextBank::DESC,
    };
    block.reg(&register.name).unwrap_or_else(|| panic!("{} is missing", register.name))
}

#[test]
fn the_two_maps_agree_but_for_stride() {
    let [(_, header), (_, mut table)] = maps();
    let bfbcr = table.registers.iter_mut().find(|r| r.name == "BFBCR").unwrap();
    let stride = bfbcr.fields.pop().unwrap();
    assert_eq!((stride.name.as_str(), stride.msb, stride.lsb), ("STRIDE", 31, 12));
    assert_eq!(header, table);
    assert_eq!(header.registers.len(), 46);
    assert_eq!(header.registers.iter().filter(|r| r.scope == Scope::Global).count(), 18);
    assert_eq!(header.registers.iter().map(|r| r.fields.len()).sum::<usize>(), 238);
}

/// Each correction of the header is in the map as it is used, not as the header has it.
#[test]
fn the_oddities_are_applied() {
    let [(_, map), _] = maps();
    let mut seen = 0;
    for line in ODDITIES.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [register, field, _kind, header, used] = cells[..] else { panic!("{line}") };
        let register = map.register(register).unwrap_or_else(|| panic!("{line}"));
        let field = register.fields.iter().find(|f| f.name == field);
        let (key, value) = used.split_once('=').unwrap_or(("", used));
        let (_, wrong) = header.split_once('=').unwrap_or(("", header));
        assert_ne!(value, wrong, "{line}");
        match (key, field) {
            ("lsb", Some(f)) => assert_eq!(f.lsb.to_string(), value, "{line}"),
            ("width", Some(f)) => assert_eq!((f.msb - f.lsb + 1).to_string(), value, "{line}"),
            ("name", Some(f)) => assert_eq!(f.name, value, "{line}"),
            ("name", None) => assert_eq!(register.name, value, "{line}"),
            ("", None) => assert!(value == "absent" || value.contains("layout") || value == register.name),
            _ => panic!("{line}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 13);
}

#[test]
fn the_tables_equal_the_maps() {
    for (source, map) in maps() {
        for register in &map.registers {
            let desc = desc(register);
            let what = format!("{source}: {}", register.name);
            let base = if register.scope == Scope::Global { GLOBAL_PAGE } else { 0 };
            assert_eq!(base + desc.offset, register.offset, "{what}: offset");
            assert_eq!(desc.count, register.count, "{what}: count");
            if register.count > 1 {
                assert_eq!(desc.stride, register.stride, "{what}: stride");
            }
            match register.access {
                Access::Command => assert_eq!(desc.kind, Kind::Command, "{what}"),
                Access::WriteOnly => {
                    assert!(matches!(desc.kind, Kind::Alias(_)), "{what}");
                    continue;
                }
                _ => assert_eq!(desc.kind, Kind::Plain, "{what}"),
            }
            let views = desc.views.iter().flat_map(|v| v.fields);
            let named: BTreeMap<&str, _> = desc.fields.iter().chain(views).map(|f| (f.name, f)).collect();
            for field in register.fields.iter().filter(|f| !f.name.is_empty()) {
                let found = named.get(field.name.as_str());
                let found = found.unwrap_or_else(|| panic!("{what}.{} is missing", field.name));
                let place = (u32::from(found.msb), u32::from(found.lsb));
                assert_eq!(place, (field.msb, field.lsb), "{what}.{}", field.name);
            }
            for field in desc.fields.iter().filter(|f| !f.mode.is_reserved()) {
                let expected: &[Mode] = match register.access {
                    Access::ReadWrite => &[Mode::Rw, Mode::Stored],
                    Access::ReadOnly => &[Mode::Ro],
                    Access::WriteOneToClear => &[Mode::W1c],
                    Access::Command => &[Mode::Arg],
                    Access::WriteOnly => unreachable!(),
                };
                assert!(expected.contains(&field.mode), "{what}.{}: {:?}", field.name, field.mode);
                let outside = field.mask() & !register.mask() & !beyond(&register.name);
                assert_eq!(outside, 0, "{what}.{} is not in the map", field.name);
            }
        }
        let count = GlobalPage::DESC.regs.len() + ContextBank::DESC.regs.len();
        assert_eq!(count, map.registers.len(), "{source}: the model has registers beyond the map");
    }
}

/// A model with a guest port.
struct Guest {
    model: Smmu,
    memory: Memory,
}

const BANKS: u32 = 2;
const MIDS: u32 = 32;

impl Guest {
    fn new() -> Self {
        Self { model: Smmu::new(&Config::default()).unwrap(), memory: Memory::new() }
    }

    fn read(&mut self, offset: u32) -> u32 {
        self.model.read(offset, &mut Ports::new(Port(&mut self.memory)))
    }

    fn write(&mut self, offset: u32, value: u32) {
        self.model.write(offset, value, &mut Ports::new(Port(&mut self.memory)));
    }

    /// All words of the window that can hold anything: the banks that exist, the one after, the last
    /// before the global page, and the global page.
    fn words() -> impl Iterator<Item = u32> {
        let banks = 0..(BANKS + 1) * BANK_STRIDE;
        let last = GLOBAL_PAGE - BANK_STRIDE..WINDOW;
        banks.chain(last).step_by(4)
    }

    fn image(&mut self) -> BTreeMap<u32, u32> {
        Self::words().map(|at| (at, self.read(at))).filter(|(_, value)| *value != 0).collect()
    }
}

/// Every implemented instance of `register`: offset in the window.
fn instances(register: &Register) -> Vec<u32> {
    match (register.scope, register.name.as_str()) {
        (Scope::Context, _) => (0..BANKS).map(|b| b * BANK_STRIDE + register.offset).collect(),
        (_, "M2VCBR_N") => (0..MIDS).map(|i| register.offset + 4 * i).collect(),
        (_, "CBACR_N") => (0..BANKS).map(|i| register.offset + 4 * i).collect(),
        (Scope::Global, _) => vec![register.offset],
    }
}

/// The word behind another: `FSRRESTORE` is a port onto `FSR`, `ESRRESTORE` onto `ESR`.
fn port_target(name: &str, at: u32) -> Option<u32> {
    matches!(name, "FSRRESTORE" | "ESRRESTORE").then(|| at - 4)
}

#[test]
fn reset_values() {
    for (source, map) in maps() {
        let mut guest = Guest::new();
        let expected: BTreeMap<u32, u32> = map
            .registers
            .iter()
            .flat_map(|r| instances(r).into_iter().map(|at| (at, r.reset)))
            .filter(|(_, reset)| *reset != 0)
            .collect();
        assert_eq!(guest.image(), expected, "{source}");
    }
}

#[test]
fn every_bit_of_every_read_write_register() {
    for (source, map) in maps() {
        for register in map.registers.iter().filter(|r| r.access == Access::ReadWrite) {
            let mask = register.mask() | beyond(&register.name);
            for at in instances(register) {
                let mut guest = Guest::new();
                guest.write(0xFFF80, 0x40); // CR.TLBLKCRWE, or TLBLKCR would refuse
                let before = guest.image();
                let patterns = [u32::MAX, 0, 0xAAAA_AAAA, 0x5555_5555].into_iter();
                for value in patterns.chain((0..32).map(|bit| 1 << bit)) {
                    guest.write(at, value);
                    let what = format!("{source}: {} at {at:#x} = {value:#x}", register.name);
                    assert_eq!(guest.read(at), value & mask, "{what}");
                    // No other word changes, and reading has no effect.
                    let mut after = guest.image();
                    assert_eq!(after.remove(&at).unwrap_or(0), value & mask, "{what}: second read");
                    let mut others = before.clone();
                    others.remove(&at);
                    assert_eq!(after, others, "{what}: others");
                }
            }
        }
    }
}

#[test]
fn read_only_registers_ignore_writes_and_commands_read_zero() {
    for (source, map) in maps() {
        for register in &map.registers {
            for at in instances(register) {
                let mut guest = Guest::new();
                let before = guest.image();
                for value in [u32::MAX, 0, 0x1234_5678] {
                    match register.access {
                        Access::ReadOnly => {
                            guest.write(at, value);
                            assert_eq!(guest.image(), before, "{source}: {} {at:#x}", register.name);
                        }
                        Access::Command => {
                            guest.write(at, value);
                            assert_eq!(guest.read(at), 0, "{source}: {} {at:#x}", register.name);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

/// Section 7.3: ones clear, zeros keep, and the whole word becomes 0 with the last cause.
#[test]
fn write_one_to_clear_registers_and_their_ports() {
    for (source, map) in maps() {
        for register in map.registers.iter().filter(|r| r.access == Access::WriteOnly) {
            for port in instances(register) {
                let at = port_target(&register.name, port).unwrap();
                let status = map.registers.iter().find(|r| instances(r).contains(&at)).unwrap();
                assert_eq!(status.access, Access::WriteOneToClear, "{}", status.name);
                let causes = status.mask() & if status.name == "FSR" { 0xFE } else { 3 };
                let mut guest = Guest::new();
                for load in [u32::MAX, 0, status.mask(), 0x8001_000A, 0xC000_0003, 2] {
                    for clear in (0..32).map(|bit| 1 << bit).chain([0, u32::MAX, 0x4000_000F]) {
                        guest.write(port, load);
                        let loaded = load & status.mask();
                        let what = format!("{source}: {} = {loaded:#x}, clear {clear:#x}", status.name);
                        assert_eq!(guest.read(at), loaded, "{what}");
                        assert_eq!(guest.read(port), loaded, "{what}: port");
                        guest.write(at, clear);
                        let left = loaded & !clear;
                        let left = if left & causes == 0 { 0 } else { left };
                        assert_eq!(guest.read(at), left, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn unused_offsets_read_zero_and_ignore_writes() {
    let [_, (_, map)] = maps();
    let used: BTreeSet<u32> = map.registers.iter().flat_map(instances).collect();
    let mut guest = Guest::new();
    let before = guest.image();
    for at in Guest::words().filter(|at| !used.contains(at)) {
        guest.write(at, u32::MAX);
        assert_eq!(guest.read(at), 0, "{at:#x}");
    }
    for at in [0x1, 0x2, 0x3, 0xFFF81, WINDOW, WINDOW + 0x10, u32::MAX, u32::MAX - 3] {
        guest.write(at, u32::MAX);
        assert_eq!(guest.read(at), 0, "{at:#x}");
    }
    guest.model.narrow_access(0, Some(u32::MAX), &mut Ports::new(Port(&mut guest.memory)));
    assert_eq!(guest.image(), before);
}

#[test]
fn looking_is_reading() {
    let mut guest = Guest::new();
    for (i, at) in Guest::words().enumerate() {
        if at % BANK_STRIDE < 0x800 || at >= GLOBAL_PAGE {
            guest.write(at, 0x9E37_79B9_u32.wrapping_mul(i as u32 + 1));
        }
    }
    for at in Guest::words() {
        assert_eq!(guest.model.peek(at), guest.read(at), "{at:#x}");
    }
}
