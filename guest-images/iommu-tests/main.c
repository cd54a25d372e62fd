/* The IOMMU API: every function, size, alignment, permission and error. TAP. */
#include "kit.h"
#include "tests.h"

int main(void)
{
    test_domains();
    test_attach();
    test_map();
    test_unmap();
    test_flush();
    test_faults();
    return tap_done();
}
