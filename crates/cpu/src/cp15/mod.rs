//! CP15, the system control coprocessor.
//!
//! [`regs`] declares every register; this module holds their state, decides who may access them and carries out what
//! writes and commands do. What is not declared is UNDEFINED, as are writes to read-only registers, reads of commands,
//! and accesses from a mode or security state that has none.

pub mod identification;
pub mod pmu;
pub mod regs;

use crate::env::Env;
use crate::exception;
use crate::fault::{Fault, Trap};
use crate::mem::Kind;
use crate::mmu;
use crate::model::Model;
use crate::observe::{CacheMaintenance, CoprocAccess, Observer, TlbMaintenance};
use crate::op::{Flow, Op, Raised};
use crate::psr::Mode;
use crate::state::Core;
use msmemu_regs::{At, RegFile, RestoreError};
use pmu::Pmu;
pub use regs::Cp15Regs;
use std::collections::BTreeMap;

type File = RegFile<Cp15Regs, { Cp15Regs::WORDS }>;

/// State of CP15.
#[derive(Debug, Clone, PartialEq)]
pub struct Cp15 {
    /// Secure copies of banked registers, and everything that is not banked.
    secure: File,
    /// Non-secure copies of banked registers; other entries are unused.
    non_secure: File,
    /// Counters of the performance monitors.
    pub(crate) pmu: Pmu,
    /// Registers behind L2CPSELR and L2CPDR that were written.
    l2: BTreeMap<u32, u32>,
}

/// What [`Cp15::save`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedCp15 {
    secure: Vec<u32>,
    non_secure: Vec<u32>,
    pmu: Pmu,
    l2: Vec<(u32, u32)>,
}

/// Registers with a copy for each security state (ARM DDI 0406C.b, table B3-33).
pub const fn is_banked(reg: Cp15Regs) -> bool {
    use Cp15Regs as R;
    matches!(
        reg,
        R::CSSELR
            | R::SCTLR
            | R::ACTLR
            | R::TTBR0
            | R::TTBR1
            | R::TTBCR
            | R::DACR
            | R::DFSR
            | R::IFSR
            | R::ADFSR
            | R::AIFSR
            | R::DFAR
            | R::IFAR
            | R::PAR
            | R::PRRR
            | R::NMRR
            | R::VBAR
            | R::FCSEIDR
            | R::CONTEXTIDR
            | R::TPIDRURW
            | R::TPIDRURO
            | R::TPIDRPRW
    )
}

impl Cp15 {
    /// Reset values of a model.
    pub fn new(model: Model) -> Self {
        let mut secure = File::new();
        for (reg, value) in identification::of(model) {
            secure.set(*reg, *value);
        }
        Self { non_secure: secure.clone(), secure, pmu: Pmu::default(), l2: BTreeMap::new() }
    }

    /// Back to the reset values of a model.
    pub fn reset(&mut self, model: Model) {
        let Self { secure, non_secure, pmu, l2 } = self;
        let Self { secure: new_secure, non_secure: new_non_secure, pmu: new_pmu, l2: new_l2 } =
            Self::new(model);
        *secure = new_secure;
        *non_secure = new_non_secure;
        *pmu = new_pmu;
        *l2 = new_l2;
    }

    /// The state as plain data.
    pub fn save(&self) -> SavedCp15 {
        let Self { secure, non_secure, pmu, l2 } = self;
        SavedCp15 {
            secure: secure.words().to_vec(),
            non_secure: non_secure.words().to_vec(),
            pmu: pmu.clone(),
            l2: l2.iter().map(|(&number, &value)| (number, value)).collect(),
        }
    }

    /// Takes saved state back.
    ///
    /// # Errors
    /// When a register file is not one of this table's. Nothing is changed then.
    pub fn restore(&mut self, saved: &SavedCp15) -> Result<(), RestoreError> {
        let Self { secure, non_secure, pmu, l2 } = self;
        let SavedCp15 { secure: saved_secure, non_secure: saved_non_secure, pmu: saved_pmu, l2: saved_l2 } =
            saved;
        let (mut new_secure, mut new_non_secure) = (File::new(), File::new());
        new_secure.restore(saved_secure)?;
        new_non_secure.restore(saved_non_secure)?;
        *secure = new_secure;
        *non_secure = new_non_secure;
        *pmu = saved_pmu.clone();
        *l2 = saved_l2.iter().copied().collect();
        Ok(())
    }

    /// A register as a security state sees it, without the effects of a read by the guest.
    pub fn get(&self, reg: Cp15Regs, secure: bool) -> u32 {
        self.file(reg, secure).get(reg)
    }

    /// Sets a register from the model's side, without the effects of a write by the guest.
    pub fn set(&mut self, reg: Cp15Regs, secure: bool, value: u32) {
        self.file_mut(reg, secure).set(reg, value);
    }

    fn file(&self, reg: Cp15Regs, secure: bool) -> &File {
        if secure || !is_banked(reg) { &self.secure } else { &self.non_secure }
    }

    fn file_mut(&mut self, reg: Cp15Regs, secure: bool) -> &mut File {
        if secure || !is_banked(reg) { &mut self.secure } else { &mut self.non_secure }
    }

    /// SCR.NS: modes other than Monitor are in Non-secure state.
    pub fn scr_ns(&self) -> bool {
        self.secure.is_set(regs::SCR::NS)
    }
}

impl Core {
    /// Whether the core is in Secure state.
    pub fn is_secure(&self) -> bool {
        self.mode == Mode::Monitor || !self.cp15.scr_ns()
    }

    /// Which copy of a banked register MRC and MCR reach, and whose TLB entries maintenance names: in Monitor mode that
    /// of SCR.NS, though the mode itself is Secure.
    fn cp15_copy_is_secure(&self) -> bool {
        !self.cp15.scr_ns()
    }

    /// A CP15 register as the running security state sees it, without the effects of a read by the guest.
    pub fn cp15_reg(&self, reg: Cp15Regs) -> u32 {
        self.cp15.get(reg, self.is_secure())
    }

    /// SCTLR of the running security state.
    pub fn sctlr(&self) -> u32 {
        self.cp15_reg(Cp15Regs::SCTLR)
    }

    /// SCTLR.A: unaligned accesses fault.
    pub fn strict_alignment(&self) -> bool {
        regs::SCTLR::A.is_set(self.sctlr())
    }

    /// SCTLR.SW: SWP and SWPB are not UNDEFINED.
    pub fn swp_enabled(&self) -> bool {
        regs::SCTLR::SW.is_set(self.sctlr())
    }
}

/// Coordinates of a register in an MRC, MCR, MRRC or MCRR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Coord {
    pub crn: u8,
    pub opc1: u8,
    pub crm: u8,
    pub opc2: u8,
}

impl Coord {
    /// Byte offset in the register block.
    pub fn offset(self) -> u32 {
        regs::at(self.crn.into(), self.opc1.into(), self.crm.into(), self.opc2.into())
    }
}

/// Who accesses a register, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accessor {
    /// In a mode other than User.
    pub privileged: bool,
    /// In Secure state.
    pub secure: bool,
    /// MCR rather than MRC.
    pub write: bool,
    /// PMUSERENR.EN.
    pub user_counters: bool,
}

impl Accessor {
    fn of(core: &Core, write: bool) -> Self {
        Self {
            privileged: core.mode.is_privileged(),
            secure: core.is_secure(),
            write,
            user_counters: core.cp15.secure.is_set(regs::PMUSERENR::EN),
        }
    }

    /// Whether the access is allowed; otherwise it is UNDEFINED.
    pub fn may(&self, reg: Cp15Regs) -> bool {
        use Cp15Regs as R;
        let masks = reg.desc().masks;
        let is_command = masks.arg != 0;
        let read_only = !is_command && masks.rw | masks.wo | masks.w1c | masks.w1s == 0;
        if (is_command && !self.write) || (read_only && self.write) {
            return false;
        }
        let mode_may = self.privileged
            || match reg {
                R::TPIDRURW | R::CP15ISB | R::CP15DSB | R::CP15DMB => true,
                R::TPIDRURO | R::PMUSERENR => !self.write,
                R::PMCR
                | R::PMCNTENSET
                | R::PMCNTENCLR
                | R::PMOVSR
                | R::PMSWINC
                | R::PMSELR
                | R::PMCCNTR
                | R::PMXEVTYPER
                | R::PMXEVCNTR
                | R::PMXEVCNTCR => self.user_counters,
                _ => false,
            };
        let state_may = self.secure
            || match reg {
                R::SCR | R::SDER | R::MVBAR | R::V2POWPR | R::V2POWPW | R::V2POWUR | R::V2POWUW => false,
                R::NSACR => !self.write,
                _ => true,
            };
        mode_may && state_may
    }
}

/// The register that an access means, if the core has it and the accessor may.
fn find(core: &Core, at: Coord, write: bool) -> Option<At<Cp15Regs>> {
    let found = Cp15Regs::at(at.offset())?;
    if !identification::has(core.model, found.reg) {
        return None;
    }
    Accessor::of(core, write).may(found.reg).then_some(found)
}

fn observe<E: Env>(env: &mut E, op: &Op, at: Coord, value: u32, write: bool) {
    let Coord { crn, opc1, crm, opc2 } = at;
    env.obs().coproc(op.pc, &CoprocAccess { coproc: 15, crn, opc1, crm, opc2, value, write });
}

/// MRC p15.
///
/// # Errors
/// Undefined Instruction where no register is, or it is not accessible; the trap is recorded.
pub fn read<E: Env>(core: &mut Core, env: &mut E, op: &Op, at: Coord) -> Result<u32, Raised> {
    use Cp15Regs as R;
    let Some(found) = find(core, at, false) else {
        return Err(core.raise(Trap::Undefined));
    };
    let secure = core.cp15_copy_is_secure();
    let value = match found.reg {
        R::CCSIDR => identification::ccsidr(core.model, core.cp15.get(R::CSSELR, secure)),
        R::ISR => exception::isr(core),
        R::L2CPDR => {
            let select = core.cp15.get(R::L2CPSELR, secure);
            core.cp15.l2.get(&select).copied().unwrap_or(0)
        }
        R::PMCNTENCLR => core.cp15.secure.get(R::PMCNTENSET),
        R::PMINTENCLR => core.cp15.secure.get(R::PMINTENSET),
        R::PMOVSR | R::PMCCNTR | R::PMXEVTYPER | R::PMXEVCNTR => pmu::read(core, op, found.reg),
        _ => core.cp15.file_mut(found.reg, secure).guest_read(found),
    };
    observe(env, op, at, value, false);
    Ok(value)
}

/// MCR p15. The returned flow ends the block where the write changes decoding, translation or interrupts.
///
/// # Errors
/// As [`read`]; also the faults of operations by address.
pub fn write<E: Env>(core: &mut Core, env: &mut E, op: &Op, at: Coord, value: u32) -> Result<Flow, Raised> {
    use Cp15Regs as R;
    let Some(found) = find(core, at, true) else {
        return Err(core.raise(Trap::Undefined));
    };
    let reg = found.reg;
    let secure = core.cp15_copy_is_secure();
    match reg {
        R::ICIALLUIS
        | R::BPIALLIS
        | R::ICIALLU
        | R::ICIMVAU
        | R::BPIALL
        | R::BPIMVA
        | R::DCIMVAC
        | R::DCISW
        | R::DCCMVAC
        | R::DCCSW
        | R::DCCMVAU
        | R::DCCIMVAC
        | R::DCCISW => {
            cache_operation(core, env, op, reg, value)?;
        }
        R::V2PCWPR | R::V2PCWPW | R::V2PCWUR | R::V2PCWUW => {
            let (privileged, kind) = translation_kind(at.opc2);
            let regime = core.is_secure();
            translate_to_par(core, env, value, kind, privileged, regime)?;
        }
        R::V2POWPR | R::V2POWPW | R::V2POWUR | R::V2POWUW => {
            let (privileged, kind) = translation_kind(at.opc2);
            translate_to_par(core, env, value, kind, privileged, false)?;
        }
        R::TLBIALLIS | R::ITLBIALL | R::DTLBIALL | R::TLBIALL => {
            tlb_operation(core, env, op, TlbMaintenance::All);
        }
        R::TLBIMVAIS | R::ITLBIMVA | R::DTLBIMVA | R::TLBIMVA => {
            let what = TlbMaintenance::Page { va: value & 0xFFFF_F000, asid: value as u8 };
            tlb_operation(core, env, op, what);
        }
        R::TLBIASIDIS | R::ITLBIASID | R::DTLBIASID | R::TLBIASID => {
            tlb_operation(core, env, op, TlbMaintenance::Asid(value as u8));
        }
        R::TLBIMVAAIS | R::TLBIMVAA => {
            tlb_operation(core, env, op, TlbMaintenance::PageAllAsids { va: value & 0xFFFF_F000 });
        }
        R::PMCR
        | R::PMCNTENSET
        | R::PMCNTENCLR
        | R::PMOVSR
        | R::PMSWINC
        | R::PMCCNTR
        | R::PMXEVTYPER
        | R::PMXEVCNTR
        | R::PMINTENSET
        | R::PMINTENCLR => pmu::write(core, op, found, value),
        R::L2CPDR => {
            let select = core.cp15.get(R::L2CPSELR, secure);
            core.cp15.l2.insert(select, value);
        }
        R::CP15WFI | R::CP15PLI | R::CP15DSB | R::CP15DMB | R::CP15ISB => {}
        _ => {
            let change = core.cp15.file_mut(reg, secure).guest_write(found, value);
            match reg {
                // Entries are kept over these: the architecture asks for maintenance by software. What the software
                // TLB derived from the entries (permissions, attributes, this address space) is dropped.
                R::SCTLR | R::DACR | R::CONTEXTIDR | R::SCR if change.changed() != 0 => core.tlb.flush(),
                _ => {}
            }
            if reg == R::CONTEXTIDR {
                core.count_event(pmu::EVENT_CONTEXTIDR);
            }
        }
    }
    observe(env, op, at, value, true);
    Ok(match reg {
        R::SCTLR
        | R::CPACR
        | R::SCR
        | R::NSACR
        | R::DACR
        | R::TTBR0
        | R::TTBR1
        | R::TTBCR
        | R::CONTEXTIDR
        | R::PRRR
        | R::NMRR
        | R::VBAR
        | R::MVBAR
        | R::CP15ISB
        | R::ICIALLU
        | R::ICIALLUIS
        | R::ICIMVAU
        | R::TLBIALLIS
        | R::ITLBIALL
        | R::DTLBIALL
        | R::TLBIALL
        | R::TLBIMVAIS
        | R::ITLBIMVA
        | R::DTLBIMVA
        | R::TLBIMVA
        | R::TLBIASIDIS
        | R::ITLBIASID
        | R::DTLBIASID
        | R::TLBIASID
        | R::TLBIMVAAIS
        | R::TLBIMVAA => Flow::Sync,
        _ => Flow::Next,
    })
}

fn tlb_operation<E: Env>(core: &mut Core, env: &mut E, op: &Op, what: TlbMaintenance) {
    let secure = core.cp15_copy_is_secure();
    let dropped_large = core.mmu.tlb.invalidate(what, secure);
    match what {
        TlbMaintenance::Page { va, .. } | TlbMaintenance::PageAllAsids { va } if !dropped_large => {
            core.tlb.flush_page(va);
        }
        _ => core.tlb.flush(),
    }
    env.obs().tlb(op.pc, &what);
}

/// Cache operations have no effect on memory: no cache is modelled, and decoded code follows stores at once. They are
/// observable, and by address they fault as the architecture says.
fn cache_operation<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    reg: Cp15Regs,
    value: u32,
) -> Result<(), Raised> {
    use Cp15Regs as R;
    let by_va = |data, clean, invalidate, coherency| (data, clean, invalidate, coherency);
    let what = match reg {
        R::ICIALLU | R::ICIALLUIS => CacheMaintenance::InstructionAll,
        R::BPIALL | R::BPIALLIS | R::BPIMVA => CacheMaintenance::BranchPredictor,
        R::DCISW => CacheMaintenance::BySetWay { value, clean: false, invalidate: true },
        R::DCCSW => CacheMaintenance::BySetWay { value, clean: true, invalidate: false },
        R::DCCISW => CacheMaintenance::BySetWay { value, clean: true, invalidate: true },
        _ => {
            let (data, clean, invalidate, coherency) = match reg {
                R::DCIMVAC => by_va(true, false, true, true),
                R::DCCMVAC => by_va(true, true, false, true),
                R::DCCMVAU => by_va(true, true, false, false),
                R::DCCIMVAC => by_va(true, true, true, true),
                _ => by_va(false, false, true, false),
            };
            let secure = core.is_secure();
            // Permissions do not matter to these operations (DDI 0406C.b B2.2.6): look as a reader of the least
            // restricted kind, and let a permission fault pass.
            match mmu::translate_in(core, env, value, Kind::Read, true, secure) {
                Ok(translation) => CacheMaintenance::ByVa {
                    va: value,
                    pa: translation.pa,
                    data,
                    clean,
                    invalidate,
                    coherency,
                },
                Err(fault) if fault.status.is_permission() => return Ok(()),
                Err(fault) => {
                    let fault = Fault { write: true, maintenance: true, ..fault };
                    return Err(core.raise(Trap::DataAbort(fault)));
                }
            }
        }
    };
    env.obs().cache(op.pc, &what);
    Ok(())
}

fn translation_kind(opc2: u8) -> (bool, Kind) {
    (opc2 & 2 == 0, if opc2 & 1 == 0 { Kind::Read } else { Kind::Write })
}

fn translate_to_par<E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    kind: Kind,
    privileged: bool,
    regime_secure: bool,
) -> Result<(), Raised> {
    let par = match mmu::translate_in(core, env, va, kind, privileged, regime_secure) {
        Ok(translation) => translation.par(),
        // The architecture has the abort taken, rather than reported.
        Err(fault) if fault.status.is_external() => return Err(core.raise(Trap::DataAbort(fault))),
        Err(fault) => mmu::fault_par(fault.status),
    };
    let secure = core.cp15_copy_is_secure();
    core.cp15.set(Cp15Regs::PAR, secure, par);
    Ok(())
}

#[cfg(test)]
mod tests;
