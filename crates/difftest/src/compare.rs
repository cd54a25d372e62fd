//! Runs one block on both machines and says where they part.

use crate::alignment;
use crate::block::Block;
use crate::differences::{Against, Differences, Rule};
use crate::exception::enter;
use crate::explain;
use crate::ins::Case;
use crate::ins::text;
use crate::layout;
use crate::oracle::{Oracle, OracleError};
use crate::state::{BANKS, Bank, FaultStatus, State, Stop, compare_states};
use crate::subject::{Run, Subject, SubjectError};
use msmemu_cpu::isa::Set;

/// Instructions that a block which may loop is given.
pub const BUDGET: u64 = 64;

/// Most instructions of a run that IT blocks may skip.
const MOST_SKIPPED: u64 = 24;

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
    alignment_check: bool,
    watched: bool,
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

/// The first instruction of a block at which the machines part.
pub struct Parting {
    /// Its number in the block.
    pub index: usize,
    /// The instruction.
    pub word: (Set, u32),
    /// The state that it found, with `R15` at it.
    pub before: State,
    /// The data window that it found.
    pub memory: Vec<u8>,
    /// What each machine made of it.
    pub outcome: Outcome,
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
            counted: Oracle::new(BUDGET)?,
            subject: Subject::new()?,
            differences,
            alignment_check: false,
            watched: false,
            ours: Vec::new(),
            theirs: Vec::new(),
        })
    }

    /// Sets the number of instructions after which a block that may loop is stopped.
    pub fn set_budget(&mut self, instructions: u64) {
        self.budget = instructions;
        self.counted.set_budget(instructions);
    }

    /// Sets `SCTLR.A` of the core. The oracle checks no alignment; [`alignment`] does it in its stead.
    pub fn set_alignment_check(&mut self, on: bool) -> Result<(), CompareError> {
        self.alignment_check = on;
        Ok(self.subject.set_alignment_check(on)?)
    }

    /// Whether the core's data accesses are observed and each is held against the alignment that its instruction
    /// demands. With the alignment check on, the observed run is made beside the ordinary one, and both must agree.
    pub fn set_watched(&mut self, on: bool) {
        self.watched = on;
    }

    /// Places code in both.
    pub fn load_code(&mut self, code: &[u8], thumb: bool, may_loop: bool) -> Result<(), CompareError> {
        self.load_oracle(code, thumb, may_loop)?;
        Ok(self.subject.load_code(code, thumb)?)
    }

    fn load_oracle(&mut self, code: &[u8], thumb: bool, may_loop: bool) -> Result<(), CompareError> {
        if may_loop {
            self.counted.load_code(code, thumb)?;
            self.counted.forget_code()?;
        } else {
            self.plain.load_code(code, thumb)?;
        }
        Ok(())
    }

    /// Runs the loaded block on both from one state and one memory image; what is different is explained, if a rule of
    /// the list explains it.
    pub fn run(&mut self, block: &Block, start: &State, data: &[u8]) -> Result<Outcome, CompareError> {
        let mut outcome = self.both(block, start, data)?;
        if outcome.differences.is_empty() {
            return Ok(outcome);
        }
        // `theirs` is that of the whole block's run.
        let theirs = self.theirs.clone();
        if let Some(parting) = self.part(block, start, data)? {
            let rule = explain::rule(block, &parting)
                .filter(|rule| self.differences.has_rule(Against::Unicorn, *rule));
            if rule.is_some() {
                outcome.differences.clear();
                outcome.explained = rule;
            }
            self.load_code(&block.code(), block.thumb, block.may_loop)?;
        }
        self.theirs = theirs;
        Ok(outcome)
    }

    /// As [`Self::run`], without looking for an explanation.
    pub fn both(&mut self, block: &Block, start: &State, data: &[u8]) -> Result<Outcome, CompareError> {
        let budget = if block.may_loop { self.budget } else { 0 };
        self.subject.load_data(data)?;
        let mut differences = Vec::new();
        let run = if self.watched {
            let watched = self.subject.run_watched(start, budget);
            if self.alignment_check {
                self.subject.load_data(data)?;
                let plain = self.subject.run(start, budget);
                if plain != (Run { accesses: Vec::new(), ..watched.clone() }) {
                    differences.push(
                        "observed: the core gives another result when its accesses are observed".into(),
                    );
                }
            }
            watched
        } else {
            self.subject.run(start, budget)
        };
        self.subject.read_data(&mut self.ours)?;
        for &(pc, va) in &run.accesses {
            let strict = self.alignment_check || layout::is_device(va);
            let demand = block.at(pc).map_or(1, |(word, insn)| alignment::demand(insn, word, strict));
            if va % demand != 0 {
                differences.push(format!(
                    "alignment: no fault at {va:#x}, which is to be aligned to {demand} bytes"
                ));
            }
        }
        let (end, stop) = match run.stop {
            Stop::DataAbort { status: FaultStatus::Alignment, .. } => {
                self.before_fault(block, start, data, &run, &mut differences)?
            }
            _ => {
                let oracle = if block.may_loop { &mut self.counted } else { &mut self.plain };
                oracle.load_data(data)?;
                // Where the budget is the length of the block, its end counts: Unicorn does not count what IT skips.
                let until = (block.may_loop && self.budget == block.words.len() as u64)
                    .then(|| block.address(block.words.len()));
                let (end, stop) = oracle.run(start, block.stores_exclusive(), until)?;
                oracle.read_data(&mut self.theirs)?;
                (end, with_status(stop, &run))
            }
        };
        let mut oracle = (end, stop);
        self.compare(&run, &oracle, &mut differences);
        // Unicorn does not count instructions that IT skips, so it is ahead of the core where the budget ends a loop.
        let loops = block.may_loop && run.stop == Stop::Budget && oracle.1 == Stop::Budget;
        for less in 1..=MOST_SKIPPED.min(self.budget.saturating_sub(1)) {
            if !loops || differences.is_empty() || self.budget < BUDGET {
                break;
            }
            self.counted.set_budget(self.budget - less);
            self.counted.load_data(data)?;
            let earlier = self.counted.run(start, block.stores_exclusive(), None)?;
            self.counted.read_data(&mut self.theirs)?;
            let mut left = Vec::new();
            self.compare(&run, &earlier, &mut left);
            if left.is_empty() {
                (oracle, differences) = (earlier, left);
            }
        }
        self.counted.set_budget(self.budget);
        Ok(Outcome { run, oracle, differences, explained: None })
    }

    /// What is different between the core's run, the oracle's, and what both left in the data window.
    fn compare(&self, run: &Run, (end, stop): &(State, Stop), differences: &mut Vec<String>) {
        if *stop != run.stop {
            differences.push(format!("ended by: ours {:?}, theirs {stop:?}", run.stop));
        } else {
            compare_states(&run.state, &enter(end, *stop), differences);
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
    }

    /// The oracle's side of a run that ended in an alignment fault: its state before the instruction, from which the
    /// fault is taken if [`alignment`] agrees that there is one.
    fn before_fault(
        &mut self,
        block: &Block,
        start: &State,
        data: &[u8],
        run: &Run,
        differences: &mut Vec<String>,
    ) -> Result<(State, Stop), CompareError> {
        let pc = run.fault_pc.unwrap_or_default();
        let straight = block.position(pc).is_some_and(|index| !block.may_loop || run.retired == index as u64);
        let oracle = if straight { &mut self.plain } else { &mut self.counted };
        // Translated code does not know where to stop: it is translated anew, before and after.
        let code = block.code();
        oracle.load_code(&code, block.thumb)?;
        oracle.load_data(data)?;
        oracle.set_budget(if straight { 0 } else { run.retired.max(1) });
        let (mut end, stop) = oracle.run(start, block.stores_exclusive(), straight.then_some(pc))?;
        oracle.read_data(&mut self.theirs)?;
        oracle.load_code(&code, block.thumb)?;
        self.counted.set_budget(self.budget);
        let there = end.r[15] == pc && stop == Stop::Budget;
        let demanded = block.at(pc).filter(|&(word, insn)| {
            run.fault_va.is_some_and(|va| {
                let strict = self.alignment_check || layout::is_device(va);
                va % alignment::demand(insn, word, strict) != 0
            })
        });
        let Some((_, insn)) = demanded.filter(|_| there) else {
            let va = run.fault_va.unwrap_or_default();
            differences.push(format!("alignment: a fault at {va:#x}, where none is demanded"));
            return Ok((end, stop));
        };
        end.r[15] = pc;
        Ok((end, Stop::DataAbort { status: FaultStatus::Alignment, write: alignment::writes(insn) }))
    }

    /// Finds an instruction at which the machines part; `None` when no part of the block shows the difference.
    pub fn part(
        &mut self,
        block: &Block,
        start: &State,
        data: &[u8],
    ) -> Result<Option<Parting>, CompareError> {
        let (mut same, mut different) = (0, block.words.len());
        let mut before = (start.clone(), data.to_vec());
        let mut outcome = None;
        while same < different {
            // The whole block comes last: that it differs is known.
            let length = if outcome.is_none() { different } else { (same + different) / 2 };
            if length == same {
                break;
            }
            let prefix = Block {
                words: block.words[..length].to_vec(),
                may_loop: block.may_loop && length == block.words.len(),
                ..block.clone()
            };
            self.load_code(&prefix.code(), block.thumb, prefix.may_loop)?;
            let found = self.both(&prefix, start, data)?;
            if !found.differences.is_empty() {
                different = length;
                outcome = Some(found);
            } else if outcome.is_none() {
                return Ok(None);
            } else {
                same = length;
                before = (found.oracle.0, self.theirs.clone());
            }
        }
        let Some(outcome) = outcome.filter(|_| different > 0) else { return Ok(None) };
        let index = different - 1;
        let (mut before, memory) = before;
        before.r[15] = block.address(index);
        Ok(Some(Parting { index, word: block.words[index], before, memory, outcome }))
    }

    /// Narrows a disagreement down: the instruction of the block at which the machines part, run alone from the state
    /// and memory that it found, with everything zero that can be zero.
    pub fn narrow(&mut self, block: &Block, start: &State, data: &[u8]) -> Result<Culprit, CompareError> {
        let parting = self.part(block, start, data)?;
        let (word, mut state, mut memory) = match &parting {
            Some(parting) => (parting.word, parting.before.clone(), parting.memory.clone()),
            None => (block.words[block.words.len() - 1], start.clone(), data.to_vec()),
        };
        state.r[15] = layout::BLOCK_VA;
        let alone = Block { words: vec![word], may_loop: true, ..block.clone() };
        self.load_code(&alone.code(), block.thumb, true)?;
        let reference = self.both(&alone, &state, &memory)?;
        if reference.differences.is_empty() {
            // It takes the instructions before it (or their decoding) to show: report the block's start unshrunk.
            self.load_code(&block.code(), block.thumb, block.may_loop)?;
            let outcome = self.both(block, start, data)?;
            let case = self.case(&block.words, start, data, &outcome);
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
            if candidate != state && kind(&self.both(&alone, &candidate, &memory)?.differences) == wanted {
                state = candidate;
            }
        }
        let zero = vec![0; memory.len()];
        if kind(&self.both(&alone, &state, &zero)?.differences) == wanted {
            memory = zero;
        }
        let outcome = self.both(&alone, &state, &memory)?;
        let case = self.case(&[word], &state, &memory, &outcome);
        Ok(Culprit { case, differences: outcome.differences })
    }

    /// The case that the last run makes, with the oracle's results as the expected ones.
    fn case(&self, words: &[(Set, u32)], start: &State, data: &[u8], outcome: &Outcome) -> Case {
        Case {
            thumb: start.thumb(),
            words: words.iter().map(|&(set, word)| (set.into(), word)).collect(),
            text: text(words),
            start: start.clone(),
            alignment_check: self.alignment_check,
            memory: data.to_vec(),
            end: outcome.oracle.0.clone(),
            memory_after: self.theirs.clone(),
            stop: outcome.oracle.1,
        }
    }
}

/// Completes the oracle's stop with the fault status that the address space prescribes for the address that the core
/// blames.
fn with_status(stop: Stop, run: &Run) -> Stop {
    let status = run.fault_va.map_or(FaultStatus::Unreported, layout::fault_at);
    match (stop, run.stop) {
        (Stop::DataAbort { write, .. }, Stop::DataAbort { .. }) => Stop::DataAbort { status, write },
        (Stop::PrefetchAbort(_), Stop::PrefetchAbort(_)) => Stop::PrefetchAbort(status),
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
        Ok(clean.then(|| self.case(&block.words, &state, &memory, &outcome)))
    }
}
