/* What the processor tests share: output, trap probes, translation tables. */
#ifndef CPU_TESTS_H
#define CPU_TESTS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* ---- output, through semihosting ---- */
void text(const char *s);
void hex(u32 value);
/* " name=hex" */
void field(const char *name, u32 value);
void line(void);
/* "name: value" on a line of its own */
void show(const char *name, u32 value);
void finish(void) __attribute__((noreturn));

/* ---- traps ---- */
struct trap {
    u32 kind; /* vector number 0..7, +0x10 moved, +0x20 monitor, +0x30 Thumb table */
    u32 count;
    u32 lr, spsr, cpsr;
    u32 dfsr, ifsr, dfar, ifar;
    u32 r[13];
};
extern volatile struct trap trap;
extern volatile u32 trap_resume;      /* where the recorder goes on; bit 0 means Thumb */
extern volatile u32 trap_at;          /* the address that LR is printed relative to */
extern volatile u32 trap_done;        /* the LR of the SVC that ends a probe in User mode */
extern volatile u32 trap_return_cpsr; /* CPSR to go on with */
extern volatile u32 interrupt_controller; /* GICC base; 0: interrupts are not acknowledged */
extern volatile u32 leave_non_secure;     /* the next trap to Monitor mode clears SCR */

extern u8 vectors[], vectors_moved[], vectors_monitor[], vectors_thumb[];
extern u8 stack_mon_top[];

enum { UNDEFINED = 1, SUPERVISOR, PREFETCH_ABORT, DATA_ABORT, UNUSED, IRQ, FIQ };

void unexpected_trap(void);
/* Prints the trap since the last report, or the result registers when there was none. */
void report(const char *name, u32 r0, u32 r1);
/* As `report`, with the fault status and address registers that the kind of trap sets. */
void report_fault(const char *name, u32 r0, u32 r1);

#define SET_(variable, label)                 \
    "movw r12, #:lower16:" label "\n"         \
    "movt r12, #:upper16:" label "\n"         \
    "movw r3, #:lower16:" variable "\n"       \
    "movt r3, #:upper16:" variable "\n"       \
    "str r12, [r3]\n"

/* Runs `code` with R0 = a and R1 = b; label 8 marks the instruction that may trap. */
#define PROBE_(reporter, name, a, b, before, code, after)                                   \
    do {                                                                                    \
        register u32 r0_ __asm__("r0") = (u32)(a);                                          \
        register u32 r1_ __asm__("r1") = (u32)(b);                                          \
        __asm__ volatile(".syntax unified\n" SET_("trap_resume", "9f") SET_("trap_at", "8f") \
                         before code "\n" after "9:\n"                                      \
                         : "+r"(r0_), "+r"(r1_)                                             \
                         :                                                                  \
                         : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r12", "lr", "memory", \
                           "cc");                                                           \
        reporter(name, r0_, r1_);                                                           \
    } while (0)

#define TO_THUMB "adr r12, 7f + 1\n bx r12\n .thumb\n .balign 4\n 7:\n"
#define FROM_THUMB "\n bx pc\n nop\n .arm\n"
#define TO_USER SET_("trap_done", "9f") "cps #0x10\n"
#define FROM_USER "svc #0x77\n"

/* In System mode, ARM or Thumb. */
#define PROBE(name, a, b, code) PROBE_(report, name, a, b, "", code, "")
#define PROBE_FAULT(name, a, b, code) PROBE_(report_fault, name, a, b, "", code, "")
#define PROBE_THUMB(name, a, b, code) \
    PROBE_(report, name, a, b, TO_THUMB, code, "\n.balign 4\n" FROM_THUMB)
#define PROBE_THUMB_FAULT(name, a, b, code) \
    PROBE_(report_fault, name, a, b, TO_THUMB, code, "\n.balign 4\n" FROM_THUMB)
/* In User mode; the SVC that ends it is told from others by its return address. */
#define PROBE_USER(name, a, b, code) PROBE_(report, name, a, b, TO_USER, code, FROM_USER)
#define PROBE_USER_FAULT(name, a, b, code) \
    PROBE_(report_fault, name, a, b, TO_USER, code, FROM_USER)

/* Code that is not expected to trap at one instruction. */
#define RUN(name, a, b, code) PROBE_FAULT(name, a, b, "8: " code)
#define RUN_THUMB(name, a, b, code) PROBE_THUMB(name, a, b, "8: " code)
#define RUN_USER(name, a, b, code) PROBE_USER(name, a, b, "8: " code)

/* ---- system registers ---- */
#define READ_CP15(crn, op1, crm, op2)                                                     \
    ({                                                                                    \
        u32 v_;                                                                           \
        __asm__ volatile("mrc p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 : "=r"(v_)    \
                         : : "memory");                                                   \
        v_;                                                                               \
    })
#define WRITE_CP15(crn, op1, crm, op2, value)                                             \
    do {                                                                                  \
        __asm__ volatile("mcr p15, " #op1 ", %0, " #crn ", " #crm ", " #op2 "\n isb"      \
                         : : "r"((u32)(value)) : "memory");                               \
    } while (0)

#define READ_SCTLR() READ_CP15(c1, 0, c0, 0)
#define WRITE_SCTLR(v) WRITE_CP15(c1, 0, c0, 0, v)
#define WRITE_VBAR(v) WRITE_CP15(c12, 0, c0, 0, v)
#define WRITE_DACR(v) WRITE_CP15(c3, 0, c0, 0, v)
#define WRITE_TTBR0(v) WRITE_CP15(c2, 0, c0, 0, v)
#define WRITE_TTBR1(v) WRITE_CP15(c2, 0, c0, 1, v)
#define WRITE_TTBCR(v) WRITE_CP15(c2, 0, c0, 2, v)
#define WRITE_CONTEXTIDR(v) WRITE_CP15(c13, 0, c0, 1, v)

enum {
    SCTLR_M = 1 << 0, SCTLR_A = 1 << 1, SCTLR_C = 1 << 2, SCTLR_I = 1 << 12,
    SCTLR_V = 1 << 13, SCTLR_EE = 1 << 25, SCTLR_TRE = 1 << 28, SCTLR_AFE = 1 << 29,
    SCTLR_TE = 1 << 30,
};

/* ---- translation tables ---- */
extern u32 first_level[4096];     /* for TTBR0 */
extern u32 first_level_1[4096];   /* for TTBR1 */
extern u32 second_level[8][256];

/* Descriptor bits of the short format (ARM DDI 0406, B3.5). */
enum {
    SECTION = 2, SECTION_PXN = 1, SECTION_B = 1 << 2, SECTION_C = 1 << 3, SECTION_XN = 1 << 4,
    SECTION_TEX0 = 1 << 12, SECTION_S = 1 << 16, SECTION_NG = 1 << 17, SUPERSECTION = 1 << 18,
    TABLE = 1,
    SMALL = 2, LARGE = 1, PAGE_XN = 1, PAGE_B = 1 << 2, PAGE_C = 1 << 3, PAGE_TEX0 = 1 << 6,
    LARGE_XN = 1 << 15, LARGE_TEX0 = 1 << 12, PAGE_NG = 1 << 11,
};
#define SECTION_DOMAIN(n) ((u32)(n) << 5)
#define TABLE_DOMAIN(n) ((u32)(n) << 5)
/* AP[2:0] of a section and of a page. */
#define SECTION_AP(ap) ((((u32)(ap) & 3) << 10) | (((u32)(ap) >> 2 & 1) << 15))
#define PAGE_AP(ap) ((((u32)(ap) & 3) << 4) | (((u32)(ap) >> 2 & 1) << 9))
#define SECTION_NORMAL (SECTION | SECTION_TEX0 | SECTION_C | SECTION_B)
#define PAGE_NORMAL (SMALL | PAGE_TEX0 | PAGE_C | PAGE_B)

/* Physical memory that tests map: 1 MiB-aligned RAM behind the image, and an address with nothing. */
#define SCRATCH 0x44000000u
#define NOTHING 0x0f000000u

/* Flat map of image and devices, domain 0 as client, MMU and caches on. */
void mmu_on(void);
void mmu_off(void);
void tlb_flush_all(void);
/* Writes a descriptor and drops every translation. */
void map(u32 *descriptor, u32 value);
#endif
