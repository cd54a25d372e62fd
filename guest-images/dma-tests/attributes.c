/* struct dma_attrs: order, and FIXED_MAPPING with a destination. */
#include "iommu.h"
#include "slab.h"
#include "tests.h"

#define DESTINATION 0x5a000000u

static struct dma_attrs fixed(dma_addr_t destination)
{
    DEFINE_DMA_ATTRS(attrs);

    dma_set_attr(DMA_ATTR_FIXED_MAPPING, &attrs);
    attrs.destination = destination;
    return attrs;
}

static dma_addr_t map_fixed(struct device *dev, void *cpu, size_t size, dma_addr_t destination)
{
    struct dma_attrs attrs = fixed(destination);

    return dma_map_single_attrs(dev, cpu, size, DMA_BIDIRECTIONAL, &attrs);
}

static void test_order(void)
{
    struct device *const devices[] = { behind_smmu, direct, limited };
    DEFINE_DMA_ATTRS(barrier);
    DEFINE_DMA_ATTRS(weak);
    DEFINE_DMA_ATTRS(both);
    DEFINE_DMA_ATTRS(unknown);

    dma_set_attr(DMA_ATTR_WRITE_BARRIER, &barrier);
    dma_set_attr(DMA_ATTR_WEAK_ORDERING, &weak);
    dma_set_attr(DMA_ATTR_WRITE_BARRIER, &both);
    dma_set_attr(DMA_ATTR_WEAK_ORDERING, &both);
    unknown.flags = BIT(DMA_ATTR_MAX);
    ok(both.flags == (BIT(DMA_ATTR_WRITE_BARRIER) | BIT(DMA_ATTR_WEAK_ORDERING)), "dma_set_attr: one beside the other");
    ok(dma_get_attr(DMA_ATTR_WRITE_BARRIER, &both) && !dma_get_attr(DMA_ATTR_FIXED_MAPPING, &both) &&
           !dma_get_attr(DMA_ATTR_WRITE_BARRIER, NULL),
       "dma_get_attr: what dma_set_attr set");
    for (unsigned i = 0; i < ARRAY_SIZE(devices); i++) {
        struct device *dev = devices[i];
        dma_addr_t at = dma_map_single_attrs(dev, buffer_a, 4096, DMA_FROM_DEVICE, &barrier);

        is(device_write(dev, at, 4096, 7), 0, "dma_map_single_attrs: DMA_ATTR_WRITE_BARRIER, %s", dma_backend(dev));
        dma_unmap_single_attrs(dev, at, 4096, DMA_FROM_DEVICE, &barrier);
        ok(written(buffer_a, 4096, 7), "dma_unmap_single_attrs: what the device wrote, %s", dma_backend(dev));
        at = dma_map_single_attrs(dev, buffer_a, 4096, DMA_FROM_DEVICE, &weak);
        is(device_write(dev, at, 4096, 8), 0, "dma_map_single_attrs: DMA_ATTR_WEAK_ORDERING, %s", dma_backend(dev));
        dma_unmap_single_attrs(dev, at, 4096, DMA_FROM_DEVICE, &weak);
        FAILS(dev, -EINVAL, dma_map_single_attrs(dev, buffer_a, 64, DMA_TO_DEVICE, &both),
              "dma_map_single_attrs -EINVAL: both orders, %s", dma_backend(dev));
        FAILS(dev, -EINVAL, dma_map_single_attrs(dev, buffer_a, 64, DMA_TO_DEVICE, &unknown),
              "dma_map_single_attrs -EINVAL: an unknown attribute, %s", dma_backend(dev));
    }
}

static void test_fixed(void)
{
    struct device *dev = behind_smmu;
    struct iommu_domain *domain = dma_iommu_domain(dma_get_domain(dev));
    dma_addr_t at, other;

    at = map_fixed(dev, buffer_a + 16, 3 * PAGE_SIZE, DESTINATION + 16);
    is(at, DESTINATION + 16, "dma_map_single_attrs: DMA_ATTR_FIXED_MAPPING is where it was asked for");
    is(iommu_iova_to_phys(domain, DESTINATION + 3 * PAGE_SIZE), virt_to_phys(buffer_a) + 3 * PAGE_SIZE,
       "dma_map_single_attrs: the tables say so too");
    is(device_write(dev, at, 3 * PAGE_SIZE, 11), 0, "dma_map_single_attrs: the device uses the fixed mapping");
    FAILS(dev, -EBUSY, map_fixed(dev, buffer_b, PAGE_SIZE, DESTINATION + 3 * PAGE_SIZE),
          "dma_map_single_attrs -EBUSY: the last page is taken");
    FAILS(dev, -EBUSY, map_fixed(dev, buffer_b, 2 * PAGE_SIZE, DESTINATION - PAGE_SIZE),
          "dma_map_single_attrs -EBUSY: the first page is taken");
    other = map_fixed(dev, buffer_b, PAGE_SIZE, DESTINATION + 4 * PAGE_SIZE);
    is(other, DESTINATION + 4 * PAGE_SIZE, "dma_map_single_attrs: the page behind it is free");
    dma_unmap_single(dev, other, PAGE_SIZE, DMA_BIDIRECTIONAL);
    dma_unmap_single(dev, at, 3 * PAGE_SIZE, DMA_BIDIRECTIONAL);
    ok(written(buffer_a + 16, 3 * PAGE_SIZE, 11), "dma_unmap_single: of a fixed mapping");
    is(device_write(dev, at, 64, 1), -EFAULT, "dma_unmap_single: the fixed place is gone for the device");
    at = map_fixed(dev, buffer_a, SZ_1M, DESTINATION);
    is(at, DESTINATION, "dma_map_single_attrs: the place can be taken again, with a section");
    dma_unmap_single(dev, at, SZ_1M, DMA_BIDIRECTIONAL);

    FAILS(dev, -EINVAL, map_fixed(dev, buffer_a + 16, 64, DESTINATION + 32),
          "dma_map_single_attrs -EINVAL: another place in the page");
    FAILS(dev, -ERANGE, map_fixed(dev, buffer_a, 64, 0), "dma_map_single_attrs -ERANGE: below the domain");
    FAILS(dev, -ERANGE, map_fixed(dev, buffer_a, 2 * PAGE_SIZE, 0xfffff000),
          "dma_map_single_attrs -ERANGE: beyond the last address");
    dma_set_mask(dev, DMA_BIT_MASK(28));
    FAILS(dev, -ERANGE, map_fixed(dev, buffer_a, PAGE_SIZE, 0x10000000),
          "dma_map_single_attrs -ERANGE: beyond the mask");
    is(map_fixed(dev, buffer_a, PAGE_SIZE, 0x0ffff000), 0x0ffff000, "dma_map_single_attrs: the last page of the mask");
    dma_unmap_single(dev, 0x0ffff000, PAGE_SIZE, DMA_BIDIRECTIONAL);
    dma_set_mask(dev, DMA_BIT_MASK(32));

    /* Mapped past the DMA API: it is noticed, not overwritten. */
    iommu_map(domain, DESTINATION, virt_to_phys(buffer_b), PAGE_SIZE, IOMMU_READ);
    FAILS(dev, -EBUSY, map_fixed(dev, buffer_a, 2 * PAGE_SIZE, DESTINATION),
          "dma_map_single_attrs -EBUSY: taken by iommu_map");
    is(iommu_iova_to_phys(domain, DESTINATION + PAGE_SIZE), 0, "dma_map_single_attrs -EBUSY: nothing half mapped");
    iommu_unmap(domain, DESTINATION, PAGE_SIZE);
}

static void test_fixed_lists(void)
{
    struct device *dev = behind_smmu;
    struct dma_attrs attrs = fixed(DESTINATION + 100);
    struct scatterlist sg[3];

    sg_init_table(sg, 3);
    sg_set_buf(&sg[0], buffer_a + 100, PAGE_SIZE - 100);
    sg_set_buf(&sg[1], buffer_a + SZ_64K, 2 * PAGE_SIZE);
    sg_set_buf(&sg[2], buffer_a + 2 * SZ_64K, 50);
    is(dma_map_sg_attrs(dev, sg, 3, DMA_FROM_DEVICE, &attrs), 1, "dma_map_sg_attrs: three pieces in a row, fixed");
    is(sg_dma_address(&sg[0]), DESTINATION + 100, "dma_map_sg_attrs: at the destination");
    is(sg_dma_len(&sg[0]), 3 * PAGE_SIZE - 50, "dma_map_sg_attrs: as one range");
    device_write(dev, DESTINATION + 100, 3 * PAGE_SIZE - 50, 77);
    dma_unmap_sg_attrs(dev, sg, 3, DMA_FROM_DEVICE, &attrs);
    ok(written(buffer_a + 100, PAGE_SIZE - 100, 77), "dma_unmap_sg_attrs: what the device wrote");
    sg_set_buf(&sg[1], buffer_a + SZ_64K + 4, 2 * PAGE_SIZE - 4);
    is(dma_map_sg_attrs(dev, sg, 3, DMA_FROM_DEVICE, &attrs), 0, "dma_map_sg_attrs -EINVAL: a piece begins within a page");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -EINVAL, "dma_map_sg_attrs -EINVAL: a piece begins within a page");
    sg_set_buf(&sg[1], buffer_a + SZ_64K, PAGE_SIZE + 4);
    is(dma_map_sg_attrs(dev, sg, 3, DMA_FROM_DEVICE, &attrs), 0, "dma_map_sg_attrs -EINVAL: a piece ends within a page");
    sg_set_buf(&sg[1], buffer_a + SZ_64K, PAGE_SIZE);
    attrs.destination = 0xfffff064;
    is(dma_map_sg_attrs(dev, sg, 3, DMA_FROM_DEVICE, &attrs), 0, "dma_map_sg_attrs -ERANGE: beyond the last address");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ERANGE, "dma_map_sg_attrs -ERANGE: beyond the last address");
    attrs.destination = DESTINATION + 100;
    map_fixed(dev, buffer_b, PAGE_SIZE, DESTINATION + 2 * PAGE_SIZE);
    is(dma_map_sg_attrs(dev, sg, 3, DMA_FROM_DEVICE, &attrs), 0, "dma_map_sg_attrs -EBUSY: the last page is taken");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -EBUSY, "dma_map_sg_attrs -EBUSY: the last page is taken");
    dma_unmap_single(dev, DESTINATION + 2 * PAGE_SIZE, PAGE_SIZE, DMA_BIDIRECTIONAL);
}

static void test_fixed_coherent(void)
{
    struct device *dev = behind_smmu;
    struct dma_attrs attrs = fixed(DESTINATION);
    size_t pages = pages_in_use();
    dma_addr_t handle = 0, second;
    void *cpu = dma_alloc_attrs(dev, 8192, &handle, GFP_KERNEL, &attrs);

    ok(cpu && handle == DESTINATION, "dma_alloc_attrs: coherent memory at a fixed device address");
    ok(device_write(dev, handle, 8192, 4) == 0 && written(cpu, 8192, 4), "dma_alloc_attrs: it works");
    ok(!dma_alloc_attrs(dev, 64, &second, GFP_KERNEL, &attrs), "dma_alloc_attrs -EBUSY: the place is taken");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -EBUSY, "dma_alloc_attrs -EBUSY: the place is taken");
    dma_free_attrs(dev, 8192, cpu, handle, &attrs);
    is(pages_in_use(), pages, "dma_free_attrs: everything is back");
    attrs.destination = 4096;
    ok(!dma_alloc_attrs(dev, 64, &second, GFP_KERNEL, &attrs), "dma_alloc_attrs -ERANGE: below the domain");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -ERANGE, "dma_alloc_attrs -ERANGE: below the domain");
    attrs.destination = DESTINATION + 4;
    ok(!dma_alloc_attrs(dev, 64, &second, GFP_KERNEL, &attrs), "dma_alloc_attrs -EINVAL: not at a page");
    is(dma_mapping_error(dev, DMA_MAPPING_ERROR), -EINVAL, "dma_alloc_attrs -EINVAL: not at a page");
}

/* Back ends without translation: the one destination that they can honour is the memory's own address. */
static void test_fixed_without_smmu(void)
{
    struct dma_attrs attrs = fixed(DESTINATION);
    struct scatterlist sg = { .address = buffer_a, .length = 64 };
    dma_addr_t handle;

    FAILS(direct, -EOPNOTSUPP, map_fixed(direct, buffer_a, 4096, DESTINATION),
          "dma_map_single_attrs -EOPNOTSUPP: direct can not choose");
    is(map_fixed(direct, buffer_a, 4096, virt_to_phys(buffer_a)), virt_to_phys(buffer_a),
       "dma_map_single_attrs: direct honours the memory's own address");
    dma_unmap_single(direct, virt_to_phys(buffer_a), 4096, DMA_BIDIRECTIONAL);
    FAILS(limited, -EOPNOTSUPP, map_fixed(limited, buffer_a, 4096, DESTINATION),
          "dma_map_single_attrs -EOPNOTSUPP: bounce can not choose");
    FAILS(limited, -EOPNOTSUPP, map_fixed(limited, buffer_a, 4096, virt_to_phys(buffer_a)),
          "dma_map_single_attrs -EOPNOTSUPP: bounce can not even honour that, out of reach");
    is(dma_map_sg_attrs(direct, &sg, 1, DMA_TO_DEVICE, &attrs), 0, "dma_map_sg_attrs -EOPNOTSUPP: direct can not choose");
    is(dma_mapping_error(direct, DMA_MAPPING_ERROR), -EOPNOTSUPP, "dma_map_sg_attrs -EOPNOTSUPP: direct can not choose");
    ok(!dma_alloc_attrs(direct, 64, &handle, GFP_KERNEL, &attrs), "dma_alloc_attrs -EOPNOTSUPP: direct can not choose");
    is(dma_mapping_error(direct, DMA_MAPPING_ERROR), -EOPNOTSUPP, "dma_alloc_attrs -EOPNOTSUPP: direct can not choose");
}

void test_attributes(void)
{
    test_order();
    test_fixed();
    test_fixed_lists();
    test_fixed_coherent();
    test_fixed_without_smmu();
}
