/*
 * A hypervisor gives a device to a virtual machine. The machine's own physical addresses are fixed, and so is the memory behind
 * them: both sides of every mapping are chosen by the hypervisor. It is done twice: with the IOMMU API, and with the DMA API and
 * DMA_ATTR_FIXED_MAPPING. The tables have to be equal; and a back end that can not honour it has to say so. TAP.
 */
#include "../common/rig.h"
#include "dma-mapping.h"
#include "errno.h"
#include "msm_iommu.h"
#include "irq.h"
#include "tap.h"

/* The virtual machine's memory map. */
static struct {
    const char *name;
    dma_addr_t guest;
    u32 size;
    u32 skew; /* the hypervisor's memory begins so far behind an aligned address */
    u8 *memory, *allocation;
} regions[] = {
    { "main memory", 0x80000000, SZ_16M, 0, NULL, NULL },
    { "more memory", 0x81000000, SZ_1M, 0, NULL, NULL },
    { "frame buffer", 0x90010000, SZ_64K, 0, NULL, NULL },
    { "mailbox", 0x10000000, SZ_4K, 0, NULL, NULL },
    { "memory that is not aligned", 0xa0000000, SZ_64K, SZ_4K, NULL, NULL },
};

#define MAIN regions[0]
#define MORE regions[1]
#define FRAME_BUFFER regions[2]
#define ODD regions[4]

static void allocate(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        regions[i].allocation = page_alloc((regions[i].size + regions[i].skew) >> PAGE_SHIFT, regions[i].size);
        if (!regions[i].allocation)
            panic("no memory for the virtual machine");
        regions[i].memory = regions[i].allocation + regions[i].skew;
    }
}

/* What the guest's driver does with the device. It knows nothing but the machine's own addresses. */
static bool guest_program(struct rig *rig, u32 seed)
{
    return rig_fill(rig, MAIN.guest + 0x345000, SZ_64K, seed) == 0 &&
           rig_copy(rig, FRAME_BUFFER.guest, MAIN.guest + 0x345000, SZ_64K) == 0 &&
           rig_copy(rig, ODD.guest, FRAME_BUFFER.guest, SZ_64K) == 0 &&
           rig_copy(rig, MORE.guest + SZ_1M - SZ_64K, ODD.guest, SZ_64K) == 0 &&
           rig_verify(rig, MORE.guest + SZ_1M - SZ_64K, SZ_64K, seed) == 0;
}

/* And where it is in the hypervisor's memory afterwards. */
static bool hypervisor_finds(u32 seed)
{
    return pattern_is(MAIN.memory + 0x345000, SZ_64K, seed) && pattern_is(FRAME_BUFFER.memory, SZ_64K, seed) &&
           pattern_is(ODD.memory, SZ_64K, seed) && pattern_is(MORE.memory + SZ_1M - SZ_64K, SZ_64K, seed);
}

/* Pages of two domains that differ: in memory, size, or attributes. Each domain's frame page is its own business. */
static u32 differences(struct iommu_domain *a, dma_addr_t frame_a, struct iommu_domain *b, dma_addr_t frame_b)
{
    u32 found = 0, pages = 0;
    u64 at = 0;

    while (at < 1ull << 32) {
        u32 iova = (u32)at, paddr[2] = { 0, 0 }, page[2] = { 0, 0 }, attributes[2] = { 0, 0 };

        if (!to_msm_domain(a)->table.first[iova >> 20] && !to_msm_domain(b)->table.first[iova >> 20]) {
            at += SZ_1M;
            continue;
        }
        if (!pgtable_lookup(&to_msm_domain(a)->table, iova, &paddr[0], &page[0], &attributes[0]) || iova == frame_a)
            page[0] = paddr[0] = attributes[0] = 0;
        if (!pgtable_lookup(&to_msm_domain(b)->table, iova, &paddr[1], &page[1], &attributes[1]) || iova == frame_b)
            page[1] = paddr[1] = attributes[1] = 0;
        found += paddr[0] != paddr[1] || page[0] != page[1] || (page[0] && attributes[0] != attributes[1]);
        pages += page[0] != 0;
        at += page[0] ? page[0] : SZ_4K;
    }
    diag("%u pages compared", pages);
    return found;
}

static void errors(struct device *dev, struct iommu_domain *domain)
{
    static const char *const names[] = { "direct32", "direct30" };
    u8 *page = page_alloc(1, PAGE_SIZE);
    DEFINE_DMA_ATTRS(attrs);

    dma_set_attr(DMA_ATTR_FIXED_MAPPING, &attrs);
    is(iommu_map(domain, MAIN.guest, virt_to_phys(page), PAGE_SIZE, RW), -EEXIST,
       "iommu_map -EEXIST: the machine has memory there");
    attrs.destination = MAIN.guest;
    ok(dma_map_single_attrs(dev, page, PAGE_SIZE, DMA_BIDIRECTIONAL, &attrs) == DMA_MAPPING_ERROR &&
           dma_mapping_error(dev, DMA_MAPPING_ERROR) == -EBUSY,
       "dma_map_single_attrs -EBUSY: the machine has memory there");
    attrs.destination = 0x20000800;
    ok(dma_map_single_attrs(dev, page, PAGE_SIZE, DMA_BIDIRECTIONAL, &attrs) == DMA_MAPPING_ERROR &&
           dma_mapping_error(dev, DMA_MAPPING_ERROR) == -EINVAL,
       "dma_map_single_attrs -EINVAL: placed in its page otherwise than the memory");
    /* Devices without an SMMU: their address for memory is what it is. */
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        struct device *other = device_find(names[i]);

        dma_configure(other);
        attrs.destination = MAIN.guest;
        ok(dma_map_single_attrs(other, page, PAGE_SIZE, DMA_BIDIRECTIONAL, &attrs) == DMA_MAPPING_ERROR &&
               dma_mapping_error(other, DMA_MAPPING_ERROR) == -EOPNOTSUPP,
           "dma_map_single_attrs -EOPNOTSUPP: back end %s can not choose device addresses", dma_backend(other));
        dma_release(other);
    }
    page_free(page, 1);
}

int main(void)
{
    struct device *given = device_find("rot_src_dma");
    struct iommu_domain *by_iommu = iommu_domain_alloc(), *by_dma;
    size_t pages, heap;
    struct rig rig;
    bool good = true;

    allocate();
    pages = pages_in_use();
    heap = heap_in_use();

    diag("with the IOMMU API: vpe_src_dma");
    rig_up(&rig, "vpe_src_dma", by_iommu, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++)
        is(iommu_map(by_iommu, regions[i].guest, virt_to_phys(regions[i].memory), regions[i].size, RW), 0,
           "iommu_map: %s, %u KiB at 0x%08x", regions[i].name, regions[i].size / 1024, regions[i].guest);
    ok(guest_program(&rig, 0x1000), "the guest's driver runs");
    ok(hypervisor_finds(0x1000), "the hypervisor finds its work in the memory that it chose");
    is(rig_read(&rig, MORE.guest + SZ_1M, 64), -EFAULT, "the device reaches nothing behind the machine's memory");

    diag("with the DMA API: rot_src_dma");
    is(driver_bind(&teng_driver, given), 0, "driver_bind: back end %s", dma_backend(given));
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        DEFINE_DMA_ATTRS(attrs);

        dma_set_attr(DMA_ATTR_FIXED_MAPPING, &attrs);
        attrs.destination = regions[i].guest;
        is(dma_map_single_attrs(given, regions[i].memory, regions[i].size, DMA_BIDIRECTIONAL, &attrs),
           regions[i].guest, "dma_map_single_attrs: %s, %u KiB at 0x%08x", regions[i].name,
           regions[i].size / 1024, regions[i].guest);
    }
    by_dma = dma_iommu_domain(dma_get_domain(given));
    {
        struct rig same = { .dev = given, .domain = by_dma, .teng = *teng_of(given) };

        /* The driver's own engine and frame; the addresses are the guest's. */
        free_irq(given->irq[0]);
        teng_init(&same.teng, given, same.teng.frame, same.teng.frame_address);
        ok(guest_program(&same, 0x2000), "the same guest's driver runs");
        for (unsigned i = 0; i < ARRAY_SIZE(regions); i++)
            dma_sync_single_for_cpu(given, regions[i].guest, regions[i].size, DMA_BIDIRECTIONAL);
        ok(hypervisor_finds(0x2000), "the hypervisor finds its work in the memory that it chose");
        is(rig_read(&same, MORE.guest + SZ_1M, 64), -EFAULT,
           "the device reaches nothing behind the machine's memory");
        is(differences(by_iommu, rig.frame_iova, by_dma, same.teng.frame_address & PAGE_MASK), 0,
           "both ways give equal tables");
    }
    errors(given, by_iommu);

    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        DEFINE_DMA_ATTRS(attrs);

        dma_set_attr(DMA_ATTR_FIXED_MAPPING, &attrs);
        attrs.destination = regions[i].guest;
        dma_unmap_single_attrs(given, regions[i].guest, regions[i].size, DMA_BIDIRECTIONAL, &attrs);
        good &= iommu_unmap(by_iommu, regions[i].guest, regions[i].size) == regions[i].size;
        good &= !iommu_iova_to_phys(by_dma, regions[i].guest) && !iommu_iova_to_phys(by_iommu, regions[i].guest);
    }
    ok(good, "the machine is gone, both ways");
    is(driver_unbind(given), 0, "driver_unbind: nothing is left mapped");
    rig_down(&rig);
    iommu_domain_free(by_iommu);
    by_iommu = iommu_domain_alloc();
    ok(pages_in_use() == pages && heap_in_use() == heap, "no leak");
    return tap_done();
}
