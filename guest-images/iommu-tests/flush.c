/*
 * Invalidation: complete, and narrow. What a TLB still holds shows as a device that can use a mapping which is no longer in
 * the tables (iommu_unmap_fast takes it out of the tables only).
 */
#include "tests.h"

#define AT 0x10000000u

static u8 *memory;

static void strict_and_deferred(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct iommu_iotlb_gather gather;
    struct rig a, b;

    rig_up(&a, "vpe_src_dma", domain, 0);
    rig_up(&b, "rot_src_dma", domain, 1);
    for (unsigned i = 0; i < SIZES; i++) {
        bool good = true;

        /* All of it is real memory: what is written shows. */
        iommu_map(domain, AT, ram_start() + SZ_16M, sizes[i], IOMMU_READ);
        good &= rig_read(&a, AT, 64) == 0 && rig_read(&b, AT + sizes[i] - 64, 64) == 0;
        good &= iommu_unmap(domain, AT, sizes[i]) == sizes[i];
        good &= rig_read(&a, AT, 64) == -EFAULT && rig_read(&b, AT + sizes[i] - 64, 64) == -EFAULT;
        ok(good, "iommu_unmap: no device uses %s any more", size_names[i]);
    }
    for (unsigned i = 0; i < SIZES; i++) {
        bool good = true;

        iommu_map(domain, AT, ram_start() + SZ_16M, sizes[i], IOMMU_READ);
        good &= rig_read(&a, AT, 64) == 0 && rig_read(&b, AT, 64) == 0;
        iommu_iotlb_gather_init(&gather);
        good &= iommu_unmap_fast(domain, AT, sizes[i], &gather) == sizes[i];
        good &= iommu_iova_to_phys(domain, AT) == 0;
        good &= rig_read(&a, AT, 64) == 0 && rig_read(&b, AT, 64) == 0;
        ok(good, "iommu_unmap_fast: %s are still in the TLBs", size_names[i]);
        if (i & 1)
            iommu_flush_iotlb_all(domain);
        else
            iommu_iotlb_sync(domain, &gather);
        ok(rig_read(&a, AT, 64) == -EFAULT && rig_read(&b, AT, 64) == -EFAULT, "%s: then no more, %s",
           i & 1 ? "iommu_flush_iotlb_all" : "iommu_iotlb_sync", size_names[i]);
    }
    iommu_iotlb_gather_init(&gather);
    ok(gather.start >= gather.end, "iommu_iotlb_gather_init: empty");
    is(iommu_unmap_fast(domain, AT, SZ_4K, &gather), 0, "iommu_unmap_fast: nothing is mapped");
    is(iommu_unmap_fast(domain, AT + 1, SZ_4K, &gather), 0, "iommu_unmap_fast: not aligned, nothing");
    ok(gather.start >= gather.end, "iommu_unmap_fast: nothing is left to invalidate");
    rig_down(&a);
    rig_down(&b);
    iommu_domain_free(domain);
}

static void narrow(void)
{
    struct iommu_domain *domain = iommu_domain_alloc(), *other = iommu_domain_alloc();
    struct iommu_iotlb_gather gather;
    struct rig a, b;

    rig_up(&a, "vpe_src_dma", domain, 0);
    rig_up(&b, "vpe_dst_dma", other, 0);
    iommu_map(domain, AT, virt_to_phys(memory), 4 * SZ_4K, IOMMU_READ);
    iommu_map(other, AT, virt_to_phys(memory), SZ_4K, IOMMU_READ);
    rig_read(&a, AT, 4 * SZ_4K);
    rig_read(&b, AT, SZ_4K);
    iommu_iotlb_gather_init(&gather);
    iommu_unmap_fast(domain, AT + SZ_4K, SZ_4K, &gather);
    iommu_unmap_fast(other, AT, SZ_4K, &gather);
    iommu_unmap(domain, AT, SZ_4K);
    ok(rig_read(&a, AT, 64) == -EFAULT && rig_read(&a, AT + SZ_4K, 64) == 0,
       "iommu_unmap: drops its page and leaves the next in the TLB");
    is(rig_read(&b, AT, 64), 0, "iommu_unmap: leaves the same address of another domain in the TLB");
    iommu_flush_iotlb_all(domain);
    is(rig_read(&a, AT + SZ_4K, 64), -EFAULT, "iommu_flush_iotlb_all: drops all of the domain");
    is(rig_read(&b, AT, 64), 0, "iommu_flush_iotlb_all: leaves another domain in the TLB");
    iommu_flush_iotlb_all(other);
    is(rig_read(&b, AT, 64), -EFAULT, "iommu_flush_iotlb_all: and then drops that");
    rig_down(&a);
    rig_down(&b);
    iommu_domain_free(domain);
    iommu_domain_free(other);
}

/* One call collects many pages, far apart and of many sizes. */
static void gathered(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct iommu_iotlb_gather gather;
    struct rig a;
    unsigned good = 0;

    rig_up(&a, "vpe_src_dma", domain, 0);
    for (u32 i = 0; i < 40; i++) {
        iommu_map(domain, AT + i * SZ_1M, virt_to_phys(memory), i % 3 ? SZ_4K : SZ_64K, IOMMU_READ);
        rig_read(&a, AT + i * SZ_1M, 64);
    }
    iommu_iotlb_gather_init(&gather);
    for (u32 i = 0; i < 40; i++)
        iommu_unmap_fast(domain, AT + i * SZ_1M, i % 3 ? SZ_4K : SZ_64K, &gather);
    iommu_iotlb_sync(domain, &gather);
    for (u32 i = 0; i < 40; i++)
        good += rig_read(&a, AT + i * SZ_1M, 64) == -EFAULT;
    is(good, 40, "iommu_iotlb_sync: 40 pages, none is left in the TLB");
    rig_down(&a);
    iommu_domain_free(domain);
}

/* With prefetch on, the walker may hold the invalid descriptors beside the one it needed. */
static void after_map(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct rig a;
    unsigned good = 0;

    rig_up(&a, "vpe_src_dma", domain, 0);
    for (u32 i = 0; i < 8; i++) {
        iommu_map(domain, AT + i * SZ_4K, virt_to_phys(memory) + i * SZ_4K, SZ_4K, IOMMU_READ);
        good += rig_read(&a, AT + i * SZ_4K, 64) == 0 && (i == 7 || rig_read(&a, AT + (i + 1) * SZ_4K, 64) == -EFAULT);
    }
    is(good, 8, "iommu_map: the next transaction sees it, though its neighbours were fetched before");
    rig_down(&a);
    iommu_domain_free(domain);
}

/* A large page is split while the TLB holds it. */
static void split(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct rig a;

    rig_up(&a, "vpe_src_dma", domain, 0);
    for (unsigned i = 1; i < SIZES; i++) {
        bool good;

        iommu_map(domain, AT, ram_start() + SZ_16M, sizes[i], IOMMU_READ);
        good = rig_read(&a, AT, 64) == 0;
        iommu_unmap(domain, AT + SZ_4K, SZ_4K);
        good &= rig_read(&a, AT + SZ_4K, 64) == -EFAULT && rig_read(&a, AT, 64) == 0;
        good &= rig_read(&a, AT + 2 * SZ_4K, 64) == 0 && rig_read(&a, AT + sizes[i] - 64, 64) == 0;
        ok(good, "iommu_unmap: 4 KiB out of %s that the TLB holds", size_names[i]);
        iommu_unmap(domain, AT, SZ_4K);
        iommu_unmap(domain, AT + 2 * SZ_4K, sizes[i] - 2 * SZ_4K);
    }
    rig_down(&a);
    iommu_domain_free(domain);
}

/* Pages that the TLB holds, all of them, and one call that unmaps them all. */
static void several(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct iommu_iotlb_gather gather;
    unsigned good = 0;
    struct rig a;

    rig_up(&a, "vpe_src_dma", domain, 0);
    for (u32 i = 0; i < 16; i++)
        iommu_map(domain, AT + i * SZ_4K, virt_to_phys(memory), SZ_4K, IOMMU_READ);
    rig_read(&a, AT, SZ_64K);
    iommu_unmap(domain, AT, SZ_64K);
    for (u32 i = 0; i < 16; i++)
        good += rig_read(&a, AT + i * SZ_4K, 64) == -EFAULT;
    is(good, 16, "iommu_unmap: 16 pages at once, none is left in the TLB");

    /* Small pages, then a large one behind them. */
    for (u32 i = 0; i < 16; i++)
        iommu_map(domain, AT + i * SZ_4K, virt_to_phys(memory), SZ_4K, IOMMU_READ);
    iommu_map(domain, AT + SZ_64K, virt_to_phys(memory), SZ_64K, IOMMU_READ);
    rig_read(&a, AT, SZ_64K + SZ_4K);
    iommu_unmap(domain, AT, 2 * SZ_64K);
    good = rig_read(&a, AT + SZ_64K, 64) == -EFAULT;
    for (u32 i = 0; i < 16; i++)
        good += rig_read(&a, AT + i * SZ_4K, 64) == -EFAULT;
    is(good, 17, "iommu_unmap: small pages and a large one, none is left in the TLB");

    /* Collected from the last to the first. */
    for (u32 i = 0; i < 4; i++)
        iommu_map(domain, AT + i * SZ_4K, virt_to_phys(memory), SZ_4K, IOMMU_READ);
    rig_read(&a, AT, 4 * SZ_4K);
    iommu_iotlb_gather_init(&gather);
    for (u32 i = 4; i-- > 0;)
        iommu_unmap_fast(domain, AT + i * SZ_4K, SZ_4K, &gather);
    iommu_iotlb_sync(domain, &gather);
    good = 0;
    for (u32 i = 0; i < 4; i++)
        good += rig_read(&a, AT + i * SZ_4K, 64) == -EFAULT;
    is(good, 4, "iommu_iotlb_sync: collected backwards, none is left in the TLB");
    rig_down(&a);
    iommu_domain_free(domain);
}

/* A table is freed with its MiB, even if invalidation is left to later: nothing may lead to it then. */
static void freed_table(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct iommu_iotlb_gather gather;
    u32 *table, *again;
    struct rig a;

    rig_up(&a, "vpe_src_dma", domain, 0);
    iommu_map(domain, AT, ram_start() + SZ_16M + SZ_4K, SZ_1M, IOMMU_READ);
    table = phys_to_virt(to_msm_domain(domain)->table.first[AT >> 20] & ~(SZ_1K - 1));
    rig_read(&a, AT, 64);
    iommu_iotlb_gather_init(&gather);
    iommu_unmap_fast(domain, AT, SZ_1M, &gather);
    again = kmalloc(SZ_1K);
    for (u32 i = 0; i < SZ_1K / 4; i++)
        again[i] = virt_to_phys(memory) | PGTABLE_SMALL | PGTABLE_AF | PGTABLE_USER;
    cache_clean(again, SZ_1K);
    ok(again == table && rig_read(&a, AT + SZ_64K, 64) == -EFAULT,
       "iommu_unmap_fast: a table that it frees is not walked any more");
    kfree(again);
    iommu_iotlb_sync(domain, &gather);
    rig_down(&a);
    iommu_domain_free(domain);
}

void test_flush(void)
{
    diag("invalidation");
    memory = page_alloc(32, SZ_64K);
    strict_and_deferred();
    narrow();
    gathered();
    after_map();
    split();
    several();
    freed_table();
    page_free(memory, 32);
}
