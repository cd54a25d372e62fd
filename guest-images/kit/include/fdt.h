/*
 * Reader of flattened device trees. Pure: it looks at nothing but the blob, and a blob may be damaged in any way.
 * A node is its offset in the blob; negative is none.
 */
#ifndef KIT_FDT_H
#define KIT_FDT_H

#include "types.h"

struct fdt {
    const u8 *blob;
    u32 structure, structure_size;
    u32 strings, strings_size;
};

/* Errors: -EINVAL not a device tree, or one that is cut or says what can not be. Checked once and
 * wholly: after success nothing below reads outside of the blob. */
int fdt_init(struct fdt *fdt, const void *blob, size_t limit);

/* Bytes of the blob, from its header; 0 if it is none. */
size_t fdt_size(const void *blob);

int fdt_root(const struct fdt *fdt);
int fdt_first_child(const struct fdt *fdt, int node);
int fdt_next_sibling(const struct fdt *fdt, int node);
int fdt_parent(const struct fdt *fdt, int node);

/* Next node in the order of the blob, whatever its depth; starts with the root after -1. */
int fdt_next(const struct fdt *fdt, int node);

/* "serial@19c40000" */
const char *fdt_name(const struct fdt *fdt, int node);

/* By path "/soc/gsbi@19c00000" (a part may leave "@..." out when that is unique), or by an alias. */
int fdt_path(const struct fdt *fdt, const char *path);
int fdt_by_phandle(const struct fdt *fdt, u32 phandle);

/* The next node after `after` (-1: from the start) with this string among its "compatible". */
int fdt_next_compatible(const struct fdt *fdt, int after, const char *compatible);
bool fdt_is_compatible(const struct fdt *fdt, int node, const char *compatible);

/* Contents of a property, NULL when absent; its length goes to *length if that is not NULL. */
const void *fdt_property(const struct fdt *fdt, int node, const char *name, size_t *length);

/* A property as a string; NULL when absent or not one. */
const char *fdt_string(const struct fdt *fdt, int node, const char *name);

/* Number of cells, -1 when absent or no array of cells; one cell, or `otherwise` when there is none. */
int fdt_count(const struct fdt *fdt, int node, const char *name);
u32 fdt_cell(const struct fdt *fdt, int node, const char *name, unsigned index, u32 otherwise);

/* Range number `index` of "reg", by the parent's #address-cells and #size-cells; addresses and sizes of more
 * than 32 bits are an error. No "ranges" translation: the buses of this SoC are transparent.
 * Errors: -ENOENT no such range; -EINVAL can not be read. */
int fdt_reg(const struct fdt *fdt, int node, unsigned index, u32 *base, u32 *size);

#endif
