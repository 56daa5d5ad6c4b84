/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets the wall clock of one process, for tests: preloaded, it adds to CLOCK_REALTIME what is in the file
 * that WALL_CLOCK names, eight bytes of nanoseconds which may change at any time. All other clocks, waits and
 * file times are the kernel's. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ll

static const volatile int64_t *ahead_ns;
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("WALL_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead_ns), PROT_READ, MAP_SHARED, fd, 0);

	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (at == MAP_FAILED)
		_exit(127);
	ahead_ns = at;
	close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ret_time)
{
	int r;

	if (!real_clock_gettime) /* before our constructor */
		*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	r = real_clock_gettime(clock, ret_time);
	if (!r && ahead_ns && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		int64_t ns = ret_time->tv_sec * NS_PER_S + ret_time->tv_nsec + *ahead_ns;
		ret_time->tv_sec = ns / NS_PER_S;
		ret_time->tv_nsec = ns % NS_PER_S;
	}
	return r;
}

int gettimeofday(struct timeval *restrict ret_time, void *restrict zone)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	ret_time->tv_sec = now.tv_sec;
	ret_time->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *ret_time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_time)
		*ret_time = now.tv_sec;
	return now.tv_sec;
}
