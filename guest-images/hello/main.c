/*
 * A first guest: maps a page behind a System MMU, runs DMA through it, takes a translation fault, maps what was
 * missing, has the stalled transaction resumed, checks every byte.
 */
#include "cacheflush.h"
#include "delay.h"
#include "device.h"
#include "io.h"
#include "iommu.h"
#include "irq.h"
#include "kit.h"
#include "printf.h"
#include "slab.h"
#include "string.h"

#define IOVA 0x10000000u

/* The traffic engine: a frame in memory says what it does. */
#define TENG_CMD 0x0c
#define TENG_FRAME_ADDR 0x10
#define TENG_FRAME_ATTR 0x14
#define TENG_STATUS 0x18
#define TENG_STATUS_DONE BIT(1)
#define TENG_INT_STATUS 0x1c
#define TENG_INT_ENABLE 0x20
#define TENG_INT_DONE BIT(1)
#define FRAME_COPY 1u
#define FRAME_BURST_64 (6u << 8)
#define FRAME_OUTSTANDING_4 (3u << 12)
#define ATTR_NORMAL (2u << 3)

static struct completion done;

static irqreturn_t engine_interrupt(int irq, void *data)
{
    struct device *engine = data;

    (void)irq;
    writel(TENG_INT_DONE, engine->base + TENG_INT_STATUS);
    complete(&done);
    return IRQ_HANDLED;
}

/* A page is missing: it gets the one in `token`, and the engine goes on. */
static int page_missing(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    struct iommu_fault fault;

    iommu_last_fault(domain, &fault);
    printf("fault: %s is stalled, it can not %s at 0x%08x\n", dev->name,
           flags == IOMMU_FAULT_WRITE ? "write" : "read", iova);
    printf("  FSR = 0x%08x\n  FSYNR0 = 0x%08x\n  FSYNR1 = 0x%08x\n", fault.fsr, fault.fsynr0, fault.fsynr1);
    return iommu_map(domain, iova & PAGE_MASK, virt_to_phys(token), PAGE_SIZE, IOMMU_READ | IOMMU_WRITE);
}

static int fail(const char *why)
{
    printf("hello: FAILED: %s\n", why);
    return 1;
}

int main(void)
{
    struct device *engine = device_next(NULL, "msmemu,traffic-engine");
    struct iommu_domain *domain = iommu_domain_alloc();
    u8 *source = page_alloc(1, PAGE_SIZE), *target = page_alloc(1, PAGE_SIZE);
    u32 *frame = page_alloc(1, PAGE_SIZE);

    printf("hello from the guest\n");
    while (engine && !device_iommu_mapped(engine))
        engine = device_next(engine, "msmemu,traffic-engine");
    if (!engine || !domain || !source || !target || !frame)
        return fail("no engine, or no memory");
    for (u32 i = 0; i < PAGE_SIZE; i++)
        source[i] = (u8)(i * 7 + (i >> 8));
    memset(target, 0, PAGE_SIZE);
    memset(frame, 0, PAGE_SIZE);
    frame[0] = FRAME_COPY | FRAME_BURST_64 | FRAME_OUTSTANDING_4;
    frame[1] = ATTR_NORMAL | ATTR_NORMAL << 16;
    frame[2] = IOVA;
    frame[3] = IOVA + PAGE_SIZE;
    frame[4] = PAGE_SIZE;
    cache_clean(source, PAGE_SIZE);
    cache_clean(frame, PAGE_SIZE);
    cache_clean_invalidate(target, PAGE_SIZE);

    if (iommu_map(domain, IOVA, virt_to_phys(source), PAGE_SIZE, IOMMU_READ) ||
        iommu_map(domain, IOVA + 2 * PAGE_SIZE, virt_to_phys(frame), PAGE_SIZE, IOMMU_READ))
        return fail("a mapping");
    iommu_set_fault_handler(domain, page_missing, target);
    if (iommu_attach_device(domain, engine))
        return fail("the attachment");
    printf("mapped: a page at 0x%08x, for %s\n", IOVA, engine->name);

    printf("dma: copies %u bytes to a page that is not mapped\n", PAGE_SIZE);
    request_irq(engine->irq[0], engine_interrupt, engine);
    writel(TENG_INT_DONE, engine->base + TENG_INT_ENABLE);
    writel(IOVA + 2 * PAGE_SIZE, engine->base + TENG_FRAME_ADDR);
    writel(ATTR_NORMAL, engine->base + TENG_FRAME_ATTR);
    writel(1, engine->base + TENG_CMD);
    if (!wait_for_completion_timeout(&done, 100000))
        return fail("the engine does not come to an end");
    if (!(readl(engine->base + TENG_STATUS) & TENG_STATUS_DONE))
        return fail("the engine met an error");
    if (domain->faults != 1)
        return fail("the fault was not taken once");
    cache_invalidate(target, PAGE_SIZE);
    if (memcmp(source, target, PAGE_SIZE))
        return fail("a byte differs");
    printf("dma: resumed and done, every byte is right\n");
    iommu_domain_free(domain);
    printf("hello: all ok\n");
    return 0;
}
