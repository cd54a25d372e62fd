//! What instructions do: a function `fn(&mut Core, &mut E, &Op) -> Exec` each. Every group of instructions has a module
//! with a `handlers!` list, and the lists joined make the dispatch table.
//!
//! What the table holds is threaded: a [`Handler`] does its op and then calls the handler of the next op of the block
//! ([`next`]), which in an optimised build is a jump. A run of ops thus comes back to its caller once, with an [`End`]
//! that says which op ended it and why; where calls are not turned into jumps, a block's length bounds their depth.

use crate::env::Env;
use crate::isa::Set;
use crate::observe::Observer;
use crate::op::{End, Exec, Flow, HandlerId, Op};
use crate::psr;
use crate::state::Core;

pub(crate) mod alu;
pub(crate) mod branch;
pub(crate) mod exclusive;
pub(crate) mod load_store;
pub(crate) mod media;
pub(crate) mod mul;
pub(crate) mod multiple;
pub(crate) mod neon;
mod pairs;
pub(crate) mod system;
pub(crate) mod vfp;
mod wrap;

pub(crate) use branch::Branch;
pub(crate) use pairs::Pairs;
pub(crate) use wrap::{Special, Wrap};

/// What runs the first of the ops given and those that follow it. It is called with none when the block ends.
pub(crate) type Handler<E> = fn(&mut Core, &mut E, &[Op]) -> End;

/// The handlers of every group, for one environment.
pub(crate) struct Table<E>(core::marker::PhantomData<E>);

/// Lists the handlers of a group: `handlers! { Mul after Branch::END, stays; Mul => mul::<E>, … }`.
///
/// It makes an enum `Mul` whose `id()` is the [`HandlerId`], numbered after those of the group named by `after`. A group
/// that `stays` never asks to leave the block ([`Core::leave_block`]); one that `may_leave` is looked at for it.
macro_rules! handlers {
    ($group:ident after $base:expr, $follow:ident; $($name:ident => $path:expr),* $(,)?) => {
        /// Handlers of this group.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, dead_code, clippy::enum_variant_names)]
        pub(crate) enum $group { $($name),* }

        impl $group {
            const ALL: &[Self] = &[$(Self::$name),*];
            const FIRST: u16 = $base;
            /// Number after the last handler of this group.
            pub(crate) const END: u16 = Self::FIRST + Self::ALL.len() as u16;
            /// Number in the dispatch table.
            #[allow(dead_code)]
            pub(crate) const fn id(self) -> $crate::op::HandlerId {
                $crate::op::HandlerId(Self::FIRST + self as u16)
            }
            /// Writes this group's handlers into the table.
            pub(crate) const fn list<E: $crate::env::Env, const N: usize>(
                mut table: [$crate::exec::Handler<E>; N],
            ) -> [$crate::exec::Handler<E>; N] {
                let mut at = Self::FIRST as usize;
                $(
                    table[at] = {
                        fn threaded<E: $crate::env::Env>(
                            core: &mut $crate::state::Core,
                            env: &mut E,
                            ops: &[$crate::op::Op],
                        ) -> $crate::op::End {
                            let Some((op, rest)) = ops.split_first() else { return $crate::exec::done() };
                            let result = $path(core, env, op);
                            $crate::exec::$follow(core, env, op, rest, result)
                        }
                        threaded::<E>
                    };
                    at += 1;
                )*
                assert!(at == Self::END as usize);
                table
            }
        }
    };
}
pub(crate) use handlers;

/// Number of handlers.
pub(crate) const COUNT: usize = Pairs::END as usize;

/// Size of the dispatch table: a power of two, so that an index needs no bounds check.
pub(crate) const TABLE: usize = COUNT.next_power_of_two();

impl<'a, E: Env + 'a> Table<E> {
    const ALL: [Handler<E>; TABLE] = {
        let table: [Handler<E>; TABLE] = [wrap::unassigned::<E>; TABLE];
        let table = Wrap::list(table);
        let table = Special::list(table);
        let table = alu::Alu::list(table);
        let table = Branch::list(table);
        let table = mul::Mul::list(table);
        let table = media::Media::list(table);
        let table = load_store::LoadStore::list(table);
        let table = multiple::Multiple::list(table);
        let table = exclusive::Exclusive::list(table);
        let table = system::System::list(table);
        let table = vfp::Vfp::list(table);
        let table = neon::Neon::list(table);
        Pairs::list(table)
    };
    /// Every handler, by [`HandlerId`].
    pub(crate) const HANDLERS: &'a [Handler<E>; TABLE] = &Self::ALL;
}

/// Runs ops, the first of them by this handler.
#[inline(always)]
pub(crate) fn run<E: Env>(core: &mut Core, env: &mut E, handler: HandlerId, ops: &[Op]) -> End {
    Table::<E>::HANDLERS[usize::from(handler.0) % TABLE](core, env, ops)
}

/// What a handler that is given no op returns.
#[inline(always)]
pub(crate) fn done() -> End {
    End::ALL
}

/// How a handler goes on to the next op of the block.
pub(crate) trait Then {
    /// Runs `rest`, which comes after `op`.
    fn then<E: Env>(core: &mut Core, env: &mut E, op: &Op, rest: &[Op]) -> End;
}

/// By the handler that the block's builder chose.
pub(crate) struct Dynamic;

impl Then for Dynamic {
    #[inline(always)]
    fn then<E: Env>(core: &mut Core, env: &mut E, op: &Op, rest: &[Op]) -> End {
        run(core, env, op.next, rest)
    }
}

/// An instruction whose handler can be told how to go on, see [`pairs`].
pub(crate) trait Piece {
    /// Its number.
    const ID: HandlerId;
    /// Its handler.
    fn threaded<E: Env, N: Then>(core: &mut Core, env: &mut E, ops: &[Op]) -> End;
}

/// A [`Piece`] that never asks to leave the block, by what it does.
pub(crate) trait Body {
    /// Its number.
    const ID: HandlerId;
    /// What it does.
    fn run<E: Env>(core: &mut Core, env: &mut E, op: &Op) -> Exec;
}

/// A [`Body`] that makes Rd of Rn and Rm.
pub(crate) trait Apply: Body {
    /// Does it with the values of Rn and Rm, and gives that of Rd.
    fn apply(core: &mut Core, op: &Op, n: u32, m: u32) -> u32;
}

impl<B: Body> Piece for B {
    const ID: HandlerId = <B as Body>::ID;
    #[inline(always)]
    fn threaded<E: Env, N: Then>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
        let Some((op, rest)) = ops.split_first() else { return done() };
        let result = B::run(core, env, op);
        if result == Ok(Flow::Next) { then::<E, N>(core, env, op, rest) } else { end(env, op, result) }
    }
}

/// What follows an op that completed and goes on to the next one.
#[inline(always)]
pub(crate) fn then<E: Env, N: Then>(core: &mut Core, env: &mut E, op: &Op, rest: &[Op]) -> End {
    retired(env, op);
    N::then(core, env, op, rest)
}

/// [`then`], dynamically.
#[inline(always)]
pub(crate) fn next<E: Env>(core: &mut Core, env: &mut E, op: &Op, rest: &[Op]) -> End {
    then::<E, Dynamic>(core, env, op, rest)
}

/// What follows an op that ends the run, whatever comes after it in the block.
#[inline(always)]
pub(crate) fn end<E: Env>(env: &mut E, op: &Op, result: Exec) -> End {
    if result.is_ok() {
        retired(env, op);
    }
    End::new(result, op.index)
}

/// What follows an op of a group that `stays`.
#[inline(always)]
pub(crate) fn stays<E: Env>(core: &mut Core, env: &mut E, op: &Op, rest: &[Op], result: Exec) -> End {
    if result == Ok(Flow::Next) { next(core, env, op, rest) } else { end(env, op, result) }
}

/// What follows an op of a group that `may_leave`.
#[inline(always)]
pub(crate) fn may_leave<E: Env>(core: &mut Core, env: &mut E, op: &Op, rest: &[Op], result: Exec) -> End {
    if core.leave {
        return leave(core, env, op, result);
    }
    stays(core, env, op, rest, result)
}

/// Ends the run since the op asked for it, whatever it returned.
#[cold]
#[inline(never)]
fn leave<E: Env>(core: &mut Core, env: &mut E, op: &Op, result: Exec) -> End {
    core.leave = false;
    let result = match result {
        Ok(Flow::Next) => Ok(Flow::Sync),
        Ok(Flow::Jump) => {
            core.it = psr::it_advance(op.it);
            Ok(Flow::SyncJump)
        }
        other => other,
    };
    end(env, op, result)
}

#[inline(always)]
fn retired<E: Env>(env: &mut E, op: &Op) {
    if E::Obs::RETIRED {
        let set = match (op.flags & Op::THUMB != 0, op.len) {
            (false, _) => Set::A32,
            (true, 2) => Set::T16,
            (true, _) => Set::T32,
        };
        env.obs().retired(set, op.pc, op.word);
    }
}
