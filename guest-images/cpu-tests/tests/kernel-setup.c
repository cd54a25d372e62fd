/* What an operating system does with the system registers from its first instruction to its
 * first process: cache maintenance by set and way, remapped memory types and access flags,
 * a kernel mapping at 0xC0000000, lazy floating point, user accesses, process switches. */
#include "cpu-tests.h"

#define KERNEL 0xc0000000u /* maps SCRATCH */
#define USER 0x00400000u
#define SCTLR_Z (1 << 11)

static u32 operations; /* cache lines visited; their number is the core's business */

/* Every level up to the level of coherency, as CLIDR and CCSIDR describe it. */
static void flush_data_caches(void)
{
    u32 clidr = READ_CP15(c0, 1, c0, 1);
    u32 levels = clidr >> 24 & 7;
    for (u32 level = 0; level < levels; level++) {
        if ((clidr >> (3 * level) & 7) < 2)
            continue;
        WRITE_CP15(c0, 2, c0, 0, level << 1); /* CSSELR */
        u32 ccsidr = READ_CP15(c0, 1, c0, 0);
        u32 line_shift = (ccsidr & 7) + 4;
        u32 last_way = ccsidr >> 3 & 0x3ff;
        u32 last_set = ccsidr >> 13 & 0x7fff;
        u32 way_shift = last_way ? (u32)__builtin_clz(last_way) : 0;
        for (u32 way = 0; way <= last_way; way++)
            for (u32 set = 0; set <= last_set; set++) {
                __asm__ volatile("mcr p15, 0, %0, c7, c14, 2" /* DCCISW */
                                 : : "r"(way << way_shift | set << line_shift | level << 1));
                operations++;
            }
    }
    WRITE_CP15(c0, 2, c0, 0, 0);
    __asm__ volatile("dsb\n isb" : : : "memory");
    WRITE_CP15(c7, 0, c5, 0, 0); /* ICIALLU */
}

static void map_kernel(void)
{
    for (u32 i = 0; i < 4096; i++)
        first_level[i] = 0;
    for (u32 i = 0; i < 16; i++) {
        /* TEX[0], C, B = 1, 1, 1; AP 01 with the access flag; the image stays where it is */
        first_level[0x400 + i] = (0x40000000u + (i << 20)) | SECTION_NORMAL | SECTION_AP(3);
        first_level[(KERNEL >> 20) + i] = (SCRATCH + (i << 20)) | SECTION_NORMAL | SECTION_AP(1) | SECTION_S;
    }
    WRITE_CP15(c10, 0, c2, 0, 0xff0a81a8); /* PRRR */
    WRITE_CP15(c10, 0, c2, 1, 0x40e040e0); /* NMRR */
    WRITE_TTBCR(0);
    WRITE_TTBR0((u32)first_level | 0x6a);
    WRITE_TTBR1((u32)first_level | 0x6a);
    WRITE_DACR(0x55555555);
    tlb_flush_all();
    WRITE_SCTLR(READ_SCTLR() | SCTLR_TRE | SCTLR_AFE | SCTLR_Z | SCTLR_I | SCTLR_C | SCTLR_M);
}

/* A small page of a process: user code and data share it. */
static void set_page(u32 table, u32 physical, u32 ap)
{
    u32 *entry = &second_level[table][0];
    *(volatile u32 *)entry = physical | PAGE_NORMAL | PAGE_NG | PAGE_AP(ap);
    WRITE_CP15(c7, 0, c10, 1, (u32)entry);
    __asm__ volatile("dsb" : : : "memory");
}

/* The order of a process switch: a reserved ASID while the tables change. */
static void switch_to(u32 *table, u32 asid)
{
    WRITE_CONTEXTIDR(0);
    WRITE_TTBR0((u32)table | 0x6a);
    WRITE_CONTEXTIDR(asid);
}

static void processes(void)
{
    for (u32 i = 0; i < 4096; i++)
        first_level_1[i] = first_level[i];
    first_level[USER >> 20] = (u32)second_level[0] | TABLE;
    first_level_1[USER >> 20] = (u32)second_level[1] | TABLE;
    set_page(0, SCRATCH + 0x1000, 3);
    set_page(1, SCRATCH + 0x2000, 3);
    ((volatile u32 *)KERNEL)[0x1000 / 4] = 0x1001;
    ((volatile u32 *)KERNEL)[0x2000 / 4] = 0x2002;
    WRITE_CP15(c13, 0, c0, 3, 0x7e5); /* TPIDRURO */
    for (u32 round = 0; round < 3; round++) {
        switch_to(first_level, 0x100 | 1);
        PROBE_USER_FAULT("process 1", USER, round, "8: ldr r2, [r0]\n add r2, r2, #0x10000\n str r2, [r0]\n mov r0, r2\n mrc p15, 0, r1, c13, c0, 3");
        switch_to(first_level_1, 0x200 | 2);
        PROBE_USER_FAULT("process 2", USER, round, "8: ldr r2, [r0]\n add r2, r2, #0x20000\n str r2, [r0]\n mov r0, r2\n mrc p15, 0, r1, c13, c0, 3");
    }
    show("page 1 from the kernel", ((volatile u32 *)KERNEL)[0x1000 / 4]);
    show("page 2 from the kernel", ((volatile u32 *)KERNEL)[0x2000 / 4]);
    PROBE_USER_FAULT("the kernel from user", KERNEL + 0x1000, 0, "8: ldr r0, [r0]");

    /* Copy on write: read-only, fault, copy, writable again. */
    set_page(1, SCRATCH + 0x2000, 7);
    WRITE_CP15(c8, 0, c3, 1, USER | 2); /* TLBIMVAIS */
    __asm__ volatile("dsb\n isb" : : : "memory");
    PROBE_USER_FAULT("write to a shared page", USER, 5, "8: str r1, [r0]");
    PROBE_FAULT("strt to a shared page", USER, 5, "8: strt r1, [r0]");
    for (u32 i = 0; i < 1024; i++)
        ((volatile u32 *)KERNEL)[0x3000 / 4 + i] = ((volatile u32 *)KERNEL)[0x2000 / 4 + i];
    set_page(1, SCRATCH + 0x3000, 3);
    WRITE_CP15(c8, 0, c3, 1, USER | 2);
    __asm__ volatile("dsb\n isb" : : : "memory");
    PROBE_USER_FAULT("write to the copy", USER, 5, "8: ldr r2, [r0]\n str r1, [r0]\n mov r0, r2");
    show("the page", ((volatile u32 *)KERNEL)[0x2000 / 4]);
    show("the copy", ((volatile u32 *)KERNEL)[0x3000 / 4]);

    /* Ageing: the access flag is cleared, the next access faults, software sets it. */
    set_page(1, SCRATCH + 0x3000, 2);
    WRITE_CP15(c8, 0, c3, 1, USER | 2);
    __asm__ volatile("dsb\n isb" : : : "memory");
    PROBE_USER_FAULT("old page", USER, 0, "8: ldr r0, [r0]");
    set_page(1, SCRATCH + 0x3000, 3);
    PROBE_USER_FAULT("young page", USER, 0, "8: ldr r0, [r0]");

    /* An exiting process: its ASID goes to another one. */
    WRITE_CP15(c8, 0, c3, 2, 2); /* TLBIASIDIS */
    __asm__ volatile("dsb\n isb" : : : "memory");
    switch_to(first_level, 0x300 | 2);
    PROBE_USER_FAULT("the asid in new hands", USER, 0, "8: ldr r0, [r0]");
}

static void code_from_data(void)
{
    /* A loader writes code, cleans it to memory and invalidates the instruction cache. */
    volatile u32 *code = (volatile u32 *)(KERNEL + 0x1100);
    for (u32 round = 1; round < 4; round++) {
        code[0] = 0xe3a00000 | round; /* mov r0, #round */
        code[1] = 0xe12fff1e;         /* bx lr */
        WRITE_CP15(c7, 0, c11, 1, (u32)code); /* DCCMVAU */
        __asm__ volatile("dsb" : : : "memory");
        WRITE_CP15(c7, 0, c5, 1, (u32)code); /* ICIMVAU */
        WRITE_CP15(c7, 0, c5, 6, 0);         /* BPIALL */
        __asm__ volatile("dsb\n isb" : : : "memory");
        PROBE_USER_FAULT("user code", USER + 0x100, 0, "8: blx r0");
        PROBE_FAULT("kernel code", KERNEL + 0x1100, 0, "8: blx r0");
    }
}

int main(void)
{
    flush_data_caches();
    show("caches have lines", operations != 0);
    map_kernel();
    show("mmu on", READ_SCTLR() & (SCTLR_M | SCTLR_TRE | SCTLR_AFE));
    WRITE_CP15(c1, 0, c0, 2, 0xf << 20); /* CPACR */
    RUN("floating point is off", 0, 0, ".fpu neon\n vmrs r1, fpexc\n and r1, r1, #0x40000000");
    PROBE_USER("first use", 0, 0, ".fpu neon\n 8: vmov.f32 s0, #1.0");
    RUN("switched on", 0x40000000, 0, ".fpu neon\n vmsr fpexc, r0\n vmrs r1, fpexc\n and r1, r1, #0x40000000");
    PROBE_USER("used", 0, 0, ".fpu neon\n 8: vmov.f32 s0, #1.0\n vadd.f32 s0, s0, s0\n vmov r0, s0");
    processes();
    code_from_data();
    flush_data_caches();
    mmu_off();
    return 0;
}
