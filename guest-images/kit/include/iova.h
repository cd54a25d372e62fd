/*
 * Ranges of an address space: device addresses of a domain, or places in a pool. Pure; a range is a node that the
 * caller keeps, so nothing here needs memory. The next range is sought behind the last one: an address that was
 * given back is not used again at once, and a device that still uses it is found out.
 */
#ifndef KIT_IOVA_H
#define KIT_IOVA_H

#include "types.h"

#define IOVA_GRANULE SZ_4K

struct iova {
    u64 start, end; /* one past the last address */
    struct iova *previous, *next;
};

struct iova_domain {
    struct iova all;    /* the whole space, and the anchor of the ranges in order */
    struct iova *rover; /* the last one that begins below `next` */
    u64 next;           /* where to look first */
};

/* An empty space from `start` to `last`, both included. Errors: -EINVAL no whole number of granules of 4 KiB. */
int iova_init(struct iova_domain *domain, u32 start, u32 last);

/* Takes a range whose start is `offset` modulo `align`, and that ends at `limit` at most.
 * Errors: -EINVAL `size` or `offset` is no multiple of 4 KiB or `size` is 0, `align` is no power of two of at least
 * 4 KiB, or `offset` is not below it; -ENOSPC there is no such gap. */
int iova_alloc(struct iova_domain *domain, struct iova *range, u64 size, u32 align, u32 offset, u32 limit);

/* Takes this very range. Errors: -EINVAL not whole granules, or none; -ERANGE it is not in the space;
 * -EBUSY part of it is taken. */
int iova_reserve(struct iova_domain *domain, struct iova *range, u32 start, u64 size);

/* Gives a range back. */
void iova_free(struct iova_domain *domain, struct iova *range);

/* Whether nothing is taken. */
bool iova_empty(const struct iova_domain *domain);

#endif
