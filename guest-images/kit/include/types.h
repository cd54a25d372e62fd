/* Basic types. The kit maps memory one to one: a pointer and a physical address are the same number. */
#ifndef KIT_TYPES_H
#define KIT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef int32_t ssize_t;

typedef u32 phys_addr_t; /* address of memory, as the processor's bus has it */
typedef u32 dma_addr_t;  /* address as a device has it */

#define SZ_1K 0x400u
#define SZ_4K 0x1000u
#define SZ_64K 0x10000u
#define SZ_1M 0x100000u
#define SZ_16M 0x1000000u

#define PAGE_SHIFT 12
#define PAGE_SIZE SZ_4K
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define BIT(n) (1u << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a) (((x) + ((a) - 1)) & ~((a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((a) - 1)) == 0)
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))

static inline phys_addr_t virt_to_phys(const volatile void *p)
{
    return (phys_addr_t)(uintptr_t)p;
}

static inline void *phys_to_virt(phys_addr_t a)
{
    return (void *)(uintptr_t)a;
}

/* A page of memory, for interfaces that take one; its address is that of the page. */
struct page;

static inline struct page *virt_to_page(const void *p)
{
    return (struct page *)((uintptr_t)p & ~(uintptr_t)(PAGE_SIZE - 1));
}

static inline void *page_address(struct page *page)
{
    return page;
}

static inline phys_addr_t page_to_phys(struct page *page)
{
    return virt_to_phys(page);
}

#endif
