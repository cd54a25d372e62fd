/*
 * Test Anything Protocol. A test point says first what it is about: "iommu_map: ..." or, for an error path,
 * "iommu_map -EINVAL: ..."; the table in the book is made from these words.
 */
#ifndef KIT_TAP_H
#define KIT_TAP_H

#include "printf.h"
#include "types.h"

/* One point; returns the condition. */
#define ok(condition, ...) tap_point((condition), __FILE_NAME__, __LINE__, __VA_ARGS__)

/* One point: two numbers are equal; shows both if not. */
#define is(found, expected, ...) \
    tap_equal((u32)(found), (u32)(expected), __FILE_NAME__, __LINE__, __VA_ARGS__)

bool tap_point(bool condition, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool tap_equal(u32 found, u32 expected, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A line that is no test point. */
void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the plan and gives the status of the program: 0 if every point was ok. For `return tap_done();`. */
int tap_done(void);

#endif
