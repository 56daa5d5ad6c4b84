/* SPDX-License-Identifier: BSD-3-Clause */
/* The command thread: all sessions, the control socket, the lcores' and writers' reports, and the loop over
 * them.
 *
 *   control ── control_link ── request ── opening ─┐
 *                                                  session ── dispatch ── lcores
 *      └── session_dtls ── punt ── lcores               │
 *   writers ── inbox ──────────────────── watch ───┘
 *
 * main.c makes it when lcores' rings, host and writers are there, and runs it while the lcores poll.
 */
#ifndef DATAPLANE_SESSION_TABLE_H
#define DATAPLANE_SESSION_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/conf.h"
#include "base/stat.h"

struct host;
struct inbox;
struct lcore;
struct session_table;
struct writer_pool;

struct session_table_cfg {
	const struct conf *conf;
	struct stat_segment *stat;       /* PROC, FLOW and (when a slot is taken) TRACK are written */
	const struct host *host; /* our addresses */
	struct lcore *lcores;    /* with index, slot, endpoints, commands, replies (COMMAND_RING) and punts
	                            (LIMIT_PUNTED_PKTS) set */
	unsigned lcore_count;
	struct writer_pool *writers;
	struct inbox *inbox; /* writer_cfg.events lead here */
	unsigned repaired;   /* files, at this start */
	_Atomic bool
	        *stop; /* set by a signal: the loop ends the sessions and itself. Not the lcores' own stop. */
	void (*on_second)(
	        void *arg); /* once a second on the command thread: what else main.c has to do; may be NULL */
	void *arg;
};

/* 0 or -errno (logged). */
int session_table_create(struct session_table **ret_table, const struct session_table_cfg *cfg);

/* Only when session_table_run has returned, or never ran, and no lcore polls any more. */
void session_table_free(struct session_table *table);

/* Serve until *stop; then end all sessions as "shutdown" and wait until their files are durable, at most
 * SESSION_TABLE_STOP_S. The lcores must be polling. 0, or -ETIMEDOUT (logged): some files are left to the
 * next start. */
#define SESSION_TABLE_STOP_S 60
int session_table_run(struct session_table *table);

/* One round of the loop: wait at most @timeout_ms for something, and do what there is to do. For tests. */
void session_table_poll(struct session_table *table, int timeout_ms);

#endif
