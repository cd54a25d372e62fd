#include "printf.h"

#include "string.h"

/* Where formatted text goes: a buffer that may be too small; all of it is counted. */
struct out {
    char *to;
    size_t size, n;
};

static void put(struct out *out, char c)
{
    if (out->n + 1 < out->size)
        out->to[out->n] = c;
    out->n++;
}

static void pad(struct out *out, char c, int n)
{
    while (n-- > 0)
        put(out, c);
}

static void number(struct out *out, u64 value, bool negative, unsigned base, bool upper, int width, bool left,
                   bool zero)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[20];
    int n = 0;

    do {
        /* 64-bit division is slow, and seldom needed. */
        if (value >> 32) {
            text[n++] = digits[value % base];
            value /= base;
        } else {
            text[n++] = digits[(u32)value % base];
            value = (u32)value / base;
        }
    } while (value);
    if (negative && zero)
        put(out, '-');
    if (!left)
        pad(out, zero ? '0' : ' ', width - n - negative);
    if (negative && !zero)
        put(out, '-');
    for (int i = n; i-- > 0;)
        put(out, text[i]);
    if (left)
        pad(out, ' ', width - n - negative);
}

int vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
    struct out out = { to, size, 0 };

    for (; *format; format++) {
        bool left = false, zero = false;
        int width = 0, longs = 0;

        if (*format != '%') {
            put(&out, *format);
            continue;
        }
        for (format++; *format == '-' || *format == '0'; format++) {
            left |= *format == '-';
            zero |= *format == '0';
        }
        for (; *format >= '0' && *format <= '9'; format++)
            width = width * 10 + (*format - '0');
        for (; *format == 'l' || *format == 'z'; format++)
            longs += *format == 'l';
        zero &= !left;
        switch (*format) {
        case 'd':
        case 'i': {
            s64 value = longs > 1 ? va_arg(arguments, s64) : va_arg(arguments, s32);

            number(&out, value < 0 ? -(u64)value : (u64)value, value < 0, 10, false, width, left, zero);
            break;
        }
        case 'u':
        case 'x':
        case 'X': {
            u64 value = longs > 1 ? va_arg(arguments, u64) : va_arg(arguments, u32);

            number(&out, value, false, *format == 'u' ? 10 : 16, *format == 'X', width, left, zero);
            break;
        }
        case 'p':
            put(&out, '0');
            put(&out, 'x');
            number(&out, (uintptr_t)va_arg(arguments, void *), false, 16, false, 8, false, true);
            break;
        case 'c':
            put(&out, (char)va_arg(arguments, int));
            break;
        case 's': {
            const char *s = va_arg(arguments, const char *);
            int n;

            s = s ? s : "(null)";
            n = (int)strlen(s);
            if (!left)
                pad(&out, ' ', width - n);
            for (; *s; s++)
                put(&out, *s);
            if (left)
                pad(&out, ' ', width - n);
            break;
        }
        case '%':
            put(&out, '%');
            break;
        default: /* not one of ours: shown as it is */
            put(&out, '%');
            if (!*format)
                format--;
            else
                put(&out, *format);
        }
    }
    if (size)
        to[min(out.n, size - 1)] = 0;
    return (int)out.n;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vsnprintf(to, size, format, arguments);
    va_end(arguments);
    return n;
}

int printf(const char *format, ...)
{
    va_list arguments;
    int n;

    va_start(arguments, format);
    n = vprintf(format, arguments);
    va_end(arguments);
    return n;
}
