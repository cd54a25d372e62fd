/* What an aborted instruction leaves behind, so that it can be run again: base registers, stack pointers, ITSTATE; for every
 * instruction that transfers more than one word, across a page that is missing, read-only or the kernel's. Alignment
 * faults of VFP and Advanced SIMD. */
#include "cpu-tests.h"

#define TEST 0x50000000u
#define ENTRY (first_level + (TEST >> 20))
#define EDGE (TEST + 0x1000)

static void pages(u32 second)
{
    map(ENTRY, (u32)second_level[0] | TABLE);
    for (u32 i = 0; i < 256; i++)
        second_level[0][i] = 0;
    second_level[0][0] = SCRATCH | PAGE_NORMAL | PAGE_AP(3);
    map(&second_level[0][1], second);
}

static void base(void)
{
    show("base", trap.r[4] - TEST);
}

/* The stack pointer of FIQ mode, which a probe has used, and what it was before. */
static void fiq_stack(void)
{
    u32 sp;
    __asm__ volatile("cps #0x11\n mov %0, sp\n mov sp, %1\n cps #0x1f" : "=&r"(sp) : "r"(trap.r[5]));
    show("sp", sp - TEST);
}

static void core_registers(void)
{
    PROBE_FAULT("ldr pre-indexed", EDGE - 4, 0, "mov r4, r0\n 8: ldr r1, [r4, #4]!");
    base();
    PROBE_FAULT("ldr post-indexed", EDGE, 0, "mov r4, r0\n 8: ldr r1, [r4], #-4");
    base();
    PROBE_FAULT("str pre-indexed", EDGE - 4, 0, "mov r4, r0\n 8: str r1, [r4, #4]!");
    base();
    PROBE_FAULT("strb post-indexed by register", EDGE, 3, "mov r4, r0\n 8: strb r1, [r4], r1");
    base();
    PROBE_FAULT("ldrd pre-indexed", EDGE - 8, 0, "mov r4, r0\n 8: ldrd r0, r1, [r4, #8]!");
    base();
    PROBE_FAULT("strd post-indexed, across", EDGE - 4, 0, "mov r4, r0\n 8: strd r0, r1, [r4], #8");
    base();
    PROBE_FAULT("ldmdb across", EDGE + 8, 0, "mov r4, r0\n 8: ldmdb r4!, {r0, r1, r2, r3}");
    base();
    PROBE_FAULT("ldmib across", EDGE - 12, 0, "mov r4, r0\n 8: ldmib r4!, {r0, r1, r2, r3}");
    base();
    PROBE_FAULT("stmda across", EDGE + 4, 0, "mov r4, r0\n 8: stmda r4!, {r0, r1, r2, r3}");
    base();
    PROBE_FAULT("ldm with the base in the list", EDGE - 8, 0, "mov r4, r0\n 8: ldm r4, {r3, r4, r5}");
    base();
    PROBE_FAULT("ldm with the pc in the list", EDGE - 4, 0, "mov r4, r0\n 8: ldm r4!, {r0, pc}");
    base();
    PROBE_FAULT("push across", EDGE + 8, 0,
                "cps #0x11\n mov r5, sp\n mov sp, r0\n 8: push {r0, r1, r2, r3}\n nop");
    fiq_stack();
    PROBE_FAULT("pop across", EDGE - 4, 0, "cps #0x11\n mov r5, sp\n mov sp, r0\n 8: pop {r0, r1}\n nop");
    fiq_stack();
    PROBE_THUMB_FAULT("thumb ldm", EDGE - 8, 0, "mov r4, r0\n 8: ldm r4!, {r0, r1, r2}");
    base();
    PROBE_THUMB_FAULT("thumb ldrd", EDGE - 4, 0, "mov r4, r0\n 8: ldrd r0, r1, [r4], #8");
    base();
    PROBE_THUMB_FAULT("thumb ldr in it, first", EDGE, 0, "mov r4, r0\n cmp r0, r0\n ittt eq\n 8: ldreq r1, [r4]\n moveq r0, #1\n moveq r0, #2");
    PROBE_THUMB_FAULT("thumb str in it, second", EDGE, 0, "mov r4, r0\n cmp r0, r0\n ittee eq\n moveq r1, #1\n 8: streq r1, [r4]\n movne r0, #1\n movne r0, #2");
    PROBE_THUMB_FAULT("thumb tbb", EDGE, 0, "8: tbb [r0, r1]\n nop");
    PROBE_FAULT("strh across", EDGE - 1, 0, "mov r4, r0\n 8: strh r1, [r4]");
    PROBE_FAULT("ldrsh across", EDGE - 1, 0, "mov r4, r0\n 8: ldrsh r1, [r4]");
    PROBE_FAULT("ldrexd", EDGE, 0, "mov r4, r0\n 8: ldrexd r0, r1, [r4]");
    PROBE_FAULT("preload does not abort", EDGE, 0, "8: pld [r0]\n .inst 0xf590f000 @ pldw [r0]\n pli [r0]\n mov r0, #1");
    PROBE_FAULT("rfe", EDGE - 4, 0, "mov r4, r0\n cps #0x13\n 8: rfeia r4!");
    base();
    PROBE_FAULT("srs", EDGE + 4, 0, "mov r4, r0\n cps #0x11\n mov r5, sp\n mov sp, r0\n 8: srsdb sp!, #0x11");
    show("spsr mode", trap.spsr & 0x1f);
    fiq_stack();
}

static void vectors_and_singles(void)
{
    PROBE_FAULT("vldm across", EDGE - 8, 0, "mov r4, r0\n 8: .inst 0xecb40b04 @ vldm r4!, {d0, d1}");
    base();
    PROBE_FAULT("vstmdb across", EDGE + 8, 0, "mov r4, r0\n 8: .inst 0xed240b04 @ vstmdb r4!, {d0, d1}");
    base();
    PROBE_FAULT("vldr across", EDGE - 4, 0, "mov r4, r0\n 8: .inst 0xed940b00 @ vldr d0, [r4]");
    PROBE_FAULT("vldr single, missing", EDGE, 0, "mov r4, r0\n 8: .inst 0xed940a00 @ vldr s0, [r4]");
    PROBE_FAULT("vld1 across, written back", EDGE - 8, 0, "mov r4, r0\n 8: .inst 0xf4240acd @ vld1.64 {d0, d1}, [r4]!");
    base();
    PROBE_FAULT("vst1 across, by register", EDGE - 8, 4, "mov r4, r0\n 8: .inst 0xf4040ac1 @ vst1.64 {d0, d1}, [r4], r1");
    base();
    PROBE_FAULT("vld1.8 unaligned across", EDGE - 3, 0, "mov r4, r0\n 8: .inst 0xf424070d @ vld1.8 {d0}, [r4]!");
    base();
    PROBE_FAULT("vld4 lane across", EDGE - 2, 0, "mov r4, r0\n 8: .inst 0xf4a4030d @ vld4.8 {d0[0]-d3[0]}, [r4]!");
    base();
    PROBE_FAULT("vld2 all lanes", EDGE, 0, "mov r4, r0\n 8: .inst 0xf4a40d0f @ vld2.8 {d0[], d1[]}, [r4]");
}

static void alignment(void)
{
    PROBE_FAULT("vldr by 2", TEST + 2, 0, "8: .inst 0xed900b00 @ vldr d0, [r0]");
    PROBE_FAULT("vldr by 4", TEST + 4, 0, "8: .inst 0xed900b00\n mov r0, #1");
    PROBE_FAULT("vstr by 1", TEST + 1, 0, "8: .inst 0xed800a00 @ vstr s0, [r0]");
    PROBE_FAULT("vldm by 2", TEST + 2, 0, "mov r4, r0\n 8: .inst 0xecb40b04 @ vldm r4!, {d0, d1}");
    base();
    PROBE_FAULT("vld1 :64 by 4", TEST + 4, 0, "8: .inst 0xf420071f @ vld1.8 {d0}, [r0:64]");
    PROBE_FAULT("vld1 :64 by 8", TEST + 8, 0, "8: .inst 0xf420071f\n mov r0, #1");
    PROBE_FAULT("vst1 :128 by 8", TEST + 8, 0, "8: .inst 0xf4000aef @ vst1.64 {d0, d1}, [r0:128]");
    PROBE_FAULT("vld1.16 without alignment by 1", TEST + 1, 0, "8: .inst 0xf420074f @ vld1.16 {d0}, [r0]\n mov r0, #1");
    PROBE_FAULT("vld1 lane :32 by 2", TEST + 2, 0, "8: .inst 0xf4a0083f @ vld1.32 {d0[0]}, [r0:32]");
    PROBE_FAULT("vld2 lane :16 by 1", TEST + 1, 0, "8: .inst 0xf4a0011f @ vld2.8 {d0[0], d1[0]}, [r0:16]");
    PROBE_FAULT("vld4 all lanes :128 by 8", TEST + 8, 0, "8: .inst 0xf4a00fdf @ vld4.32 {d0[]-d3[]}, [r0:128]");
    WRITE_SCTLR(READ_SCTLR() | SCTLR_A);
    PROBE_FAULT("a: vld1.8 by 1", TEST + 1, 0, "8: .inst 0xf420070f @ vld1.8 {d0}, [r0]\n mov r0, #1");
    PROBE_FAULT("a: vld1.16 by 1", TEST + 1, 0, "8: .inst 0xf420074f @ vld1.16 {d0}, [r0]");
    PROBE_FAULT("a: vld1.32 by 2", TEST + 2, 0, "8: .inst 0xf420078f @ vld1.32 {d0}, [r0]");
    PROBE_FAULT("a: vst2.16 by 2", TEST + 2, 0, "8: .inst 0xf400084f @ vst2.16 {d0, d1}, [r0]\n mov r0, #1");
    PROBE_THUMB_FAULT("a: tbh by 1", TEST + 1, 0, "8: tbh [r0, r1, lsl #1]\n nop");
    PROBE_FAULT("a: ldrt by 2", TEST + 2, 0, "mov r4, r0\n 8: ldrt r0, [r4]");
    PROBE_USER_FAULT("a: user ldr by 3", TEST + 3, 0, "8: ldr r0, [r0]");
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_A);
}

int main(void)
{
    WRITE_CP15(c1, 0, c0, 2, 0x00f00000); /* CPACR */
    __asm__ volatile("mov r0, #0x40000000\n .inst 0xeee80a10 @ vmsr fpexc, r0" : : : "r0");
    mmu_on();
    pages(0);
    text("-- the second page is missing");
    line();
    core_registers();
    vectors_and_singles();
    text("-- alignment");
    line();
    alignment();
    text("-- the second page is read-only");
    line();
    pages((SCRATCH + 0x5000) | PAGE_NORMAL | PAGE_AP(7));
    PROBE_FAULT("stm across", EDGE - 8, 0, "mov r4, r0\n 8: stm r4!, {r0, r1, r2, r3}");
    base();
    PROBE_FAULT("str unaligned across", EDGE - 2, 0, "8: str r1, [r0]");
    PROBE_FAULT("ldm across", EDGE - 8, 0, "mov r4, r0\n 8: ldm r4!, {r0, r1, r2, r3}\n sub r0, r4, r0\n mov r0, #1\n mov r1, #2");
    PROBE_FAULT("vstm across", EDGE - 8, 0, "mov r4, r0\n 8: .inst 0xeca40b04 @ vstm r4!, {d0, d1}");
    base();
    text("-- the second page is the kernel's");
    line();
    pages((SCRATCH + 0x5000) | PAGE_NORMAL | PAGE_AP(1));
    PROBE_USER_FAULT("user ldm across", EDGE - 8, 0, "mov r4, r0\n 8: ldm r4!, {r0, r1, r2, r3}");
    base();
    PROBE_USER_FAULT("user ldr unaligned across", EDGE - 1, 0, "8: ldr r0, [r0]");
    PROBE_USER_FAULT("user vld1 across", EDGE - 8, 0, "mov r4, r0\n 8: .inst 0xf4240acd");
    base();
    text("-- nothing answers");
    line();
    map(ENTRY, NOTHING | SECTION | SECTION_B | SECTION_AP(3));
    PROBE_FAULT("ldm", TEST, 0, "mov r4, r0\n 8: ldm r4!, {r0, r1}");
    base();
    PROBE_FAULT("stm", TEST, 0, "mov r4, r0\n 8: stm r4!, {r0, r1}");
    base();
    PROBE_FAULT("ldrd", TEST, 0, "mov r4, r0\n 8: ldrd r0, r1, [r4], #8");
    base();
    PROBE_FAULT("vldr", TEST, 0, "mov r4, r0\n 8: .inst 0xed940b00");
    mmu_off();
    return 0;
}
