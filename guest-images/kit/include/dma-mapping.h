/*
 * The DMA API, with Linux's names and semantics.
 *
 * Memory becomes a device address by one of three back ends. Which one is decided per device from the device tree, and a
 * driver does not see it:
 *   iommu   a System MMU is in front of the device ("iommus"); each mapping gets addresses in the device's domain
 *   direct  the device reaches all memory: its address is the memory's own
 *   bounce  it does not ("msmemu,address-bits", dma_set_mask); data pass through a pool that it reaches ("shared-dma-pool")
 *
 * Between map and unmap the memory belongs to the device; dma_sync_*_for_cpu lends it to the processor until
 * dma_sync_*_for_device. What breaks these rules is reported (see "Misuse" below).
 *
 * Functions that map give DMA_MAPPING_ERROR, NULL or 0 when they fail; dma_mapping_error() then says why. All of this is for
 * the main program, not for interrupt handlers.
 */
#ifndef KIT_DMA_MAPPING_H
#define KIT_DMA_MAPPING_H

#include "device.h"
#include "errno.h"
#include "scatterlist.h"
#include "slab.h"
#include "types.h"

#define DMA_MAPPING_ERROR ((dma_addr_t)-1)
#define DMA_BIT_MASK(n) ((n) >= 64 ? ~(u64)0 : ((u64)1 << (n)) - 1)

/* For the last argument of dma_alloc_coherent; the kit has one kind of memory. */
typedef unsigned gfp_t;
#define GFP_KERNEL 0u

enum dma_data_direction {
    DMA_BIDIRECTIONAL,
    DMA_TO_DEVICE,   /* the device reads */
    DMA_FROM_DEVICE, /* the device writes */
    DMA_NONE,
};

/* ---- Attributes ---- */

enum dma_attr {
    /* A write of the device to this mapping arrives after all that it wrote before. */
    DMA_ATTR_WRITE_BARRIER,
    /* Accesses to this mapping may pass each other. */
    DMA_ATTR_WEAK_ORDERING,
    /* The device address is given too, in dma_attrs.destination: both sides of the mapping are the caller's. */
    DMA_ATTR_FIXED_MAPPING,
    DMA_ATTR_MAX,
};

struct dma_attrs {
    u32 flags;
    dma_addr_t destination; /* of the first byte, with DMA_ATTR_FIXED_MAPPING */
};

#define DEFINE_DMA_ATTRS(name) struct dma_attrs name = { 0, 0 }

static inline void dma_set_attr(enum dma_attr attr, struct dma_attrs *attrs)
{
    attrs->flags |= BIT(attr);
}

static inline bool dma_get_attr(enum dma_attr attr, const struct dma_attrs *attrs)
{
    return attrs && (attrs->flags & BIT(attr));
}

/* ---- Devices ---- */

/* Chooses the back end from the device tree and gives the device, if there is an SMMU, a domain. driver_bind() does
 * it. Errors: -EBUSY it was done already; -EIO the device reaches no memory; -ENOMEM no memory for a domain; -ENOSPC
 * its SMMU has no context bank left. */
int dma_configure(struct device *dev);

/* Ends it. What is still mapped is reported as a leak and unmapped. Returns the number of leaks. */
unsigned dma_release(struct device *dev);

/* "iommu", "direct" or "bounce"; "none" before dma_configure(). */
const char *dma_backend(struct device *dev);

/* The highest address that the device can put out, as its driver knows it; the device tree may say less. The default
 * is 32 bits. It also chooses between direct and bounce anew, for what is mapped from now on. Errors: -ENODEV not
 * configured; -EIO no memory, or with an SMMU no device address, lies below it, and nothing has changed. */
int dma_set_mask(struct device *dev, u64 mask);

/* The same for dma_alloc_coherent(). Errors: -ENODEV; -EIO. */
int dma_set_coherent_mask(struct device *dev, u64 mask);

/* Both. Errors: -ENODEV; -EIO. */
int dma_set_mask_and_coherent(struct device *dev, u64 mask);

/* What is in force: the driver's mask, cut to what the device tree says; 0 when not configured. */
u64 dma_get_mask(struct device *dev);

/* The mask with which nothing needs the bounce pool; 0 when not configured. */
u64 dma_get_required_mask(struct device *dev);

/* Most bytes of one piece of a list, and of the pieces that become one: 64 KiB unless set.
 * Errors: -ENODEV not configured; -EINVAL 0 bytes. */
int dma_set_max_seg_size(struct device *dev, u32 size);
u32 dma_get_max_seg_size(struct device *dev);

/* ---- Coherent memory ---- */

/* Memory, cleared, that processor and device see alike without dma_sync_*. Returns where the processor finds it, and
 * the device's address in *handle. It is aligned to its size rounded up to a power of two, 1 MiB at most. NULL on
 * failure: -EINVAL 0 bytes; -ENOMEM no memory; -ENOSPC no room in the pool or no device address; -ENODEV not
 * configured. */
void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp);

/* Gives it back, with the same size and addresses. */
void dma_free_coherent(struct device *dev, size_t size, void *cpu, dma_addr_t handle);

/* With attributes. NULL also for what dma_map_single_attrs says of them: -EINVAL, -ERANGE, -EBUSY, -EOPNOTSUPP. */
void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp,
                      const struct dma_attrs *attrs);
void dma_free_attrs(struct device *dev, size_t size, void *cpu, dma_addr_t handle,
                    const struct dma_attrs *attrs);

/* ---- Streaming mappings ---- */

/* 0, or for DMA_MAPPING_ERROR why the last mapping of this device failed: one of the errors of the function
 * that failed; -ENODEV not configured. For the functions that give NULL or 0, ask with DMA_MAPPING_ERROR. */
int dma_mapping_error(struct device *dev, dma_addr_t address);

/* Memory for one transfer. DMA_MAPPING_ERROR on failure: -EINVAL 0 bytes, no direction, or not main memory; -ENOMEM
 * no memory for the books or for tables; -ENOSPC no room in the pool or no device address; -ENODEV
 * not configured. */
dma_addr_t dma_map_single(struct device *dev, void *cpu, size_t size, enum dma_data_direction direction);
void dma_unmap_single(struct device *dev, dma_addr_t address, size_t size,
                      enum dma_data_direction direction);

/* With attributes. DMA_MAPPING_ERROR also: -EINVAL an unknown attribute, both orders, or a destination that is placed
 * in its page otherwise than the memory; -ERANGE the destination is beyond the mask or outside of the domain; -EBUSY
 * part of it is mapped already; -EOPNOTSUPP the back end can not choose device addresses. */
dma_addr_t dma_map_single_attrs(struct device *dev, void *cpu, size_t size,
                                enum dma_data_direction direction, const struct dma_attrs *attrs);
void dma_unmap_single_attrs(struct device *dev, dma_addr_t address, size_t size,
                            enum dma_data_direction direction, const struct dma_attrs *attrs);

/* By page and offset; the rest as dma_map_single. DMA_MAPPING_ERROR: -EINVAL; -ENOMEM; -ENOSPC; -ENODEV. */
dma_addr_t dma_map_page(struct device *dev, struct page *page, size_t offset, size_t size,
                        enum dma_data_direction direction);
void dma_unmap_page(struct device *dev, dma_addr_t address, size_t size,
                    enum dma_data_direction direction);

/* A list. Returns how many ranges the device has to be given: the first so many entries have them in sg_dma_address()
 * and sg_dma_len(). They can be fewer than the pieces, where pieces follow each other for the device. 0 on failure:
 * as dma_map_single (-EINVAL, -ENOMEM, -ENOSPC, -ENODEV), and -EINVAL an empty list or a piece longer than
 * dma_get_max_seg_size(). */
int dma_map_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction direction);

/* With the number of pieces that was given, not the one returned. */
void dma_unmap_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction direction);

/* With attributes; a destination is that of the first byte, all pieces follow. 0 also for what dma_map_single_attrs
 * says of them (-EINVAL, -ERANGE, -EBUSY, -EOPNOTSUPP), and -EINVAL for pieces that can not follow each other: all
 * but the first have to begin at a page, all but the last to end at one. */
int dma_map_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
                     enum dma_data_direction direction, const struct dma_attrs *attrs);
void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
                        enum dma_data_direction direction, const struct dma_attrs *attrs);

/* Lends a mapping, or `size` bytes of it, to the processor, and gives it back to the device. */
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t address, size_t size,
                             enum dma_data_direction direction);
void dma_sync_single_for_device(struct device *dev, dma_addr_t address, size_t size,
                                enum dma_data_direction direction);
void dma_sync_single_range_for_cpu(struct device *dev, dma_addr_t address, size_t offset, size_t size,
                                   enum dma_data_direction direction);
void dma_sync_single_range_for_device(struct device *dev, dma_addr_t address, size_t offset, size_t size,
                                      enum dma_data_direction direction);
void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sg, int nents,
                         enum dma_data_direction direction);
void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sg, int nents,
                            enum dma_data_direction direction);

/* ---- Domains ---- */

/* An address space that devices behind SMMUs share: what is mapped for one is mapped for all, at the same address. */
struct dma_domain;

/* A new one, without devices. NULL: no memory. */
struct dma_domain *dma_domain_alloc(void);

/* Errors: -EBUSY a device is in it. */
int dma_domain_free(struct dma_domain *domain);

/* The domain of a device; NULL if there is none, because its back end is another. */
struct dma_domain *dma_get_domain(struct device *dev);

/* Moves a device to a domain; the one it had of its own is gone. Errors: -ENODEV not configured; -EBUSY it has
 * mappings; -EOPNOTSUPP the back end has no domains. */
int dma_set_domain(struct device *dev, struct dma_domain *domain);

/* The domain of the IOMMU API behind it: for fault handlers and questions. */
struct iommu_domain *dma_iommu_domain(struct dma_domain *domain);

/* Strict (the default): when an unmapping returns, no device can use it. Not strict: up to DMA_DEFERRED unmappings
 * wait for one invalidation of the whole domain; their addresses are not used again before it, their memory may be.
 * */
#define DMA_DEFERRED 64u
void dma_domain_set_strict(struct dma_domain *domain, bool strict);

/* Invalidates now. */
void dma_domain_flush(struct dma_domain *domain);

/* ---- Misuse ---- */

enum dma_misuse {
    DMA_MISUSE_NOT_MAPPED,   /* unmap or sync of an address that is not mapped */
    DMA_MISUSE_DOUBLE_UNMAP, /* unmap of what was unmapped before */
    DMA_MISUSE_SIZE,         /* unmap or sync with another size */
    DMA_MISUSE_DIRECTION,    /* unmap, sync or use in another direction */
    DMA_MISUSE_KIND,         /* unmap or free by the wrong function */
    DMA_MISUSE_LEAK,         /* mapped at dma_release() */
    DMA_MISUSE_DEVICE_USE,   /* device started on what it does not own: not mapped, or lent to the processor */
    DMA_MISUSE_CPU_USE,      /* processor used what the device owns (dma_set_guard) */
    DMA_MISUSES,
};

struct dma_misuse_report {
    enum dma_misuse kind;
    struct device *dev;
    dma_addr_t address; /* as it was given; for DMA_MISUSE_CPU_USE the processor's */
    size_t size;
};

typedef void (*dma_misuse_handler_t)(const struct dma_misuse_report *report);

/* Told of each misuse; the default prints a line. Returns the previous handler. */
dma_misuse_handler_t dma_set_misuse_handler(dma_misuse_handler_t handler);

/* Counted since start-up. */
unsigned dma_misuses(void);
const char *dma_misuse_name(enum dma_misuse kind);

/* Drivers call it with each range that they are about to give to their device. `direction` is what the device will
 * do there. False: misuse, reported. Coherent memory is always right. */
bool dma_check_device_use(struct device *dev, dma_addr_t address, size_t size,
                          enum dma_data_direction direction);

/* Takes whole pages away from the processor while a device owns them, so that a use before dma_sync_*_for_cpu is
 * reported, once for each page, and then goes on. It costs two changes of page tables for each transfer; off by
 * default. Switch it with nothing mapped. */
void dma_set_guard(bool on);

/* Mappings of all devices that exist now. */
unsigned dma_mappings(void);

#endif
