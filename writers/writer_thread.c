/* SPDX-License-Identifier: BSD-3-Clause */
#include "writers/writer_thread.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/log.h"
#include "base/stat.h"
#include "writers/track_state.h"

#define BURST          32
#define AHEAD_PACKET   12  /* packets ahead that one is fetched, */
#define AHEAD_TRACK    9   /* its track, */
#define AHEAD_FILE     6   /* what that has of its file, */
#define AHEAD_BYTES    3   /* and its payload and the place where that goes */
#define TURN_PKTS      128 /* of a ring, before the disk is looked at */
#define SPIN_LOOPS     16
#define REST_MIN_NS    50000
#define REST_MAX_NS    1000000
#define REST_SILENT_NS 2000000 /* when nothing has come for half a second */
#define SILENT_LOOPS   500
#define BLOCKED_MS     1000
#define COMMAND_BITS   3u

static struct writer_entry *entry_of(const struct writer_thread *thread, const struct track *track)
{
	return thread->entries[track_cfg(track)->stat_index];
}

static void count(struct writer_thread *thread, unsigned id, uint64_t n)
{
	stat_add(thread->slot, id, n);
}

/* After packets or a tick: when is it due, and how many frames have become whole. */
static void after_track(struct writer_thread *thread, struct writer_entry *entry)
{
	uint64_t due = track_deadline(entry->track);
	uint64_t frames = stat_get(track_cfg(entry->track)->slot, STAT_TRACK_frames);

	if (due < entry->deadline.due_ns)
		deadline_set(&thread->deadlines, &entry->deadline, due);
	count(thread, STAT_WRITER_frames, frames - entry->frames_counted);
	entry->frames_counted = frames;
}

/* What there is to fetch before packet @i of @n, which may be before the first. Of a thousand tracks none is
 * in a cache when its packet comes, nor are the packet's bytes or the place they go to: each is found by what
 * was fetched before it. */
static void prefetch(struct packet *const *packets, int i, int n)
{
	if (i + AHEAD_PACKET < n)
		__builtin_prefetch(packets[i + AHEAD_PACKET]);
	if (i + AHEAD_TRACK >= 0 && i + AHEAD_TRACK < n)
		track_prefetch(packets[i + AHEAD_TRACK]->track);
	if (i + AHEAD_FILE >= 0 && i + AHEAD_FILE < n)
		track_prefetch_file(packets[i + AHEAD_FILE]->track);
	if (i + AHEAD_BYTES >= 0 && i + AHEAD_BYTES < n)
		track_prefetch_bytes(packets[i + AHEAD_BYTES]);
}

static void run_burst(struct writer_thread *thread, struct packet **packets, unsigned n)
{
	struct track *track = NULL;

	for (int i = -AHEAD_PACKET; i < 0; i++)
		prefetch(packets, i, (int)n);
	for (unsigned i = 0; i < n; i++) {
		prefetch(packets, (int)i, (int)n);
		if (packets[i]->track != track && track)
			after_track(thread, entry_of(thread, track));
		track = packets[i]->track;
		track_packet(track, packets[i], thread->now_ns);
	}
	if (track)
		after_track(thread, entry_of(thread, track));
	count(thread, STAT_WRITER_pkts, n);
}

/* Up to @max packets of a ring. Returns how many there were. */
static unsigned drain(struct writer_thread *thread, struct spsc *ring, unsigned max)
{
	void *packets[BURST];
	unsigned done = 0, n;

	while (done < max && (n = spsc_take(ring, packets, max - done < BURST ? max - done : BURST)) > 0) {
		run_burst(thread, (struct packet **)packets, n);
		done += n;
	}
	return done;
}

static bool take_packets(struct writer_thread *thread)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < thread->cfg->inputs; i++)
		taken += drain(thread, thread->inputs[i], TURN_PKTS);
	return taken > 0;
}

static void queue_closed(struct writer_thread *thread, struct writer_entry *entry)
{
	entry->next_closed = thread->closed;
	thread->closed = entry;
}

/* What was put into the rings before the command was sent is in them now. */
static void close_track(struct writer_thread *thread, struct writer_entry *entry)
{
	if (entry->finished)
		return;
	for (unsigned i = 0; i < thread->cfg->inputs; i++)
		drain(thread, thread->inputs[i], spsc_count(thread->inputs[i]));
	track_finish(entry->track, entry->reason);
	after_track(thread, entry);
	deadline_set(&thread->deadlines, &entry->deadline, DEADLINE_NEVER);
	entry->finished = true;
	if (storage_track_files(thread->storage, entry->track) == 0)
		queue_closed(thread, entry);
}

static void stop(struct writer_thread *thread)
{
	thread->stopping = true;
	for (struct writer_entry *entry = thread->first; entry; entry = entry->next) {
		if (!entry->finished)
			snprintf(entry->reason, sizeof(entry->reason), "shutdown");
		close_track(thread, entry);
	}
}

static void add_track(struct writer_thread *thread, struct writer_entry *entry)
{
	entry->next = thread->first;
	if (entry->next)
		entry->next->prev = entry;
	thread->first = entry;
}

static bool take_commands(struct writer_thread *thread)
{
	unsigned taken = 0;

	for (void *item; spsc_take(thread->commands, &item, 1) > 0; taken++) {
		struct writer_entry *entry =
		        (struct writer_entry *)((uintptr_t)item & ~(uintptr_t)COMMAND_BITS);

		switch ((enum writer_command)((uintptr_t)item & COMMAND_BITS)) {
		case WRITER_TRACK_OPEN:
			add_track(thread, entry);
			break;
		case WRITER_TRACK_CLOSE:
			close_track(thread, entry);
			break;
		case WRITER_STOP:
			stop(thread);
			break;
		}
	}
	return taken > 0;
}

/* Keys in the heap may be early: the track knows. */
static bool run_due(struct writer_thread *thread)
{
	struct deadline *first;
	unsigned ran = 0;

	while ((first = deadline_first(&thread->deadlines)) && first->due_ns <= thread->now_ns) {
		struct writer_entry *entry = (struct writer_entry *)first;
		uint64_t due = track_deadline(entry->track);

		if (due <= thread->now_ns) {
			track_tick(entry->track, thread->now_ns);
			due = track_deadline(entry->track);
			if (due <= thread->now_ns)
				due = thread->now_ns + CLK_NS_PER_MS;
			ran++;
		}
		deadline_set(&thread->deadlines, first, due);
		after_track(thread, entry);
	}
	return ran > 0;
}

static void report_closed(struct writer_thread *thread)
{
	const struct writer_events *events = &thread->cfg->events;
	struct writer_entry *entry;

	while ((entry = thread->closed)) {
		const struct track_cfg *cfg = track_cfg(entry->track);
		int status = entry->status;

		if (!status && track_failure(entry->track))
			status = -EIO;
		stat_set(cfg->slot, STAT_TRACK_state, status ? TRACK_STATE_FAILED : TRACK_STATE_DONE);
		thread->closed = entry->next_closed;
		if (entry->prev)
			entry->prev->next = entry->next;
		else
			thread->first = entry->next;
		if (entry->next)
			entry->next->prev = entry->prev;
		storage_forget(thread->storage, entry->track);
		thread->entries[cfg->stat_index] = NULL;
		if (events->on_track_closed)
			events->on_track_closed(events->arg, cfg->cookie, status);
		track_free(entry->track);
		free(entry);
	}
}

static void on_failed(void *arg, void *track, const char *why)
{
	const struct writer_events *events = &((struct writer_thread *)arg)->cfg->events;

	if (events->on_track_failed)
		events->on_track_failed(events->arg, track, why);
}

static void on_idle(void *arg, void *track, int status)
{
	struct writer_thread *thread = arg;
	struct writer_entry *entry = entry_of(thread, track);

	entry->status = status;
	if (entry->finished)
		queue_closed(thread, entry);
}

/* Nothing to do: back off step by step; without a track sleep until a command comes. */
static void rest(struct writer_thread *thread)
{
	uint64_t ns = REST_MIN_NS, events;

	packet_bin_empty(&thread->bin);
	if (thread->idle++ < SPIN_LOOPS) {
		sched_yield();
		return;
	}
	if (!thread->first && storage_files(thread->storage) == 0) {
		struct pollfd wait = { .fd = thread->event_fd, .events = POLLIN };

		if (poll(&wait, 1, BLOCKED_MS) > 0)
			(void)!read(thread->event_fd, &events, sizeof(events));
		return;
	}
	for (unsigned i = SPIN_LOOPS; i < thread->idle && ns < REST_MAX_NS; i += 2)
		ns *= 2;
	if (ns > REST_MAX_NS)
		ns = thread->idle < SILENT_LOOPS ? REST_MAX_NS : REST_SILENT_NS;
	nanosleep(&(struct timespec){ .tv_nsec = (long)ns }, NULL);
}

/* Whether there was anything to do. */
static bool turn(struct writer_thread *thread)
{
	bool busy;

	thread->now_ns = clk_mono_ns();
	busy = take_packets(thread);
	busy |= take_commands(thread);
	busy |= run_due(thread);
	busy |= storage_poll(thread->storage, thread->now_ns);
	report_closed(thread);
	return busy;
}

static void loop(struct writer_thread *thread)
{
	while (!thread->stopping || thread->first || storage_files(thread->storage)) {
		if (turn(thread))
			thread->idle = 0;
		else
			rest(thread);
	}
	packet_bin_empty(&thread->bin);
}

static int create_storage(struct writer_thread *thread)
{
	struct storage_cfg storage = {
		.conf = thread->cfg->conf,
		.block_bytes = thread->block_bytes,
		.filer = thread->filer,
		.slot = thread->slot,
		.on_failed = on_failed,
		.on_idle = on_idle,
		.arg = thread,
	};

	return storage_create(&thread->storage, &storage);
}

static void *run(void *arg)
{
	struct writer_thread *thread = arg;
	const struct writer_events *events = &thread->cfg->events;

	pthread_setaffinity_np(pthread_self(), sizeof(thread->cpus), &thread->cpus);
	if (events->thread_enter)
		events->thread_enter(events->arg);
	thread->status = create_storage(thread);
	sem_post(&thread->ready);
	if (!thread->status)
		loop(thread);
	storage_free(thread->storage);
	if (events->thread_leave)
		events->thread_leave(events->arg);
	return NULL;
}

int writer_thread_start(struct writer_thread *thread)
{
	char name[16];
	int err = pthread_create(&thread->thread, NULL, run, thread);

	if (err) {
		log_error("no writer thread: %s", strerror(err));
		return -err;
	}
	snprintf(name, sizeof(name), "writer-%u", thread->index % 100);
	pthread_setname_np(thread->thread, name);
	while (sem_wait(&thread->ready) < 0 && errno == EINTR)
		;
	if (thread->status)
		pthread_join(thread->thread, NULL);
	thread->running = !thread->status;
	return thread->status;
}

int writer_thread_adopt(struct writer_thread *thread)
{
	return create_storage(thread);
}

void writer_thread_settle(struct writer_thread *thread)
{
	do
		storage_wait(thread->storage);
	while (turn(thread));
	packet_bin_empty(&thread->bin);
}

void writer_thread_leave(struct writer_thread *thread)
{
	stop(thread);
	writer_thread_settle(thread);
	storage_free(thread->storage);
	thread->storage = NULL;
}

void writer_thread_command(
        struct writer_thread *thread, enum writer_command command, struct writer_entry *entry)
{
	void *item = (void *)((uintptr_t)entry | (uintptr_t)command);
	uint64_t one = 1;

	while (spsc_put(thread->commands, &item, 1) == 0)
		nanosleep(&(struct timespec){ .tv_nsec = REST_MIN_NS }, NULL);
	(void)!write(thread->event_fd, &one, sizeof(one));
}
