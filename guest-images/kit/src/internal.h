/* What the parts of the platform know of each other. */
#ifndef KIT_INTERNAL_H
#define KIT_INTERNAL_H

#include "device.h"
#include "types.h"

extern char image_start[], rodata_start[], data_start[], stack_guards[], image_end[];

/* In the order of start-up. */
void memory_init(const struct fdt *tree);
void mmu_init(const struct fdt *tree);
void gic_init(const struct fdt *tree);
void timer_init(const struct fdt *tree);
void console_init(const struct fdt *tree);
void devices_init(const struct fdt *tree);
void iommu_init(void);

/* "reg" with the cells of a parent that is known already. */
int fdt_reg_cells(const struct fdt *fdt, int node, unsigned index, u32 address_cells, u32 size_cells,
                  u32 *base, u32 *size);

/* Number and kind of an interrupt of a node: false if there is none. */
bool fdt_interrupt(const struct fdt *fdt, int node, unsigned index, int *irq, bool *edge);
void gic_configure(int irq, bool edge);
void gic_urgent(int irq);

#endif
