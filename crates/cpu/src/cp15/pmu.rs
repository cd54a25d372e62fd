//! Performance monitors: cycle counter, four event counters, overflow flags.
//!
//! Counted are cycles (event 0x11), retired instructions (0x08) and software increments (0x00). Other events, and those
//! that Qualcomm's event selection registers name, stay at zero. Counters advance when they are looked at: they are
//! functions of the core's own deterministic counters.

use super::Cp15Regs;
use super::regs::{PMCR, PMSELR};
use crate::op::Op;
use crate::state::Core;
use msmemu_regs::At;

/// Number of event counters.
pub(crate) const COUNTERS: usize = 4;
const CYCLE_BIT: u32 = 1 << 31;
const EVENT_SOFTWARE: u32 = 0x00;
const EVENT_INSTRUCTIONS: u32 = 0x08;
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

    /// Level of the performance monitor interrupt: an enabled counter has overflowed. To be asked between slices.
    pub fn pmu_interrupt(&mut self) -> bool {
        self.count_events(self.cycles, self.instructions);
        let file = &self.cp15.secure;
        file.is_set(PMCR::E) && file.get(Cp15Regs::PMOVSR) & file.get(Cp15Regs::PMINTENSET) != 0
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
            let mut overflows = 0;
            for (i, (count, event)) in pmu.counts.iter_mut().zip(pmu.events).enumerate() {
                let counts = running && event == EVENT_SOFTWARE && value & enabled & (1 << i) != 0;
                if counts && advance(count, 1) {
                    overflows |= 1 << i;
                }
            }
            secure.set(Cp15Regs::PMOVSR, secure.get(Cp15Regs::PMOVSR) | overflows);
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
}
