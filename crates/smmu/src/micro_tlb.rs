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
    slots: Vec<Slot>,
    pointer: usize,
    /// The slot of the last hit, looked at first. Not state: it never changes a result.
    hint: usize,
    used: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: u64,
    entry: TlbEntry,
}

const INVALID: u64 = u64::MAX;

const EMPTY: Slot = Slot { key: INVALID, entry: TlbEntry::EMPTY };

#[inline]
const fn key(va: u32, tag: Tag) -> u64 {
    (va >> 12) as u64 | (tag.bits() as u64) << 20
}

impl MicroTlb {
    pub(crate) fn new(entries: u8) -> Self {
        Self { slots: vec![EMPTY; usize::from(entries)], pointer: 0, hint: 0, used: false }
    }

    #[inline]
    pub(crate) fn lookup(&mut self, va: u32, tag: Tag) -> Option<&TlbEntry> {
        let key = key(va, tag);
        match self.slots.get(self.hint) {
            Some(slot) if slot.key == key => {}
            _ => self.hint = self.slots.iter().position(|slot| slot.key == key)?,
        }
        Some(&self.slots[self.hint].entry)
    }

    #[inline]
    pub(crate) fn fill(&mut self, va: u32, tag: Tag, entry: &TlbEntry) -> bool {
        let at = self.pointer;
        let Some(slot) = self.slots.get_mut(at) else { return false };
        *slot = Slot { key: key(va, tag), entry: *entry };
        self.pointer = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        self.used = true;
        true
    }

    /// Empties it. The replacement pointer stays.
    pub(crate) fn flush(&mut self) {
        if core::mem::take(&mut self.used) {
            self.slots.fill(EMPTY);
        }
    }

    pub(crate) fn clear(&mut self) {
        // The number of slots came as a `u8`.
        *self = Self::new(self.slots.len() as u8);
    }

    /// Changes the entry of a used slot, or empties it.
    pub(crate) fn poke(&mut self, index: usize, entry: Option<TlbEntry>) {
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.key != INVALID) else { return };
        match entry {
            Some(entry) => slot.entry = entry,
            None => *slot = EMPTY,
        }
    }

    /// The entry in a slot.
    pub(crate) fn get(&self, index: usize) -> Option<&TlbEntry> {
        self.slots.get(index).filter(|slot| slot.key != INVALID).map(|slot| &slot.entry)
    }

    pub(crate) fn save(&self) -> SavedMicroTlb {
        let Self { slots, pointer, hint: _, used: _ } = self;
        let slots = slots.iter().map(|slot| (slot.key != INVALID).then_some((slot.key, slot.entry)));
        SavedMicroTlb { slots: slots.collect(), pointer: *pointer as u64 }
    }

    pub(crate) fn restore(&mut self, saved: &SavedMicroTlb) -> Result<(), RestoreError> {
        let SavedMicroTlb { slots, pointer } = saved;
        if slots.len() != self.slots.len() {
            return Err(RestoreError::Shape { what: "micro-TLB" });
        }
        let pointer = usize::try_from(*pointer).unwrap_or(usize::MAX);
        if pointer >= slots.len().max(1) {
            return Err(RestoreError::Value { what: "micro-TLB replacement pointer" });
        }
        let mut new = Self::new(slots.len() as u8);
        for (saved, slot) in slots.iter().zip(&mut new.slots) {
            let Some((key, entry)) = *saved else { continue };
            entry.check()?;
            if key >> 37 != 0 {
                return Err(RestoreError::Value { what: "micro-TLB key" });
            }
            *slot = Slot { key, entry };
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
