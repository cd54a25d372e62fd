/*
 * Page allocator, first fit, one word for each page; and pieces of pages in sizes of powers of two, from pages that
 * belong to one size each.
 */
#include "errno.h"
#include "internal.h"
#include "irq.h"
#include "kit.h"
#include "slab.h"
#include "string.h"

enum { FREE, RESERVED, HEAD, TAIL, PIECES, BIG };

/* Of a page: what it is; the size class of its pieces; pages of the run, or pieces handed out. */
struct info {
    u32 kind : 4, class : 4, count : 24;
};

#define CLASS_MIN 5u /* 32 bytes */
#define CLASSES 7u   /* to 2048 */

static phys_addr_t start, end; /* what is managed */
static phys_addr_t ram_first;
static struct info *info;
static u32 pages, lowest; /* no free page is below the lowest */
static void **pieces[CLASSES];
static size_t used_pages, used_bytes;
static int fail_after = -1;

void memory_init(const struct fdt *tree)
{
    phys_addr_t blob = virt_to_phys(tree->blob), blob_end = blob + fdt_size(tree->blob);
    int memory = -1;
    u32 base = 0, size = 0, table;

    do {
        memory = fdt_next(tree, memory);
        if (memory < 0)
            panic("the device tree has no memory where the image is");
        if (fdt_string(tree, memory, "device_type") == NULL ||
            strcmp(fdt_string(tree, memory, "device_type"), "memory") || fdt_reg(tree, memory, 0, &base, &size))
            size = 0;
    } while (virt_to_phys(image_start) - base >= size);
    ram_first = base;
    end = ALIGN_DOWN(base + size, PAGE_SIZE);
    info = (struct info *)(void *)image_end;
    table = ((end - virt_to_phys(image_end)) >> PAGE_SHIFT) * sizeof *info;
    start = ALIGN(virt_to_phys(image_end) + table, PAGE_SIZE);
    pages = (end - start) >> PAGE_SHIFT;
    memset(info, 0, pages * sizeof *info);
    /* The device tree stays. Reserved memory of this SoC lies below the image or outside of RAM. */
    for (phys_addr_t p = ALIGN_DOWN(blob, PAGE_SIZE); p < blob_end; p += PAGE_SIZE)
        if (p >= start && p < end)
            info[(p - start) >> PAGE_SHIFT].kind = RESERVED;
}

phys_addr_t ram_start(void)
{
    return ram_first;
}

phys_addr_t ram_end(void)
{
    return end;
}

static bool may_allocate(void)
{
    if (fail_after == 0)
        return false;
    if (fail_after > 0)
        fail_after--;
    return true;
}

void alloc_fail_after(int count)
{
    fail_after = count;
}

static u32 index_of(const void *p)
{
    phys_addr_t at = virt_to_phys(p);

    if (at < start || at >= end)
        panic("%p is no memory of the allocator", p);
    return (at - start) >> PAGE_SHIFT;
}

static void *take(size_t count, size_t align, unsigned kind)
{
    u32 step = (u32)max(align, (size_t)PAGE_SIZE) >> PAGE_SHIFT;

    while (lowest < pages && info[lowest].kind != FREE)
        lowest++;
    for (phys_addr_t at = ALIGN(start + lowest * PAGE_SIZE, step << PAGE_SHIFT); at < end && at >= start;
         at += step << PAGE_SHIFT) {
        u32 first = (at - start) >> PAGE_SHIFT, n = (u32)count;

        if (count > pages - first)
            return NULL;
        while (n && info[first + n - 1].kind == FREE)
            n--;
        if (n)
            continue;
        for (u32 i = 1; i < count; i++)
            info[first + i].kind = TAIL;
        info[first] = (struct info){ .kind = kind, .count = (u32)count & 0xffffff };
        used_pages += count;
        return phys_to_virt(at);
    }
    return NULL;
}

static void give_back(u32 first, size_t count)
{
    for (u32 i = 0; i < count; i++)
        info[first + i].kind = FREE;
    lowest = min(lowest, first);
    used_pages -= count;
}

void *page_alloc(size_t count, size_t align)
{
    unsigned long flags = local_irq_save();
    void *p = NULL;

    if (count && count <= pages && (align & (align - 1)) == 0 && may_allocate())
        p = take(count, align, HEAD);
    local_irq_restore(flags);
    return p;
}

void page_free(void *p, size_t count)
{
    unsigned long flags = local_irq_save();
    u32 first = index_of(p);

    if (virt_to_phys(p) % PAGE_SIZE || info[first].kind != HEAD || info[first].count != count)
        panic("page_free(%p, %u): no such allocation", p, (u32)count);
    give_back(first, count);
    local_irq_restore(flags);
}

static u32 class_of(size_t size)
{
    u32 class = 0;

    while ((1u << (class + CLASS_MIN)) < size)
        class++;
    return class;
}

static void *allocate(size_t size)
{
    u32 class, bytes;
    void **piece;

    if (!size || !may_allocate())
        return NULL;
    if (size > (1u << (CLASS_MIN + CLASSES - 1))) {
        size_t count = ALIGN(size, PAGE_SIZE) >> PAGE_SHIFT;
        void *p = size <= pages * PAGE_SIZE ? take(count, PAGE_SIZE, BIG) : NULL;

        used_bytes += p ? count << PAGE_SHIFT : 0;
        return p;
    }
    class = class_of(size);
    bytes = 1u << (class + CLASS_MIN);
    if (!pieces[class]) {
        u8 *page = take(1, PAGE_SIZE, PIECES);

        if (!page)
            return NULL;
        info[index_of(page)] = (struct info){ .kind = PIECES, .class = class & 15 };
        for (u32 at = PAGE_SIZE; at; at -= bytes) {
            piece = (void **)(void *)(page + at - bytes);
            *piece = pieces[class];
            pieces[class] = piece;
        }
    }
    piece = pieces[class];
    pieces[class] = *piece;
    info[index_of(piece)].count++;
    used_bytes += bytes;
    return piece;
}

void *kmalloc(size_t size)
{
    unsigned long flags = local_irq_save();
    void *p = allocate(size);

    local_irq_restore(flags);
    return p;
}

void *kzalloc(size_t size)
{
    void *p = kmalloc(size);

    if (p)
        memset(p, 0, size);
    return p;
}

static void release(void *p)
{
    struct info *page;
    u32 first, bytes;

    first = index_of(p);
    page = &info[first];
    if (page->kind == BIG && virt_to_phys(p) % PAGE_SIZE == 0) {
        used_bytes -= page->count << PAGE_SHIFT;
        give_back(first, page->count);
        return;
    }
    bytes = 1u << (page->class + CLASS_MIN);
    if (page->kind != PIECES || virt_to_phys(p) % bytes || !page->count)
        panic("kfree(%p): no such allocation", p);
    for (void **q = pieces[page->class]; q; q = *q)
        if (q == p)
            panic("kfree(%p): it is free already", p);
    *(void **)p = pieces[page->class];
    pieces[page->class] = p;
    used_bytes -= bytes;
    if (--page->count)
        return;
    /* The last of its page: the page goes back, so that no memory stays with a size that is not used. */
    for (void ***at = &pieces[page->class]; *at;) {
        if (virt_to_phys(*at) >> PAGE_SHIFT == virt_to_phys(p) >> PAGE_SHIFT)
            *at = **at;
        else
            at = (void ***)*at;
    }
    give_back(first, 1);
}

void kfree(void *p)
{
    unsigned long flags = local_irq_save();

    if (p)
        release(p);
    local_irq_restore(flags);
}

size_t pages_in_use(void)
{
    return used_pages;
}

size_t heap_in_use(void)
{
    return used_bytes;
}
