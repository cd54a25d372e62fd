//! Program status registers and processor modes.

/// Processor modes (CPSR.M).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Mode {
    User = 0x10,
    Fiq = 0x11,
    Irq = 0x12,
    Supervisor = 0x13,
    Monitor = 0x16,
    Abort = 0x17,
    Undefined = 0x1B,
    System = 0x1F,
}

impl Mode {
    /// Every mode, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::Fiq,
        Self::Irq,
        Self::Supervisor,
        Self::Monitor,
        Self::Abort,
        Self::Undefined,
        Self::System,
    ];

    /// The mode with this number; `None` for a reserved one.
    pub const fn from_bits(bits: u32) -> Option<Self> {
        Some(match bits & 0x1F {
            0x10 => Self::User,
            0x11 => Self::Fiq,
            0x12 => Self::Irq,
            0x13 => Self::Supervisor,
            0x16 => Self::Monitor,
            0x17 => Self::Abort,
            0x1B => Self::Undefined,
            0x1F => Self::System,
            _ => return None,
        })
    }

    /// Every mode but User.
    pub const fn is_privileged(self) -> bool {
        !matches!(self, Self::User)
    }

    /// Whether the mode has an SPSR.
    pub const fn has_spsr(self) -> bool {
        !matches!(self, Self::User | Self::System)
    }

    /// Which bank of R13, R14 and SPSR the mode uses: 0 is User and System.
    pub const fn bank(self) -> usize {
        match self {
            Self::User | Self::System => 0,
            Self::Fiq => 1,
            Self::Irq => 2,
            Self::Supervisor => 3,
            Self::Monitor => 4,
            Self::Abort => 5,
            Self::Undefined => 6,
        }
    }
}

/// Positions in CPSR and SPSR.
#[allow(missing_docs)]
pub mod bits {
    pub const N: u32 = 1 << 31;
    pub const Z: u32 = 1 << 30;
    pub const C: u32 = 1 << 29;
    pub const V: u32 = 1 << 28;
    pub const Q: u32 = 1 << 27;
    pub const J: u32 = 1 << 24;
    pub const GE: u32 = 0xF << 16;
    pub const E: u32 = 1 << 9;
    pub const A: u32 = 1 << 8;
    pub const I: u32 = 1 << 7;
    pub const F: u32 = 1 << 6;
    pub const T: u32 = 1 << 5;
    pub const M: u32 = 0x1F;
    /// ITSTATE, in its two pieces.
    pub const IT: u32 = 0x0600_FC00;
}

/// The ITSTATE of a PSR value.
pub const fn it_of(psr: u32) -> u8 {
    (((psr >> 8) & 0xFC) | ((psr >> 25) & 3)) as u8
}

/// An ITSTATE in its PSR positions.
pub const fn it_bits(it: u8) -> u32 {
    ((it as u32 & 0xFC) << 8) | ((it as u32 & 3) << 25)
}

/// ITSTATE after one instruction of the block.
pub const fn it_advance(it: u8) -> u8 {
    if it & 7 == 0 { 0 } else { (it & 0xE0) | ((it << 1) & 0x1F) }
}
