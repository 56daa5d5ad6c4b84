/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool records get: FILE.partial grows until it is whole and its hash is right, then it is FILE. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/name.h"
#include "tools/wirespool/client.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/figure.h"
#include "tools/wirespool/show.h"
#include "tools/wirespool/verify.h"

struct get {
	struct client *client;
	const json_t *record; /* its sidecar */
	const char *name, *output;
	char *partial;
	int fd;
	uint64_t size, at; /* of the whole; of what is there */
	int error;         /* errno of writing */
};

static size_t write_piece(void *arg, const void *bytes, size_t len)
{
	struct get *get = arg;

	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(get->fd, (const char *)bytes + done, len - done, (off_t)get->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			get->error = errno;
			return 0;
		}
		done += (size_t)n;
		get->at += (uint64_t)n;
	}
	return len;
}

/* From get->at to the end; a connection that breaks is made anew as long as that brings something. */
static bool download(struct get *get)
{
	char *path = client_path("/records/", get->name, "");
	struct client_answer answer = { 0 };
	bool go_on = true;

	while (go_on && get->at < get->size) {
		const struct client_fetch fetch = {
			.path = path, .from = get->at, .sink = write_piece, .arg = get
		};
		uint64_t before = get->at;

		client_answer_clear(&answer);
		client_fetch(get->client, &fetch, &answer);
		go_on = get->at > before && !get->error;
	}
	if (get->error)
		command_error("%s cannot be written: %s", get->partial, strerror(get->error));
	else if (get->at < get->size && answer.status < 300)
		command_error("%s: %llu of %llu bytes came: %s; the same command goes on from there",
		        get->name, (unsigned long long)get->at, (unsigned long long)get->size, answer.why);
	else if (get->at < get->size)
		client_tell(get->client, &answer, get->name);
	bool good = get->at == get->size;
	client_answer_clear(&answer);
	free(path);
	return good;
}

/* Hash what is there, whole as it is. */
static enum verify check(struct get *get, char why[VERIFY_WHY_BYTES])
{
	struct digest digest;
	int64_t n = 0;
	int status = digest_begin(&digest, false, true);

	for (uint64_t at = 0; !status && n >= 0 && at<get->size; at += n> 0 ? (uint64_t)n : 0)
		n = digest_slice(&digest, get->fd, at, get->size - at);
	if (!status && n >= 0)
		status = digest_end(&digest);
	if (!status && n >= 0)
		return verify_compare(get->record, get->size, &digest, why);
	digest_free(&digest);
	snprintf(why, VERIFY_WHY_BYTES, "%s cannot be read: %s", get->partial,
	        strerror(n < 0 ? (int)-n : -status));
	return VERIFY_BAD;
}

static bool start_over(struct get *get)
{
	get->at = 0;
	if (!ftruncate(get->fd, 0))
		return true;
	command_error("%s: %s", get->partial, strerror(errno));
	return false;
}

/* What was begun earlier may be another file's beginning: then once more, from nothing. */
static bool complete(struct get *get)
{
	bool resumed = get->at > 0;
	char why[VERIFY_WHY_BYTES];
	enum verify verdict;

	if (!download(get))
		return false;
	verdict = check(get, why);
	if (verdict == VERIFY_BAD && resumed) {
		command_error("%s is not the beginning of this recording, downloading it anew", get->partial);
		if (!start_over(get) || !download(get))
			return false;
		verdict = check(get, why);
	}
	if (verdict == VERIFY_BAD) {
		command_error("%s: %s; what came stays in %s", get->name, why, get->partial);
		return false;
	}
	if (verdict == VERIFY_UNKNOWN)
		command_error("%s: %s: nothing to check the download by", get->name, why);
	if (!fdatasync(get->fd) && !rename(get->partial, get->output))
		return true;
	command_error("%s: %s", get->output, strerror(errno));
	return false;
}

static bool open_partial(struct get *get)
{
	struct stat st;

	if (!access(get->output, F_OK)) {
		command_error("%s is there already; -o names another file", get->output);
		return false;
	}
	if (asprintf(&get->partial, "%s.partial", get->output) < 0)
		abort();
	get->fd = open(get->partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (get->fd < 0 || fstat(get->fd, &st)) {
		command_error("%s: %s", get->partial, strerror(errno));
		return false;
	}
	get->at = (uint64_t)st.st_size;
	return get->at <= get->size || start_over(get);
}

static bool run(struct get *get, const struct args *args)
{
	char size[FIGURE_BYTES];

	get->name = show_text(get->record, "name");
	get->size = show_number(get->record, "size");
	get->output = args->values[ARGS_OUTPUT] ? args->values[ARGS_OUTPUT] : get->name;
	if (!name_valid(get->name)) {
		command_error("%s: the answer names no recording", args->words[0]);
		return false;
	}
	if (!strcmp(show_text(get->record, "state"), "open")) {
		command_error("%s is still being recorded; 'wirespool sessions stop %s' ends it", get->name,
		        show_text(get->record, "session"));
		return false;
	}
	if (!open_partial(get) || !complete(get))
		return false;
	printf("%s: %s\n", get->output, figure_size(size, get->size));
	return true;
}

int records_get(const struct args *args)
{
	struct get get = { .fd = -1 };
	struct target target;

	get.client = client_open(&target, args);
	if (!get.client)
		return COMMAND_FAILED;
	char *path = client_path("/api/records/", args->words[0], "");
	json_t *record = client_call(get.client, "GET", path, args->words[0]);
	get.record = record;
	bool good = record && run(&get, args);
	if (get.fd >= 0)
		close(get.fd);
	free(get.partial);
	json_decref(record);
	free(path);
	client_free(get.client);
	target_free(&target);
	return good ? COMMAND_DONE : COMMAND_FAILED;
}
