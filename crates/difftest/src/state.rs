//! The state that both machines start from and are compared in.

/// Modes that own banked registers, in the order of [`State::banked`].
///
/// User and System share one bank, so one entry stands for both. Monitor mode comes last: the oracle does not have it.
pub const BANKS: [u32; 7] = [0x1f, 0x11, 0x12, 0x13, 0x17, 0x1b, 0x16];

/// `R13`, `R14` and `SPSR` of one mode (`spsr` stays 0 for the User bank, which has none).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bank {
    /// Stack pointer of the mode.
    pub r13: u32,
    /// Link register of the mode.
    pub r14: u32,
    /// Saved program status register of the mode.
    pub spsr: u32,
}

/// Everything an instruction of the application or system level can read or write, apart from memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `R0`-`R15` as the current mode sees them. `R15` is the address of an instruction, without any pipeline offset.
    pub r: [u32; 16],
    /// `CPSR`, with the IT bits in their architectural places.
    pub cpsr: u32,
    /// The other bank of `R8`-`R12`: the FIQ registers, or the User ones while in FIQ mode.
    pub r8_r12_other: [u32; 5],
    /// `R13`, `R14`, `SPSR` of every bank, in the order of [`BANKS`]; the current mode's entry repeats `r`.
    pub banked: [Bank; 7],
    /// `D0`-`D31`.
    pub d: [u64; 32],
    /// `FPSCR`.
    pub fpscr: u32,
}

impl Default for State {
    fn default() -> Self {
        State {
            r: [0; 16],
            cpsr: 0x10,
            r8_r12_other: [0; 5],
            banked: [Bank::default(); 7],
            d: [0; 32],
            fpscr: 0,
        }
    }
}

/// Index into [`State::banked`] of a mode's registers; `None` for encodings that are no mode of ARMv7-A without
/// the Virtualization Extensions.
pub fn bank_of(mode: u32) -> Option<usize> {
    let mode = if mode & 0x1f == 0x10 { 0x1f } else { mode & 0x1f };
    BANKS.iter().position(|&bank| bank == mode)
}

impl State {
    /// Mode bits of `CPSR`.
    pub fn mode(&self) -> u32 {
        self.cpsr & 0x1f
    }

    /// `CPSR.T`.
    pub fn thumb(&self) -> bool {
        self.cpsr & 0x20 != 0
    }

    /// Copies `R13` and `R14` of the current mode into its bank, so that the two views agree.
    pub fn settle(&mut self) {
        if let Some(bank) = bank_of(self.cpsr) {
            self.banked[bank].r13 = self.r[13];
            self.banked[bank].r14 = self.r[14];
        }
        self.banked[0].spsr = 0;
    }
}

/// Why a run ended. Both machines leave `R15` at the instruction that is to be blamed, or at the one after it
/// where the instruction completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `SVC` completed; every block ends with one.
    SupervisorCall,
    /// The instruction is undefined.
    Undefined,
    /// `BKPT`.
    Breakpoint,
    /// `SMC`.
    SecureMonitorCall,
    /// The fetch failed with this fault status, in the encoding of [`FaultStatus`].
    PrefetchAbort(FaultStatus),
    /// The access failed.
    DataAbort {
        /// What was wrong.
        status: FaultStatus,
        /// The access was a store.
        write: bool,
    },
    /// The instruction budget ran out.
    Budget,
    /// Something this comparison knows no word for; the number is the machine's own.
    Other(u32),
}

/// Fault status in the wording of the short-descriptor format (ARM DDI 0406C, B3.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultStatus {
    /// Alignment fault.
    Alignment,
    /// Translation fault at a level.
    Translation(u8),
    /// Access flag fault at a level.
    AccessFlag(u8),
    /// Domain fault at a level.
    Domain(u8),
    /// Permission fault at a level.
    Permission(u8),
    /// Debug event.
    Debug,
    /// The machine does not say: Unicorn reports no status in the short-descriptor format.
    Unreported,
    /// Anything else, in the machine's own encoding.
    Other(u32),
}

impl FaultStatus {
    /// From `DFSR`/`IFSR` bits `FS[4:0]` of the short-descriptor format.
    pub fn from_short(fs: u32) -> Self {
        match fs & 0x1f {
            0x01 => FaultStatus::Alignment,
            0x02 => FaultStatus::Debug,
            0x05 => FaultStatus::Translation(1),
            0x07 => FaultStatus::Translation(2),
            0x03 => FaultStatus::AccessFlag(1),
            0x06 => FaultStatus::AccessFlag(2),
            0x09 => FaultStatus::Domain(1),
            0x0b => FaultStatus::Domain(2),
            0x0d => FaultStatus::Permission(1),
            0x0f => FaultStatus::Permission(2),
            other => FaultStatus::Other(other),
        }
    }
}

/// Lists what is different between the core's state and the expected one.
pub fn compare_states(ours: &State, theirs: &State, out: &mut Vec<String>) {
    let mut field = |name: String, ours: u64, theirs: u64| {
        if ours != theirs {
            out.push(format!("{name}: ours {ours:x}, theirs {theirs:x}"));
        }
    };
    for n in 0..16 {
        field(format!("r{n}"), ours.r[n].into(), theirs.r[n].into());
    }
    field("cpsr".into(), ours.cpsr.into(), theirs.cpsr.into());
    for n in 0..5 {
        field(format!("other r{}", n + 8), ours.r8_r12_other[n].into(), theirs.r8_r12_other[n].into());
    }
    for (n, (a, b)) in ours.banked.iter().zip(&theirs.banked).enumerate() {
        field(format!("r13 of mode {:x}", BANKS[n]), a.r13.into(), b.r13.into());
        field(format!("r14 of mode {:x}", BANKS[n]), a.r14.into(), b.r14.into());
        field(format!("spsr of mode {:x}", BANKS[n]), a.spsr.into(), b.spsr.into());
    }
    for n in 0..32 {
        field(format!("d{n}"), ours.d[n], theirs.d[n]);
    }
    field("fpscr".into(), ours.fpscr.into(), theirs.fpscr.into());
}
