/*
 * Tests of the DMA API: sizes, alignments, directions, lists, coherent memory, masks, attributes, domains, exhaustion and
 * misuse, on the three back ends.
 */
#include "driver.h"
#include "kit.h"
#include "mmu.h"
#include "slab.h"
#include "tests.h"

struct device *behind_smmu, *direct, *limited;
u8 *buffer_a, *buffer_b;

static struct dma_misuse_report last;
static unsigned reports;

static void catch(const struct dma_misuse_report *report)
{
    last = *report;
    reports++;
}

unsigned blamed(struct dma_misuse_report *report)
{
    unsigned count = reports;

    *report = last;
    reports = 0;
    return count;
}

u8 pattern(u32 i)
{
    return (u8)(i * 7 + (i >> 8)) | 1;
}

void fill(u8 *at, size_t size)
{
    for (u32 i = 0; i < size; i++)
        at[i] = pattern(i);
}

bool filled(const u8 *at, size_t size)
{
    for (u32 i = 0; i < size; i++)
        if (at[i] != pattern(i))
            return false;
    return true;
}

bool all(const u8 *at, size_t size, u8 value)
{
    for (u32 i = 0; i < size; i++)
        if (at[i] != value)
            return false;
    return true;
}

#define TIMEOUT_US 1000000u

int device_write(struct device *dev, dma_addr_t at, size_t size, u32 seed)
{
    struct teng_transfer transfer = {
        .operation = TENG_FILL, .destination = at, .length = size, .pattern = TENG_RANDOM, .seed = seed
    };

    return teng_run(teng_of(dev), &transfer, TIMEOUT_US);
}

int device_check(struct device *dev, dma_addr_t at, size_t size, u32 seed)
{
    struct teng_transfer transfer = {
        .operation = TENG_VERIFY, .source = at, .length = size, .pattern = TENG_RANDOM, .seed = seed
    };

    return teng_run(teng_of(dev), &transfer, TIMEOUT_US);
}

int device_copy(struct device *dev, dma_addr_t to, dma_addr_t from, size_t size)
{
    struct teng_transfer transfer = {
        .operation = TENG_COPY, .source = from, .destination = to, .length = size
    };

    return teng_run(teng_of(dev), &transfer, TIMEOUT_US);
}

bool written(const void *at, size_t size, u32 seed)
{
    const u8 *byte = at;

    for (u32 i = 0, word = 0; i < size; i++, word >>= 8) {
        if (i % 4 == 0)
            word = teng_mix(seed, i / 4);
        if (byte[i] != (u8)word)
            return false;
    }
    return true;
}

int main(void)
{
    size_t pages, heap;

    dma_set_misuse_handler(catch);
    behind_smmu = device_find("jpegd_src_dma");
    direct = device_find("direct32");
    limited = device_find("direct30");
    buffer_a = page_alloc(BUFFER_SIZE / PAGE_SIZE, SZ_1M);
    buffer_b = page_alloc(BUFFER_SIZE / PAGE_SIZE, SZ_1M);
    BUG_ON(!behind_smmu || !direct || !limited || !buffer_a || !buffer_b);
    /* Once single pages of a section were protected, its table stays. */
    mmu_protect(buffer_a, 1, false);
    mmu_protect(buffer_a, 1, true);
    pages = pages_in_use();
    heap = heap_in_use();

    test_devices();
    struct device *const devices[] = { behind_smmu, direct, limited };
    for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
        BUG_ON(driver_bind(&teng_driver, devices[i]));
        diag("back end: %s", dma_backend(devices[i]));
        test_streaming(devices[i]);
        test_lists(devices[i]);
        test_coherent(devices[i]);
        test_misuse(devices[i]);
    }
    diag("all");
    test_attributes();
    test_addresses();
    test_domains();
    test_guard();
    for (unsigned i = 0; i < ARRAY_SIZE(devices); i++)
        is(driver_unbind(devices[i]), 0, "dma_release: the driver of %s left nothing mapped", devices[i]->name);
    test_drivers();
    is(dma_mappings(), 0, "dma_mappings: nothing is mapped at the end");
    is(pages_in_use(), pages, "dma_release: all pages are back");
    is(heap_in_use(), heap, "dma_release: all pieces of memory are back");
    return tap_done();
}
