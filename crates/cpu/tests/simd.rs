//! VFP and Advanced SIMD instructions as a whole: texts and encodings of every class in both instruction sets, when they
//! are UNDEFINED, and what accesses that fault leave behind. Results of single instructions are compared with another
//! emulator by the differential test, arithmetic with another library by `fp_oracle`.
#![allow(clippy::unwrap_used)]

use msmemu_cpu::cp15::Cp15Regs;
use msmemu_cpu::fp::FpState;
use msmemu_cpu::isa::{Set, disasm};
use msmemu_cpu::{Core, Cpu, FaultStatus, Model, Observer, StepEngine, Trap};
use msmemu_fabric::{Bus, BusMaster, MasterId, Mid, PhysAddr, PhysRange, Ram, RamBus};

const MASTER: MasterId = MasterId { bus: BusMaster(0), mid: Mid(0) };
const CODE: u32 = 0x1000;
const RAM_BYTES: u64 = 0x8000;

/// A32 word, T32 word and text; assembled by another assembler.
const TEXTS: &[(u32, u32, &str)] = &[
    (0xee71_0a2f, 0xee71_0a2f, "vadd.f32 s1, s2, s31"),
    (0xee42_1b2f, 0xee42_1b2f, "vmla.f64 d17, d2, d31"),
    (0xee10_0a81, 0xee10_0a81, "vnmls.f32 s0, s1, s2"),
    (0xee94_3b45, 0xee94_3b45, "vfnma.f64 d3, d4, d5"),
    (0xeeff_2a08, 0xeeff_2a08, "vmov.f32 s5, #-1.5"),
    (0xeef4_4b00, 0xeef4_4b00, "vmov.f64 d20, #0.125"),
    (0xeef5_1ac0, 0xeef5_1ac0, "vcmpe.f32 s3, #0.0"),
    (0xeefd_3b63, 0xeefd_3b63, "vcvtr.s32.f64 s7, d19"),
    (0xeefa_4a65, 0xeefa_4a65, "vcvt.f32.s16 s9, s9, #5"),
    (0xeebf_9bc0, 0xeebf_9bc0, "vcvt.u32.f64 d9, d9, #32"),
    (0xeeb3_1ae1, 0xeeb3_1ae1, "vcvtt.f16.f32 s2, s3"),
    (0xeef7_fae2, 0xeef7_fae2, "vcvt.f64.f32 d31, s5"),
    (0xec52_1a1f, 0xec52_1a1f, "vmov r1, r2, s30, s31"),
    (0xec44_3b3e, 0xec44_3b3e, "vmov d30, r3, r4"),
    (0xeeb5_5bf0, 0xeeb5_5bf0, "vmov.u16 r5, d21[3]"),
    (0xee67_6b30, 0xee67_6b30, "vmov.8 d7[5], r6"),
    (0xee38_7b10, 0xee38_7b10, "vmov.32 r7, d8[1]"),
    (0xeea2_8bb0, 0xeea2_8bb0, "vdup.16 q9, r8"),
    (0xeef1_fa10, 0xeef1_fa10, "vmrs apsr_nzcv, fpscr"),
    (0xeee8_9a10, 0xeee8_9a10, "vmsr fpexc, r9"),
    (0xeef7_aa10, 0xeef7_aa10, "vmrs r10, mvfr0"),
    (0xed51_0bff, 0xed51_0bff, "vldr d16, [r1, #-1020]"),
    (0xedcf_1a02, 0xedcf_1a02, "vstr s3, [pc, #8]"),
    (0xed2d_8b10, 0xed2d_8b10, "vpush {d8-d15}"),
    (0xecbd_8a04, 0xecbd_8a04, "vpop {s16-s19}"),
    (0xecf2_0b20, 0xecf2_0b20, "vldmia r2!, {d16-d31}"),
    (0xed63_0a04, 0xed63_0a04, "vstmdb r3!, {s1-s4}"),
    (0xf202_1003, 0xef02_1003, "vhadd.s8 d1, d2, d3"),
    (0xf334_207e, 0xff34_207e, "vqadd.u64 q1, q2, q15"),
    (0xf216_2444, 0xef16_2444, "vshl.s16 q1, q2, q3"),
    (0xf224_2154, 0xef24_2154, "vmov q1, q2"),
    (0xf232_113f, 0xef32_113f, "vorn d1, d2, d31"),
    (0xf204_2e46, 0xef04_2e46, "vceq.f32 q1, q2, q3"),
    (0xf282_2e03, 0xef82_2e03, "vmull.p8 q1, d2, d3"),
    (0xf2d7_036f, 0xefd7_036f, "vqdmlal.s16 q8, d7, d7[3]"),
    (0xf3a4_296f, 0xffa4_296f, "vmul.f32 q1, q2, d15[1]"),
    (0xf292_1063, 0xef92_1063, "vmla.i16 d1, d2, d3[2]"),
    (0xf398_612f, 0xff98_612f, "vaddw.u16 q3, q4, d31"),
    (0xf3a8_340a, 0xffa8_340a, "vraddhn.i64 d3, q4, q5"),
    (0xf388_1012, 0xff88_1012, "vshr.u8 d1, d2, #8"),
    (0xf3bf_25d4, 0xffbf_25d4, "vsli.64 q1, q2, #63"),
    (0xf390_1854, 0xff90_1854, "vqrshrun.s32 d1, q2, #16"),
    (0xf288_2a12, 0xef88_2a12, "vmovl.s8 q1, d2"),
    (0xf39f_2a12, 0xff9f_2a12, "vshll.u16 q1, d2, #15"),
    (0xf3ba_2302, 0xffba_2302, "vshll.i32 q1, d2, #32"),
    (0xf2a0_2f54, 0xefa0_2f54, "vcvt.s32.f32 q1, q2, #32"),
    (0xf387_225f, 0xff87_225f, "vmov.i32 q1, #0xff00"),
    (0xf382_1a3b, 0xff82_1a3b, "vmvn.i16 d1, #0xab00"),
    (0xf281_1732, 0xef81_1732, "vbic.i32 d1, #0x12000000"),
    (0xf382_1e37, 0xff82_1e37, "vmov.i64 d1, #0xff00ff0000ffffff"),
    (0xf287_2f50, 0xef87_2f50, "vmov.f32 q1, #1.0"),
    (0xf2b4_2f46, 0xefb4_2f46, "vext.8 q1, q2, q3, #15"),
    (0xf3bd_1a82, 0xffbd_1a82, "vtbl.8 d1, {d29-d31}, d2"),
    (0xf3bc_2c45, 0xffbc_2c45, "vdup.32 q1, d5[1]"),
    (0xf3b4_2044, 0xffb4_2044, "vrev64.16 q1, q2"),
    (0xf3b0_1682, 0xffb0_1682, "vpadal.u8 d1, d2"),
    (0xf3b9_1602, 0xffb9_1602, "vclt.f32 d1, d2, #0"),
    (0xf3ba_20c4, 0xffba_20c4, "vtrn.32 q1, q2"),
    (0xf3b2_1182, 0xffb2_1182, "vzip.8 d1, d2"),
    (0xf3ba_1244, 0xffba_1244, "vqmovun.s64 d1, q2"),
    (0xf3b6_1604, 0xffb6_1604, "vcvt.f16.f32 d1, q2"),
    (0xf3bb_25c4, 0xffbb_25c4, "vrsqrte.f32 q1, q2"),
    (0xf421_061d, 0xf921_061d, "vld1.8 {d0, d1, d2}, [r1:64]!"),
    (0xf422_0943, 0xf922_0943, "vld2.16 {d0, d2}, [r2], r3"),
    (0xf404_11bf, 0xf904_11bf, "vst4.32 {d1, d3, d5, d7}, [r4:256]"),
    (0xf4a5_16af, 0xf9a5_16af, "vld3.16 {d1[2], d3[2], d5[2]}, [r5]"),
    (0xf486_98bd, 0xf986_98bd, "vst1.32 {d9[1]}, [r6:32]!"),
    (0xf4a7_0f18, 0xf9a7_0f18, "vld4.8 {d0[], d1[], d2[], d3[]}, [r7:32], r8"),
    (0xf4a9_4caf, 0xf9a9_4caf, "vld1.32 {d4[], d5[]}, [r9]"),
];

#[test]
fn texts_of_every_class() {
    let mut wrong = Vec::new();
    for &(a32, t32, text) in TEXTS {
        for (set, word) in [(Set::A32, a32), (Set::T32, t32)] {
            let actual = disasm::disassemble(set, word, CODE, 0);
            if actual.as_deref() != Some(text) {
                wrong.push(format!("{word:08x}: {actual:?} is not {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The exception of a step, if any.
#[derive(Default)]
struct Taken(Option<Trap>);

impl Observer for Taken {
    fn exception(&mut self, trap: &Trap, _: u32, _: u32) {
        self.0 = Some(*trap);
    }
}

struct Machine {
    cpu: Cpu<StepEngine>,
    bus: RamBus,
}

impl Machine {
    /// Everything enabled, Secure, Supervisor mode, translation off.
    fn new(model: Model) -> Self {
        let ram = Ram::new(&[PhysRange::new(PhysAddr(0), RAM_BYTES).unwrap()]).unwrap();
        let mut cpu = Cpu::with_engine(Core::new(model, MASTER), StepEngine);
        cpu.core.cp15.set(Cp15Regs::CPACR, true, 0xf << 20);
        cpu.core.fp.fpexc = FpState::FPEXC_EN;
        Self { cpu, bus: RamBus::new(ram) }
    }

    fn write(&mut self, address: u32, bytes: &[u8]) {
        self.bus.ram().write(BusMaster(0), PhysAddr(u64::from(address)), bytes).unwrap();
    }

    /// Runs one A32 instruction and gives the exception it took.
    fn step(&mut self, word: u32) -> Option<Trap> {
        self.write(CODE, &word.to_le_bytes());
        self.cpu.core.pc = CODE;
        self.cpu.core.thumb = false;
        let mut taken = Taken::default();
        self.cpu.step(&mut self.bus, &mut taken);
        taken.0
    }
}

const VADD_S: u32 = 0xee71_0a2f;
const VCMP_S: u32 = 0xeef5_1ac0;
const VADD_I32: u32 = 0xf222_0844;
const VADD_D_HIGH: u32 = 0xee71_1ba2;
const VLDR_D0: u32 = 0xed91_0b00;
const VMRS_FPSCR: u32 = 0xeef1_0a10;
const VMRS_FPEXC: u32 = 0xeef8_0a10;
const VMSR_FPEXC: u32 = 0xeee8_0a10;
const VMRS_FPINST: u32 = 0xeef9_0a10;
const VFMA_S: u32 = 0xeea0_0a81;

#[test]
fn what_is_undefined_when() {
    type Setup = fn(&mut Core);
    let user: Setup = |core| core.set_cpsr(0x10, 0x1f);
    let disabled: Setup = |core| core.fp.fpexc = 0;
    let denied: Setup = |core| core.cp15.set(Cp15Regs::CPACR, true, 0);
    let privileged_only: Setup = |core| core.cp15.set(Cp15Regs::CPACR, true, 0x5 << 20);
    let no_simd: Setup = |core| core.cp15.set(Cp15Regs::CPACR, true, 0x80f0_0000);
    let no_d32: Setup = |core| core.cp15.set(Cp15Regs::CPACR, true, 0xc0f0_0000);
    let non_secure: Setup = |core| core.cp15.set(Cp15Regs::SCR, true, 1);
    let length: Setup = |core| core.fp.fpscr = 1 << 16;
    let stride: Setup = |core| core.fp.fpscr = 3 << 20;
    let all = [VADD_S, VCMP_S, VADD_I32, VADD_D_HIGH, VLDR_D0, VMRS_FPSCR, VMRS_FPEXC, VFMA_S];
    // Name, changes to a core with everything enabled, words that are defined, words that are UNDEFINED.
    type Case<'a> = (&'a str, &'a [Setup], &'a [u32], &'a [u32]);
    let cases: &[Case<'_>] = &[
        ("enabled", &[], &all, &[VMRS_FPINST]),
        ("user", &[user], &[VADD_S, VADD_I32, VLDR_D0, VMRS_FPSCR], &[VMRS_FPEXC, VMSR_FPEXC]),
        ("FPEXC.EN clear", &[disabled], &[VMRS_FPEXC, VMSR_FPEXC], &[VADD_S, VADD_I32, VLDR_D0, VMRS_FPSCR]),
        ("CPACR denies", &[denied], &[], &all),
        ("CPACR grants PL1", &[privileged_only], &[VADD_S, VADD_I32, VMRS_FPEXC], &[]),
        ("CPACR grants PL1, user", &[privileged_only, user], &[], &all),
        ("ASEDIS", &[no_simd], &[VADD_S, VADD_D_HIGH], &[VADD_I32]),
        ("ASEDIS, D32DIS", &[no_d32], &[VADD_S, VLDR_D0], &[VADD_I32, VADD_D_HIGH]),
        ("Non-secure, NSACR denies", &[non_secure], &[], &all),
        ("FPSCR.Len", &[length], &[VCMP_S, VADD_I32, VLDR_D0], &[VADD_S, VADD_D_HIGH, VFMA_S]),
        ("FPSCR.Stride", &[stride], &[VCMP_S, VADD_I32], &[VADD_S]),
    ];
    for (name, setup, defined, undefined) in cases {
        for (words, expected) in [(defined, None), (undefined, Some(Trap::Undefined))] {
            for &word in *words {
                let mut machine = Machine::new(Model::Krait);
                machine.cpu.core.r[1] = 0x4000;
                machine.cpu.core.r[0] = FpState::FPEXC_EN;
                for apply in *setup {
                    apply(&mut machine.cpu.core);
                }
                assert_eq!(machine.step(word), expected, "{name}: {word:08x}");
            }
        }
    }
}

#[test]
fn scorpion_has_no_fused_multiply_add() {
    let mut machine = Machine::new(Model::Scorpion);
    assert_eq!(machine.step(VFMA_S), Some(Trap::Undefined));
    machine = Machine::new(Model::Scorpion);
    assert_eq!(machine.step(0xf201_0c12), Some(Trap::Undefined), "vfma.f32 d0, d1, d2");
    machine = Machine::new(Model::Scorpion);
    assert_eq!(machine.step(0xeef6_0a10), None, "vmrs r0, mvfr1");
    assert_eq!(machine.cpu.core.r[0] >> 28, 0);
}

#[test]
fn alignment_is_checked_where_the_instruction_asks() {
    // Instruction, offset of its base in r1, whether it faults.
    let cases = [
        (VLDR_D0, 4, false, "vldr d0, [r1]"),
        (VLDR_D0, 2, true, "vldr d0, [r1]"),
        (0xed91_0a00, 1, true, "vldr s0, [r1]"),
        (0xecb1_0b04, 2, true, "vldmia r1!, {d0-d1}"),
        (0xf421_071f, 4, true, "vld1.8 {d0}, [r1:64]"),
        (0xf421_071f, 8, false, "vld1.8 {d0}, [r1:64]"),
        (0xf421_023f, 16, true, "vld1.8 {d0-d3}, [r1:256]"),
        (0xf421_023f, 32, false, "vld1.8 {d0-d3}, [r1:256]"),
        (0xf4a1_083f, 2, true, "vld1.32 {d0[0]}, [r1:32]"),
        (0xf4a1_083f, 4, false, "vld1.32 {d0[0]}, [r1:32]"),
        (0xf401_071f, 4, true, "vst1.8 {d0}, [r1:64]"),
    ];
    for (word, offset, faults, text) in cases {
        let mut machine = Machine::new(Model::Krait);
        machine.cpu.core.r[1] = 0x4000 + offset;
        let fault = match machine.step(word) {
            None => None,
            Some(Trap::DataAbort(fault)) => Some((fault.status, fault.va)),
            other => panic!("{text}: {other:?}"),
        };
        let expected = faults.then_some((FaultStatus::Alignment, 0x4000 + offset));
        assert_eq!(fault, expected, "{text} at offset {offset}");
    }
}

#[test]
fn a_load_that_aborts_changes_no_register() {
    let end = RAM_BYTES as u32;
    // The second half of each transfer lies beyond RAM.
    let cases = [
        (0xecb1_0b04_u32, end - 8, "vldmia r1!, {d0-d1}"),
        (0xecb1_0a04, end - 8, "vldmia r1!, {s0-s3}"),
        (VLDR_D0, end - 4, "vldr d0, [r1]"),
        (0xf421_0a0d, end - 8, "vld1.8 {d0, d1}, [r1]!"),
        (0xf421_004d, end - 16, "vld4.16 {d0-d3}, [r1]!"),
        (0xf4a1_0d4d, end - 2, "vld2.16 {d0[], d1[]}, [r1]!"),
    ];
    for (word, base, text) in cases {
        let mut machine = Machine::new(Model::Krait);
        machine.cpu.core.r[1] = base;
        machine.cpu.core.fp.d = [0x0123_4567_89ab_cdef; 32];
        let before = machine.cpu.core.fp;
        let trap = machine.step(word);
        assert!(matches!(trap, Some(Trap::DataAbort(_))), "{text}: {trap:?}");
        assert_eq!(machine.cpu.core.fp, before, "{text}");
        assert_eq!(machine.cpu.core.r[1], base, "{text}");
    }
}

#[test]
fn structures_are_interleaved_in_either_endianness() {
    let bytes: Vec<u8> = (0..32).collect();
    for big_endian in [false, true] {
        let mut machine = Machine::new(Model::Krait);
        machine.write(0x4000, &bytes);
        machine.cpu.core.r[1] = 0x4000;
        machine.cpu.core.set_cpsr(u32::from(big_endian) << 9, 1 << 9);
        assert_eq!(machine.step(0xf421_010d), None, "vld4.8 {{d0, d2, d4, d6}}, [r1]!");
        // Bytes have no order in themselves, so both give the same.
        for register in 0..4_u8 {
            let expected: [u8; 8] = core::array::from_fn(|lane| 4 * lane as u8 + register);
            assert_eq!(machine.cpu.core.fp.d[2 * usize::from(register)].to_le_bytes(), expected);
        }
        assert_eq!(machine.cpu.core.r[1], 0x4020);
        machine.cpu.core.r[1] = 0x4000;
        assert_eq!(machine.step(0xf421_074f), None, "vld1.16 {{d0}}, [r1]");
        let halfwords = if big_endian { 0x0607_0405_0203_0001 } else { 0x0706_0504_0302_0100_u64 };
        assert_eq!(machine.cpu.core.fp.d[0], halfwords);
        let doubleword = if big_endian { 0x0001_0203_0405_0607_u64 } else { 0x0706_0504_0302_0100 };
        for word in [0xf421_07cf, VLDR_D0] {
            machine.cpu.core.fp.d[0] = 0;
            assert_eq!(machine.step(word), None, "vld1.64 {{d0}}, [r1] and vldr d0, [r1]");
            assert_eq!(machine.cpu.core.fp.d[0], doubleword);
        }
    }
}

#[test]
fn advanced_simd_ignores_the_controls_of_fpscr_and_vfp_follows_them() {
    let mut machine = Machine::new(Model::Krait);
    // Towards plus infinity: 1 + 2^-30 rounds up in VFP only.
    let fpscr = 1 << 22;
    for (word, expected) in [(0xf200_0d01, 0x3f80_0000), (0xee30_0a01_u32, 0x3f80_0001)] {
        machine.cpu.core.fp.fpscr = fpscr;
        machine.cpu.core.fp.d[0] = 0x3f80_0000;
        machine.cpu.core.fp.d[1] = 0x3080_0000;
        assert_eq!(machine.step(word), None, "vadd.f32 d0, d0, d1 and vadd.f32 s0, s0, s2");
        assert_eq!(machine.cpu.core.fp.s(0), expected);
        assert_eq!(machine.cpu.core.fp.fpscr, fpscr | (1 << 4), "inexact is cumulative in both");
    }
    // A denormal operand is flushed by Advanced SIMD only.
    for (word, expected) in [(0xf200_0d01_u32, (0, 1 << 7)), (0xee30_0a01, (1, 0))] {
        machine.cpu.core.fp.fpscr = 0;
        machine.cpu.core.fp.d[..2].copy_from_slice(&[1, 0]);
        assert_eq!(machine.step(word), None);
        assert_eq!((machine.cpu.core.fp.s(0), machine.cpu.core.fp.fpscr), expected);
    }
}

#[test]
fn conversions_from_fixed_point_round_to_nearest_in_every_mode() {
    for mode in 0..4 {
        let mut machine = Machine::new(Model::Krait);
        machine.cpu.core.fp.fpscr = mode << 22;
        // 2^24 + 1 is halfway between two singles, of which the lower is even.
        machine.cpu.core.fp.set_s(0, 0x0100_0001);
        assert_eq!(machine.step(0xeeba_0ac8), None, "vcvt.f32.s32 s0, s0, #16");
        assert_eq!(machine.cpu.core.fp.s(0), 256.0_f32.to_bits());
        machine.cpu.core.fp.set_s(0, 0x0100_0001);
        assert_eq!(machine.step(0xeeb8_0ac0), None, "vcvt.f32.s32 s0, s0");
        let expected = 16_777_216.0_f32.to_bits() + u32::from(mode == 1);
        assert_eq!(machine.cpu.core.fp.s(0), expected, "integers follow the mode");
    }
}

#[test]
fn control_register_bits_that_are_not_there_read_as_zero() {
    let mut machine = Machine::new(Model::Krait);
    machine.cpu.core.r[0] = !0;
    assert_eq!(machine.step(0xeee1_0a10), None, "vmsr fpscr, r0");
    assert_eq!(machine.step(0xeef1_1a10), None, "vmrs r1, fpscr");
    assert_eq!(machine.cpu.core.r[1], 0xfff7_009f);
    assert_eq!(machine.step(VMSR_FPEXC), None);
    assert_eq!(machine.cpu.core.fp.fpexc, FpState::FPEXC_EN);
}
