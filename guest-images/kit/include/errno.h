/* Errors are negative numbers, with Linux's values. */
#ifndef KIT_ERRNO_H
#define KIT_ERRNO_H

#define EPERM 1
#define ENOENT 2
#define EINTR 4
#define EIO 5
#define ENXIO 6
#define EAGAIN 11
#define ENOMEM 12
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define ERANGE 34
#define ENOSYS 38
#define EILSEQ 84
#define EOPNOTSUPP 95
#define ETIMEDOUT 110

/* Name of an error, "0" or "EINVAL" or "E?"; the sign does not matter. */
const char *errname(int error);

#endif
