/*
 * A first guest: prints over the UART, maps a page behind a System MMU, runs DMA through it, takes a
 * translation fault, maps what was missing, resumes the stalled transaction, checks every byte, powers off.
 *
 * It runs with its own MMU and caches off, at addresses of the MSM8x60, without any library: what a driver
 * does to this SMMU is all here. Register names are those of the reference pages.
 */
#include <stdint.h>

/* ---- Addresses and interrupts (MSM8x60) ---- */

#define GICD 0x02080000u
#define GICC 0x02081000u
#define UARTDM 0x19c40000u
#define PS_HOLD 0x00800820u
#define SMMU 0x07300000u    /* the JPEG decoder's */
#define ENGINE 0x0f000000u  /* traffic engine behind it */
#define SMMU_IRQ (32 + 65)  /* its interrupt output 0 */
#define ENGINE_MID 0u

static uint32_t read32(uint32_t at) { return *(volatile uint32_t *)at; }
static void write32(uint32_t at, uint32_t value) { *(volatile uint32_t *)at = value; }
static void barrier(void) { __asm__ volatile("dsb" ::: "memory"); }

/* ---- Console ---- */

#define SR (UARTDM + 0x08)
#define SR_TXEMT (1u << 3)
#define CR (UARTDM + 0x10)
#define NCF_TX (UARTDM + 0x40)
#define TF (UARTDM + 0x70)

static void uart_start(void)
{
    write32(CR, 0x10);    /* reset receiver */
    write32(CR, 0x20);    /* reset transmitter */
    write32(CR, 1u << 2); /* enable transmitter */
}

static void put_char(char c)
{
    while (!(read32(SR) & SR_TXEMT))
        ;
    write32(CR, 0x300); /* reset TX ready */
    write32(NCF_TX, 1);
    (void)read32(NCF_TX);
    write32(TF, (uint8_t)c);
}

static void print(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            put_char('\r');
        put_char(*text);
    }
}

static void print_hex(uint32_t value)
{
    print("0x");
    for (int shift = 28; shift >= 0; shift -= 4)
        put_char("0123456789abcdef"[value >> shift & 15]);
}

static void show(const char *name, uint32_t value)
{
    print("  ");
    print(name);
    print(" = ");
    print_hex(value);
    print("\n");
}

/* ---- The end ---- */

static void exit_status(int status)
{
    /* Semihosting SYS_EXIT_EXTENDED (0x20): ADP_Stopped_ApplicationExit with a status. */
    uint32_t block[2] = { 0x20026, (uint32_t)status };
    register uint32_t operation __asm__("r0") = 0x20;
    register uint32_t *argument __asm__("r1") = block;
    __asm__ volatile("svc 0x123456" : "+r"(operation) : "r"(argument) : "memory");
}

void power_off(void)
{
    while (!(read32(SR) & SR_TXEMT))
        ;
    write32(PS_HOLD, 0);
    for (;;)
        __asm__ volatile("wfi");
}

void died(const char *how)
{
    print("hello: died of ");
    print(how);
    print("\n");
    exit_status(1);
    for (;;)
        ;
}

static void fail(const char *why)
{
    print("hello: FAILED: ");
    print(why);
    print("\n");
    exit_status(1);
    for (;;)
        ;
}

/* ---- System MMU ---- */

#define BANK0(offset) (SMMU + (offset))
#define SCTLR BANK0(0x000)
#define SCTLR_M (1u << 0)
#define SCTLR_AFE (1u << 2)
#define ACTLR BANK0(0x004)
#define ACTLR_CFEIE (1u << 1)
#define ACTLR_TLBMCFG_WALK (3u << 12)
#define ACTLR_CFCFG_STALL (1u << 14)
#define CONTEXTIDR BANK0(0x008)
#define TTBR0 BANK0(0x010)
#define TTBCR BANK0(0x018)
#define FSR BANK0(0x020)
#define FSR_TF (1u << 1)
#define FAR BANK0(0x028)
#define FSYNR0 BANK0(0x02c)
#define FSYNR1 BANK0(0x030)
#define CTX_TLBIALL BANK0(0x800)
#define TLBIVA BANK0(0x808)
#define RESUME BANK0(0x820)
#define RESUME_RETRY 0u
#define M2VCBR(mid) (SMMU + 0xff000 + 4 * (mid))
#define CBACR(bank) (SMMU + 0xff800 + 4 * (bank))
#define IDR (SMMU + 0xffff8)

/* Short descriptors; AFE = 1, so AP[0] is the access flag and AP[1] allows unprivileged accesses. */
#define FL_TABLE 1u
#define SL_SMALL 2u
#define SL_AP0 (1u << 4)
#define SL_AP1 (1u << 5)

#define ASID 1u
#define IOVA 0x10000000u

static uint32_t first_level[4096] __attribute__((aligned(16384)));
static uint32_t second_level[256] __attribute__((aligned(1024)));

static void map(uint32_t iova, const void *page)
{
    second_level[iova >> 12 & 255] = (uint32_t)page | SL_AP1 | SL_AP0 | SL_SMALL;
    barrier();
    write32(TLBIVA, (iova & ~0xfffu) | ASID);
}

static void smmu_start(void)
{
    first_level[IOVA >> 20] = (uint32_t)second_level | FL_TABLE;
    write32(M2VCBR(ENGINE_MID), 3u << 22); /* bank 0, VMID 0, non-secure */
    write32(CBACR(0), 0);                  /* faults on interrupt output 0 */
    write32(CONTEXTIDR, ASID);
    write32(TTBCR, 0);
    write32(TTBR0, (uint32_t)first_level);
    write32(ACTLR, ACTLR_TLBMCFG_WALK | ACTLR_CFCFG_STALL | ACTLR_CFEIE);
    barrier();
    write32(CTX_TLBIALL, 0);
    write32(SCTLR, SCTLR_AFE | SCTLR_M);
}

/* ---- Interrupts ---- */

static uint8_t target[4096] __attribute__((aligned(4096)));
static volatile uint32_t faults;

static void gic_start(void)
{
    write32(GICD + 0x000, 1);                                     /* distributor on */
    write32(GICD + 0x100 + SMMU_IRQ / 32 * 4, 1u << SMMU_IRQ % 32); /* enable */
    *(volatile uint8_t *)(GICD + 0x800 + SMMU_IRQ) = 1;           /* to CPU 0 */
    write32(GICC + 0x004, 0xf0);                                  /* priority mask */
    write32(GICC + 0x000, 1);                                     /* CPU interface on */
    __asm__ volatile("cpsie i");
}

void handle_irq(void)
{
    uint32_t id = read32(GICC + 0x00c);
    if ((id & 1023) == SMMU_IRQ) {
        uint32_t fsr = read32(FSR), far = read32(FAR);
        print("fault: a transaction is stalled\n");
        show("FSR", fsr);
        show("FAR", far);
        show("FSYNR0", read32(FSYNR0));
        show("FSYNR1", read32(FSYNR1));
        if (!(fsr & FSR_TF) || (far & ~0xfffu) != IOVA + 0x1000)
            fail("not the fault that was expected");
        map(far, target);
        write32(FSR, fsr);
#ifndef FORGET_RESUME /* as the mainline drivers of 2010 and 6.1 do */
        write32(RESUME, RESUME_RETRY);
#endif
        faults++;
    }
    write32(GICC + 0x010, id);
}

/* ---- DMA ---- */

#define TENG_CMD (ENGINE + 0x0c)
#define TENG_FRAME_ADDR (ENGINE + 0x10)
#define TENG_FRAME_ATTR (ENGINE + 0x14)
#define TENG_STATUS (ENGINE + 0x18)
#define TENG_STATUS_BUSY (1u << 0)
#define TENG_STATUS_DONE (1u << 1)
#define TENG_FAULT (ENGINE + 0x24)
#define TENG_FAULT_ADDR (ENGINE + 0x28)

#define FRAME_COPY 1u
#define FRAME_BURST_64 (6u << 8)
#define FRAME_OUTSTANDING_4 (3u << 12)
#define ATTR_NORMAL (2u << 3)

static uint8_t source[4096] __attribute__((aligned(4096)));
static uint32_t frame[1024] __attribute__((aligned(4096)));

static void copy(uint32_t from, uint32_t to, uint32_t bytes)
{
    frame[0] = FRAME_COPY | FRAME_BURST_64 | FRAME_OUTSTANDING_4;
    frame[1] = ATTR_NORMAL | ATTR_NORMAL << 16;
    frame[2] = from;
    frame[3] = to;
    frame[4] = bytes;
    frame[11] = ENGINE_MID | ENGINE_MID << 8;
    barrier();
    write32(TENG_FRAME_ADDR, IOVA + 0x2000);
    write32(TENG_FRAME_ATTR, ATTR_NORMAL | ENGINE_MID << 16);
    write32(TENG_CMD, 1);
    while (read32(TENG_STATUS) & TENG_STATUS_BUSY)
        ;
    barrier();
}

void main(void)
{
    uart_start();
    print("hello from the guest\n");
    show("SMMU IDR", read32(IDR));

    for (uint32_t i = 0; i < sizeof source; i++)
        source[i] = (uint8_t)(i * 7 + (i >> 8));
    smmu_start();
    gic_start();
    map(IOVA, source);
    map(IOVA + 0x2000, frame);
    print("mapped: ");
    print_hex(IOVA);
    print(" -> ");
    print_hex((uint32_t)source);
    print("\n");

    print("dma: copies 4096 bytes to a page that is not mapped\n");
    copy(IOVA, IOVA + 0x1000, sizeof source);
    if (!(read32(TENG_STATUS) & TENG_STATUS_DONE)) {
        show("TENG_FAULT", read32(TENG_FAULT));
        show("TENG_FAULT_ADDR", read32(TENG_FAULT_ADDR));
        fail("the engine did not finish");
    }
    if (faults != 1)
        fail("the fault was not taken once");
    for (uint32_t i = 0; i < sizeof source; i++)
        if (target[i] != source[i])
            fail("a byte differs");
    print("dma: resumed and done, every byte is right\n");
    print("hello: all ok\n");
}
