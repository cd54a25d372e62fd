/* Coherent memory, on each back end. */
#include "slab.h"
#include "tests.h"

void test_coherent(struct device *dev)
{
    static const u32 sizes[] = { 4, 4096, 4097, 70000 };
    size_t pages = pages_in_use(), heap = heap_in_use();
    dma_addr_t handle;
    u8 *cpu;

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        u32 align = PAGE_SIZE;
        bool right;

        while (align < sizes[i] && align < SZ_1M)
            align *= 2;
        cpu = dma_alloc_coherent(dev, sizes[i], &handle, GFP_KERNEL);
        right = cpu && all(cpu, sizes[i], 0) && IS_ALIGNED(virt_to_phys(cpu), align);
        /* Both ways, without any dma_sync_*. */
        right = right && device_write(dev, handle, sizes[i], i + 1) == 0 && written(cpu, sizes[i], i + 1);
        memset(cpu, 0, sizes[i]);
        right = right && device_check(dev, handle, sizes[i], i + 1) == -EILSEQ;
        ok(right, "dma_alloc_coherent: %u bytes, cleared, aligned, seen alike by both", sizes[i]);
        dma_free_coherent(dev, sizes[i], cpu, handle);
    }
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_free_coherent: everything is back");
    ok(!dma_alloc_coherent(dev, 0, &handle, GFP_KERNEL), "dma_alloc_coherent -EINVAL: 0 bytes");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -EINVAL, "dma_alloc_coherent -EINVAL: 0 bytes");
    /* Where nothing of main memory is taken, only the books can lack memory. */
    for (int n = 0; n < (dev == limited ? 1 : 2); n++) {
        alloc_fail_after(n);
        ok(!dma_alloc_coherent(dev, 4096, &handle, GFP_KERNEL),
           "dma_alloc_coherent -ENOMEM: memory ends after %d allocations", n);
        is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ENOMEM,
           "dma_alloc_coherent -ENOMEM: memory ends after %d allocations", n);
        alloc_fail_after(-1);
    }
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_alloc_coherent -ENOMEM: nothing is lost");
    MISUSE(DMA_MISUSE_NOT_MAPPED, dma_free_coherent(dev, 4096, buffer_a, 0xdead0000),
           "dma_free_coherent: misuse, not allocated");
    cpu = dma_alloc_coherent(dev, 4096, &handle, GFP_KERNEL);
    MISUSE(DMA_MISUSE_NOT_MAPPED, dma_free_coherent(dev, 4096, cpu + 4096, handle),
           "dma_free_coherent: misuse, another address of the processor");
    MISUSE(DMA_MISUSE_KIND, dma_unmap_single(dev, handle, 4096, DMA_BIDIRECTIONAL),
           "dma_free_coherent: misuse, by dma_unmap_single");
    MISUSE(DMA_MISUSE_KIND, dma_sync_single_for_cpu(dev, handle, 4096, DMA_FROM_DEVICE),
           "dma_sync_single_for_cpu: misuse, coherent memory needs none");
    MISUSE(DMA_MISUSE_SIZE, dma_free_coherent(dev, 8192, cpu, handle),
           "dma_free_coherent: misuse, another size");
    MISUSE(DMA_MISUSE_DOUBLE_UNMAP, dma_free_coherent(dev, 4096, cpu, handle),
           "dma_free_coherent: misuse, a second time");
}
