/* SPDX-License-Identifier: BSD-3-Clause */
/* The doctor on writes: O_DIRECT, and how long a small and a large one take with fdatasync. */
#include "tools/wirespool/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clk.h"
#include "tools/wirespool/doctor_disk.h"
#include "tools/wirespool/figure.h"

#define ALIGN_BYTES 4096
#define LARGE_BYTES (1u << 20)
#define ROUNDS_MAX  16
#define SLOW_NS     (100 * CLK_NS_PER_MS)
#define PATIENCE_NS (3 * CLK_NS_PER_S) /* a disk that is this slow is told by fewer writes */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The median of some writes of @bytes, each made durable. 0 or -errno. */
static int measure(int fd, const void *block, size_t bytes, unsigned rounds, uint64_t *ret_ns)
{
	uint64_t times[ROUNDS_MAX], begin = clk_mono_ns(), last = begin;
	unsigned done = 0;

	while (done < rounds && last - begin < PATIENCE_NS) {
		ssize_t n = pwrite(fd, block, bytes, (off_t)(done * bytes));
		if (n != (ssize_t)bytes)
			return n < 0 ? -errno : -ENOSPC;
		if (fdatasync(fd))
			return -errno;
		uint64_t now = clk_mono_ns();
		times[done++] = now - last;
		last = now;
	}
	qsort(times, done, sizeof(times[0]), by_size);
	*ret_ns = times[done / 2];
	return 0;
}

static void judge(struct doctor *doctor, uint64_t small_ns, uint64_t large_ns)
{
	uint64_t flush_ns = (uint64_t)doctor->conf->record_flush_interval_ms * CLK_NS_PER_MS;
	char small[FIGURE_BYTES], large[FIGURE_BYTES], rate[FIGURE_BYTES];

	figure_latency(small, small_ns);
	figure_latency(large, large_ns);
	figure_rate(rate, large_ns ? LARGE_BYTES * 8ull * CLK_NS_PER_S / large_ns : 0);
	if (large_ns > flush_ns)
		doctor_say(doctor, DOCTOR_PROBLEM,
		        "record on a faster disk, or see what else writes to it (iostat -x 1)",
		        "a durable write takes %s of 4 KiB and %s of 1 MiB, longer than "
		        "record.flush_interval_ms: frames will be left out",
		        small, large);
	else if (small_ns > SLOW_NS || large_ns > SLOW_NS)
		doctor_say(doctor, DOCTOR_WARNING,
		        "record on a faster disk, or raise dataplane.block_mb to ride out its pauses",
		        "a durable write takes %s of 4 KiB and %s of 1 MiB (median)", small, large);
	else
		doctor_say(doctor, DOCTOR_OK, NULL,
		        "a durable write takes %s of 4 KiB and %s of 1 MiB (median), one at a time %s", small,
		        large, rate);
}

static void fail(struct doctor *doctor, int error)
{
	const char *dir = doctor->conf->record_dir;

	if (error == ENOSPC || error == EDQUOT)
		doctor_say(doctor, DOCTOR_PROBLEM, "make room, or record to another disk",
		        "%s takes no more: %s", dir, strerror(error));
	else if (error == EACCES || error == EPERM)
		doctor_say(doctor, DOCTOR_UNCHECKED, "run this as root", "%s: %s", dir, strerror(error));
	else if (error == ENOENT)
		doctor_say(doctor, DOCTOR_UNCHECKED, NULL, "%s is not there", dir);
	else
		doctor_say(doctor, DOCTOR_PROBLEM, "look into dmesg for what the disk says",
		        "%s cannot be written: %s", dir, strerror(error));
}

/* A descriptor to measure by, with O_DIRECT if record.io and the file system have it; -errno. */
static int open_probe(struct doctor *doctor, const void *block)
{
	enum conf_record_io io = (enum conf_record_io)doctor->conf->record_io;
	int fd = io == CONF_IO_BUFFERED ? -EINVAL : doctor_disk_probe(doctor->conf->record_dir, O_DIRECT);
	bool direct = fd >= 0 && pwrite(fd, block, ALIGN_BYTES, 0) == ALIGN_BYTES;

	if (direct) {
		doctor_say(doctor, DOCTOR_OK, NULL, "O_DIRECT works");
		return fd;
	}
	if (fd < 0 && fd != -EINVAL) /* it is not O_DIRECT that is refused */
		return fd;
	if (fd >= 0 && (errno == ENOSPC || errno == EDQUOT)) {
		int error = -errno;
		close(fd);
		return error;
	}
	if (fd >= 0)
		close(fd);
	if (io == CONF_IO_DIRECT)
		doctor_say(doctor, DOCTOR_PROBLEM, "io = auto in [record], or another file system",
		        "this file system has no O_DIRECT, and record.io asks for it");
	else if (io == CONF_IO_AUTO)
		doctor_say(doctor, DOCTOR_WARNING, "another file system, e.g. ext4 or XFS",
		        "this file system has no O_DIRECT: writes go through the page cache, and cost more");
	return doctor_disk_probe(doctor->conf->record_dir, 0);
}

void doctor_disk_speed(struct doctor *doctor)
{
	uint64_t small_ns = 0, large_ns = 0;
	void *block;

	if (posix_memalign(&block, ALIGN_BYTES, LARGE_BYTES))
		abort();
	memset(block, 0x5A, LARGE_BYTES);
	int fd = open_probe(doctor, block), error = fd < 0 ? fd : 0;
	if (!error)
		error = measure(fd, block, ALIGN_BYTES, 16, &small_ns);
	if (!error)
		error = measure(fd, block, LARGE_BYTES, 8, &large_ns);
	if (fd >= 0)
		close(fd);
	free(block);
	if (error)
		fail(doctor, -error);
	else
		judge(doctor, small_ns, large_ns);
}
