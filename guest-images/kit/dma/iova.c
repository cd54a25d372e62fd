/* Ranges of an address space, in a list in order. See iova.h. */
#include "errno.h"
#include "iova.h"

#define NO_PLACE (~(u64)0)

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
    domain->next = start;
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

static void insert(struct iova *before, struct iova *range, u64 start, u64 size)
{
    *range = (struct iova){ start, start + size, before, before->next };
    before->next->previous = range;
    before->next = range;
}

/* What is sought. */
struct wish {
    u64 size, align, offset, end;
};

/* The first place in the gap behind a range, at `from` or later; NO_PLACE: there is none. */
static u64 place(const struct iova_domain *domain, const struct iova *before, u64 from, const struct wish *wish)
{
    u64 end = min(gap_end(domain, before), wish->end);
    u64 start = max(gap_start(domain, before), from);

    /* The alignment is added first, so that the difference is not below zero. */
    start = ALIGN(start + wish->align - wish->offset, wish->align) - wish->align + wish->offset;
    return start <= end && end - start >= wish->size ? start : NO_PLACE;
}

int iova_alloc(struct iova_domain *domain, struct iova *range, u64 size, u32 align, u32 offset, u32 limit)
{
    struct wish wish = { size, align, offset, (u64)limit + 1 };
    struct iova *before = domain->rover;
    u64 start;

    if (size == 0 || !whole(size) || align < IOVA_GRANULE || (align & (align - 1)) || !whole(offset) ||
        offset >= align)
        return -EINVAL;
    start = place(domain, before, domain->next, &wish);
    while (start == NO_PLACE) {
        before = before->next;
        start = place(domain, before, 0, &wish);
        if (before == domain->rover)
            break;
    }
    if (start == NO_PLACE)
        return -ENOSPC;
    insert(before, range, start, size);
    domain->rover = range;
    domain->next = range->end;
    return 0;
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
    insert(before, range, start, size);
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
