/* Formatted text: %d %i %u %x %X %c %s %p %%, with l, ll and z, width, '-' and '0'. */
#ifndef KIT_PRINTF_H
#define KIT_PRINTF_H

#include <stdarg.h>
#include "types.h"

/* To the console; returns at once, an interrupt sends. */
int printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *format, va_list arguments);
int snprintf(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *to, size_t size, const char *format, va_list arguments);

/* Waits until all of it is sent. Before a measurement: nothing of the console then disturbs it. */
void console_flush(void);

#endif
