/* SPDX-License-Identifier: GPL-2.0 */
/* Driver of the traffic engine: a DMA master that the emulator has for verification. */
#ifndef MSMEMU_TENG_H
#define MSMEMU_TENG_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/types.h>

#define TENG_ID			0x00
#define TENG_CTRL		0x08
#define TENG_CMD		0x0c
#define  TENG_CMD_START		BIT(0)
#define  TENG_CMD_ABORT		BIT(1)
#define TENG_FRAME_ADDR		0x10
#define TENG_FRAME_ATTR		0x14
#define TENG_STATUS		0x18
#define  TENG_STATUS_BUSY	BIT(0)
#define  TENG_STATUS_DONE	BIT(1)
#define  TENG_STATUS_ERROR	BIT(2)
#define  TENG_STATUS_ABORTED	BIT(3)
#define TENG_INT_STATUS		0x1c
#define TENG_INT_ENABLE		0x20
#define  TENG_INT_DONE		BIT(1)
#define TENG_FAULT		0x24
#define  TENG_FAULT_CAUSE	GENMASK(3, 0)
#define  TENG_CAUSE_MISMATCH	4
#define  TENG_CAUSE_LIMIT	7
#define TENG_FAULT_ADDR		0x28
#define TENG_FAULT_OFFSET	0x30
#define TENG_CHECKSUM		0x38
#define TENG_BYTES_READ		0x40
#define TENG_BYTES_WRITTEN	0x44

#define TENG_MAGIC		0x54470001

enum teng_op { TENG_NOP, TENG_COPY, TENG_FILL, TENG_SUM, TENG_VERIFY, TENG_COMPARE, TENG_GATHER, TENG_SCATTER };

/* What the engine reads: sixteen little-endian words. */
struct teng_frame {
	__le32 control;
	__le32 attributes;
	__le32 source;
	__le32 destination;
	__le32 length;
	__le32 seed;
	__le32 source_stride;
	__le32 destination_stride;
	__le32 element;
	__le32 window;
	__le32 repeat;
	__le32 mids;
	__le32 list;
	__le32 next;
	__le32 status;
	__le32 detail;
};

/* Frames and list entries that fit the memory of an engine. */
#define TENG_FRAMES	16
#define TENG_LIST	128

/* How one SMMU knows the engine. */
struct teng_port {
	const struct device_node *smmu;
	u32 base;		/* registers of the SMMU */
	u32 mids[32];
	unsigned int mid_count;
};

struct teng {
	struct device *dev;
	const char *label;
	void __iomem *regs;
	struct completion done;
	u32 address_bits;	/* without SMMU; else 0 */
	struct teng_port ports[2];
	unsigned int port_count;
	unsigned int turn;	/* goes round the MIDs */

	/* What the engine reads by itself, coherent. */
	struct teng_memory {
		struct teng_frame frames[TENG_FRAMES];
		struct { __le32 address, length; } list[TENG_LIST];
	} *memory;
	dma_addr_t memory_dma;
	struct iommu_domain *domain;	/* attached by a test */
	struct list_head node;
};

/* A transfer. */
struct teng_job {
	enum teng_op op;
	u32 source, destination, length, seed;
	unsigned int source_port, destination_port;
	unsigned int list;	/* entries of memory->list in use */
};

extern struct platform_driver teng_driver;
extern struct list_head teng_list;

/* Writes `job` into frame `index`; `last` ends the chain. */
void teng_frame(struct teng *teng, unsigned int index, const struct teng_job *job, bool last);

/* Runs the chain from frame 0 on. 0, -EIO (see TENG_FAULT), or -ETIMEDOUT: the engine is still busy. */
int teng_start(struct teng *teng, unsigned int port);

/* One transfer. */
int teng_run(struct teng *teng, const struct teng_job *job);

u32 teng_read(const struct teng *teng, u32 offset);
void teng_abort(struct teng *teng);

/* Makes memory with a DMA address reachable: maps it one to one in the attached domain, if there is one. */
int teng_see(struct teng *teng, dma_addr_t address, size_t size);
void teng_unsee(struct teng *teng, dma_addr_t address, size_t size);

/* Byte `index` of test data. */
static inline u8 teng_byte(u32 seed, u32 index)
{
	u32 x = (seed + index) * 0x9e3779b1u;

	return x >> 24 ^ x >> 8;
}

/* The engine's data pattern "random": byte `index`. */
u8 teng_pattern(u32 seed, u32 index);

void test_dma(struct teng *teng);
void test_iommu(struct teng *teng);
void test_smoke(struct teng *teng);
void test_findings(struct teng *teng, const char *which);

#endif
