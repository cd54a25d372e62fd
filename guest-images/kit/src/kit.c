/* Start-up in C, the end of a run, and exceptions. */
#include "kit.h"

#include "errno.h"
#include "internal.h"
#include "irq.h"
#include "mmu.h"
#include "printf.h"
#include "slab.h"

#define SYS_WRITE0 0x04u
#define SYS_EXIT_EXTENDED 0x20u
#define APPLICATION_EXIT 0x20026u

static struct fdt tree;
static bool console;
static abort_handler_t abort_handler;

static void semihosting(u32 operation, const void *argument)
{
    register u32 r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("svc 0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
}

void exit(int status)
{
    u32 block[2] = { APPLICATION_EXIT, (u32)status };

    console_flush();
    semihosting(SYS_EXIT_EXTENDED, block);
    for (;;)
        ;
}

void panic(const char *format, ...)
{
    static bool again;
    char text[256];
    va_list arguments;

    local_irq_save();
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (console && !again) {
        again = true;
        printf("panic: %s\n", text);
    } else {
        semihosting(SYS_WRITE0, "panic: ");
        semihosting(SYS_WRITE0, text);
        semihosting(SYS_WRITE0, "\n");
    }
    exit(2);
}

const struct fdt *device_tree(void)
{
    return &tree;
}

/* From start.S; the argument is what the boot loader passed in r2. */
void kit_start(const void *blob) __attribute__((noreturn));
void kit_start(const void *blob)
{
    if (!blob || fdt_init(&tree, blob, SZ_1M))
        panic("no device tree: r2 is %p at the entry", blob);
    memory_init(&tree);
    mmu_init(&tree);
    gic_init(&tree);
    timer_init(&tree);
    console_init(&tree);
    console = true;
    devices_init(&tree);
    iommu_init();
    exit(main());
}

abort_handler_t set_abort_handler(abort_handler_t handler)
{
    abort_handler_t before = abort_handler;

    abort_handler = handler;
    return before;
}

/* From the vector. */
void handle_data_abort(u32 pc);
void handle_data_abort(u32 pc)
{
    u32 dfsr, dfar;

    __asm__ volatile("mrc p15, 0, %0, c5, c0, 0" : "=r"(dfsr));
    __asm__ volatile("mrc p15, 0, %0, c6, c0, 0" : "=r"(dfar));
    if (abort_handler && abort_handler(dfar, dfsr & BIT(11)))
        return;
    panic("data abort at pc 0x%08x: %s of 0x%08x, DFSR = 0x%08x", pc, dfsr & BIT(11) ? "write" : "read", dfar, dfsr);
}

void handle_death(u32 kind, u32 pc) __attribute__((noreturn));
void handle_death(u32 kind, u32 pc)
{
    static const char *const names[] = { "undefined instruction", "supervisor call", "prefetch abort", "FIQ" };

    panic("%s at pc 0x%08x", names[kind], pc);
}

/* libgcc's answer to a division by 0. */
void __aeabi_idiv0(void);
void __aeabi_idiv0(void)
{
    panic("division by 0");
}

void __aeabi_ldiv0(void);
void __aeabi_ldiv0(void)
{
    panic("division by 0");
}

const char *errname(int error)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        { 0, "0" },           { EPERM, "EPERM" },       { ENOENT, "ENOENT" }, { EIO, "EIO" },
        { ENXIO, "ENXIO" },   { EAGAIN, "EAGAIN" },     { ENOMEM, "ENOMEM" }, { EFAULT, "EFAULT" },
        { EBUSY, "EBUSY" },   { EEXIST, "EEXIST" },     { ENODEV, "ENODEV" }, { EINVAL, "EINVAL" },
        { ENOSPC, "ENOSPC" }, { ERANGE, "ERANGE" },     { ENOSYS, "ENOSYS" }, { EOPNOTSUPP, "EOPNOTSUPP" },
        { ETIMEDOUT, "ETIMEDOUT" }, { EINTR, "EINTR" },   { EILSEQ, "EILSEQ" },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].number == (error < 0 ? -error : error))
            return names[i].name;
    return "E?";
}
