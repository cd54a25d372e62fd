//! What a debugger needs of a machine.

mod machine;
mod registers;

pub use machine::Debugged;
pub(crate) use machine::Watch;
pub use registers::{Group, REGISTERS, Register};

/// Why a debugged machine stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The budget of this call is used up; nothing happened.
    Budget,
    /// One instruction was run.
    Step,
    /// An instruction breakpoint was reached; the instruction has not run.
    Breakpoint,
    /// A watched address was accessed; the instruction has run.
    Watchpoint {
        /// First byte of the watched range.
        address: u32,
        /// Write rather than read.
        write: bool,
    },
    /// The run is over: the guest powered off, died or hangs.
    Ended,
}

/// A range of guest virtual addresses to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watchpoint {
    /// First byte.
    pub address: u32,
    /// Bytes.
    pub len: u32,
    /// Stop on loads.
    pub reads: bool,
    /// Stop on stores.
    pub writes: bool,
}

impl Watchpoint {
    /// Whether an access of `size` bytes at `address` is one to stop at.
    pub const fn hit(&self, address: u32, size: u32, write: bool) -> bool {
        let overlaps =
            address.wrapping_sub(self.address) < self.len || self.address.wrapping_sub(address) < size;
        overlaps && if write { self.writes } else { self.reads }
    }
}

/// No memory answers at this address under the current translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

/// A machine that a debugger drives. Nothing here is visible to the guest, except what is written.
pub trait Debuggee {
    /// The value of a register of [`REGISTERS`], by its position.
    fn register(&mut self, number: usize) -> u64;

    /// Sets a register; what the register can not hold is dropped.
    fn set_register(&mut self, number: usize, value: u64);

    /// Reads guest virtual memory as the core sees it now. Devices are not read.
    ///
    /// # Errors
    /// When a byte of the range is not memory; `data` is undefined then.
    fn read_memory(&mut self, address: u32, data: &mut [u8]) -> Result<(), NoMemory>;

    /// Writes guest virtual memory, permissions aside.
    ///
    /// # Errors
    /// When a byte of the range is not memory; nothing is written then.
    fn write_memory(&mut self, address: u32, data: &[u8]) -> Result<(), NoMemory>;

    /// Replaces the instruction breakpoints.
    fn set_breakpoints(&mut self, addresses: &[u32]);

    /// Replaces the watchpoints.
    fn set_watchpoints(&mut self, watchpoints: &[Watchpoint]);

    /// Runs one instruction, or takes one exception.
    fn step(&mut self) -> Stop;

    /// Runs on for a short while (some milliseconds of host time).
    fn run(&mut self) -> Stop;

    /// Whether somebody wants the run to end.
    fn interrupted(&mut self) -> bool;

    /// Exit status that the guest reported, once the run is over.
    fn exit_status(&self) -> u8;

    /// Answers a `monitor` command in words.
    fn monitor(&mut self, command: &str) -> String;
}

#[cfg(test)]
mod tests {
    use super::Watchpoint;

    #[test]
    fn a_watchpoint_is_hit_by_any_shared_byte() {
        let watch = Watchpoint { address: 0x1004, len: 4, reads: false, writes: true };
        let hits: Vec<u32> = (0x0FFE..0x100C).filter(|a| watch.hit(*a, 4, true)).collect();
        assert_eq!(hits, [0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007]);
        assert!(!watch.hit(0x1004, 4, false));
        let top = Watchpoint { address: 0xFFFF_FFFC, len: 4, reads: true, writes: true };
        assert!(top.hit(0xFFFF_FFFF, 1, false) && !top.hit(0, 1, false));
    }
}
