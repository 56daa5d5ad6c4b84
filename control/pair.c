/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clk.h"
#include "control/json_field.h"
#include "control/json_text.h"

int pair_stat(int dir_fd, const char *name, uint64_t *ret_bytes, uint64_t *ret_mtime_ns)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOENT;
	*ret_bytes = (uint64_t)st.st_size;
	*ret_mtime_ns = 0; /* from before 1970: nothing that a recording could be */
	if (st.st_mtim.tv_sec > 0)
		*ret_mtime_ns = (uint64_t)st.st_mtim.tv_sec * CLK_NS_PER_S + (uint64_t)st.st_mtim.tv_nsec;
	return 0;
}

/* The whole of a regular file of at most PAIR_SIDECAR_BYTES; to free. 0 or -errno. */
static int pair_load(int dir_fd, const char *file, char **ret_text, size_t *ret_len)
{
	struct stat st;
	size_t len = 0;
	int fd = openat(dir_fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	char *text = NULL;
	int err = fstat(fd, &st)                    ? -errno
	          : !S_ISREG(st.st_mode)            ? -EINVAL
	          : st.st_size > PAIR_SIDECAR_BYTES ? -EFBIG
	                                            : 0;
	if (!err && !(text = malloc((size_t)st.st_size + 1)))
		err = -ENOMEM;
	while (!err && len < (size_t)st.st_size) {
		ssize_t got = read(fd, text + len, (size_t)st.st_size - len);
		if (got < 0)
			err = -errno;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	close(fd);
	if (err) {
		free(text);
		return err;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* 0, -ENOENT, -EPROTO (makes no sense), -errno. */
static int pair_load_sidecar(int dir_fd, const char *name, json_t **ret_sidecar)
{
	char file[NAME_FILE_BYTES], why[JSON_TEXT_WHY_BYTES], *text = NULL;
	size_t len = 0;

	name_file(file, name, NAME_SIDECAR);
	int err = pair_load(dir_fd, file, &text, &len);
	if (err)
		return err == -EFBIG ? -EPROTO : err;
	json_t *json = json_text_parse(text, len, PAIR_SIDECAR_DEPTH, why);
	free(text);
	if (!json_is_object(json)) {
		json_decref(json);
		return -EPROTO;
	}
	*ret_sidecar = json;
	return 0;
}

#define PAIR_COPY(json, key, to) pair_copy((json), (key), (to), sizeof(to))
static void pair_copy(const json_t *json, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (text && strlen(text) < size)
		strcpy(to, text);
}

/* Copy what is short; long lists become counts. */
static void pair_summarise(json_t *summary, const char *key, json_t *value)
{
	if (!strcmp(key, "gaps") && json_is_array(value))
		json_field_number(summary, "gap_count", json_array_size(value));
	else if (!strcmp(key, "upload") && json_is_object(value))
		json_object_set(summary, key, value);
	else if (json_is_string(value) ? json_string_length(value) <= PAIR_TEXT_BYTES
	                               : !json_is_array(value) && !json_is_object(value))
		json_object_set(summary, key, value);
}

static bool pair_is_ours(const char *key)
{
	static const char *const ours[] = { "name", "size", "modTime", "url", "state", "uploaded" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strcmp(key, ours[i]))
			return true;
	return strlen(key) > LIMIT_TRACK_ID_BYTES;
}

char *pair_summary(const json_t *sidecar, struct catalogue_row *row)
{
	json_t *summary = json_object(), *value;
	const char *started = json_string_value(json_object_get(sidecar, "started"));
	const char *state = json_string_value(json_object_get(json_object_get(sidecar, "upload"), "state"));
	const char *key;

	PAIR_COPY(sidecar, "promised", row->promised);
	PAIR_COPY(sidecar, "session", row->session);
	PAIR_COPY(sidecar, "room", row->room);
	PAIR_COPY(sidecar, "participant", row->participant);
	PAIR_COPY(sidecar, "track", row->track);
	if (started)
		clk_parse_rfc3339(started, &row->started_unix_ns);
	row->uploaded = state && !strcmp(state, "done");
	json_object_foreach((json_t *)(uintptr_t)sidecar, key,
	        value) if (!pair_is_ours(key) && json_object_size(summary) < PAIR_KEYS)
	        pair_summarise(summary, key, value);
	json_field_text(summary, "state", "finished");
	json_object_set_new(summary, "uploaded", json_boolean(row->uploaded));
	char *text = json_dumps(summary, JSON_COMPACT | JSON_TEXT_REALS);
	json_decref(summary);
	return text;
}

int pair_read(int dir_fd, const char *name, struct catalogue_row *ret_row, bool *ret_bad_sidecar)
{
	struct catalogue_row row = { 0 };
	json_t *sidecar = NULL;
	int err = pair_stat(dir_fd, name, &row.bytes, &row.finished_unix_ns);

	if (err)
		return err;
	err = pair_load_sidecar(dir_fd, name, &sidecar);
	strcpy(row.name, name);
	row.sidecar = pair_summary(sidecar, &row);
	json_decref(sidecar);
	if (!row.sidecar)
		return -ENOMEM;
	if (!name_valid(row.promised))
		strcpy(row.promised, name);
	*ret_bad_sidecar = err && err != -ENOENT;
	*ret_row = row;
	return 0;
}

json_t *pair_json(int dir_fd, const char *name)
{
	char time[CLK_RFC3339_BYTES];
	uint64_t bytes, mtime_ns;
	json_t *sidecar = NULL;

	if (pair_stat(dir_fd, name, &bytes, &mtime_ns))
		return NULL;
	json_t *json = json_pack("{s:s, s:I, s:s, s:o, s:s}", "name", name, "size", (json_int_t)bytes,
	        "modTime", clk_rfc3339(time, mtime_ns, 0), "url", json_sprintf("/records/%s", name), "state",
	        "finished");
	if (json && !pair_load_sidecar(dir_fd, name, &sidecar))
		json_object_update_missing(json, sidecar);
	json_decref(sidecar);
	return json;
}

static int pair_write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, text, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		text += put;
		len -= (size_t)put;
	}
	return 0;
}

/* Write @text beside @file, sync it, put it in its place, sync the directory. */
static int pair_replace(int dir_fd, const char *file, const char *text, size_t len)
{
	char draft[NAME_FILE_BYTES + 8];
	struct stat st;
	mode_t mode = fstatat(dir_fd, file, &st, AT_SYMLINK_NOFOLLOW) ? 0644 : st.st_mode & 0777;

	snprintf(draft, sizeof(draft), ".%s.new", file);
	int fd = openat(dir_fd, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	int err = pair_write_all(fd, text, len);
	if (!err && (fchmod(fd, mode) || fsync(fd)))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir_fd, draft, dir_fd, file))
		err = -errno;
	if (err)
		unlinkat(dir_fd, draft, 0);
	else if (fsync(dir_fd))
		err = -errno;
	return err;
}

int pair_set_upload(int dir_fd, const char *name, const struct pair_upload *upload)
{
	char file[NAME_FILE_BYTES], time[CLK_RFC3339_BYTES];
	json_t *sidecar = NULL;
	int err = pair_load_sidecar(dir_fd, name, &sidecar);

	if (err == -ENOENT || err == -EPROTO)
		sidecar = json_pack("{s:i, s:s, s:s}", "version", 1, "name", name, "state", "finished");
	else if (err)
		return err;
	json_object_set_new(sidecar, "upload",
	        json_pack("{s:s, s:s, s:s, s:s}", "state", "done", "key", upload->key, "etag", upload->etag,
	                "finished", clk_rfc3339(time, upload->finished_unix_ns, 3)));
	char *text = sidecar ? json_dumps(sidecar, JSON_INDENT(1) | JSON_TEXT_REALS) : NULL;
	json_decref(sidecar);
	if (!text)
		return -ENOMEM;
	name_file(file, name, NAME_SIDECAR);
	err = pair_replace(dir_fd, file, text, strlen(text));
	free(text);
	return err;
}

int pair_remove(int dir_fd, const char *name)
{
	char file[NAME_FILE_BYTES];
	int err = unlinkat(dir_fd, name, 0) ? -errno : 0;

	if (err && err != -ENOENT)
		return err;
	name_file(file, name, NAME_SIDECAR);
	if (unlinkat(dir_fd, file, 0) && errno != ENOENT)
		return -errno;
	if (fsync(dir_fd))
		return -errno;
	return err;
}
