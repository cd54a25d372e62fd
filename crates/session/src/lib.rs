//! The jobs of msmemu as library calls with typed requests and reports.
//!
//! The command line parses, calls this crate and prints; whatever it can do, a program can do as well.
#![forbid(unsafe_code)]

pub mod debug;
pub mod files;
pub mod limit;
pub mod machines;
pub mod run;

pub use msmemu_machine as machine;
