/* The processor's MMU and caches (ARM DDI 0406C, B3 and B4). Short descriptors, one to one, TEX remap off. */
#include "mmu.h"

#include "barrier.h"
#include "cacheflush.h"
#include "internal.h"
#include "kit.h"
#include "slab.h"

#define SECTION 2u
#define TABLE 1u
#define SMALL 2u
/* Attributes by position in a section, and in a small page. */
#define SECTION_NORMAL (1u << 16 | 1u << 12 | 1u << 3 | 1u << 2) /* S, TEX 1, C, B: write-back, write-allocate */
#define SECTION_UNCACHED (1u << 16 | 1u << 12)                   /* S, TEX 1: Normal non-cacheable */
#define SECTION_DEVICE (1u << 2)                                 /* B: shareable Device */
#define SECTION_RW (1u << 10)                                    /* AP 1: privileged only */
#define SECTION_XN (1u << 4)
#define PAGE_NORMAL (1u << 10 | 1u << 6 | 1u << 3 | 1u << 2)
#define PAGE_UNCACHED (1u << 10 | 1u << 6) /* S, TEX 1: Normal non-cacheable */
#define PAGE_TYPE (1u << 10 | 7u << 6 | 3u << 2)
#define PAGE_RW (1u << 4)
#define PAGE_RO (1u << 9 | 1u << 4)
#define PAGE_AP (1u << 9 | 3u << 4)
#define PAGE_XN 1u

extern u32 first_level[4096]; /* in the linker script */

size_t cache_line_size(void)
{
    u32 ctr;

    __asm__("mrc p15, 0, %0, c0, c0, 1" : "=r"(ctr));
    return 4u << (ctr >> 16 & 15);
}

void cache_clean(const void *start, size_t size)
{
    size_t line = cache_line_size();

    for (u32 at = ALIGN_DOWN(virt_to_phys(start), line); at < virt_to_phys(start) + size; at += line)
        __asm__ volatile("mcr p15, 0, %0, c7, c10, 1" ::"r"(at) : "memory"); /* DCCMVAC */
    dsb();
}

void cache_clean_invalidate(void *start, size_t size)
{
    size_t line = cache_line_size();

    for (u32 at = ALIGN_DOWN(virt_to_phys(start), line); at < virt_to_phys(start) + size; at += line)
        __asm__ volatile("mcr p15, 0, %0, c7, c14, 1" ::"r"(at) : "memory"); /* DCCIMVAC */
    dsb();
}

void cache_invalidate(void *start, size_t size)
{
    size_t line = cache_line_size();
    u32 first = virt_to_phys(start), end = first + size;

    for (u32 at = ALIGN_DOWN(first, line); at < end; at += line) {
        if (at < first || end - at < line)
            __asm__ volatile("mcr p15, 0, %0, c7, c14, 1" ::"r"(at) : "memory"); /* DCCIMVAC */
        else
            __asm__ volatile("mcr p15, 0, %0, c7, c6, 1" ::"r"(at) : "memory"); /* DCIMVAC */
    }
    dsb();
}

static void changed(u32 address)
{
    dsb();
    __asm__ volatile("mcr p15, 0, %0, c8, c7, 1" ::"r"(address) : "memory"); /* TLBIMVA */
    __asm__ volatile("mcr p15, 0, %0, c7, c5, 6" ::"r"(0) : "memory");       /* BPIALL */
    dsb();
    isb();
}

/* The descriptor of a page; a section is split first. Table walks are cacheable, so no cleaning is needed. */
static u32 *small_page(u32 address)
{
    u32 *first = &first_level[address >> 20], *table;

    if ((*first & 3) == SECTION) {
        u32 section = *first, entry = SMALL;

        table = kmalloc(SZ_1K);
        if (!table)
            panic("no memory to split a section");
        entry |= section & (3u << 2);            /* C, B */
        entry |= (section >> 12 & 7) << 6;       /* TEX */
        entry |= (section >> 16 & 1) << 10;      /* S */
        entry |= (section >> 10 & 3) << 4;       /* AP */
        entry |= section >> 4 & 1;               /* XN */
        for (u32 i = 0; i < 256; i++)
            table[i] = ALIGN_DOWN(address, SZ_1M) | i << PAGE_SHIFT | entry;
        dsb();
        *first = virt_to_phys(table) | TABLE;
        changed(address);
    }
    if ((*first & 3) != TABLE)
        panic("0x%08x is not mapped", address);
    table = phys_to_virt(*first & ~(SZ_1K - 1));
    return &table[address >> PAGE_SHIFT & 255];
}

static void set_pages(u32 address, size_t pages, u32 clear, u32 set)
{
    for (; pages; pages--, address += PAGE_SIZE) {
        u32 *entry = small_page(address);

        *entry = (*entry & ~clear) | set;
        changed(address);
    }
}

void mmu_map_uncached(void *start, size_t pages)
{
    cache_clean_invalidate(start, pages << PAGE_SHIFT);
    set_pages(virt_to_phys(start), pages, PAGE_TYPE, PAGE_UNCACHED);
}

void mmu_map_cached(void *start, size_t pages)
{
    set_pages(virt_to_phys(start), pages, PAGE_TYPE, PAGE_NORMAL);
}

void mmu_protect(void *start, size_t pages, bool accessible)
{
    set_pages(virt_to_phys(start), pages, PAGE_AP, accessible ? PAGE_RW : 0);
}

static void map_memory(u32 base, u32 size, u32 type)
{
    for (u64 at = ALIGN_DOWN(base, SZ_1M); at < (u64)base + size; at += SZ_1M)
        first_level[at >> 20] = (u32)at | type | SECTION_RW | SECTION_XN | SECTION;
}

void mmu_init(const struct fdt *tree)
{
    int reserved = fdt_path(tree, "/reserved-memory");

    /* The first MiB stays unmapped: no device is there, and a null pointer is caught. */
    first_level[0] = 0;
    for (u32 i = 1; i < 4096; i++)
        first_level[i] = i << 20 | SECTION_DEVICE | SECTION_RW | SECTION_XN | SECTION;
    map_memory(ram_start(), ram_end() - ram_start(), SECTION_NORMAL);
    for (int node = reserved < 0 ? -1 : fdt_first_child(tree, reserved); node >= 0;
         node = fdt_next_sibling(tree, node)) {
        u32 base, size;

        if (!fdt_property(tree, node, "no-map", NULL) && !fdt_reg(tree, node, 0, &base, &size))
            map_memory(base, size, SECTION_UNCACHED);
    }
    set_pages(virt_to_phys(image_start), (size_t)(rodata_start - image_start) >> PAGE_SHIFT, PAGE_AP | PAGE_XN,
              PAGE_RO);
    set_pages(virt_to_phys(rodata_start), (size_t)(data_start - rodata_start) >> PAGE_SHIFT, PAGE_AP, PAGE_RO);
    for (char *guard = stack_guards; guard < image_end; guard += 8 * PAGE_SIZE)
        mmu_protect(guard, 1, false);
    dsb();
    __asm__ volatile("mcr p15, 0, %0, c3, c0, 0" ::"r"(1u)); /* DACR: domain 0 is checked */
    __asm__ volatile("mcr p15, 0, %0, c2, c0, 2" ::"r"(0u)); /* TTBCR */
    /* TTBR0: shareable, walks inner and outer write-back write-allocate. */
    __asm__ volatile("mcr p15, 0, %0, c2, c0, 0" ::"r"(virt_to_phys(first_level) | 1u << 6 | 1u << 3 | 1u << 1));
    __asm__ volatile("mcr p15, 0, %0, c8, c7, 0" ::"r"(0)); /* TLBIALL */
    __asm__ volatile("mcr p15, 0, %0, c7, c5, 0" ::"r"(0)); /* ICIALLU */
    dsb();
    isb();
    {
        u32 sctlr;

        __asm__ volatile("mrc p15, 0, %0, c1, c0, 0" : "=r"(sctlr));
        sctlr &= ~(1u << 29 | 1u << 28);           /* AFE, TRE */
        sctlr |= 1u << 12 | 1u << 11 | 1u << 2 | 1u; /* I, Z, C, M */
        __asm__ volatile("mcr p15, 0, %0, c1, c0, 0\n\tisb" ::"r"(sctlr) : "memory");
    }
}
