/* Register-to-register work: bitwise CRC, hash mixing, 64-bit multiplication, bit counting, division by constants. */
#include "bench.h"

static uint32_t crc32(uint32_t crc, uint32_t word)
{
    crc ^= word;
    for (int bit = 0; bit < 32; bit++)
        crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
    return crc;
}

static uint32_t mix(uint32_t a, uint32_t b, uint32_t c)
{
    a -= b; a -= c; a ^= c >> 13;
    b -= c; b -= a; b ^= a << 8;
    c -= a; c -= b; c ^= b >> 13;
    a -= b; a -= c; a ^= c >> 12;
    b -= c; b -= a; b ^= a << 16;
    c -= a; c -= b; c ^= b >> 5;
    return a + b + c;
}

static uint32_t population(uint32_t x)
{
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    return ((x + (x >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24;
}

int main(void)
{
    uint32_t state = 1, sum = 0;
    uint64_t wide = 1;
    for (int round = 0; round < 4000000; round++) {
        uint32_t x = next_random(&state);
        sum = crc32(sum, x);
        sum += mix(x, sum, (uint32_t)round);
        wide = wide * 6364136223846793005ull + x;
        sum += population((uint32_t)(wide >> 32)) + x / 10u + x % 1000u;
    }
    report("integer", sum ^ (uint32_t)wide);
    return 0;
}
