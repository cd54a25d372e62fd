//! Element and structure loads and stores (`VLD1`–`VLD4`, `VST1`–`VST4`).
//!
//! A load writes registers only after every access has succeeded, so an abort leaves them as they were. Elements
//! that lie together in memory are moved as doublewords where that cannot be seen: little-endian data, no
//! alignment checking by element, no page boundary inside.

use super::lanes::Lane;
use crate::env::Env;
use crate::fault::{Fault, FaultStatus, Trap};
use crate::mem::{load, store};
use crate::op::{Exec, Flow, Op, Raised};
use crate::state::Core;
use crate::tlb::Way;

/// Which elements of which registers an instruction moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// log2 of the element's bytes, 0 to 3.
    pub size: u8,
    /// Elements of a structure, 1 to 4.
    pub elements: u8,
    /// Distance of the registers of a structure: 1 or 2. For `VLD1` to all lanes: the number of registers.
    pub spacing: u8,
    /// Groups of registers (multiple structures): 1 to 4.
    pub groups: u8,
    /// Lane number (single structure).
    pub lane: u8,
    /// log2 of the alignment that is checked, 0 for none.
    pub align: u8,
}

/// Packs a layout into `op.imm`.
pub(crate) fn lower_layout(op: &mut Op, layout: Layout) {
    let Layout { size, elements, spacing, groups, lane, align } = layout;
    op.imm = [size, elements, spacing, groups, lane, align]
        .into_iter()
        .fold(0, |packed, field| (packed << 4) | u32::from(field));
}

impl Layout {
    fn of(op: &Op) -> Self {
        let field = |index: u32| ((op.imm >> (4 * (5 - index))) & 15) as u8;
        Self {
            size: field(0),
            elements: field(1),
            spacing: field(2),
            groups: field(3),
            lane: field(4),
            align: field(5),
        }
    }
}

/// Checks the alignment that the instruction asks for; gives the address.
fn begin(core: &mut Core, op: &Op, align: u8, write: bool) -> Result<u32, Raised> {
    let va = core.r[usize::from(op.rn) & 15];
    if va & ((1 << align) - 1) != 0 {
        let fault = Fault { va, status: FaultStatus::Alignment, domain: 0, write, maintenance: false };
        return Err(core.raise(Trap::DataAbort(fault)));
    }
    Ok(va)
}

/// Base register update: none for `rm` = 15, by the bytes moved for 13, else by the register.
fn write_back(core: &mut Core, op: &Op, bytes: u32) -> Exec {
    let by = match op.rm {
        15 => return Ok(Flow::Next),
        13 => bytes,
        rm => core.r[usize::from(rm) & 15],
    };
    let base = &mut core.r[usize::from(op.rn) & 15];
    *base = base.wrapping_add(by);
    Ok(Flow::Next)
}

fn load_element<E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32, size: u8) -> Result<u64, Raised> {
    match size {
        0 => load::<u8, E>(core, env, op, va).map(u64::from),
        1 => load::<u16, E>(core, env, op, va).map(u64::from),
        2 => load::<u32, E>(core, env, op, va).map(u64::from),
        _ => {
            let first = u64::from(load::<u32, E>(core, env, op, va)?);
            let second = u64::from(load::<u32, E>(core, env, op, va.wrapping_add(4))?);
            Ok(if core.big_endian { (first << 32) | second } else { (second << 32) | first })
        }
    }
}

fn store_element<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    size: u8,
    value: u64,
) -> Result<(), Raised> {
    match size {
        0 => store(core, env, op, va, value as u8),
        1 => store(core, env, op, va, value as u16),
        2 => store(core, env, op, va, value as u32),
        _ => {
            let (first, second) = if core.big_endian { (value >> 32, value) } else { (value, value >> 32) };
            store(core, env, op, va, first as u32)?;
            store(core, env, op, va.wrapping_add(4), second as u32)
        }
    }
}

/// Whether the doubleword at `va` may be moved at once instead of element by element: it is aligned, or lies in one page
/// that the software TLB knows and that allows unaligned accesses.
fn moves_as_doubleword(core: &Core, way: Way, va: u32) -> bool {
    !core.big_endian && (va & 7 == 0 || core.tlb.unaligned(way, va, 8).is_some())
}

/// Loads `count` doublewords of packed elements.
fn load_packed<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    size: u8,
    count: usize,
) -> Result<[u64; 4], Raised> {
    let mut packed = [0; 4];
    for (i, doubleword) in packed.iter_mut().enumerate().take(count) {
        let va = va.wrapping_add(8 * i as u32);
        if moves_as_doubleword(core, Way::Read, va) {
            *doubleword = load(core, env, op, va)?;
            continue;
        }
        let bits = 8 << size;
        for element in 0..8_u32 >> size {
            let at = va.wrapping_add(element << size);
            *doubleword |= load_element(core, env, op, at, size)? << (element * bits);
        }
    }
    Ok(packed)
}

/// Stores `count` doublewords of packed elements.
fn store_packed<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    size: u8,
    packed: &[u64],
) -> Result<(), Raised> {
    for (i, &doubleword) in packed.iter().enumerate() {
        let va = va.wrapping_add(8 * i as u32);
        if moves_as_doubleword(core, Way::Write, va) {
            store(core, env, op, va, doubleword)?;
            continue;
        }
        let bits = 8 << size;
        for element in 0..8_u32 >> size {
            let at = va.wrapping_add(element << size);
            store_element(core, env, op, at, size, doubleword >> (element * bits))?;
        }
    }
    Ok(())
}

/// Gathers every `N`th element of packed structures into registers, or the reverse.
#[inline(always)]
fn rearrange_lanes<E: Lane, const N: usize>(from: [u64; 4], load: bool) -> [u64; 4] {
    let from: [E::Lanes; N] = core::array::from_fn(|i| E::split(from[i]));
    let mut to = [E::split(0); N];
    let per_register = from[0].as_ref().len();
    for register in 0..N {
        for lane in 0..per_register {
            let place = lane * N + register;
            let (packed, within) = (place / per_register, place % per_register);
            if load {
                to[register].as_mut()[lane] = from[packed].as_ref()[within];
            } else {
                to[packed].as_mut()[within] = from[register].as_ref()[lane];
            }
        }
    }
    let mut result = [0; 4];
    for (doubleword, lanes) in result.iter_mut().zip(to) {
        *doubleword = E::join(lanes);
    }
    result
}

/// Structures of `n` elements of `8 << size` bits, from memory order to registers or the reverse.
fn rearrange<const LOAD: bool>(from: [u64; 4], n: usize, size: u8) -> [u64; 4] {
    match (n, size) {
        (2, 0) => rearrange_lanes::<u8, 2>(from, LOAD),
        (2, 1) => rearrange_lanes::<u16, 2>(from, LOAD),
        (2, _) => rearrange_lanes::<u32, 2>(from, LOAD),
        (3, 0) => rearrange_lanes::<u8, 3>(from, LOAD),
        (3, 1) => rearrange_lanes::<u16, 3>(from, LOAD),
        (3, _) => rearrange_lanes::<u32, 3>(from, LOAD),
        (_, 0) => rearrange_lanes::<u8, 4>(from, LOAD),
        (_, 1) => rearrange_lanes::<u16, 4>(from, LOAD),
        (_, _) => rearrange_lanes::<u32, 4>(from, LOAD),
    }
}

/// Multiple structures.
pub(super) fn multiple<E: Env, const LOAD: bool>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let layout = Layout::of(op);
    let va = begin(core, op, layout.align, !LOAD)?;
    let n = usize::from(layout.elements).clamp(1, 4);
    let groups = layout.groups.clamp(1, 4);
    // Registers in memory order: all groups of single elements together.
    if n == 1 {
        let count = usize::from(groups);
        if LOAD {
            let packed = load_packed(core, env, op, va, layout.size, count)?;
            for (r, value) in packed.into_iter().enumerate().take(count) {
                core.fp.set_d(op.rd + r as u8, value);
            }
        } else {
            let registers: [u64; 4] = core::array::from_fn(|r| core.fp.d(op.rd + r as u8));
            store_packed(core, env, op, va, layout.size, &registers[..count])?;
        }
        return write_back(core, op, 8 * u32::from(groups));
    }
    let register = |group: u8, element: usize| op.rd + group + element as u8 * layout.spacing;
    let bytes = 8 * n as u32;
    if LOAD {
        let mut loaded = [[0; 4]; 4];
        for group in 0..groups {
            let at = va.wrapping_add(bytes * u32::from(group));
            let packed = load_packed(core, env, op, at, layout.size, n)?;
            loaded[usize::from(group)] = rearrange::<true>(packed, n, layout.size);
        }
        for (group, values) in (0..groups).zip(&loaded) {
            for (element, &value) in values.iter().enumerate().take(n) {
                core.fp.set_d(register(group, element), value);
            }
        }
    } else {
        for group in 0..groups {
            let mut registers = [0; 4];
            for (element, value) in registers.iter_mut().enumerate().take(n) {
                *value = core.fp.d(register(group, element));
            }
            let packed = rearrange::<false>(registers, n, layout.size);
            let at = va.wrapping_add(bytes * u32::from(group));
            store_packed(core, env, op, at, layout.size, &packed[..n])?;
        }
    }
    write_back(core, op, bytes * u32::from(groups))
}

/// A single structure to or from one lane.
pub(super) fn lane<E: Env, const LOAD: bool>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let layout = Layout::of(op);
    let va = begin(core, op, layout.align, !LOAD)?;
    let bytes = 1_u32 << layout.size;
    let shift = (u32::from(layout.lane) * 8 * bytes) & 63;
    let mask = (u64::MAX >> (64 - 8 * bytes)) << shift;
    let n = layout.elements.clamp(1, 4);
    let mut values = [0; 4];
    for element in 0..n {
        let register = op.rd + element * layout.spacing;
        let at = va.wrapping_add(bytes * u32::from(element));
        let old = core.fp.d(register);
        if LOAD {
            let loaded = load_element(core, env, op, at, layout.size)?;
            values[usize::from(element)] = (old & !mask) | (loaded << shift);
        } else {
            store_element(core, env, op, at, layout.size, old >> shift)?;
        }
    }
    if LOAD {
        for element in 0..n {
            core.fp.set_d(op.rd + element * layout.spacing, values[usize::from(element)]);
        }
    }
    write_back(core, op, bytes * u32::from(n))
}

/// A single structure to all lanes.
pub(super) fn all_lanes<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let layout = Layout::of(op);
    let va = begin(core, op, layout.align, false)?;
    let bytes = 1_u32 << layout.size;
    let n = layout.elements.clamp(1, 4);
    let mut values = [0; 4];
    for element in 0..n {
        let at = va.wrapping_add(bytes * u32::from(element));
        let loaded = load_element(core, env, op, at, layout.size)?;
        // Ones in the lowest bit of every lane.
        let lanes = u64::MAX / (u64::MAX >> (64 - 8 * bytes));
        values[usize::from(element)] = loaded * lanes;
    }
    for element in 0..n {
        core.fp.set_d(op.rd + element * layout.spacing, values[usize::from(element)]);
    }
    if n == 1 && layout.spacing == 2 {
        core.fp.set_d(op.rd + 1, values[0]);
    }
    write_back(core, op, bytes * u32::from(n))
}
