//! CP14, the debug coprocessor, as an operating system sees it that looks for hardware breakpoints.
//!
//! The v7 debug architecture is announced with invasive debug disabled (the DBGEN and SPIDEN signals are low): breakpoints
//! and watchpoints can be written and never match, and monitor debug-mode cannot be enabled, so that Linux reports them as
//! unusable. The debug communication channel is always empty.

use crate::cp15::Coord;
use crate::cp15::regs::at;
use crate::env::Env;
use crate::fault::Trap;
use crate::observe::{CoprocAccess, Observer};
use crate::op::{Flow, Op, Raised};
use crate::state::Core;
use msmemu_regs::{At, RegFile, RestoreError};

msmemu_regs::register_block! {
    /// Debug coprocessor (ARM DDI 0406C.b, chapter C11).
    pub block Cp14Regs, size 0x1_0000;

    /// Debug ID Register.
    DBGDIDR @ (at(0, 0, 0, 0)), reset 0x3513_0000 {
        REVISION [3:0] ro "Revision", VARIANT [7:4] ro "Variant", _ [11:8] res0, SE [12] ro "Security Extensions",
        PCSR [13] ro "PC sampling", NSUHD [14] ro "No secure user halting debug", DEVID [15] ro "DBGDEVID is there",
        VERSION [19:16] ro "3: v7 debug, CP14 only", CTX_CMPS [23:20] ro "Context comparators, minus 1",
        BRPS [27:24] ro "Breakpoints, minus 1", WRPS [31:28] ro "Watchpoints, minus 1",
    }
    /// Debug Status and Control Register, internal view.
    DBGDSCRINT @ (at(0, 0, 1, 0)), reset 0x0003_0002 { STATUS [31:0] ro "As DBGDSCREXT", }
    /// Debug Data Transfer Register, internal view: nothing comes in.
    DBGDTRRXINT @ (at(0, 0, 5, 0)), reset 0 { DATA [31:0] stored "Data; nobody is at the other end", }
    /// Watchpoint Fault Address Register.
    DBGWFAR @ (at(0, 0, 6, 0)), reset 0 { VA [31:0] stored "Never set: no watchpoint matches", }
    /// Vector Catch Register.
    DBGVCR @ (at(0, 0, 7, 0)), reset 0 { CATCH [31:0] stored "Vectors to catch; none is", }
    /// Debug Data Transfer Register, receive, external view.
    DBGDTRRXEXT @ (at(0, 0, 0, 2)), reset 0 { DATA [31:0] stored "Data", }
    /// Debug Status and Control Register, external view.
    DBGDSCREXT @ (at(0, 0, 2, 2)), reset 0x0003_0002 {
        HALTED [0] ro "In Debug state", RESTARTED [1] ro "Not in Debug state", MOE [5:2] stored "Method of entry",
        _ [11:6] res0, UDCCDIS [12] stored "User access to the channel disabled", ITREN [13] ro "Instruction transfer",
        HDBGEN [14] ro "Halting debug-mode", MDBGEN [15] ro "Monitor debug-mode: cannot be enabled",
        SPIDDIS [16] ro "Secure invasive debug disabled", SPNIDDIS [17] ro "Secure non-invasive debug disabled",
        NS [18] ro "Non-secure", _ [28:19] res0, TXFULL [29] ro "Transmit register full", RXFULL [30] ro "Receive register full", _ [31] res0,
    }
    /// Debug Data Transfer Register, transmit, external view.
    DBGDTRTXEXT @ (at(0, 0, 3, 2)), reset 0 { DATA [31:0] stored "Data", }
    /// Breakpoint Value Registers.
    DBGBVR @ (at(0, 0, 0, 4)), array 6 x 32, reset 0 { VALUE [31:0] stored "Address", }
    /// Breakpoint Control Registers.
    DBGBCR @ (at(0, 0, 0, 5)), array 6 x 32, reset 0 { CONTROL [31:0] stored "Control", }
    /// Watchpoint Value Registers.
    DBGWVR @ (at(0, 0, 0, 6)), array 4 x 32, reset 0 { VALUE [31:0] stored "Address", }
    /// Watchpoint Control Registers.
    DBGWCR @ (at(0, 0, 0, 7)), array 4 x 32, reset 0 { CONTROL [31:0] stored "Control", }
    /// Debug ROM Address Register: no ROM table.
    DBGDRAR @ (at(1, 0, 0, 0)), reset 0 { ADDRESS [31:0] ro "None", }
    /// OS Lock Access Register.
    DBGOSLAR @ (at(1, 0, 0, 4)), command { KEY [31:0] arg "0xC5ACCE55 locks, anything else unlocks", }
    /// OS Lock Status Register.
    DBGOSLSR @ (at(1, 0, 1, 4)), reset 0x0000_0008 {
        OSLM0 [0] ro "OS lock model, bit 0", OSLK [1] ro "Locked", NTT [2] ro "32-bit access", OSLM1 [3] ro "OS lock model, bit 1", _ [31:4] res0,
    }
    /// OS Double Lock Register.
    DBGOSDLR @ (at(1, 0, 3, 4)), reset 0 { DLK [0] stored "Double lock", _ [31:1] res0, }
    /// Device Powerdown and Reset Control Register.
    DBGPRCR @ (at(1, 0, 4, 4)), reset 0 { VALUE [31:0] stored "Powerdown control", }
    /// Device Powerdown and Reset Status Register.
    DBGPRSR @ (at(1, 0, 5, 4)), reset 1 { PU [0] ro "Powered up", SPD [1] ro "Sticky powerdown", R [2] ro "In reset", SR [3] ro "Sticky reset", _ [31:4] res0, }
    /// Debug Self Address Offset Register.
    DBGDSAR @ (at(2, 0, 0, 0)), reset 0 { OFFSET [31:0] ro "None", }
    /// Claim Tag Set register.
    DBGCLAIMSET @ (at(7, 0, 8, 6)), reset 0 { TAGS [7:0] stored "Claimed", _ [31:8] res0, }
    /// Claim Tag Clear register.
    DBGCLAIMCLR @ (at(7, 0, 9, 6)), reset 0 { TAGS [7:0] stored "Claimed", _ [31:8] res0, }
    /// Authentication Status Register.
    DBGAUTHSTATUS @ (at(7, 0, 14, 6)), reset 0x0000_00AA { STATUS [31:0] ro "Every kind of debug implemented and disabled", }
    /// Jazelle ID Register: trivial implementation.
    JIDR @ (at(0, 7, 0, 0)), reset 0 { ID [31:0] ro "Trivial", }
    /// Jazelle OS Control Register.
    JOSCR @ (at(1, 7, 0, 0)), reset 0 { CONTROL [31:0] ro "Trivial", }
    /// Jazelle Main Configuration Register.
    JMCR @ (at(2, 7, 0, 0)), reset 0 { CONFIGURATION [31:0] ro "Trivial", }
}

/// State of CP14.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cp14 {
    file: RegFile<Cp14Regs, { Cp14Regs::WORDS }>,
}

/// Key that sets the OS lock.
const OS_LOCK_KEY: u32 = 0xC5AC_CE55;

impl Cp14 {
    /// Back to the reset values.
    pub fn reset(&mut self) {
        let Self { file } = self;
        file.reset();
    }

    /// The state as plain data.
    pub fn save(&self) -> Vec<u32> {
        let Self { file } = self;
        file.words().to_vec()
    }

    /// Takes saved state back.
    ///
    /// # Errors
    /// When the words are not this table's. Nothing is changed then.
    pub fn restore(&mut self, saved: &[u32]) -> Result<(), RestoreError> {
        let Self { file } = self;
        file.restore(saved)
    }
}

fn find(core: &Core, coord: Coord, write: bool) -> Option<At<Cp14Regs>> {
    let found = Cp14Regs::at(coord.offset())?;
    let masks = found.desc().masks;
    let is_command = masks.arg != 0;
    let read_only = !is_command && masks.rw == 0;
    // The trivial Jazelle registers ignore writes; other read-only ones are UNDEFINED to write.
    let ignores_writes = matches!(found.reg, Cp14Regs::JOSCR | Cp14Regs::JMCR);
    if (is_command && !write) || (read_only && write && !ignores_writes) {
        return None;
    }
    let user_may = matches!(
        found.reg,
        Cp14Regs::DBGDIDR
            | Cp14Regs::DBGDSCRINT
            | Cp14Regs::DBGDRAR
            | Cp14Regs::DBGDSAR
            | Cp14Regs::JIDR
            | Cp14Regs::JMCR
    );
    (core.mode.is_privileged() || (user_may && !write)).then_some(found)
}

fn observe<E: Env>(env: &mut E, op: &Op, coord: Coord, value: u32, write: bool) {
    let Coord { crn, opc1, crm, opc2 } = coord;
    env.obs().coproc(op.pc, &CoprocAccess { coproc: 14, crn, opc1, crm, opc2, value, write });
}

/// MRC p14.
///
/// # Errors
/// Undefined Instruction where no register is, or it is not accessible; the trap is recorded.
pub fn read<E: Env>(core: &mut Core, env: &mut E, op: &Op, coord: Coord) -> Result<u32, Raised> {
    let Some(found) = find(core, coord, false) else {
        return Err(core.raise(Trap::Undefined));
    };
    let file = &mut core.cp14.file;
    let value = match found.reg {
        Cp14Regs::DBGDSCRINT => file.get(Cp14Regs::DBGDSCREXT),
        // Reading the set register tells which tags there are, the clear register which are claimed.
        Cp14Regs::DBGCLAIMSET => DBGCLAIMSET::TAGS.mask(),
        Cp14Regs::DBGCLAIMCLR => file.get(Cp14Regs::DBGCLAIMSET),
        _ => file.guest_read(found),
    };
    observe(env, op, coord, value, false);
    Ok(value)
}

/// MCR p14.
///
/// # Errors
/// As [`read`].
pub fn write<E: Env>(
    core: &mut Core,
    env: &mut E,
    op: &Op,
    coord: Coord,
    value: u32,
) -> Result<Flow, Raised> {
    let Some(found) = find(core, coord, true) else {
        return Err(core.raise(Trap::Undefined));
    };
    let file = &mut core.cp14.file;
    let claimed = file.get(Cp14Regs::DBGCLAIMSET);
    match found.reg {
        Cp14Regs::DBGOSLAR => file.set_field(DBGOSLSR::OSLK, u32::from(value == OS_LOCK_KEY)),
        Cp14Regs::DBGCLAIMSET => file.set(Cp14Regs::DBGCLAIMSET, claimed | value),
        Cp14Regs::DBGCLAIMCLR => file.set(Cp14Regs::DBGCLAIMSET, claimed & !value),
        _ => {
            file.guest_write(found, value);
        }
    }
    observe(env, op, coord, value, true);
    Ok(Flow::Next)
}
