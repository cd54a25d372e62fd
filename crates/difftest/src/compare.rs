//! Runs one block on both machines and says where they part.

use crate::block::{Block, FP_ON};
use crate::differences::{Differences, Rule};
use crate::exception::enter;
use crate::ins::Case;
use crate::ins::text;
use crate::layout;
use crate::oracle::{Oracle, OracleError};
use crate::state::{BANKS, Bank, FaultStatus, State, Stop, compare_states};
use crate::subject::{Run, Subject, SubjectError};
use msmemu_cpu::Model;
use msmemu_cpu::isa::{Class, Insn, Set, decode};

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
    budget: u64,
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
            budget: BUDGET,
            plain: Oracle::new(0)?,
            counted: Oracle::new(BUDGET as usize)?,
            subject: Subject::new()?,
            differences,
            ours: Vec::new(),
            theirs: Vec::new(),
        })
    }

    /// Sets the number of instructions after which a block that may loop is stopped.
    pub fn set_budget(&mut self, instructions: u64) {
        self.budget = instructions;
        self.counted.set_budget(instructions as usize);
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
        let run = self.subject.run(start, if may_loop { self.budget } else { 0 });
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
        let explained = match explanation(block, &run, start, (&end, stop), &field_names(&differences)) {
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

/// What the lines of a list of differences are about.
fn field_names(differences: &[String]) -> Vec<&str> {
    differences.iter().filter_map(|line| line.split(':').next()).collect()
}

/// The rule that could explain why the machines part.
fn explanation(
    block: &Block,
    run: &Run,
    start: &State,
    oracle: (&State, Stop),
    fields: &[&str],
) -> Option<Rule> {
    let (end, stop) = oracle;
    let blamed = block.words.get(run.retired as usize);
    let blamed = blamed.and_then(|&(set, word)| Some((set, word, decode::find(set, word)?.1)));
    let named = |prefixes: &[&str], insn: &Insn| prefixes.iter().any(|prefix| insn.name.starts_with(prefix));
    let aborted = matches!(run.stop, Stop::DataAbort { .. });
    let unaligned = |bytes: u32| run.fault_va.is_some_and(|va| va % bytes != 0);
    if stop == Stop::Hint {
        return Some(Rule::CountInLoop);
    }
    if matches!(run.stop, Stop::DataAbort { status: FaultStatus::Alignment, .. }) && unaligned(32) {
        return Some(Rule::AlignmentFault);
    }
    if !end.thumb() && end.r[15] & 2 != 0 {
        return Some(Rule::ArmTargetBitOne);
    }
    let status = |state: &State| state.banked.iter().fold(state.cpsr, |all, bank| all | bank.spsr);
    if (status(end) | status(&run.state)) & RESERVED != 0 {
        return Some(Rule::ReservedStatusBits);
    }
    if run.state.banked.iter().any(|bank| bank.spsr & 0x1f == MONITOR) || run.state.mode() == MONITOR {
        return Some(Rule::MonitorMode);
    }
    let last = block.words.last().and_then(|&(set, word)| Some((set, word, decode::find(set, word)?.1)));
    if let Some((set, word, insn)) = last {
        let to_pc = set == Set::A32 && word >> 12 & 0xf == 15 && word & 1 << 20 != 0;
        if named(&["Rfe", "LdmReturn"], insn) || to_pc && matches!(insn.class, Class::Alu | Class::AluShift) {
            return Some(Rule::StatusReturn);
        }
    }
    let msr =
        |&(set, word): &(Set, u32)| decode::find(set, word).is_some_and(|(_, insn)| named(&["Msr"], insn));
    if start.mode() == 0x10 && block.words.iter().any(msr) {
        return Some(Rule::UserEndianness);
    }
    let contains = |prefixes: &[&str]| {
        block
            .words
            .iter()
            .any(|&(set, word)| decode::find(set, word).is_some_and(|(_, insn)| named(prefixes, insn)))
    };
    if stop == Stop::Budget && contains(&["Yield", "Wfe", "Wfi", "It"]) {
        return Some(Rule::CountInLoop);
    }
    if contains(&["Strex"]) && !matches!(blamed, Some((_, _, insn)) if named(&["Strex"], insn)) {
        return Some(Rule::ExclusiveMonitor);
    }
    let converts = |&(set, word): &(Set, u32)| {
        decode::find(set, word).is_some_and(|(_, insn)| named(&["VcvtFixedTo"], insn))
    };
    if start.fpscr & ROUNDING != 0 && block.words.iter().any(converts) {
        return Some(Rule::FixedPointRounding);
    }
    let Some((set, word, insn)) = blamed else {
        // Our table leaves operands out that make an instruction UNPREDICTABLE.
        let &(_, word) = block.words.get(run.retired as usize)?;
        let odd = [16, 12, 8, 0].iter().any(|&low| matches!(word >> low & 0xf, 13 | 15));
        return (run.stop == Stop::Undefined && odd).then_some(Rule::UnpredictableOperand);
    };
    if named(&["Strex"], insn) && aborted {
        return Some(Rule::StoreExclusiveFault);
    }
    let loaded =
        |field: &&str| field.starts_with('d') || field.starts_with('r') || field.starts_with("other");
    if aborted
        && stop == run.stop
        && named(&["Ldm", "Pop", "Ldrd", "Vld", "Vpop", "Fldm"], insn)
        && fields.iter().all(loaded)
    {
        return Some(Rule::PartialLoad);
    }
    if aborted && stop == run.stop && fields.iter().all(|field| field.starts_with("memory")) {
        return Some(Rule::PartialStore);
    }
    if named(&["Swp"], insn) && aborted {
        return Some(Rule::SwapFault);
    }
    if run.stop != Stop::Undefined {
        return None;
    }
    if refused(set, word) && odd_operands(set, word, insn) {
        return Some(Rule::UnpredictableOperand);
    }
    if refused(set, word) && named(&["Vld", "Vst"], insn) && insn.encoding.field(b'd', word) >= 25 {
        return Some(Rule::VectorListTooLong);
    }
    (!refused(set, word) && [start, end].iter().any(|state| matches!(state.mode(), 0x10 | 0x1f)))
        .then_some(Rule::NoSavedStatus)
}

/// Mode bits of Monitor mode.
const MONITOR: u32 = 0x16;
/// Bits of a status register that are J or reserved.
const RESERVED: u32 = 0x01f0_0000;
/// `FPSCR.RMode`.
const ROUNDING: u32 = 3 << 22;

/// Whether the core makes a described word UNDEFINED because of its operands.
fn refused(set: Set, word: u32) -> bool {
    let lower = |word| decode::lower(Model::Krait, set, word, layout::BLOCK_VA, 0, FP_ON);
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

impl Pair {
    /// Makes a case of a run on which both machines agree: everything that its result does not depend on becomes zero.
    /// `None` when they do not agree.
    pub fn agreed_case(
        &mut self,
        block: &Block,
        start: &State,
        data: &[u8],
    ) -> Result<Option<Case>, CompareError> {
        let outcome = self.run(block, start, data)?;
        if !outcome.differences.is_empty() || outcome.explained.is_some() {
            return Ok(None);
        }
        let (mut state, mut memory) = (start.clone(), data.to_vec());
        let (mut end, stop) = outcome.oracle;
        let mut after = self.theirs.clone();
        for (clear, n) in simplifications() {
            let (mut simpler, mut wanted) = (state.clone(), end.clone());
            for state in [&mut simpler, &mut wanted] {
                clear(state, n);
            }
            simpler.settle();
            if simpler == state {
                continue;
            }
            let outcome = self.run(block, &simpler, &memory)?;
            let settled = |mut state: State| {
                state.settle();
                state
            };
            if outcome.differences.is_empty()
                && outcome.oracle.1 == stop
                && settled(outcome.oracle.0.clone()) == settled(wanted)
                && self.theirs == after
            {
                (state, end) = (simpler, outcome.oracle.0);
            }
        }
        // Large pieces first: hardly any of the memory matters.
        for piece in [memory.len(), 0x400, 0x40, 8] {
            for at in (0..memory.len()).step_by(piece) {
                let range = at..(at + piece).min(memory.len());
                if memory[range.clone()].iter().all(|byte| *byte == 0) {
                    continue;
                }
                let (mut simpler, mut wanted) = (memory.clone(), after.clone());
                for n in range {
                    if wanted[n] == memory[n] {
                        wanted[n] = 0;
                    }
                    simpler[n] = 0;
                }
                let outcome = self.run(block, &state, &simpler)?;
                if outcome.differences.is_empty()
                    && outcome.oracle == (end.clone(), stop)
                    && self.theirs == wanted
                {
                    (memory, after) = (simpler, wanted);
                }
            }
        }
        let outcome = self.run(block, &state, &memory)?;
        let clean = outcome.differences.is_empty() && outcome.explained.is_none();
        Ok(clean.then(|| self.case(&block.words, &state, &memory, false, &outcome)))
    }
}
