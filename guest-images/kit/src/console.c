/* Console on the UARTDM of "stdout-path": a ring that the transmit interrupt empties. */
#include "internal.h"
#include "io.h"
#include "irq.h"
#include "delay.h"
#include "kit.h"
#include "printf.h"

#define UARTDM_SR 0x08
#define SR_TXEMT BIT(3)
#define UARTDM_CR 0x10
#define CR_TX_ENABLE BIT(2)
#define CR_RESET_TX 0x20u
#define CR_RESET_TX_READY 0x300u
#define UARTDM_IMR 0x14
#define IMR_TXLEV BIT(0)
#define UARTDM_TFWR 0x1c
#define UARTDM_NCF_TX 0x40
#define UARTDM_TF 0x70
#define FIFO_BYTES 256u

#define RING 8192u /* a power of two */

static struct {
    u32 base; /* 0: no console yet */
    u32 head, tail;
    char ring[RING];
} console;

/* With interrupts off: hands the UART what it takes, if it has nothing; else asks for an interrupt. */
static void pump(void)
{
    u32 n = min(console.head - console.tail, FIFO_BYTES);

    if (n && readl_relaxed(console.base + UARTDM_SR) & SR_TXEMT) {
        writel_relaxed(CR_RESET_TX_READY, console.base + UARTDM_CR);
        writel_relaxed(n, console.base + UARTDM_NCF_TX);
        (void)readl_relaxed(console.base + UARTDM_NCF_TX);
        while (n) {
            u32 word = 0, count = min(n, 4u);

            for (u32 i = 0; i < count; i++)
                word |= (u32)(u8)console.ring[console.tail++ % RING] << (8 * i);
            writel_relaxed(word, console.base + UARTDM_TF);
            n -= count;
        }
    }
    writel_relaxed(console.head != console.tail ? IMR_TXLEV : 0, console.base + UARTDM_IMR);
}

static irqreturn_t transmit(int irq, void *data)
{
    (void)irq, (void)data;
    pump();
    return IRQ_HANDLED;
}

/* With interrupts off: sleeps until the ring has room for so many characters, or (all of it) everything is sent. `flags` are what
 * they were before: if interrupts were let in, those that wake us are taken. */
static void wait_for_room(u32 room, unsigned long flags)
{
    while (RING - (console.head - console.tail) < room ||
           (room == RING && !(readl_relaxed(console.base + UARTDM_SR) & SR_TXEMT))) {
        pump();
        /* The line wakes the core though interrupts are off; so does any other. */
        writel_relaxed(IMR_TXLEV, console.base + UARTDM_IMR);
        wfi();
        local_irq_restore(flags);
        isb();
        local_irq_save();
    }
}

int vprintf(const char *format, va_list arguments)
{
    char text[512];
    int n = vsnprintf(text, sizeof text, format, arguments);
    unsigned long flags = local_irq_save();

    if (console.base) {
        /* At once, so that what a handler prints does not come in between. */
        wait_for_room(2 * sizeof text, flags);
        for (const char *s = text; *s; s++) {
            if (*s == '\n')
                console.ring[console.head++ % RING] = '\r';
            console.ring[console.head++ % RING] = *s;
        }
        pump();
    }
    local_irq_restore(flags);
    return n;
}

void console_flush(void)
{
    unsigned long flags = local_irq_save();

    if (console.base) {
        wait_for_room(RING, flags);
        writel_relaxed(0, console.base + UARTDM_IMR);
    }
    local_irq_restore(flags);
}

void console_init(const struct fdt *tree)
{
    const char *path = fdt_string(tree, fdt_path(tree, "/chosen"), "stdout-path");
    int node = path ? fdt_path(tree, path) : -1, irq;
    u32 base, size;
    bool edge;

    if (node < 0 || !fdt_is_compatible(tree, node, "qcom,msm-uartdm") || fdt_reg(tree, node, 0, &base, &size) ||
        !fdt_interrupt(tree, node, 0, &irq, &edge))
        panic("the device tree names no console");
    writel_relaxed(CR_RESET_TX, base + UARTDM_CR);
    writel_relaxed(CR_TX_ENABLE, base + UARTDM_CR);
    writel_relaxed(0, base + UARTDM_TFWR);
    writel_relaxed(0, base + UARTDM_IMR);
    console.base = base;
    gic_configure(irq, edge);
    request_irq(irq, transmit, NULL);
    gic_urgent(irq);
}
