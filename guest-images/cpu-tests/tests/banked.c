/* Banked registers, mode changes, PSR writes by mode, register lists with the User bank,
 * SRS, RFE and exception returns. */
#include "cpu-tests.h"

#define USR 0x10
#define FIQ_ 0x11
#define IRQ_ 0x12
#define SVC 0x13
#define ABT 0x17
#define UND 0x1b
#define SYS 0x1f

struct bank { u32 r8_r12[5], sp, lr, spsr; };
static volatile struct bank seen[7];

/* Fills r8-r12 (their FIQ copies too), SP, LR and SPSR of every mode with different values,
 * then reads everything back mode by mode; the real stack pointers are put back. */
static void banks(void)
{
    __asm__ volatile(
        "push {r4-r11}\n"
        "mov r7, %0\n"
        "mov r6, sp\n"
        "ldr r4, =0x51500000\n"
        ".macro fill mode, tag\n"
        "cps #\\mode\n"
        "mov r5, sp\n"
        "push_real \\tag\n"
        "add sp, r4, #(\\tag << 8)\n"
        "add lr, sp, #1\n"
        ".endm\n"
        ".macro push_real tag\n"
        "ldr r3, =real_sp\n"
        "str r5, [r3, #(\\tag * 4)]\n"
        ".endm\n"
        "fill 0x11, 0\n"
        "add r8, r4, #0x80\n add r9, r4, #0x90\n add r10, r4, #0xa0\n add r11, r4, #0xb0\n add r12, r4, #0xc0\n"
        "ldr r3, =0xf80f03d1\n msr spsr_fsxc, r3\n"
        "fill 0x12, 1\n ldr r3, =0x800001d2\n msr spsr_fsxc, r3\n"
        "fill 0x13, 2\n ldr r3, =0x400001d3\n msr spsr_fsxc, r3\n"
        "fill 0x17, 3\n ldr r3, =0x200001d7\n msr spsr_fsxc, r3\n"
        "fill 0x1b, 4\n ldr r3, =0x100001db\n msr spsr_fsxc, r3\n"
        "fill 0x1f, 5\n"
        "mov r8, #8\n mov r9, #9\n mov r10, #10\n mov r11, #11\n mov r12, #12\n"
        ".macro see mode, tag, spsr\n"
        "cps #\\mode\n"
        "add r3, r7, #(\\tag * 32)\n"
        "stmia r3!, {r8-r12}\n"
        "str sp, [r3]\n str lr, [r3, #4]\n"
        ".if \\spsr\n mrs r5, spsr\n str r5, [r3, #8]\n .endif\n"
        "ldr r5, =real_sp\n ldr sp, [r5, #(\\tag * 4)]\n"
        ".endm\n"
        "see 0x11, 0, 1\n see 0x12, 1, 1\n see 0x13, 2, 1\n see 0x17, 3, 1\n see 0x1b, 4, 1\n"
        "see 0x1f, 5, 0\n"
        "mov sp, r6\n"
        "pop {r4-r11}\n"
        "b 1f\n"
        ".ltorg\n"
        "real_sp: .space 28\n"
        "1:\n"
        :
        : "r"(seen)
        : "r2", "r3", "r12", "lr", "memory", "cc");
    static const char *const names[6] = { "fiq", "irq", "svc", "abt", "und", "sys" };
    for (int i = 0; i < 6; i++) {
        text(names[i]);
        field("r8", seen[i].r8_r12[0]);
        field("r9", seen[i].r8_r12[1]);
        field("r10", seen[i].r8_r12[2]);
        field("r11", seen[i].r8_r12[3]);
        field("r12", seen[i].r8_r12[4]);
        field("sp", seen[i].sp);
        field("lr", seen[i].lr);
        if (i != 5)
            field("spsr", seen[i].spsr);
        line();
    }
}

static void psr_writes(void)
{
    RUN("sys: msr cpsr_f", 0xffffffff, 0, "msr cpsr_f, r0\n mrs r1, cpsr");
    RUN("sys: msr cpsr_s", 0xffffffff, 0, "msr cpsr_s, r0\n mrs r1, cpsr");
    RUN("sys: msr cpsr_f immediate", 0, 0, "msr cpsr_f, #0x50000000\n mrs r1, cpsr");
    RUN("sys: masks off", 0, 0, "msr cpsr_c, #0x1f\n mrs r1, cpsr\n msr cpsr_c, #0xdf");
    RUN("sys: a masked again by _x", 0x1df, 0, "cpsie a\n msr cpsr_x, r0\n mrs r1, cpsr");
    RUN("sys: execution state is not writable", 0x0600ffff, 0,
          "bic r0, r0, #0xff00\n orr r0, r0, #0x0c00\n bic r0, r0, #0x20\n bic r0, r0, #0xff\n orr r0, r0, #0xdf\n"
          "msr cpsr_fsxc, r0\n mrs r1, cpsr");
    RUN_USER("user: msr cpsr_fsxc", 0xf80f001f, 0, "msr cpsr_fsxc, r0\n mrs r1, cpsr");
    RUN_USER("user: cps ignored", 0, 0, "cpsie aif, #0x1f\n mrs r1, cpsr");
    RUN_USER("user: q flag", 0x7fffffff, 1, "qadd r0, r0, r1\n mrs r1, cpsr");
    PROBE("user: mode and masks unchanged", 0, 0,
          "cps #0x10\n msr cpsr_c, #0xd3\n mrs r1, cpsr\n svc #0\n8:");
    RUN("cps disable and mode", 0, 0, "cpsie aif\n cpsid if, #0x13\n mrs r1, cpsr\n cpsid aif, #0x1f");
    RUN("setend", 0, 0, "setend be\n mrs r1, cpsr\n setend le\n mrs r0, cpsr");
    RUN("apsr write of ge", 0x000f0000, 0, "msr apsr_g, r0\n mrs r1, apsr");
    RUN_THUMB("thumb msr", 0xa0050000, 0, "msr cpsr_fs, r0\n mrs r1, cpsr");
}

static u32 list[20] __attribute__((aligned(8)));

static void user_lists(void)
{
    RUN("stm user bank from svc", (u32)list, 0,
          "mov r2, sp\n mov r3, #0x44\n mov lr, r3\n mov r5, #0x55\n cps #0x13\n mov r6, lr\n mov r7, sp\n"
          "mov lr, #0x99\n stmia r0, {r5, r13, r14}^\n nop\n mov lr, r6\n cps #0x1f\n"
          "ldr r1, [r0, #4]\n sub r1, r1, r2\n ldr r0, [r0, #8]");
    RUN("ldm user bank from svc", (u32)list, 0,
          "mov r2, #0x123\n str r2, [r0]\n add r2, r2, #1\n str r2, [r0, #4]\n cps #0x13\n mov r6, lr\n"
          "ldmia r0, {r5, r14}^\n nop\n mov lr, r6\n cps #0x1f\n mov r0, r5\n mov r1, lr");
    RUN("fiq: ldm user bank leaves r8_fiq", (u32)list, 0,
          "mov r2, #0x77\n str r2, [r0]\n str r2, [r0, #4]\n cps #0x11\n mov r8, #0x88\n ldmia r0, {r8, r9}^\n nop\n"
          "mov r1, r8\n cps #0x1f\n mov r0, r8");
    RUN("ldm with pc and ^ returns", (u32)list, 0,
          "adr r2, 6f\n str r2, [r0, #4]\n mov r2, #0x31\n str r2, [r0]\n mrs r2, cpsr\n orr r2, r2, #0x40000000\n"
          "cps #0x13\n msr spsr_fsxc, r2\n mov r6, sp\n mov sp, r0\n ldmia sp!, {r1, pc}^\n mov r0, #0\n"
          "6: mrs r2, cpsr\n cps #0x13\n mov sp, r6\n cps #0x1f\n mov r0, r2");
    RUN("ldm ^ returns to thumb", (u32)list, 0,
          "adr r2, 6f\n str r2, [r0]\n mrs r2, cpsr\n orr r2, r2, #0x20\n cps #0x13\n msr spsr_fsxc, r2\n"
          "ldmia r0, {pc}^\n .thumb\n .balign 4\n 6: movs r1, #0x61\n nop\n bx pc\n nop\n .arm\n");
    RUN("subs pc, lr returns into an it block", 0, 0,
          "cmp r0, r0\n mrs r2, cpsr\n orr r2, r2, #0x20\n orr r2, r2, #0x0a00\n bic r2, r2, #0x0400\n"
          "cps #0x13\n mov r6, lr\n msr spsr_fsxc, r2\n adr lr, 6f + 4\n subs pc, lr, #4\n"
          ".thumb\n .balign 4\n 6: mov r1, #0x71\n mov r0, #0x72\n bx pc\n nop\n .arm\n cps #0x13\n mov lr, r6\n cps #0x1f");
    RUN("movs pc keeps be", 0, 0,
          "mrs r2, cpsr\n orr r2, r2, #0x200\n cps #0x13\n mov r6, lr\n msr spsr_fsxc, r2\n adr lr, 6f\n movs pc, lr\n"
          "6: mrs r1, cpsr\n setend le\n cps #0x13\n mov lr, r6\n cps #0x1f");
}

static void srs_rfe(void)
{
    RUN("srsdb to the svc stack from irq", 0, 0,
          "cps #0x12\n mov r6, lr\n ldr r2, =0x60000192\n msr spsr_fsxc, r2\n ldr lr, =0x12345678\n srsdb sp!, #0x13\n"
          "mov lr, r6\n cps #0x13\n pop {r0, r1}\n cps #0x1f\n b 6f\n .ltorg\n 6:");
    RUN("srsia without writeback", (u32)list, 0,
          "cps #0x13\n mov r6, lr\n mov r7, sp\n mov sp, r0\n mov lr, #0x5a\n msr spsr_c, #0x10\n srsia sp, #0x13\n"
          "sub r1, sp, r0\n mov sp, r7\n mov lr, r6\n cps #0x1f\n ldr r0, [r0]");
    RUN("srs forms", (u32)list + 32, 0,
          "cps #0x13\n mov r6, lr\n mov r7, sp\n mov lr, #0x11\n mov sp, r0\n srsib sp!, #0x13\n sub r1, sp, r0\n"
          "mov lr, #0x22\n srsda sp!, #0x13\n sub r2, sp, r0\n orr r1, r1, r2, lsl #8\n mov sp, r7\n mov lr, r6\n"
          "cps #0x1f\n ldr r0, [r0, #4]");
    RUN("rfeia", (u32)list, 0,
          "adr r2, 6f\n str r2, [r0]\n mrs r2, cpsr\n orr r2, r2, #0x90000000\n str r2, [r0, #4]\n cps #0x13\n"
          "rfeia r0!\n mov r0, #0\n 6: mrs r1, cpsr\n and r0, r0, #0xff");
    RUN("rfedb to thumb", (u32)list + 16, 0,
          "adr r2, 6f\n str r2, [r0, #-8]\n mrs r2, cpsr\n orr r2, r2, #0x20\n str r2, [r0, #-4]\n cps #0x13\n"
          "rfedb r0!\n mov r1, #1\n .thumb\n .balign 4\n 6: movs r1, #0x66\n nop\n bx pc\n nop\n .arm\n");
    RUN_THUMB("thumb rfe", (u32)list, 0,
                "adr r2, 6f\n str r2, [r0]\n mrs r2, cpsr\n bic r2, r2, #0x20\n str r2, [r0, #4]\n rfeia r0\n"
                ".balign 4\n .arm\n 6: add r12, pc, #1\n bx r12\n .thumb\n movs r1, #0x67\n nop");
}

static void spsr_by_mode(void)
{
    /* The exception that a User mode program takes leaves the banks of other modes alone. */
    RUN("set spsr_svc", 0, 0, "cps #0x13\n ldr r2, =0xa00001d0\n msr spsr_fsxc, r2\n cps #0x1f\n b 6f\n .ltorg\n 6:");
    PROBE_USER("udf from user", 0, 0, "8: udf #0");
    RUN("spsr_svc is kept", 0, 0, "cps #0x13\n mrs r1, spsr\n cps #0x1f");
    RUN("spsr_svc by fields", 0, 0,
          "cps #0x13\n mvn r2, #0\n msr spsr_s, r2\n mrs r0, spsr\n bic r0, r0, #0x00f00000\n mov r2, #0\n msr spsr_fsxc, r2\n mrs r1, spsr\n"
          "mov r2, #0x1f\n msr spsr_c, r2\n cps #0x1f");
}

int main(void)
{
    banks();
    psr_writes();
    user_lists();
    srs_rfe();
    spsr_by_mode();
    return 0;
}
