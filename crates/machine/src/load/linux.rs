//! The Linux boot protocol for 32-bit Arm: zImage, initial RAM disk, device tree in r2.
//!
//! Register and placement rules are those of the kernel's Arm booting documentation.

use core::ops::Range;

use crate::config::Config;
use crate::devicetree::{self, Boot, DeviceTreeError};

use super::{Image, MACHINE_FROM_TREE, Segment, Symbols};

/// What to boot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Linux<'a> {
    /// A zImage.
    pub kernel: &'a [u8],
    /// Initial RAM disk.
    pub initrd: Option<&'a [u8]>,
    /// Kernel command line; none: the one of the device tree.
    pub append: Option<&'a str>,
    /// Device tree; none: generated from the configuration.
    pub dtb: Option<&'a [u8]>,
}

/// Why a kernel cannot be booted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinuxError {
    /// No zImage magic number at its place.
    #[error("not a zImage: the word at offset 0x24 is {found}, expected 0x016f2818")]
    NotZImage {
        /// What is there, or that the file ends before.
        found: String,
    },
    /// Bare-metal firmware, or a kernel before it was packed.
    #[error(
        "an ELF file, not a zImage: bare metal runs without `--kernel`, and a kernel's zImage is in arch/arm/boot"
    )]
    Elf,
    /// Built for big-endian data.
    #[error(
        "the zImage is for big-endian data: the word at offset 0x30 is {found:#010x}, expected 0x04030201"
    )]
    BigEndian {
        /// What is there.
        found: u32,
    },
    /// The header names a size that the file does not have.
    #[error("the zImage header says {start:#x}..{end:#x}, but the file has {size:#x} bytes")]
    Truncated {
        /// Start from the header.
        start: u32,
        /// End from the header.
        end: u32,
        /// Bytes of the file.
        size: usize,
    },
    /// The machine has no main memory to load into.
    #[error("the machine has no main memory")]
    NoMainMemory,
    /// Something is too large for the place it goes to.
    #[error("{what} has {size:#x} bytes, but only {:#x} are free at {:#010x}", room.end - room.start, room.start)]
    TooLarge {
        /// What.
        what: &'static str,
        /// Its size.
        size: u64,
        /// Where it would go.
        room: Range<u64>,
    },
    /// The initial RAM disk is empty.
    #[error("the initial RAM disk is empty")]
    EmptyInitrd,
    /// The device tree cannot be used.
    #[error(transparent)]
    DeviceTree(#[from] DeviceTreeError),
}

/// Offsets of the words in the zImage header.
const MAGIC_AT: usize = 0x24;
const START_AT: usize = 0x28;
const END_AT: usize = 0x2C;
const ENDIAN_AT: usize = 0x30;
const MAGIC: u32 = 0x016F_2818;
const LITTLE_ENDIAN: u32 = 0x0403_0201;
/// The decompressed kernel ends below this offset from the start of RAM, so what lies above is safe from
/// it (recommendation of the booting documentation).
const SAFE_OFFSET: u64 = 128 << 20;
const PAGE: u64 = 0x1000;

/// Lays out a kernel, its RAM disk and its device tree.
///
/// # Errors
/// A file that is no zImage, parts that do not fit, and device trees that cannot be used.
pub fn linux(config: &Config, boot: &Linux<'_>) -> Result<Image, LinuxError> {
    check_header(boot.kernel)?;
    let ram = config.main_memory().ok_or(LinuxError::NoMainMemory)?;
    let base = u64::from(ram.base);
    let end = base + u64::from(ram.size);
    let kernel_at = base + u64::from(config.device_tree.kernel_offset);
    // Small memories: the upper half.
    let mut free = base + SAFE_OFFSET.min(u64::from(ram.size) / 2).next_multiple_of(PAGE);
    let fit = |what, size: usize, room: Range<u64>| {
        let size = size as u64;
        if size > room.end.saturating_sub(room.start) {
            return Err(LinuxError::TooLarge { what, size, room });
        }
        Ok(room.start + size)
    };
    fit("the kernel", boot.kernel.len(), kernel_at..free.max(kernel_at))?;
    let mut segments = vec![segment("kernel", kernel_at, boot.kernel)];
    let mut placed = None;
    if let Some(initrd) = boot.initrd {
        if initrd.is_empty() {
            return Err(LinuxError::EmptyInitrd);
        }
        let initrd_end = fit("the initial RAM disk", initrd.len(), free..end)?;
        segments.push(segment("initial RAM disk", free, initrd));
        placed = Some(free as u32..initrd_end as u32);
        free = initrd_end.next_multiple_of(PAGE);
    }
    let given = boot.dtb.map(<[u8]>::to_vec);
    let tree = given.unwrap_or_else(|| devicetree::generate(config));
    let tree = devicetree::complete(&tree, &Boot { bootargs: boot.append, initrd: placed })?;
    fit("the device tree", tree.len(), free..end.max(free))?;
    segments.push(segment("device tree", free, &tree));
    Ok(Image {
        segments,
        entry: kernel_at as u32,
        thumb: false,
        registers: [0, MACHINE_FROM_TREE, free as u32],
        symbols: Symbols::default(),
    })
}

/// `address` lies in main memory, so it has 32 bits.
fn segment(name: &str, address: u64, bytes: &[u8]) -> Segment {
    Segment { name: name.into(), address: address as u32, bytes: bytes.to_vec(), zeros: 0 }
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    let bytes = file.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// Whether a file has the mark of a zImage.
pub fn is_zimage(file: &[u8]) -> bool {
    word(file, MAGIC_AT) == Some(MAGIC)
}

fn check_header(kernel: &[u8]) -> Result<(), LinuxError> {
    let word = |at: usize| word(kernel, at);
    if kernel.starts_with(b"\x7FELF") {
        return Err(LinuxError::Elf);
    }
    match word(MAGIC_AT) {
        Some(MAGIC) => {}
        Some(other) => return Err(LinuxError::NotZImage { found: format!("{other:#010x}") }),
        None => return Err(LinuxError::NotZImage { found: "beyond the end of the file".into() }),
    }
    let (start, end) = (word(START_AT).unwrap_or(0), word(END_AT).unwrap_or(0));
    let length = u64::from(end).checked_sub(u64::from(start));
    if length.is_none_or(|length| length == 0 || length > kernel.len() as u64) {
        return Err(LinuxError::Truncated { start, end, size: kernel.len() });
    }
    // Kernels before 3.17 end the header before this word: then it is code.
    match word(ENDIAN_AT) {
        Some(found) if found == LITTLE_ENDIAN.swap_bytes() => Err(LinuxError::BigEndian { found }),
        _ => Ok(()),
    }
}
