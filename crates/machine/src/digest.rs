//! A digest over everything that a run tells its observers: two runs with equal digests did the same.
//!
//! Frequent records are hashed field by field, rare ones by their `Debug` form, which derives
//! give from names and values alone. Values are little-endian, so the digest is the same on
//! every host.

use core::fmt::Write as _;

use msmemu_cpu::Trap;
use msmemu_fabric::{AccessKind, BusFault, Edge, LineId, Time};
use msmemu_smmu::{Event, Request};

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

    fn begin(&mut self, tag: u8, now: Time) -> Record<'_> {
        if self.pending.len() >= BATCH {
            self.hasher.update(&self.pending);
            self.pending.clear();
        }
        self.records += 1;
        self.pending.push(tag);
        self.pending.extend(now.0.to_le_bytes());
        Record(&mut self.pending)
    }
}

/// A record under construction.
struct Record<'d>(&'d mut Vec<u8>);

impl Record<'_> {
    fn word(self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn long(self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn flag(self, value: bool) -> Self {
        self.0.push(u8::from(value));
        self
    }

    fn request(self, request: &Request) -> Self {
        self.long(request.id).word(request.va).word(u32::from(request.mid)).flag(request.access.write)
    }

    fn text(self, value: &dyn core::fmt::Debug) {
        // Writing to memory cannot fail.
        let _ = write!(Text(self.0), "{value:?}");
        self.0.push(0);
    }
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
        let record = self.begin(1, now).word(offset).word(size as u32).flag(kind == AccessKind::Write);
        record.word(u32::from(master.0)).word(pc).flag(answer.is_ok()).word(answer.unwrap_or(0));
        let who = (unit, answer.err());
        match &self.last_unit {
            Some((last, text)) if *last == who => self.pending.extend_from_slice(text),
            _ => {
                let start = self.pending.len();
                Record(&mut self.pending).text(&who);
                self.last_unit = Some((who, self.pending[start..].to_vec()));
            }
        }
    }

    fn smmu(&mut self, now: Time, smmu: usize, pc: u32, event: &Event<'_>) {
        let record = self.begin(2, now).word(smmu as u32).word(pc);
        match event {
            Event::MicroLookup { request, bank, hit } => {
                record.word(1).request(request).word(u32::from(*bank)).word(hit.map_or(0, |e| e.pa));
            }
            Event::MainLookup { origin, bank, hit, matches } => {
                let record = record.word(2).word(origin.va()).word(u32::from(*bank));
                let (index, pa) = hit.map_or((0, 0), |(index, entry)| (index, entry.pa));
                record.word(u32::from(index)).word(pa).word(u32::from(*matches));
            }
            Event::Answered { request, answer } => {
                record.word(3).request(request).flag(answer.pa().is_some()).word(answer.pa().unwrap_or(0));
            }
            Event::MicroFilled { port, entry } => {
                record.word(4).word(u32::from(*port)).word(entry.va).word(entry.pa);
            }
            rare => record.text(rare),
        }
    }

    fn dma(&mut self, now: Time, event: &DmaEvent) {
        let record = self.begin(3, now);
        match event {
            DmaEvent::Moved { master, request, offset, pa, len } => {
                let record = record.word(*master as u32).word(request.id.0).word(request.addr.0);
                record.word(*offset).word(*pa).word(*len);
            }
            other => record.text(other),
        }
    }

    fn line(&mut self, now: Time, line: LineId, edge: Edge) {
        self.begin(4, now).word(line.0).flag(edge == Edge::Rising);
    }

    fn table_store(&mut self, now: Time, store: &TableStore) {
        let TableStore { pa, size, master, pc } = *store;
        let record = self.begin(5, now).word(pa).word(size).word(u32::from(master.0));
        record.flag(pc.is_some()).word(pc.unwrap_or(0));
    }

    fn sent(&mut self, now: Time, uart: usize, bytes: &[u8]) {
        let record = self.begin(6, now).word(uart as u32).word(bytes.len() as u32);
        record.0.extend(bytes);
    }

    fn exception(&mut self, now: Time, trap: &Trap, from: u32, to: u32) {
        self.begin(7, now).word(from).word(to).text(trap);
    }
}
