//! Runs one block on both machines and says where they part.

use crate::block::Block;
use crate::differences::{Differences, Rule};
use crate::exception::enter;
use crate::ins::Case;
use crate::layout;
use crate::oracle::{Oracle, OracleError};
use crate::state::{BANKS, Bank, FaultStatus, State, Stop};
use crate::subject::{Run, Subject, SubjectError};
use msmemu_cpu::Model;
use msmemu_cpu::isa::{Insn, Set, decode, disasm};

/// Instructions that a block which may loop is given.
pub const BUDGET: u64 = 64;

/// One of the two machines could not be driven.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Unicorn.
    #[error(transparent)]
    Oracle(#[from] OracleError),
    /// The core.
    #[error(transparent)]
    Subject(#[from] SubjectError),
}

/// Both machines, side by side.
pub struct Pair {
    /// For straight-line blocks.
    plain: Oracle,
    /// For blocks that may loop; counting costs translation time.
    counted: Oracle,
    subject: Subject,
    differences: Differences,
    ours: Vec<u8>,
    theirs: Vec<u8>,
}

/// What a run of both machines gave.
pub struct Outcome {
    /// The core's side.
    pub run: Run,
    /// The oracle's state before exception entry, and its reason to stop.
    pub oracle: (State, Stop),
    /// Differences, one line each; empty when both agree, or when a rule explains why not.
    pub differences: Vec<String>,
    /// The rule that explains the differences.
    pub explained: Option<Rule>,
}

/// A disagreement, narrowed down to one instruction.
pub struct Culprit {
    /// The instruction with the smallest state found that still shows it, as the oracle has it.
    pub case: Case,
    /// The differences.
    pub differences: Vec<String>,
}

impl Pair {
    /// Both machines with the same address space.
    pub fn new(differences: Differences) -> Result<Self, CompareError> {
        Ok(Pair {
            plain: Oracle::new(0)?,
            counted: Oracle::new(BUDGET as usize)?,
            subject: Subject::new()?,
            differences,
            ours: Vec::new(),
            theirs: Vec::new(),
        })
    }

    /// Sets `SCTLR.A` on both.
    pub fn set_alignment_check(&mut self, on: bool) -> Result<(), CompareError> {
        self.plain.set_alignment_check(on)?;
        self.counted.set_alignment_check(on)?;
        Ok(self.subject.set_alignment_check(on)?)
    }

    /// Places code in both.
    pub fn load_code(&mut self, code: &[u8], thumb: bool, may_loop: bool) -> Result<(), CompareError> {
        if may_loop {
            self.counted.load_code(code, thumb)?;
            self.counted.forget_code()?;
        } else {
            self.plain.load_code(code, thumb)?;
        }
        Ok(self.subject.load_code(code, thumb)?)
    }

    /// Runs the loaded block on both from one state and one memory image.
    pub fn run(&mut self, block: &Block, start: &State, data: &[u8]) -> Result<Outcome, CompareError> {
        let may_loop = block.may_loop;
        let oracle = if may_loop { &mut self.counted } else { &mut self.plain };
        oracle.load_data(data)?;
        self.subject.load_data(data)?;
        let (end, stop) = oracle.run(start)?;
        let run = self.subject.run(start, if may_loop { BUDGET } else { 0 });
        oracle.read_data(&mut self.theirs)?;
        self.subject.read_data(&mut self.ours)?;
        let mut differences = Vec::new();
        let stop = with_status(stop, &run);
        if stop != run.stop {
            differences.push(format!("ended by: ours {:?}, theirs {stop:?}", run.stop));
        } else {
            compare_states(&run.state, &enter(&end, stop), &mut differences);
        }
        if self.ours != self.theirs {
            let at = self.ours.iter().zip(&self.theirs).position(|(a, b)| a != b).unwrap_or_default();
            let word = |bytes: &[u8]| {
                bytes[at..].iter().take(4).map(|byte| format!("{byte:02x}")).collect::<String>()
            };
            differences.push(format!(
                "memory at data window + {at:#x}: ours {}, theirs {}",
                word(&self.ours),
                word(&self.theirs)
            ));
        }
        let explained = match explanation(block, &run, (&end, stop)) {
            Some(rule) if !differences.is_empty() && self.differences.has_rule(rule) => {
                differences.clear();
                Some(rule)
            }
            _ => None,
        };
        Ok(Outcome { run, oracle: (end, stop), differences, explained })
    }

    /// Narrows a disagreement down: the first instruction of the block at which the machines part, run alone from the
    /// state and memory that it found, with everything zero that can be zero.
    pub fn narrow(
        &mut self,
        block: &Block,
        start: &State,
        data: &[u8],
        align: bool,
    ) -> Result<Culprit, CompareError> {
        let mut before = (start.clone(), data.to_vec());
        let mut last = block.words.len();
        for length in 1..=block.words.len() {
            let prefix = Block { words: block.words[..length].to_vec(), ..block.clone() };
            self.load_code(&prefix.code(), block.thumb, prefix.may_loop)?;
            let outcome = self.run(&prefix, start, data)?;
            if !outcome.differences.is_empty() {
                last = length;
                break;
            }
            before = (outcome.oracle.0, self.theirs.clone());
        }
        let word = block.words[last - 1];
        let mut state = before.0;
        state.r[15] = layout::BLOCK_VA;
        let mut memory = before.1;
        let alone = Block { words: vec![word], may_loop: true, ..block.clone() };
        self.load_code(&alone.code(), block.thumb, true)?;
        let reference = self.run(&alone, &state, &memory)?;
        if reference.differences.is_empty() {
            // It takes the instructions before it (or their decoding) to show: report the block's start unshrunk.
            self.load_code(&block.code(), block.thumb, block.may_loop)?;
            let outcome = self.run(block, start, data)?;
            let case = self.case(&block.words, start, data, align, &outcome);
            return Ok(Culprit { case, differences: outcome.differences });
        }
        let kind = |differences: &[String]| -> Vec<String> {
            differences.iter().map(|d| d.split(':').next().unwrap_or_default().to_owned()).collect()
        };
        let wanted = kind(&reference.differences);
        for (clear, n) in simplifications() {
            let mut candidate = state.clone();
            clear(&mut candidate, n);
            candidate.settle();
            if candidate != state && kind(&self.run(&alone, &candidate, &memory)?.differences) == wanted {
                state = candidate;
            }
        }
        let zero = vec![0; memory.len()];
        if kind(&self.run(&alone, &state, &zero)?.differences) == wanted {
            memory = zero;
        }
        let outcome = self.run(&alone, &state, &memory)?;
        let case = self.case(&[word], &state, &memory, align, &outcome);
        Ok(Culprit { case, differences: outcome.differences })
    }

    /// The case that the last run makes, with the oracle's results as the expected ones.
    fn case(
        &self,
        words: &[(Set, u32)],
        start: &State,
        data: &[u8],
        alignment_check: bool,
        outcome: &Outcome,
    ) -> Case {
        Case {
            thumb: start.thumb(),
            words: words.iter().map(|&(set, word)| (set.into(), word)).collect(),
            text: text(words),
            start: start.clone(),
            alignment_check,
            memory: data.to_vec(),
            end: outcome.oracle.0.clone(),
            memory_after: self.theirs.clone(),
            stop: outcome.oracle.1,
        }
    }
}

/// The rule that could explain why the machines part.
fn explanation(block: &Block, run: &Run, (end, stop): (&State, Stop)) -> Option<Rule> {
    let blamed = block.words.get(run.retired as usize);
    let blamed = blamed.and_then(|&(set, word)| Some((set, word, decode::find(set, word)?.1)));
    let aborted =
        |status: FaultStatus| matches!(run.stop, Stop::DataAbort { status: ours, .. } if ours == status);
    match blamed {
        _ if stop == Stop::Hint => Some(Rule::HintInLoop),
        _ if aborted(FaultStatus::Alignment) && run.fault_va.is_some_and(|va| va % 32 != 0) => {
            Some(Rule::AlignmentFault)
        }
        Some((_, _, insn))
            if insn.name.starts_with("Strex") && matches!(run.stop, Stop::DataAbort { .. }) =>
        {
            Some(Rule::StoreExclusiveFault)
        }
        Some((set, word, insn))
            if run.stop == Stop::Undefined && refused(set, word) && odd_operands(set, word, insn) =>
        {
            Some(Rule::UnpredictableOperand)
        }
        _ if !end.thumb() && end.r[15] & 2 != 0 && matches!(stop, Stop::PrefetchAbort(_)) => {
            Some(Rule::ArmTargetBitOne)
        }
        _ => None,
    }
}

/// Whether the core makes a described word UNDEFINED because of its operands.
fn refused(set: Set, word: u32) -> bool {
    let lower = |word| decode::lower(Model::Krait, set, word, layout::BLOCK_VA, 0, 0);
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
    operands.iter().any(odd) || operands.iter().enumerate().any(twice)
}

/// Completes the oracle's stop with the fault status that the address space prescribes for the address that the core
/// blames; an alignment fault needs an unaligned address.
fn with_status(stop: Stop, run: &Run) -> Stop {
    let status = |ours: FaultStatus| match run.fault_va {
        Some(va) if ours == FaultStatus::Alignment && va % 8 != 0 => FaultStatus::Alignment,
        Some(va) => layout::fault_at(va),
        None => FaultStatus::Unreported,
    };
    match (stop, run.stop) {
        (Stop::DataAbort { write, .. }, Stop::DataAbort { status: ours, .. }) => {
            Stop::DataAbort { status: status(ours), write }
        }
        (Stop::PrefetchAbort(_), Stop::PrefetchAbort(ours)) => Stop::PrefetchAbort(status(ours)),
        _ => stop,
    }
}

/// Disassembly of instructions at the start of a block, joined by `; `.
pub fn text(words: &[(Set, u32)]) -> String {
    let (mut pc, mut it) = (layout::BLOCK_VA, 0);
    let mut out = Vec::new();
    for &(set, word) in words {
        out.push(disasm::disassemble(set, word, pc, it).unwrap_or_else(|| "undefined".into()));
        it = if set == Set::T16 && word & 0xff00 == 0xbf00 && word & 0xf != 0 {
            word as u8
        } else {
            msmemu_cpu::psr::it_advance(it)
        };
        pc += if set == Set::T16 { 2 } else { 4 };
    }
    out.join("; ")
}

/// One step towards a simpler state: what it clears, and which one of those.
type Simplification = (fn(&mut State, usize), usize);

/// The steps, in the order in which they are tried.
fn simplifications() -> impl Iterator<Item = Simplification> {
    fn all(
        f: fn(&mut State, usize),
        of: impl Iterator<Item = usize>,
    ) -> impl Iterator<Item = Simplification> {
        of.map(move |n| (f, n))
    }
    all(|state, n| state.d[n] = 0, 0..32)
        .chain(all(|state, n| state.r[n] = 0, 0..15))
        .chain(all(|state, n| state.banked[n] = Bank::default(), 0..BANKS.len()))
        .chain(all(|state, n| state.r8_r12_other[n] = 0, 0..5))
        .chain(all(|state, bit| state.fpscr &= !(1 << bit), 0..32))
        .chain(all(
            |state, bit| state.cpsr &= !(1 << bit),
            [31, 30, 29, 28, 27, 19, 18, 17, 16, 9].into_iter(),
        ))
}

/// Lists what is different between the core's state and the expected one.
pub fn compare_states(ours: &State, theirs: &State, out: &mut Vec<String>) {
    let mut field = |name: String, ours: u64, theirs: u64| {
        if ours != theirs {
            out.push(format!("{name}: ours {ours:x}, theirs {theirs:x}"));
        }
    };
    for n in 0..16 {
        field(format!("r{n}"), ours.r[n].into(), theirs.r[n].into());
    }
    field("cpsr".into(), ours.cpsr.into(), theirs.cpsr.into());
    for n in 0..5 {
        field(format!("other r{}", n + 8), ours.r8_r12_other[n].into(), theirs.r8_r12_other[n].into());
    }
    for (n, (a, b)) in ours.banked.iter().zip(&theirs.banked).enumerate() {
        field(format!("r13 of mode {:x}", BANKS[n]), a.r13.into(), b.r13.into());
        field(format!("r14 of mode {:x}", BANKS[n]), a.r14.into(), b.r14.into());
        field(format!("spsr of mode {:x}", BANKS[n]), a.spsr.into(), b.spsr.into());
    }
    for n in 0..32 {
        field(format!("d{n}"), ours.d[n], theirs.d[n]);
    }
    field("fpscr".into(), ours.fpscr.into(), theirs.fpscr.into());
}
