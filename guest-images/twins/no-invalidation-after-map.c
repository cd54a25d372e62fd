/*
 * A page is mapped, and no invalidation follows, since the TLB keeps no faults. But the walker fetches descriptors by the line, and
 * has this one from the time when it was invalid.
 */
#include "errno.h"
#include "twin.h"

static void nothing_range(struct msm_domain *domain, u32 iova, u64 size, u32 page)
{
    (void)domain, (void)iova, (void)size, (void)page;
}

static void nothing_all(struct msm_domain *domain)
{
    (void)domain;
}

static const struct iommu_flush_ops nothing = { nothing_range, nothing_all };

int main(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    u8 *pages = page_alloc(2, PAGE_SIZE);
    struct rig rig;
    int error;

    say_what("no invalidation after map");
    pattern_write(pages, 2 * PAGE_SIZE, 1);
    iommu_map(domain, AT, virt_to_phys(pages), PAGE_SIZE, IOMMU_READ);
    rig_up(&rig, "jpegd_src_dma", domain, 0);
    if (rig_verify(&rig, AT, PAGE_SIZE, 1))
        return wrong("the first transfer failed");
    printf("the device has read the first page\n");
    if (mistake)
        to_msm_domain(domain)->flush = &nothing;
    iommu_map(domain, AT + PAGE_SIZE, virt_to_phys(pages) + PAGE_SIZE, PAGE_SIZE, IOMMU_READ);
    printf("the second page is mapped\n");
    error = rig_verify(&rig, AT + PAGE_SIZE, PAGE_SIZE, 1 + PAGE_SIZE / 4);
    printf("the device reads it: %s\n", errname(error));
    return error ? wrong("the device does not see a page that is mapped") : right("the device saw it");
}
