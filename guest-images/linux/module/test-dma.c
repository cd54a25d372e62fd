// SPDX-License-Identifier: GPL-2.0
/* The DMA API: coherent and streaming memory, scatter lists, ownership, masks. */
#include <linux/dma-mapping.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "tap.h"
#include "teng.h"

#define POISON 0xa5

static void fill(u8 *bytes, size_t size, u32 seed)
{
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = teng_byte(seed, i);
}

/* Whether `bytes` hold what fill() writes. */
static bool holds(const u8 *bytes, size_t size, u32 seed)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (bytes[i] != teng_byte(seed, i)) {
			tap_note("byte %zu is %02x, expected %02x", i, bytes[i], teng_byte(seed, i));
			return false;
		}
	return true;
}

static bool poisoned(const u8 *bytes, size_t size)
{
	return !memchr_inv(bytes, POISON, size);
}

static const char *how(const struct teng *teng)
{
	return teng->domain ? "mapped" : teng->port_count ? "bypassed" : "direct";
}

/* The device fills, verifies and copies memory that both sides see all the time. */
static void coherent(struct teng *teng, size_t size)
{
	dma_addr_t a_dma, b_dma;
	u8 *a = dma_alloc_coherent(teng->dev, size, &a_dma, GFP_KERNEL);
	u8 *b = dma_alloc_coherent(teng->dev, size, &b_dma, GFP_KERNEL);
	u32 seed = size ^ 0x5eed;
	bool good = a && b && !teng_see(teng, a_dma, size) && !teng_see(teng, b_dma, size);
	struct teng_job job = { .length = size, .seed = seed };
	size_t i;

	if (!tap_ok(good, "%s: %s: coherent memory, twice %zu bytes", teng->label, how(teng), size))
		goto out;
	job.op = TENG_FILL;
	job.destination = a_dma;
	good = !teng_run(teng, &job);
	for (i = 0; good && i < size; i++)
		good = a[i] == teng_pattern(seed, i);
	tap_ok(good, "%s: %s: the CPU sees each byte that the device wrote", teng->label, how(teng));

	for (i = 0; i < size; i++)
		b[i] = teng_pattern(seed + 1, i);
	job.op = TENG_VERIFY;
	job.source = b_dma;
	job.seed = seed + 1;
	tap_ok(!teng_run(teng, &job), "%s: %s: the device sees each byte that the CPU wrote", teng->label, how(teng));

	job.op = TENG_COPY;
	job.destination_port = teng->port_count > 1;
	good = !teng_run(teng, &job);
	tap_ok(good && !memcmp(a, b, size), "%s: %s: the device copies coherent memory", teng->label, how(teng));
	b[size / 2] ^= 1;
	job.op = TENG_COMPARE;
	job.destination = a_dma;
	teng_frame(teng, 0, &job, true);
	good = teng_start(teng, 0) == -EIO && teng_read(teng, TENG_FAULT_OFFSET) == size / 2 &&
	       (teng_read(teng, TENG_FAULT) & TENG_FAULT_CAUSE) == TENG_CAUSE_MISMATCH;
	tap_ok(good, "%s: %s: a byte that differs is found", teng->label, how(teng));
out:
	if (a) {
		teng_unsee(teng, a_dma, size);
		dma_free_coherent(teng->dev, size, a, a_dma);
	}
	if (b) {
		teng_unsee(teng, b_dma, size);
		dma_free_coherent(teng->dev, size, b, b_dma);
	}
}

/* The device copies `size` bytes at `offset` of one buffer to another place of a second one. */
static void streaming(struct teng *teng, size_t size, size_t offset)
{
	unsigned int order = get_order(size + 2 * offset + 64);
	size_t total = PAGE_SIZE << order, to = 2 * offset;
	u8 *a = (u8 *)__get_free_pages(GFP_KERNEL, order);
	u8 *b = (u8 *)__get_free_pages(GFP_KERNEL, order);
	struct teng_job job = { .op = TENG_COPY, .length = size, .destination_port = teng->port_count > 1 };
	u32 seed = size * 7 + offset;
	dma_addr_t a_dma, b_dma;
	bool good = a && b;

	if (!good)
		goto out;
	memset(b, POISON, total);
	fill(a + offset, size, seed);
	a_dma = dma_map_single(teng->dev, a + offset, size, DMA_TO_DEVICE);
	b_dma = dma_map_single(teng->dev, b + to, size, DMA_FROM_DEVICE);
	good = !dma_mapping_error(teng->dev, a_dma) && !dma_mapping_error(teng->dev, b_dma);
	if (!good)
		goto out;
	job.source = a_dma;
	job.destination = b_dma;
	good = !teng_see(teng, a_dma, size) && !teng_see(teng, b_dma, size) && !teng_run(teng, &job);
	teng_unsee(teng, a_dma, size);
	teng_unsee(teng, b_dma, size);
	dma_unmap_single(teng->dev, a_dma, size, DMA_TO_DEVICE);
	dma_unmap_single(teng->dev, b_dma, size, DMA_FROM_DEVICE);
	good = good && holds(b + to, size, seed) && poisoned(b, to) && poisoned(b + to + size, total - to - size);
out:
	tap_ok(good, "%s: %s: streaming, %zu bytes from offset %zu to %zu, and no byte beside them", teng->label,
	       how(teng), size, offset, to);
	free_pages((unsigned long)a, order);
	free_pages((unsigned long)b, order);
}

/* One mapping in both directions changes hands several times. */
static void ownership(struct teng *teng)
{
	size_t half = 8192, size = 2 * half;
	unsigned int order = get_order(size), round;
	u8 *memory = (u8 *)__get_free_pages(GFP_KERNEL, order);
	struct teng_job job = { .op = TENG_COPY, .length = half };
	dma_addr_t dma;
	bool good = memory;

	if (!good)
		goto out;
	dma = dma_map_single(teng->dev, memory, size, DMA_BIDIRECTIONAL);
	good = !dma_mapping_error(teng->dev, dma);
	if (!good)
		goto out;
	good = !teng_see(teng, dma, size);
	for (round = 0; good && round < 6; round++) {
		size_t from = round % 2 * half, to = half - from;

		dma_sync_single_for_cpu(teng->dev, dma, size, DMA_BIDIRECTIONAL);
		/* What the device brought in the last round is the source of this one. */
		good = !round || holds(memory + from, half, round - 1);
		fill(memory + from, half, round);
		memset(memory + to, POISON, half);
		dma_sync_single_for_device(teng->dev, dma, size, DMA_BIDIRECTIONAL);
		job.source = dma + from;
		job.destination = dma + to;
		good = good && !teng_run(teng, &job);
	}
	teng_unsee(teng, dma, size);
	dma_unmap_single(teng->dev, dma, size, DMA_BIDIRECTIONAL);
	good = good && holds(memory, half, 5) && holds(memory + half, half, 5);
out:
	tap_ok(good, "%s: %s: one mapping, synchronised for CPU and device six times", teng->label, how(teng));
	free_pages((unsigned long)memory, order);
}

#define PIECES 24

/* Length of piece `i` of a scatter list: odd ones, and whole pages. */
static size_t piece(unsigned int i)
{
	return i % 5 == 4 ? PAGE_SIZE : 1 + i * 157 % (PAGE_SIZE - 64);
}

/* Gathers a scatter list into one buffer, and scatters it into another list. */
static void scatter(struct teng *teng)
{
	struct scatterlist *out = kcalloc(PIECES, sizeof(*out), GFP_KERNEL);
	struct scatterlist *in = kcalloc(PIECES, sizeof(*in), GFP_KERNEL);
	struct teng_job job = { .op = TENG_GATHER };
	struct scatterlist *s;
	dma_addr_t linear_dma = 0;
	u8 *linear = NULL;
	size_t total = 0, at = 0;
	int i, mapped_out = 0, mapped_in = 0;
	bool good = out && in;

	if (!good)
		goto out;
	sg_init_table(out, PIECES);
	sg_init_table(in, PIECES);
	for (i = 0; i < PIECES; i++) {
		struct page *from = alloc_page(GFP_KERNEL), *to = alloc_page(GFP_KERNEL);
		size_t size = piece(i), offset = size == PAGE_SIZE ? 0 : i;

		if (!from || !to) {
			good = false;
			goto out;
		}
		sg_set_page(&out[i], from, size, offset);
		sg_set_page(&in[i], to, size, PAGE_SIZE - size);
		memset(page_address(to), POISON, PAGE_SIZE);
		fill(page_address(from) + offset, size, i);
		total += size;
	}
	linear = dma_alloc_coherent(teng->dev, total, &linear_dma, GFP_KERNEL);
	mapped_out = dma_map_sg(teng->dev, out, PIECES, DMA_TO_DEVICE);
	mapped_in = dma_map_sg(teng->dev, in, PIECES, DMA_FROM_DEVICE);
	good = linear && mapped_out > 0 && mapped_in > 0;
	if (!good)
		goto out;
	good = !teng_see(teng, linear_dma, total);
	for_each_sg(out, s, mapped_out, i) {
		good = good && !teng_see(teng, sg_dma_address(s), sg_dma_len(s));
		teng->memory->list[i].address = cpu_to_le32(sg_dma_address(s));
		teng->memory->list[i].length = cpu_to_le32(sg_dma_len(s));
	}
	job.list = mapped_out;
	job.length = total;
	job.destination = linear_dma;
	good = good && !teng_run(teng, &job);
	for (i = 0; i < PIECES; at += piece(i++))
		good = good && holds(linear + at, piece(i), i);
	tap_ok(good, "%s: %s: gather, %d pieces, %zu bytes", teng->label, how(teng), mapped_out, total);

	dma_sync_sg_for_device(teng->dev, in, PIECES, DMA_FROM_DEVICE);
	for_each_sg(in, s, mapped_in, i) {
		good = good && !teng_see(teng, sg_dma_address(s), sg_dma_len(s));
		teng->memory->list[i].address = cpu_to_le32(sg_dma_address(s));
		teng->memory->list[i].length = cpu_to_le32(sg_dma_len(s));
	}
	job.op = TENG_SCATTER;
	job.source = linear_dma;
	job.list = mapped_in;
	good = good && !teng_run(teng, &job);
	dma_sync_sg_for_cpu(teng->dev, in, PIECES, DMA_FROM_DEVICE);
	for (i = 0; i < PIECES; i++) {
		u8 *page = page_address(sg_page(&in[i]));

		good = good && holds(page + PAGE_SIZE - piece(i), piece(i), i) &&
		       poisoned(page, PAGE_SIZE - piece(i));
	}
	for_each_sg(out, s, mapped_out, i)
		teng_unsee(teng, sg_dma_address(s), sg_dma_len(s));
	for_each_sg(in, s, mapped_in, i)
		teng_unsee(teng, sg_dma_address(s), sg_dma_len(s));
	teng_unsee(teng, linear_dma, total);
out:
	tap_ok(good, "%s: %s: scatter, %d pieces, and no byte beside them", teng->label, how(teng), mapped_in);
	if (mapped_out > 0)
		dma_unmap_sg(teng->dev, out, PIECES, DMA_TO_DEVICE);
	if (mapped_in > 0)
		dma_unmap_sg(teng->dev, in, PIECES, DMA_FROM_DEVICE);
	if (linear)
		dma_free_coherent(teng->dev, total, linear, linear_dma);
	for (i = 0; out && in && i < PIECES; i++) {
		if (sg_page(&out[i]))
			__free_page(sg_page(&out[i]));
		if (sg_page(&in[i]))
			__free_page(sg_page(&in[i]));
	}
	kfree(out);
	kfree(in);
}

/* A chain of frames that pass one buffer on. */
static void chain(struct teng *teng)
{
	size_t size = 3000, step = PAGE_SIZE;
	dma_addr_t dma;
	u8 *memory = dma_alloc_coherent(teng->dev, TENG_FRAMES * step, &dma, GFP_KERNEL);
	bool good = memory && !teng_see(teng, dma, TENG_FRAMES * step);
	unsigned int i;

	if (!good)
		goto out;
	memset(memory, POISON, TENG_FRAMES * step);
	fill(memory, size, 99);
	for (i = 0; i < TENG_FRAMES - 1; i++) {
		struct teng_job job = { .op = TENG_COPY, .length = size, .source = dma + i * step,
					.destination = dma + (i + 1) * step,
					.source_port = teng->port_count > 1 ? i % 2 : 0 };

		job.destination_port = job.source_port;
		teng_frame(teng, i, &job, i == TENG_FRAMES - 2);
	}
	good = !teng_start(teng, 0);
	for (i = 0; good && i < TENG_FRAMES; i++)
		good = holds(memory + i * step, size, 99) && poisoned(memory + i * step + size, step - size);
out:
	tap_ok(good, "%s: %s: a chain of %d frames", teng->label, how(teng), TENG_FRAMES - 1);
	if (memory) {
		teng_unsee(teng, dma, TENG_FRAMES * step);
		dma_free_coherent(teng->dev, TENG_FRAMES * step, memory, dma);
	}
}

static void memory_of_every_kind(struct teng *teng)
{
	static const struct { size_t size, offset; } cases[] = {
		{ 1, 3 }, { 63, 1 }, { 64, 0 }, { 255, 129 }, { 4096, 0 }, { 5000, 1000 }, { 65536, 8 }, { 262144, 4095 },
	};
	unsigned int i;

	coherent(teng, 4096);
	coherent(teng, 65536 + 4096);
	coherent(teng, 1 << 20);
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		streaming(teng, cases[i].size, cases[i].offset);
	ownership(teng);
	scatter(teng);
	chain(teng);
}

/* An engine that reaches less than the memory there is. */
static void narrow(struct teng *teng)
{
	int error = dma_set_mask_and_coherent(teng->dev, DMA_BIT_MASK(teng->address_bits));
	struct teng_job job = { .op = TENG_NOP };

	tap_ok(error == -EIO, "%s: a mask of %u bits reaches no memory, and is refused", teng->label,
	       teng->address_bits);
	teng_frame(teng, 0, &job, true);
	error = teng_start(teng, 0);
	tap_ok(error == -EIO && (teng_read(teng, TENG_FAULT) & TENG_FAULT_CAUSE) == TENG_CAUSE_LIMIT,
	       "%s: an address beyond the mask ends in an error", teng->label);
}

void test_dma(struct teng *teng)
{
	tap_ok(!dma_set_mask_and_coherent(teng->dev, DMA_BIT_MASK(32)), "%s: a mask of 32 bits", teng->label);
	if (teng->address_bits && teng->address_bits < 32) {
		narrow(teng);
		return;
	}
	memory_of_every_kind(teng);
	if (!teng->port_count)
		return;
	/* The same through the SMMUs. */
	teng->domain = iommu_domain_alloc(teng->dev->bus);
	if (!tap_ok(teng->domain && !iommu_attach_device(teng->domain, teng->dev), "%s: attached", teng->label))
		return;
	if (tap_ok(!teng_see(teng, teng->memory_dma, sizeof(*teng->memory)), "%s: its frames are mapped", teng->label))
		memory_of_every_kind(teng);
	iommu_detach_device(teng->domain, teng->dev);
	iommu_domain_free(teng->domain);
	teng->domain = NULL;
}

void test_smoke(struct teng *teng)
{
	tap_ok(!dma_set_mask_and_coherent(teng->dev, DMA_BIT_MASK(32)), "%s: a mask of 32 bits", teng->label);
	teng->domain = teng->port_count ? iommu_domain_alloc(teng->dev->bus) : NULL;
	if (teng->port_count &&
	    !tap_ok(teng->domain && !iommu_attach_device(teng->domain, teng->dev), "%s: attached", teng->label))
		return;
	if (!teng_see(teng, teng->memory_dma, sizeof(*teng->memory))) {
		coherent(teng, 4096);
		streaming(teng, 5000, 100);
	}
	if (teng->domain) {
		iommu_detach_device(teng->domain, teng->dev);
		iommu_domain_free(teng->domain);
		teng->domain = NULL;
	}
}
