//! VFP and Advanced SIMD: register state and bit-exact arithmetic.

use crate::state::Core;

/// What decoding of VFP and Advanced SIMD instructions depends on besides the word: whether they are enabled at the
/// running privilege, vector length and stride. Part of the key of decoded blocks, so what changes it must return
/// [`crate::op::Flow::Sync`].
pub fn decode_bits(_core: &Core) -> u8 {
    0
}

/// Floating-point registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FpState {
    /// D0–D31. S(2n) is the low half of D(n); Q(n) is D(2n) and D(2n+1).
    pub d: [u64; 32],
    /// FPSCR.
    pub fpscr: u32,
    /// FPEXC.
    pub fpexc: u32,
}
