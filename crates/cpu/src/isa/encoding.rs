//! Encodings as bit strings: fixed bits, named fields and field constraints, evaluated when compiling.

/// Number of letters that can name a field (`a`–`z`, `A`–`Z`).
const LETTERS: usize = 52;

/// One encoding, parsed from a bit string such as `"cccc 0010100 S nnnn dddd iiiiiiiiiiii"`.
///
/// Characters: `0` and `1` are fixed bits; a letter names a field (all bits with the same letter, gathered from the
/// most significant down, so that split immediates come out joined); `-` is a bit that is ignored, used where the
/// manual shows a should-be value in brackets and we choose to ignore it. Blanks separate.
#[derive(Debug, Clone, Copy)]
pub struct Encoding {
    /// Bits that are fixed.
    pub mask: u32,
    /// Their values.
    pub value: u32,
    /// Length of the instruction: 16 or 32 bits.
    pub bits: u32,
    fields: [u32; LETTERS],
}

const fn letter(c: u8) -> usize {
    match c {
        b'a'..=b'z' => (c - b'a') as usize,
        b'A'..=b'Z' => (c - b'A') as usize + 26,
        _ => panic!("a field is named by one letter"),
    }
}

impl Encoding {
    /// Parses a bit string; fails to compile when it has a strange character or not 16 or 32 bits.
    pub const fn parse(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut out = Self { mask: 0, value: 0, bits: 0, fields: [0; LETTERS] };
        let mut i = 0;
        while i < bytes.len() {
            let c = bytes[i];
            i += 1;
            if c == b' ' {
                continue;
            }
            out.mask <<= 1;
            out.value <<= 1;
            let mut k = 0;
            while k < LETTERS {
                out.fields[k] <<= 1;
                k += 1;
            }
            out.bits += 1;
            match c {
                b'0' => out.mask |= 1,
                b'1' => {
                    out.mask |= 1;
                    out.value |= 1;
                }
                b'-' => {}
                _ => out.fields[letter(c)] |= 1,
            }
        }
        assert!(out.bits == 16 || out.bits == 32, "an encoding has 16 or 32 bits");
        out
    }

    /// The positions of a field's bits; 0 when the encoding has no such field.
    pub const fn field_mask(&self, name: u8) -> u32 {
        self.fields[letter(name)]
    }

    /// The value of a field in `word`, its bits gathered together; 0 when the encoding has no such field.
    pub const fn field(&self, name: u8, word: u32) -> u32 {
        let mut mask = self.fields[letter(name)];
        if mask == 0 {
            return 0;
        }
        let low = mask.trailing_zeros();
        let run = mask >> low;
        if run & (run.wrapping_add(1)) == 0 {
            return (word >> low) & run;
        }
        let mut out = 0;
        let mut at = 0;
        while mask != 0 {
            let bit = mask.trailing_zeros();
            out |= ((word >> bit) & 1) << at;
            at += 1;
            mask &= mask - 1;
        }
        out
    }

    /// Whether the fixed bits agree.
    pub const fn matches(&self, word: u32) -> bool {
        word & self.mask == self.value
    }
}

/// A field value that this encoding does not have, because it belongs to another instruction or is UNDEFINED.
#[derive(Debug, Clone, Copy)]
pub struct Excluded {
    /// Field letter.
    pub field: u8,
    /// Value it must not have.
    pub value: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_gathered_from_the_top() {
        const E: Encoding = Encoding::parse("11110 i 0 1000 S nnnn 0 iii dddd iiiiiiii");
        assert_eq!(E.bits, 32);
        assert_eq!(E.field(b'i', 0b1111_0101_0000_0011_0010_0100_1000_0001), 0b1010_1000_0001);
        assert_eq!(E.field(b'n', 0b1111_0101_0000_0011_0010_0100_1000_0001), 3);
        assert_eq!(E.field(b'z', !0), 0);
        assert!(E.matches(0b1111_0101_0000_0011_0010_0100_1000_0001));
        assert!(!E.matches(0b1111_0111_0000_0011_0010_0100_1000_0001));
    }
}
