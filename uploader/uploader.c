/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/uploader.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/x509.h>
#include "base/clk.h"
#include "base/log.h"
#include "uploader/uploader_internal.h"
#include "uploader/worker.h"

#define MIB             (1ull << 20)
#define DEFAULT_STALL_S 30
#define WORKER_STACK    (512u << 10)

const char *uploader_state_name(enum uploader_state state)
{
	static const char *const names[] = { [UPLOADER_NONE] = "none",
		[UPLOADER_QUEUED] = "queued",
		[UPLOADER_ACTIVE] = "active",
		[UPLOADER_RETRYING] = "retrying",
		[UPLOADER_STOPPED] = "stopped",
		[UPLOADER_DONE] = "done" };

	return names[state];
}

/* The tree holds addresses of `name` fields. */
static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct transfer *of_key(void *key)
{
	return (struct transfer *)((char *)key - offsetof(struct transfer, name));
}

struct transfer *uploader_find(struct uploader *u, const char *name)
{
	void *node = tfind(&name, &u->by_name, compare_names);

	return node ? of_key(*(void **)node) : NULL;
}

static bool ca_file_is_good(const char *path)
{
	X509_STORE *store = X509_STORE_new();
	bool good = store && X509_STORE_load_file(store, path);

	X509_STORE_free(store);
	return good;
}

static int check_cfg(struct uploader *u)
{
	const struct conf *conf = u->cfg.conf;
	const char *why = NULL;

	if (s3_store_init(&u->store, conf, &why)) {
		log_error("uploads cannot be set up: %s", why);
		return -EINVAL;
	}
	if (conf->s3_use_ssl && conf->s3_ca_file[0] && !ca_file_is_good(conf->s3_ca_file)) {
		log_error(
		        "uploads cannot be set up: s3.ca_file %s is not a readable PEM file of certificates",
		        conf->s3_ca_file);
		return -EINVAL;
	}
	u->task_env.dir = open(conf->record_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u->task_env.dir < 0) {
		log_error("uploads cannot be set up: record.dir %s: %s", conf->record_dir, strerror(errno));
		return -EINVAL;
	}
	if (!conf->s3_path_style && u->store.path_style)
		log_info("object store: path-style addresses are used, the bucket or the endpoint do not fit "
		         "virtual hosts");
	return 0;
}

static int set_up_curl(struct uploader *u)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_error("uploads cannot be set up: libcurl does not start");
		return -EINVAL;
	}
	u->task_env.exchange.multi = curl_multi_init();
	if (!u->task_env.exchange.multi)
		return -ENOMEM;
	curl_multi_setopt(u->task_env.exchange.multi, CURLMOPT_MAXCONNECTS, (long)u->task_count);
	return 0;
}

static void set_up_env(struct uploader *u)
{
	const struct conf *conf = u->cfg.conf;

	u->bounds.min_ns = (uint64_t)conf->upload_min_retry_ms * CLK_NS_PER_MS;
	u->bounds.max_ns = (uint64_t)conf->upload_max_retry_ms * CLK_NS_PER_MS;
	u->task_env.store = &u->store;
	u->task_env.wait_for_go = true;
	u->task_env.exchange.ca_file = conf->s3_ca_file;
	u->task_env.exchange.stall_s = u->cfg.stall_s ? u->cfg.stall_s : DEFAULT_STALL_S;
	u->transfer_env.task = &u->task_env;
	u->transfer_env.part_size = (uint64_t)conf->upload_part_size_mb * MIB;
	u->transfer_env.max_size = (uint64_t)conf->record_max_size_mb * MIB;
	u->store_usable = true;
}

static int start_thread(struct uploader *u)
{
	pthread_attr_t attr;
	sigset_t all, before;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	/* Signals are the process's business; a TLS connection that is cut raises SIGPIPE in the thread that
	 * writes. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&u->thread, &attr, worker_run, u);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	u->running = !error;
	return error ? -ENOMEM : 0;
}

int uploader_create(struct uploader **ret_uploader, const struct uploader_cfg *cfg)
{
	struct uploader *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->cfg = *cfg;
	u->task_env.dir = -1;
	pthread_mutex_init(&u->lock, NULL);
	TAILQ_INIT(&u->inbox);
	TAILQ_INIT(&u->unfinished);
	TAILQ_INIT(&u->fresh);
	TAILQ_INIT(&u->ready);
	TAILQ_INIT(&u->waiting);
	u->task_count = (unsigned)cfg->conf->upload_parallel_parts;
	u->tasks = calloc(u->task_count, sizeof(*u->tasks));
	int error = u->tasks ? check_cfg(u) : -ENOMEM;
	set_up_env(u);
	if (!error)
		error = set_up_curl(u);
	if (!error)
		error = start_thread(u);
	if (error)
		uploader_free(u);
	else
		*ret_uploader = u;
	return error;
}

static void free_key(void *key)
{
	transfer_free(of_key(key));
}

void uploader_free(struct uploader *uploader)
{
	struct uploader *u = uploader;
	struct transfer *t;

	if (!u)
		return;
	if (u->running) {
		pthread_mutex_lock(&u->lock);
		u->stop = true;
		pthread_mutex_unlock(&u->lock);
		curl_multi_wakeup(u->task_env.exchange.multi);
		pthread_join(u->thread, NULL);
	}
	while ((t = TAILQ_FIRST(&u->inbox))) {
		TAILQ_REMOVE(&u->inbox, t, in.link);
		if (t->in.forgotten) /* no longer in the tree */
			transfer_free(t);
	}
	for (unsigned i = 0; u->tasks && i < u->task_count; i++)
		exchange_free(&u->tasks[i].exchange);
	tdestroy(u->by_name, free_key);
	if (u->task_env.exchange.multi)
		curl_multi_cleanup(u->task_env.exchange.multi);
	if (u->task_env.dir >= 0)
		close(u->task_env.dir);
	pthread_mutex_destroy(&u->lock);
	free(u->tasks);
	free(u);
}

/* Have the thread look at what was said to @t. The lock is held. */
static void tell(struct uploader *u, struct transfer *t)
{
	if (!t->in.queued) {
		t->in.queued = true;
		TAILQ_INSERT_TAIL(&u->inbox, t, in.link);
	}
	curl_multi_wakeup(u->task_env.exchange.multi);
}

static struct transfer *add(struct uploader *u, const char *name, const struct uploader_meta *meta)
{
	struct transfer *t;

	if (transfer_create(&t, name, meta))
		return NULL;
	if (!tsearch(&t->name, &u->by_name, compare_names)) {
		transfer_free(t);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&u->unfinished, t, all);
	t->listed = true;
	u->in_state[t->pub.state]++;
	return t;
}

static int offer(
        struct uploader *u, const char *name, uint64_t bytes, bool finished, const struct uploader_meta *meta)
{
	if (!name_valid(name) || strlen(name) >= NAME_BYTES)
		return -EINVAL;
	pthread_mutex_lock(&u->lock);
	struct transfer *t = uploader_find(u, name);
	if (!t)
		t = add(u, name, meta);
	if (t && finished && !t->in.finished)
		t->in.finished_ns = clk_mono_ns();
	if (t && (finished || !t->in.finished)) {
		t->in.finished = finished;
		t->in.bytes = bytes;
		t->in.offered = true;
		tell(u, t);
	}
	pthread_mutex_unlock(&u->lock);
	return t ? 0 : -ENOMEM;
}

int uploader_growing(
        struct uploader *uploader, const char *name, uint64_t bytes, const struct uploader_meta *meta)
{
	return offer(uploader, name, bytes, false, meta);
}

int uploader_finished(struct uploader *uploader, const char *name, const struct uploader_meta *meta)
{
	return offer(uploader, name, 0, true, meta);
}

void uploader_forget(struct uploader *uploader, const char *name)
{
	struct uploader *u = uploader;

	if (!name_valid(name) || strlen(name) >= NAME_BYTES)
		return;
	pthread_mutex_lock(&u->lock);
	struct transfer *t = uploader_find(u, name);
	/* A recording that nobody offered since the start may have a ledger too. */
	if (!t)
		t = add(u, name, NULL);
	if (t) {
		tdelete(&t->name, &u->by_name, compare_names);
		if (t->listed)
			TAILQ_REMOVE(&u->unfinished, t, all);
		t->listed = false;
		u->in_state[t->pub.state]--;
		u->forgotten_bytes += t->accounted;
		t->accounted = 0;
		backlog_recount(&u->backlog, t);
		t->in.forgotten = true;
		tell(u, t);
	}
	pthread_mutex_unlock(&u->lock);
}

int uploader_retry(struct uploader *uploader, const char *name)
{
	pthread_mutex_lock(&uploader->lock);
	struct transfer *t = uploader_find(uploader, name);
	if (t) {
		t->in.retry = true;
		tell(uploader, t);
	}
	pthread_mutex_unlock(&uploader->lock);
	return t ? 0 : -ENOENT;
}

int uploader_status(struct uploader *uploader, const char *name, struct uploader_status *ret_status)
{
	pthread_mutex_lock(&uploader->lock);
	struct transfer *t = uploader_find(uploader, name);
	if (t) {
		const struct transfer_public *pub = &t->pub;

		memset(ret_status, 0, sizeof(*ret_status));
		ret_status->state = pub->state;
		ret_status->bytes_done = pub->bytes_done;
		ret_status->bytes_total = pub->bytes_total;
		ret_status->tries = pub->tries;
		ret_status->next_try_unix_ns = pub->next_try_unix_ns;
		ret_status->finished_unix_ns = pub->finished_unix_ns;
		ret_status->took_ns = pub->took_ns;
		snprintf(ret_status->key, sizeof(ret_status->key), "%s%s", uploader->cfg.conf->s3_prefix,
		        name);
		snprintf(ret_status->etag, sizeof(ret_status->etag), "%s", pub->etag);
		snprintf(ret_status->error, sizeof(ret_status->error), "%s", pub->error ? pub->error : "");
	}
	pthread_mutex_unlock(&uploader->lock);
	return t ? 0 : -ENOENT;
}

void uploader_counts(struct uploader *uploader, struct uploader_counts *ret_counts)
{
	struct uploader *u = uploader;
	struct transfer *t;
	uint64_t oldest = 0;

	pthread_mutex_lock(&u->lock);
	TAILQ_FOREACH(t, &u->unfinished, all)
	{
		uint64_t started = t->meta.started_unix_ns;

		if (started && (!oldest || started < oldest))
			oldest = started;
	}
	*ret_counts = (struct uploader_counts){ .queued = u->in_state[UPLOADER_QUEUED],
		.active = u->in_state[UPLOADER_ACTIVE],
		.retrying = u->in_state[UPLOADER_RETRYING],
		.stopped = u->in_state[UPLOADER_STOPPED],
		.done = u->done,
		.failures = u->failures,
		.bytes_sent = u->bytes_sent,
		.waiting_bytes = u->backlog.waiting,
		.oldest_unix_ns = oldest,
		.store_usable = u->store_usable };
	snprintf(ret_counts->last_error, sizeof(ret_counts->last_error), "%s", u->last_error);
	pthread_mutex_unlock(&u->lock);
}

void uploader_backlog(struct uploader *uploader, struct uploader_backlog *ret_backlog)
{
	struct uploader *u = uploader;

	pthread_mutex_lock(&u->lock);
	*ret_backlog = (struct uploader_backlog){ .sent_bytes = u->bytes_sent,
		.waiting_bytes = u->backlog.waiting,
		.held_bytes = u->backlog.pending + u->backlog.failed };
	pthread_mutex_unlock(&u->lock);
}

void uploader_account(struct uploader *uploader, struct uploader_account *ret_account)
{
	struct uploader *u = uploader;

	pthread_mutex_lock(&u->lock);
	*ret_account = (struct uploader_account){ .offered = u->offered_bytes,
		.objects = u->object_bytes,
		.pending = u->backlog.pending,
		.failed = u->backlog.failed,
		.forgotten = u->forgotten_bytes };
	pthread_mutex_unlock(&u->lock);
}
