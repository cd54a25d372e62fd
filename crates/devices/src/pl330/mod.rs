//! ARM PL330, the CoreLink DMA-330 DMA controller.
//!
//! Follows ARM DDI 0424 (r1p1): the whole instruction set, up to eight channels, events, interrupts,
//! manager and channel faults, the debug interface, identification. Linux's `pl330` driver runs on it.
//! Chosen by us, where the manual leaves it open or a cycle-accurate pipeline would be needed:
//!
//! * Threads execute one instruction in turn per clock cycle, manager first, then channels, round robin.
//! * DMASEV waits until the loads and stores before it are done, so an interrupt means that the data
//!   has arrived.
//! * DMAGO empties the instruction cache: drivers rewrite programs without telling the controller.
//! * Debug instructions act at once, so `DBGSTATUS` never shows busy; a faulting thread takes DMAKILL only.
//! * A load is stalled while the buffer is full of other channels' data; when nothing is outstanding
//!   and no thread can go on, the stalled channels fault with `LOCKUP_ERR`.
//! * The manager does not start by itself (`boot_from_pc` is low). The watchdog register is stored.
//! * Bytes are swapped in whole units when data arrives.

mod execute;
mod instruction;
mod registers;
mod saved;
mod thread;

pub use instruction::RequestType;
pub use registers::Dmac;
pub use saved::SavedPl330;

use crate::device::{Device, Mmio, MmioResult, Peek, word_register};
use crate::dma::{DmaAddr, DmaFault, DmaMaster, DmaRequest, RequestId};
use execute::fault;
use instruction::WaitKind;
use msmemu_fabric::{AccessKind, Cacheability, Clock, MemAttrs, MemType, Mid, Prot, Time};
use msmemu_regs::{At, RegFile};
use registers::{CSR, DBGINST0, DSR};
use thread::{Piece, State, Thread, Transaction, Work};

/// Number of the manager among the threads; channel `n` is thread `n + 1`.
const MANAGER: usize = 0;
const PERIPH_ID: [u32; 4] = [0x30, 0x13, 0x24, 0x00];
const PCELL_ID: [u32; 4] = [0x0d, 0xf0, 0x05, 0xb1];

/// How a [`Pl330`] is configured in the chip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pl330Config {
    /// Channels, 1 to 8.
    pub channels: u8,
    /// Events and interrupts, 1 to 32.
    pub events: u8,
    /// Peripheral request interfaces, 0 to 32.
    pub peripherals: u8,
    /// The manager is non-secure.
    pub manager_non_secure: bool,
    /// Events and interrupts that are non-secure, a bit each (`CR3`).
    pub events_non_secure: u32,
    /// Peripherals that are non-secure, a bit each (`CR4`).
    pub peripherals_non_secure: u32,
    /// log2 of the bytes of the data bus: 2, 3 or 4.
    pub width_log2: u8,
    /// Lines of the buffer, each as wide as the data bus, 1 to 1024.
    pub buffer_lines: u16,
    /// log2 of the bytes of an instruction cache line, 2 to 5.
    pub line_log2: u8,
    /// Instruction cache lines, 1 to 16.
    pub lines: u8,
    /// Outstanding read bursts, 1 to 8.
    pub reads: u8,
    /// Outstanding write bursts, 1 to 8.
    pub writes: u8,
    /// Clock.
    pub clock: Clock,
    /// Machine ID of the manager's instruction fetches.
    pub manager_mid: Mid,
    /// Machine IDs of the channels' transactions.
    pub channel_mids: [Mid; 8],
}

impl Default for Pl330Config {
    /// Eight channels, 32 events, no peripherals, non-secure, 64-bit bus, 1 KiB of buffer, 200 MHz, MID 0.
    fn default() -> Self {
        Self {
            channels: 8,
            events: 32,
            peripherals: 0,
            manager_non_secure: true,
            events_non_secure: u32::MAX,
            peripherals_non_secure: u32::MAX,
            width_log2: 3,
            buffer_lines: 128,
            line_log2: 5,
            lines: 8,
            reads: 8,
            writes: 8,
            clock: Clock::from_hz(200_000_000),
            manager_mid: Mid(0),
            channel_mids: [Mid(0); 8],
        }
    }
}

impl Pl330Config {
    /// The nearest configuration that the controller can have.
    fn limited(self) -> Self {
        Self {
            channels: self.channels.clamp(1, 8),
            events: self.events.clamp(1, 32),
            peripherals: self.peripherals.min(32),
            width_log2: self.width_log2.clamp(2, 4),
            buffer_lines: self.buffer_lines.clamp(1, 1024),
            line_log2: self.line_log2.clamp(2, 5),
            lines: self.lines.clamp(1, 16),
            reads: self.reads.clamp(1, 8),
            writes: self.writes.clamp(1, 8),
            ..self
        }
    }
}

/// A line of the instruction cache.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct CacheLine {
    addr: u32,
    bytes: Vec<u8>,
}

/// A peripheral's request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PeripheralRequest {
    /// Single or burst.
    pub kind: RequestType,
    /// The last one of the transfer.
    pub last: bool,
}

/// The DMA controller.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pl330 {
    #[cfg_attr(feature = "serde", serde(skip))]
    config: Pl330Config,
    #[cfg_attr(feature = "serde", serde(with = "crate::saved::registers"))]
    regs: RegFile<Dmac, { Dmac::WORDS }>,
    /// Active events and interrupts.
    active: u32,
    /// Manager, then channels.
    threads: Vec<Thread>,
    /// The thread that executed last.
    turn: usize,
    /// When the next instruction executes, if one can.
    next_step: Time,
    /// When the port is free for the next request.
    next_issue: Time,
    next_order: u32,
    transactions: Vec<Option<Transaction>>,
    cache: Vec<Option<CacheLine>>,
    /// Line to replace next.
    victim: usize,
    peripherals: Vec<Option<PeripheralRequest>>,
}

impl Pl330 {
    /// A controller after power-on. Sizes out of range are limited to what the controller can have.
    pub fn new(config: Pl330Config) -> Self {
        let config = config.limited();
        let mut threads = vec![Thread::new(); usize::from(config.channels) + 1];
        for thread in &mut threads {
            thread.non_secure = config.manager_non_secure;
        }
        Self {
            config,
            regs: RegFile::new(),
            active: 0,
            threads,
            turn: 0,
            next_step: Time::ZERO,
            next_issue: Time::ZERO,
            next_order: 0,
            transactions: Vec::new(),
            cache: vec![None; usize::from(config.lines)],
            victim: 0,
            peripherals: vec![None; usize::from(config.peripherals)],
        }
    }

    /// A peripheral raises a request, or withdraws it. Returns `false` for a peripheral that does not exist.
    ///
    /// A request stays until a DMALDP, DMASTP or DMAFLUSHP takes it.
    pub fn set_peripheral_request(
        &mut self,
        now: Time,
        number: u8,
        request: Option<PeripheralRequest>,
    ) -> bool {
        let Some(slot) = self.peripherals.get_mut(usize::from(number)) else { return false };
        *slot = request;
        for thread in &mut self.threads {
            if thread.state == State::WaitingForPeripheral && thread.wakeup == number {
                thread.state = State::Executing;
            }
        }
        self.wake_at(now);
        true
    }

    /// The request of a peripheral that has not been taken yet.
    pub fn peripheral_request(&self, number: u8) -> Option<PeripheralRequest> {
        self.peripherals.get(usize::from(number)).copied().flatten()
    }

    /// Threads may go on from the next clock cycle after `now`.
    fn wake_at(&mut self, now: Time) {
        let clock = self.config.clock;
        let cycle = clock.time_of(clock.ticks(now).saturating_add(1));
        self.next_step = self.next_step.max(cycle);
    }

    /// Numbers of the outstanding or waiting transactions of a thread.
    fn busy(&self, thread: usize, wanted: fn(Work) -> bool) -> bool {
        let of_thread = |t: &Transaction| usize::from(t.thread) == thread && wanted(t.work);
        self.transactions.iter().flatten().any(of_thread)
    }

    /// Bursts that have a place in the read or write queue.
    fn bursts(&self, wanted: fn(Work) -> bool) -> usize {
        self.transactions.iter().flatten().filter(|t| t.last && wanted(t.work)).count()
    }

    fn add(&mut self, transaction: Transaction) {
        let order = self.next_order;
        self.next_order = self.next_order.wrapping_add(1);
        let transaction = Some(Transaction { order, ..transaction });
        match self.transactions.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = transaction,
            None => self.transactions.push(transaction),
        }
    }

    /// The oldest transaction that waits to be issued.
    fn ready(&self) -> Option<usize> {
        let waiting = |(n, place): (usize, &Option<Transaction>)| {
            let transaction = place.as_ref().filter(|transaction| !transaction.issued)?;
            Some((self.next_order.wrapping_sub(transaction.order), n))
        };
        self.transactions.iter().enumerate().filter_map(waiting).max().map(|(_, n)| n)
    }

    /// Forgets what a thread has not put on the bus yet.
    fn withdraw(&mut self, thread: usize) {
        for place in &mut self.transactions {
            if place.as_ref().is_some_and(|t| usize::from(t.thread) == thread && !t.issued) {
                *place = None;
            }
        }
    }

    /// Something completed: stalled threads try again, dying ones may be done.
    fn resume(&mut self, now: Time) {
        for thread in 0..self.threads.len() {
            let dying = matches!(self.threads[thread].state, State::Killing | State::FaultingCompleting);
            let idle = dying && !self.busy(thread, |_| true);
            let thread = &mut self.threads[thread];
            thread.stalled = false;
            thread.state = match thread.state {
                State::Killing if idle => State::Stopped,
                State::FaultingCompleting if idle => State::Faulting,
                State::AtBarrier | State::Completing => State::Executing,
                other => other,
            };
        }
        self.wake_at(now);
    }

    fn inten(&self) -> u32 {
        self.regs.get(Dmac::INTEN)
    }

    fn faulting_channels(&self) -> u32 {
        let faulting = |thread: &Thread| matches!(thread.state, State::Faulting | State::FaultingCompleting);
        (0_u32..).zip(&self.threads[1..]).fold(0, |bits, (n, thread)| bits | u32::from(faulting(thread)) << n)
    }

    fn manager_faulting(&self) -> bool {
        self.threads[MANAGER].state == State::Faulting
    }

    fn value(&self, at: At<Dmac>) -> u32 {
        let manager = &self.threads[MANAGER];
        let config = &self.config;
        // Registers of channels that do not exist read 0.
        let channel = |get: fn(&Thread) -> u32| self.threads.get(usize::from(at.index) + 1).map_or(0, get);
        match at.reg {
            Dmac::DSR => {
                let status = DSR::STATUS.set(0, manager.state as u32);
                let wakeup = DSR::WAKEUP_EVENT.set(status, u32::from(manager.wakeup));
                DSR::DNS.set(wakeup, u32::from(manager.non_secure))
            }
            Dmac::DPC => manager.pc,
            Dmac::INT_EVENT_RIS => self.active,
            Dmac::INTMIS => self.active & self.inten(),
            Dmac::FSRD => u32::from(self.manager_faulting()),
            Dmac::FSRC => self.faulting_channels(),
            Dmac::FTRD => manager.fault,
            Dmac::FTR => channel(|thread| thread.fault),
            Dmac::CSR => channel(|thread| {
                let waits = thread.state == State::WaitingForPeripheral;
                let status = CSR::STATUS.set(0, thread.state as u32);
                let status = CSR::WAKEUP_NUM.set(status, u32::from(thread.wakeup));
                let burst = u32::from(waits && thread.wait == WaitKind::Burst);
                let periph = u32::from(waits && thread.wait == WaitKind::Periph);
                let status = CSR::DMAWFP_PERIPH.set(CSR::DMAWFP_B_NS.set(status, burst), periph);
                CSR::CNS.set(status, u32::from(thread.non_secure))
            }),
            Dmac::CPC => channel(|thread| thread.pc),
            Dmac::SAR => channel(|thread| thread.source),
            Dmac::DAR => channel(|thread| thread.destination),
            Dmac::CCR => channel(|thread| thread.control),
            Dmac::LC0 => channel(|thread| u32::from(thread.loops[0])),
            Dmac::LC1 => channel(|thread| u32::from(thread.loops[1])),
            Dmac::CR0 => {
                let peripherals = u32::from(config.peripherals);
                u32::from(peripherals > 0)
                    | u32::from(config.manager_non_secure) << 2
                    | u32::from(config.channels - 1) << 4
                    | peripherals.saturating_sub(1) << 12
                    | u32::from(config.events - 1) << 17
            }
            Dmac::CR1 => u32::from(config.line_log2) | u32::from(config.lines - 1) << 4,
            Dmac::CR3 => config.events_non_secure,
            Dmac::CR4 => config.peripherals_non_secure,
            Dmac::CRD => {
                let (reads, writes) = (u32::from(config.reads - 1), u32::from(config.writes - 1));
                let buffer = u32::from(config.buffer_lines - 1);
                u32::from(config.width_log2)
                    | writes << 4
                    | writes << 8
                    | reads << 12
                    | reads << 16
                    | buffer << 20
            }
            Dmac::PERIPH_ID => PERIPH_ID[usize::from(at.index) % 4],
            Dmac::PCELL_ID => PCELL_ID[usize::from(at.index) % 4],
            Dmac::INTEN
            | Dmac::INTCLR
            | Dmac::DBGSTATUS
            | Dmac::DBGCMD
            | Dmac::DBGINST0
            | Dmac::DBGINST1
            | Dmac::CR2
            | Dmac::WD => self.regs.peek(at),
        }
    }

    fn port_of(&self, transaction: &Transaction) -> (Mid, Prot, MemAttrs) {
        let thread = usize::from(transaction.thread);
        let mid = match thread.checked_sub(1) {
            None => self.config.manager_mid,
            Some(channel) => self.config.channel_mids[channel % 8],
        };
        let control = transaction.control;
        let prot =
            |bits: u32| Prot { privileged: bits & 1 != 0, secure: bits & 2 == 0, instruction: bits & 4 != 0 };
        match transaction.work {
            Work::Fetch => {
                let non_secure = self.threads.get(thread).is_none_or(|thread| thread.non_secure);
                let prot = Prot { privileged: true, secure: !non_secure, instruction: true };
                (mid, prot, MemAttrs::NORMAL_NON_CACHEABLE)
            }
            Work::Read { .. } => (mid, prot(control >> 8), attributes(control >> 11 & 7)),
            // CCR holds AWCACHE[3], [1] and [0].
            Work::Write => {
                let cache = (control >> 25 & 3) | (control >> 27 & 1) << 3;
                (mid, prot(control >> 22), attributes(cache))
            }
        }
    }
}

/// AXI3 cache bits (bufferable, cacheable, read allocate, write allocate) as memory attributes.
const fn attributes(cache: u32) -> MemAttrs {
    let (bufferable, cacheable, allocate) = (cache & 1 != 0, cache & 2 != 0, cache & 12 != 0);
    let kind = match (cacheable, bufferable) {
        (false, false) => MemType::StronglyOrdered,
        (false, true) => MemType::Device,
        (true, _) => MemType::Normal,
    };
    let level = match (cacheable && allocate, bufferable) {
        (false, _) => Cacheability::NonCacheable,
        (true, false) => Cacheability::WriteThrough,
        (true, true) => Cacheability::WriteBackAllocate,
    };
    MemAttrs { kind, inner: level, outer: level, shareable: false }
}

impl Device for Pl330 {
    fn kind(&self) -> &'static str {
        "pl330"
    }

    fn read(&mut self, _now: Time, at: Mmio) -> MmioResult<u32> {
        Ok(self.value(word_register(at)?))
    }

    fn write(&mut self, now: Time, at: Mmio, value: u32) -> MmioResult<()> {
        let reg = word_register::<Dmac>(at)?;
        self.regs.guest_write(reg, value);
        match reg.reg {
            Dmac::INTCLR => self.active &= !(value & self.inten()),
            Dmac::DBGCMD if value & 3 == 0 => {
                let first = self.regs.get(Dmac::DBGINST0);
                let [b2, b3, b4, b5] = self.regs.get(Dmac::DBGINST1).to_le_bytes();
                let bytes = [
                    DBGINST0::INSTRUCTION_BYTE0.get(first) as u8,
                    DBGINST0::INSTRUCTION_BYTE1.get(first) as u8,
                    b2,
                    b3,
                    b4,
                    b5,
                ];
                let thread = if DBGINST0::DEBUG_THREAD.is_set(first) {
                    DBGINST0::CHANNEL_NUMBER.get(first) as usize + 1
                } else {
                    MANAGER
                };
                self.debug_instruction(now, thread, bytes);
            }
            _ => {}
        }
        Ok(())
    }

    fn peek(&self, _now: Time, at: Mmio) -> Option<Peek> {
        let reg = word_register::<Dmac>(at).ok()?;
        Some(Peek { desc: reg.desc(), index: reg.index, value: self.value(reg) })
    }

    fn deadline(&self) -> Option<Time> {
        let step = self.threads.iter().any(Thread::can_run).then_some(self.next_step);
        let issue = self.ready().map(|_| self.next_issue);
        [step, issue].into_iter().flatten().min()
    }

    fn advance(&mut self, now: Time) {
        if now >= self.next_step && self.threads.iter().any(Thread::can_run) {
            self.step(now);
            self.wake_at(now);
        }
    }

    fn lines(&self) -> &'static [&'static str] {
        const NAMES: [&str; 33] = [
            "irq-abort",
            "irq0",
            "irq1",
            "irq2",
            "irq3",
            "irq4",
            "irq5",
            "irq6",
            "irq7",
            "irq8",
            "irq9",
            "irq10",
            "irq11",
            "irq12",
            "irq13",
            "irq14",
            "irq15",
            "irq16",
            "irq17",
            "irq18",
            "irq19",
            "irq20",
            "irq21",
            "irq22",
            "irq23",
            "irq24",
            "irq25",
            "irq26",
            "irq27",
            "irq28",
            "irq29",
            "irq30",
            "irq31",
        ];
        &NAMES[..=usize::from(self.config.events)]
    }

    fn level(&self, line: usize) -> bool {
        match line.checked_sub(1) {
            None => self.manager_faulting() || self.faulting_channels() != 0,
            Some(event) => event < 32 && (self.active & self.inten()) >> event & 1 != 0,
        }
    }

    fn levels(&self) -> u64 {
        u64::from(self.level(0)) | u64::from(self.active & self.inten()) << 1
    }

    fn reset(&mut self) {
        let config = self.config;
        *self = Self::new(config);
    }
}

impl DmaMaster for Pl330 {
    fn next_request(&mut self, now: Time) -> Option<DmaRequest> {
        if now < self.next_issue {
            return None;
        }
        let place = self.ready()?;
        let transaction = self.transactions[place].as_ref()?;
        let &Transaction { addr, len, work, .. } = transaction;
        let (mid, prot, attrs) = self.port_of(transaction);
        if let Some(transaction) = &mut self.transactions[place] {
            transaction.issued = true;
        }
        self.next_issue = now + self.config.clock.span(u64::from(len.div_ceil(1 << self.config.width_log2)));
        let kind = if work == Work::Write { AccessKind::Write } else { AccessKind::Read };
        Some(DmaRequest { id: RequestId(place as u32), addr: DmaAddr(addr), len, kind, mid, prot, attrs })
    }

    fn write_data(&self, id: RequestId) -> &[u8] {
        match self.transactions.get(id.0 as usize) {
            Some(Some(transaction)) if transaction.issued => &transaction.data,
            _ => &[],
        }
    }

    fn complete(&mut self, now: Time, id: RequestId, outcome: Result<&[u8], DmaFault>) {
        let Some(entry) = self.transactions.get_mut(id.0 as usize) else { return };
        let Some(done) = entry.take_if(|transaction| transaction.issued) else { return };
        let thread = usize::from(done.thread);
        let dying = matches!(self.threads[thread].state, State::Killing | State::FaultingCompleting);
        match (outcome, done.work) {
            (Ok(bytes), Work::Fetch) => {
                let mut bytes = bytes.to_vec();
                bytes.resize(done.len as usize, 0);
                // Threads take what they wait for at once: the line may be replaced before their turn.
                for thread in self.threads.iter_mut().filter(|thread| thread.waits_for(done.addr, done.len)) {
                    thread.read_line(done.addr, &bytes);
                    thread.state = State::Executing;
                }
                self.cache[self.victim] = Some(CacheLine { addr: done.addr, bytes });
                self.victim = (self.victim + 1) % self.cache.len();
            }
            (Ok(bytes), Work::Read { piece, swap }) if !dying => {
                let mut bytes = bytes.to_vec();
                bytes.resize(done.len as usize, 0);
                if swap > 0 {
                    bytes.chunks_exact_mut(1 << swap).for_each(<[u8]>::reverse);
                }
                let waiting = |waiting: &&mut Piece| waiting.read == piece && waiting.data.is_none();
                if let Some(waiting) = self.threads[thread].buffer.iter_mut().find(waiting) {
                    waiting.data = Some(bytes);
                }
            }
            (Ok(_), _) => {}
            (Err(_), Work::Fetch) => {
                if self.threads[thread].waits_for(done.addr, done.len) {
                    self.raise(thread, fault::FETCH);
                }
                // Others that wait for the line ask for it themselves.
                for thread in self.threads.iter_mut().filter(|thread| thread.waits_for(done.addr, done.len)) {
                    thread.state = State::Executing;
                }
            }
            (Err(_), Work::Read { .. }) if !dying => self.raise(thread, fault::READ),
            (Err(_), Work::Write) if !dying => self.raise(thread, fault::WRITE),
            (Err(_), _) => {}
        }
        self.resume(now);
    }
}
