//! The global exclusive monitor of shared memory.

use crate::{BusMaster, PhysAddr};

/// Marks set by load-exclusives, at most one per master, cleared by stores of other masters.
///
/// A plain store by the master that holds the mark leaves it (ARM DDI 0406C, A3.4.1 makes that
/// IMPLEMENTATION DEFINED; our choice, because a core's stores must have the same effect whether
/// they take the fast path of [`crate::Ram`] or not).
#[derive(Clone, Debug)]
pub struct ExclusiveMonitor {
    granule_bits: u32,
    marks: Vec<(BusMaster, u64)>,
}

/// Saved form of an [`ExclusiveMonitor`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedMonitor {
    /// Master and number of its marked granule, in the order of the marks.
    pub marks: Vec<(BusMaster, u64)>,
}

impl ExclusiveMonitor {
    /// A monitor without marks whose exclusives reservation granule is `1 << granule_bits` bytes.
    ///
    /// The architecture allows 8 to 2048 bytes (3 to 11 bits).
    pub fn new(granule_bits: u32) -> Self {
        Self { granule_bits: granule_bits.clamp(3, 11), marks: Vec::new() }
    }

    fn granule(&self, address: PhysAddr) -> u64 {
        address.0 >> self.granule_bits
    }

    /// Marks the granule of `address` for `master`, in place of its previous mark.
    pub fn mark(&mut self, master: BusMaster, address: PhysAddr) {
        self.clear(master);
        let granule = self.granule(address);
        self.marks.push((master, granule));
    }

    /// Whether `master` holds a mark that covers `address`.
    pub fn holds(&self, master: BusMaster, address: PhysAddr) -> bool {
        let granule = self.granule(address);
        self.marks.contains(&(master, granule))
    }

    /// Drops the mark of `master`.
    pub fn clear(&mut self, master: BusMaster) {
        self.marks.retain(|&(holder, _)| holder != master);
    }

    /// Tells the monitor that `master` stored `bytes` bytes at `address`: others lose their marks there.
    #[inline]
    pub fn stored(&mut self, master: BusMaster, address: PhysAddr, bytes: u64) {
        if !self.marks.is_empty() && bytes != 0 {
            let first = self.granule(address);
            let last = self.granule(PhysAddr(address.0.saturating_add(bytes - 1)));
            self.marks.retain(|&(holder, granule)| holder == master || granule < first || granule > last);
        }
    }

    /// State for a snapshot.
    pub fn save(&self) -> SavedMonitor {
        let Self { granule_bits: _, marks } = self;
        SavedMonitor { marks: marks.clone() }
    }

    /// Takes over the marks of a snapshot.
    pub fn restore(&mut self, saved: SavedMonitor) {
        let Self { granule_bits: _, marks } = self;
        let SavedMonitor { marks: saved_marks } = saved;
        *marks = saved_marks;
    }

    /// Drops all marks.
    pub fn reset(&mut self) {
        let Self { granule_bits: _, marks } = self;
        marks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CPU: BusMaster = BusMaster(0);
    const DMA: BusMaster = BusMaster(1);

    #[test]
    fn another_masters_store_clears_the_mark_and_ones_own_does_not() {
        let mut monitor = ExclusiveMonitor::new(5);
        monitor.mark(CPU, PhysAddr(0x1004));
        monitor.stored(CPU, PhysAddr(0x1004), 4);
        assert!(monitor.holds(CPU, PhysAddr(0x101c)), "same 32-byte granule");
        assert!(!monitor.holds(CPU, PhysAddr(0x1020)), "next granule");
        monitor.stored(DMA, PhysAddr(0x1020), 64);
        assert!(monitor.holds(CPU, PhysAddr(0x1004)));
        monitor.stored(DMA, PhysAddr(0xff0), 0x11);
        assert!(!monitor.holds(CPU, PhysAddr(0x1004)), "last byte of the store reaches the granule");
    }

    #[test]
    fn a_new_mark_replaces_the_old_one() {
        let mut monitor = ExclusiveMonitor::new(3);
        monitor.mark(CPU, PhysAddr(0x1000));
        monitor.mark(CPU, PhysAddr(0x2000));
        assert!(!monitor.holds(CPU, PhysAddr(0x1000)));
        assert!(monitor.holds(CPU, PhysAddr(0x2000)));
        let saved = monitor.save();
        monitor.reset();
        assert!(!monitor.holds(CPU, PhysAddr(0x2000)));
        monitor.restore(saved);
        assert!(monitor.holds(CPU, PhysAddr(0x2000)));
    }
}
