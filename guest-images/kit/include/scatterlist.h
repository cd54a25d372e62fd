/* Pieces of memory, and where they lie for a device. */
#ifndef KIT_SCATTERLIST_H
#define KIT_SCATTERLIST_H

#include "types.h"

struct scatterlist {
    void *address;
    u32 length;
    dma_addr_t dma_address; /* set by dma_map_sg */
    u32 dma_length;
};

#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg) ((sg)->dma_length)
#define for_each_sg(list, sg, n, i) for ((i) = 0, (sg) = (list); (i) < (n); (i)++, (sg)++)

static inline void sg_init_table(struct scatterlist *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        list[i] = (struct scatterlist){ 0 };
}

static inline void sg_set_buf(struct scatterlist *sg, void *address, u32 length)
{
    sg->address = address;
    sg->length = length;
}

static inline void *sg_virt(const struct scatterlist *sg)
{
    return sg->address;
}

static inline phys_addr_t sg_phys(const struct scatterlist *sg)
{
    return virt_to_phys(sg->address);
}

#endif
