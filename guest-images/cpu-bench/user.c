/* The kind of code that Linux user space runs: MD5 of text, copies and searches in strings, formatting of numbers, a
   hash table with chains, a recursive sort through a comparison function. Many small functions, bytes, branches. */
#include "bench.h"

enum { TEXT = 16 * 1024, WORDS = 512, BUCKETS = 256 };

static char text[TEXT], copy[TEXT];
static uint32_t sines[64];

/* The digest of RFC 1321 by its description: sixty-four steps on four words, the order of words and the rotations by
   round, the constants from the sines. */
static const uint8_t turns[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };

/* Constants from a generator instead of the sines: the work is the same, and no floating point is needed. */
static void make_constants(void)
{
    uint32_t state = 0x1321;
    for (int i = 0; i < 64; i++)
        sines[i] = next_random(&state);
}

static inline uint32_t rotate(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

__attribute__((noinline)) static void digest_block(uint32_t state[4], const uint8_t *block)
{
    uint32_t words[16];
    for (int i = 0; i < 16; i++)
        words[i] = block[4 * i] | (uint32_t)block[4 * i + 1] << 8 | (uint32_t)block[4 * i + 2] << 16
            | (uint32_t)block[4 * i + 3] << 24;
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 64; i++) {
        uint32_t mixed;
        unsigned at;
        switch (i >> 4) {
        case 0: mixed = (b & c) | (~b & d); at = i; break;
        case 1: mixed = (d & b) | (~d & c); at = 5 * i + 1; break;
        case 2: mixed = b ^ c ^ d; at = 3 * i + 5; break;
        default: mixed = c ^ (b | ~d); at = 7 * i; break;
        }
        uint32_t next = b + rotate(a + mixed + sines[i] + words[at & 15], turns[i >> 4][i & 3]);
        a = d;
        d = c;
        c = b;
        b = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

__attribute__((noinline)) static unsigned length_of(const char *string)
{
    const char *end = string;
    while (*end)
        end++;
    return (unsigned)(end - string);
}

__attribute__((noinline)) static int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (uint8_t)*a - (uint8_t)*b;
}

__attribute__((noinline)) static char *copy_string(char *to, const char *from)
{
    while ((*to = *from))
        to++, from++;
    return to;
}

__attribute__((noinline)) static char *format(char *to, uint32_t value, unsigned base)
{
    char digits[12];
    int n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n)
        *to++ = digits[--n];
    *to = 0;
    return to;
}

struct entry {
    struct entry *next;
    const char *name;
    uint32_t count;
};
static struct entry entries[WORDS], *buckets[BUCKETS];
static unsigned used;

__attribute__((noinline)) static struct entry *look_up(const char *name)
{
    uint32_t hash = 5381;
    for (const char *at = name; *at; at++)
        hash = hash * 33 + (uint8_t)*at;
    struct entry **from = &buckets[hash % BUCKETS];
    for (struct entry *entry = *from; entry; entry = entry->next)
        if (compare(entry->name, name) == 0)
            return entry;
    struct entry *entry = &entries[used++ % WORDS];
    entry->next = *from;
    entry->name = name;
    *from = entry;
    return entry;
}

/* What libgcc's division calls when the divisor is 0, which never happens here. */
int raise(int signal)
{
    return signal;
}

typedef int (*order)(const struct entry *, const struct entry *);

static int by_count(const struct entry *a, const struct entry *b)
{
    return a->count < b->count ? -1 : a->count > b->count;
}

static int by_name(const struct entry *a, const struct entry *b)
{
    return compare(a->name, b->name);
}

__attribute__((noinline)) static void sort(struct entry **items, int count, order before)
{
    if (count < 2)
        return;
    struct entry *pivot = items[count / 2];
    int low = 0, high = count - 1;
    while (low <= high) {
        while (before(items[low], pivot) < 0)
            low++;
        while (before(items[high], pivot) > 0)
            high--;
        if (low <= high) {
            struct entry *swapped = items[low];
            items[low++] = items[high];
            items[high--] = swapped;
        }
    }
    sort(items, high + 1, before);
    sort(items + low, count - low, before);
}

int main(void)
{
    uint32_t seed = 11, sum = 0;
    static char names[WORDS][12];
    static struct entry *sorted[WORDS];
    make_constants();
    for (unsigned i = 0; i < WORDS; i++) {
        char *at = copy_string(names[i], "w");
        format(at, next_random(&seed) % 5000, i & 1 ? 10 : 16);
    }
    for (int round = 0; round < 300; round++) {
        char *at = text;
        while (at < text + TEXT - 32) {
            at = copy_string(at, names[next_random(&seed) % WORDS]);
            *at++ = ' ';
            at = format(at, next_random(&seed) >> (seed & 31), 10);
            *at++ = '\n';
        }
        *at = 0;
        unsigned length = length_of(text);
        volatile char *bytes = copy;
        for (unsigned i = 0; i <= length; i++)
            bytes[i] = text[i];
        uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
        for (unsigned i = 0; i + 64 <= length; i += 64)
            digest_block(state, (const uint8_t *)copy + i);
        sum ^= state[0] + state[1] + state[2] + state[3];
        for (int pass = 0; pass < 6; pass++)
            for (unsigned i = 0; i < WORDS; i++)
                look_up(names[i])->count += (next_random(&seed) & 7) + length;
        for (unsigned i = 0; i < used; i++)
            sorted[i] = &entries[i];
        sort(sorted, (int)used, round & 1 ? by_name : by_count);
        for (unsigned i = 0; i < used; i++)
            sum = sum * 31 + sorted[i]->count + (uint8_t)sorted[i]->name[1];
    }
    report("user", sum);
    return 0;
}
