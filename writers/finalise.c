/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/finalise.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/name.h"

#define READ_BYTES (256 << 10)

int finalise_pwrite(int fd, const void *bytes, size_t len, uint64_t offset)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = pwrite(fd, at, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int finalise_media(int fd, const void *head, size_t head_bytes, uint64_t size)
{
	int err;

	if (size < head_bytes)
		return -EINVAL;
	err = finalise_pwrite(fd, head, head_bytes, 0);
	if (err)
		return err;
	if (ftruncate(fd, (off_t)size) < 0 || fdatasync(fd) < 0)
		return -errno;
	return 0;
}

int finalise_digest(int fd, uint64_t size, uint8_t ret_digest[SHA256_BYTES])
{
	uint8_t *buf = malloc(READ_BYTES);
	struct sha256 sha;
	uint64_t at = 0;
	int err = 0;

	if (!buf)
		return -ENOMEM;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	sha256_begin(&sha);
	while (at < size) {
		size_t want = size - at < READ_BYTES ? size - at : READ_BYTES;
		ssize_t n = pread(fd, buf, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : -EIO;
			break;
		}
		sha256_add(&sha, buf, (size_t)n);
		at += (uint64_t)n;
	}
	free(buf);
	if (!err)
		sha256_end(&sha, ret_digest);
	return err;
}

/* Rename without replacing. File systems that do not know how get the check first; nobody else makes such
 * names. */
static int rename_new(int dir_fd, const char *from, const char *to)
{
	if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (faccessat(dir_fd, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(dir_fd, from, dir_fd, to) < 0 ? -errno : 0;
}

int finalise_publish(int dir_fd, const char *name)
{
	char part[NAME_FILE_BYTES], journal[NAME_FILE_BYTES];
	int err;

	name_file(part, name, NAME_PART);
	name_file(journal, name, NAME_JOURNAL);
	if (fsync(dir_fd) < 0)
		return -errno;
	err = rename_new(dir_fd, part, name);
	if (err)
		return err;
	unlinkat(dir_fd, journal, 0);
	return fsync(dir_fd) < 0 ? -errno : 0;
}

int finalise_open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
