/* A driver for the traffic engine that adds up memory, and an image that uses it on three devices. */
#include "delay.h"
#include "dma-mapping.h"
#include "driver.h"
#include "io.h"
#include "irq.h"
#include "kit.h"
#include "tap.h"

/* ---- The device: docs/src/reference/traffic-engine.md ---- */

#define CMD 0x0c
#define FRAME_ADDR 0x10
#define FRAME_ATTR 0x14
#define STATUS 0x18
#define INT_STATUS 0x1c
#define INT_ENABLE 0x20
#define CHECKSUM 0x38

#define START BIT(0)
#define STATUS_ERROR BIT(2)
#define INT_DONE BIT(1)
#define ATTR_NORMAL (2u << 3)
#define FRAME_CHECKSUM (3u | 6u << 8) /* operation 3, bursts of 64 bytes */
#define FRAME_WORDS 16

/* ---- The driver ---- */

struct summer {
    struct device *dev;
    u32 *frame; /* the device fetches its orders from here */
    dma_addr_t frame_address;
    u32 mid; /* the identity of its transactions */
    struct completion done;
};

static irqreturn_t interrupt(int irq, void *data)
{
    struct summer *summer = data;

    (void)irq;
    if (!(readl(summer->dev->base + INT_STATUS) & INT_DONE))
        return IRQ_NONE;
    writel(INT_DONE, summer->dev->base + INT_STATUS);
    complete(&summer->done);
    return IRQ_HANDLED;
}

static int probe(struct device *dev)
{
    struct summer *summer = kzalloc(sizeof *summer);
    int error;

    if (!summer)
        return -ENOMEM;
    summer->dev = dev;
    summer->mid = fdt_cell(device_tree(), dev->node, "iommus", 1, 0);
    init_completion(&summer->done);
    error = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
    if (error)
        goto free;
    summer->frame = dma_alloc_coherent(dev, FRAME_WORDS * 4, &summer->frame_address, GFP_KERNEL);
    error = summer->frame ? 0 : dma_mapping_error(dev, DMA_MAPPING_ERROR);
    if (error)
        goto free;
    error = request_irq(dev->irq[0], interrupt, summer);
    if (error)
        goto free_frame;
    writel(INT_DONE, dev->base + INT_ENABLE);
    dev->driver_data = summer;
    return 0;

free_frame:
    dma_free_coherent(dev, FRAME_WORDS * 4, summer->frame, summer->frame_address);
free:
    kfree(summer);
    return error;
}

static void remove(struct device *dev)
{
    struct summer *summer = dev->driver_data;

    writel(0, dev->base + INT_ENABLE);
    free_irq(dev->irq[0]);
    dma_free_coherent(dev, FRAME_WORDS * 4, summer->frame, summer->frame_address);
    kfree(summer);
}

static const struct driver summer_driver = { "summer", "msmemu,traffic-engine", probe, remove };

/* The sum of the words of a piece of memory, by the device. */
static int sum(struct device *dev, const void *memory, size_t size, u32 *result)
{
    struct summer *summer = dev->driver_data;
    dma_addr_t at = dma_map_single(dev, (void *)memory, size, DMA_TO_DEVICE);
    int error = dma_mapping_error(dev, at);

    if (error)
        return error;
    summer->frame[0] = FRAME_CHECKSUM;
    summer->frame[1] = ATTR_NORMAL | ATTR_NORMAL << 16;
    summer->frame[2] = at;
    summer->frame[4] = size;
    summer->frame[11] = summer->mid | summer->mid << 8;
    writel(summer->frame_address, dev->base + FRAME_ADDR);
    writel(ATTR_NORMAL | summer->mid << 16, dev->base + FRAME_ATTR);
    writel(START, dev->base + CMD); /* writel() orders it behind the frame */
    if (!wait_for_completion_timeout(&summer->done, 100000))
        error = -ETIMEDOUT;
    else if (readl(dev->base + STATUS) & STATUS_ERROR)
        error = -EIO;
    *result = readl(dev->base + CHECKSUM);
    dma_unmap_single(dev, at, size, DMA_TO_DEVICE);
    return error;
}

/* ---- The image ---- */

int main(void)
{
    static const char *const names[] = { "jpegd_src_dma", "direct32", "direct30" };
    static u32 numbers[3000];
    u32 expected = 0, found = 0;

    for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
        numbers[i] = i * i;
        expected += numbers[i];
    }
    for (u32 i = 0; i < ARRAY_SIZE(names); i++) {
        struct device *dev = device_find(names[i]);

        is(driver_bind(&summer_driver, dev), 0, "%s: probe, back end %s", dev->name, dma_backend(dev));
        is(sum(dev, numbers, sizeof numbers, &found), 0, "%s: it adds up", dev->name);
        is(found, expected, "%s: the sum is right", dev->name);
        is(driver_unbind(dev), 0, "%s: nothing is left mapped", dev->name);
    }
    is(dma_misuses(), 0, "nothing was misused");
    return tap_done();
}
