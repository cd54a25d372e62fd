//! Unicorn as the other machine.
//!
//! What it can be asked is limited, and this module hides the limits. It does not take exceptions: it calls
//! a hook and stops, so the state it shows is the one just before the exception. It keeps translated code
//! until told otherwise, by virtual address. It reports an undefined instruction and a `YIELD` alike.

use crate::layout::{
    self, BLOCK_VA, CLEAR_VA, CODE_PA, CODE_SIZE, CODE_VA, DATA_PA, DATA_SIZE, RAM_BASE, RAM_SIZE,
};
use crate::state::{BANKS, Bank, FaultStatus, State, Stop};

/// Banks that it has: all but Monitor mode's, as it has no Security Extensions.
const BANKS_HERE: usize = BANKS.len() - 1;
use unicorn_engine::{ArmCpuModel, RegisterARM, RegisterARMCP, Unicorn, unicorn_const as uc};

/// `SCTLR` while the comparison runs: MMU and branch prediction on, the bits that read as one set.
const SCTLR: u64 = 0x00c5_0879;
const SCTLR_A: u64 = 1 << 1;

/// What the hooks saw.
#[derive(Default)]
struct Seen {
    exception: Option<u32>,
    syndrome: u32,
    /// Instructions that may still run, where they are counted. Unicorn's own count starts anew at each hint.
    left: u64,
}

/// A Cortex-A15 with the address space of [`layout`].
pub struct Oracle {
    unicorn: Unicorn<'static, Seen>,
    /// Instructions a run may take; 0 for no limit, which is several times as fast.
    budget: u64,
    alignment_check: bool,
    state_ids: Vec<i32>,
    values: Vec<u64>,
}

fn coprocessor_register(crn: u32, opc1: u32, crm: u32, opc2: u32, val: u64) -> RegisterARMCP {
    RegisterARMCP { cp: 15, is64: 0, sec: 0, crn, crm, opc1, opc2, val }
}

const R0: i32 = RegisterARM::R0 as i32;
const R13: i32 = RegisterARM::R13 as i32;
const R14: i32 = RegisterARM::R14 as i32;
const PC: i32 = RegisterARM::PC as i32;
const CPSR: i32 = RegisterARM::CPSR as i32;
const SPSR: i32 = RegisterARM::SPSR as i32;
const D0: i32 = RegisterARM::D0 as i32;
const FPSCR: i32 = RegisterARM::FPSCR as i32;

/// Unicorn refused something that this module asks of it.
#[derive(Debug, thiserror::Error)]
#[error("unicorn: cannot {what}: {error:?}")]
pub struct OracleError {
    what: &'static str,
    error: uc::uc_error,
}

type Result<T> = std::result::Result<T, OracleError>;

fn failed(what: &'static str) -> impl Fn(uc::uc_error) -> OracleError {
    move |error| OracleError { what, error }
}

impl Oracle {
    /// A machine with the page tables of [`layout`] in place and the floating-point unit on.
    ///
    /// `budget` bounds a run for code that may loop; 0 means no bound.
    pub fn new(budget: u64) -> Result<Self> {
        let mut unicorn =
            Unicorn::new_with_data(uc::Arch::ARM, uc::Mode::ARM, Seen::default()).map_err(failed("open"))?;
        unicorn.ctl_set_cpu_model(ArmCpuModel::CORTEX_A15 as i32).map_err(failed("select the CPU model"))?;
        unicorn.mem_map(RAM_BASE.into(), RAM_SIZE.into(), uc::Prot::ALL).map_err(failed("map RAM"))?;
        for (pa, word) in layout::page_tables() {
            unicorn.mem_write(pa.into(), &word.to_le_bytes()).map_err(failed("write the page tables"))?;
        }
        let vectors = layout::VECTOR_WORD.to_le_bytes().repeat(8);
        unicorn.mem_write(layout::VECTORS_PA.into(), &vectors).map_err(failed("write the vectors"))?;
        unicorn
            .add_intr_hook(|unicorn, number| {
                let syndrome = unicorn.reg_read(RegisterARM::ESR).unwrap_or_default() as u32;
                let seen = unicorn.get_data_mut();
                // After the first exception the machine is being stopped; what it does on the way is noise.
                if seen.exception.is_none() {
                    seen.exception = Some(number);
                    seen.syndrome = syndrome;
                }
                // It can only fail outside a run, and a hook is called inside one.
                let _ = unicorn.emu_stop();
            })
            .map_err(failed("hook exceptions"))?;
        if budget != 0 {
            unicorn
                .add_code_hook(1, 0, |unicorn, _address, _size| {
                    let seen = unicorn.get_data_mut();
                    match seen.left.checked_sub(1) {
                        Some(left) => seen.left = left,
                        // It can only fail outside a run. The instruction does not execute.
                        None => drop(unicorn.emu_stop()),
                    }
                })
                .map_err(failed("hook instructions"))?;
        }
        for register in [
            coprocessor_register(2, 0, 0, 0, layout::TTBR0.into()),
            coprocessor_register(3, 0, 0, 0, layout::DACR.into()),
            coprocessor_register(1, 0, 0, 0, SCTLR),
        ] {
            unicorn.reg_write_arm_coproc(&register).map_err(failed("set CP15"))?;
        }
        unicorn.reg_write(RegisterARM::C1_C0_2, 0x00f0_0000).map_err(failed("open CP10 and CP11"))?;
        unicorn.reg_write(RegisterARM::FPEXC, 0x4000_0000).map_err(failed("switch VFP on"))?;
        let state_ids: Vec<i32> =
            (0..15).map(|n| R0 + n).map(skip_pc_gap).chain((0..32).map(|n| D0 + n)).chain([FPSCR]).collect();
        let values = vec![0; state_ids.len()];
        Ok(Oracle { unicorn, budget, alignment_check: false, state_ids, values })
    }

    /// Changes the bound of a run of a machine that was made with one.
    pub fn set_budget(&mut self, instructions: u64) {
        self.budget = instructions;
    }

    /// Sets `SCTLR.A`: every unaligned access faults.
    pub fn set_alignment_check(&mut self, on: bool) -> Result<()> {
        if on != self.alignment_check {
            let value = if on { SCTLR | SCTLR_A } else { SCTLR };
            self.unicorn
                .reg_write_arm_coproc(&coprocessor_register(1, 0, 0, 0, value))
                .map_err(failed("set SCTLR"))?;
            self.unicorn.ctl_flush_tb().map_err(failed("forget translated code"))?;
            self.alignment_check = on;
        }
        Ok(())
    }

    /// Places `code` at [`BLOCK_VA`] and [`layout::filler`] around it.
    pub fn load_code(&mut self, code: &[u8], thumb: bool) -> Result<()> {
        let image = layout::code_image(code, thumb);
        self.unicorn.mem_write(CODE_PA.into(), &image).map_err(failed("write code"))?;
        self.unicorn
            .ctl_remove_cache(BLOCK_VA.into(), u64::from(BLOCK_VA) + code.len() as u64 + 4)
            .map_err(failed("forget translated code"))
    }

    /// Forgets all translated code, for when branches may have been followed out of a block.
    pub fn forget_code(&mut self) -> Result<()> {
        self.unicorn
            .ctl_remove_cache(CODE_VA.into(), (CODE_VA + CODE_SIZE).into())
            .map_err(failed("forget code"))
    }

    /// Writes the data window.
    pub fn load_data(&mut self, data: &[u8]) -> Result<()> {
        self.unicorn.mem_write(DATA_PA.into(), data).map_err(failed("write data"))
    }

    /// Reads the data window ([`DATA_SIZE`] bytes).
    pub fn read_data(&self, into: &mut Vec<u8>) -> Result<()> {
        into.resize(DATA_SIZE as usize, 0);
        self.unicorn.mem_read(DATA_PA.into(), into).map_err(failed("read data"))
    }

    fn set(&mut self, id: i32, value: u32) -> Result<()> {
        self.unicorn.reg_write(id, value.into()).map_err(failed("set a register"))
    }

    fn get(&self, id: i32) -> Result<u32> {
        Ok(self.unicorn.reg_read(id).map_err(failed("read a register"))? as u32)
    }

    /// Loads a state. The banked registers come first: they can only be reached through their modes.
    fn set_state(&mut self, state: &State) -> Result<()> {
        let mode = state.mode();
        for (&bank_mode, bank) in BANKS[..BANKS_HERE].iter().zip(&state.banked) {
            self.set(CPSR, bank_mode | 0xc0)?;
            self.set(R13, bank.r13)?;
            self.set(R14, bank.r14)?;
            if bank_mode != 0x1f {
                self.set(SPSR, bank.spsr)?;
            }
        }
        self.set(CPSR, if mode == 0x11 { 0x1f } else { 0x11 } | 0xc0)?;
        for (n, &value) in (8..13).zip(&state.r8_r12_other) {
            self.set(R0 + n, value)?;
        }
        self.set(RegisterARM::FPEXC as i32, 0x4000_0000)?;
        self.set(CPSR, state.cpsr)?;
        for (slot, &value) in self.values.iter_mut().zip(&state.r[..15]) {
            *slot = value.into();
        }
        self.values[15..47].copy_from_slice(&state.d);
        self.values[47] = state.fpscr.into();
        self.unicorn
            .reg_write_batch(&self.state_ids, &self.values, self.state_ids.len() as i32)
            .map_err(failed("set registers"))
    }

    fn state(&mut self) -> Result<State> {
        let mut state = State { cpsr: self.get(CPSR)?, ..State::default() };
        let values = self
            .unicorn
            .reg_read_batch(&mut self.state_ids, self.values.len() as i32)
            .map_err(failed("read registers"))?;
        for (slot, &value) in state.r.iter_mut().zip(&values[..15]) {
            *slot = value as u32;
        }
        state.r[15] = self.get(PC)?;
        state.d.copy_from_slice(&values[15..47]);
        state.fpscr = values[47] as u32;
        self.set(CPSR, if state.mode() == 0x11 { 0x1f } else { 0x11 } | 0xc0)?;
        for (n, slot) in (8..13).zip(&mut state.r8_r12_other) {
            *slot = self.unicorn.reg_read(R0 + n).map_err(failed("read a banked register"))? as u32;
        }
        for (index, &bank_mode) in BANKS[..BANKS_HERE].iter().enumerate() {
            self.set(CPSR, bank_mode | 0xc0)?;
            let spsr = if bank_mode == 0x1f { 0 } else { self.get(SPSR)? };
            state.banked[index] = Bank { r13: self.get(R13)?, r14: self.get(R14)?, spsr };
        }
        Ok(state)
    }

    /// Runs the loaded code from `start` until it stops, and gives the state just before the exception. With
    /// `clear_monitor` the block starts with a clear exclusive monitor, otherwise with what the last run left of it.
    /// Reaching `until` ends the run as the end of the budget does.
    pub fn run(&mut self, start: &State, clear_monitor: bool, until: Option<u32>) -> Result<(State, Stop)> {
        self.set_state(start)?;
        let first = if clear_monitor { CLEAR_VA } else { start.r[15] };
        let mut begin = first | u32::from(start.thumb());
        let left = self.budget + u64::from(clear_monitor);
        *self.unicorn.get_data_mut() = Seen { left, ..Seen::default() };
        let mut continued = None;
        loop {
            let ended = self.unicorn.emu_start(begin.into(), until.unwrap_or(u32::MAX - 0xf).into(), 0, 0);
            let &Seen { exception, syndrome, left } = self.unicorn.get_data();
            let (pc, thumb) = (self.get(PC)?, self.get(CPSR)? & 0x20 != 0);
            // Going on ran one instruction at most and led nowhere: what follows the hint is undefined.
            let stuck = continued.is_some_and(|(at, before): (u32, u64)| at == pc && before - left <= 1);
            let stop = match (exception, ended) {
                // The budget was used up before the fetch that failed.
                (Some(PREFETCH_ABORT), _) if self.budget != 0 && left == 0 => Stop::Budget,
                (Some(number), _) => stop_of(number, syndrome),
                (None, Ok(())) if until == Some(pc) => Stop::Budget,
                (None, Ok(()) | Err(uc::uc_error::INSN_INVALID))
                    if !stuck && self.after_hint(pc, thumb)? =>
                {
                    if self.budget != 0 && left == 0 {
                        Stop::Budget
                    } else {
                        // A hint may wake up at once, and so it does in the comparison.
                        begin = pc | u32::from(thumb);
                        continued = Some((pc, left));
                        continue;
                    }
                }
                (None, Ok(())) if stuck => Stop::Undefined,
                (None, Ok(())) => Stop::Budget,
                (None, Err(uc::uc_error::INSN_INVALID)) => Stop::Undefined,
                (None, Err(error)) => Stop::Other(error as u32),
            };
            let mut state = self.state()?;
            state.banked[BANKS_HERE..].copy_from_slice(&start.banked[BANKS_HERE..]);
            return Ok((state, stop));
        }
    }

    /// Whether the instruction before the program counter is a hint that hands control back
    /// (`YIELD`, `WFE`, `WFI`), which Unicorn reports as an undefined instruction or as an ordinary end.
    fn after_hint(&self, pc: u32, thumb: bool) -> Result<bool> {
        let mut bytes = [0; 4];
        if !(CODE_VA + 4..=CODE_VA + CODE_SIZE).contains(&pc) {
            return Ok(false);
        }
        let before = u64::from(pc - 4 - CODE_VA + CODE_PA);
        self.unicorn.mem_read(before, &mut bytes).map_err(failed("read code"))?;
        let word = u32::from_le_bytes(bytes);
        Ok(if thumb {
            matches!(word >> 16, 0xbf10 | 0xbf20 | 0xbf30)
                || matches!(word, 0x8001_f3af | 0x8002_f3af | 0x8003_f3af)
        } else {
            word & 0x0fff_0000 == 0x0320_0000 && matches!(word & 0xff, 1..=3)
        })
    }
}

/// `RegisterARM` numbers `R0`-`R12` in a row, then `R13`-`R15` elsewhere.
fn skip_pc_gap(id: i32) -> i32 {
    match id - R0 {
        13 => R13,
        14 => R14,
        _ => id,
    }
}

/// Unicorn's number of a Prefetch Abort.
const PREFETCH_ABORT: u32 = 3;

/// Names the exception that Unicorn's hook reported by its number, with the syndrome it recorded.
fn stop_of(number: u32, syndrome: u32) -> Stop {
    match number {
        1 => Stop::Undefined,
        2 => Stop::SupervisorCall,
        PREFETCH_ABORT => Stop::PrefetchAbort(FaultStatus::Unreported),
        4 => Stop::DataAbort { status: FaultStatus::Unreported, write: syndrome & 1 << 6 != 0 },
        7 => Stop::Breakpoint,
        13 => Stop::SecureMonitorCall,
        other => Stop::Other(other),
    }
}
