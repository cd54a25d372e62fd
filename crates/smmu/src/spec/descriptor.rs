//! Translation table descriptors: ARMv7 short format.
//!
//! A descriptor is a 32-bit word in memory. The functions here read bits; what the bits mean together is
//! the walker's business.

/// Size of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum PageSize {
    /// 4 KiB.
    Small,
    /// 64 KiB.
    Large,
    /// 1 MiB.
    Section,
    /// 16 MiB.
    Supersection,
}

impl PageSize {
    /// All sizes, smallest first; the position is the code of TLBTR0.DPSIZR and DPSIZC.
    pub const ALL: [Self; 4] = [Self::Small, Self::Large, Self::Section, Self::Supersection];

    /// Number of address bits inside a page of this size.
    #[inline]
    pub const fn shift(self) -> u32 {
        12 + 4 * self as u32
    }

    /// Bytes.
    #[inline]
    pub const fn bytes(self) -> u32 {
        1 << self.shift()
    }

    /// Address bits above the page.
    #[inline]
    pub const fn mask(self) -> u32 {
        Self::MASKS[self as usize]
    }

    /// The masks by code. A table, so that the way to a hit has no shift by a variable.
    pub(crate) const MASKS: [u32; 4] = [!0xFFF, !0xFFFF, !0xF_FFFF, !0xFF_FFFF];

    /// Code of TLBTR0.DPSIZR and DPSIZC.
    pub const fn code(self) -> u32 {
        self as u32
    }
}

/// Entries of a full first-level table.
pub const FIRST_ENTRIES: u32 = 4096;
/// Entries of a second-level table.
pub const SECOND_ENTRIES: u32 = 256;

/// A first-level descriptor, index `VA[31:20]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First(pub u32);

/// Type of a first-level descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstKind {
    /// Bits 1:0 are 00 or 11.
    Fault,
    /// Points to a second-level table.
    Table,
    /// Maps 1 MiB.
    Section,
    /// Maps 16 MiB; written 16 times.
    Supersection,
}

impl First {
    /// Type, from bits 1:0 and 18.
    #[inline]
    pub const fn kind(self) -> FirstKind {
        match self.0 & 3 {
            1 => FirstKind::Table,
            2 if self.0 & 1 << 18 == 0 => FirstKind::Section,
            2 => FirstKind::Supersection,
            _ => FirstKind::Fault,
        }
    }

    /// Base of the second-level table: bits 31:10.
    #[inline]
    pub const fn table(self) -> u32 {
        self.0 & 0xFFFF_FC00
    }

    /// NS of a table descriptor: bit 3.
    #[inline]
    pub const fn table_ns(self) -> bool {
        self.0 & 1 << 3 != 0
    }

    /// NS of a section or supersection: bit 19.
    #[inline]
    pub const fn ns(self) -> bool {
        self.0 & 1 << 19 != 0
    }

    /// Leaf bits of a section or supersection.
    #[inline]
    pub const fn leaf(self) -> LeafBits {
        LeafBits {
            tex: (self.0 >> 12 & 7) as u8,
            c: self.0 & 1 << 3 != 0,
            b: self.0 & 1 << 2 != 0,
            ap: (self.0 >> 10 & 3 | self.0 >> 13 & 4) as u8,
            xn: self.0 & 1 << 4 != 0,
            s: self.0 & 1 << 16 != 0,
            ng: self.0 & 1 << 17 != 0,
        }
    }

    /// The word with the access flag, `AP[0]`, set.
    pub const fn with_access_flag(self) -> u32 {
        self.0 | 1 << 10
    }
}

/// A second-level descriptor, index `VA[19:12]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Second(pub u32);

/// Type of a second-level descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondKind {
    /// Bits 1:0 are 00.
    Fault,
    /// Maps 64 KiB; written 16 times.
    Large,
    /// Maps 4 KiB.
    Small,
}

impl Second {
    /// Type, from bits 1:0.
    #[inline]
    pub const fn kind(self) -> SecondKind {
        match self.0 & 3 {
            0 => SecondKind::Fault,
            1 => SecondKind::Large,
            _ => SecondKind::Small,
        }
    }

    /// Leaf bits. TEX and XN of a large page are at 14:12 and 15; its bits 8:6 are ignored.
    #[inline]
    pub const fn leaf(self) -> LeafBits {
        let large = matches!(self.kind(), SecondKind::Large);
        let (tex, xn) = if large { (self.0 >> 12, self.0 >> 15) } else { (self.0 >> 6, self.0) };
        LeafBits {
            tex: (tex & 7) as u8,
            c: self.0 & 1 << 3 != 0,
            b: self.0 & 1 << 2 != 0,
            ap: (self.0 >> 4 & 3 | self.0 >> 7 & 4) as u8,
            xn: xn & 1 != 0,
            s: self.0 & 1 << 10 != 0,
            ng: self.0 & 1 << 11 != 0,
        }
    }

    /// The word with the access flag, `AP[0]`, set.
    pub const fn with_access_flag(self) -> u32 {
        self.0 | 1 << 4
    }
}

/// The bits that every mapping descriptor has, wherever they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafBits {
    /// `TEX[2:0]`.
    pub tex: u8,
    /// Cacheable.
    pub c: bool,
    /// Bufferable.
    pub b: bool,
    /// `AP[2:0]`.
    pub ap: u8,
    /// Execute never.
    pub xn: bool,
    /// Shareable.
    pub s: bool,
    /// Not global.
    pub ng: bool,
}
