/* Domains as such: made, used up, given back. */
#include "tests.h"

#define MOST 256

static void kinds(void)
{
    static const unsigned types[] = { IOMMU_DOMAIN_BLOCKED, IOMMU_DOMAIN_IDENTITY, IOMMU_DOMAIN_UNMANAGED,
                                      IOMMU_DOMAIN_DMA };
    static const char *const names[] = { "blocked", "identity", "unmanaged", "DMA" };
    struct iommu_domain *domain = iommu_domain_alloc();

    ok(domain && domain->type == IOMMU_DOMAIN_UNMANAGED, "iommu_domain_alloc: an unmanaged domain");
    is(domain->pgsize_bitmap, SZ_4K | SZ_64K | SZ_1M | SZ_16M, "iommu_domain_alloc: four page sizes");
    ok(domain->geometry.aperture_start == 0 && domain->geometry.aperture_end == 0xffffffff,
       "iommu_domain_alloc: 4 GiB of addresses");
    iommu_domain_free(domain);
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        domain = iommu_domain_alloc_type(types[i]);
        ok(domain && domain->type == types[i], "iommu_domain_alloc_type: %s", names[i]);
        iommu_domain_free(domain);
    }
    ok(!iommu_domain_alloc_type(4), "iommu_domain_alloc_type NULL: no such kind");
    iommu_domain_free(NULL);
    ok(true, "iommu_domain_free: NULL is nothing to free");
}

static void no_memory(void)
{
    size_t pages = pages_in_use(), heap = heap_in_use();

    for (int i = 0; i < 3; i++) {
        struct iommu_domain *domain;

        alloc_fail_after(i);
        domain = iommu_domain_alloc();
        alloc_fail_after(-1);
        ok(!domain && pages_in_use() == pages && heap_in_use() == heap,
           "iommu_domain_alloc NULL: allocation %d fails, nothing leaks", i + 1);
    }
    alloc_fail_after(0);
    ok(!iommu_domain_alloc_type(IOMMU_DOMAIN_IDENTITY), "iommu_domain_alloc_type NULL: no memory");
    alloc_fail_after(-1);
}

static void identifiers(void)
{
    static struct iommu_domain *domains[MOST];
    size_t pages = pages_in_use(), heap = heap_in_use();
    struct iommu_domain *more;
    unsigned n = 0;
    bool unique = true;

    while (n < MOST && (domains[n] = iommu_domain_alloc()))
        n++;
    is(n, 255, "iommu_domain_alloc NULL: address space identifiers are used up after 255");
    for (unsigned i = 1; i < n; i++)
        unique &= to_msm_domain(domains[i])->asid != to_msm_domain(domains[i - 1])->asid;
    ok(unique, "iommu_domain_alloc: each has an identifier of its own");
    more = iommu_domain_alloc_type(IOMMU_DOMAIN_IDENTITY);
    ok(more, "iommu_domain_alloc_type: a domain without tables needs no identifier");
    iommu_domain_free(more);
    iommu_domain_free(domains[100]);
    domains[100] = iommu_domain_alloc();
    ok(domains[100], "iommu_domain_free: gives the identifier back");
    for (unsigned i = 0; i < n; i++)
        iommu_domain_free(domains[i]);
    ok(pages_in_use() == pages && heap_in_use() == heap, "iommu_domain_free: 255 domains, no leak");
}

static void destroyed_with_everything(void)
{
    size_t pages = pages_in_use(), heap = heap_in_use();
    struct iommu_domain *domain = iommu_domain_alloc();
    struct device *dev = device_find("vpe_src_dma");
    phys_addr_t memory = ram_start();

    iommu_map(domain, 0x10000000, memory, SZ_16M, RW);
    iommu_map(domain, 0x20000000, memory, SZ_1M, RW);
    iommu_map(domain, 0x30000000, memory, SZ_64K, RW);
    iommu_map(domain, 0x40000000, memory, SZ_4K, RW);
    iommu_unmap(domain, 0x10000000 + SZ_64K, SZ_4K);
    ok(pages_in_use() > pages, "iommu_map: tables take memory");
    iommu_attach_device(domain, dev);
    iommu_domain_free(domain);
    ok(!iommu_get_domain_for_dev(dev), "iommu_domain_free: detaches what is attached");
    ok(pages_in_use() == pages && heap_in_use() == heap, "iommu_domain_free: what was mapped leaves no leak");
}

void test_domains(void)
{
    diag("domains");
    kinds();
    no_memory();
    identifiers();
    destroyed_with_everything();
}
