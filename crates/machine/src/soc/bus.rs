//! The machine as the core sees it: a bus and an observer in one, for the time of a slice.

use msmemu_cpu::isa::Set;
use msmemu_cpu::observe::{CacheMaintenance, CoprocAccess, DataAccess, TlbMaintenance};
use msmemu_cpu::{Env, Trap};
use msmemu_devices::{Device as _, Mmio, MmioError};
use msmemu_fabric::{Access, AccessKind, Bus, BusFault, Clock, FabricTap as _, Ram, Size, Time, WriteTap};

use crate::observe::{Hooks, Observer, RegisterAccess, Taps};
use crate::{GapPolicy, Stop, TimingMode};

use super::{Soc, Unit};

impl Soc {
    /// When a unit next changes by itself.
    pub(super) fn deadline(&self, unit: Unit) -> Time {
        match unit {
            Unit::Gic => Time::MAX,
            Unit::Smmu(i) => self.smmus.get(usize::from(i)).map_or(Time::MAX, super::SmmuUnit::deadline),
            unit => self.blocks.device(unit).and_then(|d| d.deadline()).unwrap_or(Time::MAX),
        }
    }

    /// Brings a unit to now.
    pub(super) fn advance_unit<O: Observer, T: Taps>(&mut self, unit: Unit, hooks: &mut Hooks<'_, O, T>) {
        if let Unit::Smmu(i) = unit {
            self.advance_smmu(usize::from(i), hooks);
            return;
        }
        let now = self.now;
        if let Some(device) = self.blocks.device_mut(unit) {
            device.advance(now);
        }
        self.after(unit, hooks);
    }

    /// Looks at what a call of a unit changed: requests, characters, lines, its deadline.
    pub(super) fn after<O: Observer, T: Taps>(&mut self, unit: Unit, hooks: &mut Hooks<'_, O, T>) {
        match unit {
            Unit::Master(i) => self.pump(i, hooks),
            Unit::Uart(i) => {
                let sent =
                    self.blocks.uarts.get_mut(usize::from(i)).map(|u| u.take_sent()).unwrap_or_default();
                if !sent.is_empty() {
                    hooks.obs.sent(self.now, usize::from(i), &sent);
                    if let Some(console) = self.console.get_mut(usize::from(i)) {
                        console.extend(sent);
                    }
                }
            }
            // Its outputs are those that the core looks at; it has no deadline.
            Unit::Gic => return,
            Unit::Timer | Unit::Gsbi(_) | Unit::Controller(_) | Unit::Smmu(_) => {}
        }
        let index = self.dispatch.index(unit);
        self.drive(unit, index, hooks);
        self.deadlines.set(index, self.deadline(unit));
    }

    /// A register access. Gives the value read, and how long the core waits.
    fn register<O: Observer, T: Taps>(
        &mut self,
        access: &Access,
        written: Option<u32>,
        hooks: &mut Hooks<'_, O, T>,
    ) -> (Result<u32, BusFault>, Time) {
        let Some((unit, offset)) = self.dispatch.find(access.addr.0) else {
            self.gap(access, &"no device answers here", hooks);
            return (Err(BusFault::Decode), Time::ZERO);
        };
        self.last_register = Some(access.addr.0 as u32);
        let now = self.now;
        let at = Mmio { offset, size: access.size, master: access.master.bus };
        let mut over = now;
        let result = match unit {
            Unit::Smmu(i) => {
                let (value, done) = self.smmu_register(usize::from(i), offset, access.size, written, hooks);
                over = done;
                Ok(value)
            }
            Unit::Gic => match written {
                None => self.gic.read(now, at),
                Some(value) => self.gic.write(now, at, value).map(|()| 0),
            },
            unit => match (self.blocks.device_mut(unit), written) {
                (Some(device), None) => device.read(now, at),
                (Some(device), Some(value)) => device.write(now, at, value).map(|()| 0),
                (None, _) => Ok(0),
            },
        };
        let answer = match result {
            Ok(value) => Ok(value),
            Err(MmioError::Fault(fault)) => Err(fault),
            Err(MmioError::Gap(gap)) => {
                self.gap(access, &gap, hooks);
                Ok(0)
            }
        };
        let (kind, size, master) = (access.kind, access.size, access.master.bus);
        let shown = answer.map(|value| written.unwrap_or(value));
        let pc = self.pc;
        hooks.obs.register(now, &RegisterAccess { unit, offset, size, kind, master, pc, answer: shown });
        if !matches!(unit, Unit::Smmu(_)) {
            self.after(unit, hooks);
        }
        let wait = match self.timing {
            TimingMode::Functional => Time::ZERO,
            TimingMode::Approximate => {
                let bus = Time::from_nanos(u64::from(self.config.fabric.register_ns));
                (over - now) + bus
            }
        };
        (answer, wait)
    }

    /// The guest met something that the model does not have.
    fn gap<O, T>(&mut self, access: &Access, what: &dyn core::fmt::Display, _hooks: &Hooks<'_, O, T>) {
        let write = access.kind == AccessKind::Write;
        let key = (access.addr.0 as u32, write);
        let (text, count) = self.gaps.entry(key).or_insert_with(|| (what.to_string(), 0));
        *count += 1;
        if self.policy == GapPolicy::Stop {
            let (address, text) = (access.addr.0 as u32, text.clone());
            self.stop = Some(Stop::Gap { address, write, text, pc: self.pc });
        }
    }
}

/// The machine for the time of a slice.
pub(crate) struct Run<'r, O, T> {
    pub(crate) soc: &'r mut Soc,
    pub(crate) hooks: Hooks<'r, O, T>,
    clock: Clock,
    /// Time of the accesses that come.
    time: Time,
    wait: Time,
    /// Level of the interrupt request that the core knows of.
    irq: bool,
    /// When the slice ends at the latest.
    horizon: Time,
    attention: bool,
}

impl<'r, O: Observer, T: Taps> Run<'r, O, T> {
    pub(crate) fn new(soc: &'r mut Soc, hooks: Hooks<'r, O, T>, clock: Clock, horizon: Time) -> Self {
        let irq = soc.irq();
        let time = soc.now;
        Self { soc, hooks, clock, time, wait: Time::ZERO, irq, horizon, attention: false }
    }

    /// Does what is due before an access.
    fn arrive(&mut self) {
        if self.soc.next_time() <= self.time {
            self.soc.advance_to(self.time, &mut self.hooks);
        } else if self.soc.now < self.time {
            self.soc.now = self.time;
        }
    }

    fn leave(&mut self, wait: Time) {
        self.wait += wait;
        self.attention |=
            self.soc.stop.is_some() || self.soc.irq() != self.irq || self.soc.next_time() < self.horizon;
    }

    fn word(&mut self, access: &Access, written: Option<u32>) -> Result<u32, BusFault> {
        let (answer, wait) = self.soc.register(access, written, &mut self.hooks);
        self.leave(wait);
        answer
    }
}

/// The two words of a double.
fn halves(access: &Access) -> [Access; 2] {
    let low = Access { size: Size::Word, ..*access };
    let mut high = low;
    high.addr.0 += 4;
    [low, high]
}

impl<O: Observer, T: Taps> Bus for Run<'_, O, T> {
    #[inline(always)]
    fn ram(&mut self) -> &mut Ram {
        self.soc.ram()
    }

    fn read(&mut self, access: &Access) -> Result<u64, BusFault> {
        self.arrive();
        if self.soc.memory.ram.contains(access.addr, access.size.bytes()) {
            return self.soc.memory.ram.read_access(access);
        }
        let mut answer = if access.size == Size::Double {
            let [low, high] = halves(access);
            let low = self.word(&low, None);
            let high = self.word(&high, None);
            low.and_then(|low| Ok(u64::from(low) | u64::from(high?) << 32))
        } else {
            self.word(access, None).map(u64::from)
        };
        self.hooks.taps.fabric().read(self.soc.now, access, &mut answer);
        answer.map(|value| value & access.size.mask())
    }

    fn write(&mut self, access: &Access, value: u64) -> Result<(), BusFault> {
        self.arrive();
        if self.soc.memory.ram.contains(access.addr, access.size.bytes()) {
            self.soc.memory.ram.write_access(access, value)?;
            return Ok(());
        }
        let mut value = value & access.size.mask();
        match self.hooks.taps.fabric().write(self.soc.now, access, &mut value) {
            WriteTap::Pass => {}
            WriteTap::Lose => return Ok(()),
            WriteTap::Fault(fault) => return Err(fault),
        }
        if access.size == Size::Double {
            let [low, high] = halves(access);
            self.word(&low, Some(value as u32))?;
            self.word(&high, Some((value >> 32) as u32))?;
        } else {
            self.word(access, Some(value as u32))?;
        }
        Ok(())
    }

    fn at_cycle(&mut self, cycle: u64) {
        self.time = self.clock.time_of(cycle);
    }

    fn at_pc(&mut self, pc: u32) {
        self.soc.pc = pc;
    }

    fn watched_store(&mut self) {
        let (now, pc) = (self.time.max(self.soc.now), self.soc.pc);
        let Soc { memory, tables, .. } = &mut *self.soc;
        tables.take_stores(&mut memory.ram, now, Some(pc), self.hooks.obs);
    }

    fn take_wait_cycles(&mut self) -> u64 {
        let wait = core::mem::take(&mut self.wait);
        if wait == Time::ZERO { 0 } else { self.clock.ticks(Time(wait.0 - 1)) + 1 }
    }

    fn attention(&mut self) -> bool {
        core::mem::take(&mut self.attention)
    }
}

impl<O: Observer, T: Taps> msmemu_cpu::Observer for Run<'_, O, T> {
    const RETIRED: bool = O::RETIRED;
    const DATA: bool = O::DATA;

    #[inline(always)]
    fn retired(&mut self, set: Set, pc: u32, word: u32) {
        self.hooks.obs.retired(set, pc, word);
    }

    #[inline(always)]
    fn data(&mut self, access: &DataAccess) {
        self.hooks.obs.data(access);
    }

    fn exception(&mut self, trap: &Trap, from: u32, to: u32) {
        let now = self.time.max(self.soc.now);
        self.hooks.obs.exception(now, trap, from, to);
        self.soc.exceptions.entered(now, trap, from, to);
        if self.soc.exceptions.hopeless() {
            self.soc.stop = Some(Stop::ExceptionLoop { vector: to });
            self.attention = true;
        }
    }

    fn coproc(&mut self, pc: u32, access: &CoprocAccess) {
        self.hooks.obs.coproc(pc, access);
    }

    fn tlb(&mut self, pc: u32, what: &TlbMaintenance) {
        self.hooks.obs.cpu_tlb(pc, what);
    }

    fn cache(&mut self, pc: u32, what: &CacheMaintenance) {
        self.hooks.obs.cache(pc, what);
    }

    fn walk(&mut self, va: u32, level: u8, pa: u64, descriptor: u32) {
        self.hooks.obs.cpu_walk(va, level, pa, descriptor);
    }
}

impl<O: Observer, T: Taps> Env for Run<'_, O, T> {
    type Bus = Self;
    type Obs = Self;

    #[inline(always)]
    fn bus(&mut self) -> &mut Self {
        self
    }

    #[inline(always)]
    fn obs(&mut self) -> &mut Self {
        self
    }
}
