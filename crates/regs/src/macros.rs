//! [`register_block!`](crate::register_block) and its helpers.
//!
//! The macro takes no recursion: a block is one repetition of registers, and each register hands its
//! field list to small helpers. `tests/expand.rs` spells out by hand what one block becomes.

/// Declares a block of 32-bit registers. See the [crate documentation](crate) for the grammar by example.
///
/// Each register is `NAME @ offset`, then one of
///
/// - `, reset VALUE { fields }`: a plain register; `, array COUNT x STRIDE` may stand before `reset`;
/// - `, command { fields }`: a command;
/// - `, alias NAME;`: another door to a plain register, optionally `, array COUNT x STRIDE` before it;
///
/// optionally followed by `view NAME "when" { FIELD [bits] "text", … }` for further readings of the same
/// bits. A field is `NAME [high:low] mode "text"`, optionally followed by `{ NAME = value, … }`; a
/// reserved one is `_ [high:low] res0`. Every register has at least one line of documentation. Offsets,
/// counts and reset values are single tokens: a literal, or an expression in parentheses.
///
/// The block becomes an enumeration of its registers (which implements [`Block`](crate::Block)), and a
/// module for each register that holds its [`Field`](crate::Field) constants, plus one nested module
/// for each view.
#[macro_export]
macro_rules! register_block {
    (
        $(#[doc = $bdoc:expr])+
        $vis:vis block $Block:ident, size $size:expr;
        $(
            $(#[doc = $rdoc:expr])+
            $REG:ident @ $off:tt
            $(, array $count:tt x $stride:tt)?
            $(, reset $reset:tt { $($fields:tt)* })?
            $(, command { $($args:tt)* })?
            $(, alias $target:ident;)?
            $(view $VIEW:ident $vdoc:literal { $($vfields:tt)* })*
        )+
    ) => {
        $(#[doc = $bdoc])+
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        $vis enum $Block {
            $( $(#[doc = $rdoc])+ $REG, )+
        }

        #[allow(dead_code)]
        impl $Block {
            const REGS: &'static [$crate::RegDesc] = &[
                $( {
                    const FIELDS: &[$crate::FieldDesc] =
                        $crate::__fields!($($($fields)*)? $($($args)*)?);
                    $crate::RegDesc {
                        name: stringify!($REG),
                        doc: &[$($rdoc),+],
                        offset: $off,
                        count: $crate::__or!([$($count)?] 1),
                        stride: $crate::__or!([$($stride)?] 4),
                        kind: $crate::Kind::Plain
                            $(.command(stringify!($($args)*)))?
                            $(.alias($Block::$target as u16))?,
                        reset: 0 $(| $reset)?,
                        masks: $crate::Masks::of(FIELDS),
                        fields: FIELDS,
                        views: &[
                            $( $crate::ViewDesc {
                                name: stringify!($VIEW),
                                doc: $vdoc,
                                fields: $crate::__view_fields!($($vfields)*),
                            }, )*
                        ],
                    }
                } ),+
            ];
            const INDEX: [u16; ($size) / 4] = $crate::__private::index_table(Self::REGS);

            /// Tables of the block.
            pub const DESC: $crate::BlockDesc = $crate::BlockDesc {
                name: stringify!($Block),
                doc: &[$($bdoc),+],
                size: $size,
                regs: Self::REGS,
            };
            /// Number of storage words: the `N` of this block's [`RegFile`]($crate::RegFile).
            pub const WORDS: usize = $crate::__private::storage_words(Self::REGS);
            /// All registers, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$REG),+];

            /// The register's table.
            pub const fn desc(self) -> &'static $crate::RegDesc {
                &Self::REGS[self as usize]
            }

            /// Finds the register at a byte offset; `None` when it is unaligned or names no register.
            #[inline]
            pub fn at(offset: u32) -> Option<$crate::At<Self>> {
                static INDEX: [u16; ($size) / 4] = $Block::INDEX;
                if offset % 4 != 0 {
                    return None;
                }
                let found = *INDEX.get((offset / 4) as usize)?;
                let reg = *Self::ALL.get(usize::from(found))?;
                let desc = reg.desc();
                let index = if desc.count == 1 { 0 } else { ((offset - desc.offset) / desc.stride) as u16 };
                Some($crate::At { reg, index })
            }
        }

        impl $crate::Block for $Block {
            const DESC: $crate::BlockDesc = $Block::DESC;
            const STORAGE: &'static [u16] = &$crate::__private::storage::<{ $Block::REGS.len() }>($Block::REGS);

            #[inline]
            fn index(self) -> usize {
                self as usize
            }

            #[inline]
            fn from_index(index: usize) -> Option<Self> {
                Self::ALL.get(index).copied()
            }

            #[inline]
            fn at(offset: u32) -> Option<$crate::At<Self>> {
                $Block::at(offset)
            }
        }

        const _: () = $crate::__private::check(&$Block::DESC);

        $(
            $(#[doc = $rdoc])+
            #[allow(non_snake_case, dead_code, unused_imports)]
            $vis mod $REG {
                /// Marks this register at the type level.
                #[derive(Clone, Copy, Debug)]
                pub struct Reg;

                impl $crate::Register for Reg {
                    type Block = super::$Block;
                    const REG: Self::Block = super::$Block::$REG;
                }

                $crate::__field_consts!($($($fields)*)? $($($args)*)?);
                $(
                    #[doc = $vdoc]
                    pub mod $VIEW {
                        use super::Reg;
                        $crate::__view_consts!($($vfields)*);
                    }
                )*
            }
        )+
    };
}

/// The first list if it is not empty, else the default.
#[doc(hidden)]
#[macro_export]
macro_rules! __or {
    ([] $default:expr) => {
        $default
    };
    ([$($given:tt)+] $default:expr) => {
        $($given)+
    };
}

/// `[high:low]` or `[bit]` as `(high, low)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __bits {
    ([$high:literal : $low:literal]) => {
        ($high, $low)
    };
    ([$bit:literal]) => {
        ($bit, $bit)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __mode {
    (rw) => {
        $crate::Mode::Rw
    };
    (ro) => {
        $crate::Mode::Ro
    };
    (wo) => {
        $crate::Mode::Wo
    };
    (w1c) => {
        $crate::Mode::W1c
    };
    (w1s) => {
        $crate::Mode::W1s
    };
    (rc) => {
        $crate::Mode::Rc
    };
    (arg) => {
        $crate::Mode::Arg
    };
    (res0) => {
        $crate::Mode::Res0
    };
    (res1) => {
        $crate::Mode::Res1
    };
    (stored) => {
        $crate::Mode::Stored
    };
    ($other:ident) => {
        compile_error!(concat!("`", stringify!($other), "` is not a field mode"))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    ($(
        $FIELD:tt $bits:tt $mode:ident $($doc:literal)? $({ $($VALUE:ident = $value:literal),* $(,)? })?
    ),* $(,)?) => {
        &[
            $( $crate::FieldDesc {
                name: stringify!($FIELD),
                msb: $crate::__bits!($bits).0,
                lsb: $crate::__bits!($bits).1,
                mode: $crate::__mode!($mode),
                doc: concat!($($doc)?),
                values: &[$($( $crate::ValueDesc { name: stringify!($VALUE), value: $value } ),*)?],
            } ),*
        ]
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __view_fields {
    ($( $FIELD:ident $bits:tt $doc:literal ),* $(,)?) => {
        $crate::__fields!($( $FIELD $bits ro $doc ),*)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __field_consts {
    ($( $FIELD:tt $bits:tt $mode:ident $($doc:literal)? $({ $($values:tt)* })? ),* $(,)?) => {
        $( $crate::__field_const!($FIELD $bits concat!($($doc)?)); )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __view_consts {
    ($( $FIELD:ident $bits:tt $doc:literal ),* $(,)?) => {
        $( $crate::__field_const!($FIELD $bits $doc); )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __field_const {
    (_ $bits:tt $doc:expr) => {};
    ($FIELD:ident $bits:tt $doc:expr) => {
        #[doc = $doc]
        pub const $FIELD: $crate::Field<Reg> = $crate::Field::new($crate::__bits!($bits));
    };
}
