/* Devices in domains: one and several, on one SMMU and several, and none. */
#include "tests.h"

#define AT 0x10000000u

static u8 *page;

static void errors(void)
{
    struct iommu_domain *domain = iommu_domain_alloc(), *other = iommu_domain_alloc();
    struct device *src = device_find("jpegd_src_dma"), *dst = device_find("jpegd_dst_dma");
    struct device *vpe = device_find("vpe_src_dma"), *direct = device_find("direct32");
    struct iommu_fwspec *spec = kzalloc(sizeof *spec + 2 * sizeof spec->ids[0]);
    struct device third = *src;

    ok(device_iommu_mapped(src), "device_iommu_mapped: behind an SMMU");
    ok(!device_iommu_mapped(direct), "device_iommu_mapped: not behind one");
    is(iommu_attach_device(domain, direct), -ENODEV, "iommu_attach_device -ENODEV: not behind an SMMU");
    ok(!iommu_get_domain_for_dev(src), "iommu_get_domain_for_dev: NULL before");
    is(iommu_attach_device(domain, src), 0, "iommu_attach_device: a device");
    ok(iommu_get_domain_for_dev(src) == domain, "iommu_get_domain_for_dev: the domain");
    is(iommu_attach_device(domain, src), -EBUSY, "iommu_attach_device -EBUSY: to the same domain again");
    is(iommu_attach_device(other, src), -EBUSY, "iommu_attach_device -EBUSY: to another domain");
    is(iommu_attach_device(other, dst), 0, "iommu_attach_device: the second bank of the SMMU");

    /* A device with MIDs on a free SMMU and on a full one. */
    spec->count = 2;
    spec->ids[0].smmu = vpe->fwspec->ids[0].smmu;
    spec->ids[0].mid = 20;
    spec->ids[1].smmu = src->fwspec->ids[0].smmu;
    spec->ids[1].mid = 20;
    third.fwspec = spec;
    third.domain = NULL;
    is(iommu_attach_device(domain, &third), -ENOSPC, "iommu_attach_device -ENOSPC: no bank is free");
    ok(!third.domain && msm_bank_find(spec->ids[0].smmu) == 0,
       "iommu_attach_device -ENOSPC: nothing was taken on the other SMMU");
    iommu_detach_device(other, src);
    ok(src->domain == domain, "iommu_detach_device: from another domain does nothing");
    iommu_detach_device(other, dst);
    is(iommu_attach_device(domain, &third), 0, "iommu_attach_device: one device on two SMMUs");
    ok(msm_bank_find(spec->ids[0].smmu) == 1 && msm_bank_find(spec->ids[1].smmu) == -ENOSPC,
       "iommu_attach_device: a bank on each");
    iommu_detach_device(domain, &third);
    iommu_detach_device(domain, &third);
    ok(msm_bank_find(spec->ids[0].smmu) == 0 && !third.domain, "iommu_detach_device: twice is as once");
    iommu_domain_free(domain);
    iommu_domain_free(other);
    kfree(spec);
}

static void shared_by_two_smmus(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    static const char *const names[] = { "jpegd_src_dma", "jpegd_dst_dma", "rot_src_dma", "gfx3d_priv_dma" };
    struct rig rigs[4];

    iommu_map(domain, AT, virt_to_phys(page), PAGE_SIZE, RW);
    for (unsigned i = 0; i < 4; i++)
        rig_up(&rigs[i], names[i], domain, i);
    for (unsigned i = 0; i < 4; i++) {
        struct rig *next = &rigs[(i + 1) % 4];

        ok(rig_fill(&rigs[i], AT, PAGE_SIZE, i << 20) == 0 && rig_verify(next, AT, PAGE_SIZE, i << 20) == 0,
           "iommu_attach_device: %s writes what %s reads, one domain", names[i], next->dev->name);
    }
    ok(iommu_unmap(domain, AT, PAGE_SIZE) == PAGE_SIZE, "iommu_unmap: of a domain on three SMMUs");
    for (unsigned i = 0; i < 4; i++)
        is(rig_read(&rigs[i], AT, 64), -EFAULT, "iommu_unmap: %s can not use it any more", names[i]);
    for (unsigned i = 0; i < 4; i++)
        rig_down(&rigs[i]);
    iommu_domain_free(domain);
}

static void machine_ids(void)
{
    struct iommu_domain *domain = iommu_domain_alloc();
    struct rig rig;
    u32 blocked = iommu_blocked();
    static const struct {
        u8 mid;
        int result;
        const char *what;
    } cases[] = {
        { 1, 0, "its first MID" },
        { 10, 0, "its last MID" },
        { 2, -EFAULT, "the MID of another context" },
        { 31, -EFAULT, "a MID of nobody" },
    };

    rig_up(&rig, "mdp_rgb1_dma", domain, 0);
    iommu_map(domain, AT, virt_to_phys(page), PAGE_SIZE, RW);
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
        is(teng_run(&rig.teng,
                    &(struct teng_transfer){ .operation = TENG_CHECKSUM,
                                             .source = AT,
                                             .length = 64,
                                             .mid_given = true,
                                             .mid = cases[i].mid },
                    RIG_TIMEOUT_US),
           cases[i].result, "iommu_attach_device: %s", cases[i].what);
    ok(iommu_blocked() > blocked, "iommu_blocked: has counted them");
    rig_down(&rig);
    iommu_domain_free(domain);
}

static void detached(void)
{
    struct iommu_domain *domain = iommu_domain_alloc(), *other;
    u8 *elsewhere = page_alloc(1, PAGE_SIZE);
    struct rig rig;
    u8 asid = to_msm_domain(domain)->asid;

    pattern_write(page, PAGE_SIZE, 1000);
    pattern_write(elsewhere, PAGE_SIZE, 2000);
    iommu_map(domain, AT, virt_to_phys(page), PAGE_SIZE, RW);
    rig_up(&rig, "rot_src_dma", domain, 0);
    is(rig_verify(&rig, AT, PAGE_SIZE, 1000), 0, "iommu_attach_device: the device sees the page");
    iommu_detach_device(domain, rig.dev);
    is(rig_read(&rig, AT, 64), -EFAULT, "iommu_detach_device: the device is blocked");
    is(iommu_attach_device(domain, rig.dev), 0, "iommu_attach_device: again");
    is(rig_verify(&rig, AT, PAGE_SIZE, 1000), 0, "iommu_attach_device: the device sees the page again");

    /* The next domain has the same identifier and its device the same bank. */
    rig_down(&rig);
    iommu_domain_free(domain);
    other = iommu_domain_alloc();
    is(to_msm_domain(other)->asid, asid, "iommu_domain_alloc: the identifier is used again");
    iommu_map(other, AT, virt_to_phys(elsewhere), PAGE_SIZE, RW);
    rig_up(&rig, "rot_src_dma", other, 0);
    is(rig_verify(&rig, AT, PAGE_SIZE, 2000), 0, "iommu_detach_device: nothing of the old domain is left");
    rig_down(&rig);
    iommu_domain_free(other);
    page_free(elsewhere, 1);
}

static void without_tables(void)
{
    struct iommu_domain *identity = iommu_domain_alloc_type(IOMMU_DOMAIN_IDENTITY);
    struct iommu_domain *nothing = iommu_domain_alloc_type(IOMMU_DOMAIN_BLOCKED);
    struct rig rig;

    pattern_write(page, PAGE_SIZE, 3000);
    rig_up(&rig, "vpe_src_dma", identity, 0);
    is(rig_verify(&rig, virt_to_phys(page), PAGE_SIZE, 3000), 0, "iommu_attach_device: identity, untranslated");
    is(iommu_iova_to_phys(identity, 0x12345678), 0x12345678, "iommu_iova_to_phys: identity");
    is(iommu_map(identity, AT, virt_to_phys(page), PAGE_SIZE, RW), -EINVAL, "iommu_map -EINVAL: identity");
    is(iommu_unmap(identity, AT, PAGE_SIZE), 0, "iommu_unmap: nothing, identity");
    rig_down(&rig);
    rig_up(&rig, "vpe_src_dma", nothing, 0);
    ok(msm_bank_find(rig.dev->fwspec->ids[0].smmu) == 0, "iommu_attach_device: blocked, takes no bank");
    is(rig_read(&rig, virt_to_phys(page), 64), -EFAULT, "iommu_attach_device: blocked");
    is(iommu_iova_to_phys(nothing, AT), 0, "iommu_iova_to_phys: blocked");
    is(iommu_map(nothing, AT, virt_to_phys(page), PAGE_SIZE, RW), -EINVAL, "iommu_map -EINVAL: blocked");
    rig_down(&rig);
    iommu_domain_free(identity);
    iommu_domain_free(nothing);
}

void test_attach(void)
{
    diag("devices");
    page = page_alloc(1, PAGE_SIZE);
    errors();
    shared_by_two_smmus();
    machine_ids();
    detached();
    without_tables();
    page_free(page, 1);
}
