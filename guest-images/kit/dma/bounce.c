/*
 * Back end for devices that do not reach all memory: what they can not reach is copied to and from a pool that they
 * can. Pools are the "shared-dma-pool" regions of the device tree; the kit maps them non-cacheable.
 */
#include "dma.h"
#include "fdt.h"

#define POOLS 4u

static struct pool {
    struct iova_domain space; /* its addresses in memory */
} pools[POOLS];
static unsigned pool_count;
static bool pools_known;

static void find_pools(void)
{
    const struct fdt *tree = device_tree();
    int node = -1;
    u32 base, size;

    if (pools_known)
        return;
    pools_known = true;
    while ((node = fdt_next_compatible(tree, node, "shared-dma-pool")) >= 0 && pool_count < POOLS)
        if (fdt_reg(tree, node, 0, &base, &size) == 0 && size > 0 &&
            iova_init(&pools[pool_count].space, base, base + (size - 1)) == 0)
            pool_count++;
}

bool dma_pool_reaches(u64 mask)
{
    find_pools();
    for (unsigned i = 0; i < pool_count; i++)
        if (mask >= pools[i].space.all.start + PAGE_SIZE - 1)
            return true;
    return false;
}

static struct pool *pool_of(const struct iova *slot)
{
    for (unsigned i = 0; i < pool_count; i++)
        if (slot->start >= pools[i].space.all.start && slot->end <= pools[i].space.all.end)
            return &pools[i];
    return NULL;
}

static int take(struct iova *slot, u64 size, u32 align, u32 limit)
{
    for (unsigned i = 0; i < pool_count; i++)
        if (iova_alloc(&pools[i].space, slot, size, align, 0, limit) == 0)
            return 0;
    return -ENOSPC;
}

static void give_back(struct iova *slot)
{
    if (slot->end)
        iova_free(&pool_of(slot)->space, slot);
}

static bool unmap(struct dma_device *dma, struct dma_mapping *mapping)
{
    (void)dma;
    for (unsigned i = 0; mapping->kind != DMA_KIND_COHERENT && i < mapping->count; i++)
        give_back(&mapping->piece[i].slot);
    return true;
}

static int map(struct dma_device *dma, struct dma_mapping *mapping, u32 limit, const struct dma_attrs *attrs)
{
    dma_addr_t destination = attrs ? attrs->destination : 0;

    for (unsigned i = 0; i < mapping->count; i++) {
        struct dma_piece *piece = &mapping->piece[i];
        phys_addr_t at = virt_to_phys(piece->cpu);
        u32 in_page = at & ~PAGE_MASK;
        bool reached = at <= limit && limit - at >= piece->size - 1;

        /* A copy has the address of the pool, and memory that is reached its own: neither can be chosen. */
        if (dma_get_attr(DMA_ATTR_FIXED_MAPPING, attrs) && !(reached && at == destination)) {
            unmap(dma, mapping);
            return -EOPNOTSUPP;
        }
        destination += piece->size;
        piece->address = at;
        if (reached)
            continue;
        if (take(&piece->slot, ALIGN((u64)in_page + piece->size, (u64)PAGE_SIZE), PAGE_SIZE, limit)) {
            unmap(dma, mapping);
            return -ENOSPC;
        }
        piece->address = (u32)piece->slot.start + in_page;
        piece->bounce = phys_to_virt(piece->address);
    }
    return 0;
}

static int alloc(struct dma_piece *piece, u32 limit)
{
    u32 align = PAGE_SIZE;

    while (align < piece->size && align < SZ_1M)
        align *= 2;
    if (take(&piece->slot, ALIGN((u64)piece->size, (u64)PAGE_SIZE), align, limit))
        return -ENOSPC;
    piece->cpu = phys_to_virt((u32)piece->slot.start);
    return 0;
}

static void free(struct dma_piece *piece)
{
    give_back(&piece->slot);
}

const struct dma_ops dma_bounce_ops = { "bounce", map, unmap, alloc, free };
