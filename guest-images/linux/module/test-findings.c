// SPDX-License-Identifier: GPL-2.0
/* What the kernel's SMMU driver gets wrong in a way that disturbs other tests: each needs a run of its own. */
#include <linux/dma-mapping.h>

#include "tap.h"
#include "teng.h"

void test_findings(struct teng *teng, const char *which)
{
	if (!strcmp(which, "reattach")) {
		struct iommu_domain *domain = iommu_domain_alloc(teng->dev->bus);

		if (!tap_ok(domain && !iommu_attach_device(domain, teng->dev), "%s: attached", teng->label))
			return;
		iommu_detach_device(domain, teng->dev);
		tap_note("attaches the same domain again; it is still in the domain's list of SMMUs");
		tap_ok(!iommu_attach_device(domain, teng->dev), "%s: attached again", teng->label);
		/* Without CONFIG_DEBUG_LIST, which refuses to close the list to a ring, this never ends. */
		tap_ok(!iommu_map(domain, 0x10000000, teng->memory_dma & PAGE_MASK, PAGE_SIZE, IOMMU_READ),
		       "%s: mapped", teng->label);
		iommu_detach_device(domain, teng->dev);
		iommu_domain_free(domain);
	}
}
