//! Loads and stores of one or two registers.

use super::alu::{reg, set_reg, shift_by_imm};
use super::media::Media;
use super::{Dynamic, Piece, Then, done, may_leave, then};
use crate::env::Env;
use crate::mem;
use crate::op::{End, Exec, Flow, HandlerId, Op, Raised};
use crate::state::Core;

/// What is moved.
pub(crate) mod what {
    pub(crate) const WORD: u8 = 0;
    pub(crate) const BYTE: u8 = 1;
    pub(crate) const HALF: u8 = 2;
    pub(crate) const SIGNED_BYTE: u8 = 3;
    pub(crate) const SIGNED_HALF: u8 = 4;
    /// Two words: Rt and `op.rs`.
    pub(crate) const DOUBLE: u8 = 5;
    /// A word to R15, which branches.
    pub(crate) const PC: u8 = 6;
    pub(crate) const STORE_WORD: u8 = 7;
    pub(crate) const STORE_BYTE: u8 = 8;
    pub(crate) const STORE_HALF: u8 = 9;
    /// Two words: Rt and `op.rs`.
    pub(crate) const STORE_DOUBLE: u8 = 10;
    pub(crate) const COUNT: u8 = 11;
}

/// How the address is made.
pub(crate) mod mode {
    /// The address is `op.imm` (literal).
    pub(crate) const LITERAL: u8 = 0;
    /// Rn + `op.imm`.
    pub(crate) const IMM: u8 = 1;
    /// Rn + `op.imm`, written back.
    pub(crate) const IMM_PRE: u8 = 2;
    /// Rn, then Rn + `op.imm` is written back.
    pub(crate) const IMM_POST: u8 = 3;
    /// Rn + (Rm << `op.sh`).
    pub(crate) const REG: u8 = 4;
    /// Rn ± shifted Rm: `op.imm` holds the shift type (bits 6:5), amount (4:0), and bit 7 subtracts.
    pub(crate) const SHIFTED: u8 = 5;
    /// The same, written back.
    pub(crate) const SHIFTED_PRE: u8 = 6;
    /// The same, after the access.
    pub(crate) const SHIFTED_POST: u8 = 7;
    pub(crate) const COUNT: u8 = 8;
}

/// Handlers of single loads and stores.
pub(crate) struct LoadStore;

impl LoadStore {
    const FIRST: u16 = Media::END;
    const UNPRIVILEGED: u16 = Self::FIRST + what::COUNT as u16 * mode::COUNT as u16;
    /// Number after the last handler of this group.
    pub(crate) const END: u16 = Self::UNPRIVILEGED + 1;

    /// The handler that moves `what` by `mode`.
    pub(crate) const fn id(what: u8, mode: u8) -> HandlerId {
        HandlerId(Self::FIRST + what as u16 * mode::COUNT as u16 + mode as u16)
    }

    /// Loads and stores with User privilege: `op.sh` is what, `op.rs` the mode.
    pub(crate) const fn unprivileged() -> HandlerId {
        HandlerId(Self::UNPRIVILEGED)
    }

    /// Writes this group's handlers into the table.
    pub(crate) const fn list<E: Env, const N: usize>(
        mut table: [super::Handler<E>; N],
    ) -> [super::Handler<E>; N] {
        macro_rules! modes {
            ($what:expr; $($mode:expr),*) => {$(
                table[Self::id($what, $mode).0 as usize] = Transfer::<{ $what }, { $mode }>::threaded::<E, Dynamic>;
            )*};
        }
        macro_rules! whats {
            ($($what:ident),*) => {$(
                modes!(what::$what; mode::LITERAL, mode::IMM, mode::IMM_PRE, mode::IMM_POST, mode::REG, mode::SHIFTED,
                    mode::SHIFTED_PRE, mode::SHIFTED_POST);
            )*};
        }
        whats!(
            WORD,
            BYTE,
            HALF,
            SIGNED_BYTE,
            SIGNED_HALF,
            DOUBLE,
            PC,
            STORE_WORD,
            STORE_BYTE,
            STORE_HALF,
            STORE_DOUBLE
        );
        table[Self::UNPRIVILEGED as usize] = threaded_unprivileged::<E>;
        table
    }
}

/// Offset of the shifted-register modes.
fn shifted_offset(core: &Core, op: &Op) -> u32 {
    let offset = shift_by_imm((op.imm >> 5) as u8, reg(core, op.m), op.imm, core.flags.c).0;
    if op.imm & 0x80 != 0 { offset.wrapping_neg() } else { offset }
}

/// Address of the access, and what Rn becomes if it is written back.
#[inline(always)]
fn address(core: &Core, op: &Op, mode: u8) -> (u32, u32) {
    match mode {
        mode::LITERAL => (op.imm, 0),
        mode::REG => (reg(core, op.n).wrapping_add(reg(core, op.m) << (op.sh & 31)), 0),
        _ => {
            let base = reg(core, op.n);
            let offset = if mode <= mode::IMM_POST { op.imm } else { shifted_offset(core, op) };
            let end = base.wrapping_add(offset);
            (if matches!(mode, mode::IMM_POST | mode::SHIFTED_POST) { base } else { end }, end)
        }
    }
}

/// Base register first, so that a loaded register that is also the base keeps the loaded value (UNPREDICTABLE in the
/// manual; our choice).
#[inline(always)]
fn write_back(core: &mut Core, op: &Op, mode: u8, end: u32) {
    if matches!(mode, mode::IMM_PRE | mode::IMM_POST | mode::SHIFTED_PRE | mode::SHIFTED_POST) {
        set_reg(core, op.n, end);
    }
}

/// A transfer of `WHAT` by `MODE`.
pub(super) struct Transfer<const WHAT: u8, const MODE: u8>;

impl<const WHAT: u8, const MODE: u8> Piece for Transfer<WHAT, MODE> {
    const ID: HandlerId = LoadStore::id(WHAT, MODE);
    /// Calls nothing that comes back, so that it needs no stack: whatever is not RAM that the software TLB knows is left
    /// to [`transfer_slow`].
    #[inline(always)]
    fn threaded<E: Env, N: Then>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
        fast::<E, N, WHAT, MODE>(core, env, ops)
    }
}

#[inline(always)]
fn fast<E: Env, N: Then, const WHAT: u8, const MODE: u8>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let Some((op, rest)) = ops.split_first() else { return done() };
    let (va, end) = address(core, op, MODE);
    let stored = match WHAT {
        what::DOUBLE | what::STORE_DOUBLE => false,
        what::STORE_WORD => mem::store_fast(core, env, va, reg(core, op.d)),
        what::STORE_BYTE => mem::store_fast(core, env, va, reg(core, op.d) as u8),
        what::STORE_HALF => mem::store_fast(core, env, va, reg(core, op.d) as u16),
        _ => {
            let value = match WHAT {
                what::BYTE => mem::load_fast::<u8, E>(core, env, va).map(u32::from),
                what::HALF => mem::load_fast::<u16, E>(core, env, va).map(u32::from),
                what::SIGNED_BYTE => mem::load_fast::<u8, E>(core, env, va).map(|v| v as i8 as u32),
                what::SIGNED_HALF => mem::load_fast::<u16, E>(core, env, va).map(|v| v as i16 as u32),
                _ => mem::load_fast::<u32, E>(core, env, va),
            };
            if let Some(value) = value {
                write_back(core, op, MODE, end);
                if WHAT == what::PC {
                    core.bx(value);
                    return super::end(env, op, Ok(Flow::Jump));
                }
                set_reg(core, op.d, value);
                return then::<E, N>(core, env, op, rest);
            }
            false
        }
    };
    if !stored {
        return transfer_slow::<E, WHAT, MODE>(core, env, op, rest);
    }
    write_back(core, op, MODE, end);
    then::<E, N>(core, env, op, rest)
}

#[inline(never)]
fn transfer_slow<E: Env, const WHAT: u8, const MODE: u8>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    rest: &[Op],
) -> End {
    let result = transfer::<E, WHAT, MODE>(core, env, op);
    may_leave(core, env, op, rest, result)
}

fn threaded_unprivileged<E: Env>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let Some((op, rest)) = ops.split_first() else { return done() };
    let result = unprivileged(core, env, op);
    may_leave(core, env, op, rest, result)
}

#[inline(always)]
fn transfer<E: Env, const WHAT: u8, const MODE: u8>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let (va, end) = address(core, op, MODE);
    match WHAT {
        what::DOUBLE => {
            let first: u32 = mem::load_aligned(core, env, op, va)?;
            let second: u32 = mem::load_aligned(core, env, op, va.wrapping_add(4))?;
            write_back(core, op, MODE, end);
            set_reg(core, op.d, first);
            set_reg(core, op.s, second);
        }
        what::STORE_WORD => {
            let value = reg(core, op.d);
            mem::store(core, env, op, va, value)?;
        }
        what::STORE_BYTE => {
            let value = reg(core, op.d) as u8;
            mem::store(core, env, op, va, value)?;
        }
        what::STORE_HALF => {
            let value = reg(core, op.d) as u16;
            mem::store(core, env, op, va, value)?;
        }
        what::STORE_DOUBLE => {
            let (first, second) = (reg(core, op.d), reg(core, op.s));
            mem::store_aligned(core, env, op, va, first)?;
            mem::store_aligned(core, env, op, va.wrapping_add(4), second)?;
        }
        _ => {
            let value = match WHAT {
                what::BYTE => u32::from(mem::load::<u8, E>(core, env, op, va)?),
                what::HALF => u32::from(mem::load::<u16, E>(core, env, op, va)?),
                what::SIGNED_BYTE => mem::load::<u8, E>(core, env, op, va)? as i8 as u32,
                what::SIGNED_HALF => mem::load::<u16, E>(core, env, op, va)? as i16 as u32,
                _ => mem::load::<u32, E>(core, env, op, va)?,
            };
            write_back(core, op, MODE, end);
            if WHAT == what::PC {
                core.bx(value);
                return Ok(Flow::Jump);
            }
            set_reg(core, op.d, value);
        }
    }
    if WHAT >= what::STORE_WORD {
        write_back(core, op, MODE, end);
    }
    Ok(Flow::Next)
}

fn load_unprivileged<E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32) -> Result<u32, Raised> {
    Ok(match op.sh {
        what::BYTE => u32::from(mem::load_unpriv::<u8, E>(core, env, op, va)?),
        what::HALF => u32::from(mem::load_unpriv::<u16, E>(core, env, op, va)?),
        what::SIGNED_BYTE => mem::load_unpriv::<u8, E>(core, env, op, va)? as i8 as u32,
        what::SIGNED_HALF => mem::load_unpriv::<u16, E>(core, env, op, va)? as i16 as u32,
        _ => mem::load_unpriv::<u32, E>(core, env, op, va)?,
    })
}

fn unprivileged<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
    let (va, end) = address(core, op, op.rs);
    match op.sh {
        what::STORE_WORD => {
            let value = reg(core, op.d);
            mem::store_unpriv(core, env, op, va, value)?;
        }
        what::STORE_BYTE => {
            let value = reg(core, op.d) as u8;
            mem::store_unpriv(core, env, op, va, value)?;
        }
        what::STORE_HALF => {
            let value = reg(core, op.d) as u16;
            mem::store_unpriv(core, env, op, va, value)?;
        }
        _ => {
            let value = load_unprivileged(core, env, op, va)?;
            write_back(core, op, op.rs, end);
            set_reg(core, op.d, value);
            return Ok(Flow::Next);
        }
    }
    write_back(core, op, op.rs, end);
    Ok(Flow::Next)
}
