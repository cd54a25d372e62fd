//! What the text cases have to show of each instruction, computed from the instruction tables.
//!
//! For every row: that it runs; with and without setting flags; every form of write-back; R15 in every register operand,
//! where it is allowed and where it is refused. For every class of instruction of a set: every condition, holding and
//! failing; in Thumb also every place of an IT block, in its `then` and in its `else` part.

use crate::generate::{self, Roles, Row, rows, scatter};
use crate::ins::Case;
use crate::random::Dice;
use crate::state::{State, Stop};
use msmemu_cpu::Model;
use msmemu_cpu::isa::{Class, Insn, Set, decode};
use std::collections::BTreeSet;
use std::fmt;

/// Something about an instruction that a case shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// It runs, or raises the exception that it is there for.
    Runs,
    /// With field S as given.
    Flags(bool),
    /// With P, U and W as given, where the encoding has them.
    Addressing(Option<bool>, Option<bool>, Option<bool>),
    /// An element or structure access with field m as given: 13 and 15 are no registers.
    Index(u8),
    /// With R15 in this register field.
    Pc(char),
    /// R15 in this register field makes it UNDEFINED.
    PcRefused(char),
    /// Under this condition, which holds or not; outside of an IT block.
    Condition(u8, bool),
    /// In this place (1 to 4) of an IT block, in the `then` part or not, with its condition holding or not.
    Block(u8, bool, bool),
}

/// What is asked for: of a row, or of all rows of a class together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// One row.
    Row(&'static str),
    /// A class of instructions, by its name.
    Class(&'static str),
}

/// A facet of something in an instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// `A32`, `T16` or `T32`.
    pub set: &'static str,
    /// Whose.
    pub subject: Subject,
    /// What.
    pub facet: Facet,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Row(name) => write!(f, "{} {name}: {:?}", self.set, self.facet),
            Subject::Class(name) => write!(f, "{} class {name}: {:?}", self.set, self.facet),
        }
    }
}

/// Name of an instruction set.
pub fn set_name(set: Set) -> &'static str {
    match set {
        Set::A32 => "A32",
        Set::T16 => "T16",
        Set::T32 => "T32",
    }
}

/// Name of a class: those that differ in their cycles only are one.
pub fn class_name(class: Class) -> &'static str {
    match class {
        Class::Alu | Class::AluShift => "data",
        Class::Mul | Class::MulLong | Class::Div => "multiply",
        Class::Load => "load",
        Class::Store => "store",
        Class::Multiple => "multiple",
        Class::Branch => "branch",
        Class::System => "system",
        Class::Exception => "exception",
        Class::Fp | Class::FpDiv | Class::FpMove => "vfp",
        Class::Simd | Class::SimdMul => "simd",
    }
}

/// Register fields of a row: letters of four bits that name core registers.
fn register_fields(insn: &Insn) -> impl Iterator<Item = u8> {
    // The four-bit fields of Advanced SIMD and VFP rows are mostly other things; their base and transfer registers are not.
    let letters: &[u8] = match insn.class {
        Class::Simd | Class::SimdMul | Class::Fp | Class::FpDiv => b"",
        Class::FpMove => b"te",
        // The others are numbers of coprocessor registers.
        _ if ["Mcr", "Mrc", "Mrrc"].iter().any(|start| insn.name.starts_with(start)) => b"t",
        _ if insn.name.starts_with('V') || insn.name.starts_with('F') => b"n",
        _ => b"adehlmnst",
    };
    letters.iter().copied().filter(|&letter| insn.encoding.field_mask(letter).count_ones() == 4)
}

/// Whether the core accepts the operands of a word.
fn accepted(set: Set, word: u32) -> bool {
    let lower = |word| decode::lower(Model::Krait, set, word, crate::layout::BLOCK_VA, 0, !0);
    lower(word).inner != lower(0xffff_ffff).inner
}

/// `word` with a field set; `None` when that is another row's word.
fn with_field(row: Row, word: u32, letter: u8, value: u32) -> Option<u32> {
    let mask = row.insn.encoding.field_mask(letter);
    let word = (word & !mask) | scatter(value, mask);
    decode::find(row.set, word).is_some_and(|(number, _)| number == row.number).then_some(word)
}

fn bit(insn: &Insn, letter: u8, word: u32) -> Option<bool> {
    (insn.encoding.field_mask(letter).count_ones() == 1).then(|| insn.encoding.field(letter, word) == 1)
}

fn addressing(insn: &Insn, word: u32) -> Facet {
    Facet::Addressing(bit(insn, b'P', word), bit(insn, b'U', word), bit(insn, b'W', word))
}

fn is_structure(insn: &Insn) -> bool {
    ["Vld", "Vst"].iter().any(|start| insn.name.starts_with(start))
        && insn.name.as_bytes().get(3).is_some_and(u8::is_ascii_digit)
}

/// Whether `letter` is the only register field with R15 in it.
fn alone(insn: &Insn, word: u32, letter: u8) -> bool {
    register_fields(insn).all(|other| (insn.encoding.field(other, word) == 15) == (other == letter))
}

/// What a word shows of its row, when it runs.
fn shown_by_word(insn: &Insn, word: u32) -> Vec<Facet> {
    let mut facets = vec![Facet::Runs];
    if let Some(flags) = bit(insn, b'S', word) {
        facets.push(Facet::Flags(flags));
    }
    if addressing(insn, word) != Facet::Addressing(None, None, None) {
        facets.push(addressing(insn, word));
    }
    if is_structure(insn) {
        let m = insn.encoding.field(b'm', word) as u8;
        facets.push(Facet::Index(if matches!(m, 13 | 15) { m } else { 0 }));
    }
    facets.extend(
        register_fields(insn)
            .filter(|&letter| insn.encoding.field(letter, word) == 15)
            .map(|letter| Facet::Pc(letter.into())),
    );
    facets
}

/// Rows whose result is an exception, or that have nothing to show but one.
fn ends_as_meant(insn: &Insn, stop: Stop) -> bool {
    match insn.name {
        "Svc" => stop == Stop::SupervisorCall,
        "Bkpt" => stop == Stop::Breakpoint,
        "Smc" => stop == Stop::SecureMonitorCall,
        "Udf" | "Mcrr" | "Mrrc" => stop == Stop::Undefined,
        _ => stop == Stop::Budget,
    }
}

/// Every facet of a row that some word of it can show.
pub fn wanted_of_row(row: Row) -> BTreeSet<Facet> {
    let mut dice = Dice::new(0x1f5, u64::from(row.number) << 2 | row.set as u64);
    let mut wanted = BTreeSet::from([Facet::Runs]);
    let mut refused = BTreeSet::new();
    for _ in 0..600 {
        let roles = Roles::draw(&mut dice);
        let Some(word) = generate::word(&mut dice, row, roles) else { continue };
        if !accepted(row.set, word) {
            continue;
        }
        // PC is asked for below, one operand at a time.
        wanted
            .extend(shown_by_word(row.insn, word).into_iter().filter(|facet| !matches!(facet, Facet::Pc(_))));
        for letter in register_fields(row.insn) {
            let Some(odd) = with_field(row, word, letter, 15) else { continue };
            if accepted(row.set, odd) {
                wanted.insert(Facet::Pc(letter.into()));
            } else if alone(row.insn, odd, letter) {
                refused.insert(letter);
            }
        }
    }
    for letter in refused {
        if !wanted.contains(&Facet::Pc(letter.into())) {
            wanted.insert(Facet::PcRefused(letter.into()));
        }
    }
    wanted
}

/// Whether an instruction of the row may stand in an IT block, and in any place of it.
pub fn fits_it(row: Row) -> bool {
    let never = ["Cbz", "Cps", "Setend", "It", "BCond"].contains(&row.insn.name);
    let may_jump = matches!(row.insn.class, Class::Branch | Class::Exception)
        || ["Rfe", "SubsPcLr", "Pop", "Bkpt"].iter().any(|start| row.insn.name.starts_with(start));
    row.set != Set::A32 && !never && !may_jump
}

/// Everything that the cases together have to show.
pub fn wanted() -> BTreeSet<Wanted> {
    let mut all = BTreeSet::new();
    for row in [Set::A32, Set::T16, Set::T32].into_iter().flat_map(rows) {
        let set = set_name(row.set);
        let own = wanted_of_row(row).into_iter();
        all.extend(own.map(|facet| Wanted { set, subject: Subject::Row(row.insn.name), facet }));
        let class = Subject::Class(class_name(row.insn.class));
        let mut add = |facet| {
            all.insert(Wanted { set, subject: class, facet });
        };
        let conditional = row.insn.encoding.field_mask(b'c').count_ones() == 4 && row.set == Set::A32;
        if conditional || row.insn.name == "BCond" {
            for condition in 0..14 {
                add(Facet::Condition(condition, true));
                add(Facet::Condition(condition, false));
            }
        }
        if fits_it(row) {
            for place in 1..=4 {
                for (then, holds) in [(true, true), (true, false), (false, true), (false, false)] {
                    if place > 1 || then {
                        add(Facet::Block(place, then, holds));
                    }
                }
            }
        }
    }
    all
}

/// Whether a condition holds for the flags of a state.
pub fn holds(condition: u8, state: &State) -> bool {
    let flag = |bit: u32| state.cpsr >> bit & 1 == 1;
    let (n, z, c, v) = (flag(31), flag(30), flag(29), flag(28));
    let base = match condition >> 1 {
        0 => z,
        1 => c,
        2 => n,
        3 => v,
        4 => c && !z,
        5 => n == v,
        6 => n == v && !z,
        _ => return true,
    };
    base != (condition & 1 == 1)
}

/// What a case shows.
pub fn shown(case: &Case) -> Vec<Wanted> {
    let Some(&(set, word)) = case.words.last() else { return Vec::new() };
    let Some((_, insn)) = decode::find(set.into(), word) else { return Vec::new() };
    let set: Set = set.into();
    let name = set_name(set);
    let row = |facet| Wanted { set: name, subject: Subject::Row(insn.name), facet };
    let class = |facet| Wanted { set: name, subject: Subject::Class(class_name(insn.class)), facet };
    let own = (set == Set::A32 && insn.encoding.field_mask(b'c').count_ones() == 4)
        .then(|| insn.encoding.field(b'c', word) as u8);
    let own = own.or_else(|| (insn.name == "BCond").then(|| insn.encoding.field(b'o', word) as u8));
    if let Some(condition) = own.filter(|condition| *condition < 14) {
        let holds = holds(condition, &case.start);
        let skipped = !holds && case.stop == Stop::Budget;
        if skipped || holds && (ends_as_meant(insn, case.stop) || case.stop != Stop::Undefined) {
            let mut facets = vec![class(Facet::Condition(condition, holds))];
            if holds {
                facets.extend(shown_by_word(insn, word).into_iter().map(row));
            }
            return facets;
        }
        return Vec::new();
    }
    let it = case.words.first().copied().filter(|&(first, it)| {
        Set::from(first) == Set::T16 && it & 0xff00 == 0xbf00 && it & 0xf != 0 && case.words.len() > 1
    });
    if let Some((_, it)) = it {
        let place = case.words.len() as u32 - 1;
        // Bit 4 is the lowest bit of the first condition, bits 3:1 those of the next ones.
        let then = it >> (5 - place) & 1 == it >> 4 & 1;
        let condition = (it >> 4 & 0xe) as u8 | (it >> (5 - place) & 1) as u8;
        let holds = holds(condition, &case.start);
        if place <= 4 && (!holds || case.stop == Stop::Budget) {
            let mut facets = vec![class(Facet::Block(place as u8, then, holds))];
            if holds {
                facets.extend(shown_by_word(insn, word).into_iter().map(row));
            }
            return facets;
        }
        return Vec::new();
    }
    let undefined_as_meant = ["Udf", "Mcrr", "Mrrc"].contains(&insn.name);
    if ends_as_meant(insn, case.stop) && (accepted(set, word) || undefined_as_meant) {
        return shown_by_word(insn, word).into_iter().map(row).collect();
    }
    // A store relative to the PC goes to code, which is read-only.
    if matches!(case.stop, Stop::DataAbort { write: true, .. }) && insn.encoding.field(b'n', word) == 15 {
        return vec![row(Facet::Pc('n'))];
    }
    let refused = case.stop == Stop::Undefined && !accepted(set, word);
    let odd = register_fields(insn).find(|&letter| refused && alone(insn, word, letter));
    odd.map(|letter| row(Facet::PcRefused(letter.into()))).into_iter().collect()
}

/// `word` changed to show a facet; `None` when it cannot.
pub fn force(row: Row, word: u32, facet: Facet) -> Option<u32> {
    let set_bit = |word: u32, letter: u8, value: Option<bool>| match value {
        Some(value) => with_field(row, word, letter, value.into()),
        None => Some(word),
    };
    match facet {
        Facet::Flags(flags) => set_bit(word, b'S', Some(flags)),
        Facet::Addressing(p, u, w) => {
            let mut word = word;
            for (letter, value) in [(b'P', p), (b'U', u), (b'W', w)] {
                let mask = row.insn.encoding.field_mask(letter);
                if let Some(value) = value {
                    word = (word & !mask) | scatter(value.into(), mask);
                }
            }
            decode::find(row.set, word).is_some_and(|(number, _)| number == row.number).then_some(word)
        }
        Facet::Index(m) => with_field(row, word, b'm', if m == 0 { 2 } else { m.into() }),
        Facet::Pc(letter) | Facet::PcRefused(letter) => with_field(row, word, letter as u8, 15),
        Facet::Condition(condition, _) => {
            let letter = if row.insn.name == "BCond" { b'o' } else { b'c' };
            with_field(row, word, letter, condition.into())
        }
        Facet::Runs | Facet::Block(..) => Some(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_shows_what_its_line_says() {
        let facets = |line: &str| -> Vec<String> {
            shown(&Case::parse(line).unwrap()).iter().map(|wanted| wanted.to_string()).collect()
        };
        assert_eq!(
            facets("a32 usr e2911001 | adds r1, r1, #1 | | r1=1"),
            ["A32 AddImm: Runs", "A32 AddImm: Flags(true)"]
        );
        assert_eq!(
            facets("a32 usr 02911001 | addseq r1, r1, #1 | |"),
            ["A32 class data: Condition(0, false)"]
        );
        assert!(
            facets("a32 usr e5b10004 | ldr r0, [r1, #4]! | r1=10000000 | r1=10000004")
                .contains(&"A32 Ldr: Addressing(Some(true), Some(true), Some(true))".into())
        );
        assert_eq!(facets("a32 usr e0010f92 | mul r1, r2, pc | | !undefined"), ["A32 Mul: PcRefused('m')"]);
        // The second instruction of ITE NE, whose condition is EQ.
        assert!(
            facets("t32 usr bf14 2001 2002 | ite ne; movne r0, #1; moveq r0, #2 | nzcv=0100 | r0=2")
                .contains(&"T16 class data: Block(2, false, true)".into())
        );
    }

    #[test]
    fn every_class_is_asked_for_all_conditions() {
        let all = wanted();
        let of =
            |set, class| all.iter().filter(|w| w.set == set && w.subject == Subject::Class(class)).count();
        assert_eq!(
            (of("A32", "data"), of("A32", "simd"), of("T32", "simd"), of("T16", "load")),
            (28, 0, 14, 14)
        );
    }
}
