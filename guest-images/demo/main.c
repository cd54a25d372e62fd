/*
 * A first look at the machine, the kit and its two APIs: the devices of the device tree, one driver over three back ends of the
 * DMA API, a domain on two System MMUs, both sides of a mapping chosen by either API, and a fault that is resolved while the
 * transaction waits. Everything that it prints it has checked.
 */
#include "dma-mapping.h"
#include "driver.h"
#include "iommu.h"
#include "kit.h"
#include "printf.h"
#include "string.h"
#include "teng.h"

#define SIZE (16 * SZ_1K)

static u8 *source, *target;

static void check(bool condition, const char *what)
{
    if (condition)
        return;
    printf("demo: FAILED: %s\n", what);
    exit(1);
}

static struct device *bind(const char *name)
{
    struct device *dev = device_find(name);

    check(dev && driver_bind(&teng_driver, dev) == 0, "the driver takes the device");
    return dev;
}

static void unbind(struct device *dev)
{
    check(driver_unbind(dev) == 0, "the driver leaves nothing mapped");
}

static unsigned count(const char *compatible)
{
    struct device *dev = NULL;
    unsigned n = 0;

    while ((dev = device_next(dev, compatible)) != NULL)
        n++;
    return n;
}

static void devices(void)
{
    printf("The device tree is of an %s:\n", fdt_string(device_tree(), fdt_root(device_tree()), "model"));
    printf("  %u System MMUs, %u traffic engines, %u PL330\n", count("qcom,apq8064-iommu"),
           count("msmemu,traffic-engine"), count("arm,pl330"));
}

/* ---- One driver, three back ends ---- */

static void back_ends(void)
{
    static const char *const names[] = { "jpegd_src_dma", "direct32", "direct30" };

    printf("\nOne driver, three back ends of the DMA API: each copies %u bytes from 0x%08x\n", SIZE,
           virt_to_phys(source));
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        struct device *dev = bind(names[i]);
        dma_addr_t at = dma_map_single(dev, source, SIZE, DMA_TO_DEVICE);

        check(!dma_mapping_error(dev, at), "memory is mapped");
        printf("  %-13s %-6s sees it at 0x%08x: ", dev->name, dma_backend(dev), at);
        dma_unmap_single(dev, at, SIZE, DMA_TO_DEVICE);
        memset(target, 0, SIZE);
        check(teng_copy(dev, target, source, SIZE) == 0, "the engine copies");
        check(memcmp(source, target, SIZE) == 0, "the copy is right");
        printf("every byte is right\n");
        unbind(dev);
    }
}

/* ---- A domain on two System MMUs ---- */

static struct teng_transfer transfer(enum teng_operation operation, dma_addr_t at)
{
    return (struct teng_transfer){ .operation = operation, .source = at, .destination = at, .length = SIZE,
                                   .pattern = TENG_RANDOM, .seed = 2010, .outstanding = 1 };
}

static unsigned refused;

static int refuse(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    (void)domain, (void)dev, (void)iova, (void)flags, (void)token;
    refused++;
    return -EFAULT;
}

static void shared_domain(void)
{
    struct device *one = device_find("vpe_src_dma"), *two = device_find("rot_src_dma");
    struct dma_domain *domain = dma_domain_alloc();
    struct teng_transfer write, read;
    dma_addr_t at, frame_one, frame_two;
    struct teng first, second;
    void *cpu_one, *cpu_two;

    check(domain && one && two && dma_configure(one) == 0 && dma_configure(two) == 0, "both have an SMMU");
    check(dma_set_domain(one, domain) == 0 && dma_set_domain(two, domain) == 0, "both join one domain");
    cpu_one = dma_alloc_coherent(one, TENG_FRAME_BYTES, &frame_one, GFP_KERNEL);
    cpu_two = dma_alloc_coherent(two, TENG_FRAME_BYTES, &frame_two, GFP_KERNEL);
    check(cpu_one && cpu_two, "there is memory for frames");
    check(!teng_init(&first, one, cpu_one, frame_one) && !teng_init(&second, two, cpu_two, frame_two),
          "the engines are there");

    at = dma_map_single(one, target, SIZE, DMA_BIDIRECTIONAL);
    check(!dma_mapping_error(one, at), "memory is mapped");
    write = transfer(TENG_FILL, at);
    read = transfer(TENG_VERIFY, at);
    printf("\nA domain on two System MMUs, mapped once: 0x%08x -> 0x%08x\n", at, virt_to_phys(target));
    check(teng_run(&first, &write, 100000) == 0, "the first engine writes");
    check(teng_run(&second, &read, 100000) == 0, "the second engine reads the same");
    printf("  %s wrote %u bytes, %s reads the same there\n", one->name, SIZE, two->name);
    iommu_set_fault_handler(dma_iommu_domain(domain), refuse, NULL);
    dma_unmap_single(one, at, SIZE, DMA_BIDIRECTIONAL);
    check(teng_run(&second, &read, 100000) == -EFAULT, "the second engine is stopped");
    check(teng_run(&first, &write, 100000) == -EFAULT, "the first engine is stopped");
    check(refused == 2 && first.result.address == at && second.result.address == at, "each at its first byte");
    printf("  after the unmap both are stopped, with a fault at 0x%08x\n", at);

    teng_exit(&first);
    teng_exit(&second);
    dma_free_coherent(one, TENG_FRAME_BYTES, cpu_one, frame_one);
    dma_free_coherent(two, TENG_FRAME_BYTES, cpu_two, frame_two);
    check(dma_release(one) + dma_release(two) == 0 && dma_domain_free(domain) == 0, "nothing is left");
}

/* ---- Both sides chosen ---- */

#define GUEST_BASE 0x80000000u

static void passthrough(void)
{
    struct device *by_iommu = device_find("ijpeg_src_dma"), *by_dma = bind("ijpeg_dst_dma");
    struct iommu_domain *domain = iommu_domain_alloc(), *other = dma_iommu_domain(dma_get_domain(by_dma));
    struct dma_attrs attrs = { 0, GUEST_BASE };
    struct device *direct;
    dma_addr_t at;

    printf("\nBoth sides chosen, as for a virtual machine: its memory at 0x%08x is 0x%08x\n", GUEST_BASE,
           virt_to_phys(source));
    check(domain && iommu_attach_device(domain, by_iommu) == 0, "the IOMMU API gives a domain");
    check(iommu_map(domain, GUEST_BASE, virt_to_phys(source), SIZE, IOMMU_READ | IOMMU_WRITE) == 0, "iommu_map");
    printf("  IOMMU API: iommu_map()\n");

    dma_set_attr(DMA_ATTR_FIXED_MAPPING, &attrs);
    at = dma_map_single_attrs(by_dma, source, SIZE, DMA_BIDIRECTIONAL, &attrs);
    check(at == GUEST_BASE, "the DMA API puts it where it was asked to");
    printf("  DMA API:   dma_map_single_attrs() with DMA_ATTR_FIXED_MAPPING\n");
    for (u32 page = 0; page < SIZE; page += PAGE_SIZE)
        check(iommu_iova_to_phys(domain, GUEST_BASE + page) == virt_to_phys(source) + page &&
                  iommu_iova_to_phys(other, GUEST_BASE + page) == virt_to_phys(source) + page,
              "the tables are equal");
    printf("  the tables are equal, page by page\n");

    direct = bind("direct32");
    at = dma_map_single_attrs(direct, source, SIZE, DMA_BIDIRECTIONAL, &attrs);
    check(dma_mapping_error(direct, at) == -EOPNOTSUPP, "direct can not choose");
    printf("  %s has no System MMU: %s\n", direct->name, errname(dma_mapping_error(direct, at)));

    unbind(direct);
    dma_unmap_single_attrs(by_dma, GUEST_BASE, SIZE, DMA_BIDIRECTIONAL, &attrs);
    unbind(by_dma);
    iommu_domain_free(domain);
}

/* ---- A fault, resolved ---- */

#define HOLE 0x30001000u

static struct {
    unsigned count;
    dma_addr_t iova;
    int flags;
    bool stalled;
} fault;

static int resolve(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *page)
{
    struct iommu_fault record;

    (void)dev;
    fault.count++;
    fault.iova = iova;
    fault.flags = flags;
    fault.stalled = iommu_last_fault(domain, &record) == 0 && record.stalled;
    return iommu_map(domain, iova & PAGE_MASK, virt_to_phys(page), PAGE_SIZE, IOMMU_WRITE);
}

static void stall(void)
{
    struct device *dev = bind("gfx2d0_2d0_dma");
    struct iommu_domain *domain = dma_iommu_domain(dma_get_domain(dev));
    struct teng_transfer write = transfer(TENG_FILL, HOLE);

    memset(target, 0, SIZE);
    write.length = PAGE_SIZE;
    iommu_set_fault_handler(domain, resolve, target);
    printf("\n%s writes %u bytes to 0x%08x, where nothing is mapped\n", dev->name, PAGE_SIZE, HOLE);
    check(teng_run(teng_of(dev), &write, 100000) == 0, "the engine ends well");
    check(fault.count == 1 && fault.iova == HOLE && fault.flags == IOMMU_FAULT_WRITE && fault.stalled,
          "one fault, and it was stalled");
    printf("  the transaction stalled; the handler saw a %s fault at 0x%08x, mapped a page, and had it resumed\n",
           fault.flags == IOMMU_FAULT_WRITE ? "write" : "read", fault.iova);
    for (u32 i = 0; i < PAGE_SIZE / 4; i++)
        check(((u32 *)target)[i] == teng_mix(2010, i), "the page has what was written");
    printf("  every byte is right\n");
    iommu_set_fault_handler(domain, NULL, NULL);
    check(iommu_unmap(domain, HOLE, PAGE_SIZE) == PAGE_SIZE, "the page is unmapped");
    unbind(dev);
}

int main(void)
{
    source = page_alloc(SIZE / PAGE_SIZE, SZ_64K);
    target = page_alloc(SIZE / PAGE_SIZE, SZ_64K);
    check(source && target, "there is memory");
    for (u32 i = 0; i < SIZE; i++)
        source[i] = (u8)(i * 7 + (i >> 8));

    devices();
    back_ends();
    shared_domain();
    passthrough();
    stall();
    check(dma_misuses() == 0, "nothing was misused");
    printf("\ndemo: all ok\n");
    return 0;
}
