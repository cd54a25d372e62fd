/* Time. It counts from start-up and never runs back; one call at least every ten minutes keeps it right. */
#ifndef KIT_DELAY_H
#define KIT_DELAY_H

#include "types.h"

/* Nanoseconds, in steps of 148 ns (6.75 MHz). */
u64 time_ns(void);

/* Processor cycles, modulo 2^32: for measurements. */
u32 cycles(void);

/* Waits, asleep (in an interrupt handler: awake). */
void udelay(u32 us);

/* A point in time to give up at. */
struct deadline {
    u64 at;
};

struct deadline deadline_in_us(u32 us);
bool deadline_passed(struct deadline deadline);

/* Sleeps until an interrupt has been taken, or the deadline. For loops that look for something that an interrupt
 * handler does: `while (!done && !deadline_passed(d)) wait_for_interrupt(d);` can not miss one if
 * interrupts were off (local_irq_save) when `done` was looked at; they are let in inside. */
void wait_for_interrupt(struct deadline deadline);

/* What a handler reports to the one who waits. */
struct completion {
    volatile u32 done;
};

void init_completion(struct completion *completion);
void complete(struct completion *completion);

/* Whether it was completed within this time; it takes one completion. */
bool wait_for_completion_timeout(struct completion *completion, u32 us);

#endif
