/* Drivers, and the devices they drive. */
#ifndef KIT_DRIVER_H
#define KIT_DRIVER_H

#include "device.h"

struct driver {
    const char *name;
    const char *compatible;
    int (*probe)(struct device *dev);
    void (*remove)(struct device *dev);
};

/* Prepares the device for DMA and calls the driver's probe. Errors: -ENODEV it is not compatible; -EBUSY it has a
 * driver; else those of dma_configure() and of the driver, and then nothing has changed. */
int driver_bind(const struct driver *driver, struct device *dev);

/* Calls the driver's remove and ends DMA. Returns how many mappings it had left behind. */
unsigned driver_unbind(struct device *dev);

#endif
