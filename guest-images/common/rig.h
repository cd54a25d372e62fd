/* A traffic engine in a domain of its own or a shared one, and memory for it: for images that look at the IOMMU API. */
#ifndef RIG_H
#define RIG_H

#include "cacheflush.h"
#include "iommu.h"
#include "kit.h"
#include "mmu.h"
#include "slab.h"
#include "string.h"
#include "teng.h"

#define RIG_FRAME_IOVA 0xfff00000u
#define RIG_TIMEOUT_US 50000u
#define RW (IOMMU_READ | IOMMU_WRITE)

struct rig {
    struct device *dev;
    struct iommu_domain *domain;
    struct teng teng;
    void *frame;
    dma_addr_t frame_iova;
};

/* An engine attached to a domain, its frame mapped there at RIG_FRAME_IOVA + 4 KiB times `slot`. */
static inline void rig_up(struct rig *rig, const char *name, struct iommu_domain *domain, unsigned slot)
{
    *rig = (struct rig){ .dev = device_find(name), .domain = domain };
    rig->frame = page_alloc(1, PAGE_SIZE);
    rig->frame_iova = RIG_FRAME_IOVA + slot * PAGE_SIZE;
    if (!rig->dev || !domain || !rig->frame)
        panic("%s: no such device, or no memory", name);
    mmu_map_uncached(rig->frame, 1);
    /* In an identity domain the frame is where it is. */
    if (domain->type == IOMMU_DOMAIN_IDENTITY)
        rig->frame_iova = virt_to_phys(rig->frame);
    else if (domain->type != IOMMU_DOMAIN_BLOCKED &&
             iommu_map(domain, rig->frame_iova, virt_to_phys(rig->frame), PAGE_SIZE, RW))
        panic("%s: its frame can not be mapped", name);
    if (iommu_attach_device(domain, rig->dev) || teng_init(&rig->teng, rig->dev, rig->frame, rig->frame_iova))
        panic("%s can not be attached", name);
}

static inline void rig_down(struct rig *rig)
{
    teng_exit(&rig->teng);
    iommu_detach_device(rig->domain, rig->dev);
    if (rig->domain->type > IOMMU_DOMAIN_IDENTITY)
        iommu_unmap(rig->domain, rig->frame_iova, PAGE_SIZE);
    mmu_map_cached(rig->frame, 1);
    page_free(rig->frame, 1);
}

/* What teng_run() says of a copy, a sum, or a check of a fill with increasing words. */
static inline int rig_copy(struct rig *rig, dma_addr_t to, dma_addr_t from, u32 size)
{
    return teng_run(&rig->teng,
                    &(struct teng_transfer){
                        .operation = TENG_COPY, .source = from, .destination = to, .length = size },
                    RIG_TIMEOUT_US);
}

static inline int rig_read(struct rig *rig, dma_addr_t from, u32 size)
{
    return teng_run(&rig->teng,
                    &(struct teng_transfer){ .operation = TENG_CHECKSUM, .source = from, .length = size },
                    RIG_TIMEOUT_US);
}

static inline int rig_fill(struct rig *rig, dma_addr_t to, u32 size, u32 seed)
{
    return teng_run(&rig->teng,
                    &(struct teng_transfer){ .operation = TENG_FILL,
                                             .destination = to,
                                             .length = size,
                                             .pattern = TENG_INCREMENT,
                                             .seed = seed },
                    RIG_TIMEOUT_US);
}

static inline int rig_verify(struct rig *rig, dma_addr_t at, u32 size, u32 seed)
{
    return teng_run(&rig->teng,
                    &(struct teng_transfer){ .operation = TENG_VERIFY,
                                             .source = at,
                                             .length = size,
                                             .pattern = TENG_INCREMENT,
                                             .seed = seed },
                    RIG_TIMEOUT_US);
}

/* Memory that increases word by word, written by the processor and visible to devices. */
static inline void pattern_write(void *at, u32 size, u32 seed)
{
    u32 *word = at;

    for (u32 i = 0; i < size / 4; i++)
        word[i] = seed + i;
    cache_clean(at, size);
}

/* Whether a device has written it so. */
static inline bool pattern_is(void *at, u32 size, u32 seed)
{
    u32 *word = at;

    cache_invalidate(at, size);
    for (u32 i = 0; i < size / 4; i++)
        if (word[i] != seed + i)
            return false;
    return true;
}

#endif
