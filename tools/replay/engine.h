/* SPDX-License-Identifier: BSD-3-Clause */
/* The dataplane without NIC, threads and a clock of its own: one lcore, one writer and the command thread's
 * table, all stepped by the caller, in a time that moves as the caller says.
 *
 *   engine_packet ── time passes in steps ── lcore_process ── ring ── writer ── files
 *                    └ each: commands and timers, writers settle, session table
 *
 * Each step waits for all that it began, the disk too: so what comes of the same packets is the same whatever
 * the machine. One engine a process (DPDK's EAL). Main thread. */
#ifndef REPLAY_ENGINE_H
#define REPLAY_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/msg.h"
#include "tools/replay/link.h"

struct conf;
struct engine;
struct stat_segment;

/* Time begins at @start_unix_ns. 0 or -errno, logged. */
int engine_create(struct engine **ret_engine, const struct conf *conf, uint64_t start_unix_ns);

/* Gives back all, and removes what there is in dataplane.run_dir. NULL is allowed. */
void engine_free(struct engine *engine);

/* The MAC that frames have to be sent to. */
const uint8_t *engine_mac(const struct engine *engine);

/* Let time pass until @unix_ns; an earlier time than now is now. 0 or -errno, logged. */
int engine_pass(struct engine *engine, uint64_t unix_ns);

/* Open a session now. The names that are promised, its time and its tracks' stat_index are filled in. 0, or
 * as opening_build says, with @ret_why. */
int engine_open(struct engine *engine, struct msg_session_open *open, char ret_why[LIMIT_REASON_BYTES + 1]);

/* A frame has come, now; with @is_checked the port says that its checksums are right. 0; -EMSGSIZE: it is
 * longer than any that a port takes; -ENOMEM: no packet buffer is free. */
int engine_packet(struct engine *engine, const struct link_frame *frame, bool is_checked);

/* End all sessions with @reason, and wait for their files. 0 or -errno, logged. */
int engine_finish(struct engine *engine, const char *reason);

const struct stat_segment *engine_stat(const struct engine *engine);

#endif
