//! Memory attributes of a transaction, and their codes.

/// Cacheability at one level, in the code of NMRR and TTBRx.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CachePolicy {
    /// Not cached.
    #[default]
    NonCached,
    /// Write-back, write-allocate.
    WriteBackAllocate,
    /// Write-through.
    WriteThrough,
    /// Write-back, no write-allocate.
    WriteBack,
}

impl CachePolicy {
    /// Decodes the two low bits.
    #[inline]
    pub const fn from_code(code: u32) -> Self {
        match code & 3 {
            0 => Self::NonCached,
            1 => Self::WriteBackAllocate,
            2 => Self::WriteThrough,
            _ => Self::WriteBack,
        }
    }

    /// The two-bit code.
    #[inline]
    pub const fn code(self) -> u32 {
        self as u32
    }
}

/// Kind of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MemoryKind {
    /// Strongly ordered.
    #[default]
    StronglyOrdered,
    /// Device.
    Device,
    /// Normal, with its inner and outer cache policies.
    Normal {
        /// Inner cacheability.
        inner: CachePolicy,
        /// Outer cacheability.
        outer: CachePolicy,
    },
}

/// Who shares the memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shareability {
    /// Not shared.
    #[default]
    None,
    /// Outer shareable (and so inner shareable).
    Outer,
    /// Inner shareable only.
    Inner,
}

/// Attributes of a transaction, packed into 16 bits so that an answer stays small.
///
/// Bits: 1:0 kind, 3:2 inner policy, 5:4 outer policy, 7:6 shareability, 8 redirect. The packing is
/// stable: saved states and traces may keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemoryAttributes(u16);

impl MemoryAttributes {
    /// Strongly ordered memory, which is always shareable.
    pub const STRONGLY_ORDERED: Self = Self::new(MemoryKind::StronglyOrdered, Shareability::Outer);

    /// Normal memory, not cached, not shared.
    pub const NON_CACHED: Self = Self::new(
        MemoryKind::Normal { inner: CachePolicy::NonCached, outer: CachePolicy::NonCached },
        Shareability::None,
    );

    const REDIRECT: u16 = 1 << 8;

    /// Packs a kind and a shareability; not redirected.
    #[inline]
    pub const fn new(kind: MemoryKind, shareability: Shareability) -> Self {
        let kind = match kind {
            MemoryKind::StronglyOrdered => 0,
            MemoryKind::Device => 1,
            MemoryKind::Normal { inner, outer } => 2 | (inner as u16) << 2 | (outer as u16) << 4,
        };
        Self(kind | (shareability as u16) << 6)
    }

    /// Unpacks bits made by [`bits`](Self::bits). Bits outside the layout are dropped, and a kind of 3 is
    /// normal memory, as in PRRR.
    #[inline]
    pub const fn from_bits(bits: u16) -> Self {
        Self(match bits & 3 {
            0 | 1 => bits & 0x1C3,
            _ => bits & 0x1FC | 2,
        })
    }

    /// The packed bits.
    #[inline]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Kind of memory, with cache policies.
    #[inline]
    pub const fn kind(self) -> MemoryKind {
        match self.0 & 3 {
            0 => MemoryKind::StronglyOrdered,
            1 => MemoryKind::Device,
            _ => MemoryKind::Normal {
                inner: CachePolicy::from_code((self.0 >> 2) as u32),
                outer: CachePolicy::from_code((self.0 >> 4) as u32),
            },
        }
    }

    /// Shareability.
    #[inline]
    pub const fn shareability(self) -> Shareability {
        match self.0 >> 6 & 3 {
            1 => Shareability::Outer,
            2 => Shareability::Inner,
            _ => Shareability::None,
        }
    }

    /// Whether the transaction is sent to the L2 slave port instead of memory (RCOSH, RCISH, RCNSH and
    /// their bypass twins). Data is the same on both ways.
    #[inline]
    pub const fn redirected(self) -> bool {
        self.0 & Self::REDIRECT != 0
    }

    /// The same with the redirection set if the traffic is cacheable and its shareability is to be
    /// redirected: by code, 0 and 3 none, 1 outer, 2 inner.
    #[inline(always)]
    pub(crate) const fn redirected_by(self, by: &[bool; 4]) -> Self {
        let redirect = by[(self.0 >> 6 & 3) as usize] & self.cacheable();
        Self(self.0 & !Self::REDIRECT | (redirect as u16) << 8)
    }

    /// The same with another shareability.
    #[must_use]
    #[inline]
    pub const fn with_shareability(self, shareability: Shareability) -> Self {
        Self(self.0 & !0xC0 | (shareability as u16) << 6)
    }

    /// The same with another kind.
    #[must_use]
    #[inline]
    pub const fn with_kind(self, kind: MemoryKind) -> Self {
        Self(Self::new(kind, self.shareability()).0 | self.0 & Self::REDIRECT)
    }

    /// The three-bit memory type code of PAR.MT, TLBTR0.MT and xSYNR1.AMEMTYPE: the inner attribute code
    /// of the ARMv7 PAR.
    pub const fn type_code(self) -> u32 {
        match self.kind() {
            MemoryKind::StronglyOrdered => 1,
            MemoryKind::Device => 3,
            MemoryKind::Normal { inner, .. } => match inner {
                CachePolicy::NonCached => 0,
                CachePolicy::WriteBackAllocate => 5,
                CachePolicy::WriteThrough => 6,
                CachePolicy::WriteBack => 7,
            },
        }
    }

    /// Whether the memory is normal and cached at either level.
    #[inline]
    pub const fn cacheable(self) -> bool {
        // Other kinds have no policies.
        self.0 & 0x3C != 0
    }
}

impl MemoryKind {
    /// Decodes the three-bit memory type code; the unused codes 2 and 4 are normal memory, not cached.
    pub const fn from_type_code(code: u32) -> Self {
        let policy = match code & 7 {
            1 => return Self::StronglyOrdered,
            3 => return Self::Device,
            5 => CachePolicy::WriteBackAllocate,
            6 => CachePolicy::WriteThrough,
            7 => CachePolicy::WriteBack,
            _ => CachePolicy::NonCached,
        };
        Self::Normal { inner: policy, outer: policy }
    }
}
