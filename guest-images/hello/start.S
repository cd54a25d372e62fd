/* Start-up and exception vectors. The image is loaded where it is linked and entered in Supervisor mode. */
    .syntax unified
    .arm

    .section .vectors, "ax"
    .global _start
_start:
    b       reset
    ldr     pc, =died_undefined
    ldr     pc, =died_svc
    ldr     pc, =died_prefetch
    ldr     pc, =died_data
    nop
    b       irq
    ldr     pc, =died_fiq
    .ltorg

    .text
reset:
    cpsid   aif
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
    cps     #0x1b                       @ Undefined
    ldr     sp, =abort_stack_top
    cps     #0x13                       @ Supervisor
    ldr     sp, =stack_top
    ldr     r0, =bss_start
    ldr     r1, =bss_end
    mov     r2, #0
1:  cmp     r0, r1
    strlo   r2, [r0], #4
    blo     1b
    bl      main
    b       power_off

irq:
    sub     lr, lr, #4
    push    {r0-r3, r12, lr}
    bl      handle_irq
    pop     {r0-r3, r12, lr}
    movs    pc, lr

    .macro  died name, text
\name:
    adr     r0, 1f
    b       died
1:  .asciz  "\text"
    .balign 4
    .endm
    died    died_undefined, "undefined instruction"
    died    died_svc, "supervisor call"
    died    died_prefetch, "prefetch abort"
    died    died_data, "data abort"
    died    died_fiq, "FIQ"
    .ltorg
