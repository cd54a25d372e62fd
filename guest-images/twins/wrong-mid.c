/*
 * The driver routes another MID than the one that the master puts on its transactions. The one that it does use has its reset value, as
 * where nobody blocks what is not routed: bank 0, which belongs to another device.
 */
#include "errno.h"
#include "io.h"
#include "twin.h"

#define WRONG_MID 7u

int main(void)
{
    struct iommu_domain *first = iommu_domain_alloc(), *second = iommu_domain_alloc();
    u8 *mine = page_alloc(1, PAGE_SIZE), *theirs = page_alloc(1, PAGE_SIZE);
    struct rig other, rig;
    int error;

    say_what("wrong MID");
    iommu_map(first, AT, virt_to_phys(theirs), PAGE_SIZE, RW);
    iommu_map(second, AT, virt_to_phys(mine), PAGE_SIZE, RW);
    pattern_write(theirs, PAGE_SIZE, 0xc0de0000);
    rig_up(&other, "jpegd_dst_dma", first, 0);
    /* The frame of the second device, for when it ends up in the domain of the first. */
    rig_up(&rig, "jpegd_src_dma", second, 1);
    iommu_map(first, rig.frame_iova, virt_to_phys(rig.frame), PAGE_SIZE, RW);
    if (mistake) {
        struct iommu_fwspec *spec = rig.dev->fwspec;
        u32 mid = spec->ids[0].mid;

        iommu_detach_device(second, rig.dev);
        writel(0, spec->ids[0].smmu->base + M2VCBR(mid)); /* as after a reset */
        spec->ids[0].mid = WRONG_MID;
        iommu_attach_device(second, rig.dev);
        printf("%s puts MID %u on its transactions, the driver routes MID %u\n", rig.dev->name, mid, WRONG_MID);
    } else {
        printf("%s puts MID %u on its transactions, and the driver routes it\n", rig.dev->name, rig.teng.mid);
    }
    error = rig_fill(&rig, AT, PAGE_SIZE, 1);
    printf("the device writes its page: %s\n", error ? "an error" : "done");
    if (!pattern_is(theirs, PAGE_SIZE, 0xc0de0000))
        return wrong("it has written over the page of another device");
    return !error && pattern_is(mine, PAGE_SIZE, 1) ? right("the page is written")
                                                    : wrong("the page is not written");
}
