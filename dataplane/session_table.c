/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/session_table.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clk.h"
#include "base/id.h"
#include "base/log.h"
#include "base/notify.h"
#include "dataplane/control_link.h"
#include "dataplane/dispatch.h"
#include "dataplane/inbox.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"
#include "dataplane/report.h"
#include "dataplane/request.h"
#include "dataplane/session.h"
#include "dataplane/session_dtls.h"
#include "dataplane/slot_pool.h"
#include "dataplane/watch.h"

#define BUSY_MS                                                                                              \
	1 /* between two looks at the lcores while answers or DTLS are awaited: they have no way to wake us  \
	   */
#define IDLE_MS       10 /* and while none are */
#define TABLE_BUCKETS 16384

static int listen_for_control(struct session_table *table)
{
	struct control_link_cfg cfg = {
		.welcome = {
			.version = MSG_VERSION,
			.pid = (uint32_t)getpid(),
			.max_tracks = (uint32_t)table->cfg.conf->dataplane_max_tracks,
			.repaired = table->cfg.repaired,
		},
		.on_request = request_handle,
		.arg = table,
	};
	char path[128];
	int r;

	id_random(&cfg.welcome.boot_id, sizeof(cfg.welcome.boot_id));
	snprintf(path, sizeof(path), "%s/%s", table->cfg.conf->dataplane_run_dir, MSG_SOCKET);
	cfg.path = path;
	r = control_link_create(&table->link, &cfg);
	if (r < 0)
		log_error("%s: %s; the command socket is needed to start", path, strerror(-r));
	return r;
}

static int make_tables(struct session_table *table)
{
	const struct session_table_cfg *cfg = &table->cfg;
	size_t ports;
	int r = conf_port_range(cfg->conf->ingest_port_range, &table->first_port, &table->last_port);

	if (r < 0)
		return r;
	ports = (size_t)(table->last_port - table->first_port + 1) * cfg->host->addr_count;
	table->ports = calloc(ports, sizeof(table->ports[0]));
	if (!table->ports)
		return -ENOMEM;
	r = claim_table_init(&table->ids, TABLE_BUCKETS);
	if (!r)
		r = claim_table_init(&table->names, TABLE_BUCKETS);
	if (!r)
		r = claim_table_init(&table->participants, TABLE_BUCKETS);
	if (!r)
		r = claim_table_init(&table->ufrags, TABLE_BUCKETS);
	if (!r)
		r = slot_pool_create(&table->slots, (unsigned)cfg->conf->dataplane_max_tracks);
	if (!r)
		r = dispatch_create(&table->dispatch, cfg->lcores, cfg->lcore_count);
	return r;
}

int session_table_create(struct session_table **ret_table, const struct session_table_cfg *cfg)
{
	struct session_table *table = calloc(1, sizeof(*table));
	int r;

	if (!table)
		return -ENOMEM;
	table->cfg = *cfg;
	TAILQ_INIT(&table->sessions);
	table->proc = stat_slot(cfg->stat, STAT_SCOPE_PROC, 0);
	r = make_tables(table);
	if (r < 0)
		log_error("session tables: %s", strerror(-r));
	else
		r = listen_for_control(table);
	if (r < 0) {
		session_table_free(table);
		return r;
	}
	stat_set(table->proc, STAT_PROC_start_unix_ns, clk_wall_ns());
	stat_set(table->proc, STAT_PROC_recordings_repaired, cfg->repaired);
	*ret_table = table;
	return 0;
}

void session_table_free(struct session_table *table)
{
	struct session *s;

	if (!table)
		return;
	for (unsigned i = 0; i < table->cfg.lcore_count; i++)
		session_dtls_drain(table->cfg.lcores[i].punts);
	while ((s = TAILQ_FIRST(&table->sessions)))
		session_free(s);
	control_link_free(table->link);
	dispatch_free(table->dispatch);
	slot_pool_free(table->slots);
	claim_table_free(&table->ids);
	claim_table_free(&table->names);
	claim_table_free(&table->participants);
	claim_table_free(&table->ufrags);
	free(table->ports);
	free(table);
}

static void take_command(void *arg, struct command *command)
{
	(void)arg;
	session_take_command(command->session, command);
}

static void keep_time(struct session_table *table)
{
	uint64_t now = clk_mono_ns();

	if (now >= table->next_watch_mono_ns) {
		table->next_watch_mono_ns = now + WATCH_MS * CLK_NS_PER_MS;
		watch_sessions(table, now);
	}
	if (now >= table->next_second_mono_ns) {
		table->next_second_mono_ns = now + CLK_NS_PER_S;
		watch_process(table);
		if (table->cfg.on_second)
			table->cfg.on_second(table->cfg.arg);
	}
}

void session_table_poll(struct session_table *table, int timeout_ms)
{
	struct pollfd fds[CONTROL_LINK_FDS + 1];

	control_link_prepare(table->link, fds);
	fds[CONTROL_LINK_FDS] = (struct pollfd){ .fd = inbox_fd(table->cfg.inbox), .events = POLLIN };
	if (poll(fds, CONTROL_LINK_FDS + 1, timeout_ms) > 0) {
		control_link_handle(table->link, fds);
		if (fds[CONTROL_LINK_FDS].revents & POLLIN)
			inbox_poll(table->cfg.inbox, report_take, table);
	}
	dispatch_poll(table->dispatch, take_command, table);
	session_dtls_poll(table);
	keep_time(table);
}

static void turn(struct session_table *table)
{
	bool busy = dispatch_pending(table->dispatch) || table->handshakes;

	session_table_poll(table, busy ? BUSY_MS : IDLE_MS);
}

/* End all sessions, and wait for their files. */
static int wind_up(struct session_table *table)
{
	uint64_t deadline = clk_mono_ns() + SESSION_TABLE_STOP_S * CLK_NS_PER_S;
	struct session *s, *next;

	table->stopping = true;
	notify_stopping();
	if (table->session_count)
		log_info("stopping: finalising %u sessions", table->session_count);
	for (s = TAILQ_FIRST(&table->sessions); s; s = next) {
		next = TAILQ_NEXT(s, link);
		session_close(s, "shutdown", false);
	}
	while (table->session_count) {
		if (clk_mono_ns() >= deadline) {
			log_error("stopping: %u sessions are not finalised after %d s; the next start "
			          "repairs their files",
			        table->session_count, SESSION_TABLE_STOP_S);
			return -ETIMEDOUT;
		}
		turn(table);
	}
	return 0;
}

int session_table_run(struct session_table *table)
{
	while (!atomic_load_explicit(table->cfg.stop, memory_order_relaxed))
		turn(table);
	return wind_up(table);
}
