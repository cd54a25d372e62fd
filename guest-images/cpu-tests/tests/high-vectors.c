/* Vectors at 0xFFFF0000 (SCTLR.V), reached through the MMU, and what an abort of their own
 * fetch does not need: VBAR is ignored while V is set. */
#include "cpu-tests.h"

int main(void)
{
    mmu_on();
    second_level[0][0xf0] = (u32)vectors_moved | PAGE_NORMAL | PAGE_AP(1);
    map(first_level + 0xfff, (u32)second_level[0] | TABLE);
    WRITE_SCTLR(READ_SCTLR() | SCTLR_V);
    PROBE("svc", 0, 0, "8: svc #0");
    PROBE("undefined", 0, 0, "8: udf #0");
    PROBE("bkpt", 0, 0, "8: bkpt #0");
    PROBE_FAULT("data abort", 0x60000010, 0, "8: str r0, [r0]");
    PROBE_USER("user svc", 0, 0, "8: svc #0");
    WRITE_VBAR((u32)vectors_moved);
    PROBE("vbar does not matter", 0, 0, "8: svc #0");
    WRITE_VBAR(vectors);
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_V);
    PROBE("low again", 0, 0, "8: svc #0");
    mmu_off();
    return 0;
}
