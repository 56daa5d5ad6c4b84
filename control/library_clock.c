/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the wall clock can be believed when it says how old a recording is. */
#include "control/library_keep.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/log.h"

#define CLOCK_FILE ".clock" /* in record.dir */
#define BOOT_BYTES 64

/* The first line of a small file below @dir_fd, or "". */
static void read_line(int dir_fd, const char *path, char *ret_line, size_t size)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? 0 : read(fd, ret_line, size - 1);

	if (fd >= 0)
		close(fd);
	ret_line[n > 0 ? n : 0] = '\0';
	ret_line[strcspn(ret_line, "\n")] = '\0';
}

static void read_boot(char ret_boot[BOOT_BYTES])
{
	read_line(AT_FDCWD, "/proc/sys/kernel/random/boot_id", ret_boot, BOOT_BYTES);
}

/* Go on with clock and hold of an earlier process. */
static void resume(struct library *library)
{
	char boot[BOOT_BYTES], line[CLOCK_STEP_BYTES];
	int dir_fd = library_dir(library);

	if (dir_fd < 0)
		return;
	read_boot(boot);
	read_line(dir_fd, CLOCK_FILE, line, sizeof(line));
	close(dir_fd);
	int64_t away_s = clock_step_resume(&library->clock, line, boot, clk_wall_ns(), clk_mono_ns());
	if (away_s)
		log_warn(
		        "library: %lld days have passed since this recorder ran last, if its clock is right; "
		        "record.retention_days removes nothing for %d s, in case it is not",
		        (long long)away_s / 86400, CLOCK_STEP_HOLD_S);
}

/* Keep them for the next one, in a file that is no loss when it is lost: nothing is synced, or told. */
static void keep(struct library *library)
{
	char boot[BOOT_BYTES], line[CLOCK_STEP_BYTES];
	int dir_fd = library_dir(library), fd;
	bool written;

	if (dir_fd < 0)
		return;
	read_boot(boot);
	clock_step_print(&library->clock, boot, line);
	fd = openat(dir_fd, CLOCK_FILE ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	written = fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	if (fd >= 0)
		close(fd);
	if (written)
		renameat(dir_fd, CLOCK_FILE ".new", dir_fd, CLOCK_FILE);
	close(dir_fd);
}

bool library_clock_holds(struct library *library)
{
	if (!library->clock.mono_ns)
		resume(library);
	int64_t step_s = clock_step_look(&library->clock, clk_wall_ns(), clk_mono_ns());
	keep(library);
	if (step_s > 0)
		log_warn(
		        "library: the clock was set forward by %lld s; record.retention_days removes nothing "
		        "for %d s, in case it is set back",
		        (long long)step_s, CLOCK_STEP_HOLD_S);
	return clock_step_holds(&library->clock, clk_mono_ns());
}
