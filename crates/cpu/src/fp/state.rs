//! Registers of VFP and Advanced SIMD.

use super::env::Env;
use crate::cp15::Cp15Regs;
use crate::cp15::regs::{CPACR, NSACR};
use crate::model::{Feature, Model};
use crate::state::Core;

/// Extension registers and floating-point system registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FpState {
    /// D0–D31. Sn is a half of D(n / 2), the lower one for even n; Qn is D(2n) and D(2n + 1).
    pub d: [u64; 32],
    /// `FPSCR`: condition flags, controls, cumulative flags.
    pub fpscr: u32,
    /// `FPEXC`.
    pub fpexc: u32,
}

impl FpState {
    /// `FPEXC.EN`: VFP and Advanced SIMD are enabled.
    pub const FPEXC_EN: u32 = 1 << 30;
    /// Bits of `FPEXC` that can be written: only `EN`. There is no subarchitecture that would need the others.
    pub const FPEXC_WRITABLE: u32 = Self::FPEXC_EN;
    /// Bits of `FPSCR` that can be written: flags and controls, and `Len` and `Stride`, which make VFP data
    /// processing UNDEFINED while they are not zero. Trap enables read as zero: exceptions are never trapped.
    pub const FPSCR_WRITABLE: u32 = 0xf800_0000 | 0x07f7_0000 | 0x0000_009f;
    /// `FPSCR.Len` and `FPSCR.Stride`.
    pub const FPSCR_VECTOR: u32 = 0x0037_0000;

    /// Single-precision register `n` (0–31).
    #[inline]
    pub fn s(&self, n: u8) -> u32 {
        (self.d[usize::from(n >> 1) & 31] >> (32 * (n & 1))) as u32
    }

    /// Writes single-precision register `n` (0–31).
    #[inline]
    pub fn set_s(&mut self, n: u8, value: u32) {
        let shift = 32 * (n & 1);
        let d = &mut self.d[usize::from(n >> 1) & 31];
        *d = (*d & !(0xffff_ffff << shift)) | (u64::from(value) << shift);
    }

    /// Register D`n`; numbers wrap at 32.
    #[inline(always)]
    pub fn d(&self, n: u8) -> u64 {
        self.d[usize::from(n) & 31]
    }

    /// Writes register D`n`; numbers wrap at 32.
    #[inline(always)]
    pub fn set_d(&mut self, n: u8, value: u64) {
        self.d[usize::from(n) & 31] = value;
    }

    /// The quadword in D`n` and D`n + 1`.
    #[inline(always)]
    pub fn q(&self, n: u8) -> [u64; 2] {
        [self.d(n), self.d(n.wrapping_add(1))]
    }

    /// Writes the quadword in D`n` and D`n + 1`.
    #[inline(always)]
    pub fn set_q(&mut self, n: u8, value: [u64; 2]) {
        self.set_d(n, value[0]);
        self.set_d(n.wrapping_add(1), value[1]);
    }

    /// Sets `FPSCR.QC` if something saturated.
    #[inline(always)]
    pub fn saturated(&mut self, yes: bool) {
        self.fpscr |= if yes { Env::QC } else { 0 };
    }

    /// Writes `FPSCR` as `VMSR` does.
    pub fn write_fpscr(&mut self, value: u32) {
        self.fpscr = value & Self::FPSCR_WRITABLE;
    }
}

/// What decoding of VFP and Advanced SIMD instructions depends on besides the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access(pub u8);

impl Access {
    /// Coprocessors 10 and 11 may be used at the running privilege (`CPACR`, `NSACR`).
    const ALLOWED: u8 = 1 << 0;
    /// `FPEXC.EN`.
    const ENABLED: u8 = 1 << 1;
    /// Advanced SIMD is not disabled (`CPACR.ASEDIS`, `NSACR.NSASEDIS`).
    const SIMD: u8 = 1 << 2;
    /// D16–D31 are not disabled (`CPACR.D32DIS`, `NSACR.NSD32DIS`).
    const D32: u8 = 1 << 3;
    /// `FPSCR.Len` and `FPSCR.Stride` are zero.
    const SCALAR: u8 = 1 << 4;
    /// The mode is privileged.
    const PRIVILEGED: u8 = 1 << 5;

    /// The bits of [`decode_bits`] when nothing is disabled.
    pub const EVERYTHING: u8 = (1 << 6) - 1;

    const fn all(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
    /// VFP instructions are not UNDEFINED.
    pub const fn vfp(self) -> bool {
        self.all(Self::ALLOWED | Self::ENABLED)
    }
    /// VFP data processing that could work on short vectors is not UNDEFINED.
    pub const fn vfp_scalar(self) -> bool {
        self.all(Self::ALLOWED | Self::ENABLED | Self::SCALAR)
    }
    /// Advanced SIMD instructions are not UNDEFINED.
    pub const fn simd(self) -> bool {
        self.all(Self::ALLOWED | Self::ENABLED | Self::SIMD | Self::D32)
    }
    /// D16–D31 can be used.
    pub const fn d32(self) -> bool {
        self.all(Self::D32)
    }
    /// The system registers other than `FPSCR` can be accessed.
    pub const fn system(self) -> bool {
        self.all(Self::ALLOWED | Self::PRIVILEGED)
    }
}

/// What decoding of VFP and Advanced SIMD instructions depends on besides the word, as an [`Access`]: whether they are
/// enabled at the running privilege, vector length and stride. Part of the key of decoded blocks, so what changes it
/// must return [`crate::op::Flow::Sync`].
///
/// The fields of coprocessor 10 decide for both; giving coprocessor 11 other rights is UNPREDICTABLE. Disabling D16–D31
/// without Advanced SIMD is UNPREDICTABLE too and disables Advanced SIMD.
pub fn decode_bits(core: &Core) -> u8 {
    let privileged = core.mode.is_privileged();
    let cpacr = core.cp15_reg(Cp15Regs::CPACR);
    let mut bits = 0;
    let mut set = |bit, yes| bits |= if yes { bit } else { 0 };
    let granted = match CPACR::CP10.get(cpacr) {
        0b01 => privileged,
        0b11 => true,
        _ => false,
    };
    let (ns_allowed, ns_simd, ns_d32) = if core.is_secure() {
        (true, true, true)
    } else {
        let nsacr = core.cp15_reg(Cp15Regs::NSACR);
        (NSACR::CP10.is_set(nsacr), !NSACR::NSASEDIS.is_set(nsacr), !NSACR::NSD32DIS.is_set(nsacr))
    };
    set(Access::ALLOWED, granted && ns_allowed);
    set(Access::SIMD, ns_simd && !CPACR::ASEDIS.is_set(cpacr));
    set(Access::D32, ns_d32 && !CPACR::D32DIS.is_set(cpacr));
    set(Access::ENABLED, core.fp.fpexc & FpState::FPEXC_EN != 0);
    set(Access::SCALAR, core.fp.fpscr & FpState::FPSCR_VECTOR == 0);
    set(Access::PRIVILEGED, privileged);
    bits
}

/// `FPSID`: implementer Qualcomm, a subarchitecture of its own. Krait's value is what Linux prints on MSM8960; part and revision of
/// Scorpion follow its `MIDR` (our choice).
pub fn fpsid(model: Model) -> u32 {
    match model {
        Model::Scorpion => 0x5140_2d00,
        Model::Krait => 0x5140_6f20,
    }
}

/// `MVFR0`: 32 doubleword registers, single and double precision, divide, square root, all rounding modes; no short
/// vectors and no trapped exceptions.
pub fn mvfr0(_: Model) -> u32 {
    0x1011_0222
}

/// `MVFR1`: full NaN and denormal arithmetic, Advanced SIMD integer, single precision and load/store, half-precision
/// conversions, and fused multiply-add where the model has it.
pub fn mvfr1(model: Model) -> u32 {
    if model.has(Feature::Vfp4) { 0x1111_1111 } else { 0x0111_1111 }
}
