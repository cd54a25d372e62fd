//! Blocks of random instructions: what one run of both machines executes.

use crate::differences::Differences;
use crate::generate::{self, Roles, Row, rows};
use crate::layout::{self, BLOCK_VA};
use crate::random::Dice;
use msmemu_cpu::isa::{Class, Insn, Set, decode};
use msmemu_cpu::op::Op;

/// What [`decode::lower`] is told about VFP and Advanced SIMD: everything is on.
pub(crate) const FP_ON: u8 = !0;
/// Blocks in a hundred that consist of common instructions only.
const COMMON: u32 = 25;
/// Most instructions of a block.
const LONGEST: u32 = 20;

/// Instructions to be run in a row.
#[derive(Clone, Debug)]
pub struct Block {
    /// Thumb state.
    pub thumb: bool,
    /// The instructions.
    pub words: Vec<(Set, u32)>,
    /// What the registers have to hold for it.
    pub roles: Roles,
    /// The last instruction may go anywhere, so a run needs a budget.
    pub may_loop: bool,
}

impl Block {
    /// The block as it lies in memory.
    pub fn code(&self) -> Vec<u8> {
        self.words.iter().flat_map(|&(set, word)| generate::bytes(set, word)).collect()
    }

    /// Address of an instruction; of the first one after the block for its length.
    pub fn address(&self, index: usize) -> u32 {
        let bytes = |&(set, _): &(Set, u32)| if set == Set::T16 { 2 } else { 4 };
        BLOCK_VA + self.words.iter().take(index).map(bytes).sum::<u32>()
    }

    /// The number of the instruction at an address.
    pub fn position(&self, pc: u32) -> Option<usize> {
        (0..self.words.len()).find(|&index| self.address(index) == pc)
    }

    /// The instruction at an address, and its description. A branch may also lead into the middle of an instruction, or
    /// to what lies around the block.
    pub fn at(&self, pc: u32) -> Option<(u32, &'static Insn)> {
        let (set, word) = match self.position(pc) {
            Some(index) => self.words[index],
            None => self.in_memory(pc, self.thumb)?,
        };
        Some((word, decode::find(set, word)?.1))
    }

    /// The instruction that the bytes at an address make, in Thumb state or not.
    pub(crate) fn in_memory(&self, pc: u32, thumb: bool) -> Option<(Set, u32)> {
        let image = layout::code_image(&self.code(), self.thumb);
        let at = usize::try_from(pc.checked_sub(layout::CODE_VA)?).ok()?;
        let half = |at: usize| Some(u32::from(u16::from_le_bytes(image.get(at..at + 2)?.try_into().ok()?)));
        let first = half(at)?;
        if !thumb {
            return Some((Set::A32, half(at + 2)? << 16 | first));
        }
        // ARM DDI 0406C, A6.1: 0b11101, 0b11110 and 0b11111 begin an instruction of two halfwords.
        if first >> 11 < 0b11101 {
            Some((Set::T16, first))
        } else {
            Some((Set::T32, first << 16 | half(at + 2)?))
        }
    }

    /// Whether a store-exclusive is in it.
    pub fn stores_exclusive(&self) -> bool {
        let strex = |&(set, word): &(Set, u32)| {
            decode::find(set, word).is_some_and(|(_, insn)| insn.name.starts_with("Strex"))
        };
        self.words.iter().any(strex)
    }
}

/// The rows to draw from, by instruction set.
pub struct Deck {
    arm: Vec<Row>,
    thumb: Vec<Row>,
    /// What compiled code is mostly made of, which the block engine joins to pairs.
    common_arm: Vec<Row>,
    common_thumb: Vec<Row>,
}

/// Whether a row is one that the block engine has pairs of.
fn is_common(row: &Row) -> bool {
    const NAMES: [&str; 20] = [
        "AndReg", "AndImm", "EorReg", "AddReg", "AddHigh", "AddImm", "AddImm8", "SubReg", "SubImm",
        "SubImm8", "MovReg", "MovHigh", "Sbfx", "CmpReg", "CmpHigh", "CmpImm", "Ldr", "LdrImm", "LdrbPre",
        "LdrbPost",
    ];
    NAMES.contains(&row.insn.name) || matches!(row.insn.name, "B" | "BCond" | "Nop" | "LdrbImm")
}

impl Deck {
    /// The rows whose name contains `filter`.
    pub fn new(filter: &str) -> Self {
        let wanted = |row: &Row| row.insn.name.to_lowercase().contains(&filter.to_lowercase());
        let arm: Vec<Row> = rows(Set::A32).filter(wanted).collect();
        let thumb: Vec<Row> = rows(Set::T16).chain(rows(Set::T32)).filter(wanted).collect();
        let common = |deck: &[Row]| deck.iter().copied().filter(is_common).collect();
        Deck { common_arm: common(&arm), common_thumb: common(&thumb), arm, thumb }
    }

    /// Draws a block of described instructions that no deliberate difference takes out.
    pub fn block(&self, dice: &mut Dice, differences: &Differences, thumb: bool) -> Block {
        let roles = Roles::draw(dice);
        let mut block = Block { thumb, words: Vec::new(), roles, may_loop: false };
        let (deck, common) =
            if thumb { (&self.thumb, &self.common_thumb) } else { (&self.arm, &self.common_arm) };
        let deck = if dice.chance(COMMON) && !common.is_empty() { common } else { deck };
        let length = 1 + dice.below(LONGEST);
        let mut it = 0u8;
        let mut misses = 0;
        while !deck.is_empty() && (block.words.len() < length as usize || it & 0xf != 0) && misses < 200 {
            let row = deck[dice.below(deck.len() as u32) as usize];
            let drawn = generate::word(dice, row, roles);
            let drawn = drawn.filter(|&word| differences.unicorn(row.set.into(), word).is_none());
            let Some(word) = drawn.filter(|&word| it & 0xf == 0 || allowed_in_it(row, word, it)) else {
                misses += 1;
                continue;
            };
            block.words.push((row.set, word));
            if sets_it(row.set, word) {
                it = word as u8;
                continue;
            }
            if ends_block(row, word) {
                block.may_loop = true;
                break;
            }
            it = msmemu_cpu::psr::it_advance(it);
        }
        block
    }
}

/// A block of up to three words in which anything goes.
pub fn arbitrary(dice: &mut Dice, differences: &Differences, thumb: bool) -> Block {
    let roles = Roles::draw(dice);
    let mut words = Vec::new();
    while words.is_empty() {
        let word = dice.word();
        let drawn = if !thumb {
            // Unconditional words are few; conditions that fail test nothing.
            let top = if dice.chance(15) { 0xf } else { 0xe };
            (Set::A32, (word & 0x0fff_ffff) | top << 28)
        } else if dice.chance(40) {
            (Set::T16, word & 0xffff)
        } else {
            (Set::T32, word | 0xe000_0000)
        };
        let fits = match drawn.0 {
            Set::A32 => true,
            Set::T16 => !decode::is_wide(drawn.1 as u16),
            Set::T32 => decode::is_wide((drawn.1 >> 16) as u16),
        };
        if fits && differences.unicorn(drawn.0.into(), drawn.1).is_none() && !sets_it(drawn.0, drawn.1) {
            words.push(drawn);
        }
    }
    Block { thumb, words, roles, may_loop: true }
}

/// Whether the word is `IT`.
fn sets_it(set: Set, word: u32) -> bool {
    set == Set::T16 && word & 0xff00 == 0xbf00 && word & 0xf != 0
}

/// Whether control can leave the block at this instruction.
fn ends_block(row: Row, word: u32) -> bool {
    let op = decode::lower(msmemu_cpu::Model::Krait, row.set, word, BLOCK_VA, 0, FP_ON);
    op.flags & Op::ENDS_BLOCK != 0 || matches!(row.insn.class, Class::Branch | Class::Exception)
}

/// Whether the manual allows the instruction at this place of an IT block.
fn allowed_in_it(row: Row, word: u32, it: u8) -> bool {
    if sets_it(row.set, word) {
        return false;
    }
    // CBZ, CBNZ, CPS, SETEND and B<cond>; whatever may branch has to be last.
    let never = match row.set {
        Set::T16 => {
            word & 0xf500 == 0xb100
                || word & 0xff00 == 0xb600
                || (word & 0xf000 == 0xd000 && word & 0x0f00 < 0x0e00)
        }
        _ => {
            (word & 0xf800_d000 == 0xf000_8000 && word & 0x0380_0000 != 0x0380_0000)
                || word & 0xffff_d000 == 0xf3af_8000
        }
    };
    // Unicorn forgets the IT state at an ISB.
    let barrier = word & 0xffff_fff0 == 0xf3bf_8f60;
    !never && !barrier && (it & 7 == 0 || !ends_block(row, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `B #0x8dfe` leads into the second half of the CLREX before the block, which is `LDRH R7, [R5, #56]`.
    #[test]
    fn what_lies_in_the_middle_of_an_instruction_is_found() {
        let roles = Roles::draw(&mut Dice::new(1, 0));
        let block = Block {
            thumb: true,
            words: vec![(Set::T16, 0xe7fd), (Set::T32, 0xfa3c_f9a5)],
            roles,
            may_loop: true,
        };
        let names = [BLOCK_VA - 2, BLOCK_VA, BLOCK_VA + 2, BLOCK_VA + 6].map(|pc| {
            let (word, insn) = block.at(pc).unwrap();
            (word, insn.name)
        });
        assert_eq!(names[0].0, 0x8f2f);
        assert!(names[0].1.starts_with("Ldrh"), "{names:?}");
        assert_eq!(names[1].0, 0xe7fd);
        assert_eq!(names[2].0, 0xfa3c_f9a5);
        assert_eq!((names[3].0, names[3].1), (0xdf00, "Svc"));
        assert!(block.at(layout::CODE_VA - 2).is_none());
    }
}
