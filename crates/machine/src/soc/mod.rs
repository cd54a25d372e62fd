//! Everything of the machine but the core: memory, devices, SMMUs, masters, wires, events.
//!
//! The parts never call each other. The machine calls one, then looks at what changed: its
//! lines, its deadline, its requests. Time only moves in [`Soc::advance_to`].

mod blocks;
mod bus;
mod deadlines;
mod dma;
pub(crate) mod exceptions;
mod memory;
mod smmu;
pub(crate) mod state;
mod stream;
mod tables;
pub(crate) mod wires;

pub use blocks::Unit;
pub use dma::{Latency, MasterStats};
pub use exceptions::Exception;
pub use tables::{FaultReport, TableWrite};

pub(crate) use blocks::UART_CLOCK_HZ;
pub(crate) use bus::Run;

use std::sync::Arc;

use msmemu_devices::gic::Gic;
use msmemu_devices::uartdm::Received;
use msmemu_fabric::{Clock, EventQueue, FabricTap as _, Lines, Priority, Ram, Time};

use crate::config::{Config, CpuCore};
use crate::observe::{Hooks, Observer, Taps};
use crate::{BuildError, GapPolicy, Stop, TimingMode};

use blocks::{Blocks, Dispatch};
use deadlines::Deadlines;
use dma::Dma;
use memory::Memory;
use smmu::SmmuUnit;
use tables::Tables;
use wires::Wire;

/// What happens at a moment in the future, beside the deadlines of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Event {
    /// The memory answers a piece of a DMA transaction.
    Dma(dma::PieceId),
    /// The memory answers a descriptor access of an SMMU.
    Descriptor(smmu::DescriptorAccess),
    /// Something arrives at a UART.
    Received { uart: u8, what: Received },
}

/// Everything but the core.
#[derive(Debug)]
pub(crate) struct Soc {
    pub(crate) config: Arc<Config>,
    pub(crate) timing: TimingMode,
    pub(crate) policy: GapPolicy,
    /// Virtual time of the last thing that happened outside of the core.
    pub(crate) now: Time,
    pub(crate) memory: Memory,
    dispatch: Arc<Dispatch>,
    pub(crate) blocks: Blocks,
    pub(crate) gic: Gic,
    pub(crate) smmus: Vec<SmmuUnit>,
    pub(crate) dma: Dma,
    pub(crate) wires: Arc<[Wire]>,
    /// Wires of every unit, by its dense index.
    wires_of: Arc<[core::ops::Range<usize>]>,
    pub(crate) lines: Lines,
    /// Levels of the outputs of every unit as they were last carried along its wires, by its dense index.
    levels: Vec<u64>,
    events: EventQueue<Event>,
    deadlines: Deadlines,
    pub(crate) tables: Tables,
    pub(crate) exceptions: exceptions::Exceptions,
    /// Characters that UARTs sent and nobody took, by UART.
    pub(crate) console: Vec<Vec<u8>>,
    /// The core's instruction behind the accesses that come.
    pub(crate) pc: u32,
    /// Address of the device register that the core accessed last.
    pub(crate) last_register: Option<u32>,
    /// The run is to stop.
    pub(crate) stop: Option<Stop>,
    /// Gaps of the model that the guest met: address, write; with the text and how often.
    pub(crate) gaps: std::collections::BTreeMap<(u32, bool), (String, u64)>,
}

impl Soc {
    pub(crate) fn new(
        config: Arc<Config>,
        timing: TimingMode,
        policy: GapPolicy,
    ) -> Result<Self, BuildError> {
        let dispatch = Dispatch::new(&config);
        let units = dispatch.units().len();
        let smmus = smmu::build(&config, timing)?;
        let blocks = Blocks::new(&config);
        let gic = blocks::gic(&config);
        let wires = wires::wires(&config, &blocks);
        let wires_of = wires::by_unit(&wires, dispatch.units()).into();
        let mut lines = Lines::new();
        for wire in &wires {
            lines.add(wire.name.clone());
        }
        let mut soc = Self {
            memory: Memory::new(&config, timing)?,
            dispatch: Arc::new(dispatch),
            dma: Dma::new(&config),
            console: vec![Vec::new(); config.uart.len()],
            levels: vec![0; units],
            deadlines: Deadlines::default(),
            config,
            timing,
            policy,
            now: Time::ZERO,
            blocks,
            gic,
            smmus,
            wires: wires.into(),
            wires_of,
            lines,
            events: EventQueue::new(),
            tables: Tables::default(),
            exceptions: exceptions::Exceptions::default(),
            pc: 0,
            last_register: None,
            stop: None,
            gaps: std::collections::BTreeMap::new(),
        };
        soc.settle_all();
        Ok(soc)
    }

    /// A copy that shares memory until one side stores to it.
    pub(crate) fn fork(&mut self) -> Self {
        Self {
            config: Arc::clone(&self.config),
            timing: self.timing,
            policy: self.policy,
            now: self.now,
            memory: self.memory.fork(),
            dispatch: Arc::clone(&self.dispatch),
            blocks: self.blocks.clone(),
            gic: self.gic.clone(),
            smmus: self.smmus.clone(),
            dma: self.dma.clone(),
            wires: Arc::clone(&self.wires),
            wires_of: Arc::clone(&self.wires_of),
            lines: self.lines.clone(),
            events: self.events.clone(),
            levels: self.levels.clone(),
            deadlines: self.deadlines.clone(),
            tables: self.tables.clone(),
            exceptions: self.exceptions.clone(),
            console: self.console.clone(),
            pc: self.pc,
            last_register: self.last_register,
            stop: self.stop.clone(),
            gaps: self.gaps.clone(),
        }
    }

    pub(crate) fn ram(&mut self) -> &mut Ram {
        &mut self.memory.ram
    }

    /// When something next happens by itself: the earliest event or deadline.
    #[inline]
    pub(crate) fn next_time(&self) -> Time {
        let event = self.events.next_time().unwrap_or(Time::MAX);
        self.deadlines.first().map_or(event, |(deadline, _)| deadline.min(event))
    }

    /// Whether the core is asked to take an interrupt.
    pub(crate) fn irq(&self) -> bool {
        self.gic.irq(0)
    }

    fn schedule(&mut self, time: Time, event: Event) {
        self.events.schedule(time, Priority(0), event);
    }

    /// Does everything that is due up to and including `time`, and moves there.
    pub(crate) fn advance_to<O: Observer, T: Taps>(&mut self, time: Time, hooks: &mut Hooks<'_, O, T>) {
        while self.next_up_to(time, hooks) {}
        self.now = self.now.max(time);
    }

    /// Does what is due up to and including `time` until the core has to look: at an interrupt, or at the end
    /// of the run.
    pub(crate) fn advance_until_noticed<O: Observer, T: Taps>(
        &mut self,
        time: Time,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        // The end of time is never.
        let time = time.min(Time(u64::MAX - 1));
        while !self.irq() && self.stop.is_none() && self.next_up_to(time, hooks) {}
    }

    /// Does the next thing if it is due up to and including `time`. Events come before deadlines of the same
    /// time, and those in the order of the units.
    fn next_up_to<O: Observer, T: Taps>(&mut self, time: Time, hooks: &mut Hooks<'_, O, T>) -> bool {
        let event = self.events.next_time().unwrap_or(Time::MAX);
        match self.deadlines.first() {
            Some((at, index)) if at < event => {
                if at > time {
                    return false;
                }
                self.now = self.now.max(at);
                let served = match self.dispatch.unit(index) {
                    // Who listens to lines hears of every call of a device.
                    Unit::Master(i) if self.timing == TimingMode::Functional && !T::Fabric::LINES => {
                        self.stream(i, time, hooks)
                    }
                    unit => {
                        self.advance_unit(unit, hooks);
                        at
                    }
                };
                // A deadline that did not move would be due for ever.
                if self.deadlines.of(index) <= served {
                    self.deadlines.set(index, Time(served.0 + 1));
                }
            }
            _ => {
                let Some((id, event)) = self.events.pop_due(time) else { return false };
                self.now = self.now.max(id.time());
                self.happen(event, hooks);
            }
        }
        true
    }

    fn happen<O: Observer, T: Taps>(&mut self, event: Event, hooks: &mut Hooks<'_, O, T>) {
        match event {
            Event::Dma(piece) => self.piece_done(piece, hooks),
            Event::Descriptor(access) => self.descriptor_arrived(access, hooks),
            Event::Received { uart, what } => {
                let now = self.now;
                if let Some(port) = self.blocks.uarts.get_mut(usize::from(uart)) {
                    port.receive(now, what);
                }
                self.after(Unit::Uart(uart), hooks);
            }
        }
    }

    /// Has UARTs send what they hold: the last words before a power-off are the most wanted ones.
    pub(crate) fn drain_uarts<O: Observer, T: Taps>(&mut self, hooks: &mut Hooks<'_, O, T>) {
        for index in 0..self.blocks.uarts.len() {
            let now = self.now;
            if let Some(uart) = self.blocks.uarts.get_mut(index) {
                uart.drain(now);
            }
            self.after(Unit::Uart(index as u8), hooks);
        }
    }

    /// Something for a UART, at `time` or now if that is past.
    pub(crate) fn receive(&mut self, time: Time, uart: u8, what: Received) {
        self.schedule(time.max(self.now), Event::Received { uart, what });
    }

    /// What is at an address, in words.
    pub(crate) fn explain(&self, address: u32) -> Option<String> {
        use msmemu_devices::{Device as _, Mmio};
        let (unit, offset) = self.dispatch.find(u64::from(address))?;
        let at = Mmio::word(offset);
        match unit {
            Unit::Smmu(i) => {
                let model = self.smmus.get(usize::from(i))?.model();
                let register = msmemu_smmu::RegisterId::at(offset)?;
                let value = model.peek(offset);
                let fields = register.desc().show(value);
                let name = &self.config.smmu.get(usize::from(i))?.name;
                Some(format!("{name}.{register} = {value:#010x} ({fields})"))
            }
            Unit::Gic => self.gic.explain(self.now, at).map(|e| e.to_string()),
            unit => self.blocks.device(unit)?.explain(self.now, at).map(|e| e.to_string()),
        }
    }

    /// Whether anything will ever happen by itself.
    pub(crate) fn is_quiet(&self) -> bool {
        self.next_time() == Time::MAX
    }
}

/// The clock of the core.
pub(crate) fn cpu_clock(config: &Config) -> Clock {
    Clock::from_hz(u64::from(config.cpu.clock_hz))
}

pub(crate) fn cpu_model(config: &Config) -> msmemu_cpu::Model {
    match config.cpu.core {
        CpuCore::Scorpion => msmemu_cpu::Model::Scorpion,
        CpuCore::Krait => msmemu_cpu::Model::Krait,
    }
}
