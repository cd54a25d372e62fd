/* Devices: what the device tree says about a block with registers. */
#ifndef KIT_DEVICE_H
#define KIT_DEVICE_H

#include "fdt.h"
#include "types.h"

#define DEVICE_IRQS 10

struct device {
    const char *name;      /* its label, else the name of its node */
    int node;              /* in the device tree */
    u32 base, size;        /* registers */
    int irq[DEVICE_IRQS];  /* numbers for request_irq() */
    unsigned irqs;
    u32 address_bits;      /* addresses it can put out: "msmemu,address-bits", else 32 */
    struct iommu_fwspec *fwspec;    /* SMMUs and MIDs from "iommus", NULL when there is none */
    struct iommu_domain *domain;    /* that it is attached to, of the IOMMU API */
    struct dma_device *dma;         /* of the DMA API */
    const struct driver *driver;    /* that it is bound to */
    void *driver_data;
    struct device *next;
};

/* The tree of this machine. */
const struct fdt *device_tree(void);

/* The device of this name; NULL if there is none. */
struct device *device_find(const char *name);

/* The next device with this compatible string, in the order of the tree; starts after NULL. With no string, any
 * device. */
struct device *device_next(struct device *after, const char *compatible);

#endif
