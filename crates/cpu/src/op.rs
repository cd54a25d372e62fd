//! Lowered instructions: what the decoder makes and the engine runs.

use core::fmt;

/// Number of a handler in the dispatch table, see module `exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct HandlerId(pub u16);

/// One instruction with its operands extracted.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Op {
    /// What runs it.
    pub handler: HandlerId,
    /// The handler behind a wrapper (condition test, R15 operand); equal to `handler` when there is no wrapper.
    pub inner: HandlerId,
    /// Destination (`d` or `t`).
    pub rd: u8,
    /// First operand (`n`).
    pub rn: u8,
    /// Second operand (`m`).
    pub rm: u8,
    /// Third operand (`s` or `a`).
    pub rs: u8,
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

/// The instruction did not complete: `core.trap` says why.
///
/// Zero-sized so that results stay in registers; only [`crate::Core::raise`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raised(pub(crate) ());

/// What a handler returns.
pub type Exec = Result<Flow, Raised>;

/// How a run of ops of one block ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// What the last op returned.
    pub result: Exec,
    /// [`Op::index`] of that op.
    pub index: u16,
}
