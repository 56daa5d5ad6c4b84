/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/log.h"
#include "writers/writer_thread.h"

#define COMMANDS     4096
#define VIDEO_WEIGHT 16 /* tracks of audio that make as much work as one of video */

struct writer_pool {
	struct writer_cfg cfg;
	struct filer *filer;
	struct writer_entry **entries; /* by stat_index */
	unsigned entry_count;
	struct writer_thread threads[LIMIT_WRITERS];
	unsigned thread_count;
	unsigned load[LIMIT_WRITERS]; /* the command thread's */
};

/* The CPUs of writers and filer: dataplane.writer_cpus, or all that no poll loop has. The caller's own
 * affinity says nothing: it may be pinned to its poll loop. */
static void choose_cpus(const struct conf *conf, cpu_set_t *ret_cpus)
{
	long all = sysconf(_SC_NPROCESSORS_CONF);
	unsigned cpus[CPU_SETSIZE];
	int n;

	CPU_ZERO(ret_cpus);
	n = conf->dataplane_writer_cpus ? conf_cpus(conf->dataplane_writer_cpus, cpus, CPU_SETSIZE) : 0;
	for (int i = 0; i < n; i++)
		CPU_SET(cpus[i], ret_cpus);
	if (n > 0)
		return;
	for (long i = 0; i < all && i < CPU_SETSIZE; i++)
		CPU_SET((unsigned)i, ret_cpus);
	n = conf->dataplane_lcores ? conf_cpus(conf->dataplane_lcores, cpus, CPU_SETSIZE) : 0;
	for (int i = 0; i < n && CPU_COUNT(ret_cpus) > 1; i++)
		CPU_CLR(cpus[i], ret_cpus);
}

/* Everything of a thread that can be made before it runs. */
static int prepare_thread(struct writer_pool *pool, unsigned index, const cpu_set_t *cpus)
{
	struct writer_thread *thread = &pool->threads[index];
	const struct writer_cfg *cfg = &pool->cfg;
	int err = 0;

	thread->cfg = cfg;
	thread->entries = pool->entries;
	thread->filer = pool->filer;
	thread->index = index;
	thread->cpus = *cpus;
	thread->block_bytes =
	        ((uint64_t)cfg->conf->dataplane_block_mb << 20) / (uint64_t)cfg->conf->dataplane_writers;
	thread->slot = stat_slot(cfg->stat, STAT_SCOPE_WRITER, index);
	thread->bin.release = cfg->release;
	thread->bin.arg = cfg->release_arg;
	sem_init(&thread->ready, 0, 0);
	thread->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pool->thread_count++; /* from here on writer_pool_free tidies up */
	if (!thread->slot)
		return -EINVAL;
	if (thread->event_fd < 0)
		return -errno;
	thread->inputs = calloc(cfg->inputs, sizeof(*thread->inputs));
	if (!thread->inputs)
		return -ENOMEM;
	for (unsigned i = 0; i < cfg->inputs && !err; i++)
		err = spsc_create(&thread->inputs[i], cfg->ring_pkts);
	if (!err)
		err = spsc_create(&thread->commands, COMMANDS);
	if (!err)
		err = deadline_init(&thread->deadlines, pool->entry_count);
	return err;
}

static int start(struct writer_pool *pool)
{
	const struct conf *conf = pool->cfg.conf;
	struct filer_cfg filer = {
		.conf = conf, .on_file = pool->cfg.events.on_file, .arg = pool->cfg.events.arg
	};
	int err;

	choose_cpus(conf, &filer.cpus);
	err = filer_create(&pool->filer, &filer);
	if (err) {
		log_error("no filer threads: %s", strerror(-err));
		return err;
	}
	for (unsigned i = 0; i < (unsigned)conf->dataplane_writers; i++) {
		err = prepare_thread(pool, i, &filer.cpus);
		if (err) {
			log_error("writer %u cannot be made: %s", i, strerror(-err));
			return err;
		}
		err = pool->cfg.stepped ? writer_thread_adopt(&pool->threads[i])
		                        : writer_thread_start(&pool->threads[i]);
		if (err)
			return err;
	}
	return 0;
}

int writer_pool_create(struct writer_pool **ret_pool, const struct writer_cfg *cfg)
{
	struct writer_pool *pool = calloc(1, sizeof(*pool));
	int err = -ENOMEM;

	if (!pool)
		return -ENOMEM;
	pool->cfg = *cfg;
	pool->entry_count = stat_instances(cfg->stat, STAT_SCOPE_TRACK);
	pool->entries = calloc(pool->entry_count, sizeof(*pool->entries));
	if (pool->entries)
		err = start(pool);
	if (err) {
		writer_pool_free(pool);
		return err;
	}
	*ret_pool = pool;
	return 0;
}

static void tidy_thread(struct writer_pool *pool, struct writer_thread *thread)
{
	for (unsigned i = 0; thread->inputs && i < pool->cfg.inputs; i++)
		spsc_free(thread->inputs[i]);
	free(thread->inputs);
	spsc_free(thread->commands);
	deadline_free(&thread->deadlines);
	sem_destroy(&thread->ready);
	if (thread->event_fd >= 0)
		close(thread->event_fd);
}

void writer_pool_free(struct writer_pool *pool)
{
	if (!pool)
		return;
	for (unsigned i = 0; i < pool->thread_count; i++)
		if (pool->threads[i].running)
			writer_thread_command(&pool->threads[i], WRITER_STOP, NULL);
	for (unsigned i = 0; i < pool->thread_count; i++) {
		if (pool->cfg.stepped && pool->threads[i].storage)
			writer_thread_leave(&pool->threads[i]);
		if (pool->threads[i].running)
			pthread_join(pool->threads[i].thread, NULL);
		tidy_thread(pool, &pool->threads[i]);
	}
	filer_free(pool->filer);
	free(pool->entries);
	free(pool);
}

void writer_pool_settle(struct writer_pool *pool)
{
	for (unsigned i = 0; i < pool->thread_count; i++)
		writer_thread_settle(&pool->threads[i]);
}

unsigned writer_pick(const struct writer_pool *pool)
{
	unsigned best = 0;

	for (unsigned i = 1; i < pool->thread_count; i++)
		if (pool->load[i] < pool->load[best])
			best = i;
	return best;
}

struct spsc *writer_input(struct writer_pool *pool, unsigned writer, unsigned input)
{
	return pool->threads[writer].inputs[input];
}

static unsigned weight(const struct track_cfg *cfg)
{
	return codec_info(cfg->codec)->video ? VIDEO_WEIGHT : 1;
}

int writer_track_open(
        struct writer_pool *pool, unsigned writer, const struct track_cfg *cfg, struct track **ret_track)
{
	struct writer_thread *thread = &pool->threads[writer];
	struct writer_entry *entry;
	struct track *track;
	int err;

	if (cfg->stat_index >= pool->entry_count || pool->entries[cfg->stat_index])
		return -EINVAL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	err = track_create(&track, cfg);
	if (err) {
		free(entry);
		return err;
	}
	entry->track = track;
	entry->thread = thread;
	entry->deadline.due_ns = DEADLINE_NEVER;
	entry->frames_counted = stat_get(cfg->slot, STAT_TRACK_frames);
	track_attach(track, thread->storage, &thread->bin);
	/* Packets find the entry by the track's index: it has to be there before any of them, which the rings
	 * see to. */
	pool->entries[cfg->stat_index] = entry;
	pool->load[writer] += weight(cfg);
	writer_thread_command(thread, WRITER_TRACK_OPEN, entry);
	*ret_track = track;
	return 0;
}

void writer_track_close(struct writer_pool *pool, struct track *track, const char *reason)
{
	const struct track_cfg *cfg = track_cfg(track);
	struct writer_entry *entry = pool->entries[cfg->stat_index];

	snprintf(entry->reason, sizeof(entry->reason), "%s", reason);
	pool->load[entry->thread->index] -= weight(cfg);
	writer_thread_command(entry->thread, WRITER_TRACK_CLOSE, entry);
}
