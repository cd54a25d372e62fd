/*
 * The System MMUs of the MSM8x60, beneath the IOMMU API. A driver needs none of this; programs that look behind the
 * API, or do by hand what it does right, include it.
 */
#ifndef KIT_MSM_IOMMU_H
#define KIT_MSM_IOMMU_H

#include "iommu.h"
#include "pgtable.h"

/* Registers of a context bank, at bank << 12. */
#define SCTLR 0x000
#define SCTLR_M BIT(0)
#define SCTLR_TRE BIT(1)
#define SCTLR_AFE BIT(2)
#define ACTLR 0x004
#define ACTLR_CFERE BIT(0)
#define ACTLR_CFEIE BIT(1)
#define ACTLR_RCOSH BIT(4)
#define ACTLR_RCISH BIT(5)
#define ACTLR_RCNSH BIT(6)
#define ACTLR_TLBMCFG_WALK (3u << 12)
#define ACTLR_CFCFG_STALL BIT(14)
#define ACTLR_V2PCFG_TLB_THEN_WALK (3u << 16)
#define CONTEXTIDR 0x008
#define TTBR0 0x010
#define TTBR_SH BIT(1)
#define TTBR1 0x014
#define TTBCR 0x018
#define PAR 0x01c
#define PAR_FAULT BIT(0)
#define PAR_SUPERSECTION BIT(1)
#define FSR 0x020
#define FSR_TF BIT(1)
#define FSR_APF BIT(3)
#define FSR_CAUSES 0xfeu
#define FSR_SL BIT(16)
#define FSR_SS BIT(30)
#define FSR_MULTI BIT(31)
#define FSRRESTORE 0x024
#define FAR 0x028
#define FSYNR0 0x02c
#define FSYNR0_AMID 0xffu
#define FSYNR1 0x030
#define FSYNR1_AWRITE BIT(8)
#define PRRR 0x034
#define NMRR 0x038
#define BFBCR 0x04c
#define BFBCR_BFBDFE BIT(0)
#define CTX_TLBIALL 0x800
#define TLBIASID 0x804
#define TLBIVA 0x808
#define V2PPR 0x810
#define V2PPW 0x814
#define V2PUR 0x818
#define V2PUW 0x81c
#define RESUME 0x820
#define RESUME_RETRY 0u
#define RESUME_TERMINATE 1u

/* Global registers. */
#define M2VCBR(mid) (0xff000u + 4 * (mid))
#define M2VCBR_CBNDX(bank) ((bank) << 8)
#define M2VCBR_BLOCKED M2VCBR_CBNDX(0xffu) /* there is no such bank: a configuration error */
#define M2VCBR_NSCFG_NON_SECURE (3u << 22)
#define CBACR(bank) (0xff800u + 4 * (bank))
#define GLOBAL_TLBIALL 0xfff00u
#define CR 0xfff80u
#define CR_RPUERE BIT(1)
#define CR_RPUEIE BIT(2)
#define ESR 0xfff88u
#define ESR_CAUSES 3u
#define ESRRESTORE 0xfff8cu
#define TLBRSW 0xfffa0u
#define IDR 0xffff8u
#define IDR_NM2VCBMT(idr) ((idr) & 0x1ffu)
#define IDR_NCB(idr) ((idr) >> 16 & 0xffu)

#define MSM_BANKS 4

struct msm_domain;

/* A context bank, and for whom it works. */
struct msm_bank {
    struct msm_domain *domain; /* NULL: free */
    struct device *dev;
    bool waiting; /* a fault that the handler answered with -EBUSY */
};

struct msm_smmu {
    struct device *dev;
    u32 base;
    unsigned banks, mids;
    struct msm_bank bank[MSM_BANKS];
    struct msm_smmu *next;
};

/* Where a device's transactions come in: "iommus" of the device tree. */
struct iommu_fwspec {
    unsigned count;
    struct {
        struct msm_smmu *smmu;
        u32 mid;
    } ids[];
};

/* How a domain's translations are dropped. Both act on every SMMU where it is attached. */
struct iommu_flush_ops {
    /* Everything that lies in the range, which consists of pages of at least this size. */
    void (*range)(struct msm_domain *domain, u32 iova, u64 size, u32 page);
    void (*all)(struct msm_domain *domain);
};

struct msm_domain {
    struct iommu_domain domain;
    struct pgtable table;
    u8 asid;
    const struct iommu_flush_ops *flush;
    struct iommu_fault last;
    bool faulted;
};

extern const struct iommu_flush_ops msm_flush_ops;
extern const struct pgtable_ops msm_pgtable_ops;

static inline struct msm_domain *to_msm_domain(struct iommu_domain *domain)
{
    return container_of(domain, struct msm_domain, domain);
}

/* All SMMUs, in the order of the device tree. */
struct msm_smmu *msm_smmus(void);

/* Address of register `offset` of a bank. */
static inline u32 msm_bank_register(const struct msm_smmu *smmu, unsigned bank, u32 offset)
{
    return smmu->base + (bank << 12) + offset;
}

/* A free bank, -ENOSPC if there is none. */
int msm_bank_find(const struct msm_smmu *smmu);
void msm_bank_attach(struct msm_smmu *smmu, unsigned bank, struct msm_domain *domain, struct device *dev);
void msm_bank_detach(struct msm_smmu *smmu, unsigned bank);

/* Whether faults of a bank stall, from now on. */
void msm_bank_set_stall(const struct msm_smmu *smmu, unsigned bank, bool stall);

/* RESUME_RETRY or RESUME_TERMINATE for what is stalled. */
void msm_bank_resume(const struct msm_smmu *smmu, unsigned bank, u32 answer);

/* Address translation by the SMMU; the contents of PAR. */
u32 msm_bank_v2p(const struct msm_smmu *smmu, unsigned bank, u32 operation, u32 iova);

/* Calls back for every bank of a domain, or of a device if that is not NULL; ends when the callback gives false. */
void msm_for_each_bank(struct msm_domain *domain, struct device *dev,
                       bool (*f)(struct msm_smmu *smmu, unsigned bank, void *data), void *data);

#endif
