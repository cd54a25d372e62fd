//! Differential tests of the ARMv7-A core against independent implementations.
//!
//! `docs/src/contributing/cpu-testing.md` says how to run them. Execution is compared with Unicorn (feature
//! `unicorn`), decoding and disassembly with capstone (feature `capstone`). Both are test-only: nothing that is
//! shipped links them.

pub mod alignment;
pub mod block;
#[cfg(feature = "unicorn")]
pub mod compare;
pub mod differences;
pub mod exception;
#[cfg(feature = "unicorn")]
mod explain;
pub mod facets;
pub mod generate;
pub mod ins;
pub mod layout;
#[cfg(feature = "unicorn")]
pub mod oracle;
pub mod pattern;
pub mod random;
#[cfg(feature = "capstone")]
pub mod second_opinion;
pub mod state;
pub mod subject;
