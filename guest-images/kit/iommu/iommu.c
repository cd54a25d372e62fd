/* The IOMMU API: domains and what is mapped in them. All of it may be called from a fault handler. */
#include "iommu.h"

#include "irq.h"
#include "kit.h"
#include "msm_iommu.h"
#include "slab.h"

#define ASIDS 256u /* 0 is no domain's */

static u32 asids[ASIDS / 32] = { 1 };

static bool paging(const struct iommu_domain *domain)
{
    return domain->type == IOMMU_DOMAIN_UNMANAGED || domain->type == IOMMU_DOMAIN_DMA;
}

/* ---- Domains ---- */

static u32 asid_take(void)
{
    for (u32 i = 0; i < ASIDS; i++)
        if (!(asids[i / 32] & BIT(i % 32))) {
            asids[i / 32] |= BIT(i % 32);
            return i;
        }
    return 0;
}

static void asid_give_back(u32 asid)
{
    asids[asid / 32] &= ~BIT(asid % 32);
}

struct iommu_domain *iommu_domain_alloc(void)
{
    return iommu_domain_alloc_type(IOMMU_DOMAIN_UNMANAGED);
}

static struct msm_domain *domain_alloc(unsigned type)
{
    struct msm_domain *domain = type <= IOMMU_DOMAIN_DMA ? kzalloc(sizeof *domain) : NULL;

    if (!domain)
        return NULL;
    domain->flush = &msm_flush_ops;
    domain->domain.type = type;
    domain->domain.geometry.aperture_end = 0xffffffff;
    if (!paging(&domain->domain))
        return domain;
    domain->domain.pgsize_bitmap = PGTABLE_SIZES;
    domain->asid = (u8)asid_take();
    if (domain->asid && pgtable_init(&domain->table, &msm_pgtable_ops, domain) == 0)
        return domain;
    if (domain->asid)
        asid_give_back(domain->asid);
    kfree(domain);
    return NULL;
}

struct iommu_domain *iommu_domain_alloc_type(unsigned type)
{
    unsigned long flags = local_irq_save();
    struct msm_domain *domain = domain_alloc(type);

    local_irq_restore(flags);
    return domain ? &domain->domain : NULL;
}

void iommu_domain_free(struct iommu_domain *domain)
{
    struct msm_domain *d;
    unsigned long flags;

    if (!domain)
        return;
    d = to_msm_domain(domain);
    flags = local_irq_save();
    for (struct device *dev = device_next(NULL, NULL); dev; dev = device_next(dev, NULL))
        if (dev->domain == domain)
            iommu_detach_device(domain, dev);
    if (paging(domain)) {
        pgtable_destroy(&d->table);
        asid_give_back(d->asid);
    }
    kfree(d);
    local_irq_restore(flags);
}

/* ---- Devices ---- */

/* Whether an earlier MID of the device has named this SMMU already. */
static bool seen_before(const struct iommu_fwspec *spec, unsigned i)
{
    for (unsigned j = 0; j < i; j++)
        if (spec->ids[j].smmu == spec->ids[i].smmu)
            return true;
    return false;
}

int iommu_attach_device(struct iommu_domain *domain, struct device *dev)
{
    const struct iommu_fwspec *spec = dev->fwspec;
    unsigned long flags;

    if (!spec)
        return -ENODEV;
    if (dev->domain)
        return -EBUSY;
    flags = local_irq_save();
    if (domain->type != IOMMU_DOMAIN_BLOCKED) {
        for (unsigned i = 0; i < spec->count; i++)
            if (!seen_before(spec, i) && msm_bank_find(spec->ids[i].smmu) < 0) {
                local_irq_restore(flags);
                return -ENOSPC;
            }
        for (unsigned i = 0; i < spec->count; i++)
            if (!seen_before(spec, i))
                msm_bank_attach(spec->ids[i].smmu, (unsigned)msm_bank_find(spec->ids[i].smmu),
                                to_msm_domain(domain), dev);
    }
    dev->domain = domain;
    local_irq_restore(flags);
    return 0;
}

static bool detach_bank(struct msm_smmu *smmu, unsigned bank, void *data)
{
    (void)data;
    msm_bank_detach(smmu, bank);
    return true;
}

void iommu_detach_device(struct iommu_domain *domain, struct device *dev)
{
    unsigned long flags = local_irq_save();

    if (domain && dev->domain == domain) {
        msm_for_each_bank(to_msm_domain(domain), dev, detach_bank, NULL);
        dev->domain = NULL;
    }
    local_irq_restore(flags);
}

struct iommu_domain *iommu_get_domain_for_dev(struct device *dev)
{
    return dev->domain;
}

bool device_iommu_mapped(struct device *dev)
{
    return dev->fwspec != NULL;
}

/* ---- Mappings ---- */

static u32 attributes(int prot)
{
    u32 a = PGTABLE_AF | PGTABLE_S | PGTABLE_NG;

    if (!(prot & IOMMU_PRIV))
        a |= PGTABLE_USER;
    if (!(prot & IOMMU_WRITE))
        a |= PGTABLE_RO;
    if (prot & IOMMU_NOEXEC)
        a |= PGTABLE_XN;
    if (prot & IOMMU_MMIO)
        return a | PGTABLE_B;
    return a | PGTABLE_TEX0 | (prot & IOMMU_CACHE ? PGTABLE_C | PGTABLE_B : 0);
}

int iommu_map(struct iommu_domain *domain, dma_addr_t iova, phys_addr_t paddr, size_t size, int prot)
{
    struct msm_domain *d = to_msm_domain(domain);
    unsigned long flags;
    u32 smallest;
    int error;

    if (!paging(domain) || !size || !IS_ALIGNED(iova | paddr | size, SZ_4K) ||
        !(prot & (IOMMU_READ | IOMMU_WRITE)))
        return -EINVAL;
    if ((u64)iova + size > (u64)domain->geometry.aperture_end + 1 || (u64)paddr + size > 1ull << 32)
        return -ERANGE;
    flags = local_irq_save();
    error = pgtable_map(&d->table, iova, paddr, size, attributes(prot), &smallest);
    /* The walker may have fetched the descriptors ahead, while they were faults; and after an error some of
     * what is unmapped again may have been used. */
    if (!error)
        d->flush->range(d, iova, size, smallest);
    else if (error == -ENOMEM)
        d->flush->all(d);
    local_irq_restore(flags);
    return error;
}

ssize_t iommu_map_sg(struct iommu_domain *domain, dma_addr_t iova, struct scatterlist *sg, unsigned nents,
                     int prot)
{
    size_t mapped = 0;
    int error = nents ? 0 : -EINVAL;

    for (unsigned i = 0; i < nents && !error; i++) {
        error = (u64)iova + mapped > 0xffffffff
                    ? -ERANGE
                    : iommu_map(domain, iova + mapped, sg_phys(&sg[i]), sg[i].length, prot);
        if (!error)
            mapped += sg[i].length;
    }
    if (!error)
        return (ssize_t)mapped;
    if (mapped)
        iommu_unmap(domain, iova, mapped);
    return error;
}

void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather)
{
    *gather = (struct iommu_iotlb_gather){ .start = ~0ull };
}

static void unmapped(void *context, u32 iova, u32 page)
{
    struct iommu_iotlb_gather *gather = context;

    gather->pgsize = gather->start < gather->end ? min(gather->pgsize, page) : page;
    gather->start = min(gather->start, (u64)iova);
    gather->end = max(gather->end, (u64)iova + page);
}

size_t iommu_unmap_fast(struct iommu_domain *domain, dma_addr_t iova, size_t size,
                        struct iommu_iotlb_gather *gather)
{
    unsigned long flags;
    size_t done;

    if (!paging(domain) || !IS_ALIGNED(iova | size, SZ_4K))
        return 0;
    flags = local_irq_save();
    done = (size_t)pgtable_unmap(&to_msm_domain(domain)->table, iova, min((u64)size, (1ull << 32) - iova),
                                 unmapped, gather);
    local_irq_restore(flags);
    return done;
}

void iommu_iotlb_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
    struct msm_domain *d = to_msm_domain(domain);
    unsigned long flags = local_irq_save();

    if (paging(domain) && gather->start < gather->end)
        d->flush->range(d, (u32)gather->start, gather->end - gather->start, gather->pgsize);
    iommu_iotlb_gather_init(gather);
    local_irq_restore(flags);
}

size_t iommu_unmap(struct iommu_domain *domain, dma_addr_t iova, size_t size)
{
    struct iommu_iotlb_gather gather;
    size_t done;

    iommu_iotlb_gather_init(&gather);
    done = iommu_unmap_fast(domain, iova, size, &gather);
    iommu_iotlb_sync(domain, &gather);
    return done;
}

void iommu_flush_iotlb_all(struct iommu_domain *domain)
{
    unsigned long flags = local_irq_save();

    if (paging(domain))
        to_msm_domain(domain)->flush->all(to_msm_domain(domain));
    local_irq_restore(flags);
}

/* ---- Questions ---- */

phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova)
{
    u32 paddr, page, a;

    if (domain->type == IOMMU_DOMAIN_IDENTITY)
        return iova;
    return paging(domain) && pgtable_lookup(&to_msm_domain(domain)->table, iova, &paddr, &page, &a) ? paddr : 0;
}

/* A question to an SMMU, and its answer. */
struct question {
    u32 operation;
    dma_addr_t iova;
    bool asked, good;
    phys_addr_t paddr;
};

static bool ask(struct msm_smmu *smmu, unsigned bank, void *data)
{
    struct question *q = data;
    u32 par = msm_bank_v2p(smmu, bank, q->operation, q->iova), inside = PAGE_SIZE - 1;

    q->asked = true;
    q->good = !(par & PAR_FAULT);
    /* Of a supersection only the high bits are given, of all others the 4 KiB page. */
    if (q->good && par & PAR_SUPERSECTION)
        inside = SZ_16M - 1;
    q->paddr = (par & ~inside) | (q->iova & inside);
    return false;
}

phys_addr_t iommu_iova_to_phys_hard(struct iommu_domain *domain, dma_addr_t iova)
{
    struct question q = { .operation = V2PPR, .iova = iova };
    unsigned long flags = local_irq_save();

    msm_for_each_bank(to_msm_domain(domain), NULL, ask, &q);
    local_irq_restore(flags);
    return q.good ? q.paddr : 0;
}

int iommu_check_access(struct device *dev, dma_addr_t iova, int prot, phys_addr_t *paddr)
{
    struct question q = { .iova = iova };
    unsigned long flags;

    if (prot & IOMMU_PRIV)
        q.operation = prot & IOMMU_WRITE ? V2PPW : V2PPR;
    else
        q.operation = prot & IOMMU_WRITE ? V2PUW : V2PUR;
    if (!dev->domain)
        return -ENODEV;
    flags = local_irq_save();
    msm_for_each_bank(to_msm_domain(dev->domain), dev, ask, &q);
    local_irq_restore(flags);
    if (!q.good)
        return -EFAULT;
    *paddr = q.paddr;
    return 0;
}

/* ---- Faults ---- */

static bool set_stall(struct msm_smmu *smmu, unsigned bank, void *data)
{
    smmu->bank[bank].waiting &= data != NULL;
    msm_bank_set_stall(smmu, bank, data != NULL);
    return true;
}

void iommu_set_fault_handler(struct iommu_domain *domain, iommu_fault_handler_t handler, void *token)
{
    unsigned long flags = local_irq_save();

    domain->handler = handler;
    domain->handler_token = token;
    if (paging(domain))
        msm_for_each_bank(to_msm_domain(domain), NULL, set_stall, handler ? domain : NULL);
    local_irq_restore(flags);
}

/* An answer to faults that wait. */
struct response {
    u32 resume;
    unsigned answered;
};

static bool respond(struct msm_smmu *smmu, unsigned bank, void *data)
{
    struct response *response = data;

    if (smmu->bank[bank].waiting) {
        smmu->bank[bank].waiting = false;
        msm_bank_resume(smmu, bank, response->resume);
        response->answered++;
    }
    return true;
}

int iommu_page_response(struct device *dev, enum iommu_page_response_code code)
{
    struct response response = { code == IOMMU_PAGE_RESP_SUCCESS ? RESUME_RETRY : RESUME_TERMINATE, 0 };
    unsigned long flags;

    if (!dev->domain)
        return -ENODEV;
    flags = local_irq_save();
    msm_for_each_bank(to_msm_domain(dev->domain), dev, respond, &response);
    local_irq_restore(flags);
    return response.answered ? 0 : -EINVAL;
}

int iommu_last_fault(struct iommu_domain *domain, struct iommu_fault *fault)
{
    struct msm_domain *d = to_msm_domain(domain);

    if (!d->faulted)
        return -ENOENT;
    *fault = d->last;
    return 0;
}
