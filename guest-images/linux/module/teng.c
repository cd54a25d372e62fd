// SPDX-License-Identifier: GPL-2.0
/* Driver of the traffic engine. */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mod_devicetable.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/platform_device.h>

#include "teng.h"

LIST_HEAD(teng_list);

/* Normal memory, not cached, unprivileged data. */
#define ATTRIBUTES	0x10
/* Machine IDs with this bit go to the second port. */
#define SECOND_PORT	0x20
/* Long transfers move some megabytes at some hundred MB/s; what takes longer never ends. */
#define TIMEOUT		msecs_to_jiffies(200)

u32 teng_read(const struct teng *teng, u32 offset)
{
	return readl(teng->regs + offset);
}

static u32 teng_mid(struct teng *teng, unsigned int port)
{
	struct teng_port *p = &teng->ports[port];

	if (!p->mid_count)
		return 0;
	return p->mids[teng->turn++ % p->mid_count] | (port ? SECOND_PORT : 0);
}

void teng_frame(struct teng *teng, unsigned int index, const struct teng_job *job, bool last)
{
	struct teng_frame *frame = &teng->memory->frames[index];
	u32 next = teng->memory_dma + offsetof(struct teng_memory, frames[index + 1]);
	u32 list = teng->memory_dma + offsetof(struct teng_memory, list);
	/* Bursts of 128 bytes, eight outstanding, data pattern "random". */
	u32 control = job->op | (last ? 0 : BIT(5)) | 7 << 8 | 7 << 12 | 2 << 16;
	u32 mids = teng_mid(teng, job->source_port) | teng_mid(teng, job->destination_port) << 8;

	memset(frame, 0, sizeof(*frame));
	frame->control = cpu_to_le32(control);
	frame->attributes = cpu_to_le32(ATTRIBUTES | ATTRIBUTES << 16);
	frame->source = cpu_to_le32(job->source);
	frame->destination = cpu_to_le32(job->destination);
	frame->length = cpu_to_le32(job->length);
	frame->seed = cpu_to_le32(job->seed);
	frame->mids = cpu_to_le32(mids);
	frame->list = cpu_to_le32(job->list ? list : 0);
	frame->next = cpu_to_le32(last ? 0 : next);
}

int teng_start(struct teng *teng, unsigned int port)
{
	u32 status;

	reinit_completion(&teng->done);
	writel(teng->memory_dma, teng->regs + TENG_FRAME_ADDR);
	writel(ATTRIBUTES | teng_mid(teng, port) << 16, teng->regs + TENG_FRAME_ATTR);
	writel(TENG_CMD_START, teng->regs + TENG_CMD);
	if (!wait_for_completion_timeout(&teng->done, TIMEOUT))
		return -ETIMEDOUT;
	status = teng_read(teng, TENG_STATUS);
	return status == TENG_STATUS_DONE ? 0 : -EIO;
}

int teng_run(struct teng *teng, const struct teng_job *job)
{
	int error;

	teng_frame(teng, 0, job, true);
	error = teng_start(teng, job->source_port);
	if (error)
		dev_info(teng->dev, "op %d %08x -> %08x, %u bytes: %d, status %x fault %x at %08x + %u\n", job->op,
			 job->source, job->destination, job->length, error, teng_read(teng, TENG_STATUS),
			 teng_read(teng, TENG_FAULT), teng_read(teng, TENG_FAULT_ADDR),
			 teng_read(teng, TENG_FAULT_OFFSET));
	return error;
}

void teng_abort(struct teng *teng)
{
	writel(TENG_CMD_ABORT, teng->regs + TENG_CMD);
}

u8 teng_pattern(u32 seed, u32 index)
{
	u32 x = seed + index / 4 * 0x9e3779b9u;

	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	x ^= x >> 16;
	return x >> index % 4 * 8;
}

int teng_see(struct teng *teng, dma_addr_t address, size_t size)
{
	dma_addr_t start = address & PAGE_MASK;

	if (!teng->domain)
		return 0;
	size = PAGE_ALIGN(address + size) - start;
	/* Without IOMMU in the DMA API a DMA address is the physical address. */
	return iommu_map(teng->domain, start, start, size, IOMMU_READ | IOMMU_WRITE);
}

void teng_unsee(struct teng *teng, dma_addr_t address, size_t size)
{
	dma_addr_t start = address & PAGE_MASK;

	if (teng->domain)
		iommu_unmap(teng->domain, start, PAGE_ALIGN(address + size) - start);
}

static irqreturn_t teng_interrupt(int irq, void *data)
{
	struct teng *teng = data;
	u32 status = readl(teng->regs + TENG_INT_STATUS);

	if (!status)
		return IRQ_NONE;
	writel(status, teng->regs + TENG_INT_STATUS);
	if (status & TENG_INT_DONE)
		complete(&teng->done);
	return IRQ_HANDLED;
}

/* Which SMMUs the device tree puts in front of the engine, and its machine IDs there. */
static int teng_ports(struct teng *teng)
{
	struct of_phandle_args args;
	struct resource registers;
	int i;

	for (i = 0; !of_parse_phandle_with_args(teng->dev->of_node, "iommus", "#iommu-cells", i, &args); i++) {
		struct teng_port *port = &teng->ports[teng->port_count - 1];

		if (!teng->port_count || port->smmu != args.np) {
			if (teng->port_count == ARRAY_SIZE(teng->ports))
				return -EINVAL;
			port = &teng->ports[teng->port_count++];
			port->smmu = args.np;
			if (of_address_to_resource(args.np, 0, &registers))
				return -EINVAL;
			port->base = registers.start;
		}
		if (port->mid_count < ARRAY_SIZE(port->mids))
			port->mids[port->mid_count++] = args.args[0];
		of_node_put(args.np);
	}
	return 0;
}

static int teng_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct teng *teng = devm_kzalloc(dev, sizeof(*teng), GFP_KERNEL);
	int irq, error;

	if (!teng)
		return -ENOMEM;
	teng->dev = dev;
	init_completion(&teng->done);
	error = of_property_read_string(dev->of_node, "label", &teng->label);
	if (error)
		teng->label = dev_name(dev);
	of_property_read_u32(dev->of_node, "msmemu,address-bits", &teng->address_bits);
	error = teng_ports(teng);
	if (error)
		return dev_err_probe(dev, error, "bad iommus property\n");
	teng->regs = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(teng->regs))
		return PTR_ERR(teng->regs);
	if (teng_read(teng, TENG_ID) != TENG_MAGIC)
		return dev_err_probe(dev, -ENODEV, "no traffic engine\n");
	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;
	error = devm_request_irq(dev, irq, teng_interrupt, 0, dev_name(dev), teng);
	if (error)
		return dev_err_probe(dev, error, "no interrupt\n");
	/* A narrower engine has to ask for less; its test does. */
	error = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
	if (error)
		return dev_err_probe(dev, error, "no DMA\n");
	teng->memory = dmam_alloc_coherent(dev, sizeof(*teng->memory), &teng->memory_dma, GFP_KERNEL);
	if (!teng->memory)
		return -ENOMEM;
	writel(TENG_INT_DONE, teng->regs + TENG_INT_ENABLE);
	list_add_tail(&teng->node, &teng_list);
	platform_set_drvdata(pdev, teng);
	return 0;
}

static int teng_remove(struct platform_device *pdev)
{
	struct teng *teng = platform_get_drvdata(pdev);

	writel(0, teng->regs + TENG_INT_ENABLE);
	list_del(&teng->node);
	return 0;
}

/*
 * No of_match_table: the kernel's SMMU driver dereferences a null pointer when a second device behind an
 * instance gets a driver, so main.c binds one behind each.
 */
struct platform_driver teng_driver = {
	.probe = teng_probe,
	.remove = teng_remove,
	.driver = { .name = "msmemu-teng" },
};
