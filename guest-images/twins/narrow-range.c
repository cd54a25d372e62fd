/* Sixteen pages are unmapped; only the first is invalidated. */
#include "errno.h"
#include "twin.h"

#define PAGES 16

static void first_page(struct msm_domain *domain, u32 iova, u64 size, u32 page)
{
    (void)size;
    msm_flush_ops.range(domain, iova, page, page);
}

static void all(struct msm_domain *domain)
{
    msm_flush_ops.all(domain);
}

static const struct iommu_flush_ops narrow = { first_page, all };

int main(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    u8 *pages = page_alloc(PAGES, PAGE_SIZE);
    unsigned stopped = 0, changed = 0;
    struct rig rig;

    say_what("too narrow a range invalidated");
    for (u32 i = 0; i < PAGES; i++)
        iommu_map(domain, AT + i * PAGE_SIZE, virt_to_phys(pages) + i * PAGE_SIZE, PAGE_SIZE, RW);
    rig_up(&rig, "jpegd_src_dma", domain, 0);
    if (rig_fill(&rig, AT, PAGES * PAGE_SIZE, 1))
        return wrong("the first transfer failed");
    printf("the device has written %u pages\n", PAGES);
    if (mistake)
        to_msm_domain(domain)->flush = &narrow;
    iommu_unmap(domain, AT, PAGES * PAGE_SIZE);
    for (u32 i = 0; i < PAGES; i++)
        pattern_write(pages + i * PAGE_SIZE, PAGE_SIZE, 0xc0de0000);
    printf("they are unmapped and belong to the processor again\n");
    for (u32 i = 0; i < PAGES; i++) {
        stopped += rig_fill(&rig, AT + i * PAGE_SIZE, 64, 2) == -EFAULT;
        changed += !pattern_is(pages + i * PAGE_SIZE, PAGE_SIZE, 0xc0de0000);
    }
    printf("the device writes to each once more: %u times stopped, %u pages changed\n", stopped, changed);
    if (changed)
        return wrong("the device has written over memory of the processor");
    return stopped == PAGES ? right("the device was stopped") : wrong("the device was let through");
}
