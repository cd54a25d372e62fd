//! A machine: core and everything around it, run in slices up to the next event.

use std::sync::Arc;

use msmemu_cpu::mem::Kind;
use msmemu_cpu::semihosting::{Host, Outcome, Semihosting};
use msmemu_cpu::{Core, Cpu, Exit, Limits};
use msmemu_devices::uartdm::Received;
use msmemu_fabric::{Access, Bus as _, BusFault, Clock, LineId, MasterId, PhysAddr, Size, Time};

use crate::config::Config;
use crate::load::{Image, NoMemory, Symbols};
use crate::observe::{Hooks, Observer, Taps};
use crate::soc::{self, Exception, FaultReport, MasterStats, Run, Soc, TableWrite, Unit};

/// How much time things take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimingMode {
    /// Costs of the configuration: look-ups, walks, queues at memory, register accesses.
    #[default]
    Approximate,
    /// Translations at once, memory in constant time, register accesses for free.
    Functional,
}

/// What happens when the guest accesses something that the model does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapPolicy {
    /// Reads give 0, writes are dropped.
    Ignore,
    /// The same, and [`Machine::gaps`] lists it.
    #[default]
    Warn,
    /// The run stops.
    Stop,
}

/// Why a machine cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A memory cannot be made.
    #[error("memory {name} does not fit the address space")]
    Memory {
        /// Which.
        name: String,
    },
    /// RAM cannot be made.
    #[error(transparent)]
    Ram(#[from] msmemu_fabric::RamError),
    /// The parameters of an SMMU are refused.
    #[error("{name}: {error}")]
    Smmu {
        /// Which.
        name: String,
        /// Why.
        error: msmemu_smmu::ConfigError,
    },
    /// An SMMU names a model that does not exist.
    #[error("{name}: its model does not exist")]
    NoModel {
        /// Which.
        name: String,
    },
}

/// Where a run ends at the latest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Until {
    /// Virtual time.
    pub time: Option<Time>,
    /// Instructions since power-on.
    pub instructions: Option<u64>,
    /// Core cycles per slice; 0: no limit. Results do not depend on it.
    pub slice: u64,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// PS_HOLD was released.
    PoweredOff,
    /// The watchdog bit.
    WatchdogBite,
    /// The guest's kernel panicked.
    Panicked {
        /// The instruction that reported it.
        pc: u32,
    },
    /// A semihosting exit; status 0 is success.
    Exited {
        /// Exit status.
        status: u32,
    },
    /// The core waits for an interrupt, and nothing that happens by itself is pending. Input from
    /// outside could go on.
    Idle,
    /// The core spins on one instruction and takes no interrupt.
    Spinning {
        /// The instruction.
        pc: u32,
    },
    /// The core enters the same exception for ever.
    ExceptionLoop {
        /// Its vector.
        vector: u32,
    },
    /// A gap of the model under [`GapPolicy::Stop`].
    Gap {
        /// Physical address.
        address: u32,
        /// It was a write.
        write: bool,
        /// What is missing.
        text: String,
        /// The instruction.
        pc: u32,
    },
    /// [`Until::time`] was reached.
    TimeLimit,
    /// [`Until::instructions`] was reached.
    InstructionLimit,
    /// A breakpoint of the debugger at the current program counter.
    Breakpoint,
    /// A watchpoint of the debugger.
    Watchpoint {
        /// Virtual address of the access.
        va: u32,
    },
    /// One slice of [`Machine::slice`] is over.
    Slice,
}

/// Every this many core cycles the machine looks whether the core still gets anywhere. A fixed
/// grid, so that results do not depend on the slices.
const SPIN_GRID: u64 = 1 << 22;

/// A machine.
#[derive(Debug)]
pub struct Machine {
    pub(crate) cpu: Cpu,
    pub(crate) soc: Soc,
    pub(crate) semihosting: Semihosting,
    clock: Clock,
    /// The core sleeps after WFI or WFE.
    pub(crate) asleep: bool,
    /// Cycles the core slept.
    pub(crate) idle_cycles: u64,
    symbols: Arc<Symbols>,
}

impl Machine {
    /// A machine after power-on.
    ///
    /// # Errors
    /// Only for a configuration that [`Config::parse`] would not accept.
    pub fn new(config: Arc<Config>, timing: TimingMode, policy: GapPolicy) -> Result<Self, BuildError> {
        let clock = soc::cpu_clock(&config);
        let cpu = Cpu::new(soc::cpu_model(&config), MasterId::default());
        Ok(Self {
            cpu,
            semihosting: Semihosting::new(clock.rate().0),
            soc: Soc::new(config, timing, policy)?,
            clock,
            asleep: false,
            idle_cycles: 0,
            symbols: Arc::default(),
        })
    }

    /// Puts an image into memory and the core at its entry.
    ///
    /// # Errors
    /// When the image goes where there is no memory.
    pub fn load(&mut self, image: Image) -> Result<(), NoMemory> {
        image.check(&self.soc.config)?;
        let Image { segments, entry, thumb, registers, symbols } = image;
        for segment in &segments {
            let address = PhysAddr(u64::from(segment.address));
            // Checked above; nobody watches a frame before the guest runs.
            let _ = self.soc.memory.ram.write(MasterId::default().bus, address, &segment.bytes);
        }
        let core = &mut self.cpu.core;
        core.pc = entry;
        core.thumb = thumb;
        core.r[..3].copy_from_slice(&registers);
        self.symbols = Arc::new(symbols);
        Ok(())
    }

    /// Whether semihosting calls of the guest are served.
    pub fn set_semihosting(&mut self, on: bool) {
        self.cpu.core.semihosting = on;
    }

    /// Replaces the breakpoints of a debugger: virtual addresses at which runs stop before executing.
    pub fn set_breakpoints(&mut self, addresses: &[u32]) {
        self.cpu.set_breakpoints(addresses);
    }

    /// A copy that shares memory until one side stores to it. Breakpoints are not copied.
    pub fn fork(&mut self) -> Self {
        let mut cpu = Cpu::new(self.cpu.core.model, self.cpu.core.master);
        // A state just saved by the same model is always accepted.
        let _ = cpu.restore(&self.cpu.core.save());
        cpu.core.semihosting = self.cpu.core.semihosting;
        let mut soc = self.soc.fork();
        soc.memory.ram.unwatch_all(msmemu_fabric::Watch::Code);
        Self {
            cpu,
            soc,
            semihosting: self.semihosting.clone(),
            clock: self.clock,
            asleep: self.asleep,
            idle_cycles: self.idle_cycles,
            symbols: Arc::clone(&self.symbols),
        }
    }

    /// Runs until something ends the run.
    pub fn run<O: Observer, T: Taps, H: Host>(
        &mut self,
        until: Until,
        obs: &mut O,
        taps: &mut T,
        host: &mut H,
    ) -> Stop {
        loop {
            match self.slice(until, obs, taps, host) {
                Stop::Slice => {}
                stop => return stop,
            }
        }
    }

    /// Runs one slice: up to the next event, a reason to stop, or [`Until::slice`] cycles.
    pub fn slice<O: Observer, T: Taps, H: Host>(
        &mut self,
        until: Until,
        obs: &mut O,
        taps: &mut T,
        host: &mut H,
    ) -> Stop {
        let mut hooks = Hooks { obs: &mut *obs, taps: &mut *taps };
        let now = self.clock.time_of(self.cpu.core.cycles);
        if self.soc.next_time() <= now {
            self.soc.advance_to(now, &mut hooks);
        }
        if let Some(stop) = self.soc.stop.take() {
            self.soc.drain_uarts(&mut hooks);
            return stop;
        }
        self.cpu.core.lines.irq = self.soc.irq();
        if until.instructions.is_some_and(|n| self.cpu.core.instructions >= n) {
            return Stop::InstructionLimit;
        }
        let last_cycle = until.time.map_or(u64::MAX, |time| self.cycles_at(time));
        if self.cpu.core.cycles >= last_cycle {
            return Stop::TimeLimit;
        }
        if self.asleep && !self.wakes() {
            return self.sleep(until.slice, last_cycle, hooks);
        }
        self.asleep = false;
        let start = self.cpu.core.cycles;
        let grid = (start / SPIN_GRID + 1) * SPIN_GRID;
        let event = self.cycles_at(self.soc.next_time());
        let slice = if until.slice == 0 { u64::MAX } else { start.saturating_add(until.slice) };
        let limits = Limits {
            cycles: event.max(start + 1).min(grid).min(slice).min(last_cycle),
            instructions: until.instructions.unwrap_or(u64::MAX),
        };
        // What is due now, not the cycle it is rounded up to: only something earlier ends the slice before its time.
        let horizon = self.soc.next_time();
        let mut run = Run::new(&mut self.soc, hooks, self.clock, horizon);
        let exit = self.cpu.run_in(&mut run, limits);
        match exit {
            Exit::Budget if self.cpu.core.cycles >= grid => self.look_for_spin(obs, taps),
            Exit::Budget | Exit::Bus | Exit::SendEvent => Stop::Slice,
            Exit::WaitForInterrupt | Exit::WaitForEvent => {
                self.asleep = true;
                Stop::Slice
            }
            Exit::Semihosting => {
                let hooks = Hooks { obs, taps };
                let mut run = Run::new(&mut self.soc, hooks, self.clock, Time::MAX);
                match self.semihosting.serve(&mut self.cpu.core, &mut run, host) {
                    Outcome::Continue => Stop::Slice,
                    Outcome::Ended { status, .. } => Stop::Exited { status },
                }
            }
            Exit::Breakpoint => Stop::Breakpoint,
            Exit::Watchpoint { va } => Stop::Watchpoint { va },
        }
    }

    /// Runs one instruction, or takes one exception, or sleeps up to the next event.
    pub fn step<O: Observer, T: Taps, H: Host>(&mut self, obs: &mut O, taps: &mut T, host: &mut H) -> Stop {
        let instructions = Some(self.cpu.core.instructions + 1);
        let until = Until { time: None, instructions, slice: 1 };
        match self.slice(until, obs, taps, host) {
            Stop::InstructionLimit => Stop::Slice,
            stop => stop,
        }
    }

    /// The first core cycle not before `time`.
    fn cycles_at(&self, time: Time) -> u64 {
        if time == Time::MAX {
            return u64::MAX;
        }
        let cycle = self.clock.ticks(time);
        if self.clock.time_of(cycle) < time { cycle + 1 } else { cycle }
    }

    /// Whether the sleeping core goes on.
    fn wakes(&self) -> bool {
        let core = &self.cpu.core;
        core.lines.irq || core.lines.fiq || core.lines.abort
    }

    /// Sleeps for about a slice, at least to what happens next, up to what may wake the core.
    fn sleep<O: Observer, T: Taps>(
        &mut self,
        slice: u64,
        last_cycle: u64,
        mut hooks: Hooks<'_, O, T>,
    ) -> Stop {
        if self.soc.is_quiet() {
            return Stop::Idle;
        }
        let start = self.cpu.core.cycles;
        let end = if slice == 0 { last_cycle } else { last_cycle.min(start.saturating_add(slice)) };
        self.soc.advance_until_noticed(self.clock.time_of(end), &mut hooks);
        // Interrupts are looked at between cycles.
        let noticed = self.soc.irq() || self.soc.stop.is_some() || self.soc.is_quiet();
        let time = if noticed { self.soc.now } else { self.soc.next_time() };
        let cycle = self.cycles_at(time).min(last_cycle).max(start);
        self.cpu.core.cycles = cycle;
        self.idle_cycles += cycle - start;
        Stop::Slice
    }

    /// One instruction, to see whether the core moves.
    fn look_for_spin<O: Observer, T: Taps>(&mut self, obs: &mut O, taps: &mut T) -> Stop {
        let core = &self.cpu.core;
        let masked = core.cpsr() & (1 << 7) != 0;
        if !masked && !self.soc.is_quiet() {
            return Stop::Slice;
        }
        let before = (core.pc, core.r, core.cpsr());
        let limits = Limits { cycles: u64::MAX, instructions: core.instructions + 1 };
        let mut run = Run::new(&mut self.soc, Hooks { obs, taps }, self.clock, Time::ZERO);
        let exit = self.cpu.run_in(&mut run, limits);
        let core = &self.cpu.core;
        match exit {
            Exit::Budget if before == (core.pc, core.r, core.cpsr()) => Stop::Spinning { pc: core.pc },
            Exit::WaitForInterrupt | Exit::WaitForEvent => {
                self.asleep = true;
                Stop::Slice
            }
            Exit::Breakpoint => Stop::Breakpoint,
            _ => Stop::Slice,
        }
    }

    /// Something for a UART (index in the configuration): it arrives at `time`, or now if that is past.
    pub fn receive(&mut self, time: Time, uart: u8, what: Received) {
        let now = self.time();
        self.soc.receive(time.max(now), uart, what);
    }

    /// How long a character is on the wire of a UART.
    pub fn character_time(&self, uart: usize) -> Time {
        self.soc.blocks.uarts.get(uart).map_or(Time::ZERO, |u| u.character_time())
    }

    /// How many characters a UART can take before it overruns.
    pub fn uart_room(&self, uart: usize) -> usize {
        self.soc.blocks.uarts.get(uart).map_or(0, |u| u.room())
    }

    /// Takes what a UART sent since the last call.
    pub fn take_sent(&mut self, uart: usize) -> Vec<u8> {
        self.soc.console.get_mut(uart).map(core::mem::take).unwrap_or_default()
    }

    /// Whether a character for a UART would interrupt the core.
    pub fn listens(&self, uart: usize) -> bool {
        self.soc.blocks.uarts.get(uart).is_some_and(|u| u.listens())
    }

    /// Whether the core sleeps after WFI or WFE.
    pub fn is_asleep(&self) -> bool {
        self.asleep
    }

    /// Virtual time.
    pub fn time(&self) -> Time {
        self.clock.time_of(self.cpu.core.cycles)
    }

    /// The core.
    pub fn core(&self) -> &Core {
        &self.cpu.core
    }

    /// The core, for debuggers. Derived state follows from [`Machine::set_breakpoints`] and context changes only:
    /// change plain registers here, nothing else.
    pub fn core_mut(&mut self) -> &mut Core {
        &mut self.cpu.core
    }

    /// The configuration.
    pub fn config(&self) -> &Arc<Config> {
        &self.soc.config
    }

    /// How time is modelled.
    pub fn timing(&self) -> TimingMode {
        self.soc.timing
    }

    /// Names of the image's addresses.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// Names that belong to the memory contents, for a machine that was restored.
    pub fn set_symbols(&mut self, symbols: Symbols) {
        self.symbols = Arc::new(symbols);
    }

    /// An SMMU: registers, TLB, held transactions, counters.
    pub fn smmu(&self, index: usize) -> Option<&msmemu_smmu::Smmu> {
        self.soc.smmus.get(index).map(|s| s.model())
    }

    /// Corrupts or removes a TLB entry of an SMMU.
    pub fn poke_tlb(&mut self, index: usize, entry: u16, value: Option<msmemu_smmu::TlbEntry>) {
        if let Some(unit) = self.soc.smmus.get_mut(index) {
            unit.poke_tlb(entry, value);
        }
    }

    /// Counters of the masters, in the order of [`Unit::Master`].
    pub fn master_stats(&self) -> &[MasterStats] {
        &self.soc.dma.stats
    }

    /// Name of a master, in the order of [`Unit::Master`].
    pub fn master_name(&self, master: usize) -> &str {
        let config = &self.soc.config;
        let engines = config.traffic_engine.iter().map(|t| t.name.as_str());
        engines.chain(config.pl330.iter().map(|p| p.name.as_str())).nth(master).unwrap_or("?")
    }

    /// Name of a unit.
    pub fn unit_name(&self, unit: Unit) -> String {
        let config = &self.soc.config;
        let name = |name: Option<&String>| name.cloned().unwrap_or_default();
        match unit {
            Unit::Gic => "gic".into(),
            Unit::Timer => "timer".into(),
            Unit::Gsbi(i) => format!("{}.gsbi", name(config.uart.get(usize::from(i)).map(|u| &u.name))),
            Unit::Uart(i) => name(config.uart.get(usize::from(i)).map(|u| &u.name)),
            Unit::Controller(i) => name(config.controller.get(usize::from(i)).map(|c| &c.name)),
            Unit::Smmu(i) => name(config.smmu.get(usize::from(i)).map(|s| &s.name)),
            Unit::Master(i) => self.master_name(usize::from(i)).to_owned(),
        }
    }

    /// Name of a line that observers are told of.
    pub fn line_name(&self, line: LineId) -> &str {
        self.soc.lines.name(line)
    }

    /// The latest context faults, oldest first, at most 32; [`Machine::fault_count`] counts all.
    pub fn faults(&self) -> &[FaultReport] {
        &self.soc.tables.faults
    }

    /// Context faults since power-on.
    pub fn fault_count(&self) -> u64 {
        self.soc.tables.fault_count
    }

    /// The last store to a word of a translation table, if it happened after the machine knew that
    /// there is a table. [`Machine::watch_table`] before a run makes it know.
    pub fn table_write(&self, address: u32) -> Option<&TableWrite> {
        self.soc.tables.writes.get(&(address & !3))
    }

    /// Records stores to the 4 KiB frame of an address from now on.
    pub fn watch_table(&mut self, address: u32) {
        self.soc.memory.watch_table(address & !0xFFF, 1);
    }

    /// The last abort or undefined instruction of the core, and if it ended in a loop, what it began with.
    pub fn last_exception(&self) -> Option<Exception> {
        self.soc.exceptions.first_of_loop.or(self.soc.exceptions.last)
    }

    /// Gaps of the model that the guest met: address, whether by a write, what, how often.
    pub fn gaps(&self) -> impl Iterator<Item = (u32, bool, &str, u64)> {
        self.soc.gaps.iter().map(|((address, write), (text, n))| (*address, *write, text.as_str(), *n))
    }

    /// An access to a physical address as the core makes it, with all its effects on devices; for debuggers and tests.
    ///
    /// # Errors
    /// The fault that the core would see.
    pub fn bus_access<O: Observer, T: Taps>(
        &mut self,
        address: u32,
        size: Size,
        written: Option<u64>,
        obs: &mut O,
        taps: &mut T,
    ) -> Result<u64, BusFault> {
        let (address, master) = (PhysAddr(u64::from(address)), self.cpu.core.master);
        let mut run = Run::new(&mut self.soc, Hooks { obs, taps }, self.clock, Time::MAX);
        run.at_cycle(self.cpu.core.cycles);
        run.at_pc(self.cpu.core.pc);
        match written {
            None => run.read(&Access::read(address, size, master)),
            Some(value) => run.write(&Access::write(address, size, master), value).map(|()| value),
        }
    }

    /// Reads physical memory, without effects on devices.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn read_physical(&self, address: u32, out: &mut [u8]) -> Result<(), BusFault> {
        self.soc.memory.ram.read(PhysAddr(u64::from(address)), out)
    }

    /// Writes physical memory, as the core would.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn write_physical(&mut self, address: u32, bytes: &[u8]) -> Result<(), BusFault> {
        let address = PhysAddr(u64::from(address));
        self.soc.memory.ram.write(MasterId::default().bus, address, bytes).map(|_| ())
    }

    /// The physical address behind a virtual one of the core, for debuggers.
    pub fn core_translate(&mut self, va: u32) -> Option<u32> {
        // On a copy: a translation fills TLBs and may set fault registers.
        let mut core = self.cpu.core.clone();
        let hooks = Hooks { obs: &mut (), taps: &mut () };
        let mut run = Run::new(&mut self.soc, hooks, self.clock, Time::MAX);
        let found = msmemu_cpu::mmu::translate(&mut core, &mut run, va, Kind::Read, true);
        found.ok().map(|t| t.pa as u32)
    }

    /// What is at a physical address, in words: a register with its fields. No side effects.
    pub fn explain_address(&self, address: u32) -> Option<String> {
        self.soc.explain(address)
    }
}
