//! The emulated SoC as one machine.
//!
//! - [`config`]: machine files, checked as a whole, with every mistake shown at its place.
//! - [`devicetree`]: device trees that mainline drivers accept.
//! - [`load`]: guest images.
//! - [`snapshot`]: the container of snapshot files.

pub mod config;
pub mod devicetree;
pub mod load;
pub mod snapshot;
