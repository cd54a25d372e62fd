/* Data caches by address, to the point of coherency; each ends with a barrier. Ranges need no alignment. */
#ifndef KIT_CACHEFLUSH_H
#define KIT_CACHEFLUSH_H

#include "types.h"

/* What the processor wrote becomes visible to devices. */
void cache_clean(const void *start, size_t size);

/* What devices wrote becomes visible to the processor. A line that is only partly in the range is cleaned
 * too, so that nothing beside the range is lost. */
void cache_invalidate(void *start, size_t size);

/* Both. */
void cache_clean_invalidate(void *start, size_t size);

/* Bytes of a line. */
size_t cache_line_size(void);

#endif
