//! Devices of the emulated SoC.
//!
//! A [`Device`] answers register accesses, says what level its interrupt lines have and when it
//! wants to be woken. It never calls anything: the machine calls it, then looks at what changed.
//! A [`DmaMaster`] also has requests to give and takes their completions.
//!
//! | Module | Device |
//! |---|---|
//! | [`gic`] | QGIC: distributor and CPU interfaces |
//! | [`pl330`] | ARM PL330 (DMA-330) DMA controller |
//! | [`soc`] | pins and PS_HOLD, clock controllers, GSBI, TCSR, panic notifier |
//! | [`timer`] | general purpose and debug timers, watchdog |
//! | [`traffic_engine`] | master made for verification |
//! | [`uartdm`] | UARTDM 1.3 |
#![forbid(unsafe_code)]

mod device;
mod dma;
pub mod gic;
pub mod pl330;
mod saved;
pub mod soc;
pub mod timer;
pub mod traffic_engine;
pub mod uartdm;
#[cfg(feature = "svd")]
pub mod windows;

pub use device::{Device, Explanation, Gap, Mmio, MmioError, MmioResult, Peek, StateError};
pub use dma::{
    Alone, DmaAddr, DmaCause, DmaFault, DmaMaster, DmaRequest, LonePort, MAX_REQUEST_BYTES, RequestId,
};
