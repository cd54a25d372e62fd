//! The types a declared block gives: its register enumeration, addresses and typed fields.

use core::fmt;
use core::marker::PhantomData;

use crate::desc::{BlockDesc, RegDesc};

/// The register enumeration that [`register_block!`](crate::register_block) makes.
pub trait Block: Copy + Eq + fmt::Debug + 'static {
    /// Tables of the block.
    const DESC: BlockDesc;
    /// First storage word of each register.
    const STORAGE: &'static [u16];

    /// Position of the register in [`BlockDesc::regs`].
    fn index(self) -> usize;

    /// The register with this position, if there is one.
    fn from_index(index: usize) -> Option<Self>;

    /// Finds the register at a byte offset; `None` when the offset is unaligned or names no register.
    fn at(offset: u32) -> Option<At<Self>>;
}

/// One register of a block: which one, and which element if it is an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At<B> {
    /// The register.
    pub reg: B,
    /// Element of an array register; 0 for a single one.
    pub index: u16,
}

impl<B: Block> At<B> {
    /// A single register, or the first element of an array.
    #[inline]
    pub const fn new(reg: B) -> Self {
        Self { reg, index: 0 }
    }

    /// The register's table.
    pub fn desc(self) -> &'static RegDesc {
        &B::DESC.regs[self.reg.index()]
    }

    /// Byte offset in the block.
    pub fn offset(self) -> u32 {
        self.desc().offset_of(u32::from(self.index))
    }
}

/// `NAME`, or `NAME[index]` for an array.
impl<B: Block> fmt::Display for At<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let desc = self.desc();
        f.write_str(desc.name)?;
        if desc.count > 1 { write!(f, "[{}]", self.index) } else { Ok(()) }
    }
}

/// Marks one register at the type level, so that a field of another register does not compile.
pub trait Register: Copy + 'static {
    /// The block it belongs to.
    type Block: Block;
    /// The register.
    const REG: Self::Block;
}

/// A field of register `R`.
pub struct Field<R> {
    msb: u8,
    lsb: u8,
    register: PhantomData<R>,
}

impl<R> Clone for Field<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Field<R> {}

impl<R> Field<R> {
    #[doc(hidden)]
    pub const fn new(bits: (u8, u8)) -> Self {
        Self { msb: bits.0, lsb: bits.1, register: PhantomData }
    }

    /// Lowest bit.
    #[inline]
    pub const fn lsb(self) -> u32 {
        self.lsb as u32
    }

    /// Number of bits.
    #[inline]
    pub const fn width(self) -> u32 {
        (self.msb - self.lsb) as u32 + 1
    }

    /// The bits of the field, in place.
    #[inline]
    pub const fn mask(self) -> u32 {
        (u32::MAX >> (32 - self.width())) << self.lsb
    }

    /// The field's value in `word`, right-aligned.
    #[inline]
    pub const fn get(self, word: u32) -> u32 {
        (word & self.mask()) >> self.lsb
    }

    /// `word` with the field replaced by `value`; bits of `value` that do not fit are dropped.
    #[inline]
    pub const fn set(self, word: u32, value: u32) -> u32 {
        (word & !self.mask()) | ((value << self.lsb) & self.mask())
    }

    /// Whether any bit of the field is set in `word`.
    #[inline]
    pub const fn is_set(self, word: u32) -> bool {
        word & self.mask() != 0
    }
}

impl<R: Register> fmt::Debug for Field<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[{}:{}]", R::REG, self.msb, self.lsb)
    }
}
