//! Registers of VFP and Advanced SIMD.

use super::env::Env;

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
