/*
 * The IOMMU API, with Linux's names and semantics, on the System MMUs of the SoC.
 *
 * A domain is one address space for devices: page tables in memory. Attaching a device gives it a context bank on
 * each SMMU that its "iommus" property names, routes all its MIDs there, and points the banks at the domain's
 * tables. Any number of devices, on any SMMUs, may be attached to one domain. A device behind an SMMU that is
 * attached to nothing is blocked: each of its transactions ends with an error.
 */
#ifndef KIT_IOMMU_H
#define KIT_IOMMU_H

#include "device.h"
#include "errno.h"
#include "scatterlist.h"
#include "types.h"

/* What devices may do with a mapping. There is no write-only: IOMMU_WRITE includes reading. */
#define IOMMU_READ BIT(0)
#define IOMMU_WRITE BIT(1)
#define IOMMU_CACHE BIT(2)  /* Normal write-back memory; else Normal non-cacheable */
#define IOMMU_NOEXEC BIT(3) /* no instruction fetches */
#define IOMMU_MMIO BIT(4)   /* Device memory type */
#define IOMMU_PRIV BIT(5)   /* privileged accesses only */

/* Kinds of domain. */
#define IOMMU_DOMAIN_BLOCKED 0u   /* every transaction ends with an error */
#define IOMMU_DOMAIN_IDENTITY 1u  /* untranslated */
#define IOMMU_DOMAIN_UNMANAGED 2u /* the caller maps */
#define IOMMU_DOMAIN_DMA 3u       /* the DMA API maps */

#define IOMMU_FAULT_READ 0
#define IOMMU_FAULT_WRITE 1

struct iommu_domain;

/* Called from an interrupt handler for a fault of @dev at @iova. Without a handler, faults end the transaction
 * with an error; with one, the transaction waits (stalls) for the answer:
 *   0       resolved: the transaction is tried again
 *   -EBUSY  not yet: it stays stalled until iommu_page_response()
 *   other   it ends with an error */
typedef int (*iommu_fault_handler_t)(struct iommu_domain *domain, struct device *dev, dma_addr_t iova,
                                     int flags, void *token);

struct iommu_domain_geometry {
    dma_addr_t aperture_start;
    dma_addr_t aperture_end; /* last address */
};

/* What unmappings have left to invalidate. */
struct iommu_iotlb_gather {
    u64 start, end; /* empty when start >= end */
    u32 pgsize;     /* the smallest page of it */
};

struct iommu_domain {
    unsigned type;
    u32 pgsize_bitmap; /* sizes that can be mapped */
    struct iommu_domain_geometry geometry;
    iommu_fault_handler_t handler;
    void *handler_token;
    u32 faults; /* counted since it was made */
};

/* What the hardware recorded of a fault. */
struct iommu_fault {
    struct device *dev; /* NULL if no attached device has the MID */
    dma_addr_t iova;
    u32 fsr, fsynr0, fsynr1;
    u32 mid;
    bool write;
    bool stalled;
};

/* ---- Domains ---- */

/* A new domain, with nothing mapped. NULL when memory or address space identifiers (255) are used up. */
struct iommu_domain *iommu_domain_alloc(void);

/* A domain of another kind: IOMMU_DOMAIN_BLOCKED, _IDENTITY, _UNMANAGED or _DMA. NULL as above, or for
 * another number. */
struct iommu_domain *iommu_domain_alloc_type(unsigned type);

/* Gives everything back, what is still mapped included. Devices that are attached are detached first. */
void iommu_domain_free(struct iommu_domain *domain);

/* Errors: -ENODEV the device is behind no SMMU; -EBUSY it is attached already; -ENOSPC an SMMU has no context
 * bank left. After an error nothing has changed. */
int iommu_attach_device(struct iommu_domain *domain, struct device *dev);

/* The device is blocked from now on; transactions that were stalled end with an error, and nothing it had cached
 * can be used by the next owner of the bank. Does nothing if it is not attached to this domain. */
void iommu_detach_device(struct iommu_domain *domain, struct device *dev);

/* What the device is attached to; NULL if nothing. */
struct iommu_domain *iommu_get_domain_for_dev(struct device *dev);

/* Whether there is an SMMU in front of the device. */
bool device_iommu_mapped(struct device *dev);

/* ---- Mappings ---- */

/* Maps with the largest pages that addresses and size allow. After an error nothing of the range is changed.
 * Errors: -EINVAL an address or the size is not a multiple of 4 KiB, the size is 0, neither IOMMU_READ nor IOMMU_WRITE is given, or
 * the domain has no tables (blocked, identity); -ERANGE the range ends beyond the address space;
 * -EEXIST something in the range is mapped; -ENOMEM no memory for tables. */
int iommu_map(struct iommu_domain *domain, dma_addr_t iova, phys_addr_t paddr, size_t size, int prot);

/* Maps the pieces one behind the other. Returns the size mapped, or an error, and then nothing of it is mapped: -EINVAL no
 * pieces, or one that does not begin and end at a page; -ERANGE the pieces end beyond the address space; -EEXIST something in the
 * range is mapped; -ENOMEM no memory for tables. */
ssize_t iommu_map_sg(struct iommu_domain *domain, dma_addr_t iova, struct scatterlist *sg,
                     unsigned nents, int prot);

/* Unmaps; when it returns, no device can use the range any more. A page that is only partly in the range is split into
 * smaller ones. Stops at the first address that is not mapped; returns what was unmapped: 0 also when
 * address or size are no multiples of 4 KiB, or memory for a split is missing. */
size_t iommu_unmap(struct iommu_domain *domain, dma_addr_t iova, size_t size);

/* Unmaps without invalidating: devices may use the old mapping until iommu_iotlb_sync(). Nothing may be reused
 * before. */
size_t iommu_unmap_fast(struct iommu_domain *domain, dma_addr_t iova, size_t size,
                        struct iommu_iotlb_gather *gather);
void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather);
void iommu_iotlb_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather);

/* Invalidates everything of the domain, on every SMMU where it is attached. */
void iommu_flush_iotlb_all(struct iommu_domain *domain);

/* ---- Questions ---- */

/* What an address is mapped to, by the tables; 0 when it is not. In an identity domain, the address. */
phys_addr_t iommu_iova_to_phys(struct iommu_domain *domain, dma_addr_t iova);

/* The same, asked of the SMMU (V2P operation) on the first bank of the domain; 0 also when no device is attached. */
phys_addr_t iommu_iova_to_phys_hard(struct iommu_domain *domain, dma_addr_t iova);

/* Asks the SMMU whether an access of this kind (IOMMU_READ or IOMMU_WRITE, and IOMMU_PRIV) by this device would
 * be let through, and to where. Errors: -ENODEV the device is not attached; -EFAULT it would not (a
 * translation or a permission is missing). */
int iommu_check_access(struct device *dev, dma_addr_t iova, int prot, phys_addr_t *paddr);

/* ---- Faults ---- */

/* Sets or (NULL) removes the handler. Removing it ends transactions that are stalled with an error. */
void iommu_set_fault_handler(struct iommu_domain *domain, iommu_fault_handler_t handler, void *token);

enum iommu_page_response_code {
    IOMMU_PAGE_RESP_SUCCESS, /* try again */
    IOMMU_PAGE_RESP_INVALID, /* end with an error */
};

/* Answers a fault that a handler has left waiting. Errors: -ENODEV the device is not attached; -EINVAL
 * nothing of it waits for an answer. */
int iommu_page_response(struct device *dev, enum iommu_page_response_code code);

/* The last fault of this domain as it was recorded. Errors: -ENOENT there was none. */
int iommu_last_fault(struct iommu_domain *domain, struct iommu_fault *fault);

/* Blocked transactions (of devices that are attached to nothing) that the SMMUs have reported. */
u32 iommu_blocked(void);

#endif
