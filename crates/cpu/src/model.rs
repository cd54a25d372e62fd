//! Which core is modelled: features, identification, instruction costs.

use crate::isa::Class;

/// The modelled core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Model {
    /// Scorpion (MSM8x60): ARMv7-A with VFPv3-D32 and Advanced SIMD.
    #[default]
    Scorpion,
    /// Krait: adds integer divide and VFPv4 (fused multiply-add).
    Krait,
}

/// Something that an instruction needs the core to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// ARMv7-A with the Multiprocessing and Security Extensions: every core here.
    V7,
    /// Integer divide in both instruction sets (Krait).
    Idiv,
    /// VFPv3-D32.
    Vfp3,
    /// VFPv4: fused multiply-add (Krait).
    Vfp4,
    /// Advanced SIMD.
    Neon,
    /// Advanced SIMD fused multiply-add (Krait).
    NeonFma,
}

impl Model {
    /// Whether the core has a feature.
    pub const fn has(self, feature: Feature) -> bool {
        match feature {
            Feature::V7 | Feature::Vfp3 | Feature::Neon => true,
            Feature::Idiv | Feature::Vfp4 | Feature::NeonFma => matches!(self, Self::Krait),
        }
    }
}

/// Cycles per instruction class. Our choice, in the proportions of the published Cortex-A8/A9 tables; a static cost per
/// instruction keeps cycle counts deterministic and independent of how execution is organised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs;

impl Costs {
    /// Base cost of a class in core cycles.
    pub const fn of(class: Class) -> u8 {
        match class {
            Class::Alu | Class::Store | Class::FpMove | Class::Load | Class::Fp | Class::Simd => 1,
            Class::AluShift | Class::Branch | Class::Multiple | Class::SimdMul => 2,
            Class::Mul => 3,
            Class::MulLong | Class::System => 4,
            Class::Exception => 8,
            Class::Div => 10,
            Class::FpDiv => 15,
        }
    }
}
