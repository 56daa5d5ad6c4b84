/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions from opening to end, as control sees them: two lcores, writers that do what the test says, a real
 * socket. */
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
#include "dataplane/dispatch.h"
#include "dataplane/endpoint.h"
#include "dataplane/flow.h"
#include "dataplane/inbox.h"
#include "dataplane/lcore.h"
#include "dataplane/neigh.h"
#include "dataplane/session.h"
#include "dataplane/stages.h"
#include "dataplane/watch.h"
#include "writers/writer.h"

#define LCORES 2
#define TRACKS 8
#define FIRST  20000

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

static void finish_track(struct track *t, int status)
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

uint32_t track_key_frames_wanted(const struct track *track)
{
	return 0;
}

/* --- the process around the table --- */

static char dir[] = "/tmp/session_table.XXXXXX", nowhere[] = "/nonexistent", port_range[] = "20000-20099";
static struct conf conf;
static struct host host;
static struct stat_segment *stat_segment;
static struct lcore lcores[LCORES];
static struct session_table *table;
static _Atomic bool stop, lcores_stop;
static int control;

static int begin(void **state)
{
	char path[128];
	struct stat_cfg stat_cfg = { .instances = { [STAT_SCOPE_PROC] = 1,
		                             [STAT_SCOPE_LCORE] = LCORES,
		                             [STAT_SCOPE_FLOW] = TRACKS,
		                             [STAT_SCOPE_TRACK] = TRACKS } };

	conf = (struct conf){ .record_dir = dir,
		.record_idle_timeout_s = 30,
		.ingest_port_range = port_range,
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
		lcores[i].tsc_hz = 1000000000;
		if (endpoint_table_create(&lcores[i].endpoints, FIRST, FIRST + 99, 2) ||
		        spsc_create(&lcores[i].commands, COMMAND_RING) ||
		        spsc_create(&lcores[i].replies, COMMAND_RING) ||
		        spsc_create(&lcores[i].forward[!i], 64))
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

static int end(void **state)
{
	char path[128];

	session_table_free(table);
	inbox_free(inbox);
	stat_close(stat_segment);
	for (unsigned i = 0; i < LCORES; i++) {
		endpoint_table_free(lcores[i].endpoints);
		spsc_free(lcores[i].commands);
		spsc_free(lcores[i].replies);
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
static void turn(void)
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

static void turns(void)
{
	for (unsigned i = 0; i < 20; i++)
		turn();
}

static void say(union msg *msg, enum msg_type type, uint64_t id)
{
	assert_int_equal(ipc_send(control, msg, type, id), 0);
	turns();
}

/* The next message to control, which must be of @type. */
static void hear(union msg *msg, enum msg_type type)
{
	assert_int_equal(ipc_recv(control, msg), 0);
	assert_int_equal(msg->head.type, type);
}

static void hear_nothing(void)
{
	union msg msg;

	assert_int_equal(ipc_recv(control, &msg), -EAGAIN);
}

static int hear_ack(uint64_t id)
{
	union msg msg;

	hear(&msg, MSG_ACK);
	assert_int_equal(msg.head.id, id);
	assert_true(msg.ACK_.status == 0 || msg.ACK_.why[0]);
	return msg.ACK_.status;
}

static void hear_state(uint32_t state, const char *reason)
{
	union msg msg;

	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.state, state);
	assert_string_equal(msg.SESSION_STATE_.reason, reason);
}

static void join(void)
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
static union msg opening(const char *id, uint16_t port, unsigned n)
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

static void open_one(const char *id, uint16_t port, unsigned n)
{
	union msg msg = opening(id, port, n);

	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
}

static int refused(union msg *msg)
{
	say(msg, MSG_SESSION_OPEN, 6);
	return hear_ack(6);
}

static void close_one(const char *id, const char *reason)
{
	union msg msg = { 0 };

	snprintf(msg.SESSION_CLOSE_.id, sizeof(msg.SESSION_CLOSE_.id), "%s", id);
	snprintf(msg.SESSION_CLOSE_.reason, sizeof(msg.SESSION_CLOSE_.reason), "%s", reason);
	say(&msg, MSG_SESSION_CLOSE, 7);
}

static uint64_t proc(unsigned id)
{
	return stat_get(stat_slot(stat_segment, STAT_SCOPE_PROC, 0), id);
}

static struct session *session(const char *id)
{
	struct session *s = session_find(table, id);

	assert_non_null(s);
	return s;
}

/* A packet of track @i has come, as its lcore would note it. */
static void packet_comes(struct session *s, unsigned i, uint64_t unix_ns)
{
	stat_set(s->flows[i].slot, STAT_FLOW_last_pkt_unix_ns, unix_ns);
	flow_note_first(&s->flows[i], unix_ns);
}

/* --- cases --- */

static void a_session_opens_with_all_it_needs(void **state)
{
	union msg msg;

	join();
	msg = opening("s_1", FIRST, 2);
	msg.SESSION_OPEN_.tracks[1].ssrc_known = 1;
	msg.SESSION_OPEN_.tracks[1].ssrc = 1234;
	msg.SESSION_OPEN_.tracks[1].codec = CODEC_OPUS;
	msg.SESSION_OPEN_.tracks[1].channels = 2;
	say(&msg, MSG_SESSION_OPEN, 5);
	hear(&msg, MSG_SESSION_STATE);
	assert_string_equal(msg.SESSION_STATE_.open.id, "s_1");
	assert_int_equal(msg.SESSION_STATE_.open.idle_timeout_s, 30);
	assert_int_equal(msg.SESSION_STATE_.open.tracks[0].key[0], 7);
	assert_int_equal(msg.SESSION_STATE_.open.tracks[0].stat_index, 0);
	assert_int_equal(msg.SESSION_STATE_.open.tracks[1].stat_index, 1);
	assert_int_equal(hear_ack(5), 0);
	assert_int_equal(track_count, 2);
	assert_string_equal(tracks[0].cfg.room, "room s_1");
	assert_string_equal(tracks[1].cfg.id, "track1");
	assert_string_equal(tracks[1].cfg.promised, "file1.ivf");
	assert_int_equal(tracks[1].cfg.channels, 2);
	assert_int_equal(tracks[0].writer, tracks[1].writer);
	struct session *s = session("s_1");
	assert_true(endpoint_is_own(&lcores[s->owner], s->endpoint, 0, FIRST));
	assert_int_equal(endpoint_own_count(&lcores[!s->owner]), 0);
	assert_int_equal(s->endpoint->ssrc_bound, 2);
	assert_int_equal(s->endpoint->ssrcs[1], 1234);
	assert_int_equal(proc(STAT_PROC_sessions_opened), 1);
}

static void openings_that_cannot_be_are_refused_with_a_reason(void **state)
{
	union msg msg;

	join();
#define REFUSED(status, change)                                                                              \
	do {                                                                                                 \
		msg = opening("s_1", FIRST, 2);                                                              \
		change;                                                                                      \
		assert_int_equal(refused(&msg), status);                                                     \
		assert_int_equal(table->session_count, 0);                                                   \
	} while (0)
	struct msg_session_open *o = &msg.SESSION_OPEN_;
	REFUSED(-EINVAL, o->track_count = 0);
	REFUSED(-EINVAL, o->id[0] = '\0');
	REFUSED(-EINVAL, o->room[0] = '\0');
	REFUSED(-EINVAL, o->port = FIRST - 2);
	REFUSED(-EINVAL, o->port = FIRST + 99);
	REFUSED(-EINVAL, o->addr.bytes[3] = 9);
	REFUSED(-EINVAL, o->tracks[0].id[0] = '\0');
	REFUSED(-EINVAL, strcpy(o->tracks[0].id, o->tracks[1].id));
	REFUSED(-EINVAL, o->tracks[0].payload_type = 72);
	REFUSED(-EINVAL, o->tracks[0].clock_rate = 0);
	REFUSED(-EINVAL, o->tracks[0].codec = CODEC_OPUS);
	REFUSED(-EINVAL, o->tracks[0].roc = 1);
	REFUSED(-EINVAL, (o->tracks[0].ssrc_known = o->tracks[1].ssrc_known = 1));
	REFUSED(-EINVAL, (conf.ingest_allow_plain_rtp = false, o->tracks[0].profile = PROFILE_PLAIN));
	REFUSED(-ENOSPC, conf.record_min_free_mb = 1 << 30);
	conf.record_min_free_mb = 0;
	REFUSED(-EROFS, conf.record_dir = nowhere);
	conf.record_dir = dir;
	/* Nothing of all that is left over. */
	open_one("s_1", FIRST, 2);
}

static void what_is_taken_is_refused(void **state)
{
	union msg msg;

	join();
	open_one("s_1", FIRST, 2);
	msg = opening("s_1", FIRST + 2, 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST, 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST + 1, 1);
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST + 2, 1);
	strcpy(msg.SESSION_OPEN_.room, "room s_1");
	assert_int_equal(refused(&msg), -EEXIST);
	msg = opening("s_2", FIRST + 2, 7);
	assert_int_equal(refused(&msg), -ENOSPC);
	msg = opening("s_2", FIRST, 1);
	msg.SESSION_OPEN_.addr.family = 0;
	assert_int_equal(refused(&msg), -EEXIST);
	/* The same port at another address is another port. */
	msg = opening("s_2", FIRST, 1);
	msg.SESSION_OPEN_.addr = (struct msg_addr){ .family = 6, .bytes = { 0xfd } };
	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
}

static void a_track_that_cannot_be_made_undoes_the_opening(void **state)
{
	union msg msg = opening("s_1", FIRST, 2);

	join();
	open_fails_at = 2;
	assert_int_equal(refused(&msg), -ENOSPC);
	hear_nothing();
	turns();
	assert_int_equal(table->session_count, 0);
	assert_string_equal(tracks[0].reason, "not opened");
	open_fails_at = 0;
	open_one("s_1", FIRST, 2);
}

static void participants_keep_to_one_writer(void **state)
{
	union msg msg;

	join();
	open_one("s_1", FIRST, 1);
	open_one("s_2", FIRST + 2, 1);
	assert_int_not_equal(tracks[0].writer, tracks[1].writer);
	msg = opening("s_3", FIRST + 4, 1);
	strcpy(msg.SESSION_OPEN_.room, "room s_1");
	strcpy(msg.SESSION_OPEN_.tracks[0].id, "another");
	say(&msg, MSG_SESSION_OPEN, 5);
	assert_int_equal(tracks[2].writer, tracks[0].writer);
}

static void closing_finalises_and_is_done_when_all_is_durable(void **state)
{
	join();
	open_one("s_1", FIRST, 2);
	close_at_once = false;
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_nothing();
	assert_true(session("s_1")->endpoint->paused);
	assert_string_equal(tracks[0].reason, "deleted");
	finish_track(&tracks[0], 0);
	turns();
	hear_nothing();
	finish_track(&tracks[1], 0);
	turns();
	hear_state(MSG_SESSION_DONE, "deleted");
	assert_null(session_find(table, "s_1"));
	assert_int_equal(endpoint_own_count(&lcores[0]) + endpoint_own_count(&lcores[1]), 0);
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), -ENOENT);
	/* Port, names and slots are free again. */
	open_one("s_1", FIRST, 2);
}

static void the_first_packet_begins_the_recording(void **state)
{
	union msg msg;

	join();
	open_one("s_1", FIRST, 2);
	packet_comes(session("s_1"), 1, 5000);
	packet_comes(session("s_1"), 0, 4000);
	watch_sessions(table, clk_mono_ns());
	hear(&msg, MSG_SESSION_STATE);
	assert_int_equal(msg.SESSION_STATE_.state, MSG_SESSION_RECORDING);
	assert_int_equal(msg.SESSION_STATE_.first_pkt_unix_ns, 4000);
	watch_sessions(table, clk_mono_ns());
	hear_nothing();
}

static void silence_ends_a_session(void **state)
{
	uint64_t now;

	join();
	open_one("s_1", FIRST, 1);
	now = session("s_1")->opened_mono_ns;
	watch_sessions(table, now + 29 * CLK_NS_PER_S);
	packet_comes(session("s_1"), 0, 1000);
	watch_sessions(table, now + 29 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_RECORDING, "");
	/* The wall clock may jump: it is the change that counts. */
	packet_comes(session("s_1"), 0, 10);
	watch_sessions(table, now + 58 * CLK_NS_PER_S);
	watch_sessions(table, now + 87 * CLK_NS_PER_S);
	hear_nothing();
	watch_sessions(table, now + 88 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_FINALISING, "idle");
	turns();
	hear_state(MSG_SESSION_DONE, "idle");
}

static void a_session_ends_at_its_longest_duration(void **state)
{
	union msg msg = opening("s_1", FIRST, 1);
	uint64_t now;

	join();
	msg.SESSION_OPEN_.max_duration_s = 5;
	say(&msg, MSG_SESSION_OPEN, 5);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(5), 0);
	now = session("s_1")->opened_mono_ns;
	watch_sessions(table, now + 5 * CLK_NS_PER_S - 1);
	hear_nothing();
	watch_sessions(table, now + 5 * CLK_NS_PER_S);
	hear_state(MSG_SESSION_FINALISING, "duration");
}

static void bye_of_one_track_closes_it_and_of_all_the_session(void **state)
{
	join();
	open_one("s_1", FIRST, 2);
	session("s_1")->flows[1].ended = true;
	turns();
	assert_string_equal(tracks[1].reason, "bye");
	assert_false(tracks[0].closing);
	hear_nothing();
	session("s_1")->flows[0].ended = true;
	turns();
	hear_state(MSG_SESSION_FINALISING, "bye");
	turns();
	hear_state(MSG_SESSION_DONE, "bye");
}

static void a_track_that_fails_fails_the_session(void **state)
{
	struct writer_events events = inbox_events(inbox);

	join();
	open_one("s_1", FIRST, 2);
	open_one("s_2", FIRST + 2, 1);
	events.on_track_failed(events.arg, &tracks[1], "disk full: 0 bytes free");
	turns();
	hear_state(MSG_SESSION_FINALISING, "disk full: 0 bytes free");
	hear_state(MSG_SESSION_FAILED, "disk full: 0 bytes free");
	assert_int_equal(proc(STAT_PROC_sessions_failed), 1);
	assert_non_null(session_find(table, "s_2"));
}

static void a_file_that_cannot_be_finished_fails_the_session(void **state)
{
	join();
	open_one("s_1", FIRST, 1);
	close_at_once = false;
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	finish_track(&tracks[0], -EIO);
	turns();
	hear_state(MSG_SESSION_FAILED, "file: Input/output error");
	assert_int_equal(proc(STAT_PROC_disk_error), EIO);
}

static void files_are_told_and_listed_while_open(void **state)
{
	struct writer_events events = inbox_events(inbox);
	struct msg_file_state file = {
		.state = MSG_FILE_OPEN, .session = "s_1", .track = "track0", .name = "a.ivf"
	};
	union msg msg = { 0 };

	join();
	open_one("s_1", FIRST, 1);
	events.on_file(events.arg, &file);
	turns();
	hear(&msg, MSG_FILE_STATE);
	assert_string_equal(msg.FILE_STATE_.name, "a.ivf");
	say(&msg, MSG_LIST, 8);
	hear_state(MSG_SESSION_WAITING, "");
	hear(&msg, MSG_FILE_STATE);
	assert_int_equal(msg.FILE_STATE_.state, MSG_FILE_OPEN);
	assert_int_equal(hear_ack(8), 0);
	file.state = MSG_FILE_FINISHED;
	events.on_file(events.arg, &file);
	turns();
	hear(&msg, MSG_FILE_STATE);
	assert_int_equal(proc(STAT_PROC_recordings_finished), 1);
	say(&msg, MSG_LIST, 8);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(8), 0);
	file.state = MSG_FILE_FAILED;
	events.on_file(events.arg, &file);
	turns();
	assert_int_equal(proc(STAT_PROC_recordings_failed), 1);
}

static void key_frames_are_asked_for_where_the_endpoint_is(void **state)
{
	union msg msg = { 0 };

	join();
	open_one("s_1", FIRST, 2);
	strcpy(msg.KEY_FRAME_.id, "s_1");
	strcpy(msg.KEY_FRAME_.track_id, "track1");
	say(&msg, MSG_KEY_FRAME, 9);
	assert_int_equal(hear_ack(9), 0);
	assert_false(session("s_1")->flows[0].key_frame_asked);
	assert_true(session("s_1")->flows[1].key_frame_asked);
	memset(&msg, 0, sizeof(msg));
	strcpy(msg.KEY_FRAME_.id, "s_1");
	say(&msg, MSG_KEY_FRAME, 9);
	assert_int_equal(hear_ack(9), 0);
	assert_true(session("s_1")->flows[0].key_frame_asked);
	strcpy(msg.KEY_FRAME_.id, "s_2");
	say(&msg, MSG_KEY_FRAME, 9);
	assert_int_equal(hear_ack(9), -ENOENT);
}

static void an_endpoint_astray_is_moved(void **state)
{
	struct session *s;

	join();
	open_one("s_1", FIRST, 1);
	s = session("s_1");
	assert_int_equal(s->owner, 0);
	s->endpoint->passed_pkts = s->endpoint->own_pkts = 1000;
	s->endpoint->passed_from = 1;
	turns();
	assert_int_equal(s->owner, 1);
	assert_true(endpoint_is_own(&lcores[1], s->endpoint, 0, FIRST));
	assert_false(endpoint_is_own(&lcores[0], s->endpoint, 0, FIRST));
	close_one("s_1", "deleted");
	assert_int_equal(hear_ack(7), 0);
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_state(MSG_SESSION_DONE, "deleted");
}

static void a_close_during_a_move_waits_for_it(void **state)
{
	struct session *s;

	join();
	open_one("s_1", FIRST, 1);
	s = session("s_1");
	s->endpoint->astray.owner = 1;
	session_take_command(s, &s->endpoint->astray);
	assert_int_equal(s->answers, 1);
	session_close(s, "deleted", false);
	assert_int_equal(s->phase, SESSION_OPEN);
	turns();
	hear_state(MSG_SESSION_FINALISING, "deleted");
	hear_state(MSG_SESSION_DONE, "deleted");
}

static void a_close_during_the_opening_comes_after_it(void **state)
{
	union msg msg = opening("s_1", FIRST, 1), bye = { 0 };

	join();
	strcpy(bye.SESSION_CLOSE_.id, "s_1");
	assert_int_equal(ipc_send(control, &msg, MSG_SESSION_OPEN, 5), 0);
	assert_int_equal(ipc_send(control, &bye, MSG_SESSION_CLOSE, 6), 0);
	turns();
	assert_int_equal(hear_ack(6), 0);
	hear_state(MSG_SESSION_FINALISING, "");
	hear_state(MSG_SESSION_FINALISING, "");
	assert_int_equal(hear_ack(5), 0);
	hear_state(MSG_SESSION_DONE, "");
}

static void what_is_no_request_is_told_so(void **state)
{
	union msg msg = { 0 };

	join();
	say(&msg, MSG_ACK, 4);
	assert_int_equal(hear_ack(4), -EPROTO);
}

static void sessions_go_on_without_control(void **state)
{
	union msg msg = { 0 };

	join();
	open_one("s_1", FIRST, 1);
	close(control);
	turns();
	join();
	say(&msg, MSG_LIST, 8);
	hear_state(MSG_SESSION_WAITING, "");
	assert_int_equal(hear_ack(8), 0);
}

static void slots_are_clean_when_they_are_used_again(void **state)
{
	join();
	for (unsigned i = 0; i < 3; i++) {
		open_one("s_1", FIRST, TRACKS);
		for (unsigned t = 0; t < TRACKS; t++) {
			assert_int_equal(stat_get(session("s_1")->flows[t].slot, STAT_FLOW_pkts), 0);
			assert_int_equal(stat_get(tracks[track_count - 1].cfg.slot, STAT_TRACK_pkts), 0);
			stat_set(session("s_1")->flows[t].slot, STAT_FLOW_pkts, 9);
			stat_set(stat_slot(stat_segment, STAT_SCOPE_TRACK, t), STAT_TRACK_pkts, 9);
		}
		close_one("s_1", "deleted");
		assert_int_equal(hear_ack(7), 0);
		hear_state(MSG_SESSION_FINALISING, "deleted");
		hear_state(MSG_SESSION_DONE, "deleted");
	}
}

/* A poll loop without packets. */
static void *be_lcore(void *arg)
{
	struct lcore *lc = arg;
	struct rte_mbuf *none[LCORE_BURST];

	while (!atomic_load(&lcores_stop)) {
		lc->now_tsc += 1000000;
		lc->now_unix_ns += 1000000;
		command_poll(lc);
		endpoint_take_forwarded(lc, none, LCORE_BURST);
		feedback_timer(lc);
		/* as if its packets came from the other side */
		if (lc->timer_next) {
			lc->timer_next->passed_pkts += 100;
			lc->timer_next->own_pkts += 100;
			lc->timer_next->passed_from = (uint8_t)!lc->index;
		}
		usleep(50);
	}
	return NULL;
}

static void *run_table(void *arg)
{
	*(int *)arg = session_table_run(table);
	return NULL;
}

/* Read until the answer to @id. */
static int wait_ack(uint64_t id)
{
	for (;;) {
		struct pollfd fd = { .fd = control, .events = POLLIN };
		union msg msg;
		assert_int_equal(poll(&fd, 1, 20000), 1);
		assert_int_equal(ipc_recv(control, &msg), 0);
		if (msg.head.type == MSG_ACK && msg.head.id == id)
			return msg.ACK_.status;
	}
}

/* Real threads: sessions are opened, moved to and fro, asked for key frames and closed; then a shutdown with
 * some open. */
static void everything_at_once_in_threads_ends_well(void **state)
{
	pthread_t threads[LCORES], runner;
	int result = -1;
	union msg msg;

	join();
	for (unsigned i = 0; i < LCORES; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, be_lcore, &lcores[i]), 0);
	assert_int_equal(pthread_create(&runner, NULL, run_table, &result), 0);
	for (uint64_t round = 0; round < 12; round++) {
		for (uint16_t i = 0; i < 3; i++) {
			char id[16];
			snprintf(id, sizeof(id), "s_%u", i);
			msg = opening(id, (uint16_t)(FIRST + 2 * i), 2);
			assert_int_equal(ipc_send(control, &msg, MSG_SESSION_OPEN, 100 + i), 0);
		}
		for (uint16_t i = 0; i < 3; i++)
			assert_int_equal(wait_ack(100u + i), 0);
		usleep(20000);
		for (uint16_t i = 0; i < 3; i++) {
			memset(&msg, 0, sizeof(msg));
			snprintf(msg.KEY_FRAME_.id, sizeof(msg.KEY_FRAME_.id), "s_%u", i);
			assert_int_equal(ipc_send(control, &msg, MSG_KEY_FRAME, 200 + i), 0);
		}
		for (uint16_t i = 0; i < 3; i++)
			assert_int_equal(wait_ack(200u + i), 0);
		if (round == 11)
			break;
		for (unsigned done = 0, i = 0; i < 3; i++) {
			memset(&msg, 0, sizeof(msg));
			snprintf(msg.SESSION_CLOSE_.id, sizeof(msg.SESSION_CLOSE_.id), "s_%u", i);
			assert_int_equal(ipc_send(control, &msg, MSG_SESSION_CLOSE, 300 + i), 0);
			while (done <= i) {
				struct pollfd fd = { .fd = control, .events = POLLIN };
				assert_int_equal(poll(&fd, 1, 20000), 1);
				assert_int_equal(ipc_recv(control, &msg), 0);
				done += msg.head.type == MSG_SESSION_STATE &&
				        msg.SESSION_STATE_.state == MSG_SESSION_DONE;
			}
		}
		track_count = 0;
	}
	atomic_store(&stop, true);
	pthread_join(runner, NULL);
	atomic_store(&lcores_stop, true);
	for (unsigned i = 0; i < LCORES; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(result, 0);
	assert_int_equal(table->session_count, 0);
	for (unsigned i = 0; i < 6; i++)
		assert_string_equal(tracks[i].reason, "shutdown");
}

static void a_table_without_a_socket_is_not_made(void **state)
{
	struct session_table_cfg cfg = table->cfg;
	struct session_table *none = NULL;
	struct conf other = conf;

	other.dataplane_run_dir = nowhere;
	cfg.conf = &other;
	assert_int_equal(session_table_create(&none, &cfg), -ENOENT);
	assert_null(none);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(a_session_opens_with_all_it_needs),
		CASE(openings_that_cannot_be_are_refused_with_a_reason),
		CASE(what_is_taken_is_refused),
		CASE(a_track_that_cannot_be_made_undoes_the_opening),
		CASE(participants_keep_to_one_writer),
		CASE(closing_finalises_and_is_done_when_all_is_durable),
		CASE(the_first_packet_begins_the_recording),
		CASE(silence_ends_a_session),
		CASE(a_session_ends_at_its_longest_duration),
		CASE(bye_of_one_track_closes_it_and_of_all_the_session),
		CASE(a_track_that_fails_fails_the_session),
		CASE(a_file_that_cannot_be_finished_fails_the_session),
		CASE(files_are_told_and_listed_while_open),
		CASE(key_frames_are_asked_for_where_the_endpoint_is),
		CASE(an_endpoint_astray_is_moved),
		CASE(a_close_during_a_move_waits_for_it),
		CASE(a_close_during_the_opening_comes_after_it),
		CASE(what_is_no_request_is_told_so),
		CASE(sessions_go_on_without_control),
		CASE(slots_are_clean_when_they_are_used_again),
		CASE(everything_at_once_in_threads_ends_well),
		CASE(a_table_without_a_socket_is_not_made),
	};

	log_setup("test", LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	if (!mkdtemp(dir))
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return failed;
}
