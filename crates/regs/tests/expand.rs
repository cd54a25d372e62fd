//! What one small block becomes, spelt out by hand, beside the macro's own work.

use msmemu_regs::{
    At, Block, BlockDesc, Field, FieldDesc, Kind, Masks, Mode, RegDesc, Register, ValueDesc, ViewDesc,
};

mod expanded {
    msmemu_regs::register_block! {
        /// Tide gauge.
        pub block Gauge, size 0x20;

        /// Control.
        CTL @ 0x00, reset 0x8000_0001 {
            RUN   [0]     rw    "Measure",
            SCALE [2:1]   rw    "Range" { NEAP = 1, SPRING = 2 },
            _     [30:3]  res0,
            _     [31]    res1,
        }
        /// Marks.
        MARK @ 0x08, array 2 x 8, reset 0 {
            LEVEL [31:0]  rw    "Height in mm",
        }
        /// Zero the gauge.
        ZERO @ 0x04, command {
            DEPTH [7:0]   arg   "Where zero is",
            _     [31:8]  res0,
        }
        /// Status.
        /// Two lines.
        STAT @ 0x0C, reset 0 {
            RAW   [31:0]  w1c   "All bits",
        } view DRY "when no water is found" {
            F     [0]     "always 1",
            CAUSE [7:4]   "why",
        }
        /// Loads STAT.
        STAT_LOAD @ 0x14, alias STAT;
    }
}

/// The same block without the macro.
mod by_hand {
    use super::*;

    const fn field(name: &'static str, msb: u8, lsb: u8, mode: Mode, doc: &'static str) -> FieldDesc {
        FieldDesc { name, msb, lsb, mode, doc, values: &[] }
    }

    const NO_MASKS: Masks = Masks { rw: 0, ro: 0, wo: 0, w1c: 0, w1s: 0, rc: 0, arg: 0, res1: 0, stored: 0 };

    pub(super) const GAUGE: BlockDesc = BlockDesc {
        name: "Gauge",
        doc: &[" Tide gauge."],
        size: 0x20,
        regs: &[
            RegDesc {
                name: "CTL",
                doc: &[" Control."],
                offset: 0,
                count: 1,
                stride: 4,
                kind: Kind::Plain,
                reset: 0x8000_0001,
                masks: Masks { rw: 7, res1: 0x8000_0000, ..NO_MASKS },
                fields: &[
                    field("RUN", 0, 0, Mode::Rw, "Measure"),
                    FieldDesc {
                        values: &[
                            ValueDesc { name: "NEAP", value: 1 },
                            ValueDesc { name: "SPRING", value: 2 },
                        ],
                        ..field("SCALE", 2, 1, Mode::Rw, "Range")
                    },
                    field("_", 30, 3, Mode::Res0, ""),
                    field("_", 31, 31, Mode::Res1, ""),
                ],
                views: &[],
            },
            RegDesc {
                name: "MARK",
                doc: &[" Marks."],
                offset: 8,
                count: 2,
                stride: 8,
                kind: Kind::Plain,
                reset: 0,
                masks: Masks { rw: u32::MAX, ..NO_MASKS },
                fields: &[field("LEVEL", 31, 0, Mode::Rw, "Height in mm")],
                views: &[],
            },
            RegDesc {
                name: "ZERO",
                doc: &[" Zero the gauge."],
                offset: 4,
                count: 1,
                stride: 4,
                kind: Kind::Command,
                reset: 0,
                masks: Masks { arg: 0xFF, ..NO_MASKS },
                fields: &[
                    field("DEPTH", 7, 0, Mode::Arg, "Where zero is"),
                    field("_", 31, 8, Mode::Res0, ""),
                ],
                views: &[],
            },
            RegDesc {
                name: "STAT",
                doc: &[" Status.", " Two lines."],
                offset: 0xC,
                count: 1,
                stride: 4,
                kind: Kind::Plain,
                reset: 0,
                masks: Masks { w1c: u32::MAX, ..NO_MASKS },
                fields: &[field("RAW", 31, 0, Mode::W1c, "All bits")],
                views: &[ViewDesc {
                    name: "DRY",
                    doc: "when no water is found",
                    fields: &[field("F", 0, 0, Mode::Ro, "always 1"), field("CAUSE", 7, 4, Mode::Ro, "why")],
                }],
            },
            RegDesc {
                name: "STAT_LOAD",
                doc: &[" Loads STAT."],
                offset: 0x14,
                count: 1,
                stride: 4,
                kind: Kind::Alias(3),
                reset: 0,
                masks: NO_MASKS,
                fields: &[],
                views: &[],
            },
        ],
    };
}

use expanded::Gauge;

#[test]
fn tables_are_as_written_by_hand() {
    assert_eq!(Gauge::DESC, by_hand::GAUGE);
}

#[test]
fn storage_is_one_word_an_element_and_aliases_share() {
    assert_eq!(Gauge::WORDS, 5);
    assert_eq!(<Gauge as Block>::STORAGE, [0, 1, 3, 4, 4]);
}

#[test]
fn offsets_find_registers_and_elements() {
    let found: Vec<_> = (0..0x24).filter_map(|offset| Some((offset, Gauge::at(offset)?))).collect();
    let at = |reg, index| At { reg, index };
    assert_eq!(
        found,
        [
            (0x00, at(Gauge::CTL, 0)),
            (0x04, at(Gauge::ZERO, 0)),
            (0x08, at(Gauge::MARK, 0)),
            (0x0C, at(Gauge::STAT, 0)),
            (0x10, at(Gauge::MARK, 1)),
            (0x14, at(Gauge::STAT_LOAD, 0)),
        ]
    );
    for (offset, at) in found {
        assert_eq!(at.offset(), offset);
    }
    assert_eq!(Gauge::at(u32::MAX - 3), None);
}

#[test]
fn fields_are_typed_by_register_and_view() {
    fn same<R: Register>(field: Field<R>, msb: u32, lsb: u32) {
        assert_eq!((field.lsb() + field.width() - 1, field.lsb()), (msb, lsb), "{field:?}");
    }
    same(expanded::CTL::RUN, 0, 0);
    same(expanded::CTL::SCALE, 2, 1);
    same(expanded::ZERO::DEPTH, 7, 0);
    same(expanded::STAT::RAW, 31, 0);
    same(expanded::STAT::DRY::CAUSE, 7, 4);
    assert_eq!(expanded::CTL::SCALE.set(0xFFFF_FFFF, 1), 0xFFFF_FFFB);
    assert_eq!(expanded::STAT::RAW.set(0, u32::MAX), u32::MAX);
    assert_eq!(format!("{:?}", expanded::STAT::DRY::CAUSE), "STAT[7:4]");
}
