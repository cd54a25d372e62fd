//! Which rule of the list explains that the machines part at an instruction. Each asks for the instruction, the state it
//! found, and what of the result may be different; anything else stays a difference.

use crate::block::{Block, FP_ON};
use crate::compare::Parting;
use crate::differences::Rule;
use crate::exception::enter;
use crate::layout::{BLOCK_VA, DATA_SIZE, DATA_VA};
use crate::state::{State, Stop, bank_of};
use msmemu_cpu::Model;
use msmemu_cpu::isa::{Class, Insn, Set, decode};

/// Bits of a status register.
mod bits {
    pub(super) const MODE: u32 = 0x1f;
    pub(super) const THUMB: u32 = 1 << 5;
    pub(super) const BIG_ENDIAN: u32 = 1 << 9;
    pub(super) const IT: u32 = 0x0600_fc00;
    /// J, and those that nothing is assigned to.
    pub(super) const RESERVED: u32 = 0x01f0_0000;
}

const USER: u32 = 0x10;
const MONITOR: u32 = 0x16;
const UNDEFINED: u32 = 0x1b;
const SYSTEM: u32 = 0x1f;
/// `FPSCR.RMode`.
const ROUNDING: u32 = 3 << 22;

/// The rule that explains a parting, if there is one.
pub(crate) fn rule(block: &Block, parting: &Parting) -> Option<Rule> {
    let (set, word) = parting.word;
    let run = &parting.outcome.run;
    let (end, stop) = &parting.outcome.oracle;
    let Some((_, insn)) = decode::find(set, word) else {
        return (run.stop == Stop::Undefined && excluded_operand(set, word))
            .then_some(Rule::UnpredictableOperand);
    };
    let looks = Looks { set, word, insn, parting, end, stop: *stop };
    [
        looks.reserved_status(block),
        looks.undefined_here(),
        looks.arm_target(),
        looks.status(),
        looks.exclusive(),
        looks.partial(),
        looks.rounding(),
        looks.led_elsewhere(block),
    ]
    .into_iter()
    .find_map(|rule| rule)
}

/// What is known about the instruction at which the machines part.
struct Looks<'a> {
    set: Set,
    word: u32,
    insn: &'static Insn,
    parting: &'a Parting,
    end: &'a State,
    stop: Stop,
}

impl Looks<'_> {
    fn named(&self, starts: &[&str]) -> bool {
        starts.iter().any(|start| self.insn.name.starts_with(start))
    }

    fn field(&self, letter: u8) -> u32 {
        self.insn.encoding.field(letter, self.word)
    }

    /// Whether every difference is about something that begins with one of these words.
    fn only(&self, starts: &[&str]) -> bool {
        self.parting.outcome.differences.iter().all(|line| starts.iter().any(|start| line.starts_with(start)))
    }

    /// Data processing with S and the PC as destination.
    fn returns_by_alu(&self) -> bool {
        let writes_pc = self.set == Set::A32
            && matches!(self.insn.class, Class::Alu | Class::AluShift)
            && self.insn.encoding.field_mask(b'S') != 0
            && self.insn.encoding.field_mask(b'd') != 0;
        writes_pc && self.field(b'S') == 1 && self.field(b'd') == 15
    }

    fn returns(&self) -> bool {
        self.named(&["Rfe", "LdmReturn", "SubsPcLr"]) || self.returns_by_alu()
    }

    /// Bits in which the status registers are different.
    fn status_bits(&self) -> u32 {
        let ours = &self.parting.outcome.run.state;
        let theirs = enter(self.end, self.stop);
        let banks = ours.banked.iter().zip(&theirs.banked).map(|(a, b)| a.spsr ^ b.spsr);
        banks.fold(ours.cpsr ^ theirs.cpsr, |all, bits| all | bits)
    }

    /// The core makes it UNDEFINED, the oracle does not.
    fn undefined_here(&self) -> Option<Rule> {
        if self.parting.outcome.run.stop != Stop::Undefined {
            return None;
        }
        let mode = self.parting.before.mode();
        if !refused(self.set, self.word) {
            let saved = self.named(&["Mrs", "Msr"]) && self.field(b'r') == 1;
            let needs_bank = saved || self.named(&["StmUser", "LdmUser", "Srs"]) || self.returns();
            return (matches!(mode, USER | SYSTEM) && needs_bank).then_some(Rule::NoSavedStatus);
        }
        if self.named(&["Vld", "Vst"]) && self.field(b'd') + registers(self.insn.name) > 32 {
            return Some(Rule::VectorListTooLong);
        }
        odd_operands(self.set, self.word, self.insn).then_some(Rule::UnpredictableOperand)
    }

    /// What a status register was given before shows when it is next saved, or is not overwritten any more.
    fn reserved_status(&self, block: &Block) -> Option<Rule> {
        let writes = |&(set, word): &(Set, u32)| {
            decode::find(set, word).is_some_and(|(_, insn)| insn.name.starts_with("Msr"))
        };
        let written = block.words.iter().take(self.parting.index + 1).any(writes) || self.returns();
        let different = self.status_bits();
        let reserved = self.only(&["cpsr", "spsr"]) && different != 0 && different & !bits::RESERVED == 0;
        (written && reserved).then_some(Rule::ReservedStatusBits)
    }

    /// A branch led into the middle of an instruction, or to code of the other instruction set: what is there is to be
    /// blamed.
    fn led_elsewhere(&self, block: &Block) -> Option<Rule> {
        let run = &self.parting.outcome.run;
        if run.stop != Stop::Undefined {
            return None;
        }
        let bank = &run.state.banked[bank_of(UNDEFINED)?];
        let thumb = bank.spsr & bits::THUMB != 0;
        let pc = bank.r14.wrapping_sub(if thumb { 2 } else { 4 });
        if thumb == block.thumb && block.position(pc).is_some() {
            return None;
        }
        let (set, word) = block.in_memory(pc, thumb)?;
        let odd = match decode::find(set, word) {
            Some((_, insn)) => refused(set, word) && odd_operands(set, word, insn),
            None => excluded_operand(set, word),
        };
        odd.then_some(Rule::UnpredictableOperand)
    }

    /// A branch to ARM state whose target has bit 1 set.
    fn arm_target(&self) -> Option<Rule> {
        let branches =
            matches!(self.insn.class, Class::Branch | Class::Load | Class::Multiple | Class::System)
                || matches!(self.insn.class, Class::Alu | Class::AluShift) && self.field(b'd') == 15;
        let odd = !self.end.thumb() && self.end.r[15] & 2 != 0;
        (branches && odd).then_some(Rule::ArmTargetBitOne)
    }

    /// Instructions that write a status register.
    fn status(&self) -> Option<Rule> {
        let writes = self.named(&["Msr", "Cps", "Srs"]) || self.returns();
        if !writes {
            return None;
        }
        let state = &self.parting.outcome.run.state;
        let monitor = |psr: u32| psr & bits::MODE == MONITOR;
        if monitor(state.cpsr) || state.banked.iter().any(|bank| monitor(bank.spsr)) {
            return Some(Rule::MonitorMode);
        }
        let user_msr = self.parting.before.mode() == USER && self.named(&["Msr"]);
        if user_msr && self.only(&["cpsr", "spsr"]) && self.status_bits() & !bits::BIG_ENDIAN == 0 {
            return Some(Rule::UserEndianness);
        }
        if !self.returns() {
            return None;
        }
        // For Unicorn only MOVS and SUBS (with the shifts, which are MOVS) are returns.
        let known = self.named(&["Mov", "Lsl", "Lsr", "Asr", "Ror", "Rrx", "Sub", "Rfe", "LdmReturn"]);
        let illegal = self.returned_status().is_none_or(|psr| {
            let mode = psr & bits::MODE;
            let reserved = bank_of(mode).is_none() || psr & bits::RESERVED != 0;
            reserved || monitor(psr) || psr & bits::THUMB == 0 && psr & bits::IT != 0
        });
        (!known || illegal).then_some(Rule::StatusReturn)
    }

    /// The status that a return takes; `None` when it lies outside of the data window.
    fn returned_status(&self) -> Option<u32> {
        let before = &self.parting.before;
        if !self.named(&["Rfe"]) {
            return bank_of(before.mode()).map(|bank| before.banked[bank].spsr);
        }
        let base = before.r[self.field(b'n') as usize & 15];
        let (up, first) = match self.set {
            Set::A32 => (self.field(b'U') == 1, self.field(b'P') == 1),
            _ => (self.insn.name == "Rfeia", self.insn.name == "Rfedb"),
        };
        let low = if up { base } else { base.wrapping_sub(8) };
        let low = if up == first { low.wrapping_add(4) } else { low };
        let at = low.wrapping_add(4).wrapping_sub(DATA_VA);
        let bytes = (at < DATA_SIZE - 3).then(|| self.parting.memory.get(at as usize..at as usize + 4))??;
        let bytes = <[u8; 4]>::try_from(bytes).ok()?;
        let big_endian = before.cpsr & bits::BIG_ENDIAN != 0;
        Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn exclusive(&self) -> Option<Rule> {
        if !self.named(&["Strex"]) {
            return None;
        }
        let run = &self.parting.outcome.run;
        if matches!(run.stop, Stop::DataAbort { .. }) && self.stop != run.stop {
            return Some(Rule::StoreExclusiveFault);
        }
        // Whether it stored, and nothing else.
        let d = self.field(b'd');
        let status = [format!("r{d}:"), format!("r{d} of mode"), format!("other r{d}:")];
        let stored = self.parting.outcome.differences.iter().all(|line| {
            let told = line.ends_with("ours 1, theirs 0") || line.ends_with("ours 0, theirs 1");
            line.starts_with("memory") || told && status.iter().any(|start| line.starts_with(start.as_str()))
        });
        stored.then_some(Rule::ExclusiveMonitor)
    }

    /// Both abort, and have done different things before.
    fn partial(&self) -> Option<Rule> {
        let run = &self.parting.outcome.run;
        if !matches!(run.stop, Stop::DataAbort { .. }) || self.stop != run.stop {
            return None;
        }
        if self.named(&["Ldm", "Pop", "Ldrd", "Vld", "Vpop", "Fldm"]) && self.only(&["r", "d", "other r"]) {
            return Some(Rule::PartialLoad);
        }
        let stores = self.named(&["St", "Push", "Vst", "Vpush", "Fst", "Srs"]);
        (stores && self.only(&["memory"])).then_some(Rule::PartialStore)
    }

    fn rounding(&self) -> Option<Rule> {
        let rounds =
            self.named(&["VcvtFixedToS", "VcvtFixedToD"]) && self.parting.before.fpscr & ROUNDING != 0;
        (rounds && self.only(&["d", "fpscr"])).then_some(Rule::FixedPointRounding)
    }
}

/// Registers from the first to the last of an element or structure access, at the least.
fn registers(name: &str) -> u32 {
    let digit = |at: usize| name.as_bytes().get(at).map_or(1, |digit| u32::from(digit - b'0'));
    match name.split_once('x') {
        Some((_, _)) if name.starts_with("Vld1") || name.starts_with("Vst1") => digit(5),
        Some(_) => 4,
        None => digit(3),
    }
    // Spaced by two where the name or a field says so.
    .max(match name {
        _ if name.ends_with("All") => 2 * digit(3),
        _ if name.ends_with("Spaced") || name.ends_with("Lane") => 2 * digit(3) - 1,
        _ => 1,
    })
}

/// Whether the core makes a described word UNDEFINED because of its operands.
fn refused(set: Set, word: u32) -> bool {
    let lower = |word| decode::lower(Model::Krait, set, word, BLOCK_VA, 0, FP_ON);
    // No row describes this word in any instruction set.
    lower(word).inner == lower(0xffff_ffff).inner
}

/// Whether a core register operand is R15 (in Thumb also R13), or two of them are the same.
fn odd_operands(set: Set, word: u32, insn: &Insn) -> bool {
    let operands: Vec<u32> = (b'a'..=b'z')
        .filter(|&letter| letter != b'c' && insn.encoding.field_mask(letter).count_ones() == 4)
        .map(|letter| insn.encoding.field(letter, word))
        .collect();
    let odd = |n: &u32| *n == 15 || *n == 13 && set != Set::A32;
    let twice = |(at, n): (usize, &u32)| operands[..at].contains(n);
    let dual = insn.name.starts_with("Ldrd") || insn.name.starts_with("Strd") || insn.name.ends_with("exd");
    let t = insn.encoding.field(b't', word);
    dual && set == Set::A32 && (t & 1 == 1 || t == 14)
        || operands.iter().any(odd)
        || operands.iter().enumerate().any(twice)
}

/// Whether a word that no row describes is one of a row but for R15 (in Thumb also R13) in a register operand.
fn excluded_operand(set: Set, word: u32) -> bool {
    let places: Vec<u32> = (0..8)
        .map(|n| 4 * n)
        .filter(|low| word >> low & 0xf == 15 || word >> low & 0xf == 13 && set != Set::A32)
        .filter(|low| !(set == Set::A32 && *low == 28))
        .collect();
    (1u32..1 << places.len()).any(|chosen| {
        let replaced: Vec<u32> =
            places.iter().enumerate().filter(|(n, _)| chosen >> n & 1 == 1).map(|(_, low)| *low).collect();
        // Different registers, as some instructions need: R2, R4, R6 and so on.
        let other = replaced
            .iter()
            .zip(1u32..)
            .fold(word, |word, (low, n)| (word & !(0xf << low)) | ((2 * n) << low));
        decode::find(set, other).is_some_and(|(_, insn)| {
            let register = |low: &u32| {
                let of = |letter| insn.encoding.field_mask(letter) & (0xf << low) == 0xf << low;
                b"adehlmnst".iter().any(|&letter| of(letter))
            };
            replaced.iter().all(register)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undescribed_word_is_excused_for_its_register_operands_only() {
        assert!(excluded_operand(Set::T32, 0xfb0f_f102), "MUL R1, PC, R2");
        assert!(excluded_operand(Set::T32, 0xfa9d_f18d), "REV16 R1, SP");
        // An opcode that is not there, with a register field that happens to be 15.
        assert!(!excluded_operand(Set::A32, 0xe6f0_f0f0));
        assert!(!excluded_operand(Set::T32, 0xfb0f_f1f2));
    }

    #[test]
    fn lists_end_where_their_last_register_is() {
        for (name, count) in [("Vld1x3", 3), ("Vst2x2", 4), ("Vld3", 3), ("Vst4Spaced", 7), ("Vld2Lane", 3)] {
            assert_eq!(registers(name), count, "{name}");
        }
    }
}
