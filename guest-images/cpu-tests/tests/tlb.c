/* Address spaces and TLB maintenance: global and non-global pages, ASID changes, each
 * invalidation, remapping. Every sequence is one that the architecture defines, so no
 * outcome depends on what a TLB happens to hold. */
#include "cpu-tests.h"

#define TEST 0x50000000u
#define ENTRY (first_level + (TEST >> 20))
#define SMALL_GLOBAL(pa) ((pa) | PAGE_NORMAL | PAGE_AP(3))
#define SMALL_LOCAL(pa) (SMALL_GLOBAL(pa) | PAGE_NG)

static void write_descriptor(u32 *descriptor, u32 value)
{
    *(volatile u32 *)descriptor = value;
    WRITE_CP15(c7, 0, c10, 1, (u32)descriptor);
    __asm__ volatile("dsb" : : : "memory");
}

static void sync(void)
{
    __asm__ volatile("dsb\n isb" : : : "memory");
}

#define TLBIMVA(v) do { WRITE_CP15(c8, 0, c7, 1, v); sync(); } while (0)
#define TLBIASID(v) do { WRITE_CP15(c8, 0, c7, 2, v); sync(); } while (0)
#define TLBIMVAA(v) do { WRITE_CP15(c8, 0, c7, 3, v); sync(); } while (0)
#define TLBIALLIS() do { WRITE_CP15(c8, 0, c3, 0, 0); sync(); } while (0)
#define TLBIMVAIS(v) do { WRITE_CP15(c8, 0, c3, 1, v); sync(); } while (0)
#define TLBIASIDIS(v) do { WRITE_CP15(c8, 0, c3, 2, v); sync(); } while (0)
#define TLBIMVAAIS(v) do { WRITE_CP15(c8, 0, c3, 3, v); sync(); } while (0)
#define DTLBIALL() do { WRITE_CP15(c8, 0, c6, 0, 0); sync(); } while (0)
#define DTLBIMVA(v) do { WRITE_CP15(c8, 0, c6, 1, v); sync(); } while (0)

static void load(const char *name, u32 page)
{
    PROBE_FAULT(name, TEST + page * 0x1000, 0, "8: ldr r0, [r0]");
}

int main(void)
{
    for (u32 i = 0; i < 16; i++)
        ((volatile u32 *)SCRATCH)[i * 1024] = 0xa0 + i;
    mmu_on();
    map(ENTRY, (u32)second_level[0] | TABLE);
    for (u32 i = 0; i < 256; i++)
        second_level[0][i] = 0;
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH));
    write_descriptor(&second_level[0][1], SMALL_GLOBAL(SCRATCH + 0x1000));
    tlb_flush_all();

    load("asid 0 local", 0);
    load("asid 0 global", 1);

    /* The table is changed before the other address space is entered for the first time. */
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0x2000));
    TLBIASID(1);
    WRITE_CONTEXTIDR(0x00000101);
    load("asid 1 local", 0);
    load("asid 1 global", 1);
    show("contextidr", READ_CP15(c13, 0, c0, 1));

    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0x3000));
    TLBIMVA(TEST | 1);
    load("by mva and asid 1", 0);
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0x4000));
    TLBIASID(1);
    load("by asid 1", 0);
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0x5000));
    TLBIMVAA(TEST);
    load("by mva, all asid", 0);
    write_descriptor(&second_level[0][1], SMALL_GLOBAL(SCRATCH + 0x6000));
    TLBIMVA((TEST + 0x1000) | 0x77);
    load("a global page by mva and any asid", 1);
    write_descriptor(&second_level[0][1], SMALL_GLOBAL(SCRATCH + 0x7000));
    TLBIMVAAIS(TEST + 0x1000);
    load("a global page by mva, inner shareable", 1);
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0x8000));
    TLBIMVAIS(TEST | 1);
    load("by mva and asid, inner shareable", 0);
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0x9000));
    TLBIASIDIS(1);
    load("by asid, inner shareable", 0);
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0xa000));
    write_descriptor(&second_level[0][1], SMALL_GLOBAL(SCRATCH + 0xb000));
    TLBIALLIS();
    load("all, inner shareable, local", 0);
    load("all, inner shareable, global", 1);
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0xc000));
    DTLBIMVA(TEST | 1);
    load("data tlb by mva", 0);
    write_descriptor(&second_level[0][0], SMALL_LOCAL(SCRATCH + 0xd000));
    DTLBIALL();
    load("data tlb all", 0);

    /* From nothing to something needs no maintenance: a fault is never held. */
    load("not mapped yet", 2);
    write_descriptor(&second_level[0][2], SMALL_GLOBAL(SCRATCH + 0x2000));
    sync();
    load("mapped without maintenance", 2);
    /* From something to nothing, and to read-only. */
    write_descriptor(&second_level[0][2], SMALL_GLOBAL(SCRATCH + 0x2000) | 1 << 9);
    TLBIMVA(TEST + 0x2000);
    PROBE_FAULT("made read-only", TEST + 0x2000, 0, "8: str r0, [r0]");
    write_descriptor(&second_level[0][2], 0);
    TLBIMVA(TEST + 0x2000);
    load("unmapped", 2);

    /* A domain change needs no maintenance. */
    map(ENTRY, (u32)second_level[0] | TABLE | TABLE_DOMAIN(4));
    WRITE_DACR(1 | 1 << 8);
    load("domain client", 1);
    WRITE_DACR(1);
    load("domain closed", 1);
    WRITE_DACR(1 | 3 << 8);
    load("domain manager", 1);
    WRITE_DACR(1 | 1 << 8);

    /* Section replaced by a table and back, one MVA of it invalidated each time. */
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(3));
    load("section", 4);
    write_descriptor(ENTRY, 0);
    TLBIMVA((TEST + 0x4000) | 1);
    load("section gone", 4);
    write_descriptor(ENTRY, (u32)second_level[0] | TABLE);
    sync();
    load("table instead, page 1", 1);
    load("table instead, page 4", 4);

    /* Two tables through TTBR0 with an ASID each, the sequence of a process switch. */
    WRITE_CONTEXTIDR(0);
    for (u32 i = 0; i < 4096; i++)
        first_level_1[i] = first_level[i];
    first_level_1[TEST >> 20] = (u32)second_level[1] | TABLE;
    second_level[1][0] = SMALL_LOCAL(SCRATCH + 0xe000);
    second_level[1][1] = SMALL_GLOBAL(SCRATCH + 0xf000);
    write_descriptor(&second_level[0][1], SMALL_GLOBAL(SCRATCH + 0xf000));
    tlb_flush_all();
    for (u32 round = 0; round < 2; round++) {
        WRITE_TTBR0((u32)first_level);
        WRITE_CONTEXTIDR(0x20);
        load("process 0x20", 0);
        load("shared", 1);
        WRITE_CONTEXTIDR(0);
        WRITE_TTBR0((u32)first_level_1);
        WRITE_CONTEXTIDR(0x21);
        load("process 0x21", 0);
        load("shared", 1);
        WRITE_CONTEXTIDR(0);
    }
    WRITE_TTBR0((u32)first_level);
    PROBE_USER("tlb operation from user", 0, 0, "8: mcr p15, 0, r0, c8, c7, 0");
    mmu_off();
    return 0;
}
