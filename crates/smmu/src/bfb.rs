//! The block fetch buffer: lines of eight descriptors as they were in memory.

use alloc::vec;
use alloc::vec::Vec;

use crate::config::BfbGeometry;
use crate::ports::{DescriptorRead, LINE_WORDS};
use crate::saved::RestoreError;
use crate::spec::fault_code::Level;

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BfbLine {
    /// Physical address, a multiple of 32.
    pub address: u32,
    /// Whether it was read non-secure.
    pub non_secure: bool,
    /// The words, as they stand in memory.
    pub words: [u32; LINE_WORDS],
}

#[derive(Clone, Debug)]
struct Array {
    lines: Vec<Option<BfbLine>>,
    pointer: usize,
}

/// Two small arrays of lines, one for each table level, replaced round robin.
#[derive(Clone, Debug)]
pub(crate) struct Bfb {
    arrays: [Array; 2],
    used: bool,
}

impl Bfb {
    pub(crate) fn new(geometry: BfbGeometry) -> Self {
        let array = |lines| Array { lines: vec![None; usize::from(lines)], pointer: 0 };
        Self { arrays: [array(geometry.first_lines), array(geometry.second_lines)], used: false }
    }

    /// Whether there is room for lines of a level at all.
    pub(crate) fn holds(&self, level: Level) -> bool {
        !self.arrays[level as usize].lines.is_empty()
    }

    /// The word of a descriptor, if its line is there.
    pub(crate) fn lookup(&self, read: DescriptorRead) -> Option<u32> {
        let lines = self.arrays[read.level as usize].lines.iter().flatten();
        let word = (read.address / 4) as usize % LINE_WORDS;
        lines
            .filter(|line| line.address == read.line() && line.non_secure == read.non_secure)
            .map(|line| line.words[word])
            .next()
    }

    pub(crate) fn fill(&mut self, read: DescriptorRead, words: [u32; LINE_WORDS]) {
        let Array { lines, pointer } = &mut self.arrays[read.level as usize];
        let line = BfbLine { address: read.line(), non_secure: read.non_secure, words };
        if let Some(slot) = lines.get_mut(*pointer) {
            *slot = Some(line);
            *pointer = (*pointer + 1) % lines.len();
            self.used = true;
        }
    }

    /// Changes a word after the walker wrote it to memory.
    pub(crate) fn update(&mut self, address: u32, value: u32) {
        for line in self.arrays.iter_mut().flat_map(|array| &mut array.lines).flatten() {
            if line.address == address & !(LINE_WORDS as u32 * 4 - 1) {
                line.words[(address / 4) as usize % LINE_WORDS] = value;
            }
        }
    }

    /// Empties it. The replacement pointers stay.
    pub(crate) fn flush(&mut self) {
        if core::mem::take(&mut self.used) {
            for array in &mut self.arrays {
                array.lines.fill(None);
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        let Self { arrays, used } = self;
        for Array { lines, pointer } in arrays {
            lines.fill(None);
            *pointer = 0;
        }
        *used = false;
    }

    pub(crate) fn line(&self, level: Level, index: usize) -> Option<&BfbLine> {
        self.arrays[level as usize].lines.get(index)?.as_ref()
    }

    pub(crate) fn save(&self) -> SavedBfb {
        let Self { arrays: [first, second], used: _ } = self;
        let save = |Array { lines, pointer }: &Array| (lines.clone(), *pointer as u64);
        SavedBfb { first: save(first), second: save(second) }
    }

    pub(crate) fn restore(&mut self, saved: &SavedBfb) -> Result<(), RestoreError> {
        let SavedBfb { first, second } = saved;
        let mut arrays = Vec::with_capacity(2);
        for (now, (lines, pointer)) in self.arrays.iter().zip([first, second]) {
            if lines.len() != now.lines.len() {
                return Err(RestoreError::Shape { what: "block fetch buffer" });
            }
            let pointer = usize::try_from(*pointer).unwrap_or(usize::MAX);
            if pointer >= lines.len().max(1) || lines.iter().flatten().any(|line| line.address % 32 != 0) {
                return Err(RestoreError::Value { what: "block fetch buffer" });
            }
            arrays.push(Array { lines: lines.clone(), pointer });
        }
        if let Ok(arrays) = <[Array; 2]>::try_from(arrays) {
            *self = Self { arrays, used: true };
        }
        Ok(())
    }
}

/// Saved block fetch buffer: lines and replacement pointer of each level.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedBfb {
    first: (Vec<Option<BfbLine>>, u64),
    second: (Vec<Option<BfbLine>>, u64),
}
