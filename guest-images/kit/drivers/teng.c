/* Driver of the traffic engine. Registers and frames: the reference page "Traffic engine". */
#include "dma-mapping.h"
#include "errno.h"
#include "io.h"
#include "irq.h"
#include "teng.h"

#define TENG_ID 0x00
#define TENG_ID_MAGIC 0x5447u
#define TENG_CMD 0x0c
#define TENG_CMD_START BIT(0)
#define TENG_CMD_ABORT BIT(1)
#define TENG_FRAME_ADDR 0x10
#define TENG_FRAME_ATTR 0x14
#define TENG_STATUS 0x18
#define TENG_STATUS_BUSY BIT(0)
#define TENG_STATUS_ERROR BIT(2)
#define TENG_STATUS_ABORTED BIT(3)
#define TENG_INT_STATUS 0x1c
#define TENG_INT_ENABLE 0x20
#define TENG_INT_DONE BIT(1)
#define TENG_FAULT 0x24
#define TENG_FAULT_ADDR 0x28
#define TENG_FAULT_OFFSET 0x30
#define TENG_CHECKSUM_SUM 0x38

#define ATTR_PRIVILEGED BIT(0)
#define ATTR_INSTRUCTION BIT(2)
#define ATTR_NORMAL (2u << 3)

#define TIMEOUT_US 10000000u

static u32 read(const struct teng *teng, u32 offset)
{
    return readl(teng->dev->base + offset);
}

static void write(const struct teng *teng, u32 value, u32 offset)
{
    writel(value, teng->dev->base + offset);
}

static irqreturn_t interrupt(int irq, void *data)
{
    struct teng *teng = data;

    (void)irq;
    if (!(read(teng, TENG_INT_STATUS) & TENG_INT_DONE))
        return IRQ_NONE;
    write(teng, ~0u, TENG_INT_STATUS);
    complete(&teng->done);
    return IRQ_HANDLED;
}

int teng_init(struct teng *teng, struct device *dev, void *frame, dma_addr_t frame_address)
{
    *teng = (struct teng){ .dev = dev, .frame = frame, .frame_address = frame_address };
    /* The MID of its transactions; without an SMMU it means nothing. */
    teng->mid = (u8)fdt_cell(device_tree(), dev->node, "iommus", 1, 0);
    init_completion(&teng->done);
    if (read(teng, TENG_ID) >> 16 != TENG_ID_MAGIC || dev->irqs < 1)
        return -ENODEV;
    write(teng, ~0u, TENG_INT_STATUS);
    write(teng, TENG_INT_DONE, TENG_INT_ENABLE);
    return request_irq(dev->irq[0], interrupt, teng);
}

void teng_exit(struct teng *teng)
{
    write(teng, 0, TENG_INT_ENABLE);
    free_irq(teng->dev->irq[0]);
}

int teng_start(struct teng *teng, const struct teng_transfer *transfer)
{
    u32 mid = transfer->mid_given ? transfer->mid : teng->mid;
    u32 burst = transfer->burst_log2 ? transfer->burst_log2 : 6;
    u32 outstanding = transfer->outstanding ? transfer->outstanding : 4;
    u32 attributes = ATTR_NORMAL | (transfer->privileged ? ATTR_PRIVILEGED : 0) |
                     (transfer->instruction ? ATTR_INSTRUCTION : 0);
    u32 *frame = teng->frame;

    if (read(teng, TENG_STATUS) & TENG_STATUS_BUSY)
        return -EBUSY;
    for (unsigned i = 0; i < TENG_FRAME_BYTES / 4; i++)
        frame[i] = 0;
    frame[0] = transfer->operation | burst << 8 | (outstanding - 1) << 12 | transfer->pattern << 16;
    frame[1] = attributes | attributes << 16;
    frame[2] = transfer->source;
    frame[3] = transfer->destination;
    frame[4] = transfer->length;
    frame[5] = transfer->seed;
    frame[10] = transfer->repeat | transfer->interval_ns << 16;
    frame[11] = mid | mid << 8;
    frame[12] = transfer->list;
    teng->result = (struct teng_result){ 0 };
    init_completion(&teng->done);
    write(teng, teng->frame_address, TENG_FRAME_ADDR);
    write(teng, ATTR_NORMAL | mid << 16, TENG_FRAME_ATTR);
    write(teng, TENG_CMD_START, TENG_CMD);
    return 0;
}

static int error_of(u32 cause)
{
    switch (cause) {
    case 1:
    case 2:
        return -EIO;
    case 3:
        return -EFAULT;
    case 4:
        return -EILSEQ;
    case 7:
        return -ERANGE;
    default:
        return -EINVAL;
    }
}

int teng_wait(struct teng *teng, u32 timeout_us)
{
    struct teng_result *result = &teng->result;
    u32 status, fault;

    if (!wait_for_completion_timeout(&teng->done, timeout_us))
        return result->error = -ETIMEDOUT;
    status = read(teng, TENG_STATUS);
    result->checksum = read(teng, TENG_CHECKSUM_SUM);
    if (status & TENG_STATUS_ERROR) {
        fault = read(teng, TENG_FAULT);
        result->cause = fault & 15;
        result->access = fault >> 4 & 7;
        result->write = fault >> 7 & 1;
        result->address = read(teng, TENG_FAULT_ADDR);
        result->offset = read(teng, TENG_FAULT_OFFSET);
        return result->error = error_of(result->cause);
    }
    return result->error = status & TENG_STATUS_ABORTED ? -EINTR : 0;
}

void teng_abort(struct teng *teng)
{
    write(teng, TENG_CMD_ABORT, TENG_CMD);
}

int teng_run(struct teng *teng, const struct teng_transfer *transfer, u32 timeout_us)
{
    int error = teng_start(teng, transfer);

    return error ? error : teng_wait(teng, timeout_us);
}

u32 teng_mix(u32 seed, u32 n)
{
    u32 x = seed + n * 0x9e3779b9u;

    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

/* ---- The driver ---- */

struct list_entry {
    u32 address, length;
};

/* What it shares with the engine: one page. */
struct shared {
    u32 frame[TENG_FRAME_BYTES / 4];
    struct list_entry list[TENG_LIST_ENTRIES];
};

struct state {
    struct teng teng;
    struct shared *shared;
    dma_addr_t shared_address;
};

static int probe(struct device *dev)
{
    struct state *state = kzalloc(sizeof *state);
    int error = -ENOMEM;

    if (!state)
        return -ENOMEM;
    state->shared = dma_alloc_coherent(dev, sizeof *state->shared, &state->shared_address, GFP_KERNEL);
    if (!state->shared) {
        error = dma_mapping_error(dev, DMA_MAPPING_ERROR);
        goto no_memory;
    }
    error = teng_init(&state->teng, dev, state->shared->frame, state->shared_address);
    if (error)
        goto no_engine;
    dev->driver_data = state;
    return 0;

no_engine:
    dma_free_coherent(dev, sizeof *state->shared, state->shared, state->shared_address);
no_memory:
    kfree(state);
    return error;
}

static void remove(struct device *dev)
{
    struct state *state = dev->driver_data;

    teng_exit(&state->teng);
    dma_free_coherent(dev, sizeof *state->shared, state->shared, state->shared_address);
    dev->driver_data = NULL;
    kfree(state);
}

const struct driver teng_driver = { "teng", "msmemu,traffic-engine", probe, remove };

struct teng *teng_of(struct device *dev)
{
    return &((struct state *)dev->driver_data)->teng;
}

/* Maps both sides for one transfer and runs it. */
static int run(struct device *dev, struct teng_transfer *transfer, const void *from, void *to,
               enum dma_data_direction to_direction)
{
    size_t size = transfer->length;
    bool ready = true;
    int error = 0;

    if (from) {
        transfer->source = dma_map_single(dev, (void *)from, size, DMA_TO_DEVICE);
        error = dma_mapping_error(dev, transfer->source);
        if (error)
            return error;
        ready = dma_check_device_use(dev, transfer->source, size, DMA_TO_DEVICE);
    }
    if (to) {
        transfer->destination = dma_map_single(dev, to, size, to_direction);
        error = dma_mapping_error(dev, transfer->destination);
        if (error)
            goto unmap_source;
        ready = ready && dma_check_device_use(dev, transfer->destination, size, to_direction);
    }
    error = ready ? teng_run(teng_of(dev), transfer, TIMEOUT_US) : -EINVAL;
    if (to)
        dma_unmap_single(dev, transfer->destination, size, to_direction);
unmap_source:
    if (from)
        dma_unmap_single(dev, transfer->source, size, DMA_TO_DEVICE);
    return error;
}

int teng_copy(struct device *dev, void *to, const void *from, size_t size)
{
    struct teng_transfer transfer = { .operation = TENG_COPY, .length = size };

    return run(dev, &transfer, from, to, DMA_FROM_DEVICE);
}

int teng_fill(struct device *dev, void *to, size_t size, enum teng_pattern pattern, u32 seed)
{
    struct teng_transfer transfer = { .operation = TENG_FILL, .length = size, .pattern = pattern, .seed = seed };

    return run(dev, &transfer, NULL, to, DMA_FROM_DEVICE);
}

int teng_verify(struct device *dev, const void *at, size_t size, enum teng_pattern pattern, u32 seed)
{
    struct teng_transfer transfer = { .operation = TENG_VERIFY, .length = size, .pattern = pattern, .seed = seed };

    return run(dev, &transfer, at, NULL, DMA_NONE);
}

int teng_checksum(struct device *dev, const void *at, size_t size, u32 *sum)
{
    struct teng_transfer transfer = { .operation = TENG_CHECKSUM, .length = size };
    int error = run(dev, &transfer, at, NULL, DMA_NONE);

    *sum = teng_of(dev)->result.checksum;
    return error;
}

int teng_compare(struct device *dev, const void *a, const void *b, size_t size)
{
    struct teng_transfer transfer = { .operation = TENG_COMPARE, .length = size };

    return run(dev, &transfer, a, (void *)b, DMA_TO_DEVICE);
}

/* Maps the list and writes it where the engine reads it. */
static int map_list(struct device *dev, struct scatterlist *sg, int nents, enum dma_data_direction direction,
                    struct teng_transfer *transfer)
{
    struct state *state = dev->driver_data;
    int ranges = dma_map_sg(dev, sg, nents, direction);
    int i;
    struct scatterlist *range;

    if (ranges == 0)
        return dma_mapping_error(dev, DMA_MAPPING_ERROR);
    if (ranges > TENG_LIST_ENTRIES) {
        dma_unmap_sg(dev, sg, nents, direction);
        return -EINVAL;
    }
    transfer->list = state->shared_address + (u32)offsetof(struct shared, list);
    transfer->length = 0;
    for_each_sg(sg, range, ranges, i) {
        state->shared->list[i] = (struct list_entry){ sg_dma_address(range), sg_dma_len(range) };
        transfer->length += sg_dma_len(range);
        dma_check_device_use(dev, sg_dma_address(range), sg_dma_len(range), direction);
    }
    return 0;
}

int teng_gather(struct device *dev, void *to, struct scatterlist *from, int nents)
{
    struct teng_transfer transfer = { .operation = TENG_GATHER };
    int error = map_list(dev, from, nents, DMA_TO_DEVICE, &transfer);

    if (error)
        return error;
    error = run(dev, &transfer, NULL, to, DMA_FROM_DEVICE);
    dma_unmap_sg(dev, from, nents, DMA_TO_DEVICE);
    return error;
}

int teng_scatter(struct device *dev, struct scatterlist *to, int nents, const void *from)
{
    struct teng_transfer transfer = { .operation = TENG_SCATTER };
    int error = map_list(dev, to, nents, DMA_FROM_DEVICE, &transfer);

    if (error)
        return error;
    error = run(dev, &transfer, from, NULL, DMA_NONE);
    dma_unmap_sg(dev, to, nents, DMA_FROM_DEVICE);
    return error;
}
