/* Every kind of MMU fault, with the status and address registers it leaves. */
#include "cpu-tests.h"

#define TEST 0x50000000u /* virtual address of the section under test */
#define ENTRY (first_level + (TEST >> 20))

static const char load[] = "load", store[] = "store", fetch[] = "fetch";

static void title(const char *subject, const char *what)
{
    text("-- ");
    text(subject);
    text(what);
    line();
}

static void probe_all(const char *subject, const char *what)
{
    title(subject, what);
    PROBE_FAULT(load, TEST + 0x10, 0, "8: ldr r0, [r0]");
    PROBE_FAULT(store, TEST + 0x14, 0, "8: str r1, [r0]");
    PROBE_USER_FAULT("user load", TEST + 0x18, 0, "8: ldr r0, [r0]");
    PROBE_USER_FAULT("user store", TEST + 0x1c, 0, "8: str r1, [r0]");
}

/* The page under test holds "bx lr" (ARM) at +0x40 and (Thumb) at +0x48. */
static void probe_fetch(const char *what)
{
    title(what, ", fetch");
    PROBE_FAULT(fetch, TEST + 0x40, 0, "8: blx r0\n mov r0, #1");
    show("lr against target", trap.lr - (TEST + 0x40));
    PROBE_FAULT("fetch thumb", TEST + 0x49, 0, "8: blx r0\n mov r0, #1");
    show("lr against target", trap.lr - (TEST + 0x48));
    PROBE_USER_FAULT("user fetch", TEST + 0x40, 0, "8: blx r0\n mov r0, #1");
}

static void prepare_code(void)
{
    volatile u32 *code = (volatile u32 *)(SCRATCH + 0x40);
    code[0] = 0xe12fff1e; /* bx lr */
    code[2] = 0x47704770; /* bx lr, twice */
    volatile u32 *page = (volatile u32 *)(SCRATCH + 0x3040);
    page[0] = 0xe12fff1e;
    page[2] = 0x47704770;
    for (u32 a = SCRATCH; a < SCRATCH + 0x4000; a += 32)
        WRITE_CP15(c7, 0, c10, 1, a); /* DCCMVAC */
    __asm__ volatile("dsb" : : : "memory");
    WRITE_CP15(c7, 0, c5, 0, 0); /* ICIALLU */
    __asm__ volatile("dsb\n isb" : : : "memory");
}

static void translation(void)
{
    map(ENTRY, 0);
    probe_all("section translation fault", "");
    probe_fetch("section translation fault");
    map(ENTRY, (u32)second_level[0] | TABLE | TABLE_DOMAIN(5));
    WRITE_DACR(1 | 1 << 10);
    map(&second_level[0][0], 0);
    probe_all("page translation fault", "");
    probe_fetch("page translation fault");
    map(ENTRY, 0xfffffff0 & ~3u);
    probe_all("section translation fault, other bits set", "");
}

static void domains(void)
{
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(3) | SECTION_DOMAIN(7));
    WRITE_DACR(1);
    probe_all("section domain fault", "");
    probe_fetch("section domain fault");
    map(ENTRY, (u32)second_level[0] | TABLE | TABLE_DOMAIN(9));
    map(&second_level[0][0], SCRATCH | PAGE_NORMAL | PAGE_AP(3));
    probe_all("page domain fault", "");
    probe_fetch("page domain fault");
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(0) | SECTION_XN | SECTION_DOMAIN(7));
    WRITE_DACR(1 | 3 << 14);
    probe_all("section of a manager domain, no access, XN", "");
    probe_fetch("section of a manager domain, no access, XN");
    WRITE_DACR(1);
}

static void permissions(void)
{
    static const char *const names[8] = {
        "ap 000 none", "ap 001 kernel", "ap 010 user reads", "ap 011 all",
        "ap 100 reserved", "ap 101 kernel reads", "ap 110 all read (deprecated)", "ap 111 all read",
    };
    for (u32 ap = 0; ap < 8; ap++) {
        if (ap == 4)
            continue;
        map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(ap));
        probe_all("section ", names[ap]);
        PROBE_USER_FAULT("user fetch", TEST + 0x40, 0, "8: blx r0\n mov r0, #1");
    }
    map(ENTRY, (u32)second_level[0] | TABLE);
    for (u32 ap = 0; ap < 8; ap++) {
        if (ap == 4)
            continue;
        map(&second_level[0][0], SCRATCH | PAGE_NORMAL | PAGE_AP(ap));
        probe_all("page ", names[ap]);
        PROBE_USER_FAULT("user fetch", TEST + 0x40, 0, "8: blx r0\n mov r0, #1");
    }
}

static void execute_never(void)
{
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(3) | SECTION_XN);
    probe_fetch("section xn");
    map(ENTRY, (u32)second_level[0] | TABLE);
    map(&second_level[0][0], SCRATCH | PAGE_NORMAL | PAGE_AP(3) | PAGE_XN);
    probe_fetch("small page xn");
    for (u32 i = 0; i < 16; i++)
        second_level[0][i] = SCRATCH | LARGE | LARGE_TEX0 | PAGE_C | PAGE_B | PAGE_AP(3) | LARGE_XN;
    tlb_flush_all();
    probe_fetch("large page xn");
    map(&second_level[0][0], SCRATCH | PAGE_NORMAL | PAGE_AP(3));
    probe_fetch("executable small page");
}

static void access_flag(void)
{
    WRITE_SCTLR(READ_SCTLR() | SCTLR_AFE);
    /* With AFE, AP[0] is the access flag: the flat map has it set (AP 011). */
    static const char *const names[4] = { "af clear", "af set", "af clear", "af set" };
    for (u32 ap = 0; ap < 8; ap++) {
        map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(ap));
        show("section, ap", ap);
        probe_all("", names[ap & 3]);
    }
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(2));
    probe_fetch("section, access flag clear");
    map(ENTRY, (u32)second_level[0] | TABLE);
    for (u32 ap = 0; ap < 8; ap++) {
        map(&second_level[0][0], SCRATCH | PAGE_NORMAL | PAGE_AP(ap));
        show("page, ap", ap);
        probe_all("", names[ap & 3]);
    }
    map(&second_level[0][0], SCRATCH | PAGE_NORMAL | PAGE_AP(2));
    probe_fetch("page, access flag clear");
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_AFE);
}

static void external(void)
{
    map(ENTRY, NOTHING | SECTION | SECTION_B | SECTION_AP(3));
    probe_all("external abort on access", "");
    map(ENTRY, NOTHING | SECTION | SECTION_B | SECTION_AP(3));
    probe_fetch("external abort on access");
    map(ENTRY, (NOTHING & ~0x3ffu) | TABLE | TABLE_DOMAIN(0));
    probe_all("external abort on the second-level walk", "");
    probe_fetch("external abort on the second-level walk");
    /* TTBR1 on addresses from 0x80000000, its table where nothing is. */
    WRITE_TTBCR(1);
    WRITE_TTBR1(NOTHING);
    tlb_flush_all();
    PROBE_FAULT("first-level walk, load", 0x90000010, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("first-level walk, store", 0x90000010, 0, "8: str r1, [r0]");
    PROBE_FAULT("first-level walk, fetch", 0x90000010, 0, "8: blx r0");
    WRITE_TTBCR(0);
    tlb_flush_all();
}

static void split(void)
{
    volatile u32 *scratch = (volatile u32 *)SCRATCH;
    for (u32 i = 0; i < 4096; i++)
        first_level_1[i] = i < 0x500 ? first_level[i] : 0; /* with N = 2 the image is TTBR1's */
    scratch[0x100] = 0x11111111;
    first_level_1[0x900] = SCRATCH | SECTION_NORMAL | SECTION_AP(3);
    first_level_1[0x500] = SCRATCH | SECTION_NORMAL | SECTION_AP(3);
    WRITE_TTBR1((u32)first_level_1);
    map(ENTRY, 0);
    for (u32 n = 0; n < 3; n++) {
        WRITE_TTBCR(n);
        tlb_flush_all();
        show("ttbcr.n", n);
        PROBE_FAULT("0x90000400", 0x90000400, 0, "8: ldr r0, [r0]");
        PROBE_FAULT("0x50000400", 0x50000400, 0, "8: ldr r0, [r0]");
    }
    WRITE_TTBCR(0);
    tlb_flush_all();
}

static void alignment(void)
{
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(3));
    text("-- alignment");
    line();
    PROBE_FAULT("ldrd by 2", TEST + 2, 0, "mov r4, r0\n 8: ldrd r0, r1, [r4]");
    PROBE_FAULT("strd by 2", TEST + 2, 0, "mov r4, r0\n 8: strd r0, r1, [r4]");
    PROBE_FAULT("ldm by 1", TEST + 1, 0, "mov r4, r0\n 8: ldm r4, {r0, r1}");
    PROBE_FAULT("stm by 2, writeback", TEST + 2, 0, "mov r4, r0\n 8: stm r4!, {r0, r1}");
    show("base", trap.r[4]);
    PROBE_FAULT("ldrex by 2", TEST + 2, 0, "8: ldrex r0, [r0]");
    PROBE_FAULT("ldrexh by 1", TEST + 1, 0, "8: ldrexh r0, [r0]");
    PROBE_FAULT("ldrexd by 4", TEST + 4, 0, "mov r4, r0\n 8: ldrexd r0, r1, [r4]");
    WRITE_SCTLR(READ_SCTLR() | SCTLR_A);
    PROBE_FAULT("a: ldr by 1", TEST + 1, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("a: ldrh by 1", TEST + 1, 0, "8: ldrh r0, [r0]");
    PROBE_FAULT("a: str by 2", TEST + 2, 0, "8: str r0, [r0]");
    PROBE_FAULT("a: ldr writeback by 2", TEST + 2, 0, "8: ldr r1, [r0], #4");
    show("base", trap.r[0] - TEST);
    PROBE_FAULT("a: ldrb by 1", TEST + 1, 0, "8: ldrb r0, [r0]");
    map(ENTRY, 0);
    PROBE_FAULT("a: unaligned and unmapped", TEST + 1, 0, "8: ldr r0, [r0]");
    WRITE_SCTLR(READ_SCTLR() & ~SCTLR_A);
}

static void unprivileged(void)
{
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(1));
    text("-- unprivileged instructions on a kernel section");
    line();
    PROBE_FAULT("ldrt", TEST + 0x20, 0, "8: ldrt r1, [r0]");
    PROBE_FAULT("strt", TEST + 0x20, 0, "8: strt r1, [r0]");
    PROBE_FAULT("ldrbt", TEST + 0x21, 0, "8: ldrbt r1, [r0]");
    PROBE_FAULT("ldrht", TEST + 0x22, 0, "8: ldrht r1, [r0]");
    PROBE_FAULT("ldrt post-indexed", TEST + 0x20, 0, "8: ldrt r1, [r0], #8");
    show("base", trap.r[0] - TEST);
    PROBE_THUMB_FAULT("thumb ldrt", TEST + 0x20, 0, "8: ldrt r0, [r0, #4]");
    map(ENTRY, SCRATCH | SECTION_NORMAL | SECTION_AP(2));
    PROBE_FAULT("ldrt where user reads", TEST + 0x20, 0, "8: ldrt r1, [r0]\n mov r0, #1");
    PROBE_FAULT("strt where user reads", TEST + 0x20, 0, "8: strt r1, [r0]");
}

static void multiple(void)
{
    /* Faults in the middle of multiple transfers and across pages. */
    text("-- second page missing");
    line();
    map(ENTRY, (u32)second_level[0] | TABLE);
    for (u32 i = 0; i < 256; i++)
        second_level[0][i] = 0;
    map(&second_level[0][0], SCRATCH | PAGE_NORMAL | PAGE_AP(3));
    PROBE_FAULT("ldm across", TEST + 0xff8, 5, "mov r4, r0\n mov r5, #1\n 8: ldm r4!, {r0, r1, r2, r3}");
    show("base", trap.r[4] - TEST);
    PROBE_FAULT("stm across", TEST + 0xff8, 5, "mov r4, r0\n 8: stm r4!, {r0, r1, r2, r3}");
    show("base", trap.r[4] - TEST);
    PROBE_FAULT("stmdb across", TEST + 0x1008, 5, "mov r4, r0\n 8: stmdb r4!, {r0, r1, r2, r3}");
    show("base", trap.r[4] - TEST);
    PROBE_FAULT("ldrd across", TEST + 0xffc, 5, "mov r4, r0\n 8: ldrd r0, r1, [r4]");
    PROBE_FAULT("ldr unaligned across", TEST + 0xffe, 5, "8: ldr r0, [r0]");
    PROBE_FAULT("str unaligned across", TEST + 0xffd, 5, "8: str r1, [r0]");
    PROBE_FAULT("first page missing", TEST + 0x1ffe, 5, "8: ldr r0, [r0]");
    ((volatile u32 *)SCRATCH)[0xffc / 4] = 0xe3a00007; /* mov r0, #7 */
    ((volatile u32 *)SCRATCH)[0x3ffc / 4] = 0xe3a00007;
    WRITE_CP15(c7, 0, c10, 1, SCRATCH + 0xffc);
    WRITE_CP15(c7, 0, c5, 0, 0);
    PROBE_FAULT("fetch runs into the missing page", TEST + 0xffc, 0, "8: blx r0");
    show("lr", trap.lr - TEST);
    ((volatile u32 *)SCRATCH)[0xffc / 4] = 0xf7f04770; /* bx lr; first half of a 32-bit one */
    WRITE_CP15(c7, 0, c10, 1, SCRATCH + 0xffc);
    WRITE_CP15(c7, 0, c5, 0, 0);
    PROBE_FAULT("thumb instruction across the pages", TEST + 0xfff, 0, "8: blx r0");
    show("lr", trap.lr - TEST);
}

int main(void)
{
    prepare_code();
    mmu_on();
    translation();
    domains();
    permissions();
    execute_never();
    access_flag();
    external();
    split();
    alignment();
    unprivileged();
    multiple();
    mmu_off();
    PROBE_FAULT("mmu off, nothing there, load", NOTHING + 8, 0, "8: ldr r0, [r0]");
    PROBE_FAULT("mmu off, nothing there, store", NOTHING + 8, 0, "8: str r0, [r0]");
    PROBE_FAULT("mmu off, nothing there, fetch", NOTHING + 8, 0, "8: blx r0");
    return 0;
}
