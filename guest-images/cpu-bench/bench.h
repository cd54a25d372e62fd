/* What every benchmark image is given. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

/* Semihosting SYS_WRITE0. */
void semihosting_write0(const char *text);

/* Prints "NAME: checksum XXXXXXXX": the line that must agree between emulators. */
static inline void report(const char *name, uint32_t checksum)
{
    static char line[64];
    char *at = line;
    while (*name)
        *at++ = *name++;
    for (const char *text = ": checksum "; *text; text++)
        *at++ = *text;
    for (int shift = 28; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[checksum >> shift & 15];
    *at++ = '\n';
    *at = 0;
    semihosting_write0(line);
}

/* Marsaglia's xorshift generator with shifts 13, 17, 5. */
static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

#endif
