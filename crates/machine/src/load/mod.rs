//! Guest images: bare-metal ELF files and Linux kernels.

mod elf;
mod linux;
mod symbols;

pub use elf::{ElfError, elf};
pub use linux::{Linux, LinuxError, is_zimage, linux};
pub use symbols::{Location, Symbols};

use crate::config::Config;
use crate::devicetree;

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

/// r1 when the image is to look at the device tree only.
const MACHINE_FROM_TREE: u32 = 0xFFFF_FFFF;

impl Image {
    /// Passes the machine's device tree as a boot loader does: in memory, with its address in r2, 0 in r0 and all
    /// ones in r1.
    ///
    /// It goes to the last whole pages of main memory that no segment needs. Without such a place there is none
    /// and r2 stays as it is.
    #[must_use]
    pub fn with_device_tree(mut self, config: &Config) -> Self {
        let tree = devicetree::generate(config);
        let Some(ram) = config.main_memory() else { return self };
        let pages = (tree.len() as u64).next_multiple_of(0x1000);
        let mut end = u64::from(ram.base) + u64::from(ram.size);
        // Each turn ends below a segment that was in the way.
        let address = loop {
            let Some(start) = end.checked_sub(pages).filter(|start| *start >= u64::from(ram.base)) else {
                return self;
            };
            let overlaps = |s: &&Segment| u64::from(s.address) < start + pages && s.end() > start;
            match self.segments.iter().filter(overlaps).map(|s| s.address).min() {
                Some(lowest) => end = u64::from(lowest) & !0xFFF,
                None => break start as u32,
            }
        };
        self.segments.push(Segment { name: "device tree".into(), address, bytes: tree, zeros: 0 });
        self.registers = [0, MACHINE_FROM_TREE, address];
        self
    }

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
