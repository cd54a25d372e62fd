//! Causes of a context fault and their bits in FSR and PAR.

use super::context_bank::FSR;

/// Why a translation failed. The bit positions in FSR and in the failure layout of PAR are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum FaultCause {
    /// TF: no valid descriptor, or walks through this base are switched off.
    Translation,
    /// AFF: the descriptor's access flag is clear.
    AccessFlag,
    /// APF: the access is not permitted.
    Permission,
    /// TLBMF: not in the TLB, and walking is switched off.
    TlbMiss,
    /// HTWDEEF: nothing answers at the descriptor's address.
    WalkDecodeError,
    /// HTWSEEF: the descriptor's memory answered with an error.
    WalkSlaveError,
    /// MHF: more than one TLB entry matches.
    MultipleHits,
}

impl FaultCause {
    /// All causes, in the order of their bits.
    pub const ALL: [Self; 7] = [
        Self::Translation,
        Self::AccessFlag,
        Self::Permission,
        Self::TlbMiss,
        Self::WalkDecodeError,
        Self::WalkSlaveError,
        Self::MultipleHits,
    ];

    /// The cause's bit in FSR and PAR.
    pub const fn bit(self) -> u32 {
        match self {
            Self::Translation => FSR::TF.mask(),
            Self::AccessFlag => FSR::AFF.mask(),
            Self::Permission => FSR::APF.mask(),
            Self::TlbMiss => FSR::TLBMF.mask(),
            Self::WalkDecodeError => FSR::HTWDEEF.mask(),
            Self::WalkSlaveError => FSR::HTWSEEF.mask(),
            Self::MultipleHits => FSR::MHF.mask(),
        }
    }

    /// The field's name in FSR.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Translation => "TF",
            Self::AccessFlag => "AFF",
            Self::Permission => "APF",
            Self::TlbMiss => "TLBMF",
            Self::WalkDecodeError => "HTWDEEF",
            Self::WalkSlaveError => "HTWSEEF",
            Self::MultipleHits => "MHF",
        }
    }
}

/// FSR bits that are causes: while one is set the fault is pending.
pub const CAUSES: u32 = 0xFE;

/// A failed translation: the cause, and the level at which it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fault {
    /// Why.
    pub cause: FaultCause,
    /// Whether it was found at the second level (FSR.SL).
    pub second_level: bool,
}

impl Fault {
    /// A fault found before or at the first level.
    pub const fn first(cause: FaultCause) -> Self {
        Self { cause, second_level: false }
    }

    /// A fault found at the given level, 1 or 2.
    pub const fn at_level(cause: FaultCause, level: Level) -> Self {
        Self { cause, second_level: matches!(level, Level::Second) }
    }

    /// Cause and SL bits, as FSR and PAR show them.
    pub const fn bits(self) -> u32 {
        self.cause.bit() | if self.second_level { FSR::SL.mask() } else { 0 }
    }
}

/// Level of a translation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Level {
    /// Indexed by `VA[31:20]`.
    First,
    /// Indexed by `VA[19:12]`.
    Second,
}
