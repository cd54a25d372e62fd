//! The guest's address space: one page-table image that both machines walk.
//!
//! Virtual and physical addresses differ everywhere, so that a machine that forgets to translate is found out. Memory is
//! Normal except where Device is said: there every unaligned access faults.
//!
//! | virtual | physical | access | use |
//! |---|---|---|---|
//! | `0x0000_8000` 8 KiB | `0x4001_0000` | read-only, executable | code, filled up with `SVC` |
//! | `0x1000_0000` 8 KiB | `0x4010_0000` | read and write, execute never | data |
//! | `0x1000_2000` | – | translation fault, level 2 | |
//! | `0x1000_3000` 4 KiB | `0x4010_3000` | User read-only, privileged read and write | data |
//! | `0x1000_4000` 4 KiB | `0x4010_4000` | User none, privileged read and write | data |
//! | `0x2000_0000` 1 MiB | – | translation fault, level 1 | |
//! | `0x3000_0000` 1 MiB | `0x4010_0000` | domain 1, no access: domain fault, level 1 | |
//! | `0x4000_8000` 4 KiB | `0x4000_8000` | privileged read-only | set-up code |
//! | `0xf000_0000` 4 KiB | `0x4000_f000` | privileged read-only | exception vectors |
//! | `0x5000_0000` 1 MiB | `0x4010_0000` | read-only section, execute never, Device | data |

use crate::exception::VBAR;
use crate::state::FaultStatus;

/// First byte of RAM, physical.
pub const RAM_BASE: u32 = 0x4000_0000;
/// Bytes of RAM.
pub const RAM_SIZE: u32 = 0x20_0000;
/// Exception vectors, physical; virtual is [`crate::exception::VBAR`].
pub const VECTORS_PA: u32 = RAM_BASE + 0xf000;
/// Every vector holds a `WFI`, which ends the core's run.
pub const VECTOR_WORD: u32 = 0xe320_f003;
/// Set-up code, at the same virtual and physical address, so that it survives switching the MMU on.
pub const SETUP: u32 = RAM_BASE + 0x8000;
/// First-level table, physical; the value of `TTBR0`.
pub const TTBR0: u32 = RAM_BASE;
/// `DACR`: domain 0 is a client, every other domain has no access.
pub const DACR: u32 = 1;

/// Code, virtual.
pub const CODE_VA: u32 = 0x0000_8000;
/// Code, physical.
pub const CODE_PA: u32 = RAM_BASE + 0x1_0000;
/// Bytes of code.
pub const CODE_SIZE: u32 = 0x2000;
/// Where a block starts: far enough from both ends for short branches.
pub const BLOCK_VA: u32 = CODE_VA + 0xe00;

/// Data window, virtual.
pub const DATA_VA: u32 = 0x1000_0000;
/// Data window, physical.
pub const DATA_PA: u32 = RAM_BASE + 0x10_0000;
/// Bytes of the window that are compared (the hole and the two protected pages are part of it).
pub const DATA_SIZE: u32 = 0x5000;
/// The same physical bytes through a read-only section.
pub const SECTION_VA: u32 = 0x5000_0000;
/// A section in a domain without access.
pub const DOMAIN_VA: u32 = 0x3000_0000;
/// Nothing is mapped here.
pub const UNMAPPED_VA: u32 = 0x2000_0000;

/// `SVC #0` in ARM; as two Thumb halfwords it is `SVC #0` too in the first halfword that is executed
/// (see [`filler`]).
const ARM_SVC: u32 = 0xef00_0000;
const THUMB_SVC: u32 = 0xdf00_df00;

/// The word that fills code memory around a block: control that leaves the block ends there.
pub fn filler(thumb: bool) -> u32 {
    if thumb { THUMB_SVC } else { ARM_SVC }
}

/// Page-table entries as (physical address, word) pairs; every other word of the first-level table is 0.
pub fn page_tables() -> Vec<(u32, u32)> {
    const SMALL: u32 = 0b10;
    const XN: u32 = 0b01;
    // TEX, C and B of Normal write-back and of Device memory.
    const NORMAL: u32 = 0b11 << 2;
    const DEVICE: u32 = 0b01 << 2;
    let l1 = |va: u32| TTBR0 + (va >> 20) * 4;
    let table = |n: u32| RAM_BASE + 0x4000 + n * 0x400;
    let (l2_low, l2_data, l2_high, l2_setup) = (table(0), table(1), table(2), table(3));
    let l2 = |table: u32, va: u32| table + (va >> 12 & 0xff) * 4;
    let ap = |apx: u32, ap: u32| apx << 9 | ap << 4;
    vec![
        (l1(CODE_VA), l2_low | 0b01),
        (l2(l2_low, CODE_VA), CODE_PA | SMALL | NORMAL | ap(1, 0b10)),
        (l2(l2_low, CODE_VA + 0x1000), (CODE_PA + 0x1000) | SMALL | NORMAL | ap(1, 0b10)),
        (l1(DATA_VA), l2_data | 0b01),
        (l2(l2_data, DATA_VA), DATA_PA | SMALL | XN | NORMAL | ap(0, 0b11)),
        (l2(l2_data, DATA_VA + 0x1000), (DATA_PA + 0x1000) | SMALL | XN | NORMAL | ap(0, 0b11)),
        (l2(l2_data, DATA_VA + 0x3000), (DATA_PA + 0x3000) | SMALL | XN | NORMAL | ap(0, 0b10)),
        (l2(l2_data, DATA_VA + 0x4000), (DATA_PA + 0x4000) | SMALL | XN | NORMAL | ap(0, 0b01)),
        (l1(SETUP), l2_setup | 0b01),
        (l2(l2_setup, SETUP), SETUP | SMALL | NORMAL | ap(1, 0b01)),
        (l1(VBAR), l2_high | 0b01),
        (l2(l2_high, VBAR), VECTORS_PA | SMALL | NORMAL | ap(1, 0b01)),
        (l1(DOMAIN_VA), DATA_PA | 0b10 | 1 << 5 | 0b11 << 10),
        // APX = 1, AP = 10: read-only for everyone; XN.
        (l1(SECTION_VA), DATA_PA | 0b10 | DEVICE | 1 << 15 | 0b10 << 10 | 1 << 4),
    ]
}

/// Whether an address is one of Device memory.
pub fn is_device(va: u32) -> bool {
    va >> 20 == SECTION_VA >> 20
}

/// What a faulting access to `va` must be told: an address has only one kind of MMU fault in this address space.
pub fn fault_at(va: u32) -> FaultStatus {
    let tables = page_tables();
    let word = |pa: u32| tables.iter().find(|(at, _)| *at == pa).map_or(0, |(_, word)| *word);
    let first = word(TTBR0 + (va >> 20) * 4);
    match first & 3 {
        0 => FaultStatus::Translation(1),
        0b01 if word((first & !0x3ff) + (va >> 12 & 0xff) * 4) == 0 => FaultStatus::Translation(2),
        0b01 => FaultStatus::Permission(2),
        _ if first >> 5 & 0xf != 0 => FaultStatus::Domain(1),
        _ => FaultStatus::Permission(1),
    }
}

/// `CLREX`, which lies before every block: the oracle's exclusive monitor can be cleared by an instruction only.
fn clear_exclusive(thumb: bool) -> u32 {
    if thumb { 0x8f2f_f3bf } else { 0xf57f_f01f }
}

/// Where a run starts that is to find the exclusive monitor clear.
pub const CLEAR_VA: u32 = BLOCK_VA - 4;

/// The code region with `code` at [`BLOCK_VA`], `CLREX` before it, and [`filler`] everywhere else.
pub fn code_image(code: &[u8], thumb: bool) -> Vec<u8> {
    let mut image: Vec<u8> = filler(thumb).to_le_bytes().repeat(CODE_SIZE as usize / 4);
    let at = (BLOCK_VA - CODE_VA) as usize;
    image[at - 4..at].copy_from_slice(&clear_exclusive(thumb).to_le_bytes());
    image[at..at + code.len()].copy_from_slice(code);
    image
}
