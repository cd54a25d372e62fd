// SPDX-License-Identifier: GPL-2.0
/* The IOMMU API: both sides of every mapping are chosen here. */
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "tap.h"
#include "teng.h"

#define RW (IOMMU_READ | IOMMU_WRITE)

/* Memory of the tests: 4 MiB, the most that the page allocator gives in one piece. */
#define ORDER 10
#define BYTES (PAGE_SIZE << ORDER)

struct memory {
	u8 *cpu;
	phys_addr_t phys;
};

static bool get(struct memory *memory)
{
	memory->cpu = (u8 *)__get_free_pages(GFP_KERNEL, ORDER);
	memory->phys = memory->cpu ? virt_to_phys(memory->cpu) : 0;
	return memory->cpu;
}

static void put(struct memory *memory)
{
	free_pages((unsigned long)memory->cpu, ORDER);
}

/* No cache may hold what CPU or device writes: the tests own the memory, so they say so to the DMA API, too. */
static void to_device(struct teng *teng, struct memory *memory)
{
	dma_addr_t dma = dma_map_single(teng->dev, memory->cpu, BYTES, DMA_TO_DEVICE);

	if (!dma_mapping_error(teng->dev, dma))
		dma_unmap_single(teng->dev, dma, BYTES, DMA_TO_DEVICE);
}

static void to_cpu(struct teng *teng, struct memory *memory)
{
	dma_addr_t dma = dma_map_single(teng->dev, memory->cpu, BYTES, DMA_FROM_DEVICE);

	if (!dma_mapping_error(teng->dev, dma))
		dma_unmap_single(teng->dev, dma, BYTES, DMA_FROM_DEVICE);
}

static bool attach(struct teng *teng)
{
	teng->domain = iommu_domain_alloc(teng->dev->bus);
	if (!teng->domain)
		return false;
	if (!iommu_attach_device(teng->domain, teng->dev)) {
		if (!teng_see(teng, teng->memory_dma, sizeof(*teng->memory)))
			return true;
		iommu_detach_device(teng->domain, teng->dev);
	}
	iommu_domain_free(teng->domain);
	teng->domain = NULL;
	return false;
}

static void detach(struct teng *teng)
{
	iommu_detach_device(teng->domain, teng->dev);
	iommu_domain_free(teng->domain);
	teng->domain = NULL;
}

static void pattern(u8 *bytes, size_t size, u32 seed)
{
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = teng_pattern(seed, i);
}

static bool is_pattern(const u8 *bytes, size_t size, u32 seed)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i] != teng_pattern(seed, i)) {
			tap_note("byte %zu is %02x, expected %02x", i, bytes[i], teng_pattern(seed, i));
			return false;
		}
	return true;
}

static int verify(struct teng *teng, unsigned int port, u32 iova, size_t size, u32 seed)
{
	struct teng_job job = { .op = TENG_VERIFY, .source = iova, .length = size, .seed = seed,
				.source_port = port };

	return teng_run(teng, &job);
}

static int write_pattern(struct teng *teng, unsigned int port, u32 iova, size_t size, u32 seed)
{
	struct teng_job job = { .op = TENG_FILL, .destination = iova, .length = size, .seed = seed,
				.source_port = port, .destination_port = port };

	return teng_run(teng, &job);
}

/* iova_to_phys of up to 64 addresses in [iova, iova + size), each with an offset in its page. */
static bool leads_to(struct teng *teng, u32 iova, phys_addr_t phys, size_t size)
{
	size_t step = max_t(size_t, size / 64, SZ_4K), at;

	for (at = 0; at < size; at += step) {
		u32 offset = at + (at / step * 52) % SZ_4K;
		phys_addr_t found = iommu_iova_to_phys(teng->domain, iova + offset);

		if (found != phys + offset) {
			tap_note("iova %08x leads to %pa, expected %08x", iova + offset, &found, (u32)phys + offset);
			return false;
		}
	}
	return true;
}

static bool leads_nowhere(struct teng *teng, u32 iova, size_t size)
{
	size_t step = max_t(size_t, size / 16, SZ_4K), at;

	for (at = 0; at < size; at += step)
		if (iommu_iova_to_phys(teng->domain, iova + at))
			return false;
	return true;
}

/* A mapping of one size: translated in every part, used by the device in both directions, gone afterwards. */
static void one_size(struct teng *teng, struct memory *memory, size_t size, u32 iova)
{
	/* A supersection is larger than the test's memory: the device touches only that. */
	phys_addr_t phys = memory->phys & ~((phys_addr_t)size - 1);
	u32 offset = memory->phys - phys;
	size_t bytes = min_t(size_t, size, SZ_1M);
	unsigned int port;
	bool good;

	good = !iommu_map(teng->domain, iova, phys, size, RW);
	tap_ok(good && leads_to(teng, iova, phys, size), "%s: %zu KiB at %08x lead to %pa", teng->label,
	       size / SZ_1K, iova, &phys);
	for (port = 0; port < teng->port_count; port++) {
		u32 seed = size + port;

		pattern(memory->cpu, bytes, seed);
		to_device(teng, memory);
		good = !verify(teng, port, iova + offset, bytes, seed);
		tap_ok(good, "%s: %zu KiB: port %u reads each byte", teng->label, size / SZ_1K, port);
		good = !write_pattern(teng, port, iova + offset, bytes, ~seed);
		to_cpu(teng, memory);
		tap_ok(good && is_pattern(memory->cpu, bytes, ~seed), "%s: %zu KiB: port %u writes each byte",
		       teng->label, size / SZ_1K, port);
	}
	tap_ok(iommu_unmap(teng->domain, iova, size) == size && leads_nowhere(teng, iova, size),
	       "%s: %zu KiB are unmapped", teng->label, size / SZ_1K);
}

/* A range that needs three page sizes. */
static void mixed(struct teng *teng, struct memory *memory)
{
	u32 offset = 0xef000, iova = 0x300ef000;
	size_t size = SZ_4K + SZ_64K + SZ_1M + SZ_4K;
	bool good = !iommu_map(teng->domain, iova, memory->phys + offset, size, RW);

	tap_ok(good && leads_to(teng, iova, memory->phys + offset, size),
	       "%s: one range of small page, large page, section, small page", teng->label);
	pattern(memory->cpu + offset, size, 11);
	to_device(teng, memory);
	tap_ok(!verify(teng, 0, iova, size, 11), "%s: the device reads across all of it", teng->label);

	/* A page out of the large page. */
	good = iommu_unmap(teng->domain, 0x300f3000, SZ_4K) == SZ_4K && leads_nowhere(teng, 0x300f3000, SZ_4K) &&
	       leads_to(teng, iova, memory->phys + offset, 0x300f3000 - iova) &&
	       leads_to(teng, 0x300f4000, memory->phys + 0xf4000, 0x30100000 - 0x300f4000);
	tap_ok(good, "%s: a page is unmapped out of a large page", teng->label);
	good = !verify(teng, 0, iova, 0x300f3000 - iova, 11);
	pattern(memory->cpu + 0xf4000, size - (0xf4000 - offset), 12);
	to_device(teng, memory);
	good = good && !verify(teng, 0, 0x300f4000, 0x30201000 - 0x300f4000, 12);
	tap_ok(good, "%s: the device reads what is around the hole", teng->label);

	/* A page out of the section. */
	good = iommu_unmap(teng->domain, 0x30180000, SZ_4K) == SZ_4K && leads_nowhere(teng, 0x30180000, SZ_4K);
	tap_ok(good, "%s: a page is unmapped out of a section", teng->label);
	good = leads_to(teng, 0x30100000, memory->phys + 0x100000, SZ_512K) &&
	       leads_to(teng, 0x30181000, memory->phys + 0x181000, SZ_512K - SZ_4K);
	tap_todo(good, "arm_v7s_split_blk_unmap() drops the section's physical address",
		 "%s: what is left of the section leads where it did", teng->label);
	size = iommu_unmap(teng->domain, iova, 0x300f3000 - iova);
	size += iommu_unmap(teng->domain, 0x300f4000, 0x30180000 - 0x300f4000);
	size += iommu_unmap(teng->domain, 0x30181000, 0x30201000 - 0x30181000);
	tap_ok(size == SZ_4K + SZ_64K + SZ_1M + SZ_4K - 2 * SZ_4K, "%s: the rest is unmapped", teng->label);
}

#define PAGES 32

/* Pages from everywhere become one range. */
static void scattered(struct teng *teng)
{
	struct scatterlist *list = kcalloc(PAGES, sizeof(*list), GFP_KERNEL);
	u32 iova = 0x3fff0000;	/* across a border between two second-level tables */
	bool good = list;
	size_t mapped;
	int i;

	if (!good)
		goto out;
	sg_init_table(list, PAGES);
	for (i = 0; i < PAGES; i++) {
		/* Of two pages one is kept, so neighbours are rare. */
		struct page *page = alloc_page(GFP_KERNEL), *gap = alloc_page(GFP_KERNEL);

		if (gap)
			__free_page(gap);
		if (!page)
			goto out;
		sg_set_page(&list[PAGES - 1 - i], page, PAGE_SIZE, 0);
	}
	for (i = 0; i < PAGES; i++) {
		u8 *page = page_address(sg_page(&list[i]));
		size_t at;

		for (at = 0; at < PAGE_SIZE; at++)
			page[at] = teng_pattern(77, i * PAGE_SIZE + at);
	}
	dma_map_sg(teng->dev, list, PAGES, DMA_TO_DEVICE);
	mapped = iommu_map_sg(teng->domain, iova, list, PAGES, IOMMU_READ);
	good = mapped == PAGES * PAGE_SIZE;
	for (i = 0; good && i < PAGES; i++)
		good = leads_to(teng, iova + i * PAGE_SIZE, page_to_phys(sg_page(&list[i])), PAGE_SIZE);
	tap_ok(good, "%s: %d scattered pages become one range", teng->label, PAGES);
	tap_ok(!verify(teng, 0, iova, PAGES * PAGE_SIZE, 77), "%s: the device reads them in order", teng->label);
	good = iommu_unmap(teng->domain, iova, mapped) == mapped;
	dma_unmap_sg(teng->dev, list, PAGES, DMA_TO_DEVICE);
out:
	tap_ok(good, "%s: the range is unmapped", teng->label);
	for (i = 0; list && i < PAGES; i++)
		if (sg_page(&list[i]))
			__free_page(sg_page(&list[i]));
	kfree(list);
}

/* Addresses that mean something else to the device than to the CPU. */
static void crossed(struct teng *teng, struct memory *memory)
{
	phys_addr_t a = memory->phys, b = memory->phys + SZ_1M;
	struct teng_job job = { .op = TENG_COPY, .source = b, .destination = a, .length = SZ_64K };
	bool good = !iommu_map(teng->domain, a, b, SZ_64K, RW) && !iommu_map(teng->domain, b, a, SZ_64K, RW);

	pattern(memory->cpu, SZ_64K, 21);
	memset(memory->cpu + SZ_1M, 0, SZ_64K);
	to_device(teng, memory);
	good = good && !teng_run(teng, &job);
	to_cpu(teng, memory);
	tap_ok(good && is_pattern(memory->cpu + SZ_1M, SZ_64K, 21) && is_pattern(memory->cpu, SZ_64K, 21),
	       "%s: two ranges with their addresses crossed", teng->label);
	good = iommu_unmap(teng->domain, a, SZ_64K) == SZ_64K && iommu_unmap(teng->domain, b, SZ_64K) == SZ_64K;

	good = good && !iommu_map(teng->domain, 0x60000000, a, SZ_4K, RW) &&
	       !iommu_map(teng->domain, 0x6ffff000, a, SZ_4K, IOMMU_READ);
	good = good && !write_pattern(teng, 0, 0x60000000, SZ_4K, 22);
	good = good && !verify(teng, 0, 0x6ffff000, SZ_4K, 22);
	tap_ok(good, "%s: one page at two addresses", teng->label);
	good = iommu_unmap(teng->domain, 0x60000000, SZ_4K) == SZ_4K &&
	       iommu_unmap(teng->domain, 0x6ffff000, SZ_4K) == SZ_4K;
	tap_ok(good, "%s: both are unmapped", teng->label);
}

/* An address that is mapped to other memory: no TLB may remember the old one. */
static void remapped(struct teng *teng, struct memory *memory)
{
	u32 iova = 0x50000000;
	unsigned int port;

	for (port = 0; port < teng->port_count; port++) {
		bool good;

		pattern(memory->cpu, SZ_4K, 31);
		pattern(memory->cpu + SZ_4K, SZ_4K, 32);
		to_device(teng, memory);
		good = !iommu_map(teng->domain, iova, memory->phys, SZ_4K, RW);
		good = good && !verify(teng, port, iova, SZ_4K, 31);
		good = good && iommu_unmap(teng->domain, iova, SZ_4K) == SZ_4K;
		good = good && !iommu_map(teng->domain, iova, memory->phys + SZ_4K, SZ_4K, RW);
		tap_ok(good, "%s: port %u: a page gives way to another one", teng->label, port);
		good = !verify(teng, port, iova, SZ_4K, 32);
		if (port == 0)
			tap_ok(good, "%s: port %u reads the new page", teng->label, port);
		else
			tap_todo(good, "msm_iommu invalidates other addresses in the second SMMU of a domain",
				 "%s: port %u reads the new page", teng->label, port);
		tap_ok(iommu_unmap(teng->domain, iova, SZ_4K) == SZ_4K, "%s: port %u: unmapped", teng->label, port);
	}
}

static unsigned int reports;

static int on_fault(struct iommu_domain *domain, struct device *dev, unsigned long iova, int flags, void *data)
{
	reports++;
	return 0;
}

/*
 * A DMA that the SMMU must refuse. What the kernel's fault handler prints is compared with these remarks by
 * scripts/test-linux.
 */
static void bad(struct teng *teng, struct memory *memory, unsigned int port, bool permission)
{
	u32 iova = permission ? 0x51000040 : 0x7f0ff080 + port * SZ_1M;
	/* A page that is mapped for reading, or one beside a mapped one. */
	u32 near = permission ? 0x51000000 : (iova & PAGE_MASK) - SZ_4K;
	struct teng_job job = { .op = TENG_FILL, .destination = iova, .length = 64, .destination_port = port };
	u32 mid = teng->ports[port].mids[0];
	bool good = !iommu_map(teng->domain, near, memory->phys, SZ_4K, permission ? IOMMU_READ : RW);
	u32 status;

	reports = 0;
	iommu_set_fault_handler(teng->domain, on_fault, NULL);
	memset(memory->cpu, 0x3c, SZ_4K);
	to_device(teng, memory);
	tap_note("bad DMA: smmu=%08x iova=%08x write=1 mid=%u cause=%s", teng->ports[port].base, iova, mid,
		 permission ? "APF" : "TF");
	/* The first MID of the port. */
	teng->turn = 0;
	teng_frame(teng, 0, &job, true);
	teng->memory->frames[0].mids = cpu_to_le32((mid | (port ? 0x20 : 0)) << 8);
	good = good && teng_start(teng, 0) == -ETIMEDOUT;
	status = teng_read(teng, TENG_STATUS);
	tap_ok(good && status == TENG_STATUS_BUSY, "%s: port %u: a bad DMA is held", teng->label, port);
	tap_todo(reports == 1, "msm_iommu prints a fault, but does not call report_iommu_fault()",
		 "%s: port %u: the domain's fault handler is told", teng->label, port);
	tap_todo(!(status & TENG_STATUS_BUSY), "msm_iommu never writes RESUME",
		 "%s: port %u: the device goes on after the fault", teng->label, port);
	/* Nothing more of the engine; then the end of the domain ends what is held. */
	teng_abort(teng);
	detach(teng);
	status = teng_read(teng, TENG_STATUS);
	to_cpu(teng, memory);
	tap_ok(!(status & TENG_STATUS_BUSY) && !memchr_inv(memory->cpu, 0x3c, SZ_4K),
	       "%s: port %u: detaching ends it, and nothing was written", teng->label, port);
	good = attach(teng) && !iommu_map(teng->domain, iova & PAGE_MASK, memory->phys, SZ_4K, RW);
	good = good && !write_pattern(teng, port, iova & PAGE_MASK, SZ_4K, 41);
	to_cpu(teng, memory);
	tap_ok(good && is_pattern(memory->cpu, SZ_4K, 41), "%s: port %u: attached again, the same DMA is good",
	       teng->label, port);
}

void test_iommu(struct teng *teng)
{
	struct memory memory;
	unsigned int port;

	if (!tap_ok(get(&memory), "%s: memory", teng->label))
		return;
	if (!tap_ok(attach(teng), "%s: a domain is attached", teng->label))
		goto out;
	tap_ok(teng->domain->pgsize_bitmap == (SZ_4K | SZ_64K | SZ_1M | SZ_16M) &&
	       teng->domain->geometry.aperture_end == U32_MAX, "%s: four page sizes, 32 bits", teng->label);
	one_size(teng, &memory, SZ_4K, 0x10001000);
	one_size(teng, &memory, SZ_64K, 0x10010000);
	one_size(teng, &memory, SZ_1M, 0x10100000);
	one_size(teng, &memory, SZ_16M, 0x11000000);
	mixed(teng, &memory);
	scattered(teng);
	crossed(teng, &memory);
	remapped(teng, &memory);
	for (port = 0; port < teng->port_count && teng->domain; port++) {
		bad(teng, &memory, port, false);
		if (teng->domain)
			bad(teng, &memory, port, true);
	}
	if (teng->domain)
		detach(teng);
out:
	put(&memory);
}
