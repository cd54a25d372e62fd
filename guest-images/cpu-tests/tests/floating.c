/* Access control of VFP and Advanced SIMD (CPACR, FPEXC, User mode), FPSCR, and that the
 * registers survive. What the arithmetic gives is checked elsewhere. */
#include "cpu-tests.h"

#define WRITE_CPACR(v) WRITE_CP15(c1, 0, c0, 2, v)
#define FPU ".fpu neon-vfpv3\n"

static void fpexc(const char *name, u32 value)
{
    RUN(name, value, 0, FPU "vmsr fpexc, r0\n vmrs r1, fpexc\n and r1, r1, #0x40000000");
}

int main(void)
{
    static u32 memory[16] __attribute__((aligned(16)));
    WRITE_CPACR(0);
    show("cpacr closed", READ_CP15(c1, 0, c0, 2) & 0x00f00000);
    PROBE("vfp arm, cpacr closed", 0, 0, FPU "8: vadd.f32 s0, s0, s0");
    PROBE_THUMB("vfp thumb, cpacr closed", 0, 0, FPU "8: vadd.f32 s0, s0, s0");
    PROBE("neon, cpacr closed", 0, 0, FPU "8: vadd.i32 q0, q0, q0");
    PROBE("fpexc, cpacr closed", 0, 0, FPU "8: vmrs r0, fpexc");
    PROBE("fpsid, cpacr closed", 0, 0, FPU "8: vmrs r0, fpsid");
    PROBE("transfer, cpacr closed", 0, 0, FPU "8: vmov r0, s0");
    PROBE("vldr, cpacr closed", (u32)memory, 0, FPU "8: vldr d0, [r0]");

    WRITE_CPACR(5 << 20); /* privileged modes only */
    show("cpacr privileged", READ_CP15(c1, 0, c0, 2) & 0x00f00000);
    PROBE("vfp, fpexc off", 0, 0, FPU "8: vadd.f32 s0, s0, s0");
    PROBE("neon, fpexc off", 0, 0, FPU "8: vadd.i32 q0, q0, q0");
    PROBE("fpscr, fpexc off", 0, 0, FPU "8: vmrs r0, fpscr");
    RUN("fpsid reads, fpexc off", 0, 0, FPU "vmrs r0, fpsid\n mov r0, #1");
    RUN("mvfr0 reads, fpexc off", 0, 0, FPU "vmrs r0, mvfr0\n mov r0, #1");
    fpexc("fpexc on", 0x40000000);
    RUN("vfp works", 0x40490fdb, 0, FPU "vmov s0, r0\n vadd.f32 s0, s0, s0\n vmov r0, s0");
    PROBE_USER("user, cpacr privileged only", 0, 0, FPU "8: vadd.f32 s0, s0, s0");
    PROBE_USER("user neon, cpacr privileged only", 0, 0, FPU "8: vadd.i32 q0, q0, q0");
    fpexc("fpexc off again", 0);
    PROBE("vfp, fpexc off again", 0, 0, FPU "8: vadd.f32 s0, s0, s0");
    fpexc("fpexc on again", 0x40000000);

    WRITE_CPACR(0xf << 20);
    show("cpacr all", READ_CP15(c1, 0, c0, 2) & 0x00f00000);
    PROBE_USER("user works", 0x3f800000, 0, FPU "8: vmov s2, r0\n vadd.f32 s2, s2, s2\n vmov r1, s2");
    PROBE_USER("user: fpexc", 0, 0, FPU "8: vmrs r0, fpexc");
    PROBE_USER("user: fpsid", 0, 0, FPU "8: vmrs r0, fpsid");
    PROBE_USER("user: fpscr", 0, 0, FPU "8: vmrs r0, fpscr");
    RUN("fpscr writable bits", 0xffffffff, 0, FPU "vmsr fpscr, r0\n vmrs r1, fpscr\n mov r2, #0\n vmsr fpscr, r2\n ldr r2, =0xf7c0009f\n and r1, r1, r2\n b 6f\n .ltorg\n6:");
    RUN("vmrs apsr", 0x3f800000, 0x40000000,
        FPU "vmov s0, r0\n vmov s1, r1\n vcmp.f32 s0, s1\n vmrs apsr_nzcv, fpscr\n mrs r0, apsr\n vmrs r1, fpscr");
    RUN("unordered", 0x7fc00000, 0, FPU "vmov s0, r0\n vcmp.f32 s0, s0\n vmrs apsr_nzcv, fpscr\n mrs r0, apsr\n vmrs r1, fpscr");
    RUN("invalid compare", 0x7fc00000, 0, FPU "vmov s0, r0\n vcmpe.f32 s0, s0\n vmrs r1, fpscr\n mov r2, #0\n vmsr fpscr, r2");
    RUN("divide by zero flag", 0x3f800000, 0,
        FPU "vmov s0, r0\n vmov s1, r1\n vdiv.f32 s0, s0, s1\n vmov r0, s0\n vmrs r1, fpscr\n mov r2, #0\n vmsr fpscr, r2");
    RUN("d16 to d31", 0x01234567, 0x89abcdef, FPU "vmov d31, r0, r1\n vmov d16, r1, r0\n vmov r0, r1, d31\n veor d16, d16, d31\n vmov r0, r4, d16");
    RUN("s and d overlap", 0x3f800000, 0x40000000, FPU "vmov s30, r0\n vmov s31, r1\n vmov r1, r0, d15");
    RUN("vpush vpop", 0x11112222, 0x33334444, FPU "vmov d8, r0, r1\n vpush {d8}\n vmov.i32 d8, #0\n vpop {d8}\n vmov r1, r0, d8");
    RUN("vldm vstm", (u32)memory, 0x77,
        FPU "vmov s0, r1\n vmov s1, r1\n vstmia r0!, {s0, s1}\n vldmdb r0!, {s4, s5}\n vmov r1, s5\n sub r0, r0, r0");
    RUN("vldr big-endian", (u32)memory, 0x01020304, FPU "str r1, [r0]\n mvn r2, r1\n str r2, [r0, #4]\n setend be\n vldr d0, [r0]\n vldr s4, [r0]\n setend le\n vmov r0, r1, d0\n vmov r2, s4\n eor r1, r1, r2");
    RUN("vld1 big-endian halfwords", (u32)memory, 0, FPU "setend be\n vld1.16 {d0}, [r0]\n setend le\n vmov r0, r1, d0");
    PROBE_THUMB("it and vfp", 1, 1, FPU "vmov s0, r0\n cmp r0, r1\n ite eq\n 8: vaddeq.f32 s0, s0, s0\n vmovne s0, r0\n vmov r1, s0");
    PROBE("undefined vfp encoding", 0, 0, "8: .inst 0xeeb90a40");
    PROBE_FAULT("vldm unaligned", (u32)memory + 2, 0, FPU "8: vldm r0, {d0}");
    PROBE_FAULT("vldr unaligned", (u32)memory + 2, 0, FPU "8: vldr d0, [r0]");
    PROBE_FAULT("vld1 with alignment", (u32)memory + 8, 0, FPU "8: vld1.32 {d0, d1}, [r0:128]");
    WRITE_CPACR(0);
    return 0;
}
