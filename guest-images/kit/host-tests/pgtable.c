/*
 * Table building against a flat map of pages, read back in two ways: by the module's own look-up, and by a walk written from the
 * architecture (ARM DDI 0406C, B3.5.1: short descriptors), without anything of the module.
 */
#include "errno.h"
#include "host.h"
#include "pgtable.h"
#include "string.h"

#define PAGES (64u * 256u) /* of a window of 64 MiB */
#define ROUNDS 20000u

static struct pgtable table;
static u32 base; /* of the window */
static struct page_map {
    bool mapped;
    u32 at, attributes;
} model[PAGES];

static int allocations_left = -1;

static void *alloc(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return host_low_alloc(size);
}

static void clean(const void *start, size_t size)
{
    (void)start, (void)size;
}

static void unlinked(void *cookie, u32 iova)
{
    (void)cookie, (void)iova;
}

static const struct pgtable_ops ops = { alloc, host_low_free, clean, unlinked };

/* Base address and attributes as a small page would have them. */
static bool walk(u32 va, u32 *pa, u32 *attributes)
{
    u32 first = table.first[va >> 20], second;

    switch (first & 3) {
    case 1:
        second = ((u32 *)(uintptr_t)(first & 0xfffffc00))[va >> 12 & 255];
        if ((second & 3) == 0)
            return false;
        if (second & 2) { /* small page */
            *pa = (second & 0xfffff000) | (va & 0xfff);
            *attributes = second & 0xffd;
        } else { /* large page: TEX at 14:12, XN at 15 */
            *pa = (second & 0xffff0000) | (va & 0xffff);
            *attributes = (second & 0xe3c) | (second >> 12 & 7) << 6 | (second >> 15 & 1);
        }
        return true;
    case 2: /* section or supersection: AP 11:10, TEX 14:12, AP[2] 15, S 16, nG 17, XN 4 */
        *pa = first & 1u << 18 ? (first & 0xff000000) | (va & 0xffffff) : (first & 0xfff00000) | (va & 0xfffff);
        *attributes = (first & 0xc) | (first >> 10 & 3) << 4 | (first >> 12 & 7) << 6 | (first >> 15 & 1) << 9 |
                      (first >> 16 & 1) << 10 | (first >> 17 & 1) << 11 | (first >> 4 & 1);
        return true;
    default:
        return false;
    }
}

static void compare(u32 page)
{
    u32 va = base + page * SZ_4K, offset = host_random(SZ_4K), pa, size, attributes;
    const struct page_map *m = &model[page];
    bool mapped = pgtable_lookup(&table, va + offset, &pa, &size, &attributes);

    CHECK(mapped == m->mapped);
    if (mapped) {
        CHECK(pa == m->at + offset);
        CHECK((attributes | PGTABLE_SMALL) == m->attributes);
    }
    CHECK(walk(va + offset, &pa, &attributes) == m->mapped);
    if (mapped) {
        CHECK(pa == m->at + offset);
        CHECK(attributes == (m->attributes & ~2u));
    }
}

/* All of the neighbourhood of a change, and some pages anywhere. */
static void compare_around(u32 page, u32 count)
{
    for (u32 i = page > 4 ? page - 4 : 0; i < min(page + count + 4, PAGES); i++)
        compare(i);
    for (u32 i = 0; i < 200; i++)
        compare(host_random(PAGES));
}

static u32 any_size(void)
{
    static const u32 units[] = { 1, 16, 256, 4096 };
    u32 unit = units[host_random(4)];

    u32 pages = unit * (1 + host_random(unit == 4096 ? 2 : 4));

    return host_random(3) ? pages : pages - host_random(unit);
}

static u32 unmapped_bytes;

static void unmapped(void *context, u32 iova, u32 page)
{
    (void)context, (void)iova;
    unmapped_bytes += page;
}

static void map_something(bool huge)
{
    static const u32 steps[] = { 1, 16, 256, 4096 };
    u32 count = huge ? 4096 + host_random(300) : any_size(), step = steps[huge ? 3 : host_random(4)];
    u32 page = host_random(PAGES / step) * step, smallest;
    u32 attributes = (PGTABLE_SMALL | PGTABLE_AF) | (host_random(2) ? PGTABLE_RO : 0) | (host_random(2) ? PGTABLE_C : 0) |
                     (host_random(2) ? PGTABLE_XN : 0) | (host_random(2) ? PGTABLE_TEX0 : 0) |
                     (host_random(2) ? PGTABLE_S : 0) | (host_random(2) ? PGTABLE_NG : 0) |
                     (host_random(2) ? PGTABLE_USER : 0) | (host_random(2) ? PGTABLE_B : 0);
    u32 at = (0x40000000 + host_random(0x4000) * SZ_64K) | (page * SZ_4K & (step * SZ_4K - 1));
    bool clash = false;
    int error;

    count = min(count, PAGES - page);
    at = ALIGN_DOWN(at, step * SZ_4K) + (huge || host_random(8) ? 0 : host_random(16) * SZ_4K);
    for (u32 i = 0; i < count; i++)
        clash = clash || model[page + i].mapped;
    allocations_left = host_random(6) ? -1 : (int)host_random(3);
    error = pgtable_map(&table, base + page * SZ_4K, at, (u64)count * SZ_4K, attributes, &smallest);
    CHECK(error == (clash ? -EEXIST : 0) || (!clash && error == -ENOMEM && allocations_left == 0));
    allocations_left = -1;
    for (u32 i = 0; !error && i < count; i++)
        model[page + i] = (struct page_map){ true, at + i * SZ_4K, attributes };
    compare_around(page, count);
}

static void unmap_something(void)
{
    u32 page = host_random(PAGES), count = any_size(), expected = 0;
    u64 done;

    /* Most of the time something that is mapped. */
    for (u32 i = 0; !model[page].mapped && i < 20; i++)
        page = host_random(PAGES);
    count = min(count, PAGES - page);
    while (expected < count && model[page + expected].mapped)
        expected++;
    allocations_left = host_random(6) ? -1 : (int)host_random(2);
    unmapped_bytes = 0;
    done = pgtable_unmap(&table, base + page * SZ_4K, (u64)count * SZ_4K, unmapped, NULL);
    /* Splitting needs memory. */
    CHECK(done == (u64)expected * SZ_4K || (allocations_left == 0 && done < (u64)expected * SZ_4K));
    CHECK(done <= unmapped_bytes || done == 0);
    allocations_left = -1;
    for (u32 i = 0; i < done / SZ_4K; i++)
        model[page + i].mapped = false;
    compare_around(page, count);
}

/* So that the largest pages find room. */
static void unmap_all(void)
{
    for (u32 page = 0; page < PAGES; page++)
        if (model[page].mapped) {
            CHECK(pgtable_unmap(&table, base + page * SZ_4K, SZ_4K, unmapped, NULL) == SZ_4K);
            model[page].mapped = false;
        }
}

int main(void)
{
    static const u32 bases[] = { 0, 0x40000000, 0xfc000000 };

    for (u32 i = 0; i < ARRAY_SIZE(bases); i++) {
        base = bases[i];
        memset(model, 0, sizeof model);
        for (int n = 0; n < 2; n++) {
            allocations_left = n;
            CHECK(pgtable_init(&table, &ops, NULL) == -ENOMEM && host_low_in_use() == 0);
        }
        allocations_left = -1;
        CHECK(pgtable_init(&table, &ops, NULL) == 0);
        for (host_round = 0; host_round < ROUNDS; host_round++)
            if (host_round % 64 == 0)
                unmap_all();
            else if (host_round % 64 < 4 || host_random(2))
                map_something(host_round % 64 < 4);
            else
                unmap_something();
        for (u32 page = 0; page < PAGES; page++)
            compare(page);
        pgtable_destroy(&table);
        CHECK(host_low_in_use() == 0);
    }
    printf("pgtable: %u changes at each of %u places, as a flat map and a second walker have it\n", ROUNDS,
           (u32)ARRAY_SIZE(bases));
    return 0;
}
