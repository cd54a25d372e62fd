//! The stream side: from a master's MID to a bank, or out of the model at once.

use crate::context::Overrides;
use crate::request::AccessOverride;
use crate::spec::global_page::M2VCBR_N;

/// One M2VCBR entry, decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    /// M2VCBR.CBNDX; may name no bank.
    pub(crate) bank: u8,
    /// M2VCBR.VMID.
    pub(crate) vmid: u8,
    /// NSCFG.
    pub(crate) security: AccessOverride,
    /// BYPASSD.
    pub(crate) bypass_forbidden: bool,
    /// For bypassed transactions.
    pub(crate) overrides: Overrides,
}

impl Route {
    pub(crate) fn decode(word: u32) -> Self {
        Self {
            bank: M2VCBR_N::CBNDX.get(word) as u8,
            vmid: M2VCBR_N::VMID.get(word) as u8,
            security: AccessOverride::security(M2VCBR_N::NSCFG.get(word)),
            bypass_forbidden: M2VCBR_N::BYPASSD.is_set(word),
            overrides: Overrides::new(
                M2VCBR_N::BPMTCFG.is_set(word).then_some(M2VCBR_N::BPMEMTYPE.get(word)),
                M2VCBR_N::BPSHCFG.get(word),
                [M2VCBR_N::BPRCOSH, M2VCBR_N::BPRCISH, M2VCBR_N::BPRCNSH].map(|field| field.get(word)),
            ),
        }
    }
}
