#ifndef KIT_BARRIER_H
#define KIT_BARRIER_H

static inline void dsb(void) { __asm__ volatile("dsb" ::: "memory"); }
static inline void dmb(void) { __asm__ volatile("dmb" ::: "memory"); }
static inline void isb(void) { __asm__ volatile("isb" ::: "memory"); }
static inline void wfi(void) { __asm__ volatile("dsb\n\twfi" ::: "memory"); }
static inline void barrier(void) { __asm__ volatile("" ::: "memory"); }

/* Linux's names: what a device writes and reads is ordered against what the processor does. */
#define mb() dsb()
#define wmb() dsb()
#define rmb() dsb()

#endif
