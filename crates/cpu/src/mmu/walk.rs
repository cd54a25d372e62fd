//! Translation table walks of the short-descriptor format (ARM DDI 0406C.b, B3.5).

use super::attributes;
use super::tlb::Entry;
use crate::cp15::Cp15Regs;
use crate::cp15::regs::{SCTLR, TTBCR};
use crate::env::Env;
use crate::fault::FaultStatus;
use crate::mem;
use crate::observe::Observer;
use crate::state::Core;

/// A walk that found no translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Why.
    pub status: FaultStatus,
    /// Domain, where the first-level descriptor has given one; else 0.
    pub domain: u8,
}

/// Where a walk starts: the table and the number of address bits that index it, or `None` where walks are disabled.
fn first_level_address(core: &Core, va: u32, secure: bool) -> Option<u64> {
    let ttbcr = core.cp15.get(Cp15Regs::TTBCR, secure);
    let n = TTBCR::N.get(ttbcr);
    let (base, n) = if n == 0 || va >> (32 - n) == 0 {
        if TTBCR::PD0.is_set(ttbcr) {
            return None;
        }
        (core.cp15.get(Cp15Regs::TTBR0, secure), n)
    } else {
        if TTBCR::PD1.is_set(ttbcr) {
            return None;
        }
        (core.cp15.get(Cp15Regs::TTBR1, secure), 0)
    };
    let table = base & (u32::MAX << (14 - n));
    let index = (va << n >> n) >> 20;
    Some(u64::from(table | index << 2))
}

#[allow(clippy::too_many_arguments)]
fn read_descriptor<E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    level: u8,
    pa: u64,
    secure: bool,
    big_endian: bool,
) -> Result<u32, Stopped> {
    let status =
        if level == 1 { FaultStatus::ExternalOnWalkFirst } else { FaultStatus::ExternalOnWalkSecond };
    let word = mem::phys_read32(core, env, pa, secure).map_err(|_| Stopped { status, domain: 0 })?;
    let descriptor = if big_endian { word.swap_bytes() } else { word };
    env.obs().walk(va, level, pa, descriptor);
    Ok(descriptor)
}

/// Walks the tables of a security state for the page of `va`.
///
/// # Errors
/// Translation, access flag and external faults. Domain and permissions are checked later, on each use.
pub fn walk<E: Env>(core: &mut Core, env: &mut E, va: u32, secure: bool, asid: u8) -> Result<Entry, Stopped> {
    let sctlr = core.cp15.get(Cp15Regs::SCTLR, secure);
    let access_flag = SCTLR::AFE.is_set(sctlr);
    let big_endian = SCTLR::EE.is_set(sctlr);
    let Some(first) = first_level_address(core, va, secure) else {
        return Err(Stopped { status: FaultStatus::TranslationSection, domain: 0 });
    };
    let l1 = read_descriptor(core, env, va, 1, first, secure, big_endian)?;
    let domain = (l1 >> 5 & 0xF) as u8;
    match l1 & 3 {
        // 0b11 is the section with PXN of later architectures; reserved here, and it faults (our choice).
        0 | 3 => Err(Stopped { status: FaultStatus::TranslationSection, domain: 0 }),
        1 => {
            let ns = l1 >> 3 & 1 != 0;
            let second = u64::from((l1 & 0xFFFF_FC00) | (va >> 12 & 0xFF) << 2);
            let l2 = read_descriptor(core, env, va, 2, second, secure && !ns, big_endian)
                .map_err(|stopped| Stopped { domain, ..stopped })?;
            page(core, va, l2, domain, ns, secure, asid, access_flag)
        }
        _ => section(core, va, l1, secure, asid, access_flag),
    }
}

fn section(
    core: &Core,
    va: u32,
    l1: u32,
    secure: bool,
    asid: u8,
    access_flag: bool,
) -> Result<Entry, Stopped> {
    let ap = ap_of(l1 >> 10, l1 >> 15);
    if access_flag && ap & 1 == 0 {
        return Err(Stopped { status: FaultStatus::AccessFlagSection, domain: 0 });
    }
    let supersection = l1 >> 18 & 1 != 0;
    let (mask, domain, pa) = if supersection {
        let high = u64::from(l1 >> 20 & 0xF) << 32 | u64::from(l1 >> 5 & 0xF) << 36;
        (0xFF00_0000, 0, high | u64::from(l1 & 0xFF00_0000))
    } else {
        (0xFFF0_0000, (l1 >> 5 & 0xF) as u8, u64::from(l1 & 0xFFF0_0000))
    };
    Ok(Entry {
        va: va & 0xFFFF_F000,
        mask,
        pa: pa | u64::from(va & !mask & 0xFFFF_F000),
        asid: (l1 >> 17 & 1 != 0).then_some(asid),
        secure,
        ns: l1 >> 19 & 1 != 0,
        ap,
        xn: l1 >> 4 & 1 != 0,
        domain,
        second_level: false,
        supersection,
        attrs: attributes::of(core, secure, tex_cb(l1 >> 12, l1), l1 >> 16 & 1 != 0),
    })
}

#[allow(clippy::too_many_arguments)]
fn page(
    core: &Core,
    va: u32,
    l2: u32,
    domain: u8,
    ns: bool,
    secure: bool,
    asid: u8,
    access_flag: bool,
) -> Result<Entry, Stopped> {
    let ap = ap_of(l2 >> 4, l2 >> 9);
    let (mask, xn, tex) = match l2 & 3 {
        0 => return Err(Stopped { status: FaultStatus::TranslationPage, domain }),
        1 => (0xFFFF_0000, l2 >> 15 & 1 != 0, l2 >> 12),
        _ => (0xFFFF_F000, l2 & 1 != 0, l2 >> 6),
    };
    if access_flag && ap & 1 == 0 {
        return Err(Stopped { status: FaultStatus::AccessFlagPage, domain });
    }
    Ok(Entry {
        va: va & 0xFFFF_F000,
        mask,
        pa: u64::from((l2 & mask) | (va & !mask & 0xFFFF_F000)),
        asid: (l2 >> 11 & 1 != 0).then_some(asid),
        secure,
        ns,
        ap,
        xn,
        domain,
        second_level: true,
        supersection: false,
        attrs: attributes::of(core, secure, tex_cb(tex, l2), l2 >> 10 & 1 != 0),
    })
}

/// `AP[2:0]` from the position of `AP[1:0]` and that of `AP[2]`.
const fn ap_of(low: u32, high: u32) -> u8 {
    (low & 3 | (high & 1) << 2) as u8
}

/// `TEX[2:0]`, C, B as five bits.
const fn tex_cb(tex: u32, descriptor: u32) -> u8 {
    ((tex & 7) << 2 | descriptor >> 2 & 3) as u8
}
