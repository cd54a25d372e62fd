//! Names of guest addresses.

use core::fmt;

/// Symbols of an image, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols {
    /// Sorted by address.
    sorted: Vec<Symbol>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Symbol {
    address: u32,
    /// Bytes; 0: not known, it reaches to the next symbol.
    size: u32,
    name: String,
}

/// An address in terms of a symbol. `Display` gives `name` or `name+0x1c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location<'s> {
    /// Name of the symbol.
    pub symbol: &'s str,
    /// Bytes from its start.
    pub offset: u32,
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            0 => f.write_str(self.symbol),
            offset => write!(f, "{}+{offset:#x}", self.symbol),
        }
    }
}

impl Symbols {
    /// Collects (address, size, name); a size of 0 means that it is not known.
    pub fn new(symbols: impl IntoIterator<Item = (u32, u32, String)>) -> Self {
        let symbols = symbols.into_iter().map(|(address, size, name)| Symbol { address, size, name });
        let mut sorted: Vec<Symbol> = symbols.collect();
        sorted.sort();
        sorted.dedup();
        Self { sorted }
    }

    /// The symbol an address belongs to. Of several at one address, the one of known size that
    /// reaches far enough; then the first by name.
    pub fn locate(&self, address: u32) -> Option<Location<'_>> {
        let after = self.sorted.partition_point(|s| s.address <= address);
        let below = self.sorted.get(..after)?;
        let start = below.last()?.address;
        let first = below.partition_point(|s| s.address < start);
        let candidates = below.get(first..)?;
        let offset = address - start;
        let sized = candidates.iter().find(|s| s.size > offset);
        let found = sized.or_else(|| candidates.iter().find(|s| s.size == 0))?;
        Some(Location { symbol: &found.name, offset })
    }

    /// The address of a name; the lowest when several symbols have it.
    pub fn address(&self, name: &str) -> Option<u32> {
        self.sorted.iter().find(|s| s.name == name).map(|s| s.address)
    }

    /// Number of symbols.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Every symbol as (address, size, name), by address.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, &str)> {
        self.sorted.iter().map(|s| (s.address, s.size, s.name.as_str()))
    }
}
