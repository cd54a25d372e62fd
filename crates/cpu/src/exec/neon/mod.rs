//! Advanced SIMD instructions.
//!
//! Data processing touches nothing but [`FpState`], so it needs no environment: each operation is a function
//! for one element size in [`table`], and one handler calls it.

mod float;
mod lanes;
mod memory;
mod permute;
mod shapes;
mod table;

pub(crate) use memory::{Layout, lower_layout};
pub(crate) use permute::expand_immediate;
pub(crate) use table::Family;

use super::{handlers, vfp::Vfp};
use crate::env::Env;
use crate::op::{Exec, Flow, Op};
use crate::state::Core;

handlers! { Neon after Vfp::END, may_leave;
    Data => data::<E>,
    LoadMultiple => memory::multiple::<E, true>,
    StoreMultiple => memory::multiple::<E, false>,
    LoadLane => memory::lane::<E, true>,
    StoreLane => memory::lane::<E, false>,
    LoadAllLanes => memory::all_lanes::<E>,
    DupCore => dup_core::<E>,
}

/// Data processing; `op.imm` is the number of the operation in [`table`].
fn data<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    table::operation(op.imm)(&mut core.fp, op);
    Ok(Flow::Next)
}

/// `VDUP` from a core register; `op.sh` is log2 of the element's bytes.
fn dup_core<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
    let value = u64::from(core.r[usize::from(op.rn) & 15]);
    let value = match op.sh {
        0 => (value & 0xff) * 0x0101_0101_0101_0101,
        1 => (value & 0xffff) * 0x0001_0001_0001_0001,
        _ => value | (value << 32),
    };
    for r in 0..op.rs {
        core.fp.set_d(op.rd + r, value);
    }
    Ok(Flow::Next)
}
