/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/log.h"
#include "base/stat.h"

#define PROBE_BYTES (256 << 10) /* BLOCK_LARGE_BYTES of the writers */
#define PIECE_BYTES 4096

/* O_TMPFILE leaves nothing behind; where it is not known, an open file without a name does the same. */
static int open_probe(const char *dir)
{
	char path[4096];
	int fd = open(dir, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	snprintf(path, sizeof(path), "%s/.probe-disk", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* 0 or the errno of what does not work. */
static int probe(const char *dir)
{
	static const char piece[PIECE_BYTES];
	int fd = open_probe(dir), error = fd < 0 ? errno : 0;

	for (unsigned done = 0; !error && done < PROBE_BYTES; done += PIECE_BYTES) {
		ssize_t n = write(fd, piece, PIECE_BYTES);
		if (n != PIECE_BYTES)
			error = n < 0 ? errno : ENOSPC;
	}
	if (!error && fdatasync(fd))
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

void disk_watch(const struct conf *conf, uint64_t *proc)
{
	struct statvfs fs;
	int error;

	if (!statvfs(conf->record_dir, &fs))
		stat_set(proc, STAT_PROC_disk_free_bytes, (uint64_t)fs.f_bavail * fs.f_frsize);
	if (!stat_get(proc, STAT_PROC_disk_error))
		return;
	error = probe(conf->record_dir);
	stat_set(proc, STAT_PROC_disk_error, (uint64_t)error);
	if (!error)
		log_info("record.dir %s can be written again", conf->record_dir);
}
