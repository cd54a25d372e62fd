//! ELF files of bare-metal guests.
//!
//! Every offset and size of the file is checked before use: the file is as hostile as a guest.

use core::ops::Range;

use goblin::elf::header::{EI_CLASS, EI_DATA, EI_OSABI, ELFCLASS32, ELFDATA2LSB, EM_ARM, ET_EXEC};
use goblin::elf::program_header::PT_LOAD;
use goblin::elf::sym::{STT_FUNC, STT_NOTYPE, STT_OBJECT};
use goblin::elf::{Elf, Sym};

use super::{Image, Segment, Symbols};

/// Bytes of the header of a 32-bit file.
const HEADER_SIZE: usize = 52;

/// Why an ELF file cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// The file does not start like an ELF file.
    #[error("not an ELF file")]
    NotElf,
    /// The file ends inside its header.
    #[error("the file has {size} bytes, an ELF header has {HEADER_SIZE}")]
    Short {
        /// Bytes of the file.
        size: usize,
    },
    /// A header or table is damaged.
    #[error("damaged ELF file: {0}")]
    Damaged(String),
    /// Made for something else.
    #[error("{what} is {found}, expected {expected}")]
    Foreign {
        /// The property.
        what: &'static str,
        /// Its value in the file.
        found: String,
        /// The value a guest has.
        expected: &'static str,
    },
    /// The bytes of a segment are not in the file.
    #[error(
        "program header {index}: file range {:#x}..{:#x} lies outside of the file ({size:#x} bytes)",
        range.start, range.end
    )]
    OutsideFile {
        /// Index of the program header.
        index: usize,
        /// The range it names.
        range: Range<u64>,
        /// Bytes of the file.
        size: usize,
    },
    /// A segment has more bytes in the file than in memory.
    #[error("program header {index}: {file:#x} bytes in the file, but only {memory:#x} in memory")]
    FileLargerThanMemory {
        /// Index of the program header.
        index: usize,
        /// p_filesz.
        file: u64,
        /// p_memsz.
        memory: u64,
    },
    /// A segment leaves the 32-bit address space.
    #[error("program header {index}: {size:#x} bytes at {address:#x} leave the 32-bit address space")]
    OutsideAddressSpace {
        /// Index of the program header.
        index: usize,
        /// p_paddr.
        address: u64,
        /// p_memsz.
        size: u64,
    },
    /// Two segments go to the same addresses.
    #[error("program headers {first} and {second} overlap at {address:#010x}")]
    Overlap {
        /// Index of one program header.
        first: usize,
        /// Index of the other.
        second: usize,
        /// First address they share.
        address: u64,
    },
    /// Nothing to load.
    #[error("the file has no loadable segment")]
    NothingToLoad,
    /// The entry point is not part of what is loaded.
    #[error("entry point {entry:#010x} lies in no loadable segment")]
    EntryOutside {
        /// e_entry.
        entry: u64,
    },
    /// An Arm instruction at an odd half-word.
    #[error("entry point {entry:#010x} is neither a word-aligned Arm nor an odd Thumb address")]
    EntryUnaligned {
        /// e_entry.
        entry: u64,
    },
}

/// Reads an executable for the machine. Segments go to their physical addresses (`p_paddr`);
/// the MMU is off at the entry, so an entry point given as a virtual address is moved along.
///
/// # Errors
/// Files of another kind, and files that are damaged.
pub fn elf(bytes: &[u8]) -> Result<Image, ElfError> {
    if !bytes.starts_with(b"\x7fELF") {
        return Err(ElfError::NotElf);
    }
    if bytes.len() < HEADER_SIZE {
        return Err(ElfError::Short { size: bytes.len() });
    }
    foreign_data(bytes)?;
    let elf = Elf::parse(bytes).map_err(|e| ElfError::Damaged(e.to_string()))?;
    foreign_code(&elf)?;
    let segments = segments(&elf, bytes)?;
    let (entry, thumb) = entry(&elf)?;
    Ok(Image { segments, entry, thumb, registers: [0; 3], symbols: symbols(&elf) })
}

fn foreign(what: &'static str, found: impl Into<String>, expected: &'static str) -> Result<(), ElfError> {
    Err(ElfError::Foreign { what, found: found.into(), expected })
}

/// The class and byte order decide how everything else is read, so they are looked at first.
fn foreign_data(bytes: &[u8]) -> Result<(), ElfError> {
    match bytes.get(EI_CLASS) {
        Some(&ELFCLASS32) => {}
        Some(2) => return foreign("the class", "64-bit", "32-bit"),
        other => return foreign("the class", format!("{} (EI_CLASS)", other.unwrap_or(&0)), "32-bit"),
    }
    match bytes.get(EI_DATA) {
        Some(&ELFDATA2LSB) => Ok(()),
        Some(2) => foreign("the byte order", "big-endian", "little-endian"),
        other => foreign("the byte order", format!("{} (EI_DATA)", other.unwrap_or(&0)), "little-endian"),
    }
}

fn foreign_code(elf: &Elf<'_>) -> Result<(), ElfError> {
    if elf.header.e_machine != EM_ARM {
        let machine = elf.header.e_machine;
        return foreign("the architecture", format!("{machine} (e_machine)"), "40 (Arm)");
    }
    if elf.header.e_type != ET_EXEC {
        let found = match elf.header.e_type {
            1 => "a relocatable object".into(),
            3 => "a shared object or position-independent executable".into(),
            4 => "a core dump".into(),
            other => format!("{other} (e_type)"),
        };
        return foreign("the file", found, "an executable linked to fixed addresses");
    }
    // Bare-metal tool chains write 0, GNU ones for hard-float 97 or 0.
    let abi = elf.header.e_ident[EI_OSABI];
    if abi != 0 && abi != 97 {
        return foreign("the ABI", format!("{abi} (EI_OSABI)"), "0 or 97");
    }
    Ok(())
}

fn segments(elf: &Elf<'_>, bytes: &[u8]) -> Result<Vec<Segment>, ElfError> {
    let mut taken: Vec<(usize, Segment)> = Vec::new();
    for (index, header) in elf.program_headers.iter().enumerate() {
        if header.p_type != PT_LOAD || header.p_memsz == 0 {
            continue;
        }
        let (file, memory, address) = (header.p_filesz, header.p_memsz, header.p_paddr);
        let range = header.p_offset..header.p_offset.saturating_add(file);
        if file > memory {
            return Err(ElfError::FileLargerThanMemory { index, file, memory });
        }
        if address.saturating_add(memory) > 1 << 32 {
            return Err(ElfError::OutsideAddressSpace { index, address, size: memory });
        }
        let outside = || ElfError::OutsideFile { index, range: range.clone(), size: bytes.len() };
        let (Ok(start), Ok(end)) = (usize::try_from(range.start), usize::try_from(range.end)) else {
            return Err(outside());
        };
        let contents = bytes.get(start..end).ok_or_else(outside)?;
        let (Ok(address), Ok(zeros)) = (u32::try_from(address), u32::try_from(memory - file)) else {
            return Err(ElfError::OutsideAddressSpace { index, address, size: memory });
        };
        let name = format!("segment {index}");
        taken.push((index, Segment { name, address, bytes: contents.to_vec(), zeros }));
    }
    if taken.is_empty() {
        return Err(ElfError::NothingToLoad);
    }
    taken.sort_by_key(|(index, segment)| (segment.address, *index));
    for pair in taken.windows(2) {
        if let [(first, below), (second, above)] = pair
            && below.end() > u64::from(above.address)
        {
            let address = u64::from(above.address);
            return Err(ElfError::Overlap { first: *first, second: *second, address });
        }
    }
    Ok(taken.into_iter().map(|(_, segment)| segment).collect())
}

fn entry(elf: &Elf<'_>) -> Result<(u32, bool), ElfError> {
    let entry = elf.entry;
    let thumb = entry & 1 == 1;
    if entry & 3 == 2 {
        return Err(ElfError::EntryUnaligned { entry });
    }
    let start = entry & !1;
    let holds = |p: &&goblin::elf::ProgramHeader| {
        p.p_type == PT_LOAD && start >= p.p_vaddr && start - p.p_vaddr < p.p_memsz
    };
    let header = elf.program_headers.iter().find(holds).ok_or(ElfError::EntryOutside { entry })?;
    let physical = (start - header.p_vaddr).saturating_add(header.p_paddr);
    let physical = u32::try_from(physical).map_err(|_| ElfError::EntryOutside { entry })?;
    Ok((physical, thumb))
}

fn symbols(elf: &Elf<'_>) -> Symbols {
    let useful = |symbol: &Sym| {
        let kind = matches!(symbol.st_type(), STT_FUNC | STT_OBJECT | STT_NOTYPE);
        kind && symbol.st_shndx != 0
    };
    let named = elf.syms.iter().filter(useful).filter_map(|symbol| {
        let name = elf.strtab.get_at(symbol.st_name)?;
        // `$a`, `$t` and `$d` mark code and data, they name nothing.
        if name.is_empty() || name.starts_with('$') {
            return None;
        }
        let thumb_bit = u64::from(symbol.st_type() == STT_FUNC);
        let address = u32::try_from(symbol.st_value & !thumb_bit).ok()?;
        Some((address, u32::try_from(symbol.st_size).ok()?, name.to_owned()))
    });
    Symbols::new(named)
}
