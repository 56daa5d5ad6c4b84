/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/storage.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "base/clk.h"
#include "base/log.h"
#include "base/stat.h"
#include "writers/segment.h"
#include "writers/strain.h"

#define URING_ENTRIES 256
#define BUFFERS_MAX   1024
#define FILES_BESIDE  1024
#define FILES_MAX     (1u << 18)
#define RETRY_NS      (2 * CLK_NS_PER_MS)
#define CHAIN_BUCKETS 1024

/* The files of one track, which follow each other. */
struct chain {
	struct chain *next;
	const void *track_arg;
	struct filer_file *last;
	unsigned files; /* not closed yet */
	int status;
};

struct timers {
	struct storage_timer *first, *last;
	uint64_t interval_ns;
};

struct storage {
	struct storage_cfg cfg;
	struct block_pool *blocks;
	struct uring *uring;
	struct timers timers[STORAGE_LISTS];
	struct filer_mail mail;
	struct strain strain;
	uint64_t strain_drops; /* drop_no_block when it began */
	uint64_t now_ns;
	unsigned files;
	struct chain *chains[CHAIN_BUCKETS];
};

static void explain(int err)
{
	if (err == -ENOSYS || err == -EPERM || err == -EACCES)
		log_error("io_uring is not allowed here (%s): set kernel.io_uring_disabled=0, and look at "
		          "seccomp",
		        strerror(-err));
	else
		log_error("no io_uring: %s", strerror(-err));
}

static int create_blocks(struct storage *storage, const struct storage_cfg *cfg)
{
	enum conf_hugepages wish = (enum conf_hugepages)cfg->conf->dataplane_hugepages;
	int err = block_pool_create(&storage->blocks, cfg->block_bytes, wish);

	if (err) {
		log_error("no memory for %llu MiB of blocks: %s; lower dataplane.block_mb%s",
		        (unsigned long long)(cfg->block_bytes >> 20), strerror(-err),
		        wish == CONF_HUGEPAGES_ON ? ", or reserve more huge pages (vm.nr_hugepages)" : "");
		return err;
	}
	if (wish == CONF_HUGEPAGES_AUTO && !block_in_hugepages(storage->blocks))
		log_warn("no huge pages left for blocks, plain pages it is: vm.nr_hugepages could be %llu "
		         "more",
		        (unsigned long long)(cfg->block_bytes >> 21));
	return 0;
}

/* Descriptors that may have to be written: two a track's file, and what else is open. */
static unsigned files_at_most(const struct conf *conf)
{
	struct rlimit limit = { .rlim_cur = 0 };
	uint64_t files = 4 * (uint64_t)conf->dataplane_max_tracks + FILES_BESIDE;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (files > limit.rlim_cur)
		files = limit.rlim_cur;
	return files < FILES_MAX ? (unsigned)files : FILES_MAX;
}

static int create_uring(struct storage *storage, const struct storage_cfg *cfg)
{
	struct iovec buffers[BUFFERS_MAX];
	struct uring_cfg uring_cfg = {
		.entries = URING_ENTRIES,
		.buffers = buffers,
		.buffer_count = block_buffers(storage->blocks, buffers, BUFFERS_MAX),
		.files = files_at_most(cfg->conf),
		.sqpoll = cfg->conf->dataplane_uring_sqpoll,
		.slot = cfg->slot,
	};
	int err = uring_create(&storage->uring, &uring_cfg);

	if (err) {
		explain(err);
		return err;
	}
	if (uring_registered(storage->uring) < 0)
		log_warn("blocks are not registered with io_uring (%s), writes cost more: raise the memlock "
		         "limit "
		         "(LimitMEMLOCK=infinity)",
		        strerror(-uring_registered(storage->uring)));
	if (uring_files(storage->uring) < 0)
		log_info("files are not registered with io_uring (%s): writes cost a little more; kernels "
		         "from 5.19 "
		         "on can",
		        strerror(-uring_files(storage->uring)));
	if (cfg->conf->dataplane_uring_sqpoll && !uring_sqpoll(storage->uring))
		log_warn("dataplane.uring_sqpoll: the kernel does not let us, writes are submitted by system "
		         "calls");
	return 0;
}

int storage_create(struct storage **ret_storage, const struct storage_cfg *cfg)
{
	struct storage *storage = calloc(1, sizeof(*storage));
	int err = storage ? 0 : -ENOMEM;

	if (err)
		return err;
	storage->cfg = *cfg;
	storage->now_ns = clk_mono_ns();
	storage->timers[STORAGE_FLUSH].interval_ns = segment_flush_ns(cfg->conf);
	storage->timers[STORAGE_SYNC].interval_ns =
	        (uint64_t)cfg->conf->record_sync_interval_ms * CLK_NS_PER_MS;
	storage->timers[STORAGE_RETRY].interval_ns = RETRY_NS;
	err = create_blocks(storage, cfg);
	if (!err)
		err = create_uring(storage, cfg);
	if (err) {
		storage_free(storage);
		return err;
	}
	*ret_storage = storage;
	return 0;
}

void storage_free(struct storage *storage)
{
	if (!storage)
		return;
	assert(storage->files == 0);
	for (unsigned i = 0; i < CHAIN_BUCKETS; i++)
		while (storage->chains[i])
			storage_forget(storage, storage->chains[i]->track_arg);
	uring_free(storage->uring);
	block_pool_free(storage->blocks);
	free(storage);
}

void storage_arm(struct storage *storage, enum storage_list list, struct storage_timer *timer)
{
	struct timers *timers = &storage->timers[list];

	if (timer->armed)
		return;
	timer->armed = true;
	timer->list = list;
	timer->due_ns = storage->now_ns + timers->interval_ns;
	timer->next = NULL;
	timer->prev = timers->last;
	if (timers->last)
		timers->last->next = timer;
	else
		timers->first = timer;
	timers->last = timer;
}

void storage_disarm(struct storage *storage, struct storage_timer *timer)
{
	struct timers *timers = &storage->timers[timer->list];

	if (!timer->armed)
		return;
	timer->armed = false;
	if (timer->prev)
		timer->prev->next = timer->next;
	else
		timers->first = timer->next;
	if (timer->next)
		timer->next->prev = timer->prev;
	else
		timers->last = timer->prev;
}

static unsigned fire_timers(struct storage *storage, struct timers *timers)
{
	unsigned fired = 0;

	while (timers->first && timers->first->due_ns <= storage->now_ns) {
		struct storage_timer *timer = timers->first;

		storage_disarm(storage, timer);
		timer->fire(timer);
		fired++;
	}
	return fired;
}

static unsigned take_mail(struct storage *storage)
{
	struct filer_file *file = filer_mail_take(&storage->mail), *next;
	unsigned taken = 0;

	for (; file; file = next, taken++) {
		next = file->next_mail;
		file->returned(file, file->job);
	}
	return taken;
}

static uint64_t drops(const struct storage *storage)
{
	return storage->cfg.slot ? stat_get(storage->cfg.slot, STAT_WRITER_drop_no_block) : 0;
}

static void watch_strain(struct storage *storage)
{
	const struct conf *conf = storage->cfg.conf;
	uint64_t oldest = uring_oldest_ns(storage->uring);
	const struct strain_look look = {
		.now_ns = storage->now_ns,
		.block_bytes = block_bytes_in_use(storage->blocks),
		.pool_bytes = block_pool_bytes(storage->blocks),
		.write_ns = oldest && oldest < storage->now_ns ? storage->now_ns - oldest : 0,
		.allowed_ns = (uint64_t)conf->record_flush_interval_ms * CLK_NS_PER_MS,
	};
	enum strain_change change = strain_look(&storage->strain, &look);

	if (change == STRAIN_BEGINS) {
		storage->strain_drops = drops(storage);
		log_warn(
		        "%s: the disk is slow: %llu of %llu MiB of blocks are taken, a write has taken %llu "
		        "ms "
		        "so far; when blocks run out, whole frames are left out: record on a faster disk, or "
		        "raise dataplane.block_mb",
		        conf->record_dir, (unsigned long long)(look.block_bytes >> 20),
		        (unsigned long long)(look.pool_bytes >> 20),
		        (unsigned long long)(look.write_ns / CLK_NS_PER_MS));
	} else if (change == STRAIN_ENDS) {
		log_warn("%s: the disk keeps up again, after %llu s; the longest write took %llu ms, %llu "
		         "frames were left out",
		        conf->record_dir,
		        (unsigned long long)((look.now_ns - storage->strain.since_ns) / CLK_NS_PER_S),
		        (unsigned long long)(storage->strain.longest_ns / CLK_NS_PER_MS),
		        (unsigned long long)(drops(storage) - storage->strain_drops));
	}
}

bool storage_poll(struct storage *storage, uint64_t now_mono_ns)
{
	unsigned done;

	storage->now_ns = now_mono_ns;
	done = uring_poll(storage->uring);
	done += take_mail(storage);
	for (unsigned i = 0; i < STORAGE_LISTS; i++)
		done += fire_timers(storage, &storage->timers[i]);
	if (done)
		uring_poll(storage->uring);
	watch_strain(storage);
	if (storage->cfg.slot) {
		stat_set(storage->cfg.slot, STAT_WRITER_blocks_in_use, block_in_use(storage->blocks));
		stat_set(storage->cfg.slot, STAT_WRITER_block_bytes, block_bytes_in_use(storage->blocks));
	}
	return done > 0;
}

void storage_wait(struct storage *storage)
{
	uring_drain(storage->uring);
	filer_wait(storage->cfg.filer);
}

static struct chain **find(struct storage *storage, const void *track_arg)
{
	uint64_t hash = (uint64_t)(uintptr_t)track_arg * 0x9E3779B97F4A7C15u; /* Fibonacci hashing */
	struct chain **at = &storage->chains[hash >> 54];

	static_assert(CHAIN_BUCKETS == 1 << 10, "the upper bits of the hash");
	while (*at && (*at)->track_arg != track_arg)
		at = &(*at)->next;
	return at;
}

unsigned storage_files(const struct storage *storage)
{
	return storage->files;
}

unsigned storage_track_files(const struct storage *storage, const void *track_arg)
{
	struct chain *chain = *find((struct storage *)storage, track_arg);

	return chain ? chain->files : 0;
}

void storage_forget(struct storage *storage, const void *track_arg)
{
	struct chain **at = find(storage, track_arg), *chain = *at;

	if (!chain)
		return;
	*at = chain->next;
	filer_file_unref(chain->last);
	free(chain);
}

int storage_file_begun(
        struct storage *storage, void *track_arg, struct filer_file *file, struct filer_file **ret_previous)
{
	struct chain **at = find(storage, track_arg), *chain = *at;

	if (!chain) {
		chain = calloc(1, sizeof(*chain));
		if (!chain)
			return -ENOMEM;
		chain->track_arg = track_arg;
		*at = chain;
	}
	*ret_previous = chain->last; /* the chain's reference goes along */
	chain->last = filer_file_ref(file);
	chain->files++;
	storage->files++;
	if (storage->cfg.slot)
		stat_set(storage->cfg.slot, STAT_WRITER_files_open, storage->files);
	return 0;
}

void storage_file_ended(struct storage *storage, void *track_arg, int status)
{
	struct chain *chain = *find(storage, track_arg);

	storage->files--;
	if (storage->cfg.slot)
		stat_set(storage->cfg.slot, STAT_WRITER_files_open, storage->files);
	if (!chain)
		return;
	if (!chain->status)
		chain->status = status;
	if (--chain->files == 0 && storage->cfg.on_idle)
		storage->cfg.on_idle(storage->cfg.arg, track_arg, chain->status);
}

const struct storage_cfg *storage_cfg(const struct storage *storage)
{
	return &storage->cfg;
}

struct block_pool *storage_blocks(struct storage *storage)
{
	return storage->blocks;
}

struct uring *storage_uring(struct storage *storage)
{
	return storage->uring;
}

struct filer_mail *storage_mail(struct storage *storage)
{
	return &storage->mail;
}

uint64_t storage_now_ns(const struct storage *storage)
{
	return storage->now_ns;
}

void storage_count(struct storage *storage, unsigned id, uint64_t n)
{
	if (storage->cfg.slot)
		stat_add(storage->cfg.slot, id, n);
}
