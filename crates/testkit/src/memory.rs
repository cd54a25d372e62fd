//! Fake physical memory.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// How the bus refuses an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusError {
    /// Nothing answers at this address.
    Decode,
    /// Something answers, with an error.
    Slave,
}

const PAGE: u32 = 4096;

/// The whole 4 GiB physical space. Bytes never written read 0; regions can be made to refuse every access.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pages: BTreeMap<u32, Vec<u8>>,
    refusing: Vec<(RangeInclusive<u32>, BusError)>,
}

impl Memory {
    /// Memory that is 0 everywhere and answers everywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes every access that touches `range` fail with `error`. The latest region wins.
    pub fn refuse(&mut self, range: RangeInclusive<u32>, error: BusError) {
        self.refusing.push((range, error));
    }

    /// Makes all of memory answer again.
    pub fn heal(&mut self) {
        self.refusing.clear();
    }

    fn check(&self, addr: u32) -> Result<(), BusError> {
        match self.refusing.iter().rev().find(|(range, _)| range.contains(&addr)) {
            Some((_, error)) => Err(*error),
            None => Ok(()),
        }
    }

    /// Reads one byte.
    pub fn read8(&self, addr: u32) -> Result<u8, BusError> {
        self.check(addr)?;
        Ok(self.pages.get(&(addr / PAGE)).map_or(0, |page| page[(addr % PAGE) as usize]))
    }

    /// Writes one byte.
    pub fn write8(&mut self, addr: u32, value: u8) -> Result<(), BusError> {
        self.check(addr)?;
        let page = self.pages.entry(addr / PAGE).or_insert_with(|| vec![0; PAGE as usize]);
        page[(addr % PAGE) as usize] = value;
        Ok(())
    }

    /// Reads a little-endian word at any alignment; addresses wrap at 4 GiB.
    pub fn read32(&self, addr: u32) -> Result<u32, BusError> {
        let mut bytes = [0; 4];
        for (i, byte) in (0..).zip(&mut bytes) {
            *byte = self.read8(addr.wrapping_add(i))?;
        }
        Ok(u32::from_le_bytes(bytes))
    }

    /// Writes a little-endian word at any alignment; nothing is written when any byte is refused.
    pub fn write32(&mut self, addr: u32, value: u32) -> Result<(), BusError> {
        for i in 0..4 {
            self.check(addr.wrapping_add(i))?;
        }
        for (i, byte) in (0..).zip(value.to_le_bytes()) {
            self.write8(addr.wrapping_add(i), byte)?;
        }
        Ok(())
    }

    /// The addresses of all non-zero words, with their values, in order. Used to compare two memories by
    /// content when one holds zero pages that the other never touched.
    pub fn words(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.pages.iter().flat_map(|(page, bytes)| {
            bytes.chunks_exact(4).zip(0u32..).filter_map(move |(chunk, i)| {
                let word = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
                (word != 0).then_some((page * PAGE + i * 4, word))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_little_endian_and_wrap_at_the_top() {
        let mut memory = Memory::new();
        memory.write32(0xFFFF_FFFE, 0x1122_3344).unwrap();
        assert_eq!(memory.read8(0xFFFF_FFFE), Ok(0x44));
        assert_eq!(memory.read8(0x0000_0001), Ok(0x11));
        assert_eq!(memory.read32(0xFFFF_FFFE), Ok(0x1122_3344));
        assert_eq!(memory.words().collect::<Vec<_>>(), [(0, 0x1122), (0xFFFF_FFFC, 0x3344_0000)]);
    }

    #[test]
    fn refused_regions_fail_at_their_edges_and_heal() {
        let mut memory = Memory::new();
        memory.refuse(0x1000..=0x1FFF, BusError::Decode);
        memory.refuse(0x1800..=0x18FF, BusError::Slave);
        assert_eq!(memory.read32(0x0FFC), Ok(0));
        assert_eq!(memory.read32(0x0FFD), Err(BusError::Decode));
        assert_eq!(memory.write32(0x18FF, 1), Err(BusError::Slave));
        assert_eq!(memory.read32(0x2000), Ok(0));
        memory.heal();
        assert_eq!(memory.read32(0x18FF), Ok(0), "a refused write leaves nothing behind");
    }
}
