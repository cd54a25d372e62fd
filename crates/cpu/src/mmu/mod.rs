//! Address translation: short-descriptor tables, architectural TLB, permissions.
//!
//! [`translate`] looks in the TLB ([`tlb`]), walks the tables on a miss ([`walk`]), and checks domain and permissions on
//! every use, so that DACR and the access flag scheme act at once. Faults are found in the order translation, access
//! flag, domain, permission (ARM DDI 0406C.b, B3.12); alignment is checked before, by the memory access.

pub mod attributes;
pub mod tlb;
pub mod walk;

use crate::cp15::Cp15Regs;
use crate::cp15::regs::{CONTEXTIDR, SCTLR};
use crate::env::Env;
use crate::fault::{Fault, FaultStatus};
use crate::mem::Kind;
use crate::state::Core;
use msmemu_fabric::{Cacheability, MemAttrs, MemType};
use tlb::{Entry, Tlb};

/// Translation state of the core.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mmu {
    /// The unified TLB of the architecture, as maintenance operations see it.
    pub tlb: Tlb,
}

impl Mmu {
    /// Forgets every translation.
    pub fn reset(&mut self) {
        let Self { tlb } = self;
        tlb.reset();
    }
}

/// A translated address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translation {
    /// Physical address of the byte asked for; the rest of its 4 KiB page follows it linearly.
    pub pa: u64,
    /// Memory attributes.
    pub attrs: MemAttrs,
    /// Secure access.
    pub secure: bool,
    /// Found in a supersection.
    pub supersection: bool,
}

impl Translation {
    /// PAR after a translation operation that succeeded.
    pub fn par(&self) -> u32 {
        let MemAttrs { kind, inner, outer, shareable } = self.attrs;
        let inner = match (kind, inner) {
            (MemType::StronglyOrdered, _) => 1,
            (MemType::Device, _) => 3,
            (MemType::Normal, Cacheability::NonCacheable) => 0,
            (MemType::Normal, Cacheability::WriteBackAllocate) => 5,
            (MemType::Normal, Cacheability::WriteThrough) => 6,
            (MemType::Normal, Cacheability::WriteBack) => 7,
        };
        let outer = match (kind, outer) {
            (MemType::Normal, Cacheability::WriteBackAllocate) => 1,
            (MemType::Normal, Cacheability::WriteThrough) => 2,
            (MemType::Normal, Cacheability::WriteBack) => 3,
            _ => 0,
        };
        let address = if self.supersection {
            (self.pa as u32 & 0xFF00_0000) | ((self.pa >> 32) as u32 & 0xFF) << 16 | 1 << 1
        } else {
            self.pa as u32 & 0xFFFF_F000
        };
        address | u32::from(!self.secure) << 9 | u32::from(shareable) << 7 | inner << 4 | outer << 2
    }
}

/// PAR after a translation operation that found a fault.
pub fn fault_par(status: FaultStatus) -> u32 {
    let fsr = status.fsr();
    (fsr >> 12 & 1) << 6 | (fsr >> 10 & 1) << 5 | (fsr & 0xF) << 1 | 1
}

/// Translates one address in the running security state and checks permissions for `kind`.
///
/// # Errors
/// The fault for DFSR or IFSR; nothing is recorded, so address-translation operations can use it too.
pub fn translate<E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    kind: Kind,
    privileged: bool,
) -> Result<Translation, Fault> {
    let secure = core.is_secure();
    translate_in(core, env, va, kind, privileged, secure)
}

/// Translates one address in the regime of a security state.
///
/// # Errors
/// As [`translate`].
pub fn translate_in<E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    kind: Kind,
    privileged: bool,
    secure: bool,
) -> Result<Translation, Fault> {
    let sctlr = core.cp15.get(Cp15Regs::SCTLR, secure);
    if !SCTLR::M.is_set(sctlr) {
        return Ok(flat(va, kind, sctlr, secure));
    }
    let asid = CONTEXTIDR::ASID.get(core.cp15.get(Cp15Regs::CONTEXTIDR, secure)) as u8;
    let entry = match core.mmu.tlb.find(va, asid, secure) {
        Some(entry) => entry,
        None => {
            let write = kind == Kind::Write;
            let entry = walk::walk(core, env, va, secure, asid).map_err(|stop| Fault {
                va,
                status: stop.status,
                domain: stop.domain,
                write,
                maintenance: false,
            })?;
            if let Some(evicted) = core.mmu.tlb.insert(entry) {
                // The software TLB must stay a subset of this one, or dropping it would change results.
                core.tlb.flush_page(evicted);
            }
            entry
        }
    };
    check(core, &entry, va, kind, privileged, secure)?;
    Ok(Translation {
        pa: entry.pa | u64::from(va & 0xFFF),
        attrs: entry.attrs,
        secure: secure && !entry.ns,
        supersection: entry.supersection,
    })
}

/// With the MMU off addresses are physical; data is Strongly-ordered, instructions are Normal and cached if SCTLR.I says.
fn flat(va: u32, kind: Kind, sctlr: u32, secure: bool) -> Translation {
    let attrs = match kind {
        Kind::Fetch if SCTLR::I.is_set(sctlr) => MemAttrs {
            kind: MemType::Normal,
            inner: Cacheability::WriteThrough,
            outer: Cacheability::WriteThrough,
            shareable: false,
        },
        Kind::Fetch => MemAttrs::NORMAL_NON_CACHEABLE,
        Kind::Read | Kind::Write => MemAttrs::STRONGLY_ORDERED,
    };
    Translation { pa: u64::from(va), attrs, secure, supersection: false }
}

fn check(
    core: &Core,
    entry: &Entry,
    va: u32,
    kind: Kind,
    privileged: bool,
    secure: bool,
) -> Result<(), Fault> {
    let fault = |section, page| {
        let status = if entry.second_level { page } else { section };
        Err(Fault { va, status, domain: entry.domain, write: kind == Kind::Write, maintenance: false })
    };
    let dacr = core.cp15.get(Cp15Regs::DACR, secure);
    match dacr >> (2 * u32::from(entry.domain)) & 3 {
        3 => return Ok(()),
        1 => {}
        // 0b10 is reserved; it faults like no access, our choice.
        _ => return fault(FaultStatus::DomainSection, FaultStatus::DomainPage),
    }
    let access_flag = SCTLR::AFE.is_set(core.cp15.get(Cp15Regs::SCTLR, secure));
    let ap = if access_flag { entry.ap | 1 } else { entry.ap };
    let (may_read, may_write) = permissions(ap, privileged);
    let allowed = match kind {
        Kind::Read => may_read,
        Kind::Write => may_write,
        Kind::Fetch => may_read && !entry.xn,
    };
    if allowed { Ok(()) } else { fault(FaultStatus::PermissionSection, FaultStatus::PermissionPage) }
}

/// Whether `AP[2:0]` lets one read and write (ARM DDI 0406C.b, table B3-8). The reserved 0b100 lets nobody; our choice.
const fn permissions(ap: u8, privileged: bool) -> (bool, bool) {
    match (ap & 7, privileged) {
        (0 | 4, _) | (1 | 5, false) => (false, false),
        (1 | 2, true) | (3, _) => (true, true),
        _ => (true, false),
    }
}

#[cfg(test)]
mod tests;
