//! What connects the parts of the emulated machine.
//!
//! * [`Access`] is one bus transaction: where, what, by whom and with which attributes.
//! * [`Ram`] is guest memory: frames that are allocated when touched, copy-on-write forks, dirty
//!   tracking and store watches.
//! * [`Bus`] is the seam between a core and everything it can reach.
//!
//! The crate holds no device and no policy. Three outcomes are kept apart: a fault that the guest
//! must see is a [`BusFault`]; a gap in the model is reported by the device and judged by the
//! machine's bus; a failure of the host is an error of the call that met it.
#![forbid(unsafe_code)]

mod access;
mod addr;
mod bus;
mod monitor;
mod ram;

pub use access::{Access, AccessKind, BusMaster, Cacheability, MasterId, MemAttrs, MemType, Mid, Prot, Size};
pub use addr::{FRAME_BITS, FRAME_SIZE, PhysAddr, PhysRange};
pub use bus::{Bus, BusFault, RamBus};
pub use monitor::{ExclusiveMonitor, SavedMonitor};
pub use ram::{FrameId, Ram, RamError, SavedFrame, SavedRam, Watch, WatchSet, WatchedStore, Word};
