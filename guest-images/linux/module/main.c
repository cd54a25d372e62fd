// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of DMA API, IOMMU API and the SMMU driver with traffic engines. Loading the module runs them; results go to
 * the kernel log as TAP.
 */
#include <linux/module.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>

#include "tap.h"
#include "teng.h"

static char *find = "";
module_param(find, charp, 0444);
MODULE_PARM_DESC(find, "show what the kernel's SMMU driver gets wrong: reattach, second-device (this one ends in an oops)");

static int results, failures;

static void tap_line(bool good, const char *directive, const char *reason, const char *format, va_list arguments)
{
	struct va_format text = { .fmt = format, .va = &arguments };

	pr_info("%sok %d - %pV%s%s\n", good ? "" : "not ", ++results, &text, directive, reason);
}

bool tap_ok(bool good, const char *format, ...)
{
	va_list arguments;

	failures += !good;
	va_start(arguments, format);
	tap_line(good, "", "", format, arguments);
	va_end(arguments);
	return good;
}

bool tap_todo(bool good, const char *reason, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tap_line(good, " # TODO ", reason, format, arguments);
	va_end(arguments);
	return good;
}

int tap_end(void)
{
	pr_info("1..%d\n", results);
	return failures;
}

#define MAX_SMMUS 16

/* SMMUs that a device already uses. */
static struct device_node *taken[MAX_SMMUS];
static unsigned int taken_count;

static bool smmu_taken(const struct device_node *smmu)
{
	unsigned int i;

	for (i = 0; i < taken_count; i++)
		if (taken[i] == smmu)
			return true;
	return false;
}

/* Number of SMMUs in front of a device, or -1 when one of them is taken. With `take` they are, from now on. */
static int smmus(struct device_node *node, bool take)
{
	struct device_node *smmu, *last = NULL;
	int i, count = 0;

	for (i = 0; (smmu = of_parse_phandle(node, "iommus", i)); i += 2) {
		of_node_put(smmu);
		if (smmu == last)
			continue;
		last = smmu;
		if (!take && smmu_taken(smmu))
			return -1;
		if (take && taken_count < MAX_SMMUS)
			taken[taken_count++] = smmu;
		count++;
	}
	return count;
}

static int bind(struct device_node *node)
{
	struct platform_device *pdev = of_find_device_by_node(node);
	int error;

	if (!pdev)
		return -ENODEV;
	smmus(node, true);
	error = device_driver_attach(&teng_driver.driver, &pdev->dev);
	if (error)
		dev_err(&pdev->dev, "can not be bound: %d\n", error);
	put_device(&pdev->dev);
	return error;
}

/* Binds an engine behind each SMMU that no other device uses, those behind two first, and all without one. */
static void bind_all(void)
{
	struct device_node *node;
	int wanted;

	for_each_compatible_node(node, NULL, "arm,pl330")
		smmus(node, true);
	for (wanted = 2; wanted >= 0; wanted--)
		for_each_compatible_node(node, NULL, "msmemu,traffic-engine")
			if (smmus(node, false) == wanted)
				bind(node);
}

/* Binds a second engine behind an SMMU. */
static void bind_second(void)
{
	struct device_node *node;

	for_each_compatible_node(node, NULL, "msmemu,traffic-engine") {
		struct platform_device *pdev = of_find_device_by_node(node);
		bool bound = pdev && pdev->dev.driver;

		if (pdev)
			put_device(&pdev->dev);
		if (bound || smmus(node, false) != -1)
			continue;
		tap_note("binds %pOF, whose SMMU has a device already", node);
		bind(node);
		return;
	}
}

/* Neither __init nor __exit: gdb would take the functions in those sections for others. */
static int start(void)
{
	bool full[3] = { true, true, true };
	struct teng *teng;
	int error = platform_driver_register(&teng_driver);

	if (error)
		return error;
	pr_info("TAP version 13\n");
	bind_all();
	if (*find) {
		if (!strcmp(find, "second-device"))
			bind_second();
		list_for_each_entry(teng, &teng_list, node)
			if (teng->port_count == 1) {
				test_findings(teng, find);
				break;
			}
	} else {
		list_for_each_entry(teng, &teng_list, node) {
			tap_note("%s: %s, %u SMMUs", teng->label, dev_name(teng->dev), teng->port_count);
			/* Everything on the first engine of a kind, and on all without SMMU. */
			if (full[teng->port_count]) {
				test_dma(teng);
				if (teng->port_count)
					test_iommu(teng);
				full[teng->port_count] = !teng->port_count;
			} else {
				test_smoke(teng);
			}
			tap_note("%s: %u bytes read, %u bytes written", teng->label, teng_read(teng, TENG_BYTES_READ),
				 teng_read(teng, TENG_BYTES_WRITTEN));
		}
	}
	if (tap_end())
		pr_err("msmemu-teng: %d tests failed\n", failures);
	return 0;
}

static void stop(void)
{
	platform_driver_unregister(&teng_driver);
}

module_init(start);
module_exit(stop);
MODULE_DESCRIPTION("Tests of DMA and IOMMU with the traffic engines of msmemu");
MODULE_LICENSE("GPL");
