/*
 * The DMA API (dma-mapping.h): checks what is asked, keeps books of what is mapped, moves ownership. Addresses come from a back
 * end (direct.c, bounce.c, iommu.c).
 */
#include "cacheflush.h"
#include "dma.h"
#include "iommu.h"
#include "string.h"

#define DEFAULT_SEGMENT SZ_64K

struct dma_device *dma_devices;

/* ---- Devices ---- */

u64 dma_bus_mask(const struct device *dev)
{
    return DMA_BIT_MASK(dev->address_bits);
}

static u64 ram_mask(void)
{
    return ram_end() - 1;
}

/* The back end for a device without SMMU that puts out addresses up to `mask`; NULL: there is none. */
static const struct dma_ops *ops_without_smmu(u64 mask)
{
    if (mask >= ram_mask())
        return &dma_direct_ops;
    return dma_pool_reaches(mask) ? &dma_bounce_ops : NULL;
}

int dma_configure(struct device *dev)
{
    struct dma_device *dma;
    int error = 0;

    if (dev->dma)
        return -EBUSY;
    dma = kzalloc(sizeof *dma);
    if (!dma)
        return -ENOMEM;
    dma->dev = dev;
    dma->mask = dma->coherent_mask = DMA_BIT_MASK(32);
    dma->max_segment = DEFAULT_SEGMENT;
    if (device_iommu_mapped(dev)) {
        dma->ops = &dma_iommu_ops;
        error = dma_iommu_configure(dma);
    } else {
        dma->ops = ops_without_smmu(dma_bus_mask(dev));
        error = dma->ops ? 0 : -EIO;
    }
    if (error) {
        kfree(dma);
        return error;
    }
    dma->coherent_ops = dma->ops;
    dev->dma = dma;
    dma->next = dma_devices;
    dma_devices = dma;
    return 0;
}

const char *dma_backend(struct device *dev)
{
    return dev->dma ? dev->dma->ops->name : "none";
}

/* Whether the device can be served under this mask of its driver; *ops becomes its back end. */
static int supported(struct dma_device *dma, u64 mask, const struct dma_ops **ops)
{
    mask = min(mask, dma_bus_mask(dma->dev));
    if (dma->domain) {
        *ops = dma->ops;
        return mask >= dma->domain->space.all.start + PAGE_SIZE - 1 ? 0 : -EIO;
    }
    *ops = ops_without_smmu(mask);
    return *ops ? 0 : -EIO;
}

int dma_set_mask(struct device *dev, u64 mask)
{
    struct dma_device *dma = dev->dma;
    const struct dma_ops *ops;

    if (!dma)
        return -ENODEV;
    if (supported(dma, mask, &ops))
        return -EIO;
    dma->ops = ops;
    dma->mask = mask;
    return 0;
}

int dma_set_coherent_mask(struct device *dev, u64 mask)
{
    struct dma_device *dma = dev->dma;
    const struct dma_ops *ops;

    if (!dma)
        return -ENODEV;
    if (supported(dma, mask, &ops))
        return -EIO;
    dma->coherent_ops = ops;
    dma->coherent_mask = mask;
    return 0;
}

int dma_set_mask_and_coherent(struct device *dev, u64 mask)
{
    int error = dma_set_mask(dev, mask);

    return error ? error : dma_set_coherent_mask(dev, mask);
}

u64 dma_get_mask(struct device *dev)
{
    return dev->dma ? min(dev->dma->mask, dma_bus_mask(dev)) : 0;
}

u64 dma_get_required_mask(struct device *dev)
{
    if (!dev->dma)
        return 0;
    return dev->dma->domain ? dev->dma->domain->space.all.end - 1 : ram_mask();
}

int dma_set_max_seg_size(struct device *dev, u32 size)
{
    if (!dev->dma)
        return -ENODEV;
    if (size == 0)
        return -EINVAL;
    dev->dma->max_segment = size;
    return 0;
}

u32 dma_get_max_seg_size(struct device *dev)
{
    return dev->dma ? dev->dma->max_segment : DEFAULT_SEGMENT;
}

int dma_mapping_error(struct device *dev, dma_addr_t address)
{
    if (address != DMA_MAPPING_ERROR)
        return 0;
    return dev->dma ? dev->dma->error : -ENODEV;
}

/* ---- Books ---- */

static struct dma_mapping **bucket(struct dma_device *dma, dma_addr_t address)
{
    return &dma->bucket[(address >> PAGE_SHIFT) % DMA_BUCKETS];
}

static void enter(struct dma_device *dma, struct dma_mapping *mapping)
{
    struct dma_mapping **at = bucket(dma, mapping->piece[0].address);

    mapping->next = *at;
    *at = mapping;
    dma->mapped++;
}

static void strike(struct dma_device *dma, struct dma_mapping *mapping)
{
    struct dma_mapping **at = bucket(dma, mapping->piece[0].address);

    while (*at != mapping)
        at = &(*at)->next;
    *at = mapping->next;
    dma->mapped--;
    dma->unmapped[dma->unmaps++ % DMA_REMEMBERED] = mapping->piece[0].address;
}

/* What starts at this address. One place can be mapped more than once where its address is its own: then the one
 * that is most like what is asked for. */
static struct dma_mapping *find(struct dma_device *dma, dma_addr_t address, enum dma_kind kind, size_t size,
                                enum dma_data_direction direction)
{
    struct dma_mapping *best = NULL;
    int best_points = -1;

    for (struct dma_mapping *m = *bucket(dma, address); m; m = m->next) {
        int points = 4 * (m->kind == kind) + 2 * (m->piece[0].size == size) + (m->direction == direction);

        if (m->piece[0].address == address && points > best_points) {
            best = m;
            best_points = points;
        }
    }
    return best;
}

/* The piece that holds this address of the device, or of the processor. The ones lent to the processor come last. */
static struct dma_mapping *find_piece(struct dma_device *dma, u32 address, bool cpu, struct dma_piece **found)
{
    struct dma_mapping *mapping = NULL;

    for (unsigned i = 0; i < DMA_BUCKETS; i++)
        for (struct dma_mapping *m = dma->bucket[i]; m; m = m->next)
            for (unsigned k = 0; k < m->count; k++) {
                struct dma_piece *piece = &m->piece[k];
                u32 start = cpu ? virt_to_phys(piece->cpu) : piece->address;
                bool lent = piece->lent_from != piece->lent_to;

                if (address - start < piece->size && (!mapping || !lent)) {
                    mapping = m;
                    *found = piece;
                }
            }
    return mapping;
}

struct dma_mapping *dma_find_cpu(struct dma_device *dma, u32 address, struct dma_piece **piece)
{
    return find_piece(dma, address, true, piece);
}

/* ---- Ownership ---- */

/* What the processor wrote, for the device. */
static void to_device(struct dma_piece *piece, u32 offset, u32 size, enum dma_data_direction direction)
{
    u8 *start = (u8 *)piece->cpu + offset;

    if (piece->bounce) {
        if (direction != DMA_FROM_DEVICE)
            memcpy((u8 *)piece->bounce + offset, start, size);
    } else if (direction == DMA_TO_DEVICE) {
        cache_clean(start, size);
    } else if (direction == DMA_FROM_DEVICE) {
        cache_invalidate(start, size);
    } else {
        cache_clean_invalidate(start, size);
    }
}

/* What the device wrote, for the processor. */
static void to_cpu(struct dma_piece *piece, u32 offset, u32 size, enum dma_data_direction direction)
{
    u8 *start = (u8 *)piece->cpu + offset;

    if (direction == DMA_TO_DEVICE)
        return;
    if (piece->bounce)
        memcpy(start, (u8 *)piece->bounce + offset, size);
    else
        cache_invalidate(start, size);
}

static void lend(struct dma_piece *piece, u32 from, u32 to)
{
    if (piece->lent_from == piece->lent_to) {
        piece->lent_from = from;
        piece->lent_to = to;
    } else {
        piece->lent_from = min(piece->lent_from, from);
        piece->lent_to = max(piece->lent_to, to);
    }
}

/* Of a part out of the middle the larger rest stays lent: one range is all that is remembered. */
static void take_back(struct dma_piece *piece, u32 from, u32 to)
{
    if (to <= piece->lent_from || from >= piece->lent_to)
        return;
    if (from <= piece->lent_from && to >= piece->lent_to)
        piece->lent_from = piece->lent_to = 0;
    else if (from <= piece->lent_from || (to < piece->lent_to && from - piece->lent_from < piece->lent_to - to))
        piece->lent_from = to;
    else
        piece->lent_to = from;
}

/* ---- Mapping ---- */

static bool is_memory(const void *start, size_t size)
{
    u64 from = virt_to_phys(start);

    return from >= ram_start() && from + size <= ram_end();
}

static int check_attrs(const struct dma_attrs *attrs)
{
    if (!attrs)
        return 0;
    if (attrs->flags >> DMA_ATTR_MAX)
        return -EINVAL;
    if (dma_get_attr(DMA_ATTR_WRITE_BARRIER, attrs) && dma_get_attr(DMA_ATTR_WEAK_ORDERING, attrs))
        return -EINVAL;
    return 0;
}

static int check_pieces(const struct dma_device *dma, enum dma_kind kind, const struct scatterlist *sg, int n)
{
    for (int i = 0; i < n; i++) {
        if (sg[i].length == 0 || !is_memory(sg[i].address, sg[i].length))
            return -EINVAL;
        if (kind == DMA_KIND_SG && sg[i].length > dma->max_segment)
            return -EINVAL;
    }
    return 0;
}

static struct dma_mapping *map(struct device *dev, enum dma_kind kind, const struct scatterlist *sg, int n,
                               enum dma_data_direction direction, const struct dma_attrs *attrs)
{
    struct dma_device *dma = dev->dma;
    struct dma_mapping *mapping;

    if (!dma)
        return NULL;
    dma->error = -EINVAL;
    if (n <= 0 || direction >= DMA_NONE || check_attrs(attrs) || check_pieces(dma, kind, sg, n))
        return NULL;
    mapping = kzalloc(sizeof *mapping + (u32)n * sizeof *mapping->piece);
    if (!mapping) {
        dma->error = -ENOMEM;
        return NULL;
    }
    mapping->kind = kind;
    mapping->direction = direction;
    mapping->count = (u32)n;
    for (int i = 0; i < n; i++) {
        mapping->piece[i].cpu = sg[i].address;
        mapping->piece[i].size = sg[i].length;
    }
    mapping->ops = dma->ops;
    dma->error = dma->ops->map(dma, mapping, (u32)dma_get_mask(dev), attrs);
    if (dma->error) {
        kfree(mapping);
        return NULL;
    }
    for (unsigned i = 0; i < mapping->count; i++) {
        struct dma_piece *piece = &mapping->piece[i];

        /* The whole copy comes back, so what the device does not write has to be in it. */
        to_device(piece, 0, piece->size, piece->bounce ? DMA_BIDIRECTIONAL : direction);
        dma_guard_device(piece);
    }
    enter(dma, mapping);
    return mapping;
}

static void unmap(struct dma_device *dma, struct dma_mapping *mapping)
{
    strike(dma, mapping);
    for (unsigned i = 0; i < mapping->count; i++) {
        struct dma_piece *piece = &mapping->piece[i];

        dma_guard_cpu(piece, 0, piece->size);
        to_cpu(piece, 0, piece->size, mapping->direction);
    }
    if (mapping->ops->unmap(dma, mapping))
        kfree(mapping);
}

/* The mapping that an unmap means; reports what is wrong with it. NULL: there is none, or not of this kind. */
static struct dma_mapping *unmapped(struct device *dev, enum dma_kind kind, dma_addr_t address, size_t size,
                                    enum dma_data_direction direction)
{
    struct dma_device *dma = dev->dma;
    struct dma_mapping *mapping = dma ? find(dma, address, kind, size, direction) : NULL;
    enum dma_misuse misuse = DMA_MISUSE_NOT_MAPPED;

    if (!mapping) {
        for (unsigned i = 0; dma && i < min(dma->unmaps, DMA_REMEMBERED); i++)
            if (dma->unmapped[i] == address)
                misuse = DMA_MISUSE_DOUBLE_UNMAP;
        dma_report(misuse, dev, address, size);
        return NULL;
    }
    if (mapping->kind != kind) {
        dma_report(DMA_MISUSE_KIND, dev, address, size);
        return NULL;
    }
    if (mapping->piece[0].size != size)
        dma_report(DMA_MISUSE_SIZE, dev, address, size);
    if (mapping->direction != direction)
        dma_report(DMA_MISUSE_DIRECTION, dev, address, size);
    return mapping;
}

static dma_addr_t map_one(struct device *dev, enum dma_kind kind, void *cpu, size_t size,
                          enum dma_data_direction direction, const struct dma_attrs *attrs)
{
    struct scatterlist sg = { .address = cpu, .length = size };
    struct dma_mapping *mapping = map(dev, kind, &sg, 1, direction, attrs);

    return mapping ? mapping->piece[0].address : DMA_MAPPING_ERROR;
}

static void unmap_one(struct device *dev, enum dma_kind kind, dma_addr_t address, size_t size,
                      enum dma_data_direction direction)
{
    struct dma_mapping *mapping = unmapped(dev, kind, address, size, direction);

    if (mapping)
        unmap(dev->dma, mapping);
}

dma_addr_t dma_map_single_attrs(struct device *dev, void *cpu, size_t size,
                                enum dma_data_direction direction, const struct dma_attrs *attrs)
{
    return map_one(dev, DMA_KIND_SINGLE, cpu, size, direction, attrs);
}

void dma_unmap_single_attrs(struct device *dev, dma_addr_t address, size_t size,
                            enum dma_data_direction direction, const struct dma_attrs *attrs)
{
    (void)attrs;
    unmap_one(dev, DMA_KIND_SINGLE, address, size, direction);
}

dma_addr_t dma_map_single(struct device *dev, void *cpu, size_t size, enum dma_data_direction direction)
{
    return map_one(dev, DMA_KIND_SINGLE, cpu, size, direction, NULL);
}

void dma_unmap_single(struct device *dev, dma_addr_t address, size_t size,
                      enum dma_data_direction direction)
{
    unmap_one(dev, DMA_KIND_SINGLE, address, size, direction);
}

dma_addr_t dma_map_page(struct device *dev, struct page *page, size_t offset, size_t size,
                        enum dma_data_direction direction)
{
    return map_one(dev, DMA_KIND_PAGE, (u8 *)page_address(page) + offset, size, direction, NULL);
}

void dma_unmap_page(struct device *dev, dma_addr_t address, size_t size,
                    enum dma_data_direction direction)
{
    unmap_one(dev, DMA_KIND_PAGE, address, size, direction);
}

/* ---- Lists ---- */

/* Ranges for the device: pieces that follow each other become one, up to the longest that the device takes. */
static int ranges(const struct dma_device *dma, const struct dma_mapping *mapping, struct scatterlist *sg)
{
    int last = -1;

    for (unsigned i = 0; i < mapping->count; i++) {
        const struct dma_piece *piece = &mapping->piece[i];

        if (last >= 0 && sg[last].dma_address + sg[last].dma_length == piece->address &&
            sg[last].dma_length + piece->size <= dma->max_segment) {
            sg[last].dma_length += piece->size;
        } else {
            last++;
            sg[last].dma_address = piece->address;
            sg[last].dma_length = piece->size;
        }
    }
    return last + 1;
}

int dma_map_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
                     enum dma_data_direction direction, const struct dma_attrs *attrs)
{
    struct dma_mapping *mapping = map(dev, DMA_KIND_SG, sg, nents, direction, attrs);

    return mapping ? ranges(dev->dma, mapping, sg) : 0;
}

void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
                        enum dma_data_direction direction, const struct dma_attrs *attrs)
{
    struct dma_mapping *mapping = unmapped(dev, DMA_KIND_SG, sg->dma_address, sg->length, direction);

    (void)attrs;
    if (!mapping)
        return;
    if (mapping->count != (unsigned)nents)
        dma_report(DMA_MISUSE_SIZE, dev, sg->dma_address, sg->length);
    unmap(dev->dma, mapping);
}

int dma_map_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction direction)
{
    return dma_map_sg_attrs(dev, sg, nents, direction, NULL);
}

void dma_unmap_sg(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction direction)
{
    dma_unmap_sg_attrs(dev, sg, nents, direction, NULL);
}

/* ---- Lending ---- */

static void sync_piece(struct dma_piece *piece, u32 offset, u32 size, enum dma_data_direction direction, bool cpu)
{
    if (cpu) {
        lend(piece, offset, offset + size);
        dma_guard_cpu(piece, offset, offset + size);
        to_cpu(piece, offset, size, direction);
    } else {
        to_device(piece, offset, size, direction);
        take_back(piece, offset, offset + size);
        dma_guard_device(piece);
    }
}

static bool may_sync(const struct dma_mapping *mapping, enum dma_data_direction direction)
{
    return mapping->direction == DMA_BIDIRECTIONAL ? direction != DMA_NONE : mapping->direction == direction;
}

static void sync_range(struct device *dev, dma_addr_t address, size_t size, enum dma_data_direction direction,
                       bool cpu)
{
    struct dma_piece *piece;
    struct dma_mapping *mapping = dev->dma ? find_piece(dev->dma, address, false, &piece) : NULL;

    if (!mapping)
        return dma_report(DMA_MISUSE_NOT_MAPPED, dev, address, size);
    if (mapping->kind == DMA_KIND_COHERENT)
        return dma_report(DMA_MISUSE_KIND, dev, address, size);
    if (size == 0 || size > piece->size - (address - piece->address))
        return dma_report(DMA_MISUSE_SIZE, dev, address, size);
    if (!may_sync(mapping, direction))
        return dma_report(DMA_MISUSE_DIRECTION, dev, address, size);
    sync_piece(piece, address - piece->address, size, direction, cpu);
}

void dma_sync_single_for_cpu(struct device *dev, dma_addr_t address, size_t size,
                             enum dma_data_direction direction)
{
    sync_range(dev, address, size, direction, true);
}

void dma_sync_single_for_device(struct device *dev, dma_addr_t address, size_t size,
                                enum dma_data_direction direction)
{
    sync_range(dev, address, size, direction, false);
}

void dma_sync_single_range_for_cpu(struct device *dev, dma_addr_t address, size_t offset, size_t size,
                                   enum dma_data_direction direction)
{
    sync_range(dev, address + offset, size, direction, true);
}

void dma_sync_single_range_for_device(struct device *dev, dma_addr_t address, size_t offset, size_t size,
                                      enum dma_data_direction direction)
{
    sync_range(dev, address + offset, size, direction, false);
}

static void sync_list(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction direction,
                      bool cpu)
{
    struct dma_mapping *mapping =
        dev->dma ? find(dev->dma, sg->dma_address, DMA_KIND_SG, sg->length, direction) : NULL;

    if (!mapping)
        return dma_report(DMA_MISUSE_NOT_MAPPED, dev, sg->dma_address, sg->length);
    if (mapping->kind != DMA_KIND_SG)
        return dma_report(DMA_MISUSE_KIND, dev, sg->dma_address, sg->length);
    if (mapping->count != (unsigned)nents)
        return dma_report(DMA_MISUSE_SIZE, dev, sg->dma_address, sg->length);
    if (!may_sync(mapping, direction))
        return dma_report(DMA_MISUSE_DIRECTION, dev, sg->dma_address, sg->length);
    for (unsigned i = 0; i < mapping->count; i++)
        sync_piece(&mapping->piece[i], 0, mapping->piece[i].size, direction, cpu);
}

void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sg, int nents,
                         enum dma_data_direction direction)
{
    sync_list(dev, sg, nents, direction, true);
}

void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sg, int nents,
                            enum dma_data_direction direction)
{
    sync_list(dev, sg, nents, direction, false);
}

/* ---- Coherent memory ---- */

void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp,
                      const struct dma_attrs *attrs)
{
    struct dma_device *dma = dev->dma;
    struct dma_mapping *mapping;
    struct dma_piece *piece;
    u32 limit;

    (void)gfp;
    if (!dma)
        return NULL;
    dma->error = -EINVAL;
    if (size == 0 || size > ram_end() - ram_start() || check_attrs(attrs))
        return NULL;
    limit = (u32)min(dma->coherent_mask, dma_bus_mask(dev));
    mapping = kzalloc(sizeof *mapping + sizeof *piece);
    dma->error = mapping ? 0 : -ENOMEM;
    if (!mapping)
        return NULL;
    mapping->kind = DMA_KIND_COHERENT;
    mapping->direction = DMA_BIDIRECTIONAL;
    mapping->count = 1;
    piece = &mapping->piece[0];
    piece->size = size;
    mapping->ops = dma->coherent_ops;
    dma->error = mapping->ops->alloc(piece, limit);
    if (!dma->error) {
        dma->error = mapping->ops->map(dma, mapping, limit, attrs);
        if (dma->error)
            mapping->ops->free(piece);
    }
    if (dma->error) {
        kfree(mapping);
        return NULL;
    }
    memset(piece->cpu, 0, size);
    enter(dma, mapping);
    *handle = piece->address;
    return piece->cpu;
}

static void free_coherent(struct dma_device *dma, struct dma_mapping *mapping)
{
    struct dma_piece piece = mapping->piece[0];
    const struct dma_ops *ops = mapping->ops;

    /* The device loses it before it can become something else. */
    strike(dma, mapping);
    if (mapping->ops->unmap(dma, mapping)) {
        mapping->ops->free(&mapping->piece[0]);
        kfree(mapping);
    } else {
        ops->free(&piece);
    }
}

void dma_free_attrs(struct device *dev, size_t size, void *cpu, dma_addr_t handle,
                    const struct dma_attrs *attrs)
{
    struct dma_mapping *mapping = unmapped(dev, DMA_KIND_COHERENT, handle, size, DMA_BIDIRECTIONAL);

    (void)attrs;
    if (!mapping)
        return;
    if (mapping->piece[0].cpu != cpu)
        return dma_report(DMA_MISUSE_NOT_MAPPED, dev, handle, size);
    free_coherent(dev->dma, mapping);
}

void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp)
{
    return dma_alloc_attrs(dev, size, handle, gfp, NULL);
}

void dma_free_coherent(struct device *dev, size_t size, void *cpu, dma_addr_t handle)
{
    dma_free_attrs(dev, size, cpu, handle, NULL);
}

/* ---- The end, and questions ---- */

unsigned dma_release(struct device *dev)
{
    struct dma_device *dma = dev->dma;
    struct dma_device **at = &dma_devices;
    struct dma_mapping *mapping;
    unsigned leaks = 0;

    if (!dma)
        return 0;
    for (unsigned i = 0; i < DMA_BUCKETS; i++)
        while ((mapping = dma->bucket[i]) != NULL) {
            dma_report(DMA_MISUSE_LEAK, dev, mapping->piece[0].address, mapping->piece[0].size);
            leaks++;
            if (mapping->kind == DMA_KIND_COHERENT)
                free_coherent(dma, mapping);
            else
                unmap(dma, mapping);
        }
    if (dma->domain)
        dma_iommu_release(dma);
    while (*at != dma)
        at = &(*at)->next;
    *at = dma->next;
    dev->dma = NULL;
    kfree(dma);
    return leaks;
}

unsigned dma_mappings(void)
{
    unsigned mappings = 0;

    for (const struct dma_device *dma = dma_devices; dma; dma = dma->next)
        mappings += dma->mapped;
    return mappings;
}

static bool allows(enum dma_data_direction mapped, enum dma_data_direction use)
{
    /* A device that may write may also read. */
    return mapped != DMA_TO_DEVICE || use == DMA_TO_DEVICE;
}

bool dma_check_device_use(struct device *dev, dma_addr_t address, size_t size,
                          enum dma_data_direction direction)
{
    u32 at = address;

    while (size > 0) {
        struct dma_piece *piece;
        struct dma_mapping *mapping = dev->dma ? find_piece(dev->dma, at, false, &piece) : NULL;
        u32 offset, part;

        if (!mapping) {
            dma_report(DMA_MISUSE_DEVICE_USE, dev, at, size);
            return false;
        }
        offset = at - piece->address;
        part = min(size, piece->size - offset);
        if (offset < piece->lent_to && offset + part > piece->lent_from) {
            dma_report(DMA_MISUSE_DEVICE_USE, dev, at, part);
            return false;
        }
        if (!allows(mapping->direction, direction)) {
            dma_report(DMA_MISUSE_DIRECTION, dev, at, part);
            return false;
        }
        at += part;
        size -= part;
    }
    return true;
}
