//! A digest over everything that a run tells its observers: two runs with equal digests did the same.
//!
//! Frequent records are hashed field by field, rare ones by their `Debug` form, which derives
//! give from names and values alone. Values are little-endian, so the digest is the same on
//! every host.

use core::fmt::Write as _;

use msmemu_cpu::Trap;
use msmemu_devices::DmaRequest;
use msmemu_fabric::{AccessKind, BusFault, Edge, LineId, MemAttrs, Prot, Time};
use msmemu_smmu::{DescriptorRead, Event, Request, TlbEntry};

use crate::Unit;
use crate::observe::{DmaEvent, Observer, RegisterAccess, TableStore};

/// Who answered a register access, and with which fault.
type Answered = (Unit, Option<BusFault>);

/// An observer that hashes what it is told.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    hasher: blake3::Hasher,
    /// Records gathered for the hasher, which is fastest on long inputs.
    pending: Vec<u8>,
    records: u64,
    /// The last unit whose register was accessed and how that failed, with the text of both: a guest that polls
    /// asks for the same again and again.
    last_unit: Option<(Answered, Vec<u8>)>,
}

/// Bytes gathered before they are hashed.
const BATCH: usize = 16 * 1024;

impl Digest {
    /// Number of records.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The digest of everything so far.
    pub fn value(&self) -> [u8; 32] {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.pending);
        *hasher.finalize().as_bytes()
    }

    /// Begins a record: what it is about, when, and words; a text may follow.
    #[inline]
    fn record<const N: usize>(&mut self, kind: Kind, now: Time, words: [u32; N]) {
        if self.pending.len() >= BATCH {
            self.hasher.update(&self.pending);
            self.pending.clear();
        }
        self.records += 1;
        let [low, high] = halves(now.0);
        self.pending.extend_from_slice([kind as u32, low, high].map(u32::to_le_bytes).as_flattened());
        self.pending.extend_from_slice(words.map(u32::to_le_bytes).as_flattened());
    }

    /// Ends a record with a text.
    fn text(&mut self, value: &dyn core::fmt::Debug) {
        // Writing to memory cannot fail.
        let _ = write!(Text(&mut self.pending), "{value:?}");
        self.pending.push(0);
    }
}

/// What a record is about. Each kind has a number of words of its own.
#[derive(Clone, Copy)]
enum Kind {
    Register = 1,
    MicroLookup,
    MainLookup,
    Answered,
    MicroFilled,
    WalkStarted,
    DescriptorRead,
    WalkEnded,
    Filled,
    Evicted,
    OtherSmmu,
    Issued,
    Moved,
    Completed,
    Line,
    TableStore,
    Sent,
    Exception,
}

const fn halves(value: u64) -> [u32; 2] {
    [value as u32, (value >> 32) as u32]
}

fn flags<const N: usize>(flags: [bool; N]) -> u32 {
    flags.into_iter().rev().fold(0, |word, flag| word << 1 | u32::from(flag))
}

fn request(request: &Request) -> [u32; 4] {
    let [low, high] = halves(request.id);
    [low, high, request.va, u32::from(request.mid) << 1 | u32::from(request.access.write)]
}

fn entry(entry: &TlbEntry) -> [u32; 7] {
    let TlbEntry { va, pa, descriptors: [first, second], attributes, permissions, size, table_size, .. } =
        *entry;
    let TlbEntry { vmid, asid, bank, global, non_secure, ns_descriptor, locked, .. } = *entry;
    let rights = u32::from(attributes.bits()) << 16 | u32::from(permissions.bits());
    let tag = u32::from_le_bytes([size as u8, table_size as u8, vmid, asid]);
    let state = flags([global, non_secure, ns_descriptor, locked]) << 8 | u32::from(bank);
    [va, pa, first, second, rights, tag, state]
}

fn transaction(request: &DmaRequest) -> [u32; 5] {
    let DmaRequest { id, addr, len, kind, mid, prot, attrs } = *request;
    let Prot { privileged, secure, instruction } = prot;
    let MemAttrs { kind: memory, inner, outer, shareable } = attrs;
    let identity = flags([kind == AccessKind::Write, privileged, secure, instruction, shareable]);
    let identity = identity << 8 | u32::from(mid.0);
    [id.0, addr.0, len, identity, u32::from_le_bytes([memory as u8, inner as u8, outer as u8, 0])]
}

struct Text<'t>(&'t mut Vec<u8>);

impl core::fmt::Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        self.0.extend(s.as_bytes());
        Ok(())
    }
}

impl Observer for Digest {
    fn register(&mut self, now: Time, access: &RegisterAccess) {
        let RegisterAccess { unit, offset, size, kind, master, pc, answer } = *access;
        let how = flags([kind == AccessKind::Write, answer.is_ok()]) << 8 | size as u32;
        let words = [offset, how, u32::from(master.0), pc, answer.unwrap_or(0)];
        self.record(Kind::Register, now, words);
        let who = (unit, answer.err());
        match &self.last_unit {
            Some((last, text)) if *last == who => self.pending.extend_from_slice(text),
            _ => {
                let start = self.pending.len();
                self.text(&who);
                self.last_unit = Some((who, self.pending[start..].to_vec()));
            }
        }
    }

    fn smmu(&mut self, now: Time, smmu: usize, pc: u32, event: &Event<'_>) {
        let smmu = smmu as u32;
        match *event {
            Event::MicroLookup { request: of, bank, hit } => {
                let [low, high, va, what] = request(of);
                let words = [smmu, pc, low, high, va, what, bank.into(), hit.map_or(0, |e| e.pa)];
                self.record(Kind::MicroLookup, now, words);
            }
            Event::MainLookup { origin, bank, hit, matches } => {
                let (index, pa) = hit.map_or((0, 0), |(index, entry)| (index, entry.pa));
                let words = [smmu, pc, origin.va(), bank.into(), index.into(), pa, matches.into()];
                self.record(Kind::MainLookup, now, words);
            }
            Event::Answered { request: of, answer } => {
                let [low, high, va, what] = request(of);
                let (translated, pa) = (answer.pa().is_some().into(), answer.pa().unwrap_or(0));
                self.record(Kind::Answered, now, [smmu, pc, low, high, va, what, translated, pa]);
            }
            Event::MicroFilled { port, entry } => {
                self.record(Kind::MicroFilled, now, [smmu, pc, port.into(), entry.va, entry.pa]);
            }
            Event::WalkStarted { origin, bank } => {
                self.record(Kind::WalkStarted, now, [smmu, pc, origin.va(), bank.into()]);
            }
            Event::DescriptorRead { origin, read, response: Ok(word), buffered } => {
                let DescriptorRead { address, level, bank, attributes, non_secure } = *read;
                let how = flags([non_secure, buffered]) << 16 | (level as u32) << 8 | u32::from(bank);
                let words = [smmu, pc, origin.va(), address, how, attributes.bits().into(), word];
                self.record(Kind::DescriptorRead, now, words);
            }
            Event::WalkEnded { origin, bank, result: Ok(found) } => {
                let [va, pa, first, second, rights, tag, state] = entry(found);
                let origin = origin.va();
                let words = [smmu, pc, origin, bank.into(), va, pa, first, second, rights, tag, state];
                self.record(Kind::WalkEnded, now, words);
            }
            Event::Filled { index, entry: new } => {
                let [va, pa, first, second, rights, tag, state] = entry(new);
                let words = [smmu, pc, index.into(), va, pa, first, second, rights, tag, state];
                self.record(Kind::Filled, now, words);
            }
            Event::Evicted { index, entry: old } => {
                let [va, pa, first, second, rights, tag, state] = entry(old);
                let words = [smmu, pc, index.into(), va, pa, first, second, rights, tag, state];
                self.record(Kind::Evicted, now, words);
            }
            ref rare => {
                self.record(Kind::OtherSmmu, now, [smmu, pc]);
                self.text(rare);
            }
        }
    }

    fn dma(&mut self, now: Time, event: &DmaEvent) {
        match *event {
            DmaEvent::Issued { master, request } => {
                let [id, addr, len, identity, memory] = transaction(&request);
                self.record(Kind::Issued, now, [master as u32, id, addr, len, identity, memory]);
            }
            DmaEvent::Moved { master, request, offset, pa, len } => {
                let words = [master as u32, request.id.0, request.addr.0, offset, pa, len];
                self.record(Kind::Moved, now, words);
            }
            DmaEvent::Completed { master, request, latency, fault } => {
                let [low, high] = halves(latency.0);
                let failed = fault.is_some().into();
                let words = [master as u32, request.id.0, request.addr.0, low, high, failed];
                self.record(Kind::Completed, now, words);
                if let Some(fault) = fault {
                    self.text(&fault);
                }
            }
        }
    }

    fn line(&mut self, now: Time, line: LineId, edge: Edge) {
        self.record(Kind::Line, now, [line.0, (edge == Edge::Rising).into()]);
    }

    fn table_store(&mut self, now: Time, store: &TableStore) {
        let TableStore { pa, size, master, pc } = *store;
        let by_core = pc.is_some().into();
        let words = [pa, size, master.0.into(), by_core, pc.unwrap_or(0)];
        self.record(Kind::TableStore, now, words);
    }

    fn sent(&mut self, now: Time, uart: usize, bytes: &[u8]) {
        self.record(Kind::Sent, now, [uart as u32, bytes.len() as u32]);
        self.pending.extend_from_slice(bytes);
    }

    fn exception(&mut self, now: Time, trap: &Trap, from: u32, to: u32) {
        self.record(Kind::Exception, now, [from, to]);
        self.text(trap);
    }
}
