/* SPDX-License-Identifier: BSD-3-Clause */
/* A session as the command thread knows it, and its life:
 *
 *   OPENING ──all lcores know it──► OPEN ──session_close──► PAUSING ──its lcore has let go──► FINALISING
 * ──all tracks closed──► REMOVING ──all lcores have forgotten it──► freed
 *
 * One set of commands is under way at a time; what comes meanwhile (a close, a move) waits for its answers.
 * The state that control sees (base/msg.h) follows from that, from the first packet and from how it ended.
 * What the files of the command thread share. Command thread only.
 */
#ifndef DATAPLANE_SESSION_H
#define DATAPLANE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/msg.h"
#include "dataplane/claim.h"
#include "dataplane/command.h"
#include "dataplane/session_table.h"

struct control_link;
struct dispatch;
struct endpoint;
struct flow;
struct session;
struct session_webrtc;
struct slot_pool;
struct track;

enum session_phase { SESSION_OPENING, SESSION_OPEN, SESSION_PAUSING, SESSION_FINALISING, SESSION_REMOVING };
enum session_track_state {
	SESSION_TRACK_NONE,
	SESSION_TRACK_OPEN,
	SESSION_TRACK_CLOSING,
	SESSION_TRACK_CLOSED
};

struct session_track {
	struct session *session;
	struct flow *flow;
	struct track *track; /* the writers'; not to be touched once it is closing */
	enum session_track_state state;
	uint32_t stat_index;
	uint64_t seen_pkt_unix_ns; /* last_pkt_unix_ns when it was looked at last */
	struct claim claim;        /* room and track id */
};

/* An open file, for LIST. */
struct session_file {
	LIST_ENTRY(session_file) link;
	struct msg_file_state state;
};

struct session {
	TAILQ_ENTRY(session) link;
	struct session_table *table;
	struct msg_session_open open; /* holds keys: wiped when freed */
	enum session_phase phase;
	uint32_t state; /* enum msg_session_state_id */
	char reason[LIMIT_REASON_BYTES + 1];
	uint64_t first_pkt_unix_ns;
	uint64_t opened_mono_ns, active_mono_ns;
	uint64_t ack_id; /* of the opening */
	bool unborn;     /* the opening failed half way: nobody is told of it */
	bool closing, failed;
	uint8_t local;                 /* index of its address, or ENDPOINT_ANY_LOCAL */
	struct session_webrtc *webrtc; /* NULL: an RTP session */
	bool has_ports;
	unsigned owner; /* lcore */
	unsigned writer;
	unsigned answers; /* commands that have not come back */
	unsigned move_to; /* where a MOVE leads */
	bool key_frame_busy;
	struct endpoint *endpoint;
	struct flow *flows;       /* an array */
	struct command *commands; /* one an lcore */
	struct command key_frame;
	struct claim id_claim, participant_claim;
	struct session_track tracks[LIMIT_TRACKS_PER_SESSION];
	LIST_HEAD(, session_file) files;
};

struct session_table {
	struct session_table_cfg cfg;
	struct control_link *link;
	struct dispatch *dispatch;
	struct slot_pool *slots;
	uint64_t *proc; /* STAT_PROC */
	TAILQ_HEAD(session_list, session) sessions;
	unsigned session_count, track_count, opened;
	unsigned handshakes; /* WebRTC sessions without keys: their datagrams are waited for */
	unsigned send_count; /* datagrams on their way to lcores */
	struct claim_table ids, names, participants, ufrags;
	struct session **ports; /* by local address and port: who has it */
	uint16_t first_port, last_port;
	bool stopping;
	uint64_t next_watch_mono_ns, next_second_mono_ns;
};

struct session *session_find(struct session_table *table, const char *id);

/* Begin the life of what opening.c has built: make it known to the lcores, and acknowledge when it is. */
void session_start(struct session *session);

/* Give up what opening.c could not finish; no lcore knows of it. It stays until the writers have let go of
 * its tracks. */
void session_abandon(struct session *session);

/* End it: finalise its files, then DONE or, if @failed, FAILED. The first reason stays. */
void session_close(struct session *session, const char *reason, bool failed);

/* Send one command to @lcore: what it is about is filled in, ufrags only if it has none. */
void session_send(struct session *session, unsigned lcore, struct command *command);

/* Send one command of the current set. */
void session_command(struct session *session, unsigned lcore, const struct command *command);

/* Do the next step, if nothing is under way. May free the session. */
void session_advance(struct session *session);

/* A command of the session has come back, or something was told about it. */
void session_take_command(struct session *session, struct command *command);

/* The writers have let go of one of its tracks. May free the session. */
void session_track_closed(struct session *session);

/* The first packet has come. */
void session_begin_recording(struct session *session, uint64_t first_pkt_unix_ns);

/* Ask for key frames of the tracks in @flows. */
void session_ask_key_frames(struct session *session, uint32_t flows);

/* Tell control the state of the session. */
void session_tell(struct session *session);

/* Free what was built so far. Its lcores and writers know nothing of it any more. */
void session_free(struct session *session);

#endif
