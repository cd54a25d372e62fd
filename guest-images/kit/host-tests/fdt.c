/* The device-tree reader: a tree written here is read back, and no damage makes it read outside of the blob. */
#include "errno.h"
#include "fdt.h"
#include "host.h"
#include "string.h"

#define ROUNDS 200000u

/* ---- A writer ---- */

static u8 blob[4096];
static u32 length, strings_length;
static char strings[512];

static void be32(u32 value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        blob[length++] = (u8)(value >> shift);
}

static void bytes(const void *data, u32 n)
{
    memcpy(blob + length, data, n);
    length += n;
    while (length % 4)
        blob[length++] = 0;
}

static void begin(const char *name)
{
    be32(1);
    bytes(name, (u32)strlen(name) + 1);
}

static void end(void)
{
    be32(2);
}

static void property(const char *name, const void *data, u32 n)
{
    u32 at = 0;

    while (at < strings_length && strcmp(strings + at, name))
        at += (u32)strlen(strings + at) + 1;
    if (at == strings_length) {
        memcpy(strings + at, name, strlen(name) + 1);
        strings_length += (u32)strlen(name) + 1;
    }
    be32(3);
    be32(n);
    be32(at);
    bytes(data, n);
}

static void text(const char *name, const char *value)
{
    property(name, value, (u32)strlen(value) + 1);
}

static void cells(const char *name, u32 count, const u32 *values)
{
    u8 data[64];

    for (u32 i = 0; i < 4 * count; i++)
        data[i] = (u8)(values[i / 4] >> (24 - 8 * (i % 4)));
    property(name, data, 4 * count);
}

#define CELLS(name, ...) cells(name, sizeof((u32[]){ __VA_ARGS__ }) / 4, (u32[]){ __VA_ARGS__ })

static u32 put_header(u32 at, u32 value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        blob[at++] = (u8)(value >> shift);
    return at;
}

static void write_tree(void)
{
    u32 structure = 56, strings_at;

    memset(blob, 0, sizeof blob);
    length = structure;
    begin("");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    text("model", "a tree for tests");
    begin("aliases");
    text("console", "/bus/serial@2000");
    end();
    begin("bus");
    CELLS("#address-cells", 1);
    CELLS("#size-cells", 1);
    begin("iommu@1000");
    text("compatible", "vendor,iommu");
    CELLS("reg", 0x1000, 0x100, 0x8000, 0x200);
    CELLS("phandle", 7);
    end();
    begin("serial@2000");
    property("compatible", "new,serial\0old,serial", 22);
    CELLS("reg", 0x2000, 0x10);
    CELLS("iommus", 7, 3, 7, 4);
    property("flag", "", 0);
    property("odd", "abcde", 5);
    end();
    begin("wide");
    CELLS("#address-cells", 2);
    CELLS("#size-cells", 0);
    begin("cpu@1");
    CELLS("reg", 0, 1);
    end();
    begin("cpu@2");
    CELLS("reg", 1, 1);
    end();
    end();
    end();
    end();
    be32(9);
    strings_at = length;
    memcpy(blob + length, strings, strings_length);
    length += strings_length;
    u32 at = put_header(0, 0xd00dfeed);
    at = put_header(at, length);
    at = put_header(at, structure);
    at = put_header(at, strings_at);
    at = put_header(at, 40);
    at = put_header(at, 17);
    at = put_header(at, 16);
    at = put_header(at, 0);
    at = put_header(at, strings_length);
    put_header(at, strings_at - structure);
}

/* ---- What is read ---- */

static void check_tree(const struct fdt *f)
{
    int bus = fdt_path(f, "/bus"), serial = fdt_path(f, "/bus/serial@2000"), iommu = fdt_by_phandle(f, 7);
    u32 base, size;
    size_t n;

    CHECK(bus > 0 && serial > 0 && iommu > 0);
    CHECK(!strcmp(fdt_string(f, fdt_root(f), "model"), "a tree for tests"));
    CHECK(fdt_path(f, "/") == fdt_root(f) && fdt_path(f, "console") == serial && fdt_path(f, "/bus/serial") == serial);
    CHECK(fdt_path(f, "/bus/cpu@1") < 0 && fdt_path(f, "nothing") < 0 && fdt_by_phandle(f, 8) < 0);
    CHECK(fdt_first_child(f, bus) == iommu && fdt_next_sibling(f, iommu) == serial);
    CHECK(fdt_parent(f, serial) == bus && fdt_parent(f, bus) == fdt_root(f) && fdt_parent(f, fdt_root(f)) < 0);
    CHECK(!strcmp(fdt_name(f, serial), "serial@2000"));
    CHECK(fdt_is_compatible(f, serial, "old,serial") && fdt_is_compatible(f, serial, "new,serial"));
    CHECK(!fdt_is_compatible(f, serial, "serial") && !fdt_is_compatible(f, bus, "old,serial"));
    CHECK(fdt_next_compatible(f, -1, "old,serial") == serial && fdt_next_compatible(f, serial, "old,serial") < 0);
    CHECK(fdt_count(f, serial, "iommus") == 4 && fdt_cell(f, serial, "iommus", 3, 9) == 4);
    CHECK(fdt_cell(f, serial, "iommus", 4, 9) == 9 && fdt_cell(f, serial, "none", 0, 9) == 9);
    CHECK(fdt_count(f, serial, "none") == -1 && fdt_count(f, serial, "odd") == -1);
    CHECK(fdt_property(f, serial, "flag", &n) && n == 0 && fdt_property(f, serial, "odd", &n) && n == 5);
    CHECK(!fdt_property(f, serial, "none", NULL) && !fdt_string(f, serial, "odd"));
    CHECK(fdt_reg(f, iommu, 1, &base, &size) == 0 && base == 0x8000 && size == 0x200);
    CHECK(fdt_reg(f, iommu, 2, &base, &size) == -ENOENT && fdt_reg(f, bus, 0, &base, &size) == -ENOENT);
    CHECK(fdt_reg(f, fdt_path(f, "/bus/wide/cpu@1"), 0, &base, &size) == 0 && base == 1 && size == 0);
    CHECK(fdt_reg(f, fdt_path(f, "/bus/wide/cpu@2"), 0, &base, &size) == -EINVAL);
}

/* Looks at everything. */
static u32 read_all(const struct fdt *f)
{
    static const char *const names[] = { "reg", "compatible", "model", "#address-cells", "iommus", "phandle" };
    u32 sum = 0, base, size;
    size_t n;

    for (int node = fdt_next(f, -1); node >= 0; node = fdt_next(f, node)) {
        sum += (u32)strlen(fdt_name(f, node)) + (u32)fdt_parent(f, node) + (u32)fdt_first_child(f, node) +
               (u32)fdt_next_sibling(f, node) + fdt_is_compatible(f, node, "old,serial");
        for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
            const u8 *data = fdt_property(f, node, names[i], &n);

            for (size_t k = 0; data && k < n; k++)
                sum += data[k];
            sum += (u32)fdt_count(f, node, names[i]) + fdt_cell(f, node, names[i], 1, 0);
        }
        for (unsigned i = 0; i < 3; i++)
            if (fdt_reg(f, node, i, &base, &size) == 0)
                sum += base + size;
    }
    return sum + (u32)fdt_path(f, "/bus/wide/cpu@2") + (u32)fdt_path(f, "console") + (u32)fdt_by_phandle(f, 7);
}

int main(void)
{
    struct fdt f;
    u32 good = 0, bad = 0;
    u8 *exact;

    write_tree();
    exact = host_alloc(length);
    memcpy(exact, blob, length);
    CHECK(fdt_size(exact) == length && fdt_init(&f, exact, length) == 0);
    check_tree(&f);
    host_free(exact);
    for (host_round = 0; host_round < ROUNDS; host_round++) {
        u32 cut = host_random(4) ? length : host_random(length + 1), flips = 1 + host_random(4);

        /* The memory ends where the blob does: the sanitizer sees a byte too far. */
        exact = host_alloc(cut ? cut : 1);
        memcpy(exact, blob, cut);
        for (u32 i = 0; i < flips && cut; i++)
            exact[host_random(cut)] ^= (u8)(1u << host_random(8));
        if (fdt_init(&f, exact, cut) == 0) {
            good++;
            read_all(&f);
        } else {
            bad++;
        }
        host_free(exact);
    }
    CHECK(good > ROUNDS / 20 && bad > ROUNDS / 20);
    printf("fdt: %u damaged trees, %u of them still trees, nothing read outside\n", ROUNDS, good);
    return 0;
}
