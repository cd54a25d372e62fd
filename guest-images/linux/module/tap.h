/* SPDX-License-Identifier: GPL-2.0 */
/* Test results as lines of TAP in the kernel log. */
#ifndef MSMEMU_TAP_H
#define MSMEMU_TAP_H

#include <linux/printk.h>
#include <linux/types.h>

/* One result. Returns `good`. */
__printf(2, 3) bool tap_ok(bool good, const char *format, ...);

/*
 * A result that is known to be bad for a reason that lies in the kernel under test: a failure is
 * "not ok ... # TODO", which no TAP reader counts as one.
 */
__printf(3, 4) bool tap_todo(bool good, const char *reason, const char *format, ...);

/* A remark. */
#define tap_note(format, ...) pr_info("# " format "\n", ##__VA_ARGS__)

/* The plan, and the number of failures. */
int tap_end(void);

#endif
