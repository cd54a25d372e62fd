//! Random instructions made from the core's own table.
//!
//! Every described row can be drawn, so the coverage table shows what was hit and what was not. Field values are
//! biased by the row's class and by the letters that the table gives a meaning: loads and stores mostly use registers
//! that hold addresses, and mostly leave those registers alone otherwise, so that a block survives its own loads.

use crate::random::Dice;
use msmemu_cpu::isa::{self, Class, Insn, Set};

/// Registers that a block's state holds addresses in: one below R8, two that 16-bit instructions reach, and SP.
#[derive(Clone, Copy, Debug)]
pub struct Roles {
    /// Bit per register that holds an address.
    pub pointers: u16,
    /// Bit per register that holds a small offset.
    pub offsets: u16,
}

impl Roles {
    /// Draws the roles of a block.
    pub fn draw(dice: &mut Dice) -> Self {
        let low = dice.below(4);
        let other = 4 + dice.below(4);
        let high = 8 + dice.below(5);
        let pointers = 1 << low | 1 << other | 1 << high | 1 << 13;
        let offset = (low + 1 + dice.below(3)) % 4;
        Roles { pointers, offsets: 1 << offset | 1 << 14 }
    }

    fn pointer(self, dice: &mut Dice, limit: u32) -> u32 {
        one_of(dice, self.pointers, limit)
    }

    fn offset(self, dice: &mut Dice, limit: u32) -> u32 {
        one_of(dice, self.offsets, limit)
    }

    /// A register that no role depends on.
    fn plain(self, dice: &mut Dice, limit: u32) -> u32 {
        one_of(dice, !(self.pointers | self.offsets | 1 << 15), limit)
    }
}

/// A register below `limit` out of a set; any register when the set has none there.
fn one_of(dice: &mut Dice, set: u16, limit: u32) -> u32 {
    let set = u32::from(set) & ((1u32 << limit) - 1);
    if set == 0 {
        return dice.below(limit);
    }
    let mut left = set;
    for _ in 0..dice.below(set.count_ones()) {
        left &= left - 1;
    }
    left.trailing_zeros()
}

/// Spreads `value` over the bits of `mask`, lowest first.
pub(crate) fn scatter(mut value: u32, mut mask: u32) -> u32 {
    let mut out = 0;
    while mask != 0 {
        if value & 1 == 1 {
            out |= 1 << mask.trailing_zeros();
        }
        value >>= 1;
        mask &= mask - 1;
    }
    out
}

/// Whether the row reads or writes memory through a base register.
fn accesses_memory(insn: &Insn) -> bool {
    matches!(insn.class, Class::Load | Class::Store | Class::Multiple)
}

/// A row of the core's table with its number in its instruction set's list.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Instruction set.
    pub set: Set,
    /// Number in [`isa::rows`].
    pub number: u16,
    /// The description.
    pub insn: &'static Insn,
}

/// Every row of an instruction set.
pub fn rows(set: Set) -> impl Iterator<Item = Row> {
    isa::rows(set).zip(0..).map(move |(insn, number)| Row { set, number, insn })
}

/// Draws a word that `insn` describes and that no earlier row takes; `None` when the draw missed, which happens for
/// rows whose excluded values are hit.
pub fn word(dice: &mut Dice, row: Row, roles: Roles) -> Option<u32> {
    let Row { set, number, insn } = row;
    let encoding = &insn.encoding;
    let mut word = encoding.value;
    let mut free = !encoding.mask;
    if encoding.bits == 16 {
        free &= 0xffff;
    }
    for letter in (b'a'..=b'z').chain(b'A'..=b'Z') {
        let mask = encoding.field_mask(letter);
        if mask == 0 {
            continue;
        }
        free &= !mask;
        let value = field(dice, insn, letter, mask.count_ones(), roles);
        word |= scatter(value, mask);
    }
    // Bits without a name are should-be bits that the row ignores; the rest of the word decides what they are.
    if dice.chance(10) {
        word |= dice.word() & free;
    }
    let found = isa::decode::find(set, word).is_some_and(|(found, _)| found == number);
    found.then_some(word)
}

fn field(dice: &mut Dice, insn: &Insn, letter: u8, width: u32, roles: Roles) -> u32 {
    let limit = 1u32 << width.min(4);
    let memory = accesses_memory(insn);
    let core_register = width == 3 || width == 4;
    match letter {
        b'c' if width == 4 => {
            if dice.chance(70) {
                14
            } else {
                dice.below(15)
            }
        }
        b'n' if core_register && memory && dice.chance(96) => roles.pointer(dice, limit),
        b'm' if core_register && memory && dice.chance(90) => roles.offset(dice, limit),
        b'd' | b't' | b'e' | b's' | b'a' | b'n' | b'm' if core_register => match dice.below(50) {
            0 => dice.below(limit),
            1 if width == 4 => dice.pick(&[13, 14, 15]),
            _ if memory || matches!(letter, b'd' | b't') => roles.plain(dice, limit),
            _ => dice.below(limit.min(15)),
        },
        // Register lists: few registers, roles mostly spared.
        _ if width >= 8 && insn.class == Class::Multiple => {
            let list = dice.word() & if dice.chance(60) { dice.word() } else { !0 };
            let spared = if dice.chance(90) { roles.pointers | roles.offsets | 1 << 15 } else { 0 };
            let list = list & !u32::from(spared) & mask(width);
            if list == 0 { 1 << dice.below(width.min(8)) } else { list }
        }
        _ if width >= 5 => match dice.below(6) {
            0 => 0,
            1 => mask(width),
            2 => 1 << dice.below(width),
            _ => dice.word() & mask(width),
        },
        _ => dice.word() & mask(width),
    }
}

fn mask(width: u32) -> u32 {
    if width >= 32 { !0 } else { (1 << width) - 1 }
}

/// Bytes of an instruction as they lie in memory.
pub fn bytes(set: Set, word: u32) -> Vec<u8> {
    match set {
        Set::A32 => word.to_le_bytes().to_vec(),
        Set::T16 => (word as u16).to_le_bytes().to_vec(),
        Set::T32 => {
            let [low, high] = [word as u16, (word >> 16) as u16];
            [high.to_le_bytes(), low.to_le_bytes()].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_instruction_can_be_drawn() {
        let mut dice = Dice::new(1, 0);
        let mut missed = Vec::new();
        for set in [Set::A32, Set::T16, Set::T32] {
            for row in rows(set) {
                let hit = (0..2000).any(|_| {
                    let roles = Roles::draw(&mut dice);
                    word(&mut dice, row, roles).is_some_and(|word| row.insn.describes(word))
                });
                if !hit {
                    missed.push((set, row.insn.name));
                }
            }
        }
        assert!(missed.is_empty(), "never drawn: {missed:?}");
    }

    #[test]
    fn scatter_undoes_the_gathering_of_a_field() {
        assert_eq!(scatter(0b1011, 0b1001_0000_0000_0011), 0b1000_0000_0000_0011);
        assert_eq!(scatter(0, 0xf0), 0);
    }

    #[test]
    fn thumb_words_lie_in_memory_first_halfword_first() {
        assert_eq!(bytes(Set::T32, 0xf7f0_a000), [0xf0, 0xf7, 0x00, 0xa0]);
        assert_eq!(bytes(Set::T16, 0xbf00), [0x00, 0xbf]);
    }
}
