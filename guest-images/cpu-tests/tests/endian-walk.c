/* SCTLR.EE: translation tables are big-endian and exceptions enter with big-endian data; SCTLR.TE: exceptions enter in Thumb
 * state; both together, for every kind of exception. */
#include "cpu-tests.h"

#define TEST 0x50000000u
#define ENTRY (first_level + (TEST >> 20))
#define GICD 0x08000000u
#define GICC 0x08010000u

static u32 swap(u32 v)
{
    return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

static void write32(u32 address, u32 value)
{
    *(volatile u32 *)address = value;
}

static void kinds(const char *what)
{
    text("-- ");
    text(what);
    line();
    PROBE("svc", 0, 0, "8: svc #0");
    PROBE_THUMB("svc thumb", 0, 0, "8: svc #0");
    PROBE("undefined", 0, 0, "8: udf #0");
    PROBE_THUMB("undefined thumb", 0, 0, "8: udf #0");
    PROBE("bkpt", 0, 0, "8: bkpt #0");
    PROBE_FAULT("data abort", 0x60000010, 0, "8: ldr r0, [r0]");
    PROBE_THUMB_FAULT("data abort thumb", 0x60000010, 0, "8: str r0, [r0]");
    PROBE_FAULT("prefetch abort", 0x60000010, 0, "8: blx r0");
    PROBE_USER("user svc", 0, 0, "8: svc #0");
    PROBE_USER_FAULT("user data abort", 0x60000010, 0, "8: ldr r0, [r0]");
    PROBE("svc with big-endian data", 0, 0, "setend be\n 8: svc #0");
    interrupt_controller = GICC;
    PROBE("irq", GICD + 0xf00, 0x02008003, "str r1, [r0]\n dsb\n cpsie i\n 8: isb\n nop");
    PROBE("fiq", GICD + 0xf00, 0x02000002, "str r1, [r0]\n dsb\n cpsie f\n 8: isb\n nop");
    PROBE_THUMB("irq thumb", GICD + 0xf00, 0x02008003, "str r1, [r0]\n dsb\n cpsie i\n 8: isb\n nop");
    interrupt_controller = 0;
}

int main(void)
{
    write32(GICC + 4, 0xff);           /* GICC_PMR */
    write32(GICD + 0x080, 0x00000008); /* GICD_IGROUPR0: SGI 3 in group 1 */
    write32(GICD + 0, 3);              /* GICD_CTLR: both groups */
    write32(GICC + 0, 0x0f);           /* GICC_CTLR: both groups, AckCtl, group 0 as FIQ */
    mmu_on();
    WRITE_VBAR(vectors_thumb);
    WRITE_SCTLR(READ_SCTLR() | SCTLR_TE);
    kinds("te");
    second_level[1][0xf0] = (u32)vectors_thumb | PAGE_NORMAL | PAGE_AP(1);
    map(first_level + 0xfff, (u32)second_level[1] | TABLE);
    WRITE_SCTLR(READ_SCTLR() | SCTLR_V);
    kinds("te, high vectors");
    WRITE_SCTLR(READ_SCTLR() & ~(SCTLR_V | SCTLR_TE));
    WRITE_VBAR(vectors);
    mmu_off();

    /* Tables in the other byte order, before the walks change theirs. */
    ((volatile u32 *)SCRATCH)[0x100] = 0x01020304;
    second_level[0][0] = (SCRATCH | PAGE_NORMAL | PAGE_AP(3));
    second_level[0][1] = ((SCRATCH + 0x1000) | PAGE_NORMAL | PAGE_AP(5));
    first_level[TEST >> 20] = (u32)second_level[0] | TABLE;
    first_level[(TEST >> 20) + 1] = SCRATCH | SECTION_NORMAL | SECTION_AP(2);
    for (u32 i = 0; i < 4096; i++)
        first_level[i] = swap(first_level[i]);
    for (u32 i = 0; i < 256; i++)
        second_level[0][i] = swap(second_level[0][i]);
    __asm__ volatile("dsb" : : : "memory");
    tlb_flush_all();
    WRITE_SCTLR(READ_SCTLR() | SCTLR_EE | SCTLR_M);
    PROBE_FAULT("page of a big-endian table", TEST + 0x400, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("with big-endian data", TEST + 0x400, 0, "setend be\n 8: ldr r0, [r0]\n setend le");
    PROBE_FAULT("section", TEST + 0x100400, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("read-only page", TEST + 0x1000, 0, "8: str r0, [r0]");
    PROBE_USER_FAULT("kernel page", TEST + 0x1000, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("nothing", TEST + 0x2000, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("no table", TEST + 0x200000, 0, "8: str r0, [r0]");
    PROBE_USER_FAULT("read-only section", TEST + 0x100400, 0, "8: str r0, [r0]");
    WRITE_CP15(c7, 0, c8, 0, TEST + 0x400); /* V2PCWPR */
    show("par", READ_CP15(c7, 0, c4, 0) & 0xfffff001);
    WRITE_SCTLR(READ_SCTLR() & ~(SCTLR_EE | SCTLR_M));
    tlb_flush_all();
    mmu_on();
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_M);
    for (u32 i = 0; i < 4096; i++)
        first_level[i] = swap(first_level[i]);
    tlb_flush_all();
    WRITE_SCTLR(READ_SCTLR() | SCTLR_EE | SCTLR_M);
    kinds("ee");
    WRITE_VBAR(vectors_thumb);
    WRITE_SCTLR(READ_SCTLR() | SCTLR_TE);
    kinds("ee and te");
    WRITE_SCTLR(READ_SCTLR() & ~(SCTLR_EE | SCTLR_TE | SCTLR_M));
    WRITE_VBAR(vectors);
    return 0;
}
