//! The state of the core.

use crate::cp14::Cp14;
use crate::cp15::Cp15;
use crate::fault::{Exit, Trap};
use crate::fp::FpState;
use crate::mmu::Mmu;
use crate::model::Model;
use crate::op::Op;
use crate::op::{Exec, Raised};
use crate::psr::{self, Mode, bits};
use crate::tlb::{CodeMap, SoftTlb};
use msmemu_fabric::{FrameId, MasterId};

/// Registers of the modes that are not running. Index of a bank: [`Mode::bank`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Banks {
    /// R13 per bank; the running bank's entry is stale.
    pub r13: [u32; 7],
    /// R14 per bank; the running bank's entry is stale.
    pub r14: [u32; 7],
    /// SPSR per bank; always current. Entry 0 is unused.
    pub spsr: [u32; 7],
    /// R8–R12 of the bank set that is not in use (FIQ's, or everybody else's while in FIQ mode).
    pub r8_other: [u32; 5],
}

/// The condition flags, kept so that setting them costs little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Flags {
    /// N is bit 31.
    pub n: u32,
    /// Z is set when this is 0.
    pub z: u32,
    /// C is set when this is not 0 (always 0 or 1).
    pub c: u32,
    /// V is bit 31.
    pub v: u32,
}

/// Interrupt inputs of the core, as levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lines {
    /// nIRQ asserted.
    pub irq: bool,
    /// nFIQ asserted.
    pub fiq: bool,
    /// An asynchronous external abort is pending. Whoever learns of one sets it; taking it clears it.
    pub abort: bool,
}

/// Marks left by LDREX: the local monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LocalMonitor {
    /// Physical address of the marked location; `None` in the open state.
    pub marked: Option<(u64, u8)>,
}

/// Data accesses that stop a run, for debuggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watchpoint {
    /// First virtual address.
    pub va: u32,
    /// Bytes, at least 1; the range does not wrap.
    pub bytes: u32,
    /// Loads count.
    pub loads: bool,
    /// Stores count.
    pub stores: bool,
}

impl Watchpoint {
    /// Whether it shares an address with `bytes` bytes from `va` on.
    fn overlaps(&self, va: u32, bytes: u32) -> bool {
        let (a, b) = (u64::from(self.va), u64::from(va));
        a < b + u64::from(bytes) && b < a + u64::from(self.bytes)
    }
}

/// A core: architectural state, software TLB and the pending trap. Decoded blocks live in [`crate::engine::Engine`].
#[derive(Debug, Clone)]
pub struct Core {
    /// R0–R14 of the running mode. `r[15]` is scratch: it holds the PC value only while an instruction that reads R15
    /// as a plain register executes.
    pub r: [u32; 16],
    /// Address of the next instruction; within a block it is stale, use `op.pc`.
    pub pc: u32,
    /// Condition flags.
    pub flags: Flags,
    /// GE flags, one bit each.
    pub ge: u32,
    /// Sticky saturation flag, 0 or 1.
    pub q: u32,
    /// Thumb state.
    pub thumb: bool,
    /// ITSTATE; within a block it is stale, use `op.it`.
    pub it: u8,
    /// CPSR.E: big-endian data.
    pub big_endian: bool,
    /// CPSR bits A, I, F in their positions.
    pub masks: u32,
    /// Running mode.
    pub mode: Mode,
    /// Registers of the other modes.
    pub banks: Banks,
    /// VFP and Advanced SIMD registers.
    pub fp: FpState,
    /// System control coprocessor.
    pub cp15: Cp15,
    /// Debug coprocessor.
    pub cp14: Cp14,
    /// Architectural TLB and translation state.
    pub mmu: Mmu,
    /// Local exclusive monitor.
    pub monitor: LocalMonitor,
    /// Event register of WFE.
    pub event: bool,
    /// Interrupt inputs.
    pub lines: Lines,
    /// Instructions retired since reset, taken exceptions not counted.
    pub instructions: u64,
    /// Core cycles since reset.
    pub cycles: u64,

    /// Which core this is.
    pub model: Model,
    /// Identity on the bus.
    pub master: MasterId,
    /// Why the last instruction did not complete; meaningful after [`Raised`].
    pub trap: Trap,
    /// Addresses where a run stops, sorted.
    pub(crate) breakpoints: Vec<u32>,
    /// Accesses that stop a run.
    pub(crate) watchpoints: Vec<Watchpoint>,
    /// Address of an access that hit a watchpoint, until the host is told.
    pub(crate) watch_hit: Option<u32>,
    /// Whether semihosting calls exit to the host instead of raising their exception.
    pub semihosting: bool,
    /// What the host is told after [`crate::op::Flow::Exit`].
    pub exit: Exit,
    /// Translations of RAM pages for loads, stores and fetches.
    pub tlb: SoftTlb,
    /// The block is to be left after the current instruction.
    pub(crate) leave: bool,
    /// Which parts of RAM hold decoded code.
    pub(crate) code: CodeMap,
    /// Frames whose decoded code was written, for the engine to drop blocks.
    pub(crate) stale_code: Vec<FrameId>,
    /// Cycle of the instruction that accesses the bus.
    pub(crate) bus_time: u64,
    /// Cycles that bus accesses of this instruction added.
    pub(crate) wait_cycles: u64,
    /// The bus wants the slice to end.
    pub(crate) attention: bool,
}

impl Core {
    /// A core as it comes out of reset.
    pub fn new(model: Model, master: MasterId) -> Self {
        let mut core = Self {
            r: [0; 16],
            pc: 0,
            flags: Flags { n: 0, z: 1, c: 0, v: 0 },
            ge: 0,
            q: 0,
            thumb: false,
            it: 0,
            big_endian: false,
            masks: bits::A | bits::I | bits::F,
            mode: Mode::Supervisor,
            banks: Banks::default(),
            fp: FpState::default(),
            cp15: Cp15::new(model),
            cp14: Cp14::default(),
            mmu: Mmu::default(),
            monitor: LocalMonitor::default(),
            event: false,
            lines: Lines::default(),
            instructions: 0,
            cycles: 0,
            model,
            master,
            trap: Trap::Undefined,
            breakpoints: Vec::new(),
            watchpoints: Vec::new(),
            watch_hit: None,
            semihosting: false,
            exit: Exit::Budget,
            tlb: SoftTlb::default(),
            leave: false,
            code: CodeMap::default(),
            stale_code: Vec::new(),
            bus_time: 0,
            wait_cycles: 0,
            attention: false,
        };
        core.reset();
        core
    }

    /// Records why the instruction does not complete. Use as `return Err(core.raise(..))`.
    #[cold]
    #[inline(never)]
    pub fn raise(&mut self, trap: Trap) -> Raised {
        self.trap = trap;
        Raised(())
    }

    /// The instruction is UNDEFINED.
    #[cold]
    #[inline(never)]
    pub fn undefined(&mut self) -> Exec {
        Err(self.raise(Trap::Undefined))
    }

    /// Leaves the block after the current instruction, so that interrupts and the budget are looked at again.
    pub fn leave_block(&mut self) {
        self.leave = true;
    }

    /// Core cycle at which `op` starts. (`cycles` itself stands still within a block.)
    pub fn now(&self, op: &Op) -> u64 {
        self.cycles + u64::from(op.before)
    }

    /// Instructions retired before `op`. (`instructions` itself stands still within a block.)
    pub fn retired_before(&self, op: &Op) -> u64 {
        self.instructions + u64::from(op.index)
    }

    /// Whether a page holds a watched address: its accesses must not take the fast path.
    pub(crate) fn watches_page(&self, va: u32) -> bool {
        self.watchpoints.iter().any(|w| w.overlaps(va & !0xFFF, 0x1000))
    }

    /// Looks for a watchpoint on an access that has happened.
    pub(crate) fn watch(&mut self, va: u32, bytes: u32, store: bool) {
        let hit = |w: &Watchpoint| if store { w.stores } else { w.loads } && w.overlaps(va, bytes);
        if self.watchpoints.iter().any(hit) {
            self.watch_hit = Some(va);
            self.leave_block();
        }
    }

    pub(crate) fn has_breakpoint(&self, pc: u32) -> bool {
        !self.breakpoints.is_empty() && self.breakpoints.binary_search(&pc).is_ok()
    }

    /// The CPSR.
    pub fn cpsr(&self) -> u32 {
        let f = &self.flags;
        (f.n & bits::N)
            | (u32::from(f.z == 0) << 30)
            | (f.c << 29)
            | ((f.v >> 31) << 28)
            | (self.q << 27)
            | (self.ge << 16)
            | psr::it_bits(self.it)
            | (u32::from(self.big_endian) << 9)
            | self.masks
            | (u32::from(self.thumb) << 5)
            | self.mode as u32
    }

    /// Sets N, Z, C and V from bits 31:28.
    #[inline]
    pub fn set_nzcv(&mut self, value: u32) {
        self.flags = Flags { n: value, z: !value & bits::Z, c: (value >> 29) & 1, v: value << 3 };
    }

    /// Writes the bits of CPSR that `mask` selects, without any privilege check; a reserved mode number leaves the mode as
    /// it is. Swaps banked registers.
    pub fn set_cpsr(&mut self, value: u32, mask: u32) {
        let new = (self.cpsr() & !mask) | (value & mask);
        self.set_nzcv(new);
        self.q = (new >> 27) & 1;
        self.ge = (new >> 16) & 0xF;
        self.it = psr::it_of(new);
        self.big_endian = new & bits::E != 0;
        self.masks = new & (bits::A | bits::I | bits::F);
        self.thumb = new & bits::T != 0;
        if let Some(mode) = Mode::from_bits(new) {
            self.set_mode(mode);
        }
        self.tlb.set_context(self.mode.is_privileged(), self.big_endian);
    }

    /// Changes the mode and swaps banked registers.
    pub fn set_mode(&mut self, mode: Mode) {
        let (old, new) = (self.mode.bank(), mode.bank());
        if old != new {
            self.banks.r13[old] = self.r[13];
            self.banks.r14[old] = self.r[14];
            self.r[13] = self.banks.r13[new];
            self.r[14] = self.banks.r14[new];
            if (self.mode == Mode::Fiq) != (mode == Mode::Fiq) {
                self.r[8..13].swap_with_slice(&mut self.banks.r8_other);
            }
        }
        if (self.mode == Mode::Monitor) != (mode == Mode::Monitor) && self.cp15.scr_ns() {
            // Another security state: other tables, other registers.
            self.tlb.flush();
        }
        self.mode = mode;
        self.tlb.set_context(mode.is_privileged(), self.big_endian);
    }

    /// SPSR of the running mode; `None` in User and System mode.
    pub fn spsr(&self) -> Option<u32> {
        self.mode.has_spsr().then(|| self.banks.spsr[self.mode.bank()])
    }

    /// Writes the SPSR of the running mode; nothing happens in User and System mode.
    pub fn set_spsr(&mut self, value: u32) {
        if self.mode.has_spsr() {
            self.banks.spsr[self.mode.bank()] = value;
        }
    }

    /// A register as User mode sees it (LDM/STM with `^`). `n` is 0–14.
    pub fn user_reg(&self, n: usize) -> u32 {
        match n {
            8..=12 if self.mode == Mode::Fiq => self.banks.r8_other[n - 8],
            13 if self.mode.bank() != 0 => self.banks.r13[0],
            14 if self.mode.bank() != 0 => self.banks.r14[0],
            _ => self.r[n & 15],
        }
    }

    /// Writes a register as User mode sees it. `n` is 0–14.
    pub fn set_user_reg(&mut self, n: usize, value: u32) {
        match n {
            8..=12 if self.mode == Mode::Fiq => self.banks.r8_other[n - 8] = value,
            13 if self.mode.bank() != 0 => self.banks.r13[0] = value,
            14 if self.mode.bank() != 0 => self.banks.r14[0] = value,
            _ => self.r[n & 15] = value,
        }
    }

    /// Whether a condition (0–14) holds.
    #[inline(always)]
    pub fn condition(&self, cond: u8) -> bool {
        let f = &self.flags;
        let holds = match cond >> 1 {
            0 => f.z == 0,
            1 => f.c != 0,
            2 => (f.n as i32) < 0,
            3 => (f.v as i32) < 0,
            4 => f.c != 0 && f.z != 0,
            5 => ((f.n ^ f.v) as i32) >= 0,
            6 => ((f.n ^ f.v) as i32) >= 0 && f.z != 0,
            _ => return true,
        };
        holds != (cond & 1 != 0)
    }

    /// Branches to `target` with interworking: bit 0 selects Thumb. With bits 1:0 = 0b10 (UNPREDICTABLE) bit 1 is dropped.
    #[inline(always)]
    pub fn bx(&mut self, target: u32) {
        self.thumb = target & 1 != 0;
        self.pc = if self.thumb { target & !1 } else { target & !3 };
    }
}
