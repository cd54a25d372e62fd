//! Memory accesses of instructions: translation, alignment, endianness, RAM or bus, exclusives' plain part, observers.
//!
//! Handlers call [`load`] and [`store`] (any alignment where SCTLR.A allows it), [`load_aligned`] and [`store_aligned`]
//! (LDM, LDRD, exclusives …: an unaligned address always faults) and the `_unpriv` forms. All of them record the trap and
//! return [`Raised`] when the access faults; a store that faults has written nothing of the page that faults.

use crate::env::Env;
use crate::fault::{Fault, FaultStatus, Trap};
use crate::mmu;
use crate::observe::{DataAccess, Observer};
use crate::op::{Op, Raised};
use crate::state::Core;
use crate::tlb::Way;
use msmemu_fabric::{
    Access, AccessKind, Bus, BusFault, FrameId, MemAttrs, MemType, PhysAddr, Prot, Size, Watch, Word,
};

/// Kinds of access for translation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Load.
    Read,
    /// Store.
    Write,
    /// Instruction fetch.
    Fetch,
}

/// A value that loads and stores move: 1, 2, 4 or 8 bytes.
pub trait Datum: Word + Into<u64> {
    /// Byte order reversed.
    fn swap(self) -> Self;
    /// The low bits of `value`.
    fn truncate(value: u64) -> Self;
}

macro_rules! datum {
    ($($type:ty),*) => {$(
        impl Datum for $type {
            #[inline(always)]
            fn swap(self) -> Self {
                self.swap_bytes()
            }
            #[inline(always)]
            fn truncate(value: u64) -> Self {
                value as $type
            }
        }
    )*};
}
datum!(u8, u16, u32, u64);

/// The value at `va`, when it is aligned, little-endian and in a page of RAM that the software TLB knows.
#[inline(always)]
pub(crate) fn load_fast<W: Datum, E: Env>(core: &Core, env: &mut E, va: u32) -> Option<W> {
    if E::Obs::DATA {
        return None;
    }
    let frame = core.tlb.fast(Way::Read, va, W::BYTES)?;
    Some(env.bus().ram().load_aligned(frame, va))
}

/// Stores as [`load_fast`] loads, if nobody has to know of it; `false` when nothing was stored.
#[inline(always)]
pub(crate) fn store_fast<W: Datum, E: Env>(core: &Core, env: &mut E, va: u32, value: W) -> bool {
    if E::Obs::DATA {
        return false;
    }
    match core.tlb.fast(Way::Write, va, W::BYTES) {
        Some(frame) => env.bus().ram().store_aligned(frame, va, value),
        None => false,
    }
}

/// Loads at the privilege of the running mode.
#[inline(always)]
pub fn load<W: Datum, E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32) -> Result<W, Raised> {
    if let Some(value) = load_fast(core, env, va) {
        return Ok(value);
    }
    if !E::Obs::DATA
        && let Some(frame) = core.tlb.unaligned(Way::Read, va, W::BYTES)
    {
        return Ok(env.bus().ram().load(frame, va & 0xFFF));
    }
    load_slow(core, env, op, va, core.mode.is_privileged(), false)
}

/// Loads; an address that is not a multiple of the size (at most 4) faults.
#[inline(always)]
pub fn load_aligned<W: Datum, E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32) -> Result<W, Raised> {
    match load_fast(core, env, va) {
        Some(value) => Ok(value),
        None => load_slow(core, env, op, va, core.mode.is_privileged(), true),
    }
}

/// The frame that holds `count` words from `va` on, when they are aligned, in one page and known to the software TLB.
#[inline(always)]
pub(crate) fn words<E: Env>(core: &Core, _env: &E, way: Way, va: u32, count: u32) -> Option<FrameId> {
    if E::Obs::DATA || (va & 0xFFF) + 4 * count > 0x1000 { None } else { core.tlb.fast(way, va, 4) }
}

/// Loads with User privilege whatever the mode (LDRT).
pub fn load_unpriv<W: Datum, E: Env>(core: &mut Core, env: &mut E, op: &Op, va: u32) -> Result<W, Raised> {
    load_slow(core, env, op, va, false, false)
}

/// Stores at the privilege of the running mode.
#[inline(always)]
pub fn store<W: Datum, E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    value: W,
) -> Result<(), Raised> {
    if store_fast(core, env, va, value) {
        return Ok(());
    }
    if !E::Obs::DATA
        && let Some(frame) = core.tlb.unaligned(Way::Write, va, W::BYTES)
        && env.bus().ram().store(frame, va & 0xFFF, value)
    {
        return Ok(());
    }
    store_slow(core, env, op, va, value, core.mode.is_privileged(), false)
}

/// Stores; an address that is not a multiple of the size (at most 4) faults.
#[inline(always)]
pub fn store_aligned<W: Datum, E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    value: W,
) -> Result<(), Raised> {
    if store_fast(core, env, va, value) {
        return Ok(());
    }
    store_slow(core, env, op, va, value, core.mode.is_privileged(), true)
}

/// Stores with User privilege whatever the mode (STRT).
pub fn store_unpriv<W: Datum, E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    value: W,
) -> Result<(), Raised> {
    store_slow(core, env, op, va, value, false, false)
}

/// Where an access goes after translation.
#[derive(Clone, Copy)]
enum Target {
    Ram(FrameId),
    Bus { pa: u64, attrs: MemAttrs, secure: bool },
}

fn target<E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    kind: Kind,
    privileged: bool,
) -> Result<Target, Fault> {
    let way = match kind {
        Kind::Read => Way::Read,
        Kind::Write => Way::Write,
        Kind::Fetch => Way::Fetch,
    };
    if let Some(frame) = core.tlb.page(way, privileged, va) {
        return Ok(Target::Ram(frame));
    }
    let t = mmu::translate(core, env, va, kind, privileged)?;
    if let Some(frame) = env.bus().ram().frame(PhysAddr(t.pa)) {
        if kind == Kind::Fetch || !core.watches_page(va) {
            let unaligned = t.attrs.kind == MemType::Normal && !core.strict_alignment();
            core.tlb.fill(way, privileged, va, frame, unaligned);
        }
        return Ok(Target::Ram(frame));
    }
    Ok(Target::Bus { pa: t.pa, attrs: t.attrs, secure: t.secure })
}

/// Raises the alignment fault of an access.
#[cold]
pub(crate) fn misaligned(core: &mut Core, va: u32, write: bool) -> Raised {
    let fault = Fault { va, status: FaultStatus::Alignment, domain: 0, write, maintenance: false };
    core.raise(Trap::DataAbort(fault))
}

/// Tells the bus accesses that follow which cycle it is.
pub(crate) fn mark_time(core: &mut Core, op: &Op) {
    core.bus_time = core.now(op);
}

/// Unaligned accesses fault where the instruction or SCTLR.A says so, and where the memory is not Normal: with the MMU off
/// all of it is Strongly-ordered to data accesses.
fn check_alignment<W: Datum, E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    kind: Kind,
    privileged: bool,
    aligned: bool,
) -> Result<(), Raised> {
    let bytes = if aligned { W::BYTES.min(4) } else { W::BYTES };
    if va & (bytes - 1) == 0 {
        return Ok(());
    }
    let write = kind == Kind::Write;
    if aligned || core.strict_alignment() {
        return Err(misaligned(core, va, write));
    }
    match mmu::translate(core, env, va, kind, privileged) {
        Ok(found) if found.attrs.kind == MemType::Normal => Ok(()),
        Ok(_) => Err(misaligned(core, va, write)),
        Err(fault) => Err(core.raise(Trap::DataAbort(fault))),
    }
}

#[cold]
#[inline(never)]
fn load_slow<W: Datum, E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    privileged: bool,
    aligned: bool,
) -> Result<W, Raised> {
    core.bus_time = core.now(op);
    env.bus().at_pc(op.pc);
    check_alignment::<W, E>(core, env, va, Kind::Read, privileged, aligned)?;
    let crosses = (va & 0xFFF) + W::BYTES > 0x1000;
    let first = target(core, env, va, Kind::Read, privileged).map_err(|f| core.raise(Trap::DataAbort(f)))?;
    let mut pa = 0;
    let value = match first {
        Target::Ram(frame) if !crosses => {
            if E::Obs::DATA {
                pa = env.bus().ram().frame_addr(frame).0 | u64::from(va & 0xFFF);
            }
            env.bus().ram().load::<W>(frame, va & 0xFFF)
        }
        Target::Bus { pa: at, attrs, secure } if !crosses && va & (W::BYTES - 1) == 0 => {
            pa = at;
            W::truncate(bus_read(core, env, va, at, W::BYTES, attrs, privileged, secure)?)
        }
        _ => {
            // Byte by byte: across pages, or unaligned on the bus. Both pages are translated before anything is read.
            // A fault of the second page reports its first byte.
            let last = if crosses { (va | 0xFFF).wrapping_add(1) } else { va };
            target(core, env, last, Kind::Read, privileged).map_err(|f| core.raise(Trap::DataAbort(f)))?;
            let mut value = 0;
            for i in 0..W::BYTES {
                let at = va.wrapping_add(i);
                let t = target(core, env, at, Kind::Read, privileged)
                    .map_err(|f| core.raise(Trap::DataAbort(f)))?;
                let byte = match t {
                    Target::Ram(frame) => {
                        if E::Obs::DATA && i == 0 {
                            pa = env.bus().ram().frame_addr(frame).0 | u64::from(at & 0xFFF);
                        }
                        u64::from(env.bus().ram().load::<u8>(frame, at & 0xFFF))
                    }
                    Target::Bus { pa: bus_pa, attrs, secure } => {
                        if i == 0 {
                            pa = bus_pa;
                        }
                        bus_read(core, env, at, bus_pa, 1, attrs, privileged, secure)?
                    }
                };
                value |= byte << (8 * i);
            }
            W::truncate(value)
        }
    };
    let value = if core.big_endian { value.swap() } else { value };
    core.watch(va, W::BYTES, false);
    if E::Obs::DATA {
        let access =
            DataAccess { pc: op.pc, va, pa, size: W::BYTES as u8, value: value.into(), write: false };
        env.obs().data(&access);
    }
    Ok(value)
}

#[cold]
#[inline(never)]
fn store_slow<W: Datum, E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    va: u32,
    value: W,
    privileged: bool,
    aligned: bool,
) -> Result<(), Raised> {
    core.bus_time = core.now(op);
    env.bus().at_pc(op.pc);
    check_alignment::<W, E>(core, env, va, Kind::Write, privileged, aligned)?;
    let crosses = (va & 0xFFF) + W::BYTES > 0x1000;
    let raw = if core.big_endian { value.swap() } else { value };
    let first = target(core, env, va, Kind::Write, privileged).map_err(|f| core.raise(Trap::DataAbort(f)))?;
    let mut pa = 0;
    match first {
        Target::Ram(frame) if !crosses => {
            if E::Obs::DATA {
                pa = env.bus().ram().frame_addr(frame).0 | u64::from(va & 0xFFF);
            }
            ram_store(core, env, frame, va & 0xFFF, raw);
        }
        Target::Bus { pa: at, attrs, secure } if !crosses && va & (W::BYTES - 1) == 0 => {
            pa = at;
            bus_write(core, env, va, at, W::BYTES, raw.into(), attrs, privileged, secure)?;
        }
        _ => {
            let last = if crosses { (va | 0xFFF).wrapping_add(1) } else { va };
            target(core, env, last, Kind::Write, privileged).map_err(|f| core.raise(Trap::DataAbort(f)))?;
            for i in 0..W::BYTES {
                let at = va.wrapping_add(i);
                let byte = (raw.into() >> (8 * i)) as u8;
                let t = target(core, env, at, Kind::Write, privileged)
                    .map_err(|f| core.raise(Trap::DataAbort(f)))?;
                match t {
                    Target::Ram(frame) => {
                        if E::Obs::DATA && i == 0 {
                            pa = env.bus().ram().frame_addr(frame).0 | u64::from(at & 0xFFF);
                        }
                        ram_store(core, env, frame, at & 0xFFF, byte);
                    }
                    Target::Bus { pa: bus_pa, attrs, secure } => {
                        if i == 0 {
                            pa = bus_pa;
                        }
                        let byte = u64::from(byte);
                        bus_write(core, env, at, bus_pa, 1, byte, attrs, privileged, secure)?;
                    }
                }
            }
        }
    }
    core.watch(va, W::BYTES, true);
    if E::Obs::DATA {
        let access = DataAccess { pc: op.pc, va, pa, size: W::BYTES as u8, value: value.into(), write: true };
        env.obs().data(&access);
    }
    Ok(())
}

fn ram_store<W: Datum, E: Env>(core: &mut Core, env: &mut E, frame: FrameId, offset: u32, value: W) {
    let ram = env.bus().ram();
    if ram.store(frame, offset, value) {
        return;
    }
    let hit = ram.store_slow(core.master.bus, frame, offset, value);
    if hit.contains(Watch::Code) {
        take_code_stores(core, env);
    }
    if hit.contains(Watch::Tables) {
        env.bus().at_cycle(core.bus_time + core.wait_cycles);
        env.bus().watched_store();
    }
}

/// Looks at the stores to frames that hold decoded code, the core's own or of other masters, and has the engine drop
/// what they changed.
pub(crate) fn take_code_stores<E: Env>(core: &mut Core, env: &mut E) {
    for store in env.bus().ram().take_watched(Watch::Code) {
        let (first, last) = (store.addr.frame_offset(), store.addr.frame_offset() + store.size - 1);
        if core.code.touches(store.frame, first, last) {
            if !core.stale_code.contains(&store.frame) {
                core.stale_code.push(store.frame);
            }
            core.leave_block();
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn access(
    core: &Core,
    pa: u64,
    bytes: u32,
    kind: AccessKind,
    attrs: MemAttrs,
    privileged: bool,
    secure: bool,
    instruction: bool,
) -> Access {
    Access {
        addr: PhysAddr(pa),
        size: Size::from_bytes(u64::from(bytes)).unwrap_or(Size::Word),
        kind,
        master: core.master,
        prot: Prot { privileged, secure, instruction },
        exclusive: false,
        attrs,
    }
}

/// After an access through the bus: waiting time, code that a device wrote, and requests to leave the slice.
fn after_bus<E: Env>(core: &mut Core, env: &mut E) {
    core.wait_cycles += env.bus().take_wait_cycles();
    if env.bus().ram().has_watched(Watch::Code) {
        take_code_stores(core, env);
    }
    core.attention |= env.bus().attention();
    if core.attention || core.wait_cycles != 0 {
        core.leave_block();
    }
}

#[allow(clippy::too_many_arguments)]
fn bus_read<E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    pa: u64,
    bytes: u32,
    attrs: MemAttrs,
    privileged: bool,
    secure: bool,
) -> Result<u64, Raised> {
    let access = access(core, pa, bytes, AccessKind::Read, attrs, privileged, secure, false);
    env.bus().at_cycle(core.bus_time + core.wait_cycles);
    let result = env.bus().read(&access);
    after_bus(core, env);
    result.map_err(|fault| core.raise(Trap::DataAbort(external(va, fault, false))))
}

#[allow(clippy::too_many_arguments)]
fn bus_write<E: Env>(
    core: &mut Core,
    env: &mut E,
    va: u32,
    pa: u64,
    bytes: u32,
    value: u64,
    attrs: MemAttrs,
    privileged: bool,
    secure: bool,
) -> Result<(), Raised> {
    let access = access(core, pa, bytes, AccessKind::Write, attrs, privileged, secure, false);
    env.bus().at_cycle(core.bus_time + core.wait_cycles);
    let result = env.bus().write(&access, value);
    after_bus(core, env);
    result.map_err(|fault| core.raise(Trap::DataAbort(external(va, fault, true))))
}

/// The synchronous external abort for a bus error (our choice: all of the core's bus errors are synchronous).
pub fn external(va: u32, fault: BusFault, write: bool) -> Fault {
    let slave = fault == BusFault::Slave;
    Fault { va, status: FaultStatus::External { slave }, domain: 0, write, maintenance: false }
}

/// Reads a word at a physical address, for the table walker. Little-endian.
///
/// # Errors
/// The bus's error; the walker turns it into an external abort on translation table walk.
pub fn phys_read32<E: Env>(core: &mut Core, env: &mut E, pa: u64, secure: bool) -> Result<u32, BusFault> {
    if let Some(frame) = env.bus().ram().frame(PhysAddr(pa)) {
        return Ok(env.bus().ram().load(frame, (pa & 0xFFC) as u32));
    }
    let access = access(core, pa, 4, AccessKind::Read, MemAttrs::NORMAL_NON_CACHEABLE, true, secure, false);
    env.bus().at_cycle(core.bus_time + core.wait_cycles);
    let result = env.bus().read(&access).map(|value| value as u32);
    after_bus(core, env);
    result
}

/// Where instructions of a page come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// RAM: decoded blocks may be kept.
    Ram(FrameId),
    /// Something behind the bus (a boot ROM): fetched anew each time.
    Bus { pa: u64, attrs: MemAttrs, secure: bool },
}

/// Translates a fetch.
pub(crate) fn code<E: Env>(core: &mut Core, env: &mut E, va: u32) -> Result<Code, Fault> {
    let privileged = core.mode.is_privileged();
    Ok(match target(core, env, va, Kind::Fetch, privileged)? {
        Target::Ram(frame) => Code::Ram(frame),
        Target::Bus { pa, attrs, secure } => Code::Bus { pa, attrs, secure },
    })
}

/// Fetches a halfword or word (`bytes` 2 or 4, aligned to itself).
pub(crate) fn fetch<E: Env>(
    core: &mut Core,
    env: &mut E,
    code: Code,
    va: u32,
    bytes: u32,
) -> Result<u32, Fault> {
    let offset = va & 0xFFF;
    match code {
        Code::Ram(frame) if bytes == 4 => Ok(env.bus().ram().load::<u32>(frame, offset)),
        Code::Ram(frame) => Ok(u32::from(env.bus().ram().load::<u16>(frame, offset))),
        Code::Bus { pa, attrs, secure } => {
            let pa = (pa & !0xFFF) | u64::from(offset);
            let privileged = core.mode.is_privileged();
            let access = access(core, pa, bytes, AccessKind::Read, attrs, privileged, secure, true);
            env.bus().at_cycle(core.bus_time + core.wait_cycles);
            let result = env.bus().read(&access);
            after_bus(core, env);
            result.map(|value| value as u32).map_err(|fault| external(va, fault, false))
        }
    }
}
