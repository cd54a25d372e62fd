/* Device addresses behind an SMMU, pools, and their exhaustion; invalidation, strict and deferred. */
#include "iommu.h"
#include "slab.h"
#include "tests.h"

static void test_large_pages(void)
{
    struct device *dev = behind_smmu;
    dma_addr_t at = dma_map_single(dev, buffer_a, SZ_1M, DMA_TO_DEVICE);
    u8 *huge;

    ok(IS_ALIGNED(at, SZ_1M), "dma_map_single: 1 MiB of memory gets an address for a section");
    dma_unmap_single(dev, at, SZ_1M, DMA_TO_DEVICE);
    at = dma_map_single(dev, buffer_a + 5 * PAGE_SIZE, SZ_64K + 11 * PAGE_SIZE, DMA_TO_DEVICE);
    is(at % SZ_64K, 5 * PAGE_SIZE, "dma_map_single: a large page in the middle gets its place");
    dma_unmap_single(dev, at, SZ_64K + 11 * PAGE_SIZE, DMA_TO_DEVICE);
    huge = page_alloc(SZ_16M / PAGE_SIZE, SZ_16M);
    BUG_ON(!huge);
    at = dma_map_single(dev, huge, SZ_16M, DMA_FROM_DEVICE);
    ok(IS_ALIGNED(at, SZ_16M), "dma_map_single: 16 MiB of memory get an address for a supersection");
    is(device_write(dev, at + SZ_16M - 64, 64, 5), 0, "dma_map_single: the last bytes of 16 MiB");
    dma_unmap_single(dev, at, SZ_16M, DMA_FROM_DEVICE);
    ok(written(huge + SZ_16M - 64, 64, 5), "dma_unmap_single: 16 MiB");
    page_free(huge, SZ_16M / PAGE_SIZE);
}

static void test_protection(void)
{
    struct device *dev = behind_smmu;
    dma_addr_t at = dma_map_single(dev, buffer_a, 8192, DMA_FROM_DEVICE), next;

    is(device_write(dev, at, 8192 + 64, 1), -EFAULT, "dma_map_single: a device that goes on behind its buffer is stopped");
    is(teng_of(dev)->result.address, at + 8192, "dma_map_single: at the first byte behind");
    dma_unmap_single(dev, at, 8192, DMA_FROM_DEVICE);
    is(device_write(dev, at, 64, 1), -EFAULT, "dma_unmap_single: strict, the device is stopped at once");
    next = dma_map_single(dev, buffer_a, 8192, DMA_FROM_DEVICE);
    ok(next != at, "dma_map_single: an address is not used again at once");
    dma_unmap_single(dev, next, 8192, DMA_FROM_DEVICE);
}

static void test_exhaustion(void)
{
    struct device *dev = behind_smmu;
    struct scatterlist sg = { .address = buffer_a, .length = SZ_64K };
    dma_addr_t at[256], handle;
    unsigned n = 0;
    bool right = true;

    /* One MiB of device addresses: 256 pages, of which each mapping takes two. One of them the driver has. */
    dma_set_mask_and_coherent(dev, DMA_BIT_MASK(21));
    while (n < ARRAY_SIZE(at) && !dma_mapping_error(dev, at[n] = dma_map_single(dev, buffer_a, 64, DMA_TO_DEVICE)))
        n++;
    ok(n == 127 || n == 128, "dma_map_single -ENOSPC: after %u mappings of 1 MiB of addresses", n);
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ENOSPC, "dma_map_single -ENOSPC: no device address is left");
    FAILS(dev, -ENOSPC, dma_map_page(dev, virt_to_page(buffer_a), 0, 64, DMA_TO_DEVICE),
          "dma_map_page -ENOSPC: no device address is left");
    is(dma_map_sg(dev, &sg, 1, DMA_TO_DEVICE), 0, "dma_map_sg -ENOSPC: no device address is left");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ENOSPC, "dma_map_sg -ENOSPC: no device address is left");
    ok(!dma_alloc_coherent(dev, 4096, &handle, GFP_KERNEL), "dma_alloc_coherent -ENOSPC: no device address is left");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ENOSPC, "dma_alloc_coherent -ENOSPC: no device address is left");
    dma_unmap_single(dev, at[50], 64, DMA_TO_DEVICE);
    at[50] = dma_map_single(dev, buffer_a, 64, DMA_TO_DEVICE);
    ok(!dma_mapping_error(dev, at[50]), "dma_unmap_single: what it gives back can be had");
    for (unsigned i = 0; i < n; i++)
        dma_unmap_single(dev, at[i], 64, DMA_TO_DEVICE);
    at[0] = dma_map_single(dev, buffer_a, 60 * PAGE_SIZE, DMA_TO_DEVICE);
    right = !dma_mapping_error(dev, at[0]);
    ok(right, "dma_unmap_single: neighbours that are free become one");
    if (right)
        dma_unmap_single(dev, at[0], 60 * PAGE_SIZE, DMA_TO_DEVICE);
    dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
}

/* Memory ends within a mapping: nothing stays behind. */
static void test_no_memory(void)
{
    struct device *dev = behind_smmu;
    struct iommu_domain *domain = dma_iommu_domain(dma_get_domain(dev));
    struct dma_attrs attrs = { BIT(DMA_ATTR_FIXED_MAPPING), 0x77001000 };

    /* For the books, for the table of the first MiB, for that of the second. */
    for (int n = 0; n < 3; n++) {
        alloc_fail_after(n);
        FAILS(dev, -ENOMEM, dma_map_single_attrs(dev, buffer_a, SZ_1M + PAGE_SIZE, DMA_TO_DEVICE, &attrs),
              "dma_map_single_attrs -ENOMEM: memory ends after %d allocations", n);
        alloc_fail_after(-1);
        ok(!iommu_iova_to_phys(domain, attrs.destination) && !iommu_iova_to_phys(domain, attrs.destination + SZ_1M),
           "dma_map_single_attrs -ENOMEM: nothing stays mapped after %d allocations", n);
    }
}

static void test_pool(void)
{
    struct device *dev = limited;
    struct scatterlist sg[3];
    dma_addr_t at, handle;

    /* The pool begins at 896 MiB: this leaves four pages of it, of which the driver's page may be one. */
    is(dma_set_mask_and_coherent(dev, 0x38003fff), 0, "dma_set_mask_and_coherent: four pages of the pool");
    FAILS(dev, -ENOSPC, dma_map_single(dev, buffer_a, 5 * PAGE_SIZE, DMA_TO_DEVICE),
          "dma_map_single -ENOSPC: more than the device reaches of the pool");
    FAILS(dev, -ENOSPC, dma_map_page(dev, virt_to_page(buffer_a), 0, 5 * PAGE_SIZE, DMA_TO_DEVICE),
          "dma_map_page -ENOSPC: more than the device reaches of the pool");
    ok(!dma_alloc_coherent(dev, 5 * PAGE_SIZE, &handle, GFP_KERNEL),
       "dma_alloc_coherent -ENOSPC: more than the device reaches of the pool");
    sg_init_table(sg, 3);
    for (unsigned i = 0; i < 3; i++)
        sg_set_buf(&sg[i], buffer_a + i * SZ_64K, 2 * PAGE_SIZE);
    is(dma_map_sg(dev, sg, 3, DMA_TO_DEVICE), 0, "dma_map_sg -ENOSPC: the last piece does not fit");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ENOSPC, "dma_map_sg -ENOSPC: the last piece does not fit");
    at = dma_map_single(dev, buffer_a, 3 * PAGE_SIZE, DMA_TO_DEVICE);
    ok(!dma_mapping_error(dev, at), "dma_map_sg -ENOSPC: what it had taken is back");
    dma_unmap_single(dev, at, 3 * PAGE_SIZE, DMA_TO_DEVICE);
    dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));

    /* Memory that the device reaches needs no copy: the pool's own. */
    u8 *cpu = dma_alloc_coherent(dev, 4096, &handle, GFP_KERNEL);
    is(handle, virt_to_phys(cpu), "dma_alloc_coherent: bounce takes memory that the device reaches");
    dma_free_coherent(dev, 4096, cpu, handle);
}

static void test_deferred(void)
{
    struct device *dev = behind_smmu;
    struct dma_domain *domain = dma_get_domain(dev);
    dma_addr_t at[DMA_DEFERRED], next;
    bool reused = false;

    dma_domain_set_strict(domain, false);
    at[0] = dma_map_single(dev, buffer_a, PAGE_SIZE, DMA_FROM_DEVICE);
    device_write(dev, at[0], 64, 1);
    dma_unmap_single(dev, at[0], PAGE_SIZE, DMA_FROM_DEVICE);
    is(iommu_iova_to_phys(dma_iommu_domain(domain), at[0]), 0, "dma_domain_set_strict: deferred, the tables are cleared at once");
    dma_domain_flush(domain);
    is(device_write(dev, at[0], 64, 1), -EFAULT, "dma_domain_flush: then the device is stopped");

    /* Within 1 MiB of addresses the allocator would come round, were they free. */
    dma_set_mask(dev, DMA_BIT_MASK(21));
    for (unsigned i = 0; i + 1 < DMA_DEFERRED; i++) {
        at[i] = dma_map_single(dev, buffer_a, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
        for (unsigned k = 0; k < i; k++)
            reused = reused || at[k] == at[i];
        dma_unmap_single(dev, at[i], 2 * PAGE_SIZE, DMA_FROM_DEVICE);
    }
    ok(!reused, "dma_domain_set_strict: deferred, no address is used again before the invalidation");
    next = dma_map_single(dev, buffer_a, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
    device_write(dev, next, 64, 1);
    dma_unmap_single(dev, next, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
    is(device_write(dev, next, 64, 1), -EFAULT, "dma_domain_set_strict: deferred, the last of %u invalidates", DMA_DEFERRED);

    /* Addresses that wait are taken back when there are no others. */
    for (unsigned i = 0; i < 40; i++) {
        at[i] = dma_map_single(dev, buffer_a, 2 * PAGE_SIZE, DMA_FROM_DEVICE);
        dma_unmap_single(dev, at[i], 2 * PAGE_SIZE, DMA_FROM_DEVICE);
    }
    next = dma_map_single(dev, buffer_a, 200 * PAGE_SIZE, DMA_FROM_DEVICE);
    ok(!dma_mapping_error(dev, next), "dma_map_single: deferred, what waits is invalidated when addresses are short");
    dma_unmap_single(dev, next, 200 * PAGE_SIZE, DMA_FROM_DEVICE);
    dma_set_mask(dev, DMA_BIT_MASK(32));
    dma_domain_set_strict(domain, true);
    is(device_write(dev, next, 64, 1), -EFAULT, "dma_domain_set_strict: strict again, nothing waits");
}

void test_addresses(void)
{
    test_large_pages();
    test_protection();
    test_exhaustion();
    test_no_memory();
    test_pool();
    test_deferred();
}
