/* Scatter/gather lists, on each back end. */
#include "slab.h"
#include "tests.h"

#define PIECES 5

static void pieces(struct scatterlist *sg)
{
    static const u32 offset[PIECES] = { 100, 8192, 20000, 40961, 65536 };
    static const u32 length[PIECES] = { 200, 4096, 1, 12000, 333 };

    sg_init_table(sg, PIECES);
    for (unsigned i = 0; i < PIECES; i++)
        sg_set_buf(&sg[i], buffer_a + offset[i], length[i]);
}

static void test_transfers(struct device *dev)
{
    struct scatterlist sg[PIECES];
    u32 total = 0, at = 0;
    bool right = true;

    pieces(sg);
    for (unsigned i = 0; i < PIECES; i++)
        total += sg[i].length;
    fill(buffer_b, total);
    memset(buffer_a, 0, 80000);
    is(teng_scatter(dev, sg, PIECES, buffer_b), 0, "dma_map_sg: DMA_FROM_DEVICE, five pieces");
    for (unsigned i = 0; i < PIECES; i++) {
        u8 *piece = sg_virt(&sg[i]);

        right = right && !memcmp(piece, buffer_b + at, sg[i].length) && piece[-1] == 0 && piece[sg[i].length] == 0;
        at += sg[i].length;
    }
    ok(right, "dma_unmap_sg: every piece has its bytes, and nothing beside");
    memset(buffer_b, 0, total);
    is(teng_gather(dev, buffer_b, sg, PIECES), 0, "dma_map_sg: DMA_TO_DEVICE, five pieces");
    ok(filled(buffer_b, total), "dma_map_sg: the device reads every piece");
}

static void test_sync(struct device *dev)
{
    struct scatterlist sg[PIECES], *range;
    bool right = true;
    int ranges, i;

    pieces(sg);
    ranges = dma_map_sg(dev, sg, PIECES, DMA_BIDIRECTIONAL);
    for_each_sg(sg, range, ranges, i)
        device_write(dev, sg_dma_address(range), sg_dma_len(range), 40 + (u32)i);
    dma_sync_sg_for_cpu(dev, sg, PIECES, DMA_FROM_DEVICE);
    ok(written(sg_virt(&sg[0]), 200, 40), "dma_sync_sg_for_cpu: what the device wrote");
    for (unsigned k = 0; k < PIECES; k++)
        memset(sg_virt(&sg[k]), 0x33, sg[k].length);
    dma_sync_sg_for_device(dev, sg, PIECES, DMA_TO_DEVICE);
    for_each_sg(sg, range, ranges, i) {
        struct teng_transfer transfer = { .operation = TENG_VERIFY, .source = sg_dma_address(range),
                                          .length = sg_dma_len(range), .seed = 0x33333333 };

        right = right && teng_run(teng_of(dev), &transfer, 1000000) == 0;
    }
    ok(right, "dma_sync_sg_for_device: the device reads what the processor wrote");
    dma_unmap_sg(dev, sg, PIECES, DMA_BIDIRECTIONAL);
}

/* Pieces that begin and end at pages can follow each other for the device. */
static void test_ranges(struct device *dev)
{
    struct scatterlist sg[4];
    int ranges;
    u32 bytes = 0;

    sg_init_table(sg, 4);
    for (unsigned i = 0; i < 4; i++)
        sg_set_buf(&sg[i], buffer_a + i * 3 * PAGE_SIZE, PAGE_SIZE);
    ranges = dma_map_sg(dev, sg, 4, DMA_TO_DEVICE);
    for (int i = 0; i < ranges; i++)
        bytes += sg_dma_len(&sg[i]);
    is(bytes, 4 * PAGE_SIZE, "dma_map_sg: the ranges cover the pieces");
    is(ranges, dev == direct ? 4 : 1, "dma_map_sg: ranges for four scattered pages");
    dma_unmap_sg(dev, sg, 4, DMA_TO_DEVICE);
    is(dma_set_max_seg_size(dev, 2 * PAGE_SIZE), 0, "dma_set_max_seg_size: 8 KiB");
    is(dma_get_max_seg_size(dev), 2 * PAGE_SIZE, "dma_get_max_seg_size: 8 KiB");
    ranges = dma_map_sg(dev, sg, 4, DMA_TO_DEVICE);
    is(ranges, dev == direct ? 4 : 2, "dma_set_max_seg_size: no range is longer");
    dma_unmap_sg(dev, sg, 4, DMA_TO_DEVICE);
    sg[1].length = 2 * PAGE_SIZE + 1;
    is(dma_map_sg(dev, sg, 4, DMA_TO_DEVICE), 0, "dma_map_sg -EINVAL: a piece longer than a range may be");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -EINVAL, "dma_map_sg -EINVAL: a piece longer than a range may be");
    is(dma_set_max_seg_size(dev, 0), -EINVAL, "dma_set_max_seg_size -EINVAL: 0 bytes");
    dma_set_max_seg_size(dev, SZ_64K);
}

static void test_errors(struct device *dev)
{
    struct scatterlist sg[PIECES];
    size_t pages = pages_in_use(), heap = heap_in_use();

    pieces(sg);
    is(dma_map_sg(dev, sg, 0, DMA_TO_DEVICE), 0, "dma_map_sg -EINVAL: an empty list");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -EINVAL, "dma_map_sg -EINVAL: an empty list");
    sg[3].length = 0;
    is(dma_map_sg(dev, sg, PIECES, DMA_TO_DEVICE), 0, "dma_map_sg -EINVAL: a piece of 0 bytes");
    pieces(sg);
    sg[2].address = (void *)0x02000000;
    is(dma_map_sg(dev, sg, PIECES, DMA_TO_DEVICE), 0, "dma_map_sg -EINVAL: a piece that is not memory");
    pieces(sg);
    alloc_fail_after(0);
    is(dma_map_sg(dev, sg, PIECES, DMA_TO_DEVICE), 0, "dma_map_sg -ENOMEM: no memory for the books");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ENOMEM, "dma_map_sg -ENOMEM: no memory for the books");
    alloc_fail_after(-1);
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_map_sg: failures lose nothing");
}

void test_lists(struct device *dev)
{
    test_transfers(dev);
    test_sync(dev);
    test_ranges(dev);
    test_errors(dev);
}
