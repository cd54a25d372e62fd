/* What the parts of dma-tests share. */
#ifndef DMA_TESTS_H
#define DMA_TESTS_H

#include "dma-mapping.h"
#include "kit.h"
#include "string.h"
#include "tap.h"
#include "teng.h"

/* One engine for each back end. */
extern struct device *behind_smmu, *direct, *limited;

/* Two buffers of BUFFER_SIZE bytes, aligned to 1 MiB. */
#define BUFFER_SIZE (2 * SZ_1M)
extern u8 *buffer_a, *buffer_b;

/* Byte `i` of a pattern, never 0. */
u8 pattern(u32 i);
void fill(u8 *at, size_t size);
bool filled(const u8 *at, size_t size);

/* Whether all bytes have this value. */
bool all(const u8 *at, size_t size, u8 value);

/* The engine's work on device addresses; the result of teng_wait(). */
int device_write(struct device *dev, dma_addr_t at, size_t size, u32 seed);
int device_check(struct device *dev, dma_addr_t at, size_t size, u32 seed);
int device_copy(struct device *dev, dma_addr_t to, dma_addr_t from, size_t size);

/* Whether memory has what device_write() put there. */
bool written(const void *at, size_t size, u32 seed);

/* Misuse is caught, not printed. Each call gives what the statement before it was blamed for: the
 * number of reports and the last of them. */
unsigned blamed(struct dma_misuse_report *report);

/* One point: the statement is blamed once, for this. */
#define MISUSE(expected, statement, ...)                                \
    do {                                                                \
        struct dma_misuse_report report;                                \
        blamed(&report);                                                \
        statement;                                                      \
        ok(blamed(&report) == 1 && report.kind == (expected), __VA_ARGS__); \
    } while (0)

/* One point: a mapping fails, for this reason. */
#define FAILS(dev, error, mapping, ...)                         \
    do {                                                        \
        dma_addr_t address = (mapping);                         \
        is(address, DMA_MAPPING_ERROR, __VA_ARGS__);            \
        is(dma_mapping_error(dev, address), error, __VA_ARGS__); \
    } while (0)

void test_devices(void);
void test_streaming(struct device *dev);
void test_lists(struct device *dev);
void test_coherent(struct device *dev);
void test_misuse(struct device *dev);
void test_attributes(void);
void test_addresses(void);
void test_domains(void);
void test_guard(void);
void test_drivers(void);

#endif
