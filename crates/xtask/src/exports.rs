//! What is exported from register tables, and where to: `docs/registers/NAME.svd` and
//! `docs/src/reference/NAME.md`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use msmemu_devices::windows;
use msmemu_regs::svd::{self, Instance, Window};
use msmemu_smmu::spec as smmu;

use crate::coverage;

/// One kind of device whose registers are exported.
pub(crate) struct Export {
    /// Its registers.
    pub(crate) window: Window,
    /// Registers that hardware has and the model has not: name, offset, why.
    pub(crate) absent: &'static [(&'static str, u32, &'static str)],
    /// Page of the book, beside the generated one, that tells the behaviour; its limits go first.
    pub(crate) behaviour: &'static str,
}

/// Every exported block.
pub(crate) const EXPORTS: &[Export] = &[
    SMMU,
    device(windows::GICD, "gic-behaviour.md"),
    device(windows::GICC, "gic-behaviour.md"),
    device(windows::TIMER, "timer-behaviour.md"),
    device(windows::UARTDM, "uartdm-behaviour.md"),
    device(windows::UARTDM_WRITE, "uartdm-behaviour.md"),
    device(windows::GSBI, "soc-behaviour.md"),
    device(windows::TLMM, "soc-behaviour.md"),
    device(windows::MMCC, "soc-behaviour.md"),
    device(windows::GCC, "soc-behaviour.md"),
    device(windows::TCSR, "soc-behaviour.md"),
    device(windows::PVPANIC, "soc-behaviour.md"),
    device(windows::TENG, "traffic-engine.md"),
    device(windows::PL330, "pl330-behaviour.md"),
];

const SMMU: Export = Export {
    window: smmu::WINDOW_REGISTERS,
    absent: &[
        ("EMMC", 0x0E000, PERFORMANCE_MONITOR),
        ("EMCS", 0x0E004, PERFORMANCE_MONITOR),
        ("EMCC_N", 0x0E100, PERFORMANCE_MONITOR),
        ("EMC_N", 0x0E200, PERFORMANCE_MONITOR),
    ],
    behaviour: "smmu-behaviour.md",
};

const fn device(window: Window, behaviour: &'static str) -> Export {
    Export { window, absent: &[], behaviour }
}

const PERFORMANCE_MONITOR: &str = "performance monitor, known from later parts only";

fn one(name: String, window: Window, base: u64) -> Instance {
    Instance { name, window, banks: None, base, interrupts: Vec::new() }
}

fn files(root: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut files = Vec::new();
    for export in EXPORTS {
        let Window { name, title, .. } = export.window;
        let instance = one(name.to_uppercase(), export.window, 0);
        let about = format!("{title}. Addresses count from the start of the instance's window.");
        let text = svd::file(name, &about, &[instance]).with_context(|| format!("the SVD of {name}"))?;
        files.push((root.join(format!("docs/registers/{name}.svd")), text));
        let reference = root.join("docs/src/reference");
        let behaviour = reference.join(export.behaviour);
        let behaviour = std::fs::read_to_string(&behaviour)
            .with_context(|| format!("reading {}", behaviour.display()))?;
        files.push((reference.join(format!("{name}.md")), coverage::page(export, &behaviour)?));
    }
    Ok(files)
}

/// Writes every export.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (path, text) in files(root)? {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        println!("wrote {}", path.strip_prefix(root).unwrap_or(&path).display());
    }
    Ok(())
}

/// Compares every export with the file in the tree.
pub(crate) fn check(root: &Path) -> Result<()> {
    for (path, text) in files(root)? {
        let found = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        if found != text {
            bail!(
                "{} differs from the tables; `cargo xtask svd` writes it",
                path.strip_prefix(root).unwrap_or(&path).display()
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use msmemu_regs::svd::{Banks, Part, file};
    use msmemu_regs::{Kind, Mode};
    use svd_parser::svd::{Access, MaybeArray, ModifiedWriteValues, Register, RegisterCluster};

    use super::*;

    msmemu_regs::register_block! {
        /// Context.
        pub block Context, size 0x20;

        /// Control.
        CTL @ 0x0, reset 0x8000_0001 {
            RUN   [0]     rw     "Runs" { OFF = 0, ON = 1 },
            KEPT  [3:1]   stored "Kept",
            DONE  [4]     w1c    "Done",
            SEEN  [5]     rc     "Seen",
            SET   [6]     w1s    "Set",
            _     [30:7]  res0,
            _     [31]    res1,
        }
        /// Go.
        GO @ 0x4, command { N [7:0] arg "Number", _ [31:8] res0, }
        /// Loads CTL.
        CTL_LOAD @ 0x8, alias CTL;
        /// Slots.
        SLOT @ 0x10, array 2 x 8, reset 0 { V [31:0] ro "Value", }
    }

    msmemu_regs::register_block! {
        /// What is written where CTL is read.
        pub block Other, size 0x20;

        /// Write side.
        WRITTEN @ 0x0, command { N [31:0] arg "Anything", }
    }

    const SAMPLE: Window = Window {
        name: "sample",
        title: "Sample",
        size: 0x200,
        parts: &[Part {
            block: Context::DESC,
            offset: 0x100,
            banks: Some(Banks { name: "CB", count: 3, stride: 0x40 }),
        }],
    };

    /// Fields by `register.field` and what the file says of them.
    type Fields = BTreeMap<String, (u64, u32, u32, Option<Access>, Option<ModifiedWriteValues>)>;

    fn read_back(xml: &str) -> Fields {
        let device = svd_parser::parse(xml).expect("a file that an SVD parser reads");
        let mut fields = Fields::new();
        for child in device.peripherals[0].registers.as_ref().expect("registers") {
            match child {
                RegisterCluster::Register(r) => read_register(&mut fields, "", 0, r),
                RegisterCluster::Cluster(c) => {
                    let MaybeArray::Array(info, dim) = c else { panic!("{} is not an array", c.name) };
                    for bank in 0..dim.dim {
                        let base = info.address_offset + bank * dim.dim_increment;
                        for r in info.registers() {
                            read_register(&mut fields, &format!("{}{bank}.", info.name), base, r);
                        }
                    }
                }
            }
        }
        fields
    }

    fn read_register(fields: &mut Fields, prefix: &str, base: u32, reg: &Register) {
        let (count, stride) = match reg {
            MaybeArray::Single(_) => (1, 0),
            MaybeArray::Array(_, dim) => (dim.dim, dim.dim_increment),
        };
        for i in 0..count {
            let address = u64::from(base + reg.address_offset + i * stride);
            for f in reg.fields() {
                let name = format!("{prefix}{}{i}.{}", reg.name, f.name);
                fields.insert(name, (address, f.msb(), f.lsb(), f.access, f.modified_write_values));
            }
        }
    }

    fn expected(window: &Window) -> Fields {
        let mut fields = Fields::new();
        for part in window.parts {
            let (cluster, banks, bank_stride) = match &part.banks {
                Some(b) => (format!("{}[%s]", b.name), b.count, b.stride),
                None => (String::new(), 1, 0),
            };
            for bank in 0..banks {
                for reg in part.block.regs {
                    let of = match reg.kind {
                        Kind::Alias(t) => &part.block.regs[usize::from(t)],
                        _ => reg,
                    };
                    for i in 0..reg.count {
                        for f in of.fields.iter().filter(|f| !f.mode.is_reserved()) {
                            let alias = matches!(reg.kind, Kind::Alias(_));
                            let access = match f.mode {
                                _ if alias => Access::ReadWrite,
                                Mode::Ro | Mode::Rc => Access::ReadOnly,
                                Mode::Wo | Mode::Arg => Access::WriteOnly,
                                _ => Access::ReadWrite,
                            };
                            let modified = match f.mode {
                                _ if alias => None,
                                Mode::W1c => Some(ModifiedWriteValues::OneToClear),
                                Mode::W1s => Some(ModifiedWriteValues::OneToSet),
                                _ => None,
                            };
                            let prefix =
                                if cluster.is_empty() { String::new() } else { format!("{cluster}{bank}.") };
                            let array = if reg.count > 1 { "[%s]" } else { "" };
                            let address = part.offset + bank * bank_stride + reg.offset_of(i);
                            fields.insert(
                                format!("{prefix}{}{array}{i}.{}", reg.name, f.name),
                                (address.into(), f.msb.into(), f.lsb.into(), Some(access), modified),
                            );
                        }
                    }
                }
            }
        }
        fields
    }

    fn only(window: Window) -> Vec<Instance> {
        vec![one("ONE".into(), window, 0x1000)]
    }

    #[test]
    fn an_svd_parser_reads_back_every_field() {
        for window in EXPORTS.iter().map(|e| e.window).chain([SAMPLE]) {
            let xml = file(window.name, window.title, &only(window)).expect("a valid device");
            assert_eq!(read_back(&xml), expected(&window), "{}", window.name);
        }
    }

    #[test]
    fn what_svd_can_not_say_stands_in_descriptions() {
        let xml = file("sample", "Sample", &only(SAMPLE)).expect("a valid device");
        for text in [
            "[command] Go.",
            "[alias CTL] Loads CTL.",
            "[stored] Kept",
            "<readAction>clear</readAction>",
            "<name>ON</name>",
        ] {
            assert!(xml.contains(text), "{text} is missing in\n{xml}");
        }
    }

    #[test]
    fn further_instances_derive_from_the_first() {
        let mut instances = only(SAMPLE);
        instances
            .push(Instance { interrupts: vec![("two".into(), 65)], ..one("TWO".into(), SAMPLE, 0x2000) });
        instances.push(Instance { banks: Some(2), ..one("FEWER".into(), SAMPLE, 0x3000) });
        let device = svd_parser::parse(&file("sample", "Sample", &instances).expect("a valid device"))
            .expect("a file that an SVD parser reads");
        let two = &device.peripherals[1];
        assert_eq!((two.base_address, two.derived_from.as_deref()), (0x2000, Some("ONE")));
        assert_eq!(two.interrupt.first().map(|i| (i.name.as_str(), i.value)), Some(("two", 65)));
        let fewer = &device.peripherals[2];
        assert_eq!(fewer.derived_from, None, "another number of banks is another layout");
        let cluster = fewer.registers.as_ref().and_then(|r| r.first());
        assert!(matches!(cluster, Some(RegisterCluster::Cluster(MaybeArray::Array(_, dim))) if dim.dim == 2));
    }

    #[test]
    fn two_sides_of_one_address_are_alternates() {
        const BOTH: Window = Window {
            parts: &[
                Part { block: Context::DESC, offset: 0, banks: None },
                Part { block: Other::DESC, offset: 0, banks: None },
            ],
            ..SAMPLE
        };
        let xml = file("sample", "Sample", &only(BOTH)).expect("a valid device");
        let device = svd_parser::parse(&xml).expect("a file that an SVD parser reads");
        let other =
            device.peripherals[0].all_registers().find(|r| r.name == "WRITTEN").expect("the register");
        assert_eq!(other.alternate_register.as_deref(), Some("CTL"));
    }
}
