//! Changes to a file that is right: deeper than bytes from nowhere come.

use arbitrary::Arbitrary;

#[derive(Arbitrary, Debug)]
pub enum Edit {
    /// Bytes in place of others.
    Splice { at: u32, remove: u8, insert: Vec<u8> },
    /// A little-endian word in place of another, at a multiple of four.
    Word { at: u16, value: u32 },
    /// The end is missing.
    Cut { at: u32 },
    /// A part stands there twice.
    Repeat { at: u32, len: u16 },
}

/// The file with all changes made.
pub fn apply(file: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = file.to_vec();
    for edit in edits {
        let len = out.len();
        match edit {
            Edit::Splice { at, remove, insert } => {
                let at = *at as usize % (len + 1);
                let end = (at + usize::from(*remove)).min(len);
                out.splice(at..end, insert.iter().copied());
            }
            Edit::Word { at, value } => {
                let at = usize::from(*at) * 4 % (len + 1);
                for (to, byte) in out[at..].iter_mut().zip(value.to_le_bytes()) {
                    *to = byte;
                }
            }
            Edit::Cut { at } => out.truncate(*at as usize % (len + 1)),
            Edit::Repeat { at, len: count } => {
                let at = *at as usize % (len + 1);
                let part = out[at..(at + usize::from(*count)).min(len)].to_vec();
                if out.len() < 1 << 20 {
                    out.splice(at..at, part);
                }
            }
        }
    }
    out
}
