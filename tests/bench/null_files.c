/* SPDX-License-Identifier: BSD-3-Clause */
/* A sink that costs nothing, for LD_PRELOAD: a recording's part is /dev/null to whoever writes to it. All
 * before the kernel's own copy is as in life; finishing such a file fails, which is told and does not matter
 * here. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

typedef int openat_fn(int dir_fd, const char *name, int flags, ...);

static int open_it(const char *as, int dir_fd, const char *name, int flags, mode_t mode)
{
	openat_fn *real = (openat_fn *)dlsym(RTLD_NEXT, as);
	size_t len = strlen(name);

	if (flags & O_CREAT && len > 5 && strcmp(name + len - 5, ".part") == 0)
		return real(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
	return real(dir_fd, name, flags, mode);
}

#define DEFINE_OPENAT(as)                                                                                    \
	__attribute__((visibility("default"))) int as(int dir_fd, const char *name, int flags, ...)          \
	{                                                                                                    \
		va_list rest;                                                                                \
		mode_t mode = 0;                                                                             \
		va_start(rest, flags);                                                                       \
		if (flags & (O_CREAT | O_TMPFILE))                                                           \
			mode = va_arg(rest, mode_t);                                                         \
		va_end(rest);                                                                                \
		return open_it(#as, dir_fd, name, flags, mode);                                              \
	}

int openat(int dir_fd, const char *name, int flags, ...);
int openat64(int dir_fd, const char *name, int flags, ...);
DEFINE_OPENAT(openat)
#undef openat64
DEFINE_OPENAT(openat64)
