/* The interrupt controller, and who handles which line. */
#include "errno.h"
#include "internal.h"
#include "io.h"
#include "irq.h"
#include "kit.h"

#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ICPENDR 0x280
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICC_CTLR 0x000
#define GICC_PMR 0x004
#define GICC_IAR 0x00c
#define GICC_EOIR 0x010

#define LINES 320
#define SPURIOUS 1020u

static u32 distributor, interface;
static int lines;
static struct {
    irq_handler_t handler;
    void *data;
} handlers[LINES];

void gic_init(const struct fdt *tree)
{
    int node = fdt_next_compatible(tree, -1, "qcom,msm-8660-qgic");
    u32 size;

    if (node < 0)
        node = fdt_next_compatible(tree, -1, "qcom,msm-qgic2");
    if (node < 0 || fdt_reg(tree, node, 0, &distributor, &size) || fdt_reg(tree, node, 1, &interface, &size))
        panic("the device tree names no interrupt controller");
    lines = min((int)(32 * ((readl_relaxed(distributor + GICD_TYPER) & 31) + 1)), LINES);
    for (int i = 0; i < lines; i += 32)
        writel_relaxed(~0u, distributor + GICD_ICENABLER + (u32)i / 8);
    writel_relaxed(1, distributor + GICD_CTLR);
    writel_relaxed(0xf8, interface + GICC_PMR);
    writel_relaxed(1, interface + GICC_CTLR);
    __asm__ volatile("cpsie i" ::: "memory");
}

void gic_configure(int irq, bool edge)
{
    u32 at = distributor + GICD_ICFGR + (u32)irq / 16 * 4, bit = 2u << (irq % 16 * 2);
    u32 value = readl_relaxed(at);

    writel_relaxed(edge ? value | bit : value & ~bit, at);
}

/* Above all others: it ends the sleep of a handler that waits for the console or the clock. */
void gic_urgent(int irq)
{
    writeb(0x80, distributor + GICD_IPRIORITYR + (u32)irq);
}

int request_irq(int irq, irq_handler_t handler, void *data)
{
    if (irq < 16 || irq >= lines || !handler)
        return -EINVAL;
    if (handlers[irq].handler)
        return -EBUSY;
    handlers[irq].data = data;
    handlers[irq].handler = handler;
    writeb(0xa0, distributor + GICD_IPRIORITYR + (u32)irq);
    if (irq >= 32)
        writeb(1, distributor + GICD_ITARGETSR + (u32)irq);
    enable_irq(irq);
    return 0;
}

void free_irq(int irq)
{
    if (irq < 16 || irq >= lines)
        return;
    disable_irq(irq);
    handlers[irq].handler = NULL;
}

void enable_irq(int irq)
{
    writel(BIT(irq % 32), distributor + GICD_ISENABLER + (u32)irq / 32 * 4);
}

void disable_irq(int irq)
{
    writel(BIT(irq % 32), distributor + GICD_ICENABLER + (u32)irq / 32 * 4);
    dsb();
}

/* From the vector. */
void handle_irq(void);
void handle_irq(void)
{
    for (;;) {
        u32 id = readl_relaxed(interface + GICC_IAR), irq = id & 1023;

        if (irq >= SPURIOUS)
            return;
        if (irq >= LINES || !handlers[irq].handler)
            panic("interrupt %u has no handler", irq);
        if (handlers[irq].handler((int)irq, handlers[irq].data) == IRQ_NONE)
            panic("interrupt %u: its handler found nothing to do", irq);
        dsb();
        writel_relaxed(id, interface + GICC_EOIR);
    }
}

unsigned long local_irq_save(void)
{
    unsigned long flags;

    __asm__ volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(flags)::"memory");
    return flags;
}

void local_irq_restore(unsigned long flags)
{
    __asm__ volatile("msr cpsr_c, %0" ::"r"(flags) : "memory");
}
