//! Which alignment each instruction demands of its first address, written here a second time.
//!
//! Unicorn checks no alignment in AArch32 state. So where the core raises an alignment fault, or has SCTLR.A set, it is
//! held against this description (ARM DDI 0406C, A3.2.1 and the pseudocode of the instructions).

use msmemu_cpu::isa::Insn;

/// Bytes to which the address must be aligned; 1 where nothing is demanded. `strict` holds with `SCTLR.A` set, and for
/// memory that is not Normal.
pub fn demand(insn: &Insn, word: u32, strict: bool) -> u32 {
    let begins = |starts: &[&str]| starts.iter().any(|start| insn.name.starts_with(start));
    let when_strict = |bytes| if strict { bytes } else { 1 };
    if begins(&["Vld", "Vst"]) && !begins(&["Vldr", "Vldm", "Vstr", "Vstm"]) {
        return structure(insn, word, strict);
    }
    match () {
        () if begins(&["Ldrexd", "Strexd"]) => 8,
        () if begins(&["Ldrexh", "Strexh"]) => 2,
        () if begins(&["Ldrexb", "Strexb", "Swpb"]) => 1,
        () if begins(&[
            "Ldrex", "Strex", "Swp", "Ldrd", "Strd", "Ldm", "Stm", "Push", "Pop", "Rfe", "Srs",
        ]) =>
        {
            4
        }
        () if begins(&["Vldr", "Vldm", "Vstr", "Vstm", "Vpush", "Vpop", "Fldm", "Fstm"]) => 4,
        () if begins(&["Ldrb", "Ldrsb", "Strb", "Tbb"]) => 1,
        () if begins(&["Ldrh", "Ldrsh", "Strh", "Tbh"]) => when_strict(2),
        () if begins(&["Ldr", "Str"]) => when_strict(4),
        () => 1,
    }
}

/// Whether a fault on the first access of the instruction is one of a store.
pub fn writes(insn: &Insn) -> bool {
    ["St", "Push", "Srs", "Vst", "Vpush", "Fst"].iter().any(|start| insn.name.starts_with(start))
}

/// Advanced SIMD element and structure loads and stores (A7.7). Without an alignment qualifier each element is an
/// unaligned access of its own; elements of 64 bits are two words.
fn structure(insn: &Insn, word: u32, strict: bool) -> u32 {
    let field = |letter| insn.encoding.field(letter, word);
    let elements = insn.name.as_bytes().get(3).map_or(1, |digit| u32::from(digit - b'0'));
    let size = 1u32 << field(b'z');
    let element = |size: u32| if strict { size.min(4) } else { 1 };
    if insn.name.ends_with("Lane") {
        let align = field(b'x');
        return match (elements, size) {
            (1, 2) | (2, 1) if align & 1 != 0 => 2,
            (1, 4) if align & 3 == 3 => 4,
            (2, 2) | (4, 1) if align & 1 != 0 => 4,
            (2, 4) | (4, 2) if align & 1 != 0 => 8,
            (4, 4) if align & 3 != 0 => 4 << (align & 3),
            _ => element(size),
        };
    }
    if insn.name.ends_with("All") {
        let aligned = field(b'x') != 0;
        return match (elements, size) {
            // Four elements of 32 bits at 16 bytes have a size of their own.
            (4, 8) => 16,
            (4, 4) if aligned => 8,
            (1 | 2 | 4, size) if aligned => elements * size,
            _ => element(size),
        };
    }
    match field(b'a') {
        0 => element(size),
        aligned => 4 << aligned,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use msmemu_cpu::isa::{Set, decode};

    #[test]
    fn the_manuals_examples() {
        for (set, word, relaxed, strict, stores) in [
            (Set::A32, 0xe591_0000, 1, 4, false),   // LDR
            (Set::A32, 0xe1d1_00b0, 1, 2, false),   // LDRH
            (Set::A32, 0xe5c1_0000, 1, 1, true),    // STRB
            (Set::A32, 0xe1c1_00f0, 4, 4, true),    // STRD
            (Set::A32, 0xe891_0003, 4, 4, false),   // LDM
            (Set::A32, 0xe1b1_0f9f, 8, 8, false),   // LDREXD
            (Set::A32, 0xe1f1_0f9f, 2, 2, false),   // LDREXH
            (Set::A32, 0xed91_0b00, 4, 4, false),   // VLDR D0
            (Set::A32, 0xf421_070f, 1, 1, false),   // VLD1.8 {D0}, [R1]
            (Set::A32, 0xf421_074f, 1, 2, false),   // VLD1.16 {D0}, [R1]
            (Set::A32, 0xf421_07cf, 1, 4, false),   // VLD1.64 {D0}, [R1]
            (Set::A32, 0xf421_07df, 8, 8, false),   // VLD1.64 {D0}, [R1:64]
            (Set::A32, 0xf421_02bf, 32, 32, false), // VLD1.32 {D0-D3}, [R1:256]
            (Set::A32, 0xf4a1_083f, 4, 4, false),   // VLD1.32 {D0[0]}, [R1:32]
            (Set::A32, 0xf4a1_080f, 1, 4, false),   // VLD1.32 {D0[0]}, [R1]
            (Set::A32, 0xf4a1_0fdf, 16, 16, false), // VLD4.32 {D0[]-D3[]}, [R1:128]
            (Set::T16, 0xb403, 4, 4, true),         // PUSH
            (Set::T32, 0xe8d1_f010, 1, 2, false),   // TBH
        ] {
            let Some((_, insn)) = decode::find(set, word) else { panic!("{word:#x}") };
            assert_eq!((demand(insn, word, false), demand(insn, word, true)), (relaxed, strict), "{word:#x}");
            assert_eq!(writes(insn), stores, "{word:#x}");
        }
    }
}
