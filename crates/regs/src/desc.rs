//! Constant descriptions of blocks, registers and fields, and the checks made when compiling.

use core::fmt;

/// What a guest's accesses do to the bits of a field. See the [crate documentation](crate#field-modes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Read and write.
    Rw,
    /// Read only; the model writes.
    Ro,
    /// Write only; reads give 0.
    Wo,
    /// Write one to clear.
    W1c,
    /// Write one to set.
    W1s,
    /// Cleared by reading.
    Rc,
    /// Argument of a command.
    Arg,
    /// Reserved, reads 0.
    Res0,
    /// Reserved, reads 1.
    Res1,
    /// Kept and readable; no behaviour is modelled.
    Stored,
}

impl Mode {
    /// The word used for the mode in declarations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rw => "rw",
            Self::Ro => "ro",
            Self::Wo => "wo",
            Self::W1c => "w1c",
            Self::W1s => "w1s",
            Self::Rc => "rc",
            Self::Arg => "arg",
            Self::Res0 => "res0",
            Self::Res1 => "res1",
            Self::Stored => "stored",
        }
    }

    /// Whether the bits are reserved, that is without a name and a use.
    pub const fn is_reserved(self) -> bool {
        matches!(self, Self::Res0 | Self::Res1)
    }
}

/// A named value of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueDesc {
    /// Name as in the manual.
    pub name: &'static str,
    /// Value of the field, right-aligned.
    pub value: u32,
}

/// One field of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldDesc {
    /// Name as in the manual; `_` for reserved bits.
    pub name: &'static str,
    /// Highest bit, 0 to 31.
    pub msb: u8,
    /// Lowest bit, 0 to `msb`.
    pub lsb: u8,
    /// What guest accesses do.
    pub mode: Mode,
    /// One line of explanation; empty for reserved bits.
    pub doc: &'static str,
    /// Named values, if the field is an enumeration.
    pub values: &'static [ValueDesc],
}

impl FieldDesc {
    /// Number of bits, 1 to 32.
    pub const fn width(&self) -> u32 {
        self.msb as u32 - self.lsb as u32 + 1
    }

    /// The bits of the field, in place.
    pub const fn mask(&self) -> u32 {
        (u32::MAX >> (32 - self.width())) << self.lsb
    }

    /// The field's value in `word`, right-aligned.
    pub const fn get(&self, word: u32) -> u32 {
        (word & self.mask()) >> self.lsb
    }

    /// The name of `value`, if it has one.
    pub fn value_name(&self, value: u32) -> Option<&'static str> {
        self.values.iter().find(|v| v.value == value).map(|v| v.name)
    }
}

/// A second reading of a register's bits, such as the failure layout of a result register.
///
/// Views name positions; write rules come from the register's own fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewDesc {
    /// Name of the view.
    pub name: &'static str,
    /// When it applies.
    pub doc: &'static str,
    /// Its fields.
    pub fields: &'static [FieldDesc],
}

/// What a register is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Holds a value.
    Plain,
    /// A write acts; nothing is stored, reads give 0.
    Command,
    /// Another door to the register with this index: a write loads it whole, a read gives it.
    Alias(u16),
}

impl Kind {
    #[doc(hidden)]
    pub const fn command(self, _fields: &str) -> Self {
        Self::Command
    }

    #[doc(hidden)]
    pub const fn alias(self, target: u16) -> Self {
        Self::Alias(target)
    }
}

/// The bits of a register by what guest accesses do to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// `rw` and `stored`.
    pub rw: u32,
    /// `ro`.
    pub ro: u32,
    /// `wo`.
    pub wo: u32,
    /// `w1c`.
    pub w1c: u32,
    /// `w1s`.
    pub w1s: u32,
    /// `rc`.
    pub rc: u32,
    /// `arg`.
    pub arg: u32,
    /// `res1`.
    pub res1: u32,
    /// `stored` alone (also in `rw`).
    pub stored: u32,
}

impl Masks {
    /// Collects the masks of a register's fields.
    pub const fn of(fields: &[FieldDesc]) -> Self {
        let mut m = Self { rw: 0, ro: 0, wo: 0, w1c: 0, w1s: 0, rc: 0, arg: 0, res1: 0, stored: 0 };
        let mut i = 0;
        while i < fields.len() {
            check_range(&fields[i]);
            let bits = fields[i].mask();
            match fields[i].mode {
                Mode::Rw => m.rw |= bits,
                Mode::Stored => {
                    m.rw |= bits;
                    m.stored |= bits;
                }
                Mode::Ro => m.ro |= bits,
                Mode::Wo => m.wo |= bits,
                Mode::W1c => m.w1c |= bits,
                Mode::W1s => m.w1s |= bits,
                Mode::Rc => m.rc |= bits,
                Mode::Arg => m.arg |= bits,
                Mode::Res1 => m.res1 |= bits,
                Mode::Res0 => {}
            }
            i += 1;
        }
        m
    }

    /// Bits that can hold state.
    pub const fn holds(&self) -> u32 {
        self.rw | self.ro | self.wo | self.w1c | self.w1s | self.rc
    }

    /// Bits that a read shows.
    pub const fn readable(&self) -> u32 {
        self.rw | self.ro | self.w1c | self.w1s | self.rc | self.res1
    }

    /// The value that a register with these masks holds after a guest writes `value` over `old`.
    #[inline]
    pub const fn write(&self, old: u32, value: u32) -> u32 {
        let loaded = self.rw | self.wo;
        (((old & !loaded) | (value & loaded)) & !(value & self.w1c)) | (value & self.w1s)
    }
}

/// One register, or an array of equal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegDesc {
    /// Name as in the manual.
    pub name: &'static str,
    /// Documentation, a line each.
    pub doc: &'static [&'static str],
    /// Byte offset in the block.
    pub offset: u32,
    /// Number of elements; 1 for a single register.
    pub count: u32,
    /// Bytes from one element to the next; 4 for a single register.
    pub stride: u32,
    /// Plain, command or alias.
    pub kind: Kind,
    /// Value after reset.
    pub reset: u32,
    /// Write and read rules, by bit.
    pub masks: Masks,
    /// All fields, reserved ones included, in the order of the declaration. Empty for an alias.
    pub fields: &'static [FieldDesc],
    /// Further readings of the same bits.
    pub views: &'static [ViewDesc],
}

impl RegDesc {
    /// Byte offset in the block of element `index`.
    pub const fn offset_of(&self, index: u32) -> u32 {
        self.offset + self.stride * index
    }

    /// The field of this name, reserved bits excepted.
    pub fn field(&self, name: &str) -> Option<&'static FieldDesc> {
        self.fields.iter().find(|f| f.name == name && !f.mode.is_reserved())
    }

    /// Prints `word` field by field: `M=1 TRE=0`, a reserved field only when it is not as reserved.
    pub const fn show(&self, word: u32) -> ShowFields {
        ShowFields { fields: self.fields, word }
    }
}

/// Prints the fields of a word; made by [`RegDesc::show`].
#[derive(Clone, Copy, Debug)]
pub struct ShowFields {
    fields: &'static [FieldDesc],
    word: u32,
}

impl fmt::Display for ShowFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut space = "";
        for field in self.fields {
            let value = field.get(self.word);
            match field.mode {
                Mode::Res0 if value == 0 => continue,
                Mode::Res1 if value == field.get(u32::MAX) => continue,
                Mode::Res0 | Mode::Res1 => {
                    write!(f, "{space}reserved[{}:{}]={value:#x}", field.msb, field.lsb)?;
                }
                _ if value < 10 => write!(f, "{space}{}={value}", field.name)?,
                _ => write!(f, "{space}{}={value:#x}", field.name)?,
            }
            if let Some(name) = field.value_name(value) {
                write!(f, "({name})")?;
            }
            space = " ";
        }
        Ok(())
    }
}

/// One block of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockDesc {
    /// Name of the block.
    pub name: &'static str,
    /// Documentation, a line each.
    pub doc: &'static [&'static str],
    /// Size in bytes of one instance.
    pub size: u32,
    /// Its registers, in the order of the declaration.
    pub regs: &'static [RegDesc],
}

impl BlockDesc {
    /// The register of this name.
    pub fn reg(&self, name: &str) -> Option<&'static RegDesc> {
        self.regs.iter().find(|r| r.name == name)
    }
}

/// Entry of an index table where no register is.
pub const NO_REGISTER: u16 = u16::MAX;

/// Which register each word of the block belongs to. Fails when two claim the same word.
pub const fn index_table<const WORDS: usize>(regs: &[RegDesc]) -> [u16; WORDS] {
    let mut table = [NO_REGISTER; WORDS];
    let mut r = 0;
    while r < regs.len() {
        let mut i = 0;
        while i < regs[r].count {
            let word = (regs[r].offset_of(i) / 4) as usize;
            assert!(word < WORDS, "a register lies outside its block");
            assert!(table[word] == NO_REGISTER, "two registers have the same offset");
            table[word] = r as u16;
            i += 1;
        }
        r += 1;
    }
    table
}

/// The first storage word of each register. Aliases share their target's; a command has one that stays 0.
pub const fn storage<const N: usize>(regs: &[RegDesc]) -> [u16; N] {
    let mut first = [0; N];
    let mut next = 0;
    let mut r = 0;
    while r < N {
        if !matches!(regs[r].kind, Kind::Alias(_)) {
            first[r] = next as u16;
            next += regs[r].count;
            assert!(next < u16::MAX as u32, "too many registers");
        }
        r += 1;
    }
    r = 0;
    while r < N {
        if let Kind::Alias(target) = regs[r].kind {
            first[r] = first[target as usize];
        }
        r += 1;
    }
    first
}

/// Number of storage words of the block.
pub const fn storage_words(regs: &[RegDesc]) -> usize {
    let mut words = 0;
    let mut r = 0;
    while r < regs.len() {
        if !matches!(regs[r].kind, Kind::Alias(_)) {
            words += regs[r].count as usize;
        }
        r += 1;
    }
    words
}

/// Fails, when compiling, if the block is not well formed.
pub const fn check(block: &BlockDesc) {
    assert!(block.size.is_multiple_of(4), "the block's size is not a multiple of 4");
    assert!(block.regs.len() < NO_REGISTER as usize, "too many registers");
    let mut r = 0;
    while r < block.regs.len() {
        check_register(block, &block.regs[r]);
        r += 1;
    }
}

const fn check_register(block: &BlockDesc, reg: &RegDesc) {
    assert!(reg.offset.is_multiple_of(4), "a register's offset is not a multiple of 4");
    assert!(reg.count >= 1, "an array has no elements");
    assert!(reg.stride >= 4 && reg.stride.is_multiple_of(4), "an array's stride is not a multiple of 4");
    assert!(reg.offset_of(reg.count - 1) <= block.size - 4, "a register lies outside its block");
    let covered = check_fields(reg.fields);
    let mut v = 0;
    while v < reg.views.len() {
        check_fields(reg.views[v].fields);
        v += 1;
    }
    let masks = reg.masks;
    match reg.kind {
        Kind::Alias(target) => {
            let target = &block.regs[target as usize];
            assert!(matches!(target.kind, Kind::Plain), "an alias names a register that is not plain");
            assert!(
                target.count == reg.count,
                "an alias and its register differ in their number of elements"
            );
            return;
        }
        Kind::Command => {
            assert!(masks.holds() == 0 && masks.res1 == 0, "a command has only `arg` and `res0` fields");
        }
        Kind::Plain => assert!(masks.arg == 0, "only commands have `arg` fields"),
    }
    assert!(covered == u32::MAX, "a bit of a register is in no field");
    assert!(reg.reset & !masks.holds() == masks.res1, "a reset value does not respect reserved bits");
}

const fn check_fields(fields: &[FieldDesc]) -> u32 {
    let mut covered = 0;
    let mut f = 0;
    while f < fields.len() {
        let field = &fields[f];
        check_range(field);
        assert!(covered & field.mask() == 0, "two fields overlap");
        covered |= field.mask();
        let mut v = 0;
        while v < field.values.len() {
            assert!(
                field.values[v].value <= u32::MAX >> (32 - field.width()),
                "a named value does not fit its field"
            );
            v += 1;
        }
        f += 1;
    }
    covered
}

const fn check_range(field: &FieldDesc) {
    assert!(field.msb < 32 && field.lsb <= field.msb, "a field's bits are not [high:low] within [31:0]");
}
