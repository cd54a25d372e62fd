//! Lowered instructions: what the decoder makes and the engine runs.

use core::fmt;

/// Number of a handler in the dispatch table, see module `exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct HandlerId(pub u16);

/// A core register. Its own type, so that an index into the sixteen needs no check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Reg {
    #[default]
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}

impl Reg {
    const ALL: [Self; 16] = [
        Self::R0,
        Self::R1,
        Self::R2,
        Self::R3,
        Self::R4,
        Self::R5,
        Self::R6,
        Self::R7,
        Self::R8,
        Self::R9,
        Self::R10,
        Self::R11,
        Self::R12,
        Self::R13,
        Self::R14,
        Self::R15,
    ];

    /// The register that bits 3:0 number.
    pub const fn of(n: u8) -> Self {
        Self::ALL[(n & 15) as usize]
    }
}

/// One instruction with its operands extracted.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Op {
    /// What runs it.
    pub handler: HandlerId,
    /// The handler behind a wrapper (condition test, R15 operand); equal to `handler` when there is no wrapper.
    pub inner: HandlerId,
    /// The handler of the next op of its block.
    pub next: HandlerId,
    /// Destination (`d` or `t`).
    pub rd: u8,
    /// First operand (`n`).
    pub rn: u8,
    /// Second operand (`m`).
    pub rm: u8,
    /// Third operand (`s` or `a`).
    pub rs: u8,
    /// `rd` as a core register.
    pub d: Reg,
    /// `rn` as a core register.
    pub n: Reg,
    /// `rm` as a core register.
    pub m: Reg,
    /// `rs` as a core register.
    pub s: Reg,
    /// Condition, 0–14.
    pub cond: u8,
    /// Shift amount, lane number or whatever small number the handler wants.
    pub sh: u8,
    /// ITSTATE before this instruction.
    pub it: u8,
    /// Cost in cycles.
    pub cycles: u8,
    /// Length in bytes: 2 or 4.
    pub len: u8,
    /// Set of flags for the engine: see [`Op::ENDS_BLOCK`].
    pub flags: u8,
    /// Cycles of the ops before it in its block.
    pub before: u16,
    /// Number of ops before it in its block.
    pub index: u16,
    /// Index of the row in its instruction set's list (coverage), or [`Op::NO_ROW`].
    pub row: u16,
    /// Immediate, pre-computed (rotated, expanded, PC-relative).
    pub imm: u32,
    /// Address of this instruction.
    pub pc: u32,
    /// The instruction word (T32: first halfword in the upper half).
    pub word: u32,
}

impl Op {
    /// Nothing after this instruction may be in the same block.
    pub const ENDS_BLOCK: u8 = 1;
    /// The handler reads R15 through the register file.
    pub const READS_PC: u8 = 2;
    /// The handler tests the condition itself (conditional branches), so no wrapper is put around it.
    pub const TESTS_COND: u8 = 4;
    /// IT: `sh` is the ITSTATE of the next instruction.
    pub const SETS_IT: u8 = 16;
    /// Thumb instruction.
    pub const THUMB: u8 = 8;
    /// No described instruction: UNDEFINED.
    pub const NO_ROW: u16 = u16::MAX;

    /// Address of the instruction after this one.
    pub fn next_pc(&self) -> u32 {
        self.pc.wrapping_add(u32::from(self.len))
    }

    /// What reading R15 gives: address plus 8 in A32, plus 4 in Thumb.
    pub fn pc_value(&self) -> u32 {
        self.pc.wrapping_add(if self.flags & Self::THUMB != 0 { 4 } else { 8 })
    }

    /// Marks the instruction as the last of its block.
    pub fn ends_block(&mut self) {
        self.flags |= Self::ENDS_BLOCK;
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Op({:#010x}: {:#010x})", self.pc, self.word)
    }
}

/// What follows an instruction that completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Flow {
    /// The next instruction.
    Next,
    /// `core.pc` and `core.thumb` say where; nothing else that affects decoding or translation changed.
    Jump,
    /// The next instruction, but state that affects decoding, translation or interrupts may have changed.
    Sync,
    /// Both: `core.pc` is set and state may have changed.
    SyncJump,
    /// The next instruction, after the host has seen `core.exit`.
    Exit,
}

impl Flow {
    const ALL: [Self; 5] = [Self::Next, Self::Jump, Self::Sync, Self::SyncJump, Self::Exit];
}

/// The instruction did not complete: `core.trap` says why.
///
/// Zero-sized so that results stay in registers; only [`crate::Core::raise`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised(pub(crate) ());

/// What a handler returns.
pub type Exec = Result<Flow, Raised>;

/// How a run of ops of one block ended: what the last op returned, and which it was.
///
/// One number, so that a handler whose last act is to call the next one leaves its answer where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End(u32);

impl End {
    /// Every op that was given completed.
    pub const ALL: Self = Self::new(Ok(Flow::Next), u16::MAX);

    /// `index` is [`Op::index`].
    #[inline(always)]
    pub const fn new(result: Exec, index: u16) -> Self {
        let code = match result {
            Ok(flow) => flow as u32,
            Err(Raised(())) => Flow::ALL.len() as u32,
        };
        Self((index as u32) << 16 | code)
    }

    /// What the last op returned.
    #[inline(always)]
    pub fn result(self) -> Exec {
        Flow::ALL.get(self.0 as usize & 0xFFFF).copied().ok_or(Raised(()))
    }

    /// The last op's number.
    #[inline(always)]
    pub const fn index(self) -> u16 {
        (self.0 >> 16) as u16
    }
}
