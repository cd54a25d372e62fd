//! Layouts: registers, descriptors, codes. No behaviour.

pub mod context_bank;
pub mod descriptor;
pub mod fault_code;
pub mod global_page;
pub mod memory_type;

pub use context_bank::ContextBank;
pub use global_page::GlobalPage;

/// Bytes of a System MMU's register window.
pub const WINDOW: u32 = 0x10_0000;

/// Bytes from one context bank's registers to the next one's.
pub const BANK_STRIDE: u32 = 0x1000;

/// Offset of the global page in the window.
pub const GLOBAL_PAGE: u32 = 0xF_F000;
