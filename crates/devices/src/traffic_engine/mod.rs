//! The traffic engine: a master made for verification, of our own design.
//!
//! It executes chains of command frames from memory and can put any transaction on its port: any
//! MID, any attributes, bursts of 1 to 256 bytes, up to sixteen outstanding. Its programming
//! interface is documented in the reference manual, page "Traffic engine".

mod frame;
mod registers;
mod saved;

pub use registers::Teng;
pub use saved::{SavedSlot, SavedTrafficEngine, SavedWork};

use crate::device::{Device, Mmio, MmioResult, Peek, word_register};
use crate::dma::{Alone, DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, LonePort, RequestId};
use frame::{FRAME_BYTES, Frame, Op, Port, STATUS_OFFSET};
use msmemu_fabric::{AccessKind, BusFault, Clock, Time};
use msmemu_regs::RegFile;
use registers::{TENG_CAPS, TENG_CMD, TENG_CTRL, TENG_FAULT, TENG_FRAME_ATTR, TENG_INT_STATUS};
use registers::{TENG_MISMATCH, TENG_STATUS};

/// Most outstanding transactions.
pub const MAX_SLOTS: u32 = 16;

/// What an instance of the engine is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrafficEngineConfig {
    /// Width of its addresses: 20 to 32.
    pub address_bits: u8,
    /// Clock of its port.
    pub clock: Clock,
    /// Bytes that the port carries in a cycle, at least 1.
    pub bytes_per_cycle: u32,
}

impl Default for TrafficEngineConfig {
    /// 32 address bits, 8 bytes a cycle at 200 MHz.
    fn default() -> Self {
        Self { address_bits: 32, clock: Clock::from_hz(200_000_000), bytes_per_cycle: 8 }
    }
}

/// What the engine is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Phase {
    /// Nothing.
    Idle,
    /// Reading a frame.
    Fetch,
    /// Executing it.
    Run,
    /// Writing its status back.
    Status,
}

/// What a transaction is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Work {
    Frame,
    List,
    Status,
    /// Read of the source; `destination` is where the data goes next, if anywhere.
    Source {
        destination: u32,
    },
    /// Write of the destination.
    Write,
    /// Read of the destination of a COMPARE, whose source data the slot holds.
    Destination,
}

impl Work {
    /// Whether the slot has data: to write, or to compare with.
    const fn holds_data(self) -> bool {
        matches!(self, Self::Status | Self::Write | Self::Destination)
    }
}

/// A transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Transaction {
    work: Work,
    addr: u32,
    len: u32,
    /// Position in the transfer.
    offset: u32,
}

/// A place for a transaction that waits to be issued or is outstanding. Its memory is used again and again.
#[derive(Clone, Debug)]
struct Slot {
    transaction: Transaction,
    /// Order of creation.
    order: u32,
    /// See [`Work::holds_data`]; rubbish otherwise.
    data: Vec<u8>,
}

impl Slot {
    const EMPTY: Self = Self {
        transaction: Transaction { work: Work::Frame, addr: 0, len: 0, offset: 0 },
        order: 0,
        data: Vec::new(),
    };
}

/// Numbers of the bits that are set.
fn places(mut bits: u32) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let place = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(place)
    })
}

/// Where a scatter/gather list stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ListCursor {
    /// Address of the next entry to read.
    pub next: u32,
    /// Where the current entry goes on.
    pub addr: u32,
    /// What is left of it.
    pub left: u32,
}

/// A reason of failure, as `TENG_FAULT.CAUSE` shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cause {
    Decode = 1,
    Slave = 2,
    Translation = 3,
    Mismatch = 4,
    BadFrame = 5,
    BadList = 6,
    Limit = 7,
}

/// The traffic engine.
#[derive(Clone, Debug)]
pub struct TrafficEngine {
    config: TrafficEngineConfig,
    regs: RegFile<Teng, { Teng::WORDS }>,
    phase: Phase,
    words: [u32; 16],
    /// `words` decoded, in the phases that execute it.
    frame: Option<Frame>,
    frame_addr: u32,
    iteration: u32,
    /// Bytes of the transfer for which transactions exist.
    begun: u32,
    /// Up to where transactions are to be created: the length of the transfer, and 0 when nothing more is to come.
    end: u32,
    list: ListCursor,
    /// The current frame failed.
    failed: bool,
    aborting: bool,
    /// From one whole burst of the frame to the next.
    burst_pace: Time,
    /// When the port is free for the next request.
    next_issue: Time,
    next_order: u32,
    slots: Box<[Slot; MAX_SLOTS as usize]>,
    /// Places in use, and those of them whose transaction waits to be issued; a bit each.
    used: u32,
    waiting: u32,
    /// Number of places in use.
    busy: u32,
}

impl TrafficEngine {
    /// An engine after power-on.
    pub fn new(config: TrafficEngineConfig) -> Self {
        let mut new = Self {
            config,
            regs: RegFile::new(),
            phase: Phase::Idle,
            words: [0; 16],
            frame: None,
            frame_addr: 0,
            iteration: 0,
            begun: 0,
            end: 0,
            list: ListCursor::default(),
            failed: false,
            aborting: false,
            burst_pace: Time::ZERO,
            next_issue: Time::ZERO,
            next_order: 0,
            slots: Box::new([Slot::EMPTY; MAX_SLOTS as usize]),
            used: 0,
            waiting: 0,
            busy: 0,
        };
        new.regs.set_field(TENG_CAPS::ADDR_BITS, u32::from(config.address_bits.clamp(1, 32)));
        new.regs.set_field(TENG_CAPS::SLOTS, MAX_SLOTS);
        new.regs.set_field(TENG_CAPS::BURST_LOG2, 8);
        new
    }

    const fn is_outstanding(&self, id: RequestId) -> bool {
        id.0 < MAX_SLOTS && (self.used & !self.waiting) >> id.0 & 1 != 0
    }

    /// Memory for the data of the transaction in a place, empty.
    fn data(&mut self, place: usize) -> &mut Vec<u8> {
        let data = &mut self.slots[place].data;
        data.clear();
        data
    }

    fn fetches_list(&self) -> bool {
        places(self.used).any(|place| self.slots[place].transaction.work == Work::List)
    }

    fn own_port(&self) -> Port {
        let mid = self.regs.field(TENG_FRAME_ATTR::MID);
        let bits = self.regs.get(Teng::TENG_FRAME_ATTR) & 0x3ff;
        // The reserved memory type acts as Normal.
        Port::decode(mid, bits).or_else(|| Port::decode(mid, bits & !0x18 | 0x10)).unwrap_or(Port {
            mid: msmemu_fabric::Mid(0),
            prot: msmemu_fabric::Prot::default(),
            attrs: msmemu_fabric::MemAttrs::NORMAL_NON_CACHEABLE,
        })
    }

    /// The address as the port can show it, for `len` bytes; `None` beyond its limit.
    #[inline]
    fn reach(&self, addr: u64, len: u32) -> Option<u32> {
        let limit = 1_u64 << self.config.address_bits.clamp(1, 32);
        let addr = if self.regs.is_set(TENG_CTRL::TRUNCATE) { addr & (limit - 1) } else { addr };
        (addr + u64::from(len) <= limit).then_some(addr as u32)
    }

    /// Puts a transaction in the first free place; there is one, because the caller has counted.
    #[inline(always)]
    fn hold(&mut self, transaction: Transaction) -> usize {
        let place = self.used.trailing_ones() as usize;
        let order = self.next_order;
        self.next_order = order.wrapping_add(1);
        self.used |= 1 << place;
        self.busy += 1;
        let slot = &mut self.slots[place];
        (slot.transaction, slot.order) = (transaction, order);
        place
    }

    /// Puts a transaction in the first free place, to be issued.
    fn add(&mut self, work: Work, addr: u32, len: u32, offset: u32) -> usize {
        let place = self.hold(Transaction { work, addr, len, offset });
        self.waiting |= 1 << place;
        place
    }

    fn start(&mut self, addr: u32) {
        self.regs.set(Teng::TENG_STATUS, TENG_STATUS::BUSY.mask());
        self.aborting = false;
        self.fetch(addr);
    }

    fn fetch(&mut self, addr: u32) {
        self.phase = Phase::Fetch;
        self.frame = None;
        self.frame_addr = addr & !3;
        self.failed = false;
        self.regs.set(Teng::TENG_CURRENT, self.frame_addr);
        match self.reach(u64::from(self.frame_addr), FRAME_BYTES) {
            Some(addr) => {
                self.add(Work::Frame, addr, FRAME_BYTES, 0);
            }
            None => {
                self.fail(Cause::Limit, Work::Frame, self.frame_addr, 0);
                self.stop();
            }
        }
    }

    /// Records the first failure of a frame.
    fn fail(&mut self, cause: Cause, work: Work, addr: u32, offset: u32) {
        if self.failed {
            return;
        }
        self.failed = true;
        self.end = 0;
        let (access, write) = match work {
            Work::Frame => (0, 0),
            Work::List => (1, 0),
            Work::Source { .. } => (2, 0),
            Work::Destination => (3, 0),
            Work::Write => (3, 1),
            Work::Status => (4, 1),
        };
        let fault = TENG_FAULT::CAUSE.set(0, cause as u32);
        self.regs.set(Teng::TENG_FAULT, TENG_FAULT::WRITE.set(TENG_FAULT::ACCESS.set(fault, access), write));
        self.regs.set(Teng::TENG_FAULT_ADDR, addr);
        self.regs.set(Teng::TENG_FAULT_FRAME, self.frame_addr);
        self.regs.set(Teng::TENG_FAULT_OFFSET, offset);
        self.regs.set_field(TENG_STATUS::ERROR, 1);
        self.regs.set_field(TENG_INT_STATUS::ERROR, 1);
    }

    fn begin_iteration(&mut self, frame: &Frame) {
        (self.begun, self.end) = (0, frame.length);
        self.burst_pace = self.port_time(frame.burst).max(frame.rate);
        self.list = ListCursor { next: frame.list, addr: 0, left: 0 };
    }

    /// Whether transactions of the transfer are still to be created, and there is a place for one.
    #[inline]
    fn goes_on(&self) -> Option<&Frame> {
        self.frame.as_ref().filter(|frame| self.begun < self.end && self.busy < frame.outstanding)
    }

    /// Creates the next transaction of the transfer, if there is one and a place for it. It does not wait.
    #[inline(always)]
    fn begin_next(&mut self) -> Option<(usize, Transaction)> {
        let frame = self.goes_on()?;
        let offset = self.begun;
        let mut len = frame.burst.min(frame.length - offset).min(frame.left_of_element(offset));
        let mut source = frame.op.reads_source().then(|| frame.address(&frame.source, offset));
        let mut target = frame.op.has_destination().then(|| frame.address(&frame.destination, offset));
        if frame.op.uses_list() {
            if self.list.left == 0 {
                return self.begin_list(offset);
            }
            len = len.min(self.list.left);
            let listed = if frame.op == Op::Gather { &mut source } else { &mut target };
            *listed = Some(u64::from(self.list.addr));
        }
        let reach = |addr: Option<u64>| addr.map(|addr| self.reach(addr, len).ok_or(addr as u32)).transpose();
        let (source, target) = match (reach(source), reach(target)) {
            (Ok(source), Ok(target)) => (source, target),
            (Err(addr), _) => return self.beyond(Work::Source { destination: 0 }, addr, offset),
            (_, Err(addr)) => return self.beyond(Work::Write, addr, offset),
        };
        if frame.op.uses_list() {
            self.list.addr = self.list.addr.wrapping_add(len);
            self.list.left -= len;
        }
        self.begun += len;
        let (work, addr) = match (source, target) {
            (Some(addr), target) => (Work::Source { destination: target.unwrap_or(0) }, addr),
            (None, target) => (Work::Write, target?),
        };
        let transaction = Transaction { work, addr, len, offset };
        let place = self.hold(transaction);
        if work == Work::Write {
            self.write_pattern(place, &transaction);
        }
        Some((place, transaction))
    }

    /// The data of a write that has no source: a function of the place.
    fn write_pattern(&mut self, place: usize, write: &Transaction) {
        let Some(frame) = self.frame else { return };
        let byte = |n| frame.data_byte(write.offset + n, write.addr.wrapping_add(n));
        self.data(place).extend((0..write.len).map(byte));
    }

    /// Creates the read of the next entry of a list, unless it is under way.
    #[cold]
    fn begin_list(&mut self, offset: u32) -> Option<(usize, Transaction)> {
        if self.fetches_list() {
            return None;
        }
        let Some(addr) = self.reach(u64::from(self.list.next), 8) else {
            return self.beyond(Work::List, self.list.next, offset);
        };
        let transaction = Transaction { work: Work::List, addr, len: 8, offset };
        Some((self.hold(transaction), transaction))
    }

    /// The port can not show the next address. Nothing may be outstanding then.
    #[cold]
    fn beyond(&mut self, work: Work, addr: u32, offset: u32) -> Option<(usize, Transaction)> {
        self.fail(Cause::Limit, work, addr, offset);
        self.settle();
        // The end of a frame may have brought its status, or another frame.
        self.oldest_waiting()
    }

    /// Goes on to whatever comes when nothing is left to wait for.
    #[inline]
    fn settle(&mut self) {
        if self.used == 0 && self.begun >= self.end {
            self.go_on();
        }
    }

    fn go_on(&mut self) {
        let over = self.failed || self.aborting;
        match (self.phase, self.frame) {
            (Phase::Run, Some(frame)) => {
                if !over && self.iteration < frame.repeat && frame.length > 0 {
                    self.iteration += 1;
                    self.begin_iteration(&frame);
                } else {
                    self.end_frame(&frame);
                }
            }
            (Phase::Fetch, _) if over => self.stop(),
            _ => {}
        }
    }

    /// The transfer of a frame is over, well or not.
    fn end_frame(&mut self, frame: &Frame) {
        let reachable = self.reach(u64::from(self.frame_addr) + u64::from(STATUS_OFFSET), 8);
        if let Some(addr) = reachable.filter(|_| frame.write_back && !self.aborting) {
            self.phase = Phase::Status;
            let fault = if self.failed { self.regs.get(Teng::TENG_FAULT) } else { 0 };
            let status = 0x8000_0000 | fault;
            let result = match frame.op {
                _ if self.failed => self.regs.get(Teng::TENG_FAULT_ADDR),
                Op::Checksum => self.regs.get(Teng::TENG_CHECKSUM),
                _ => self.begun,
            };
            let place = self.add(Work::Status, addr, 8, 0);
            let data = self.data(place);
            data.extend(status.to_le_bytes());
            data.extend(result.to_le_bytes());
        } else {
            self.leave_frame(frame);
        }
    }

    fn leave_frame(&mut self, frame: &Frame) {
        if self.aborting {
            return self.stop();
        }
        let frames = self.regs.get(Teng::TENG_FRAMES).wrapping_add(1);
        self.regs.set(Teng::TENG_FRAMES, frames);
        if frame.interrupt {
            self.regs.set_field(TENG_INT_STATUS::FRAME, 1);
        }
        if self.failed && !frame.keep_going {
            self.stop();
        } else if frame.linked {
            self.fetch(frame.next);
        } else {
            self.regs.set_field(TENG_STATUS::DONE, 1);
            self.stop();
        }
    }

    fn stop(&mut self) {
        self.phase = Phase::Idle;
        self.frame = None;
        self.regs.set_field(TENG_STATUS::BUSY, 0);
        self.regs.set_field(TENG_STATUS::ABORTED, u32::from(self.aborting));
        self.regs.set_field(TENG_INT_STATUS::DONE, 1);
        self.aborting = false;
    }

    fn abort(&mut self) {
        if self.phase == Phase::Idle {
            return;
        }
        self.aborting = true;
        self.end = 0;
        // What was not issued never will be.
        self.used &= !self.waiting;
        self.busy = self.used.count_ones();
        self.waiting = 0;
        if self.phase == Phase::Status && self.busy == 0 {
            self.stop();
        }
        self.settle();
    }

    /// Takes the oldest transaction that waits.
    fn oldest_waiting(&mut self) -> Option<(usize, Transaction)> {
        let age = |&place: &usize| self.next_order.wrapping_sub(self.slots[place].order);
        let place = places(self.waiting).max_by_key(age)?;
        self.waiting &= !(1 << place);
        Some((place, self.slots[place].transaction))
    }

    /// From a transaction of so many bytes to the next: what the port takes for it, and what the frame asks for.
    #[inline]
    fn pace(&self, bytes: u32) -> Time {
        match &self.frame {
            // Most transactions are whole bursts.
            Some(frame) if bytes == frame.burst => self.burst_pace,
            Some(frame) => self.port_time(bytes).max(frame.rate),
            None => self.port_time(bytes),
        }
    }

    fn port_time(&self, bytes: u32) -> Time {
        self.config.clock.span(u64::from(bytes.div_ceil(self.config.bytes_per_cycle.max(1))))
    }

    #[inline]
    fn port_of(&self, work: Work) -> Port {
        match (work, &self.frame) {
            (Work::Source { .. }, Some(frame)) => frame.source.port,
            (Work::Write | Work::Destination, Some(frame)) => frame.destination.port,
            _ => self.own_port(),
        }
    }

    /// Whether [`DmaMaster::next_request`] would find something once the port is free.
    #[inline]
    fn has_work(&self) -> bool {
        if self.waiting != 0 {
            return true;
        }
        let waits_for_list =
            |frame: &Frame| frame.op.uses_list() && self.list.left == 0 && self.fetches_list();
        self.goes_on().is_some_and(|frame| !waits_for_list(frame))
    }

    #[inline(always)]
    fn completed_read(&mut self, place: usize, bytes: &[u8]) {
        let Transaction { work, len, offset, .. } = self.slots[place].transaction;
        let read = self.regs.get(Teng::TENG_BYTES_READ).wrapping_add(len);
        self.regs.set(Teng::TENG_BYTES_READ, read);
        let Some(frame) = &self.frame else {
            return self.completed_frame(bytes);
        };
        match work {
            Work::Source { .. } if frame.op == Op::Checksum => {
                let sum = self.regs.get(Teng::TENG_CHECKSUM).wrapping_add(checksum(offset, bytes));
                self.regs.set(Teng::TENG_CHECKSUM, sum);
            }
            Work::Source { destination } => self.completed_source(place, destination, bytes),
            Work::List => self.completed_list(place, bytes),
            Work::Destination => {
                let difference = difference(self.slots[place].data.iter().copied(), bytes);
                self.compared(place, difference);
            }
            Work::Frame | Work::Status | Work::Write => {}
        }
    }

    /// Source data that are for a destination, or to be compared with the data pattern.
    fn completed_source(&mut self, place: usize, destination: u32, bytes: &[u8]) {
        let Some(frame) = &self.frame else { return };
        match frame.op {
            Op::Copy | Op::Gather | Op::Scatter => self.requeue(place, Work::Write, destination, bytes),
            Op::Compare => self.requeue(place, Work::Destination, destination, bytes),
            Op::Verify => {
                let Transaction { addr, len, offset, .. } = self.slots[place].transaction;
                let byte = |n| frame.data_byte(offset + n, addr.wrapping_add(n));
                let difference = difference((0..len).map(byte), bytes);
                self.compared(place, difference);
            }
            Op::Nop | Op::Fill | Op::Checksum => {}
        }
    }

    fn completed_list(&mut self, place: usize, bytes: &[u8]) {
        let word =
            |at: usize| bytes.iter().skip(at).take(4).rev().fold(0, |word, &b| word << 8 | u32::from(b));
        let (entry, left) = (word(0), word(4));
        if left == 0 {
            let Transaction { work, addr, offset, .. } = self.slots[place].transaction;
            self.fail(Cause::BadList, work, addr, offset);
        }
        self.list = ListCursor { next: self.list.next.wrapping_add(8), addr: entry, left };
    }

    fn compared(&mut self, place: usize, difference: Option<(u32, u8, u8)>) {
        if let Some((n, expected, found)) = difference
            && !self.failed
        {
            let mismatch = TENG_MISMATCH::EXPECTED.set(0, u32::from(expected));
            self.regs.set(Teng::TENG_MISMATCH, TENG_MISMATCH::FOUND.set(mismatch, u32::from(found)));
            let Transaction { work, addr, offset, .. } = self.slots[place].transaction;
            self.fail(Cause::Mismatch, work, addr.wrapping_add(n), offset + n);
        }
    }

    /// The second transaction of a pair takes the place of the first, and its order.
    fn requeue(&mut self, place: usize, work: Work, addr: u32, bytes: &[u8]) {
        if self.failed || self.aborting {
            return;
        }
        self.used |= 1 << place;
        self.waiting |= 1 << place;
        self.busy += 1;
        let transaction = &mut self.slots[place].transaction;
        (transaction.work, transaction.addr) = (work, addr);
        let len = transaction.len as usize;
        let data = self.data(place);
        data.extend_from_slice(bytes);
        // A transaction keeps its length, whatever the answer's was.
        data.resize(len, 0);
    }

    fn completed_frame(&mut self, bytes: &[u8]) {
        let mut words = [0; 16];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        self.words = words;
        self.frame = Frame::decode(&words);
        match self.frame {
            Some(frame) => {
                self.phase = Phase::Run;
                self.iteration = 0;
                self.begin_iteration(&frame);
                if frame.op == Op::Checksum {
                    self.regs.set(Teng::TENG_CHECKSUM, 0);
                }
            }
            None => self.fail(Cause::BadFrame, Work::Frame, self.frame_addr, 0),
        }
    }
}

/// The first byte that is not as expected: its number, what was expected, what was found.
fn difference(expected: impl Iterator<Item = u8>, found: &[u8]) -> Option<(u32, u8, u8)> {
    let mut pairs = (0..).zip(expected.zip(found)).map(|(n, (expected, &found))| (n, expected, found));
    pairs.find(|(_, expected, found)| expected != found)
}

/// Sum of the little-endian words of which `bytes` are part, the first at `offset` of the transfer.
#[inline]
fn checksum(offset: u32, bytes: &[u8]) -> u32 {
    let shifted = |sum: u32, (n, &byte): (u32, &u8)| sum.wrapping_add(u32::from(byte) << (8 * (n % 4)));
    // Up to the first whole word byte by byte.
    let (head, rest) = bytes.split_at(bytes.len().min((offset.wrapping_neg() % 4) as usize));
    let (words, tail) = rest.as_chunks::<4>();
    let sum = (offset % 4..).zip(head).fold(0, shifted);
    let sum = words.iter().fold(sum, |sum, word| sum.wrapping_add(u32::from_le_bytes(*word)));
    (0..).zip(tail).fold(sum, shifted)
}

impl Device for TrafficEngine {
    fn kind(&self) -> &'static str {
        "traffic-engine"
    }

    fn read(&mut self, _now: Time, at: Mmio) -> MmioResult<u32> {
        Ok(self.regs.guest_read(word_register(at)?))
    }

    fn write(&mut self, now: Time, at: Mmio, value: u32) -> MmioResult<()> {
        let reg = word_register::<Teng>(at)?;
        self.regs.guest_write(reg, value);
        if reg.reg == Teng::TENG_CMD {
            if TENG_CMD::ABORT.is_set(value) {
                self.abort();
            } else if TENG_CMD::START.is_set(value) && self.phase == Phase::Idle && self.busy == 0 {
                self.next_issue = self.next_issue.max(now);
                self.start(self.regs.get(Teng::TENG_FRAME_ADDR));
            }
        }
        Ok(())
    }

    fn peek(&self, _now: Time, at: Mmio) -> Option<Peek> {
        let reg = word_register::<Teng>(at).ok()?;
        Some(Peek { desc: reg.desc(), index: reg.index, value: self.regs.peek(reg) })
    }

    #[inline]
    fn deadline(&self) -> Option<Time> {
        self.has_work().then_some(self.next_issue)
    }

    fn lines(&self) -> &'static [&'static str] {
        &["irq"]
    }

    fn level(&self, line: usize) -> bool {
        line == 0 && self.levels() != 0
    }

    #[inline]
    fn levels(&self) -> u64 {
        u64::from(self.regs.get(Teng::TENG_INT_STATUS) & self.regs.get(Teng::TENG_INT_ENABLE) != 0)
    }

    fn reset(&mut self) {
        let config = self.config;
        *self = Self::new(config);
    }
}

impl DmaMaster for TrafficEngine {
    #[inline(always)]
    fn next_request(&mut self, now: Time) -> Option<DmaRequest> {
        if now < self.next_issue {
            return None;
        }
        let next = if self.waiting == 0 { self.begin_next() } else { self.oldest_waiting() };
        let (place, Transaction { work, addr, len, .. }) = next?;
        let Port { mid, prot, attrs } = self.port_of(work);
        self.next_issue = now + self.pace(len);
        let kind = match work {
            Work::Write | Work::Status => AccessKind::Write,
            Work::Frame | Work::List | Work::Source { .. } | Work::Destination => AccessKind::Read,
        };
        Some(DmaRequest { id: RequestId(place as u32), addr: DmaAddr(addr), len, kind, mid, prot, attrs })
    }

    /// Checksums: reads whose data go nowhere else need no place. The last one is left, with what ends a transfer.
    #[inline(always)]
    fn run<P: LonePort>(&mut self, mut now: Time, port: &mut P) -> bool {
        let Some(frame) = self.frame.filter(|frame| frame.op == Op::Checksum) else { return true };
        if self.used != 0 || self.aborting || now < self.next_issue {
            return true;
        }
        let Port { mid, prot, attrs } = frame.source.port;
        let (id, kind) = (RequestId(0), AccessKind::Read);
        let mut request = DmaRequest { id, addr: DmaAddr(0), len: 0, kind, mid, prot, attrs };
        let lane = port.lane(&request);
        let (mut read, mut sum) = (0_u32, 0_u32);
        let mut left = None;
        while left.is_none() {
            let offset = self.begun;
            let len = frame.burst.min(frame.left_of_element(offset));
            if self.end.saturating_sub(offset) <= len {
                break;
            }
            let Some(addr) = self.reach(frame.address(&frame.source, offset), len) else { break };
            (request.addr, request.len) = (DmaAddr(addr), len);
            let next = now + self.pace(len);
            match port.read(&lane, now, next, &request) {
                Alone::Refused => break,
                Alone::Completed(Ok(bytes)) => {
                    sum = sum.wrapping_add(checksum(offset, bytes));
                    read = read.wrapping_add(len);
                    self.next_order = self.next_order.wrapping_add(1);
                }
                Alone::Completed(Err(fault)) => left = Some(Some(fault)),
                Alone::Outstanding => left = Some(None),
            }
            (self.begun, self.next_issue) = (offset + len, next);
            if left.is_some() {
                self.hold(Transaction { work: Work::Source { destination: 0 }, addr, len, offset });
            }
            now = next;
        }
        self.regs.set(Teng::TENG_BYTES_READ, self.regs.get(Teng::TENG_BYTES_READ).wrapping_add(read));
        self.regs.set(Teng::TENG_CHECKSUM, self.regs.get(Teng::TENG_CHECKSUM).wrapping_add(sum));
        if let Some(Some(fault)) = left {
            self.complete(now, id, Err(fault));
        }
        left != Some(None)
    }

    fn write_data(&self, id: RequestId) -> &[u8] {
        match self.slots.get(id.0 as usize) {
            Some(Slot {
                transaction: Transaction { work: Work::Write | Work::Status, .. }, data, ..
            }) if self.is_outstanding(id) => data,
            _ => &[],
        }
    }

    #[inline(always)]
    fn complete(&mut self, _now: Time, id: RequestId, outcome: Result<&[u8], DmaFault>) {
        if !self.is_outstanding(id) {
            return;
        }
        let place = id.0 as usize;
        self.used &= !(1 << place);
        self.busy -= 1;
        let Transaction { work, len, offset, .. } = self.slots[place].transaction;
        match outcome {
            Err(DmaFault { addr, cause }) => {
                let cause = match cause {
                    DmaCause::Bus(BusFault::Decode) => Cause::Decode,
                    DmaCause::Bus(BusFault::Slave) => Cause::Slave,
                    DmaCause::Translation => Cause::Translation,
                };
                self.fail(cause, work, addr.0, offset);
            }
            Ok(bytes) => match work {
                Work::Write | Work::Status => {
                    let written = self.regs.get(Teng::TENG_BYTES_WRITTEN).wrapping_add(len);
                    self.regs.set(Teng::TENG_BYTES_WRITTEN, written);
                }
                _ if self.aborting => {}
                _ => self.completed_read(place, bytes),
            },
        }
        if let (Work::Status, &Some(frame)) = (work, &self.frame) {
            self.leave_frame(&frame);
        }
        self.settle();
    }
}
