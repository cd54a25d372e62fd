//! Memory attributes from TEX, C, B and S, plain or through the remap registers (ARM DDI 0406C.b, B3.8).

use crate::cp15::Cp15Regs;
use crate::cp15::regs::{PRRR, SCTLR};
use crate::state::Core;
use msmemu_fabric::{Cacheability, MemAttrs, MemType};

/// Attributes of a descriptor: `tex_cb` is `TEX[2:0]`, C, B; `s` the shareable bit.
pub(super) fn of(core: &Core, secure: bool, tex_cb: u8, s: bool) -> MemAttrs {
    let sctlr = core.cp15.get(Cp15Regs::SCTLR, secure);
    if SCTLR::TRE.is_set(sctlr) {
        let prrr = core.cp15.get(Cp15Regs::PRRR, secure);
        let nmrr = core.cp15.get(Cp15Regs::NMRR, secure);
        remapped(prrr, nmrr, tex_cb, s)
    } else {
        plain(tex_cb, s)
    }
}

/// Encoding of the cacheability fields in descriptors and NMRR.
const fn cacheability(bits: u32) -> Cacheability {
    match bits & 3 {
        0 => Cacheability::NonCacheable,
        1 => Cacheability::WriteBackAllocate,
        2 => Cacheability::WriteThrough,
        _ => Cacheability::WriteBack,
    }
}

const fn normal(inner: Cacheability, outer: Cacheability, shareable: bool) -> MemAttrs {
    MemAttrs { kind: MemType::Normal, inner, outer, shareable }
}

/// Without TEX remap. Reserved and implementation defined encodings are Normal non-cacheable; our choice.
pub fn plain(tex_cb: u8, s: bool) -> MemAttrs {
    use Cacheability::{NonCacheable, WriteBack, WriteBackAllocate, WriteThrough};
    let (tex, cb) = (u32::from(tex_cb >> 2), u32::from(tex_cb & 3));
    match (tex, cb) {
        (0, 0) => MemAttrs::STRONGLY_ORDERED,
        (0, 1) => MemAttrs::DEVICE,
        (0, 2) => normal(WriteThrough, WriteThrough, s),
        (0, 3) => normal(WriteBack, WriteBack, s),
        (1, 3) => normal(WriteBackAllocate, WriteBackAllocate, s),
        (2, 0) => MemAttrs { shareable: false, ..MemAttrs::DEVICE },
        (4.., _) => normal(cacheability(cb), cacheability(tex), s),
        _ => normal(NonCacheable, NonCacheable, s),
    }
}

/// With TEX remap: `TEX[0]`, C, B select a field of PRRR and, for Normal memory, of NMRR.
pub fn remapped(prrr: u32, nmrr: u32, tex_cb: u8, s: bool) -> MemAttrs {
    let n = u32::from(tex_cb & 7);
    match prrr >> (2 * n) & 3 {
        0 => MemAttrs::STRONGLY_ORDERED,
        1 => {
            let shareable = if s { PRRR::DS1.is_set(prrr) } else { PRRR::DS0.is_set(prrr) };
            MemAttrs { shareable, ..MemAttrs::DEVICE }
        }
        // 0b11 is reserved; Normal, our choice.
        _ => {
            let shareable = if s { PRRR::NS1.is_set(prrr) } else { PRRR::NS0.is_set(prrr) };
            normal(cacheability(nmrr >> (2 * n)), cacheability(nmrr >> (16 + 2 * n)), shareable)
        }
    }
}
