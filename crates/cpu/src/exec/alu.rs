//! Data processing: the sixteen operations with every form of second operand, MOVT, and the forms that write R15.

use super::{Apply, Body, Dynamic, Piece, Special, done, end, next};
use crate::env::Env;
use crate::exception;
use crate::op::{End, Exec, Flow, HandlerId, Op, Reg};
use crate::state::{Core, Flags};

/// Operations, numbered as in the A32 encoding; ORN follows.
#[allow(missing_docs)]
pub(crate) mod operation {
    pub(crate) const AND: u8 = 0;
    pub(crate) const EOR: u8 = 1;
    pub(crate) const SUB: u8 = 2;
    pub(crate) const RSB: u8 = 3;
    pub(crate) const ADD: u8 = 4;
    pub(crate) const ADC: u8 = 5;
    pub(crate) const SBC: u8 = 6;
    pub(crate) const RSC: u8 = 7;
    pub(crate) const TST: u8 = 8;
    pub(crate) const TEQ: u8 = 9;
    pub(crate) const CMP: u8 = 10;
    pub(crate) const CMN: u8 = 11;
    pub(crate) const ORR: u8 = 12;
    pub(crate) const MOV: u8 = 13;
    pub(crate) const BIC: u8 = 14;
    pub(crate) const MVN: u8 = 15;
    pub(crate) const ORN: u8 = 16;
    pub(crate) const COUNT: u8 = 17;
}
use operation::*;

/// Forms of the second operand.
pub(crate) mod form {
    /// `op.imm`; the carry out is bit 31 when `op.sh` is 1, else unchanged.
    pub(crate) const IMM: u8 = 0;
    /// Rm.
    pub(crate) const REG: u8 = 1;
    /// Rm, LSL #`op.sh` (1–31).
    pub(crate) const LSL: u8 = 2;
    /// Rm, LSR #`op.sh` (1–32).
    pub(crate) const LSR: u8 = 3;
    /// Rm, ASR #`op.sh` (1–32).
    pub(crate) const ASR: u8 = 4;
    /// Rm, ROR #`op.sh` (1–31).
    pub(crate) const ROR: u8 = 5;
    /// Rm, RRX.
    pub(crate) const RRX: u8 = 6;
    /// Rm, shifted by Rs; `op.sh` is the type.
    pub(crate) const BY_REG: u8 = 7;
    pub(crate) const COUNT: u8 = 8;
}

/// Handlers of data processing.
pub(crate) struct Alu;

impl Alu {
    const FIRST: u16 = Special::END;
    const MOVT: u16 = Self::FIRST + COUNT as u16 * form::COUNT as u16 * 2;
    const WRITES_PC: u16 = Self::MOVT + 1;
    /// Number after the last handler of this group.
    pub(crate) const END: u16 = Self::WRITES_PC + 1;

    /// The handler of an operation.
    pub(crate) const fn id(operation: u8, form: u8, flags: bool) -> HandlerId {
        HandlerId(Self::FIRST + (operation as u16 * form::COUNT as u16 + form as u16) * 2 + flags as u16)
    }

    /// MOVT.
    pub(crate) const fn movt() -> HandlerId {
        HandlerId(Self::MOVT)
    }

    /// Any A32 data-processing instruction with Rd = R15; it decodes `op.word` itself.
    pub(crate) const fn writes_pc() -> HandlerId {
        HandlerId(Self::WRITES_PC)
    }

    /// Writes this group's handlers into the table.
    pub(crate) const fn list<E: Env, const N: usize>(
        mut table: [super::Handler<E>; N],
    ) -> [super::Handler<E>; N] {
        macro_rules! forms {
            ($op:expr; $($form:expr),*) => {$(
                let id = Self::id($op, $form, false).0 as usize;
                table[id] = Data::<{ $op }, { $form }, false>::threaded::<E, Dynamic>;
                table[id + 1] = Data::<{ $op }, { $form }, true>::threaded::<E, Dynamic>;
            )*};
        }
        macro_rules! operations {
            ($($op:expr),*) => {$(
                forms!($op; form::IMM, form::REG, form::LSL, form::LSR, form::ASR, form::ROR, form::RRX, form::BY_REG);
            )*};
        }
        operations!(AND, EOR, SUB, RSB, ADD, ADC, SBC, RSC, TST, TEQ, CMP, CMN, ORR, MOV, BIC, MVN, ORN);
        table[Self::MOVT as usize] = movt::<E>;
        table[Self::WRITES_PC as usize] = writes_pc::<E>;
        table
    }
}

/// A register's value.
#[inline(always)]
pub(crate) fn reg(core: &Core, n: Reg) -> u32 {
    core.r[n as usize]
}

/// Writes a register.
#[inline(always)]
pub(crate) fn set_reg(core: &mut Core, n: Reg, value: u32) {
    core.r[n as usize] = value;
}

/// Shifts by a register's value: `amount` is its low byte. Returns the value and the carry out.
pub(crate) fn shift_by_reg(kind: u8, value: u32, amount: u32, carry: u32) -> (u32, u32) {
    if amount == 0 {
        return (value, carry);
    }
    match kind & 3 {
        0 => match amount {
            1..=31 => (value << amount, (value >> (32 - amount)) & 1),
            32 => (0, value & 1),
            _ => (0, 0),
        },
        1 => match amount {
            1..=31 => (value >> amount, (value >> (amount - 1)) & 1),
            32 => (0, value >> 31),
            _ => (0, 0),
        },
        2 => {
            if amount < 32 {
                (((value as i32) >> amount) as u32, (value >> (amount - 1)) & 1)
            } else {
                (((value as i32) >> 31) as u32, value >> 31)
            }
        }
        _ => {
            let out = value.rotate_right(amount & 31);
            (out, out >> 31)
        }
    }
}

/// Shifts by an encoded constant: `kind` and `imm5` as in the instruction (0 means 32 for LSR and ASR, RRX for ROR).
pub(crate) fn shift_by_imm(kind: u8, value: u32, imm5: u32, carry: u32) -> (u32, u32) {
    match (kind & 3, imm5 & 31) {
        (0, 0) => (value, carry),
        (1 | 2, 0) => shift_by_reg(kind, value, 32, carry),
        (3, 0) => (value >> 1 | carry << 31, value & 1),
        (_, n) => shift_by_reg(kind, value, n, carry),
    }
}

/// The second operand and the shifter's carry out; `m` is Rm.
#[inline(always)]
fn operand<const FORM: u8>(core: &Core, op: &Op, m: u32) -> (u32, u32) {
    let carry = core.flags.c;
    if FORM == form::IMM {
        return (op.imm, if op.sh != 0 { op.imm >> 31 } else { carry });
    }
    let n = u32::from(op.sh);
    match FORM {
        form::REG => (m, carry),
        form::LSL => (m << (n & 31), (m >> (32_u32.wrapping_sub(n) & 31)) & 1),
        form::LSR => {
            let wide = u64::from(m) << 1 >> (n & 63);
            ((wide >> 1) as u32, wide as u32 & 1)
        }
        form::ASR => {
            let wide = i64::from(m as i32) << 1 >> (n & 63);
            ((wide >> 1) as u32, wide as u32 & 1)
        }
        form::ROR => {
            let out = m.rotate_right(n);
            (out, out >> 31)
        }
        form::RRX => (m >> 1 | carry << 31, m & 1),
        _ => shift_by_reg(op.sh, m, reg(core, op.s) & 0xFF, carry),
    }
}

/// a + b + carry with flags.
#[inline(always)]
pub(crate) fn add_with_flags(core: &mut Core, a: u32, b: u32, carry: u32) -> u32 {
    let wide = u64::from(a) + u64::from(b) + u64::from(carry);
    let out = wide as u32;
    core.flags = Flags { n: out, z: out, c: (wide >> 32) as u32, v: (a ^ out) & (b ^ out) };
    out
}

/// a - b with flags; C is set when there is no borrow.
#[inline(always)]
pub(crate) fn sub_with_flags(core: &mut Core, a: u32, b: u32) -> u32 {
    let out = a.wrapping_sub(b);
    core.flags = Flags { n: out, z: out, c: u32::from(a >= b), v: (a ^ b) & (a ^ out) };
    out
}

#[inline(always)]
fn compute<const S: bool>(core: &mut Core, operation: u8, a: u32, b: u32, carry_out: u32) -> u32 {
    let c = core.flags.c;
    match operation {
        SUB | CMP if S => return sub_with_flags(core, a, b),
        SUB | CMP => return a.wrapping_sub(b),
        RSB if S => return sub_with_flags(core, b, a),
        RSB => return b.wrapping_sub(a),
        ADD | CMN if S => return add_with_flags(core, a, b, 0),
        ADD | CMN => return a.wrapping_add(b),
        ADC if S => return add_with_flags(core, a, b, c),
        ADC => return a.wrapping_add(b).wrapping_add(c),
        SBC if S => return add_with_flags(core, a, !b, c),
        SBC => return a.wrapping_add(!b).wrapping_add(c),
        RSC if S => return add_with_flags(core, b, !a, c),
        RSC => return b.wrapping_add(!a).wrapping_add(c),
        _ => {}
    }
    let out = match operation {
        AND | TST => a & b,
        EOR | TEQ => a ^ b,
        ORR => a | b,
        MOV => b,
        BIC => a & !b,
        MVN => !b,
        _ => a | !b,
    };
    if S {
        core.flags.n = out;
        core.flags.z = out;
        core.flags.c = carry_out;
    }
    out
}

/// An operation on a form of second operand, with flags or without.
pub(super) struct Data<const OP: u8, const FORM: u8, const S: bool>;

impl<const OP: u8, const FORM: u8, const S: bool> Body for Data<OP, FORM, S> {
    const ID: HandlerId = Alu::id(OP, FORM, S);
    #[inline(always)]
    fn run<E: Env>(core: &mut Core, _env: &mut E, op: &Op) -> Exec {
        let (n, m) = (reg(core, op.n), reg(core, op.m));
        Self::apply(core, op, n, m);
        Ok(Flow::Next)
    }
}

impl<const OP: u8, const FORM: u8, const S: bool> Apply for Data<OP, FORM, S> {
    #[inline(always)]
    fn apply(core: &mut Core, op: &Op, n: u32, m: u32) -> u32 {
        let (b, carry) = operand::<FORM>(core, op, m);
        let out = compute::<S>(core, OP, n, b, carry);
        if !matches!(OP, TST | TEQ | CMP | CMN) {
            set_reg(core, op.d, out);
        }
        out
    }
}

fn movt<E: Env>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let Some((op, rest)) = ops.split_first() else { return done() };
    let low = reg(core, op.d) & 0xFFFF;
    set_reg(core, op.d, op.imm << 16 | low);
    next(core, env, op, rest)
}

fn writes_pc<E: Env>(core: &mut Core, env: &mut E, ops: &[Op]) -> End {
    let Some(op) = ops.first() else { return done() };
    let result = jump_to_result(core, op);
    end(env, op, result)
}

/// ALU result to R15: a branch with interworking, or with S an exception return.
fn jump_to_result(core: &mut Core, op: &Op) -> Exec {
    let word = op.word;
    let operation = (word >> 21 & 15) as u8;
    let carry = core.flags.c;
    let b = if word >> 25 & 1 != 0 {
        op.imm
    } else if word >> 4 & 1 != 0 {
        shift_by_reg((word >> 5) as u8, reg(core, op.m), reg(core, op.s) & 0xFF, carry).0
    } else {
        shift_by_imm((word >> 5) as u8, reg(core, op.m), word >> 7, carry).0
    };
    let a = reg(core, op.n);
    let target = compute::<false>(core, operation, a, b, carry);
    if word >> 20 & 1 == 0 {
        core.bx(target);
        return Ok(Flow::Jump);
    }
    match core.spsr() {
        Some(spsr) => exception::exception_return(core, target, spsr),
        None => core.undefined(),
    }
}
