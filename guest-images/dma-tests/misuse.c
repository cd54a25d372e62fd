/* What the API blames drivers for, on each back end. */
#include "driver.h"
#include "tests.h"

static void test_unmap(struct device *dev)
{
    dma_addr_t at = dma_map_single(dev, buffer_a, 4096, DMA_TO_DEVICE);
    unsigned before = dma_misuses();

    MISUSE(DMA_MISUSE_SIZE, dma_unmap_single(dev, at, 4095, DMA_TO_DEVICE),
           "dma_unmap_single: misuse, another size");
    MISUSE(DMA_MISUSE_DOUBLE_UNMAP, dma_unmap_single(dev, at, 4096, DMA_TO_DEVICE),
           "dma_unmap_single: misuse, a second time");
    at = dma_map_single(dev, buffer_a, 4096, DMA_TO_DEVICE);
    MISUSE(DMA_MISUSE_DIRECTION, dma_unmap_single(dev, at, 4096, DMA_FROM_DEVICE),
           "dma_unmap_single: misuse, another direction");
    MISUSE(DMA_MISUSE_NOT_MAPPED, dma_unmap_single(dev, 0xcafe0000, 4096, DMA_TO_DEVICE),
           "dma_unmap_single: misuse, never mapped");
    at = dma_map_single(dev, buffer_a, 4096, DMA_TO_DEVICE);
    MISUSE(DMA_MISUSE_NOT_MAPPED, dma_unmap_single(dev, at + 64, 4032, DMA_TO_DEVICE),
           "dma_unmap_single: misuse, from the middle on");
    MISUSE(DMA_MISUSE_KIND, dma_unmap_page(dev, at, 4096, DMA_TO_DEVICE),
           "dma_unmap_page: misuse, mapped by dma_map_single");
    MISUSE(DMA_MISUSE_KIND, dma_free_coherent(dev, 4096, buffer_a, at),
           "dma_free_coherent: misuse, mapped by dma_map_single");
    dma_unmap_single(dev, at, 4096, DMA_TO_DEVICE);
    is(dma_misuses(), before + 7, "dma_misuses: counts");
}

static void test_lists_(struct device *dev)
{
    struct scatterlist sg[3];

    sg_init_table(sg, 3);
    for (unsigned i = 0; i < 3; i++)
        sg_set_buf(&sg[i], buffer_a + i * 10000, 100);
    dma_map_sg(dev, sg, 3, DMA_TO_DEVICE);
    MISUSE(DMA_MISUSE_SIZE, dma_sync_sg_for_cpu(dev, sg, 2, DMA_TO_DEVICE),
           "dma_sync_sg_for_cpu: misuse, another number of pieces");
    MISUSE(DMA_MISUSE_DIRECTION, dma_sync_sg_for_device(dev, sg, 3, DMA_FROM_DEVICE),
           "dma_sync_sg_for_device: misuse, another direction");
    MISUSE(DMA_MISUSE_KIND, dma_unmap_single(dev, sg[0].dma_address, 100, DMA_TO_DEVICE),
           "dma_unmap_single: misuse, mapped by dma_map_sg");
    MISUSE(DMA_MISUSE_SIZE, dma_unmap_sg(dev, sg, 2, DMA_TO_DEVICE),
           "dma_unmap_sg: misuse, another number of pieces");
    MISUSE(DMA_MISUSE_DOUBLE_UNMAP, dma_unmap_sg(dev, sg, 3, DMA_TO_DEVICE),
           "dma_unmap_sg: misuse, a second time");
    MISUSE(DMA_MISUSE_NOT_MAPPED, dma_sync_sg_for_cpu(dev, sg, 3, DMA_TO_DEVICE),
           "dma_sync_sg_for_cpu: misuse, not mapped");
}

static void test_sync(struct device *dev)
{
    dma_addr_t at = dma_map_single(dev, buffer_a, 4096, DMA_TO_DEVICE);

    MISUSE(DMA_MISUSE_DIRECTION, dma_sync_single_for_cpu(dev, at, 4096, DMA_FROM_DEVICE),
           "dma_sync_single_for_cpu: misuse, another direction");
    MISUSE(DMA_MISUSE_SIZE, dma_sync_single_for_device(dev, at, 4097, DMA_TO_DEVICE),
           "dma_sync_single_for_device: misuse, beyond the mapping");
    MISUSE(DMA_MISUSE_SIZE, dma_sync_single_range_for_cpu(dev, at, 4000, 97, DMA_TO_DEVICE),
           "dma_sync_single_range_for_cpu: misuse, beyond the mapping");
    dma_unmap_single(dev, at, 4096, DMA_TO_DEVICE);
    MISUSE(DMA_MISUSE_NOT_MAPPED, dma_sync_single_range_for_device(dev, at, 0, 64, DMA_TO_DEVICE),
           "dma_sync_single_range_for_device: misuse, not mapped any more");
}

static void test_device_use(struct device *dev)
{
    dma_addr_t at = dma_map_single(dev, buffer_a, 8192, DMA_TO_DEVICE);
    struct dma_misuse_report report;

    blamed(&report);
    ok(dma_check_device_use(dev, at, 8192, DMA_TO_DEVICE), "dma_check_device_use: what it owns");
    ok(dma_check_device_use(dev, at + 100, 50, DMA_TO_DEVICE), "dma_check_device_use: a part of it");
    is(blamed(&report), 0, "dma_check_device_use: right uses are not blamed");
    MISUSE(DMA_MISUSE_DIRECTION, dma_check_device_use(dev, at, 64, DMA_FROM_DEVICE),
           "dma_check_device_use: misuse, the device would write what it may read");
    MISUSE(DMA_MISUSE_DEVICE_USE, dma_check_device_use(dev, at, 8193, DMA_TO_DEVICE),
           "dma_check_device_use: misuse, beyond the mapping");
    dma_sync_single_for_cpu(dev, at, 8192, DMA_TO_DEVICE);
    MISUSE(DMA_MISUSE_DEVICE_USE, dma_check_device_use(dev, at, 64, DMA_TO_DEVICE),
           "dma_check_device_use: misuse, started before dma_sync_single_for_device");
    dma_sync_single_range_for_device(dev, at, 0, 4096, DMA_TO_DEVICE);
    ok(dma_check_device_use(dev, at, 4096, DMA_TO_DEVICE), "dma_check_device_use: the half that was given back");
    MISUSE(DMA_MISUSE_DEVICE_USE, dma_check_device_use(dev, at, 4097, DMA_TO_DEVICE),
           "dma_check_device_use: misuse, a byte of the other half");
    dma_sync_single_range_for_device(dev, at, 4096, 4096, DMA_TO_DEVICE);
    dma_sync_single_range_for_cpu(dev, at, 1000, 1000, DMA_TO_DEVICE);
    dma_sync_single_range_for_device(dev, at, 1000, 100, DMA_TO_DEVICE);
    dma_sync_single_range_for_device(dev, at, 1900, 100, DMA_TO_DEVICE);
    ok(dma_check_device_use(dev, at, 1100, DMA_TO_DEVICE) && dma_check_device_use(dev, at + 1900, 100, DMA_TO_DEVICE),
       "dma_check_device_use: both ends that were given back");
    MISUSE(DMA_MISUSE_DEVICE_USE, dma_check_device_use(dev, at + 1099, 2, DMA_TO_DEVICE),
           "dma_check_device_use: misuse, the middle that was not");
    dma_unmap_single(dev, at, 8192, DMA_TO_DEVICE);
    MISUSE(DMA_MISUSE_DEVICE_USE, dma_check_device_use(dev, at, 64, DMA_TO_DEVICE),
           "dma_check_device_use: misuse, not mapped any more");
}

static void test_leaks(struct device *dev)
{
    struct dma_misuse_report report;
    struct scatterlist sg = { .address = buffer_a + SZ_64K, .length = 300 };
    dma_addr_t handle;

    driver_unbind(dev);
    dma_configure(dev);
    dma_map_single(dev, buffer_a, 4096, DMA_TO_DEVICE);
    dma_map_sg(dev, &sg, 1, DMA_FROM_DEVICE);
    dma_alloc_coherent(dev, 5000, &handle, GFP_KERNEL);
    blamed(&report);
    is(dma_release(dev), 3, "dma_release: three leaks");
    ok(blamed(&report) == 3 && report.kind == DMA_MISUSE_LEAK && report.dev == dev,
       "dma_release: misuse, each leak");
    driver_bind(&teng_driver, dev);
}

static unsigned heard;

static void listen(const struct dma_misuse_report *report)
{
    heard += report->kind == DMA_MISUSE_NOT_MAPPED && report->address == 0xcafe0000 && report->size == 12;
}

static void test_handler(struct device *dev)
{
    dma_misuse_handler_t before = dma_set_misuse_handler(listen);

    heard = 0;
    dma_unmap_single(dev, 0xcafe0000, 12, DMA_TO_DEVICE);
    ok(heard == 1 && dma_set_misuse_handler(before) == listen, "dma_set_misuse_handler: it hears of the misuse");
    ok(!strcmp(dma_misuse_name(DMA_MISUSE_DOUBLE_UNMAP), "unmapped twice") && !strcmp(dma_misuse_name(DMA_MISUSES), "?"),
       "dma_misuse_name: in words");
}

void test_misuse(struct device *dev)
{
    test_handler(dev);
    test_unmap(dev);
    test_lists_(dev);
    test_sync(dev);
    test_device_use(dev);
    test_leaks(dev);
}
