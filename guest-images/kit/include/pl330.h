/*
 * ARM PL330 DMA controller ("arm,pl330"): memory to memory on one channel at a time. Two layers, as with the traffic
 * engine: the driver on the DMA API, and transfers between device addresses below it.
 */
#ifndef KIT_PL330_H
#define KIT_PL330_H

#include "driver.h"
#include "types.h"

extern const struct driver pl330_driver;

/* Most bytes of one transfer. */
#define PL330_MAX (4 * SZ_1M)

/* Copies; maps for the time of it. Errors: those of dma_mapping_error(); -EINVAL 0 bytes or more than PL330_MAX;
 * -EFAULT the controller got an error for an access; -EIO any other fault of the channel; -ETIMEDOUT. */
int pl330_copy(struct device *dev, void *to, const void *from, size_t size);

/* The same between device addresses that the caller has mapped. */
int pl330_copy_raw(struct device *dev, dma_addr_t to, dma_addr_t from, size_t size);

/* Fault type of the channel after -EFAULT or -EIO (FTR). */
u32 pl330_fault(struct device *dev);

#endif
