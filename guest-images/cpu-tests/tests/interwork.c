/* Changes of instruction set: every instruction that loads the PC, unaligned accesses,
 * data endianness, exclusives. */
#include "cpu-tests.h"

#define TEST 0x50000000u
#define ENTRY (first_level + (TEST >> 20))

static u32 words[32] __attribute__((aligned(64)));

static void interworking(void)
{
    RUN("bx to thumb", 0, 0, "adr r2, 6f + 1\n bx r2\n .thumb\n .balign 4\n6: movs r0, #1\n nop\n bx pc\n nop\n .arm");
    RUN("blx register", 0, 0,
        "adr r2, 6f + 1\n blx r2\n b 5f\n .thumb\n .balign 4\n6: movs r0, #2\n bx lr\n .arm\n .balign 4\n5:");
    RUN("blx immediate", 0, 0, "blx 6f\n b 5f\n .thumb\n .balign 4\n6: movs r0, #3\n bx lr\n .balign 4\n .arm\n5:");
    RUN("ldr pc", (u32)words, 0,
        "adr r2, 6f + 1\n str r2, [r0]\n ldr pc, [r0]\n .thumb\n .balign 4\n6: movs r1, #4\n nop\n bx pc\n nop\n .arm");
    RUN("ldm pc", (u32)words, 0,
        "adr r2, 6f + 1\n str r2, [r0, #4]\n mov r2, #0x40\n str r2, [r0]\n ldm r0, {r1, pc}\n .thumb\n .balign 4\n"
        "6: movs r0, #5\n nop\n bx pc\n nop\n .arm");
    RUN("pop pc", 0, 0,
        "adr r2, 6f + 1\n push {r2}\n pop {pc}\n .thumb\n .balign 4\n6: movs r1, #6\n nop\n bx pc\n nop\n .arm");
    RUN("mov pc interworks in arm", 0, 0,
        "adr r2, 6f + 1\n mov pc, r2\n .thumb\n .balign 4\n6: movs r1, #7\n nop\n bx pc\n nop\n .arm");
    RUN("add pc interworks in arm", 0, 0,
        "mov r2, #1\n add pc, pc, r2\n nop\n .thumb\n .balign 4\n6: movs r1, #8\n nop\n bx pc\n nop\n .arm");
    RUN("branch forward of bl", 0, 0, "mov r4, lr\n bl 6f\n b 5f\n6: mov r0, #9\n mov pc, lr\n5: mov lr, r4");
    RUN_THUMB("thumb: pop pc to arm", 0, 0,
              "adr r2, 6f\n push {r2}\n pop {pc}\n .balign 4\n .arm\n6: mov r0, #10\n add r12, pc, #1\n bx r12\n .thumb\n nop\n nop");
    RUN_THUMB("thumb: mov pc stays", 0, 0, "adr r2, 6f\n mov pc, r2\n movs r1, #1\n .balign 4\n6: movs r0, #11");
    RUN_THUMB("thumb: blx", 0, 0,
              "blx 6f\n b 5f\n .balign 4\n .arm\n6: mov r0, #12\n bx lr\n .thumb\n5: nop");
    RUN_THUMB("thumb: lr of bl", 0, 0, "bl 6f\n b 5f\n6: mov r0, lr\n adr r1, 4f\n .balign 4\n4: subs r0, r1, r0\n b 5f\n nop\n5: movs r1, #0");
    RUN_THUMB("thumb: tbb", 2, 0,
              "tbb [pc, r0]\n4: .byte (5f - 4b) / 2, (6f - 4b) / 2, (7f - 4b) / 2, 0\n5: movs r1, #1\n b 3f\n"
              "6: movs r1, #2\n b 3f\n7: movs r1, #3\n3: nop");
    RUN_THUMB("thumb: tbh", 1, 0,
              "tbh [pc, r0, lsl #1]\n4: .hword (5f - 4b) / 2, (6f - 4b) / 2\n5: movs r1, #1\n b 3f\n6: movs r1, #2\n3: nop");
    RUN_THUMB("thumb: cbz, cbnz", 0, 3, "cbz r0, 4f\n movs r0, #9\n4: cbnz r1, 5f\n movs r0, #8\n5: nop");
    RUN("pc reads", 0, 0, "6: add r0, pc, #0\n adr r1, 6b\n sub r0, r0, r1\n sub r1, pc, r1");
    RUN_THUMB("thumb: pc reads", 0, 0, "nop\n6: mov r0, pc\n adr r1, 4f\n .balign 4\n4: subs r0, r1, r0\n movs r1, #0");
    RUN("str pc", (u32)words, 0, "6: str pc, [r0]\n ldr r0, [r0]\n adr r1, 6b\n sub r0, r0, r1\n mov r1, #0");
}

static void it_blocks(void)
{
    RUN_THUMB("itete", 1, 1, "cmp r0, r1\n itete eq\n moveq r0, #0x10\n movne r0, #0x20\n addeq r1, r0, #1\n movne r1, #9");
    RUN_THUMB("it with the flags set inside", 1, 2,
              "cmp r0, r1\n itt ne\n cmpne r0, r0\n movne r0, #0x30");
    RUN_THUMB("16-bit data processing in it keeps flags", 1, 1,
              "cmp r0, r1\n itt eq\n addeq r0, r0, r1\n subeq r1, r1, r1\n it eq\n moveq r0, #0x31");
    RUN_THUMB("branch at the end of it", 1, 1, "cmp r0, r1\n itt eq\n moveq r0, #0x32\n beq 4f\n movs r1, #1\n4: nop");
}

static void unaligned(void)
{
    map(ENTRY, (u32)second_level[0] | TABLE);
    for (u32 i = 0; i < 256; i++)
        second_level[0][i] = 0;
    /* Adjacent pages, not adjacent in memory. */
    second_level[0][0] = (SCRATCH + 0x5000) | PAGE_NORMAL | PAGE_AP(3);
    map(&second_level[0][1], (SCRATCH + 0x2000) | PAGE_NORMAL | PAGE_AP(3));
    for (u32 i = 0; i < 8; i++) {
        *(volatile u32 *)(TEST + 0xff0 + 4 * i) = 0x03020100 + 0x04040404 * i;
    }
    for (u32 offset = 0; offset < 4; offset++) {
        show("offset", offset);
        RUN("ldr", TEST + 0xff0 + offset, 0, "ldr r0, [r0]");
        RUN("ldrh", TEST + 0xff0 + offset, 0, "ldrh r0, [r0]");
        RUN("ldrsh", TEST + 0xff0 + offset, 0, "ldrsh r0, [r0]");
        RUN("ldr across pages", TEST + 0xffc + offset, 0, "ldr r0, [r0]");
        RUN("str across pages", TEST + 0xffc + offset, 0x89abcdef,
            "str r1, [r0]\n bic r4, r0, #3\n ldr r0, [r4]\n ldr r1, [r4, #4]");
    }
    RUN("strh across pages", TEST + 0xfff, 0x5566, "strh r1, [r0]\n ldrh r0, [r0]");
    RUN("first half in its frame", SCRATCH + 0x5fff, 0, "ldrb r0, [r0]");
    RUN("second half in its frame", SCRATCH + 0x2000, 0, "ldrb r0, [r0]");
}

static void endian(void)
{
    words[0] = 0x11223344;
    words[1] = 0x55667788;
    RUN("be ldr", (u32)words, 0, "setend be\n ldr r1, [r0]\n setend le");
    RUN("be ldrh", (u32)words, 0, "setend be\n ldrh r1, [r0]\n setend le");
    RUN("be ldrsh", (u32)words + 2, 0, "setend be\n ldrsh r1, [r0]\n setend le");
    RUN("be ldrb", (u32)words, 0, "setend be\n ldrb r1, [r0]\n setend le");
    RUN("be ldrd", (u32)words, 0, "setend be\n ldrd r4, r5, [r0]\n setend le\n mov r0, r4\n mov r1, r5");
    RUN("be ldm", (u32)words, 0, "setend be\n ldm r0, {r4, r5}\n setend le\n mov r0, r4\n mov r1, r5");
    RUN("be str", (u32)words + 8, 0xa1b2c3d4, "setend be\n str r1, [r0]\n setend le\n ldr r1, [r0]");
    RUN("be strh", (u32)words + 12, 0xc3d4, "setend be\n strh r1, [r0]\n setend le\n ldrh r1, [r0]");
    RUN("be strd", (u32)words + 16, 0x01020304,
        "mov r4, r1\n mvn r5, r1\n setend be\n strd r4, r5, [r0]\n setend le\n ldrd r0, r1, [r0]");
    RUN("be unaligned ldr", TEST + 0xff1, 0, "setend be\n ldr r1, [r0]\n setend le");
    RUN("be exclusive", (u32)words, 0, "setend be\n ldrex r1, [r0]\n setend le");
    RUN("be ldrexd", (u32)words, 0, "setend be\n ldrexd r4, r5, [r0]\n setend le\n mov r0, r4\n mov r1, r5");
    RUN("be swp stays out, literal", 0, 0, "setend be\n ldr r0, 6f\n setend le\n b 5f\n6: .word 0x0badcafe\n5:");
    RUN_THUMB("thumb setend", (u32)words, 0, "setend be\n ldr r1, [r0, #4]\n setend le");
    RUN("rev family", 0x11223384, 0, "rev16 r1, r0\n revsh r4, r0\n rev r0, r0\n eor r1, r1, r4");
    RUN_USER("user setend", (u32)words, 0, "setend be\n ldr r1, [r0]\n setend le");
}

static void exclusives(void)
{
    words[0] = 5;
    words[1] = 6;
    RUN("ldrex strex", (u32)words, 0, "ldrex r2, [r0]\n add r2, r2, #1\n strex r1, r2, [r0]\n ldr r0, [r0]");
    RUN("strex alone", (u32)words, 0, "clrex\n mov r2, #9\n strex r1, r2, [r0]\n ldr r0, [r0]");
    RUN("strex twice", (u32)words, 0,
        "ldrex r2, [r0]\n strex r1, r2, [r0]\n strex r2, r1, [r0]\n orr r1, r1, r2, lsl #4\n ldr r0, [r0]");
    RUN("clrex between", (u32)words, 0, "ldrex r2, [r0]\n clrex\n strex r1, r2, [r0]\n ldr r0, [r0]");
    RUN("ldrexb", (u32)words + 1, 0, "ldrexb r2, [r0]\n mov r2, #0x7f\n strexb r1, r2, [r0]\n ldrb r0, [r0]");
    RUN("ldrexh", (u32)words + 2, 0, "ldrexh r2, [r0]\n mov r2, #0x7e\n strexh r1, r2, [r0]\n ldrh r0, [r0]");
    RUN("ldrexd", (u32)words, 0,
        "ldrexd r4, r5, [r0]\n add r4, r4, #1\n add r5, r5, #2\n strexd r1, r4, r5, [r0]\n ldr r2, [r0, #4]\n"
        "ldr r0, [r0]\n orr r1, r1, r2, lsl #8");
    RUN("strexd alone", (u32)words, 0, "clrex\n mov r4, #0\n mov r5, #0\n strexd r1, r4, r5, [r0]\n ldr r0, [r0]");
    RUN_THUMB("thumb exclusives", (u32)words, 0, "ldrex r2, [r0, #4]\n adds r2, #1\n strex r1, r2, [r0, #4]\n ldr r0, [r0, #4]");
    RUN("swp", (u32)words + 4, 0x77, "ldrex r2, [r0]\n strex r4, r1, [r0]\n ldr r0, [r0]\n mov r1, r4");
    RUN_USER("user exclusives", (u32)words, 0, "ldrex r2, [r0]\n add r2, r2, #1\n strex r1, r2, [r0]\n ldr r0, [r0]");
}

int main(void)
{
    interworking();
    it_blocks();
    mmu_on();
    unaligned();
    endian();
    exclusives();
    mmu_off();
    return 0;
}
