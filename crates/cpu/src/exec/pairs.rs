//! Pairs of instructions that often follow each other.
//!
//! The handler of a pair is that of its first instruction, which goes on to the handler of the second by a call that the
//! compiler sees and takes in, instead of by the dispatch table. So a pair does what its instructions do one after the
//! other, faults and jumps between them included, and there is nothing to describe anew.
//!
//! Where the second instruction works on the result of the first, the value is [handed over](forwarded) in a register of
//! the host: reading back what was just stored takes longer than the work itself.

use super::alu::{Data, form::*, operation::*, reg};
use super::branch::{self, Branch};
use super::load_store::{Transfer, mode, what};
use super::media::Sbfx;
use super::neon::Neon;
use super::{Apply, Body, Dynamic, Handler, Piece, Special, Then, retired, then};
use crate::env::Env;
use crate::op::{End, Exec, Flow, HandlerId, Op};
use crate::state::Core;
use core::marker::PhantomData;

/// Goes on with a known instruction.
struct Known<P>(PhantomData<P>);

impl<P: Piece> Then for Known<P> {
    #[inline(always)]
    fn then<E: Env>(core: &mut Core, env: &mut E, _op: &Op, rest: &[Op]) -> End {
        P::threaded::<E, Dynamic>(core, env, rest)
    }
}

/// An instruction without effect of its own: NOP, IT, and a branch that the path follows.
struct Nothing;

impl Body for Nothing {
    const ID: HandlerId = Special::Nop.id();
    #[inline(always)]
    fn run<E: Env>(_core: &mut Core, _env: &mut E, _op: &Op) -> Exec {
        Ok(Flow::Next)
    }
}

/// Conditional branch.
struct If<const COND: u8>;

impl<const COND: u8> Body for If<COND> {
    const ID: HandlerId = Branch::conditional(COND).id();
    #[inline(always)]
    fn run<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec {
        branch::b_if::<E, COND>(core, env, op)
    }
}

/// `P`, then `Q` with the result of `P` for its Rm if `TO_M`, else for its Rn.
fn forwarded<E: Env, P: Apply, Q: Apply, const TO_M: bool>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let [first, second, rest @ ..] = ops else { return P::threaded::<E, Dynamic>(core, env, ops) };
    let (n, m) = (reg(core, first.n), reg(core, first.m));
    let value = P::apply(core, first, n, m);
    retired(env, first);
    let n = if TO_M { reg(core, second.n) } else { value };
    let m = if TO_M { value } else { reg(core, second.m) };
    Q::apply(core, second, n, m);
    then::<E, Dynamic>(core, env, second, rest)
}

type AndR = Data<AND, REG, false>;
type AndI = Data<AND, IMM, false>;
type EorR = Data<EOR, REG, false>;
type EorLsr = Data<EOR, LSR, false>;
type AddR = Data<ADD, REG, false>;
type AddI = Data<ADD, IMM, false>;
type SubR = Data<SUB, REG, false>;
type SubsI = Data<SUB, IMM, true>;
type MovR = Data<MOV, REG, false>;
type CmpI = Data<CMP, IMM, true>;
type CmpR = Data<CMP, REG, true>;
type Ldr = Transfer<{ what::WORD }, { mode::IMM }>;
type Ldrb = Transfer<{ what::BYTE }, { mode::IMM }>;
type LdrbPre = Transfer<{ what::BYTE }, { mode::IMM_PRE }>;
type LdrbPost = Transfer<{ what::BYTE }, { mode::IMM_POST }>;

/// The handlers of pairs.
pub(crate) struct Pairs;

/// Numbers of first instructions and of second ones: a table of pairs, row by row.
type Grid = (&'static [HandlerId], &'static [HandlerId]);

/// Fills a row of a table: one first instruction with each of the second ones.
macro_rules! row {
    (joined $table:ident $at:ident $first:ty, [$($second:ty),*]) => {$(
        $table[$at] = <$first as Piece>::threaded::<E, Known<$second>>;
        $at += 1;
    )*};
    (forwarded $table:ident $at:ident $first:ty, [$($second:ty),*]) => {$(
        $table[$at] = forwarded::<E, $first, $second, false>;
        $table[$at + 1] = forwarded::<E, $first, $second, true>;
        $at += 2;
    )*};
}
macro_rules! ids {
    ([$($piece:ty),*]) => { &[$(<$piece as Piece>::ID),*] };
}
/// Which first instructions are joined with which second ones; first those with the value handed over.
macro_rules! grids {
    (forwarded [$($producer:ty),*] then $consumers:tt; $( joined [$($first:ty),*] then $seconds:tt; )*) => {
        impl Pairs {
            const FORWARDED: Grid = (ids!([$($producer),*]), ids!($consumers));
            const JOINED: &[Grid] = &[$( (ids!([$($first),*]), ids!($seconds)) ),*];

            /// Writes this group's handlers into the table.
            pub(crate) const fn list<E: Env, const N: usize>(mut table: [Handler<E>; N]) -> [Handler<E>; N] {
                let mut at = Self::FIRST as usize;
                $( row!(forwarded table at $producer, $consumers); )*
                $( $( row!(joined table at $first, $seconds); )* )*
                assert!(at == Self::END as usize);
                table
            }
        }
    };
}

// Each pair costs compilation time for every environment; these are the ones that profiles of compiled code show most.
// The second ones of those with the value handed over read Rn and Rm.
grids! {
    forwarded [AndR, AndI, EorR, EorLsr, AddR, Sbfx] then [EorR, EorLsr, AddR];
    joined [CmpI, CmpR, SubsI]
        then [If<0>, If<1>, If<2>, If<3>, If<8>, If<9>, If<10>, If<11>, If<12>, If<13>];
    joined [AndR, EorLsr, AddR, SubR, MovR, Sbfx, Nothing] then [EorLsr, AddR, SubR, SubsI, MovR, CmpI, CmpR];
    joined [EorLsr, AddR, MovR] then [If<0>, If<1>];
    joined [If<0>, If<1>] then [AddR, AndR, MovR, Sbfx];
    joined [Ldr, Ldrb, LdrbPre, LdrbPost] then [AddI, CmpI, CmpR];
}

impl Pairs {
    const FIRST: u16 = Neon::END;
    const FIRST_JOINED: u16 = Self::FIRST + 2 * size(&Self::FORWARDED);
    /// Number after the last handler of this group.
    pub(crate) const END: u16 = {
        let (mut end, mut grid) = (Self::FIRST_JOINED, 0);
        while grid < Self::JOINED.len() {
            end += size(&Self::JOINED[grid]);
            grid += 1;
        }
        end
    };

    /// The handler that joins two ops and hands a value over, if there is one.
    pub(crate) fn forwarded(first: &Op, second: &Op) -> Option<HandlerId> {
        let place = place(&Self::FORWARDED, first, second)?;
        let to_m = first.d == second.m;
        (to_m || first.d == second.n).then(|| HandlerId(Self::FIRST + 2 * place + u16::from(to_m)))
    }

    /// The handler that joins two ops, if there is one.
    pub(crate) fn joined(first: &Op, second: &Op) -> Option<HandlerId> {
        let mut start = Self::FIRST_JOINED;
        for grid in Self::JOINED {
            if let Some(place) = place(grid, first, second) {
                return Some(HandlerId(start + place));
            }
            start += size(grid);
        }
        None
    }
}

const fn size((firsts, seconds): &Grid) -> u16 {
    (firsts.len() * seconds.len()) as u16
}

fn place((firsts, seconds): &Grid, first: &Op, second: &Op) -> Option<u16> {
    let row = firsts.iter().position(|&id| id == first.handler)?;
    let column = seconds.iter().position(|&id| id == second.handler)?;
    Some((row * seconds.len() + column) as u16)
}
