//! Guest images: bare-metal ELF files and Linux kernels.

mod elf;
mod linux;
mod symbols;

pub use elf::{ElfError, elf};
pub use linux::{Linux, LinuxError, linux};
pub use symbols::{Location, Symbols};

use crate::config::Config;

/// Bytes that go to a physical address before the guest starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is, for messages.
    pub name: String,
    /// Physical address of the first byte.
    pub address: u32,
    /// Contents.
    pub bytes: Vec<u8>,
    /// Zero bytes that follow.
    pub zeros: u32,
}

impl Segment {
    /// One past the last address.
    pub fn end(&self) -> u64 {
        u64::from(self.address) + self.bytes.len() as u64 + u64::from(self.zeros)
    }
}

/// Everything a guest needs to start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// What goes into memory; segments do not overlap.
    pub segments: Vec<Segment>,
    /// Physical address of the first instruction.
    pub entry: u32,
    /// Whether the first instruction is a Thumb instruction.
    pub thumb: bool,
    /// r0, r1 and r2 at the entry.
    pub registers: [u32; 3],
    /// Names of addresses, for reports.
    pub symbols: Symbols,
}

/// A segment goes where the machine has no memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} goes to {address:#010x}..{end:#010x}, where {machine} has no memory; it has {memories}")]
pub struct NoMemory {
    /// The segment.
    pub name: String,
    /// Its first address.
    pub address: u32,
    /// One past its last address.
    pub end: u64,
    /// The machine.
    pub machine: String,
    /// What the machine has instead.
    pub memories: String,
}

impl Image {
    /// Checks that the machine has memory wherever the image goes.
    ///
    /// # Errors
    /// The first segment that does not lie in one memory.
    pub fn check(&self, config: &Config) -> Result<(), NoMemory> {
        let holds = |segment: &Segment| {
            config
                .memory
                .iter()
                .any(|m| segment.address >= m.base && segment.end() <= u64::from(m.base) + u64::from(m.size))
        };
        let Some(outside) = self.segments.iter().find(|s| !holds(s)) else {
            return Ok(());
        };
        let memories = config.memory.iter().map(|m| {
            let end = u64::from(m.base) + u64::from(m.size);
            format!("{} at {:#010x}..{end:#010x}", m.name, m.base)
        });
        Err(NoMemory {
            name: outside.name.clone(),
            address: outside.address,
            end: outside.end(),
            machine: config.name.clone(),
            memories: memories.collect::<Vec<_>>().join(" and "),
        })
    }
}
