//! Context faults: recording, holding transactions, going on. Configuration faults of the stream side.

use alloc::collections::VecDeque;

use crate::device::{Bank, Smmu, Stamp};
use crate::observe::{ConfigFault, Event, Observer, Resume};
use crate::ports::Ports;
use crate::request::{Access, Answer, Request};
use crate::spec::context_bank::{FSR, FSYNR0, FSYNR1};
use crate::spec::fault_code::{CAUSES, Fault};
use crate::spec::global_page::{CR, ESR, ESYNR0};
use crate::spec::memory_type::Shareability;
use crate::spec::{ContextBank, GlobalPage};
use crate::tap::Taps;

/// The words a fault is recorded with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FaultRecord {
    /// FSR: cause, SL, SS; MULTI alone if a fault is pending already.
    pub fsr: u32,
    /// FAR; not used if a fault is pending already.
    pub far: u32,
    /// FSYNR0; as FAR.
    pub fsynr0: u32,
    /// FSYNR1; as FAR.
    pub fsynr1: u32,
}

/// A transaction that the model holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Held {
    pub(crate) request: Request,
    pub(crate) state: HeldState,
    /// Cycle of its submission; 0 in the functional driver.
    pub(crate) submitted: u64,
    /// Cycle at which it was held; 0 in the functional driver.
    pub(crate) since: u64,
}

impl Held {
    const fn new(request: &Request, state: HeldState, stamp: Stamp) -> Self {
        Self { request: *request, state, submitted: stamp.submitted, since: stamp.now }
    }
}

/// How far a held transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum HeldState {
    /// Faulted; waits for software. Only the first of a queue is in this state.
    Stalled,
    /// To be translated (again) when it is first.
    Waiting,
    /// To be terminated.
    Terminate,
}

/// The transactions a bank holds: the stalled one, and those behind it.
pub(crate) type HeldQueue = VecDeque<Held>;

impl Bank {
    /// Whether a stalled transaction is first.
    pub(crate) fn stalled(&self) -> bool {
        self.held.front().is_some_and(|held| held.state == HeldState::Stalled)
    }

    /// Whether held transactions can go on.
    pub(crate) fn released(&self) -> bool {
        !self.held.is_empty() && !self.stalled()
    }
}

/// The syndrome words of an access: xSYNR0 without VMID, and xSYNR1. The layouts of both pairs agree in
/// these fields.
fn syndromes(request: &Request, access: Access) -> (u32, u32) {
    let shareability = request.attributes.shareability();
    let word = FSYNR1::AMEMTYPE.set(0, request.attributes.type_code());
    let word = FSYNR1::ASHARED.set(word, (shareability != Shareability::None).into());
    let word = FSYNR1::AINNERSHARED.set(word, (shareability == Shareability::Inner).into());
    let word = FSYNR1::APRIV.set(word, access.privileged.into());
    let word = FSYNR1::APROTNS.set(word, access.non_secure.into());
    let word = FSYNR1::AINST.set(word, access.instruction.into());
    let word = FSYNR1::AWRITE.set(word, access.write.into());
    let word = FSYNR1::ALEN.set(word, request.len.into());
    let word = FSYNR1::ASIZE.set(word, request.size.into());
    (FSYNR0::AMID.set(0, request.mid.into()), word)
}

impl Smmu {
    /// A transaction of a bank failed: records the fault, then holds or terminates the transaction.
    /// `access` is the effective one, after NSCFG and PRIVCFG.
    #[cold]
    pub(crate) fn fault<M, O: Observer, T: Taps>(
        &mut self,
        bank: u8,
        request: &Request,
        access: Access,
        fault: Fault,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let Some(state) = self.banks.get_mut(usize::from(bank)) else {
            return Answer::Terminated { error: false };
        };
        self.stats.contexts[usize::from(bank)].faults[fault.cause as usize] += 1;
        let behind = state.stalled();
        let stall = state.context.stall && !(behind && state.context.terminate_behind_stall);
        let pending = state.regs.get(ContextBank::FSR);
        let (fsynr0, fsynr1) = syndromes(request, access);
        let fsr = if pending != 0 {
            FSR::MULTI.mask()
        } else {
            fault.bits() | if stall { FSR::SS.mask() } else { 0 }
        };
        let mut record = FaultRecord { fsr, far: request.va, fsynr0, fsynr1 };
        ports.taps.fault_record(bank, &mut record);
        state.regs.set(ContextBank::FSR, pending | record.fsr);
        if pending == 0 {
            state.regs.set(ContextBank::FAR, record.far);
            state.regs.set(ContextBank::FSYNR0, record.fsynr0);
            state.regs.set(ContextBank::FSYNR1, record.fsynr1);
        }
        ports.observer.event(Event::Faulted { request, bank, fault, recorded: pending == 0 });
        self.update_interrupts(ports);
        if stall { self.hold(bank, request, ports) } else { self.terminate(bank, request, ports) }
    }

    /// Holds a transaction that faulted: first in the queue, or behind the one that is stalled already.
    fn hold<M, O: Observer, T>(&mut self, bank: u8, request: &Request, ports: &mut Ports<M, O, T>) -> Answer {
        let state = &mut self.banks[usize::from(bank)];
        if state.stalled() {
            return self.queue(bank, request, ports);
        }
        state.held.push_front(Held::new(request, HeldState::Stalled, self.stamp));
        self.stats.contexts[usize::from(bank)].stalls += 1;
        ports.observer.event(Event::Stalled { request, bank });
        Answer::Held
    }

    /// A transaction comes to a bank that holds others: it waits behind them, or is terminated.
    #[cold]
    pub(crate) fn queue<M, O: Observer, T>(
        &mut self,
        bank: u8,
        request: &Request,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let state = &mut self.banks[usize::from(bank)];
        if state.context.terminate_behind_stall && state.stalled() {
            return self.terminate(bank, request, ports);
        }
        state.held.push_back(Held::new(request, HeldState::Waiting, self.stamp));
        self.stats.contexts[usize::from(bank)].queued += 1;
        ports.observer.event(Event::Queued { request, bank });
        Answer::Held
    }

    /// Ends a transaction of a bank without a translation.
    pub(crate) fn terminate<M, O: Observer, T>(
        &mut self,
        bank: u8,
        request: &Request,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let error = self.banks[usize::from(bank)].context.error_response;
        self.stats.contexts[usize::from(bank)].terminated += 1;
        let answer = Answer::Terminated { error };
        ports.observer.event(Event::Answered { request, answer: &answer });
        answer
    }

    /// The stream side refuses a transaction.
    #[cold]
    pub(crate) fn config_fault<M, O: Observer, T: Taps>(
        &mut self,
        request: &Request,
        vmid: u8,
        access: Access,
        fault: ConfigFault,
        ports: &mut Ports<M, O, T>,
    ) -> Answer {
        let cause = match fault {
            ConfigFault::BadRoute => {
                self.stats.bad_routes += 1;
                ESR::CFG
            }
            ConfigFault::BypassForbidden => {
                self.stats.bypass_forbidden += 1;
                ESR::BYPASS
            }
        };
        let pending = self.global.get(GlobalPage::ESR);
        let recorded = pending == 0;
        if recorded {
            let (synr0, synr1) = syndromes(request, access);
            self.global.set(GlobalPage::ESR, cause.mask());
            self.global.set(GlobalPage::EAR, request.va);
            self.global.set(GlobalPage::ESYNR0, ESYNR0::AVMID.set(synr0, vmid.into()));
            self.global.set(GlobalPage::ESYNR1, synr1);
        } else {
            self.global.set(GlobalPage::ESR, pending | ESR::MULTI.mask());
        }
        ports.observer.event(Event::ConfigFaulted { request, fault, recorded });
        self.update_interrupts(ports);
        let answer = Answer::Terminated { error: self.global.is_set(CR::RPUERE) };
        ports.observer.event(Event::Answered { request, answer: &answer });
        answer
    }

    /// Software resumes the stalled transaction of a bank, if there is one.
    pub(crate) fn resume<M, O: Observer, T: Taps>(
        &mut self,
        bank: u8,
        resume: Resume,
        ports: &mut Ports<M, O, T>,
    ) {
        if !self.banks[usize::from(bank)].stalled() {
            return;
        }
        if let Some(resume) = ports.taps.resume(bank, resume) {
            self.release(bank, resume, ports);
        }
    }

    /// Lets the stalled transaction of a bank go on. Its answer comes from `next_released`.
    fn release<M, O: Observer, T>(&mut self, bank: u8, resume: Resume, ports: &mut Ports<M, O, T>) {
        let stats = &mut self.stats.contexts[usize::from(bank)];
        let Some(held) = self.banks[usize::from(bank)].held.front_mut() else { return };
        if held.state != HeldState::Stalled {
            return;
        }
        held.state = match resume {
            Resume::Retry => {
                stats.retried += 1;
                HeldState::Waiting
            }
            Resume::Terminate => {
                stats.resumed_terminated += 1;
                HeldState::Terminate
            }
        };
        ports.observer.event(Event::Resumed { request: &held.request, bank, resume });
    }

    /// After a change of SCTLR, ACTLR or CR: a bank that no longer translates retries its stalled
    /// transaction, which then bypasses; one that no longer stalls terminates it.
    pub(crate) fn release_if_reset<M, O: Observer, T>(&mut self, bank: u8, ports: &mut Ports<M, O, T>) {
        let context = &self.banks[usize::from(bank)].context;
        if !context.translate {
            self.release(bank, Resume::Retry, ports);
        } else if !context.stall {
            self.release(bank, Resume::Terminate, ports);
        }
    }
}

/// FSR after software wrote ones to clear: with the last cause SL, SS and MULTI go too.
pub(crate) const fn settle_fsr(fsr: u32) -> u32 {
    if fsr & CAUSES == 0 { 0 } else { fsr }
}

/// ESR after software wrote ones to clear: MULTI goes with the last cause.
pub(crate) const fn settle_esr(esr: u32) -> u32 {
    if esr & (ESR::CFG.mask() | ESR::BYPASS.mask()) == 0 { 0 } else { esr }
}
