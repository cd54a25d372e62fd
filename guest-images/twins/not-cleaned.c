/*
 * Descriptors are written and stay in the data cache: nothing cleans them to the memory that the walker reads. Without such a cache
 * nothing is lost by it.
 */
#include "twin.h"

static void nothing(const void *start, size_t size)
{
    (void)start, (void)size;
}

int main(void)
{
    struct pgtable_ops ops = msm_pgtable_ops;
    struct iommu_domain *domain = iommu_domain_alloc();
    u8 *page = page_alloc(1, PAGE_SIZE), *other = page_alloc(1, PAGE_SIZE);
    struct rig rig;

    say_what("descriptor not cleaned to memory");
    pattern_write(page, PAGE_SIZE, 1);
    pattern_write(other, PAGE_SIZE, 2);
    rig_up(&rig, "jpegd_src_dma", domain, 0);
    if (mistake)
        ops.clean = nothing;
    to_msm_domain(domain)->table.ops = &ops;
    iommu_map(domain, AT, virt_to_phys(page), PAGE_SIZE, IOMMU_READ);
    printf("a page is mapped\n");
    if (rig_verify(&rig, AT, PAGE_SIZE, 1))
        return wrong("the device does not see the mapping");
    iommu_unmap(domain, AT, PAGE_SIZE);
    iommu_map(domain, AT, virt_to_phys(other), PAGE_SIZE, IOMMU_READ);
    printf("another page is mapped in its place\n");
    if (rig_verify(&rig, AT, PAGE_SIZE, 2))
        return wrong("the device does not see the new mapping");
    return right("the device saw both mappings");
}
