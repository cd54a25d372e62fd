//! DMA as messages in time: a master's request is split at 4 KiB, each piece is translated and
//! used in one operation, and the master is called back when memory has answered all of them.

use msmemu_devices::{DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, MAX_REQUEST_BYTES};
use msmemu_fabric::{
    AccessKind, BusFault, BusMaster, Cacheability, FabricTap as _, MemAttrs, MemType, Mid, PhysAddr, Time,
    Watch,
};
use msmemu_smmu::{Access, Answer, CachePolicy, MemoryAttributes, MemoryKind, Request, Shareability};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::observe::{DmaEvent, Hooks, Observer, Taps};

use super::memory::FUNCTIONAL_ACCESS;
use super::smmu::is_write;
use super::{Event, Soc, Unit};

/// The smallest page: no piece crosses it.
const PAGE: u32 = 0x1000;

/// A piece of a transaction under way: its slot and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PieceId {
    pub(super) slot: u32,
    pub(super) piece: u32,
}

impl PieceId {
    fn request(self) -> u64 {
        u64::from(self.slot) << 32 | u64::from(self.piece)
    }

    pub(super) fn from_request(id: u64) -> Self {
        Self { slot: (id >> 32) as u32, piece: id as u32 }
    }
}

/// Where a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// In the SMMU of this number.
    Smmu(u8),
    /// At memory.
    Memory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    offset: u32,
    len: u32,
    stage: Stage,
    cause: Option<DmaCause>,
}

/// A transaction under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Transaction {
    master: u8,
    request: DmaRequest,
    issued: Time,
    /// Bytes read; empty for a write.
    data: Vec<u8>,
    pieces: Vec<Piece>,
    /// Pieces not answered by memory yet; 0: the slot is free.
    left: u32,
}

/// Latency of transactions, in nanoseconds: bucket 0 counts less than 1 ns, bucket `n` 2^(n-1) to 2^n - 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latency {
    /// Counts; the last bucket has everything longer.
    pub buckets: [u64; 24],
    /// Number of transactions.
    pub count: u64,
    /// Sum, in ns.
    pub sum_ns: u64,
    /// Shortest, in ns.
    pub min_ns: u64,
    /// Longest, in ns.
    pub max_ns: u64,
}

impl Latency {
    /// Adds so many transactions, at least one, of a latency.
    #[inline]
    fn add(&mut self, span: Time, transactions: u64) {
        let ns = span.0 / 1000;
        let bucket = (u64::BITS - ns.leading_zeros()) as usize;
        let last = self.buckets.len() - 1;
        self.buckets[bucket.min(last)] += transactions;
        self.min_ns = if self.count == 0 { ns } else { self.min_ns.min(ns) };
        self.count += transactions;
        self.sum_ns = self.sum_ns.saturating_add(ns.saturating_mul(transactions));
        self.max_ns = self.max_ns.max(ns);
    }

    /// Mean in ns, rounded down.
    pub fn mean_ns(&self) -> u64 {
        self.sum_ns.checked_div(self.count).unwrap_or(0)
    }
}

/// Counters of a master.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterStats {
    /// Transactions completed, failed ones included.
    pub transactions: u64,
    /// Transactions that failed.
    pub failed: u64,
    /// Bytes read from memory.
    pub bytes_read: u64,
    /// Bytes written to memory.
    pub bytes_written: u64,
    /// From issue to completion.
    pub latency: Latency,
    /// When the first transaction was issued.
    pub first: Option<Time>,
    /// When the last one was completed.
    pub last: Option<Time>,
}

/// Transactions of one latency that are over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    transactions: u64,
    failed: u64,
    bytes_read: u64,
    bytes_written: u64,
    /// When the last of them was completed.
    last: Time,
}

impl Tally {
    #[inline]
    pub(super) fn add(&mut self, now: Time, request: &DmaRequest, failed: bool) {
        self.transactions += 1;
        self.last = now;
        match (failed, request.kind) {
            (true, _) => self.failed += 1,
            (false, AccessKind::Read) => self.bytes_read += u64::from(request.len),
            (false, AccessKind::Write) => self.bytes_written += u64::from(request.len),
        }
    }
}

impl MasterStats {
    fn count(&mut self, tally: &Tally, latency: Time) {
        if tally.transactions == 0 {
            return;
        }
        self.transactions += tally.transactions;
        self.failed += tally.failed;
        self.bytes_read += tally.bytes_read;
        self.bytes_written += tally.bytes_written;
        self.latency.add(latency, tally.transactions);
        self.last = Some(tally.last);
    }

    /// Bytes per second of virtual time between the first issue and the last completion.
    pub fn bandwidth(&self) -> u64 {
        let (Some(first), Some(last)) = (self.first, self.last) else { return 0 };
        let span = u128::from((last - first).0.max(1));
        let bytes = u128::from(self.bytes_read + self.bytes_written);
        u64::try_from(bytes * u128::from(Time::PER_SECOND) / span).unwrap_or(u64::MAX)
    }
}

/// How a master is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attachment {
    Smmu { index: u8, port: u8 },
    Direct { address_bits: u8 },
}

/// The way that requests take which are equal but for their place, and what they are on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    attachment: Attachment,
    /// The machine ID that they have there.
    mid: Mid,
    access: Access,
    attributes: MemoryAttributes,
}

/// State saved in snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DmaState {
    transactions: Vec<Transaction>,
    free: Vec<u32>,
    stats: Vec<MasterStats>,
}

/// Bit of a machine ID that leads to the second port of a master that has one.
const SECOND_PORT: u8 = 1 << 5;

/// All transactions under way.
#[derive(Clone, Debug)]
pub(crate) struct Dma {
    attachments: Vec<Attachment>,
    /// Second ports.
    second: Vec<Option<Attachment>>,
    transactions: Vec<Transaction>,
    free: Vec<u32>,
    pub(crate) stats: Vec<MasterStats>,
}

/// Bus port of master number `master`; 0 is the core.
pub(crate) fn master_port(master: u8) -> BusMaster {
    BusMaster(1 + u16::from(master))
}

impl Dma {
    pub(super) fn new(config: &Config) -> Self {
        let bits = config.traffic_engine.iter().map(|t| t.address_bits);
        let bits = bits.chain(config.pl330.iter().map(|p| p.address_bits));
        let direct = |bits: Option<u8>| Attachment::Direct { address_bits: bits.unwrap_or(32) };
        let mut attachments: Vec<_> = bits.map(direct).collect();
        let mut second = vec![None; attachments.len()];
        let mut ports = vec![0_u8; config.smmu.len()];
        let mut seen = None;
        for (master, _, smmu) in config.smmu_ports() {
            let Some(index) = config.smmu.iter().position(|s| s.name == smmu) else { continue };
            let attachment = Attachment::Smmu { index: index as u8, port: ports[index] };
            ports[index] = ports[index].wrapping_add(1);
            if seen.replace(master) == Some(master) {
                second[master] = Some(attachment);
            } else {
                attachments[master] = attachment;
            }
        }
        let stats = vec![MasterStats::default(); attachments.len()];
        Self { attachments, second, transactions: Vec::new(), free: Vec::new(), stats }
    }

    /// Pieces that wait for an answer of an SMMU.
    pub(super) fn inside(&self, smmu: usize) -> Vec<PieceId> {
        let mut found = Vec::new();
        for (slot, transaction) in self.transactions.iter().enumerate().filter(|(_, t)| t.left > 0) {
            for (piece, state) in transaction.pieces.iter().enumerate() {
                if state.stage == Stage::Smmu(smmu as u8) {
                    found.push(PieceId { slot: slot as u32, piece: piece as u32 });
                }
            }
        }
        found
    }

    pub(super) fn save(&self) -> DmaState {
        let Self { attachments: _, second: _, transactions, free, stats } = self;
        DmaState { transactions: transactions.clone(), free: free.clone(), stats: stats.clone() }
    }

    /// Takes over a saved state if it makes sense here.
    pub(super) fn restore(&mut self, saved: DmaState) -> Result<(), &'static str> {
        let DmaState { transactions, free, stats } = saved;
        if stats.len() != self.attachments.len() {
            return Err("another number of masters");
        }
        let masters = self.attachments.len();
        for t in &transactions {
            let pieces =
                t.pieces.iter().all(|p| u64::from(p.offset) + u64::from(p.len) <= u64::from(t.request.len));
            let data = t.left == 0 || t.data.is_empty() || t.data.len() == t.request.len as usize;
            let read = t.left == 0 || is_write(t.request.kind) || !t.data.is_empty();
            if usize::from(t.master) >= masters
                || !pieces
                || !data
                || !read
                || t.left as usize > t.pieces.len()
            {
                return Err("an impossible transaction");
            }
        }
        let free_ones = transactions.iter().filter(|t| t.left == 0).count();
        let mut listed = free.clone();
        listed.sort_unstable();
        listed.dedup();
        let all_free =
            listed.iter().all(|&slot| transactions.get(slot as usize).is_some_and(|t| t.left == 0));
        if !all_free || listed.len() != free.len() || free.len() != free_ones {
            return Err("an impossible list of free slots");
        }
        (self.transactions, self.free, self.stats) = (transactions, free, stats);
        Ok(())
    }

    /// The transaction of a piece; none if it is over.
    #[inline]
    fn under_way(&mut self, id: PieceId) -> Option<&mut Transaction> {
        self.transactions.get_mut(id.slot as usize).filter(|t| t.left > 0)
    }

    #[inline]
    fn piece_mut(&mut self, id: PieceId) -> Option<&mut Piece> {
        self.under_way(id)?.pieces.get_mut(id.piece as usize)
    }

    /// Keeps the bytes that the only piece of a read brought.
    pub(super) fn keep(&mut self, id: PieceId, bytes: &[u8]) {
        if let Some(t) = self.under_way(id) {
            t.data.clear();
            t.data.extend_from_slice(bytes);
        }
    }

    /// Counts transactions of one latency that are over.
    pub(super) fn count(&mut self, master: u8, tally: &Tally, latency: Time) {
        if let Some(stats) = self.stats.get_mut(usize::from(master)) {
            stats.count(tally, latency);
        }
    }

    /// The slot that the next transaction gets.
    pub(super) fn next_slot(&self) -> u32 {
        self.free.last().copied().unwrap_or(self.transactions.len() as u32)
    }

    /// The way of a request of a master.
    #[inline]
    pub(super) fn lane(&self, master: u8, request: &DmaRequest) -> Lane {
        let (master, mid) = (usize::from(master), request.mid);
        let second = self.second[master].filter(|_| mid.0 & SECOND_PORT != 0);
        let mid = if second.is_some() { Mid(mid.0 & (SECOND_PORT - 1)) } else { mid };
        let access = Access {
            write: is_write(request.kind),
            privileged: request.prot.privileged,
            instruction: request.prot.instruction,
            non_secure: !request.prot.secure,
        };
        let attachment = second.unwrap_or(self.attachments[master]);
        Lane { attachment, mid, access, attributes: attributes(request.attrs) }
    }

    /// A slot for a transaction; memory of an earlier one is used again.
    pub(super) fn start(&mut self, master: u8, request: DmaRequest, lane: Lane, now: Time) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.transactions.push(Transaction {
                master,
                request,
                issued: now,
                data: Vec::new(),
                pieces: Vec::new(),
                left: 0,
            });
            self.transactions.len() as u32 - 1
        });
        let stage = match lane.attachment {
            Attachment::Smmu { index, .. } => Stage::Smmu(index),
            Attachment::Direct { .. } => Stage::Memory,
        };
        let Some(t) = self.transactions.get_mut(slot as usize) else { return slot };
        (t.master, t.request, t.issued) = (master, request, now);
        t.data.clear();
        t.pieces.clear();
        if request.kind == AccessKind::Read {
            t.data.resize(request.len as usize, 0);
        }
        let mut offset = 0;
        while offset < request.len {
            let to_page = PAGE - (request.addr.0.wrapping_add(offset) & (PAGE - 1));
            let len = to_page.min(request.len - offset);
            t.pieces.push(Piece { offset, len, stage, cause: None });
            offset += len;
        }
        t.left = t.pieces.len() as u32;
        slot
    }
}

/// The attributes a master puts on the bus, in the terms of the SMMU model.
#[inline]
fn attributes(attrs: MemAttrs) -> MemoryAttributes {
    let policy = |c| match c {
        Cacheability::NonCacheable => CachePolicy::NonCached,
        Cacheability::WriteBackAllocate => CachePolicy::WriteBackAllocate,
        Cacheability::WriteThrough => CachePolicy::WriteThrough,
        Cacheability::WriteBack => CachePolicy::WriteBack,
    };
    let kind = match attrs.kind {
        MemType::StronglyOrdered => MemoryKind::StronglyOrdered,
        MemType::Device => MemoryKind::Device,
        MemType::Normal => MemoryKind::Normal { inner: policy(attrs.inner), outer: policy(attrs.outer) },
    };
    let shareability = if attrs.shareable { Shareability::Outer } else { Shareability::None };
    MemoryAttributes::new(kind, shareability)
}

/// Where a piece goes, once that is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// A physical address.
    At(u32),
    /// Nowhere, and why it failed. Without a reason reads give 0 and writes are dropped.
    Nowhere(Option<DmaCause>),
}

impl Target {
    /// What an SMMU answers; none while it holds the piece.
    #[inline]
    pub(super) fn of(answer: Answer) -> Option<Self> {
        match answer {
            Answer::Translated(translation) => Some(Self::At(translation.pa)),
            Answer::Terminated { error } => Some(Self::Nowhere(error.then_some(DmaCause::Translation))),
            Answer::Held => None,
        }
    }
}

/// Bytes of the first piece of a request.
#[inline]
pub(super) fn first_piece(request: &DmaRequest) -> u32 {
    request.len.min(PAGE - (request.addr.0 & (PAGE - 1)))
}

/// Memory for the bytes of any request.
pub(super) type Buffer = [u8; MAX_REQUEST_BYTES as usize];

/// Memory for the bytes of a piece: those to write are in it, what is read will be.
#[inline(always)]
pub(super) fn piece_bytes<'b, M: DmaMaster + ?Sized>(
    buffer: &'b mut Buffer,
    request: &DmaRequest,
    offset: u32,
    len: u32,
    device: &M,
) -> &'b mut [u8] {
    let bytes = buffer.get_mut(..len as usize).unwrap_or_default();
    if is_write(request.kind) {
        // A master has the bytes of what it has outstanding.
        for (byte, source) in bytes.iter_mut().zip(device.write_data(request.id).iter().skip(offset as usize))
        {
            *byte = *source;
        }
    }
    bytes
}

impl Soc {
    /// Takes the requests that a master is ready to issue.
    pub(super) fn pump<O: Observer, T: Taps>(&mut self, master: u8, hooks: &mut Hooks<'_, O, T>) {
        let now = self.now;
        while let Some(request) = self.blocks.master(master).and_then(|m| m.next_request(now)) {
            self.issue(master, request, hooks);
        }
    }

    /// Begins a transaction.
    pub(super) fn issue<O: Observer, T: Taps>(
        &mut self,
        master: u8,
        request: DmaRequest,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        self.issued(master, &request, hooks);
        let lane = self.dma.lane(master, &request);
        let slot = self.dma.start(master, request, lane, self.now);
        for piece in 0.. {
            let id = PieceId { slot, piece };
            let Some(&mut Piece { offset, len, .. }) = self.dma.piece_mut(id) else { break };
            let va = request.addr.0.wrapping_add(offset);
            if let Some(target) = self.route(&lane, id, va, len, hooks) {
                self.arrived(id, target, hooks);
            }
            self.after_route(&lane, hooks);
        }
    }

    pub(super) fn issued<O: Observer, T: Taps>(
        &mut self,
        master: u8,
        request: &DmaRequest,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        let (now, master) = (self.now, usize::from(master));
        hooks.obs.dma(now, &DmaEvent::Issued { master, request: *request });
        if let Some(stats) = self.dma.stats.get_mut(master) {
            stats.first.get_or_insert(now);
        }
    }

    /// Finds out where a piece goes. `None`: its SMMU answers later.
    #[inline(always)]
    pub(super) fn route<O: Observer, T: Taps>(
        &mut self,
        lane: &Lane,
        id: PieceId,
        va: u32,
        len: u32,
        hooks: &mut Hooks<'_, O, T>,
    ) -> Option<Target> {
        match lane.attachment {
            Attachment::Direct { address_bits } => {
                let limit = u64::MAX >> (64 - u32::from(address_bits.clamp(1, 32)));
                let reachable = u64::from(va) + u64::from(len - 1) <= limit;
                Some(if reachable { Target::At(va) } else { Target::Nowhere(Some(BusFault::Decode.into())) })
            }
            Attachment::Smmu { index, port } => {
                // Beats of 8 bytes, or of 16 where 16 of those are too few.
                let log2 = if len > 128 { 4 } else { 3 };
                let beats = (len + (1 << log2) - 1) >> log2;
                let translate = Request {
                    id: id.request(),
                    va,
                    mid: u16::from(lane.mid.0),
                    port,
                    access: lane.access,
                    attributes: lane.attributes,
                    size: log2,
                    len: (beats.clamp(1, 16) - 1) as u8,
                };
                self.submit(usize::from(index), &translate, hooks)
            }
        }
    }

    /// Looks at what routing and moving a piece changed. Whether lines changed.
    pub(super) fn after_route<O: Observer, T: Taps>(
        &mut self,
        lane: &Lane,
        hooks: &mut Hooks<'_, O, T>,
    ) -> bool {
        match lane.attachment {
            Attachment::Smmu { index, .. } => self.after_submit(usize::from(index), hooks),
            Attachment::Direct { .. } => false,
        }
    }

    /// An SMMU answers a piece that it held, or that took time: it is used before anything else happens.
    pub(super) fn answered<O: Observer, T: Taps>(
        &mut self,
        id: PieceId,
        answer: Answer,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        if let Some(target) = Target::of(answer) {
            self.arrived(id, target, hooks);
        }
    }

    /// Moves the bytes of a piece, and has memory answer in its time.
    fn arrived<O: Observer, T: Taps>(&mut self, id: PieceId, target: Target, hooks: &mut Hooks<'_, O, T>) {
        let Some(t) = self.dma.under_way(id) else { return };
        let (number, request) = (t.master, t.request);
        let Some(&Piece { offset, len, .. }) = t.pieces.get(id.piece as usize) else { return };
        let Some(device) = self.blocks.master(number) else { return };
        let mut buffer = [0; _];
        let bytes = piece_bytes(&mut buffer, &request, offset, len, device);
        let (cause, answered) = self.transfer(number, &request, offset, target, bytes, hooks);
        if let Some(t) = self.dma.under_way(id)
            && let Some(data) = t.data.get_mut(offset as usize..(offset + len) as usize)
        {
            data.copy_from_slice(bytes);
        }
        self.wait_for_memory(id, cause, answered);
    }

    pub(super) fn wait_for_memory(&mut self, id: PieceId, cause: Option<DmaCause>, answered: Time) {
        if let Some(piece) = self.dma.piece_mut(id) {
            (piece.stage, piece.cause) = (Stage::Memory, cause);
            self.schedule(answered, Event::Dma(id));
        }
    }

    /// Moves the bytes of a piece, where those of a write are already; those of a read that finds none are 0. Gives
    /// why it failed, and when memory answers.
    #[inline(always)]
    pub(super) fn transfer<O: Observer, T: Taps>(
        &mut self,
        number: u8,
        request: &DmaRequest,
        offset: u32,
        target: Target,
        bytes: &mut [u8],
        hooks: &mut Hooks<'_, O, T>,
    ) -> (Option<DmaCause>, Time) {
        let now = self.now;
        let failed = now + FUNCTIONAL_ACCESS;
        let pa = match target {
            Target::At(pa) => pa,
            Target::Nowhere(cause) => {
                bytes.fill(0);
                return (cause, failed);
            }
        };
        let address = PhysAddr(u64::from(pa));
        let moved = match request.kind {
            AccessKind::Read => self.memory.ram.read(address, bytes).inspect(|()| {
                hooks.taps.fabric().dma_data(now, address, bytes);
            }),
            AccessKind::Write => self.store(number, address, bytes, hooks),
        };
        if let Err(fault) = moved {
            bytes.fill(0);
            // Multimedia masters have no path to the peripheral bus (our choice).
            let fault = self.dispatch.find(address.0).map_or(fault, |_| BusFault::Slave);
            return (Some(fault.into()), failed);
        }
        let (master, request, len) = (usize::from(number), *request, bytes.len() as u32);
        hooks.obs.dma(now, &DmaEvent::Moved { master, request, offset, pa, len });
        (None, self.memory.access(now, pa, u64::from(len)))
    }

    /// Stores the bytes of a piece of a write.
    fn store<O: Observer, T: Taps>(
        &mut self,
        number: u8,
        address: PhysAddr,
        bytes: &mut [u8],
        hooks: &mut Hooks<'_, O, T>,
    ) -> Result<(), BusFault> {
        if !self.memory.ram.contains(address, bytes.len() as u64) {
            return Err(BusFault::Decode);
        }
        hooks.taps.fabric().dma_data(self.now, address, bytes);
        let hit = self.memory.ram.write(master_port(number), address, bytes)?;
        if hit.contains(Watch::Tables) {
            self.tables.take_stores(&mut self.memory.ram, self.now, None, hooks.obs);
        }
        Ok(())
    }

    /// Memory answers a piece; the last one completes the transaction.
    pub(super) fn piece_done<O: Observer, T: Taps>(&mut self, id: PieceId, hooks: &mut Hooks<'_, O, T>) {
        let Some(t) = self.dma.under_way(id) else { return };
        t.left -= 1;
        if t.left > 0 {
            return;
        }
        let (master, request, issued) = (t.master, t.request, t.issued);
        let failed = t.pieces.iter().find_map(|p| Some((p.offset, p.cause?)));
        let fault = failed.map(|(offset, cause)| {
            let addr = DmaAddr(request.addr.0.wrapping_add(offset));
            DmaFault { addr, cause }
        });
        let data = core::mem::take(&mut t.data);
        let (now, latency, mut tally) = (self.now, self.now - issued, Tally::default());
        tally.add(now, &request, fault.is_some());
        self.dma.count(master, &tally, latency);
        let completed = DmaEvent::Completed { master: usize::from(master), request, latency, fault };
        hooks.obs.dma(now, &completed);
        if let Some(device) = self.blocks.master(master) {
            device.complete(now, request.id, fault.map_or(Ok(&data), Err));
        }
        if let Some(t) = self.dma.transactions.get_mut(id.slot as usize) {
            t.data = data;
        }
        self.dma.free.push(id.slot);
        self.after(Unit::Master(master), hooks);
    }
}
