/* Security Extensions: SMC, Monitor mode, banked system registers, routing of interrupts.
 * Runs where Secure state is implemented (on QEMU: -M virt,secure=on). */
#include "cpu-tests.h"

__asm__(".arch_extension sec");

#define READ_SCR() READ_CP15(c1, 0, c1, 0)
#define GICD 0x08000000u
#define GICC 0x08010000u

static void write32(u32 address, u32 value)
{
    *(volatile u32 *)address = value;
}

/* SCR is written from Monitor mode, so that the Secure registers stay in reach. */
static void set_scr(u32 scr)
{
    __asm__ volatile("cps #0x16\n mcr p15, 0, %0, c1, c1, 0\n isb\n cps #0x1f" : : "r"(scr) : "memory");
}

int main(void)
{
    WRITE_CP15(c12, 0, c0, 1, vectors_monitor); /* MVBAR */
    __asm__ volatile("cps #0x16\n ldr sp, =stack_mon_top\n cps #0x1f" : : : "memory");
    show("mvbar", READ_CP15(c12, 0, c0, 1) - (u32)vectors_monitor);
    PROBE("smc arm", 0, 0, "8: smc #0");
    PROBE_THUMB("smc thumb", 0, 0, "8: smc #0");
    PROBE_USER("smc user", 0, 0, "8: smc #0");
    PROBE("smc with interrupts on", 0, 0, "cpsie aif\n 8: smc #0");
    PROBE("smc not executed", 1, 2, "cmp r0, r1\n 8: smceq #0\n mov r0, #3");
    PROBE_THUMB("smc in it", 1, 1, "cmp r0, r1\n itt eq\n moveq r0, #3\n 8: smceq #0\n nop");
    RUN("monitor mode reads", 0, 0, "cps #0x16\n mrs r1, cpsr\n mrc p15, 0, r0, c1, c1, 0\n cps #0x1f");

    /* Registers that Non-secure state has copies of. The recorder leaves NS as it is. */
    WRITE_CP15(c13, 0, c0, 1, 0x11110000);
    WRITE_CP15(c2, 0, c0, 0, 0x12340000);
    WRITE_CP15(c3, 0, c0, 0, 0x00000005);
    WRITE_CP15(c6, 0, c0, 0, 0x00006000);
    set_scr(1);
    WRITE_CP15(c12, 0, c0, 0, vectors); /* the Non-secure VBAR */
    WRITE_CP15(c13, 0, c0, 1, 0x22220000);
    WRITE_CP15(c2, 0, c0, 0, 0x56780000);
    WRITE_CP15(c3, 0, c0, 0, 0x0000000f);
    WRITE_CP15(c6, 0, c0, 0, 0x00007000);
    show("non-secure contextidr", READ_CP15(c13, 0, c0, 1));
    show("non-secure ttbr0", READ_CP15(c2, 0, c0, 0));
    show("non-secure dacr", READ_CP15(c3, 0, c0, 0));
    show("non-secure dfar", READ_CP15(c6, 0, c0, 0));
    PROBE("scr from non-secure", 0, 0, "8: mrc p15, 0, r0, c1, c1, 0");
    PROBE("mvbar from non-secure", 0, 0, "8: mrc p15, 0, r0, c12, c0, 1");
    PROBE("sder from non-secure", 0, 0, "8: mrc p15, 0, r0, c1, c1, 1");
    RUN("nsacr reads from non-secure", 0, 0, "mrc p15, 0, r0, c1, c1, 2\n mov r0, #1");
    PROBE("nsacr write from non-secure", 0, 0, "8: mcr p15, 0, r0, c1, c1, 2");
    PROBE("svc from non-secure", 0, 0, "8: svc #0");
    PROBE("undefined from non-secure", 0, 0, "8: udf #0");
    RUN("f is not writable", 0, 0, "cpsie f\n mrs r1, cpsr\n msr cpsr_c, #0x1f\n mrs r0, cpsr\n cpsid if");
    PROBE("smc from non-secure", 0, 0, "8: smc #0");
    leave_non_secure = 1;
    PROBE("back to secure", 0, 0, "8: smc #0");
    show("secure contextidr", READ_CP15(c13, 0, c0, 1));
    show("secure ttbr0", READ_CP15(c2, 0, c0, 0));
    show("secure dacr", READ_CP15(c3, 0, c0, 0));
    show("secure dfar", READ_CP15(c6, 0, c0, 0));
    RUN("monitor mode sees the copies that ns selects", 0, 0,
        "cps #0x16\n mov r2, #1\n mcr p15, 0, r2, c1, c1, 0\n isb\n mrc p15, 0, r1, c13, c0, 1\n mov r2, #0\n"
        "mcr p15, 0, r2, c1, c1, 0\n isb\n cps #0x1f\n mrc p15, 0, r0, c13, c0, 1");

    /* Interrupts to Monitor mode. */
    interrupt_controller = GICC;
    write32(GICC + 4, 0xff);           /* GICC_PMR */
    write32(GICD + 0x080, 0x00000008); /* GICD_IGROUPR0: SGI 3 in group 1 */
    write32(GICD + 0, 3);              /* GICD_CTLR: both groups */
    write32(GICC + 0, 0x0f);           /* GICC_CTLR: both groups, AckCtl, group 0 as FIQ */
    set_scr(1 << 2);
    PROBE("fiq, scr.fiq", GICD + 0xf00, 0x02000002, "str r1, [r0]\n dsb\n cpsie f\n 8: isb\n nop");
    PROBE("irq, scr.fiq", GICD + 0xf00, 0x02008003, "str r1, [r0]\n dsb\n cpsie i\n 8: isb\n nop");
    set_scr(1 << 1);
    PROBE("irq, scr.irq", GICD + 0xf00, 0x02008003, "str r1, [r0]\n dsb\n cpsie i\n 8: isb\n nop");
    set_scr(0);

    /* Disabled table walks (TTBCR.PD0, PD1). */
    mmu_on();
    map(first_level + 0x500, SCRATCH | SECTION_NORMAL | SECTION_AP(3));
    for (u32 i = 0; i < 4096; i++)
        first_level_1[i] = first_level[i];
    first_level_1[0x900] = SCRATCH | SECTION_NORMAL | SECTION_AP(3);
    WRITE_TTBR1((u32)first_level_1);
    WRITE_TTBCR(1);
    tlb_flush_all();
    PROBE_FAULT("ttbr1", 0x90000400, 0, "8: ldr r0, [r0]\n mov r0, #1");
    WRITE_TTBCR(1 | 1 << 5);
    tlb_flush_all();
    PROBE_FAULT("pd1", 0x90000400, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("pd1, the other half", 0x50000400, 0, "8: ldr r0, [r0]\n mov r0, #1");
    WRITE_TTBCR(0);
    tlb_flush_all();
    /* With N = 2 the first GiB is TTBR0's and the image is TTBR1's. */
    first_level[0x300] = SCRATCH | SECTION_NORMAL | SECTION_AP(3);
    WRITE_TTBCR(2);
    tlb_flush_all();
    PROBE_FAULT("ttbr0", 0x30000400, 0, "8: ldr r0, [r0]\n mov r0, #1");
    WRITE_TTBCR(2 | 1 << 4);
    tlb_flush_all();
    PROBE_FAULT("pd0", 0x30000400, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("pd0, the other part", 0x90000400, 0, "8: ldr r0, [r0]\n mov r0, #1");
    WRITE_TTBCR(0);
    tlb_flush_all();
    mmu_off();
    return 0;
}
