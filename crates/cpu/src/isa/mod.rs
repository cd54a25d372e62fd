//! The instruction tables: every instruction described once.
//!
//! A row gives encoding, constraints, assembly template, cycle class, the feature it needs and how it is lowered to an
//! [`Op`]. From the rows come the decoder ([`decode`]), the disassembler ([`disasm`]), the list of instructions for coverage
//! ([`rows`]) and the tables of the reference manual. What no row describes is UNDEFINED.

pub mod decode;
pub mod disasm;
mod encoding;

mod a32_data;
mod a32_memory;
mod a32_system;
mod fp_operands;
mod lower;
mod lower_media;
mod neon;
mod operands;
mod t16;
mod t32_data;
mod t32_memory;
mod t32_system;
mod vfp;

pub use encoding::{Encoding, Excluded};

use crate::model::Feature;
use crate::op::Op;

/// The instruction set a word is decoded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Set {
    /// 32-bit ARM instructions.
    A32,
    /// 16-bit Thumb instructions.
    T16,
    /// 32-bit Thumb instructions; the first halfword is in the upper half of the word.
    T32,
}

/// What an instruction costs on the core; see [`crate::model::Costs`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Data processing.
    Alu,
    /// Data processing with a register-specified shift.
    AluShift,
    /// 32-bit multiply.
    Mul,
    /// 64-bit multiply.
    MulLong,
    /// Integer divide.
    Div,
    /// Load of one register.
    Load,
    /// Store of one register.
    Store,
    /// Several registers; the cost adds the number of registers.
    Multiple,
    /// Branch.
    Branch,
    /// Status register, system register or barrier.
    System,
    /// Exception-generating instruction.
    Exception,
    /// VFP arithmetic.
    Fp,
    /// VFP divide or square root.
    FpDiv,
    /// Advanced SIMD arithmetic.
    Simd,
    /// Advanced SIMD multiply.
    SimdMul,
    /// VFP or Advanced SIMD register transfer.
    FpMove,
}

/// Marks an encoding that turns out UNDEFINED while it is lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undefined;

/// How a row fills in the [`Op`]: it gets the decoded word, and an op with the default fields already extracted.
pub type Lower = fn(&Word<'_>, &mut Op) -> Result<(), Undefined>;

/// One described instruction.
#[derive(Debug)]
pub struct Insn {
    /// Name, unique within its set; the coverage table uses it.
    pub name: &'static str,
    /// Bit pattern.
    pub encoding: Encoding,
    /// The bit string as written.
    pub pattern: &'static str,
    /// Field values that this row does not take.
    pub excluded: &'static [Excluded],
    /// Assembly template, see [`disasm`].
    pub template: &'static str,
    /// Cycle class.
    pub class: Class,
    /// What the core must have.
    pub feature: Feature,
    /// Lowering.
    pub lower: Lower,
    /// What is done where the manual says UNPREDICTABLE; empty when there is nothing to choose.
    pub unpredictable: &'static str,
}

impl Insn {
    /// Whether this row describes `word`.
    pub fn describes(&self, word: u32) -> bool {
        self.encoding.matches(word)
            && self.excluded.iter().all(|e| self.encoding.field(e.field, word) != e.value)
    }
}

/// A word being lowered, with what is known about its place.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    /// The row that describes it.
    pub insn: &'a Insn,
    /// The instruction: 32 bits, or 16 in the low half.
    pub raw: u32,
    /// Instruction set.
    pub set: Set,
    /// Address of the instruction.
    pub pc: u32,
    /// ITSTATE before it; 0 outside an IT block and in A32.
    pub it: u8,
    /// State of VFP and Advanced SIMD that decoding depends on, see [`crate::fp::decode_bits`].
    pub fp: u8,
}

impl Word<'_> {
    /// A field by its letter.
    pub fn f(&self, name: char) -> u32 {
        self.insn.encoding.field(name as u8, self.raw)
    }

    /// A one-bit field by its letter.
    pub fn bit(&self, name: char) -> bool {
        self.f(name) != 0
    }

    /// The value that reading R15 gives: the instruction's address plus 8 in A32, plus 4 in Thumb.
    pub fn pc_value(&self) -> u32 {
        self.pc.wrapping_add(if self.set == Set::A32 { 8 } else { 4 })
    }

    /// Whether the instruction is inside an IT block.
    pub fn in_it(&self) -> bool {
        self.it & 0xF != 0
    }

    /// Whether the instruction is the last one of its IT block, or outside of one.
    pub fn last_in_it(&self) -> bool {
        self.it & 0x7 == 0
    }
}

/// Declares a table of instructions. One row:
///
/// ```text
/// Name "bit string" where d != 15, n != 15 => "template", Class, Feature, lowering, unp "what is chosen";
/// ```
///
/// `where` and `unp` are optional. Field letters with a meaning of their own: `c` condition (0b1111 is excluded
/// by itself), `d`/`t` to `op.rd`, `n` to `op.rn`, `m` to `op.rm`, `s`/`a` to `op.rs`, `i` to `op.imm`.
macro_rules! isa {
    ($(#[$meta:meta])* $vis:vis const $table:ident = [
        $( $name:ident $($pattern:literal)+ $(where $($f:ident != $v:literal),+)? =>
           $template:literal, $class:ident, $feature:ident, $lower:expr $(, unp $note:literal)? ; )*
    ]) => {
        $(#[$meta])*
        $vis const $table: &[$crate::isa::Insn] = &[
            $( $crate::isa::Insn {
                name: stringify!($name),
                encoding: const { $crate::isa::Encoding::parse(concat!($($pattern),+)) },
                pattern: concat!($($pattern),+),
                excluded: &[ $( $( $crate::isa::Excluded { field: stringify!($f).as_bytes()[0], value: $v } ),+ )? ],
                template: $template,
                class: $crate::isa::Class::$class,
                feature: $crate::model::Feature::$feature,
                lower: $lower,
                unpredictable: concat!($($note)?),
            } ),*
        ];
    };
}
pub(crate) use isa;

/// Declares the rows of instructions that A32 and T32 encode alike except for the first bits: two tables as of [`isa`],
/// with the bit strings of either set put before those of the rows.
macro_rules! isa_both {
    (const $a32:ident $a32_bits:literal, $t32:ident $t32_bits:literal = [
        $( $name:ident $pattern:literal $(where $($f:ident != $v:literal),+)? =>
           $template:literal, $class:ident, $feature:ident, $lower:expr $(, unp $note:literal)? ; )*
    ]) => {
        $crate::isa::isa! {
            /// Encodings in ARM state.
            pub(in crate::isa) const $a32 = [
                $( $name $a32_bits $pattern $(where $($f != $v),+)? =>
                   $template, $class, $feature, $lower $(, unp $note)? ; )*
            ]
        }
        $crate::isa::isa! {
            /// Encodings in Thumb state.
            pub(in crate::isa) const $t32 = [
                $( $name $t32_bits $pattern $(where $($f != $v),+)? =>
                   $template, $class, $feature, $lower $(, unp $note)? ; )*
            ]
        }
    };
}
pub(crate) use isa_both;

/// All tables of a set. Earlier rows win where two describe the same word, so special cases come first.
pub fn rows(set: Set) -> impl Iterator<Item = &'static Insn> {
    let tables: &[&'static [Insn]] = match set {
        Set::A32 => decode::A32_TABLES,
        Set::T16 => decode::T16_TABLES,
        Set::T32 => decode::T32_TABLES,
    };
    tables.iter().flat_map(|t| t.iter())
}
