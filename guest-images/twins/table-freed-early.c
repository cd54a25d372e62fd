/*
 * A second-level table is given back before the entry that names it is cleared. The memory gets a new owner, whose words then are
 * descriptors to the walker.
 */
#include "errno.h"
#include "twin.h"

/* The new owner: records of some other part of the program, by address and with flags in the low bits. */
static u32 *records(u8 *secret)
{
    u32 *table = kmalloc(SZ_1K);

    for (u32 i = 0; i < SZ_1K / 4; i++)
        table[i] = virt_to_phys(secret) | 0x032; /* in use, owner 3 */
    cache_clean(table, SZ_1K);
    return table;
}

int main(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct pgtable *tables = &to_msm_domain(domain)->table;
    u32 *entry = &tables->first[AT >> 20], *second;
    u8 *page = page_alloc(1, PAGE_SIZE), *secret = page_alloc(1, PAGE_SIZE);
    struct rig rig;
    int error;

    say_what("table freed before its entry is cleared");
    pattern_write(page, PAGE_SIZE, 1);
    pattern_write(secret, PAGE_SIZE, 0x5ec2e700);
    iommu_map(domain, AT, virt_to_phys(page), PAGE_SIZE, IOMMU_READ);
    rig_up(&rig, "jpegd_src_dma", domain, 0);
    if (rig_verify(&rig, AT, PAGE_SIZE, 1))
        return wrong("the first transfer failed");
    printf("the device has read its page\n");

    /* The mapping goes, and its table with it. */
    second = phys_to_virt(*entry & ~(SZ_1K - 1));
    second[AT >> PAGE_SHIFT & 255] = 0;
    cache_clean(&second[AT >> PAGE_SHIFT & 255], 4);
    tables->used[AT >> 20] = 0;
    if (mistake) {
        to_msm_domain(domain)->flush->range(to_msm_domain(domain), AT, PAGE_SIZE, PAGE_SIZE);
        kfree(second);
        records(secret);
        printf("the table is free, and has a new owner\n");
    }
    error = rig_verify(&rig, AT, PAGE_SIZE, 0x5ec2e700);
    *entry = 0;
    cache_clean(entry, 4);
    to_msm_domain(domain)->flush->all(to_msm_domain(domain));
    if (!mistake) {
        kfree(second);
        records(secret);
        printf("the entry is cleared, the table is free, and has a new owner\n");
        error = rig_verify(&rig, AT, PAGE_SIZE, 0x5ec2e700);
    }
    printf("the device reads there once more: %s\n", error == -EFAULT ? "it is stopped" : "it is let through");
    if (!error)
        return wrong("the device has read memory that was never mapped for it");
    return error == -EFAULT ? right("the device was stopped") : wrong("the device was let through");
}
