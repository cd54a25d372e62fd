/* Inside of the DMA API. */
#ifndef KIT_DMA_DMA_H
#define KIT_DMA_DMA_H

#include "dma-mapping.h"
#include "iova.h"

/* Memory in one piece, as the device and as the processor see it. */
struct dma_piece {
    void *cpu;
    u32 size;
    dma_addr_t address;
    void *bounce;           /* where the device's copy is; NULL: in place */
    struct iova slot;       /* what it has of the pool */
    u32 lent_from, lent_to; /* offsets lent to the processor; none when equal */
};

enum dma_kind { DMA_KIND_SINGLE, DMA_KIND_PAGE, DMA_KIND_SG, DMA_KIND_COHERENT };

/* What one call mapped. It is found by the address of its first piece. */
struct dma_mapping {
    struct dma_mapping *next;
    const struct dma_ops *ops;
    enum dma_kind kind;
    enum dma_data_direction direction;
    struct iova range; /* device addresses, when the back end gives them */
    unsigned count;
    struct dma_piece piece[];
};

/* A back end. `limit` is the last address that the device can put out. */
struct dma_ops {
    const char *name;
    /* Sets `address` (and `bounce`) of each piece. */
    int (*map)(struct dma_device *dma, struct dma_mapping *mapping, u32 limit, const struct dma_attrs *attrs);
    /* False: the back end keeps the mapping for a while, and frees it itself. */
    bool (*unmap)(struct dma_device *dma, struct dma_mapping *mapping);
    /* Coherent memory of whole pages: sets `cpu`, of `size` bytes, not cleared. */
    int (*alloc)(struct dma_piece *piece, u32 limit);
    void (*free)(struct dma_piece *piece);
};

extern const struct dma_ops dma_iommu_ops, dma_direct_ops, dma_bounce_ops;

#define DMA_BUCKETS 64u
#define DMA_REMEMBERED 16u

struct dma_device {
    struct device *dev;
    struct dma_device *next;
    const struct dma_ops *ops, *coherent_ops;
    u64 mask, coherent_mask; /* of the driver */
    u32 max_segment;
    int error; /* of the last mapping */
    struct dma_domain *domain;
    unsigned mapped;
    struct dma_mapping *bucket[DMA_BUCKETS];
    dma_addr_t unmapped[DMA_REMEMBERED]; /* the last ones, for better reports */
    unsigned unmaps;
};

struct dma_domain {
    struct iommu_domain *iommu;
    struct iova_domain space;
    unsigned devices;
    bool implicit; /* made by dma_configure(); goes with its last device */
    bool strict;
    struct dma_mapping *deferred; /* unmapped, but not invalidated */
    unsigned waiting;
};

/* mapping.c */
extern struct dma_device *dma_devices;
u64 dma_bus_mask(const struct device *dev);
struct dma_mapping *dma_find_cpu(struct dma_device *dma, u32 address, struct dma_piece **piece);

/* direct.c */
int dma_alloc_pages(struct dma_piece *piece, u32 limit);
void dma_free_pages(struct dma_piece *piece);

/* bounce.c */
bool dma_pool_reaches(u64 mask);

/* iommu.c */
int dma_iommu_configure(struct dma_device *dma);
void dma_iommu_release(struct dma_device *dma);

/* debug.c */
void dma_report(enum dma_misuse kind, struct device *dev, u32 address, size_t size);
void dma_guard_device(struct dma_piece *piece);
void dma_guard_cpu(struct dma_piece *piece, u32 from, u32 to);

#endif
