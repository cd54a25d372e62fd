//! CMSIS-SVD from register tables.
//!
//! What SVD can not say stands at the front of a description in square brackets, so that a program can
//! read it: `[command]`, `[alias NAME]`, `[stored]`.

use anyhow::{Context as _, Result};
use msmemu_regs::{BlockDesc, FieldDesc, Kind, Mode, RegDesc};
use svd_rs::{
    Access, AddressBlock, AddressBlockUsage, BitRange, ClusterInfo, Device, DimElement, EnumeratedValue,
    EnumeratedValues, FieldInfo, MaybeArray, ModifiedWriteValues, PeripheralInfo, ReadAction,
    RegisterCluster, RegisterInfo, RegisterProperties, ValidateLevel,
};

use crate::exports::{Export, Part};

const LEVEL: ValidateLevel = ValidateLevel::Strict;

/// The SVD file of one kind of block.
pub(crate) fn file(export: &Export) -> Result<String> {
    let device = device(export).with_context(|| format!("the SVD of {}", export.name))?;
    Ok(svd_encoder::encode(&device)?)
}

fn device(export: &Export) -> Result<Device> {
    let mut children = Vec::new();
    for part in export.parts {
        children.extend(part_registers(part)?);
    }
    children.sort_by_key(RegisterCluster::address_offset);
    let peripheral = PeripheralInfo::builder()
        .name(export.name.into())
        .description(Some(export.title.into()))
        .base_address(0)
        .address_block(Some(vec![
            AddressBlock::builder()
                .offset(0)
                .size(export.size)
                .usage(AddressBlockUsage::Registers)
                .build(LEVEL)?,
        ]))
        .registers(Some(children))
        .build(LEVEL)?;
    let defaults = RegisterProperties::new().size(Some(32));
    Ok(Device::builder()
        .name(export.name.into())
        .version(env!("CARGO_PKG_VERSION").into())
        .description(format!(
            "{}. Generated from the register tables of msmemu; addresses count from the start of the instance's window.",
            export.title
        ))
        .address_unit_bits(8)
        .width(32)
        .default_register_properties(defaults)
        .peripherals(vec![MaybeArray::Single(peripheral)])
        .build(LEVEL)?)
}

fn part_registers(part: &Part) -> Result<Vec<RegisterCluster>> {
    let Some(banks) = &part.banks else { return registers(&part.block, part.offset) };
    let cluster = ClusterInfo::builder()
        .name(format!("{}[%s]", banks.name))
        .description(Some(prose(part.block.doc)))
        .address_offset(part.offset)
        .children(registers(&part.block, 0)?)
        .build(LEVEL)?;
    let dim = DimElement::builder().dim(banks.count).dim_increment(banks.stride).build(LEVEL)?;
    Ok(vec![RegisterCluster::Cluster(MaybeArray::Array(cluster, dim))])
}

fn registers(block: &BlockDesc, offset: u32) -> Result<Vec<RegisterCluster>> {
    block.regs.iter().map(|reg| register(block, reg, offset)).collect()
}

fn register(block: &BlockDesc, reg: &RegDesc, offset: u32) -> Result<RegisterCluster> {
    let (prefix, masks, fields) = match reg.kind {
        Kind::Plain => (String::new(), reg.masks, reg.fields),
        Kind::Command => ("[command] ".into(), reg.masks, reg.fields),
        Kind::Alias(target) => {
            let target = &block.regs[usize::from(target)];
            (format!("[alias {}] ", target.name), target.masks, target.fields)
        }
    };
    let whole_access = match reg.kind {
        Kind::Command => Access::WriteOnly,
        Kind::Plain | Kind::Alias(_) => {
            access_of(masks.readable() != 0, masks.rw | masks.wo | masks.w1c | masks.w1s != 0)
        }
    };
    let mut description = format!("{prefix}{}", prose(reg.doc));
    for view in reg.views {
        let names: Vec<_> = view.fields.iter().map(|f| format!("{}[{}:{}]", f.name, f.msb, f.lsb)).collect();
        description += &format!(" [view {} {}: {}]", view.name, view.doc, names.join(" "));
    }
    let array = reg.count > 1;
    let name = if array { format!("{}[%s]", reg.name) } else { reg.name.to_owned() };
    let info = RegisterInfo::builder()
        .name(name)
        .description(Some(description))
        .address_offset(offset + reg.offset)
        .size(Some(32))
        .access(Some(whole_access))
        .reset_value(Some(u64::from(reg.reset)))
        .reset_mask(Some(u64::from(masks.holds() | masks.res1)))
        .fields(Some(
            fields
                .iter()
                .filter(|f| !f.mode.is_reserved())
                .map(|f| Ok(MaybeArray::Single(field(f, reg.kind)?)))
                .collect::<Result<_>>()?,
        ))
        .build(LEVEL)?;
    Ok(RegisterCluster::Register(if array {
        MaybeArray::Array(info, DimElement::builder().dim(reg.count).dim_increment(reg.stride).build(LEVEL)?)
    } else {
        MaybeArray::Single(info)
    }))
}

fn field(field: &FieldDesc, kind: Kind) -> Result<FieldInfo> {
    let alias = matches!(kind, Kind::Alias(_));
    let (access, write, read) = match field.mode {
        _ if alias => (Access::ReadWrite, None, None),
        Mode::Rw | Mode::Stored => (Access::ReadWrite, None, None),
        Mode::Ro | Mode::Res0 | Mode::Res1 => (Access::ReadOnly, None, None),
        Mode::Wo | Mode::Arg => (Access::WriteOnly, None, None),
        Mode::W1c => (Access::ReadWrite, Some(ModifiedWriteValues::OneToClear), None),
        Mode::W1s => (Access::ReadWrite, Some(ModifiedWriteValues::OneToSet), None),
        Mode::Rc => (Access::ReadOnly, None, Some(ReadAction::Clear)),
    };
    let stored = if field.mode == Mode::Stored { "[stored] " } else { "" };
    let values = match field.values {
        [] => Vec::new(),
        values => vec![
            EnumeratedValues::builder()
                .values(
                    values
                        .iter()
                        .map(|v| {
                            Ok(EnumeratedValue::builder()
                                .name(v.name.into())
                                .value(Some(u64::from(v.value)))
                                .build(LEVEL)?)
                        })
                        .collect::<Result<_>>()?,
                )
                .build(LEVEL)?,
        ],
    };
    Ok(FieldInfo::builder()
        .name(field.name.into())
        .description(Some(format!("{stored}{}", field.doc)))
        .bit_range(BitRange::from_offset_width(u32::from(field.lsb), field.width()))
        .access(Some(access))
        .modified_write_values(write)
        .read_action(read)
        .enumerated_values(values)
        .build(LEVEL)?)
}

const fn access_of(readable: bool, writable: bool) -> Access {
    match (readable, writable) {
        (true, false) => Access::ReadOnly,
        (false, true) => Access::WriteOnly,
        _ => Access::ReadWrite,
    }
}

/// Documentation lines as one paragraph.
pub(crate) fn prose(lines: &[&str]) -> String {
    lines.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::exports::{Banks, EXPORTS};

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

    const SAMPLE: Export = Export {
        name: "sample",
        title: "Sample",
        size: 0x200,
        parts: &[Part {
            block: Context::DESC,
            offset: 0x100,
            banks: Some(Banks { name: "CB", count: 3, stride: 0x40 }),
        }],
        absent: &[],
        preface: "",
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

    fn read_register(fields: &mut Fields, prefix: &str, base: u32, reg: &svd_rs::Register) {
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

    fn expected(export: &Export) -> Fields {
        let mut fields = Fields::new();
        for part in export.parts {
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

    #[test]
    fn an_svd_parser_reads_back_every_field() {
        for export in EXPORTS.iter().chain([&SAMPLE]) {
            let xml = file(export).expect("a valid device");
            assert_eq!(read_back(&xml), expected(export), "{}", export.name);
        }
    }

    #[test]
    fn what_svd_can_not_say_stands_in_descriptions() {
        let xml = file(&SAMPLE).expect("a valid device");
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
}
