/* Streaming mappings of one piece, on each back end. */
#include "slab.h"
#include "tests.h"

static void test_sizes(struct device *dev)
{
    static const u32 sizes[] = { 1, 3, 64, 4095, 4096, 4097, 30000 };
    static const u32 offsets[] = { 0, 1, 63, 4095 };

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        bool right = true;

        for (unsigned k = 0; k < ARRAY_SIZE(offsets); k++) {
            u8 *from = buffer_a + offsets[k], *to = buffer_b + 8192 + 3 - offsets[k] % 4;

            fill(from, sizes[i]);
            memset(to - 64, 0, sizes[i] + 128);
            right = right && teng_copy(dev, to, from, sizes[i]) == 0 && filled(to, sizes[i]) &&
                    all(to - 64, 64, 0) && all(to + sizes[i], 64, 0);
        }
        ok(right, "dma_map_single: %u bytes at four alignments arrive, and nothing beside them", sizes[i]);
    }
}

static void test_directions(struct device *dev)
{
    dma_addr_t to = dma_map_single(dev, buffer_a, 4096, DMA_TO_DEVICE);
    dma_addr_t from = dma_map_single(dev, buffer_b, 4096, DMA_FROM_DEVICE);
    dma_addr_t both = dma_map_single(dev, buffer_b + 8192, 4096, DMA_BIDIRECTIONAL);

    ok(!dma_mapping_error(dev, to) && !dma_mapping_error(dev, from) && !dma_mapping_error(dev, both),
       "dma_mapping_error: 0 for addresses");
    is(device_copy(dev, from, to, 4096), 0, "dma_map_single: DMA_TO_DEVICE is read, DMA_FROM_DEVICE written");
    is(device_write(dev, both, 4096, 5), 0, "dma_map_single: DMA_BIDIRECTIONAL is written");
    is(device_check(dev, both, 4096, 5), 0, "dma_map_single: DMA_BIDIRECTIONAL is read");
    if (dev == behind_smmu)
        is(device_write(dev, to, 64, 1), -EFAULT, "dma_map_single: a write to DMA_TO_DEVICE faults");
    dma_unmap_single(dev, both, 4096, DMA_BIDIRECTIONAL);
    dma_unmap_single(dev, from, 4096, DMA_FROM_DEVICE);
    dma_unmap_single(dev, to, 4096, DMA_TO_DEVICE);
    ok(written(buffer_b + 8192, 4096, 5), "dma_unmap_single: the processor has what the device wrote");
}

/* A device that writes less than was mapped leaves the rest as it was. */
static void test_partial_write(struct device *dev)
{
    dma_addr_t at;

    fill(buffer_a, 8192);
    at = dma_map_single(dev, buffer_a, 8192, DMA_FROM_DEVICE);
    device_write(dev, at, 100, 9);
    dma_unmap_single(dev, at, 8192, DMA_FROM_DEVICE);
    bool right = written(buffer_a, 100, 9);
    for (u32 i = 100; i < 8192; i++)
        right = right && buffer_a[i] == pattern(i);
    ok(right, "dma_unmap_single: bytes that the device did not write keep their value");
}

static void test_pages(struct device *dev)
{
    struct page *page = virt_to_page(buffer_a);
    dma_addr_t at = dma_map_page(dev, page, 4000, 200, DMA_FROM_DEVICE);

    memset(buffer_a, 0, 8192);
    ok(!dma_mapping_error(dev, at) && (at & ~PAGE_MASK) == 4000, "dma_map_page: the offset in the page is kept");
    is(device_write(dev, at, 200, 3), 0, "dma_map_page: the device writes across the end of the page");
    dma_unmap_page(dev, at, 200, DMA_FROM_DEVICE);
    ok(written(buffer_a + 4000, 200, 3), "dma_unmap_page: the processor has what the device wrote");
    FAILS(dev, -EINVAL, dma_map_page(dev, page, 0, 0, DMA_TO_DEVICE), "dma_map_page -EINVAL: 0 bytes");
}

static void test_sync(struct device *dev)
{
    dma_addr_t at = dma_map_single(dev, buffer_a, 16384, DMA_BIDIRECTIONAL);

    device_write(dev, at, 16384, 1);
    dma_sync_single_for_cpu(dev, at, 16384, DMA_FROM_DEVICE);
    ok(written(buffer_a, 16384, 1), "dma_sync_single_for_cpu: what the device wrote");
    fill(buffer_a, 16384);
    dma_sync_single_for_device(dev, at, 16384, DMA_TO_DEVICE);
    dma_addr_t other = dma_map_single(dev, buffer_b, 16384, DMA_FROM_DEVICE);
    is(device_copy(dev, other, at, 16384), 0, "dma_sync_single_for_device: the device reads it");
    dma_unmap_single(dev, other, 16384, DMA_FROM_DEVICE);
    ok(filled(buffer_b, 16384), "dma_sync_single_for_device: what the processor wrote");

    device_write(dev, at, 16384, 2);
    dma_sync_single_range_for_cpu(dev, at, 5000, 300, DMA_FROM_DEVICE);
    bool right = true;
    for (u32 i = 5000; i < 5300; i++)
        right = right && buffer_a[i] == (u8)(teng_mix(2, i / 4) >> 8 * (i % 4));
    ok(right, "dma_sync_single_range_for_cpu: the range has what the device wrote");
    memset(buffer_a + 5000, 0x5a, 300);
    dma_sync_single_range_for_device(dev, at, 5000, 300, DMA_TO_DEVICE);
    other = dma_map_single(dev, buffer_b, 300, DMA_FROM_DEVICE);
    device_copy(dev, other, at + 5000, 300);
    dma_unmap_single(dev, other, 300, DMA_FROM_DEVICE);
    ok(all(buffer_b, 300, 0x5a), "dma_sync_single_range_for_device: the device reads the range");
    dma_sync_single_for_cpu(dev, at + 8192, 4096, DMA_FROM_DEVICE);
    ok(buffer_a[8192] == (u8)teng_mix(2, 2048), "dma_sync_single_for_cpu: an address inside of the mapping will do");
    dma_sync_single_for_device(dev, at + 8192, 4096, DMA_TO_DEVICE);
    dma_unmap_single(dev, at, 16384, DMA_BIDIRECTIONAL);
}

static void test_errors(struct device *dev)
{
    size_t pages = pages_in_use(), heap = heap_in_use();

    FAILS(dev, -EINVAL, dma_map_single(dev, buffer_a, 0, DMA_TO_DEVICE), "dma_map_single -EINVAL: 0 bytes");
    FAILS(dev, -EINVAL, dma_map_single(dev, buffer_a, 64, DMA_NONE), "dma_map_single -EINVAL: no direction");
    FAILS(dev, -EINVAL, dma_map_single(dev, (void *)0x0f000000, 64, DMA_TO_DEVICE),
          "dma_map_single -EINVAL: registers are not memory");
    FAILS(dev, -EINVAL, dma_map_single(dev, phys_to_virt(ram_end() - 64), 65, DMA_TO_DEVICE),
          "dma_map_single -EINVAL: beyond the end of memory");
    alloc_fail_after(0);
    FAILS(dev, -ENOMEM, dma_map_single(dev, buffer_a, 64, DMA_TO_DEVICE), "dma_map_single -ENOMEM: no memory for the books");
    FAILS(dev, -ENOMEM, dma_map_page(dev, virt_to_page(buffer_a), 0, 64, DMA_TO_DEVICE),
          "dma_map_page -ENOMEM: no memory for the books");
    alloc_fail_after(-1);
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_map_single -ENOMEM: nothing is lost");
}

/* Once more often than the back end has anything, so that what is not given back is missed. */
static void test_many(struct device *dev)
{
    unsigned before = dma_mappings();
    dma_addr_t at[100];
    bool right = true;

    for (unsigned i = 0; i < ARRAY_SIZE(at); i++)
        at[i] = dma_map_single(dev, buffer_a + i * 5000, 5000, DMA_TO_DEVICE);
    is(dma_mappings(), before + ARRAY_SIZE(at), "dma_mappings: a hundred at a time");
    for (unsigned i = 0; i < ARRAY_SIZE(at); i++)
        for (unsigned k = 0; k < i; k++)
            right = right && (at[i] + 5000 <= at[k] || at[k] + 5000 <= at[i]);
    ok(right, "dma_map_single: a hundred mappings, none over another");
    for (unsigned i = 0; i < ARRAY_SIZE(at); i++)
        dma_unmap_single(dev, at[i * 37 % 100], 5000, DMA_TO_DEVICE);
    is(dma_mappings(), before, "dma_unmap_single: a hundred, in another order");
}

void test_streaming(struct device *dev)
{
    test_sizes(dev);
    test_directions(dev);
    test_partial_write(dev);
    test_pages(dev);
    test_sync(dev);
    test_errors(dev);
    test_many(dev);
}
