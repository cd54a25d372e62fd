#include "pgtable.h"

#include "errno.h"
#include "string.h"

#define TYPE 3u
#define TYPE_FAULT 0u
#define FIRST_TABLE 1u
#define FIRST_SECTION 2u
#define FIRST_SUPER BIT(18)
#define SECOND_LARGE 1u
#define SECOND_SMALL 2u /* and 3: bit 0 is XN */

static u32 first_index(u32 iova)
{
    return iova >> 20;
}

static u32 second_index(u32 iova)
{
    return iova >> 12 & (PGTABLE_SECOND_ENTRIES - 1);
}

/* ---- Descriptors ---- */

static u32 section(u32 paddr, u32 attributes)
{
    return paddr | FIRST_SECTION | (attributes & (PGTABLE_B | PGTABLE_C)) | (attributes & PGTABLE_XN) << 4 |
           (attributes >> 4 & 3) << 10 | (attributes >> 6 & 7) << 12 | (attributes >> 9 & 1) << 15 |
           (attributes >> 10 & 3) << 16;
}

static u32 section_attributes(u32 entry)
{
    return (entry & (PGTABLE_B | PGTABLE_C)) | (entry >> 4 & 1) | (entry >> 10 & 3) << 4 | (entry >> 12 & 7) << 6 |
           (entry >> 15 & 1) << 9 | (entry >> 16 & 3) << 10;
}

static u32 large(u32 paddr, u32 attributes)
{
    return paddr | SECOND_LARGE | (attributes & 0xe3cu) | (attributes >> 6 & 7) << 12 |
           (attributes & PGTABLE_XN) << 15;
}

static u32 large_attributes(u32 entry)
{
    return (entry & 0xe3cu) | (entry >> 12 & 7) << 6 | (entry >> 15 & 1);
}

static u32 small(u32 paddr, u32 attributes)
{
    return paddr | SECOND_SMALL | (attributes & PGTABLE_ATTRIBUTES);
}

static u32 *second_table(u32 entry)
{
    return phys_to_virt(entry & ~(SZ_1K - 1));
}

/* Base address and page size of a first-level entry that is no table; 0 for a fault. */
static u32 first_page(u32 entry)
{
    if ((entry & TYPE) != FIRST_SECTION)
        return 0;
    return entry & FIRST_SUPER ? SZ_16M : SZ_1M;
}

static u32 second_page(u32 entry)
{
    if ((entry & TYPE) == TYPE_FAULT)
        return 0;
    return entry & SECOND_SMALL ? SZ_4K : SZ_64K;
}

/* ---- Tables ---- */

static const size_t used_size = PGTABLE_ENTRIES * sizeof(u16);

int pgtable_init(struct pgtable *table, const struct pgtable_ops *ops, void *cookie)
{
    *table = (struct pgtable){ .ops = ops, .cookie = cookie };
    table->first = ops->alloc(PGTABLE_ENTRIES * sizeof(u32));
    table->used = ops->alloc(used_size);
    if (!table->first || !table->used) {
        if (table->first)
            ops->free(table->first, PGTABLE_ENTRIES * sizeof(u32));
        if (table->used)
            ops->free(table->used, used_size);
        *table = (struct pgtable){ .ops = ops };
        return -ENOMEM;
    }
    ops->clean(table->first, PGTABLE_ENTRIES * sizeof(u32));
    return 0;
}

void pgtable_destroy(struct pgtable *table)
{
    if (!table->first)
        return;
    for (u32 i = 0; i < PGTABLE_ENTRIES; i++)
        if ((table->first[i] & TYPE) == FIRST_TABLE)
            table->ops->free(second_table(table->first[i]), SZ_1K);
    table->ops->free(table->first, PGTABLE_ENTRIES * sizeof(u32));
    table->ops->free(table->used, used_size);
    table->first = NULL;
    table->used = NULL;
}

static void set_first(struct pgtable *table, u32 iova, u32 entry)
{
    u32 *first = &table->first[first_index(iova)];

    *first = entry;
    table->ops->clean(first, sizeof *first);
}

/* The second-level table of an entry that is a fault: made and linked. Its contents are in memory before the link is. */
static u32 *link_table(struct pgtable *table, u32 iova, const u32 *contents)
{
    u32 *second = table->ops->alloc(SZ_1K);

    if (!second)
        return NULL;
    if (contents)
        memcpy(second, contents, SZ_1K);
    table->ops->clean(second, SZ_1K);
    set_first(table, iova, virt_to_phys(second) | FIRST_TABLE);
    return second;
}

/* The entry is cleared and forgotten by the hardware before the table is freed. */
static void unlink_table(struct pgtable *table, u32 iova)
{
    u32 *second = second_table(table->first[first_index(iova)]);

    set_first(table, iova, TYPE_FAULT);
    table->ops->unlinked(table->cookie, iova);
    table->ops->free(second, SZ_1K);
}

/* ---- Mapping ---- */

static u32 page_for(u32 iova, u32 paddr, u64 size)
{
    static const u32 sizes[] = { SZ_16M, SZ_1M, SZ_64K };

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
        if (size >= sizes[i] && IS_ALIGNED(iova | paddr, sizes[i]))
            return sizes[i];
    return SZ_4K;
}

static bool anything_mapped(const struct pgtable *table, u32 iova, u64 size)
{
    for (u64 at = iova; at < iova + size;) {
        u32 first = table->first[first_index((u32)at)];

        if (first_page(first))
            return true;
        if ((first & TYPE) != FIRST_TABLE || !table->used[first_index((u32)at)]) {
            at = ALIGN_DOWN(at, (u64)SZ_1M) + SZ_1M;
            continue;
        }
        if ((second_table(first)[second_index((u32)at)] & TYPE) != TYPE_FAULT)
            return true;
        at += SZ_4K;
    }
    return false;
}

static void ignore(void *context, u32 iova, u32 page)
{
    (void)context, (void)iova, (void)page;
}

/* Pages of one size in one second-level table; returns how much. */
static u32 map_second(struct pgtable *table, u32 iova, u32 paddr, u64 size, u32 attributes, u32 page)
{
    u32 first = table->first[first_index(iova)], index = second_index(iova), count = 0;
    u32 *second = (first & TYPE) == FIRST_TABLE ? second_table(first) : link_table(table, iova, NULL);
    u32 room = SZ_1M - iova % SZ_1M;

    if (!second)
        return 0;
    do {
        for (u32 i = 0; i < page / SZ_4K; i++)
            second[index + count++] = page == SZ_64K ? large(paddr, attributes) : small(paddr, attributes);
        paddr += page;
    } while (count * SZ_4K < room && page_for(iova + count * SZ_4K, paddr, size - count * SZ_4K) == page &&
             count * SZ_4K < size);
    table->ops->clean(&second[index], count * sizeof(u32));
    table->used[first_index(iova)] = (u16)(table->used[first_index(iova)] + count);
    return count * SZ_4K;
}

int pgtable_map(struct pgtable *table, u32 iova, u32 paddr, u64 size, u32 attributes, u32 *smallest)
{
    u64 done = 0;

    *smallest = SZ_16M;
    if (anything_mapped(table, iova, size))
        return -EEXIST;
    while (done < size) {
        u32 va = iova + (u32)done, pa = paddr + (u32)done, page = page_for(va, pa, size - done);

        *smallest = min(*smallest, page);
        if (page < SZ_1M) {
            u32 n = map_second(table, va, pa, size - done, attributes, page);

            if (!n) {
                pgtable_unmap(table, iova, done, ignore, NULL);
                return -ENOMEM;
            }
            done += n;
            continue;
        }
        for (u32 i = 0; i < page; i += SZ_1M)
            if ((table->first[first_index(va + i)] & TYPE) == FIRST_TABLE)
                unlink_table(table, va + i);
        for (u32 i = 0; i < page / SZ_1M; i++)
            table->first[first_index(va) + i] = section(pa, attributes) | (page == SZ_16M ? FIRST_SUPER : 0);
        table->ops->clean(&table->first[first_index(va)], page / SZ_1M * sizeof(u32));
        done += page;
    }
    return 0;
}

/* ---- Unmapping ---- */

/* A supersection becomes sections, a section small pages, a large page small pages: the same translation in smaller
 * pieces. What a TLB still holds of the large one is dropped with the part that is then unmapped. */
static void split_supersection(struct pgtable *table, u32 iova)
{
    u32 *first = &table->first[first_index(ALIGN_DOWN(iova, SZ_16M))];
    u32 attributes = section_attributes(*first), paddr = *first & ~(SZ_16M - 1);

    for (u32 i = 0; i < 16; i++)
        first[i] = section(paddr + i * SZ_1M, attributes);
    table->ops->clean(first, 16 * sizeof(u32));
}

static bool split_section(struct pgtable *table, u32 iova)
{
    u32 entry = table->first[first_index(iova)], contents[PGTABLE_SECOND_ENTRIES];

    for (u32 i = 0; i < PGTABLE_SECOND_ENTRIES; i++)
        contents[i] = small((entry & ~(SZ_1M - 1)) + i * SZ_4K, section_attributes(entry));
    if (!link_table(table, iova, contents))
        return false;
    table->used[first_index(iova)] = PGTABLE_SECOND_ENTRIES;
    return true;
}

static void split_large(struct pgtable *table, u32 *second, u32 iova)
{
    u32 *entries = &second[second_index(ALIGN_DOWN(iova, SZ_64K))], entry = *entries;

    for (u32 i = 0; i < 16; i++)
        entries[i] = small((entry & ~(SZ_64K - 1)) + i * SZ_4K, large_attributes(entry));
    table->ops->clean(entries, 16 * sizeof(u32));
}

/* Within one second-level table; returns how much was mapped there from `iova` on and is not any more. */
static u32 unmap_second(struct pgtable *table, u32 iova, u64 size, pgtable_unmapped_t unmapped, void *context)
{
    u32 *second = second_table(table->first[first_index(iova)]), done = 0;
    u32 limit = (u32)min(size, (u64)(SZ_1M - iova % SZ_1M));

    while (done < limit) {
        u32 at = iova + done, index = second_index(at), page = second_page(second[index]);

        if (!page)
            break;
        if (page == SZ_64K && (!IS_ALIGNED(at, SZ_64K) || limit - done < SZ_64K)) {
            split_large(table, second, at);
            page = SZ_4K;
        }
        memset(&second[index], 0, page / SZ_4K * sizeof(u32));
        done += page;
        /* It only takes note: what it invalidates, it does when all this is done. */
        unmapped(context, at, page);
    }
    table->ops->clean(&second[second_index(iova)], done / SZ_4K * sizeof(u32));
    table->used[first_index(iova)] = (u16)(table->used[first_index(iova)] - done / SZ_4K);
    if (done == SZ_1M)
        unlink_table(table, iova);
    return done;
}

u64 pgtable_unmap(struct pgtable *table, u32 iova, u64 size, pgtable_unmapped_t unmapped, void *context)
{
    u64 done = 0;

    while (done < size) {
        u32 at = iova + (u32)done, *first = &table->first[first_index(at)], page = first_page(*first), n;

        if ((*first & TYPE) == FIRST_TABLE) {
            n = unmap_second(table, at, size - done, unmapped, context);
            done += n;
            if (!n || (done < size && !IS_ALIGNED(at + n, SZ_1M)))
                break;
            continue;
        }
        if (!page)
            break;
        if (!IS_ALIGNED(at, page) || size - done < page) {
            if (page == SZ_16M)
                split_supersection(table, at);
            else if (!split_section(table, at))
                break;
            continue;
        }
        memset(first, 0, page / SZ_1M * sizeof(u32));
        table->ops->clean(first, page / SZ_1M * sizeof(u32));
        unmapped(context, at, page);
        done += page;
    }
    return done;
}

bool pgtable_lookup(const struct pgtable *table, u32 iova, u32 *paddr, u32 *page, u32 *attributes)
{
    u32 entry = table->first[first_index(iova)];

    if ((entry & TYPE) == FIRST_TABLE) {
        entry = second_table(entry)[second_index(iova)];
        *page = second_page(entry);
        *attributes = *page == SZ_64K ? large_attributes(entry) : entry & PGTABLE_ATTRIBUTES;
    } else {
        *page = first_page(entry);
        *attributes = section_attributes(entry);
    }
    if (!*page)
        return false;
    *paddr = (entry & ~(*page - 1)) | (iova & (*page - 1));
    return true;
}
