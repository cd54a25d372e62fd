//! The registers that a debugger sees, in the order it numbers them.

/// Which part of the core a register belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// R0 to R15, CPSR.
    Core,
    /// D0 to D31, FPSCR.
    Vfp,
    /// Registers of the modes that may not be running.
    Banked,
    /// System control registers.
    Cp15,
}

/// One register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Name, as gdb shows it.
    pub name: &'static str,
    /// Part of the core.
    pub group: Group,
    /// 32 or 64.
    pub bits: u8,
}

macro_rules! registers {
    ($($group:ident $bits:literal: $($name:literal)+;)+) => {
        &[$($(Register { name: $name, group: Group::$group, bits: $bits },)+)+]
    };
}

/// Every register; a debugger's number is the position. The first 17 are those of gdb's own description of
/// an ARM core.
pub const REGISTERS: &[Register] = registers! {
    Core 32: "r0" "r1" "r2" "r3" "r4" "r5" "r6" "r7" "r8" "r9" "r10" "r11" "r12" "sp" "lr" "pc" "cpsr";
    Vfp 64: "d0" "d1" "d2" "d3" "d4" "d5" "d6" "d7" "d8" "d9" "d10" "d11" "d12" "d13" "d14" "d15"
            "d16" "d17" "d18" "d19" "d20" "d21" "d22" "d23" "d24" "d25" "d26" "d27" "d28" "d29" "d30" "d31";
    Vfp 32: "fpscr";
    Banked 32: "r8_usr" "r9_usr" "r10_usr" "r11_usr" "r12_usr" "sp_usr" "lr_usr"
               "r8_fiq" "r9_fiq" "r10_fiq" "r11_fiq" "r12_fiq" "sp_fiq" "lr_fiq" "spsr_fiq"
               "sp_irq" "lr_irq" "spsr_irq" "sp_svc" "lr_svc" "spsr_svc"
               "sp_abt" "lr_abt" "spsr_abt" "sp_und" "lr_und" "spsr_und" "sp_mon" "lr_mon" "spsr_mon";
    Cp15 32: "MIDR" "MPIDR" "SCTLR" "ACTLR" "CPACR" "SCR" "NSACR" "VBAR" "TTBR0" "TTBR1" "TTBCR" "DACR"
             "DFSR" "IFSR" "DFAR" "IFAR" "PAR" "PRRR" "NMRR" "CONTEXTIDR" "TPIDRURW" "TPIDRURO" "TPIDRPRW";
};

#[cfg(test)]
mod tests {
    use super::REGISTERS;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_the_core_comes_first() {
        let names: BTreeSet<_> = REGISTERS.iter().map(|r| r.name).collect();
        assert_eq!(names.len(), REGISTERS.len());
        assert_eq!((REGISTERS[15].name, REGISTERS[16].name), ("pc", "cpsr"));
    }
}
