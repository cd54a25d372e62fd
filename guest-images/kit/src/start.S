/* Start-up and exception vectors. Entered in Supervisor mode, MMU off, the device tree's address in r2. */
    .syntax unified
    .arm
    .fpu    vfpv3

    .section .vectors, "ax"
    .global _start
_start:
    b       reset
    b       undefined
    b       svc
    b       prefetch_abort
    b       data_abort
    nop
    b       irq
    b       fiq

    .text
reset:
    cpsid   aif
    mov     r4, r2
    ldr     r0, =_start
    mcr     p15, 0, r0, c12, c0, 0      @ VBAR: vectors where the image stands
    mrc     p15, 0, r0, c1, c0, 0       @ SCTLR: MMU and caches off, low vectors
    bic     r0, r0, #(1 << 13)
    bic     r0, r0, #(1 << 12)
    bic     r0, r0, #(1 << 2)
    bic     r0, r0, #(1 << 0)
    mcr     p15, 0, r0, c1, c0, 0
    isb
    cps     #0x12                       @ IRQ
    ldr     sp, =irq_stack_top
    cps     #0x17                       @ Abort
    ldr     sp, =abort_stack_top
    cps     #0x1b                       @ Undefined: its handler does not return
    ldr     sp, =abort_stack_top
    cps     #0x13                       @ Supervisor
    ldr     sp, =stack_top
    ldr     r0, =bss_start
    ldr     r1, =bss_end
    mov     r2, #0
1:  cmp     r0, r1
    strlo   r2, [r0], #4
    blo     1b
    mov     r0, r4
    bl      kit_start                   @ does not return

irq:
    sub     lr, lr, #4
    srsdb   sp!, #0x12
    push    {r0-r3, r12, lr}
    clrex
    bl      handle_irq
    pop     {r0-r3, r12, lr}
    rfeia   sp!

data_abort:
    sub     lr, lr, #8                  @ the instruction that aborted: it runs again
    srsdb   sp!, #0x17
    push    {r0-r3, r12, lr}
    mov     r0, lr
    bl      handle_data_abort
    pop     {r0-r3, r12, lr}
    rfeia   sp!

undefined:
    sub     r1, lr, #4
    mov     r0, #0
    b       handle_death
svc:
    sub     r1, lr, #4
    mov     r0, #1
    b       handle_death
prefetch_abort:
    sub     r1, lr, #4
    mov     r0, #2
    b       handle_death
fiq:
    sub     r1, lr, #4
    mov     r0, #3
    b       handle_death
    .ltorg
