/* Loads and stores: copies of bytes and words, a walk along a linked list, a histogram, unaligned words; 768 KiB touched. */
#include "bench.h"

enum { WORDS = 64 * 1024 };
static uint32_t first[WORDS], second[WORDS], chain[WORDS];
static uint32_t histogram[256];

int main(void)
{
    uint32_t state = 7, sum = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        first[i] = next_random(&state);
        /* An odd step through a power of two visits every element. */
        chain[i] = (i + 0x2c9b1u) & (WORDS - 1);
    }
    for (int round = 0; round < 300; round++) {
        for (uint32_t i = 0; i < WORDS; i++)
            second[i] = first[i] + (uint32_t)round;
        volatile uint8_t *to = (volatile uint8_t *)first;
        const uint8_t *from = (const uint8_t *)second;
        for (uint32_t i = 0; i < 4 * WORDS; i += 2)
            to[i] = from[i + 1];
        for (uint32_t i = 0; i < 4 * WORDS; i += 3)
            histogram[from[i]]++;
        uint32_t at = (uint32_t)round;
        for (uint32_t i = 0; i < WORDS; i++) {
            at = chain[at];
            sum += at ^ second[at];
        }
        for (uint32_t i = 1; i < 4 * WORDS - 8; i += 7) {
            uint32_t word;
            __builtin_memcpy(&word, from + i, 4);
            sum ^= word;
        }
    }
    for (int i = 0; i < 256; i++)
        sum = sum * 31 + histogram[i];
    report("memory", sum);
    return 0;
}
