/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions of RTP with a catalogue, and what happens to them, on tests/unit/control/control_rig.h. Header
 * only: each test is one source file. */
#ifndef TESTS_UNIT_CONTROL_SESSION_RIG_H
#define TESTS_UNIT_CONTROL_SESSION_RIG_H

#include "base/clk.h"
#include "control/catalogue.h"
#include "tests/unit/control/control_rig.h"

static int session_rig_create(void **state)
{
	bool fresh;

	if (!rig_create() || catalogue_open(&control.catalogue, ":memory:", &fresh))
		return -1;
	rig_start(NULL, NULL);
	return 0;
}

static int session_rig_free(void **state)
{
	rig_stop(NULL);
	catalogue_close(control.catalogue);
	rig_free();
	return 0;
}

static inline struct msg_session_open opening(const char *room, const char *track)
{
	struct msg_session_open open = {
		.track_count = 1, .idle_timeout_s = 30, .addr = { .family = 4, .bytes = { 10, 77, 0, 1 } }
	};

	strcpy(open.room, room);
	strcpy(open.participant, "alice");
	strcpy(open.tracks[0].id, track);
	open.tracks[0] = (struct msg_track){ .codec = CODEC_VP8,
		.profile = PROFILE_AEAD_AES_128_GCM,
		.payload_type = 96,
		.clock_rate = 90000,
		.key = { 1, 2, 3 },
		.send_key = { 4, 5, 6 } };
	strcpy(open.tracks[0].id, track);
	return open;
}

static inline struct msg_session_open open_one(const char *room, const char *track)
{
	struct msg_session_open open = opening(room, track);

	assert_int_equal(sessions_open(control.sessions, &open, why), 0);
	return open;
}

static inline int try_open(const char *room, const char *track)
{
	struct msg_session_open open = opening(room, track);

	return sessions_open(control.sessions, &open, why);
}

/* Media arrives: the peer's slots say so, and the session records. */
static inline void receive(const char *id, uint64_t packets, uint32_t ssrc, uint64_t ext_seq)
{
	struct msg_session_state *session;

	pthread_mutex_lock(&peer->lock);
	session = peer_find(peer, id);
	assert_non_null(session);
	uint64_t *flow = stat_slot(peer->stat, STAT_SCOPE_FLOW, session->open.tracks[0].stat_index);
	stat_set(flow, STAT_FLOW_pkts, packets);
	stat_set(flow, STAT_FLOW_bytes, packets * 1000);
	stat_set(flow, STAT_FLOW_jitter_rtp, 900);
	stat_set(flow, STAT_FLOW_ssrc, ssrc);
	stat_set(flow, STAT_FLOW_ext_seq, ext_seq);
	stat_set(flow, STAT_FLOW_last_pkt_unix_ns, 1710123458 * CLK_NS_PER_S);
	session->state = MSG_SESSION_RECORDING;
	session->first_pkt_unix_ns = 1710123456 * CLK_NS_PER_S;
	peer_set_slots(peer, session, 2);
	peer_send_session(peer, session);
	pthread_mutex_unlock(&peer->lock);
	assert_true(SHOWS(id, "state", "recording"));
}

static inline void end(const char *id, uint32_t state, const char *reason)
{
	pthread_mutex_lock(&peer->lock);
	assert_non_null(peer_find(peer, id));
	peer_end(peer, peer_find(peer, id), state, reason);
	pthread_mutex_unlock(&peer->lock);
}

#endif
