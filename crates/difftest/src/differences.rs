//! The committed list of deliberate differences: `differences.toml` beside the manifest of this crate.

use crate::pattern::{Pattern, PatternError};
use msmemu_cpu::isa;
use serde::Deserialize;

/// The committed list.
const COMMITTED: &str = include_str!("../differences.toml");

/// Instruction sets, named as in the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[allow(missing_docs)]
pub enum Set {
    A32,
    T16,
    T32,
}

impl From<Set> for isa::Set {
    fn from(set: Set) -> Self {
        match set {
            Set::A32 => isa::Set::A32,
            Set::T16 => isa::Set::T16,
            Set::T32 => isa::Set::T32,
        }
    }
}

impl From<isa::Set> for Set {
    fn from(set: isa::Set) -> Self {
        match set {
            isa::Set::A32 => Set::A32,
            isa::Set::T16 => Set::T16,
            isa::Set::T32 => Set::T32,
        }
    }
}

/// Which comparison a difference belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// Results of execution, against Unicorn.
    Unicorn,
    /// Defined or undefined, and the mnemonic, against capstone.
    Capstone,
}

/// Differences that a pattern of the word cannot tell, because they depend on the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A store-exclusive without the monitor faults here on an address that a plain store would fault on.
    StoreExclusiveFault,
    /// A branch to ARM state has bit 1 of its target set.
    ArmTargetBitOne,
    /// J or a reserved bit of a status register is set.
    ReservedStatusBits,
    /// Monitor mode was entered by a status write.
    MonitorMode,
    /// A return from an exception to an illegal status, or by an instruction that Unicorn does not take for one.
    StatusReturn,
    /// `MSR CPSR_x` in User mode.
    UserEndianness,
    /// Bytes that a store had written when it aborted.
    PartialStore,
    /// capstone decodes a transfer with a coprocessor that the cores do not have.
    AbsentCoprocessor,
    /// capstone decodes an instruction of a later architecture or an absent extension.
    LaterArchitecture,
    /// capstone decodes an UNPREDICTABLE encoding of an instruction whose defined encodings we have.
    UnpredictableEncoding,
    /// We decode what capstone does not: bits that the row ignores, or an encoding of our list of choices.
    IgnoredBits,
    /// Which store-exclusives find the monitor set.
    ExclusiveMonitor,
    /// A VFP conversion from fixed point under a rounding mode other than to nearest.
    FixedPointRounding,
    /// Registers that a load of several had written when it aborted.
    PartialLoad,
    /// A list of vector registers goes on past D31.
    VectorListTooLong,
    /// An instruction that needs an SPSR or another User bank, in User or System mode.
    NoSavedStatus,
    /// We make an instruction UNDEFINED that has R15 (in Thumb also R13) as an operand that excludes it, or the same
    /// register in two places that have to differ.
    UnpredictableOperand,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    rule: Rule,
    against: Against,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<RuleEntry>,
    difference: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    against: Against,
    set: Set,
    pattern: String,
    #[serde(default)]
    r#where: String,
    #[serde(default)]
    capstone: Option<String>,
    #[serde(default)]
    ours: Option<String>,
    #[serde(default)]
    unproven: Option<String>,
    reason: String,
}

/// A set of words about which the core and the other implementation disagree, and why that is right.
#[derive(Debug)]
pub struct Difference {
    /// Other side.
    pub against: Against,
    /// Instruction set.
    pub set: Set,
    /// The words.
    pub pattern: Pattern,
    /// Only where capstone says this mnemonic (without condition); `undefined` for words it does not decode.
    pub capstone: Option<String>,
    /// Only where we say this mnemonic (without condition); `undefined` for words that we do not decode.
    pub ours: Option<String>,
    /// Why it is not shown by running words of the set that the two differ; without this it is.
    pub unproven: Option<String>,
    /// Why, with the place in the manual.
    pub reason: String,
}

/// Why the list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DifferencesError {
    /// Not the TOML that is expected.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A pattern is wrong.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A Thumb-16 pattern has 16 bits, any other 32.
    #[error("pattern `{0}` has the wrong length for its instruction set")]
    Length(String),
    /// Every difference needs its reason.
    #[error("the difference `{0}` gives no reason")]
    NoReason(String),
}

/// Every deliberate difference.
#[derive(Debug)]
pub struct Differences {
    entries: Vec<Difference>,
    rules: Vec<(Against, Rule)>,
}

impl Differences {
    /// The committed list.
    pub fn committed() -> Result<Self, DifferencesError> {
        Self::parse(COMMITTED)
    }

    /// Reads a list.
    pub fn parse(text: &str) -> Result<Self, DifferencesError> {
        let file: File = toml::from_str(text)?;
        let entries = file.difference.into_iter().map(|entry| {
            let pattern = Pattern::parse(&entry.pattern, &entry.r#where)?;
            if pattern.bits() != if entry.set == Set::T16 { 16 } else { 32 } {
                return Err(DifferencesError::Length(entry.pattern));
            }
            if entry.reason.trim().is_empty() {
                return Err(DifferencesError::NoReason(entry.pattern));
            }
            Ok(Difference {
                against: entry.against,
                set: entry.set,
                pattern,
                capstone: entry.capstone,
                ours: entry.ours,
                unproven: entry.unproven,
                reason: entry.reason,
            })
        });
        let entries = entries.collect::<Result<_, _>>()?;
        if let Some(bare) = file.rule.iter().find(|entry| entry.reason.trim().is_empty()) {
            return Err(DifferencesError::NoReason(format!("{:?}", bare.rule)));
        }
        Ok(Differences {
            entries,
            rules: file.rule.iter().map(|entry| (entry.against, entry.rule)).collect(),
        })
    }

    /// The entries, in file order.
    pub fn entries(&self) -> &[Difference] {
        &self.entries
    }

    /// Whether the list has a rule.
    pub fn has_rule(&self, against: Against, rule: Rule) -> bool {
        self.rules.contains(&(against, rule))
    }

    /// The rules against one side, in file order.
    pub fn rules(&self, against: Against) -> impl Iterator<Item = Rule> {
        self.rules.iter().filter(move |(other, _)| *other == against).map(|(_, rule)| *rule)
    }

    /// Index of the first entry that says results of `word` are not to be compared with Unicorn's.
    pub fn unicorn(&self, set: Set, word: u32) -> Option<usize> {
        self.entries
            .iter()
            .position(|d| d.against == Against::Unicorn && d.set == set && d.pattern.matches(word))
    }

    /// Index of the first entry that allows this disagreement with capstone.
    pub fn capstone(&self, set: Set, word: u32, ours: &str, capstone: &str) -> Option<usize> {
        let allows =
            |wanted: &Option<String>, said: &str| wanted.as_deref().is_none_or(|wanted| wanted == said);
        self.entries.iter().position(|d| {
            d.against == Against::Capstone
                && d.set == set
                && allows(&d.ours, ours)
                && allows(&d.capstone, capstone)
                && d.pattern.matches(word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_reads() {
        Differences::committed().unwrap();
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let text = "rule = []\n[[difference]]\nagainst = 'unicorn'\nset = 'T16'\npattern = '0000 0000 0000 0000'\nreason = ' '";
        assert!(matches!(Differences::parse(text), Err(DifferencesError::NoReason(_))));
    }

    #[test]
    fn an_entry_selects_by_set_words_and_both_mnemonics() {
        let text = "rule = []\n[[difference]]\nagainst = 'capstone'\nset = 'T16'\npattern = '0000 0000 0000 0ddd'\n\
            where = 'd == 3'\ncapstone = 'movs'\nours = 'lsls'\nreason = 'a test'";
        let list = Differences::parse(text).unwrap();
        assert_eq!(list.capstone(Set::T16, 3, "lsls", "movs"), Some(0));
        assert_eq!(list.capstone(Set::T16, 2, "lsls", "movs"), None);
        assert_eq!(list.capstone(Set::A32, 3, "lsls", "movs"), None);
        assert_eq!(list.capstone(Set::T16, 3, "lsls", "mov"), None);
        assert_eq!(list.unicorn(Set::T16, 3), None);
    }
}
