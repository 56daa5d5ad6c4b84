/* SPDX-License-Identifier: BSD-3-Clause */
/* The ledger's file: read whole, replaced at once. */
#include "uploader/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/name.h"

/* Written beside the ledger and renamed over it; one left by a crash is overwritten by the next. */
static void new_file(char ret_file[NAME_FILE_BYTES + 4], const char *file)
{
	snprintf(ret_file, NAME_FILE_BYTES + 4, "%s.new", file);
}

static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)LEDGER_BYTES)
		return -EBADMSG;
	size_t size = (size_t)st.st_size, len = 0;
	char *text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	while (len < size) {
		ssize_t n = read(fd, text + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = -errno;

			free(text);
			return error;
		}
		if (!n)
			break;
		len += (size_t)n;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int ledger_load(struct ledger *ret_ledger, int dir, const char *name)
{
	char file[NAME_FILE_BYTES], *text = NULL;
	size_t len = 0;

	name_file(file, name, NAME_LEDGER);
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	int error = read_all(fd, &text, &len);
	close(fd);
	if (!error)
		error = ledger_parse(ret_ledger, text, len);
	free(text);
	return error;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

int ledger_save(const struct ledger *ledger, int dir, const char *name)
{
	char file[NAME_FILE_BYTES], fresh[NAME_FILE_BYTES + 4], *text = NULL;
	size_t len = 0;
	int error = ledger_print(ledger, &text, &len);

	if (error)
		return error;
	name_file(file, name, NAME_LEDGER);
	new_file(fresh, file);
	int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	error = fd < 0 ? -errno : write_all(fd, text, len);
	free(text);
	if (fd >= 0)
		close(fd);
	if (!error && renameat(dir, fresh, dir, file))
		error = -errno;
	if (!error && fsync(dir))
		error = -errno;
	if (error && fd >= 0)
		unlinkat(dir, fresh, 0);
	return error;
}

void ledger_remove(int dir, const char *name)
{
	char file[NAME_FILE_BYTES], fresh[NAME_FILE_BYTES + 4];

	name_file(file, name, NAME_LEDGER);
	new_file(fresh, file);
	unlinkat(dir, file, 0);
	unlinkat(dir, fresh, 0);
}
