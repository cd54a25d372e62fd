/* What makes drivers honest: reports of misuse, and pages that are out of the processor's reach while a device owns them. */
#include "dma.h"
#include "mmu.h"
#include "printf.h"

static unsigned misuses;
static bool guard;

const char *dma_misuse_name(enum dma_misuse kind)
{
    static const char *const names[DMA_MISUSES] = {
        [DMA_MISUSE_NOT_MAPPED] = "not mapped",
        [DMA_MISUSE_DOUBLE_UNMAP] = "unmapped twice",
        [DMA_MISUSE_SIZE] = "wrong size",
        [DMA_MISUSE_DIRECTION] = "wrong direction",
        [DMA_MISUSE_KIND] = "wrong function",
        [DMA_MISUSE_LEAK] = "still mapped at the end",
        [DMA_MISUSE_DEVICE_USE] = "device uses what it does not own",
        [DMA_MISUSE_CPU_USE] = "processor uses what the device owns",
    };

    return kind < DMA_MISUSES ? names[kind] : "?";
}

static void print(const struct dma_misuse_report *report)
{
    printf("dma: %s: %s: 0x%08x, %u bytes\n", report->dev->name, dma_misuse_name(report->kind), report->address,
           report->size);
}

static dma_misuse_handler_t handler = print;

dma_misuse_handler_t dma_set_misuse_handler(dma_misuse_handler_t new)
{
    dma_misuse_handler_t before = handler;

    handler = new ? new : print;
    return before;
}

void dma_report(enum dma_misuse kind, struct device *dev, u32 address, size_t size)
{
    struct dma_misuse_report report = { kind, dev, address, size };

    misuses++;
    handler(&report);
}

unsigned dma_misuses(void)
{
    return misuses;
}

/* ---- Guard ---- */

/* The whole pages of a piece between two offsets. */
static size_t pages_between(const struct dma_piece *piece, u32 from, u32 to, u8 **start)
{
    u64 first = ALIGN((u64)virt_to_phys(piece->cpu) + from, (u64)PAGE_SIZE);
    u64 end = ALIGN_DOWN((u64)virt_to_phys(piece->cpu) + to, (u64)PAGE_SIZE);

    *start = phys_to_virt((u32)first);
    return first < end ? (size_t)(end - first) >> PAGE_SHIFT : 0;
}

static void protect(const struct dma_piece *piece, u32 from, u32 to, bool accessible)
{
    u8 *start;
    size_t pages = pages_between(piece, from, to, &start);

    if (pages)
        mmu_protect(start, pages, accessible);
}

void dma_guard_device(struct dma_piece *piece)
{
    if (!guard)
        return;
    protect(piece, 0, piece->lent_from, false);
    protect(piece, piece->lent_to, piece->size, false);
}

void dma_guard_cpu(struct dma_piece *piece, u32 from, u32 to)
{
    /* A page of which only a part is lent is let go too. */
    u32 in_page = virt_to_phys(piece->cpu) & ~PAGE_MASK;

    if (!guard)
        return;
    from = ALIGN_DOWN(in_page + from, PAGE_SIZE);
    to = ALIGN(in_page + to, PAGE_SIZE);
    protect(piece, from > in_page ? from - in_page : 0, min(to - in_page, piece->size), true);
}

static bool caught(u32 address, bool write)
{
    struct dma_piece *piece;

    (void)write;
    for (struct dma_device *dma = dma_devices; dma; dma = dma->next)
        if (dma_find_cpu(dma, address, &piece)) {
            dma_report(DMA_MISUSE_CPU_USE, dma->dev, address, 1);
            mmu_protect(phys_to_virt(address & PAGE_MASK), 1, true);
            return true;
        }
    return false;
}

void dma_set_guard(bool on)
{
    static abort_handler_t before;

    if (on && !guard)
        before = set_abort_handler(caught);
    if (!on && guard)
        set_abort_handler(before);
    guard = on;
}
