/* The drivers, on every back end they can have. */
#include "driver.h"
#include "kit.h"
#include "pl330.h"
#include "slab.h"
#include "tests.h"

static void test_engine(struct device *dev)
{
    const char *backend = dma_backend(dev);
    u32 sum = 0, expected = 0;

    is(teng_fill(dev, buffer_a, 10000, TENG_INCREMENT, 100), 0, "teng_fill: %s", backend);
    is(teng_verify(dev, buffer_a, 10000, TENG_INCREMENT, 100), 0, "teng_verify: %s", backend);
    buffer_a[5000] ^= 1;
    is(teng_verify(dev, buffer_a, 10000, TENG_INCREMENT, 100), -EILSEQ, "teng_verify -EILSEQ: a byte differs, %s", backend);
    for (unsigned i = 0; i < 2500; i++)
        expected += ((u32 *)buffer_a)[i];
    is(teng_checksum(dev, buffer_a, 10000, &sum), 0, "teng_checksum: %s", backend);
    is(sum, expected, "teng_checksum: as the processor counts it, %s", backend);
    memcpy(buffer_b, buffer_a, 10000);
    is(teng_compare(dev, buffer_a, buffer_b, 10000), 0, "teng_compare: equal, %s", backend);
    buffer_b[9999]++;
    is(teng_compare(dev, buffer_a, buffer_b, 10000), -EILSEQ, "teng_compare -EILSEQ: the last byte, %s", backend);
    is(teng_copy(dev, buffer_b, buffer_a, 0), -EINVAL, "teng_copy -EINVAL: 0 bytes, %s", backend);
    is(teng_of(dev)->result.error, -EILSEQ, "teng_copy -EINVAL: nothing was started, %s", backend);
}

static void test_pl330(struct device *dev)
{
    static const u32 sizes[] = { 1, 7, 64, 1000, 4096, 65535, 100001 };
    const char *backend = dma_backend(dev);

    for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
        u8 *from = buffer_a + (i & 1), *to = buffer_b + 64 + (i & 3);

        fill(from, sizes[i]);
        memset(buffer_b, 0, sizes[i] + 200);
        ok(pl330_copy(dev, to, from, sizes[i]) == 0 && filled(to, sizes[i]) && to[-1] == 0 && to[sizes[i]] == 0,
           "pl330_copy: %u bytes, %s", sizes[i], backend);
    }
    is(pl330_copy(dev, buffer_b, buffer_a, 0), -EINVAL, "pl330_copy -EINVAL: 0 bytes, %s", backend);
    is(pl330_copy_raw(dev, 0x100, 0x200, PL330_MAX + 1), -EINVAL, "pl330_copy_raw -EINVAL: too many bytes, %s", backend);
    is(pl330_copy_raw(dev, 0x100, 0x200, 64), -EFAULT, "pl330_copy_raw -EFAULT: nothing there, %s", backend);
    is(pl330_fault(dev) & BIT(18), BIT(18), "pl330_fault: a read, %s", backend);
    is(pl330_copy(dev, buffer_b, buffer_a, 64), 0, "pl330_copy: goes on after a fault, %s", backend);
}

void test_drivers(void)
{
    struct device *const engines[] = { behind_smmu, direct, limited };
    struct device *dev = NULL;

    for (unsigned i = 0; i < ARRAY_SIZE(engines); i++) {
        BUG_ON(driver_bind(&teng_driver, engines[i]));
        test_engine(engines[i]);
        is(driver_unbind(engines[i]), 0, "driver_unbind: %s left nothing", engines[i]->name);
    }
    while ((dev = device_next(dev, "arm,pl330")) != NULL) {
        BUG_ON(driver_bind(&pl330_driver, dev));
        test_pl330(dev);
        is(driver_unbind(dev), 0, "driver_unbind: %s left nothing", dev->name);
    }
}
