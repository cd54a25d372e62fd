//! Register tables: guest-write rules, names, resets and documentation from one declaration.
//!
//! A block of memory-mapped registers is declared once with [`register_block!`], with bit positions
//! written as in the manual. The declaration becomes constant tables that serve everything else: the
//! guest's reads and writes ([`RegFile`]), names in traces, coverage pages and SVD exports
//! ([`BlockDesc`]). There is no procedural macro, no allocation and no dependency.
//!
//! ```
//! msmemu_regs::register_block! {
//!     /// Signal mast: four lamps with sticky faults.
//!     pub block Mast, size 0x20;
//!
//!     /// Lamp control.
//!     LAMP_CTRL @ 0x00, reset 0x0000_0002 {
//!         LIT    [0]     rw      "Lamp output enabled",
//!         HUE    [3:1]   rw      "Filter in front of the lamp" { RED = 1, GREEN = 2 },
//!         _      [31:4]  res0,
//!     }
//!     /// Sticky faults; writing one clears.
//!     LAMP_FAULT @ 0x04, reset 0 {
//!         OPEN   [0]     w1c     "Filament open",
//!         HOT    [1]     w1c     "Too hot",
//!         _      [30:2]  res0,
//!         MULTI  [31]    ro      "A second fault came while one was pending",
//!     }
//!     /// Flash now. Nothing is stored.
//!     LAMP_FLASH @ 0x08, command {
//!         COUNT  [7:0]   arg     "Number of flashes",
//!         _      [31:8]  res0,
//!     }
//!     /// Puts a value straight into LAMP_FAULT.
//!     LAMP_FAULT_RESTORE @ 0x0C, alias LAMP_FAULT;
//!     /// Messages to show.
//!     SLOT @ 0x10, array 4 x 4, reset 0 {
//!         TEXT   [31:0]  rw      "Four characters",
//!     }
//! }
//! use msmemu_regs::RegFile;
//!
//! # fn main() {
//! let mut regs = RegFile::<Mast, { Mast::WORDS }>::new();
//! assert_eq!(regs.field(LAMP_CTRL::HUE), 1);
//!
//! // The model sets what the guest can only clear.
//! regs.set_field(LAMP_FAULT::HOT, 1);
//! let at = Mast::at(0x04).expect("LAMP_FAULT is at 4");
//! let change = regs.guest_write(at, 0xFFFF_FFFF);
//! assert_eq!((change.old, change.new), (2, 0));
//!
//! // The same tables explain an address.
//! let at = Mast::at(0x18).expect("inside the array");
//! assert_eq!(at.to_string(), "SLOT[2]");
//! assert_eq!(Mast::LAMP_CTRL.desc().show(3).to_string(), "LIT=1 HUE=1(RED)");
//! # }
//! ```
//!
//! # Field modes
//!
//! | mode | guest write | guest read |
//! |---|---|---|
//! | `rw` | stores | value |
//! | `stored` | stores; no behaviour is modelled, and coverage pages say so | value |
//! | `ro` | ignored, the model writes | value |
//! | `wo` | stores | 0 |
//! | `w1c` | a one clears the bit | value |
//! | `w1s` | a one sets the bit | value |
//! | `rc` | ignored, the model sets | value, then cleared |
//! | `arg` | part of a command, never stored | 0 |
//! | `res0`, `res1` | ignored | 0, 1 |
//!
//! # Checked when compiling
//!
//! Fields and registers do not overlap; every bit of a register is covered; a reset value respects
//! reserved bits; registers are aligned and inside the block; commands have only arguments, and only
//! commands have them; an alias names a plain register. A violation is a compile error at the block.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "svd"))]
extern crate std;

mod block;
mod desc;
mod file;
mod macros;
#[cfg(feature = "svd")]
pub mod svd;

pub use block::{At, Block, Field, Register};
pub use desc::{BlockDesc, FieldDesc, Kind, Masks, Mode, RegDesc, ShowFields, ValueDesc, ViewDesc};
pub use file::{Change, RegFile, RestoreError};

/// What [`register_block!`] expands to names these; nothing else should.
#[doc(hidden)]
pub mod __private {
    pub use crate::desc::{NO_REGISTER, check, index_table, storage, storage_words};
}
