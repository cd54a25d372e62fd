/* Mapping: sizes, alignments, overlaps, permissions, exhaustion. */
#include "tests.h"

#define AT 0x10000000u
#define TO 0x41000000u /* aligned to 16 MiB; looked at in tables only */

/* One mapping of each size, and the same addresses asked of the SMMU. */
static void each_size(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct rig rig;
    phys_addr_t paddr;

    rig_up(&rig, "jpegd_src_dma", domain, 0);
    for (unsigned i = 0; i < SIZES; i++) {
        u32 size = sizes[i];

        is(iommu_map(domain, AT, TO, size, RW), 0, "iommu_map: %s", size_names[i]);
        ok(page_at(domain, AT) == size && page_at(domain, AT + size - 1) == size, "iommu_map: by one page of %s",
           size_names[i]);
        ok(mapped_to(domain, AT, TO, size), "iommu_iova_to_phys: all of %s", size_names[i]);
        ok(iommu_iova_to_phys_hard(domain, AT) == TO && iommu_iova_to_phys_hard(domain, AT + size - 1) == TO + size - 1,
           "iommu_iova_to_phys_hard: both ends of %s", size_names[i]);
        ok(iommu_check_access(rig.dev, AT + size - 4, IOMMU_WRITE, &paddr) == 0 && paddr == TO + size - 4,
           "iommu_check_access: the last word of %s", size_names[i]);
        is(iommu_iova_to_phys(domain, AT + size), 0, "iommu_iova_to_phys: nothing behind %s", size_names[i]);
        is(iommu_iova_to_phys_hard(domain, AT + size), 0, "iommu_iova_to_phys_hard: nothing behind %s",
           size_names[i]);
        iommu_unmap(domain, AT, size);
    }
    rig_down(&rig);
    is(iommu_iova_to_phys_hard(domain, AT), 0, "iommu_iova_to_phys_hard: no device is attached");
    is(iommu_check_access(rig.dev, AT, IOMMU_READ, &paddr), -ENODEV, "iommu_check_access -ENODEV: not attached");
    iommu_domain_free(domain);
}

/* The largest page that fits at each place. */
static void largest_that_fits(void)
{
    static const struct {
        u32 iova, paddr, size;
        struct {
            u32 at, page;
        } expected[4];
        const char *what;
    } cases[] = {
        { AT, TO + SZ_4K, SZ_64K, { { 0, SZ_4K }, { SZ_64K - SZ_4K, SZ_4K } }, "memory is not aligned" },
        { AT + SZ_4K, TO, SZ_64K, { { 0, SZ_4K }, { SZ_64K - SZ_4K, SZ_4K } }, "the address is not aligned" },
        { AT + SZ_4K, TO + SZ_4K, SZ_64K + 15 * SZ_4K, { { 0, SZ_4K }, { 15 * SZ_4K, SZ_64K } }, "small, then large" },
        { AT, TO, SZ_64K + SZ_4K, { { 0, SZ_64K }, { SZ_64K, SZ_4K } }, "large, then small" },
        { AT + SZ_64K, TO + SZ_64K, SZ_1M + 15 * SZ_64K, { { 0, SZ_64K }, { 15 * SZ_64K, SZ_1M } },
          "large, then a section" },
        { AT + SZ_1M, TO + SZ_1M, SZ_16M + 15 * SZ_1M, { { 0, SZ_1M }, { 15 * SZ_1M, SZ_16M } },
          "sections, then a supersection" },
        { AT - SZ_4K, TO - SZ_4K, SZ_4K + SZ_16M + SZ_1M + SZ_64K,
          { { 0, SZ_4K }, { SZ_4K, SZ_16M }, { SZ_4K + SZ_16M, SZ_1M }, { SZ_4K + SZ_16M + SZ_1M, SZ_64K } },
          "all four" },
        { AT, TO + SZ_1M, SZ_16M, { { 0, SZ_1M }, { SZ_16M - SZ_1M, SZ_1M } }, "memory fits sections only" },
        { AT, TO + SZ_64K, SZ_1M, { { 0, SZ_64K }, { SZ_1M - SZ_64K, SZ_64K } }, "memory fits large pages only" },
    };
    struct iommu_domain *domain = iommu_domain_alloc();

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        bool good = iommu_map(domain, cases[i].iova, cases[i].paddr, cases[i].size, RW) == 0;

        for (unsigned j = 0; j < 4 && cases[i].expected[j].page; j++)
            good &= page_at(domain, cases[i].iova + cases[i].expected[j].at) == cases[i].expected[j].page;
        ok(good && mapped_to(domain, cases[i].iova, cases[i].paddr, cases[i].size), "iommu_map: %s", cases[i].what);
        is(iommu_unmap(domain, cases[i].iova, cases[i].size), cases[i].size, "iommu_unmap: %s", cases[i].what);
        if (!nothing_mapped(domain, AT - SZ_1M, 64 * SZ_1M))
            ok(false, "iommu_unmap: something is left of: %s", cases[i].what);
    }
    iommu_domain_free(domain);
}

static void errors(void)
{
    static const struct {
        u32 iova, paddr, size;
        int prot, error;
        const char *what;
    } cases[] = {
        { AT + 0x800, TO, SZ_4K, RW, -EINVAL, "-EINVAL: the address is no multiple of 4 KiB" },
        { AT, TO + 1, SZ_4K, RW, -EINVAL, "-EINVAL: the memory is none" },
        { AT, TO, SZ_4K + 4, RW, -EINVAL, "-EINVAL: the size is none" },
        { AT, TO, 0, RW, -EINVAL, "-EINVAL: no bytes" },
        { AT, TO, SZ_4K, 0, -EINVAL, "-EINVAL: neither read nor write" },
        { AT, TO, SZ_4K, IOMMU_CACHE | IOMMU_NOEXEC, -EINVAL, "-EINVAL: attributes alone" },
        { 0xfffff000, TO, 2 * SZ_4K, RW, -ERANGE, "-ERANGE: addresses end before" },
        { AT, 0xfffff000, 2 * SZ_4K, RW, -ERANGE, "-ERANGE: memory ends before" },
        { 0xfffff000, TO, SZ_4K, RW, 0, ": the last page of the address space" },
        { 0, TO, SZ_4K, RW, 0, ": the first page" },
        { AT, 0xfffff000, SZ_4K, RW, 0, ": the last page of memory addresses" },
        { 0xff000000, TO, SZ_16M, RW, 0, ": the last 16 MiB" },
    };
    struct iommu_domain *domain = iommu_domain_alloc();
    size_t pages = pages_in_use();

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        is(iommu_map(domain, cases[i].iova, cases[i].paddr, cases[i].size, cases[i].prot), cases[i].error,
           "iommu_map%s%s", cases[i].error ? " " : "", cases[i].what);
        if (cases[i].error) {
            if (iommu_iova_to_phys(domain, cases[i].iova) || pages_in_use() != pages)
                ok(false, "iommu_map: an error changed something");
        } else {
            is(iommu_unmap(domain, cases[i].iova, cases[i].size), cases[i].size, "iommu_unmap%s", cases[i].what);
        }
    }
    iommu_domain_free(domain);
}

/* What is there already, by what comes. */
static void overlaps(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();

    for (unsigned old = 0; old < SIZES; old++)
        for (unsigned new = 0; new < SIZES; new++) {
            u32 there = AT + SZ_16M, last = max(sizes[new], SZ_64K);
            bool kept;

            iommu_map(domain, there, TO, sizes[old], RW);
            /* Begins before and reaches into it; and lies within it. */
            is(iommu_map(domain, there - last, TO + SZ_16M, last + SZ_4K, RW), -EEXIST,
               "iommu_map -EEXIST: %s that reach into %s", size_names[new], size_names[old]);
            kept = nothing_mapped(domain, there - last, last) && mapped_to(domain, there, TO, sizes[old]);
            if (sizes[new] <= sizes[old])
                kept &= iommu_map(domain, there + sizes[old] - sizes[new], TO, sizes[new], RW) == -EEXIST;
            ok(kept, "iommu_map -EEXIST: nothing has changed");
            iommu_unmap(domain, there, sizes[old]);
        }
    iommu_domain_free(domain);
}

static void exhaustion(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    size_t pages = pages_in_use(), heap = heap_in_use();

    for (int i = 0; i < 3; i++) {
        u32 at = AT + (u32)i * SZ_16M;
        int error;

        /* Three tables are needed. */
        alloc_fail_after(i);
        error = iommu_map(domain, at + SZ_4K, TO, 3 * SZ_1M - SZ_64K, RW);
        alloc_fail_after(-1);
        is(error, -ENOMEM, "iommu_map -ENOMEM: table %d of 3", i + 1);
        ok(nothing_mapped(domain, at, 3 * SZ_1M), "iommu_map -ENOMEM: nothing is mapped");
    }
    alloc_fail_after(0);
    is(iommu_map(domain, AT - SZ_16M, TO, SZ_16M, RW), 0, "iommu_map: a supersection needs no table");
    alloc_fail_after(-1);
    iommu_domain_free(domain);
    domain = iommu_domain_alloc();
    ok(pages_in_use() == pages && heap_in_use() == heap, "iommu_domain_free: no leak after failures");
    iommu_domain_free(domain);
}

/* Tables that were emptied give way to larger pages. */
static void over_empty_tables(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    size_t heap = heap_in_use();

    for (u32 i = 0; i < 16; i++)
        iommu_map(domain, AT + i * SZ_1M, TO, SZ_4K, RW);
    for (u32 i = 0; i < 16; i++)
        iommu_unmap(domain, AT + i * SZ_1M, SZ_4K);
    is(iommu_map(domain, AT, TO, SZ_16M, RW), 0, "iommu_map: a supersection over empty tables");
    ok(page_at(domain, AT) == SZ_16M && heap_in_use() == heap, "iommu_map: the tables are freed");
    is(iommu_unmap(domain, AT, SZ_16M), SZ_16M, "iommu_unmap: the supersection");
    iommu_map(domain, AT, TO, SZ_4K, RW);
    iommu_unmap(domain, AT, SZ_4K);
    is(iommu_map(domain, AT, TO, SZ_1M, RW), 0, "iommu_map: a section over an empty table");
    iommu_domain_free(domain);
}

static void permissions(void)
{
    static const struct {
        int prot;
        bool read, write, priv_read, priv_write, fetch;
        const char *what;
    } cases[] = {
        { IOMMU_READ, true, false, true, false, true, "read only" },
        { IOMMU_WRITE, true, true, true, true, true, "write (and read)" },
        { RW, true, true, true, true, true, "read and write" },
        { IOMMU_READ | IOMMU_PRIV, false, false, true, false, false, "read only, privileged" },
        { RW | IOMMU_PRIV, false, false, true, true, false, "read and write, privileged" },
        { RW | IOMMU_NOEXEC, true, true, true, true, false, "no instructions" },
    };
    struct iommu_domain *domain = iommu_domain_alloc();
    u8 *memory = page_alloc(32, SZ_64K);
    struct rig rig;

    rig_up(&rig, "jpegd_src_dma", domain, 0);
    pattern_write(memory, SZ_64K, 5);
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
        for (unsigned s = 0; s < 3; s++) {
            /* 4 KiB, 64 KiB, and (to other memory, only asked) 1 MiB */
            phys_addr_t paddr, to = s == 2 ? TO : virt_to_phys(memory);
            bool good = iommu_map(domain, AT, to, sizes[s], cases[i].prot) == 0;

            good &= (iommu_check_access(rig.dev, AT, IOMMU_READ, &paddr) == 0) == cases[i].read;
            good &= (iommu_check_access(rig.dev, AT, IOMMU_WRITE, &paddr) == 0) == cases[i].write;
            good &= (iommu_check_access(rig.dev, AT, IOMMU_READ | IOMMU_PRIV, &paddr) == 0) == cases[i].priv_read;
            good &= (iommu_check_access(rig.dev, AT, IOMMU_WRITE | IOMMU_PRIV, &paddr) == 0) == cases[i].priv_write;
            ok(good, "iommu_check_access: %s, %s", cases[i].what, size_names[s]);
            if (s < 2) {
                struct teng_transfer fetch = { .operation = TENG_CHECKSUM, .source = AT, .length = 64, .instruction = true };

                good = (rig_read(&rig, AT, 64) == 0) == cases[i].read;
                good &= (rig_fill(&rig, AT, 64, 5) == 0) == cases[i].write;
                /* The frame is fetched as data. */
                good &= (teng_run(&rig.teng, &fetch, RIG_TIMEOUT_US) == 0) == cases[i].fetch;
                ok(good, "iommu_map: a device finds %s, %s", cases[i].what, size_names[s]);
            }
            iommu_unmap(domain, AT, sizes[s]);
        }
    {
        phys_addr_t paddr;

        is(iommu_check_access(rig.dev, AT, IOMMU_READ, &paddr), -EFAULT, "iommu_check_access -EFAULT: not mapped");
        iommu_map(domain, AT, TO, SZ_4K, IOMMU_READ);
        is(iommu_check_access(rig.dev, AT, IOMMU_WRITE, &paddr), -EFAULT, "iommu_check_access -EFAULT: read only");
        iommu_unmap(domain, AT, SZ_4K);
    }
    rig_down(&rig);
    page_free(memory, 32);
    iommu_domain_free(domain);
}

/* Memory types as the SMMU reports them: PAR.MT. */
static void types(void)
{
    static const struct {
        int prot;
        u32 mt;
        const char *what;
    } cases[] = {
        { RW, 0, "Normal non-cacheable" },
        { RW | IOMMU_CACHE, 5, "Normal write-back, write-allocate" },
        { RW | IOMMU_MMIO, 3, "Device" },
    };
    struct iommu_domain *domain = iommu_domain_alloc();
    struct device *dev = device_find("jpegd_src_dma");

    iommu_attach_device(domain, dev);
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
        for (unsigned s = 0; s < SIZES; s++) {
            iommu_map(domain, AT, TO, sizes[s], cases[i].prot);
            is(msm_bank_v2p(dev->fwspec->ids[0].smmu, 0, V2PUR, AT) >> 4 & 7, cases[i].mt,
               "iommu_map: %s, %s", cases[i].what, size_names[s]);
            iommu_unmap(domain, AT, sizes[s]);
        }
    iommu_domain_free(domain);
}

static void lists(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct scatterlist sg[3];
    static const u32 lengths[] = { SZ_64K, SZ_4K, 3 * SZ_4K };

    sg_init_table(sg, 3);
    for (unsigned i = 0; i < 3; i++)
        sg_set_buf(&sg[i], phys_to_virt(TO + i * SZ_1M), lengths[i]);
    is(iommu_map_sg(domain, AT, sg, 3, RW), SZ_64K + 4 * SZ_4K, "iommu_map_sg: three pieces");
    ok(mapped_to(domain, AT, TO, SZ_64K) && mapped_to(domain, AT + SZ_64K, TO + SZ_1M, SZ_4K) &&
           mapped_to(domain, AT + SZ_64K + SZ_4K, TO + 2 * SZ_1M, 3 * SZ_4K),
       "iommu_map_sg: one behind the other");
    is(iommu_map_sg(domain, AT + SZ_64K + SZ_4K - SZ_64K - SZ_1M, sg, 3, RW), SZ_64K + 4 * SZ_4K,
       "iommu_map_sg: elsewhere in the domain");
    iommu_unmap(domain, AT, SZ_64K + 4 * SZ_4K);

    iommu_map(domain, AT + SZ_64K + 2 * SZ_4K, TO, SZ_4K, RW);
    is(iommu_map_sg(domain, AT, sg, 3, RW), -EEXIST, "iommu_map_sg -EEXIST: the third piece");
    ok(nothing_mapped(domain, AT, SZ_64K + 2 * SZ_4K) && iommu_iova_to_phys(domain, AT + SZ_64K + 2 * SZ_4K) == TO,
       "iommu_map_sg -EEXIST: nothing has changed");
    is(iommu_map_sg(domain, AT, sg, 0, RW), -EINVAL, "iommu_map_sg -EINVAL: no pieces");
    is(iommu_map_sg(domain, 0xfffff000, sg, 3, RW), -ERANGE, "iommu_map_sg -ERANGE: addresses end before");
    sg[1].length = 0x804;
    is(iommu_map_sg(domain, 2 * AT, sg, 3, RW), -EINVAL, "iommu_map_sg -EINVAL: a piece of half a page");
    ok(nothing_mapped(domain, 2 * AT, SZ_1M), "iommu_map_sg -EINVAL: nothing is mapped");
    sg[1].length = SZ_4K;
    alloc_fail_after(0);
    is(iommu_map_sg(domain, 3 * AT, sg, 3, RW), -ENOMEM, "iommu_map_sg -ENOMEM: no table");
    alloc_fail_after(-1);
    iommu_domain_free(domain);
}

void test_map(void)
{
    diag("mapping");
    each_size();
    largest_that_fits();
    errors();
    overlaps();
    exhaustion();
    over_empty_tables();
    permissions();
    types();
    lists();
}
