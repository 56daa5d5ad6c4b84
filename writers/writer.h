/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer threads: the folder's face to the dataplane.
 *
 * Each thread takes packets from one ring an lcore, runs its tracks over them (reorder, depacketize, mux),
 * and writes blocks with its own io_uring. What blocks (opening, fdatasync at close, hashing, renaming) is
 * done by the filer's threads (writers/filer.h), so a slow file holds up nobody else's packets.
 */
#ifndef WRITERS_WRITER_H
#define WRITERS_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/conf.h"
#include "base/msg.h"
#include "base/spsc.h"
#include "base/stat.h"
#include "writers/packet.h"
#include "writers/track.h"

struct writer_pool;

/* What writers report; called on a writer's or filer's thread, must be quick and must not call back. */
struct writer_events {
	/* A file was begun, finished or failed; @file is complete but for head. */
	void (*on_file)(void *arg, const struct msg_file_state *file);
	/* A track cannot go on (disk full, directory gone): @why. Its session has to be closed. */
	void (*on_track_failed)(void *arg, struct track *track, const char *why);
	/* After writer_track_close: all its files are durable or failed, and the track is about to be freed.
	 * @cookie is track_cfg's. */
	void (*on_track_closed)(void *arg, void *cookie, int status);
	/* Called first and last on each writer thread (not on the filer's), NULL if not wanted. */
	void (*thread_enter)(void *arg);
	void (*thread_leave)(void *arg);
	void *arg;
};

struct writer_cfg {
	const struct conf *conf;   /* record, dataplane.writers, writer_cpus, block_mb, hugepages */
	unsigned inputs;           /* lcores: each has one ring to each writer */
	unsigned ring_pkts;        /* slots of such a ring */
	struct stat_segment *stat; /* WRITER and TRACK slots are written */
	bool stepped; /* no thread of its own for any writer: the caller runs them by writer_pool_settle */
	packet_release_fn *release;
	void *release_arg;
	struct writer_events events;
};

/* Create blocks, rings, filer and threads. 0 or -errno (logged, with what to do: memlock limit, huge pages,
 * io_uring). Parts of an earlier run are not touched: see writers/repair.h, which runs before. */
int writer_pool_create(struct writer_pool **ret_pool, const struct writer_cfg *cfg);

/* Close every track, wait until all files are durable, end the threads. No lcore may send any more. NULL is
 * allowed. */
void writer_pool_free(struct writer_pool *pool);

/* Stepped writers: take all that is in the rings and all that is due by clk_mono_ns, and wait for the disk
 * until nothing is left to be done. So what becomes of the packets depends on that clock, and on how fast
 * neither the disk nor this machine is. */
void writer_pool_settle(struct writer_pool *pool);

/* The writer with the least to do; then its ring from lcore @input. Command thread. */
unsigned writer_pick(const struct writer_pool *pool);
struct spsc *writer_input(struct writer_pool *pool, unsigned writer, unsigned input);

/* Make a track and hand it to its writer; packets may follow at once. 0, -ENOMEM, -EINVAL. Command thread. */
int writer_track_open(
        struct writer_pool *pool, unsigned writer, const struct track_cfg *cfg, struct track **ret_track);

/* No packet of the track will be put into a ring any more: take what is still in the rings, then finalise its
 * file. on_track_closed follows. @reason goes into the sidecar. Command thread. */
void writer_track_close(struct writer_pool *pool, struct track *track, const char *reason);

#endif
