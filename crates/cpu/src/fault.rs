//! Reasons why an instruction does not complete.

/// What a memory fault was, in the short-descriptor terms of DFSR and IFSR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs)]
pub enum FaultStatus {
    Alignment,
    DebugEvent,
    AccessFlagSection,
    AccessFlagPage,
    InstructionCacheMaintenance,
    TranslationSection,
    TranslationPage,
    ExternalOnWalkFirst,
    ExternalOnWalkSecond,
    DomainSection,
    DomainPage,
    PermissionSection,
    PermissionPage,
    /// Synchronous external abort; `slave` is the ExT bit (a slave error, as opposed to a decode error).
    External {
        /// ExT.
        slave: bool,
    },
    /// Asynchronous external abort.
    AsyncExternal,
}

impl FaultStatus {
    /// `FS[10]`, `FS[3:0]` in their register positions (ARM DDI 0406C, table B3-23), with ExT (bit 12).
    pub const fn fsr(self) -> u32 {
        match self {
            Self::Alignment => 0x001,
            Self::DebugEvent => 0x002,
            Self::AccessFlagSection => 0x003,
            Self::InstructionCacheMaintenance => 0x004,
            Self::TranslationSection => 0x005,
            Self::AccessFlagPage => 0x006,
            Self::TranslationPage => 0x007,
            Self::External { slave: false } => 0x008,
            Self::External { slave: true } => 0x1008,
            Self::DomainSection => 0x009,
            Self::DomainPage => 0x00B,
            Self::ExternalOnWalkFirst => 0x00C,
            Self::PermissionSection => 0x00D,
            Self::ExternalOnWalkSecond => 0x00E,
            Self::PermissionPage => 0x00F,
            Self::AsyncExternal => 0x406,
        }
    }
}

impl FaultStatus {
    /// A permission fault.
    pub const fn is_permission(self) -> bool {
        matches!(self, Self::PermissionSection | Self::PermissionPage)
    }

    /// An external abort, on a walk or on the access.
    pub const fn is_external(self) -> bool {
        matches!(
            self,
            Self::External { .. }
                | Self::AsyncExternal
                | Self::ExternalOnWalkFirst
                | Self::ExternalOnWalkSecond
        )
    }
}

/// A memory fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fault {
    /// Virtual address for DFAR or IFAR.
    pub va: u32,
    /// What happened.
    pub status: FaultStatus,
    /// Domain of the descriptor, 0 where there is none.
    pub domain: u8,
    /// A write, or a cache or translation operation that counts as one (DFSR.WnR).
    pub write: bool,
    /// A cache maintenance operation (DFSR.CM is RES0 in the short format; kept for observers).
    pub maintenance: bool,
}

impl Fault {
    /// DFSR for this fault.
    pub const fn dfsr(&self) -> u32 {
        self.status.fsr() | (self.write as u32) << 11 | (self.domain as u32 & 0xF) << 4
    }
}

/// Why an instruction did not complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Trap {
    /// Undefined Instruction exception.
    Undefined,
    /// Supervisor call with its immediate.
    Svc(u32),
    /// Secure monitor call.
    Smc(u32),
    /// Prefetch Abort by a fetch.
    PrefetchAbort(Fault),
    /// Prefetch Abort by a BKPT instruction (debug event).
    Breakpoint(u16),
    /// Data Abort.
    DataAbort(Fault),
    /// Physical interrupt, taken between instructions.
    Irq,
    /// Physical fast interrupt.
    Fiq,
    /// Asynchronous external abort, taken between instructions.
    AsyncAbort(Fault),
    /// Not a guest exception: the host wants control before this instruction; see [`Exit`].
    Host(Exit),
}

/// Why [`crate::Cpu::run`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Exit {
    /// The budget is used up.
    Budget,
    /// WFI, and no interrupt is pending. The instruction has retired; run again once a line rises.
    WaitForInterrupt,
    /// WFE with a clear event register and no interrupt pending. The instruction has retired.
    WaitForEvent,
    /// SEV has retired. The host passes it to other cores, if it has any.
    SendEvent,
    /// A semihosting call. The instruction has retired; the host serves it (see `semihosting`) and runs on.
    Semihosting,
    /// A breakpoint of the debugger at the current PC; nothing has executed.
    Breakpoint,
    /// A watchpoint of the debugger: the access at this address has completed.
    Watchpoint {
        /// Virtual address of the access.
        va: u32,
    },
    /// The bus asked to stop (a gap in the model under the policy `stop`, or the end of the run). The instruction has
    /// retired if the access could complete.
    Bus,
}
