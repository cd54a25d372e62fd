/*
 * Page tables of a System MMU: ARMv7 short descriptors (ARM DDI 0406C, B3.5), with AP[0] as the access flag
 * (SCTLR.AFE) and classes {TEX[0], C, B} (SCTLR.TRE). Pure: memory, caches and TLBs are reached through what the
 * owner gives. A descriptor is in memory (cleaned) before anything that makes it reachable, and a table is freed when
 * nothing can reach it any more.
 */
#ifndef KIT_PGTABLE_H
#define KIT_PGTABLE_H

#include "types.h"

/* Sizes of a mapping. */
#define PGTABLE_SIZES (SZ_4K | SZ_64K | SZ_1M | SZ_16M)

/* Attributes are the low bits of a small-page descriptor. */
#define PGTABLE_XN BIT(0)
#define PGTABLE_SMALL BIT(1)
#define PGTABLE_B BIT(2)
#define PGTABLE_C BIT(3)
#define PGTABLE_AF BIT(4)   /* AP[0] */
#define PGTABLE_USER BIT(5) /* AP[1]: unprivileged accesses too */
#define PGTABLE_TEX0 BIT(6)
#define PGTABLE_RO BIT(9)   /* AP[2] */
#define PGTABLE_S BIT(10)
#define PGTABLE_NG BIT(11)
#define PGTABLE_ATTRIBUTES (PGTABLE_XN | 0xffcu)

#define PGTABLE_ENTRIES 4096u
#define PGTABLE_SECOND_ENTRIES 256u

struct pgtable_ops {
    /* Memory of a size that is also its alignment, cleared; NULL if there is none. */
    void *(*alloc)(size_t size);
    void (*free)(void *table, size_t size);
    /* Makes what was written visible to the walker. */
    void (*clean)(const void *start, size_t size);
    /* A first-level entry that named a table does no longer: drops whatever may have been kept of the MiB. */
    void (*unlinked)(void *cookie, u32 iova);
};

struct pgtable {
    u32 *first;
    u16 *used; /* valid descriptors of each second-level table */
    const struct pgtable_ops *ops;
    void *cookie;
};

/* Errors: -ENOMEM. */
int pgtable_init(struct pgtable *table, const struct pgtable_ops *ops, void *cookie);

/* Frees all tables; nothing may walk them any more. */
void pgtable_destroy(struct pgtable *table);

/* Maps with the largest pages that fit; the range and alignments are right (multiples of 4 KiB, no overflow).
 * *smallest becomes the smallest page used. Errors: -EEXIST, -ENOMEM; then nothing of the range is mapped that was not. */
int pgtable_map(struct pgtable *table, u32 iova, u32 paddr, u64 size, u32 attributes, u32 *smallest);

/* Told of each page, or part of a page that was split, that was unmapped. May only take note: the descriptors are not
 * in memory yet. */
typedef void (*pgtable_unmapped_t)(void *context, u32 iova, u32 page);

/* Unmaps up to the first address that is not mapped. Returns the size unmapped. */
u64 pgtable_unmap(struct pgtable *table, u32 iova, u64 size, pgtable_unmapped_t unmapped, void *context);

/* What an address is mapped to; *page is the size of its page and *attributes how. False: not mapped. */
bool pgtable_lookup(const struct pgtable *table, u32 iova, u32 *paddr, u32 *page, u32 *attributes);

#endif
