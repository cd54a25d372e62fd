//! The address map: checked data.

use crate::{PhysAddr, PhysRange};
use core::fmt;
use rangemap::RangeMap;

/// A named range of the address space and what answers there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapEntry<T> {
    /// Name for people: `ram`, `smmu.mdp0`, `uart`.
    pub name: String,
    /// Where.
    pub range: PhysRange,
    /// What answers: RAM, a device port, or a reserved hole, in terms of the caller.
    pub target: T,
}

/// Two entries that share addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// Name and range of the entry given first.
    pub first: (String, PhysRange),
    /// Name and range of the other.
    pub second: (String, PhysRange),
}

/// All conflicts of a map, in the order in which the entries were given.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct MapError {
    /// At least one.
    pub conflicts: Vec<Conflict>,
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Conflict { first, second }) in self.conflicts.iter().enumerate() {
            let separator = if n == 0 { "" } else { "\n" };
            write!(f, "{separator}{} at {} overlaps {} at {}", second.0, second.1, first.0, first.1)?;
        }
        Ok(())
    }
}

/// The address map of one bus: which entry answers at an address. Immutable once checked.
#[derive(Clone, Debug)]
pub struct AddressMap<T> {
    entries: Vec<MapEntry<T>>,
    index: RangeMap<u64, usize>,
}

/// What an [`AddressMap`] finds at an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hit<'a, T> {
    /// The entry.
    pub entry: &'a MapEntry<T>,
    /// Offset of the address inside the entry's range.
    pub offset: u64,
}

impl<T> AddressMap<T> {
    /// Checks that no two entries overlap and builds the index.
    ///
    /// # Errors
    /// Every pair of entries that overlap.
    pub fn new(entries: Vec<MapEntry<T>>) -> Result<Self, MapError> {
        let mut index = RangeMap::new();
        let mut conflicts = Vec::new();
        for (n, entry) in entries.iter().enumerate() {
            for earlier in entries[..n].iter().filter(|earlier| earlier.range.overlaps(entry.range)) {
                conflicts.push(Conflict {
                    first: (earlier.name.clone(), earlier.range),
                    second: (entry.name.clone(), entry.range),
                });
            }
            index.insert(entry.range.base().0..entry.range.end().0, n);
        }
        if conflicts.is_empty() { Ok(Self { entries, index }) } else { Err(MapError { conflicts }) }
    }

    /// The entry at an address, `None` in a hole.
    pub fn find(&self, addr: PhysAddr) -> Option<Hit<'_, T>> {
        let &n = self.index.get(&addr.0)?;
        let entry = &self.entries[n];
        Some(Hit { entry, offset: addr.0 - entry.range.base().0 })
    }

    /// The entry that holds all `size` bytes from `addr`; an access never spans two.
    pub fn find_access(&self, addr: PhysAddr, size: u64) -> Option<Hit<'_, T>> {
        self.find(addr).filter(|hit| size <= hit.entry.range.size() - hit.offset)
    }

    /// Entries in the order in which they were given.
    pub fn entries(&self) -> &[MapEntry<T>] {
        &self.entries
    }

    /// Ranges inside `outer` where nothing answers, in address order.
    pub fn holes(&self, outer: PhysRange) -> impl Iterator<Item = PhysRange> + '_ {
        let outer = outer.base().0..outer.end().0;
        self.index
            .gaps(&outer)
            .filter_map(|gap| PhysRange::new(PhysAddr(gap.start), gap.end - gap.start))
            .collect::<Vec<_>>()
            .into_iter()
    }
}
