//! Operands of VFP and Advanced SIMD instructions in the disassembler.

use super::Word;
use super::neon::{long, memory, shift};
use super::vfp::{doubleword, first_operand, fixed_point, lane_of, single};
use crate::exec::neon::expand_immediate;
use crate::fp;
use core::fmt::Write;

const REGISTERS: [&str; 16] =
    ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"];

fn register(n: u32) -> &'static str {
    REGISTERS[n as usize & 15]
}

/// The doubleword in field `d`, `n` or `m`.
fn doubleword_of(w: &Word<'_>, field: u8) -> u8 {
    match field {
        b'n' => first_operand(w),
        // VDUP from a core register has its destination where others have the first operand.
        b'd' if w.insn.encoding.field_mask(b'd') & 0x80 != 0 => doubleword(w.f('d')),
        _ => w.f(field as char) as u8,
    }
}

fn single_of(w: &Word<'_>, field: u8) -> u8 {
    if field == b'n' { w.f('n') as u8 } else { single(w.f(field as char)) }
}

/// Writes one operand; false when the name is none of these.
pub(super) fn operand(out: &mut String, w: &Word<'_>, name: &str) -> bool {
    text(out, w, name).is_some()
}

fn text(out: &mut String, w: &Word<'_>, name: &str) -> Option<()> {
    match *name.as_bytes() {
        [b'S', field @ (b'd' | b'n' | b'm')] => write!(out, "s{}", single_of(w, field)).ok(),
        [b'D', field @ (b'd' | b'n' | b'm')] => write!(out, "d{}", doubleword_of(w, field)).ok(),
        [b'Q', field @ (b'd' | b'n' | b'm')] => write!(out, "q{}", doubleword_of(w, field) / 2).ok(),
        [b'V', field @ (b'd' | b'n' | b'm')] => vector(out, w.bit('Q'), doubleword_of(w, field)),
        [b'U', field @ (b'd' | b'n')] => vector(out, w.bit('U'), doubleword_of(w, field)),
        [b'l', b'i', b's', b't', count, distance] => multiple_list(out, w, count - b'0', distance - b'0', ""),
        [b'l', b'a', b'n', b'e', b's', elements] => lane_list(out, w, elements - b'0'),
        [b'a', b'l', b'l', elements] => all_list(out, w, elements - b'0'),
        _ => match named(w, name) {
            Some(text) => {
                out.push_str(&text);
                Some(())
            }
            None => None,
        },
    }
}

fn vector(out: &mut String, quad: bool, doubleword: u8) -> Option<()> {
    if quad { write!(out, "q{}", doubleword / 2).ok() } else { write!(out, "d{doubleword}").ok() }
}

/// Registers of a structure: `{d0, d2}`, each with a suffix.
fn multiple_list(out: &mut String, w: &Word<'_>, count: u8, distance: u8, suffix: &str) -> Option<()> {
    let first = w.f('d') as u8;
    let names: Vec<_> = (0..count).map(|i| format!("d{}{suffix}", first + i * distance)).collect();
    write!(out, "{{{}}}", names.join(", ")).ok()
}

fn lane_list(out: &mut String, w: &Word<'_>, elements: u8) -> Option<()> {
    let (lane, spacing, _) = memory::lane_of(w, elements).unwrap_or((0, 1, 0));
    multiple_list(out, w, elements, spacing, &format!("[{lane}]"))
}

fn all_list(out: &mut String, w: &Word<'_>, elements: u8) -> Option<()> {
    let spacing = 1 + w.f('T') as u8;
    // A single element goes to one register or two adjacent ones.
    let (count, distance) = if elements == 1 { (spacing, 1) } else { (elements, spacing) };
    multiple_list(out, w, count, distance, "[]")
}

/// Address operand of an element or structure access.
fn structure_address(w: &Word<'_>, align: u8) -> String {
    let base = register(w.f('n'));
    let align = if align == 0 { String::new() } else { format!(":{}", 8_u32 << align) };
    let post = match w.f('m') {
        15 => String::new(),
        13 => "!".to_owned(),
        m => format!(", {}", register(m)),
    };
    format!("[{base}{align}]{post}")
}

/// Elements of a structure, from the instruction's name: `Vld2Lane`.
fn elements_of(w: &Word<'_>) -> u8 {
    w.insn.name.as_bytes().get(3).map_or(1, |c| c - b'0')
}

fn register_list(prefix: char, first: u32, count: u32) -> String {
    match count {
        0 | 1 => format!("{{{prefix}{first}}}"),
        _ => format!("{{{prefix}{first}-{prefix}{}}}", first + count - 1),
    }
}

fn immediate(w: &Word<'_>) -> String {
    let (imm8, cmode) = shift::modified_immediate(w);
    let value = expand_immediate(cmode >> 4 != 0, cmode & 15, imm8);
    match cmode {
        15 => float(fp::expand_single(imm8)),
        0x1e => format!("#{value:#x}"),
        14 => format!("#{imm8:#x}"),
        8..12 => format!("#{:#x}", value as u16),
        _ => format!("#{:#x}", value as u32),
    }
}

/// A floating-point constant; those of instructions are short decimals.
fn float(single: u32) -> String {
    format!("#{:?}", f32::from_bits(single))
}

fn named(w: &Word<'_>, name: &str) -> Option<String> {
    let signed = |unsigned: bool| if unsigned { "u" } else { "s" };
    Some(match name {
        "sz" => (8_u32 << w.f('z')).to_string(),
        "szx2" => (16_u32 << w.f('z')).to_string(),
        "ssz" => (8_u32 << shift::shift_size(w).ok()?).to_string(),
        "sszx2" => (16_u32 << shift::shift_size(w).ok()?).to_string(),
        "asz" => (8_u32 << memory::all_lanes_of(w, elements_of(w)).map_or(0, |(size, _)| size)).to_string(),
        "su" => signed(w.bit('U')).to_owned(),
        "rsh" => format!("#{}", shift::right_shift(w).ok()?.1),
        "lsh" => format!("#{}", shift::left_shift(w).ok()?.1),
        "vshll" => {
            let (size, by) = shift::left_shift(w).ok()?;
            let (mnemonic, amount) =
                if by == 0 { ("vmovl", String::new()) } else { ("vshll", format!(", #{by}")) };
            let registers = format!("q{}, d{}", w.f('d') / 2, w.f('m'));
            format!("{mnemonic}.{}{} {registers}{amount}", signed(w.bit('U')), 8 << size)
        }
        "vorr" => {
            let (n, m) = (first_operand(w), w.f('m') as u8);
            let name = |r: u8| if w.bit('Q') { format!("q{}", r / 2) } else { format!("d{r}") };
            let d = name(w.f('d') as u8);
            if n == m {
                format!("vmov {d}, {}", name(m))
            } else {
                format!("vorr {d}, {}, {}", name(n), name(m))
            }
        }
        "vfbits" => format!("#{}", 32 - w.f('i')),
        "vimm" => immediate(w),
        "imm" => format!("#{}", w.f('i')),
        "i" => w.f('i').to_string(),
        "scalar" => {
            let (m, lane) = long::scalar_of(w);
            format!("d{m}[{lane}]")
        }
        "tblist" => register_list('d', u32::from(first_operand(w)), 1 + w.f('l')),
        "dupsize" => match w.f('b') {
            0 => "32",
            1 => "16",
            _ => "8",
        }
        .to_owned(),
        "vmem" => structure_address(w, if w.f('a') == 0 { 0 } else { 2 + w.f('a') as u8 }),
        "lmem" => structure_address(w, memory::lane_of(w, elements_of(w)).map_or(0, |(_, _, align)| align)),
        "amem" => structure_address(w, memory::all_lanes_of(w, elements_of(w)).map_or(0, |(_, align)| align)),

        "E" => if w.bit('E') { "e" } else { "" }.to_owned(),
        "T" => if w.bit('T') { "t" } else { "b" }.to_owned(),
        "Z" => if w.bit('Z') { "" } else { "r" }.to_owned(),
        "W" => if w.bit('W') { "!" } else { "" }.to_owned(),
        "S32" => if w.bit('S') { "s32" } else { "u32" }.to_owned(),
        "Sm1" => format!("s{}", single_of(w, b'm') + 1),
        "fixed" => format!("{}{}", signed(w.bit('U')), if w.bit('x') { 32 } else { 16 }),
        "fbits" => format!("#{}", fixed_point(w)?.1),
        "fimm" => float(fp::expand_single(w.f('i') as u8)),
        "lanesize" => lane_of(w)?.0.to_string(),
        "lanetype" => match lane_of(w)?.0 {
            32 => "32".to_owned(),
            bits => format!("{}{bits}", signed(w.bit('U'))),
        },
        "lane" => format!("d{}[{}]", first_operand(w), lane_of(w)?.1),
        "fpsysreg" => match w.f('r') {
            0 => "fpsid",
            1 => "fpscr",
            6 => "mvfr1",
            7 => "mvfr0",
            8 => "fpexc",
            9 => "fpinst",
            10 => "fpinst2",
            _ => "fpsysreg",
        }
        .to_owned(),
        "fpmem" => {
            let base = register(w.f('n'));
            match (w.bit('U'), w.f('i') * 4) {
                (true, 0) => format!("[{base}]"),
                (true, offset) => format!("[{base}, #{offset}]"),
                (false, offset) => format!("[{base}, #-{offset}]"),
            }
        }
        "Slist" => register_list('s', u32::from(single(w.f('d'))), w.raw & 0xff),
        "Dlist" => register_list('d', w.f('d'), (w.raw & 0xff) / 2),
        _ => return None,
    })
}
