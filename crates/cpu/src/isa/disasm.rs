//! The disassembler: templates of the instruction tables, filled in.
//!
//! In a template `{c}` stands for the condition (nothing when always), `{S}` for `s` when field S is set, `{Rx}` for the
//! core register in field x; everything else in braces is an operand that `operand` knows by name.

use super::{Set, Word, decode};
use crate::model::Model;
use crate::op::Op;
use core::fmt::Write;

pub(super) const CONDITIONS: [&str; 16] =
    ["eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", ""];
pub(super) const REGISTERS: [&str; 16] =
    ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"];

/// UAL text of an instruction at address `pc`, with `it` the ITSTATE before it; `None` when it is UNDEFINED.
pub fn disassemble(set: Set, raw: u32, pc: u32, it: u8) -> Option<String> {
    let (_, insn) = decode::find(set, raw)?;
    // With everything that an implementation or a mode may lack: an encoding is a matter of the word alone.
    let fp = crate::fp::Access::EVERYTHING;
    if decode::lower(Model::Krait, set, raw, pc, it, fp).row == Op::NO_ROW {
        return None;
    }
    let w = Word { insn, raw, set, pc, it, fp };
    let mut out = String::new();
    let mut rest = insn.template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let close = rest[open..].find('}').map_or(rest.len(), |n| open + n);
        operand(&mut out, &w, &rest[open + 1..close]);
        rest = rest.get(close + 1..).unwrap_or("");
    }
    out.push_str(rest);
    Some(out)
}

fn operand(out: &mut String, w: &Word<'_>, name: &str) {
    let bytes = name.as_bytes();
    match bytes {
        b"c" => {
            let cond = match w.set {
                Set::A32 if w.insn.encoding.field_mask(b'c') != 0 => w.f('c'),
                Set::A32 => 14,
                _ if w.in_it() => u32::from(w.it >> 4),
                _ => 14,
            };
            out.push_str(CONDITIONS[cond as usize & 15]);
        }
        b"S" if w.bit('S') => out.push('s'),
        b"S" => {}
        [b'R', field] => out.push_str(REGISTERS[w.f(*field as char) as usize & 15]),
        _ if super::operands::operand(out, w, name) || super::fp_operands::operand(out, w, name) => {}
        _ => {
            let _ = write!(out, "<{name}>");
        }
    }
}
