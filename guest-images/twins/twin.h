/*
 * Twins: one program, built without and with a classic mistake of IOMMU drivers. The first ends "right"; the second "wrong" (something
 * that its user would notice went wrong) or "lucky" (nothing did, on this machine). The status is 0 unless it is wrong.
 */
#ifndef TWIN_H
#define TWIN_H

#include "../common/rig.h"
#include "msm_iommu.h"
#include "printf.h"

#define AT 0x10000000u

#define mistake (MISTAKE != 0)

static inline void say_what(const char *what)
{
    printf("%s: %s\n", what, mistake ? "with the mistake" : "done right");
}

static inline int right(const char *why)
{
    printf("%s: %s\n", mistake ? "lucky" : "right", why);
    return 0;
}

static inline int wrong(const char *why)
{
    printf("wrong: %s\n", why);
    return 1;
}

#endif
