//! What identifies the modelled cores, and which registers only one of them has.
//!
//! MIDR values are those of boot logs of an MSM8660 and an IPQ8064. Cache sizes and line lengths are those that Qualcomm's
//! kernels use (Scorpion: 32 KiB with 32-byte lines, 512 KiB level 2; Krait: 16 KiB with 64-byte lines, 1 MiB level 2;
//! level 2 lines of 128 bytes). The number of ways, the CTR fields beyond the line lengths and the feature registers are
//! our choice: they describe what this model does.

use super::regs::Cp15Regs;
use crate::model::Model;

/// Registers whose value differs from the reset value in the table.
pub const fn of(model: Model) -> &'static [(Cp15Regs, u32)] {
    match model {
        Model::Scorpion => &[],
        Model::Krait => {
            &[(Cp15Regs::MIDR, 0x511F_06F0), (Cp15Regs::CTR, 0x8444_C004), (Cp15Regs::ID_ISAR0, 0x0210_1111)]
        }
    }
}

/// Whether the model has a register that not all have.
pub const fn has(model: Model, reg: Cp15Regs) -> bool {
    use Cp15Regs as R;
    match reg {
        R::SCORPION_LPM0 | R::SCORPION_LPM1 | R::SCORPION_LPM2 | R::SCORPION_L2LPM => {
            matches!(model, Model::Scorpion)
        }
        R::KRAIT_PMRESR0 | R::KRAIT_PMRESR1 | R::KRAIT_PMRESR2 => matches!(model, Model::Krait),
        _ => true,
    }
}

/// CCSIDR for a CSSELR value; 0 where there is no cache (UNKNOWN in the architecture).
pub(super) fn ccsidr(model: Model, csselr: u32) -> u32 {
    let geometry = |ways: u32, sets: u32, log2_words: u32, policy: u32| {
        policy << 28 | (sets - 1) << 13 | (ways - 1) << 3 | (log2_words - 2)
    };
    const READ: u32 = 0b0010;
    const WRITE_BACK: u32 = 0b0111;
    match (model, csselr) {
        (Model::Scorpion, 0) => geometry(4, 256, 3, WRITE_BACK),
        (Model::Scorpion, 1) => geometry(4, 256, 3, READ),
        (Model::Scorpion, 2) => geometry(8, 512, 5, WRITE_BACK),
        (Model::Krait, 0) => geometry(4, 64, 4, WRITE_BACK),
        (Model::Krait, 1) => geometry(4, 64, 4, READ),
        (Model::Krait, 2) => geometry(8, 1024, 5, WRITE_BACK),
        _ => 0,
    }
}
