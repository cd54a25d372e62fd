//! A bit-exact, cycle-approximate, deterministic model of the Qualcomm MSM System MMU, version 0.
//!
//! The block sits between a multimedia master and memory, translates what the master does by tables in
//! ARMv7 short format, and reports what it must not do. Software programs it through a window of 1 MiB of
//! 32-bit registers: a page for each context bank, and a global page.
//!
//! The model needs nothing but an allocator. It owns no memory, no clock and no interrupt controller:
//! whatever it needs from its surroundings is passed to the call that needs it, as [`Ports`]. There are
//! two drivers over the same steps:
//!
//! - [`Smmu`] is functional: [`Smmu::translate`] answers at once;
//! - [`Timed`] is timed: transactions and descriptor reads are messages in virtual time, with a limited
//!   number of slots and walkers. Its results are those of the functional driver.
//!
//! What each register does, and where that is known from, is in the reference page of its behaviour; the
//! tables are in [`spec`].
//!
//! # Embedding
//!
//! ```
//! use msmemu_smmu::{Access, Answer, BusError, Config, DescriptorPort, DescriptorRead, DescriptorWrite};
//! use msmemu_smmu::{Ports, Request, Smmu};
//!
//! /// 64 KiB of memory at 0x8000_0000 that holds the tables.
//! struct Memory(Vec<u32>);
//!
//! impl Memory {
//!     fn word(&mut self, address: u32) -> Result<&mut u32, BusError> {
//!         let index = address.wrapping_sub(0x8000_0000) as usize / 4;
//!         self.0.get_mut(index).ok_or(BusError::Decode)
//!     }
//! }
//!
//! impl DescriptorPort for Memory {
//!     fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
//!         self.word(read.address).copied()
//!     }
//!     fn write(&mut self, write: &DescriptorWrite) -> Result<(), BusError> {
//!         *self.word(write.address)? = write.value;
//!         Ok(())
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let mut memory = Memory(vec![0; 0x4000]);
//! // First-level table at 0x8000_0000: a section, 1 MiB at 0x0010_0000, readable and writable by all.
//! *memory.word(0x8000_0004)? = 0x1230_0C02;
//!
//! let mut smmu = Smmu::new(&Config::default())?;
//! let mut ports = Ports::new(&mut memory);
//! smmu.write(0x004, 0x0000_3000, &mut ports); // ACTLR of bank 0: walk on a miss
//! smmu.write(0x010, 0x8000_0000, &mut ports); // TTBR0
//! smmu.write(0x000, 0x0000_0001, &mut ports); // SCTLR: translate
//!
//! // MID 3 uses bank 0, as all do after reset.
//! let answer = smmu.translate(&Request::new(0, 3, 0x0012_3456, Access::READ), &mut ports);
//! assert_eq!(answer.pa(), Some(0x1232_3456));
//!
//! // Nothing is mapped at 0: the fault is recorded for software, and the transaction ends.
//! let answer = smmu.translate(&Request::new(1, 3, 0x0000_0040, Access::WRITE), &mut ports);
//! assert_eq!(answer, Answer::Terminated { error: false });
//! assert_eq!(smmu.read(0x020, &mut ports), 0x0000_0002); // FSR: TF
//! assert_eq!(smmu.read(0x028, &mut ports), 0x0000_0040); // FAR
//! # Ok(())
//! # }
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod bfb;
mod config;
mod context;
mod device;
mod disturb;
mod fault;
mod micro_tlb;
mod observe;
mod ports;
mod request;
mod saved;
pub mod spec;
mod stats;
mod stream;
mod tap;
mod timed;
mod tlb;
mod translate;
mod v2p;
mod walk;
mod walker;

pub use bfb::{BfbLine, SavedBfb};
pub use config::{BfbGeometry, Config, ConfigError, INTERRUPT_LINES, PageSizes, Timing, TlbGeometry};
pub use device::Smmu;
pub use fault::FaultRecord;
pub use micro_tlb::SavedMicroTlb;
pub use observe::{ConfigFault, Event, Gap, Invalidation, Observer, Origin, RegisterId, Resume, V2p};
pub use ports::{BusError, DescriptorPort, DescriptorRead, DescriptorWrite, LINE_WORDS, Ports};
pub use request::{Access, Answer, Found, Released, Request, TransactionId, Translation};
pub use saved::{RestoreError, Saved};
pub use spec::descriptor::PageSize;
pub use spec::fault_code::{Fault, FaultCause, Level};
pub use spec::memory_type::{CachePolicy, MemoryAttributes, MemoryKind, Shareability};
pub use stats::{ContextStats, Histogram, Stats};
pub use tap::{InvalidationEffect, Taps};
pub use timed::{DescriptorData, Message, SavedTimed, Timed, UnexpectedResponse, WalkId};
pub use tlb::{Permissions, SavedTlb, TlbEntry};
