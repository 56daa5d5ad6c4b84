/* SPDX-License-Identifier: BSD-3-Clause */
/* Drives the uploader for tests/e2e/test_upload.py: takes commands on standard input, one a line, and answers
 * each, and every finished upload, with one line of JSON.
 *
 *   finished NAME | growing NAME BYTES | forget NAME | retry NAME | status NAME | counts | quit
 *
 * usage: upload_driver --config FILE [--stall SECONDS] [--scan]     --scan: offer every recording in
 * record.dir at start
 */
#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "uploader/uploader.h"

static const struct uploader_meta meta = { "Große Runde", "alice", "video0", 1710123456ull * CLK_NS_PER_S };

static void put(struct jsonw *w)
{
	flockfile(stdout);
	puts(w->text ? w->text : "{}");
	fflush(stdout);
	funlockfile(stdout);
	jsonw_reset(w);
}

static void put_status(const char *event, const char *name, const struct uploader_status *s)
{
	struct jsonw w = { 0 };

	jsonw_object(&w, NULL);
	jsonw_string(&w, "event", event);
	jsonw_string(&w, "name", name);
	jsonw_string(&w, "state", uploader_state_name(s->state));
	jsonw_u64(&w, "bytes_done", s->bytes_done);
	jsonw_u64(&w, "bytes_total", s->bytes_total);
	jsonw_u64(&w, "tries", s->tries);
	jsonw_u64(&w, "next_try_unix_ns", s->next_try_unix_ns);
	jsonw_u64(&w, "finished_unix_ns", s->finished_unix_ns);
	jsonw_string(&w, "key", s->key);
	jsonw_string(&w, "etag", s->etag);
	jsonw_string(&w, "error", s->error);
	jsonw_end_object(&w);
	put(&w);
}

static void put_counts(struct uploader *uploader)
{
	struct uploader_counts c;
	struct jsonw w = { 0 };

	uploader_counts(uploader, &c);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "event", "counts");
	jsonw_u64(&w, "queued", c.queued);
	jsonw_u64(&w, "active", c.active);
	jsonw_u64(&w, "retrying", c.retrying);
	jsonw_u64(&w, "stopped", c.stopped);
	jsonw_u64(&w, "done", c.done);
	jsonw_u64(&w, "failures", c.failures);
	jsonw_u64(&w, "bytes_sent", c.bytes_sent);
	jsonw_u64(&w, "oldest_unix_ns", c.oldest_unix_ns);
	jsonw_bool(&w, "store_usable", c.store_usable);
	jsonw_string(&w, "last_error", c.last_error);
	jsonw_end_object(&w);
	put(&w);
}

static void put_result(const char *event, int error)
{
	struct jsonw w = { 0 };

	jsonw_object(&w, NULL);
	jsonw_string(&w, "event", event);
	jsonw_i64(&w, "error", error);
	jsonw_end_object(&w);
	put(&w);
}

static void on_done(void *arg, const char *name, const struct uploader_status *status)
{
	put_status("done", name, status);
}

static void obey(struct uploader *uploader, const char *command, const char *name, uint64_t bytes)
{
	struct uploader_status status = { .state = UPLOADER_NONE };

	if (!strcmp(command, "finished")) {
		put_result(command, uploader_finished(uploader, name, &meta));
	} else if (!strcmp(command, "growing")) {
		put_result(command, uploader_growing(uploader, name, bytes, &meta));
	} else if (!strcmp(command, "retry")) {
		put_result(command, uploader_retry(uploader, name));
	} else if (!strcmp(command, "forget")) {
		uploader_forget(uploader, name);
		put_result(command, 0);
	} else if (!strcmp(command, "status")) {
		uploader_status(uploader, name, &status);
		put_status("status", name, &status);
	} else if (!strcmp(command, "counts")) {
		put_counts(uploader);
	} else {
		put_result("unknown command", 0);
	}
}

static void offer_all(struct uploader *uploader, const char *path)
{
	DIR *dir = opendir(path);
	char name[NAME_BYTES];
	enum name_kind kind;

	for (struct dirent *e; dir && (e = readdir(dir));) {
		if (name_parse(e->d_name, name, &kind) && kind == NAME_FINAL)
			uploader_finished(uploader, name, &meta);
	}
	if (dir)
		closedir(dir);
}

int main(int argc, char **argv)
{
	struct uploader_cfg cfg = { .on_done = on_done };
	const char *path = NULL;
	struct uploader *uploader;
	struct conf *conf;
	bool scan = false;
	char line[1024], command[32], name[NAME_BYTES];

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--config") && i + 1 < argc)
			path = argv[++i];
		else if (!strcmp(argv[i], "--stall") && i + 1 < argc)
			cfg.stall_s = (unsigned)atoi(argv[++i]);
		else if (!strcmp(argv[i], "--scan"))
			scan = true;
	}
	if (!path || conf_load(&conf, path, stderr))
		return 2;
	log_setup("upload_driver", (enum log_level)conf->log_level, LOG_FORMAT_TEXT);
	cfg.conf = conf;
	if (uploader_create(&uploader, &cfg)) {
		conf_free(conf);
		return 1;
	}
	if (scan)
		offer_all(uploader, conf->record_dir);
	put_result("ready", 0);
	while (fgets(line, sizeof(line), stdin)) {
		uint64_t bytes = 0;

		name[0] = '\0';
		if (sscanf(line, "%31s %200s %" SCNu64, command, name, &bytes) < 1)
			continue;
		if (!strcmp(command, "quit"))
			break;
		obey(uploader, command, name, bytes);
	}
	uploader_free(uploader);
	conf_free(conf);
	return 0;
}
