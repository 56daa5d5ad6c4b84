/* SPDX-License-Identifier: BSD-3-Clause */
/* wirespool records verify: in record.dir where that can be read, with the daemons up or down; else by
 * download. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/conf.h"
#include "tools/wirespool/client.h"
#include "tools/wirespool/command.h"
#include "tools/wirespool/verify.h"

struct tally {
	bool named; /* each is told of, for each was asked for */
	unsigned good, bad, unknown;
};

static void count(struct tally *tally, const char *name, enum verify verdict, const char *why)
{
	if (verdict == VERIFY_GONE && !tally->named)
		return;
	if (verdict == VERIFY_GOOD)
		tally->good++;
	else if (verdict == VERIFY_UNKNOWN && !tally->named)
		tally->unknown++;
	else
		tally->bad++;
	if (verdict != VERIFY_GOOD || tally->named)
		printf("%s: %s\n", name, verdict == VERIFY_GOOD ? "good" : why);
}

static void verify_local(struct tally *tally, int dir_fd, char *const *names, unsigned name_count)
{
	for (unsigned i = 0; i < name_count; i++) {
		char why[VERIFY_WHY_BYTES];
		enum verify verdict = verify_file(dir_fd, names[i], why);

		count(tally, names[i], verdict, why);
	}
}

static int verify_dir(struct tally *tally, int dir_fd, const struct args *args)
{
	char **names;
	unsigned name_count;

	if (args->count) {
		verify_local(tally, dir_fd, args->words, args->count);
		return 0;
	}
	int status = verify_list(dir_fd, &names, &name_count);
	if (status) {
		command_error("record.dir cannot be read: %s", strerror(-status));
		return status;
	}
	verify_local(tally, dir_fd, names, name_count);
	verify_free_names(names, name_count);
	return 0;
}

struct download {
	struct digest digest;
	uint64_t bytes;
};

static size_t hash_piece(void *arg, const void *bytes, size_t len)
{
	struct download *download = arg;

	digest_add(&download->digest, bytes, len);
	download->bytes += len;
	return len;
}

static enum verify download(
        struct client *client, const char *name, const json_t *sidecar, char why[VERIFY_WHY_BYTES])
{
	struct download got = { 0 };
	char *path = client_path("/records/", name, "");
	const struct client_fetch fetch = { .path = path, .sink = hash_piece, .arg = &got };
	struct client_answer answer = { 0 };
	enum verify verdict = VERIFY_BAD;

	int status = digest_begin(&got.digest, false, true);
	if (!status)
		status = client_fetch(client, &fetch, &answer);
	if (!status)
		status = digest_end(&got.digest);
	if (!status && answer.status == 200)
		verdict = verify_compare(sidecar, got.bytes, &got.digest, why);
	else
		snprintf(
		        why, VERIFY_WHY_BYTES, "cannot be downloaded: %ld %.200s", answer.status, answer.why);
	digest_free(&got.digest);
	client_answer_clear(&answer);
	free(path);
	return verdict;
}

static void verify_remote(struct tally *tally, struct client *client, const char *name)
{
	char *path = client_path("/api/records/", name, ""), why[VERIFY_WHY_BYTES] = "";
	struct client_answer answer;
	enum verify verdict;

	client_ask(client, "GET", path, &answer);
	if (answer.status == 404) {
		snprintf(why, sizeof(why), "there is no such recording");
		verdict = VERIFY_GONE;
	} else if (answer.status != 200 || !json_is_object(answer.json)) {
		snprintf(why, sizeof(why), "its sidecar cannot be read: %ld %.200s", answer.status,
		        answer.why);
		verdict = VERIFY_BAD;
	} else if (!strcmp("open", json_string_value(json_object_get(answer.json, "state")) ?: "")) {
		snprintf(why, sizeof(why), "is still being recorded");
		verdict = VERIFY_UNKNOWN;
	} else {
		verdict = download(client, name, answer.json, why);
	}
	count(tally, name, verdict, why);
	client_answer_clear(&answer);
	free(path);
}

struct names {
	char **texts;
	unsigned count;
};

static void keep_name(void *arg, json_t *row)
{
	struct names *names = arg;
	const char *name = json_string_value(json_object_get(row, "name"));

	if (!name)
		return;
	names->texts = reallocarray(names->texts, names->count + 1, sizeof(*names->texts));
	if (!names->texts || !(names->texts[names->count++] = strdup(name)))
		abort();
}

static void keep_page(void *arg)
{
}

static int verify_api(struct tally *tally, const struct args *args)
{
	struct names names = { .texts = args->words, .count = args->count };
	struct target target;
	struct client *client = client_open(&target, args);

	if (!client)
		return -EIO;
	if (!args->count)
		names.texts = NULL;
	int status = args->count || client_list(client, "/api/records", 0, keep_name, keep_page, &names)
	                     ? 0
	                     : -EIO;
	for (unsigned i = 0; !status && i < names.count; i++)
		verify_remote(tally, client, names.texts[i]);
	if (!args->count)
		verify_free_names(names.texts, names.count);
	client_free(client);
	target_free(&target);
	return status;
}

/* record.dir of the INI that is meant; -1: it cannot be read, or another machine's is meant. */
static int open_dir(const struct args *args)
{
	struct conf *conf;
	FILE *errors;
	int fd = -1;

	if (args->values[ARGS_URL])
		return -1;
	errors = fopen("/dev/null", "w");
	if (errors && !conf_peek(&conf, target_config(args), errors)) {
		fd = open(conf->record_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		conf_free(conf);
	}
	if (errors)
		fclose(errors);
	return fd;
}

int records_verify(const struct args *args)
{
	struct tally tally = { .named = args->count };
	int fd = open_dir(args);
	int status = fd < 0 ? verify_api(&tally, args) : verify_dir(&tally, fd, args);

	if (fd >= 0)
		close(fd);
	if (status)
		return COMMAND_FAILED;
	printf("%u good, %u bad", tally.good, tally.bad);
	if (tally.unknown)
		printf(", %u without a hash", tally.unknown);
	putchar('\n');
	return tally.bad ? COMMAND_FAILED : COMMAND_DONE;
}
