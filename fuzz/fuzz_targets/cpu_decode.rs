//! Any word, at any address and place in an IT block, decodes and disassembles without a panic, and the parts of the
//! core that look at a word agree about it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use msmemu_cpu::Model;
use msmemu_cpu::isa::{Set, decode, disasm};
use msmemu_cpu::op::Op;

fuzz_target!(|input: (u32, u32, u8, u8, u8)| {
    let (word, pc, it, set, bits) = input;
    let (set, word) = match set % 3 {
        0 => (Set::A32, word),
        1 if !decode::is_wide(word as u16) => (Set::T16, word & 0xffff),
        _ => (Set::T32, word | 0xe800_0000),
    };
    let it = if set == Set::A32 { 0 } else { it };
    let pc = if set == Set::A32 { pc & !3 } else { pc & !1 };
    let found = decode::find(set, word);
    let text = disasm::disassemble(set, word, pc, it);
    assert!(found.is_some() || text.is_none(), "{word:#010x} is undefined, but reads {text:?}");
    assert!(text.is_none_or(|text| !text.contains('<')), "an operand of {word:#010x} has no text");
    for model in [Model::Scorpion, Model::Krait] {
        let op = decode::lower(model, set, word, pc, it, bits);
        assert_eq!((op.word, op.pc, op.it), (word, pc, it));
        assert_eq!(op.len, if set == Set::T16 { 2 } else { 4 });
        match found {
            Some((row, insn)) if model.has(insn.feature) => assert!(op.row == row || op.row == Op::NO_ROW),
            _ => assert_eq!(op.row, Op::NO_ROW),
        }
    }
});
