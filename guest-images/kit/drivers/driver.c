#include "dma-mapping.h"
#include "driver.h"

int driver_bind(const struct driver *driver, struct device *dev)
{
    int error;

    if (!fdt_is_compatible(device_tree(), dev->node, driver->compatible))
        return -ENODEV;
    if (dev->driver)
        return -EBUSY;
    error = dma_configure(dev);
    if (error)
        return error;
    error = driver->probe(dev);
    if (error) {
        dma_release(dev);
        return error;
    }
    dev->driver = driver;
    return 0;
}

unsigned driver_unbind(struct device *dev)
{
    if (!dev->driver)
        return 0;
    dev->driver->remove(dev);
    dev->driver = NULL;
    return dma_release(dev);
}
