//! Transactions and what comes of them, in the vocabulary of the specification.

use crate::tables::PageSize;

/// One transaction of a master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Request {
    pub mid: u8,
    pub va: u32,
    pub write: bool,
    pub privileged: bool,
    pub instruction: bool,
    pub non_secure: bool,
    /// log2 of the bytes per beat, 0..=7.
    pub size: u8,
    /// Beats, 1..=16.
    pub beats: u8,
}

/// Memory type and inner/outer cache policy codes (0 none, 1 WB-WA, 2 WT, 3 WB no WA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Strongly ordered.
    StronglyOrdered,
    /// Device.
    Device,
    /// Normal with inner and outer policy.
    Normal(u8, u8),
}

/// Who else sees the access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Share {
    None,
    Inner,
    Outer,
}

/// A successful translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Translated {
    /// Physical address of the first byte.
    pub pa: u32,
    /// Size of the mapping.
    pub page: PageSize,
    /// Resolved memory type.
    pub kind: Type,
    /// Resolved shareability, before `ACTLR.PTSHCFG`.
    pub share: Share,
    /// Non-secure.
    pub ns: bool,
}

/// What a context fault records when `FSR` was 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Fault {
    pub bank: u8,
    /// Whole `FSR`, with `SL` and `SS`.
    pub fsr: u32,
    pub far: u32,
    pub fsynr0: u32,
    pub fsynr1: u32,
}

/// What becomes of a request on an idle System MMU with empty TLBs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not translated: the physical address is the virtual one.
    Bypassed,
    /// Translated; the shareability has `PTSHCFG` applied.
    Translated(Translated),
    /// A context fault: held when `FSR.SS` is set, else terminated.
    Fault(Fault),
    /// A global error with this `ESR`; terminated.
    Global(u32),
}
