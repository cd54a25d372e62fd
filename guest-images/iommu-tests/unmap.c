/* Unmapping: whole, in part, across, too much. */
#include "tests.h"

#define AT 0x10000000u
#define TO 0x41000000u

static void whole(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();

    for (unsigned i = 0; i < SIZES; i++) {
        iommu_map(domain, AT, TO, sizes[i], RW);
        is(iommu_unmap(domain, AT, sizes[i]), sizes[i], "iommu_unmap: %s", size_names[i]);
        ok(nothing_mapped(domain, AT, sizes[i]), "iommu_unmap: nothing of %s is left", size_names[i]);
        is(iommu_unmap(domain, AT, sizes[i]), 0, "iommu_unmap: %s again, nothing there", size_names[i]);
    }
    iommu_domain_free(domain);
}

/* A part of each size out of each larger one, at its beginning, in its middle, at its end. */
static void parts(void)
{
    static const char *const places[] = { "first", "middle", "last" };
    struct iommu_domain *domain = iommu_domain_alloc();
    struct device *dev = device_find("jpegd_src_dma");
    size_t heap = heap_in_use();

    iommu_attach_device(domain, dev);
    for (unsigned big = 1; big < SIZES; big++)
        for (unsigned part = 0; part < big; part++)
            for (unsigned place = 0; place < 3; place++) {
                u32 n = sizes[big] / sizes[part], at = (place == 0 ? 0 : place == 1 ? n / 2 : n - 1) * sizes[part];
                bool good = iommu_map(domain, AT, TO, sizes[big], RW | IOMMU_NOEXEC) == 0;
                u32 paddr, page, before, after = 0;

                pgtable_lookup(&to_msm_domain(domain)->table, AT, &paddr, &page, &before);
                good &= iommu_unmap(domain, AT + at, sizes[part]) == sizes[part];
                good &= nothing_mapped(domain, AT + at, sizes[part]);
                good &= mapped_to(domain, AT, TO, at);
                good &= mapped_to(domain, AT + at + sizes[part], TO + at + sizes[part], sizes[big] - at - sizes[part]);
                /* Attributes stay, and the SMMU sees the same. */
                pgtable_lookup(&to_msm_domain(domain)->table, AT + (place ? 0 : sizes[big] - 1), &paddr, &page, &after);
                good &= after == before;
                good &= iommu_iova_to_phys_hard(domain, AT + at) == 0;
                if (place)
                    good &= iommu_iova_to_phys_hard(domain, AT + at - 1) == TO + at - 1;
                if (place < 2)
                    good &= iommu_iova_to_phys_hard(domain, AT + at + sizes[part]) == TO + at + sizes[part];
                ok(good, "iommu_unmap: the %s %s of %s", places[place], size_names[part], size_names[big]);
                iommu_unmap(domain, AT, at);
                iommu_unmap(domain, AT + at + sizes[part], sizes[big] - at - sizes[part]);
                if (!nothing_mapped(domain, AT, sizes[big]))
                    ok(false, "iommu_unmap: something is left");
            }
    iommu_map(domain, AT, TO, SZ_1M, RW);
    iommu_unmap(domain, AT, SZ_4K);
    is(iommu_map(domain, AT + SZ_4K, TO, SZ_4K, RW), -EEXIST, "iommu_map -EEXIST: what is left of a section");
    iommu_unmap(domain, AT + SZ_4K, SZ_1M - SZ_4K);
    iommu_map(domain, AT, TO, SZ_16M, RW);
    is(iommu_unmap(domain, AT + SZ_64K, SZ_16M - SZ_1M), SZ_16M - SZ_1M, "iommu_unmap: all but both ends of 16 MiB");
    ok(mapped_to(domain, AT, TO, SZ_64K) && nothing_mapped(domain, AT + SZ_64K, SZ_16M - SZ_1M) &&
           mapped_to(domain, AT + SZ_16M - SZ_1M + SZ_64K, TO + SZ_16M - SZ_1M + SZ_64K, SZ_1M - SZ_64K),
       "iommu_unmap: both ends are still there");
    iommu_domain_free(domain);
    domain = iommu_domain_alloc();
    is(heap_in_use(), heap, "iommu_domain_free: tables of split pages leave no leak");
    iommu_domain_free(domain);
}

static void across_and_too_much(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();

    /* 4 KiB, 64 KiB, 1 MiB, 16 MiB, one behind the other, mapped one by one. */
    u32 start = AT - SZ_1M - SZ_64K - SZ_4K;

    iommu_map(domain, start, TO, SZ_4K, RW);
    iommu_map(domain, start + SZ_4K, TO, SZ_64K, RW);
    iommu_map(domain, AT - SZ_1M, TO, SZ_1M, RW);
    iommu_map(domain, AT, TO, SZ_16M, RW);
    is(iommu_unmap(domain, start, AT + SZ_16M - start), AT + SZ_16M - start, "iommu_unmap: four mappings at once");
    ok(nothing_mapped(domain, start, AT + SZ_16M - start), "iommu_unmap: all four are gone");

    iommu_map(domain, AT, TO, SZ_4K, RW);
    iommu_map(domain, AT + 2 * SZ_4K, TO, SZ_4K, RW);
    is(iommu_unmap(domain, AT, 3 * SZ_4K), SZ_4K, "iommu_unmap: stops at a hole");
    is(iommu_iova_to_phys(domain, AT + 2 * SZ_4K), TO, "iommu_unmap: what is behind the hole stays");
    is(iommu_unmap(domain, AT, SZ_4K), 0, "iommu_unmap: nothing is there");
    is(iommu_unmap(domain, AT + 2 * SZ_4K + 4, SZ_4K), 0, "iommu_unmap: address not aligned, nothing");
    is(iommu_unmap(domain, AT + 2 * SZ_4K, 100), 0, "iommu_unmap: size not aligned, nothing");
    is(iommu_unmap(domain, AT + 2 * SZ_4K, 0), 0, "iommu_unmap: no bytes");
    is(iommu_unmap(domain, AT + 2 * SZ_4K, SZ_16M), SZ_4K, "iommu_unmap: more than is mapped");

    iommu_map(domain, 0xffff0000, TO, SZ_64K, RW);
    is(iommu_unmap(domain, 0xffff0000, SZ_1M), SZ_64K, "iommu_unmap: beyond the end of the address space");
    iommu_map(domain, AT, TO, SZ_1M, RW);
    alloc_fail_after(0);
    is(iommu_unmap(domain, AT, SZ_4K), 0, "iommu_unmap: no memory to split a section");
    alloc_fail_after(-1);
    ok(mapped_to(domain, AT, TO, SZ_1M), "iommu_unmap: then the section stays whole");
    iommu_domain_free(domain);
}

/* The table of a MiB is freed when all of it is unmapped at once, and memory comes back. */
static void tables(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    size_t heap = heap_in_use();

    iommu_map(domain, AT, TO + SZ_4K, SZ_1M, RW);
    ok(page_at(domain, AT) == SZ_4K && heap_in_use() == heap + SZ_1K, "iommu_map: 1 MiB of small pages needs a table");
    is(iommu_unmap(domain, AT, SZ_1M), SZ_1M, "iommu_unmap: 1 MiB of small pages");
    is(heap_in_use(), heap, "iommu_unmap: and their table");
    iommu_domain_free(domain);
}

/* Random mappings and unmappings against a plain list of pages, by the tables and by the SMMU. */
static void against_a_list(void)
{
    enum { PAGES = 1024 }; /* 4 MiB of addresses */
    static u32 expected[PAGES];
    struct iommu_domain *domain = iommu_domain_alloc();
    u32 wrong = 0, mapped = 0, refused = 0;

    iommu_attach_device(domain, device_find("jpegd_src_dma"));
    for (u32 i = 0; i < 2000; i++) {
        u32 first = teng_mix(1, i) % PAGES, n = 1u << teng_mix(2, i) % 10, to = TO + (teng_mix(3, i) % PAGES) * SZ_4K;

        first &= ~(teng_mix(4, i) & 1 ? n - 1 : 0);
        to &= ~(teng_mix(5, i) & 1 ? n * SZ_4K - 1 : 0);
        n = min(n, PAGES - first);
        if (teng_mix(6, i) & 1) {
            bool empty = true;
            int error;

            for (u32 j = 0; j < n; j++)
                empty &= !expected[first + j];
            error = iommu_map(domain, AT + first * SZ_4K, to, n * SZ_4K, RW);
            wrong += error != (empty ? 0 : -EEXIST);
            mapped += empty;
            refused += !empty;
            for (u32 j = 0; j < n && empty; j++)
                expected[first + j] = to + j * SZ_4K;
        } else {
            u32 there = 0;

            while (there < n && expected[first + there])
                expected[first + there++] = 0;
            wrong += iommu_unmap(domain, AT + first * SZ_4K, n * SZ_4K) != there * SZ_4K;
        }
        if (i % 50 == 0)
            for (u32 j = 0; j < PAGES; j++)
                wrong += iommu_iova_to_phys(domain, AT + j * SZ_4K) != expected[j];
        if (i % 250 == 0)
            for (u32 j = 0; j < PAGES; j++)
                wrong += iommu_iova_to_phys_hard(domain, AT + j * SZ_4K) != expected[j];
    }
    is(wrong, 0, "iommu_map: 2000 random mappings and unmappings, as a plain list has them");
    diag("%u mapped, %u refused", mapped, refused);
    iommu_domain_free(domain);
}

void test_unmap(void)
{
    diag("unmapping");
    whole();
    parts();
    across_and_too_much();
    tables();
    against_a_list();
}
