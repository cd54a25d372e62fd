//! Guest RAM.
//!
//! RAM is a set of regions of 4 KiB frames. A frame costs memory once it is written; a machine
//! with 1 GiB of RAM that touches 3 MiB of it holds 3 MiB.
//!
//! # Frames and the fast path
//! A core asks once per page for a [`FrameId`] and keeps it in its software TLB.
//! [`Ram::load`] reads through it. [`Ram::store`] writes through it when nothing needs to know of
//! the store; otherwise it stores nothing and returns `false`, and the core calls
//! [`Ram::store_slow`]. A `FrameId` **never becomes stale**: it stays right across forks (the
//! fork has the same ids), watches, dirty marks, reset and restore, for the life of the `Ram` it
//! came from and of all its forks. Holders never have to drop one.
//!
//! # States of a frame
//! | State | Memory | A fast store |
//! |---|---|---|
//! | zero | none, reads as 0 | refused |
//! | shared | with forks | refused: the slow path copies |
//! | guarded | own | refused: the slow path marks it dirty, or tells its watcher |
//! | writable | own, dirty, not watched | allowed |
//!
//! The check of the state and the look-up of the memory are one `match`, so isolation of forks is
//! a matter of types and not of bookkeeping.

use crate::monitor::{ExclusiveMonitor, SavedMonitor};
use crate::{Access, BusFault, BusMaster, FRAME_SIZE, PhysAddr, PhysRange};
use std::sync::Arc;
use thiserror::Error;

const FRAME_BYTES: usize = FRAME_SIZE as usize;
const LEAF_FRAMES: usize = 512;
const ABSENT: u32 = u32::MAX;

#[derive(Clone)]
#[repr(align(64))]
struct Frame([u8; FRAME_BYTES]);

static ZERO: Frame = Frame([0; FRAME_BYTES]);

/// A frame of one [`Ram`] and its forks, for repeated access without a look-up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FrameId(u32);

impl FrameId {
    /// The frame first asked for: a value for places that need one and mean none.
    pub const FIRST: Self = Self(0);

    /// A dense number, for tables indexed by frame.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

enum Slot {
    Zero,
    /// The box moves between the states; sharing allocates a counter and copies no contents.
    #[allow(clippy::redundant_allocation)]
    Shared(Arc<Box<Frame>>),
    Guarded(Box<Frame>),
    Writable(Box<Frame>),
}

impl Slot {
    #[inline(always)]
    fn frame(&self) -> &Frame {
        match self {
            Self::Writable(frame) | Self::Guarded(frame) => frame,
            Self::Shared(frame) => frame,
            Self::Zero => &ZERO,
        }
    }

    /// Takes the memory out as solely owned, copying it if a fork still has it.
    fn into_owned(self) -> Box<Frame> {
        match self {
            Self::Writable(frame) | Self::Guarded(frame) => frame,
            Self::Shared(frame) => Arc::try_unwrap(frame).unwrap_or_else(|shared| shared.as_ref().clone()),
            Self::Zero => Box::new(ZERO.clone()),
        }
    }
}

/// What is known of a frame apart from its contents.
#[derive(Clone, Copy)]
struct FrameInfo {
    number: u64,
    watches: WatchSet,
    dirty: bool,
}

struct Region {
    range: PhysRange,
    /// Slot numbers by frame of the region, in leaves that exist once touched.
    leaves: Vec<Option<Box<[u32; LEAF_FRAMES]>>>,
}

/// One party that wants to know of stores to some frames.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum Watch {
    /// The core's block cache: frames that decoded instructions come from.
    Code = 0,
    /// Detectors: frames that hold translation tables.
    Tables = 1,
    /// The debugger: frames with watchpoints.
    Debug = 2,
}

impl Watch {
    /// Number of parties.
    pub const COUNT: usize = 3;
}

/// A set of [`Watch`]es.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct WatchSet(u8);

impl WatchSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// Whether nobody watches.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `watch` is in the set.
    pub const fn contains(self, watch: Watch) -> bool {
        self.0 & (1 << watch as u8) != 0
    }

    const fn with(self, watch: Watch) -> Self {
        Self(self.0 | 1 << watch as u8)
    }

    const fn without(self, watch: Watch) -> Self {
        Self(self.0 & !(1 << watch as u8))
    }

    const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A store that hit a watched frame. It never crosses a frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WatchedStore {
    /// Frame.
    pub frame: FrameId,
    /// Physical address of the first byte stored.
    pub addr: PhysAddr,
    /// Bytes stored, 1 to 4096.
    pub size: u32,
    /// Who stored.
    pub master: BusMaster,
}

/// Why RAM cannot be built or restored.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RamError {
    /// A region does not start or end at a frame boundary.
    #[error("RAM region {0} is not a whole number of 4096-byte frames")]
    Unaligned(PhysRange),
    /// Two regions share addresses.
    #[error("RAM regions {0} and {1} overlap")]
    Overlap(PhysRange, PhysRange),
    /// More frames than a [`FrameId`] can number (16 TiB).
    #[error("RAM of {0} bytes is too large")]
    TooLarge(u64),
    /// A saved frame lies outside RAM.
    #[error("saved frame at {0} is not in RAM")]
    OutsideRam(PhysAddr),
    /// A saved frame has the wrong number of bytes.
    #[error("saved frame at {addr} has {found} bytes, expected 4096")]
    FrameSize {
        /// Address of the frame.
        addr: PhysAddr,
        /// Its length.
        found: usize,
    },
}

/// One frame of a [`SavedRam`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedFrame {
    /// First address.
    pub addr: PhysAddr,
    /// 4096 bytes.
    pub bytes: Vec<u8>,
}

/// Saved form of a [`Ram`]: the frames that are not all zero, in address order, and the marks of
/// the exclusive monitor.
///
/// Watches and dirty marks are not part of it. Their owners derive them anew.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedRam {
    /// Frames.
    pub frames: Vec<SavedFrame>,
    /// Exclusive monitor.
    pub monitor: SavedMonitor,
}

mod sealed {
    pub trait Sealed {}
}

/// An unsigned integer that RAM loads and stores, little-endian.
pub trait Word: Copy + sealed::Sealed {
    /// Bytes.
    const BYTES: u32;
    /// Offsets within a frame at which a value that is aligned to its size lies.
    #[doc(hidden)]
    const ALIGNED: u32 = (FRAME_SIZE as u32 - 1) & !(Self::BYTES - 1);
    #[doc(hidden)]
    fn load(bytes: &[u8; FRAME_BYTES], offset: u32) -> Self;
    #[doc(hidden)]
    fn store(self, bytes: &mut [u8; FRAME_BYTES], offset: u32);
}

macro_rules! word {
    ($($type:ty),*) => {$(
        impl sealed::Sealed for $type {}
        impl Word for $type {
            const BYTES: u32 = size_of::<$type>() as u32;

            #[inline(always)]
            fn load(bytes: &[u8; FRAME_BYTES], offset: u32) -> Self {
                let at = offset as usize;
                let mut raw = [0; size_of::<$type>()];
                raw.copy_from_slice(&bytes[at..at + size_of::<$type>()]);
                <$type>::from_le_bytes(raw)
            }

            #[inline(always)]
            fn store(self, bytes: &mut [u8; FRAME_BYTES], offset: u32) {
                let at = offset as usize;
                bytes[at..at + size_of::<$type>()].copy_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}

word!(u8, u16, u32, u64);

/// Guest RAM: see the [module documentation](self).
pub struct Ram {
    regions: Vec<Region>,
    slots: Vec<Slot>,
    info: Vec<FrameInfo>,
    /// Frames stored to since the mark, in order of first store.
    dirty: Vec<FrameId>,
    /// Stores not yet taken, by watch.
    watched: [Vec<WatchedStore>; Watch::COUNT],
    monitor: ExclusiveMonitor,
}

impl Ram {
    /// log2 of the default exclusives reservation granule: 64 bytes.
    pub const DEFAULT_GRANULE_BITS: u32 = 6;

    /// RAM that reads as 0 in `regions`.
    ///
    /// # Errors
    /// When a region is not made of whole frames, when two overlap, or when they are too large.
    pub fn new(regions: &[PhysRange]) -> Result<Self, RamError> {
        let mut sorted = regions.to_vec();
        sorted.sort();
        let mut total = 0_u64;
        for range in &sorted {
            if !range.base().is_aligned(FRAME_SIZE) || !range.end().is_aligned(FRAME_SIZE) {
                return Err(RamError::Unaligned(*range));
            }
            total = total.saturating_add(range.size());
        }
        if total / FRAME_SIZE >= u64::from(ABSENT) {
            return Err(RamError::TooLarge(total));
        }
        for pair in sorted.windows(2) {
            if pair[0].overlaps(pair[1]) {
                return Err(RamError::Overlap(pair[0], pair[1]));
            }
        }
        let regions = sorted
            .into_iter()
            .map(|range| {
                let leaves = (range.size() / FRAME_SIZE).div_ceil(LEAF_FRAMES as u64);
                Region { range, leaves: (0..leaves).map(|_| None).collect() }
            })
            .collect();
        Ok(Self {
            regions,
            slots: Vec::new(),
            info: Vec::new(),
            dirty: Vec::new(),
            watched: Default::default(),
            monitor: ExclusiveMonitor::new(Self::DEFAULT_GRANULE_BITS),
        })
    }

    /// The regions in address order.
    pub fn regions(&self) -> impl Iterator<Item = PhysRange> + '_ {
        self.regions.iter().map(|region| region.range)
    }

    /// Whether `size` bytes from `addr` all lie in RAM.
    pub fn contains(&self, addr: PhysAddr, size: u64) -> bool {
        let mut at = addr;
        let Some(end) = addr.checked_add(size) else { return false };
        while at < end {
            match self.regions.iter().find(|region| region.range.contains(at)) {
                Some(region) => at = region.range.end(),
                None => return false,
            }
        }
        true
    }

    /// Bytes of host memory that hold guest data of this machine, shared or not.
    pub fn resident_bytes(&self) -> u64 {
        self.slots.iter().filter(|slot| !matches!(slot, Slot::Zero)).count() as u64 * FRAME_SIZE
    }

    // ---- by frame ----

    /// The frame that holds `addr`, `None` outside RAM.
    #[inline]
    pub fn frame(&mut self, addr: PhysAddr) -> Option<FrameId> {
        let region = self.regions.iter_mut().find(|region| region.range.contains(addr))?;
        let index = ((addr.0 - region.range.base().0) / FRAME_SIZE) as usize;
        let leaf = region.leaves.get_mut(index / LEAF_FRAMES)?;
        let leaf = leaf.get_or_insert_with(|| Box::new([ABSENT; LEAF_FRAMES]));
        let entry = &mut leaf[index % LEAF_FRAMES];
        if *entry == ABSENT {
            *entry = self.slots.len() as u32;
            self.slots.push(Slot::Zero);
            self.info.push(FrameInfo { number: addr.frame_number(), watches: WatchSet::EMPTY, dirty: false });
        }
        Some(FrameId(*entry))
    }

    /// The frame of `addr` if it was ever asked for: `Err` outside RAM, `Ok(None)` if untouched.
    #[inline]
    fn find(&self, addr: PhysAddr) -> Result<Option<FrameId>, BusFault> {
        let region =
            self.regions.iter().find(|region| region.range.contains(addr)).ok_or(BusFault::Decode)?;
        let index = ((addr.0 - region.range.base().0) / FRAME_SIZE) as usize;
        let entry = match region.leaves.get(index / LEAF_FRAMES) {
            Some(Some(leaf)) => leaf[index % LEAF_FRAMES],
            _ => ABSENT,
        };
        Ok((entry != ABSENT).then_some(FrameId(entry)))
    }

    /// First address of a frame.
    ///
    /// # Panics
    /// When `frame` belongs to another `Ram`.
    pub fn frame_addr(&self, frame: FrameId) -> PhysAddr {
        PhysAddr(self.info[frame.index()].number * FRAME_SIZE)
    }

    /// Reads a little-endian value at any alignment.
    ///
    /// # Panics
    /// When the value does not lie in the frame (`offset + size > 4096`) or `frame` belongs to
    /// another `Ram`: a mistake of the caller, who splits accesses at pages.
    #[inline(always)]
    pub fn load<W: Word>(&self, frame: FrameId, offset: u32) -> W {
        W::load(&self.slots[frame.index()].frame().0, offset)
    }

    /// Reads the little-endian value at `addr` within a frame, both rounded down to its size. Other bits of `addr` than
    /// the offset are ignored.
    ///
    /// # Panics
    /// When `frame` belongs to another `Ram`.
    #[inline(always)]
    pub fn load_aligned<W: Word>(&self, frame: FrameId, addr: u32) -> W {
        W::load(&self.slots[frame.index()].frame().0, addr & W::ALIGNED)
    }

    /// Writes as [`Ram::load_aligned`] reads, with the result of [`Ram::store`].
    ///
    /// # Panics
    /// As [`Ram::load_aligned`].
    #[inline(always)]
    #[must_use = "false means that nothing was stored"]
    pub fn store_aligned<W: Word>(&mut self, frame: FrameId, addr: u32, value: W) -> bool {
        self.store(frame, addr & W::ALIGNED, value)
    }

    /// Writes a little-endian value at any alignment if nothing else has to happen.
    ///
    /// Returns `false`, with nothing stored, when the store has to go through [`Ram::store_slow`].
    /// The exclusive monitor is not told: the caller is the only core.
    ///
    /// # Panics
    /// As [`Ram::load`].
    #[inline(always)]
    #[must_use = "false means that nothing was stored"]
    pub fn store<W: Word>(&mut self, frame: FrameId, offset: u32, value: W) -> bool {
        match &mut self.slots[frame.index()] {
            Slot::Writable(memory) => {
                value.store(&mut memory.0, offset);
                true
            }
            _ => false,
        }
    }

    /// Writes a little-endian value and does all that the store entails: copying a shared frame,
    /// the dirty mark, the exclusive monitor, and the watches, which are returned.
    ///
    /// # Panics
    /// As [`Ram::load`].
    #[cold]
    pub fn store_slow<W: Word>(
        &mut self,
        master: BusMaster,
        frame: FrameId,
        offset: u32,
        value: W,
    ) -> WatchSet {
        value.store(&mut self.writable(frame).0, offset);
        self.stored(master, frame, offset, W::BYTES)
    }

    /// The 4096 bytes of a frame.
    ///
    /// # Panics
    /// When `frame` belongs to another `Ram`.
    #[inline(always)]
    pub fn frame_bytes(&self, frame: FrameId) -> &[u8; FRAME_BYTES] {
        &self.slots[frame.index()].frame().0
    }

    /// Makes the memory of a frame our own and dirty, and gives it for a store.
    fn writable(&mut self, frame: FrameId) -> &mut Frame {
        let info = &mut self.info[frame.index()];
        if !info.dirty {
            info.dirty = true;
            self.dirty.push(frame);
        }
        let guard = !info.watches.is_empty();
        let slot = &mut self.slots[frame.index()];
        if !matches!((&*slot, guard), (Slot::Writable(_), false) | (Slot::Guarded(_), true)) {
            let memory = core::mem::replace(slot, Slot::Zero).into_owned();
            *slot = if guard { Slot::Guarded(memory) } else { Slot::Writable(memory) };
        }
        match slot {
            Slot::Guarded(memory) | Slot::Writable(memory) => memory,
            Slot::Shared(_) | Slot::Zero => unreachable!("made owned above"),
        }
    }

    /// Tells monitor and watchers of a store.
    fn stored(&mut self, master: BusMaster, frame: FrameId, offset: u32, size: u32) -> WatchSet {
        let info = self.info[frame.index()];
        let addr = PhysAddr(info.number * FRAME_SIZE + u64::from(offset));
        self.monitor.stored(master, addr, u64::from(size));
        if !info.watches.is_empty() {
            let store = WatchedStore { frame, addr, size, master };
            for (watch, log) in self.watched.iter_mut().enumerate() {
                if info.watches.0 & (1 << watch) != 0 {
                    log.push(store);
                }
            }
        }
        info.watches
    }

    // ---- by address ----

    /// Copies bytes out, across frames and regions.
    ///
    /// # Errors
    /// [`BusFault::Decode`] when a byte lies outside RAM; `out` is then partly filled.
    #[inline(always)]
    pub fn read(&self, addr: PhysAddr, out: &mut [u8]) -> Result<(), BusFault> {
        let start = addr.frame_offset() as usize;
        if out.is_empty() || out.len() > FRAME_BYTES - start {
            return self.read_frames(addr, out);
        }
        match self.find(addr)? {
            Some(frame) => out.copy_from_slice(&self.frame_bytes(frame)[start..start + out.len()]),
            None => out.fill(0),
        }
        Ok(())
    }

    fn read_frames(&self, addr: PhysAddr, out: &mut [u8]) -> Result<(), BusFault> {
        let mut at = addr;
        let mut rest = out;
        while !rest.is_empty() {
            let offset = at.frame_offset() as usize;
            let (piece, tail) = rest.split_at_mut(rest.len().min(FRAME_BYTES - offset));
            match self.find(at)? {
                Some(frame) => {
                    piece.copy_from_slice(&self.frame_bytes(frame)[offset..offset + piece.len()]);
                }
                None => piece.fill(0),
            }
            at = PhysAddr(at.0.wrapping_add(piece.len() as u64));
            rest = tail;
        }
        Ok(())
    }

    /// Stores bytes on behalf of `master`, across frames and regions, with all that a store
    /// entails; returns the watches hit.
    ///
    /// # Errors
    /// [`BusFault::Decode`] when a byte lies outside RAM; the bytes before it are stored.
    pub fn write(&mut self, master: BusMaster, addr: PhysAddr, bytes: &[u8]) -> Result<WatchSet, BusFault> {
        let mut at = addr;
        let mut rest = bytes;
        let mut hit = WatchSet::EMPTY;
        while !rest.is_empty() {
            let offset = at.frame_offset();
            let (piece, tail) = rest.split_at(rest.len().min(FRAME_BYTES - offset as usize));
            let frame = self.frame(at).ok_or(BusFault::Decode)?;
            let start = offset as usize;
            self.writable(frame).0[start..start + piece.len()].copy_from_slice(piece);
            hit = hit.union(self.stored(master, frame, offset, piece.len() as u32));
            at = PhysAddr(at.0.wrapping_add(piece.len() as u64));
            rest = tail;
        }
        Ok(hit)
    }

    /// Performs a read access.
    ///
    /// # Errors
    /// [`BusFault::Decode`] when it is not wholly in RAM.
    #[inline]
    pub fn read_access(&self, access: &Access) -> Result<u64, BusFault> {
        let mut raw = [0; 8];
        let size = access.size.bytes() as usize;
        self.read(access.addr, &mut raw[..size])?;
        Ok(u64::from_le_bytes(raw))
    }

    /// Performs a write access of the low bits of `value`; returns the watches hit.
    ///
    /// # Errors
    /// [`BusFault::Decode`] when it is not wholly in RAM.
    #[inline]
    pub fn write_access(&mut self, access: &Access, value: u64) -> Result<WatchSet, BusFault> {
        let size = access.size.bytes() as usize;
        self.write(access.master.bus, access.addr, &value.to_le_bytes()[..size])
    }

    // ---- watches ----

    /// Has every store to the frame logged for `watch`.
    ///
    /// # Panics
    /// When `frame` belongs to another `Ram`.
    pub fn watch(&mut self, frame: FrameId, watch: Watch) {
        let info = &mut self.info[frame.index()];
        info.watches = info.watches.with(watch);
        guard(&mut self.slots[frame.index()]);
    }

    /// Ends a watch. Stores already logged stay in the log.
    ///
    /// # Panics
    /// When `frame` belongs to another `Ram`.
    pub fn unwatch(&mut self, frame: FrameId, watch: Watch) {
        let info = &mut self.info[frame.index()];
        info.watches = info.watches.without(watch);
    }

    /// Ends `watch` on every frame and forgets its log.
    pub fn unwatch_all(&mut self, watch: Watch) {
        for info in &mut self.info {
            info.watches = info.watches.without(watch);
        }
        self.watched[watch as usize].clear();
    }

    /// Who watches a frame.
    ///
    /// # Panics
    /// When `frame` belongs to another `Ram`.
    pub fn watches(&self, frame: FrameId) -> WatchSet {
        self.info[frame.index()].watches
    }

    /// Whether stores are logged for `watch` that were not taken.
    #[inline]
    pub fn has_watched(&self, watch: Watch) -> bool {
        !self.watched[watch as usize].is_empty()
    }

    /// Takes the logged stores for `watch` in the order they happened, by any master.
    ///
    /// The owner of a watch takes them after each [`Ram::store_slow`] of its own and whenever
    /// others may have stored (a core: at the start of a slice).
    pub fn take_watched(&mut self, watch: Watch) -> Vec<WatchedStore> {
        core::mem::take(&mut self.watched[watch as usize])
    }

    // ---- dirty tracking ----

    /// Frames stored to since the last [`Ram::clear_dirty`], in address order.
    pub fn dirty_frames(&self) -> Vec<FrameId> {
        let mut frames = self.dirty.clone();
        frames.sort_unstable_by_key(|frame| self.info[frame.index()].number);
        frames
    }

    /// Sets the mark: no frame is dirty now.
    pub fn clear_dirty(&mut self) {
        for frame in self.dirty.drain(..) {
            self.info[frame.index()].dirty = false;
            guard(&mut self.slots[frame.index()]);
        }
    }

    // ---- exclusive monitor ----

    /// The global exclusive monitor of this memory.
    ///
    /// A load-exclusive marks, a store-exclusive asks and clears; stores by other masters clear.
    pub fn monitor(&mut self) -> &mut ExclusiveMonitor {
        &mut self.monitor
    }

    // ---- forks, snapshots ----

    /// A copy that shares all memory until one side stores to it. Costs a pointer per touched frame.
    ///
    /// The copy has the same frame ids, watches, dirty marks and exclusive marks; its logs of
    /// watched stores are empty.
    pub fn fork(&mut self) -> Self {
        let Self { regions, slots, info, dirty, watched: _, monitor } = self;
        let forked = slots
            .iter_mut()
            .map(|slot| {
                *slot = match core::mem::replace(slot, Slot::Zero) {
                    Slot::Writable(memory) | Slot::Guarded(memory) => Slot::Shared(Arc::new(memory)),
                    other => other,
                };
                match slot {
                    Slot::Shared(memory) => Slot::Shared(Arc::clone(memory)),
                    _ => Slot::Zero,
                }
            })
            .collect();
        Self {
            regions: regions
                .iter()
                .map(|Region { range, leaves }| Region { range: *range, leaves: leaves.clone() })
                .collect(),
            slots: forked,
            info: info.clone(),
            dirty: dirty.clone(),
            watched: Default::default(),
            monitor: monitor.clone(),
        }
    }

    /// Frames with memory, in address order, with their bytes.
    pub fn resident_frames(&self) -> impl Iterator<Item = (PhysAddr, &[u8; FRAME_BYTES])> + '_ {
        let mut order: Vec<u32> = (0..self.slots.len() as u32)
            .filter(|&slot| !matches!(self.slots[slot as usize], Slot::Zero))
            .collect();
        order.sort_unstable_by_key(|&slot| self.info[slot as usize].number);
        order.into_iter().map(|slot| {
            let frame = FrameId(slot);
            (self.frame_addr(frame), self.frame_bytes(frame))
        })
    }

    /// State for a snapshot: independent of forks, of which frames were touched and of watches.
    pub fn save(&self) -> SavedRam {
        let Self { regions: _, slots: _, info: _, dirty: _, watched: _, monitor } = self;
        let frames = self
            .resident_frames()
            .filter(|(_, bytes)| **bytes != ZERO.0)
            .map(|(addr, bytes)| SavedFrame { addr, bytes: bytes.to_vec() })
            .collect();
        SavedRam { frames, monitor: monitor.save() }
    }

    /// Takes over the contents of a snapshot. Frame ids stay valid; all watches end, their logs
    /// are empty, and every frame that differs from zero is dirty.
    ///
    /// # Errors
    /// When a saved frame is outside RAM or has the wrong size; RAM is then zero.
    pub fn restore(&mut self, saved: SavedRam) -> Result<(), RamError> {
        self.reset();
        let SavedRam { frames, monitor } = saved;
        for SavedFrame { addr, bytes } in frames {
            let error = if bytes.len() == FRAME_BYTES {
                let frame = if addr.is_aligned(FRAME_SIZE) { self.frame(addr) } else { None };
                match frame {
                    Some(frame) => {
                        self.writable(frame).0.copy_from_slice(&bytes);
                        continue;
                    }
                    None => RamError::OutsideRam(addr),
                }
            } else {
                RamError::FrameSize { addr, found: bytes.len() }
            };
            self.reset();
            return Err(error);
        }
        self.monitor.restore(monitor);
        Ok(())
    }

    /// All zero, nothing watched, nothing dirty, no exclusive mark. Frame ids stay valid.
    pub fn reset(&mut self) {
        let Self { regions: _, slots, info, dirty, watched, monitor } = self;
        slots.fill_with(|| Slot::Zero);
        for FrameInfo { number: _, watches, dirty } in info {
            *watches = WatchSet::EMPTY;
            *dirty = false;
        }
        dirty.clear();
        watched.iter_mut().for_each(Vec::clear);
        monitor.reset();
    }
}

/// Makes fast stores to the frame refuse.
fn guard(slot: &mut Slot) {
    if matches!(slot, Slot::Writable(_)) {
        *slot = Slot::Guarded(core::mem::replace(slot, Slot::Zero).into_owned());
    }
}

impl core::fmt::Debug for Ram {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ram")
            .field("regions", &self.regions().collect::<Vec<_>>())
            .field("resident_bytes", &self.resident_bytes())
            .finish_non_exhaustive()
    }
}
