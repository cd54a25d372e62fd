/* Parts of the image, and what they share. */
#ifndef IOMMU_TESTS_H
#define IOMMU_TESTS_H

#include "../common/rig.h"
#include "errno.h"
#include "msm_iommu.h"
#include "tap.h"

void test_domains(void);
void test_attach(void);
void test_map(void);
void test_unmap(void);
void test_flush(void);
void test_faults(void);

/* Sizes of a mapping, and their names. */
static const u32 sizes[] = { SZ_4K, SZ_64K, SZ_1M, SZ_16M };
static const char *const size_names[] = { "4 KiB", "64 KiB", "1 MiB", "16 MiB" };
#define SIZES 4

/* Size of the page that maps an address; 0 if none. */
static inline u32 page_at(struct iommu_domain *domain, dma_addr_t iova)
{
    u32 paddr, page, attributes;

    return pgtable_lookup(&to_msm_domain(domain)->table, iova, &paddr, &page, &attributes) ? page : 0;
}

/* Whether a range is mapped one by one to memory from `paddr` on; looked at in steps of 4 KiB. */
static inline bool mapped_to(struct iommu_domain *domain, dma_addr_t iova, phys_addr_t paddr, u32 size)
{
    for (u32 at = 0; at < size; at += SZ_4K)
        if (iommu_iova_to_phys(domain, iova + at + 0x123) != paddr + at + 0x123)
            return false;
    return true;
}

static inline bool nothing_mapped(struct iommu_domain *domain, dma_addr_t iova, u32 size)
{
    for (u32 at = 0; at < size; at += SZ_4K)
        if (iommu_iova_to_phys(domain, iova + at))
            return false;
    return true;
}

#endif
