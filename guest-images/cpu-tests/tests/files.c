/* Semihosting calls on files of the host, in the directory that the emulator is started with. Appending is left out: QEMU
 * 7.2 writes at the start. */
#include "cpu-tests.h"

static u32 call(u32 operation, const void *parameter)
{
    register u32 r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = parameter;
    __asm__ volatile("svc #0x123456" : "+r"(r0) : "r"(r1) : "memory", "lr");
    return r0;
}

static u32 length_of(const char *s)
{
    u32 length = 0;
    while (s[length])
        length++;
    return length;
}

static u32 open(const char *name, u32 mode)
{
    u32 block[3] = { (u32)name, mode, length_of(name) };
    return call(0x01, block);
}

static u32 close(u32 handle)
{
    return call(0x02, &handle);
}

static u32 write(u32 handle, const char *s)
{
    u32 block[3] = { handle, (u32)s, length_of(s) };
    return call(0x05, block);
}

static char buffer[64];

static u32 read(u32 handle, u32 length)
{
    u32 block[3] = { handle, (u32)buffer, length };
    for (u32 i = 0; i < sizeof buffer; i++)
        buffer[i] = 0;
    return call(0x06, block);
}

static u32 seek(u32 handle, u32 position)
{
    u32 block[2] = { handle, position };
    return call(0x0a, block);
}

static u32 flen(u32 handle)
{
    return call(0x0c, &handle);
}

static u32 remove(const char *name)
{
    u32 block[2] = { (u32)name, length_of(name) };
    return call(0x0e, block);
}

static u32 rename(const char *from, const char *to)
{
    u32 block[4] = { (u32)from, length_of(from), (u32)to, length_of(to) };
    return call(0x0f, block);
}

static void content(void)
{
    text("content: ");
    text(buffer);
    line();
}

#define FIRST "msmemu-test-1.tmp"
#define SECOND "msmemu-test-2.tmp"

int main(void)
{
    remove(FIRST);
    remove(SECOND);
    show("not there", open(FIRST, 1));
    show("errno", call(0x13, 0));
    show("nothing to remove", remove(FIRST) == 0);
    show("errno", call(0x13, 0));
    show("nothing to rename", rename(FIRST, SECOND) == 0);
    u32 file = open(FIRST, 5); /* wb */
    show("created", file != (u32)-1);
    show("not written", write(file, "0123456789"));
    show("length", flen(file));
    show("seek", seek(file, 4));
    show("not written", write(file, "abc"));
    show("length", flen(file));
    u32 handle = file;
    show("a terminal", call(0x09, &handle));
    show("closed", close(file));
    show("closed twice", close(file));
    file = open(FIRST, 1); /* rb */
    show("opened to read", file != (u32)-1);
    show("not read", read(file, 4));
    content();
    show("not read", read(file, 20));
    content();
    show("at the end", read(file, 20));
    show("seek", seek(file, 5));
    show("not read", read(file, 1));
    content();
    show("closed", close(file));
    file = open(FIRST, 3); /* r+b */
    show("opened to update", file != (u32)-1);
    show("not written", write(file, "zz"));
    show("seek", seek(file, 1));
    show("not read", read(file, 3));
    content();
    show("closed", close(file));
    show("renamed", rename(FIRST, SECOND));
    show("gone", open(FIRST, 1));
    file = open(SECOND, 7); /* w+b: emptied */
    show("length", flen(file));
    show("not written", write(file, "new"));
    show("seek", seek(file, 0));
    show("not read", read(file, 3));
    content();
    u32 second = open(SECOND, 1);
    show("another handle", second != file && second != (u32)-1);
    show("length", flen(second));
    show("closed", close(second));
    show("closed", close(file));
    show("removed", remove(SECOND));
    show("gone", open(SECOND, 1));
    return 0;
}
