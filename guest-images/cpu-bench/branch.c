/* Control flow: a bytecode interpreter with a jump table, recursion, a heap sort with unpredictable comparisons, calls
   through pointers. */
#include "bench.h"

enum { COUNT = 4096 };
static uint32_t keys[COUNT];

static void sift(uint32_t *heap, uint32_t at, uint32_t length)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= length)
            return;
        if (child + 1 < length && heap[child] < heap[child + 1])
            child++;
        if (heap[at] >= heap[child])
            return;
        uint32_t swapped = heap[at];
        heap[at] = heap[child];
        heap[child] = swapped;
        at = child;
    }
}

static void sort(uint32_t *heap, uint32_t length)
{
    for (uint32_t at = length / 2; at-- > 0;)
        sift(heap, at, length);
    for (uint32_t end = length - 1; end > 0; end--) {
        uint32_t top = heap[0];
        heap[0] = heap[end];
        heap[end] = top;
        sift(heap, 0, end);
    }
}

__attribute__((noinline)) static uint32_t fibonacci(uint32_t n)
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static uint32_t interpret(const uint8_t *code, uint32_t length, uint32_t steps)
{
    uint32_t a = 1, b = 2, at = 0;
    while (steps--) {
        switch (code[at] & 7) {
        case 0: a += b; break;
        case 1: b ^= a; break;
        case 2: a = a << 1 | a >> 31; break;
        case 3: if (a & 1) at++; break;
        case 4: b -= at; break;
        case 5: if ((int32_t)b < 0) a = ~a; break;
        case 6: a ^= code[at]; break;
        case 7: at += b & 3; break;
        }
        if (++at >= length)
            at = 0;
    }
    return a ^ b;
}

static uint32_t plus(uint32_t x) { return x + 0x9e3779b9u; }
static uint32_t turn(uint32_t x) { return x << 7 | x >> 25; }
static uint32_t flip(uint32_t x) { return ~x; }
static uint32_t (*const calls[4])(uint32_t) = { plus, turn, flip, plus };

int main(void)
{
    static uint8_t code[1024];
    uint32_t state = 3, sum = 0;
    for (uint32_t i = 0; i < sizeof code; i++)
        code[i] = (uint8_t)(next_random(&state) >> 11);
    for (int round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < COUNT; i++)
            keys[i] = next_random(&state);
        sort(keys, COUNT);
        sum += keys[COUNT / 2] + fibonacci(19);
        sum ^= interpret(code, sizeof code, 120000);
        for (int i = 0; i < 60000; i++)
            sum = calls[next_random(&state) >> 30](sum);
    }
    report("branch", sum);
    return 0;
}
