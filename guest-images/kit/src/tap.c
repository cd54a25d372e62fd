#include "tap.h"

static int points, failures;

static void point(bool good, const char *file, int line, const char *format, va_list arguments)
{
    printf("%sok %d - ", good ? "" : "not ", ++points);
    vprintf(format, arguments);
    printf("\n");
    if (!good) {
        failures++;
        printf("# at %s:%d\n", file, line);
    }
}

bool tap_point(bool condition, const char *file, int line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    point(condition, file, line, format, arguments);
    va_end(arguments);
    return condition;
}

bool tap_equal(u32 found, u32 expected, const char *file, int line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    point(found == expected, file, line, format, arguments);
    va_end(arguments);
    if (found != expected)
        printf("# found 0x%08x (%d), expected 0x%08x (%d)\n", found, (int)found, expected, (int)expected);
    return found == expected;
}

void diag(const char *format, ...)
{
    va_list arguments;

    printf("# ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
}

int tap_done(void)
{
    printf("1..%d\n", points);
    if (failures)
        printf("# %d of %d failed\n", failures, points);
    return failures ? 1 : 0;
}
