/*
 * Two masters: alone, together on two SMMUs, together on one SMMU, and with one of them stalled by a fault. Contention may cost
 * time; the fault of one must not hurt the other: its bytes, and how long it takes. TAP; times in processor cycles.
 */
#include "../common/rig.h"
#include "errno.h"
#include "msm_iommu.h"
#include "printf.h"
#include "tap.h"

#define AT 0x10000000u
#define SIZE (4 * SZ_64K)

static struct master {
    struct rig rig;
    struct iommu_domain *domain;
    u8 *from, *to;
    struct teng_transfer transfer;
    u32 cycles;
    int error;
} masters[3];

static void set_up(struct master *m, const char *name, u32 seed)
{
    m->domain = iommu_domain_alloc();
    m->from = page_alloc(SIZE >> PAGE_SHIFT, SZ_64K);
    m->to = page_alloc(SIZE >> PAGE_SHIFT, SZ_64K);
    if (!m->domain || !m->from || !m->to)
        panic("no memory");
    pattern_write(m->from, SIZE, seed);
    /* The same device addresses for all: they have nothing to do with each other. Small pages, so that walks are frequent. */
    for (u32 i = 0; i < SIZE; i += PAGE_SIZE) {
        iommu_map(m->domain, AT + i, virt_to_phys(m->from) + i, PAGE_SIZE, IOMMU_READ);
        iommu_map(m->domain, AT + SIZE + i, virt_to_phys(m->to) + i, PAGE_SIZE, RW);
    }
    rig_up(&m->rig, name, m->domain, 0);
    m->transfer = (struct teng_transfer){
        .operation = TENG_COPY, .source = AT, .destination = AT + SIZE, .length = SIZE, .outstanding = 8
    };
}

static void start(struct master *m)
{
    memset(m->to, 0, SIZE);
    cache_clean_invalidate(m->to, SIZE);
    iommu_flush_iotlb_all(m->domain);
    m->cycles = cycles();
    teng_start(&m->rig.teng, &m->transfer);
}

static void finish(struct master *m)
{
    m->error = teng_wait(&m->rig.teng, RIG_TIMEOUT_US);
    m->cycles = cycles() - m->cycles;
}

static bool right(struct master *m, u32 seed)
{
    return m->error == 0 && pattern_is(m->to, SIZE, seed);
}

/* Starts both; the one that ends first is waited for first, or the other one if it is stalled. */
static void together(struct master *a, struct master *b)
{
    console_flush();
    start(a);
    start(b);
    finish(a);
    finish(b);
}

static int hold(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    (void)domain, (void)dev, (void)iova, (void)flags;
    (*(unsigned *)token)++;
    return -EBUSY;
}

int main(void)
{
    struct master *a = &masters[0], *b = &masters[1], *c = &masters[2];
    u32 alone, beside;
    unsigned held = 0;

    set_up(a, "vpe_src_dma", 0x10000000);
    set_up(b, "vpe_dst_dma", 0x20000000);
    set_up(c, "rot_src_dma", 0x30000000);
    console_flush();
    start(a);
    finish(a);
    alone = a->cycles;
    ok(right(a, 0x10000000), "%s alone: every byte is right", a->rig.dev->name);
    diag("%u KiB alone: %u cycles", SIZE / 1024, alone);

    together(a, c);
    ok(right(a, 0x10000000) && right(c, 0x30000000), "%s and %s on two SMMUs: every byte is right", a->rig.dev->name,
       c->rig.dev->name);
    diag("on two SMMUs: %u and %u cycles", a->cycles, c->cycles);

    together(a, b);
    ok(right(a, 0x10000000) && right(b, 0x20000000), "%s and %s on one SMMU: every byte is right", a->rig.dev->name,
       b->rig.dev->name);
    diag("on one SMMU: %u and %u cycles", a->cycles, b->cycles);

    /* One faults in its middle, has no handler, and ends with an error. */
    iommu_unmap(b->domain, AT + SIZE / 2, PAGE_SIZE);
    together(a, b);
    is(b->error, -EFAULT, "%s has a fault and ends", b->rig.dev->name);
    ok(right(a, 0x10000000), "%s does not notice: every byte is right", a->rig.dev->name);

    /* One faults at once and stays stalled while the other works, several times. */
    iommu_set_fault_handler(b->domain, hold, &held);
    iommu_unmap(b->domain, AT, PAGE_SIZE);
    start(b);
    udelay(100);
    is(held, 1, "%s is stalled", b->rig.dev->name);
    console_flush();
    start(a);
    finish(a);
    beside = a->cycles;
    ok(right(a, 0x10000000), "%s works beside it: every byte is right", a->rig.dev->name);
    ok(beside < alone + alone / 20, "%s takes no longer than alone (within 5 %%)", a->rig.dev->name);
    diag("beside a stalled master: %u cycles", beside);
    for (unsigned i = 0; i < 3; i++) {
        start(a);
        finish(a);
        ok(right(a, 0x10000000), "%s again", a->rig.dev->name);
    }
    iommu_unmap(a->domain, AT, PAGE_SIZE);
    iommu_map(a->domain, AT, virt_to_phys(a->from), PAGE_SIZE, IOMMU_READ);
    start(a);
    finish(a);
    ok(right(a, 0x10000000), "%s, with mappings and invalidations on the same SMMU meanwhile", a->rig.dev->name);
    ok(!b->rig.teng.done.done, "%s is still stalled", b->rig.dev->name);

    iommu_map(b->domain, AT, virt_to_phys(b->from), PAGE_SIZE, IOMMU_READ);
    iommu_map(b->domain, AT + SIZE / 2, virt_to_phys(b->from) + SIZE / 2, PAGE_SIZE, IOMMU_READ);
    iommu_page_response(b->rig.dev, IOMMU_PAGE_RESP_SUCCESS);
    finish(b);
    ok(right(b, 0x20000000), "%s is answered and goes on: every byte is right", b->rig.dev->name);

    /* Both stall; one is ended, the other one goes on. */
    iommu_set_fault_handler(a->domain, hold, &held);
    iommu_unmap(a->domain, AT, PAGE_SIZE);
    iommu_unmap(b->domain, AT, PAGE_SIZE);
    held = 0;
    start(a);
    start(b);
    udelay(100);
    is(held, 2, "both are stalled");
    /* What was on its way behind the stalled transaction faults as well, and each wants its answer. */
    while (teng_wait(&a->rig.teng, 1000) == -ETIMEDOUT)
        iommu_page_response(a->rig.dev, IOMMU_PAGE_RESP_INVALID);
    is(a->rig.teng.result.error, -EFAULT, "%s is ended", a->rig.dev->name);
    iommu_map(b->domain, AT, virt_to_phys(b->from), PAGE_SIZE, IOMMU_READ);
    iommu_page_response(b->rig.dev, IOMMU_PAGE_RESP_SUCCESS);
    finish(b);
    ok(right(b, 0x20000000), "%s goes on: every byte is right", b->rig.dev->name);
    return tap_done();
}
