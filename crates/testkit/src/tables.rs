//! Page tables in the ARMv7 short-descriptor format, written the way a driver writes them.

use crate::memory::{BusError, Memory};

/// The four sizes of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageSize {
    /// 4 KiB, second level.
    Small,
    /// 64 KiB, second level, 16 equal entries.
    Large,
    /// 1 MiB, first level.
    Section,
    /// 16 MiB, first level, 16 equal entries.
    Supersection,
}

impl PageSize {
    /// All four, smallest first.
    pub const ALL: [Self; 4] = [Self::Small, Self::Large, Self::Section, Self::Supersection];

    /// Size in bytes.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Small => 0x1000,
            Self::Large => 0x1_0000,
            Self::Section => 0x10_0000,
            Self::Supersection => 0x100_0000,
        }
    }
}

/// Attributes of a mapping, as the fields of a descriptor hold them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `AP[2:0]`.
    pub ap: u8,
    /// `TEX[2:0]`.
    pub tex: u8,
    /// C.
    pub c: bool,
    /// B.
    pub b: bool,
    /// S.
    pub s: bool,
    /// nG.
    pub ng: bool,
    /// XN.
    pub xn: bool,
    /// NS; for pages it sits in the first-level descriptor and so holds for the whole MiB.
    pub ns: bool,
}

impl Attributes {
    /// Every combination of the twelve attribute bits, by number `0..COUNT`. `ns` is the highest bit.
    pub const fn number(n: u16) -> Self {
        Self {
            ap: (n & 7) as u8,
            tex: (n >> 3 & 7) as u8,
            c: n >> 6 & 1 == 1,
            b: n >> 7 & 1 == 1,
            s: n >> 8 & 1 == 1,
            ng: n >> 9 & 1 == 1,
            xn: n >> 10 & 1 == 1,
            ns: n >> 11 & 1 == 1,
        }
    }

    /// How many combinations [`number`](Self::number) tells apart.
    pub const COUNT: u16 = 1 << 12;
}

/// The descriptor that maps the `size` block at `pa`. First-level descriptors carry `NS`, second-level ones
/// leave it to [`table_descriptor`].
pub fn descriptor(pa: u32, size: PageSize, a: Attributes) -> u32 {
    let ap = u32::from(a.ap);
    let tex = u32::from(a.tex);
    let cb = u32::from(a.c) << 3 | u32::from(a.b) << 2;
    let page = cb | (ap & 3) << 4 | (ap >> 2) << 9 | u32::from(a.s) << 10 | u32::from(a.ng) << 11;
    let block = 2
        | cb
        | u32::from(a.xn) << 4
        | (ap & 3) << 10
        | tex << 12
        | (ap >> 2) << 15
        | u32::from(a.s) << 16
        | u32::from(a.ng) << 17
        | u32::from(a.ns) << 19;
    match size {
        PageSize::Small => 2 | page | u32::from(a.xn) | tex << 6 | pa & 0xFFFF_F000,
        PageSize::Large => 1 | page | u32::from(a.xn) << 15 | tex << 12 | pa & 0xFFFF_0000,
        PageSize::Section => block | pa & 0xFFF0_0000,
        PageSize::Supersection => block | 1 << 18 | pa & 0xFF00_0000,
    }
}

/// The first-level descriptor that points to a second-level table.
pub fn table_descriptor(table: u32, ns: bool) -> u32 {
    1 | u32::from(ns) << 3 | table & 0xFFFF_FC00
}

/// Why a mapping could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// Address not a multiple of the mapping's size.
    #[error("address {0:#010x} is not aligned to the page size {1:#x}")]
    Unaligned(u32, u32),
    /// A page is wanted where the first level holds a section.
    #[error("first-level entry of {0:#010x} already maps a section")]
    SectionInTheWay(u32),
    /// The tables are in memory that does not answer.
    #[error("table memory at {0:#010x} does not answer")]
    Bus(u32, BusError),
}

/// One translation table: a 16 KiB first level and second-level tables handed out behind it.
#[derive(Clone, Debug)]
pub struct Tables {
    base: u32,
    next: u32,
    big_endian: bool,
}

impl Tables {
    /// Tables at `base` (16 KiB aligned); second-level tables follow the first level at `base + 0x4000`.
    pub fn new(base: u32) -> Self {
        Self { base, next: base.wrapping_add(0x4000), big_endian: false }
    }

    /// The same with descriptors stored as big-endian words (`SCTLR.BE`).
    pub fn big_endian(base: u32) -> Self {
        Self { big_endian: true, ..Self::new(base) }
    }

    /// Physical address of the first level.
    pub fn base(&self) -> u32 {
        self.base
    }

    /// Address of the first-level descriptor of `va`.
    pub fn first_level(&self, va: u32) -> u32 {
        self.base.wrapping_add(va >> 20 << 2)
    }

    /// Address of the second-level descriptor of `va`, when its first level points to a table.
    pub fn second_level(&self, memory: &Memory, va: u32) -> Option<u32> {
        let first = self.load(memory, self.first_level(va)).ok()?;
        (first & 3 == 1).then_some(first & 0xFFFF_FC00 | va >> 12 << 2 & 0x3FC)
    }

    /// Reads a descriptor in the byte order of these tables.
    pub fn load(&self, memory: &Memory, at: u32) -> Result<u32, MapError> {
        let word = memory.read32(at).map_err(|e| MapError::Bus(at, e))?;
        Ok(if self.big_endian { word.swap_bytes() } else { word })
    }

    /// Writes a descriptor in the byte order of these tables.
    pub fn store(&self, memory: &mut Memory, at: u32, descriptor: u32) -> Result<(), MapError> {
        let word = if self.big_endian { descriptor.swap_bytes() } else { descriptor };
        memory.write32(at, word).map_err(|e| MapError::Bus(at, e))
    }

    /// Maps one block of `size` from `va` to `pa`: all sixteen entries of a large page or supersection.
    /// A second-level table is made on demand; the `ns` of the first page in a MiB decides for its table.
    pub fn map(
        &mut self,
        memory: &mut Memory,
        va: u32,
        pa: u32,
        size: PageSize,
        attributes: Attributes,
    ) -> Result<(), MapError> {
        for address in [va, pa] {
            if address % size.bytes() != 0 {
                return Err(MapError::Unaligned(address, size.bytes()));
            }
        }
        let word = descriptor(pa, size, attributes);
        match size {
            PageSize::Section => self.store(memory, self.first_level(va), word),
            PageSize::Supersection => {
                (0..16).try_for_each(|i| self.store(memory, self.first_level(va) + 4 * i, word))
            }
            PageSize::Small | PageSize::Large => {
                let first = self.first_level(va);
                match self.load(memory, first)? & 3 {
                    1 => {}
                    0 => {
                        self.store(memory, first, table_descriptor(self.next, attributes.ns))?;
                        self.next = self.next.wrapping_add(0x400);
                    }
                    _ => return Err(MapError::SectionInTheWay(va)),
                }
                let at = self.second_level(memory, va).ok_or(MapError::SectionInTheWay(va))?;
                let entries = if size == PageSize::Large { 16 } else { 1 };
                (0..entries).try_for_each(|i| self.store(memory, at + 4 * i, word))
            }
        }
    }

    /// Writes fault descriptors over one block of `size` at `va`. Second-level tables stay.
    pub fn unmap(&mut self, memory: &mut Memory, va: u32, size: PageSize) -> Result<(), MapError> {
        let at = match size {
            PageSize::Section | PageSize::Supersection => Some(self.first_level(va)),
            PageSize::Small | PageSize::Large => self.second_level(memory, va),
        };
        let entries = if matches!(size, PageSize::Large | PageSize::Supersection) { 16 } else { 1 };
        match at {
            Some(at) => (0..entries).try_for_each(|i| self.store(memory, at + 4 * i, 0)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that the Linux 6.1 and 2010 drivers write, worked out from their flag names by hand.
    #[test]
    fn descriptors_equal_those_of_the_drivers() {
        let linux =
            Attributes { ap: 0b011, tex: 1, c: true, b: true, s: true, ng: true, ..Default::default() };
        assert_eq!(descriptor(0x8012_3000, PageSize::Small, linux), 0x8012_3C7E);
        assert_eq!(descriptor(0x8012_0000, PageSize::Large, linux), 0x8012_1C3D);
        assert_eq!(descriptor(0x8010_0000, PageSize::Section, linux), 0x8013_1C0E);
        assert_eq!(descriptor(0x8100_0000, PageSize::Supersection, linux), 0x8107_1C0E);
    }

    #[test]
    fn attribute_numbers_give_different_descriptors() {
        for size in PageSize::ALL {
            // NS of a page lives in the first level.
            let count = if size < PageSize::Section { Attributes::COUNT / 2 } else { Attributes::COUNT };
            let words: std::collections::BTreeSet<u32> =
                (0..count).map(|n| descriptor(0x4000_0000, size, Attributes::number(n))).collect();
            assert_eq!(words.len(), usize::from(count), "{size:?}");
        }
    }

    #[test]
    fn a_page_under_a_section_is_refused() {
        let (mut memory, mut tables) = (Memory::new(), Tables::new(0x8000_0000));
        let a = Attributes::default();
        tables.map(&mut memory, 0x0010_0000, 0x9000_0000, PageSize::Section, a).unwrap();
        let error = tables.map(&mut memory, 0x0010_1000, 0x9000_0000, PageSize::Small, a);
        assert_eq!(error, Err(MapError::SectionInTheWay(0x0010_1000)));
        let error = tables.map(&mut memory, 0x0020_1000, 0x9000_0000, PageSize::Large, a);
        assert_eq!(error, Err(MapError::Unaligned(0x0020_1000, 0x1_0000)));
    }
}
