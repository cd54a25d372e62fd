/* Back end for devices that reach the memory themselves. */
#include "dma.h"
#include "mmu.h"

int dma_alloc_pages(struct dma_piece *piece, u32 limit)
{
    size_t pages = ALIGN(piece->size, PAGE_SIZE) >> PAGE_SHIFT;
    size_t align = PAGE_SIZE;

    (void)limit; /* all memory is reached, or has a device address that is */
    while (align < piece->size && align < SZ_1M)
        align *= 2;
    piece->cpu = page_alloc(pages, align);
    if (!piece->cpu)
        return -ENOMEM;
    mmu_map_uncached(piece->cpu, pages);
    return 0;
}

void dma_free_pages(struct dma_piece *piece)
{
    size_t pages = ALIGN(piece->size, PAGE_SIZE) >> PAGE_SHIFT;

    mmu_map_cached(piece->cpu, pages);
    page_free(piece->cpu, pages);
}

static int map(struct dma_device *dma, struct dma_mapping *mapping, u32 limit, const struct dma_attrs *attrs)
{
    dma_addr_t destination = attrs ? attrs->destination : 0;

    (void)dma;
    (void)limit;
    for (unsigned i = 0; i < mapping->count; i++) {
        struct dma_piece *piece = &mapping->piece[i];
        phys_addr_t at = virt_to_phys(piece->cpu);

        /* The one device address that memory has here is its own. */
        if (dma_get_attr(DMA_ATTR_FIXED_MAPPING, attrs) && at != destination)
            return -EOPNOTSUPP;
        destination += piece->size;
        piece->address = at;
    }
    return 0;
}

static bool unmap(struct dma_device *dma, struct dma_mapping *mapping)
{
    (void)dma;
    (void)mapping;
    return true;
}

const struct dma_ops dma_direct_ops = { "direct", map, unmap, dma_alloc_pages, dma_free_pages };
