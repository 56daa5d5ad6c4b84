/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/filer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/log.h"
#include "writers/filer_job.h"

#define CLOSERS     3 /* closing waits for the disk most of the time: several journal commits join into one */
#define CLOSER_NICE 5 /* digests give way to writers */

/* Jobs that wait for a thread, first in first out. */
struct queue {
	struct filer_file *first, *last;
	pthread_cond_t filled;
};

struct filer {
	struct filer_cfg cfg;
	pthread_mutex_t lock;
	struct queue opens, closes;
	pthread_t opener, closers[CLOSERS];
	unsigned closer_count;
	unsigned under_way; /* jobs that have not come back */
	pthread_cond_t all_back;
	bool opener_runs, stopping;
};

struct filer_file *filer_file_new(void)
{
	struct filer_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->fd = file->journal_fd = -1;
	atomic_init(&file->refs, 1);
	return file;
}

struct filer_file *filer_file_ref(struct filer_file *file)
{
	atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
	return file;
}

void filer_file_unref(struct filer_file *file)
{
	/* acquire and release: whoever frees sees what the others wrote. A chain of files goes link by link.
	 */
	while (file && atomic_fetch_sub_explicit(&file->refs, 1, memory_order_acq_rel) == 1) {
		struct filer_file *previous = file->previous;

		if (file->fd >= 0)
			close(file->fd);
		if (file->journal_fd >= 0)
			close(file->journal_fd);
		free(file->template);
		free(file->room);
		free(file->participant);
		free(file->track_id);
		free(file->session_id);
		free(file->meta);
		free(file->end);
		free(file);
		file = previous;
	}
}

static void mail_put(struct filer_mail *mail, struct filer_file *file)
{
	struct filer_file *top = atomic_load_explicit(&mail->top, memory_order_relaxed);

	do
		file->next_mail = top;
	/* release: pairs with the acquire in filer_mail_take, the answer is written */
	while (!atomic_compare_exchange_weak_explicit(
	        &mail->top, &top, file, memory_order_release, memory_order_relaxed));
}

struct filer_file *filer_mail_take(struct filer_mail *mail)
{
	struct filer_file *file, *first = NULL;

	if (!atomic_load_explicit(&mail->top, memory_order_relaxed))
		return NULL;
	/* acquire: pairs with the release in mail_put */
	file = atomic_exchange_explicit(&mail->top, NULL, memory_order_acquire);
	while (file) {
		struct filer_file *older = file->next_mail;
		file->next_mail = first;
		first = file;
		file = older;
	}
	return first;
}

void filer_submit(struct filer *filer, struct filer_file *file, enum filer_job job)
{
	struct queue *queue = job == FILER_OPEN ? &filer->opens : &filer->closes;

	file->job = job;
	file->next_job = NULL;
	pthread_mutex_lock(&filer->lock);
	if (queue->last)
		queue->last->next_job = file;
	else
		queue->first = file;
	queue->last = file;
	filer->under_way++;
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&filer->lock);
}

/* The file is the writer's again. */
static void give_back(struct filer *filer, struct filer_file *file)
{
	mail_put(file->mail, file);
	pthread_mutex_lock(&filer->lock);
	if (--filer->under_way == 0)
		pthread_cond_broadcast(&filer->all_back);
	pthread_mutex_unlock(&filer->lock);
}

void filer_wait(struct filer *filer)
{
	pthread_mutex_lock(&filer->lock);
	while (filer->under_way)
		pthread_cond_wait(&filer->all_back, &filer->lock);
	pthread_mutex_unlock(&filer->lock);
}

/* Take the queue's first job, or all of them; waits. NULL: the filer stops, and nothing more will come. */
static struct filer_file *take(struct filer *filer, struct queue *queue, bool all)
{
	struct filer_file *file;

	pthread_mutex_lock(&filer->lock);
	while (!queue->first && !filer->stopping)
		pthread_cond_wait(&queue->filled, &filer->lock);
	file = queue->first;
	if (file) {
		queue->first = all ? NULL : file->next_job;
		if (!queue->first)
			queue->last = NULL;
	}
	pthread_mutex_unlock(&filer->lock);
	return file;
}

static void open_one(struct filer *filer, struct filer_file *file)
{
	struct msg_file_state state;

	file->status = filer_job_open(filer->cfg.conf, file);
	filer_file_unref(file->previous);
	file->previous = NULL;
	if (file->status == 0 && filer->cfg.on_file) {
		filer_job_state(file, MSG_FILE_OPEN, "", &state);
		filer->cfg.on_file(filer->cfg.arg, &state);
	}
	give_back(filer, file);
}

static void settle_down(const struct filer *filer, const char *name)
{
	pthread_setname_np(pthread_self(), name);
	if (CPU_COUNT(&filer->cfg.cpus) > 0)
		pthread_setaffinity_np(pthread_self(), sizeof(filer->cfg.cpus), &filer->cfg.cpus);
}

/* The directory is synced once for all that were opened together, after they have gone back to work. */
static void *run_opener(void *arg)
{
	struct filer *filer = arg;
	struct filer_file *file, *next;

	settle_down(filer, "filer-open");
	while ((file = take(filer, &filer->opens, true))) {
		for (; file; file = next) {
			next = file->next_job;
			open_one(filer, file);
		}
		filer_job_sync_dir(filer->cfg.conf);
	}
	return NULL;
}

static void close_one(struct filer *filer, struct filer_file *file)
{
	struct msg_file_state state;

	file->status = filer_job_close(filer->cfg.conf, file, &state);
	if (filer->cfg.on_file)
		filer->cfg.on_file(filer->cfg.arg, &state);
	give_back(filer, file);
}

static void *run_closer(void *arg)
{
	struct filer *filer = arg;
	struct filer_file *file;

	settle_down(filer, "filer-close");
	setpriority(PRIO_PROCESS, (id_t)gettid(), CLOSER_NICE);
	while ((file = take(filer, &filer->closes, false))) {
		if (file->job == FILER_RESERVE) {
			filer_job_reserve(file);
			give_back(filer, file);
		} else {
			close_one(filer, file);
		}
	}
	return NULL;
}

int filer_create(struct filer **ret_filer, const struct filer_cfg *cfg)
{
	struct filer *filer = calloc(1, sizeof(*filer));
	int err;

	if (!filer)
		return -ENOMEM;
	filer->cfg = *cfg;
	pthread_mutex_init(&filer->lock, NULL);
	pthread_cond_init(&filer->opens.filled, NULL);
	pthread_cond_init(&filer->closes.filled, NULL);
	pthread_cond_init(&filer->all_back, NULL);
	err = pthread_create(&filer->opener, NULL, run_opener, filer);
	filer->opener_runs = !err;
	while (!err && filer->closer_count < CLOSERS) {
		err = pthread_create(&filer->closers[filer->closer_count], NULL, run_closer, filer);
		filer->closer_count += !err;
	}
	if (err) {
		filer_free(filer);
		return -err;
	}
	*ret_filer = filer;
	return 0;
}

void filer_free(struct filer *filer)
{
	if (!filer)
		return;
	pthread_mutex_lock(&filer->lock);
	filer->stopping = true;
	pthread_cond_broadcast(&filer->opens.filled);
	pthread_cond_broadcast(&filer->closes.filled);
	pthread_mutex_unlock(&filer->lock);
	if (filer->opener_runs)
		pthread_join(filer->opener, NULL);
	for (unsigned i = 0; i < filer->closer_count; i++)
		pthread_join(filer->closers[i], NULL);
	pthread_cond_destroy(&filer->opens.filled);
	pthread_cond_destroy(&filer->closes.filled);
	pthread_cond_destroy(&filer->all_back);
	pthread_mutex_destroy(&filer->lock);
	free(filer);
}
