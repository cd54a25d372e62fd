/* Start-up, vectors and the trap recorder.
 *
 * A test runs in System mode, so that every exception mode is distinct from it. It
 * stores the address at which it wants to go on in `trap_resume` (bit 0: Thumb) and
 * provokes an exception; the handler stores everything the exception left behind in
 * `trap` and returns there with the CPSR of the test. */
    .syntax unified
    .cpu cortex-a15
    .arm

    .equ MODE_FIQ, 0x11
    .equ MODE_IRQ, 0x12
    .equ MODE_SVC, 0x13
    .equ MODE_MON, 0x16
    .equ MODE_ABT, 0x17
    .equ MODE_UND, 0x1b
    .equ MODE_SYS, 0x1f

    .section .text.start, "ax"
    .global _start
_start:
    cps     #MODE_FIQ
    ldr     sp, =stack_fiq_top
    cps     #MODE_IRQ
    ldr     sp, =stack_irq_top
    cps     #MODE_SVC
    ldr     sp, =stack_svc_top
    cps     #MODE_ABT
    ldr     sp, =stack_abt_top
    cps     #MODE_UND
    ldr     sp, =stack_und_top
    cps     #MODE_SYS
    ldr     sp, =stack_main_top
    ldr     r0, =__bss_start
    ldr     r1, =__bss_end
    mov     r2, #0
1:  cmp     r0, r1
    strlo   r2, [r0], #4
    blo     1b
    ldr     r0, =vectors
    mcr     p15, 0, r0, c12, c0, 0      @ VBAR
    isb
    bl      main
    bl      finish                       @ does not return
    .ltorg

    /* r0 is parked in TPIDRPRW: with SCTLR.EE set the stack cannot be used before SETEND. */
    .macro  enter number
    mcr     p15, 0, r0, c13, c0, 4
    mrs     r0, cpsr
    setend  le
    push    {r0, r1}
    mov     r0, #\number
    .endm

    .macro  vector_table name, offset
    .balign 4096
    .global \name
\name:
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    b       enter_\name\()_\n
    .endr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
enter_\name\()_\n:
    enter   (\n + \offset)
    ldr     r1, =record
    bx      r1
    .endr
    .ltorg
    .endm

    .text
    .arm
    vector_table vectors, 0
    vector_table vectors_moved, 0x10     @ a second table, to see which one was taken
    vector_table vectors_monitor, 0x20

    .thumb                               @ for SCTLR.TE
    .balign 4096
    .global vectors_thumb
vectors_thumb:
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    b.w     enter_thumb_\n
    .endr
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
enter_thumb_\n:
    enter   (\n + 0x30)
    ldr     r1, =record
    bx      r1
    .endr
    .ltorg
    .arm

/* struct trap of cpu-tests.h */
    .equ T_KIND, 0
    .equ T_COUNT, 4
    .equ T_LR, 8
    .equ T_SPSR, 12
    .equ T_CPSR, 16
    .equ T_DFSR, 20
    .equ T_IFSR, 24
    .equ T_DFAR, 28
    .equ T_IFAR, 32
    .equ T_R, 36                         @ r0..r12

    .type   record, %function
record:
    ldr     r1, =trap
    str     r0, [r1, #T_KIND]
    str     lr, [r1, #T_LR]
    pop     {r0}
    str     r0, [r1, #T_CPSR]
    pop     {r0}
    str     r0, [r1, #T_R + 4]
    mrc     p15, 0, r0, c13, c0, 4
    str     r0, [r1, #T_R]
    add     r0, r1, #T_R + 8
    stmia   r0, {r2-r12}
    ldr     r0, [r1, #T_COUNT]
    add     r0, r0, #1
    str     r0, [r1, #T_COUNT]
    mrs     r0, spsr
    str     r0, [r1, #T_SPSR]
    mrc     p15, 0, r0, c5, c0, 0
    str     r0, [r1, #T_DFSR]
    mrc     p15, 0, r0, c5, c0, 1
    str     r0, [r1, #T_IFSR]
    mrc     p15, 0, r0, c6, c0, 0
    str     r0, [r1, #T_DFAR]
    mrc     p15, 0, r0, c6, c0, 2
    str     r0, [r1, #T_IFAR]
    /* Interrupts are acknowledged at the controller whose address the test stored. */
    ldr     r0, [r1, #T_KIND]
    and     r0, r0, #7
    cmp     r0, #6
    blo     1f
    ldr     r2, =interrupt_controller
    ldr     r2, [r2]
    cmp     r2, #0
    beq     1f
    ldr     r0, [r2, #0x0c]              @ GICC_IAR
    str     r0, [r2, #0x10]              @ GICC_EOIR
    /* From Monitor mode a test in Non-secure state may ask to come back to Secure state. */
1:  ldr     r0, [r1, #T_KIND]
    cmp     r0, #0x20
    blo     2f
    ldr     r2, =leave_non_secure
    ldr     r0, [r2]
    cmp     r0, #0
    beq     2f
    mov     r0, #0
    str     r0, [r2]
    mcr     p15, 0, r0, c1, c1, 0
2:  ldr     r12, =trap_resume
    ldr     lr, [r12]
    mov     r0, #0
    str     r0, [r12]
    cmp     lr, #0
    beq     unexpected
    ldr     r0, =trap_return_cpsr
    ldr     r0, [r0]
    tst     lr, #1
    orrne   r0, r0, #0x20
    bic     lr, lr, #1
    msr     spsr_fsxc, r0
    movs    pc, lr                       @ r0-r3 and r12 are lost: the probes say so

unexpected:
    cps     #MODE_SYS
    ldr     sp, =stack_main_top
    ldr     r0, =unexpected_trap
    bx      r0
    .ltorg

    /* void call_semihosting(u32 operation, u32 parameter) */
    .global call_semihosting
    .type   call_semihosting, %function
call_semihosting:
    svc     #0x123456
    bx      lr

    .bss
    .balign 8
    .macro  stack name, size
    .space  \size
    .global \name
\name:
    .endm
    stack   stack_fiq_top, 1024
    stack   stack_irq_top, 1024
    stack   stack_svc_top, 1024
    stack   stack_abt_top, 1024
    stack   stack_und_top, 1024
    stack   stack_mon_top, 1024
    stack   stack_main_top, 16384
    .section .note.GNU-stack, "", %progbits
