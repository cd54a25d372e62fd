//! Performance monitors: cycle counter, four event counters, overflow flags.
//!
//! Counted are software increments (event 0x00), retired instructions (0x08), exceptions taken (0x09), exception returns
//! (0x0A), writes of CONTEXTIDR (0x0B) and cycles (0x11). Other events, and those that Qualcomm's event selection
//! registers name, stay at zero: branches would have to be counted where blocks run, at a cost to everybody. Counters of
//! cycles and instructions advance when they are looked at: they are functions of the core's own deterministic counters.

use super::Cp15Regs;
use super::regs::{PMCR, PMSELR};
use crate::engine::Limits;
use crate::op::Op;
use crate::state::Core;
use msmemu_regs::At;

/// Number of event counters.
pub(crate) const COUNTERS: usize = 4;
const CYCLE_BIT: u32 = 1 << 31;
const EVENT_SOFTWARE: u32 = 0x00;
const EVENT_INSTRUCTIONS: u32 = 0x08;
pub(crate) const EVENT_EXCEPTION: u32 = 0x09;
pub(crate) const EVENT_RETURN: u32 = 0x0A;
pub(crate) const EVENT_CONTEXTIDR: u32 = 0x0B;
const EVENT_CYCLES: u32 = 0x11;

/// Counters, as of the core cycle and instruction they were last brought up to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pmu {
    /// PMCCNTR.
    cycles: u32,
    /// Cycles towards the next count when PMCR.D divides by 64.
    prescale: u32,
    /// PMXEVCNTR of each counter.
    counts: [u32; COUNTERS],
    /// PMXEVTYPER of each counter.
    events: [u32; COUNTERS],
    /// Core cycle and instruction up to which everything has been counted.
    seen_cycle: u64,
    seen_instruction: u64,
}

/// Adds `delta` to a counter and says whether it overflowed.
fn advance(counter: &mut u32, delta: u64) -> bool {
    let sum = u64::from(*counter) + delta;
    *counter = sum as u32;
    sum > u64::from(u32::MAX)
}

impl Core {
    /// Brings the counters up to a cycle and instruction.
    fn count_events(&mut self, cycle: u64, instruction: u64) {
        let secure = &mut self.cp15.secure;
        let pmu = &mut self.cp15.pmu;
        let cycles = cycle.saturating_sub(pmu.seen_cycle);
        let instructions = instruction.saturating_sub(pmu.seen_instruction);
        pmu.seen_cycle = cycle;
        pmu.seen_instruction = instruction;
        if !secure.is_set(PMCR::E) {
            return;
        }
        let enabled = secure.get(Cp15Regs::PMCNTENSET);
        let mut overflows = 0;
        if enabled & CYCLE_BIT != 0 {
            let counted = if secure.is_set(PMCR::D) {
                let total = u64::from(pmu.prescale) + cycles;
                pmu.prescale = (total % 64) as u32;
                total / 64
            } else {
                cycles
            };
            if advance(&mut pmu.cycles, counted) {
                overflows |= CYCLE_BIT;
            }
        }
        for (i, (count, event)) in pmu.counts.iter_mut().zip(pmu.events).enumerate() {
            let delta = match event {
                EVENT_CYCLES => cycles,
                EVENT_INSTRUCTIONS => instructions,
                _ => 0,
            };
            if enabled & (1 << i) != 0 && advance(count, delta) {
                overflows |= 1 << i;
            }
        }
        secure.set(Cp15Regs::PMOVSR, secure.get(Cp15Regs::PMOVSR) | overflows);
    }

    /// Counts one event that only the code it happens in knows of, all of it off the fast paths.
    pub(crate) fn count_event(&mut self, event: u32) {
        if self.cp15.secure.is_set(PMCR::E) {
            let enabled = self.cp15.secure.get(Cp15Regs::PMCNTENSET);
            self.increment(event, enabled);
        }
    }

    /// Adds one to the counters of `which` that have the event.
    fn increment(&mut self, event: u32, which: u32) {
        let secure = &mut self.cp15.secure;
        let mut overflows = 0;
        for (i, (count, selected)) in self.cp15.pmu.counts.iter_mut().zip(self.cp15.pmu.events).enumerate() {
            if selected == event && which & (1 << i) != 0 && advance(count, 1) {
                overflows |= 1 << i;
            }
        }
        secure.set(Cp15Regs::PMOVSR, secure.get(Cp15Regs::PMOVSR) | overflows);
        if overflows & secure.get(Cp15Regs::PMINTENSET) != 0 {
            self.attend();
        }
    }

    /// Has the slice end after this instruction, so that the machine looks at the interrupt.
    fn attend(&mut self) {
        self.attention = true;
        self.leave_block();
    }

    /// Level of the performance monitor interrupt: an enabled counter has overflowed. To be asked between slices.
    pub fn pmu_interrupt(&mut self) -> bool {
        self.count_events(self.cycles, self.instructions);
        let file = &self.cp15.secure;
        file.is_set(PMCR::E) && file.get(Cp15Regs::PMOVSR) & file.get(Cp15Regs::PMINTENSET) != 0
    }

    /// Where a slice has to end for [`Self::pmu_interrupt`] to be asked in time: the cycle and the instruction at which
    /// the first counter with its interrupt enabled overflows, `u64::MAX` where none does. What the guest changes about
    /// it ends the slice by itself, as do overflows of other events.
    pub fn pmu_overflow(&self) -> Limits {
        let mut limits = Limits { cycles: u64::MAX, instructions: u64::MAX };
        let file = &self.cp15.secure;
        let pmu = &self.cp15.pmu;
        // A counter that has overflowed already holds the line until PMOVSR is written.
        let armed =
            file.get(Cp15Regs::PMCNTENSET) & file.get(Cp15Regs::PMINTENSET) & !file.get(Cp15Regs::PMOVSR);
        if !file.is_set(PMCR::E) || armed == 0 {
            return limits;
        }
        let left = |count: u32| (1 << 32) - u64::from(count);
        if armed & CYCLE_BIT != 0 {
            let cycles = if file.is_set(PMCR::D) {
                left(pmu.cycles) * 64 - u64::from(pmu.prescale)
            } else {
                left(pmu.cycles)
            };
            limits.cycles = pmu.seen_cycle + cycles;
        }
        for (i, (&count, event)) in pmu.counts.iter().zip(pmu.events).enumerate() {
            match event {
                _ if armed & (1 << i) == 0 => {}
                EVENT_CYCLES => limits.cycles = limits.cycles.min(pmu.seen_cycle + left(count)),
                EVENT_INSTRUCTIONS => {
                    limits.instructions = limits.instructions.min(pmu.seen_instruction + left(count));
                }
                _ => {}
            }
        }
        limits
    }

    /// Whether the performance monitors can interrupt at all.
    fn pmu_may_interrupt(&self) -> bool {
        let file = &self.cp15.secure;
        file.is_set(PMCR::E) && file.get(Cp15Regs::PMINTENSET) != 0
    }
}

fn selected(core: &Core) -> usize {
    core.cp15.secure.field(PMSELR::SEL) as usize
}

/// Reads a counter register at `op`.
pub(super) fn read(core: &mut Core, op: &Op, reg: Cp15Regs) -> u32 {
    core.count_events(core.now(op), core.retired_before(op));
    let select = selected(core);
    let pmu = &core.cp15.pmu;
    match reg {
        Cp15Regs::PMCCNTR => pmu.cycles,
        Cp15Regs::PMXEVTYPER => pmu.events.get(select).copied().unwrap_or(0),
        // Counter 31 is reserved in PMUv1, as are those that are not there: zero.
        Cp15Regs::PMXEVCNTR => pmu.counts.get(select).copied().unwrap_or(0),
        _ => core.cp15.secure.get(reg),
    }
}

/// Writes a counter or control register at `op`.
pub(super) fn write(core: &mut Core, op: &Op, at: At<Cp15Regs>, value: u32) {
    core.count_events(core.now(op), core.retired_before(op));
    let select = selected(core);
    let enabled = core.cp15.secure.get(Cp15Regs::PMCNTENSET);
    let running = core.cp15.secure.is_set(PMCR::E);
    let might_interrupt = core.pmu_may_interrupt();
    let secure = &mut core.cp15.secure;
    let pmu = &mut core.cp15.pmu;
    match at.reg {
        Cp15Regs::PMCCNTR => {
            pmu.cycles = value;
            pmu.prescale = 0;
        }
        Cp15Regs::PMXEVTYPER => {
            if let Some(event) = pmu.events.get_mut(select) {
                *event = value & 0xFF;
            }
        }
        Cp15Regs::PMXEVCNTR => {
            if let Some(count) = pmu.counts.get_mut(select) {
                *count = value;
            }
        }
        Cp15Regs::PMSWINC => {
            if running {
                core.increment(EVENT_SOFTWARE, value & enabled);
            }
        }
        // Set and clear registers are two doors to one mask, kept in the set register.
        Cp15Regs::PMCNTENCLR => secure.set(Cp15Regs::PMCNTENSET, enabled & !value),
        Cp15Regs::PMINTENCLR => {
            secure.set(Cp15Regs::PMINTENSET, secure.get(Cp15Regs::PMINTENSET) & !value);
        }
        Cp15Regs::PMCR => {
            secure.guest_write(at, value);
            // The resets are commands: they read as zero.
            secure.set(Cp15Regs::PMCR, secure.get(Cp15Regs::PMCR) & !(PMCR::P.mask() | PMCR::C.mask()));
            if PMCR::P.is_set(value) {
                pmu.counts = [0; COUNTERS];
            }
            if PMCR::C.is_set(value) {
                pmu.cycles = 0;
                pmu.prescale = 0;
            }
        }
        _ => {
            secure.guest_write(at, value);
        }
    }
    // The machine's idea of the next overflow, or of the level, may be wrong now.
    if might_interrupt || core.pmu_may_interrupt() {
        core.attend();
    }
}
