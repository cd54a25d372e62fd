/* Device registers. readl and writel are ordered against memory; the relaxed forms only among themselves. */
#ifndef KIT_IO_H
#define KIT_IO_H

#include "barrier.h"
#include "types.h"

static inline u32 readl_relaxed(u32 at)
{
    return *(volatile u32 *)(uintptr_t)at;
}

static inline void writel_relaxed(u32 value, u32 at)
{
    *(volatile u32 *)(uintptr_t)at = value;
}

static inline u32 readl(u32 at)
{
    u32 value = readl_relaxed(at);

    rmb();
    return value;
}

static inline void writel(u32 value, u32 at)
{
    wmb();
    writel_relaxed(value, at);
}

static inline void writeb(u8 value, u32 at)
{
    wmb();
    *(volatile u8 *)(uintptr_t)at = value;
}

#endif
