/* Semihosting calls whose result does not depend on the host, in ARM and Thumb. */
#include "cpu-tests.h"

static u32 call(u32 operation, const void *parameter)
{
    register u32 r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = parameter;
    __asm__ volatile("svc #0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
    return r0;
}

static u32 call_thumb(u32 operation, const void *parameter)
{
    register u32 r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = parameter;
    __asm__ volatile("adr r12, 1f + 1\n bx r12\n .thumb\n .balign 4\n1: svc #0xab\n nop\n bx pc\n nop\n .arm"
                     : "+r"(r0) : "r"(r1) : "r12", "memory", "lr");
    return r0;
}

static u32 open(const char *name, u32 mode)
{
    u32 length = 0;
    while (name[length])
        length++;
    u32 block[3] = { (u32)name, mode, length };
    return call(0x01, block);
}

int main(void)
{
    static char buffer[16];
    call(0x03, "c");
    call(0x03, "\n");
    call(0x04, "written by SYS_WRITE0\n");
    call_thumb(0x04, "written from Thumb\n");
    u32 out = open(":tt", 4);
    show("the console opens", out == (u32)-1);
    u32 write[3] = { out, (u32)"", 0 };
    show("nothing to write", call(0x05, write));
    u32 status = (u32)-3;
    show("an error", call(0x08, &status));
    status = 3;
    show("no error", call(0x08, &status));
    u32 features = open(":semihosting-features", 0);
    show("length", call(0x0c, &features));
    u32 read[3] = { features, (u32)buffer, sizeof buffer };
    show("not read", call(0x06, read));
    show("magic", *(u32 *)buffer);
    show("features", (u32)buffer[4] & 3);
    u32 seek[2] = { features, 2 };
    show("seek", call(0x0a, seek));
    show("not read", call(0x06, read));
    show("from there", *(u16 *)buffer);
    show("at the end", call(0x06, read));
    show("closed", call(0x02, &features));
    show("closed twice", call(0x02, &features));
    show("read after close", call(0x06, read));
    u32 bad = 77;
    show("a handle that never was", call(0x0c, &bad));
    show("close the console", call(0x02, &out));
    u32 ticks[2][2];
    show("elapsed", call(0x30, ticks[0]));
    call(0x30, ticks[1]);
    show("time goes on", ticks[1][1] > ticks[0][1] || ticks[1][0] >= ticks[0][0]);
    text("done");
    line();
    u32 end[2] = { 0x20026, 0 };
    call(0x20, end); /* SYS_EXIT_EXTENDED */
    return 0;
}
