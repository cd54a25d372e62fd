/* Ranges of an address space, in a list in order. See iova.h. */
#include "errno.h"
#include "iova.h"

static bool whole(u64 value)
{
    return IS_ALIGNED(value, (u64)IOVA_GRANULE);
}

int iova_init(struct iova_domain *domain, u32 start, u32 last)
{
    u64 end = (u64)last + 1;

    if (!whole(start) || !whole(end) || end <= start)
        return -EINVAL;
    domain->all = (struct iova){ start, end, &domain->all, &domain->all };
    domain->rover = &domain->all;
    return 0;
}

/* The gap behind a range, or before the first one: where it begins and ends. */
static u64 gap_start(const struct iova_domain *domain, const struct iova *before)
{
    return before == &domain->all ? domain->all.start : before->end;
}

static u64 gap_end(const struct iova_domain *domain, const struct iova *before)
{
    return before->next == &domain->all ? domain->all.end : before->next->start;
}

static void insert(struct iova_domain *domain, struct iova *before, struct iova *range, u64 start, u64 size)
{
    *range = (struct iova){ start, start + size, before, before->next };
    before->next->previous = range;
    before->next = range;
    domain->rover = range;
}

int iova_alloc(struct iova_domain *domain, struct iova *range, u64 size, u32 align, u32 offset, u32 limit)
{
    struct iova *before = domain->rover;

    if (size == 0 || !whole(size) || align < IOVA_GRANULE || (align & (align - 1)) || !whole(offset) ||
        offset >= align)
        return -EINVAL;
    do {
        /* Adding a multiple of the alignment keeps the difference from going below zero. */
        u64 start = ALIGN(gap_start(domain, before) + align - offset, (u64)align) - align + offset;
        u64 end = min(gap_end(domain, before), (u64)limit + 1);

        if (start <= end && end - start >= size) {
            insert(domain, before, range, start, size);
            return 0;
        }
        before = before->next;
    } while (before != domain->rover);
    return -ENOSPC;
}

int iova_reserve(struct iova_domain *domain, struct iova *range, u32 start, u64 size)
{
    struct iova *before = &domain->all;
    u64 end = start + size;

    if (size == 0 || !whole(start) || !whole(size))
        return -EINVAL;
    if (start < domain->all.start || end > domain->all.end || end < start)
        return -ERANGE;
    while (before->next != &domain->all && before->next->start < end)
        before = before->next;
    if (gap_start(domain, before) > start)
        return -EBUSY;
    insert(domain, before, range, start, size);
    return 0;
}

void iova_free(struct iova_domain *domain, struct iova *range)
{
    if (domain->rover == range)
        domain->rover = range->previous;
    range->previous->next = range->next;
    range->next->previous = range->previous;
    *range = (struct iova){ 0 };
}

bool iova_empty(const struct iova_domain *domain)
{
    return domain->all.next == &domain->all;
}
