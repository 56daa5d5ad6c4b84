/* SPDX-License-Identifier: BSD-3-Clause */
#include "uploader/orphan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>
#include "base/log.h"
#include "base/name.h"
#include "uploader/ledger.h"

#define MAX_PAGES 1000 /* a million uploads: a store that says "truncated" for ever ends here */

enum job_kind { JOB_LIST, JOB_ABORT };

struct job {
	TAILQ_ENTRY(job) link;
	enum job_kind kind;
	char *name; /* ABORT; LIST: of one recording, NULL: of all under the prefix */
	char *id;   /* ABORT */
	bool forgotten;
	struct s3_page page; /* LIST: where to go on */
	unsigned pages;
};

struct orphans {
	struct orphans_cfg cfg;
	TAILQ_HEAD(, job) jobs;
	bool busy; /* the first job's request is under way */
	uint32_t tries;
	uint64_t next_ns;
};

static void job_free(struct job *job)
{
	free(job->name);
	free(job->id);
	free(job);
}

static struct job *add(struct orphans *o, enum job_kind kind, const char *name, const char *id)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->kind = kind;
	job->name = name ? strdup(name) : NULL;
	job->id = id ? strdup(id) : NULL;
	if ((name && !job->name) || (id && !job->id)) {
		job_free(job);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&o->jobs, job, link);
	return job;
}

void orphans_abort(struct orphans *orphans, const char *name, const char *id, bool forgotten)
{
	struct job *job = add(orphans, JOB_ABORT, name, id);

	if (job)
		job->forgotten = forgotten;
	else
		log_with(LOG_LEVEL_WARN, LOG_IDS(.record = name),
		        "upload of %s: no memory to have its parts removed; they stay until the next start",
		        name);
}

void orphans_look(struct orphans *orphans, const char *name)
{
	if (!add(orphans, JOB_LIST, name, NULL))
		log_with(LOG_LEVEL_WARN, LOG_IDS(.record = name),
		        "upload of %s: no memory to look for its stray parts; they stay until the next start",
		        name);
}

static bool exists(int dir, const char *name)
{
	int fd = task_open(dir, name);

	if (fd >= 0)
		close(fd);
	return fd != -ENOENT;
}

/* A ledger without its recording: what it began is aborted, then it goes. */
static void clear_ledger(struct orphans *o, const char *name)
{
	struct ledger ledger = { 0 };
	int dir = o->cfg.env->dir;

	if (!ledger_load(&ledger, dir, name) && ledger.upload_id && ledger.state != LEDGER_DONE)
		orphans_abort(o, name, ledger.upload_id, true);
	else
		ledger_remove(dir, name);
	ledger_free(&ledger);
}

/* No ledger is being written yet: what was half written when a process died goes too. */
static void scan(struct orphans *o)
{
	int dir = o->cfg.env->dir, fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char name[NAME_BYTES];
	enum name_kind kind;

	if (!d) {
		log_warn("record.dir cannot be read for ledgers left behind: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	for (struct dirent *e; (e = readdir(d));) {
		size_t len = strlen(e->d_name), end = strlen(LEDGER_NEW);

		if (e->d_name[0] == '.' && len > end && !strcmp(e->d_name + len - end, LEDGER_NEW))
			unlinkat(dir, e->d_name, 0);
		else if (name_parse(e->d_name, name, &kind) && kind == NAME_LEDGER && !exists(dir, name))
			clear_ledger(o, name);
	}
	closedir(d);
}

int orphans_create(struct orphans **ret_orphans, const struct orphans_cfg *cfg)
{
	struct orphans *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->cfg = *cfg;
	TAILQ_INIT(&o->jobs);
	scan(o);
	if (!add(o, JOB_LIST, NULL, NULL)) {
		orphans_free(o);
		return -ENOMEM;
	}
	*ret_orphans = o;
	return 0;
}

void orphans_free(struct orphans *orphans)
{
	struct job *job;

	if (!orphans)
		return;
	while ((job = TAILQ_FIRST(&orphans->jobs))) {
		TAILQ_REMOVE(&orphans->jobs, job, link);
		job_free(job);
	}
	free(orphans);
}

static char *key_of(const struct orphans *o, const char *name)
{
	char *key = NULL;

	return asprintf(&key, "%s%s", o->cfg.env->store->conf->s3_prefix, name ? name : "") < 0 ? NULL : key;
}

int orphans_next(struct orphans *orphans, uint64_t now_ns, struct task_order *ret_order)
{
	struct job *job = TAILQ_FIRST(&orphans->jobs);
	struct task_order order = { 0 };
	char *key;

	if (!job || orphans->busy || now_ns < orphans->next_ns || !(key = key_of(orphans, job->name)))
		return 0;
	if (job->kind == JOB_ABORT) {
		order.op = S3_ABORT;
		order.key = key;
		order.upload_id = strdup(job->id);
	} else {
		order.op = S3_LIST;
		order.prefix = key;
		order.key_marker = strdup(job->page.key_marker);
		order.id_marker = strdup(job->page.id_marker);
	}
	if (job->kind == JOB_ABORT ? !order.upload_id : !order.key_marker || !order.id_marker) {
		task_order_free(&order);
		return 0;
	}
	orphans->busy = true;
	*ret_order = order;
	return 1;
}

uint64_t orphans_due_ns(const struct orphans *orphans)
{
	return TAILQ_EMPTY(&orphans->jobs) || orphans->busy ? UINT64_MAX : orphans->next_ns;
}

static bool known_to_ledger(int dir, const char *name, const char *id)
{
	struct ledger ledger = { 0 };
	bool known = !ledger_load(&ledger, dir, name) && ledger.upload_id && !strcmp(ledger.upload_id, id);

	ledger_free(&ledger);
	return known;
}

static void judge_upload(void *arg, const struct s3_upload *upload)
{
	struct orphans *o = arg;
	const char *prefix = o->cfg.env->store->conf->s3_prefix;
	size_t len = strlen(prefix);

	if (strncmp(upload->key, prefix, len))
		return;
	const char *name = upload->key + len;
	if (!name_valid(name) || strlen(name) >= NAME_BYTES || !exists(o->cfg.env->dir, name))
		return;
	if (o->cfg.is_used(o->cfg.arg, name, upload->id) ||
	        known_to_ledger(o->cfg.env->dir, name, upload->id))
		return;
	log_with(LOG_LEVEL_INFO, LOG_IDS(.record = name),
	        "upload of %s: aborting one that nothing goes on with, begun earlier", name);
	orphans_abort(o, name, upload->id, false);
}

static void finish_job(struct orphans *o)
{
	struct job *job = TAILQ_FIRST(&o->jobs);

	TAILQ_REMOVE(&o->jobs, job, link);
	job_free(job);
	o->tries = 0;
	o->next_ns = 0;
}

/* A page of the list is there; the job stays when there is another. */
static void take_page(struct orphans *o, struct job *job, const struct exchange_reply *reply)
{
	struct s3_page page;
	bool moved;

	if (s3_xml_uploads(reply->body ? reply->body : "", reply->len, judge_upload, o, &page)) {
		log_warn("the store's list of uploads is not readable; uploads left behind stay");
		finish_job(o);
		return;
	}
	moved = strcmp(page.key_marker, job->page.key_marker) || strcmp(page.id_marker, job->page.id_marker);
	job->page = page;
	if (!page.truncated || !moved || ++job->pages >= MAX_PAGES)
		finish_job(o);
}

void orphans_result(struct orphans *orphans, const struct exchange_reply *reply,
        const struct s3_verdict *verdict, uint64_t now_ns)
{
	struct job *job = TAILQ_FIRST(&orphans->jobs);
	bool absent =
	        job->kind == JOB_ABORT && (verdict->outcome == S3_GONE || (reply && reply->status == 404));

	orphans->busy = false;
	if (verdict->outcome == S3_OK && job->kind == JOB_LIST) {
		orphans->tries = 0;
		take_page(orphans, job, reply);
	} else if (verdict->outcome == S3_OK || absent) {
		if (job->forgotten && !exists(orphans->cfg.env->dir, job->name))
			ledger_remove(orphans->cfg.env->dir, job->name);
		finish_job(orphans);
	} else if (verdict->slow) {
		log_warn("%s: %s; given up until the next start",
		        job->kind == JOB_LIST ? "listing uploads left behind"
		                              : "aborting an upload left behind",
		        verdict->reason);
		finish_job(orphans);
	} else {
		TAILQ_REMOVE(&orphans->jobs, job, link);
		TAILQ_INSERT_TAIL(&orphans->jobs, job, link);
		orphans->next_ns = now_ns + retry_wait_ns(&orphans->cfg.bounds, ++orphans->tries);
	}
}
