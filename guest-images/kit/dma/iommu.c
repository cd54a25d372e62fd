/* Back end for devices behind an SMMU: device addresses come from the domain, translations from the IOMMU API. */
#include "dma.h"
#include "iommu.h"
#include "kit.h"

/* Device addresses start here, so that small numbers by mistake are no addresses. The last page is left
 * out: DMA_MAPPING_ERROR lies in it. */
#define SPACE_START SZ_1M
#define SPACE_LAST 0xffffefffu

static struct dma_domain *new_domain(bool implicit)
{
    struct dma_domain *domain = kzalloc(sizeof *domain);

    if (!domain)
        return NULL;
    domain->iommu = iommu_domain_alloc_type(IOMMU_DOMAIN_DMA);
    if (!domain->iommu) {
        kfree(domain);
        return NULL;
    }
    iova_init(&domain->space, SPACE_START, SPACE_LAST);
    domain->implicit = implicit;
    domain->strict = true;
    return domain;
}

static void destroy(struct dma_domain *domain)
{
    dma_domain_flush(domain);
    iommu_domain_free(domain->iommu);
    kfree(domain);
}

static int join(struct dma_device *dma, struct dma_domain *domain)
{
    int error = iommu_attach_device(domain->iommu, dma->dev);

    if (error)
        return error;
    domain->devices++;
    dma->domain = domain;
    return 0;
}

static struct dma_domain *leave(struct dma_device *dma)
{
    struct dma_domain *domain = dma->domain;

    iommu_detach_device(domain->iommu, dma->dev);
    domain->devices--;
    dma->domain = NULL;
    return domain;
}

int dma_iommu_configure(struct dma_device *dma)
{
    struct dma_domain *domain = new_domain(true);
    int error;

    if (!domain)
        return -ENOMEM;
    error = join(dma, domain);
    if (error)
        destroy(domain);
    return error;
}

void dma_iommu_release(struct dma_device *dma)
{
    struct dma_domain *domain = leave(dma);

    if (domain->implicit && domain->devices == 0)
        destroy(domain);
}

struct dma_domain *dma_domain_alloc(void)
{
    return new_domain(false);
}

int dma_domain_free(struct dma_domain *domain)
{
    if (domain->devices)
        return -EBUSY;
    destroy(domain);
    return 0;
}

struct dma_domain *dma_get_domain(struct device *dev)
{
    return dev->dma ? dev->dma->domain : NULL;
}

int dma_set_domain(struct device *dev, struct dma_domain *domain)
{
    struct dma_device *dma = dev->dma;
    struct dma_domain *before;
    int error;

    if (!dma)
        return -ENODEV;
    if (!dma->domain)
        return -EOPNOTSUPP;
    if (dma->mapped)
        return -EBUSY;
    before = leave(dma);
    error = join(dma, domain);
    if (error) {
        BUG_ON(join(dma, before)); /* the banks that it had are free */
        return error;
    }
    if (before->implicit && before->devices == 0)
        destroy(before);
    return 0;
}

struct iommu_domain *dma_iommu_domain(struct dma_domain *domain)
{
    return domain->iommu;
}

/* ---- Mapping ---- */

static u32 pages_of(const struct dma_piece *piece)
{
    return ALIGN((virt_to_phys(piece->cpu) & ~PAGE_MASK) + piece->size, PAGE_SIZE);
}

static int protection(enum dma_data_direction direction, const struct dma_attrs *attrs)
{
    int prot = direction == DMA_TO_DEVICE     ? IOMMU_READ
               : direction == DMA_FROM_DEVICE ? IOMMU_WRITE
                                              : IOMMU_READ | IOMMU_WRITE;

    /* Device memory keeps its order against everything before it; Normal memory is weakly ordered as it is. */
    if (dma_get_attr(DMA_ATTR_WRITE_BARRIER, attrs))
        prot |= IOMMU_MMIO;
    return prot;
}

/* The destination given: both sides are the caller's. */
static int take_fixed(struct dma_domain *domain, struct dma_mapping *mapping, u64 size, u32 limit,
                      dma_addr_t destination)
{
    for (unsigned i = 0; i < mapping->count; i++) {
        phys_addr_t at = virt_to_phys(mapping->piece[i].cpu);

        if (i == 0 ? ((at ^ destination) & ~PAGE_MASK) : (at & ~PAGE_MASK))
            return -EINVAL;
        if (i + 1 < mapping->count && ((at + mapping->piece[i].size) & ~PAGE_MASK))
            return -EINVAL;
    }
    destination &= PAGE_MASK;
    if (destination + size - 1 > limit)
        return -ERANGE;
    return iova_reserve(&domain->space, &mapping->range, destination, size);
}

/* Any device addresses; where pages larger than 4 KiB fit, with the same place in them as the memory has. A page without
 * translation follows, so that a device that goes on too far is stopped there. */
static int take_any(struct dma_domain *domain, struct dma_mapping *mapping, u64 size, u32 limit)
{
    static const u32 sizes[] = { SZ_16M, SZ_1M, SZ_64K, SZ_4K };
    phys_addr_t at = virt_to_phys(mapping->piece[0].cpu) & PAGE_MASK;
    u32 align = SZ_4K;

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
        if (mapping->count == 1 && (domain->iommu->pgsize_bitmap & sizes[i]) &&
            ALIGN((u64)at, (u64)sizes[i]) + sizes[i] <= at + size) {
            align = sizes[i];
            break;
        }
    return iova_alloc(&domain->space, &mapping->range, size + PAGE_SIZE, align, at & (align - 1), limit);
}

static int map(struct dma_device *dma, struct dma_mapping *mapping, u32 limit, const struct dma_attrs *attrs)
{
    struct dma_domain *domain = dma->domain;
    bool fixed = dma_get_attr(DMA_ATTR_FIXED_MAPPING, attrs);
    int prot = protection(mapping->direction, attrs);
    u64 size = 0;
    u32 start, done = 0;
    int error;

    for (unsigned i = 0; i < mapping->count; i++)
        size += pages_of(&mapping->piece[i]);
    for (;;) {
        error = fixed ? take_fixed(domain, mapping, size, limit, attrs->destination)
                      : take_any(domain, mapping, size, limit);
        if ((error != -ENOSPC && error != -EBUSY) || !domain->waiting)
            break;
        dma_domain_flush(domain); /* what waits for its invalidation may be what is missing */
    }
    if (error)
        return error;
    start = (u32)mapping->range.start;
    for (unsigned i = 0; i < mapping->count; i++) {
        struct dma_piece *piece = &mapping->piece[i];
        phys_addr_t at = virt_to_phys(piece->cpu);

        error = iommu_map(domain->iommu, start + done, at & PAGE_MASK, pages_of(piece), prot);
        if (error) {
            if (done)
                iommu_unmap(domain->iommu, start, done);
            iova_free(&domain->space, &mapping->range);
            /* Somebody mapped there by the IOMMU API. */
            return error == -EEXIST ? -EBUSY : error;
        }
        piece->address = start + done + (at & ~PAGE_MASK);
        done += pages_of(piece);
    }
    return 0;
}

static bool unmap(struct dma_device *dma, struct dma_mapping *mapping)
{
    struct dma_domain *domain = dma->domain;
    struct iommu_iotlb_gather gather;
    u32 start = (u32)mapping->range.start;
    u32 size = 0;

    for (unsigned i = 0; i < mapping->count; i++)
        size += pages_of(&mapping->piece[i]);
    iommu_iotlb_gather_init(&gather);
    iommu_unmap_fast(domain->iommu, start, size, &gather);
    if (domain->strict) {
        iommu_iotlb_sync(domain->iommu, &gather);
        iova_free(&domain->space, &mapping->range);
        return true;
    }
    mapping->next = domain->deferred;
    domain->deferred = mapping;
    if (++domain->waiting >= DMA_DEFERRED)
        dma_domain_flush(domain);
    return false;
}

void dma_domain_set_strict(struct dma_domain *domain, bool strict)
{
    domain->strict = strict;
    if (strict)
        dma_domain_flush(domain);
}

void dma_domain_flush(struct dma_domain *domain)
{
    struct dma_mapping *mapping;

    if (!domain->waiting)
        return;
    iommu_flush_iotlb_all(domain->iommu);
    while ((mapping = domain->deferred) != NULL) {
        domain->deferred = mapping->next;
        iova_free(&domain->space, &mapping->range);
        kfree(mapping);
    }
    domain->waiting = 0;
}

const struct dma_ops dma_iommu_ops = { "iommu", map, unmap, dma_alloc_pages, dma_free_pages };
