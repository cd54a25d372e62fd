//! Software TLB: page translations that let loads, stores and fetches of RAM skip the MMU.

use msmemu_fabric::FrameId;

/// Entries of a way, a power of two.
const ENTRIES: usize = 512;
/// Bit of a tag that stands for privileged modes.
const PRIVILEGED: u32 = 0x400;
/// Bit of a key that no tag has: while data is big-endian, nothing is found.
const BIG_ENDIAN: u32 = 0x800;
/// No key compares equal: accesses are at most 8 bytes, so at most bits 2:0 of the offset are in a key.
const INVALID: u32 = 0x3FF;

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Virtual page, and [`PRIVILEGED`] or not.
    tag: u32,
    /// Means nothing in an invalid entry.
    frame: FrameId,
}

const EMPTY: Entry = Entry { tag: INVALID, frame: FrameId::FIRST };

/// What an entry may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Read = 0,
    Write = 1,
    Fetch = 2,
}

/// Direct-mapped translations of pages that are RAM, one way each for reads, writes and fetches; User and privileged
/// modes have entries of their own.
///
/// Never saved: it is a subset of what the architectural TLB holds, so dropping it changes nothing.
#[derive(Clone)]
pub struct SoftTlb {
    ways: [Box<[Entry; ENTRIES]>; 3],
    /// By way and entry: whether unaligned accesses are allowed, since the memory is Normal and SCTLR.A is clear.
    unaligned: Box<[[bool; ENTRIES]; 3]>,
    /// [`PRIVILEGED`] and [`BIG_ENDIAN`] as they are now.
    context: u32,
    generation: u64,
}

impl Default for SoftTlb {
    fn default() -> Self {
        let way = || Box::new([EMPTY; ENTRIES]);
        Self {
            ways: [way(), way(), way()],
            unaligned: Box::new([[false; ENTRIES]; 3]),
            context: 0,
            generation: 0,
        }
    }
}

impl core::fmt::Debug for SoftTlb {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SoftTlb").field("generation", &self.generation).finish_non_exhaustive()
    }
}

#[inline(always)]
fn slot(va: u32) -> usize {
    (va >> 12) as usize % ENTRIES
}

#[inline(always)]
fn tag(va: u32, privileged: bool) -> u32 {
    va & 0xFFFF_F000 | if privileged { PRIVILEGED } else { 0 }
}

impl SoftTlb {
    /// Forgets everything. Called on TLB maintenance, changes of ASID, TTBR, SCTLR, DACR, and when the architectural TLB
    /// drops an entry.
    pub fn flush(&mut self) {
        for way in &mut self.ways {
            way.fill(EMPTY);
        }
        self.generation = self.generation.wrapping_add(1);
    }

    /// Forgets the 4 KiB page at a virtual address.
    pub fn flush_page(&mut self, va: u32) {
        for way in &mut self.ways {
            way[slot(va)] = EMPTY;
        }
        self.generation = self.generation.wrapping_add(1);
    }

    /// Follows the mode and CPSR.E.
    #[inline]
    pub(crate) fn set_context(&mut self, privileged: bool, big_endian: bool) {
        self.context = tag(0, privileged) | if big_endian { BIG_ENDIAN } else { 0 };
    }

    /// Changes with every flush: where an address led holds only within one generation.
    #[inline]
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Has what is known of where addresses led forgotten.
    pub(crate) fn next_generation(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// The frame for an access of `bytes` bytes in the current context, if it is naturally aligned, little-endian and
    /// known.
    #[inline(always)]
    pub(crate) fn fast(&self, way: Way, va: u32, bytes: u32) -> Option<FrameId> {
        let entry = self.ways[way as usize][slot(va)];
        let key = (va & (0xFFFF_F000 | (bytes - 1))) | self.context;
        if key == entry.tag { Some(entry.frame) } else { None }
    }

    /// The frame for an access of `bytes` bytes of any alignment in the current context, if it is little-endian, within
    /// its page and known.
    #[inline(always)]
    pub(crate) fn unaligned(&self, way: Way, va: u32, bytes: u32) -> Option<FrameId> {
        let slot = slot(va);
        let entry = self.ways[way as usize][slot];
        let found = (va & 0xFFFF_F000) | self.context == entry.tag
            && (va & 0xFFF) + bytes <= 0x1000
            && self.unaligned[way as usize][slot];
        if found { Some(entry.frame) } else { None }
    }

    /// The frame for any access within the page.
    #[inline]
    pub(crate) fn page(&self, way: Way, privileged: bool, va: u32) -> Option<FrameId> {
        let entry = self.ways[way as usize][slot(va)];
        if tag(va, privileged) == entry.tag { Some(entry.frame) } else { None }
    }

    /// Adds a page; `unaligned` tells whether unaligned accesses are allowed in it.
    pub(crate) fn fill(&mut self, way: Way, privileged: bool, va: u32, frame: FrameId, unaligned: bool) {
        self.unaligned[way as usize][slot(va)] = unaligned;
        self.ways[way as usize][slot(va)] = Entry { tag: tag(va, privileged), frame };
    }
}

/// 64-byte lines of RAM frames that decoded code came from. A store elsewhere in such a frame drops no block.
#[derive(Debug, Clone, Default)]
pub(crate) struct CodeMap {
    lines: Vec<u64>,
}

impl CodeMap {
    fn mask(first: u32, last: u32) -> u64 {
        let (first, last) = (first >> 6 & 63, last >> 6 & 63);
        (u64::MAX >> (63 - last)) & (u64::MAX << first)
    }

    /// Marks bytes `first..=last` of a frame.
    pub(crate) fn mark(&mut self, frame: FrameId, first: u32, last: u32) {
        if self.lines.len() <= frame.index() {
            self.lines.resize(frame.index() + 1, 0);
        }
        self.lines[frame.index()] |= Self::mask(first, last);
    }

    /// Whether decoded code lies in bytes `first..=last` of a frame.
    pub(crate) fn touches(&self, frame: FrameId, first: u32, last: u32) -> bool {
        self.lines.get(frame.index()).is_some_and(|lines| lines & Self::mask(first, last) != 0)
    }

    /// Forgets a frame.
    pub(crate) fn clear(&mut self, frame: FrameId) {
        if let Some(lines) = self.lines.get_mut(frame.index()) {
            *lines = 0;
        }
    }

    /// Forgets everything.
    pub(crate) fn clear_all(&mut self) {
        self.lines.clear();
    }
}
