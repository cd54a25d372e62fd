/* The allocator of device addresses against a map of granules: what it gives is free and as wished, what it refuses is not there. */
#include "errno.h"
#include "host.h"
#include "iova.h"

#define START 0x00100000u
#define GRANULES 512u
#define LAST (START + GRANULES * SZ_4K - 1)
#define RANGES 64u
#define ROUNDS 300000u

static struct iova_domain domain;
static struct iova ranges[RANGES];
static bool taken[GRANULES];

static u32 granule(u64 address)
{
    return (u32)((address - START) / SZ_4K);
}

static bool is_free(u64 start, u64 size)
{
    for (u32 i = granule(start); i < granule(start + size); i++)
        if (taken[i])
            return false;
    return true;
}

static void mark(const struct iova *range, bool value)
{
    CHECK(range->start >= START && range->end <= (u64)LAST + 1 && range->start < range->end);
    for (u32 i = granule(range->start); i < granule(range->end); i++) {
        CHECK(taken[i] != value);
        taken[i] = value;
    }
}

static bool exists(u64 size, u32 align, u32 offset, u32 limit)
{
    for (u64 at = START; at + size <= (u64)LAST + 1 && at + size <= (u64)limit + 1; at += SZ_4K)
        if (at % align == offset && is_free(at, size))
            return true;
    return false;
}

static void errors(void)
{
    struct iova_domain d;
    struct iova r;

    CHECK(iova_init(&d, 0x1001, 0xffff) == -EINVAL);
    CHECK(iova_init(&d, 0x1000, 0xfffe) == -EINVAL);
    CHECK(iova_init(&d, 0x1000, 0x0fff) == -EINVAL);
    CHECK(iova_init(&d, 0, 0xffffffff) == 0 && iova_empty(&d));
    CHECK(iova_alloc(&d, &r, 0, SZ_4K, 0, ~0u) == -EINVAL);
    CHECK(iova_alloc(&d, &r, 5000, SZ_4K, 0, ~0u) == -EINVAL);
    CHECK(iova_alloc(&d, &r, SZ_4K, 2048, 0, ~0u) == -EINVAL);
    CHECK(iova_alloc(&d, &r, SZ_4K, 3 * SZ_4K, 0, ~0u) == -EINVAL);
    CHECK(iova_alloc(&d, &r, SZ_4K, SZ_64K, SZ_64K, ~0u) == -EINVAL);
    CHECK(iova_alloc(&d, &r, SZ_4K, SZ_64K, 100, ~0u) == -EINVAL);
    CHECK(iova_reserve(&d, &r, 0, 0) == -EINVAL && iova_reserve(&d, &r, 1, SZ_4K) == -EINVAL);
    CHECK(iova_reserve(&d, &r, 0xfffff000, 2 * SZ_4K) == -ERANGE);
    /* The whole space, to the last byte. */
    CHECK(iova_alloc(&d, &r, (u64)1 << 32, SZ_4K, 0, ~0u) == 0 && r.start == 0 && r.end == (u64)1 << 32);
    CHECK(iova_alloc(&d, &(struct iova){ 0 }, SZ_4K, SZ_4K, 0, ~0u) == -ENOSPC && !iova_empty(&d));
    iova_free(&d, &r);
    CHECK(iova_empty(&d));
}

/* With room elsewhere, what was given back is not used again: only when the search has come round. */
static void reuse(void)
{
    struct iova_domain d;
    struct iova r, first;

    CHECK(iova_init(&d, SZ_1M, 2 * SZ_1M - 1) == 0);
    CHECK(iova_alloc(&d, &first, SZ_4K, SZ_4K, 0, ~0u) == 0);
    for (u32 i = 1; i < 256; i++) {
        CHECK(iova_alloc(&d, &r, SZ_4K, SZ_4K, 0, ~0u) == 0 && r.start == SZ_1M + i * SZ_4K);
        iova_free(&d, &r);
    }
    CHECK(iova_alloc(&d, &r, SZ_4K, SZ_4K, 0, ~0u) == 0 && r.start == SZ_1M + SZ_4K);
}

int main(void)
{
    u32 given = 0, refused = 0;

    errors();
    reuse();
    CHECK(iova_init(&domain, START, LAST) == 0);
    for (host_round = 0; host_round < ROUNDS; host_round++) {
        struct iova *range = &ranges[host_random(RANGES)];

        if (range->end) {
            mark(range, false);
            iova_free(&domain, range);
            CHECK(range->end == 0);
        } else if (host_random(4)) {
            u64 size = (1 + host_random(host_random(3) ? 8 : 100)) * (u64)SZ_4K;
            u32 align = SZ_4K << host_random(6), offset = host_random(align / SZ_4K) * SZ_4K;
            u32 limit = host_random(2) ? ~0u : START + host_random(LAST - START);

            if (iova_alloc(&domain, range, size, align, offset, limit) == 0) {
                CHECK(range->end - range->start == size && range->start % align == offset);
                CHECK(range->end <= (u64)limit + 1);
                mark(range, true);
                given++;
            } else {
                CHECK(!exists(size, align, offset, limit) && range->end == 0);
                refused++;
            }
        } else {
            u32 start = START - 2 * SZ_4K + host_random(GRANULES + 4) * SZ_4K;
            u64 size = (1 + host_random(20)) * (u64)SZ_4K;
            int error = iova_reserve(&domain, range, start, size);
            bool inside = start >= START && start + size <= (u64)LAST + 1;

            CHECK(error == (!inside ? -ERANGE : !is_free(start, size) ? -EBUSY : 0));
            if (!error) {
                CHECK(range->start == start && range->end == start + size);
                mark(range, true);
            }
        }
    }
    for (u32 i = 0; i < RANGES; i++)
        if (ranges[i].end) {
            mark(&ranges[i], false);
            iova_free(&domain, &ranges[i]);
        }
    CHECK(iova_empty(&domain));
    CHECK(given > ROUNDS / 10 && refused > ROUNDS / 100);
    printf("iova: %u rounds, %u given, %u refused, as the map has it\n", ROUNDS, given, refused);
    return 0;
}
