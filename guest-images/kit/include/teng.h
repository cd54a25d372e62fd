/*
 * Traffic engines ("msmemu,traffic-engine"): masters that copy, fill, check and sum memory.
 *
 * Two layers. The driver serves devices that it is bound to and needs nothing but the DMA API. Below it, `struct teng` runs
 * transfers between device addresses that the caller has mapped, the frame's own page included.
 */
#ifndef KIT_TENG_H
#define KIT_TENG_H

#include "delay.h"
#include "device.h"
#include "driver.h"
#include "scatterlist.h"
#include "types.h"

enum teng_operation {
    TENG_NOP,
    TENG_COPY,
    TENG_FILL,
    TENG_CHECKSUM,
    TENG_VERIFY,
    TENG_COMPARE,
    TENG_GATHER,
    TENG_SCATTER,
};

/* What FILL writes and VERIFY expects in word n: the seed; the seed plus n; a mix of both; the word's address. */
enum teng_pattern { TENG_CONSTANT, TENG_INCREMENT, TENG_RANDOM, TENG_ADDRESS };

/* One transfer, in device addresses. */
struct teng_transfer {
    enum teng_operation operation;
    dma_addr_t source, destination;
    u32 length;
    enum teng_pattern pattern;
    u32 seed;
    u32 repeat;         /* times more */
    u32 interval_ns;    /* at least, from request to request */
    dma_addr_t list;    /* GATHER, SCATTER: pairs of address and length */
    u32 burst_log2;     /* 0: 64 bytes */
    u32 outstanding;    /* 0: four */
    bool privileged, instruction;
    bool mid_given;     /* else it uses the first MID of the device tree */
    u8 mid;
};

/* How a transfer ended. */
struct teng_result {
    int error;             /* as teng_wait() returned it */
    u32 cause, access;     /* TENG_FAULT.CAUSE and .ACCESS */
    bool write;
    dma_addr_t address;    /* that failed */
    u32 offset;            /* in the transfer */
    u32 checksum;
};

struct teng {
    struct device *dev;
    u32 *frame;            /* TENG_FRAME_BYTES of memory that both sides see alike */
    dma_addr_t frame_address;
    u8 mid;
    struct completion done;
    struct teng_result result;
};

#define TENG_FRAME_BYTES 64u

/* Takes the engine over: resets what it shows, requests its interrupt.
 * Errors: -ENODEV it is no traffic engine; those of request_irq(). */
int teng_init(struct teng *teng, struct device *dev, void *frame, dma_addr_t frame_address);
void teng_exit(struct teng *teng);

/* Errors: -EBUSY it is running. */
int teng_start(struct teng *teng, const struct teng_transfer *transfer);

/* Waits for the end. Errors: -ETIMEDOUT it has not come (it goes on); -EFAULT the SMMU ended a transaction; -EIO no
 * memory there; -EILSEQ a comparison failed; -ERANGE an address that the engine can not put out; -EINVAL the frame or
 * the list makes no sense. */
int teng_wait(struct teng *teng, u32 timeout_us);

/* Issues nothing more; teng_wait() then returns -EINTR. What is stalled in an SMMU still has to be answered. */
void teng_abort(struct teng *teng);

/* Both. */
int teng_run(struct teng *teng, const struct teng_transfer *transfer, u32 timeout_us);

/* Word n of the random pattern. */
u32 teng_mix(u32 seed, u32 n);

/* ---- The driver ---- */

extern const struct driver teng_driver;

#define TENG_LIST_ENTRIES 64

/* The engine under a bound device, for results and for raw transfers. */
struct teng *teng_of(struct device *dev);

/* These take the processor's addresses, and map for the time of the transfer. Errors: those of dma_mapping_error(),
 * those of teng_wait(), -ETIMEDOUT after ten seconds. */
int teng_copy(struct device *dev, void *to, const void *from, size_t size);
int teng_fill(struct device *dev, void *to, size_t size, enum teng_pattern pattern, u32 seed);
int teng_verify(struct device *dev, const void *at, size_t size, enum teng_pattern pattern, u32 seed);
int teng_checksum(struct device *dev, const void *at, size_t size, u32 *sum);
int teng_compare(struct device *dev, const void *a, const void *b, size_t size);
/* Also: -EINVAL more ranges than TENG_LIST_ENTRIES. */
int teng_gather(struct device *dev, void *to, struct scatterlist *from, int nents);
int teng_scatter(struct device *dev, struct scatterlist *to, int nents, const void *from);

#endif
