//! CMSIS-SVD from register tables (feature `svd`).
//!
//! What SVD can not say stands at the front of a description in square brackets, so that a program can
//! read it: `[command]`, `[alias NAME]`, `[stored]`.

use std::borrow::ToOwned as _;
use std::string::{String, ToString as _};
use std::vec::Vec;
use std::{fmt, format, vec};

use svd_rs::{
    Access, AddressBlock, AddressBlockUsage, BitRange, ClusterInfo, Device, DimElement, EnumeratedValue,
    EnumeratedValues, FieldInfo, MaybeArray, ModifiedWriteValues, PeripheralInfo, ReadAction,
    RegisterCluster, RegisterInfo, RegisterProperties, ValidateLevel,
};

use crate::{BlockDesc, FieldDesc, Kind, Mode, RegDesc};

/// A register window: everything that one instance of a device shows on the bus.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Name of the kind of device.
    pub name: &'static str,
    /// One line for titles.
    pub title: &'static str,
    /// Bytes.
    pub size: u32,
    /// The register blocks inside.
    pub parts: &'static [Part],
}

/// One register block inside a window.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its tables.
    pub block: BlockDesc,
    /// Byte offset in the window.
    pub offset: u32,
    /// How the block repeats, if it does.
    pub banks: Option<Banks>,
}

/// Equal copies of a block.
#[derive(Clone, Copy, Debug)]
pub struct Banks {
    /// Name of one.
    pub name: &'static str,
    /// Number of copies shown.
    pub count: u32,
    /// Bytes from one to the next.
    pub stride: u32,
}

/// One window at an address.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Name of the instance: a valid identifier, once in a file.
    pub name: String,
    /// What it shows.
    pub window: Window,
    /// Copies of the banked blocks of this instance, where they differ from those of the window.
    pub banks: Option<u32>,
    /// First address.
    pub base: u64,
    /// Interrupts: name and number.
    pub interrupts: Vec<(String, u32)>,
}

/// Why a file can not be made: a name or a layout that SVD does not allow.
#[derive(Debug)]
pub struct SvdError(String);

impl fmt::Display for SvdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for SvdError {}

impl From<svd_rs::SvdError> for SvdError {
    fn from(error: svd_rs::SvdError) -> Self {
        Self(error.to_string())
    }
}

type Result<T> = core::result::Result<T, SvdError>;

const LEVEL: ValidateLevel = ValidateLevel::Strict;

/// The SVD file of a device with these peripherals. The second and later instances of a window with as many
/// banks derive from the first. A register at the address of one of an earlier part of its window, such as the
/// write side of a pair, is its alternate.
///
/// # Errors
/// When a name is not an identifier, or a layout is not one that SVD allows.
pub fn file(name: &str, description: &str, instances: &[Instance]) -> Result<String> {
    let mut peripherals = Vec::new();
    for (i, instance) in instances.iter().enumerate() {
        let same =
            |other: &&Instance| other.window.name == instance.window.name && other.banks == instance.banks;
        let first = instances[..i].iter().find(same);
        peripherals.push(MaybeArray::Single(peripheral(instance, first)?));
    }
    let device = Device::builder()
        .name(name.to_owned())
        .version(env!("CARGO_PKG_VERSION").to_owned())
        .description(description.to_owned())
        .address_unit_bits(8)
        .width(32)
        .default_register_properties(RegisterProperties::new().size(Some(32)))
        .peripherals(peripherals)
        .build(LEVEL)?;
    svd_encoder::encode(&device).map_err(|error| SvdError(error.to_string()))
}

fn peripheral(instance: &Instance, first: Option<&Instance>) -> Result<PeripheralInfo> {
    let interrupts = instance
        .interrupts
        .iter()
        .map(|(name, value)| svd_rs::Interrupt::builder().name(name.clone()).value(*value).build(LEVEL))
        .collect::<core::result::Result<Vec<_>, _>>()?;
    let mut builder = PeripheralInfo::builder()
        .name(instance.name.clone())
        .base_address(instance.base)
        .interrupt((!interrupts.is_empty()).then_some(interrupts));
    if let Some(first) = first {
        builder = builder.derived_from(Some(first.name.clone()));
    } else {
        let window = &instance.window;
        let mut children: Vec<RegisterCluster> = Vec::new();
        for part in window.parts {
            let mut added = part_registers(part, instance.banks)?;
            for register in &mut added {
                mark_alternate(register, &children);
            }
            children.extend(added);
        }
        // A chip may decode less than the block has.
        children.retain(|child| child.address_offset() < window.size);
        children.sort_by_key(RegisterCluster::address_offset);
        let block = AddressBlock::builder()
            .offset(0)
            .size(window.size)
            .usage(AddressBlockUsage::Registers)
            .build(LEVEL)?;
        builder = builder
            .description(Some(window.title.to_owned()))
            .address_block(Some(vec![block]))
            .registers(Some(children));
    }
    Ok(builder.build(LEVEL)?)
}

/// Says which register of an earlier part has the same address.
fn mark_alternate(register: &mut RegisterCluster, earlier: &[RegisterCluster]) {
    let RegisterCluster::Register(register) = register else { return };
    let other = earlier.iter().find_map(|other| match other {
        RegisterCluster::Register(other) if other.address_offset == register.address_offset => Some(other),
        _ => None,
    });
    register.alternate_register = other.map(|other| other.name.clone());
}

fn part_registers(part: &Part, instance_banks: Option<u32>) -> Result<Vec<RegisterCluster>> {
    let Some(banks) = &part.banks else { return registers(&part.block, part.offset) };
    let count = instance_banks.unwrap_or(banks.count);
    let cluster = ClusterInfo::builder()
        .name(format!("{}[%s]", banks.name))
        .description(Some(prose(part.block.doc)))
        .address_offset(part.offset)
        .children(registers(&part.block, 0)?)
        .build(LEVEL)?;
    let dim = DimElement::builder().dim(count).dim_increment(banks.stride).build(LEVEL)?;
    Ok(vec![RegisterCluster::Cluster(MaybeArray::Array(cluster, dim))])
}

fn registers(block: &BlockDesc, offset: u32) -> Result<Vec<RegisterCluster>> {
    block.regs.iter().map(|reg| register(block, reg, offset)).collect()
}

fn register(block: &BlockDesc, reg: &RegDesc, offset: u32) -> Result<RegisterCluster> {
    let (prefix, masks, fields) = match reg.kind {
        Kind::Plain => (String::new(), reg.masks, reg.fields),
        Kind::Command => ("[command] ".to_owned(), reg.masks, reg.fields),
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
                                .name(v.name.to_owned())
                                .value(Some(u64::from(v.value)))
                                .build(LEVEL)?)
                        })
                        .collect::<Result<_>>()?,
                )
                .build(LEVEL)?,
        ],
    };
    Ok(FieldInfo::builder()
        .name(field.name.to_owned())
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
fn prose(lines: &[&str]) -> String {
    lines.iter().map(|l| l.trim()).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}
