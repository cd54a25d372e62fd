//! Physical addresses.

use core::fmt;

/// log2 of [`FRAME_SIZE`].
pub const FRAME_BITS: u32 = 12;
/// Bytes of a RAM frame, the smallest page of the core's MMU and of the SMMU.
pub const FRAME_SIZE: u64 = 1 << FRAME_BITS;

/// A physical address as it appears on the bus.
///
/// 64 bits wide, so that the end of a 32-bit address space is representable and supersection
/// addresses above 4 GiB are told apart from their low 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PhysAddr(pub u64);

impl PhysAddr {
    /// Number of the frame that holds this address.
    pub const fn frame_number(self) -> u64 {
        self.0 >> FRAME_BITS
    }

    /// Offset inside the frame, `0..4096`.
    pub const fn frame_offset(self) -> u32 {
        (self.0 & (FRAME_SIZE - 1)) as u32
    }

    /// The address `bytes` further on, `None` past the end of the 64-bit space.
    pub const fn checked_add(self, bytes: u64) -> Option<Self> {
        match self.0.checked_add(bytes) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Whether the address is a multiple of `bytes`, a power of two.
    pub const fn is_aligned(self, bytes: u64) -> bool {
        self.0 & (bytes - 1) == 0
    }
}

impl From<u32> for PhysAddr {
    fn from(address: u32) -> Self {
        Self(u64::from(address))
    }
}

impl fmt::Display for PhysAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::Debug for PhysAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhysAddr({:#010x})", self.0)
    }
}

/// A non-empty range of physical addresses that does not wrap.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PhysRange {
    base: PhysAddr,
    size: u64,
}

impl PhysRange {
    /// `size` bytes from `base`; `None` when `size` is 0 or the end passes 2^64.
    pub const fn new(base: PhysAddr, size: u64) -> Option<Self> {
        if size == 0 || base.0.checked_add(size).is_none() { None } else { Some(Self { base, size }) }
    }

    /// First address.
    pub const fn base(self) -> PhysAddr {
        self.base
    }

    /// Bytes.
    pub const fn size(self) -> u64 {
        self.size
    }

    /// First address behind the range.
    pub const fn end(self) -> PhysAddr {
        PhysAddr(self.base.0 + self.size)
    }

    /// Whether `address` lies in the range.
    pub const fn contains(self, address: PhysAddr) -> bool {
        address.0.wrapping_sub(self.base.0) < self.size
    }

    /// Whether the ranges share an address.
    pub const fn overlaps(self, other: Self) -> bool {
        self.base.0 < other.end().0 && other.base.0 < self.end().0
    }
}

impl fmt::Display for PhysRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}..={:#010x}", self.base.0, self.end().0 - 1)
    }
}

impl fmt::Debug for PhysRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhysRange({self})")
    }
}
