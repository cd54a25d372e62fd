//! The timed driver: the same steps as the functional one, taken one by one in virtual time.
//!
//! Transactions come in, descriptor accesses go out and come back, answers go out: all are messages. Time
//! is the caller's count of SMMU cycles. What a transaction finds is decided at the moment its lookup or
//! its walk ends, so an answer is never older than the message that carries it.

mod job;
mod saved;
#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::config::{Config, ConfigError};
use crate::device::Smmu;
use crate::fault::HeldState;
use crate::observe::{Invalidation, Observer};
use crate::ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, LINE_WORDS, Ports};
use crate::request::{Answer, Request};
use crate::tap::Taps;
use crate::tlb::TlbEntry;

use job::{Job, Phase};
pub use saved::SavedTimed;

/// The walk that a descriptor access belongs to; a walk has one access under way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WalkId(u16);

/// What the model tells its surroundings to do. Each has the cycle it happens at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Read a descriptor, or its line, and answer with [`Timed::descriptor_done`].
    Read {
        /// Cycle.
        at: u64,
        /// To answer to.
        walk: WalkId,
        /// What to read.
        read: DescriptorRead,
        /// All eight words of [`DescriptorRead::line`], not the one word.
        line: bool,
    },
    /// Write a descriptor, and answer with [`Timed::descriptor_done`].
    Write {
        /// Cycle.
        at: u64,
        /// To answer to.
        walk: WalkId,
        /// What to write.
        write: DescriptorWrite,
    },
    /// A transaction has its answer: use it now, before anything else happens.
    Completed {
        /// Cycle.
        at: u64,
        /// The transaction.
        request: Request,
        /// Never [`Answer::Held`].
        answer: Answer,
        /// Cycle of its submission.
        submitted: u64,
    },
    /// An invalidation command is complete. It acted when it was written.
    InvalidationDone {
        /// Cycle.
        at: u64,
        /// The command.
        command: Invalidation,
    },
}

/// The answer to a descriptor access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DescriptorData {
    /// To a read of a word.
    Word(Result<u32, BusError>),
    /// To a read of a line.
    Line(Result<[u32; LINE_WORDS], BusError>),
    /// To a write.
    Written(Result<(), BusError>),
}

/// An answer to an access that is not under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnexpectedResponse(pub WalkId);

impl fmt::Display for UnexpectedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "walk {} has no such descriptor access under way", self.0.0)
    }
}

impl core::error::Error for UnexpectedResponse {}

/// A transaction that waits for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Waiting {
    request: Request,
    submitted: u64,
    /// The bank that held it before, if it goes on.
    released: Option<u8>,
}

/// One System MMU with the timed driver.
///
/// Calls take the current cycle, which never goes back and stays below 2^62. A call first does what was due
/// before. After a call, [`next_event`](Self::next_event) says when the next one must come at the latest.
/// Messages are appended to the vector passed in.
///
/// The memory in [`Ports`] is used by V2P operations only: these finish inside the register write, at the
/// price of [`Timing::v2p_read`](crate::Timing::v2p_read) for each access.
#[derive(Clone, Debug)]
pub struct Timed {
    smmu: Smmu,
    now: u64,
    /// Transactions in work, by slot.
    jobs: Vec<Option<Job>>,
    /// Slots in use.
    used: usize,
    /// Steps due: cycle and slot, in their order.
    due: VecDeque<(u64, u16)>,
    /// Transactions that wait for a slot.
    waiting: VecDeque<Waiting>,
    /// Slots that wait for a walker, and since when.
    walker_queue: VecDeque<(u16, u64)>,
    /// Walkers in use.
    walkers_used: u8,
    /// Misses outstanding in banks without hit-under-miss: no lookup ends until they are gone.
    blocking: u32,
    /// Slots whose lookup waits for that.
    blocked: VecDeque<u16>,
    /// When the main TLB can take the next lookup.
    main_free: u64,
    /// When the register window can take the next access.
    window_free: u64,
    /// Invalidations that act already but are not complete.
    invalidations: VecDeque<(u64, Invalidation)>,
}

impl Timed {
    /// A System MMU after power-on, at cycle 0.
    ///
    /// # Errors
    /// When the configuration is refused.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let smmu = Smmu::new(config)?;
        Ok(Self {
            smmu,
            now: 0,
            jobs: vec![None; usize::from(config.timing.slots)],
            used: 0,
            due: VecDeque::new(),
            waiting: VecDeque::new(),
            walker_queue: VecDeque::new(),
            walkers_used: 0,
            blocking: 0,
            blocked: VecDeque::new(),
            main_free: 0,
            window_free: 0,
            invalidations: VecDeque::new(),
        })
    }

    /// Back to the state after power-on. Transactions in work are dropped without an answer, and answers
    /// to descriptor accesses under way are not expected any more. Time goes on.
    pub fn reset<M, O: Observer, T: Taps>(&mut self, ports: &mut Ports<M, O, T>) {
        let Self {
            smmu,
            now,
            jobs,
            used,
            due,
            waiting,
            walker_queue,
            walkers_used,
            blocking,
            blocked,
            main_free,
            window_free,
            invalidations,
        } = self;
        smmu.reset(ports);
        jobs.fill(None);
        (*used, *walkers_used, *blocking) = (0, 0, 0);
        due.clear();
        waiting.clear();
        walker_queue.clear();
        blocked.clear();
        invalidations.clear();
        (*main_free, *window_free) = (*now, *now);
    }

    /// Registers, TLBs, held transactions, counters.
    pub fn smmu(&self) -> &Smmu {
        &self.smmu
    }

    /// As [`Smmu::poke_tlb`].
    pub fn poke_tlb(&mut self, index: u16, entry: Option<TlbEntry>) {
        self.smmu.poke_tlb(index, entry);
    }

    /// As [`Smmu::poke_micro_tlb`].
    pub fn poke_micro_tlb(&mut self, port: u8, index: u8, entry: Option<TlbEntry>) {
        self.smmu.poke_micro_tlb(port, index, entry);
    }

    /// As [`Smmu::poke_register`].
    pub fn poke_register<M, O: Observer, T: Taps>(
        &mut self,
        now: u64,
        offset: u32,
        value: u32,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) -> bool {
        self.advance(now, ports, out);
        let poked = self.smmu.poke_register(offset, value, ports);
        self.settle(ports, out);
        poked
    }

    /// As [`Smmu::refresh_interrupts`].
    pub fn refresh_interrupts<M, O: Observer, T: Taps>(&mut self, ports: &mut Ports<M, O, T>) {
        self.smmu.refresh_interrupts(ports);
    }

    /// The cycle of the last call.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The cycle at which [`advance`](Self::advance) must be called at the latest; `None` while nothing
    /// happens by itself.
    pub fn next_event(&self) -> Option<u64> {
        let step = self.due.front().map(|&(at, _)| at);
        let invalidation = self.invalidations.front().map(|&(at, _)| at);
        match (step, invalidation) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Transactions submitted and not answered: in work, waiting for a slot, or held.
    pub fn outstanding(&self) -> usize {
        self.used + self.waiting.len() + self.smmu.held().count()
    }

    /// Does everything that is due up to a cycle.
    pub fn advance<M, O: Observer, T: Taps>(
        &mut self,
        now: u64,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        while let Some(at) = self.next_event().filter(|&at| at <= now) {
            self.now = self.now.max(at);
            if let Some((at, command)) = self.invalidations.pop_front_if(|(due, _)| *due == at) {
                out.push(Message::InvalidationDone { at, command });
            } else if let Some((_, slot)) = self.due.pop_front() {
                self.step(slot, ports, out);
                self.settle(ports, out);
            }
        }
        self.now = self.now.max(now);
    }

    /// A master's transaction arrives.
    pub fn submit<M, O: Observer, T: Taps>(
        &mut self,
        now: u64,
        request: &Request,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        self.advance(now, ports, out);
        self.smmu.stats.requests += 1;
        self.waiting.push_back(Waiting { request: *request, submitted: self.now, released: None });
        self.accept();
        let stats = &mut self.smmu.stats;
        stats.waiting_max = stats.waiting_max.max(self.waiting.len() as u64);
    }

    /// A descriptor access is answered.
    ///
    /// # Errors
    /// When the walk has no access of that kind under way. Nothing is changed then.
    pub fn descriptor_done<M, O: Observer, T: Taps>(
        &mut self,
        now: u64,
        walk: WalkId,
        data: DescriptorData,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) -> Result<(), UnexpectedResponse> {
        self.advance(now, ports, out);
        let job = self.jobs.get(usize::from(walk.0)).and_then(Option::as_ref);
        let expected = matches!(
            (job.map(|job| &job.phase), data),
            (Some(Phase::Reading { line: false, .. }), DescriptorData::Word(_))
                | (Some(Phase::Reading { line: true, .. }), DescriptorData::Line(_))
                | (Some(Phase::Writing { .. }), DescriptorData::Written(_))
        );
        if !expected {
            return Err(UnexpectedResponse(walk));
        }
        self.respond(walk.0, data, ports, out);
        self.settle(ports, out);
        Ok(())
    }

    /// Software reads a register. Gives the value, and the cycle at which the access is over.
    pub fn read<M, O: Observer, T: Taps>(
        &mut self,
        now: u64,
        offset: u32,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) -> (u32, u64) {
        self.advance(now, ports, out);
        let value = self.smmu.read(offset, ports);
        (value, self.window_access())
    }

    /// Software writes a register. Gives the cycle at which the access is over; an invalidation acts at
    /// once and is complete later, and the next access to the window waits for that.
    pub fn write<M: DescriptorPort, O: Observer, T: Taps>(
        &mut self,
        now: u64,
        offset: u32,
        value: u32,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) -> u64 {
        self.advance(now, ports, out);
        let timing = self.smmu.config.timing;
        let effect = self.smmu.write_register(offset, value, ports);
        let mut done = self.window_access();
        done += u64::from(effect.v2p_reads) * u64::from(timing.v2p_read);
        self.window_free = done;
        if let Some((command, visited)) = effect.invalidation {
            let cost = u64::from(timing.invalidate) + u64::from(visited) * u64::from(timing.invalidate_entry);
            self.window_free += cost;
            self.invalidations.push_back((self.window_free, command));
            self.restart_walks(&command);
        }
        self.settle(ports, out);
        done
    }

    /// As [`Smmu::narrow_access`]. Gives the cycle at which the access is over.
    pub fn narrow_access<M, O: Observer, T: Taps>(
        &mut self,
        now: u64,
        offset: u32,
        written: Option<u32>,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) -> u64 {
        self.advance(now, ports, out);
        self.smmu.narrow_access(offset, written, ports);
        self.window_access()
    }

    fn window_access(&mut self) -> u64 {
        let start = self.now.max(self.window_free);
        self.window_free = start + u64::from(self.smmu.config.timing.register_access);
        self.window_free
    }

    /// Sends on held transactions that software let go, one at a time in each bank, so that they come to
    /// the tables in their order: ahead of those that wait for a slot.
    fn release_held<M, O: Observer, T: Taps>(&mut self, ports: &mut Ports<M, O, T>, out: &mut Vec<Message>) {
        for bank in 0..self.smmu.banks.len() {
            while self.smmu.banks[bank].released() {
                // One retry at a time; but what software terminated does not wait for it.
                let front = self.smmu.banks[bank].held.front().map(|held| held.state);
                if front != Some(HeldState::Terminate) && self.releasing(bank as u8) {
                    break;
                }
                let Some(held) = self.smmu.pop_released(bank) else { break };
                self.smmu.stats.contexts[bank].held_cycles += self.now.saturating_sub(held.since);
                let (request, submitted) = (held.request, held.submitted);
                if held.state == HeldState::Terminate {
                    let answer = self.smmu.terminate(bank as u8, &request, ports);
                    out.push(Message::Completed { at: self.now, request, answer, submitted });
                } else {
                    self.waiting.push_front(Waiting { request, submitted, released: Some(bank as u8) });
                }
            }
        }
    }

    /// Whether a transaction that a bank held is on its way again.
    fn releasing(&self, bank: u8) -> bool {
        let waiting = self.waiting.iter().take(self.smmu.banks.len()).map(|waiting| waiting.released);
        let in_work = self.jobs.iter().flatten().map(|job| job.released);
        waiting.chain(in_work).any(|released| released == Some(bank))
    }
}
