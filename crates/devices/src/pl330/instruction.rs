//! The instruction set of the DMAC (ARM DDI 0424, chapter 4).

/// Kind of a peripheral's request, and the condition of `S` and `B` instructions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RequestType {
    /// Single transfers.
    Single,
    /// Bursts.
    Burst,
}

/// What DMAWFP accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum WaitKind {
    /// Any request, which then counts as single.
    Single,
    /// Burst requests only.
    Burst,
    /// Any request, which counts as what it is.
    Periph,
}

/// A register that DMAMOV sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Register {
    Source,
    Control,
    Destination,
}

/// A decoded instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Instruction {
    End,
    Kill,
    Load(Option<RequestType>),
    Store(Option<RequestType>),
    StoreZero,
    ReadBarrier,
    WriteBarrier,
    Nop,
    Loop { counter: usize, count: u8 },
    LoopEnd { forever: bool, counter: usize, condition: Option<RequestType>, back: u8 },
    LoadPeripheral(RequestType, u8),
    StorePeripheral(RequestType, u8),
    WaitPeripheral(WaitKind, u8),
    SendEvent(u8),
    FlushPeripheral(u8),
    WaitEvent { event: u8, invalidate: bool },
    Add { destination: bool, value: u32 },
    Go { non_secure: bool, channel: u8, pc: u32 },
    Move(Register, u32),
}

/// Why bytes are no instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bad {
    Undefined,
    Operand,
}

/// Bytes of the instruction with this first byte; `None` for an undefined one.
pub(super) const fn length(opcode: u8) -> Option<u32> {
    match opcode {
        0x00 | 0x01 | 0x04 | 0x05 | 0x07 | 0x08 | 0x09 | 0x0b | 0x0c | 0x12 | 0x13 | 0x18 => Some(1),
        0x20 | 0x22 | 0x25 | 0x27 | 0x28..=0x29 | 0x2b..=0x2d | 0x2f => Some(2),
        0x30..=0x32 | 0x34..=0x36 | 0x38 | 0x39 | 0x3b..=0x3d | 0x3f => Some(2),
        0x54 | 0x56 | 0x5c | 0x5e => Some(3),
        0xa0 | 0xa2 | 0xbc => Some(6),
        _ => None,
    }
}

/// Decodes an instruction; `bytes` beyond its length do not matter.
pub(super) fn decode(bytes: [u8; 6]) -> Result<Instruction, Bad> {
    let [opcode, operand, ..] = bytes;
    let condition = |opcode: u8| match opcode & 3 {
        0 => None,
        1 => Some(RequestType::Single),
        _ => Some(RequestType::Burst),
    };
    let kind = if opcode & 2 == 0 { RequestType::Single } else { RequestType::Burst };
    // Event and peripheral numbers stand in the high five bits.
    let number = if operand & 7 == 0 { Ok(operand >> 3) } else { Err(Bad::Operand) };
    let half = u32::from(u16::from_le_bytes([bytes[1], bytes[2]]));
    let word = u32::from_le_bytes([bytes[2], bytes[3], bytes[4], bytes[5]]);
    if length(opcode).is_none() {
        return Err(Bad::Undefined);
    }
    Ok(match opcode {
        0x00 => Instruction::End,
        0x01 => Instruction::Kill,
        0x04..=0x07 => Instruction::Load(condition(opcode)),
        0x08..=0x0b => Instruction::Store(condition(opcode)),
        0x0c => Instruction::StoreZero,
        0x12 => Instruction::ReadBarrier,
        0x13 => Instruction::WriteBarrier,
        0x18 => Instruction::Nop,
        0x20 | 0x22 => Instruction::Loop { counter: usize::from(opcode >> 1 & 1), count: operand },
        0x25 | 0x27 => Instruction::LoadPeripheral(kind, number?),
        0x29 | 0x2b => Instruction::StorePeripheral(kind, number?),
        0x28..=0x2f | 0x38..=0x3f => Instruction::LoopEnd {
            forever: opcode & 0x10 == 0,
            counter: usize::from(opcode >> 2 & 1),
            condition: condition(opcode),
            back: operand,
        },
        0x30 => Instruction::WaitPeripheral(WaitKind::Single, number?),
        0x31 => Instruction::WaitPeripheral(WaitKind::Periph, number?),
        0x32 => Instruction::WaitPeripheral(WaitKind::Burst, number?),
        0x34 => Instruction::SendEvent(number?),
        0x35 => Instruction::FlushPeripheral(number?),
        0x36 if operand & 5 == 0 => {
            Instruction::WaitEvent { event: operand >> 3, invalidate: operand & 2 != 0 }
        }
        0x36 => return Err(Bad::Operand),
        0x54 | 0x56 => Instruction::Add { destination: opcode & 2 != 0, value: half },
        // DMAADNH extends its operand with ones.
        0x5c | 0x5e => Instruction::Add { destination: opcode & 2 != 0, value: half | 0xffff_0000 },
        0xa0 | 0xa2 if operand < 8 => {
            Instruction::Go { non_secure: opcode & 2 != 0, channel: operand, pc: word }
        }
        0xa0 | 0xa2 => return Err(Bad::Operand),
        _ => Instruction::Move(
            match operand {
                0 => Register::Source,
                1 => Register::Control,
                2 => Register::Destination,
                _ => return Err(Bad::Operand),
            },
            word,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_first_byte_with_a_length_decodes_and_no_other() {
        for opcode in 0..=u8::MAX {
            let decoded = decode([opcode, 0, 0, 0, 0, 0]);
            assert_eq!(decoded.is_ok(), length(opcode).is_some(), "{opcode:#x}: {decoded:?}");
        }
    }

    #[test]
    fn operands_are_where_the_manual_has_them() {
        assert_eq!(
            decode([0xbc, 2, 0x78, 0x56, 0x34, 0x12]),
            Ok(Instruction::Move(Register::Destination, 0x1234_5678))
        );
        assert_eq!(
            decode([0xa2, 3, 4, 0, 0, 0]),
            Ok(Instruction::Go { non_secure: true, channel: 3, pc: 4 })
        );
        assert_eq!(decode([0x34, 5 << 3, 0, 0, 0, 0]), Ok(Instruction::SendEvent(5)));
        assert_eq!(decode([0x34, 1, 0, 0, 0, 0]), Err(Bad::Operand));
        let end =
            Instruction::LoopEnd { forever: false, counter: 1, condition: Some(RequestType::Burst), back: 9 };
        assert_eq!(decode([0x3f, 9, 0, 0, 0, 0]), Ok(end));
        assert_eq!(
            decode([0x5e, 0xff, 0xff, 0, 0, 0]),
            Ok(Instruction::Add { destination: true, value: u32::MAX })
        );
        assert_eq!(
            decode([0x36, 7 << 3 | 2, 0, 0, 0, 0]),
            Ok(Instruction::WaitEvent { event: 7, invalidate: true })
        );
        assert_eq!(decode([0x02, 0, 0, 0, 0, 0]), Err(Bad::Undefined));
    }
}
