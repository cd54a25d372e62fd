//! Element and structure loads and stores.

use super::{Lowered, Neon, Undefined, Word, enabled, require};
use crate::exec::neon::{Layout, lower_layout};
use crate::isa::isa_both;
use crate::op::Op;

isa_both! {
    const A32 "11110100 ", T32 "11111001 " = [
        Vld1x1 "0d10 nnnn dddd 0111 zzaa mmmm" where n != 15, a != 2, a != 3 => "vld1.{sz} {list11}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 1, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst1x1 "0d00 nnnn dddd 0111 zzaa mmmm" where n != 15, a != 2, a != 3 => "vst1.{sz} {list11}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 1, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld1x2 "0d10 nnnn dddd 1010 zzaa mmmm" where n != 15, a != 3 => "vld1.{sz} {list21}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 2, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst1x2 "0d00 nnnn dddd 1010 zzaa mmmm" where n != 15, a != 3 => "vst1.{sz} {list21}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 2, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld1x3 "0d10 nnnn dddd 0110 zzaa mmmm" where n != 15, a != 2, a != 3 => "vld1.{sz} {list31}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 3, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst1x3 "0d00 nnnn dddd 0110 zzaa mmmm" where n != 15, a != 2, a != 3 => "vst1.{sz} {list31}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 3, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld1x4 "0d10 nnnn dddd 0010 zzaa mmmm" where n != 15 => "vld1.{sz} {list41}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 4, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst1x4 "0d00 nnnn dddd 0010 zzaa mmmm" where n != 15 => "vst1.{sz} {list41}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 1, 4, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld2 "0d10 nnnn dddd 1000 zzaa mmmm" where n != 15, z != 3, a != 3 => "vld2.{sz} {list21}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 2, 1, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst2 "0d00 nnnn dddd 1000 zzaa mmmm" where n != 15, z != 3, a != 3 => "vst2.{sz} {list21}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 2, 1, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld2Spaced "0d10 nnnn dddd 1001 zzaa mmmm" where n != 15, z != 3, a != 3 => "vld2.{sz} {list22}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 2, 1, 2, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst2Spaced "0d00 nnnn dddd 1001 zzaa mmmm" where n != 15, z != 3, a != 3 => "vst2.{sz} {list22}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 2, 1, 2, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld2x2 "0d10 nnnn dddd 0011 zzaa mmmm" where n != 15, z != 3 => "vld2.{sz} {list41}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 2, 2, 2, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst2x2 "0d00 nnnn dddd 0011 zzaa mmmm" where n != 15, z != 3 => "vst2.{sz} {list41}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 2, 2, 2, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld3 "0d10 nnnn dddd 0100 zzaa mmmm" where n != 15, z != 3, a != 2, a != 3 => "vld3.{sz} {list31}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 3, 1, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst3 "0d00 nnnn dddd 0100 zzaa mmmm" where n != 15, z != 3, a != 2, a != 3 => "vst3.{sz} {list31}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 3, 1, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld3Spaced "0d10 nnnn dddd 0101 zzaa mmmm" where n != 15, z != 3, a != 2, a != 3 => "vld3.{sz} {list32}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 3, 1, 2, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst3Spaced "0d00 nnnn dddd 0101 zzaa mmmm" where n != 15, z != 3, a != 2, a != 3 => "vst3.{sz} {list32}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 3, 1, 2, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld4 "0d10 nnnn dddd 0000 zzaa mmmm" where n != 15, z != 3 => "vld4.{sz} {list41}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 4, 1, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst4 "0d00 nnnn dddd 0000 zzaa mmmm" where n != 15, z != 3 => "vst4.{sz} {list41}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 4, 1, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld4Spaced "0d10 nnnn dddd 0001 zzaa mmmm" where n != 15, z != 3 => "vld4.{sz} {list42}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 4, 1, 2, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst4Spaced "0d00 nnnn dddd 0001 zzaa mmmm" where n != 15, z != 3 => "vst4.{sz} {list42}, {vmem}", Multiple, Neon, |w, op| multiple(w, op, 4, 1, 2, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld1Lane "1d10 nnnn dddd zz00 xxxx mmmm" where n != 15, z != 3 => "vld1.{sz} {lanes1}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 1, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst1Lane "1d00 nnnn dddd zz00 xxxx mmmm" where n != 15, z != 3 => "vst1.{sz} {lanes1}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 1, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld1All "1d10 nnnn dddd 1100 zzTx mmmm" where n != 15 => "vld1.{asz} {all1}, {amem}", Multiple, Neon, |w, op| all_lanes(w, op, 1), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld2Lane "1d10 nnnn dddd zz01 xxxx mmmm" where n != 15, z != 3 => "vld2.{sz} {lanes2}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 2, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst2Lane "1d00 nnnn dddd zz01 xxxx mmmm" where n != 15, z != 3 => "vst2.{sz} {lanes2}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 2, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld2All "1d10 nnnn dddd 1101 zzTx mmmm" where n != 15 => "vld2.{asz} {all2}, {amem}", Multiple, Neon, |w, op| all_lanes(w, op, 2), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld3Lane "1d10 nnnn dddd zz10 xxxx mmmm" where n != 15, z != 3 => "vld3.{sz} {lanes3}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 3, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst3Lane "1d00 nnnn dddd zz10 xxxx mmmm" where n != 15, z != 3 => "vst3.{sz} {lanes3}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 3, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld3All "1d10 nnnn dddd 1110 zzTx mmmm" where n != 15 => "vld3.{asz} {all3}, {amem}", Multiple, Neon, |w, op| all_lanes(w, op, 3), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld4Lane "1d10 nnnn dddd zz11 xxxx mmmm" where n != 15, z != 3 => "vld4.{sz} {lanes4}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 4, true), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vst4Lane "1d00 nnnn dddd zz11 xxxx mmmm" where n != 15, z != 3 => "vst4.{sz} {lanes4}, {lmem}", Multiple, Neon, |w, op| lane(w, op, 4, false), unp "R15 as base or registers beyond D31: UNDEFINED";
        Vld4All "1d10 nnnn dddd 1111 zzTx mmmm" where n != 15 => "vld4.{asz} {all4}, {amem}", Multiple, Neon, |w, op| all_lanes(w, op, 4), unp "R15 as base or registers beyond D31: UNDEFINED";
    ]
}

/// Puts the layout and the handler into the op.
fn finish(w: &Word<'_>, op: &mut Op, handler: Neon, layout: Layout, last: u8) -> Lowered {
    enabled(w)?;
    require(last < 32)?;
    op.handler = handler.id();
    op.cycles = op.cycles.saturating_add(layout.elements * layout.groups);
    lower_layout(op, layout);
    Ok(())
}

/// Multiple structures of `elements`, in groups of registers.
fn multiple(w: &Word<'_>, op: &mut Op, elements: u8, groups: u8, spacing: u8, load: bool) -> Lowered {
    let align = match w.f('a') {
        0 => 0,
        a => 2 + a as u8,
    };
    let layout = Layout { size: w.f('z') as u8, elements, spacing, groups, lane: 0, align };
    let last = op.rd + (groups - 1) + (elements - 1) * spacing;
    let handler = if load { Neon::LoadMultiple } else { Neon::StoreMultiple };
    finish(w, op, handler, layout, last)
}

/// Lane, register distance and log2 of the alignment of a single structure.
pub(in crate::isa) fn lane_of(w: &Word<'_>, elements: u8) -> Result<(u8, u8, u8), Undefined> {
    let (size, x) = (w.f('z') as u8, w.f('x') as u8);
    let lane = x >> (size + 1);
    // Bit `size` tells the register distance, but for bytes and single elements, where it has to be zero or means
    // alignment.
    let spaced = size > 0 && x & (1 << size) != 0;
    let low = x & ((1 << size.max(1)) - 1);
    let align = match (elements, size) {
        (1, 0) => (x & 1 == 0).then_some(0),
        (1, 1) => Some(low),
        (1, _) => match low {
            0 => Some(0),
            3 => Some(2),
            _ => None,
        },
        (2, 2) => (low < 2).then_some(3 * low),
        (2, _) => Some(low * (1 + size)),
        (3, _) => (low == 0).then_some(0),
        (_, 2) => (low < 3).then_some(if low == 0 { 0 } else { 2 + low }),
        (_, _) => Some(low * (2 + size)),
    };
    require(!(elements == 1 && spaced))?;
    Ok((lane, 1 + u8::from(spaced), align.ok_or(Undefined)?))
}

fn lane(w: &Word<'_>, op: &mut Op, elements: u8, load: bool) -> Lowered {
    let (lane, spacing, align) = lane_of(w, elements)?;
    let layout = Layout { size: w.f('z') as u8, elements, spacing, groups: 1, lane, align };
    let last = op.rd + (elements - 1) * spacing;
    finish(w, op, if load { Neon::LoadLane } else { Neon::StoreLane }, layout, last)
}

/// log2 of the element's bytes and of the alignment of a load to all lanes.
pub(in crate::isa) fn all_lanes_of(w: &Word<'_>, elements: u8) -> Result<(u8, u8), Undefined> {
    let (size, aligned) = (w.f('z') as u8, w.bit('x'));
    let align = match (elements, size) {
        (4, 3) => return if aligned { Ok((2, 4)) } else { Err(Undefined) },
        (_, 3) => return Err(Undefined),
        (1, 0) | (3, _) if aligned => return Err(Undefined),
        (1 | 3, _) => size,
        (2, _) => 1 + size,
        (_, 2) => 3,
        _ => 2 + size,
    };
    Ok((size, if aligned { align } else { 0 }))
}

fn all_lanes(w: &Word<'_>, op: &mut Op, elements: u8) -> Lowered {
    let (size, align) = all_lanes_of(w, elements)?;
    let spacing = 1 + w.f('T') as u8;
    let layout = Layout { size, elements, spacing, groups: 1, lane: 0, align };
    let last = op.rd + if elements == 1 { spacing - 1 } else { (elements - 1) * spacing };
    finish(w, op, Neon::LoadAllLanes, layout, last)
}
