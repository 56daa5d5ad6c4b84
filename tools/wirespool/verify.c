/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/wirespool/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/name.h"

#define SIDECAR_BYTES (16 << 20) /* a larger one is none of ours */

enum verify verify_compare(
        const json_t *sidecar, uint64_t bytes, const struct digest *digest, char ret_why[VERIFY_WHY_BYTES])
{
	const json_t *size = json_object_get(sidecar, "size");
	const char *sha256 = json_string_value(json_object_get(sidecar, "sha256"));
	char hex[DIGEST_HEX_BYTES];

	ret_why[0] = '\0';
	if (!sha256) {
		snprintf(ret_why, VERIFY_WHY_BYTES, "its sidecar holds no SHA-256");
		return VERIFY_UNKNOWN;
	}
	digest_hex(hex, digest->sha256, sizeof(digest->sha256));
	if (json_is_integer(size) && (uint64_t)json_integer_value(size) != bytes)
		snprintf(ret_why, VERIFY_WHY_BYTES,
		        "has %" PRIu64 " bytes, its sidecar says %" JSON_INTEGER_FORMAT, bytes,
		        json_integer_value(size));
	else if (strcasecmp(sha256, hex))
		snprintf(ret_why, VERIFY_WHY_BYTES, "SHA-256 is %s, its sidecar says %.70s", hex, sha256);
	return ret_why[0] ? VERIFY_BAD : VERIFY_GOOD;
}

/* 0, -ENOENT, -EBADMSG (makes no sense), -errno. */
static int load_sidecar(int dir_fd, const char *name, json_t **ret_sidecar)
{
	char file[NAME_FILE_BYTES];
	struct stat st;

	name_file(file, name, NAME_SIDECAR);
	int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	bool fits = !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= SIDECAR_BYTES;
	*ret_sidecar = fits ? json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL) : NULL;
	close(fd);
	if (json_is_object(*ret_sidecar))
		return 0;
	json_decref(*ret_sidecar);
	*ret_sidecar = NULL;
	return -EBADMSG;
}

/* Hash all of @fd. 0 or -errno. */
static int hash(int fd, struct digest *digest, uint64_t *ret_bytes)
{
	struct stat st;
	int64_t n = 0;
	uint64_t at = 0;

	if (fstat(fd, &st))
		return -errno;
	int status = digest_begin(digest, false, true);
	while (!status && at < (uint64_t)st.st_size) {
		n = digest_slice(digest, fd, at, (uint64_t)st.st_size - at);
		if (n < 0)
			break;
		at += (uint64_t)n;
	}
	*ret_bytes = at;
	if (status || n < 0) {
		digest_free(digest);
		return status ? status : (int)n;
	}
	return digest_end(digest);
}

static enum verify check_content(int fd, const json_t *sidecar, char why[VERIFY_WHY_BYTES])
{
	struct digest digest;
	uint64_t bytes = 0;
	int status = hash(fd, &digest, &bytes);

	if (!status)
		return verify_compare(sidecar, bytes, &digest, why);
	snprintf(why, VERIFY_WHY_BYTES, "cannot be read: %s", strerror(-status));
	return VERIFY_BAD;
}

/* What it means that the file could not be opened. */
static enum verify judge_missing(
        int dir_fd, const char *name, int error, int sidecar_status, char why[VERIFY_WHY_BYTES])
{
	char file[NAME_FILE_BYTES];

	name_file(file, name, NAME_SIDECAR);
	if (error != ENOENT) {
		snprintf(why, VERIFY_WHY_BYTES, "cannot be read: %s", strerror(error));
		return VERIFY_BAD;
	}
	if (sidecar_status == -ENOENT || faccessat(dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW)) {
		snprintf(why, VERIFY_WHY_BYTES, "there is no such recording");
		return VERIFY_GONE;
	}
	snprintf(why, VERIFY_WHY_BYTES, "is missing, and its sidecar is there");
	return VERIFY_BAD;
}

enum verify verify_file(int dir_fd, const char *name, char ret_why[VERIFY_WHY_BYTES])
{
	json_t *sidecar = NULL;
	enum verify verdict;

	ret_why[0] = '\0';
	if (!name_valid(name)) {
		snprintf(ret_why, VERIFY_WHY_BYTES, "is no name of a recording");
		return VERIFY_GONE;
	}
	int status = load_sidecar(dir_fd, name, &sidecar);
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		verdict = judge_missing(dir_fd, name, errno, status, ret_why);
	} else if (status == -ENOENT) {
		snprintf(ret_why, VERIFY_WHY_BYTES, "has no sidecar to compare with");
		verdict = VERIFY_UNKNOWN;
	} else if (status) {
		snprintf(ret_why, VERIFY_WHY_BYTES, "its sidecar cannot be read: %s",
		        status == -EBADMSG ? "it is damaged" : strerror(-status));
		verdict = VERIFY_BAD;
	} else {
		verdict = check_content(fd, sidecar, ret_why);
	}
	if (fd >= 0)
		close(fd);
	json_decref(sidecar);
	return verdict;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned drop_doubles(char **names, unsigned count)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (kept && !strcmp(names[kept - 1], names[i]))
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	return kept;
}

int verify_list(int dir_fd, char ***ret_names, unsigned *ret_count)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char **names = NULL, name[NAME_BYTES];
	unsigned count = 0, room = 0;
	enum name_kind kind;

	if (!dir)
		return -errno;
	for (struct dirent *e; (e = readdir(dir));) {
		if (!name_parse(e->d_name, name, &kind) || (kind != NAME_FINAL && kind != NAME_SIDECAR))
			continue;
		if (count == room) {
			room = room ? 2 * room : 256;
			names = reallocarray(names, room, sizeof(*names));
		}
		if (!names || !(names[count++] = strdup(name)))
			abort();
	}
	closedir(dir);
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	*ret_count = drop_doubles(names, count);
	*ret_names = names;
	return 0;
}

void verify_free_names(char **names, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(names[i]);
	free(names);
}
