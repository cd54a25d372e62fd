//! The part of `FPSCR` that arithmetic reads and writes.

/// Rounding mode, with the encoding of `FPSCR.RMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To nearest, ties to even (`RN`).
    Nearest,
    /// Towards plus infinity (`RP`).
    PlusInfinity,
    /// Towards minus infinity (`RM`).
    MinusInfinity,
    /// Towards zero (`RZ`).
    Zero,
}

/// Control bits and cumulative flags of one floating-point operation, in the layout of `FPSCR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Env(u32);

impl Env {
    /// Invalid operation, cumulative.
    pub const IOC: u32 = 1 << 0;
    /// Division by zero, cumulative.
    pub const DZC: u32 = 1 << 1;
    /// Overflow, cumulative.
    pub const OFC: u32 = 1 << 2;
    /// Underflow, cumulative.
    pub const UFC: u32 = 1 << 3;
    /// Inexact, cumulative.
    pub const IXC: u32 = 1 << 4;
    /// Input denormal, cumulative.
    pub const IDC: u32 = 1 << 7;
    /// Saturation, cumulative (Advanced SIMD integer operations).
    pub const QC: u32 = 1 << 27;
    /// All cumulative flags of floating-point operations and saturation.
    pub const FLAGS: u32 = Self::IOC | Self::DZC | Self::OFC | Self::UFC | Self::IXC | Self::IDC | Self::QC;

    const RMODE: u32 = 0b11 << 22;
    const FZ: u32 = 1 << 24;
    const DN: u32 = 1 << 25;
    const AHP: u32 = 1 << 26;

    /// The environment of a VFP operation: all controls as `fpscr` has them.
    #[inline]
    pub fn vfp(fpscr: u32) -> Self {
        Self(fpscr & (Self::RMODE | Self::FZ | Self::DN | Self::AHP | Self::FLAGS))
    }

    /// The environment of an Advanced SIMD operation: the standard `FPSCR` value (round to nearest, flush to
    /// zero, default NaN), with the half-precision format of `fpscr`.
    #[inline]
    pub fn standard(fpscr: u32) -> Self {
        Self((fpscr & (Self::AHP | Self::FLAGS)) | Self::FZ | Self::DN)
    }

    /// The cumulative flags: those it was made with and those raised since.
    #[inline]
    pub fn flags(self) -> u32 {
        self.0 & Self::FLAGS
    }

    /// Sets cumulative flags.
    #[inline]
    pub fn raise(&mut self, flags: u32) {
        self.0 |= flags;
    }

    /// Current rounding mode.
    #[inline]
    pub fn rounding(self) -> Rounding {
        match (self.0 & Self::RMODE) >> 22 {
            0 => Rounding::Nearest,
            1 => Rounding::PlusInfinity,
            2 => Rounding::MinusInfinity,
            _ => Rounding::Zero,
        }
    }

    /// The same environment with another rounding mode, for operations that fix it.
    #[inline]
    #[must_use]
    pub fn with_rounding(self, rounding: Rounding) -> Self {
        Self((self.0 & !Self::RMODE) | ((rounding as u32) << 22))
    }

    /// `FPSCR.FZ`.
    #[inline]
    pub fn flush_to_zero(self) -> bool {
        self.0 & Self::FZ != 0
    }

    /// `FPSCR.DN`.
    #[inline]
    pub fn default_nan(self) -> bool {
        self.0 & Self::DN != 0
    }

    /// `FPSCR.AHP`.
    #[inline]
    pub fn alternative_half(self) -> bool {
        self.0 & Self::AHP != 0
    }

    /// Whether the host's round-to-nearest arithmetic may be used.
    #[inline]
    pub(super) fn is_nearest(self) -> bool {
        self.0 & Self::RMODE == 0
    }

    /// Whether a further inexact result changes no flag.
    #[inline]
    pub(super) fn inexact_is_set(self) -> bool {
        self.0 & Self::IXC != 0
    }
}
