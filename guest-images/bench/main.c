/*
 * What the two APIs cost, in cycles of the core: mapping, DMA and unmapping on each back end; FIXED_MAPPING; strict and deferred
 * invalidation; page sizes. All rounds of a figure do the same, so it is their mean, rounded down; with one timing mode a figure is
 * the same on every host.
 */
#include "delay.h"
#include "dma-mapping.h"
#include "driver.h"
#include "iommu.h"
#include "kit.h"
#include "printf.h"
#include "string.h"
#include "teng.h"

#define BUFFER SZ_16M

static u8 *buffer;

static void check(bool condition, const char *what)
{
    if (condition)
        return;
    printf("bench: FAILED: %s\n", what);
    exit(1);
}

static const char *size_name(u32 size)
{
    switch (size) {
    case SZ_4K:
        return "  4 KiB";
    case SZ_64K:
        return " 64 KiB";
    case SZ_1M:
        return "  1 MiB";
    default:
        return " 16 MiB";
    }
}

/* Sums of what was measured. */
struct sums {
    u64 map, dma, unmap;
    u32 rounds;
};

static void show(const char *what, u32 size, const struct sums *sums)
{
    printf("  %-14s%s: map %u  DMA %u  unmap %u cycles\n", what, size_name(size), (u32)(sums->map / sums->rounds),
           (u32)(sums->dma / sums->rounds), (u32)(sums->unmap / sums->rounds));
}

/* Nothing of the console shall disturb what is measured. */
static u32 quiet_cycles(void)
{
    console_flush();
    return cycles();
}

/* ---- Back ends ---- */

static void measure(struct device *dev, u32 size, u32 rounds, const struct dma_attrs *attrs, struct sums *sums)
{
    struct teng_transfer fill = { .operation = TENG_FILL, .length = size, .pattern = TENG_INCREMENT, .burst_log2 = 8 };

    *sums = (struct sums){ .rounds = rounds };
    /* The first round is not counted: it may make a table that stays. */
    for (u32 i = 0; i <= rounds; i++) {
        u32 start = quiet_cycles(), mapped, done, end;
        dma_addr_t at = dma_map_single_attrs(dev, buffer, size, DMA_FROM_DEVICE, attrs);

        mapped = cycles();
        check(!dma_mapping_error(dev, at), "memory is mapped");
        fill.destination = at;
        fill.seed = i;
        check(teng_run(teng_of(dev), &fill, 1000000) == 0, "the engine writes");
        done = cycles();
        dma_unmap_single_attrs(dev, at, size, DMA_FROM_DEVICE, attrs);
        end = cycles();
        check(((u32 *)buffer)[0] == i && ((u32 *)buffer)[size / 4 - 1] == i + size / 4 - 1, "it is in memory");
        if (i > 0) {
            sums->map += mapped - start;
            sums->dma += done - mapped;
            sums->unmap += end - done;
        }
    }
}

static void back_ends(void)
{
    static const char *const names[] = { "direct32", "direct30", "jpegd_src_dma" };
    static const u32 sizes[] = { SZ_4K, SZ_64K, SZ_1M };
    struct sums sums;

    printf("One transfer, the device writes:\n");
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        struct device *dev = device_find(names[i]);

        check(dev && driver_bind(&teng_driver, dev) == 0, "the driver takes the device");
        for (unsigned k = 0; k < ARRAY_SIZE(sizes); k++) {
            measure(dev, sizes[k], sizes[k] == SZ_1M ? 2 : 16, NULL, &sums);
            show(dma_backend(dev), sizes[k], &sums);
        }
        if (!dma_get_domain(dev))
            check(driver_unbind(dev) == 0, "nothing is left");
    }
}

/* ---- What an address that is asked for costs ---- */

static void fixed(struct device *dev)
{
    static const u32 sizes[] = { SZ_4K, SZ_1M };
    struct dma_attrs attrs = { BIT(DMA_ATTR_FIXED_MAPPING), 0x80000000 };
    dma_addr_t crowd[64];
    struct sums sums;

    printf("Device address chosen by the caller (DMA_ATTR_FIXED_MAPPING), or not, beside 64 other mappings:\n");
    for (unsigned i = 0; i < ARRAY_SIZE(crowd); i++)
        crowd[i] = dma_map_single(dev, buffer + SZ_1M + i * SZ_4K, SZ_4K, DMA_TO_DEVICE);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        measure(dev, sizes[i], 4, NULL, &sums);
        show("any address", sizes[i], &sums);
        measure(dev, sizes[i], 4, &attrs, &sums);
        show("fixed address", sizes[i], &sums);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(crowd); i++)
        dma_unmap_single(dev, crowd[i], SZ_4K, DMA_TO_DEVICE);
}

/* ---- Invalidation ---- */

static void invalidation(struct device *dev)
{
    static const u32 sizes[] = { SZ_4K, SZ_64K };
    struct dma_domain *domain = dma_get_domain(dev);
    struct sums sums;

    printf("Invalidation at each unmapping, or once in %u:\n", DMA_DEFERRED);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
        for (unsigned deferred = 0; deferred < 2; deferred++) {
            dma_domain_set_strict(domain, !deferred);
            measure(dev, sizes[i], DMA_DEFERRED, NULL, &sums);
            dma_domain_set_strict(domain, true);
            show(deferred ? "deferred" : "strict", sizes[i], &sums);
        }
}

/* ---- Page sizes ---- */

#define WINDOW 0x40000000u
#define ACCESSES 1024u

static void page_sizes(struct device *dev)
{
    static const u32 sizes[] = { SZ_4K, SZ_64K, SZ_1M, SZ_16M };
    struct iommu_domain *domain = dma_iommu_domain(dma_get_domain(dev));
    /* The driver has no call for accesses here and there: a list by hand. */
    struct { u32 address, length; } *list;
    dma_addr_t list_at;

    list = dma_alloc_coherent(dev, ACCESSES * sizeof *list, &list_at, GFP_KERNEL);
    check(list != NULL, "there is memory for a list");
    for (u32 i = 0; i < ACCESSES; i++) {
        list[i].address = WINDOW + teng_mix(1, i) % (BUFFER / 64) * 64;
        list[i].length = 64;
    }
    printf("16 MiB by the IOMMU API in pages of one size, and %u reads of 64 bytes anywhere in them:\n", ACCESSES);
    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        struct teng_transfer gather = { .operation = TENG_GATHER, .list = list_at, .length = ACCESSES * 64 };
        u8 *to = dma_alloc_coherent(dev, ACCESSES * 64, &gather.destination, GFP_KERNEL);
        struct sums sums = { .rounds = 1 };
        u32 start, mapped, done;

        check(to != NULL, "there is memory");
        start = quiet_cycles();
        for (u32 at = 0; at < BUFFER; at += sizes[i])
            check(iommu_map(domain, WINDOW + at, virt_to_phys(buffer) + at, sizes[i], IOMMU_READ) == 0, "iommu_map");
        mapped = cycles();
        check(teng_run(teng_of(dev), &gather, 1000000) == 0, "the engine reads");
        done = cycles();
        for (u32 at = 0; at < BUFFER; at += sizes[i])
            check(iommu_unmap(domain, WINDOW + at, sizes[i]) == sizes[i], "iommu_unmap");
        sums.map = mapped - start;
        sums.dma = done - mapped;
        sums.unmap = cycles() - done;
        show("pages of", sizes[i], &sums);
        dma_free_coherent(dev, ACCESSES * 64, to, gather.destination);
    }
    dma_free_coherent(dev, ACCESSES * sizeof *list, list, list_at);
}

int main(void)
{
    struct device *dev;

    buffer = page_alloc(BUFFER / PAGE_SIZE, BUFFER);
    check(buffer != NULL, "there is memory");
    /* A piece of each size stays taken: else the heap may give a page back in each round, or not. */
    for (u32 size = 16; size < PAGE_SIZE; size *= 2)
        check(kmalloc(size) != NULL, "there is memory");
    back_ends();
    dev = device_find("jpegd_src_dma");
    fixed(dev);
    invalidation(dev);
    page_sizes(dev);
    check(driver_unbind(dev) == 0, "nothing is left");
    printf("bench: all ok\n");
    return 0;
}
