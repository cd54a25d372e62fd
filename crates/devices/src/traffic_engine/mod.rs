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
use crate::dma::{DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, RequestId};
use frame::{FRAME_BYTES, Frame, Op, Port, STATUS_OFFSET, Side};
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
    list: ListCursor,
    /// The current frame failed.
    failed: bool,
    aborting: bool,
    /// When the port is free for the next request.
    next_issue: Time,
    next_order: u32,
    slots: Vec<Slot>,
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
            list: ListCursor::default(),
            failed: false,
            aborting: false,
            next_issue: Time::ZERO,
            next_order: 0,
            slots: vec![Slot::EMPTY; MAX_SLOTS as usize],
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

    /// Puts a transaction into a place, to be issued. Gives the memory for its data, empty.
    #[inline]
    fn occupy(&mut self, place: usize, transaction: Transaction) -> &mut Vec<u8> {
        self.used |= 1 << place;
        self.waiting |= 1 << place;
        self.busy += 1;
        let slot = &mut self.slots[place];
        slot.transaction = transaction;
        slot.data.clear();
        &mut slot.data
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
    fn add(&mut self, work: Work, addr: u32, len: u32, offset: u32) -> &mut Vec<u8> {
        let place = self.used.trailing_ones() as usize;
        self.slots[place].order = self.next_order;
        self.next_order = self.next_order.wrapping_add(1);
        self.occupy(place, Transaction { work, addr, len, offset })
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
        self.begun = 0;
        self.list = ListCursor { next: frame.list, addr: 0, left: 0 };
    }

    /// Creates the next transaction of the transfer, if there is one and a place for it.
    #[inline]
    fn begin_next(&mut self) {
        let Some(frame) = self.frame.as_ref().filter(|_| self.phase == Phase::Run) else { return };
        let length = frame.length;
        if self.failed || self.aborting || self.begun >= length || self.busy >= frame.outstanding {
            return;
        }
        let offset = self.begun;
        let mut len = frame.burst.min(length - offset).min(frame.left_of_element(offset));
        if frame.op.uses_list() {
            if self.list.left == 0 {
                if !self.fetches_list() {
                    match self.reach(u64::from(self.list.next), 8) {
                        Some(addr) => {
                            self.add(Work::List, addr, 8, offset);
                        }
                        None => self.fail(Cause::Limit, Work::List, self.list.next, offset),
                    }
                }
                return;
            }
            len = len.min(self.list.left);
        }
        let on_list = u64::from(self.list.addr);
        let address = |side: &Side, listed: bool| {
            if listed { on_list } else { frame.address(side, offset) }
        };
        let source = frame.op.reads_source().then(|| address(&frame.source, frame.op == Op::Gather));
        let target = frame.op.has_destination();
        let target = target.then(|| address(&frame.destination, frame.op == Op::Scatter));
        let reach = |addr: Option<u64>| addr.map(|addr| self.reach(addr, len).ok_or(addr as u32)).transpose();
        let (source, target) = match (reach(source), reach(target)) {
            (Ok(source), Ok(target)) => (source, target),
            (Err(addr), _) => return self.fail(Cause::Limit, Work::Source { destination: 0 }, addr, offset),
            (_, Err(addr)) => return self.fail(Cause::Limit, Work::Write, addr, offset),
        };
        if frame.op.uses_list() {
            self.list.addr = self.list.addr.wrapping_add(len);
            self.list.left -= len;
        }
        self.begun += len;
        match (source, target) {
            (Some(addr), target) => {
                self.add(Work::Source { destination: target.unwrap_or(0) }, addr, len, offset);
            }
            // What has no source has data that are a function of the place.
            (None, Some(addr)) => {
                let frame = *frame;
                let data = self.add(Work::Write, addr, len, offset);
                data.extend((0..len).map(|n| frame.data_byte(offset + n, addr.wrapping_add(n))));
            }
            (None, None) => {}
        }
    }

    /// Goes on to whatever comes when nothing is left to wait for.
    #[inline]
    fn settle(&mut self) {
        let unfinished = |frame: &Frame| self.begun < frame.length;
        let goes_on = self.phase == Phase::Run
            && !self.failed
            && !self.aborting
            && self.frame.as_ref().is_some_and(unfinished);
        if self.used == 0 && !goes_on {
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
            let data = self.add(Work::Status, addr, 8, 0);
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
        // What was not issued never will be.
        self.used &= !self.waiting;
        self.busy = self.used.count_ones();
        self.waiting = 0;
        if self.phase == Phase::Status && self.busy == 0 {
            self.stop();
        }
        self.settle();
    }

    /// The oldest transaction that waits to be issued.
    #[inline]
    fn ready(&self) -> Option<usize> {
        // Mostly it is the only one.
        if self.waiting != 0 && self.waiting & (self.waiting - 1) == 0 {
            return Some(self.waiting.trailing_zeros() as usize);
        }
        places(self.waiting).max_by_key(|&place| self.next_order.wrapping_sub(self.slots[place].order))
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
        let Some(frame) = self.frame.as_ref().filter(|_| self.phase == Phase::Run) else { return false };
        let waits_for_list = frame.op.uses_list() && self.list.left == 0 && self.fetches_list();
        !self.failed
            && !self.aborting
            && self.begun < frame.length
            && self.busy < frame.outstanding
            && !waits_for_list
    }

    #[inline]
    fn completed_read(&mut self, place: usize, bytes: &[u8]) {
        let done @ Transaction { work, addr, len, offset } = self.slots[place].transaction;
        let read = self.regs.get(Teng::TENG_BYTES_READ).wrapping_add(len);
        self.regs.set(Teng::TENG_BYTES_READ, read);
        let Some(frame) = &self.frame else {
            return self.completed_frame(bytes);
        };
        match (work, frame.op) {
            (Work::List, _) => {
                let word = |at: usize| {
                    bytes.iter().skip(at).take(4).rev().fold(0, |word, &b| word << 8 | u32::from(b))
                };
                let (entry, left) = (word(0), word(4));
                if left == 0 {
                    self.fail(Cause::BadList, work, addr, offset);
                }
                self.list = ListCursor { next: self.list.next.wrapping_add(8), addr: entry, left };
            }
            (Work::Source { destination }, Op::Copy | Op::Gather | Op::Scatter) => {
                self.requeue(place, Transaction { work: Work::Write, addr: destination, ..done }, bytes);
            }
            (Work::Source { destination }, Op::Compare) => {
                self.requeue(
                    place,
                    Transaction { work: Work::Destination, addr: destination, ..done },
                    bytes,
                );
            }
            (Work::Source { .. }, Op::Checksum) => {
                let sum = checksum(offset, bytes);
                let sum = self.regs.get(Teng::TENG_CHECKSUM).wrapping_add(sum);
                self.regs.set(Teng::TENG_CHECKSUM, sum);
            }
            (Work::Source { .. }, Op::Verify) => {
                let byte = |n| frame.data_byte(offset + n, addr.wrapping_add(n));
                let difference = difference((0..len).map(byte), bytes);
                self.compared(&done, difference);
            }
            (Work::Destination, _) => {
                let difference = difference(self.slots[place].data.iter().copied(), bytes);
                self.compared(&done, difference);
            }
            _ => {}
        }
    }

    fn compared(&mut self, read: &Transaction, difference: Option<(u32, u8, u8)>) {
        if let Some((n, expected, found)) = difference
            && !self.failed
        {
            let mismatch = TENG_MISMATCH::EXPECTED.set(0, u32::from(expected));
            self.regs.set(Teng::TENG_MISMATCH, TENG_MISMATCH::FOUND.set(mismatch, u32::from(found)));
            self.fail(Cause::Mismatch, read.work, read.addr.wrapping_add(n), read.offset + n);
        }
    }

    /// The second transaction of a pair takes the place of the first, and its order.
    fn requeue(&mut self, place: usize, transaction: Transaction, bytes: &[u8]) {
        if self.failed || self.aborting {
            return;
        }
        let data = self.occupy(place, transaction);
        data.extend_from_slice(bytes);
        // A transaction keeps its length, whatever the answer's was.
        data.resize(transaction.len as usize, 0);
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
    #[inline]
    fn next_request(&mut self, now: Time) -> Option<DmaRequest> {
        if now < self.next_issue {
            return None;
        }
        if self.waiting == 0 {
            self.begin_next();
            // A transfer may have failed at its next address, with nothing outstanding.
            self.settle();
        }
        let place = self.ready()?;
        self.waiting &= !(1 << place);
        let Transaction { work, addr, len, .. } = self.slots[place].transaction;
        let Port { mid, prot, attrs } = self.port_of(work);
        let cycles = u64::from(len.div_ceil(self.config.bytes_per_cycle.max(1)));
        let rate = self.frame.as_ref().map_or(Time::ZERO, |frame| frame.rate);
        self.next_issue = now + self.config.clock.span(cycles).max(rate);
        let kind = match work {
            Work::Write | Work::Status => AccessKind::Write,
            Work::Frame | Work::List | Work::Source { .. } | Work::Destination => AccessKind::Read,
        };
        Some(DmaRequest { id: RequestId(place as u32), addr: DmaAddr(addr), len, kind, mid, prot, attrs })
    }

    fn write_data(&self, id: RequestId) -> &[u8] {
        match self.slots.get(id.0 as usize) {
            Some(Slot {
                transaction: Transaction { work: Work::Write | Work::Status, .. }, data, ..
            }) if self.is_outstanding(id) => data,
            _ => &[],
        }
    }

    #[inline]
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
