/* Driver of the PL330 (ARM DDI 0424): registers in chapter 3, instructions in chapter 4. */
#include "delay.h"
#include "dma-mapping.h"
#include "errno.h"
#include "io.h"
#include "irq.h"
#include "kit.h"
#include "pl330.h"

#define INTEN 0x020
#define INTMIS 0x028
#define INTCLR 0x02c
#define FSRC 0x034
#define FSRC_CHANNEL(c) BIT(c)
#define FTR(c) (0x040 + 4 * (c))
#define FTR_FETCH BIT(16)
#define FTR_WRITE BIT(17)
#define FTR_READ BIT(18)
#define DBGSTATUS 0xd00
#define DBGCMD 0xd04
#define DBGINST0 0xd08
#define DBGINST1 0xd0c

#define CHANNEL 0u
#define EVENT 0u
#define PROGRAM_BYTES 512u
#define TIMEOUT_US 10000000u

/* Channel control: Normal non-cacheable, unprivileged, non-secure data on both sides, both addresses count up. */
#define CCR_INCREMENT (BIT(0) | BIT(14))
#define CCR_SIZE(log2) ((u32)(log2) << 1 | (u32)(log2) << 15)
#define CCR_LENGTH(beats) ((u32)((beats) - 1) << 4 | (u32)((beats) - 1) << 18)
#define CCR_NON_SECURE (2u << 8 | 2u << 22)
#define CCR_NORMAL (3u << 11 | 3u << 25)

struct state {
    struct device *dev;
    u8 *program;
    dma_addr_t program_address;
    struct completion done;
    u32 fault;
};

static irqreturn_t event(int irq, void *data)
{
    struct state *state = data;

    (void)irq;
    if (!(readl(state->dev->base + INTMIS) & BIT(EVENT)))
        return IRQ_NONE;
    writel(BIT(EVENT), state->dev->base + INTCLR);
    complete(&state->done);
    return IRQ_HANDLED;
}

/* Has a thread execute an instruction through the debug interface. */
static void execute(struct state *state, bool channel, u8 opcode, u8 operand, u32 immediate)
{
    u32 base = state->dev->base;

    while (readl(base + DBGSTATUS) & 1)
        ;
    writel((channel ? 1 : 0) | CHANNEL << 8 | (u32)opcode << 16 | (u32)operand << 24, base + DBGINST0);
    writel(immediate, base + DBGINST1);
    writel(0, base + DBGCMD);
}

static void kill(struct state *state)
{
    execute(state, true, 0x01, 0, 0); /* DMAKILL */
}

/* A faulting channel drives irq_abort until it is killed. */
static irqreturn_t abort(int irq, void *data)
{
    struct state *state = data;

    (void)irq;
    if (!(readl(state->dev->base + FSRC) & FSRC_CHANNEL(CHANNEL)))
        return IRQ_NONE;
    state->fault = readl(state->dev->base + FTR(CHANNEL));
    kill(state);
    complete(&state->done);
    return IRQ_HANDLED;
}

/* ---- Programs ---- */

struct program {
    u8 *code;
    u32 length;
};

static void emit(struct program *program, u8 byte)
{
    program->code[program->length++] = byte;
}

static void emit_move(struct program *program, u8 reg, u32 value) /* DMAMOV */
{
    emit(program, 0xbc);
    emit(program, reg);
    for (unsigned shift = 0; shift < 32; shift += 8)
        emit(program, (u8)(value >> shift));
}

/* Loads and stores one burst `count` times, with two nested loops as far as that goes. */
static void emit_bursts(struct program *program, u32 count)
{
    while (count > 0) {
        u32 inner = min(count, 256u);
        u32 outer = min(count / inner, 256u);
        u32 outer_start, inner_start;

        emit(program, 0x20 | 1 << 1); /* DMALP, counter 1 */
        emit(program, (u8)(outer - 1));
        outer_start = program->length;
        emit(program, 0x20);          /* DMALP, counter 0 */
        emit(program, (u8)(inner - 1));
        inner_start = program->length;
        emit(program, 0x04); /* DMALD */
        emit(program, 0x08); /* DMAST */
        emit(program, 0x38); /* DMALPEND, counter 0 */
        emit(program, (u8)(program->length - 1 - inner_start));
        emit(program, 0x3c); /* DMALPEND, counter 1 */
        emit(program, (u8)(program->length - 1 - outer_start));
        count -= inner * outer;
    }
}

/* Bursts of eight beats as wide as the addresses allow, then what is left in narrower beats. */
static u32 write_program(u8 *code, dma_addr_t to, dma_addr_t from, u32 size)
{
    struct program program = { code, 0 };
    u32 log2 = 3;

    while ((to | from) & (BIT(log2) - 1))
        log2--;
    emit_move(&program, 0, from);
    emit_move(&program, 2, to);
    for (u32 beats = 8; size > 0;) {
        u32 burst = beats << log2;

        if (size >= burst) {
            emit_move(&program, 1,
                      CCR_INCREMENT | CCR_SIZE(log2) | CCR_LENGTH(beats) | CCR_NON_SECURE | CCR_NORMAL);
            emit_bursts(&program, size / burst);
            size %= burst;
        }
        if (beats > 1)
            beats = 1;
        else if (log2 > 0)
            log2--;
    }
    emit(&program, 0x34); /* DMASEV */
    emit(&program, EVENT << 3);
    emit(&program, 0x00); /* DMAEND */
    return program.length;
}

/* ---- Transfers ---- */

int pl330_copy_raw(struct device *dev, dma_addr_t to, dma_addr_t from, size_t size)
{
    struct state *state = dev->driver_data;

    if (size == 0 || size > PL330_MAX)
        return -EINVAL;
    BUG_ON(write_program(state->program, to, from, size) > PROGRAM_BYTES);
    state->fault = 0;
    init_completion(&state->done);
    execute(state, false, 0xa2, CHANNEL, state->program_address); /* DMAGO, non-secure */
    if (!wait_for_completion_timeout(&state->done, TIMEOUT_US)) {
        kill(state);
        return -ETIMEDOUT;
    }
    if (state->fault & (FTR_FETCH | FTR_WRITE | FTR_READ))
        return -EFAULT;
    return state->fault ? -EIO : 0;
}

int pl330_copy(struct device *dev, void *to, const void *from, size_t size)
{
    dma_addr_t source, destination;
    int error;

    source = dma_map_single(dev, (void *)from, size, DMA_TO_DEVICE);
    error = dma_mapping_error(dev, source);
    if (error)
        return error;
    destination = dma_map_single(dev, to, size, DMA_FROM_DEVICE);
    error = dma_mapping_error(dev, destination);
    if (!error) {
        error = -EINVAL;
        if (dma_check_device_use(dev, source, size, DMA_TO_DEVICE) &&
            dma_check_device_use(dev, destination, size, DMA_FROM_DEVICE))
            error = pl330_copy_raw(dev, destination, source, size);
        dma_unmap_single(dev, destination, size, DMA_FROM_DEVICE);
    }
    dma_unmap_single(dev, source, size, DMA_TO_DEVICE);
    return error;
}

u32 pl330_fault(struct device *dev)
{
    return ((struct state *)dev->driver_data)->fault;
}

/* ---- The driver ---- */

static int probe(struct device *dev)
{
    struct state *state = kzalloc(sizeof *state);
    int error = -ENOMEM;

    if (!state)
        return -ENOMEM;
    state->dev = dev;
    init_completion(&state->done);
    state->program = dma_alloc_coherent(dev, PROGRAM_BYTES, &state->program_address, GFP_KERNEL);
    if (!state->program) {
        error = dma_mapping_error(dev, DMA_MAPPING_ERROR);
        goto no_memory;
    }
    /* The first line is irq_abort, then come those of the events. */
    error = dev->irqs < 2 ? -ENODEV : request_irq(dev->irq[0], abort, state);
    if (error)
        goto no_abort;
    error = request_irq(dev->irq[1 + EVENT], event, state);
    if (error)
        goto no_event;
    writel(BIT(EVENT), dev->base + INTEN);
    dev->driver_data = state;
    return 0;

no_event:
    free_irq(dev->irq[0]);
no_abort:
    dma_free_coherent(dev, PROGRAM_BYTES, state->program, state->program_address);
no_memory:
    kfree(state);
    return error;
}

static void remove(struct device *dev)
{
    struct state *state = dev->driver_data;

    writel(0, dev->base + INTEN);
    free_irq(dev->irq[1 + EVENT]);
    free_irq(dev->irq[0]);
    dma_free_coherent(dev, PROGRAM_BYTES, state->program, state->program_address);
    dev->driver_data = NULL;
    kfree(state);
}

const struct driver pl330_driver = { "pl330", "arm,pl330", probe, remove };
