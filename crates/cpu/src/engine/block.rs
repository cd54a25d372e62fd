//! The block engine: runs of instructions, decoded once.
//!
//! A block is keyed by RAM frame, address and the state that decoding depends on. At first it is a straight line up to
//! the next branch. One that has been run a few times is decoded again as a path: it goes on at the target of a direct
//! branch that was last seen taken, and behind one that was not, as long as it stays in its page; so a short loop is
//! unrolled and calls are run through. A branch that goes another way than the path ends the run, see
//! [`Branch::take`].
//!
//! Where an address led is remembered in a cache of jumps while the generation of the software TLB stands, which every
//! change of translation and every drop of blocks moves on.

use super::{Engine, Limits, between, decode_at, enter, finish, it_after, single};
use crate::env::Env;
use crate::exec::{Branch, Pairs, run};
use crate::fault::{Exit, Trap};
use crate::mem::{self, Code};
use crate::op::{End, Exec, Flow, HandlerId, Op};
use crate::psr;
use crate::state::Core;
use msmemu_fabric::{Bus, FrameId, Watch};

/// Most instructions of a block.
const MAX_OPS: usize = 64;
/// Runs of a block until it is decoded as a path, unless the host says otherwise.
const VISITS: u8 = 24;
/// Buckets of the block table, a power of two.
const BUCKETS: usize = 1 << 13;
/// When this many ops are held, all blocks are dropped (about 32 MiB).
const MAX_HELD: usize = 1 << 20;
const NONE: u32 = u32::MAX;

/// What a block depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    frame: FrameId,
    pc: u32,
    /// See [`decode_state`].
    state: u32,
}

impl Key {
    fn bucket(&self) -> usize {
        let h =
            (self.pc >> 1) ^ (self.pc >> 14) ^ (self.frame.index() as u32).wrapping_mul(0x9E5) ^ self.state;
        h as usize % BUCKETS
    }
}

/// Everything but address and contents that decides how instructions are decoded.
fn decode_state(core: &Core) -> u32 {
    u32::from(core.thumb)
        | u32::from(core.mode.is_privileged()) << 1
        | u32::from(core.it) << 8
        | u32::from(crate::fp::decode_bits(core)) << 16
}

/// A decode state with another ITSTATE.
fn with_it(state: u32, it: u8) -> u32 {
    state & !0xFF00 | u32::from(it) << 8
}

/// Entries of the jump cache, a power of two.
const JUMPS: usize = 1 << 12;

/// Where an address led.
#[derive(Debug, Clone, Copy)]
struct Jump {
    /// Address with bit 0 set for Thumb.
    target: u32,
    /// See [`decode_state`].
    state: u32,
    generation: u64,
    block: u32,
}

const NOWHERE: Jump = Jump { target: 0, state: 0, generation: u64::MAX, block: NONE };

fn jump_slot(target: u32) -> usize {
    (target >> 1) as usize % JUMPS
}

#[derive(Debug)]
struct Block {
    ops: Box<[Op]>,
    /// The handler to start with.
    handler: HandlerId,
    /// Cycles of all ops.
    cycles: u32,
    /// Where the path goes on after the last op.
    end_pc: u32,
    /// Runs left until it is decoded as a path; 0 when it is one.
    visits: u8,
    /// Whether the last run as a straight line ended with a jump.
    jumped: bool,
    key: Key,
    /// Next block of the bucket.
    next: u32,
}

impl Block {
    /// Runs the first `count` ops, at least one: the one that ended the run, where the path goes on after it, and what it
    /// returned.
    #[inline(always)]
    fn run<E: Env>(&self, core: &mut Core, env: &mut E, count: usize) -> Option<(&Op, u32, Exec)> {
        let end = run(core, env, self.handler, &self.ops[..count]);
        let index = if end == End::ALL { count - 1 } else { usize::from(end.index()) };
        let after = self.ops.get(index + 1).map_or(self.end_pc, |op| op.pc);
        Some((self.ops.get(index)?, after, end.result()))
    }
}

/// Runs decoded blocks.
#[derive(Debug)]
pub struct BlockEngine {
    blocks: Vec<Block>,
    free: Vec<u32>,
    buckets: Vec<u32>,
    /// Direct-mapped by target address.
    jumps: Box<[Jump; JUMPS]>,
    /// Blocks by frame index.
    by_frame: Vec<Vec<u32>>,
    /// Frames watched for stores.
    watched: Vec<FrameId>,
    held: usize,
    /// Runs of a block until it is decoded as a path; 0 for never.
    visits: u8,
}

impl Default for BlockEngine {
    fn default() -> Self {
        Self::with_paths_after(VISITS)
    }
}

/// What a look-up found.
enum Found {
    Block(u32),
    /// Cannot be kept: run the instruction alone.
    Alone,
    Fault(Trap),
}

impl BlockEngine {
    /// An engine that decodes a block as a path once it has been run `visits` times; 0 for never. It makes a difference to
    /// speed only.
    pub fn with_paths_after(visits: u8) -> Self {
        Self {
            blocks: Vec::new(),
            free: Vec::new(),
            buckets: vec![NONE; BUCKETS],
            jumps: Box::new([NOWHERE; JUMPS]),
            by_frame: Vec::new(),
            watched: Vec::new(),
            held: 0,
            visits,
        }
    }

    /// Number of decoded blocks, for statistics.
    pub fn len(&self) -> usize {
        self.blocks.len() - self.free.len()
    }

    /// Whether nothing is decoded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The block at `core.pc`, decoded if it is not there yet.
    fn find<E: Env>(&mut self, core: &mut Core, env: &mut E) -> Found {
        core.bus_time = core.cycles;
        let code = match mem::code(core, env, core.pc) {
            Ok(code) => code,
            Err(fault) => return Found::Fault(Trap::PrefetchAbort(fault)),
        };
        let Code::Ram(frame) = code else { return Found::Alone };
        let key = Key { frame, pc: core.pc, state: decode_state(core) };
        let at = self.known(&key);
        if at != NONE { Found::Block(at) } else { self.add(core, env, key) }
    }

    /// The block of a key, or [`NONE`].
    fn known(&self, key: &Key) -> u32 {
        let mut at = self.buckets[key.bucket()];
        while let Some(block) = self.blocks.get(at as usize) {
            if block.key == *key {
                break;
            }
            at = block.next;
        }
        at
    }

    /// Decodes from `key` on, where the core is: a straight line, or a path. Gives the ops and where they lead.
    fn decode<E: Env>(
        &self,
        core: &mut Core,
        env: &mut E,
        key: Key,
        path: bool,
    ) -> Result<(Vec<Op>, u32), Trap> {
        let mut ops: Vec<Op> = Vec::new();
        let (mut pc, mut it, mut before) = (key.pc, core.it, 0_u16);
        // Where the straight line that is being decoded starts.
        let mut line = key;
        loop {
            let offset = pc & 0xFFF;
            if core.thumb && offset == 0xFFE {
                let half = env.bus().ram().load::<u16>(key.frame, offset);
                if crate::isa::decode::is_wide(half) {
                    // Reaches into the next page: its translation may differ each time.
                    break;
                }
            }
            if !ops.is_empty() && core.has_breakpoint(pc) {
                break;
            }
            let mut op = decode_at(core, env, Code::Ram(key.frame), pc, it)?;
            op.before = before;
            op.index = ops.len() as u16;
            before += u16::from(op.cycles);
            it = it_after(&op);
            let ends = op.flags & Op::ENDS_BLOCK != 0;
            let mut next = Some(op.next_pc());
            if ends {
                next = if path { self.follow(&line, &mut op) } else { None };
                line = Key { frame: key.frame, pc: next.unwrap_or(0), state: with_it(key.state, it) };
            }
            ops.push(op);
            pc = next.unwrap_or_else(|| op.next_pc());
            // A loop is unrolled whole or not at all.
            let passes_fit = pc != key.pc || {
                let pass = ops.iter().skip(1).position(|op| op.pc == key.pc).map_or(ops.len(), |n| n + 1);
                ops.len() + pass <= MAX_OPS
            };
            let same_page = (pc ^ key.pc) & !0xFFF == 0;
            if next.is_none() || !same_page || !passes_fit || ops.len() == MAX_OPS {
                break;
            }
        }
        Ok((ops, pc))
    }

    /// Where the path goes on after an op that ends a straight line which starts at `line`, and changes the op
    /// accordingly; `None` when the path ends too.
    fn follow(&self, line: &Key, op: &mut Op) -> Option<u32> {
        let target = Branch::target(op);
        let conditional = op.cond < 14 || matches!(target, Some((_, true)));
        let seen = self.blocks.get(self.known(line) as usize).map(|block| block.jumped);
        match target {
            Some((to, _)) if !conditional || seen.unwrap_or(to <= op.pc) => {
                Branch::take(op);
                Some(to)
            }
            _ if conditional && seen != Some(true) => Some(op.next_pc()),
            _ => None,
        }
    }

    /// Marks where the ops of a block came from.
    fn watch<E: Env>(&mut self, core: &mut Core, env: &mut E, frame: FrameId, ops: &[Op]) {
        if !env.bus().ram().watches(frame).contains(Watch::Code) {
            env.bus().ram().watch(frame, Watch::Code);
            self.watched.push(frame);
        }
        for op in ops {
            let first = op.pc & 0xFFF;
            core.code.mark(frame, first, first + u32::from(op.len) - 1);
        }
    }

    /// Adds the block at `key`, where the core is.
    fn add<E: Env>(&mut self, core: &mut Core, env: &mut E, key: Key) -> Found {
        if self.held > MAX_HELD {
            self.drop_all(core);
        }
        let (mut ops, end_pc) = match self.decode(core, env, key, false) {
            Ok(decoded) => decoded,
            Err(trap) => return Found::Fault(trap),
        };
        if ops.is_empty() {
            return Found::Alone;
        }
        self.watch(core, env, key.frame, &ops);
        self.held += ops.len();
        let bucket = key.bucket();
        let block = Block {
            cycles: cycles(&ops),
            end_pc,
            handler: chain(&mut ops, false),
            ops: ops.into_boxed_slice(),
            visits: self.visits,
            jumped: false,
            key,
            next: self.buckets[bucket],
        };
        let id = match self.free.pop() {
            Some(id) => {
                self.blocks[id as usize] = block;
                id
            }
            None => {
                self.blocks.push(block);
                (self.blocks.len() - 1) as u32
            }
        };
        self.buckets[bucket] = id;
        let frame = key.frame.index();
        if self.by_frame.len() <= frame {
            self.by_frame.resize_with(frame + 1, Vec::new);
        }
        self.by_frame[frame].push(id);
        Found::Block(id)
    }

    /// Decodes a block, where the core is, again as a path.
    #[cold]
    #[inline(never)]
    fn promote<E: Env>(&mut self, core: &mut Core, env: &mut E, id: u32) {
        let Some(key) = self.blocks.get(id as usize).map(|block| block.key) else { return };
        let Ok((mut ops, end_pc)) = self.decode(core, env, key, true) else { return };
        if ops.is_empty() {
            return;
        }
        self.watch(core, env, key.frame, &ops);
        if let Some(block) = self.blocks.get_mut(id as usize) {
            self.held = self.held - block.ops.len() + ops.len();
            block.cycles = cycles(&ops);
            block.end_pc = end_pc;
            block.handler = chain(&mut ops, true);
            block.ops = ops.into_boxed_slice();
        }
    }

    /// Notes that the core's address leads to a block.
    fn remember(&mut self, core: &Core, block: u32) {
        let target = core.pc | u32::from(core.thumb);
        let (state, generation) = (decode_state(core), core.tlb.generation());
        self.jumps[jump_slot(target)] = Jump { target, state, generation, block };
    }

    /// Runs blocks from `id` on for as long as only addresses change; then, something has to be looked at.
    fn run_blocks<E: Env>(
        &mut self,
        core: &mut Core,
        env: &mut E,
        limits: &Limits,
        mut id: u32,
    ) -> Option<Exit> {
        // Bounds both counters, since an op takes a cycle or more.
        let mut left = limits.left(core);
        while let Some(block) = self.blocks.get_mut(id as usize) {
            if block.visits != 0 {
                block.visits -= 1;
                if block.visits == 0 {
                    self.promote(core, env, id);
                    continue;
                }
            }
            if u64::from(block.cycles) > left {
                if !limits.reached(core) {
                    let (last, after, result) = block.run(core, env, room(core, &block.ops, limits))?;
                    return finish(core, env, last, after, result);
                }
                break;
            }
            let (last, after, result) = block.run(core, env, block.ops.len())?;
            match result {
                Ok(Flow::Jump) => core.it = psr::it_advance(last.it),
                Ok(Flow::Next) => {
                    core.pc = after;
                    core.it = it_after(last);
                }
                _ => return finish(core, env, last, after, result),
            }
            let cycles = u64::from(last.before) + u64::from(last.cycles);
            core.cycles += cycles;
            core.instructions += u64::from(last.index) + 1;
            left -= cycles;
            if block.visits != 0 {
                block.jumped = result == Ok(Flow::Jump);
            }
            let target = core.pc | u32::from(core.thumb);
            // A plain jump changes nothing of the decode state but Thumb and ITSTATE.
            let state = with_it(block.key.state & !1 | u32::from(core.thumb), core.it);
            let jump = &self.jumps[jump_slot(target)];
            if jump.target != target || jump.state != state || jump.generation != core.tlb.generation() {
                break;
            }
            id = jump.block;
        }
        None
    }

    /// Drops the blocks of a frame.
    fn drop_frame(&mut self, core: &mut Core, frame: FrameId) {
        core.code.clear(frame);
        core.tlb.next_generation();
        let Some(ids) = self.by_frame.get_mut(frame.index()) else { return };
        for id in core::mem::take(ids) {
            let Some(block) = self.blocks.get_mut(id as usize) else { continue };
            self.held -= block.ops.len();
            block.ops = Box::default();
            let (bucket, next) = (block.key.bucket(), block.next);
            let mut at = self.buckets[bucket];
            if at == id {
                self.buckets[bucket] = next;
            } else {
                while let Some(other) = self.blocks.get_mut(at as usize) {
                    if other.next == id {
                        other.next = next;
                        break;
                    }
                    at = other.next;
                }
            }
            self.free.push(id);
        }
    }

    fn drop_all(&mut self, core: &mut Core) {
        let Self { blocks, free, buckets, jumps, by_frame, watched: _, held, visits: _ } = self;
        jumps.fill(NOWHERE);
        blocks.clear();
        free.clear();
        buckets.fill(NONE);
        by_frame.clear();
        *held = 0;
        core.code.clear_all();
        core.tlb.next_generation();
    }

    /// Drops blocks whose code was written.
    fn drop_stale<E: Env>(&mut self, core: &mut Core, env: &mut E) {
        while let Some(frame) = core.stale_code.pop() {
            self.drop_frame(core, frame);
            env.bus().ram().unwatch(frame, Watch::Code);
            self.watched.retain(|&f| f != frame);
        }
    }
}

impl Engine for BlockEngine {
    fn run<E: Env>(&mut self, core: &mut Core, env: &mut E, limits: Limits) -> Exit {
        mem::take_code_stores(core, env);
        let mut first = true;
        loop {
            self.drop_stale(core, env);
            if let Some(exit) = between(core, env, &limits) {
                return exit;
            }
            let stops = core.has_breakpoint(core.pc);
            if stops && !first {
                return Exit::Breakpoint;
            }
            first = false;
            match self.find(core, env) {
                Found::Block(id) => {
                    if !stops {
                        self.remember(core, id);
                    }
                    core.leave = false;
                    if let Some(exit) = self.run_blocks(core, env, &limits, id) {
                        self.drop_stale(core, env);
                        return exit;
                    }
                }
                Found::Alone => {
                    if let Some(exit) = single(core, env) {
                        return exit;
                    }
                }
                Found::Fault(trap) => enter(core, env, trap),
            }
        }
    }

    fn flush(&mut self, core: &mut Core) {
        self.drop_all(core);
        core.tlb.flush();
    }
}

/// Sets which handler follows each op, with pairs or without, and gives the one to start with.
fn chain(ops: &mut [Op], pairs: bool) -> HandlerId {
    let mut handlers: Vec<HandlerId> = ops.iter().map(|op| op.handler).collect();
    let mut free = vec![pairs; ops.len()];
    for find in [Pairs::forwarded, Pairs::joined] {
        for (i, pair) in ops.windows(2).enumerate() {
            if free[i]
                && free[i + 1]
                && let Some(joined) = find(&pair[0], &pair[1])
            {
                handlers[i] = joined;
                free[i..i + 2].fill(false);
            }
        }
    }
    for (op, &next) in ops.iter_mut().zip(handlers.iter().skip(1)) {
        op.next = next;
    }
    handlers.first().copied().unwrap_or_default()
}

fn cycles(ops: &[Op]) -> u32 {
    ops.last().map_or(0, |last| u32::from(last.before) + u32::from(last.cycles))
}

/// How many ops may start before a limit is reached; at least one.
fn room(core: &Core, ops: &[Op], limits: &Limits) -> usize {
    let by_count = limits.instructions.saturating_sub(core.instructions);
    let by_time = ops.iter().take_while(|op| core.cycles + u64::from(op.before) < limits.cycles).count();
    (by_time as u64).min(by_count).max(1) as usize
}
