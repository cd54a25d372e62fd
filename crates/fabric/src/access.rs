//! One bus transaction: where, what, by whom, with which attributes.

use crate::PhysAddr;

/// Bytes of one bus beat.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[repr(u8)]
pub enum Size {
    /// 1 byte.
    Byte = 1,
    /// 2 bytes.
    Half = 2,
    /// 4 bytes.
    Word = 4,
    /// 8 bytes.
    Double = 8,
}

impl Size {
    /// Number of bytes: 1, 2, 4 or 8.
    pub const fn bytes(self) -> u64 {
        self as u64
    }

    /// The size of `bytes` bytes, `None` unless 1, 2, 4 or 8.
    pub const fn from_bytes(bytes: u64) -> Option<Self> {
        match bytes {
            1 => Some(Self::Byte),
            2 => Some(Self::Half),
            4 => Some(Self::Word),
            8 => Some(Self::Double),
            _ => None,
        }
    }

    /// Mask of the value bits that a transfer of this size carries.
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - 8 * self.bytes())
    }
}

/// Direction. An instruction fetch is a read with [`Prot::instruction`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum AccessKind {
    /// Data flows to the master.
    Read,
    /// Data flows from the master.
    Write,
}

/// A port that starts transactions, numbered by the machine configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BusMaster(pub u16);

/// Machine ID: the identity a master puts on a transaction, which an SMMU maps to a context.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mid(pub u8);

/// Who starts a transaction: the port, and the MID it shows there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MasterId {
    /// Port.
    pub bus: BusMaster,
    /// Identity on that port; 0 for a core.
    pub mid: Mid,
}

/// Protection signals, as AXI's `AxPROT` carries them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Prot {
    /// Privileged rather than user.
    pub privileged: bool,
    /// Secure rather than non-secure.
    pub secure: bool,
    /// Instruction rather than data.
    pub instruction: bool,
}

/// Memory type of the ARMv7 memory model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MemType {
    /// Strongly-ordered.
    #[default]
    StronglyOrdered,
    /// Device.
    Device,
    /// Normal.
    Normal,
}

/// Cacheability of Normal memory at one level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Cacheability {
    /// Not cached.
    #[default]
    NonCacheable,
    /// Write-back, write-allocate.
    WriteBackAllocate,
    /// Write-through, no write-allocate.
    WriteThrough,
    /// Write-back, no write-allocate.
    WriteBack,
}

/// Memory attributes of an access.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MemAttrs {
    /// Memory type.
    pub kind: MemType,
    /// Inner cacheability; meaningful for Normal memory only.
    pub inner: Cacheability,
    /// Outer cacheability; meaningful for Normal memory only.
    pub outer: Cacheability,
    /// Shareable.
    pub shareable: bool,
}

impl MemAttrs {
    /// Normal, non-cacheable, not shareable: what a DMA master without further knowledge uses.
    pub const NORMAL_NON_CACHEABLE: Self = Self {
        kind: MemType::Normal,
        inner: Cacheability::NonCacheable,
        outer: Cacheability::NonCacheable,
        shareable: false,
    };
    /// Normal, write-back write-allocate at both levels, shareable.
    pub const NORMAL_CACHED_SHARED: Self = Self {
        kind: MemType::Normal,
        inner: Cacheability::WriteBackAllocate,
        outer: Cacheability::WriteBackAllocate,
        shareable: true,
    };
    /// Device, shareable.
    pub const DEVICE: Self = Self {
        kind: MemType::Device,
        inner: Cacheability::NonCacheable,
        outer: Cacheability::NonCacheable,
        shareable: true,
    };
    /// Strongly-ordered, shareable.
    pub const STRONGLY_ORDERED: Self = Self {
        kind: MemType::StronglyOrdered,
        inner: Cacheability::NonCacheable,
        outer: Cacheability::NonCacheable,
        shareable: true,
    };
}

/// One transaction on the bus.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Access {
    /// First byte.
    pub addr: PhysAddr,
    /// Bytes.
    pub size: Size,
    /// Direction.
    pub kind: AccessKind,
    /// Who.
    pub master: MasterId,
    /// Privilege, security, instruction or data.
    pub prot: Prot,
    /// Part of a load-exclusive or store-exclusive.
    pub exclusive: bool,
    /// Memory type and cacheability.
    pub attrs: MemAttrs,
}

impl Access {
    /// A data read with no privilege and default attributes, to be refined by the caller.
    pub const fn read(addr: PhysAddr, size: Size, master: MasterId) -> Self {
        Self::new(addr, size, AccessKind::Read, master)
    }

    /// A data write with no privilege and default attributes, to be refined by the caller.
    pub const fn write(addr: PhysAddr, size: Size, master: MasterId) -> Self {
        Self::new(addr, size, AccessKind::Write, master)
    }

    const fn new(addr: PhysAddr, size: Size, kind: AccessKind, master: MasterId) -> Self {
        Self {
            addr,
            size,
            kind,
            master,
            prot: Prot { privileged: false, secure: false, instruction: false },
            exclusive: false,
            attrs: MemAttrs::STRONGLY_ORDERED,
        }
    }

    /// Whether data flows from the master.
    pub const fn is_write(&self) -> bool {
        matches!(self.kind, AccessKind::Write)
    }

    /// Whether this is an instruction fetch.
    pub const fn is_fetch(&self) -> bool {
        self.prot.instruction && !self.is_write()
    }
}
