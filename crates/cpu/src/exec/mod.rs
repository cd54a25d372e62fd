//! What instructions do. A handler is a function `fn(&mut Core, &mut E, &Op) -> Exec`; each group of instructions has a
//! module with a `handlers!` list, and the lists joined make the dispatch table.

use crate::env::Env;
use crate::op::{Exec, HandlerId, Op};
use crate::state::Core;

pub(crate) mod alu;
pub(crate) mod branch;
pub(crate) mod exclusive;
pub(crate) mod load_store;
pub(crate) mod media;
pub(crate) mod mul;
pub(crate) mod multiple;
pub(crate) mod neon;
pub(crate) mod system;
pub(crate) mod vfp;
mod wrap;

pub(crate) use wrap::Wrap;

/// What runs an [`Op`].
pub(crate) type Handler<E> = fn(&mut Core, &mut E, &Op) -> Exec;

/// The handlers of every group, for one environment.
pub(crate) struct Table<E>(core::marker::PhantomData<E>);

/// Lists the handlers of a group: `handlers! { pub(crate) Alu after Wrap: AddImm => add_imm::<E>, … }`.
///
/// It makes an enum `Alu` whose `id()` is the [`HandlerId`], numbered after those of the group named by `after`.
macro_rules! handlers {
    ($group:ident after $base:expr; $($name:ident => $path:expr),* $(,)?) => {
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
                $( table[at] = $path; at += 1; )*
                assert!(at == Self::END as usize);
                table
            }
        }
    };
}
pub(crate) use handlers;

/// Number of handlers.
pub(crate) const COUNT: usize = neon::Neon::END as usize;

/// Size of the dispatch table: a power of two, so that an index needs no bounds check.
pub(crate) const TABLE: usize = COUNT.next_power_of_two();

impl<'a, E: Env + 'a> Table<E> {
    const ALL: [Handler<E>; TABLE] = {
        let table: [Handler<E>; TABLE] = [wrap::undefined::<E>; TABLE];
        let table = Wrap::list(table);
        let table = alu::Alu::list(table);
        let table = branch::Branch::list(table);
        let table = mul::Mul::list(table);
        let table = media::Media::list(table);
        let table = load_store::LoadStore::list(table);
        let table = multiple::Multiple::list(table);
        let table = exclusive::Exclusive::list(table);
        let table = system::System::list(table);
        let table = vfp::Vfp::list(table);
        neon::Neon::list(table)
    };
    /// Every handler, by [`HandlerId`].
    pub(crate) const HANDLERS: &'a [Handler<E>; TABLE] = &Self::ALL;
}

/// Runs one op.
#[inline(always)]
pub(crate) fn run<E: Env>(core: &mut Core, env: &mut E, handler: HandlerId, op: &Op) -> Exec {
    Table::<E>::HANDLERS[usize::from(handler.0) % TABLE](core, env, op)
}
