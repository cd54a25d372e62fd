/* The driver does not wait for its device: it unmaps the buffer, and uses it, while the device is still writing. */
#include "errno.h"
#include "twin.h"

#define SIZE SZ_64K

/* Where it faults depends on how fast all are: it is not shown. */
static int end(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    (void)domain, (void)iova, (void)flags, (void)token;
    printf("fault: %s\n", dev->name);
    return -EFAULT;
}

int main(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    u8 *buffer = page_alloc(SIZE >> PAGE_SHIFT, PAGE_SIZE);
    struct teng_transfer fill = {
        .operation = TENG_FILL, .destination = AT, .length = SIZE, .pattern = TENG_INCREMENT, .seed = 1
    };
    struct rig rig;
    int error = 0;

    say_what("unmap while the master runs");
    memset(buffer, 0, SIZE);
    cache_clean_invalidate(buffer, SIZE);
    for (u32 i = 0; i < SIZE; i += PAGE_SIZE)
        iommu_map(domain, AT + i, virt_to_phys(buffer) + i, PAGE_SIZE, RW);
    iommu_set_fault_handler(domain, end, NULL);
    rig_up(&rig, "jpegd_src_dma", domain, 0);
    teng_start(&rig.teng, &fill);
    printf("the device writes the buffer\n");
    if (!mistake)
        error = teng_wait(&rig.teng, RIG_TIMEOUT_US);
    iommu_unmap(domain, AT, SIZE);
    printf("the buffer is unmapped\n");
    if (mistake)
        error = teng_wait(&rig.teng, RIG_TIMEOUT_US);
    printf("the device says: %s\n", errname(error));
    if (!pattern_is(buffer, SIZE, 1))
        return wrong("the buffer is not complete");
    return error ? wrong("the device had an error") : right("the buffer is complete");
}
