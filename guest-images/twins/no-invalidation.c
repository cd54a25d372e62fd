/* A page is unmapped and put to another use; the TLB is not told. The master has it cached, and writes. */
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
    u8 *page = page_alloc(1, PAGE_SIZE);
    struct rig rig;
    int error;

    say_what("no invalidation after unmap");
    iommu_map(domain, AT, virt_to_phys(page), PAGE_SIZE, RW);
    rig_up(&rig, "jpegd_src_dma", domain, 0);
    if (rig_fill(&rig, AT, PAGE_SIZE, 1))
        return wrong("the first transfer failed");
    printf("the device has written its page\n");
    if (mistake)
        to_msm_domain(domain)->flush = &nothing;
    iommu_unmap(domain, AT, PAGE_SIZE);
    pattern_write(page, PAGE_SIZE, 0xc0de0000);
    printf("the page is unmapped and belongs to the processor again\n");
    error = rig_fill(&rig, AT, PAGE_SIZE, 2);
    printf("the device writes there once more: %s\n", error ? "it is stopped" : "it is let through");
    if (!pattern_is(page, PAGE_SIZE, 0xc0de0000))
        return wrong("the device has written over memory of the processor");
    return error ? right("the device was stopped") : wrong("the device was let through");
}
