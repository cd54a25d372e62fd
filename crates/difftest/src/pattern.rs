//! Sets of instruction words, written as the manual draws encodings.

use std::fmt;

/// Instruction words with given fixed bits, fields named by letters, and conditions on the fields.
#[derive(Clone, Debug)]
pub struct Pattern {
    mask: u32,
    value: u32,
    bits: u32,
    /// Letter and the positions of its bits.
    fields: Vec<(char, u32)>,
    conditions: Vec<Condition>,
}

/// One side of a condition.
#[derive(Clone, Copy, Debug)]
enum Term {
    Field(u32),
    Number(u32),
}

#[derive(Clone, Copy, Debug)]
enum Condition {
    Equal(Term, Term),
    NotEqual(Term, Term),
    Less(Term, Term),
    /// The bit of the first field that the second one numbers is set: a register is in a list.
    Has(Term, Term),
    Lacks(Term, Term),
    /// So many bits of the first field are set: registers in a list.
    Counts(Term, Term),
}

/// Why a pattern cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A pattern has 16 or 32 bits.
    #[error("pattern `{0}` has {1} bits, not 16 or 32")]
    Length(String, u32),
    /// Only `0`, `1`, `-`, letters and blanks may occur.
    #[error("pattern `{0}` has the strange character `{1}`")]
    Character(String, char),
    /// A condition is `TERM OPERATOR TERM` with a field letter or a number on either side.
    #[error("condition `{0}` is not `field|number ==|!=|<|has|lacks|counts field|number`")]
    Condition(String),
}

/// Gathers the bits that `mask` selects into a number.
fn gather(word: u32, mut mask: u32) -> u32 {
    let (mut out, mut at) = (0, 0);
    while mask != 0 {
        out |= (word >> mask.trailing_zeros() & 1) << at;
        at += 1;
        mask &= mask - 1;
    }
    out
}

impl Pattern {
    /// Reads a bit string and conditions on its fields, which are joined by `&`.
    pub fn parse(text: &str, conditions: &str) -> Result<Self, PatternError> {
        let (mut mask, mut value, mut bits) = (0u32, 0u32, 0u32);
        let mut fields: Vec<(char, u32)> = Vec::new();
        for c in text.chars().filter(|c| !c.is_whitespace()) {
            (mask, value, bits) = (mask << 1, value << 1, bits + 1);
            for field in &mut fields {
                field.1 <<= 1;
            }
            match c {
                '0' => mask |= 1,
                '1' => (mask, value) = (mask | 1, value | 1),
                '-' => {}
                c if c.is_ascii_alphabetic() => match fields.iter_mut().find(|(name, _)| *name == c) {
                    Some(field) => field.1 |= 1,
                    None => fields.push((c, 1)),
                },
                c => return Err(PatternError::Character(text.to_owned(), c)),
            }
        }
        if bits != 16 && bits != 32 {
            return Err(PatternError::Length(text.to_owned(), bits));
        }
        let mut pattern = Pattern { mask, value, bits, fields, conditions: Vec::new() };
        for condition in conditions.split('&').map(str::trim).filter(|text| !text.is_empty()) {
            let condition = pattern.condition(condition)?;
            pattern.conditions.push(condition);
        }
        Ok(pattern)
    }

    fn condition(&self, text: &str) -> Result<Condition, PatternError> {
        let wrong = || PatternError::Condition(text.to_owned());
        let term = |text: &str| -> Option<Term> {
            if let Ok(number) = text.parse() {
                return Some(Term::Number(number));
            }
            let mut letters = text.chars();
            let name = letters.next().filter(|_| letters.next().is_none())?;
            self.fields.iter().find(|(letter, _)| *letter == name).map(|&(_, mask)| Term::Field(mask))
        };
        let mut words = text.split_whitespace();
        let mut next = || words.next().ok_or_else(wrong);
        let (left, operator, right) = (next()?, next()?, next()?);
        let (left, right) = (term(left).ok_or_else(wrong)?, term(right).ok_or_else(wrong)?);
        match operator {
            "==" => Ok(Condition::Equal(left, right)),
            "!=" => Ok(Condition::NotEqual(left, right)),
            "<" => Ok(Condition::Less(left, right)),
            "has" => Ok(Condition::Has(left, right)),
            "lacks" => Ok(Condition::Lacks(left, right)),
            "counts" => Ok(Condition::Counts(left, right)),
            _ => Err(wrong()),
        }
    }

    /// 16 or 32.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// A word of the set, its free bits from `bits`; `None` when those do not fit the conditions.
    pub fn word(&self, bits: u32) -> Option<u32> {
        let word = if self.bits == 16 { bits & 0xffff } else { bits };
        let word = (word & !self.mask) | self.value;
        self.matches(word).then_some(word)
    }

    /// Whether `word` belongs to the set.
    pub fn matches(&self, word: u32) -> bool {
        let term = |term: Term| match term {
            Term::Field(mask) => gather(word, mask),
            Term::Number(number) => number,
        };
        let has = |list: Term, number: Term| term(list).checked_shr(term(number)).is_some_and(|x| x & 1 == 1);
        word & self.mask == self.value
            && self.conditions.iter().all(|&condition| match condition {
                Condition::Equal(a, b) => term(a) == term(b),
                Condition::NotEqual(a, b) => term(a) != term(b),
                Condition::Less(a, b) => term(a) < term(b),
                Condition::Has(a, b) => has(a, b),
                Condition::Lacks(a, b) => !has(a, b),
                Condition::Counts(a, b) => term(a).count_ones() == term(b),
            })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}/{:#x}", self.value, self.mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_conditions_select_words() {
        let pattern = Pattern::parse("cccc 100 P U 0 W 1 nnnn llllllllllllllll", "W == 1 & l has n").unwrap();
        assert!(pattern.matches(0xe8b1_0003), "LDM R1!, {{R0, R1}}");
        assert!(!pattern.matches(0xe8b1_0001), "R1 is not in the list");
        assert!(!pattern.matches(0xe891_0003), "no writeback");
        assert!(!pattern.matches(0xe8a1_0003), "a store");
        let single = Pattern::parse("1110 1000 1001 nnnn llllllllllllllll", "l counts 1").unwrap();
        assert!(single.matches(0xe890_0010) && !single.matches(0xe890_0011) && !single.matches(0xe890_0000));
        assert_eq!(single.word(0x0001_0100), Some(0xe891_0100));
        assert_eq!(single.word(0x0001_0101), None);
        let relation = Pattern::parse("1011 10 1 0 11 mmm ddd", "m != d & d < 3").unwrap();
        assert_eq!(relation.bits(), 16);
        assert!(relation.matches(0b1011_1010_1101_1010), "m is 3, d is 2");
        assert!(!relation.matches(0b1011_1010_1101_0010), "m equals d");
        assert!(!relation.matches(0b1011_1010_1100_1100), "d is 4");
    }

    #[test]
    fn mistakes_are_reported() {
        assert_eq!(Pattern::parse("0101", "").unwrap_err(), PatternError::Length("0101".into(), 4));
        let strange = Pattern::parse("0?01 0000 0000 0000", "").unwrap_err();
        assert_eq!(strange, PatternError::Character("0?01 0000 0000 0000".into(), '?'));
        let pattern = Pattern::parse("nnnn nnnn nnnn nnnn", "q == 1");
        assert_eq!(pattern.unwrap_err(), PatternError::Condition("q == 1".into()));
    }
}
