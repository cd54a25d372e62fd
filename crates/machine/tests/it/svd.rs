//! The SVD file of every machine, read back by an SVD parser.

use std::collections::BTreeMap;

use msmemu_machine::config::{BUILTIN, Config, RegionKind};
use msmemu_machine::fabric::Size;
use msmemu_machine::{GapPolicy, Machine, TimingMode, svd};
use svd_parser::svd::{Device, MaybeArray, PeripheralInfo, RegisterCluster};

fn read_back(config: &Config) -> Device {
    svd_parser::parse(&svd::generate(config).unwrap()).expect("a file that an SVD parser reads")
}

/// A peripheral with its registers; those of one that derives from another are the other's.
fn registers<'d>(device: &'d Device, peripheral: &'d PeripheralInfo) -> &'d [RegisterCluster] {
    let of = peripheral.derived_from.as_ref();
    let of = of.map_or(peripheral, |name| device.peripherals.iter().find(|p| p.name == *name).unwrap());
    of.registers.as_ref().unwrap()
}

/// Offset and name of every register of a list.
fn flat(children: &[RegisterCluster], base: u32, out: &mut Vec<(u32, String)>) {
    for child in children {
        match child {
            RegisterCluster::Register(register) => {
                let (count, step) = match register {
                    MaybeArray::Single(_) => (1, 0),
                    MaybeArray::Array(_, dim) => (dim.dim, dim.dim_increment),
                };
                out.extend(
                    (0..count).map(|i| (base + register.address_offset + i * step, register.name.clone())),
                );
            }
            RegisterCluster::Cluster(MaybeArray::Array(info, dim)) => {
                for i in 0..dim.dim {
                    flat(&info.children, base + info.address_offset + i * dim.dim_increment, out);
                }
            }
            RegisterCluster::Cluster(MaybeArray::Single(info)) => {
                flat(&info.children, base + info.address_offset, out);
            }
        }
    }
}

#[test]
fn every_window_is_a_peripheral_with_its_banks_and_interrupts() {
    for builtin in BUILTIN {
        let config = Config::builtin(builtin.name).unwrap().unwrap();
        let device = read_back(&config);
        assert_eq!(device.name, builtin.name.replace('-', "_"));
        let found: BTreeMap<u64, &PeripheralInfo> =
            device.peripherals.iter().map(|p| (p.base_address, &**p)).collect();
        let mut expected = 0;
        for region in config.regions() {
            if matches!(region.kind, RegionKind::Memory(_)) {
                assert!(!found.contains_key(&u64::from(region.base)));
                continue;
            }
            expected += 1;
            let peripheral = found[&u64::from(region.base)];
            let numbers: Vec<u32> = peripheral.interrupt.iter().map(|i| i.value).collect();
            if let RegionKind::Smmu(i) = region.kind {
                let smmu = &config.smmu[i];
                assert_eq!(peripheral.name, format!("SMMU_{}", smmu.name.to_uppercase()));
                assert_eq!(numbers, [smmu.secure_spi + 32, smmu.non_secure_spi + 32]);
                let banks = registers(&device, peripheral).iter().find_map(|child| match child {
                    RegisterCluster::Cluster(MaybeArray::Array(_, dim)) => Some(dim.dim),
                    _ => None,
                });
                assert_eq!(banks, Some(smmu.banks), "{}", smmu.name);
            }
            if let RegionKind::Pl330(i) = region.kind {
                let spis: Vec<u32> = config.pl330[i].spis.iter().map(|spi| spi + 32).collect();
                assert_eq!(numbers, spis);
            }
        }
        assert_eq!(found.len(), expected, "{}", builtin.name);
        assert_eq!(device.peripherals.len(), expected, "no two at one address");
    }
}

/// The file and the machine agree: where the file has a register, the bus has no gap, and the machine
/// calls it the same.
#[test]
fn the_machine_has_every_register_of_the_file() {
    let config = std::sync::Arc::new(Config::builtin("smmu-lab").unwrap().unwrap());
    let device = read_back(&config);
    let mut machine = Machine::new(config, TimingMode::Functional, GapPolicy::Warn).unwrap();
    let mut seen = 0;
    for peripheral in &device.peripherals {
        let mut list = Vec::new();
        flat(registers(&device, peripheral), 0, &mut list);
        for (offset, name) in list {
            let address = (peripheral.base_address + u64::from(offset)) as u32;
            let _ = machine.bus_access(address, Size::Word, None, &mut (), &mut ());
            if let Some(text) = machine.explain_address(address) {
                let plain = name.trim_end_matches("[%s]");
                // An address with two sides is shown as it is read.
                seen += u32::from(text.contains(plain));
            }
        }
    }
    let gaps: Vec<_> = machine.gaps().map(|(at, _, text, _)| format!("{at:#010x}: {text}")).collect();
    // What is only written has no other side to read.
    let missing: Vec<_> = gaps.iter().filter(|gap| !gap.contains("no register")).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(seen > 300, "{seen}");
}
