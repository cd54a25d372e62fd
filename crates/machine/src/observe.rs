//! What a run tells its observers, and where taps act.
//!
//! An observer is a type parameter of the run: `()` is told nothing and costs nothing. Every call
//! carries virtual time and, where a core's instruction is behind it, the program counter.

use msmemu_cpu::Trap;
use msmemu_cpu::isa::Set;
use msmemu_cpu::observe::{CacheMaintenance, CoprocAccess, DataAccess, TlbMaintenance};
use msmemu_devices::{DmaFault, DmaRequest};
use msmemu_fabric::{AccessKind, BusFault, BusMaster, Edge, FabricTap, LineId, Size, Time};

use crate::soc::Unit;

/// A register access that reached a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterAccess {
    /// The device.
    pub unit: Unit,
    /// Byte offset in its window.
    pub offset: u32,
    /// Bytes.
    pub size: Size,
    /// Direction.
    pub kind: AccessKind,
    /// Who accessed it.
    pub master: BusMaster,
    /// The core's instruction.
    pub pc: u32,
    /// Value read or written, or the fault the guest sees.
    pub answer: Result<u32, BusFault>,
}

/// What happens to a DMA transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaEvent {
    /// A master issued it.
    Issued {
        /// Index of the master, see [`crate::Machine::master_name`].
        master: usize,
        /// The request.
        request: DmaRequest,
    },
    /// A piece of it reached memory. Pieces never cross a 4 KiB page.
    Moved {
        /// Index of the master.
        master: usize,
        /// The request it belongs to.
        request: DmaRequest,
        /// Bytes from the start of the request.
        offset: u32,
        /// Physical address.
        pa: u32,
        /// Bytes.
        len: u32,
    },
    /// It is complete.
    Completed {
        /// Index of the master.
        master: usize,
        /// The request.
        request: DmaRequest,
        /// Time from issue to completion.
        latency: Time,
        /// Why it failed, if it did.
        fault: Option<DmaFault>,
    },
}

/// A store to memory that holds translation tables of an SMMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStore {
    /// Physical address of the first byte.
    pub pa: u32,
    /// Bytes.
    pub size: u32,
    /// Who stored.
    pub master: BusMaster,
    /// The core's instruction; none for a store of another master.
    pub pc: Option<u32>,
}

/// Is told what happens in a run. Every method does nothing by default.
#[allow(unused_variables, reason = "defaults do nothing")]
pub trait Observer {
    /// Whether [`Observer::retired`] is wanted.
    const RETIRED: bool = false;
    /// Whether [`Observer::data`] is wanted. Slows every load and store of the core down.
    const DATA: bool = false;

    /// A device register was accessed.
    #[inline(always)]
    fn register(&mut self, now: Time, access: &RegisterAccess) {}

    /// Something happened in SMMU number `smmu`; `pc` is the core's last instruction that accessed a device.
    #[inline(always)]
    fn smmu(&mut self, now: Time, smmu: usize, pc: u32, event: &msmemu_smmu::Event<'_>) {}

    /// A DMA transaction made a step.
    #[inline(always)]
    fn dma(&mut self, now: Time, event: &DmaEvent) {}

    /// A line changed; see [`crate::Machine::line_name`].
    #[inline(always)]
    fn line(&mut self, now: Time, line: LineId, edge: Edge) {}

    /// Someone stored to a translation table.
    #[inline(always)]
    fn table_store(&mut self, now: Time, store: &TableStore) {}

    /// A UART sent characters.
    #[inline(always)]
    fn sent(&mut self, now: Time, uart: usize, bytes: &[u8]) {}

    /// The core entered an exception; `from` is the instruction, `to` the vector.
    #[inline(always)]
    fn exception(&mut self, now: Time, trap: &Trap, from: u32, to: u32) {}

    /// An instruction completed.
    #[inline(always)]
    fn retired(&mut self, set: Set, pc: u32, word: u32) {}

    /// A load or store of the core completed.
    #[inline(always)]
    fn data(&mut self, access: &DataAccess) {}

    /// The core accessed CP14 or CP15.
    #[inline(always)]
    fn coproc(&mut self, pc: u32, access: &CoprocAccess) {}

    /// The core maintained its TLB.
    #[inline(always)]
    fn cpu_tlb(&mut self, pc: u32, what: &TlbMaintenance) {}

    /// The core maintained its caches.
    #[inline(always)]
    fn cache(&mut self, pc: u32, what: &CacheMaintenance) {}

    /// The core's table walk read a descriptor.
    #[inline(always)]
    fn cpu_walk(&mut self, va: u32, level: u8, pa: u64, descriptor: u32) {}
}

impl Observer for () {}

macro_rules! both {
    ($($method:ident($($arg:ident: $type:ty),*);)*) => {$(
        #[inline(always)]
        fn $method(&mut self, $($arg: $type),*) {
            self.0.$method($($arg),*);
            self.1.$method($($arg),*);
        }
    )*};
}

/// Two observers, told in this order.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const RETIRED: bool = A::RETIRED || B::RETIRED;
    const DATA: bool = A::DATA || B::DATA;

    both! {
        register(now: Time, access: &RegisterAccess);
        smmu(now: Time, smmu: usize, pc: u32, event: &msmemu_smmu::Event<'_>);
        dma(now: Time, event: &DmaEvent);
        line(now: Time, line: LineId, edge: Edge);
        table_store(now: Time, store: &TableStore);
        sent(now: Time, uart: usize, bytes: &[u8]);
        exception(now: Time, trap: &Trap, from: u32, to: u32);
        retired(set: Set, pc: u32, word: u32);
        data(access: &DataAccess);
        coproc(pc: u32, access: &CoprocAccess);
        cpu_tlb(pc: u32, what: &TlbMaintenance);
        cache(pc: u32, what: &CacheMaintenance);
        cpu_walk(va: u32, level: u8, pa: u64, descriptor: u32);
    }
}

macro_rules! forward {
    ($($method:ident($($arg:ident: $type:ty),*);)*) => {$(
        #[inline(always)]
        fn $method(&mut self, $($arg: $type),*) {
            (**self).$method($($arg),*);
        }
    )*};
}

impl<O: Observer> Observer for &mut O {
    const RETIRED: bool = O::RETIRED;
    const DATA: bool = O::DATA;

    forward! {
        register(now: Time, access: &RegisterAccess);
        smmu(now: Time, smmu: usize, pc: u32, event: &msmemu_smmu::Event<'_>);
        dma(now: Time, event: &DmaEvent);
        line(now: Time, line: LineId, edge: Edge);
        table_store(now: Time, store: &TableStore);
        sent(now: Time, uart: usize, bytes: &[u8]);
        exception(now: Time, trap: &Trap, from: u32, to: u32);
        retired(set: Set, pc: u32, word: u32);
        data(access: &DataAccess);
        coproc(pc: u32, access: &CoprocAccess);
        cpu_tlb(pc: u32, what: &TlbMaintenance);
        cache(pc: u32, what: &CacheMaintenance);
        cpu_walk(va: u32, level: u8, pa: u64, descriptor: u32);
    }
}

/// Where injected faults act: the fabric's taps, and those of every SMMU.
pub trait Taps {
    /// Taps of the fabric.
    type Fabric: FabricTap;
    /// Taps of an SMMU.
    type Smmu: msmemu_smmu::Taps;

    /// The fabric's.
    fn fabric(&mut self) -> &mut Self::Fabric;

    /// Those of SMMU number `smmu`, which is about to work at `now`.
    fn smmu(&mut self, now: Time, smmu: usize) -> &mut Self::Smmu;
}

/// Changes nothing; costs nothing.
impl Taps for () {
    type Fabric = ();
    type Smmu = ();

    #[inline(always)]
    fn fabric(&mut self) -> &mut () {
        self
    }

    #[inline(always)]
    fn smmu(&mut self, _now: Time, _smmu: usize) -> &mut () {
        self
    }
}

/// Observer and taps of one call.
#[derive(Debug)]
pub(crate) struct Hooks<'h, O, T> {
    pub(crate) obs: &'h mut O,
    pub(crate) taps: &'h mut T,
}
