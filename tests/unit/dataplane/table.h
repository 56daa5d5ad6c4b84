/* SPDX-License-Identifier: BSD-3-Clause */
/* A session table with two lcores, writers that do what the test says, and control's end of a real socket. */
#ifndef TESTS_UNIT_DATAPLANE_TABLE_H
#define TESTS_UNIT_DATAPLANE_TABLE_H

#include "dataplane/session_table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clk.h"
#include "base/ipc.h"
#include "base/log.h"
#include "dataplane/demux.h"
#include "dataplane/dispatch.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/inbox.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"
#include "dataplane/session.h"
#include "dataplane/session_webrtc.h"
#include "dataplane/stages.h"
#include "dataplane/watch.h"
#include "writers/writer.h"

#define LCORES      2
#define TRACKS      8
#define FIRST       20000
#define WEBRTC_PORT 3478

/* --- writers --- */

struct track {
	struct track_cfg cfg;
	unsigned writer;
	bool open, closing;
	char reason[LIMIT_REASON_BYTES + 1];
};

static struct track tracks[64];
static unsigned track_count, open_fails_at, picked;
static bool close_at_once;
static struct inbox *inbox;

unsigned writer_pick(const struct writer_pool *pool)
{
	return picked++ % 2;
}

int writer_track_open(
        struct writer_pool *pool, unsigned writer, const struct track_cfg *cfg, struct track **ret_track)
{
	struct track *t = &tracks[track_count];

	if (track_count + 1 == open_fails_at)
		return -ENOMEM;
	track_count++;
	*t = (struct track){ .cfg = *cfg, .writer = writer, .open = true };
	*ret_track = t;
	return 0;
}

static inline void finish_track(struct track *t, int status)
{
	struct writer_events events = inbox_events(inbox);

	t->open = false;
	events.on_track_closed(events.arg, t->cfg.cookie, status);
}

void writer_track_close(struct writer_pool *pool, struct track *track, const char *reason)
{
	assert_true(track->open && !track->closing);
	track->closing = true;
	snprintf(track->reason, sizeof(track->reason), "%s", reason);
	if (close_at_once)
		finish_track(track, 0);
}

const struct track_cfg *track_cfg(const struct track *track)
{
	return &track->cfg;
}

uint32_t track_key_frames_wanted(const struct track *track, unsigned layer)
{
	return 0;
}

/* --- the process around the table --- */

static char dir[] = "/tmp/session_table.XXXXXX", port_range[] = "20000-20099";
static struct conf conf;
static struct host host;
static struct stat_segment *stat_segment;
static struct lcore lcores[LCORES];
static struct session_table *table;
static struct rte_mempool *pool; /* of a test that has packets */
static _Atomic bool stop, lcores_stop;
static int control;

/* Of a group of tests: the directory that its tables are in. */
static inline int make_dir(void **state)
{
	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return mkdtemp(dir) ? 0 : -1;
}

static inline int remove_dir(void **state)
{
	return rmdir(dir);
}

static inline int begin(void **state)
{
	char path[128];
	struct stat_cfg stat_cfg = { .instances = { [STAT_SCOPE_PROC] = 1,
		                             [STAT_SCOPE_LCORE] = LCORES,
		                             [STAT_SCOPE_FLOW] = TRACKS,
		                             [STAT_SCOPE_TRACK] = TRACKS } };

	conf = (struct conf){ .record_dir = dir,
		.record_idle_timeout_s = 30,
		.record_reorder_ms = 200,
		.record_repair_ms = 1000,
		.ingest_port_range = port_range,
		.ingest_webrtc_port = WEBRTC_PORT,
		.ingest_allow_plain_rtp = true,
		.dataplane_max_tracks = TRACKS,
		.dataplane_run_dir = dir };
	host = (struct host){ .addr_count = 2,
		.addrs = { { .bytes = { 10, 77, 0, 1 } }, { .is_v6 = true, .bytes = { 0xfd } } } };
	snprintf(path, sizeof(path), "%s/%s", dir, MSG_STATS);
	if (stat_create(&stat_segment, path, &stat_cfg) || inbox_create(&inbox))
		return -1;
	memset(lcores, 0, sizeof(lcores));
	for (unsigned i = 0; i < LCORES; i++) {
		lcores[i].index = i;
		lcores[i].count = LCORES;
		lcores[i].slot = stat_slot(stat_segment, STAT_SCOPE_LCORE, i);
		lcores[i].host = &host;
		lcores[i].pool = pool;
		lcores[i].webrtc_port = WEBRTC_PORT;
		lcores[i].tsc_hz = 1000000000;
		wheel_init(&lcores[i].wheel, 0, lcores[i].tsc_hz);
		if (endpoint_table_create(&lcores[i].endpoints, FIRST, FIRST + 99, 2) ||
		        spsc_create(&lcores[i].commands, COMMAND_RING) ||
		        spsc_create(&lcores[i].replies, COMMAND_RING) ||
		        spsc_create(&lcores[i].punts, LIMIT_PUNTED_PKTS) ||
		        demux_create(&lcores[i].demux, TRACKS) || spsc_create(&lcores[i].forward[!i], 64))
			return -1;
	}
	lcores[0].forwarded[1] = lcores[1].forward[0];
	lcores[1].forwarded[0] = lcores[0].forward[1];
	track_count = open_fails_at = picked = 0;
	close_at_once = true;
	atomic_store(&stop, false);
	atomic_store(&lcores_stop, false);
	struct session_table_cfg cfg = { .conf = &conf,
		.stat = stat_segment,
		.host = &host,
		.lcores = lcores,
		.lcore_count = LCORES,
		.inbox = inbox,
		.repaired = 3,
		.stop = &stop };
	control = -1;
	return session_table_create(&table, &cfg);
}

static inline int end(void **state)
{
	char path[128];

	session_table_free(table);
	inbox_free(inbox);
	stat_close(stat_segment);
	for (unsigned i = 0; i < LCORES; i++) {
		endpoint_table_free(lcores[i].endpoints);
		spsc_free(lcores[i].commands);
		spsc_free(lcores[i].replies);
		spsc_free(lcores[i].punts);
		demux_free(lcores[i].demux);
		spsc_free(lcores[i].forward[!i]);
	}
	if (control >= 0)
		close(control);
	snprintf(path, sizeof(path), "%s/%s", dir, MSG_STATS);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s", dir, MSG_SOCKET);
	unlink(path);
	return 0;
}

/* One turn of every loop. */
static inline void turn(void)
{
	struct rte_mbuf *none[LCORE_BURST];

	session_table_poll(table, 0);
	for (unsigned i = 0; i < LCORES; i++) {
		lcores[i].now_tsc += 60000000;
		lcores[i].now_unix_ns += 60000000;
		command_poll(&lcores[i]);
		assert_int_equal(endpoint_take_forwarded(&lcores[i], none, LCORE_BURST), 0);
		feedback_timer(&lcores[i]);
	}
	session_table_poll(table, 0);
}

static inline void turns(void)
{
	for (unsigned i = 0; i < 20; i++)
		turn();
}

static inline void say(union msg *msg, enum msg_type type, uint64_t id)
{
	assert_int_equal(ipc_send(control, msg, type, id), 0);
	turns();
}

/* The next message to control, which must be of @type. */
static inline void hear(union msg *msg, enum msg_type type)
{
	assert_int_equal(ipc_recv(control, msg), 0);
	assert_int_equal(msg->head.type, type);
}

static inline void hear_nothing(void)
{
	union msg msg;

	assert_int_equal(ipc_recv(control, &msg), -EAGAIN);
}

static inline int hear_ack(uint64_t id)
{
	union msg msg;

	hear(&msg, MSG_ACK);
	assert_int_equal(msg.head.id, id);
	assert_true(msg.ACK_.status == 0 || msg.ACK_.why[0]);
	return msg.ACK_.status;
}

static inline void hear_state(uint32_t state, const char *reason)
{
	union msg msg;

	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.state, state);
	assert_string_equal(msg.SESSION_STATE_.reason, reason);
}

static inline void join(void)
{
	char path[128];
	union msg msg = { .HELLO_ = { .version = MSG_VERSION } };

	snprintf(path, sizeof(path), "%s/%s", dir, MSG_SOCKET);
	control = ipc_connect(path);
	assert_true(control >= 0);
	turn();
	say(&msg, MSG_HELLO, 1);
	hear(&msg, MSG_WELCOME);
	assert_int_equal(msg.WELCOME_.max_tracks, TRACKS);
	assert_int_equal(msg.WELCOME_.repaired, 3);
	assert_int_equal(hear_ack(1), 0);
}

/* An opening of session @id at @port with @n tracks in a room of its own. */
static inline union msg opening(const char *id, uint16_t port, unsigned n)
{
	union msg msg;
	struct msg_session_open *o = &msg.SESSION_OPEN_;

	memset(&msg, 0, sizeof(msg));
	snprintf(o->id, sizeof(o->id), "%s", id);
	snprintf(o->room, sizeof(o->room), "room %s", id);
	snprintf(o->participant, sizeof(o->participant), "alice");
	o->addr = (struct msg_addr){ .family = 4, .bytes = { 10, 77, 0, 1 } };
	o->port = port;
	o->track_count = (uint8_t)n;
	for (unsigned i = 0; i < n; i++) {
		struct msg_track *t = &o->tracks[i];
		snprintf(t->id, sizeof(t->id), "track%u", i);
		snprintf(t->promised, sizeof(t->promised), "file%u.ivf", i);
		t->codec = CODEC_VP8;
		t->profile = PROFILE_AES_CM_128_HMAC_SHA1_80;
		t->payload_type = (uint8_t)(96 + i);
		t->clock_rate = 90000;
		memset(t->key, 7 + (int)i, sizeof(t->key));
		memset(t->send_key, 9, sizeof(t->send_key));
	}
	return msg;
}

/* An opening of a WebRTC session @id with @n tracks in a room of its own; @ufrag has MSG_UFRAG_BYTES. */
static inline union msg opening_webrtc(const char *id, const char *ufrag, unsigned n)
{
	union msg msg = opening(id, WEBRTC_PORT, n);
	struct msg_session_open *o = &msg.SESSION_OPEN_;

	o->transport = MSG_TRANSPORT_WEBRTC;
	o->addr = (struct msg_addr){ 0 };
	snprintf(o->ice.ufrag, sizeof(o->ice.ufrag), "%s", ufrag);
	snprintf(o->ice.pwd, sizeof(o->ice.pwd), "0123456789abcdefghijkl");
	snprintf(o->ice.remote_ufrag, sizeof(o->ice.remote_ufrag), "them");
	for (unsigned i = 0; i < n; i++) {
		struct msg_track *t = &o->tracks[i];
		t->profile = PROFILE_PLAIN;
		memset(t->key, 0, sizeof(t->key));
		memset(t->send_key, 0, sizeof(t->send_key));
		snprintf(t->mid, sizeof(t->mid), "%u", i);
	}
	return msg;
}

static inline void open_one(const char *id, uint16_t port, unsigned n)
{
	union msg msg = opening(id, port, n);

	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
}

static inline int refused(union msg *msg)
{
	say(msg, MSG_SESSION_OPEN, 6);
	return hear_ack(6);
}

static inline void close_one(const char *id, const char *reason)
{
	union msg msg = { 0 };

	snprintf(msg.SESSION_CLOSE_.id, sizeof(msg.SESSION_CLOSE_.id), "%s", id);
	snprintf(msg.SESSION_CLOSE_.reason, sizeof(msg.SESSION_CLOSE_.reason), "%s", reason);
	say(&msg, MSG_SESSION_CLOSE, 7);
}

static inline uint64_t proc(unsigned id)
{
	return stat_get(stat_slot(stat_segment, STAT_SCOPE_PROC, 0), id);
}

static inline struct session *session(const char *id)
{
	struct session *s = session_find(table, id);

	assert_non_null(s);
	return s;
}

/* A packet of track @i has come, as its lcore would note it. */
static inline void packet_comes(struct session *s, unsigned i, uint64_t unix_ns)
{
	stat_set(s->flows[i].slot, STAT_FLOW_last_pkt_unix_ns, unix_ns);
	flow_note_first(&s->flows[i], unix_ns);
}

#endif
