//! Devices of the emulated SoC.
//!
//! A [`Device`] answers register accesses, says what level its interrupt lines have and when it
//! wants to be woken. It never calls anything: the machine calls it, then looks at what changed.
//! A [`DmaMaster`] also has requests to give and takes their completions.
//!
//! | Module | Device |
//! |---|---|
//! | [`gic`] | QGIC: distributor and CPU interfaces |
#![forbid(unsafe_code)]

mod device;
mod dma;
pub mod gic;

pub use device::{Device, Explanation, Gap, Mmio, MmioError, MmioResult, Peek, StateError};
pub use dma::{DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, RequestId};
