//! System MMUs on the fabric: registers from the core, descriptors from memory, answers to masters.

use msmemu_fabric::{AccessKind, BusFault, BusMaster, Clock, PhysAddr, Size, Time};
use msmemu_smmu::spec::ContextBank;
use msmemu_smmu::{
    Answer, BfbGeometry, BusError, Config as SmmuConfig, DescriptorData, DescriptorPort, DescriptorRead,
    DescriptorWrite, Message, PageSizes, Ports, RegisterId, Released, Smmu, Timed, TlbGeometry, WalkId,
};
use serde::{Deserialize, Serialize};

use crate::config::{self, Config};
use crate::observe::{Hooks, Observer, Taps};
use crate::{BuildError, TimingMode};

use super::blocks::Dispatch;
use super::dma::{PieceId, Target};
use super::memory::Memory;
use super::tables::{SmmuObserver, Trail};
use super::{Event, Soc, Unit};

/// One of the two drivers of the model.
#[derive(Clone, Debug)]
pub(crate) enum Driver {
    Functional(Box<Smmu>),
    Timed(Box<Timed>),
}

/// An instance.
#[derive(Clone, Debug)]
pub(crate) struct SmmuUnit {
    pub(crate) driver: Driver,
    pub(super) clock: Clock,
    pub(super) trail: Trail,
    messages: Vec<Message>,
}

impl SmmuUnit {
    /// The model, whatever drives it.
    pub(crate) fn model(&self) -> &Smmu {
        match &self.driver {
            Driver::Functional(smmu) => smmu,
            Driver::Timed(timed) => timed.smmu(),
        }
    }

    /// Corrupts or removes a TLB entry.
    pub(crate) fn poke_tlb(&mut self, entry: u16, value: Option<msmemu_smmu::TlbEntry>) {
        match &mut self.driver {
            Driver::Functional(smmu) => smmu.poke_tlb(entry, value),
            Driver::Timed(timed) => timed.poke_tlb(entry, value),
        }
    }

    pub(super) fn interrupts(&self) -> u8 {
        self.model().interrupts()
    }

    pub(super) fn deadline(&self) -> Time {
        match &self.driver {
            Driver::Functional(_) => Time::MAX,
            Driver::Timed(timed) => timed.next_event().map_or(Time::MAX, |cycle| self.clock.time_of(cycle)),
        }
    }
}

/// A descriptor access that memory answers later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DescriptorAccess {
    pub(super) smmu: u8,
    walk: WalkId,
    what: DescriptorKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum DescriptorKind {
    Word(DescriptorRead),
    Line(DescriptorRead),
    Write(DescriptorWrite),
}

/// Every instance of the configuration.
pub(super) fn build(config: &Config, timing: TimingMode) -> Result<Vec<SmmuUnit>, BuildError> {
    let unit = |smmu: &config::Smmu| {
        let fail = |error| BuildError::Smmu { name: smmu.name.clone(), error };
        let model = config.smmu_model.iter().find(|m| m.name == smmu.model);
        let model = model.ok_or_else(|| BuildError::NoModel { name: smmu.name.clone() })?;
        let parameters = parameters(config, smmu, model);
        let driver = match timing {
            TimingMode::Functional => Driver::Functional(Box::new(Smmu::new(&parameters).map_err(fail)?)),
            TimingMode::Approximate => Driver::Timed(Box::new(Timed::new(&parameters).map_err(fail)?)),
        };
        let clock = Clock::from_hz(u64::from(model.clock_hz));
        Ok(SmmuUnit { driver, clock, trail: Trail::default(), messages: Vec::new() })
    };
    config.smmu.iter().map(unit).collect()
}

fn parameters(config: &Config, smmu: &config::Smmu, model: &config::SmmuModel) -> SmmuConfig {
    let ports = config.smmu_ports().filter(|(_, _, name)| *name == smmu.name).count();
    let has = |size| model.tlb_sizes.contains(&size);
    SmmuConfig {
        banks: smmu.banks as u16,
        mids: smmu.mids as u16,
        // Each has a micro-TLB of its own.
        ports: ports.clamp(1, 64) as u8,
        micro_entries: model.micro_tlb_entries,
        tlb: TlbGeometry {
            entries: model.tlb_entries,
            ways: model.tlb_ways,
            sizes: PageSizes {
                small: has(config::PageSize::Small),
                large: has(config::PageSize::Large),
                section: has(config::PageSize::Section),
                supersection: has(config::PageSize::Supersection),
            },
        },
        bfb: BfbGeometry { first_lines: model.bfb_first_lines, second_lines: model.bfb_second_lines },
        hit_under_miss: model.hit_under_miss,
        revision: model.revision,
        timing: msmemu_smmu::Timing {
            micro_lookup: model.micro_lookup,
            main_lookup: model.main_lookup,
            main_interval: model.main_interval,
            walk_step: model.walk_step,
            fill: model.fill,
            register_access: model.register_access,
            invalidate: model.invalidate,
            invalidate_entry: model.invalidate_entry,
            v2p_read: model.v2p_read,
            slots: model.slots,
            walkers: model.walkers,
        },
    }
}

/// Memory as a table walker of an SMMU reaches it, at once.
pub(super) struct Walker<'a> {
    memory: &'a mut Memory,
    master: BusMaster,
    dispatch: &'a Dispatch,
}

fn bus_error(fault: BusFault) -> BusError {
    match fault {
        BusFault::Decode => BusError::Decode,
        BusFault::Slave => BusError::Slave,
    }
}

impl DescriptorPort for Walker<'_> {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        let device = self.dispatch.find(u64::from(read.address)).is_some();
        self.memory.word(read.address, device).map_err(bus_error)
    }

    fn write(&mut self, write: &DescriptorWrite) -> Result<(), BusError> {
        let address = PhysAddr(u64::from(write.address));
        if self.dispatch.find(address.0).is_some() {
            return Err(BusError::Slave);
        }
        self.memory.ram.write(self.master, address, &write.value.to_le_bytes()).map_err(bus_error)?;
        Ok(())
    }
}

/// Bus port of the walker of SMMU number `smmu`.
pub(crate) fn walker_port(smmu: usize) -> BusMaster {
    BusMaster(0x100 + smmu as u16)
}

/// What an instance works with.
type SmmuPorts<'a, O, T> = Ports<Walker<'a>, SmmuObserver<'a, O>, &'a mut <T as Taps>::Smmu>;

/// An instance: driver, clock, ports, messages.
type Parts<'a, O, T> = (&'a mut Driver, Clock, SmmuPorts<'a, O, T>, &'a mut Vec<Message>);

/// Bytes of a first-level table.
const TABLE_BYTES: u32 = 0x4000;

impl Soc {
    /// Calls an instance with what it works with.
    fn with_smmu<O: Observer, T: Taps, R>(
        &mut self,
        index: usize,
        hooks: &mut Hooks<'_, O, T>,
        call: impl FnOnce(&mut Driver, Clock, &mut SmmuPorts<'_, O, T>, &mut Vec<Message>) -> R,
    ) -> Option<R> {
        let (driver, clock, mut ports, out) = self.smmu_parts(index, hooks)?;
        Some(call(driver, clock, &mut ports, out))
    }

    /// An instance with what it works with.
    #[inline(always)]
    fn smmu_parts<'a, O: Observer, T: Taps>(
        &'a mut self,
        index: usize,
        hooks: &'a mut Hooks<'_, O, T>,
    ) -> Option<Parts<'a, O, T>> {
        let now = self.now;
        let unit = self.smmus.get_mut(index)?;
        let ports = Ports {
            memory: Walker { memory: &mut self.memory, master: walker_port(index), dispatch: &self.dispatch },
            observer: SmmuObserver {
                obs: &mut *hooks.obs,
                now,
                smmu: index,
                pc: self.pc,
                tables: &mut self.tables,
                trail: &mut unit.trail,
            },
            taps: hooks.taps.smmu(now, index),
        };
        Some((&mut unit.driver, unit.clock, ports, &mut unit.messages))
    }

    /// Brings an instance to now.
    pub(super) fn advance_smmu<O: Observer, T: Taps>(&mut self, index: usize, hooks: &mut Hooks<'_, O, T>) {
        let now = self.now;
        self.with_smmu(index, hooks, |driver, clock, ports, out| match driver {
            Driver::Functional(_) => {}
            Driver::Timed(timed) => timed.advance(clock.ticks(now), ports, out),
        });
        self.after_smmu(index, hooks);
    }

    /// An access of the core to the register window. Gives the value read and when the access is over.
    pub(super) fn smmu_register<O: Observer, T: Taps>(
        &mut self,
        index: usize,
        offset: u32,
        size: Size,
        written: Option<u32>,
        hooks: &mut Hooks<'_, O, T>,
    ) -> (u32, Time) {
        let narrow = size != Size::Word || !offset.is_multiple_of(4);
        let now = self.now;
        let answer = self.with_smmu(index, hooks, |driver, clock, ports, out| match (driver, written) {
            (Driver::Functional(smmu), _) if narrow => {
                smmu.narrow_access(offset, written, ports);
                (0, None)
            }
            (Driver::Functional(smmu), None) => (smmu.read(offset, ports), None),
            (Driver::Functional(smmu), Some(value)) => {
                smmu.write(offset, value, ports);
                (0, None)
            }
            (Driver::Timed(timed), _) if narrow => {
                (0, Some(timed.narrow_access(clock.ticks(now), offset, written, ports, out)))
            }
            (Driver::Timed(timed), None) => {
                let (value, done) = timed.read(clock.ticks(now), offset, ports, out);
                (value, Some(done))
            }
            (Driver::Timed(timed), Some(value)) => {
                (0, Some(timed.write(clock.ticks(now), offset, value, ports, out)))
            }
        });
        if written.is_some() {
            self.watch_bases(index, offset);
        }
        self.after_smmu(index, hooks);
        let (value, done) = answer.unwrap_or((0, None));
        let over = done.and_then(|cycle| Some(self.smmus.get(index)?.clock.time_of(cycle)));
        (value, over.unwrap_or(self.now))
    }

    /// Stores to the first-level tables that software names are recorded from then on.
    fn watch_bases(&mut self, index: usize, offset: u32) {
        let Some(RegisterId::Context { at, .. }) = RegisterId::at(offset) else { return };
        if !matches!(at.reg, ContextBank::TTBR0 | ContextBank::TTBR1) {
            return;
        }
        let Some(unit) = self.smmus.get(index) else { return };
        let base = unit.model().peek(offset) & !(TABLE_BYTES - 1);
        if base != 0 {
            self.memory.watch_table(base, TABLE_BYTES);
        }
    }

    /// A piece of a transaction arrives at an instance. Where it goes may be known now or later. Once the answer
    /// is used, [`Soc::after_submit`] has to follow.
    #[inline(always)]
    pub(super) fn submit<O: Observer, T: Taps>(
        &mut self,
        index: usize,
        request: &msmemu_smmu::Request,
        hooks: &mut Hooks<'_, O, T>,
    ) -> Option<Target> {
        let now = self.now;
        let (driver, clock, mut ports, out) = self.smmu_parts(index, hooks)?;
        match driver {
            Driver::Functional(smmu) => Target::of(smmu.translate(request, &mut ports)),
            Driver::Timed(timed) => {
                timed.submit(clock.ticks(now), request, &mut ports, out);
                None
            }
        }
    }

    /// Looks at what a submission brought. Whether lines changed.
    pub(super) fn after_submit<O: Observer, T: Taps>(
        &mut self,
        index: usize,
        hooks: &mut Hooks<'_, O, T>,
    ) -> bool {
        if self.timing == TimingMode::Approximate {
            self.after_smmu(index, hooks);
            return true;
        }
        // A translation at once brings no messages, releases nothing and has no deadline.
        let unit = Unit::Smmu(index as u8);
        self.drive(unit, self.dispatch.index(unit), hooks)
    }

    /// Memory answers a descriptor access.
    pub(super) fn descriptor_arrived<O: Observer, T: Taps>(
        &mut self,
        access: DescriptorAccess,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        let index = usize::from(access.smmu);
        let mut walker =
            Walker { memory: &mut self.memory, master: walker_port(index), dispatch: &self.dispatch };
        let data = match access.what {
            DescriptorKind::Word(read) => DescriptorData::Word(walker.read(&read)),
            DescriptorKind::Line(read) => DescriptorData::Line(walker.read_line(&read)),
            DescriptorKind::Write(write) => DescriptorData::Written(walker.write(&write)),
        };
        let (now, obs) = (self.now, &mut *hooks.obs);
        self.tables.take_stores(&mut self.memory.ram, now, None, obs);
        self.with_smmu(index, hooks, |driver, clock, ports, out| match driver {
            Driver::Functional(_) => {}
            // A response to a walk that a reset dropped is not expected any more.
            Driver::Timed(timed) => {
                let _ = timed.descriptor_done(clock.ticks(now), access.walk, data, ports, out);
            }
        });
        self.after_smmu(index, hooks);
    }

    /// Puts an instance into the state after power-on. What it held is terminated.
    pub(super) fn reset_smmu<O: Observer, T: Taps>(&mut self, index: usize, hooks: &mut Hooks<'_, O, T>) {
        self.with_smmu(index, hooks, |driver, _, ports, out| {
            match driver {
                Driver::Functional(smmu) => smmu.reset(ports),
                Driver::Timed(timed) => timed.reset(ports),
            }
            out.clear();
        });
        if let Some(unit) = self.smmus.get_mut(index) {
            unit.trail.reset();
        }
        let stale: Vec<_> = self
            .events
            .iter()
            .filter(|(_, event)| matches!(event, Event::Descriptor(d) if usize::from(d.smmu) == index))
            .map(|(id, _)| id)
            .collect();
        for id in stale {
            self.events.cancel(id);
        }
        for piece in self.dma.inside(index) {
            self.answered(piece, Answer::Terminated { error: true }, hooks);
        }
        self.after_smmu(index, hooks);
    }

    /// Delivers what a call of an instance brought: messages, answers, interrupts, its deadline.
    pub(super) fn after_smmu<O: Observer, T: Taps>(&mut self, index: usize, hooks: &mut Hooks<'_, O, T>) {
        let Some(unit) = self.smmus.get_mut(index) else { return };
        let mut messages = core::mem::take(&mut unit.messages);
        for message in messages.drain(..) {
            self.deliver(index, message, hooks);
        }
        if let Some(unit) = self.smmus.get_mut(index) {
            unit.messages = messages;
        }
        while let Some(Released { request, answer }) = self.next_released(index, hooks) {
            self.answered(PieceId::from_request(request.id), answer, hooks);
        }
        self.after(Unit::Smmu(index as u8), hooks);
    }

    fn next_released<O: Observer, T: Taps>(
        &mut self,
        index: usize,
        hooks: &mut Hooks<'_, O, T>,
    ) -> Option<Released> {
        let Driver::Functional(smmu) = &self.smmus.get(index)?.driver else { return None };
        if !smmu.has_released() {
            return None;
        }
        self.with_smmu(index, hooks, |driver, _, ports, _| match driver {
            Driver::Functional(smmu) => smmu.next_released(ports),
            Driver::Timed(_) => None,
        })?
    }

    fn deliver<O: Observer, T: Taps>(&mut self, index: usize, message: Message, hooks: &mut Hooks<'_, O, T>) {
        let now = self.now;
        let smmu = index as u8;
        let (walk, what, address, bytes) = match message {
            Message::Read { walk, read, line: false, .. } => {
                (walk, DescriptorKind::Word(read), read.address, 4)
            }
            Message::Read { walk, read, line: true, .. } => {
                (walk, DescriptorKind::Line(read), read.line(), 32)
            }
            Message::Write { walk, write, .. } => (walk, DescriptorKind::Write(write), write.address, 4),
            Message::Completed { request, answer, .. } => {
                self.answered(PieceId::from_request(request.id), answer, hooks);
                return;
            }
            // Nobody waits for it but the next access to the window, which the model delays.
            Message::InvalidationDone { .. } => return,
        };
        let done = self.memory.access(now, address, bytes);
        self.schedule(done, Event::Descriptor(DescriptorAccess { smmu, walk, what }));
    }
}

/// Direction of a request in the terms of the model.
pub(super) fn is_write(kind: AccessKind) -> bool {
    kind == AccessKind::Write
}
