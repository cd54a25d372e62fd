//! A micro-TLB: the small buffer at a port, in front of the main TLB.

use alloc::vec;
use alloc::vec::Vec;

use crate::saved::RestoreError;
use crate::tlb::{Tag, TlbEntry};

/// Holds 4 KiB pages, or 4 KiB pieces of larger ones, fully associative, replaced round robin.
///
/// The key has everything that a lookup compares, so that a change of VMID or ASID needs no flush. Keys
/// are unique: a page is filled only after it was missed.
#[derive(Clone, Debug)]
pub(crate) struct MicroTlb {
    keys: Vec<u64>,
    entries: Vec<TlbEntry>,
    pointer: usize,
    /// The slot of the last hit, looked at first. Not state: it never changes a result.
    hint: usize,
    used: bool,
}

const INVALID: u64 = u64::MAX;

/// Filler for unused slots; never read, as their key is invalid.
const EMPTY: TlbEntry = TlbEntry {
    va: 0,
    pa: 0,
    descriptors: [0; 2],
    attributes: crate::spec::memory_type::MemoryAttributes::NON_CACHED,
    permissions: crate::tlb::Permissions::from_bits(0),
    size: crate::spec::descriptor::PageSize::Small,
    table_size: crate::spec::descriptor::PageSize::Small,
    vmid: 0,
    asid: 0,
    bank: 0,
    global: false,
    non_secure: false,
    ns_descriptor: false,
    locked: false,
};

#[inline]
const fn key(va: u32, tag: Tag) -> u64 {
    (va >> 12) as u64 | (tag.bits() as u64) << 20
}

impl MicroTlb {
    pub(crate) fn new(entries: u8) -> Self {
        let entries = usize::from(entries);
        Self { keys: vec![INVALID; entries], entries: vec![EMPTY; entries], pointer: 0, hint: 0, used: false }
    }

    #[inline]
    pub(crate) fn lookup(&mut self, va: u32, tag: Tag) -> Option<&TlbEntry> {
        let key = key(va, tag);
        if self.keys.get(self.hint) != Some(&key) {
            self.hint = self.keys.iter().position(|&k| k == key)?;
        }
        self.entries.get(self.hint)
    }

    #[inline]
    pub(crate) fn fill(&mut self, va: u32, tag: Tag, entry: &TlbEntry) -> bool {
        let at = self.pointer;
        let Some(slot) = self.keys.get_mut(at) else { return false };
        *slot = key(va, tag);
        self.entries[at] = *entry;
        self.pointer = if at + 1 == self.entries.len() { 0 } else { at + 1 };
        self.used = true;
        true
    }

    /// Empties it. The replacement pointer stays.
    pub(crate) fn flush(&mut self) {
        if core::mem::take(&mut self.used) {
            self.keys.fill(INVALID);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.flush();
        self.pointer = 0;
    }

    /// The entry in a slot.
    pub(crate) fn get(&self, index: usize) -> Option<&TlbEntry> {
        self.keys.get(index).filter(|&&key| key != INVALID)?;
        self.entries.get(index)
    }

    pub(crate) fn save(&self) -> SavedMicroTlb {
        let Self { keys, entries, pointer, hint: _, used: _ } = self;
        let slots = keys.iter().zip(entries).map(|(&key, entry)| (key != INVALID).then_some((key, *entry)));
        SavedMicroTlb { slots: slots.collect(), pointer: *pointer as u64 }
    }

    pub(crate) fn restore(&mut self, saved: &SavedMicroTlb) -> Result<(), RestoreError> {
        let SavedMicroTlb { slots, pointer } = saved;
        if slots.len() != self.keys.len() {
            return Err(RestoreError::Shape { what: "micro-TLB" });
        }
        let pointer = usize::try_from(*pointer).unwrap_or(usize::MAX);
        if pointer >= slots.len().max(1) {
            return Err(RestoreError::Value { what: "micro-TLB replacement pointer" });
        }
        let mut new = Self::new(slots.len() as u8);
        for (slot, (key, entry)) in slots.iter().zip(new.keys.iter_mut().zip(&mut new.entries)) {
            let Some((saved_key, saved_entry)) = slot else { continue };
            saved_entry.check()?;
            if *saved_key >> 37 != 0 {
                return Err(RestoreError::Value { what: "micro-TLB key" });
            }
            (*key, *entry) = (*saved_key, *saved_entry);
            new.used = true;
        }
        new.pointer = pointer;
        *self = new;
        Ok(())
    }
}

/// Saved micro-TLB.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedMicroTlb {
    slots: Vec<Option<(u64, TlbEntry)>>,
    pointer: u64,
}
