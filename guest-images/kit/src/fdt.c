/*
 * Flattened device trees, versions 16 and 17 (Devicetree Specification, chapter 5). No state, no memory: everything is found
 * by walking the blob, which fdt_init has checked.
 */
#include "fdt.h"

#include "errno.h"
#include "internal.h"
#include "string.h"

#define MAGIC 0xd00dfeedu
#define HEADER 40u
#define MAX_DEPTH 64

enum { BEGIN_NODE = 1, END_NODE = 2, PROP = 3, NOP = 4, END = 9 };

static u32 word(const u8 *at)
{
    return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

static u32 token(const struct fdt *fdt, u32 at)
{
    return word(fdt->blob + fdt->structure + at);
}

/* One past the token at `at`, with what belongs to it. */
static u32 after(const struct fdt *fdt, u32 at)
{
    const u8 *p = fdt->blob + fdt->structure + at;

    switch (word(p)) {
    case BEGIN_NODE:
        return at + 4 + ALIGN((u32)strlen((const char *)p + 4) + 1, 4u);
    case PROP:
        return at + 12 + ALIGN(word(p + 4), 4u);
    default:
        return at + 4;
    }
}

/* The next token that is no property of the node at `at`. */
static u32 body(const struct fdt *fdt, u32 at)
{
    at = after(fdt, at);
    while (token(fdt, at) == PROP || token(fdt, at) == NOP)
        at = after(fdt, at);
    return at;
}

size_t fdt_size(const void *blob)
{
    const u8 *p = blob;

    return ((uintptr_t)p & 3) == 0 && word(p) == MAGIC ? word(p + 4) : 0;
}

int fdt_init(struct fdt *fdt, const void *blob, size_t limit)
{
    const u8 *p = blob;
    u32 total, at = 0, depth = 0;
    bool seen = false, properties = false;

    if (limit < HEADER || !fdt_size(blob))
        return -EINVAL;
    total = word(p + 4);
    fdt->blob = p;
    fdt->structure = word(p + 8);
    fdt->strings = word(p + 12);
    fdt->strings_size = word(p + 32);
    fdt->structure_size = word(p + 36);
    if (total > limit || total < HEADER || word(p + 20) < 16 || word(p + 24) > 17)
        return -EINVAL;
    if (fdt->strings > total || fdt->structure > total || fdt->structure % 4)
        return -EINVAL;
    if (word(p + 20) == 16)
        fdt->structure_size = total - fdt->structure;
    if (fdt->strings_size > total - fdt->strings || fdt->structure_size > total - fdt->structure)
        return -EINVAL;
    /* With a NUL at the very end every name ends within. */
    if (fdt->strings_size && p[fdt->strings + fdt->strings_size - 1])
        return -EINVAL;
    for (;;) {
        u32 left = fdt->structure_size - at;

        if (at > fdt->structure_size || left < 4)
            return -EINVAL;
        switch (token(fdt, at)) {
        case BEGIN_NODE:
            if (depth == MAX_DEPTH || (depth == 0 && seen))
                return -EINVAL;
            if (strnlen((const char *)p + fdt->structure + at + 4, left - 4) == left - 4)
                return -EINVAL;
            depth++;
            seen = properties = true;
            break;
        case END_NODE:
            if (depth-- == 0)
                return -EINVAL;
            properties = false;
            break;
        case PROP:
            if (left < 12 || token(fdt, at + 4) > left - 12 || token(fdt, at + 8) >= fdt->strings_size)
                return -EINVAL;
            if (!properties)
                return -EINVAL; /* outside of a node, or behind a child */
            break;
        case NOP:
            break;
        case END:
            return depth == 0 && seen ? 0 : -EINVAL;
        default:
            return -EINVAL;
        }
        at = after(fdt, at);
    }
}

/* The node at or behind the token at `at`, whatever its depth. */
static int find_node(const struct fdt *fdt, u32 at)
{
    while (token(fdt, at) != BEGIN_NODE) {
        if (token(fdt, at) == END)
            return -1;
        at = after(fdt, at);
    }
    return (int)at;
}

int fdt_root(const struct fdt *fdt)
{
    return find_node(fdt, 0);
}

int fdt_next(const struct fdt *fdt, int node)
{
    return node < 0 ? fdt_root(fdt) : find_node(fdt, after(fdt, (u32)node));
}

int fdt_first_child(const struct fdt *fdt, int node)
{
    u32 at = body(fdt, (u32)node);

    return token(fdt, at) == BEGIN_NODE ? (int)at : -1;
}

int fdt_next_sibling(const struct fdt *fdt, int node)
{
    u32 at = (u32)node, depth = 0;

    do {
        if (token(fdt, at) == BEGIN_NODE)
            depth++;
        else if (token(fdt, at) == END_NODE)
            depth--;
        at = after(fdt, at);
    } while (depth);
    while (token(fdt, at) == NOP)
        at = after(fdt, at);
    return token(fdt, at) == BEGIN_NODE ? (int)at : -1;
}

int fdt_parent(const struct fdt *fdt, int node)
{
    int open[MAX_DEPTH];
    u32 depth = 0;

    for (u32 at = 0; at < (u32)node; at = after(fdt, at)) {
        if (token(fdt, at) == BEGIN_NODE)
            open[depth++] = (int)at;
        else if (token(fdt, at) == END_NODE)
            depth--;
    }
    return depth ? open[depth - 1] : -1;
}

const char *fdt_name(const struct fdt *fdt, int node)
{
    return (const char *)fdt->blob + fdt->structure + node + 4;
}

const void *fdt_property(const struct fdt *fdt, int node, const char *name, size_t *length)
{
    const u8 *base = fdt->blob + fdt->structure;

    for (u32 at = after(fdt, (u32)node);; at = after(fdt, at)) {
        if (token(fdt, at) == NOP)
            continue;
        if (token(fdt, at) != PROP)
            return NULL;
        if (strcmp((const char *)fdt->blob + fdt->strings + word(base + at + 8), name) == 0) {
            if (length)
                *length = word(base + at + 4);
            return base + at + 12;
        }
    }
}

const char *fdt_string(const struct fdt *fdt, int node, const char *name)
{
    size_t length;
    const char *s = fdt_property(fdt, node, name, &length);

    return s && strnlen(s, length) < length ? s : NULL;
}

int fdt_count(const struct fdt *fdt, int node, const char *name)
{
    size_t length;

    return fdt_property(fdt, node, name, &length) && length % 4 == 0 ? (int)(length / 4) : -1;
}

u32 fdt_cell(const struct fdt *fdt, int node, const char *name, unsigned index, u32 otherwise)
{
    size_t length;
    const u8 *cells = fdt_property(fdt, node, name, &length);

    return cells && index < length / 4 ? word(cells + 4 * index) : otherwise;
}

int fdt_by_phandle(const struct fdt *fdt, u32 phandle)
{
    for (int node = fdt_root(fdt); node >= 0; node = fdt_next(fdt, node))
        if (fdt_cell(fdt, node, "phandle", 0, 0) == phandle && phandle)
            return node;
    return -1;
}

bool fdt_is_compatible(const struct fdt *fdt, int node, const char *compatible)
{
    size_t length, wanted = strlen(compatible);
    const char *s = fdt_property(fdt, node, "compatible", &length);

    while (s && length) {
        size_t n = strnlen(s, length);

        if (n == length)
            return false;
        if (n == wanted && memcmp(s, compatible, n) == 0)
            return true;
        s += n + 1;
        length -= n + 1;
    }
    return false;
}

int fdt_next_compatible(const struct fdt *fdt, int node, const char *compatible)
{
    do
        node = fdt_next(fdt, node);
    while (node >= 0 && !fdt_is_compatible(fdt, node, compatible));
    return node;
}

/* The only child of this name; the name may lack its "@..." if one child alone fits. */
static int child(const struct fdt *fdt, int node, const char *name, size_t n)
{
    int found = -1;
    bool twice = false;

    for (int c = fdt_first_child(fdt, node); c >= 0; c = fdt_next_sibling(fdt, c)) {
        const char *s = fdt_name(fdt, c);

        if (strncmp(s, name, n))
            continue;
        if (s[n] == 0)
            return c;
        if (s[n] == '@') {
            twice = found >= 0;
            found = c;
        }
    }
    return twice ? -1 : found;
}

int fdt_path(const struct fdt *fdt, const char *path)
{
    int node = fdt_root(fdt);

    if (*path != '/') { /* an alias, up to ':' (options of a console) or '/' */
        int aliases = child(fdt, node, "aliases", 7);
        char name[32];
        size_t n = 0;
        const char *target;

        while (path[n] && path[n] != ':' && path[n] != '/')
            n++;
        if (aliases < 0 || n >= sizeof name)
            return -1;
        memcpy(name, path, n);
        name[n] = 0;
        target = fdt_string(fdt, aliases, name);
        if (!target || *target != '/')
            return -1;
        node = fdt_path(fdt, target);
        path += n;
        if (*path == ':')
            return node;
    }
    while (node >= 0 && *path) {
        size_t n = 0;

        while (*path == '/')
            path++;
        while (path[n] && path[n] != '/')
            n++;
        if (n)
            node = child(fdt, node, path, n);
        path += n;
    }
    return node;
}

int fdt_reg_cells(const struct fdt *fdt, int node, unsigned index, u32 address_cells, u32 size_cells,
                  u32 *base, u32 *size)
{
    int count = fdt_count(fdt, node, "reg");
    u32 step = address_cells + size_cells, first = index * step;

    if (count < 0)
        return fdt_property(fdt, node, "reg", NULL) ? -EINVAL : -ENOENT;
    if (address_cells < 1 || address_cells > 2 || size_cells > 2)
        return -EINVAL;
    if (index >= (u32)count || first + step > (u32)count)
        return -ENOENT;
    if (address_cells == 2 && fdt_cell(fdt, node, "reg", first, 0))
        return -EINVAL;
    if (size_cells == 2 && fdt_cell(fdt, node, "reg", first + address_cells, 0))
        return -EINVAL;
    *base = fdt_cell(fdt, node, "reg", first + address_cells - 1, 0);
    *size = size_cells ? fdt_cell(fdt, node, "reg", first + step - 1, 0) : 0;
    return 0;
}

int fdt_reg(const struct fdt *fdt, int node, unsigned index, u32 *base, u32 *size)
{
    int parent = fdt_parent(fdt, node);

    if (parent < 0)
        return -ENOENT;
    return fdt_reg_cells(fdt, node, index, fdt_cell(fdt, parent, "#address-cells", 0, 2),
                         fdt_cell(fdt, parent, "#size-cells", 0, 1), base, size);
}

bool fdt_interrupt(const struct fdt *fdt, int node, unsigned index, int *irq, bool *edge)
{
    int count = fdt_count(fdt, node, "interrupts");
    u32 kind, number;

    if (count < 0 || 3 * index + 3 > (u32)count)
        return false;
    kind = fdt_cell(fdt, node, "interrupts", 3 * index, 0);
    number = fdt_cell(fdt, node, "interrupts", 3 * index + 1, 0);
    *irq = (int)(number + (kind ? 16 : 32));
    *edge = fdt_cell(fdt, node, "interrupts", 3 * index + 2, 0) & 3;
    return kind < 2 && number < 988;
}
