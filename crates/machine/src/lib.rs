//! The emulated SoC as one machine.
//!
//! - [`config`]: machine files, checked as a whole, with every mistake shown at its place.

pub mod config;
