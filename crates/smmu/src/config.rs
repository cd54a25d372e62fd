//! Configuration of an instance, checked once.

use core::fmt;

use crate::spec::descriptor::PageSize;

/// A set of page sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PageSizes {
    /// 4 KiB. Must be held.
    pub small: bool,
    /// 64 KiB.
    pub large: bool,
    /// 1 MiB.
    pub section: bool,
    /// 16 MiB.
    pub supersection: bool,
}

impl PageSizes {
    /// All four.
    pub const ALL: Self = Self { small: true, large: true, section: true, supersection: true };

    /// Whether a size is in the set.
    pub const fn has(self, size: PageSize) -> bool {
        match size {
            PageSize::Small => self.small,
            PageSize::Large => self.large,
            PageSize::Section => self.section,
            PageSize::Supersection => self.supersection,
        }
    }

    /// The largest size of the set that is not larger than `size`; 4 KiB if there is none.
    pub const fn fit(self, size: PageSize) -> PageSize {
        match size {
            PageSize::Supersection if self.supersection => PageSize::Supersection,
            PageSize::Supersection | PageSize::Section if self.section => PageSize::Section,
            PageSize::Small => PageSize::Small,
            _ if self.large => PageSize::Large,
            _ => PageSize::Small,
        }
    }
}

/// Main TLB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TlbGeometry {
    /// Number of entries: a power of two, 1 to 256. IDR.TLBSIZE shows its logarithm.
    pub entries: u16,
    /// Entries in which one page can be: a power of two, 1 to `entries`. Equal to `entries`: fully
    /// associative. Entry `w * sets + s` is way `w` of set `s`, so TLBLKCR.FLOOR protects the first ways.
    pub ways: u16,
    /// Sizes an entry can hold. A larger mapping is cached piece by piece, in the largest size that fits.
    pub sizes: PageSizes,
}

/// Block fetch buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BfbGeometry {
    /// Lines of eight first-level descriptors, 0 to 16.
    pub first_lines: u8,
    /// Lines of eight second-level descriptors, 0 to 16.
    pub second_lines: u8,
}

/// Costs and resources of the timed driver. Times are SMMU cycles.
///
/// No public source has numbers for this block; the defaults are choices in the range of comparable
/// translation units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timing {
    /// From the arrival of a transaction to the micro-TLB's result.
    pub micro_lookup: u32,
    /// From a micro-TLB miss to the main TLB's result.
    pub main_lookup: u32,
    /// From one start of a main TLB lookup to the next: 1 is fully pipelined.
    pub main_interval: u32,
    /// From a miss, or from a descriptor, to the next read the walker issues. A descriptor found in the
    /// block fetch buffer costs this and no read.
    pub walk_step: u32,
    /// From the last descriptor to the answer: filling the TLBs.
    pub fill: u32,
    /// A register access over the configuration bus.
    pub register_access: u32,
    /// An invalidation command, from the write until it is complete.
    pub invalidate: u32,
    /// Extra for each entry of the main TLB that the command visits.
    pub invalidate_entry: u32,
    /// A descriptor read of a V2P operation: these go at once, beside the messages of transactions.
    pub v2p_read: u32,
    /// Transactions in work at the same time, 1 to 1024. Held ones do not count.
    pub slots: u16,
    /// Walks in work at the same time, 1 to 64.
    pub walkers: u8,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            micro_lookup: 1,
            main_lookup: 3,
            main_interval: 1,
            walk_step: 2,
            fill: 1,
            register_access: 6,
            invalidate: 8,
            invalidate_entry: 0,
            v2p_read: 40,
            slots: 16,
            walkers: 1,
        }
    }
}

/// Everything that differs between instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// Context banks, 1 to 255. The parts have 2 or 3.
    pub banks: u16,
    /// M2VCBR entries, 1 to 512.
    pub mids: u16,
    /// Ports with a micro-TLB each, 1 to 64.
    pub ports: u8,
    /// Entries of each micro-TLB, 0 (none) to 32. They hold 4 KiB pages or pieces of larger ones.
    pub micro_entries: u8,
    /// Main TLB.
    pub tlb: TlbGeometry,
    /// Block fetch buffer; software switches it on bank by bank. With no lines BFBCR has no effect.
    pub bfb: BfbGeometry,
    /// IDR.HUM: hit-under-miss exists. Software switches it on with CR.HUME or ACTLR.HUME.
    pub hit_under_miss: bool,
    /// REV: major in bits 7:4, minor in 3:0.
    pub revision: u8,
    /// The timed driver's numbers; the functional driver ignores them.
    pub timing: Timing,
}

impl Default for Config {
    /// Two banks, 32 MIDs, one port with a micro-TLB of 4 entries, a fully associative main TLB of 64
    /// entries, a block fetch buffer of one line at each level.
    fn default() -> Self {
        Self {
            banks: 2,
            mids: 32,
            ports: 1,
            micro_entries: 4,
            tlb: TlbGeometry { entries: 64, ways: 64, sizes: PageSizes::ALL },
            bfb: BfbGeometry { first_lines: 1, second_lines: 1 },
            hit_under_miss: true,
            revision: 0x10,
            timing: Timing::default(),
        }
    }
}

/// Interrupt outputs of an instance: IDR.NIRPT + 1.
pub const INTERRUPT_LINES: u8 = 2;

impl Config {
    /// Checks every value.
    ///
    /// # Errors
    /// The first value out of its range.
    pub const fn validate(&self) -> Result<(), ConfigError> {
        use ConfigError::{NoSmallPages, NotPowerOfTwo, OutOfRange};
        const fn range(what: &'static str, value: u32, low: u32, high: u32) -> Result<(), ConfigError> {
            if value < low || value > high {
                return Err(OutOfRange { what, value, low, high });
            }
            Ok(())
        }
        let t = &self.timing;
        let checks = [
            range("banks", self.banks as u32, 1, 255),
            range("mids", self.mids as u32, 1, 512),
            range("ports", self.ports as u32, 1, 64),
            range("micro_entries", self.micro_entries as u32, 0, 32),
            range("tlb.entries", self.tlb.entries as u32, 1, 256),
            range("tlb.ways", self.tlb.ways as u32, 1, self.tlb.entries as u32),
            range("bfb.first_lines", self.bfb.first_lines as u32, 0, 16),
            range("bfb.second_lines", self.bfb.second_lines as u32, 0, 16),
            range("timing.slots", t.slots as u32, 1, 1024),
            range("timing.walkers", t.walkers as u32, 1, 64),
        ];
        let mut i = 0;
        while i < checks.len() {
            if let Err(error) = checks[i] {
                return Err(error);
            }
            i += 1;
        }
        if !self.tlb.entries.is_power_of_two() {
            return Err(NotPowerOfTwo { what: "tlb.entries", value: self.tlb.entries as u32 });
        }
        if !self.tlb.ways.is_power_of_two() {
            return Err(NotPowerOfTwo { what: "tlb.ways", value: self.tlb.ways as u32 });
        }
        if !self.tlb.sizes.small {
            return Err(NoSmallPages);
        }
        Ok(())
    }

    /// IDR as this configuration shows it.
    pub fn idr(&self) -> u32 {
        use crate::spec::global_page::IDR;
        let word = IDR::NM2VCBMT.set(0, u32::from(self.mids) - 1);
        let word = IDR::HTW.set(word, 1);
        let word = IDR::HUM.set(word, self.hit_under_miss.into());
        let word = IDR::TLBSIZE.set(word, self.tlb.entries.trailing_zeros());
        let word = IDR::NCB.set(word, u32::from(self.banks) - 1);
        IDR::NIRPT.set(word, u32::from(INTERRUPT_LINES) - 1)
    }
}

/// Why a configuration was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// A number is too small or too large.
    OutOfRange {
        /// Which one.
        what: &'static str,
        /// Its value.
        value: u32,
        /// Smallest allowed.
        low: u32,
        /// Largest allowed.
        high: u32,
    },
    /// A number is not a power of two.
    NotPowerOfTwo {
        /// Which one.
        what: &'static str,
        /// Its value.
        value: u32,
    },
    /// The main TLB cannot hold 4 KiB pages.
    NoSmallPages,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { what, value, low, high } => {
                write!(f, "{what} is {value}, expected {low} to {high}")
            }
            Self::NotPowerOfTwo { what, value } => write!(f, "{what} is {value}, expected a power of two"),
            Self::NoSmallPages => f.write_str("tlb.sizes lacks small pages, which must be held"),
        }
    }
}

impl core::error::Error for ConfigError {}
