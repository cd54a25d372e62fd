//! What is known about translation tables and faults: who wrote which descriptor, and which
//! transactions failed on them.

use std::collections::{BTreeMap, BTreeSet};

use msmemu_fabric::{BusMaster, Ram, Time, Watch};
use msmemu_smmu::{Event, Fault, Origin, Request, Resume};
use serde::{Deserialize, Serialize};

use crate::observe::{Observer, TableStore};

/// Faults that are kept for the explanation; a guest can cause any number.
const KEPT_FAULTS: usize = 32;

/// The last store to a word of a translation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableWrite {
    /// When.
    pub time: Time,
    /// Who: bus port, 0 is the core.
    pub master: BusMaster,
    /// The core's instruction.
    pub pc: Option<u32>,
    /// The word after the store.
    pub value: u32,
}

/// A context fault, with what the walk saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultReport {
    /// When.
    pub time: Time,
    /// Index of the SMMU in the configuration.
    pub smmu: usize,
    /// Context bank.
    pub bank: u8,
    /// The transaction.
    pub request: Request,
    /// Why it failed.
    pub fault: Fault,
    /// Address and value of the first- and second-level descriptor, as far as the walk came.
    pub descriptors: [Option<(u32, u32)>; 2],
    /// The transaction is held.
    pub stalled: bool,
    /// Software let it go.
    pub resumed: bool,
    /// The core's last instruction that accessed a device.
    pub pc: u32,
}

/// Knowledge about tables and faults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tables {
    /// By word address.
    pub(crate) writes: BTreeMap<u32, TableWrite>,
    /// Words to which nothing stored up to now, as a second run found out.
    #[serde(skip)]
    pub(crate) unwritten: BTreeSet<u32>,
    /// The latest, oldest first.
    pub(crate) faults: Vec<FaultReport>,
    /// How many there were.
    pub(crate) fault_count: u64,
}

impl Tables {
    /// Records the stores that RAM noticed since the last call.
    pub(super) fn take_stores<O: Observer>(
        &mut self,
        ram: &mut Ram,
        now: Time,
        pc: Option<u32>,
        obs: &mut O,
    ) {
        for store in ram.take_watched(Watch::Tables) {
            let pa = store.addr.0 as u32;
            let first = pa & !3;
            let last = pa + (store.size - 1);
            for word in (first..=last).step_by(4) {
                let value = ram.load(store.frame, word & 0xFFC);
                self.writes.insert(word, TableWrite { time: now, master: store.master, pc, value });
            }
            obs.table_store(now, &TableStore { pa, size: store.size, master: store.master, pc });
        }
    }

    fn fault(&mut self, report: FaultReport) {
        self.fault_count += 1;
        if self.faults.len() == KEPT_FAULTS {
            self.faults.remove(0);
        }
        self.faults.push(report);
    }
}

/// Address and value of the first- and second-level descriptor of a walk, as far as it came.
type Descriptors = [Option<(u32, u32)>; 2];

/// Descriptors behind the lookups and walks under way in one SMMU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trail {
    walks: Vec<(u64, Descriptors)>,
    /// The lookup or walk that ended last.
    last: Option<(u64, Descriptors)>,
}

impl Trail {
    fn follow(&mut self, event: &Event<'_>) {
        match event {
            Event::WalkStarted { origin: Origin::Transaction(request), .. } => {
                self.walks.retain(|(id, _)| *id != request.id);
                self.walks.push((request.id, [None; 2]));
            }
            Event::DescriptorRead { origin: Origin::Transaction(request), read, response, .. } => {
                if let Some((_, trail)) = self.walks.iter_mut().find(|(id, _)| *id == request.id) {
                    trail[read.level as usize] = Some((read.address, response.unwrap_or(0)));
                }
            }
            Event::WalkEnded { origin: Origin::Transaction(request), .. } => {
                if let Some(index) = self.walks.iter().position(|(id, _)| *id == request.id) {
                    self.last = Some(self.walks.remove(index));
                }
            }
            _ => {}
        }
    }

    fn of(&self, request: &Request) -> Descriptors {
        self.last.filter(|(id, _)| *id == request.id).map_or([None; 2], |(_, trail)| trail)
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Tells the run's observer what an SMMU does, and keeps what explanations need.
pub(super) struct SmmuObserver<'a, O> {
    pub(super) obs: &'a mut O,
    pub(super) now: Time,
    pub(super) smmu: usize,
    pub(super) pc: u32,
    pub(super) tables: &'a mut Tables,
    pub(super) trail: &'a mut Trail,
}

impl<O: Observer> msmemu_smmu::Observer for SmmuObserver<'_, O> {
    #[inline(always)]
    fn event(&mut self, event: Event<'_>) {
        // What every translation brings is not worth a call.
        if !matches!(event, Event::MicroLookup { .. } | Event::MainLookup { .. } | Event::Answered { .. }) {
            self.remember(&event);
        }
        self.obs.smmu(self.now, self.smmu, self.pc, &event);
    }
}

impl<O> SmmuObserver<'_, O> {
    /// Keeps what explanations need.
    fn remember(&mut self, event: &Event<'_>) {
        match event {
            Event::WalkStarted { .. } | Event::DescriptorRead { .. } | Event::WalkEnded { .. } => {
                self.trail.follow(event);
            }
            Event::Faulted { request, bank, fault, .. } => self.tables.fault(FaultReport {
                time: self.now,
                smmu: self.smmu,
                bank: *bank,
                request: **request,
                fault: *fault,
                descriptors: self.trail.of(request),
                stalled: false,
                resumed: false,
                pc: self.pc,
            }),
            Event::Stalled { request, .. } => self.mark(request, |report| report.stalled = true),
            Event::Resumed { request, resume: Resume::Retry | Resume::Terminate, .. } => {
                self.mark(request, |report| report.resumed = true);
            }
            _ => {}
        }
    }

    /// Changes the latest report about a transaction.
    fn mark(&mut self, request: &Request, change: impl FnOnce(&mut FaultReport)) {
        let smmu = self.smmu;
        let mut latest = self.tables.faults.iter_mut().rev();
        if let Some(report) = latest.find(|r| r.smmu == smmu && r.request.id == request.id) {
            change(report);
        }
    }
}
