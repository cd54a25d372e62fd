//! Execution engines. [`BlockEngine`] runs decoded blocks; [`StepEngine`] decodes and runs one instruction at a time and
//! is the reference: both give the same states, counts and observer calls, whatever the slices.

mod block;
mod step;

pub use block::BlockEngine;
pub use step::StepEngine;

use crate::env::{Ctx, Env};
use crate::exception;
use crate::fault::{Exit, Trap};
use crate::isa::{Set, decode};
use crate::mem::{self, Code};
use crate::model::Model;
use crate::observe::Observer;
use crate::op::{Exec, Flow, Op};
use crate::psr;
use crate::saved::{RestoreError, SavedCore};
use crate::state::{Core, Watchpoint};
use msmemu_fabric::{Bus, MasterId};

/// Cycles that entering an exception costs (our choice).
const EXCEPTION_CYCLES: u64 = 8;

/// Where a slice ends: at the first instruction boundary at which one of the counters has been reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Value of [`Core::cycles`].
    pub cycles: u64,
    /// Value of [`Core::instructions`]. A guest that takes exceptions forever retires nothing, so `cycles` must bound
    /// the slice too.
    pub instructions: u64,
}

impl Limits {
    /// Until the cycle counter reaches a value.
    pub const fn until_cycle(cycles: u64) -> Self {
        Self { cycles, instructions: u64::MAX }
    }

    /// Cycles or instructions up to the nearer limit.
    fn left(&self, core: &Core) -> u64 {
        self.cycles.saturating_sub(core.cycles).min(self.instructions.saturating_sub(core.instructions))
    }

    fn reached(&self, core: &Core) -> bool {
        core.cycles >= self.cycles || core.instructions >= self.instructions
    }
}

/// A way of executing. An engine holds derived data only: [`Engine::flush`] at any instruction boundary changes nothing
/// but speed.
pub trait Engine {
    /// Runs up to the limits or an earlier reason to stop.
    fn run<E: Env>(&mut self, core: &mut Core, env: &mut E, limits: Limits) -> Exit;

    /// Drops everything derived. Called after a restore and when breakpoints change.
    fn flush(&mut self, core: &mut Core);
}

/// A core and its engine.
#[derive(Debug)]
pub struct Cpu<G = BlockEngine> {
    /// The core.
    pub core: Core,
    engine: G,
}

impl Cpu<BlockEngine> {
    /// A core out of reset, run by decoded blocks.
    pub fn new(model: Model, master: MasterId) -> Self {
        Self::with_engine(Core::new(model, master), BlockEngine::default())
    }
}

impl<G: Engine> Cpu<G> {
    /// Joins a core and an engine.
    pub fn with_engine(core: Core, engine: G) -> Self {
        Self { core, engine }
    }

    /// Runs a slice.
    pub fn run<B: Bus, O: Observer>(&mut self, bus: &mut B, obs: &mut O, limits: Limits) -> Exit {
        self.engine.run(&mut self.core, &mut Ctx { bus, obs }, limits)
    }

    /// Runs a slice in an environment whose bus and observer are one.
    pub fn run_in<E: Env>(&mut self, env: &mut E, limits: Limits) -> Exit {
        self.engine.run(&mut self.core, env, limits)
    }

    /// Runs one instruction (or takes one exception).
    pub fn step<B: Bus, O: Observer>(&mut self, bus: &mut B, obs: &mut O) -> Exit {
        let limits = Limits::until_cycle(self.core.cycles + 1);
        StepEngine.run(&mut self.core, &mut Ctx { bus, obs }, limits)
    }

    /// Replaces the breakpoints: addresses at which [`Cpu::run`] stops before executing. The instruction that a run
    /// starts at executes even if it has one.
    pub fn set_breakpoints(&mut self, addresses: &[u32]) {
        self.core.breakpoints = addresses.to_vec();
        self.core.breakpoints.sort_unstable();
        self.engine.flush(&mut self.core);
    }

    /// Replaces the watchpoints: a run stops after an instruction that accessed a watched address.
    pub fn set_watchpoints(&mut self, watchpoints: &[Watchpoint]) {
        self.core.watchpoints = watchpoints.to_vec();
        self.core.watch_hit = None;
        self.engine.flush(&mut self.core);
    }

    /// Takes saved state back; the engine drops what it derived.
    ///
    /// # Errors
    /// When this core cannot have the state; see [`Core::restore`].
    pub fn restore(&mut self, saved: &SavedCore) -> Result<(), RestoreError> {
        let result = self.core.restore(saved);
        self.engine.flush(&mut self.core);
        result
    }

    /// Resets the core; the engine drops what it derived.
    pub fn reset(&mut self) {
        self.core.reset();
        self.engine.flush(&mut self.core);
    }
}

/// What the instruction at `core.pc` is, where it came from, and whether it lies in one page.
fn fetch<E: Env>(core: &mut Core, env: &mut E) -> Result<Op, Trap> {
    let code = mem::code(core, env, core.pc).map_err(Trap::PrefetchAbort)?;
    decode_at(core, env, code, core.pc, core.it)
}

/// Decodes one instruction of a page. A 32-bit Thumb instruction may reach into the next page, which is translated.
fn decode_at<E: Env>(core: &mut Core, env: &mut E, code: Code, pc: u32, it: u8) -> Result<Op, Trap> {
    let fp = crate::fp::decode_bits(core);
    if !core.thumb {
        let word = mem::fetch(core, env, code, pc, 4).map_err(Trap::PrefetchAbort)?;
        return Ok(decode::lower(core.model, Set::A32, word, pc, 0, fp));
    }
    let first = mem::fetch(core, env, code, pc, 2).map_err(Trap::PrefetchAbort)?;
    if !decode::is_wide(first as u16) {
        return Ok(decode::lower(core.model, Set::T16, first, pc, it, fp));
    }
    let at = pc.wrapping_add(2);
    let code = if at & 0xFFF == 0 { mem::code(core, env, at).map_err(Trap::PrefetchAbort)? } else { code };
    let second = mem::fetch(core, env, code, at, 2).map_err(Trap::PrefetchAbort)?;
    Ok(decode::lower(core.model, Set::T32, first << 16 | second, pc, it, fp))
}

/// ITSTATE after an instruction that did not jump away.
fn it_after(op: &Op) -> u8 {
    if op.flags & Op::SETS_IT != 0 { op.sh } else { psr::it_advance(op.it) }
}

/// Accounts for what ran of a block: the ops up to `last`, which returned `result` and after which it goes on at `after`.
/// Sets `pc`, `it` and the counters, and takes the exception. Returns the exit for the host, if there is one.
fn finish<E: Env>(core: &mut Core, env: &mut E, last: &Op, after: u32, result: Exec) -> Option<Exit> {
    let before = u64::from(last.index);
    core.cycles += u64::from(last.before) + u64::from(last.cycles);
    match result {
        Ok(flow) => {
            core.instructions += before + 1;
            match flow {
                Flow::Next | Flow::Sync | Flow::Exit => {
                    core.pc = after;
                    core.it = it_after(last);
                }
                Flow::Jump => core.it = psr::it_advance(last.it),
                Flow::SyncJump => {}
            }
            if flow == Flow::Exit {
                core.cycles += core::mem::take(&mut core.wait_cycles);
                return Some(core.exit);
            }
            None
        }
        Err(_) => {
            core.instructions += before;
            core.pc = last.pc;
            core.it = last.it;
            match core.trap {
                Trap::Host(exit) => return Some(exit),
                Trap::Svc(_) | Trap::Smc(_) => core.it = it_after(last),
                _ => {}
            }
            enter(core, env, core.trap);
            None
        }
    }
}

fn enter<E: Env>(core: &mut Core, env: &mut E, trap: Trap) {
    // Whoever watches exceptions can ask the bus for the time.
    env.bus().at_cycle(core.cycles);
    exception::take(core, env, trap);
    core.cycles += EXCEPTION_CYCLES;
}

/// What is looked at between blocks, and after an instruction that left its block: waiting times, requests of the bus,
/// the limits, interrupts.
fn between<E: Env>(core: &mut Core, env: &mut E, limits: &Limits) -> Option<Exit> {
    core.cycles += core::mem::take(&mut core.wait_cycles);
    if let Some(va) = core.watch_hit.take() {
        return Some(Exit::Watchpoint { va });
    }
    if core::mem::take(&mut core.attention) {
        return Some(Exit::Bus);
    }
    if limits.reached(core) {
        return Some(Exit::Budget);
    }
    while let Some(trap) = exception::pending(core) {
        enter(core, env, trap);
        if limits.reached(core) {
            return Some(Exit::Budget);
        }
    }
    None
}

/// Runs the instruction at `core.pc` alone.
fn single<E: Env>(core: &mut Core, env: &mut E) -> Option<Exit> {
    core.bus_time = core.cycles;
    match fetch(core, env) {
        Ok(op) => {
            let end = crate::exec::run(core, env, op.handler, &[op]);
            finish(core, env, &op, op.next_pc(), end.result())
        }
        Err(trap) => {
            enter(core, env, trap);
            None
        }
    }
}
