/* What tests of the kit's pure modules on the host share. Compiled with the kit's headers. */
#ifndef HOST_H
#define HOST_H

#include "printf.h"
#include "types.h"

/* Ends the program, with the place. */
#define CHECK(condition)                                                          \
    do {                                                                          \
        if (!(condition)) {                                                       \
            printf("%s:%d: not so: %s (round %u)\n", __FILE_NAME__, __LINE__, #condition, host_round); \
            host_exit(1);                                                         \
        }                                                                         \
    } while (0)

extern unsigned host_round;

/* host.c, which is compiled with the headers of the host. */
void host_exit(int status) __attribute__((noreturn));

/* Memory below 4 GiB, cleared, aligned to its size, that ends where nothing is mapped. After host_low_free() nothing is there. */
void *host_low_alloc(size_t size);
void host_low_free(void *memory, size_t size);
unsigned host_low_in_use(void);

/* Memory with the sanitizer's guards around. */
void *host_alloc(size_t size);
void host_free(void *memory);

/* Pseudo-random numbers, the same in every run; below `n`. */
u32 host_random(u32 n);

#endif
