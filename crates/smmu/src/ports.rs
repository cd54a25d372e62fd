//! What the model needs from its surroundings, passed in per call.

use core::fmt;

use crate::saved::RestoreError;
use crate::spec::fault_code::Level;
use crate::spec::memory_type::MemoryAttributes;

/// Words of a line of the block fetch buffer.
pub const LINE_WORDS: usize = 8;

/// A read of a descriptor, or of the aligned line of eight around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DescriptorRead {
    /// Physical address of the descriptor, a multiple of 4.
    pub address: u32,
    /// Table level.
    pub level: Level,
    /// Context bank that walks.
    pub bank: u8,
    /// Attributes of the table memory, from TTBRx.
    pub attributes: MemoryAttributes,
    /// Whether the read is non-secure.
    pub non_secure: bool,
}

impl DescriptorRead {
    /// Address of the 32-byte line that holds the descriptor.
    pub const fn line(&self) -> u32 {
        self.address & !(LINE_WORDS as u32 * 4 - 1)
    }

    /// Checks what a saved access must keep.
    pub(crate) fn check(&self, banks: usize) -> Result<(), RestoreError> {
        check(self.address, self.bank, self.attributes, banks)
    }
}

/// A write of a descriptor: the hardware sets the access flag (SCTLR.HAF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DescriptorWrite {
    /// Physical address of the descriptor, a multiple of 4.
    pub address: u32,
    /// The word to store, as it stands in memory (little endian).
    pub value: u32,
    /// Table level.
    pub level: Level,
    /// Context bank that walks.
    pub bank: u8,
    /// Attributes of the table memory, from TTBRx.
    pub attributes: MemoryAttributes,
    /// Whether the write is non-secure.
    pub non_secure: bool,
}

impl DescriptorWrite {
    /// Checks what a saved access must keep.
    pub(crate) fn check(&self, banks: usize) -> Result<(), RestoreError> {
        check(self.address, self.bank, self.attributes, banks)
    }
}

fn check(address: u32, bank: u8, attributes: MemoryAttributes, banks: usize) -> Result<(), RestoreError> {
    let attributes_fit = MemoryAttributes::from_bits(attributes.bits()) == attributes;
    if address.is_multiple_of(4) && usize::from(bank) < banks && attributes_fit {
        Ok(())
    } else {
        Err(RestoreError::Value { what: "descriptor access" })
    }
}

/// Why a descriptor access failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BusError {
    /// Nothing answers at the address.
    Decode,
    /// What is there answered with an error.
    Slave,
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Decode => "nothing answers at this address",
            Self::Slave => "the slave answered with an error",
        })
    }
}

impl core::error::Error for BusError {}

/// Memory as the table walker sees it: the whole physical address space.
pub trait DescriptorPort {
    /// Reads one word, little endian.
    ///
    /// # Errors
    /// A [`BusError`] becomes FSR.HTWDEEF or FSR.HTWSEEF.
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError>;

    /// Writes one word, little endian.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn write(&mut self, write: &DescriptorWrite) -> Result<(), BusError>;

    /// Reads the eight words of [`DescriptorRead::line`], for the block fetch buffer.
    ///
    /// # Errors
    /// When any of the words can not be read; the walker then reads the one it needs by itself.
    fn read_line(&mut self, read: &DescriptorRead) -> Result<[u32; LINE_WORDS], BusError> {
        let mut words = [0; LINE_WORDS];
        for (at, word) in (read.line()..).step_by(4).zip(&mut words) {
            *word = self.read(&DescriptorRead { address: at, ..*read })?;
        }
        Ok(words)
    }
}

impl<P: DescriptorPort + ?Sized> DescriptorPort for &mut P {
    #[inline]
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, BusError> {
        (**self).read(read)
    }

    #[inline]
    fn write(&mut self, write: &DescriptorWrite) -> Result<(), BusError> {
        (**self).write(write)
    }

    #[inline]
    fn read_line(&mut self, read: &DescriptorRead) -> Result<[u32; LINE_WORDS], BusError> {
        (**self).read_line(read)
    }
}

/// The ports of one call: memory for the walker, an observer, taps.
///
/// `()` is an observer and a set of taps that do nothing and cost nothing. Everything can also be
/// passed by mutable reference.
#[derive(Clone, Debug, Default)]
pub struct Ports<M, O = (), T = ()> {
    /// Where descriptors are.
    pub memory: M,
    /// Who is told what happens.
    pub observer: O,
    /// Who may change it.
    pub taps: T,
}

impl<M> Ports<M> {
    /// Memory alone.
    #[inline]
    pub const fn new(memory: M) -> Self {
        Self { memory, observer: (), taps: () }
    }
}

impl<M, O, T> Ports<M, O, T> {
    /// The same with an observer.
    pub fn observed_by<N>(self, observer: N) -> Ports<M, N, T> {
        Ports { memory: self.memory, observer, taps: self.taps }
    }

    /// The same with taps.
    pub fn tapped_by<N>(self, taps: N) -> Ports<M, O, N> {
        Ports { memory: self.memory, observer: self.observer, taps }
    }
}
