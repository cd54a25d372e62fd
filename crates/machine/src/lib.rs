//! The emulated SoC as one machine.
//!
//! - [`config`]: machine files, checked as a whole, with every mistake shown at its place.
//! - [`devicetree`]: device trees that mainline drivers accept.
//! - [`load`]: guest images.
//! - [`Machine`]: the machine itself, run in slices up to the next event.
//! - [`observe`]: what a run tells its observers, and where taps act.
//! - [`digest`]: a digest over everything that observers are told.
//! - [`stats`]: everything that is counted.
//! - [`svd`]: register descriptions of a whole machine.
//! - [`snapshot`]: the container of snapshot files.
#![forbid(unsafe_code)]

pub mod config;
pub mod devicetree;
pub mod digest;
mod explain;
pub mod load;
mod machine;
pub mod observe;
pub mod snapshot;
mod soc;
mod state;
pub mod stats;
pub mod svd;

pub use machine::{BuildError, GapPolicy, Machine, Stop, TimingMode, Until};
pub use soc::{Exception, FaultReport, Latency, MasterStats, TableWrite, Unit};

pub use msmemu_cpu as cpu;
pub use msmemu_devices as devices;
pub use msmemu_fabric as fabric;
pub use msmemu_smmu as smmu;
