/* Entry to and return from every exception that needs no translation table: which vector,
 * LR relative to the instruction, SPSR, CPSR. */
#include "cpu-tests.h"

#define GICD 0x08000000u
#define GICC 0x08010000u

static void write32(u32 address, u32 value)
{
    *(volatile u32 *)address = value;
}

static void calls(void)
{
    PROBE("svc arm", 0, 0, "8: svc #0x1234");
    PROBE_THUMB("svc thumb", 0, 0, "8: svc #0x12");
    PROBE_USER("svc user", 0, 0, "8: svc #0x1234");
    PROBE("svc flags kept", 0x80000000, 0x80000000, "adds r0, r0, r1\n 8: svc #1");
    PROBE("svc not executed", 1, 2, "cmp r0, r1\n 8: svceq #1\n mov r0, #7");
    PROBE("svc with interrupts on", 0, 0, "cpsie aif\n 8: svc #1");
}

static void undefined(void)
{
    PROBE("udf arm", 0, 0, "8: udf #0x1234");
    PROBE_THUMB("udf thumb 16", 0, 0, "8: udf #0x12");
    PROBE_THUMB("udf thumb 32", 0, 0, "8: udf.w #0x123");
    PROBE_THUMB("udf thumb 32 unaligned", 0, 0, "nop\n 8: udf.w #0x123");
    PROBE_USER("udf user", 0, 0, "8: udf #0");
    PROBE("coprocessor 7", 0, 0, "8: .inst 0xee000710");
    PROBE("cp15 hole", 0, 0, "8: mrc p15, 5, r0, c9, c9, 7");
    PROBE_USER("cp15 from user", 0, 0, "8: mrc p15, 0, r0, c1, c0, 0");
    PROBE_USER("cp15 write from user", 0, 0, "8: mcr p15, 0, r0, c13, c0, 1");
    PROBE_USER("cp15 user read-only register", 0, 0, "8: mcr p15, 0, r0, c13, c0, 3");
    PROBE("udf with interrupts on", 0, 0, "cpsie aif\n 8: udf #0");
    PROBE("not executed undefined", 1, 2, "cmp r0, r1\n 8: .inst 0x0e000710\n mov r0, #9");
}

static void breakpoints(void)
{
    PROBE("bkpt arm", 0, 0, "8: bkpt #0x1234");
    show("bkpt arm ifsr", trap.ifsr);
    PROBE_THUMB("bkpt thumb", 0, 0, "8: bkpt #0x12");
    show("bkpt thumb ifsr", trap.ifsr);
    PROBE("bkpt with interrupts on", 0, 0, "cpsie aif\n 8: bkpt #0");
}

static void interrupts(void)
{
    interrupt_controller = GICC;
    write32(GICC + 4, 0xff); /* GICC_PMR */
    write32(GICD + 0x080, 0x00000008); /* GICD_IGROUPR0: SGI 3 in group 1 */
    write32(GICD + 0, 3);    /* GICD_CTLR: both groups */
    write32(GICC + 0, 0x0f); /* GICC_CTLR: both groups, AckCtl, group 0 as FIQ */

    /* r0: GICD_SGIR, r1: SGI 3 (IRQ) or 2 (FIQ) to this processor. With the mask set the
     * interrupt waits; it is taken before the instruction after the CPS. */
    PROBE("irq after cpsie", GICD + 0xf00, 0x02008003,
          "str r1, [r0]\n dsb\n cpsie i\n 8: isb\n mov r0, #1\n nop\n nop");
    PROBE("fiq after cpsie", GICD + 0xf00, 0x02000002,
          "str r1, [r0]\n dsb\n cpsie f\n 8: isb\n mov r0, #1\n nop\n nop");
    PROBE_THUMB("irq in thumb", GICD + 0xf00, 0x02008003,
                "str r1, [r0]\n dsb\n cpsie i\n 8: isb\n movs r0, #1\n nop\n nop");
    PROBE_THUMB("fiq in thumb", GICD + 0xf00, 0x02000002,
                "str r1, [r0]\n dsb\n cpsie f\n 8: isb\n movs r0, #1\n nop\n nop");
    PROBE("irq masked", GICD + 0xf00, 0x02008003, "str r1, [r0]\n dsb\n 8: isb\n mov r0, #1");
    PROBE("irq pending, isr", 0, 0, "mrc p15, 0, r0, c12, c1, 0\n8:");
    PROBE("irq while fiq masked", 0, 0, "cpsie i\n 8: isb\n nop");
    PROBE("wfi wakes on a masked irq", GICD + 0xf00, 0x02008003,
          "str r1, [r0]\n dsb\n wfi\n mov r0, #5\n8:");
    PROBE("then it is taken", 0, 0, "msr cpsr_c, #0x5f\n 8: isb\n nop");
    PROBE("irq and fiq together", GICD + 0xf00, 0x02008003,
          "str r1, [r0]\n ldr r1, =0x02000002\n str r1, [r0]\n dsb\n cpsie if\n 8: isb\n nop\n b 6f\n .ltorg\n6:");
    PROBE("then the irq", 0, 0, "cpsie i\n 8: isb\n nop");
}

static void vector_tables(void)
{
    WRITE_VBAR(vectors_moved);
    PROBE("moved undefined", 0, 0, "8: udf #0");
    PROBE("moved svc", 0, 0, "8: svc #0");
    PROBE("moved prefetch abort", 0, 0, "8: bkpt #0");
    show("vbar reads", READ_CP15(c12, 0, c0, 0) - (u32)vectors_moved);
    WRITE_VBAR((u32)vectors + 0x1f);
    show("vbar low bits", READ_CP15(c12, 0, c0, 0) - (u32)vectors);
    PROBE("vbar back", 0, 0, "8: udf #0");

    WRITE_VBAR(vectors_thumb);
    WRITE_SCTLR(READ_SCTLR() | SCTLR_TE);
    PROBE("te undefined", 0, 0, "8: udf #0");
    PROBE("te svc", 0, 0, "8: svc #0");
    PROBE_THUMB("te svc thumb", 0, 0, "8: svc #0");
    PROBE("te bkpt", 0, 0, "8: bkpt #0");
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_TE);
    WRITE_VBAR(vectors);

    WRITE_SCTLR(READ_SCTLR() | SCTLR_EE);
    PROBE("ee svc", 0, 0, "8: svc #0");
    PROBE("ee undefined", 0, 0, "8: udf #0");
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_EE);
    PROBE("setend be then svc", 0, 0, "setend be\n 8: svc #0");
}

static void it_blocks(void)
{
    PROBE_THUMB("svc in it", 1, 1, "cmp r0, r1\n it eq\n 8: svceq #1");
    PROBE_THUMB("svc in ittt, second", 1, 1,
                "cmp r0, r1\n ittt eq\n moveq r0, #3\n 8: svceq #1\n moveq r0, #4");
    PROBE_THUMB("svc in ite, else", 1, 2,
                "cmp r0, r1\n itee eq\n moveq r0, #3\n 8: svcne #1\n movne r0, #4");
    PROBE_THUMB("svc in it, not executed", 1, 2,
                "cmp r0, r1\n itt eq\n 8: svceq #1\n moveq r0, #4\n movs r1, #6");
    PROBE_THUMB("udf in it", 1, 1,
                "cmp r0, r1\n ittee eq\n moveq r0, #3\n 8: udf #1\n movne r0, #4\n movne r0, #5");
    PROBE_THUMB("udf in it, condition fails", 1, 2,
                "cmp r0, r1\n itt eq\n moveq r0, #3\n 8: .inst.w 0xee000710\n movs r0, #7");
    PROBE_THUMB("coprocessor in it", 1, 1,
                "cmp r0, r1\n itt eq\n moveq r0, #3\n 8: .inst.w 0xee000710\n");
    PROBE_THUMB("bkpt in it is unconditional", 1, 2,
                "cmp r0, r1\n itt eq\n moveq r0, #3\n 8: bkpt #1\n");
}

int main(void)
{
    calls();
    undefined();
    breakpoints();
    interrupts();
    vector_tables();
    it_blocks();
    return 0;
}
