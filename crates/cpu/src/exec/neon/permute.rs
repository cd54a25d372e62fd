//! Moves of lanes: transpositions, extraction, table lookup, immediates.

use super::lanes::Lane;
use crate::fp::FpState;
use crate::op::Op;

/// Lanes of one operand: at most the 16 bytes of a quadword.
type Operand<E> = ([E; 16], usize);

fn lanes_of<E: Lane>(s: &FpState, first: u8, doublewords: u8) -> Operand<E> {
    let mut lanes = [E::default(); 16];
    let mut count = 0;
    for r in 0..doublewords {
        for &lane in E::split(s.d(first + r)).as_ref() {
            lanes[count] = lane;
            count += 1;
        }
    }
    (lanes, count)
}

fn set_lanes<E: Lane>(s: &mut FpState, first: u8, doublewords: u8, mut lane: impl FnMut(usize) -> E) {
    let mut count = 0;
    for r in 0..doublewords {
        let mut lanes = E::split(0);
        for to in lanes.as_mut() {
            *to = lane(count);
            count += 1;
        }
        s.set_d(first + r, E::join(lanes));
    }
}

/// `VSWP`.
pub(super) fn swap(s: &mut FpState, op: &Op) {
    for r in 0..op.rs {
        s.d.swap(usize::from(op.rd + r) & 31, usize::from(op.rm + r) & 31);
    }
}

/// `VTRN`: transposes the 2 by 2 matrices of adjacent lanes. With equal registers the second result stays.
pub(super) fn transpose<E: Lane>(s: &mut FpState, op: &Op) {
    let (d, _) = lanes_of::<E>(s, op.rd, op.rs);
    let (m, _) = lanes_of::<E>(s, op.rm, op.rs);
    set_lanes(s, op.rd, op.rs, |i| if i & 1 == 0 { d[i] } else { m[i - 1] });
    set_lanes(s, op.rm, op.rs, |i| if i & 1 == 0 { d[i + 1] } else { m[i] });
}

/// `VUZP`: even lanes of both to the first, odd lanes to the second register.
pub(super) fn unzip<E: Lane>(s: &mut FpState, op: &Op) {
    let (d, count) = lanes_of::<E>(s, op.rd, op.rs);
    let (m, _) = lanes_of::<E>(s, op.rm, op.rs);
    let both = |i: usize| if i < count { d[i] } else { m[i - count] };
    set_lanes(s, op.rd, op.rs, |i| both(2 * i));
    set_lanes(s, op.rm, op.rs, |i| both(2 * i + 1));
}

/// `VZIP`: lanes of both by turns, the lower half to the first, the upper half to the second register.
pub(super) fn zip<E: Lane>(s: &mut FpState, op: &Op) {
    let (d, count) = lanes_of::<E>(s, op.rd, op.rs);
    let (m, _) = lanes_of::<E>(s, op.rm, op.rs);
    let by_turns = |i: usize| if i & 1 == 0 { d[i / 2] } else { m[i / 2] };
    set_lanes(s, op.rd, op.rs, by_turns);
    set_lanes(s, op.rm, op.rs, |i| by_turns(count + i));
}

/// `VEXT`: bytes from `op.sh` on of the pair (second operand, first operand).
pub(super) fn extract(s: &mut FpState, op: &Op) {
    let (n, count) = lanes_of::<u8>(s, op.rn, op.rs);
    let (m, _) = lanes_of::<u8>(s, op.rm, op.rs);
    let first = usize::from(op.sh) & 15;
    set_lanes(s, op.rd, op.rs, |i| {
        let at = first + i;
        if at < count { n[at] } else { m[(at - count) & 15] }
    });
}

/// `VTBL` and `VTBX`: `op.sh` table registers from `op.rn` on; `outside` gives the byte for an index beyond.
pub(super) fn table(s: &mut FpState, op: &Op, outside: impl Fn(u8) -> u8) {
    let mut bytes = [0_u8; 32];
    for (r, chunk) in bytes.chunks_exact_mut(8).enumerate() {
        chunk.copy_from_slice(&s.d(op.rn.wrapping_add(r as u8)).to_le_bytes());
    }
    let limit = usize::from(op.sh) * 8;
    let indices = s.d(op.rm).to_le_bytes();
    let mut result = s.d(op.rd).to_le_bytes();
    for (byte, index) in result.iter_mut().zip(indices) {
        let index = usize::from(index);
        *byte = if index < limit { bytes[index & 31] } else { outside(*byte) };
    }
    s.set_d(op.rd, u64::from_le_bytes(result));
}

/// The four halfwords in reverse order.
pub(super) fn reverse_halfwords(value: u64) -> u64 {
    let [a, b, c, d] = u16::split(value);
    u16::join([d, c, b, a])
}

/// One register and modified immediate; the lowering puts the eight bits into `rm`, `cmode` into `sh`, with bit 4 for
/// the 64-bit form.
pub(super) fn immediate(s: &mut FpState, op: &Op, f: impl Fn(u64, u64) -> u64) {
    let immediate = expand_immediate(op.sh >> 4 != 0, op.sh & 15, op.rm);
    for r in 0..op.rs {
        s.set_d(op.rd + r, f(s.d(op.rd + r), immediate));
    }
}

/// The 64-bit constant of a modified immediate before any inversion (`VMVN`, `VBIC`).
pub(crate) fn expand_immediate(is_64_bit: bool, cmode: u8, imm8: u8) -> u64 {
    let byte = u64::from(imm8);
    let words = |v: u64| v | (v << 32);
    let halfwords = |v: u64| words(v | (v << 16));
    match cmode {
        0..8 => words(byte << (8 * (cmode >> 1))),
        8..12 => halfwords(byte << (8 * ((cmode >> 1) & 1))),
        12 => words((byte << 8) | 0xff),
        13 => words((byte << 16) | 0xffff),
        14 if !is_64_bit => byte * 0x0101_0101_0101_0101,
        14 => (0..8).filter(|bit| (byte >> bit) & 1 != 0).fold(0, |v, bit| v | (0xff << (8 * bit))),
        _ => words(u64::from(crate::fp::expand_single(imm8))),
    }
}
