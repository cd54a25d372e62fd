//! Decoded configuration of a context bank, rebuilt when one of its registers is written, so that
//! translating reads no register fields.

use msmemu_regs::RegFile;

use crate::request::AccessOverride;
use crate::spec::ContextBank;
use crate::spec::context_bank::{ACTLR, BFBCR, CONTEXTIDR, NMRR, PRRR, SCTLR, TTBCR, TTBR0};
use crate::spec::descriptor::LeafBits;
use crate::spec::global_page::{CBACR_N, CR};
use crate::spec::memory_type::{CachePolicy, MemoryAttributes, MemoryKind, Shareability};
use crate::tlb::Tag;

/// The registers of one bank.
pub(crate) type BankRegs = RegFile<ContextBank, { ContextBank::WORDS }>;

/// Changes to the attributes of outgoing transactions: those of ACTLR for translated ones, those of
/// M2VCBR for bypassed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Overrides {
    /// Whether one of the next two is there.
    replaces: bool,
    /// Memory type to use instead.
    kind: Option<MemoryKind>,
    /// Shareability to use instead.
    shareability: Option<Shareability>,
    /// Redirect cacheable traffic, by the code of its shareability.
    redirect: [bool; 4],
}

impl Overrides {
    /// From a memory type code that replaces the type, the code of PTSHCFG or BPSHCFG, and the redirection
    /// bits for outer shareable, inner shareable and not shareable traffic.
    pub(crate) fn new(type_code: Option<u32>, shareability: u32, redirect: [u32; 3]) -> Self {
        let kind = type_code.map(MemoryKind::from_type_code);
        let shareability = shareability_override(shareability);
        let [outer, inner, none] = redirect.map(|bit| bit != 0);
        Self {
            replaces: kind.is_some() || shareability.is_some(),
            kind,
            shareability,
            redirect: [none, outer, inner, none],
        }
    }

    #[inline(always)]
    pub(crate) fn apply(&self, mut attributes: MemoryAttributes) -> MemoryAttributes {
        if self.replaces {
            attributes = self.replace(attributes);
        }
        attributes.redirected_by(&self.redirect)
    }

    #[cold]
    fn replace(&self, mut attributes: MemoryAttributes) -> MemoryAttributes {
        if let Some(kind) = self.kind {
            attributes = attributes.with_kind(kind);
        }
        if let Some(shareability) = self.shareability {
            attributes = attributes.with_shareability(shareability);
        }
        attributes
    }
}

/// The code of PTSHCFG and BPSHCFG.
const fn shareability_override(code: u32) -> Option<Shareability> {
    match code {
        1 => Some(Shareability::Outer),
        2 => Some(Shareability::Inner),
        3 => Some(Shareability::None),
        _ => None,
    }
}

/// One translation table base.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Base {
    /// Physical address of the table.
    pub(crate) address: u32,
    /// Attributes of its memory.
    pub(crate) attributes: MemoryAttributes,
    /// TTBCR.PDn.
    pub(crate) disabled: bool,
}

/// What V2PCFG allows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct V2pPolicy {
    pub(crate) lookup: bool,
    pub(crate) walk: bool,
}

/// A bank, decoded.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// VMID and ASID; the security is added by the access.
    pub(crate) tag: Tag,
    /// SCTLR.M.
    pub(crate) enabled: bool,
    /// SCTLR.M, unless CR.CLIENTPD.
    pub(crate) translate: bool,
    /// PRIVCFG.
    pub(crate) privilege: AccessOverride,
    pub(crate) overrides: Overrides,

    /// TTBR1 serves the addresses that have a bit of this mask.
    pub(crate) upper: u32,
    pub(crate) bases: [Base; 2],
    pub(crate) big_endian: bool,
    pub(crate) access_flag: bool,
    pub(crate) set_access_flag: bool,
    pub(crate) ignore_access_flag: bool,
    /// Resolved attributes, by TEX, C, B, S.
    remap: [MemoryAttributes; 64],

    pub(crate) walk_on_miss: bool,
    pub(crate) allocate: bool,
    pub(crate) v2p: V2pPolicy,
    pub(crate) v2p_allocate: bool,
    pub(crate) block_fetch: bool,
    pub(crate) hit_under_miss: bool,

    pub(crate) stall: bool,
    pub(crate) terminate_behind_stall: bool,
    pub(crate) error_response: bool,
    pub(crate) interrupt_enabled: bool,
    pub(crate) interrupt_line: u8,
}

impl Context {
    /// Decodes everything. `cr` and `cbacr` are the global registers that act on the bank.
    pub(crate) fn decode(regs: &BankRegs, cr: u32, cbacr: u32) -> Self {
        let sctlr = regs.get(ContextBank::SCTLR);
        let actlr = regs.get(ContextBank::ACTLR);
        let ttbcr = regs.get(ContextBank::TTBCR);
        let n = TTBCR::N.get(ttbcr);
        let base = |word: u32, mask: u32, disabled| Base {
            address: word & mask,
            attributes: table_attributes(word),
            disabled,
        };
        let v2pcfg = ACTLR::V2PCFG.get(actlr);
        let enabled = SCTLR::M.is_set(sctlr);
        Self {
            tag: Tag::new(CBACR_N::CBVMID.get(cbacr) as u8, regs.field(CONTEXTIDR::ASID) as u8, false),
            enabled,
            translate: enabled && !CR::CLIENTPD.is_set(cr),
            privilege: AccessOverride::privilege(ACTLR::PRIVCFG.get(actlr)),
            overrides: Overrides::new(
                ACTLR::PTMTCFG.is_set(actlr).then_some(ACTLR::PTMEMTYPE.get(actlr)),
                ACTLR::PTSHCFG.get(actlr),
                [ACTLR::RCOSH, ACTLR::RCISH, ACTLR::RCNSH].map(|field| field.get(actlr)),
            ),
            upper: if n == 0 { 0 } else { !(u32::MAX >> n) },
            bases: [
                base(regs.get(ContextBank::TTBR0), u32::MAX << (14 - n), TTBCR::PD0.is_set(ttbcr)),
                base(regs.get(ContextBank::TTBR1), u32::MAX << 14, TTBCR::PD1.is_set(ttbcr)),
            ],
            big_endian: SCTLR::BE.is_set(sctlr),
            access_flag: SCTLR::AFE.is_set(sctlr),
            set_access_flag: SCTLR::HAF.is_set(sctlr),
            ignore_access_flag: SCTLR::AFFD.is_set(sctlr),
            remap: remap_table(sctlr, regs.get(ContextBank::PRRR), regs.get(ContextBank::NMRR)),
            walk_on_miss: ACTLR::TLBMCFG.get(actlr) == 3,
            allocate: !ACTLR::DNA.is_set(actlr),
            v2p: V2pPolicy { lookup: v2pcfg & 1 != 0, walk: v2pcfg & 2 != 0 },
            v2p_allocate: !ACTLR::DNLV2PA.is_set(actlr),
            block_fetch: regs.is_set(BFBCR::BFBDFE),
            hit_under_miss: ACTLR::HUME.is_set(actlr) || CR::HUME.is_set(cr),
            stall: ACTLR::CFCFG.is_set(actlr) && !CR::STALLD.is_set(cr),
            terminate_behind_stall: ACTLR::TIPCF.is_set(actlr),
            error_response: ACTLR::CFERE.is_set(actlr),
            interrupt_enabled: ACTLR::CFEIE.is_set(actlr),
            interrupt_line: CBACR_N::IRPTNDX.get(cbacr) as u8,
        }
    }

    /// The table base that serves an address. With TTBR0 the top N bits of the address are 0, so an index
    /// `VA[31:20]` stays inside its smaller table.
    #[inline]
    pub(crate) fn base(&self, va: u32) -> &Base {
        &self.bases[usize::from(va & self.upper != 0)]
    }

    /// Resolved attributes of a descriptor.
    #[inline]
    pub(crate) fn attributes(&self, leaf: LeafBits) -> MemoryAttributes {
        let index = leaf.tex << 3 | u8::from(leaf.c) << 2 | u8::from(leaf.b) << 1 | u8::from(leaf.s);
        self.remap[usize::from(index & 63)]
    }
}

/// Attributes of table memory from the low bits of TTBRx.
fn table_attributes(ttbr: u32) -> MemoryAttributes {
    // TTBR1 has the same layout.
    let inner = TTBR0::IRGNH.get(ttbr) << 1 | TTBR0::IRGNL.get(ttbr);
    let kind = MemoryKind::Normal {
        inner: CachePolicy::from_code(inner),
        outer: CachePolicy::from_code(TTBR0::ORGN.get(ttbr)),
    };
    let shareability = match (TTBR0::SH.is_set(ttbr), TTBR0::NOS.is_set(ttbr)) {
        (false, _) => Shareability::None,
        (true, false) => Shareability::Outer,
        (true, true) => Shareability::Inner,
    };
    MemoryAttributes::new(kind, shareability)
}

/// Attributes of all 64 combinations of TEX, C, B and S.
fn remap_table(sctlr: u32, prrr: u32, nmrr: u32) -> [MemoryAttributes; 64] {
    let mut table = [MemoryAttributes::STRONGLY_ORDERED; 64];
    for (index, slot) in (0u32..).zip(&mut table) {
        let (tex, cb, s) = (index >> 3, index >> 1 & 3, index & 1 != 0);
        *slot = if SCTLR::TRE.is_set(sctlr) {
            remapped((tex & 1) << 2 | cb, s, prrr, nmrr)
        } else {
            plain(tex, cb, s)
        };
    }
    table
}

/// TEX remap: class {`TEX[0]`, C, B} through PRRR and NMRR.
fn remapped(class: u32, s: bool, prrr: u32, nmrr: u32) -> MemoryAttributes {
    let not_outer = prrr >> (24 + class) & 1 != 0;
    let (kind, shared) = match prrr >> (2 * class) & 3 {
        0 => return MemoryAttributes::STRONGLY_ORDERED,
        1 => {
            let shared = if s { PRRR::SHDSH1.is_set(prrr) } else { PRRR::SHDSH0.is_set(prrr) };
            (MemoryKind::Device, shared)
        }
        _ => {
            let inner = CachePolicy::from_code(nmrr >> (NMRR::ICPC0.lsb() + 2 * class));
            let outer = CachePolicy::from_code(nmrr >> (NMRR::OCPC0.lsb() + 2 * class));
            let shared = if s { PRRR::SHNMSH1.is_set(prrr) } else { PRRR::SHNMSH0.is_set(prrr) };
            (MemoryKind::Normal { inner, outer }, shared)
        }
    };
    let shareability = match (shared, not_outer) {
        (false, _) => Shareability::None,
        (true, false) => Shareability::Outer,
        (true, true) => Shareability::Inner,
    };
    MemoryAttributes::new(kind, shareability)
}

/// The plain encoding of TEX, C, B. Reserved codes are strongly ordered, the safest reading.
fn plain(tex: u32, cb: u32, s: bool) -> MemoryAttributes {
    use CachePolicy::{NonCached, WriteBack, WriteBackAllocate, WriteThrough};
    let normal = |inner, outer| {
        let shareability = if s { Shareability::Outer } else { Shareability::None };
        MemoryAttributes::new(MemoryKind::Normal { inner, outer }, shareability)
    };
    match (tex, cb) {
        (0, 1) => MemoryAttributes::new(MemoryKind::Device, Shareability::Outer),
        (0, 2) => normal(WriteThrough, WriteThrough),
        (0, 3) => normal(WriteBack, WriteBack),
        (1, 0) => normal(NonCached, NonCached),
        (1, 3) => normal(WriteBackAllocate, WriteBackAllocate),
        (2, 0) => MemoryAttributes::new(MemoryKind::Device, Shareability::None),
        (4..=7, _) => normal(CachePolicy::from_code(cb), CachePolicy::from_code(tex)),
        _ => MemoryAttributes::STRONGLY_ORDERED,
    }
}

impl Default for MemoryAttributes {
    fn default() -> Self {
        Self::NON_CACHED
    }
}
