/*
 * Faults resolved on demand: a device works on more memory than is mapped at any time, as a process does under an operating
 * system that swaps. At most RESIDENT of PAGES pages are in memory; the fault handler writes the one that was not used for longest to
 * the "disk" (if it was changed), reads the one that is missing, maps it, and the stalled transaction goes on. Pages are mapped
 * read-only until the first write, so the handler knows which were changed. TAP.
 */
#include "../common/rig.h"
#include "errno.h"
#include "irq.h"
#include "msm_iommu.h"
#include "tap.h"

#define PAGES 64
#define RESIDENT 8
#define AT 0x20000000u

static u8 *disk;                /* PAGES pages that the device can not reach */
static u8 *frames;              /* RESIDENT pages */
static int page_of[RESIDENT];   /* which page a frame holds; -1 none */
static bool changed[RESIDENT];
static unsigned oldest;
static struct {
    unsigned faults, ins, outs, upgrades;
} counts;

static int frame_of(int page)
{
    for (int i = 0; i < RESIDENT; i++)
        if (page_of[i] == page)
            return i;
    return -1;
}

static int swap(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    int page = (int)(iova - AT) >> PAGE_SHIFT, frame;
    u8 *memory;

    (void)dev, (void)token;
    counts.faults++;
    if (iova < AT || page >= PAGES)
        return -EFAULT;
    frame = frame_of(page);
    if (frame >= 0) {
        /* It is there, read-only: the first write. */
        if (flags != IOMMU_FAULT_WRITE)
            return -EFAULT;
        counts.upgrades++;
        changed[frame] = true;
        iommu_unmap(domain, iova & PAGE_MASK, PAGE_SIZE);
        return iommu_map(domain, iova & PAGE_MASK, virt_to_phys(frames + (u32)frame * PAGE_SIZE), PAGE_SIZE, RW);
    }
    frame = (int)oldest;
    oldest = (oldest + 1) % RESIDENT;
    memory = frames + (u32)frame * PAGE_SIZE;
    if (page_of[frame] >= 0) {
        /* No transaction can change the page after this: it is complete on the disk. */
        iommu_unmap(domain, AT + (u32)page_of[frame] * PAGE_SIZE, PAGE_SIZE);
        if (changed[frame]) {
            cache_invalidate(memory, PAGE_SIZE);
            memcpy(disk + (u32)page_of[frame] * PAGE_SIZE, memory, PAGE_SIZE);
            counts.outs++;
        }
    }
    memcpy(memory, disk + (u32)page * PAGE_SIZE, PAGE_SIZE);
    cache_clean(memory, PAGE_SIZE);
    counts.ins++;
    page_of[frame] = page;
    changed[frame] = flags == IOMMU_FAULT_WRITE;
    return iommu_map(domain, iova & PAGE_MASK, virt_to_phys(memory), PAGE_SIZE,
                     flags == IOMMU_FAULT_WRITE ? RW : IOMMU_READ);
}

static void write_back(struct iommu_domain *domain)
{
    for (int i = 0; i < RESIDENT; i++) {
        u8 *memory = frames + (u32)i * PAGE_SIZE;

        if (page_of[i] < 0)
            continue;
        iommu_unmap(domain, AT + (u32)page_of[i] * PAGE_SIZE, PAGE_SIZE);
        if (changed[i]) {
            cache_invalidate(memory, PAGE_SIZE);
            memcpy(disk + (u32)page_of[i] * PAGE_SIZE, memory, PAGE_SIZE);
        }
        page_of[i] = -1;
        changed[i] = false;
    }
}

static bool disk_is(int first, int count, u32 seed)
{
    return pattern_is(disk + (u32)first * PAGE_SIZE, (u32)count * PAGE_SIZE, seed);
}

static void run(struct rig *rig, struct teng_transfer transfer, const char *what)
{
    memset(&counts, 0, sizeof counts);
    is(teng_run(&rig->teng, &transfer, 1000000), 0, "%s", what);
    diag("%u faults, %u pages in, %u out, %u first writes", counts.faults, counts.ins, counts.outs, counts.upgrades);
}

/* A fault that is answered by the main program, later, as by one that has to wait for a disk. */
static struct {
    volatile bool asked;
    dma_addr_t iova;
} later;

static int ask_main(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    (void)domain, (void)dev, (void)flags, (void)token;
    later.iova = iova;
    later.asked = true;
    return -EBUSY;
}

int main(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct teng_transfer fill = { .operation = TENG_FILL, .pattern = TENG_INCREMENT, .outstanding = 1 };
    struct teng_transfer copy = { .operation = TENG_COPY, .outstanding = 1 };
    struct teng_transfer verify = { .operation = TENG_VERIFY, .pattern = TENG_INCREMENT };
    struct rig rig;
    unsigned answers = 0;
    int error;

    disk = page_alloc(PAGES, PAGE_SIZE);
    frames = page_alloc(RESIDENT, PAGE_SIZE);
    if (!domain || !disk || !frames)
        panic("no memory");
    memset(disk, 0, PAGES * PAGE_SIZE);
    for (int i = 0; i < RESIDENT; i++)
        page_of[i] = -1;
    rig_up(&rig, "vfe_misc_dma", domain, 0);
    iommu_set_fault_handler(domain, swap, NULL);
    diag("%d pages, %d of them in memory", PAGES, RESIDENT);

    fill.destination = AT;
    fill.length = PAGES * PAGE_SIZE;
    fill.seed = 0x11110000;
    run(&rig, fill, "write all pages once");
    is(counts.ins, PAGES, "each page came in once");
    is(counts.outs, PAGES - RESIDENT, "all but the resident ones went out");

    verify.source = AT;
    verify.length = PAGES * PAGE_SIZE;
    verify.seed = 0x11110000;
    run(&rig, verify, "read all pages, every word as written");
    is(counts.outs, RESIDENT, "only what was changed went out");

    copy.source = AT;
    copy.destination = AT + PAGES / 2 * PAGE_SIZE;
    copy.length = PAGES / 2 * PAGE_SIZE;
    run(&rig, copy, "copy the first half to the second");
    verify.source = AT + PAGES / 2 * PAGE_SIZE;
    verify.length = PAGES / 2 * PAGE_SIZE;
    run(&rig, verify, "read the copy, every word as in the original");

    /* What is read first and then written. */
    write_back(domain);
    verify.source = AT;
    verify.length = 2 * PAGE_SIZE;
    run(&rig, verify, "read two pages");
    fill.length = 2 * PAGE_SIZE;
    fill.seed = 0x22220000;
    run(&rig, fill, "write them while they are mapped read-only");
    ok(counts.upgrades == 2 && counts.ins == 0, "two first writes, no page came in");
    write_back(domain);
    ok(disk_is(0, 2, 0x22220000) && disk_is(2, PAGES / 2 - 2, 0x11110000 + 2 * PAGE_SIZE / 4) &&
           disk_is(PAGES / 2, PAGES / 2, 0x11110000),
       "the disk has every word of all this");

    fill.destination = AT + PAGES * PAGE_SIZE;
    fill.length = 64;
    memset(&counts, 0, sizeof counts);
    is(teng_run(&rig.teng, &fill, 100000), -EFAULT, "beyond the last page the handler ends the transaction");
    is(counts.faults, 1, "with one fault");

    /* Answers from outside of the handler. */
    iommu_set_fault_handler(domain, ask_main, NULL);
    verify.source = AT;
    verify.length = 2 * PAGE_SIZE;
    verify.seed = 0x22220000;
    teng_start(&rig.teng, &verify);
    while ((error = teng_wait(&rig.teng, 2000)) == -ETIMEDOUT && later.asked) {
        later.asked = false;
        answers++;
        error = swap(domain, rig.dev, later.iova, IOMMU_FAULT_READ, NULL);
        iommu_page_response(rig.dev, error ? IOMMU_PAGE_RESP_INVALID : IOMMU_PAGE_RESP_SUCCESS);
    }
    is(error, 0, "read two pages, with answers from the main program");
    is(answers, 2, "two answers");
    write_back(domain);
    rig_down(&rig);
    iommu_domain_free(domain);
    return tap_done();
}
