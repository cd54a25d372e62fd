//! capstone's word on which instructions exist and what they are called.

use crate::differences::{Against, Differences, Rule, Set};
use crate::generate::bytes;
use crate::layout::BLOCK_VA;
use capstone::arch::BuildsCapstone as _;
use capstone::arch::arm::ArchMode;
use capstone::{Capstone, CsResult};
use msmemu_cpu::isa::{self, disasm};

/// Stands for "no such instruction" in the lists.
pub const UNDEFINED: &str = "undefined";

/// Two decoders of capstone, one per instruction set state.
pub struct SecondOpinion {
    arm: Capstone,
    thumb: Capstone,
}

/// What came of asking about one word.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Same answer.
    Agreed,
    /// A disagreement that the list of deliberate differences allows; the index of its entry.
    Listed(usize),
    /// A disagreement that a rule explains.
    Explained(Rule),
    /// A disagreement: our mnemonic and capstone's.
    Disagreed(String, String),
}

/// The mnemonic of a line of assembly, without a width qualifier.
fn mnemonic(text: &str) -> &str {
    let word = text.split_whitespace().next().unwrap_or_default();
    word.strip_suffix(".w").or_else(|| word.strip_suffix(".n")).unwrap_or(word)
}

impl SecondOpinion {
    /// Opens capstone for ARMv7.
    pub fn new() -> CsResult<Self> {
        let open = |mode| Capstone::new().arm().mode(mode).build();
        Ok(SecondOpinion { arm: open(ArchMode::Arm)?, thumb: open(ArchMode::Thumb)? })
    }

    /// capstone's mnemonic, or [`UNDEFINED`].
    fn theirs(&self, set: Set, word: u32) -> String {
        let engine = if set == Set::A32 { &self.arm } else { &self.thumb };
        let code = bytes(set.into(), word);
        let Ok(decoded) = engine.disasm_count(&code, BLOCK_VA.into(), 1) else { return UNDEFINED.into() };
        match decoded.first() {
            Some(one) if one.bytes().len() == code.len() => {
                mnemonic(one.mnemonic().unwrap_or_default()).to_owned()
            }
            _ => UNDEFINED.into(),
        }
    }

    /// Our mnemonic, or [`UNDEFINED`].
    fn ours(set: Set, word: u32) -> String {
        match disasm::disassemble(set.into(), word, BLOCK_VA, 0) {
            Some(text) => mnemonic(&text).to_owned(),
            None => UNDEFINED.into(),
        }
    }

    /// Compares one word.
    pub fn ask(&self, set: Set, word: u32, differences: &Differences) -> Verdict {
        if self.ours_and_theirs(set, word).is_none() {
            return Verdict::Agreed;
        }
        // The lists hold mnemonics without condition, so a disagreement is looked up as its unconditional twin.
        let twin =
            if set == Set::A32 && word >> 28 != 15 { (word & 0x0fff_ffff) | 0xe000_0000 } else { word };
        let (ours, theirs) = match self.ours_and_theirs(set, twin) {
            Some(pair) => pair,
            None => (Self::ours(set, word), self.theirs(set, word)),
        };
        let listed = |rule: &Rule| differences.has_rule(Against::Capstone, *rule);
        if let Some(rule) = explanation(set, twin, &ours, &theirs).filter(listed) {
            return Verdict::Explained(rule);
        }
        match differences.capstone(set, word, &ours, &theirs) {
            Some(entry) => Verdict::Listed(entry),
            None => Verdict::Disagreed(ours, theirs),
        }
    }

    fn ours_and_theirs(&self, set: Set, word: u32) -> Option<(String, String)> {
        let (ours, theirs) = (Self::ours(set, word), self.theirs(set, word));
        (ours != theirs).then_some((ours, theirs))
    }
}

/// Name of the row that describes a word.
pub fn row_name(set: Set, word: u32) -> &'static str {
    isa::decode::find(set.into(), word).map_or("undescribed", |(_, insn)| insn.name)
}

/// Beginnings of mnemonics that came after ARMv7-A or belong to extensions that the cores do not have.
const LATER: &[&str] = &[
    "aes",
    "bf",
    "bxns",
    "blxns",
    "clrm",
    "crc32",
    "csdb",
    "dfb",
    "dls",
    "eret",
    "esb",
    "hlt",
    "hvc",
    "lda",
    "pac",
    "aut",
    "pssbb",
    "ssbb",
    "sb",
    "setpan",
    "sevl",
    "sg",
    "sha1",
    "sha256",
    "stl",
    "tt",
    "vcadd",
    "vcmla",
    "vcvta",
    "vcvtm",
    "vcvtn",
    "vcvtp",
    "vdot",
    "vfma.bf16",
    "vfmal",
    "vfmsl",
    "vins",
    "vjcvt",
    "vlldm",
    "vlstm",
    "vmaxnm",
    "vminnm",
    "vmmla",
    "vmovx",
    "vrint",
    "vsdot",
    "vsel",
    "vseleq",
    "vscclrm",
    "vsmmla",
    "vsudot",
    "vudot",
    "vummla",
    "vusdot",
    "vusmmla",
    "wls",
    "le",
    "trfcr",
    "tsb",
    "dgh",
    "cx",
    "csel",
    "csinc",
    "csinv",
    "csneg",
    "cset",
    "cinc",
    "cinv",
    "cneg",
    "lctp",
    "dcps",
    "vqrdmlah",
    "vqrdmlsh",
    "clrbhb",
    "bti",
];
/// Generic coprocessor transfers.
const COPROCESSOR: &[&str] = &["cdp", "ldc", "stc", "mcr", "mrc"];

/// The rule that explains why the two say different things.
fn explanation(set: Set, word: u32, ours: &str, theirs: &str) -> Option<Rule> {
    let row = isa::decode::find(set.into(), word);
    let begins = |list: &[&str]| list.iter().any(|start| theirs.starts_with(start));
    match (ours, theirs) {
        (UNDEFINED, _) if begins(COPROCESSOR) => Some(Rule::AbsentCoprocessor),
        (UNDEFINED, _) if begins(LATER) || theirs.contains("f16") || theirs.contains("bf16") => {
            Some(Rule::LaterArchitecture)
        }
        (UNDEFINED, _) if row.is_some() => Some(Rule::UnpredictableOperand),
        (UNDEFINED, _) if known(set, theirs) => Some(Rule::UnpredictableEncoding),
        (_, UNDEFINED) => Some(Rule::IgnoredBits),
        _ => None,
    }
}

/// Whether our table has an instruction of this name, whatever its suffixes.
fn known(set: Set, mnemonic: &str) -> bool {
    let stem = mnemonic.split('.').next().unwrap_or_default();
    isa::rows(set.into()).any(|row| {
        let name = row.template.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        !name.is_empty() && stem.starts_with(name)
    })
}
