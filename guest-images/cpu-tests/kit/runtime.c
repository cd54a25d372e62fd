/* Output, trap reports and translation tables. */
#include "cpu-tests.h"

volatile struct trap trap;
volatile u32 trap_resume, trap_at, trap_done, trap_return_cpsr = 0x1df;
volatile u32 interrupt_controller, leave_non_secure;
static u32 reported;

u32 first_level[4096] __attribute__((aligned(16384)));
u32 first_level_1[4096] __attribute__((aligned(16384)));
u32 second_level[8][256] __attribute__((aligned(1024)));

void call_semihosting(u32 operation, u32 parameter);

static char buffer[256];
static u32 used;

static void put(char c)
{
    if (used < sizeof buffer - 1)
        buffer[used++] = c;
}

void text(const char *s)
{
    while (*s)
        put(*s++);
}

void hex(u32 value)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        put("0123456789abcdef"[value >> shift & 15]);
}

void field(const char *name, u32 value)
{
    put(' ');
    text(name);
    put('=');
    hex(value);
}

void line(void)
{
    buffer[used++] = '\n';
    if (used == sizeof buffer)
        used--;
    buffer[used] = 0;
    call_semihosting(0x04, (u32)buffer); /* SYS_WRITE0 */
    used = 0;
}

void show(const char *name, u32 value)
{
    text(name);
    text(": ");
    hex(value);
    line();
}

void finish(void)
{
    text("done");
    line();
    call_semihosting(0x18, 0x20026); /* SYS_EXIT, ADP_Stopped_ApplicationExit */
    for (;;)
        ;
}


static const char *const vector_names[8] = {
    "reset", "undefined", "svc", "prefetch-abort", "data-abort", "hyp", "irq", "fiq",
};

void unexpected_trap(void)
{
    text("UNEXPECTED ");
    text(vector_names[trap.kind & 7]);
    field("lr", trap.lr);
    field("spsr", trap.spsr);
    field("dfsr", trap.dfsr);
    field("dfar", trap.dfar);
    field("ifsr", trap.ifsr);
    field("ifar", trap.ifar);
    line();
    finish();
}

static int report_trap(const char *name, u32 r0, u32 r1)
{
    u32 done = trap_done;
    trap_done = 0;
    text(name);
    put(':');
    if (trap.count == reported) {
        text(" no trap");
        field("r0", r0);
        field("r1", r1);
        trap_resume = 0;
        return 0;
    }
    u32 taken = trap.count - reported;
    reported = trap.count;
    if (taken != 1)
        field("traps", taken);
    if (trap.kind == SUPERVISOR && trap.lr == done) {
        text(" completed");
        field("r0", trap.r[0]);
        field("r1", trap.r[1]);
        return 0;
    }
    put(' ');
    text(vector_names[trap.kind & 7]);
    if (trap.kind >> 4)
        text(trap.kind >> 4 == 1 ? "(moved)" : trap.kind >> 4 == 2 ? "(monitor)" : "(thumb)");
    field("lr-at", trap.lr - trap_at);
    field("spsr", trap.spsr);
    field("cpsr", trap.cpsr);
    return 1;
}

void report(const char *name, u32 r0, u32 r1)
{
    report_trap(name, r0, r1);
    line();
}

void report_fault(const char *name, u32 r0, u32 r1)
{
    if (report_trap(name, r0, r1)) {
        if ((trap.kind & 7) == DATA_ABORT) {
            field("dfsr", trap.dfsr);
            field("dfar", trap.dfar);
        } else if ((trap.kind & 7) == PREFETCH_ABORT) {
            field("ifsr", trap.ifsr & ~0x1f0u); /* bits 8:4 mean nothing (DDI 0406, IFSR) */
            field("ifar", trap.ifar);
        }
    }
    line();
}

void tlb_flush_all(void)
{
    __asm__ volatile("dsb" : : : "memory");
    WRITE_CP15(c8, 0, c7, 0, 0);
    __asm__ volatile("dsb\n isb" : : : "memory");
}

void map(u32 *descriptor, u32 value)
{
    *(volatile u32 *)descriptor = value;
    WRITE_CP15(c7, 0, c10, 1, (u32)descriptor); /* DCCMVAC: the walker may read memory */
    tlb_flush_all();
}

void mmu_on(void)
{
    for (u32 i = 0; i < 4096; i++)
        first_level[i] = 0;
    for (u32 i = 0x400; i < 0x480; i++) /* 128 MiB of RAM, shared with User mode */
        first_level[i] = i << 20 | SECTION_NORMAL | SECTION_AP(3);
    for (u32 i = 0x080; i < 0x0a0; i++) /* interrupt controller */
        first_level[i] = i << 20 | SECTION | SECTION_B | SECTION_XN | SECTION_AP(1);
    WRITE_TTBCR(0);
    WRITE_TTBR0((u32)first_level);
    WRITE_DACR(1);
    WRITE_CONTEXTIDR(0);
    tlb_flush_all();
    WRITE_SCTLR(READ_SCTLR() | SCTLR_M | SCTLR_C | SCTLR_I);
}

void mmu_off(void)
{
    WRITE_SCTLR(READ_SCTLR() & ~(SCTLR_M | SCTLR_C | SCTLR_I));
    tlb_flush_all();
}
