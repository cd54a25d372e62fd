@ Start-up of the benchmark images: one core, MMU and caches on, VFP and NEON on, then main.
@ RAM is where `qemu-system-arm -M virt` has it, 0x4000_0000.

    .syntax unified
    .arch armv7-a
    .fpu neon
    .section .text.start, "ax"
    .arm
    .global _start
_start:
    cpsid   aif
    ldr     sp, =stack_top

    @ Identity map of sections: RAM is normal write-back memory, all else faults.
    ldr     r0, =translation_table
    mov     r1, #0
    mov     r2, #4096
clear:
    str     r1, [r0], #4
    subs    r2, r2, #1
    bne     clear
    ldr     r0, =translation_table
    add     r0, r0, #0x1000             @ entry of 0x4000_0000
    ldr     r1, =0x40011c0e             @ TEX=001 C=1 B=1, S=1, AP=11, domain 0
    mov     r2, #64
map:
    str     r1, [r0], #4
    add     r1, r1, #0x100000
    subs    r2, r2, #1
    bne     map

    mov     r0, #0
    mcr     p15, 0, r0, c8, c7, 0       @ TLBIALL
    mcr     p15, 0, r0, c7, c5, 0       @ ICIALLU
    mcr     p15, 0, r0, c2, c0, 2       @ TTBCR
    ldr     r0, =translation_table
    mcr     p15, 0, r0, c2, c0, 0       @ TTBR0
    mov     r0, #1
    mcr     p15, 0, r0, c3, c0, 0       @ DACR: domain 0 is a client
    dsb
    isb
    mrc     p15, 0, r0, c1, c0, 0
    ldr     r1, =0x1805                 @ I, Z, C, M
    orr     r0, r0, r1
    mcr     p15, 0, r0, c1, c0, 0
    isb

    mrc     p15, 0, r0, c1, c0, 2
    orr     r0, r0, #0xf00000           @ CPACR: CP10 and CP11
    mcr     p15, 0, r0, c1, c0, 2
    isb
    mov     r0, #0x40000000
    vmsr    fpexc, r0

    bl      main

    @ Semihosting SYS_EXIT: reason ADP_Stopped_ApplicationExit when main returned 0, else RunTimeErrorUnknown.
    cmp     r0, #0
    ldreq   r1, =0x20026
    ldrne   r1, =0x20023
    mov     r0, #0x18
    svc     #0x123456
hang:
    b       hang

    @ void semihosting_write0(const char *text)
    .global semihosting_write0
    .type semihosting_write0, %function
semihosting_write0:
    push    {r4, lr}
    mov     r1, r0
    mov     r0, #0x04
    svc     #0x123456
    pop     {r4, pc}

    .bss
    .balign 16384
translation_table:
    .space  16384
    .balign 8
    .space  65536
stack_top:

    .section .note.GNU-stack, "", %progbits
