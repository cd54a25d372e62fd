/* Configuration, back ends and masks. */
#include "driver.h"
#include "iommu.h"
#include "slab.h"
#include "tests.h"

static void test_configure(void)
{
    struct device *dst = device_find("jpegd_dst_dma");
    struct device *nowhere = device_find("direct24");
    struct device third = *behind_smmu;
    size_t pages = pages_in_use(), heap = heap_in_use();

    ok(!strcmp(dma_backend(direct), "none"), "dma_backend: none before dma_configure");
    is(dma_configure(nowhere), -EIO, "dma_configure -EIO: no memory below 16 MiB for %s", nowhere->name);
    for (int n = 0; n < 3; n++) {
        alloc_fail_after(n);
        is(dma_configure(behind_smmu), -ENOMEM, "dma_configure -ENOMEM: memory ends after %d allocations", n);
    }
    alloc_fail_after(-1);
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_configure -ENOMEM: nothing is lost");
    is(dma_configure(behind_smmu), 0, "dma_configure: %s", behind_smmu->name);
    is(dma_configure(behind_smmu), -EBUSY, "dma_configure -EBUSY: %s a second time", behind_smmu->name);
    is(dma_configure(dst), 0, "dma_configure: %s, the other bank", dst->name);
    third.domain = NULL;
    is(dma_configure(&third), -ENOSPC, "dma_configure -ENOSPC: a third device on an SMMU with two banks");
    is(dma_release(dst), 0, "dma_release: %s", dst->name);
    ok(!strcmp(dma_backend(behind_smmu), "iommu"), "dma_backend: iommu for %s", behind_smmu->name);
    is(dma_configure(direct), 0, "dma_configure: %s", direct->name);
    ok(!strcmp(dma_backend(direct), "direct"), "dma_backend: direct for %s", direct->name);
    is(dma_configure(limited), 0, "dma_configure: %s", limited->name);
    ok(!strcmp(dma_backend(limited), "bounce"), "dma_backend: bounce for %s", limited->name);
    is(dma_release(behind_smmu), 0, "dma_release: %s", behind_smmu->name);
    is(dma_release(behind_smmu), 0, "dma_release: a second time does nothing");
    is(dma_release(direct) + dma_release(limited), 0, "dma_release: direct and bounce");
    ok(pages_in_use() == pages && heap_in_use() == heap, "dma_release: everything is back");
}

static void test_unconfigured(void)
{
    struct device *dev = direct;
    struct scatterlist sg = { .address = buffer_a, .length = 64 };
    dma_addr_t handle;

    is(dma_set_mask(dev, DMA_BIT_MASK(32)), -ENODEV, "dma_set_mask -ENODEV: not configured");
    is(dma_set_coherent_mask(dev, DMA_BIT_MASK(32)), -ENODEV, "dma_set_coherent_mask -ENODEV: not configured");
    is(dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32)), -ENODEV,
       "dma_set_mask_and_coherent -ENODEV: not configured");
    is(dma_set_max_seg_size(dev, 4096), -ENODEV, "dma_set_max_seg_size -ENODEV: not configured");
    is(dma_get_mask(dev), 0, "dma_get_mask: 0 when not configured");
    is(dma_get_required_mask(dev), 0, "dma_get_required_mask: 0 when not configured");
    ok(dma_get_domain(dev) == NULL, "dma_get_domain: none when not configured");
    is(dma_set_domain(dev, NULL), -ENODEV, "dma_set_domain -ENODEV: not configured");
    FAILS(dev, -ENODEV, dma_map_single(dev, buffer_a, 64, DMA_TO_DEVICE),
          "dma_map_single -ENODEV: not configured");
    FAILS(dev, -ENODEV, dma_map_page(dev, virt_to_page(buffer_a), 0, 64, DMA_TO_DEVICE),
          "dma_map_page -ENODEV: not configured");
    is(dma_map_sg(dev, &sg, 1, DMA_TO_DEVICE), 0, "dma_map_sg -ENODEV: not configured");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ENODEV, "dma_mapping_error -ENODEV: not configured");
    ok(dma_alloc_coherent(dev, 64, &handle, GFP_KERNEL) == NULL, "dma_alloc_coherent -ENODEV: not configured");
    MISUSE(DMA_MISUSE_NOT_MAPPED, dma_unmap_single(dev, 0x1000, 64, DMA_TO_DEVICE),
           "dma_unmap_single: misuse on a device that is not configured");
}

static void test_masks(void)
{
    /* A device that reaches everything, but whose driver says less. */
    BUG_ON(dma_configure(direct));
    is(dma_get_mask(direct), 0xffffffff, "dma_get_mask: 32 bits unless set");
    is(dma_get_required_mask(direct), ram_end() - 1, "dma_get_required_mask: the last byte of memory");
    is(dma_set_mask(direct, DMA_BIT_MASK(30)), 0, "dma_set_mask: 30 bits");
    ok(!strcmp(dma_backend(direct), "bounce"), "dma_set_mask: a small mask makes direct bounce");
    is(dma_set_mask(direct, DMA_BIT_MASK(24)), -EIO, "dma_set_mask -EIO: nothing below 16 MiB");
    is(dma_get_mask(direct), DMA_BIT_MASK(30), "dma_set_mask -EIO: the mask stays");
    is(dma_set_mask(direct, DMA_BIT_MASK(64)), 0, "dma_set_mask: 64 bits");
    is(dma_get_mask(direct), 0xffffffff, "dma_get_mask: cut to what the device tree says");
    ok(!strcmp(dma_backend(direct), "direct"), "dma_set_mask: a large mask makes it direct again");
    is(dma_set_coherent_mask(direct, DMA_BIT_MASK(24)), -EIO, "dma_set_coherent_mask -EIO: nothing below 16 MiB");
    is(dma_set_mask_and_coherent(direct, DMA_BIT_MASK(24)), -EIO,
       "dma_set_mask_and_coherent -EIO: nothing below 16 MiB");
    is(dma_set_mask_and_coherent(direct, DMA_BIT_MASK(30)), 0, "dma_set_mask_and_coherent: 30 bits");
    dma_set_mask(direct, DMA_BIT_MASK(32));
    dma_addr_t handle = 0;
    void *cpu = dma_alloc_coherent(direct, 4096, &handle, GFP_KERNEL);
    ok(cpu && handle + 4095 <= DMA_BIT_MASK(30), "dma_set_coherent_mask: coherent memory below 1 GiB, whatever the other mask");
    dma_free_coherent(direct, 4096, cpu, handle);
    dma_release(direct);

    /* The mask of a device behind an SMMU limits device addresses. */
    BUG_ON(dma_configure(behind_smmu));
    is(dma_set_mask(behind_smmu, DMA_BIT_MASK(20)), -EIO, "dma_set_mask -EIO: no device address below 1 MiB");
    is(dma_set_mask(behind_smmu, DMA_BIT_MASK(21)), 0, "dma_set_mask: 21 bits behind an SMMU");
    dma_addr_t at = dma_map_single(behind_smmu, buffer_a, 4096, DMA_TO_DEVICE);
    ok(!dma_mapping_error(behind_smmu, at) && at + 4095 <= DMA_BIT_MASK(21),
       "dma_set_mask: device addresses below 2 MiB for memory above 1 GiB");
    dma_unmap_single(behind_smmu, at, 4096, DMA_TO_DEVICE);
    is(dma_get_required_mask(behind_smmu), 0xffffefff, "dma_get_required_mask: all device addresses");
    dma_release(behind_smmu);
}

static void test_driver_core(void)
{
    struct driver other = teng_driver;

    other.compatible = "arm,pl330";
    is(driver_bind(&other, direct), -ENODEV, "driver_bind -ENODEV: not compatible");
    is(driver_bind(&teng_driver, direct), 0, "driver_bind: %s", direct->name);
    is(driver_bind(&teng_driver, direct), -EBUSY, "driver_bind -EBUSY: it has a driver");
    is(driver_unbind(direct), 0, "driver_unbind: nothing left");
    is(driver_unbind(direct), 0, "driver_unbind: a second time does nothing");
}

void test_devices(void)
{
    test_configure();
    test_unconfigured();
    test_masks();
    test_driver_core();
}
