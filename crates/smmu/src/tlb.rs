//! The main TLB: entries, tags, lookup, replacement, lock-down, invalidation.

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use crate::config::TlbGeometry;
use crate::observe::Invalidation;
use crate::request::{Access, AccessBits};
use crate::saved::RestoreError;
use crate::spec::descriptor::PageSize;
use crate::spec::fault_code::Level;
use crate::spec::memory_type::MemoryAttributes;

/// Who may do what with a page. The bits are those of TLBTR0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Permissions(u8);

impl Permissions {
    const PR: u8 = 1;
    const PW: u8 = 1 << 1;
    const UR: u8 = 1 << 2;
    const UW: u8 = 1 << 3;
    const XN: u8 = 1 << 4;

    /// From the bits of TLBTR0: PR 0, PW 1, UR 2, UW 3, XN 4. Other bits are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x1F)
    }

    /// The bits of TLBTR0.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The rights of `AP[2:0]`, with `AP[0]` as the access flag if `afe`, and of XN.
    #[inline]
    pub const fn from_descriptor(ap: u8, afe: bool, xn: bool) -> Self {
        const R: u8 = Permissions::PR | Permissions::UR;
        const P: u8 = Permissions::PR | Permissions::PW;
        const BY_AP: [u8; 8] = [0, P, P | R, P | R | Permissions::UW, 0, Permissions::PR, R, R];
        let ap = if afe {
            // AP[2:1] are the model; AP[0] set picks the rows without "none".
            match ap >> 1 & 3 {
                0 => 1,
                1 => 3,
                2 => 5,
                _ => 7,
            }
        } else {
            ap & 7
        };
        Self(BY_AP[ap as usize] | if xn { Self::XN } else { 0 })
    }

    /// Whether an access may go on. An instruction fetch also needs XN to be clear.
    #[inline]
    pub const fn allow(self, write: bool, privileged: bool, instruction: bool) -> bool {
        self.permit(Access { write, privileged, instruction, non_secure: false }.bits())
    }

    /// The same for an access in bits: write 0, privileged 1, instruction 2.
    #[inline(always)]
    pub(crate) const fn permit(self, access: AccessBits) -> bool {
        let rights = access.rights();
        let need = 1 << (rights & 3 ^ 2);
        let look = need | (rights & 4) << 2;
        self.0 & look == need
    }
}

/// One cached translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TlbEntry {
    /// Tag: virtual address of the page.
    pub va: u32,
    /// Physical address of the page.
    pub pa: u32,
    /// Physical addresses of the first- and second-level descriptors it comes from; 0 where there is
    /// none.
    pub descriptors: [u32; 2],
    /// Attributes resolved at walk time, before the overrides of ACTLR.
    pub attributes: MemoryAttributes,
    /// Rights computed at walk time.
    pub permissions: Permissions,
    /// Tag: size of the page as cached.
    pub size: PageSize,
    /// Size of the mapping in the tables.
    pub table_size: PageSize,
    /// Tag: VMID, 0 to 31.
    pub vmid: u8,
    /// Tag: ASID, not compared if global.
    pub asid: u8,
    /// Bank that walked.
    pub bank: u8,
    /// Tag: the descriptor's nG is 0.
    pub global: bool,
    /// Tag: non-secure accesses match, else secure ones.
    pub non_secure: bool,
    /// NS of the descriptor.
    pub ns_descriptor: bool,
    /// Loaded by lock-down.
    pub locked: bool,
}

impl TlbEntry {
    /// Fills slots that are not in use; never seen.
    pub(crate) const EMPTY: Self = Self {
        va: 0,
        pa: 0,
        descriptors: [0; 2],
        attributes: MemoryAttributes::NON_CACHED,
        permissions: Permissions(0),
        size: PageSize::Small,
        table_size: PageSize::Small,
        vmid: 0,
        asid: 0,
        bank: 0,
        global: false,
        non_secure: false,
        ns_descriptor: false,
        locked: false,
    };

    /// The physical address of `va`, which lies in the page.
    #[inline]
    pub const fn translate(&self, va: u32) -> u32 {
        let mask = self.size.mask();
        self.pa & mask | va & !mask
    }

    /// The entry as the array can hold it: addresses of its size, a VMID of five bits.
    #[must_use]
    pub(crate) const fn cut(self) -> Self {
        let mask = self.size.mask();
        Self { va: self.va & mask, pa: self.pa & mask, vmid: self.vmid & 31, ..self }
    }

    /// Level of the descriptor that maps the page.
    #[inline]
    pub const fn level(&self) -> Level {
        match self.table_size {
            PageSize::Small | PageSize::Large => Level::Second,
            PageSize::Section | PageSize::Supersection => Level::First,
        }
    }

    /// Checks what a saved entry must keep to be one that the model can make or be poked with.
    pub(crate) fn check(&self) -> Result<(), RestoreError> {
        if self.vmid > 31 || self.va & !self.size.mask() != 0 || self.pa & !self.size.mask() != 0 {
            return Err(RestoreError::Value { what: "TLB entry" });
        }
        if MemoryAttributes::from_bits(self.attributes.bits()) != self.attributes
            || Permissions::from_bits(self.permissions.bits()) != self.permissions
        {
            return Err(RestoreError::Value { what: "TLB entry attributes" });
        }
        Ok(())
    }

    #[inline]
    fn tag(&self) -> Tag {
        Tag::new(self.vmid, self.asid, self.non_secure)
    }

    #[inline]
    fn key(&self) -> u32 {
        key(self.va, self.size.code())
    }
}

/// What a lookup compares besides the address: VMID, ASID, security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Tag(u32);

impl Tag {
    const ALL: u32 = 0x1_FFFF;
    const ASID: u32 = 0xFF << 8;
    const NON_SECURE: u32 = 1 << 16;

    #[inline]
    pub(crate) const fn new(vmid: u8, asid: u8, non_secure: bool) -> Self {
        Self(vmid as u32 | (asid as u32) << 8 | (non_secure as u32) << 16)
    }

    #[inline]
    pub(crate) const fn with_security(self, non_secure: bool) -> Self {
        Self(self.0 & !Self::NON_SECURE | (non_secure as u32) << 16)
    }

    #[inline]
    pub(crate) const fn vmid(self) -> u8 {
        self.0 as u8
    }

    #[inline]
    pub(crate) const fn asid(self) -> u8 {
        (self.0 >> 8) as u8
    }

    #[inline]
    pub(crate) const fn non_secure(self) -> bool {
        self.0 & Self::NON_SECURE != 0
    }

    #[inline]
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    pub(crate) fn check(self) -> Result<(), RestoreError> {
        if self.0 & !(Self::ALL & !0xE0) != 0 { Err(RestoreError::Value { what: "tag" }) } else { Ok(()) }
    }
}

/// Page address and code of the size in one word: the low 12 bits of an address are free.
#[inline(always)]
const fn key(va: u32, size: u32) -> u32 {
    let size = size & 3;
    va & PageSize::MASKS[size as usize] | size
}

const NONE: u16 = u16::MAX;

/// An entry, with what a lookup compares and its link in the index beside it: one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Slot {
    key: u32,
    tag: u32,
    /// Tag bits that count: no ASID for a global entry.
    mask: u32,
    /// Next entry of the same bucket.
    next: u16,
    used: bool,
    entry: TlbEntry,
}

impl Slot {
    const EMPTY: Self = Self { key: 0, tag: 0, mask: 0, next: NONE, used: false, entry: TlbEntry::EMPTY };

    #[inline]
    const fn matches(&self, key: u32, tag: Tag) -> bool {
        self.key == key && (self.tag ^ tag.bits()) & self.mask == 0
    }
}

/// Result of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup<'a> {
    Miss,
    /// Where the entry is, and the entry.
    Hit(u16, &'a TlbEntry),
    /// Several entries match: how many.
    Multiple(u16),
}

/// Replacement in a set: round robin over the ways above the floor.
#[derive(Clone, Copy, Debug, Default)]
struct Set {
    /// Next way to replace.
    pointer: u16,
    /// The first way that misses may replace.
    first: u16,
}

/// Buckets of the index: a power of two, twice the greatest number of entries.
const BUCKETS: usize = 512;

#[inline(always)]
const fn bucket(key: u32) -> usize {
    (key.wrapping_mul(0x9E37_79B1) >> (u32::BITS - BUCKETS.trailing_zeros())) as usize
}

/// The main TLB.
///
/// Matching is that of a fully associative array: all entries are compared, so that several matches are
/// noticed. To do that without visiting them all, entries hang in hash buckets by page and size; a lookup
/// visits one bucket for each size that is in use.
#[derive(Clone, Debug)]
pub(crate) struct Tlb {
    geometry: TlbGeometry,
    slots: Vec<Slot>,
    buckets: Box<[u16; BUCKETS]>,
    /// Logarithm of the number of sets.
    set_bits: u32,
    /// Entries of each size.
    population: [u16; 4],
    /// The sizes that have entries, one bit each.
    sizes: u32,
    sets: Vec<Set>,
}

impl Tlb {
    pub(crate) fn new(geometry: TlbGeometry) -> Self {
        let sets = geometry.entries / geometry.ways;
        Self {
            geometry,
            slots: vec![Slot::EMPTY; usize::from(geometry.entries)],
            buckets: Box::new([NONE; BUCKETS]),
            set_bits: sets.trailing_zeros(),
            population: [0; 4],
            sizes: 0,
            sets: vec![Set::default(); usize::from(sets)],
        }
    }

    pub(crate) fn len(&self) -> u16 {
        self.geometry.entries
    }

    #[inline]
    pub(crate) fn get(&self, index: u16) -> Option<&TlbEntry> {
        self.slots.get(usize::from(index)).filter(|slot| slot.used).map(|slot| &slot.entry)
    }

    /// Keeps the entries below a number from being replaced by misses.
    pub(crate) fn set_floor(&mut self, floor: u16) {
        let last = (1u16 << self.set_bits) - 1;
        for (set, Set { first, .. }) in (0..).zip(&mut self.sets) {
            *first = (floor.saturating_sub(set) + last) >> self.set_bits;
        }
    }

    /// Compares all entries with a page and a tag.
    #[inline(always)]
    pub(crate) fn lookup(&self, va: u32, tag: Tag) -> Lookup<'_> {
        let mut found = None;
        let mut sizes = self.sizes;
        while sizes != 0 {
            let key = key(va, sizes.trailing_zeros());
            sizes &= sizes - 1;
            let mut at = self.buckets[bucket(key)];
            while let Some(slot) = self.slots.get(usize::from(at)) {
                if slot.matches(key, tag) {
                    if found.is_some() {
                        return self.multiple(va, tag);
                    }
                    found = Some((at, slot));
                }
                at = slot.next;
            }
        }
        match found {
            Some((index, slot)) => Lookup::Hit(index, &slot.entry),
            None => Lookup::Miss,
        }
    }

    /// Counts the entries that match, which are more than one.
    #[cold]
    fn multiple(&self, va: u32, tag: Tag) -> Lookup<'_> {
        let matches =
            self.slots.iter().filter(|slot| slot.used && slot.matches(key(va, slot.entry.size.code()), tag));
        // At most 256 entries.
        Lookup::Multiple(matches.count() as u16)
    }

    /// Where a miss puts the entry: over one with the same tags and page, else by round robin. `None` if
    /// nothing may be replaced.
    #[inline(always)]
    pub(crate) fn choose(&mut self, entry: &TlbEntry) -> Option<u16> {
        if let Some(same) = self.same(entry) {
            return Some(same);
        }
        let ways = self.geometry.ways;
        let set = (entry.va >> entry.size.shift()) as usize & (self.sets.len() - 1);
        let Set { pointer, first } = &mut self.sets[set];
        if *first >= ways {
            return None;
        }
        let way = if *pointer < ways { (*pointer).max(*first) } else { *first };
        *pointer = way + 1;
        // At most 256 entries.
        Some(way << self.set_bits | set as u16)
    }

    /// The entry that differs from the given one only in what it maps to.
    #[inline(always)]
    pub(crate) fn same(&self, entry: &TlbEntry) -> Option<u16> {
        let key = entry.key();
        let mask = tag_mask(entry);
        let mut at = self.buckets[bucket(key)];
        while let Some(slot) = self.slots.get(usize::from(at)) {
            if slot.mask == mask && slot.matches(key, entry.tag()) {
                return Some(at);
            }
            at = slot.next;
        }
        None
    }

    /// Removes an entry, and gives it.
    #[inline(always)]
    pub(crate) fn remove(&mut self, index: u16) -> Option<TlbEntry> {
        let slot = self.slots.get(usize::from(index))?;
        if !slot.used {
            return None;
        }
        let entry = slot.entry;
        self.unlink(index);
        self.slots[usize::from(index)] = Slot::EMPTY;
        self.uncount(entry.size);
        Some(entry)
    }

    /// Stores an entry over whatever was there. An index out of range changes nothing.
    #[inline(always)]
    pub(crate) fn insert(&mut self, index: u16, entry: &TlbEntry) {
        let Some(slot) = self.slots.get(usize::from(index)) else { return };
        let old = slot.used.then_some(slot.entry.size);
        if old.is_some() {
            self.unlink(index);
        }
        if old != Some(entry.size) {
            if let Some(old) = old {
                self.uncount(old);
            }
            self.population[entry.size as usize] += 1;
            self.sizes |= 1 << entry.size.code();
        }
        let key = entry.key();
        let bucket = bucket(key);
        let next = core::mem::replace(&mut self.buckets[bucket], index);
        let slot = &mut self.slots[usize::from(index)];
        slot.key = key;
        slot.tag = entry.tag().bits();
        slot.mask = tag_mask(entry);
        slot.next = next;
        slot.used = true;
        slot.entry = *entry;
    }

    /// An entry of a size is no more.
    fn uncount(&mut self, size: PageSize) {
        let population = &mut self.population[size as usize];
        *population -= 1;
        self.sizes &= !(u32::from(*population == 0) << size.code());
    }

    #[inline(always)]
    fn unlink(&mut self, index: u16) {
        let Slot { key, next, .. } = self.slots[usize::from(index)];
        let bucket = bucket(key);
        let mut at = core::mem::replace(&mut self.buckets[bucket], next);
        if at == index {
            return;
        }
        // Not the first of its bucket: put the first back and skip it further on.
        self.buckets[bucket] = at;
        while let Some(slot) = self.slots.get_mut(usize::from(at)) {
            if slot.next == index {
                slot.next = next;
                return;
            }
            at = slot.next;
        }
    }

    /// Collects the indexes of the entries that a command names, in order.
    pub(crate) fn named(&self, command: &Invalidation, out: &mut Vec<u16>) {
        out.clear();
        if self.sizes == 0 {
            return;
        }
        let va = match *command {
            Invalidation::Va { va, .. } | Invalidation::VaAllAsids { va, .. } => va,
            Invalidation::All
            | Invalidation::Vmid { .. }
            | Invalidation::Context { .. }
            | Invalidation::Asid { .. } => {
                let all = (0u16..).zip(&self.slots);
                let named = all.filter(|(_, slot)| slot.used && names(command, &slot.entry));
                out.extend(named.map(|(index, _)| index));
                return;
            }
        };
        for size in PageSize::ALL {
            if self.population[size as usize] == 0 {
                continue;
            }
            let key = key(va, size.code());
            let mut at = self.buckets[bucket(key)];
            while let Some(slot) = self.slots.get(usize::from(at)) {
                if slot.key == key && names(command, &slot.entry) {
                    out.push(at);
                }
                at = slot.next;
            }
        }
        out.sort_unstable();
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.geometry);
    }

    pub(crate) fn save(&self) -> SavedTlb {
        // The index and the counts follow from the entries, the floor from the registers.
        let Self { geometry: _, slots, buckets: _, set_bits: _, population: _, sizes: _, sets } = self;
        let entries = slots.iter().map(|slot| slot.used.then_some(slot.entry));
        let pointers = sets.iter().map(|&Set { pointer, first: _ }| pointer);
        SavedTlb { entries: entries.collect(), pointers: pointers.collect() }
    }

    /// Takes saved entries. The caller sets the floor.
    pub(crate) fn restore(&mut self, saved: &SavedTlb) -> Result<(), RestoreError> {
        let SavedTlb { entries, pointers } = saved;
        if entries.len() != self.slots.len() || pointers.len() != self.sets.len() {
            return Err(RestoreError::Shape { what: "TLB" });
        }
        if pointers.iter().any(|&way| way > self.geometry.ways) {
            return Err(RestoreError::Value { what: "TLB replacement pointer" });
        }
        for entry in entries.iter().flatten() {
            entry.check()?;
        }
        let mut new = Self::new(self.geometry);
        for (index, entry) in entries.iter().enumerate() {
            if let Some(entry) = entry {
                new.insert(index as u16, entry);
            }
        }
        for (set, &pointer) in new.sets.iter_mut().zip(pointers) {
            set.pointer = pointer;
        }
        *self = new;
        Ok(())
    }
}

#[inline]
const fn tag_mask(entry: &TlbEntry) -> u32 {
    if entry.global { Tag::ALL & !Tag::ASID } else { Tag::ALL }
}

/// Whether a command names an entry. One with an address names only entries of that page; this is about
/// the rest of their tags.
fn names(command: &Invalidation, entry: &TlbEntry) -> bool {
    match *command {
        Invalidation::All => true,
        Invalidation::Vmid { vmid } | Invalidation::VaAllAsids { vmid, .. } => entry.vmid == vmid,
        Invalidation::Context { bank, vmid } => entry.vmid == vmid || entry.bank == bank,
        Invalidation::Asid { vmid, asid, .. } => entry.vmid == vmid && !entry.global && entry.asid == asid,
        Invalidation::Va { vmid, asid, .. } => entry.vmid == vmid && (entry.global || entry.asid == asid),
    }
}

/// Saved main TLB.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedTlb {
    entries: Vec<Option<TlbEntry>>,
    pointers: Vec<u16>,
}
