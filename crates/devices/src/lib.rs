//! Devices of the emulated SoC.
//!
//! A [`Device`] answers register accesses, says what level its interrupt lines have and when it
//! wants to be woken. It never calls anything: the machine calls it, then looks at what changed.
//! A [`DmaMaster`] also has requests to give and takes their completions.
//!
//! | Module | Device |
//! |---|---|
//! | [`gic`] | QGIC: distributor and CPU interfaces |
//! | [`timer`] | general purpose and debug timers, watchdog |
//! | [`uartdm`] | UARTDM 1.3 and its GSBI wrapper |
#![forbid(unsafe_code)]

mod device;
mod dma;
pub mod gic;
pub mod timer;
pub mod uartdm;

pub use device::{Device, Explanation, Gap, Mmio, MmioError, MmioResult, Peek, StateError};
pub use dma::{DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, RequestId};
