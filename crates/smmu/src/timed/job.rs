//! A transaction on its way through the timed driver, step by step.

use alloc::vec::Vec;

use super::{DescriptorData, Message, Timed, WalkId};
use crate::device::{Smmu, Stamp};
use crate::observe::{Invalidation, Observer, Origin};
use crate::ports::{DescriptorRead, DescriptorWrite, Ports};
use crate::request::{Answer, Found, Request};
use crate::spec::fault_code::Fault;
use crate::tap::Taps;
use crate::tlb::{Lookup, TlbEntry};
use crate::translate::{Asked, Routed, ask_main, ask_micro, fill_micro, forbidden, grant, port, route};
use crate::walk::{Step, Walk};
use crate::walker::Fetch;

/// A transaction in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Job {
    pub(super) request: Request,
    pub(super) submitted: u64,
    /// The bank that held it before, if one did.
    pub(super) released: Option<u8>,
    /// It counts in `Timed::blocking`.
    pub(super) blocking: bool,
    pub(super) phase: Phase,
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Phase {
    /// In the micro-TLB lookup.
    Micro,
    /// Its lookup waits for a miss before it, without hit-under-miss.
    Blocked,
    /// In the main TLB lookup.
    Main { routed: Routed },
    /// Missed; waits for a walker.
    Queued { routed: Routed },
    /// The walker prepares a descriptor read.
    Issuing { routed: Routed, walk: Walk, read: DescriptorRead },
    /// A descriptor read is under way. `restart`: an invalidation came; the answer is not used.
    Reading { routed: Routed, walk: Walk, read: DescriptorRead, line: bool, since: u64, restart: bool },
    /// A descriptor write is under way.
    Writing { routed: Routed, walk: Walk, write: DescriptorWrite, since: u64, restart: bool },
    /// The walk is over; the TLBs are being filled.
    Filling { routed: Routed, entry: TlbEntry },
}

impl Phase {
    /// What is looked up, while a walker works for it.
    pub(super) fn walking(&self) -> Option<&Routed> {
        match self {
            Self::Micro | Self::Blocked | Self::Main { .. } | Self::Queued { .. } => None,
            Self::Issuing { routed, .. }
            | Self::Reading { routed, .. }
            | Self::Writing { routed, .. }
            | Self::Filling { routed, .. } => Some(routed),
        }
    }

    /// Whether a step of it is due at some cycle.
    pub(super) fn is_due(&self) -> bool {
        matches!(self, Self::Micro | Self::Main { .. } | Self::Issuing { .. } | Self::Filling { .. })
    }
}

impl Timed {
    /// Moves waiting transactions into free slots.
    pub(super) fn accept(&mut self) {
        while self.used < self.jobs.len() {
            let Some(waiting) = self.waiting.pop_front() else { break };
            let Some(slot) = self.jobs.iter().position(Option::is_none) else { break };
            self.jobs[slot] = Some(Job {
                request: waiting.request,
                submitted: waiting.submitted,
                released: waiting.released,
                blocking: false,
                phase: Phase::Micro,
            });
            self.used += 1;
            let stats = &mut self.smmu.stats;
            stats.slots_max = stats.slots_max.max(self.used as u64);
            if waiting.released.is_none() {
                stats.waiting_cycles += self.now.saturating_sub(waiting.submitted);
            }
            let cost = self.smmu.config.timing.micro_lookup;
            self.schedule(slot as u16, cost);
        }
    }

    /// Makes a slot's next step due after some cycles.
    fn schedule(&mut self, slot: u16, cycles: u32) {
        self.schedule_at(self.now + u64::from(cycles), slot);
    }

    /// Makes a slot's next step due at a cycle, after what is due then already.
    fn schedule_at(&mut self, at: u64, slot: u16) {
        // Steps come nearly in their order.
        if self.due.back().is_none_or(|&(last, _)| last <= at) {
            return self.due.push_back((at, slot));
        }
        let before = self.due.iter().rposition(|&(due, _)| due <= at);
        self.due.insert(before.map_or(0, |before| before + 1), (at, slot));
    }

    fn set_phase(&mut self, slot: u16, phase: Phase) {
        if let Some(job) = self.jobs.get_mut(usize::from(slot)).and_then(Option::as_mut) {
            job.phase = phase;
        }
    }

    /// Takes the step of a slot that is due.
    pub(super) fn step<M, O: Observer, T: Taps>(
        &mut self,
        slot: u16,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        let Some(job) = self.jobs.get(usize::from(slot)).copied().flatten() else { return };
        self.smmu.stamp = Stamp { submitted: job.submitted, now: self.now };
        match job.phase {
            Phase::Micro | Phase::Main { .. } if self.blocking > 0 => {
                self.set_phase(slot, Phase::Blocked);
                self.blocked.push_back(slot);
            }
            Phase::Micro => self.end_micro(slot, &job, ports, out),
            Phase::Main { routed } => {
                if !self.end_main(slot, &job, &routed, ports, out) {
                    self.miss(slot, routed);
                }
            }
            Phase::Issuing { routed, walk, read } => {
                let (at, id) = (self.now, WalkId(slot));
                let line = match self.smmu.walker(routed.bank).fetch(&read) {
                    Fetch::Buffered(word) => {
                        let mut walk = walk;
                        let origin = Origin::Transaction(&job.request);
                        let mut entry = TlbEntry::EMPTY;
                        let (step, _) = self.smmu.walker(routed.bank).take_descriptor(
                            origin,
                            &mut walk,
                            &read,
                            Ok(word),
                            true,
                            &mut entry,
                            ports,
                        );
                        return self.next(slot, &job, routed, walk, step, entry, ports, out);
                    }
                    Fetch::Line => true,
                    Fetch::Word => false,
                };
                let since = self.now;
                self.set_phase(slot, Phase::Reading { routed, walk, read, line, since, restart: false });
                out.push(Message::Read { at, walk: id, read, line });
            }
            Phase::Filling { routed, entry } => {
                let answer = self.smmu.take_walk(&job.request, &routed, &entry, ports);
                self.leave(slot, &job, answer, out);
            }
            Phase::Blocked | Phase::Queued { .. } | Phase::Reading { .. } | Phase::Writing { .. } => {}
        }
    }

    fn end_micro<M, O: Observer, T: Taps>(
        &mut self,
        slot: u16,
        job: &Job,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        let Smmu { routes, banks, micro, stats, .. } = &mut self.smmu;
        let request = &job.request;
        let (routed, context) = match route(routes, banks, request, job.released.is_some(), ports) {
            Ok(routed) => routed,
            Err(refused) => {
                let answer = self.smmu.refuse(request, refused, ports);
                return self.leave(slot, job, answer, out);
            }
        };
        let stats = &mut stats.contexts[usize::from(routed.bank)];
        let port = port(request, micro.len());
        let micro = &mut micro[port];
        let mut tapped = TlbEntry::EMPTY;
        if let Some(entry) = ask_micro(micro, port, stats, request, &routed, &mut tapped, ports) {
            let granted = grant(stats, context, request, &routed, entry, Found::MicroTlb, ports);
            let fault = forbidden(entry);
            return self.granted(slot, job, &routed, granted.ok_or(fault), ports, out);
        }
        let timing = self.smmu.config.timing;
        let start = self.now.max(self.main_free);
        self.main_free = start + u64::from(timing.main_interval);
        self.set_phase(slot, Phase::Main { routed });
        self.schedule_at(start + u64::from(timing.main_lookup), slot);
    }

    /// Takes what the main TLB says. `false`: the transaction must walk.
    fn end_main<M, O: Observer, T: Taps>(
        &mut self,
        slot: u16,
        job: &Job,
        routed: &Routed,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) -> bool {
        let Smmu { banks, tlb, micro, stats, .. } = &mut self.smmu;
        let bank = usize::from(routed.bank);
        let (stats, context, request) = (&mut stats.contexts[bank], &banks[bank].context, &job.request);
        let mut tapped = TlbEntry::EMPTY;
        let granted = match ask_main(tlb, stats, context, request, routed, &mut tapped, ports) {
            Asked::Hit(entry) => {
                let port = port(request, micro.len());
                fill_micro(&mut micro[port], port, request, routed.tag, entry, ports);
                let granted = grant(stats, context, request, routed, entry, Found::MainTlb, ports);
                granted.ok_or(forbidden(entry))
            }
            Asked::Walk => return false,
            Asked::Fault(fault) => Err(fault),
        };
        self.granted(slot, job, routed, granted, ports, out);
        true
    }

    /// A transaction that was looked up leaves: with its answer, or because it faulted.
    fn granted<M, O: Observer, T: Taps>(
        &mut self,
        slot: u16,
        job: &Job,
        routed: &Routed,
        granted: Result<Answer, Fault>,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        let answer = granted
            .unwrap_or_else(|fault| self.smmu.fail(&job.request, routed.bank, routed.access, fault, ports));
        self.leave(slot, job, answer, out);
    }

    /// A transaction missed: it needs a walker.
    fn miss(&mut self, slot: u16, routed: Routed) {
        let smmu = &self.smmu;
        let context = &smmu.banks[usize::from(routed.bank)].context;
        let hit_under_miss = smmu.config.hit_under_miss && context.hit_under_miss;
        self.set_phase(slot, Phase::Queued { routed });
        if let Some(job) = self.jobs[usize::from(slot)].as_mut().filter(|_| !hit_under_miss) {
            job.blocking = true;
            self.blocking += 1;
        }
        self.walker_queue.push_back((slot, self.now));
    }

    /// Gives free walkers to the transactions that wait for one.
    fn grant_walkers<M, O: Observer, T: Taps>(&mut self, ports: &mut Ports<M, O, T>, out: &mut Vec<Message>) {
        while self.walkers_used < self.smmu.config.timing.walkers {
            let Some((slot, since)) = self.walker_queue.pop_front() else { break };
            let Some(job) = self.jobs[usize::from(slot)] else { continue };
            let Phase::Queued { routed } = job.phase else { continue };
            self.smmu.stats.walker_wait_cycles += self.now - since;
            self.smmu.stamp = Stamp { submitted: job.submitted, now: self.now };
            // A walk that ended meanwhile may have found what this one would look for.
            if self.smmu.tlb.lookup(job.request.va, routed.tag) != Lookup::Miss {
                // It was counted as a miss; it turns out to be none.
                let misses = &mut self.smmu.stats.contexts[usize::from(routed.bank)].misses;
                *misses = misses.saturating_sub(1);
                self.end_main(slot, &job, &routed, ports, out);
                continue;
            }
            self.walkers_used += 1;
            let origin = Origin::Transaction(&job.request);
            let (walk, step) = self.smmu.walker(routed.bank).start(origin, job.request.va, routed.tag, ports);
            self.next(slot, &job, routed, walk, step, TlbEntry::EMPTY, ports, out);
        }
    }

    /// The walker goes on with a step.
    #[expect(clippy::too_many_arguments, reason = "the state of one step, all of it needed")]
    fn next<M, O: Observer, T: Taps>(
        &mut self,
        slot: u16,
        job: &Job,
        routed: Routed,
        walk: Walk,
        step: Step,
        mut entry: TlbEntry,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        let timing = self.smmu.config.timing;
        match step {
            Step::Read => {
                let read = walk.read();
                self.set_phase(slot, Phase::Issuing { routed, walk, read });
                self.schedule(slot, timing.walk_step);
            }
            Step::Write(word) => {
                let write = self.smmu.walker(routed.bank).write(&walk, word);
                let (at, since) = (self.now, self.now);
                self.set_phase(slot, Phase::Writing { routed, walk, write, since, restart: false });
                out.push(Message::Write { at, walk: WalkId(slot), write });
            }
            Step::Done(result) => {
                let origin = Origin::Transaction(&job.request);
                match self.smmu.walker(routed.bank).end(origin, result, &mut entry, ports) {
                    Ok(()) => {
                        self.set_phase(slot, Phase::Filling { routed, entry });
                        self.schedule(slot, timing.fill);
                    }
                    Err(fault) => {
                        // A walk that ends before its first read (PDn) has its walker, but no phase yet
                        // from which `leave` could see that.
                        let phase = self.jobs[usize::from(slot)].map(|job| job.phase);
                        if phase.is_some_and(|phase| phase.walking().is_none()) {
                            self.walkers_used -= 1;
                        }
                        let answer = self.smmu.fail(&job.request, routed.bank, routed.access, fault, ports);
                        self.leave(slot, job, answer, out);
                    }
                }
            }
        }
    }

    /// A descriptor access of a slot is answered; the caller has checked that it is of this kind.
    pub(super) fn respond<M, O: Observer, T: Taps>(
        &mut self,
        slot: u16,
        data: DescriptorData,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        let Some(job) = self.jobs[usize::from(slot)] else { return };
        self.smmu.stamp = Stamp { submitted: job.submitted, now: self.now };
        let origin = Origin::Transaction(&job.request);
        let mut entry = TlbEntry::EMPTY;
        match (job.phase, data) {
            (
                Phase::Reading { since, restart: true, .. } | Phase::Writing { since, restart: true, .. },
                _,
            ) => {
                self.smmu.stats.descriptor_latency.add(self.now - since);
                self.restart(slot);
            }
            (Phase::Reading { routed, mut walk, read, since, .. }, DescriptorData::Word(response)) => {
                self.smmu.stats.descriptor_latency.add(self.now - since);
                let (step, _) = self
                    .smmu
                    .walker(routed.bank)
                    .take_descriptor(origin, &mut walk, &read, response, false, &mut entry, ports);
                self.next(slot, &job, routed, walk, step, entry, ports, out);
            }
            (Phase::Reading { routed, mut walk, read, since, .. }, DescriptorData::Line(response)) => {
                self.smmu.stats.descriptor_latency.add(self.now - since);
                match response {
                    Ok(line) => {
                        let word = self.smmu.walker(routed.bank).take_line(&read, line);
                        let (step, _) = self.smmu.walker(routed.bank).take_descriptor(
                            origin,
                            &mut walk,
                            &read,
                            Ok(word),
                            false,
                            &mut entry,
                            ports,
                        );
                        self.next(slot, &job, routed, walk, step, entry, ports, out);
                    }
                    Err(_) => {
                        // Prefetch raises no fault: the word itself decides.
                        let (at, since, line) = (self.now, self.now, false);
                        let phase = Phase::Reading { routed, walk, read, line, since, restart: false };
                        self.set_phase(slot, phase);
                        out.push(Message::Read { at, walk: WalkId(slot), read, line });
                    }
                }
            }
            (Phase::Writing { routed, mut walk, write, since, .. }, DescriptorData::Written(response)) => {
                self.smmu.stats.descriptor_latency.add(self.now - since);
                let step = self
                    .smmu
                    .walker(routed.bank)
                    .take_written(origin, &mut walk, &write, response, &mut entry, ports);
                self.next(slot, &job, routed, walk, step, entry, ports, out);
            }
            _ => {}
        }
    }

    /// An invalidation acts: walks that it could concern start over, so that nothing read before it is
    /// used or cached after it. A transaction that waits for a walker has read nothing yet.
    pub(super) fn restart_walks(&mut self, command: &Invalidation) {
        for slot in 0..self.jobs.len() as u16 {
            let Some(job) = &mut self.jobs[usize::from(slot)] else { continue };
            let Some(routed) = job.phase.walking() else { continue };
            // A line under way was read before the command emptied the block fetch buffer, whatever the
            // command names.
            let line = matches!(job.phase, Phase::Reading { line: true, .. });
            if !line && !concerns(command, routed, job.request.va) {
                continue;
            }
            self.smmu.stats.contexts[usize::from(routed.bank)].walk_restarts += 1;
            match &mut job.phase {
                Phase::Reading { restart, .. } | Phase::Writing { restart, .. } => *restart = true,
                _ => {
                    self.due.retain(|&(_, due)| due != slot);
                    self.restart(slot);
                }
            }
        }
    }

    /// Sends the transaction of a slot back to its first lookup.
    fn restart(&mut self, slot: u16) {
        let Some(job) = &mut self.jobs[usize::from(slot)] else { return };
        if job.phase.walking().is_some() {
            self.walkers_used -= 1;
        }
        if core::mem::take(&mut job.blocking) {
            self.blocking -= 1;
        }
        job.phase = Phase::Micro;
        self.schedule(slot, 0);
    }

    /// A transaction leaves its slot: with its answer, or to be held.
    fn leave(&mut self, slot: u16, job: &Job, answer: Answer, out: &mut Vec<Message>) {
        let Some(left) = self.jobs[usize::from(slot)].take() else { return };
        self.used -= 1;
        self.walkers_used -= u8::from(left.phase.walking().is_some());
        self.blocking -= u32::from(left.blocking);
        // With CLIENTPD a transaction goes through even if its route names no bank.
        let bank = answer.translation().map(|translation| usize::from(translation.bank));
        if let Some(stats) = bank.and_then(|bank| self.smmu.stats.contexts.get_mut(bank)) {
            stats.latency.add(self.now.saturating_sub(job.submitted));
        }
        if answer != Answer::Held {
            let (at, request, submitted) = (self.now, job.request, job.submitted);
            out.push(Message::Completed { at, request, answer, submitted });
        }
    }

    /// After any step: what waits for a walker, for software, for a slot, or for a miss to end goes on if it
    /// can.
    pub(super) fn settle<M, O: Observer, T: Taps>(
        &mut self,
        ports: &mut Ports<M, O, T>,
        out: &mut Vec<Message>,
    ) {
        self.grant_walkers(ports, out);
        self.release_held(ports, out);
        self.accept();
        if self.blocking == 0 {
            while let Some(slot) = self.blocked.pop_front() {
                self.set_phase(slot, Phase::Micro);
                self.schedule(slot, 0);
            }
        }
    }
}

/// Whether a walk could read, or have read, what a command is about. A 16 MiB page is the largest thing
/// that one address names.
fn concerns(command: &Invalidation, routed: &Routed, va: u32) -> bool {
    let near = |other: u32| (va ^ other) >> 24 == 0;
    match *command {
        Invalidation::All => true,
        Invalidation::Vmid { vmid } => routed.tag.vmid() == vmid,
        Invalidation::Context { bank, vmid } => routed.bank == bank || routed.tag.vmid() == vmid,
        // A walk for another ASID may end in a global entry, which these commands name too or not at
        // all; its own tag says whose tables it reads.
        Invalidation::Asid { vmid, asid, .. } => routed.tag.vmid() == vmid && routed.tag.asid() == asid,
        Invalidation::Va { vmid, va, .. } | Invalidation::VaAllAsids { vmid, va, .. } => {
            routed.tag.vmid() == vmid && near(va)
        }
    }
}
