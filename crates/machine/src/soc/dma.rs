//! DMA as messages in time: a master's request is split at 4 KiB, each piece is translated and
//! used in one operation, and the master is called back when memory has answered all of them.

use msmemu_devices::{DmaAddr, DmaCause, DmaFault, DmaRequest, MAX_REQUEST_BYTES};
use msmemu_fabric::{
    AccessKind, BusFault, BusMaster, Cacheability, FabricTap as _, MemAttrs, MemType, PhysAddr, Time, Watch,
};
use msmemu_smmu::{Access, Answer, CachePolicy, MemoryAttributes, MemoryKind, Request, Shareability};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::observe::{DmaEvent, Hooks, Observer, Taps};

use super::smmu::is_write;
use super::{Event, Soc, Unit};

/// The smallest page: no piece crosses it.
const PAGE: u32 = 0x1000;

/// A piece of a transaction under way: its slot and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PieceId {
    slot: u32,
    piece: u32,
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
    fn add(&mut self, span: Time) {
        let ns = span.0 / 1000;
        let bucket = (u64::BITS - ns.leading_zeros()) as usize;
        let last = self.buckets.len() - 1;
        self.buckets[bucket.min(last)] += 1;
        self.min_ns = if self.count == 0 { ns } else { self.min_ns.min(ns) };
        self.count += 1;
        self.sum_ns = self.sum_ns.saturating_add(ns);
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

impl MasterStats {
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

/// State saved in snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DmaState {
    transactions: Vec<Transaction>,
    free: Vec<u32>,
    stats: Vec<MasterStats>,
}

/// All transactions under way.
#[derive(Clone, Debug)]
pub(crate) struct Dma {
    attachments: Vec<Attachment>,
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
        let mut ports = vec![0_u8; config.smmu.len()];
        let mut attach = |smmu: Option<&str>, bits: Option<u8>| {
            let index = smmu.and_then(|name| config.smmu.iter().position(|s| s.name == name));
            match index {
                Some(index) => {
                    let port = ports[index];
                    ports[index] = port.wrapping_add(1);
                    Attachment::Smmu { index: index as u8, port }
                }
                None => Attachment::Direct { address_bits: bits.unwrap_or(32) },
            }
        };
        let engines = config.traffic_engine.iter().map(|t| (t.smmu.as_deref(), t.address_bits));
        let dmacs = config.pl330.iter().map(|p| (p.smmu.as_deref(), p.address_bits));
        let attachments: Vec<_> = engines.chain(dmacs).map(|(smmu, bits)| attach(smmu, bits)).collect();
        let stats = vec![MasterStats::default(); attachments.len()];
        Self { attachments, transactions: Vec::new(), free: Vec::new(), stats }
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
        let Self { attachments: _, transactions, free, stats } = self;
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

    fn piece(&mut self, id: PieceId) -> Option<(&mut Piece, u8)> {
        let transaction = self.transactions.get_mut(id.slot as usize).filter(|t| t.left > 0)?;
        let master = transaction.master;
        Some((transaction.pieces.get_mut(id.piece as usize)?, master))
    }

    /// A slot for a transaction; memory of an earlier one is used again.
    fn start(&mut self, master: u8, request: DmaRequest, now: Time) -> u32 {
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
        let Some(t) = self.transactions.get_mut(slot as usize) else { return slot };
        (t.master, t.request, t.issued) = (master, request, now);
        t.data.clear();
        t.pieces.clear();
        if request.kind == AccessKind::Read {
            t.data.resize(request.len as usize, 0);
        }
        let stage = match self.attachments.get(usize::from(master)) {
            Some(Attachment::Smmu { index, .. }) => Stage::Smmu(*index),
            _ => Stage::Memory,
        };
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

impl Soc {
    /// Takes the requests that a master is ready to issue.
    pub(super) fn pump<O: Observer, T: Taps>(&mut self, master: u8, hooks: &mut Hooks<'_, O, T>) {
        let now = self.now;
        while let Some(request) =
            self.blocks.masters.get_mut(usize::from(master)).and_then(|m| m.device_mut().next_request(now))
        {
            self.issue(master, request, hooks);
        }
    }

    fn issue<O: Observer, T: Taps>(&mut self, master: u8, request: DmaRequest, hooks: &mut Hooks<'_, O, T>) {
        let now = self.now;
        hooks.obs.dma(now, &DmaEvent::Issued { master: usize::from(master), request });
        if let Some(stats) = self.dma.stats.get_mut(usize::from(master)) {
            stats.first.get_or_insert(now);
        }
        let Some(&attachment) = self.dma.attachments.get(usize::from(master)) else { return };
        let slot = self.dma.start(master, request, now);
        let pieces = self.dma.transactions.get(slot as usize).map_or(0, |t| t.pieces.len());
        for piece in 0..pieces as u32 {
            let id = PieceId { slot, piece };
            let Some((state, _)) = self.dma.piece(id) else { continue };
            let (va, len) = (request.addr.0.wrapping_add(state.offset), state.len);
            match attachment {
                Attachment::Direct { address_bits } => {
                    let limit = u64::MAX >> (64 - u32::from(address_bits.clamp(1, 32)));
                    let reachable = u64::from(va) + u64::from(len - 1) <= limit;
                    let answer = if reachable { Ok(va) } else { Err(BusFault::Decode) };
                    self.use_memory(id, answer, hooks);
                }
                Attachment::Smmu { index, port } => {
                    let wide = len > 128;
                    let (size, beat) = if wide { (4, 16) } else { (3, 8) };
                    let translate = Request {
                        id: id.request(),
                        va,
                        mid: u16::from(request.mid.0),
                        port,
                        access: Access {
                            write: is_write(request.kind),
                            privileged: request.prot.privileged,
                            instruction: request.prot.instruction,
                            non_secure: !request.prot.secure,
                        },
                        attributes: attributes(request.attrs),
                        size,
                        len: (len.div_ceil(beat).clamp(1, 16) - 1) as u8,
                    };
                    if let Some(answer) = self.submit(usize::from(index), &translate, hooks) {
                        self.answered(id, answer, hooks);
                    }
                    self.after_smmu(usize::from(index), hooks);
                }
            }
        }
    }

    /// An SMMU answers a piece: it is used before anything else happens.
    pub(super) fn answered<O: Observer, T: Taps>(
        &mut self,
        id: PieceId,
        answer: Answer,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        match answer {
            Answer::Translated(translation) => self.use_memory(id, Ok(translation.pa), hooks),
            Answer::Terminated { error } => {
                let now = self.now;
                if let Some((piece, _)) = self.dma.piece(id) {
                    piece.stage = Stage::Memory;
                    // Without an error answer reads give 0 and writes are dropped.
                    piece.cause = error.then_some(DmaCause::Translation);
                    self.schedule(now + super::memory::FUNCTIONAL_ACCESS, Event::Dma(id));
                }
            }
            Answer::Held => {}
        }
    }

    /// Moves the bytes of a piece, and has memory answer in its time.
    fn use_memory<O: Observer, T: Taps>(
        &mut self,
        id: PieceId,
        pa: Result<u32, BusFault>,
        hooks: &mut Hooks<'_, O, T>,
    ) {
        let now = self.now;
        let Some((piece, master)) = self.dma.piece(id) else { return };
        piece.stage = Stage::Memory;
        let (offset, len) = (piece.offset, piece.len);
        let result = pa.and_then(|pa| self.move_bytes(id, pa, hooks).map(|()| pa));
        let done = match result {
            Ok(pa) => {
                if let Some(t) = self.dma.transactions.get(id.slot as usize) {
                    let (master, request) = (usize::from(master), t.request);
                    hooks.obs.dma(now, &DmaEvent::Moved { master, request, offset, pa, len });
                }
                self.memory.access(now, pa, u64::from(len))
            }
            Err(fault) => {
                if let Some((piece, _)) = self.dma.piece(id) {
                    piece.cause = Some(DmaCause::Bus(fault));
                }
                now + super::memory::FUNCTIONAL_ACCESS
            }
        };
        self.schedule(done, Event::Dma(id));
    }

    fn move_bytes<O: Observer, T: Taps>(
        &mut self,
        id: PieceId,
        pa: u32,
        hooks: &mut Hooks<'_, O, T>,
    ) -> Result<(), BusFault> {
        let address = PhysAddr(u64::from(pa));
        if self.dispatch.find(address.0).is_some() {
            // Multimedia masters have no path to the peripheral bus (our choice).
            return Err(BusFault::Slave);
        }
        let Some(t) = self.dma.transactions.get_mut(id.slot as usize) else { return Ok(()) };
        let Some(piece) = t.pieces.get(id.piece as usize) else { return Ok(()) };
        let range = piece.offset as usize..(piece.offset + piece.len) as usize;
        match t.request.kind {
            AccessKind::Read => {
                let bytes = t.data.get_mut(range).ok_or(BusFault::Slave)?;
                self.memory.ram.read(address, bytes)?;
                hooks.taps.fabric().dma_data(self.now, address, bytes);
            }
            AccessKind::Write => {
                let master = self.blocks.masters.get(usize::from(t.master));
                let source = master.map_or(&[] as &[u8], |m| m.device().write_data(t.request.id));
                let bytes = source.get(range).ok_or(BusFault::Slave)?;
                let mut tapped = [0_u8; MAX_REQUEST_BYTES as usize];
                let tapped = tapped.get_mut(..bytes.len()).ok_or(BusFault::Slave)?;
                tapped.copy_from_slice(bytes);
                hooks.taps.fabric().dma_data(self.now, address, tapped);
                let hit = self.memory.ram.write(master_port(t.master), address, tapped)?;
                if hit.contains(Watch::Tables) {
                    self.tables.take_stores(&mut self.memory.ram, self.now, None, hooks.obs);
                }
            }
        }
        Ok(())
    }

    /// Memory answers a piece; the last one completes the transaction.
    pub(super) fn piece_done<O: Observer, T: Taps>(&mut self, id: PieceId, hooks: &mut Hooks<'_, O, T>) {
        let now = self.now;
        let Some(t) = self.dma.transactions.get_mut(id.slot as usize).filter(|t| t.left > 0) else { return };
        t.left -= 1;
        if t.left > 0 {
            return;
        }
        let (number, request, latency) = (t.master, t.request, now - t.issued);
        let failed = t.pieces.iter().find_map(|p| Some((p.offset, p.cause?)));
        let fault = failed.map(|(offset, cause)| {
            let addr = DmaAddr(request.addr.0.wrapping_add(offset));
            DmaFault { addr, cause }
        });
        if let Some(stats) = self.dma.stats.get_mut(usize::from(number)) {
            stats.transactions += 1;
            stats.last = Some(now);
            stats.latency.add(latency);
            match (fault, request.kind) {
                (Some(_), _) => stats.failed += 1,
                (None, AccessKind::Read) => stats.bytes_read += u64::from(request.len),
                (None, AccessKind::Write) => stats.bytes_written += u64::from(request.len),
            }
        }
        let master = usize::from(number);
        hooks.obs.dma(now, &DmaEvent::Completed { master, request, latency, fault });
        if let Some(device) = self.blocks.masters.get_mut(master) {
            let outcome = match fault {
                Some(fault) => Err(fault),
                None => Ok(t.data.as_slice()),
            };
            device.device_mut().complete(now, request.id, outcome);
        }
        self.dma.free.push(id.slot);
        self.after(Unit::Master(number), hooks);
    }
}
