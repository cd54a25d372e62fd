/* System MMU of the MSM8x60: probe, context banks, invalidation, faults. */
#include "msm_iommu.h"

#include "cacheflush.h"
#include "internal.h"
#include "io.h"
#include "irq.h"
#include "kit.h"
#include "printf.h"
#include "slab.h"
#include "string.h"

/* Classes of memory: 1 (B) Device, 4 (TEX[0]) Normal non-cacheable, 7 Normal write-back write-allocate. What is
 * marked shareable is inner shareable. */
#define PRRR_VALUE (1u << 2 | 2u << 8 | 2u << 14 | 1u << 17 | 1u << 19 | 1u << 28 | 1u << 31)
#define NMRR_VALUE (1u << 14 | 1u << 30)

/* More commands than this cost more than the entries that TLBIASID drops in vain. */
#define MOST_TLBIVA 32u

static struct msm_smmu *smmus;
static u32 blocked;

struct msm_smmu *msm_smmus(void)
{
    return smmus;
}

u32 iommu_blocked(void)
{
    return blocked;
}

static u32 bank_read(const struct msm_smmu *smmu, unsigned bank, u32 offset)
{
    return readl(msm_bank_register(smmu, bank, offset));
}

static void bank_write(const struct msm_smmu *smmu, unsigned bank, u32 offset, u32 value)
{
    writel(value, msm_bank_register(smmu, bank, offset));
}

/* ---- Context banks ---- */

static void reset_bank(const struct msm_smmu *smmu, unsigned bank)
{
    static const u16 registers[] = { ACTLR, SCTLR, FSRRESTORE, TTBR0, TTBR1, TTBCR, BFBCR, PAR, FAR };

    for (unsigned i = 0; i < ARRAY_SIZE(registers); i++)
        bank_write(smmu, bank, registers[i], 0);
}

static void route(const struct msm_smmu *smmu, const struct device *dev, u32 value)
{
    for (unsigned i = 0; i < dev->fwspec->count; i++)
        if (dev->fwspec->ids[i].smmu == smmu)
            writel(value, smmu->base + M2VCBR(dev->fwspec->ids[i].mid));
}

int msm_bank_find(const struct msm_smmu *smmu)
{
    for (unsigned i = 0; i < smmu->banks; i++)
        if (!smmu->bank[i].domain)
            return (int)i;
    return -ENOSPC;
}

void msm_bank_attach(struct msm_smmu *smmu, unsigned bank, struct msm_domain *domain, struct device *dev)
{
    u32 actlr = ACTLR_CFERE | ACTLR_CFEIE | ACTLR_RCOSH | ACTLR_RCISH | ACTLR_RCNSH | ACTLR_TLBMCFG_WALK |
                ACTLR_V2PCFG_TLB_THEN_WALK;

    reset_bank(smmu, bank);
    writel(0, smmu->base + CBACR(bank)); /* VMID 0, interrupt output 0 */
    if (domain->domain.type != IOMMU_DOMAIN_IDENTITY) {
        bank_write(smmu, bank, CONTEXTIDR, domain->asid);
        bank_write(smmu, bank, TTBR0, virt_to_phys(domain->table.first) | TTBR_SH);
        bank_write(smmu, bank, PRRR, PRRR_VALUE);
        bank_write(smmu, bank, NMRR, NMRR_VALUE);
        bank_write(smmu, bank, ACTLR, actlr | (domain->domain.handler ? ACTLR_CFCFG_STALL : 0));
        bank_write(smmu, bank, BFBCR, BFBCR_BFBDFE);
        bank_write(smmu, bank, TLBIASID, domain->asid);
        bank_write(smmu, bank, SCTLR, SCTLR_AFE | SCTLR_TRE | SCTLR_M);
    }
    smmu->bank[bank] = (struct msm_bank){ .domain = domain, .dev = dev };
    /* Last: until here its transactions are blocked. */
    route(smmu, dev, M2VCBR_CBNDX(bank) | M2VCBR_NSCFG_NON_SECURE);
}

void msm_bank_set_stall(const struct msm_smmu *smmu, unsigned bank, bool stall)
{
    u32 actlr = bank_read(smmu, bank, ACTLR);

    bank_write(smmu, bank, ACTLR, stall ? actlr | ACTLR_CFCFG_STALL : actlr & ~ACTLR_CFCFG_STALL);
}

void msm_bank_detach(struct msm_smmu *smmu, unsigned bank)
{
    struct msm_bank *b = &smmu->bank[bank];

    route(smmu, b->dev, M2VCBR_BLOCKED);
    /* What is stalled ends now, while CFERE still makes that an error. */
    msm_bank_set_stall(smmu, bank, false);
    bank_write(smmu, bank, TLBIASID, b->domain->asid);
    reset_bank(smmu, bank);
    *b = (struct msm_bank){ 0 };
}

void msm_bank_resume(const struct msm_smmu *smmu, unsigned bank, u32 answer)
{
    bank_write(smmu, bank, RESUME, answer);
}

u32 msm_bank_v2p(const struct msm_smmu *smmu, unsigned bank, u32 operation, u32 iova)
{
    bank_write(smmu, bank, operation, iova & PAGE_MASK);
    return bank_read(smmu, bank, PAR);
}

void msm_for_each_bank(struct msm_domain *domain, struct device *dev,
                       bool (*f)(struct msm_smmu *smmu, unsigned bank, void *data), void *data)
{
    for (struct msm_smmu *smmu = smmus; smmu; smmu = smmu->next)
        for (unsigned i = 0; i < smmu->banks; i++)
            if (smmu->bank[i].domain == domain && (!dev || smmu->bank[i].dev == dev) && !f(smmu, i, data))
                return;
}

/* ---- Invalidation ---- */

/* One bank of each SMMU where the domain is attached: the TLB is shared by the banks, and they have one ASID. */
static int first_bank(const struct msm_smmu *smmu, const struct msm_domain *domain)
{
    for (unsigned i = 0; i < smmu->banks; i++)
        if (smmu->bank[i].domain == domain)
            return (int)i;
    return -1;
}

static void flush_all(struct msm_domain *domain)
{
    for (struct msm_smmu *smmu = smmus; smmu; smmu = smmu->next) {
        int bank = first_bank(smmu, domain);

        if (bank >= 0)
            bank_write(smmu, (unsigned)bank, TLBIASID, domain->asid);
    }
}

static void flush_range(struct msm_domain *domain, u32 iova, u64 size, u32 page)
{
    if (size > (u64)MOST_TLBIVA * page) {
        flush_all(domain);
        return;
    }
    for (struct msm_smmu *smmu = smmus; smmu; smmu = smmu->next) {
        int bank = first_bank(smmu, domain);

        for (u64 at = iova; bank >= 0 && at < iova + size; at += page)
            bank_write(smmu, (unsigned)bank, TLBIVA, ((u32)at & PAGE_MASK) | domain->asid);
    }
}

const struct iommu_flush_ops msm_flush_ops = { flush_range, flush_all };

/* ---- Tables ---- */

static void *table_alloc(size_t size)
{
    void *table = size >= PAGE_SIZE ? page_alloc(size >> PAGE_SHIFT, size) : kmalloc(size);

    return table ? memset(table, 0, size) : NULL;
}

static void table_free(void *table, size_t size)
{
    if (size >= PAGE_SIZE)
        page_free(table, size >> PAGE_SHIFT);
    else
        kfree(table);
}

static void table_unlinked(void *cookie, u32 iova)
{
    struct msm_domain *domain = cookie;

    (void)iova;
    domain->flush->all(domain);
}

const struct pgtable_ops msm_pgtable_ops = { table_alloc, table_free, cache_clean, table_unlinked };

/* ---- Faults ---- */

static const char *cause(u32 fsr)
{
    static const char *const names[] = { "translation fault",       "access flag fault", "permission fault",
                                         "TLB miss",                "no memory at a table", "error at a table",
                                         "more than one TLB entry" };

    for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
        if (fsr & BIT(i + 1))
            return names[i];
    return "no cause";
}

static void bank_fault(struct msm_smmu *smmu, unsigned bank)
{
    struct msm_bank *b = &smmu->bank[bank];
    struct msm_domain *domain = b->domain;
    struct iommu_fault *fault = &domain->last;
    int answer = -ENOSYS;

    *fault = (struct iommu_fault){
        .dev = b->dev,
        .iova = bank_read(smmu, bank, FAR),
        .fsr = bank_read(smmu, bank, FSR),
        .fsynr0 = bank_read(smmu, bank, FSYNR0),
        .fsynr1 = bank_read(smmu, bank, FSYNR1),
    };
    fault->mid = fault->fsynr0 & FSYNR0_AMID;
    fault->write = fault->fsynr1 & FSYNR1_AWRITE;
    fault->stalled = fault->fsr & FSR_SS;
    domain->faulted = true;
    domain->domain.faults++;
    /* Cleared before the answer: what is tried again may fault again. */
    bank_write(smmu, bank, FSR, fault->fsr);
    if (domain->domain.handler)
        answer = domain->domain.handler(&domain->domain, b->dev, fault->iova,
                                        fault->write ? IOMMU_FAULT_WRITE : IOMMU_FAULT_READ,
                                        domain->domain.handler_token);
    if (answer == -ENOSYS)
        printf("# iommu: %s can not %s at 0x%08x: %s\n", b->dev->name, fault->write ? "write" : "read", fault->iova,
               cause(fault->fsr));
    if (!fault->stalled || b->domain != domain) /* the handler may have detached it */
        return;
    b->waiting = answer == -EBUSY;
    if (!b->waiting)
        msm_bank_resume(smmu, bank, answer ? RESUME_TERMINATE : RESUME_RETRY);
}

static irqreturn_t smmu_interrupt(int irq, void *data)
{
    struct msm_smmu *smmu = data;

    (void)irq;
    if (readl(smmu->base + ESR) & ESR_CAUSES) {
        blocked++;
        writel(readl(smmu->base + ESR), smmu->base + ESR);
    }
    for (unsigned i = 0; i < smmu->banks; i++)
        if (smmu->bank[i].domain && bank_read(smmu, i, FSR) & FSR_CAUSES)
            bank_fault(smmu, i);
    /* Even if nothing was found: what raised the line may have been detached since. */
    return IRQ_HANDLED;
}

/* ---- Probe ---- */

static void probe(struct device *dev, struct msm_smmu ***end)
{
    struct msm_smmu *smmu = kzalloc(sizeof *smmu);
    u32 idr = readl(dev->base + IDR);

    if (!smmu || !idr)
        panic("%s: %s", dev->name, idr ? "no memory" : "no System MMU at its address");
    smmu->dev = dev;
    smmu->base = dev->base;
    smmu->banks = min(IDR_NCB(idr) + 1, (u32)MSM_BANKS);
    smmu->mids = IDR_NM2VCBMT(idr) + 1;
    dev->driver_data = smmu;
    writel(0, smmu->base + ESRRESTORE);
    writel(0, smmu->base + TLBRSW);
    writel(0, smmu->base + GLOBAL_TLBIALL);
    /* A transaction without a bank ends with an error, and the interrupt tells of it. */
    writel(CR_RPUERE | CR_RPUEIE, smmu->base + CR);
    for (unsigned i = 0; i < smmu->mids; i++)
        writel(M2VCBR_BLOCKED, smmu->base + M2VCBR(i));
    for (unsigned i = 0; i < smmu->banks; i++) {
        reset_bank(smmu, i);
        bank_write(smmu, i, CONTEXTIDR, 0);
    }
    if (!dev->irqs || request_irq(dev->irq[0], smmu_interrupt, smmu))
        panic("%s: no interrupt", dev->name);
    **end = smmu;
    *end = &smmu->next;
}

/* "iommus": pairs of SMMU and MID. */
static void read_fwspec(struct device *dev)
{
    const struct fdt *tree = device_tree();
    int cells = fdt_count(tree, dev->node, "iommus");
    unsigned count = (unsigned)cells / 2;

    if (cells < 2)
        return;
    dev->fwspec = kzalloc(sizeof *dev->fwspec + count * sizeof dev->fwspec->ids[0]);
    if (!dev->fwspec)
        panic("no memory for devices");
    for (unsigned i = 0; i < count; i++) {
        u32 phandle = fdt_cell(tree, dev->node, "iommus", 2 * i, 0);
        struct msm_smmu *smmu = smmus;

        while (smmu && fdt_cell(tree, smmu->dev->node, "phandle", 0, 0) != phandle)
            smmu = smmu->next;
        if (!smmu)
            panic("%s: its \"iommus\" names no System MMU", dev->name);
        dev->fwspec->ids[i].smmu = smmu;
        dev->fwspec->ids[i].mid = fdt_cell(tree, dev->node, "iommus", 2 * i + 1, 0);
    }
    dev->fwspec->count = count;
}

void iommu_init(void)
{
    struct msm_smmu **end = &smmus;

    for (struct device *dev = device_next(NULL, "qcom,apq8064-iommu"); dev;
         dev = device_next(dev, "qcom,apq8064-iommu"))
        probe(dev, &end);
    for (struct device *dev = device_next(NULL, NULL); dev; dev = device_next(dev, NULL))
        read_fwspec(dev);
}
