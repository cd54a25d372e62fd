/* Faults: reported, stalled, resolved, ended, answered later. */
#include "tests.h"

#define AT 0x10000000u

static u8 *memory;

/* What the handler is to do, and what it has seen. */
static struct {
    int answer;
    bool map, detach;
    unsigned calls;
    struct iommu_domain *domain;
    struct device *dev;
    dma_addr_t iova;
    int flags;
    void *token;
} seen;

static int handler(struct iommu_domain *domain, struct device *dev, dma_addr_t iova, int flags, void *token)
{
    seen.calls++;
    seen.domain = domain;
    seen.dev = dev;
    seen.iova = iova;
    seen.flags = flags;
    seen.token = token;
    if (seen.map) {
        iommu_unmap(domain, iova & PAGE_MASK, PAGE_SIZE);
        iommu_map(domain, iova & PAGE_MASK, virt_to_phys(memory), PAGE_SIZE, RW);
    }
    if (seen.detach)
        iommu_detach_device(domain, dev);
    return seen.answer;
}

static void plan(int answer, bool map)
{
    seen.answer = answer;
    seen.map = map;
    seen.detach = false;
    seen.calls = 0;
}

static void without_handler(struct rig *rig)
{
    struct iommu_fault fault;

    is(iommu_last_fault(rig->domain, &fault), -ENOENT, "iommu_last_fault -ENOENT: there was none");
    is(rig_read(rig, AT + 0x40, 64), -EFAULT, "iommu_set_fault_handler: without a handler the transaction ends");
    is(rig->domain->faults, 1, "iommu_set_fault_handler: the fault is counted");
    ok(iommu_last_fault(rig->domain, &fault) == 0 && fault.dev == rig->dev && fault.iova == AT + 0x40 && !fault.write &&
           !fault.stalled && fault.fsr & FSR_TF,
       "iommu_last_fault: a read");
    rig_fill(rig, AT + 0x80, 64, 0);
    ok(iommu_last_fault(rig->domain, &fault) == 0 && fault.iova == AT + 0x80 && fault.write &&
           fault.mid == rig->dev->fwspec->ids[0].mid,
       "iommu_last_fault: a write, by MID %u", fault.mid);
    iommu_map(rig->domain, AT, virt_to_phys(memory), PAGE_SIZE, IOMMU_READ);
    is(rig_fill(rig, AT, 64, 0), -EFAULT, "iommu_map: a write to what is read only faults");
    ok(iommu_last_fault(rig->domain, &fault) == 0 && fault.fsr & FSR_APF && fault.fsr & FSR_SL,
       "iommu_last_fault: a permission, at the second level");
    iommu_unmap(rig->domain, AT, PAGE_SIZE);
}

static void resolved(struct rig *rig)
{
    int token;

    iommu_set_fault_handler(rig->domain, handler, &token);
    plan(0, true);
    is(rig_fill(rig, AT, PAGE_SIZE, 70), 0, "iommu_set_fault_handler: a write is resolved and goes on");
    ok(seen.calls == 1 && seen.domain == rig->domain && seen.dev == rig->dev && seen.iova == AT &&
           seen.flags == IOMMU_FAULT_WRITE && seen.token == &token,
       "iommu_set_fault_handler: told of domain, device, address, write, token");
    ok(pattern_is(memory, PAGE_SIZE, 70), "iommu_set_fault_handler: not a byte is lost");
    iommu_unmap(rig->domain, AT, PAGE_SIZE);
    plan(0, true);
    is(rig_verify(rig, AT, PAGE_SIZE, 70), 0, "iommu_set_fault_handler: a read is resolved and goes on");
    ok(seen.calls == 1 && seen.flags == IOMMU_FAULT_READ, "iommu_set_fault_handler: told of the read");
    iommu_unmap(rig->domain, AT, PAGE_SIZE);

    plan(0, true);
    is(rig_fill(rig, AT, 16 * PAGE_SIZE, 0), 0, "iommu_set_fault_handler: 16 pages, one after the other");
    is(seen.calls, 16, "iommu_set_fault_handler: 16 faults");
    iommu_unmap(rig->domain, AT, 16 * PAGE_SIZE);

    iommu_map(rig->domain, AT, virt_to_phys(memory), PAGE_SIZE, IOMMU_READ);
    plan(0, true);
    is(rig_fill(rig, AT, PAGE_SIZE, 71), 0, "iommu_set_fault_handler: a permission is resolved (copy on write)");
    iommu_unmap(rig->domain, AT, PAGE_SIZE);
}

static void ended(struct rig *rig)
{
    plan(-EFAULT, false);
    is(rig_read(rig, AT, 64), -EFAULT, "iommu_set_fault_handler: the handler ends the transaction");
    is(rig->teng.result.address, AT, "iommu_set_fault_handler: the device knows where");
    plan(-ENOSYS, false);
    is(rig_read(rig, AT, 64), -EFAULT, "iommu_set_fault_handler: a handler that does not know");
    plan(-EBUSY, false);
    is(rig_read(rig, AT, 64), -ETIMEDOUT, "iommu_set_fault_handler: the handler waits, so does the device");
    iommu_map(rig->domain, AT, virt_to_phys(memory), PAGE_SIZE, RW);
    is(iommu_page_response(rig->dev, IOMMU_PAGE_RESP_SUCCESS), 0, "iommu_page_response: try again");
    is(teng_wait(&rig->teng, RIG_TIMEOUT_US), 0, "iommu_page_response: the device goes on");
    is(iommu_page_response(rig->dev, IOMMU_PAGE_RESP_SUCCESS), -EINVAL,
       "iommu_page_response -EINVAL: nothing waits for an answer");
    iommu_unmap(rig->domain, AT, PAGE_SIZE);
    rig_read(rig, AT, 64);
    is(iommu_page_response(rig->dev, IOMMU_PAGE_RESP_SUCCESS), 0, "iommu_page_response: try again, in vain");
    is(teng_wait(&rig->teng, RIG_TIMEOUT_US), -ETIMEDOUT, "iommu_page_response: it faults again and waits");
    is(iommu_page_response(rig->dev, IOMMU_PAGE_RESP_INVALID), 0, "iommu_page_response: end it");
    is(teng_wait(&rig->teng, RIG_TIMEOUT_US), -EFAULT, "iommu_page_response: the device has an error");
    is(iommu_page_response(device_find("direct32"), IOMMU_PAGE_RESP_SUCCESS), -ENODEV,
       "iommu_page_response -ENODEV: not attached");

    rig_read(rig, AT, 64);
    iommu_set_fault_handler(rig->domain, NULL, NULL);
    is(teng_wait(&rig->teng, RIG_TIMEOUT_US), -EFAULT, "iommu_set_fault_handler: removed, what is stalled ends");
    is(iommu_page_response(rig->dev, IOMMU_PAGE_RESP_SUCCESS), -EINVAL,
       "iommu_page_response -EINVAL: it has ended already");

    iommu_set_fault_handler(rig->domain, handler, NULL);
    rig_read(rig, AT, 64);
    iommu_detach_device(rig->domain, rig->dev);
    is(teng_wait(&rig->teng, RIG_TIMEOUT_US), -EFAULT, "iommu_detach_device: what is stalled ends");
    is(iommu_attach_device(rig->domain, rig->dev), 0, "iommu_attach_device: after that");
    plan(0, true);
    is(rig_fill(rig, AT, PAGE_SIZE, 72), 0, "iommu_attach_device: and works");
    iommu_unmap(rig->domain, AT, PAGE_SIZE);
    plan(0, false);
    seen.detach = true;
    is(rig_read(rig, AT, 64), -EFAULT, "iommu_detach_device: by the fault handler itself");
    iommu_attach_device(rig->domain, rig->dev);
    plan(0, true);
    is(rig_fill(rig, AT, PAGE_SIZE, 73), 0, "iommu_attach_device: and works again");
    iommu_unmap(rig->domain, AT, PAGE_SIZE);
}

/* Two devices of one domain stall at the same time, and get their answers in the other order. */
static void two_at_once(struct rig *a)
{
    struct rig b;
    struct teng_transfer transfer = { .operation = TENG_FILL, .destination = AT, .length = 256, .seed = 74 };

    rig_up(&b, "vcodec_b_mm2_dma", a->domain, 1);
    plan(-EBUSY, false);
    teng_start(&a->teng, &transfer);
    transfer.destination = AT + PAGE_SIZE;
    teng_start(&b.teng, &transfer);
    udelay(1000);
    is(seen.calls, 2, "iommu_set_fault_handler: two devices, two faults");
    iommu_map(a->domain, AT, virt_to_phys(memory), 2 * PAGE_SIZE, RW);
    iommu_page_response(b.dev, IOMMU_PAGE_RESP_SUCCESS);
    is(teng_wait(&b.teng, RIG_TIMEOUT_US), 0, "iommu_page_response: the second goes on");
    ok(!a->teng.done.done, "iommu_page_response: the first still waits");
    iommu_page_response(a->dev, IOMMU_PAGE_RESP_SUCCESS);
    is(teng_wait(&a->teng, RIG_TIMEOUT_US), 0, "iommu_page_response: then it goes on too");
    iommu_unmap(a->domain, AT, 2 * PAGE_SIZE);
    rig_down(&b);
}

static void domain_freed(struct rig *rig)
{
    struct iommu_domain *domain = rig->domain;

    plan(-EBUSY, false);
    rig_read(rig, AT, 64);
    iommu_domain_free(domain);
    is(teng_wait(&rig->teng, RIG_TIMEOUT_US), -EFAULT, "iommu_domain_free: what is stalled ends");
    teng_exit(&rig->teng);
    mmu_map_cached(rig->frame, 1);
    page_free(rig->frame, 1);
}

void test_faults(void)
{
    struct rig rig;

    diag("faults");
    memory = page_alloc(2, SZ_64K);
    rig_up(&rig, "vcodec_a_stream_dma", iommu_domain_alloc(), 0);
    without_handler(&rig);
    resolved(&rig);
    ended(&rig);
    two_at_once(&rig);
    domain_freed(&rig);
    page_free(memory, 2);
}
