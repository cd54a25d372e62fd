//! The core under test, in the same address space as the oracle.

use crate::exception::VBAR;
use crate::layout::{self, CODE_PA, DATA_PA, DATA_SIZE, RAM_BASE, RAM_SIZE};
use crate::state::{BANKS, Bank, FaultStatus, State, Stop};
use msmemu_cpu::observe::DataAccess;
use msmemu_cpu::psr::Mode;
use msmemu_cpu::{BlockEngine, Core, Cpu, Exit, Limits, LocalMonitor, Model, Observer, Trap};
use msmemu_fabric::{Bus, BusMaster, MasterId, PhysAddr, PhysRange, Ram, RamBus};

/// Who writes code and data from outside: another master than the core.
const LOADER: BusMaster = BusMaster(0x7f);
/// `SCTLR` as for the oracle, and SW: there SWP and SWPB need no leave.
const SCTLR: u32 = 0x00c5_0c79;
const SCTLR_A: u32 = 1 << 1;

/// The address space cannot be made. Only a mistake in [`layout`] can bring it about.
#[derive(Debug, thiserror::Error)]
pub enum SubjectError {
    /// RAM does not hold an address of [`layout`].
    #[error("RAM does not hold {0:#010x}")]
    NotRam(u32),
    /// The set-up code did not reach its end.
    #[error("the set-up code stopped with {0:?} at {1:#010x}")]
    Setup(Exit, u32),
}

/// Remembers the first exception of a run.
#[derive(Default)]
struct FirstTrap(Option<Trap>);

impl Observer for FirstTrap {
    fn exception(&mut self, trap: &Trap, _from: u32, _to: u32) {
        self.0.get_or_insert(*trap);
    }
}

/// Remembers the data accesses too; with it every access takes the observed path.
#[derive(Default)]
struct Accesses {
    trap: FirstTrap,
    /// Instruction and virtual address of the first access of each execution.
    first: Vec<(u32, u32)>,
    last_pc: Option<u32>,
}

impl Observer for Accesses {
    const DATA: bool = true;

    fn exception(&mut self, trap: &Trap, from: u32, to: u32) {
        self.trap.exception(trap, from, to);
    }

    fn data(&mut self, access: &DataAccess) {
        if self.last_pc.replace(access.pc) != Some(access.pc) {
            self.first.push((access.pc, access.va));
        }
    }
}

/// An observer of a run that knows how the run ended.
trait Watch: Observer + Default {
    fn trap(&self) -> Option<Trap>;
    fn accesses(self) -> Vec<(u32, u32)>;
}

impl Watch for FirstTrap {
    fn trap(&self) -> Option<Trap> {
        self.0
    }
    fn accesses(self) -> Vec<(u32, u32)> {
        Vec::new()
    }
}

impl Watch for Accesses {
    fn trap(&self) -> Option<Trap> {
        self.trap.0
    }
    fn accesses(self) -> Vec<(u32, u32)> {
        self.first
    }
}

/// What a run of the core gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The state at the end: at the vector, when an exception ended the run.
    pub state: State,
    /// Why it ended.
    pub stop: Stop,
    /// Address that a Data or Prefetch Abort is about.
    pub fault_va: Option<u32>,
    /// Address of the instruction that raised the exception.
    pub fault_pc: Option<u32>,
    /// Instructions of the block that retired.
    pub retired: u64,
    /// Instruction and virtual address of first accesses, when they were watched.
    pub accesses: Vec<(u32, u32)>,
}

/// A core with the address space of [`layout`].
pub struct Subject {
    cpu: Cpu,
    bus: RamBus,
    alignment_check: bool,
}

impl Subject {
    /// A Krait (it has integer divide and fused multiply-add, as the oracle's Cortex-A15) with the MMU on.
    pub fn new() -> Result<Self, SubjectError> {
        let range = PhysRange::new(PhysAddr(RAM_BASE.into()), RAM_SIZE.into());
        let ram = range.and_then(|range| Ram::new(&[range]).ok()).ok_or(SubjectError::NotRam(RAM_BASE))?;
        // Paths and pairs from the first run of a block on.
        let core = Core::new(Model::Krait, MasterId::default());
        let cpu = Cpu::with_engine(core, BlockEngine::with_paths_after(1));
        let mut subject = Subject { cpu, bus: RamBus::new(ram), alignment_check: false };
        for (pa, word) in layout::page_tables() {
            subject.write(pa, &word.to_le_bytes())?;
        }
        subject.write(layout::VECTORS_PA, &layout::VECTOR_WORD.to_le_bytes().repeat(8))?;
        subject.write_system_registers()?;
        Ok(subject)
    }

    /// Sets `SCTLR.A`: every unaligned access faults.
    pub fn set_alignment_check(&mut self, on: bool) -> Result<(), SubjectError> {
        if on != self.alignment_check {
            self.alignment_check = on;
            self.write_system_registers()?;
        }
        Ok(())
    }

    /// Lets instructions of the guest set CP15 and switch VFP on, so that nothing of the core's insides is used here.
    fn write_system_registers(&mut self) -> Result<(), SubjectError> {
        let sctlr = if self.alignment_check { SCTLR | SCTLR_A } else { SCTLR };
        let code: [u32; 9] = [
            0xee02_0f10, // MCR p15, 0, R0, c2, c0, 0: TTBR0
            0xee03_1f10, // MCR p15, 0, R1, c3, c0, 0: DACR
            0xee0c_2f10, // MCR p15, 0, R2, c12, c0, 0: VBAR
            0xee0c_2f30, // MCR p15, 0, R2, c12, c0, 1: MVBAR
            0xee01_3f50, // MCR p15, 0, R3, c1, c0, 2: CPACR
            0xf57f_f06f, // ISB
            0xee01_5f10, // MCR p15, 0, R5, c1, c0, 0: SCTLR
            0xf57f_f06f, // ISB
            layout::VECTOR_WORD,
        ];
        let bytes: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.write(layout::SETUP, &bytes)?;
        let core = &mut self.cpu.core;
        core.set_cpsr(0x1d3, !0);
        core.r[..6].copy_from_slice(&[layout::TTBR0, layout::DACR, VBAR, 0x00f0_0000, 0, sctlr]);
        core.fp.fpexc = 1 << 30;
        core.pc = layout::SETUP;
        match self.execute(64, &mut FirstTrap::default()) {
            // A guest may read there, and the oracle has nothing there.
            Exit::WaitForInterrupt => self.write(layout::SETUP, &vec![0; bytes.len()]),
            other => Err(SubjectError::Setup(other, self.cpu.core.pc)),
        }
    }

    fn execute<O: Observer>(&mut self, instructions: u64, observer: &mut O) -> Exit {
        // A guest that only takes exceptions retires nothing: bound the cycles as well.
        let core = &self.cpu.core;
        let limits = Limits { cycles: core.cycles + 100_000, instructions: core.instructions + instructions };
        self.cpu.run(&mut self.bus, observer, limits)
    }

    fn write(&mut self, pa: u32, bytes: &[u8]) -> Result<(), SubjectError> {
        let written = self.bus.ram().write(LOADER, PhysAddr(pa.into()), bytes);
        written.map(|_| ()).map_err(|_| SubjectError::NotRam(pa))
    }

    /// Places `code` at [`layout::BLOCK_VA`] and [`layout::filler`] around it.
    pub fn load_code(&mut self, code: &[u8], thumb: bool) -> Result<(), SubjectError> {
        self.write(CODE_PA, &layout::code_image(code, thumb))
    }

    /// Writes the data window.
    pub fn load_data(&mut self, data: &[u8]) -> Result<(), SubjectError> {
        self.write(DATA_PA, data)
    }

    /// Reads the data window.
    pub fn read_data(&mut self, into: &mut Vec<u8>) -> Result<(), SubjectError> {
        into.resize(DATA_SIZE as usize, 0);
        let read = self.bus.ram().read(PhysAddr(DATA_PA.into()), into);
        read.map_err(|_| SubjectError::NotRam(DATA_PA))
    }

    fn set_state(&mut self, state: &State) {
        let core = &mut self.cpu.core;
        // By way of System mode, so that the banks can be written as a whole.
        core.set_cpsr(0x1f, !0);
        for (&mode, bank) in BANKS.iter().zip(&state.banked) {
            if let Some(mode) = Mode::from_bits(mode) {
                core.banks.r13[mode.bank()] = bank.r13;
                core.banks.r14[mode.bank()] = bank.r14;
                core.banks.spsr[mode.bank()] = bank.spsr;
            }
        }
        core.r[13] = state.banked[0].r13;
        core.r[14] = state.banked[0].r14;
        core.banks.r8_other = state.r8_r12_other;
        if state.mode() == 0x11 {
            // Entering FIQ mode swaps the two sets.
            core.r[8..13].copy_from_slice(&state.r8_r12_other);
            core.banks.r8_other.copy_from_slice(&state.r[8..13]);
        }
        core.set_cpsr(state.cpsr, !0);
        core.r[..15].copy_from_slice(&state.r[..15]);
        core.pc = state.r[15];
        core.fp.d = state.d;
        core.fp.fpscr = state.fpscr;
        core.fp.fpexc = 1 << 30;
        core.event = false;
        core.monitor = LocalMonitor::default();
        let master = core.master.bus;
        self.bus.ram().monitor().clear(master);
    }

    fn state(&self) -> State {
        let core = &self.cpu.core;
        let mut state = State {
            r: core.r,
            cpsr: core.cpsr(),
            r8_r12_other: core.banks.r8_other,
            banked: [Bank::default(); BANKS.len()],
            d: core.fp.d,
            fpscr: core.fp.fpscr,
        };
        state.r[15] = core.pc;
        for (&mode, bank) in BANKS.iter().zip(&mut state.banked) {
            if let Some(mode) = Mode::from_bits(mode) {
                let n = mode.bank();
                *bank = Bank { r13: core.banks.r13[n], r14: core.banks.r14[n], spsr: core.banks.spsr[n] };
            }
        }
        state.settle();
        state
    }

    /// Runs the loaded code from `start` until an exception has been entered, or `budget` instructions have retired
    /// (0 for no bound).
    pub fn run(&mut self, start: &State, budget: u64) -> Run {
        self.run_with::<FirstTrap>(start, budget)
    }

    /// As [`Self::run`], with an observer of data accesses.
    pub fn run_watched(&mut self, start: &State, budget: u64) -> Run {
        self.run_with::<Accesses>(start, budget)
    }

    fn run_with<W: Watch>(&mut self, start: &State, budget: u64) -> Run {
        self.set_state(start);
        let before = self.cpu.core.instructions;
        let mut watch = W::default();
        let mut left = if budget == 0 { u64::MAX / 2 } else { budget };
        loop {
            let exit = self.execute(left, &mut watch);
            let retired = self.cpu.core.instructions - before;
            let at_vector = (VBAR..VBAR + 0x40).contains(&self.cpu.core.pc);
            let mut state = self.state();
            let (trap, retired) = match (exit, watch.trap()) {
                // The WFI at the vector: undo its step, so that the state is the one of exception entry.
                (Exit::WaitForInterrupt, Some(trap)) if at_vector => {
                    state.r[15] -= 4;
                    (Some(trap), retired - 1)
                }
                // The budget ran out between the exception and the WFI.
                (Exit::Budget, Some(trap)) if at_vector => (Some(trap), retired),
                // A hint of the block itself wakes up at once, as it may.
                (Exit::WaitForInterrupt | Exit::WaitForEvent | Exit::SendEvent, _)
                    if budget == 0 || retired < budget =>
                {
                    left -= retired.min(left - 1);
                    continue;
                }
                _ => (None, retired),
            };
            let link = state.r[14];
            let fault_pc = trap.and_then(|trap| match trap {
                Trap::DataAbort(_) => Some(link.wrapping_sub(8)),
                Trap::PrefetchAbort(_) => Some(link.wrapping_sub(4)),
                _ => None,
            });
            return Run {
                state,
                stop: trap.as_ref().map_or(Stop::Budget, stop_of),
                fault_va: trap.as_ref().and_then(fault_va),
                fault_pc,
                retired,
                accesses: watch.accesses(),
            };
        }
    }
}

fn fault_va(trap: &Trap) -> Option<u32> {
    match trap {
        Trap::PrefetchAbort(fault) | Trap::DataAbort(fault) => Some(fault.va),
        _ => None,
    }
}

fn stop_of(trap: &Trap) -> Stop {
    let status = |fsr: u32| FaultStatus::from_short((fsr & 0xf) | (fsr >> 6 & 0x10));
    match trap {
        Trap::Undefined => Stop::Undefined,
        Trap::Svc(_) => Stop::SupervisorCall,
        Trap::Smc(_) => Stop::SecureMonitorCall,
        Trap::PrefetchAbort(fault) => Stop::PrefetchAbort(status(fault.status.fsr())),
        Trap::Breakpoint(_) => Stop::Breakpoint,
        Trap::DataAbort(fault) => Stop::DataAbort { status: status(fault.status.fsr()), write: fault.write },
        Trap::Irq | Trap::Fiq | Trap::AsyncAbort(_) | Trap::Host(_) => Stop::Other(0),
    }
}
