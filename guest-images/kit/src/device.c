/* The devices of the device tree. */
#include "device.h"

#include "internal.h"
#include "kit.h"
#include "slab.h"
#include "string.h"

static struct device *devices;

static void add(const struct fdt *tree, int node, u32 base, u32 size, struct device ***end)
{
    struct device *dev = kzalloc(sizeof *dev);
    bool edge;

    if (!dev)
        panic("no memory for devices");
    dev->name = fdt_string(tree, node, "label");
    if (!dev->name)
        dev->name = fdt_name(tree, node);
    dev->node = node;
    dev->base = base;
    dev->size = size;
    while (dev->irqs < DEVICE_IRQS && fdt_interrupt(tree, node, dev->irqs, &dev->irq[dev->irqs], &edge))
        gic_configure(dev->irq[dev->irqs++], edge);
    dev->address_bits = fdt_cell(tree, node, "msmemu,address-bits", 0, 32);
    **end = dev;
    *end = &dev->next;
}

static void populate(const struct fdt *tree, int bus, struct device ***end)
{
    u32 address_cells = fdt_cell(tree, bus, "#address-cells", 0, 2);
    u32 size_cells = fdt_cell(tree, bus, "#size-cells", 0, 1);
    u32 base, size;

    for (int node = fdt_first_child(tree, bus); node >= 0; node = fdt_next_sibling(tree, node)) {
        const char *status = fdt_string(tree, node, "status");

        if (status && strcmp(status, "okay") && strcmp(status, "ok"))
            continue;
        if (fdt_property(tree, node, "compatible", NULL) &&
            fdt_reg_cells(tree, node, 0, address_cells, size_cells, &base, &size) == 0)
            add(tree, node, base, size, end);
        populate(tree, node, end);
    }
}

void devices_init(const struct fdt *tree)
{
    struct device **end = &devices;
    int soc = fdt_path(tree, "/soc");

    if (soc >= 0)
        populate(tree, soc, &end);
}

struct device *device_find(const char *name)
{
    struct device *dev = devices;

    while (dev && strcmp(dev->name, name))
        dev = dev->next;
    return dev;
}

struct device *device_next(struct device *after, const char *compatible)
{
    struct device *dev = after ? after->next : devices;

    while (dev && compatible && !fdt_is_compatible(device_tree(), dev->node, compatible))
        dev = dev->next;
    return dev;
}
