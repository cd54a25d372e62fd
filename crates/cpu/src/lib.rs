//! An ARMv7-A core in the likeness of Qualcomm's Scorpion and Krait: instruction sets, exceptions, system control,
//! short-descriptor MMU, VFP and Advanced SIMD, run by an engine of decoded blocks or one instruction at a time.
//!
//! [`Cpu`] is a core with its engine; it runs in slices against a [`msmemu_fabric::Bus`] and reports to an
//! [`Observer`].

pub mod cp14;
pub mod cp15;
pub mod engine;
mod env;
pub mod exception;
mod exec;
mod fault;
pub mod fp;
pub mod isa;
pub mod mem;
pub mod mmu;
mod model;
pub mod observe;
pub mod op;
pub mod psr;
mod saved;
pub mod semihosting;
mod state;
mod tlb;

pub use engine::{BlockEngine, Cpu, Engine, Limits, StepEngine};
pub use env::{Ctx, Env};
pub use fault::{Exit, Fault, FaultStatus, Trap};
pub use model::{Costs, Feature, Model};
pub use observe::Observer;
pub use saved::{RestoreError, SavedCore};
pub use state::{Banks, Core, Flags, Lines, LocalMonitor, Watchpoint};
pub use tlb::SoftTlb;
