//! The block engine: straight-line runs of instructions, decoded once.
//!
//! A block is keyed by RAM frame, address and the state that decoding depends on. Blocks link to their successors, so a
//! loop runs without look-ups; a link holds while the generation of the software TLB stands, which every change of
//! translation and every drop of blocks moves on.

use super::{Engine, Limits, between, decode_at, enter, finish, it_after, retired, single};
use crate::env::Env;
use crate::exec::{TABLE, Table};
use crate::fault::{Exit, Trap};
use crate::mem::{self, Code};
use crate::observe::Observer;
use crate::op::{Flow, Op};
use crate::state::Core;
use msmemu_fabric::{Bus, FrameId, Watch};

/// Most instructions of a block.
const MAX_OPS: usize = 64;
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

#[derive(Debug, Clone, Copy)]
struct Link {
    /// Address with bit 0 set for Thumb.
    target: u32,
    block: u32,
    generation: u64,
}

const UNLINKED: Link = Link { target: 0, block: NONE, generation: u64::MAX };

/// Entries of the jump cache, a power of two.
const JUMPS: usize = 1 << 10;

/// Where an address led last, for jumps with more than one target.
#[derive(Debug, Clone, Copy)]
struct Jump {
    link: Link,
    state: u32,
}

#[derive(Debug)]
struct Block {
    ops: Box<[Op]>,
    /// Cycles of all ops.
    cycles: u32,
    /// Cycles of all ops but the last.
    before_last: u32,
    /// Address after the last op.
    end_pc: u32,
    /// ITSTATE after the last op.
    end_it: u8,
    /// To where it falls through, and to where it jumped last.
    links: [Link; 2],
    key: Key,
    /// Next block of the bucket.
    next: u32,
}

/// Runs decoded blocks.
#[derive(Debug)]
pub struct BlockEngine {
    blocks: Vec<Block>,
    free: Vec<u32>,
    buckets: Vec<u32>,
    /// Direct-mapped by target address.
    jumps: Vec<Jump>,
    /// Blocks by frame index.
    by_frame: Vec<Vec<u32>>,
    /// Frames watched for stores.
    watched: Vec<FrameId>,
    held: usize,
}

impl Default for BlockEngine {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            free: Vec::new(),
            buckets: vec![NONE; BUCKETS],
            jumps: vec![Jump { link: UNLINKED, state: 0 }; JUMPS],
            by_frame: Vec::new(),
            watched: Vec::new(),
            held: 0,
        }
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
        let mut at = self.buckets[key.bucket()];
        while let Some(block) = self.blocks.get(at as usize) {
            if block.key == key {
                return Found::Block(at);
            }
            at = block.next;
        }
        self.decode(core, env, key)
    }

    fn decode<E: Env>(&mut self, core: &mut Core, env: &mut E, key: Key) -> Found {
        if self.held > MAX_HELD {
            self.drop_all(core);
        }
        let mut ops: Vec<Op> = Vec::new();
        let (mut pc, mut it, mut before) = (key.pc, core.it, 0_u16);
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
            let mut op = match decode_at(core, env, Code::Ram(key.frame), pc, it) {
                Ok(op) => op,
                Err(trap) => return Found::Fault(trap),
            };
            op.before = before;
            op.index = ops.len() as u16;
            before += u16::from(op.cycles);
            ops.push(op);
            it = it_after(&op);
            pc = op.next_pc();
            if op.flags & Op::ENDS_BLOCK != 0 || pc & 0xFFF == 0 || ops.len() == MAX_OPS {
                break;
            }
        }
        let Some(last) = ops.last() else { return Found::Alone };
        let end = (last.pc & 0xFFF) + u32::from(last.len) - 1;
        if !env.bus().ram().watches(key.frame).contains(Watch::Code) {
            env.bus().ram().watch(key.frame, Watch::Code);
            self.watched.push(key.frame);
        }
        core.code.mark(key.frame, key.pc & 0xFFF, end);
        self.held += ops.len();
        let bucket = key.bucket();
        let block = Block {
            cycles: u32::from(last.before) + u32::from(last.cycles),
            before_last: u32::from(last.before),
            end_pc: last.next_pc(),
            end_it: it,
            ops: ops.into_boxed_slice(),
            links: [UNLINKED; 2],
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
        let Self { blocks, free, buckets, jumps, by_frame, watched: _, held } = self;
        jumps.fill(Jump { link: UNLINKED, state: 0 });
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
        let handlers = Table::<E>::HANDLERS;
        mem::take_code_stores(core, env);
        let mut first = true;
        // The block that was left by an ordinary jump or at its end, and which of its links leads on.
        let mut from: Option<(u32, usize)> = None;
        loop {
            self.drop_stale(core, env);
            if let Some(exit) = between(core, env, &limits) {
                return exit;
            }
            if !first && core.has_breakpoint(core.pc) {
                return Exit::Breakpoint;
            }
            let mut id = match self.find(core, env) {
                Found::Block(id) => id,
                Found::Alone => {
                    first = false;
                    from = None;
                    if let Some(exit) = single(core, env) {
                        return exit;
                    }
                    continue;
                }
                Found::Fault(trap) => {
                    from = None;
                    enter(core, env, trap);
                    continue;
                }
            };
            first = false;
            if let Some((source, which)) = from.take()
                && !core.has_breakpoint(core.pc)
                && let Some(block) = self.blocks.get_mut(source as usize)
            {
                let target = core.pc | u32::from(core.thumb);
                let link = Link { target, block: id, generation: core.tlb.generation() };
                block.links[which] = link;
                self.jumps[jump_slot(target)] = Jump { link, state: decode_state(core) };
            }
            while let Some(block) = self.blocks.get(id as usize) {
                let fits = core.cycles + u64::from(block.before_last) < limits.cycles
                    && core.instructions + (block.ops.len() as u64 - 1) < limits.instructions;
                let count = if fits { block.ops.len() } else { room(core, &block.ops, &limits) };
                let Some((mut op, rest)) = block.ops[..count].split_first() else { break };
                let mut rest = rest.iter();
                core.leave = false;
                let result = loop {
                    let result = handlers[usize::from(op.handler.0) % TABLE](core, env, op);
                    if E::Obs::RETIRED && result.is_ok() {
                        retired(env, op);
                    }
                    if result != Ok(Flow::Next) || core.leave {
                        break result;
                    }
                    match rest.next() {
                        Some(next) => op = next,
                        None => break result,
                    }
                };
                let which = usize::from(result == Ok(Flow::Jump));
                let plain = matches!(result, Ok(Flow::Next | Flow::Jump)) && !core.leave;
                let done = count - rest.len();
                if !plain || done != block.ops.len() {
                    if let Some(exit) = finish(core, env, done as u64, op, result) {
                        self.drop_stale(core, env);
                        return exit;
                    }
                    break;
                }
                core.cycles += u64::from(block.cycles);
                core.instructions += done as u64;
                core.it = block.end_it;
                if result == Ok(Flow::Next) {
                    core.pc = block.end_pc;
                }
                if limits.reached(core) {
                    break;
                }
                let target = core.pc | u32::from(core.thumb);
                let generation = core.tlb.generation();
                let link = block.links[which];
                if link.target == target && link.generation == generation {
                    id = link.block;
                    continue;
                }
                // A plain jump changes nothing of the decode state but Thumb and ITSTATE.
                let state = (block.key.state & !0xFF01) | u32::from(core.thumb) | u32::from(core.it) << 8;
                let Jump { link, state: known } = self.jumps[jump_slot(target)];
                if link.target == target && link.generation == generation && known == state {
                    id = link.block;
                } else {
                    from = Some((id, which));
                    break;
                }
            }
        }
    }

    fn flush(&mut self, core: &mut Core) {
        self.drop_all(core);
        core.tlb.flush();
    }
}

fn jump_slot(target: u32) -> usize {
    (target >> 1) as usize % JUMPS
}

/// How many ops may start before a limit is reached; at least one.
fn room(core: &Core, ops: &[Op], limits: &Limits) -> usize {
    let by_count = limits.instructions.saturating_sub(core.instructions);
    let by_time = ops.iter().take_while(|op| core.cycles + u64::from(op.before) < limits.cycles).count();
    (by_time as u64).min(by_count).max(1) as usize
}
