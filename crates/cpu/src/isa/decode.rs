//! From words to [`Op`]s.

use super::{
    Insn, Set, Word, a32_data, a32_memory, a32_system, neon, t16, t32_data, t32_memory, t32_system, vfp,
};
use crate::exec::{Special, Wrap};
use crate::model::{Costs, Model};
use crate::op::{Op, Reg};

/// Tables of the ARM instruction set, special cases first.
pub(super) const A32_TABLES: &[&[Insn]] = &[
    a32_system::SYSTEM,
    a32_memory::MEMORY,
    a32_data::MEDIA,
    a32_data::DATA,
    vfp::A32,
    neon::misc::CORE_A32,
    neon::same::A32,
    neon::long::A32,
    neon::shift::A32,
    neon::misc::A32,
    neon::memory::A32,
];
/// Tables of the 16-bit Thumb instructions.
pub(super) const T16_TABLES: &[&[Insn]] = &[t16::TABLE];
/// Tables of the 32-bit Thumb instructions.
pub(super) const T32_TABLES: &[&[Insn]] = &[
    t32_system::SYSTEM,
    t32_memory::MEMORY,
    t32_data::DATA,
    vfp::T32,
    neon::misc::CORE_T32,
    neon::same::T32,
    neon::long::T32,
    neon::shift::T32,
    neon::misc::T32,
    neon::memory::T32,
];

/// Whether a Thumb halfword is the first of two.
pub const fn is_wide(halfword: u16) -> bool {
    halfword >> 11 > 0b11100
}

const fn total(tables: &[&[Insn]]) -> usize {
    let mut sum = 0;
    let mut t = 0;
    while t < tables.len() {
        sum += tables[t].len();
        t += 1;
    }
    sum
}

/// Candidate rows by some bits of the word.
struct Index<const BUCKETS: usize, const ROWS: usize> {
    rows: [&'static Insn; ROWS],
    /// Start of each bucket in `order`.
    start: [u32; BUCKETS],
    order: &'static [u16],
}

/// The bucket of a word: the bits that tell most instructions apart.
const fn bucket(set: Set, word: u32) -> u32 {
    match set {
        Set::A32 => (word >> 20 & 0xFF) | if word >> 28 == 15 { 256 } else { 0 },
        Set::T16 => word >> 8,
        Set::T32 => word >> 20 & 0x1FF,
    }
}

/// Whether a word in the bucket can match the encoding.
const fn in_bucket(set: Set, insn: &Insn, b: u32) -> bool {
    let (mask, value) = match set {
        Set::A32 => (0x0FF0_0000, b << 20 & 0x0FF0_0000),
        Set::T16 => (0xFF00, b << 8),
        Set::T32 => (0x1FF0_0000, b << 20),
    };
    let e = &insn.encoding;
    if let Set::A32 = set {
        let unconditional = e.mask >> 28 == 15 && e.value >> 28 == 15;
        if unconditional != (b >= 256) {
            return false;
        }
    }
    let both = mask & e.mask;
    value & both == e.value & both
}

macro_rules! index {
    ($index:ident, $set:expr, $tables:expr, $buckets:expr) => {
        static $index: Index<$buckets, { total($tables) }> = {
            const ROWS: [&Insn; total($tables)] = {
                let mut rows = [&$tables[0][0]; total($tables)];
                let (mut t, mut n) = (0, 0);
                while t < $tables.len() {
                    let mut i = 0;
                    while i < $tables[t].len() {
                        rows[n] = &$tables[t][i];
                        n += 1;
                        i += 1;
                    }
                    t += 1;
                }
                rows
            };
            const COUNT: usize = {
                let (mut count, mut b) = (0, 0);
                while b < $buckets {
                    let mut i = 0;
                    while i < ROWS.len() {
                        count += in_bucket($set, ROWS[i], b) as usize;
                        i += 1;
                    }
                    b += 1;
                }
                count
            };
            const FILLED: ([u32; $buckets], [u16; COUNT]) = {
                let mut start = [0; $buckets];
                let mut order = [0; COUNT];
                let (mut n, mut b) = (0, 0);
                while b < $buckets {
                    start[b as usize] = n as u32;
                    let mut i = 0;
                    while i < ROWS.len() {
                        if in_bucket($set, ROWS[i], b) {
                            order[n] = i as u16;
                            n += 1;
                        }
                        i += 1;
                    }
                    b += 1;
                }
                (start, order)
            };
            static ORDER: [u16; COUNT] = FILLED.1;
            Index { rows: ROWS, start: FILLED.0, order: &ORDER }
        };
    };
}

index!(A32_INDEX, Set::A32, A32_TABLES, 512);
index!(T16_INDEX, Set::T16, T16_TABLES, 256);
index!(T32_INDEX, Set::T32, T32_TABLES, 512);

impl<const BUCKETS: usize, const ROWS: usize> Index<BUCKETS, ROWS> {
    fn find(&self, set: Set, word: u32) -> Option<(u16, &'static Insn)> {
        let b = bucket(set, word) as usize;
        let first = self.start[b] as usize;
        let end = self.start.get(b + 1).map_or(self.order.len(), |&n| n as usize);
        self.order[first..end].iter().map(|&i| (i, self.rows[i as usize])).find(|(_, insn)| {
            insn.describes(word) && (set != Set::A32 || word >> 28 != 15 || insn.encoding.mask >> 28 == 15)
        })
    }
}

/// The row that describes a word and its number in [`super::rows`]; `None` when the word is UNDEFINED.
pub fn find(set: Set, word: u32) -> Option<(u16, &'static Insn)> {
    match set {
        Set::A32 => A32_INDEX.find(set, word),
        Set::T16 => T16_INDEX.find(set, word & 0xFFFF),
        Set::T32 => T32_INDEX.find(set, word),
    }
}

/// Lowers one instruction. Never fails: what is not described becomes an op that raises Undefined Instruction.
pub fn lower(model: Model, set: Set, word: u32, pc: u32, it: u8, fp: u8) -> Op {
    let mut op = Op {
        handler: Special::Undefined.id(),
        inner: Special::Undefined.id(),
        cond: 14,
        it,
        cycles: 1,
        len: if set == Set::T16 { 2 } else { 4 },
        flags: if set == Set::A32 { 0 } else { Op::THUMB },
        row: Op::NO_ROW,
        pc,
        word,
        ..Op::default()
    };
    if it & 0xF != 0 {
        op.cond = it >> 4;
    }
    let found = find(set, word).filter(|(_, insn)| model.has(insn.feature));
    let Some((row, insn)) = found else {
        // A conditional UNDEFINED instruction whose condition fails is a NOP (our choice among what the manual allows).
        if set == Set::A32 && word >> 28 != 15 {
            op.cond = (word >> 28) as u8;
        }
        op.ends_block();
        return wrap(op);
    };
    let w = Word { insn, raw: word, set, pc, it, fp };
    let e = &insn.encoding;
    if e.field_mask(b'c') != 0 && set == Set::A32 {
        op.cond = e.field(b'c', word) as u8;
    }
    let pick = |a: u8, b: u8| {
        let name = if e.field_mask(a) != 0 { a } else { b };
        e.field(name, word) as u8
    };
    op.rd = pick(b'd', b't');
    op.rn = e.field(b'n', word) as u8;
    op.rm = e.field(b'm', word) as u8;
    op.rs = pick(b's', b'a');
    op.imm = e.field(b'i', word);
    op.cycles = Costs::of(insn.class);
    op.row = row;
    if (insn.lower)(&w, &mut op).is_err() {
        op.handler = Special::Undefined.id();
        op.row = Op::NO_ROW;
        op.flags &= Op::THUMB;
        op.ends_block();
    }
    wrap(op)
}

/// Puts the registers in place, and the condition test and the R15 operand around the handler.
fn wrap(mut op: Op) -> Op {
    [op.d, op.n, op.m, op.s] = [op.rd, op.rn, op.rm, op.rs].map(Reg::of);
    op.inner = op.handler;
    let conditional = op.cond < 14 && op.flags & Op::TESTS_COND == 0;
    let reads_pc = op.flags & Op::READS_PC != 0;
    op.handler = match (conditional, reads_pc) {
        (false, false) => return op,
        (true, false) => Wrap::conditional(op.cond),
        (false, true) => Wrap::reads_pc(),
        (true, true) => Wrap::conditional_reads_pc(),
    };
    op
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_a_word_made_from_it_unless_an_earlier_row_takes_it() {
        for set in [Set::A32, Set::T16, Set::T32] {
            for insn in super::super::rows(set) {
                let e = &insn.encoding;
                let mut word = e.value;
                if set == Set::A32 && e.mask >> 28 == 0 {
                    word |= 0xE000_0000;
                }
                if insn.describes(word) {
                    assert!(find(set, word).is_some(), "{}", insn.name);
                }
            }
        }
    }

    /// Literals are addressed from the word-aligned PC in every encoding.
    #[test]
    fn literal_loads_become_absolute() {
        use crate::exec::load_store::{LoadStore, mode, what};
        let cases = [
            (Set::A32, 0xE59F_1010, 0x1000, what::WORD, 0x1018),
            (Set::A32, 0xE55F_1004, 0x1000, what::BYTE, 0x1004),
            (Set::T16, 0x4901, 0x1002, what::WORD, 0x1008),
            (Set::T32, 0xF8DF_A148, 0x1002, what::WORD, 0x114C),
            (Set::T32, 0xF85F_A004, 0x1006, what::WORD, 0x1004),
            (Set::T32, 0xF9BF_1002, 0x1002, what::SIGNED_HALF, 0x1006),
        ];
        for (set, word, pc, what, address) in cases {
            let op = lower(Model::Scorpion, set, word, pc, 0, 0);
            assert_eq!((op.handler, op.imm), (LoadStore::id(what, mode::LITERAL), address), "{word:#x}");
        }
    }

    /// What a core has not is UNDEFINED on it, and only there.
    #[test]
    fn models_differ_in_their_divides() {
        for (set, word) in [(Set::A32, 0xE711_F210), (Set::A32, 0xE731_F210), (Set::T32, 0xFB91_F0F2)] {
            let handler = |model| lower(model, set, word, 0, 0, 0).handler;
            assert_eq!(handler(Model::Scorpion), Special::Undefined.id(), "{word:#x}");
            assert_ne!(handler(Model::Krait), Special::Undefined.id(), "{word:#x}");
        }
    }
}
