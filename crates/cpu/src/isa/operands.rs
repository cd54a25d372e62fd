//! Operands of integer instructions, by their names in the templates.

use super::disasm::{CONDITIONS, REGISTERS};
use super::{Set, Word, decode};
use crate::model::Model;
use crate::op::Op;
use core::fmt::Write;

const SHIFTS: [&str; 4] = ["lsl", "lsr", "asr", "ror"];

/// Writes an operand; `false` when the name is not one of an integer instruction.
pub(super) fn operand(out: &mut String, w: &Word<'_>, name: &str) -> bool {
    let text = match name {
        "s" => (if w.in_it() { "" } else { "s" }).to_owned(),
        "m" | "n" => w.f(if name == "m" { 'm' } else { 'n' }).to_string(),
        "cp" => (14 + w.f('p')).to_string(),
        "const" | "tconst" => format!("#{}", lowered(w).imm),
        "imm16" => format!("#{}", w.f('j') << 12 | w.f('i')),
        "label" | "literal" => format!("#{:#x}", lowered(w).imm),
        "shift" => shift(w.f('y'), w.f('i')),
        "type" => SHIFTS[w.f('y') as usize & 3].to_owned(),
        "amount" => format!("#{}", if w.f('i') == 0 { 32 } else { w.f('i') }),
        "lsl" => shift(0, w.f('i')),
        "asr" => shift(2, w.f('i')),
        "satshift" => shift(w.f('y') << 1, w.f('i')),
        "rotate" => match w.f('r') {
            0 => String::new(),
            n => format!(", ror #{}", 8 * n),
        },
        "width" => format!("#{}", w.f('w').wrapping_sub(w.f('b')).wrapping_add(1)),
        "X" => (if w.bit('x') { "x" } else { "" }).to_owned(),
        "r" => (if w.bit('x') { "r" } else { "" }).to_owned(),
        "x" | "y" => (if w.bit(if name == "x" { 'x' } else { 'y' }) { "t" } else { "b" }).to_owned(),
        "!" => (if w.bit('W') { "!" } else { "" }).to_owned(),
        "wb" => (if w.f('i') >> w.f('n') & 1 == 0 || w.insn.name == "Stm" { "!" } else { "" }).to_owned(),
        "list" => list(w.raw & 0xFFFF & if w.set == Set::T16 { 0xFF } else { 0xFFFF }),
        "pushlist" => list(w.f('i') | w.f('r') << 14),
        "poplist" => list(w.f('i') | w.f('r') << 15),
        "stm" => format!("stm{}", addressing(w)),
        "ldm" => format!("ldm{}", addressing(w)),
        "amode" => (if w.bit('P') { ["db", "ib"] } else { ["da", "ia"] })[w.f('U') as usize & 1].to_owned(),
        "psr" => (if w.bit('r') { "spsr" } else { "apsr" }).to_owned(),
        "psrk" => status_fields(w),
        "imod" => ["", "", "ie", "id"][change(w) as usize & 3].to_owned(),
        "iflags" => flags(w),
        "mode" if w.bit('M') => format!("{} #{}", if flags(w).is_empty() { "" } else { "," }, w.f('o')),
        "mode" => String::new(),
        "endian" => (if w.bit('i') { "be" } else { "le" }).to_owned(),
        "barrier" => barrier(w.f('i')),
        "cond" | "firstcond" => CONDITIONS[w.f('o') as usize & 15].to_owned(),
        "pattern" => it_pattern(w.f('o'), w.f('k')),
        "Rt2" => REGISTERS[(w.f('t') as usize + 1) & 15].to_owned(),
        "address" => address(w, 1),
        "address4" => address(w, 4),
        "post" => format!(", #{}{}", sign(w), w.f('i')),
        "postreg" => {
            format!(", {}{}{}", sign(w), REGISTERS[w.f('m') as usize & 15], shift(w.f('y'), w.f('i')))
        }
        _ => return immediate(out, w, name),
    };
    out.push_str(&text);
    true
}

/// `#x`, `#x+1`, `#x*4`, `#-x`, `#±x` with x a field, and the same after a comma unless it is 0.
fn immediate(out: &mut String, w: &Word<'_>, name: &str) -> bool {
    let (comma, spec) = match name.strip_prefix(',') {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let Some(spec) = spec.strip_prefix('#') else { return false };
    let (minus, spec) = match (spec.strip_prefix('-'), spec.strip_prefix('±')) {
        (Some(rest), _) => ("-", rest),
        (_, Some(rest)) => (sign(w), rest),
        _ => ("", spec),
    };
    let mut rest = spec.chars();
    let Some(field) = rest.next().filter(char::is_ascii_alphabetic) else { return false };
    let value = w.f(field);
    let value = match rest.as_str() {
        "" | "*1" => value,
        "+1" => value + 1,
        "*2" => value * 2,
        "*4" => value * 4,
        _ => return false,
    };
    if comma && value == 0 {
        return true;
    }
    let _ = write!(out, "{}#{minus}{value}", if comma { ", " } else { "" });
    true
}

/// The op knows branch targets, literal addresses and expanded constants.
fn lowered(w: &Word<'_>) -> Op {
    decode::lower(Model::Krait, w.set, w.raw, w.pc, w.it, w.fp)
}

fn sign(w: &Word<'_>) -> &'static str {
    if w.bit('U') { "" } else { "-" }
}

/// A shift by a constant as it follows a register.
fn shift(kind: u32, imm5: u32) -> String {
    match (kind & 3, imm5) {
        (0, 0) => String::new(),
        (3, 0) => ", rrx".to_owned(),
        (kind, 0) => format!(", {} #32", SHIFTS[kind as usize]),
        (kind, n) => format!(", {} #{n}", SHIFTS[kind as usize]),
    }
}

fn list(registers: u32) -> String {
    let names: Vec<&str> = REGISTERS
        .iter()
        .enumerate()
        .filter(|(n, _)| registers >> n & 1 != 0)
        .map(|(_, name)| *name)
        .collect();
    format!("{{{}}}", names.join(", "))
}

/// Suffix of LDM and STM; increment-after has none.
fn addressing(w: &Word<'_>) -> &'static str {
    match (w.bit('P'), w.bit('U')) {
        (false, true) => "",
        (true, true) => "ib",
        (false, false) => "da",
        (true, false) => "db",
    }
}

fn status_fields(w: &Word<'_>) -> String {
    let mut out = String::from(if w.bit('r') { "spsr_" } else { "cpsr_" });
    for (bit, name) in [(3, 'f'), (2, 's'), (1, 'x'), (0, 'c')] {
        if w.f('k') >> bit & 1 != 0 {
            out.push(name);
        }
    }
    out
}

/// imod of CPS; the 16-bit form has its lower bit only.
fn change(w: &Word<'_>) -> u32 {
    if w.set == Set::T16 { 2 | w.f('m') } else { w.f('m') }
}

/// The masks that CPS changes, after a blank; nothing when it changes none.
fn flags(w: &Word<'_>) -> String {
    let named = [('A', 'a'), ('I', 'i'), ('F', 'f')];
    let named: String = named.iter().filter(|(field, _)| w.bit(*field)).map(|(_, c)| *c).collect();
    if change(w) & 2 == 0 || named.is_empty() { String::new() } else { format!(" {named}") }
}

fn barrier(option: u32) -> String {
    let name = match option {
        2 => "oshst",
        3 => "osh",
        6 => "nshst",
        7 => "nsh",
        10 => "ishst",
        11 => "ish",
        14 => "st",
        15 => "sy",
        _ => return format!("#{option}"),
    };
    name.to_owned()
}

/// The letters after `it`: one per further instruction, `t` where its condition is the first one's.
fn it_pattern(first: u32, mask: u32) -> String {
    let count = 3 - (mask & 15).trailing_zeros().min(3);
    (0..count).map(|n| if mask >> (3 - n) & 1 == first & 1 { 't' } else { 'e' }).collect()
}

/// An address with base, offset and write-back by P, U and W.
fn address(w: &Word<'_>, scale: u32) -> String {
    let base = REGISTERS[w.f('n') as usize & 15];
    let e = &w.insn.encoding;
    let offset = if e.field_mask(b'm') != 0 {
        let index = REGISTERS[w.f('m') as usize & 15];
        format!(", {}{index}{}", sign(w), shift(w.f('y'), if e.field_mask(b'y') != 0 { w.f('i') } else { 0 }))
    } else if w.f('i') == 0 {
        String::new()
    } else {
        let minus = if e.field_mask(b'U') != 0 { sign(w) } else { "" };
        format!(", #{minus}{}", w.f('i') * scale)
    };
    let index = e.field_mask(b'P') == 0 || w.bit('P');
    match (index, w.bit('W')) {
        (true, false) => format!("[{base}{offset}]"),
        (true, true) => format!("[{base}{offset}]!"),
        (false, _) => format!("[{base}]{offset}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::disasm::disassemble;
    use super::*;

    #[test]
    fn text_is_what_an_assembler_takes() {
        let cases = [
            (Set::A32, 0xE292_1001, "adds r1, r2, #1"),
            (Set::A32, 0x1083_2104, "addne r2, r3, r4, lsl #2"),
            (Set::A32, 0xE1B0_1312, "lsls r1, r2, r3"),
            (Set::A32, 0xE5B1_0004, "ldr r0, [r1, #4]!"),
            (Set::A32, 0xE611_0102, "ldr r0, [r1], -r2, lsl #2"),
            (Set::A32, 0xE92D_4010, "stmdb sp!, {r4, lr}"),
            (Set::A32, 0xEAFF_FFFE, "b #0x1000"),
            (Set::A32, 0xF57F_F05B, "dmb ish"),
            (Set::A32, 0xE7E3_1452, "ubfx r1, r2, #8, #4"),
            (Set::T16, 0xB510, "push {r4, lr}"),
            (Set::T16, 0xBF1A, "itte ne"),
            (Set::T16, 0xB672, "cpsid i"),
            (Set::T32, 0xF1A2_0108, "sub.w r1, r2, #8"),
        ];
        for (set, word, text) in cases {
            assert_eq!(disassemble(set, word, 0x1000, 0).as_deref(), Some(text), "{word:#010x}");
        }
    }

    #[test]
    fn no_template_has_an_operand_that_nothing_prints() {
        for set in [Set::A32, Set::T16, Set::T32] {
            for insn in super::super::rows(set) {
                let word = insn.encoding.value | if insn.encoding.mask >> 28 == 0 { 0xE000_0000 } else { 0 };
                if let Some(text) = disassemble(set, word, 0, 0) {
                    assert!(!text.contains('<'), "{set:?} {}: {text}", insn.name);
                }
            }
        }
    }
}
