/* Address translation operations (V2P...) and what they leave in PAR: physical address and
 * supersection bit, or the fault status. Memory attributes are left out: QEMU reports none. */
#include "cpu-tests.h"

#define TEST 0x50000000u
#define ENTRY (first_level + (TEST >> 20))

static void par(const char *name, u32 va)
{
    u32 v[4];
    WRITE_CP15(c7, 0, c8, 0, va); /* V2PCWPR */
    v[0] = READ_CP15(c7, 0, c4, 0);
    WRITE_CP15(c7, 0, c8, 1, va); /* V2PCWPW */
    v[1] = READ_CP15(c7, 0, c4, 0);
    WRITE_CP15(c7, 0, c8, 2, va); /* V2PCWUR */
    v[2] = READ_CP15(c7, 0, c4, 0);
    WRITE_CP15(c7, 0, c8, 3, va); /* V2PCWUW */
    v[3] = READ_CP15(c7, 0, c4, 0);
    static const char *const names[4] = { "pr", "pw", "ur", "uw" };
    text(name);
    for (int i = 0; i < 4; i++)
        field(names[i], v[i] & 1 ? v[i] & 0x7f : v[i] & 0xfffff003);
    line();
}

int main(void)
{
    mmu_on();
    WRITE_DACR(1 | 1 << 4 | 3 << 6);
    map(ENTRY, 0);
    par("nothing", TEST + 0x123456 - 0x100000);
    for (u32 ap = 0; ap < 8; ap++) {
        if (ap == 4)
            continue;
        map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(ap));
        show("section ap", ap);
        par("section", TEST + 0xabcde);
    }
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(1) | SECTION_XN);
    par("xn does not matter", TEST + 0xabcde);
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(3) | SECTION_DOMAIN(1));
    par("domain fault", TEST);
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(0) | SECTION_DOMAIN(3));
    par("manager", TEST + 0x1000);
    for (u32 i = 0; i < 16; i++)
        map(ENTRY + i, SCRATCH | SECTION_NORMAL | SECTION_AP(3) | SUPERSECTION);
    par("supersection", TEST);
    par("supersection, fourth MiB", TEST + 0x345678);
    par("supersection, last page", TEST + 0xfff000);
    ((volatile u32 *)SCRATCH)[0x100 + (0x345000 >> 2)] = 0x5a5a1234;
    PROBE_FAULT("read through the supersection", TEST + 0x345400, 0, "8: ldr r0, [r0]");
    map(ENTRY, (u32)second_level[0] | TABLE | TABLE_DOMAIN(0));
    for (u32 i = 0; i < 256; i++)
        second_level[0][i] = 0;
    for (u32 i = 0; i < 16; i++)
        map(&second_level[0][16 + i], (SCRATCH + 0x30000) | LARGE | LARGE_TEX0 | PAGE_C | PAGE_B | PAGE_AP(2));
    map(&second_level[0][1], (SCRATCH + 0x7000) | PAGE_NORMAL | PAGE_AP(5));
    par("page nothing", TEST + 0x234);
    par("small page", TEST + 0x1abc);
    par("large page", TEST + 0x10abc);
    par("large page, last", TEST + 0x1fffc);
    ((volatile u32 *)SCRATCH)[0x3c400 / 4] = 0xfeed0001;
    PROBE_FAULT("read through the large page", TEST + 0x1c400, 0, "8: ldr r0, [r0]");
    map(ENTRY, (u32)second_level[0] | TABLE | TABLE_DOMAIN(1));
    par("page domain fault", TEST + 0x1abc);
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(2));
    WRITE_SCTLR(READ_SCTLR() | SCTLR_AFE);
    par("access flag", TEST);
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(7));
    par("access flag set, read-only", TEST);
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_AFE);
    /* A fault found by an operation is reported in PAR alone. */
    map(ENTRY, 0);
    PROBE_FAULT("a real fault", TEST + 4, 0, "8: str r0, [r0]");
    WRITE_CP15(c7, 0, c8, 0, TEST + 8);
    show("dfsr kept", READ_CP15(c5, 0, c0, 0));
    show("dfar kept", READ_CP15(c6, 0, c0, 0));
    WRITE_CP15(c7, 0, c4, 0, 0x12345001);
    show("par is writable", READ_CP15(c7, 0, c4, 0) & 1);
    mmu_off();
    par("mmu off", 0x51234567);
    PROBE_USER("operation from user", 0, 0, "8: mcr p15, 0, r0, c7, c8, 0");
    PROBE_USER("par from user", 0, 0, "8: mrc p15, 0, r0, c7, c4, 0");
    return 0;
}
