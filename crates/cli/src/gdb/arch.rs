//! The core as gdb is told of it: a target description with every register of `session::debug`.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::OnceLock;

use gdbstub::arch::{Arch, RegId, Registers};
use gdbstub_arch::arm::ArmBreakpointKind;
use msmemu_session::debug::{Group, REGISTERS};

/// ARMv7-A with VFP, banked and CP15 registers.
pub(crate) enum Armv7a {}

impl Arch for Armv7a {
    type Usize = u32;
    type Registers = Values;
    type BreakpointKind = ArmBreakpointKind;
    type RegId = Number;

    fn target_description_xml() -> Option<&'static str> {
        static XML: OnceLock<String> = OnceLock::new();
        Some(XML.get_or_init(description))
    }
}

/// Every register's value, by number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Values(pub(crate) Vec<u64>);

impl Default for Values {
    fn default() -> Self {
        Self(vec![0; REGISTERS.len()])
    }
}

impl Registers for Values {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0.get(15).map_or(0, |pc| *pc as u32)
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        for (register, value) in REGISTERS.iter().zip(&self.0) {
            for byte in &value.to_le_bytes()[..usize::from(register.bits / 8)] {
                write_byte(Some(*byte));
            }
        }
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let mut rest = bytes;
        for (register, value) in REGISTERS.iter().zip(&mut self.0) {
            let (head, tail) = rest.split_at_checked(usize::from(register.bits / 8)).ok_or(())?;
            let mut word = [0; 8];
            word[..head.len()].copy_from_slice(head);
            *value = u64::from_le_bytes(word);
            rest = tail;
        }
        Ok(())
    }
}

/// A register's number: its position in [`REGISTERS`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) usize);

impl RegId for Number {
    fn from_raw_id(id: usize) -> Option<(Self, Option<NonZeroUsize>)> {
        let register = REGISTERS.get(id)?;
        Some((Self(id), NonZeroUsize::new(usize::from(register.bits / 8))))
    }
}

/// The target description: one feature for each group, registers in the order of their numbers.
fn description() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n\
         <target version=\"1.0\">\n<architecture>arm</architecture>\n",
    );
    let mut open = None;
    for register in REGISTERS {
        if open != Some(register.group) {
            if open.is_some() {
                xml += "</feature>\n";
            }
            let feature = match register.group {
                Group::Core => "org.gnu.gdb.arm.core",
                Group::Vfp => "org.gnu.gdb.arm.vfp",
                Group::Banked => "org.msmemu.arm.banked",
                Group::Cp15 => "org.msmemu.arm.cp15",
            };
            let _ = writeln!(xml, "<feature name=\"{feature}\">");
            open = Some(register.group);
        }
        let kind = match (register.name, register.group, register.bits) {
            ("pc", ..) => " type=\"code_ptr\"",
            ("sp", ..) => " type=\"data_ptr\"",
            (_, Group::Vfp, 64) => " type=\"ieee_double\"",
            (_, Group::Vfp, _) => " type=\"int\" group=\"float\"",
            (_, Group::Banked | Group::Cp15, _) => " type=\"uint32\" group=\"system\"",
            (_, Group::Core, _) => " type=\"uint32\"",
        };
        let _ = writeln!(xml, "<reg name=\"{}\" bitsize=\"{}\"{kind}/>", register.name, register.bits);
    }
    xml += "</feature>\n<feature name=\"org.gnu.gdb.arm.neon\"/>\n</target>\n";
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_wire() {
        let values = Values((0..REGISTERS.len() as u64).map(|i| i * 0x0101).collect());
        let mut bytes = Vec::new();
        values.gdb_serialize(|byte| bytes.push(byte.expect("every register is known")));
        let mut back = Values::default();
        assert_eq!(back.gdb_deserialize(&bytes), Ok(()));
        assert_eq!(back, values);
        assert_eq!(back.gdb_deserialize(&bytes[1..]), Err(()));
    }

    #[test]
    fn features_open_and_close_once_each() {
        let xml = description();
        assert_eq!(xml.matches("<feature ").count(), 5);
        assert_eq!(xml.matches("</feature>").count(), 4);
        assert_eq!(xml.matches("<reg ").count(), REGISTERS.len());
    }
}
