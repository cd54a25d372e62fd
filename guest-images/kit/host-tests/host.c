/* The host's side of the tests. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

unsigned host_round;
static unsigned low_in_use;
static uint64_t state = 0x9e3779b97f4a7c15u;

void host_exit(int status)
{
    fflush(stdout);
    exit(status);
}

static uintptr_t low_next = 0x10000000;

void *host_low_alloc(size_t size)
{
    size_t align = size < 4096 ? 4096 : size, length = (size + 4095) & ~(size_t)4095;
    char *at;

    if (low_next > 0xc0000000)
        low_next = 0x10000000;
    /* The page behind stays unmapped; the memory ends there. */
    do {
        low_next = (low_next + align - 1) & ~(align - 1);
        at = mmap((void *)low_next, length, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        low_next += length + 4096;
    } while (at == MAP_FAILED);
    low_in_use++;
    return at + (length - size);
}

void host_low_free(void *memory, size_t size)
{
    size_t length = (size + 4095) & ~(size_t)4095;

    low_in_use--;
    munmap((char *)memory - (length - size), length);
}

unsigned host_low_in_use(void)
{
    return low_in_use;
}

void *host_alloc(size_t size)
{
    return malloc(size);
}

void host_free(void *memory)
{
    free(memory);
}

uint32_t host_random(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * n >> 32);
}
