/* Domains that devices share, and the guard. */
#include "driver.h"
#include "iommu.h"
#include "mmu.h"
#include "slab.h"
#include "tests.h"

void test_domains(void)
{
    struct device *one = device_find("vpe_src_dma"), *two = device_find("rot_src_dma");
    size_t pages = pages_in_use(), heap = heap_in_use();
    struct dma_domain *domain;
    dma_addr_t at;

    BUG_ON(!one || !two || dma_configure(one) || dma_configure(two));
    domain = dma_domain_alloc();
    ok(domain != NULL && dma_iommu_domain(domain) != NULL, "dma_domain_alloc: a domain, with one of the IOMMU API behind it");
    ok(dma_get_domain(one) && dma_get_domain(one) != dma_get_domain(two), "dma_get_domain: each device begins with its own");
    ok(iommu_get_domain_for_dev(one) == dma_iommu_domain(dma_get_domain(one)), "dma_iommu_domain: the one that the device is attached to");
    is(dma_set_domain(one, domain), 0, "dma_set_domain: a device behind one SMMU");
    is(dma_set_domain(two, domain), 0, "dma_set_domain: a device behind another SMMU");
    ok(dma_get_domain(one) == domain && dma_get_domain(two) == domain, "dma_get_domain: both have it");
    is(dma_domain_free(domain), -EBUSY, "dma_domain_free -EBUSY: devices are in it");
    ok(dma_get_domain(direct) == NULL, "dma_get_domain: none without SMMU");
    is(dma_set_domain(direct, domain), -EOPNOTSUPP, "dma_set_domain -EOPNOTSUPP: direct has no domains");
    is(dma_set_domain(limited, domain), -EOPNOTSUPP, "dma_set_domain -EOPNOTSUPP: bounce has no domains");

    /* One mapping, two devices: frames come from coherent memory of one of them. */
    struct teng a, b;
    dma_addr_t frame_a, frame_b;
    void *cpu_a = dma_alloc_coherent(one, TENG_FRAME_BYTES, &frame_a, GFP_KERNEL);
    void *cpu_b = dma_alloc_coherent(two, TENG_FRAME_BYTES, &frame_b, GFP_KERNEL);
    BUG_ON(!cpu_a || !cpu_b || teng_init(&a, one, cpu_a, frame_a) || teng_init(&b, two, cpu_b, frame_b));
    at = dma_map_single(one, buffer_a, 8192, DMA_BIDIRECTIONAL);
    struct teng_transfer write = {
        .operation = TENG_FILL, .destination = at, .length = 8192, .pattern = TENG_RANDOM, .seed = 6
    };
    struct teng_transfer check = {
        .operation = TENG_VERIFY, .source = at, .length = 8192, .pattern = TENG_RANDOM, .seed = 6, .outstanding = 1
    };
    is(teng_run(&a, &write, 1000000), 0, "dma_set_domain: one device writes");
    is(teng_run(&b, &check, 1000000), 0, "dma_set_domain: the other reads it at the same address");
    is(dma_set_domain(one, domain), -EBUSY, "dma_set_domain -EBUSY: it has mappings");
    dma_unmap_single(one, at, 8192, DMA_BIDIRECTIONAL);
    is(teng_run(&b, &check, 1000000), -EFAULT, "dma_unmap_single: gone for both devices");
    teng_exit(&a);
    teng_exit(&b);
    dma_free_coherent(one, TENG_FRAME_BYTES, cpu_a, frame_a);
    dma_free_coherent(two, TENG_FRAME_BYTES, cpu_b, frame_b);
    is(dma_release(one) + dma_release(two), 0, "dma_release: devices of a shared domain");
    is(dma_domain_free(domain), 0, "dma_domain_free: nobody is in it");
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_domain_free: everything is back");
    alloc_fail_after(1);
    ok(dma_domain_alloc() == NULL, "dma_domain_alloc: NULL without memory");
    alloc_fail_after(-1);
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_domain_alloc: a failure loses nothing");
}

void test_guard(void)
{
    struct device *const devices[] = { behind_smmu, direct, limited };
    volatile u8 *byte = buffer_a + 5;
    struct dma_misuse_report report;

    dma_set_guard(true);
    for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
        struct device *dev = devices[i];
        dma_addr_t at = dma_map_single(dev, buffer_a, 3 * PAGE_SIZE, DMA_FROM_DEVICE);

        MISUSE(DMA_MISUSE_CPU_USE, (void)*byte, "dma_set_guard: misuse, a read before dma_sync_single_for_cpu, %s", dma_backend(dev));
        MISUSE(DMA_MISUSE_CPU_USE, byte[PAGE_SIZE] = 1, "dma_set_guard: misuse, a write before it, %s", dma_backend(dev));
        blamed(&report);
        (void)*byte;
        is(blamed(&report), 0, "dma_set_guard: a page is reported once, %s", dma_backend(dev));
        dma_sync_single_range_for_cpu(dev, at, 2 * PAGE_SIZE, 64, DMA_FROM_DEVICE);
        (void)byte[2 * PAGE_SIZE];
        is(blamed(&report), 0, "dma_set_guard: what was lent may be used, %s", dma_backend(dev));
        dma_sync_single_range_for_device(dev, at, 2 * PAGE_SIZE, 64, DMA_FROM_DEVICE);
        MISUSE(DMA_MISUSE_CPU_USE, (void)byte[2 * PAGE_SIZE], "dma_set_guard: misuse, after dma_sync_single_for_device, %s", dma_backend(dev));
        dma_unmap_single(dev, at, 3 * PAGE_SIZE, DMA_FROM_DEVICE);
        blamed(&report);
        for (unsigned k = 0; k < 3; k++)
            byte[k * PAGE_SIZE] = 0;
        is(blamed(&report), 0, "dma_set_guard: after unmap all is the processor's, %s", dma_backend(dev));
    }
    dma_set_guard(false);
}
