/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_eal.h>
#include "base/clk.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/name.h"
#include "base/stat.h"
#include "dataplane/crypto_cpu.h"
#include "dataplane/dispatch.h"
#include "dataplane/eal.h"
#include "dataplane/handover.h"
#include "dataplane/inbox.h"
#include "dataplane/lcore.h"
#include "dataplane/lcore_make.h"
#include "dataplane/neigh.h"
#include "dataplane/opening.h"
#include "dataplane/port.h"
#include "dataplane/session.h"
#include "dataplane/session_table.h"
#include "writers/writer.h"

#define RING_PKTS     1024
#define MONO_START_NS (1000 * CLK_NS_PER_S) /* a machine that has been up for a while */
#define STEP_NS       CLK_NS_PER_MS         /* of time, as timers want it */
#define BUSY_NS       (2 * CLK_NS_PER_S)    /* after this without a packet steps become longer, */
#define QUIET_NS      (60 * CLK_NS_PER_S)   /* and after this once more */
#define ROUNDS_MAX    10000                 /* of a settling that does not come to its end */

struct engine {
	const struct conf *conf;
	struct host host;
	struct rte_mempool *pool;
	struct stat_segment *stat;
	struct inbox *inbox;
	struct writer_pool *writers;
	struct session_table *table;
	struct lcore lcore;
	uint64_t start_unix_ns, now_ns, packet_ns; /* from its begin on: now, and the last packet */
	uint64_t rx_pkts;
	bool has_eal;
	_Atomic bool stop;
};

static uint64_t mono_of(const struct engine *e)
{
	return MONO_START_NS + e->now_ns;
}

static uint64_t unix_of(const struct engine *e)
{
	return e->start_unix_ns + e->now_ns;
}

static void set_clocks(struct engine *e)
{
	clk_set(mono_of(e), unix_of(e));
}

static int create_stat(struct engine *e)
{
	struct stat_cfg cfg = { .instances = { [STAT_SCOPE_PROC] = 1,
		                        [STAT_SCOPE_PORT] = 1,
		                        [STAT_SCOPE_LCORE] = 1,
		                        [STAT_SCOPE_WRITER] = 1,
		                        [STAT_SCOPE_FLOW] = (unsigned)e->conf->dataplane_max_tracks,
		                        [STAT_SCOPE_TRACK] = (unsigned)e->conf->dataplane_max_tracks } };
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", e->conf->dataplane_run_dir, MSG_STATS);
	int status = stat_create(&e->stat, path, &cfg);
	if (status)
		log_error("the counters' segment %s cannot be made: %s", path, strerror(-status));
	else
		e->host.port_slots[0] = stat_slot(e->stat, STAT_SCOPE_PORT, 0);
	return status;
}

static int create_writers(struct engine *e)
{
	struct writer_cfg cfg = { .conf = e->conf,
		.inputs = 1,
		.ring_pkts = RING_PKTS,
		.stat = e->stat,
		.stepped = true,
		.release = handover_release };
	int status = inbox_create(&e->inbox);

	if (status)
		return status;
	cfg.events = inbox_events(e->inbox);
	return writer_pool_create(&e->writers, &cfg);
}

static int create_lcore(struct engine *e)
{
	const struct lcore_make_cfg cfg = { .conf = e->conf,
		.host = &e->host,
		.pool = e->pool,
		.stat = e->stat,
		.writers = e->writers,
		.tsc_hz = CLK_NS_PER_S,
		.now_tsc = mono_of(e),
		.stop = &e->stop };

	return lcore_make(&e->lcore, 0, 1, &cfg);
}

static int create_table(struct engine *e)
{
	const struct session_table_cfg cfg = { .conf = e->conf,
		.stat = e->stat,
		.host = &e->host,
		.lcores = &e->lcore,
		.lcore_count = 1,
		.writers = e->writers,
		.inbox = e->inbox,
		.stop = &e->stop };

	return session_table_create(&e->table, &cfg);
}

static int start_dpdk(struct engine *e)
{
	unsigned ids[LIMIT_LCORES], count;
	int status = eal_start(e->conf, ids, &count);

	if (status)
		return status;
	e->has_eal = true;
	e->pool = port_pool_create(e->conf);
	if (!e->pool) {
		log_error("%ld packet buffers do not fit in memory", (long)e->conf->dataplane_mbufs);
		return -ENOMEM;
	}
	return port_start_all(e->conf, e->pool, &e->host, &e->lcore, 1);
}

int engine_create(struct engine **ret_engine, const struct conf *conf, uint64_t start_unix_ns)
{
	struct engine *e = calloc(1, sizeof(*e));
	const char *why;
	int status;

	if (!e)
		return -ENOMEM;
	e->conf = conf;
	e->start_unix_ns = start_unix_ns ? start_unix_ns : 1; /* 0 is "none yet" to the stages */
	set_clocks(e);
	crypto_cpu_choose(conf->dataplane_vector_crypto);
	status = neigh_host_init(&e->host, conf, &why);
	if (status)
		log_error("%s", why);
	if (!status)
		status = start_dpdk(e);
	if (!status)
		status = create_stat(e);
	if (!status)
		status = create_writers(e);
	if (!status)
		status = create_lcore(e);
	if (!status)
		status = create_table(e);
	if (status) {
		engine_free(e);
		return status;
	}
	*ret_engine = e;
	return 0;
}

static void remove_run_files(const struct conf *conf)
{
	static const char *const names[] = { MSG_STATS, MSG_SOCKET };
	char path[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", conf->dataplane_run_dir, names[i]);
		unlink(path);
	}
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	writer_pool_free(e->writers);
	session_table_free(e->table);
	inbox_free(e->inbox);
	lcore_make_free(&e->lcore);
	if (e->has_eal)
		port_stop_all();
	stat_close(e->stat);
	if (e->has_eal)
		rte_eal_cleanup();
	remove_run_files(e->conf);
	free(e);
}

const uint8_t *engine_mac(const struct engine *e)
{
	return e->host.mac[0].addr_bytes;
}

/* Whether a session is on its way from one phase of its life to another. */
static bool is_under_way(const struct engine *e)
{
	const struct session *s;

	TAILQ_FOREACH(s, &e->table->sessions, link)
	if (s->phase != SESSION_OPEN)
		return true;
	return dispatch_pending(e->table->dispatch) > 0 || spsc_count(e->lcore.replies) > 0;
}

/* Do all that is to be done by now. */
static int settle(struct engine *e)
{
	for (unsigned round = 0; round < ROUNDS_MAX; round++) {
		lcore_step(&e->lcore, mono_of(e), unix_of(e));
		writer_pool_settle(e->writers);
		session_table_poll(e->table, 0);
		if (!is_under_way(e))
			return 0;
	}
	log_error("a session does not come to its end: this is a mistake of ours, please report it");
	return -ETIMEDOUT;
}

static uint64_t step_of(const struct engine *e)
{
	uint64_t silent_ns = e->now_ns - e->packet_ns;

	return silent_ns < BUSY_NS ? STEP_NS : silent_ns < QUIET_NS ? 10 * STEP_NS : 100 * STEP_NS;
}

int engine_pass(struct engine *e, uint64_t unix_ns)
{
	uint64_t until_ns = unix_ns > unix_of(e) ? unix_ns - e->start_unix_ns : e->now_ns;

	while (e->now_ns < until_ns) {
		uint64_t step_ns = step_of(e);

		/* Without a session nothing happens in any time. */
		if (!e->table->session_count || until_ns - e->now_ns < step_ns)
			step_ns = until_ns - e->now_ns;
		e->now_ns += step_ns;
		set_clocks(e);
		int status = settle(e);
		if (status)
			return status;
	}
	return 0;
}

/* As control does when it opens one. */
static int promise_names(const struct engine *e, struct msg_session_open *open)
{
	for (unsigned i = 0; i < open->track_count; i++) {
		const struct name_parts parts = { .room = open->room,
			.participant = open->participant,
			.track_id = open->tracks[i].id,
			.session_id = open->id,
			.ext = codec_info(open->tracks[i].codec)->ext,
			.unix_s = open->opened_unix_ns / CLK_NS_PER_S };
		int status = name_make(open->tracks[i].promised, e->conf->record_filename, &parts, 1);

		if (status)
			return status;
	}
	return 0;
}

int engine_open(struct engine *e, struct msg_session_open *open, char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct session *session;
	int status;

	open->opened_unix_ns = unix_of(e);
	status = promise_names(e, open);
	if (status) {
		snprintf(ret_why, LIMIT_REASON_BYTES + 1, "record.filename gives no name");
		return status;
	}
	status = opening_build(e->table, open, &session, ret_why);
	if (status)
		return status;
	for (unsigned i = 0; i < open->track_count; i++)
		open->tracks[i].stat_index = session->open.tracks[i].stat_index;
	session_start(session);
	status = settle(e);
	if (status)
		snprintf(ret_why, LIMIT_REASON_BYTES + 1, "%s", strerror(-status));
	return status;
}

int engine_packet(struct engine *e, const struct link_frame *frame, bool is_checked)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(e->pool);
	char *at;

	if (!mbuf)
		return -ENOMEM;
	if (frame->rest_len + LINK_HEADER_BYTES > rte_pktmbuf_tailroom(mbuf)) {
		rte_pktmbuf_free(mbuf);
		return -EMSGSIZE;
	}
	at = rte_pktmbuf_append(mbuf, (uint16_t)(LINK_HEADER_BYTES + frame->rest_len));
	memcpy(at, frame->header, LINK_HEADER_BYTES);
	memcpy(at + LINK_HEADER_BYTES, frame->rest, frame->rest_len);
	mbuf->port = 0;
	if (is_checked)
		mbuf->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	e->packet_ns = e->now_ns;
	stat_set(e->host.port_slots[0], STAT_PORT_rx_pkts, ++e->rx_pkts);
	lcore_step(&e->lcore, mono_of(e), unix_of(e));
	lcore_process(&e->lcore, &mbuf, 1);
	writer_pool_settle(e->writers);
	return 0;
}

int engine_finish(struct engine *e, const char *reason)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&e->table->sessions); s; s = next) {
		next = TAILQ_NEXT(s, link);
		session_close(s, reason, false);
	}
	return settle(e);
}

const struct stat_segment *engine_stat(const struct engine *e)
{
	return e->stat;
}
