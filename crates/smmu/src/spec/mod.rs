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

/// The window as a table, for exports. An instance has as many banks as its configuration says.
#[cfg(feature = "svd")]
pub const WINDOW_REGISTERS: msmemu_regs::svd::Window = msmemu_regs::svd::Window {
    name: "smmu",
    title: "System MMU",
    size: WINDOW,
    parts: &[
        msmemu_regs::svd::Part {
            block: ContextBank::DESC,
            offset: 0,
            // The largest instances of the family have three; 255 fit below the global page.
            banks: Some(msmemu_regs::svd::Banks { name: "CB", count: 3, stride: BANK_STRIDE }),
        },
        msmemu_regs::svd::Part { block: GlobalPage::DESC, offset: GLOBAL_PAGE, banks: None },
    ],
};

/// Bytes from one context bank's registers to the next one's.
pub const BANK_STRIDE: u32 = 0x1000;

/// Offset of the global page in the window.
pub const GLOBAL_PAGE: u32 = 0xF_F000;
