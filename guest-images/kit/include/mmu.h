/*
 * The processor's own MMU: everything mapped one to one; memory cacheable and not executable, reserved
 * memory that may be mapped (pools for devices) not cacheable, the image's code read-only, the rest as device. These change the attributes of whole pages of memory.
 */
#ifndef KIT_MMU_H
#define KIT_MMU_H

#include "types.h"

/* Makes pages non-cacheable (as coherent DMA memory has to be), after cleaning and invalidating them. */
void mmu_map_uncached(void *start, size_t pages);

/* Makes pages cacheable again. */
void mmu_map_cached(void *start, size_t pages);

/* Lets the processor access the pages, or not: then an access is a data abort. */
void mmu_protect(void *start, size_t pages, bool accessible);

/* Asked at a data abort with the address and whether it was a write. True: what was wrong is mended, the
 * access is tried again. False, or no handler: the run ends with an explanation. Returns the previous one. */
typedef bool (*abort_handler_t)(u32 address, bool write);
abort_handler_t set_abort_handler(abort_handler_t handler);

#endif
