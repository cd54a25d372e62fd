//! The TLB of the architecture: what translations the core may still use, and what each maintenance operation drops.
//!
//! Our choice of TLB: unified, 256 sets of four ways by `VA[19:12]`, each entry one 4 KiB page whatever the size of the
//! descriptor it came from, replaced round-robin within a set. Entries persist over changes of tables, TTBRs, TTBCR,
//! SCTLR and the ASID until they are invalidated or replaced, so missing maintenance shows, deterministically. Replacement
//! does not depend on hits: how often the software TLB asks changes nothing. Descriptors that fault are never held.

use crate::observe::TlbMaintenance;
use msmemu_fabric::MemAttrs;

const WAYS: usize = 4;
const SETS: usize = 256;
/// [`Entry::mask`] of a small page and of a supersection.
const PAGE: u32 = 0xFFFF_F000;
const SUPERSECTION: u32 = 0xFF00_0000;

/// The translation of a 4 KiB page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entry {
    /// Virtual page; low 12 bits zero.
    pub va: u32,
    /// Which address bits the descriptor translated: 4 KiB to 16 MiB.
    pub mask: u32,
    /// Physical page; low 12 bits zero.
    pub pa: u64,
    /// ASID of a non-global page; `None` for a global one.
    pub asid: Option<u8>,
    /// Loaded by the Secure regime.
    pub secure: bool,
    /// Physical address is in Non-secure memory.
    pub ns: bool,
    /// `AP[2:0]`.
    pub ap: u8,
    /// No instruction fetches.
    pub xn: bool,
    /// Domain, 0–15.
    pub domain: u8,
    /// From a second-level descriptor, for the kind of fault.
    pub second_level: bool,
    /// From a supersection.
    pub supersection: bool,
    /// Memory attributes.
    pub attrs: MemAttrs,
}

impl Entry {
    fn is_for(&self, va: u32, asid: u8, secure: bool) -> bool {
        self.va == va & 0xFFFF_F000 && self.secure == secure && self.asid.is_none_or(|own| own == asid)
    }

    fn is_hit_by(&self, what: TlbMaintenance, secure: bool) -> bool {
        let covers = |va: u32| (self.va ^ va) & self.mask == 0;
        self.secure == secure
            && match what {
                TlbMaintenance::All => true,
                TlbMaintenance::Asid(asid) => self.asid == Some(asid),
                TlbMaintenance::Page { va, asid } => covers(va) && self.asid.is_none_or(|own| own == asid),
                TlbMaintenance::PageAllAsids { va } => covers(va),
            }
    }
}

/// See the module.
#[derive(Clone, PartialEq, Eq)]
pub struct Tlb {
    entries: Vec<[Option<Entry>; WAYS]>,
    /// Way that the next insertion into a set replaces.
    next: Vec<u8>,
    /// How many entries are part of something larger.
    parts: Parts,
}

/// Counts of entries that are part of a large page, section or supersection, so that invalidating a page that is none
/// of them need look at one set only.
#[derive(Clone, PartialEq, Eq)]
struct Parts {
    /// Large pages and sections by VA[31:20].
    by_mib: Vec<u16>,
    supersections: usize,
}

impl Default for Parts {
    fn default() -> Self {
        Self { by_mib: vec![0; 4096], supersections: 0 }
    }
}

impl Parts {
    fn add(&mut self, entry: &Entry) {
        match entry.mask {
            PAGE => {}
            SUPERSECTION => self.supersections += 1,
            _ => self.by_mib[(entry.va >> 20) as usize] += 1,
        }
    }

    fn remove(&mut self, entry: &Entry) {
        match entry.mask {
            PAGE => {}
            SUPERSECTION => self.supersections -= 1,
            _ => self.by_mib[(entry.va >> 20) as usize] -= 1,
        }
    }

    /// Whether an entry other than that of its own page may translate `va`.
    fn may_cover(&self, va: u32) -> bool {
        self.supersections != 0 || self.by_mib[(va >> 20) as usize] != 0
    }

    fn reset(&mut self) {
        let Self { by_mib, supersections } = self;
        by_mib.fill(0);
        *supersections = 0;
    }
}

impl Default for Tlb {
    fn default() -> Self {
        Self { entries: vec![[None; WAYS]; SETS], next: vec![0; SETS], parts: Parts::default() }
    }
}

impl core::fmt::Debug for Tlb {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

/// What [`Tlb::save`] gives: set, way and entry of what is held, and the replacement state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedTlb {
    entries: Vec<(u16, u8, Entry)>,
    next: Vec<u8>,
}

/// Saved TLB state that this TLB cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotThisTlb;

impl core::fmt::Display for NotThisTlb {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "the saved TLB has other than {SETS} sets of {WAYS} ways, or entries in the wrong set")
    }
}

impl core::error::Error for NotThisTlb {}

const fn set_of(va: u32) -> usize {
    (va >> 12) as usize % SETS
}

impl Tlb {
    /// Every entry held, set by set.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().flatten().flatten()
    }

    /// Looks a page up.
    pub fn find(&self, va: u32, asid: u8, secure: bool) -> Option<Entry> {
        self.entries[set_of(va)].iter().flatten().find(|entry| entry.is_for(va, asid, secure)).copied()
    }

    /// Adds an entry; gives the page that had to go, if one had to.
    pub(crate) fn insert(&mut self, entry: Entry) -> Option<u32> {
        let set = set_of(entry.va);
        let way = usize::from(self.next[set]) % WAYS;
        self.next[set] = ((way + 1) % WAYS) as u8;
        let old = self.entries[set][way].replace(entry);
        self.parts.add(&entry);
        if let Some(old) = &old {
            self.parts.remove(old);
        }
        old.map(|old| old.va)
    }

    /// Drops what a maintenance operation of a security state names. Says whether part of a section, supersection or
    /// large page was among it: then all its other pages went too.
    pub(crate) fn invalidate(&mut self, what: TlbMaintenance, secure: bool) -> bool {
        let sets = match what {
            TlbMaintenance::Page { va, .. } | TlbMaintenance::PageAllAsids { va }
                if !self.parts.may_cover(va) =>
            {
                set_of(va)..set_of(va) + 1
            }
            _ => 0..SETS,
        };
        let mut dropped_part = false;
        for slot in self.entries[sets].iter_mut().flatten() {
            if let Some(entry) = slot
                && entry.is_hit_by(what, secure)
            {
                self.parts.remove(entry);
                dropped_part |= entry.mask != PAGE;
                *slot = None;
            }
        }
        dropped_part
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        let Self { entries, next, parts } = self;
        entries.fill([None; WAYS]);
        next.fill(0);
        parts.reset();
    }

    /// The state as plain data.
    pub fn save(&self) -> SavedTlb {
        let Self { entries, next, parts: _ } = self;
        let held = entries.iter().enumerate().flat_map(|(set, ways)| {
            ways.iter()
                .enumerate()
                .filter_map(move |(way, entry)| entry.map(|entry| (set as u16, way as u8, entry)))
        });
        SavedTlb { entries: held.collect(), next: next.clone() }
    }

    /// Takes saved state back.
    ///
    /// # Errors
    /// When the state is of a TLB of another shape. Nothing is changed then.
    pub fn restore(&mut self, saved: &SavedTlb) -> Result<(), NotThisTlb> {
        let SavedTlb { entries: saved_entries, next: saved_next } = saved;
        let mut new = Self::default();
        let Self { entries, next, parts } = &mut new;
        if saved_next.len() != SETS || saved_next.iter().any(|&way| usize::from(way) >= WAYS) {
            return Err(NotThisTlb);
        }
        next.clone_from(saved_next);
        for (set, way, entry) in saved_entries {
            let shape = matches!(entry.mask, PAGE | 0xFFFF_0000 | 0xFFF0_0000 | SUPERSECTION);
            if usize::from(*set) != set_of(entry.va) || entry.domain > 15 || !shape {
                return Err(NotThisTlb);
            }
            let slot = entries[usize::from(*set)].get_mut(usize::from(*way)).ok_or(NotThisTlb)?;
            if slot.replace(*entry).is_some() {
                return Err(NotThisTlb);
            }
            parts.add(entry);
        }
        *self = new;
        Ok(())
    }
}
