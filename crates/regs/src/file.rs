//! Storage of a block's registers, with the guest's rules applied.

use core::fmt;

use crate::block::{At, Block, Field, Register};
use crate::desc::{Kind, Masks, RegDesc};

/// What a guest's write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Value before; 0 for a command.
    pub old: u32,
    /// Value after; 0 for a command.
    pub new: u32,
    /// The value the guest wrote, unmasked.
    pub written: u32,
}

impl Change {
    /// The bits that changed.
    #[inline]
    pub const fn changed(&self) -> u32 {
        self.old ^ self.new
    }
}

/// The values of all registers of one instance of block `B`; `N` is `B::WORDS`.
///
/// [`guest_read`](Self::guest_read) and [`guest_write`](Self::guest_write) apply the rules of the
/// declaration; [`get`](Self::get) and [`set`](Self::set) are the model's side, which may change what
/// the guest can not. Reserved bits keep their reserved value on both.
#[derive(Clone, PartialEq, Eq)]
pub struct RegFile<B, const N: usize> {
    values: [u32; N],
    block: core::marker::PhantomData<B>,
}

impl<B: Block, const N: usize> Default for RegFile<B, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Block, const N: usize> RegFile<B, N> {
    const RESET: [u32; N] = {
        let mut values = [0; N];
        let regs = B::DESC.regs;
        let mut r = 0;
        while r < regs.len() {
            if matches!(regs[r].kind, Kind::Plain) {
                let mut i = 0;
                while i < regs[r].count {
                    values[B::STORAGE[r] as usize + i as usize] = regs[r].reset;
                    i += 1;
                }
            }
            r += 1;
        }
        values
    };

    /// All registers at their reset values.
    pub const fn new() -> Self {
        Self { values: Self::RESET, block: core::marker::PhantomData }
    }

    /// Puts every register back to its reset value.
    pub fn reset(&mut self) {
        self.values = Self::RESET;
    }

    #[inline]
    fn desc(reg: B) -> &'static RegDesc {
        &B::DESC.regs[reg.index()]
    }

    #[inline]
    fn word(at: At<B>) -> usize {
        usize::from(B::STORAGE[at.reg.index()]) + usize::from(at.index)
    }

    /// The masks that say what `reg` can hold: its own, or its target's for an alias.
    #[inline]
    fn masks(reg: B) -> &'static Masks {
        let desc = Self::desc(reg);
        match desc.kind {
            Kind::Alias(target) => &B::DESC.regs[usize::from(target)].masks,
            Kind::Plain | Kind::Command => &desc.masks,
        }
    }

    /// The value of a single register, as the model holds it.
    #[inline]
    pub fn get(&self, reg: B) -> u32 {
        self.get_at(At::new(reg))
    }

    /// The value of one element, as the model holds it.
    ///
    /// # Panics
    /// If the element does not exist; an [`At`] found by [`Block::at`] always does.
    #[inline]
    pub fn get_at(&self, at: At<B>) -> u32 {
        self.values[Self::word(at)]
    }

    /// Sets a single register from the model's side; reserved bits stay as they are.
    #[inline]
    pub fn set(&mut self, reg: B, value: u32) {
        self.set_at(At::new(reg), value);
    }

    /// Sets one element from the model's side; reserved bits stay as they are.
    ///
    /// # Panics
    /// As [`get_at`](Self::get_at).
    #[inline]
    pub fn set_at(&mut self, at: At<B>, value: u32) {
        let masks = Self::masks(at.reg);
        self.values[Self::word(at)] = (value & masks.holds()) | masks.res1;
    }

    /// The value of a field of a single register, right-aligned.
    #[inline]
    pub fn field<R: Register<Block = B>>(&self, field: Field<R>) -> u32 {
        field.get(self.get(R::REG))
    }

    /// Whether any bit of a field of a single register is set.
    #[inline]
    pub fn is_set<R: Register<Block = B>>(&self, field: Field<R>) -> bool {
        self.field(field) != 0
    }

    /// Sets a field of a single register from the model's side.
    #[inline]
    pub fn set_field<R: Register<Block = B>>(&mut self, field: Field<R>, value: u32) {
        self.set(R::REG, field.set(self.get(R::REG), value));
    }

    /// What a guest's read gives. Clears `rc` fields.
    #[inline]
    pub fn guest_read(&mut self, at: At<B>) -> u32 {
        let masks = Self::masks(at.reg);
        let word = Self::word(at);
        let value = self.values[word] & masks.readable();
        self.values[word] &= !masks.rc;
        value
    }

    /// What a guest's read would give, without the effect of one.
    #[inline]
    pub fn peek(&self, at: At<B>) -> u32 {
        self.values[Self::word(at)] & Self::masks(at.reg).readable()
    }

    /// A guest's write, by the rules of the declaration. An alias loads its target whole, reserved bits
    /// excepted; a command changes nothing.
    #[inline]
    pub fn guest_write(&mut self, at: At<B>, value: u32) -> Change {
        let desc = Self::desc(at.reg);
        let word = Self::word(at);
        let old = self.values[word];
        let new = match desc.kind {
            Kind::Plain => desc.masks.write(old, value),
            Kind::Command => old,
            Kind::Alias(_) => {
                let masks = Self::masks(at.reg);
                (value & masks.holds()) | masks.res1
            }
        };
        self.values[word] = new;
        Change { old, new, written: value }
    }

    /// All storage words, for saving.
    pub fn words(&self) -> &[u32; N] {
        &self.values
    }

    /// Takes saved words back.
    ///
    /// # Errors
    /// When the number of words is not this block's, or a word has a value that the register can not
    /// hold. Nothing is changed then.
    pub fn restore(&mut self, words: &[u32]) -> Result<(), RestoreError> {
        let words: &[u32; N] = words.try_into().map_err(|_| RestoreError::Length {
            block: B::DESC.name,
            found: words.len(),
            expected: N,
        })?;
        for (r, desc) in B::DESC.regs.iter().enumerate() {
            if matches!(desc.kind, Kind::Alias(_)) {
                continue;
            }
            let first = usize::from(B::STORAGE[r]);
            for &value in &words[first..first + desc.count as usize] {
                if value & !desc.masks.holds() != desc.masks.res1 {
                    return Err(RestoreError::Value { block: B::DESC.name, register: desc.name, value });
                }
            }
        }
        self.values = *words;
        Ok(())
    }
}

/// Prints the registers that are not at their reset value.
impl<B: Block, const N: usize> fmt::Debug for RegFile<B, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (r, desc) in B::DESC.regs.iter().enumerate() {
            if matches!(desc.kind, Kind::Alias(_)) {
                continue;
            }
            let first = usize::from(B::STORAGE[r]);
            for (i, value) in self.values[first..first + desc.count as usize].iter().enumerate() {
                if *value != desc.reset {
                    map.entry(&format_args!("{}[{i}]", desc.name), &format_args!("{value:#010x}"));
                }
            }
        }
        map.finish()
    }
}

/// Why saved words were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// Not this block's number of words.
    Length {
        /// The block.
        block: &'static str,
        /// Number of words given.
        found: usize,
        /// Number of words of the block.
        expected: usize,
    },
    /// A value with reserved bits changed.
    Value {
        /// The block.
        block: &'static str,
        /// The register.
        register: &'static str,
        /// The word given.
        value: u32,
    },
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { block, found, expected } => {
                write!(f, "block {block} has {expected} words, the saved state has {found}")
            }
            Self::Value { block, register, value } => {
                write!(f, "{block}.{register} can not hold {value:#010x}: reserved bits differ")
            }
        }
    }
}

impl core::error::Error for RestoreError {}
