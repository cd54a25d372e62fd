//! The seam between a core and what it can reach.

use crate::{Access, PhysAddr, PhysRange, Ram};
use thiserror::Error;

/// An error response that the guest must see.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BusFault {
    /// Nothing answers at the address (AXI DECERR).
    #[error("decode error")]
    Decode,
    /// The slave refused (AXI SLVERR).
    #[error("slave error")]
    Slave,
}

/// What a core sees of the machine.
///
/// RAM is reached directly through [`Bus::ram`]; everything else, and any RAM access that the
/// core has no [`crate::FrameId`] for, goes through [`Bus::read`] and [`Bus::write`], which also
/// serve RAM. Values are little-endian: the first byte of the access is bits 7:0.
pub trait Bus {
    /// Guest memory, for loads, stores and fetches by frame.
    fn ram(&mut self) -> &mut Ram;

    /// Performs a read and returns its value, zero-extended.
    ///
    /// # Errors
    /// The fault that the master must take as an external abort.
    fn read(&mut self, access: &Access) -> Result<u64, BusFault>;

    /// Performs a write of the low bits of `value`.
    ///
    /// # Errors
    /// The fault that the master must take as an external abort.
    fn write(&mut self, access: &Access, value: u64) -> Result<(), BusFault>;

    /// The cycle count of the core at the accesses that follow, so that devices know the time.
    ///
    /// A core calls it before each [`Bus::read`] and [`Bus::write`].
    fn at_cycle(&mut self, cycle: u64) {
        let _ = cycle;
    }

    /// Address of the instruction whose accesses follow, for reports that name the guest's code.
    ///
    /// A core calls it for accesses that leave its fast path, before [`Bus::read`], [`Bus::write`]
    /// and [`Bus::watched_store`].
    fn at_pc(&mut self, pc: u32) {
        let _ = pc;
    }

    /// A store of the core, at the cycle given last, hit a frame that holds translation tables
    /// ([`crate::Watch::Tables`]); [`Ram::take_watched`] has it.
    fn watched_store(&mut self) {}

    /// Core cycles that the accesses since the last call made the core wait, beyond the
    /// instruction's own cost. 0 in functional timing.
    fn take_wait_cycles(&mut self) -> u64 {
        0
    }

    /// Whether the core must leave its slice after the current instruction: an interrupt line of
    /// the core changed, an event was scheduled before the end of the slice, or the run is to stop.
    ///
    /// Only an access through [`Bus::read`] or [`Bus::write`] can make this true.
    fn attention(&mut self) -> bool {
        false
    }
}

/// RAM and optional address ranges that answer with a fault; for tests and tools without devices.
#[derive(Debug)]
pub struct RamBus {
    ram: Ram,
    faults: Vec<(PhysRange, BusFault)>,
}

impl RamBus {
    /// A bus with nothing but `ram`; all other addresses answer [`BusFault::Decode`].
    pub fn new(ram: Ram) -> Self {
        Self { ram, faults: Vec::new() }
    }

    /// Adds a range that answers every access with `fault`, even where there is RAM.
    ///
    /// RAM that is reached through [`Bus::ram`] does not know of it: use ranges outside RAM when
    /// a core with a software TLB is under test.
    pub fn with_fault(mut self, range: PhysRange, fault: BusFault) -> Self {
        self.faults.push((range, fault));
        self
    }

    fn check(&self, access: &Access) -> Result<(), BusFault> {
        let last = PhysAddr(access.addr.0.saturating_add(access.size.bytes() - 1));
        match self.faults.iter().find(|(range, _)| range.contains(access.addr) || range.contains(last)) {
            Some(&(_, fault)) => Err(fault),
            None => Ok(()),
        }
    }
}

impl Bus for RamBus {
    fn ram(&mut self) -> &mut Ram {
        &mut self.ram
    }

    fn read(&mut self, access: &Access) -> Result<u64, BusFault> {
        self.check(access)?;
        self.ram.read_access(access)
    }

    fn write(&mut self, access: &Access, value: u64) -> Result<(), BusFault> {
        self.check(access)?;
        self.ram.write_access(access, value).map(|_watched| ())
    }
}
