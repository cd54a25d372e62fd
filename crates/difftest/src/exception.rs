//! Exception entry as the manual defines it (ARM DDI 0406C, B1.8), written here a second time.
//!
//! Unicorn stops before it would enter an exception. So its state is taken through this entry, and the result is
//! compared with the core's state at the vector: the core's own entry is checked on every block, as each ends in one.

use crate::state::{State, Stop, bank_of};

/// Vector base address of the comparison; the page there holds a `WFI` in every vector.
pub const VBAR: u32 = 0xf000_0000;

/// One row of the manual's table of exceptions.
struct Entry {
    mode: u32,
    /// Offset of the vector.
    vector: u32,
    /// What is added to `State::r[15]` to make the link register, in ARM and in Thumb state.
    link: [u32; 2],
    /// Mask bits of CPSR that are set.
    masks: u32,
}

const I: u32 = 1 << 7;
const A: u32 = 1 << 8;
const F: u32 = 1 << 6;

/// The state after the core has entered the exception that ended a run; the state itself when none did.
///
/// `state.r[15]` is the address of the blamed instruction, for `SVC` and `SMC` of the one after it.
pub fn enter(state: &State, stop: Stop) -> State {
    let entry = match stop {
        Stop::Undefined => Entry { mode: 0x1b, vector: 0x04, link: [4, 2], masks: I },
        Stop::SupervisorCall => Entry { mode: 0x13, vector: 0x08, link: [0, 0], masks: I },
        Stop::SecureMonitorCall => Entry { mode: 0x16, vector: 0x08, link: [0, 0], masks: A | I | F },
        Stop::PrefetchAbort(_) | Stop::Breakpoint => {
            Entry { mode: 0x17, vector: 0x0c, link: [4, 4], masks: A | I }
        }
        Stop::DataAbort { .. } => Entry { mode: 0x17, vector: 0x10, link: [8, 8], masks: A | I },
        Stop::Budget | Stop::Other(_) => return state.clone(),
    };
    let mut after = state.clone();
    after.settle();
    let Some(bank) = bank_of(entry.mode) else { return after };
    after.banked[bank].r14 = state.r[15].wrapping_add(entry.link[usize::from(state.thumb())]);
    after.banked[bank].spsr = state.cpsr;
    if state.mode() == 0x11 {
        // Leaving FIQ mode: R8-R12 are the others' again.
        let fiq: [u32; 5] = std::array::from_fn(|n| state.r[8 + n]);
        after.r[8..13].copy_from_slice(&state.r8_r12_other);
        after.r8_r12_other = fiq;
    }
    after.r[13] = after.banked[bank].r13;
    after.r[14] = after.banked[bank].r14;
    after.r[15] = VBAR + entry.vector;
    // IT, J, E (SCTLR.EE is 0) and T (SCTLR.TE is 0) are cleared.
    const CLEARED: u32 = 0x0700_fc00 | 1 << 9 | 1 << 5 | 0x1f;
    after.cpsr = (state.cpsr & !CLEARED) | entry.mode | entry.masks;
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_call_from_fiq_mode_swaps_the_banks() {
        let mut before = State { cpsr: 0x8000_0231, ..State::default() };
        before.r = std::array::from_fn(|n| 0x100 + n as u32);
        before.r8_r12_other = [1, 2, 3, 4, 5];
        before.banked[3].r13 = 0x5555;
        let after = enter(&before, Stop::SupervisorCall);
        assert_eq!(after.cpsr, 0x8000_0093, "flags stay, E and T go, IRQs are masked");
        assert_eq!(after.r[8..13], [1, 2, 3, 4, 5]);
        assert_eq!(after.r8_r12_other, [0x108, 0x109, 0x10a, 0x10b, 0x10c]);
        assert_eq!((after.r[13], after.r[14]), (0x5555, 0x10f));
        assert_eq!(after.banked[3].spsr, before.cpsr);
        assert_eq!(after.banked[1].r13, 0x10d, "the FIQ stack pointer is kept in its bank");
        assert_eq!(after.r[15], VBAR + 8);
    }

    #[test]
    fn link_registers_follow_the_table_of_preferred_return_addresses() {
        let thumb = State { cpsr: 0x30, r: [0x1000; 16], ..State::default() };
        let arm = State { cpsr: 0x10, r: [0x1000; 16], ..State::default() };
        let abort = Stop::DataAbort { status: crate::state::FaultStatus::Alignment, write: false };
        for (stop, in_arm, in_thumb) in [
            (Stop::Undefined, 0x1004, 0x1002),
            (Stop::SupervisorCall, 0x1000, 0x1000),
            (Stop::Breakpoint, 0x1004, 0x1004),
            (abort, 0x1008, 0x1008),
        ] {
            assert_eq!(enter(&arm, stop).r[14], in_arm, "{stop:?}");
            assert_eq!(enter(&thumb, stop).r[14], in_thumb, "{stop:?}");
        }
    }
}
