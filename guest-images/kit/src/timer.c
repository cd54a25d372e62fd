/* Time from the debug timer, free running at 6.75 MHz; its match value wakes who sleeps. */
#include "delay.h"

#include "internal.h"
#include "io.h"
#include "irq.h"
#include "kit.h"

#define DGT_MATCH_VAL 0x24
#define DGT_COUNT_VAL 0x28
#define DGT_ENABLE 0x2c
#define DGT_CLK_CTL 0x34
#define DGT_CLK_DIV_4 3u

/* Of the CPSR. */
#define MODE 0x1fu
#define MODE_SUPERVISOR 0x13u

static u32 timer;
static u64 ticks_before; /* at the last look, with the high half that the counter lacks */

/* 6.75 MHz: 27 ticks in 4 us. */
static u64 ticks(void)
{
    unsigned long flags = local_irq_save();
    u32 now = readl_relaxed(timer + DGT_COUNT_VAL);

    ticks_before += (u32)(now - (u32)ticks_before);
    local_irq_restore(flags);
    return ticks_before;
}

static irqreturn_t woken(int irq, void *data)
{
    (void)irq, (void)data;
    return IRQ_HANDLED;
}

void timer_init(const struct fdt *tree)
{
    int node = fdt_next_compatible(tree, -1, "qcom,msm-timer"), irq;
    bool edge;
    u32 size;

    if (node < 0 || fdt_reg(tree, node, 0, &timer, &size) || !fdt_interrupt(tree, node, 0, &irq, &edge))
        panic("the device tree names no timer");
    writel_relaxed(DGT_CLK_DIV_4, timer + DGT_CLK_CTL);
    writel_relaxed(1, timer + DGT_ENABLE);
    gic_configure(irq, edge);
    request_irq(irq, woken, NULL);
    gic_urgent(irq);
    /* Cycle counter: reset, enable. */
    __asm__ volatile("mcr p15, 0, %0, c9, c12, 0" ::"r"(5u));
    __asm__ volatile("mcr p15, 0, %0, c9, c12, 1" ::"r"(1u << 31));
}

u64 time_ns(void)
{
    return ticks() * 4000 / 27;
}

u32 cycles(void)
{
    u32 value;

    __asm__ volatile("isb\n\tmrc p15, 0, %0, c9, c13, 0" : "=r"(value)::"memory");
    return value;
}

struct deadline deadline_in_us(u32 us)
{
    return (struct deadline){ ticks() + ((u64)us * 27 + 3) / 4 };
}

bool deadline_passed(struct deadline deadline)
{
    return ticks() >= deadline.at;
}

void wait_for_interrupt(struct deadline deadline)
{
    unsigned long flags = local_irq_save();
    u64 now = ticks();

    if (deadline.at > now) {
        u64 wait = min(deadline.at - now, (u64)0x80000000u);

        writel_relaxed((u32)(now + wait), timer + DGT_MATCH_VAL);
        /* Not if the time came while it was being set: then nothing would wake us. */
        if (ticks() < now + wait)
            wfi();
    }
    /* Not within a handler: its link register is not safe from another interrupt. */
    if ((flags & MODE) == MODE_SUPERVISOR)
        __asm__ volatile("cpsie i\n\tisb\n\tcpsid i" ::: "memory");
    local_irq_restore(flags);
}

void udelay(u32 us)
{
    struct deadline deadline = deadline_in_us(us);

    while (!deadline_passed(deadline))
        wait_for_interrupt(deadline);
}

void init_completion(struct completion *completion)
{
    completion->done = 0;
}

void complete(struct completion *completion)
{
    completion->done++;
}

bool wait_for_completion_timeout(struct completion *completion, u32 us)
{
    struct deadline deadline = deadline_in_us(us);
    unsigned long flags = local_irq_save();
    bool done;

    while (!completion->done && !deadline_passed(deadline))
        wait_for_interrupt(deadline);
    done = completion->done != 0;
    if (done)
        completion->done--;
    local_irq_restore(flags);
    return done;
}
