/* The image's frame: start-up calls main() with everything below it ready, and exits with its result. */
#ifndef KIT_KIT_H
#define KIT_KIT_H

#include "types.h"

/* The image provides it. 0 is success, as the status of a program. */
int main(void);

/* Sends what is left of the console and ends the run with this status. */
void exit(int status) __attribute__((noreturn));

/* Prints why and ends the run with status 2. For what must never happen. */
void panic(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#define BUG_ON(condition)                                                        \
    do {                                                                         \
        if (condition)                                                           \
            panic("%s:%d: BUG: %s", __FILE_NAME__, __LINE__, #condition);        \
    } while (0)

#endif
