/* Memory: whole pages, and pieces of any size. Nothing is ever handed out twice; a wrong free panics. */
#ifndef KIT_SLAB_H
#define KIT_SLAB_H

#include "types.h"

/* `count` pages in a row, aligned to `align` bytes (a power of two; PAGE_SIZE at least is kept), not
 * cleared. NULL when there are none. */
void *page_alloc(size_t count, size_t align);
void page_free(void *pages, size_t count);

/* Pieces of memory. Aligned to the size rounded up to a power of two, up to a page. NULL when there is none or the
 * size is 0. kfree(NULL) does nothing. */
void *kmalloc(size_t size);
void *kzalloc(size_t size);
void kfree(void *p);

/* For tests of leaks: pages handed out (those behind pieces included), and bytes of pieces handed out. */
size_t pages_in_use(void);
size_t heap_in_use(void);

/* For tests of exhaustion: after `count` more successful allocations all fail; negative: never (the default). */
void alloc_fail_after(int count);

/* Memory that the allocator manages or the image occupies. */
phys_addr_t ram_start(void);
phys_addr_t ram_end(void); /* one past the last byte */

#endif
