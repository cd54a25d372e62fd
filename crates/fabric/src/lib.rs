//! What connects the parts of the emulated machine.
//!
//! * [`Access`] is one bus transaction: where, what, by whom and with which attributes.
//! * [`Ram`] is guest memory: frames that are allocated when touched, copy-on-write forks, dirty
//!   tracking and store watches.
//! * [`Bus`] is the seam between a core and everything it can reach.
//! * [`AddressMap`] says which entry answers where; it is checked data with all conflicts reported.
//! * [`Time`] is virtual time in picoseconds; [`EventQueue`] orders what happens in it;
//!   [`Clock`] and [`Counter`] convert without drift.
//! * [`Lines`] are the interrupt lines: named, with a level that its owner computes.
//! * [`Server`] and [`Slots`] make accesses take time.
//! * [`FabricTap`] and [`FabricObserver`] are where injected faults act and where traces listen.
//!
//! The crate holds no device and no policy. Three outcomes are kept apart: a fault that the guest
//! must see is a [`BusFault`]; a gap in the model is reported by the device and judged by the
//! machine's bus; a failure of the host is an error of the call that met it.
#![forbid(unsafe_code)]

mod access;
mod addr;
mod bus;
mod clock;
mod events;
mod latency;
mod lines;
mod map;
mod monitor;
pub mod ram;
mod taps;
mod time;

pub use access::{Access, AccessKind, BusMaster, Cacheability, MasterId, MemAttrs, MemType, Mid, Prot, Size};
pub use addr::{FRAME_BITS, FRAME_SIZE, PhysAddr, PhysRange};
pub use bus::{Bus, BusFault, RamBus};
pub use clock::{Clock, Counter};
pub use events::{EventId, EventQueue, Priority, SavedEvents};
pub use latency::{Server, Service, Slots};
pub use lines::{Edge, LineCountError, LineId, Lines, SavedLines};
pub use map::{AddressMap, Conflict, Hit, MapEntry, MapError};
pub use monitor::{ExclusiveMonitor, SavedMonitor};
#[doc(inline)]
pub use ram::{FrameId, Ram, RamError, SavedFrame, SavedRam, Watch, WatchSet, WatchedStore, Word};
pub use taps::{FabricObserver, FabricTap, WriteTap};
pub use time::Time;
