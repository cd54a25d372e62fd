/* The handler maps the page that was missing, and nobody tells the SMMU to go on, as the mainline drivers of 2010 and of Linux 6.1. */
#include "errno.h"
#include "twin.h"

static int handler(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    printf("fault: %s is stalled at 0x%08x, a page is mapped there\n", dev->name, iova);
    (void)flags;
    if (iommu_map(domain, iova & PAGE_MASK, virt_to_phys(token), PAGE_SIZE, RW))
        return -EFAULT;
    return mistake ? -EBUSY : 0;
}

int main(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    u8 *page = page_alloc(1, PAGE_SIZE);
    struct rig rig;
    int error;

    say_what("fault not resumed");
    iommu_set_fault_handler(domain, handler, page);
    rig_up(&rig, "jpegd_src_dma", domain, 0);
    error = rig_fill(&rig, AT, PAGE_SIZE, 1);
    printf("the device says: %s\n", errname(error));
    if (error == -ETIMEDOUT)
        return wrong("the device is still stalled");
    return !error && pattern_is(page, PAGE_SIZE, 1) ? right("the page is written") : wrong("the page is not written");
}
