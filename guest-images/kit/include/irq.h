/* Interrupts. Handlers run with interrupts off and take no long time; each line has one handler. */
#ifndef KIT_IRQ_H
#define KIT_IRQ_H

#include "types.h"

typedef enum { IRQ_NONE, IRQ_HANDLED } irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int irq, void *data);

/* Numbers of the interrupt controller: 16 to 31 private, 32 and up shared. Edge or level is as the device
 * tree says.
 * Errors: -EINVAL no such line or no handler; -EBUSY it has a handler. */
int request_irq(int irq, irq_handler_t handler, void *data);
void free_irq(int irq);
void enable_irq(int irq);
void disable_irq(int irq);

unsigned long local_irq_save(void);
void local_irq_restore(unsigned long flags);

#endif
