/* SPDX-License-Identifier: BSD-3-Clause */
/* The sessions that are known, and how they are found: by id, by room and track (those that are live), in the
 * order of their opening, and those that ended in the order of their end. Inside of control/session.h; not
 * locked. */
#ifndef CONTROL_SESSION_TABLE_H
#define CONTROL_SESSION_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/log.h"
#include "base/msg.h"
#include "control/session_figures.h"

#define SESSION_TABLE_BUCKETS  16384
#define SESSION_TABLE_FILES    256   /* files remembered of one session: the newest */
#define SESSION_TABLE_ENDED    10000 /* sessions remembered after their end */
#define SESSION_TABLE_ENDED_S  3600  /* and for how long */
#define SESSION_TABLE_NO_INDEX UINT32_MAX

struct session;

struct session_track {
	struct msg_track msg;                   /* keys are wiped when the session ends */
	struct session_figures figures;         /* as last read, of this run of the dataplane */
	struct session_figures before;          /* of its earlier runs */
	uint64_t rate_ns, rate_bytes, rate_bps; /* when the bit rate was last measured, and what it was */
	struct session *session;
	LIST_ENTRY(session_track) by_claim;
};

struct session_file {
	char name[NAME_BYTES], track[LIMIT_TRACK_ID_BYTES + 1];
	uint32_t state; /* enum msg_file_state_id */
	uint64_t bytes;
};

/* SRTP keys of a WebRTC session, as its DTLS handshake gave them. */
struct session_keys {
	enum profile profile; /* PROFILE_PLAIN: not known */
	uint8_t key[PROFILE_KEY_BYTES], send_key[PROFILE_KEY_BYTES];
};

struct session {
	char id[LIMIT_SESSION_ID_BYTES + 1];
	char room[LIMIT_ROOM_BYTES + 1], participant[LIMIT_PARTICIPANT_BYTES + 1];
	enum msg_transport transport;
	struct msg_addr addr;
	uint16_t port;
	uint32_t idle_timeout_s, max_duration_s;
	uint64_t opened_unix_ns, first_pkt_unix_ns, ended_unix_ns, ended_mono_ns;
	enum msg_session_state_id state;
	char reason[LIMIT_REASON_BYTES + 1];

	/* WebRTC. Password and keys are wiped when the session ends. */
	struct msg_ice ice; /* of the latest restart */
	uint8_t reduced_rtcp, extensions[MSG_EXTENSIONS];
	struct session_keys keys;
	bool has_path, has_keys; /* as the dataplane tells */

	bool told;     /* session.opened went out, now or before a restart of control */
	bool opening;  /* the dataplane has not yet answered; shown to nobody */
	bool orphan;   /* its opener was told that it failed; shown to nobody, closed wherever it turns up */
	bool closing;  /* asked to end; never opened again */
	bool failed;   /* and the reason is an error */
	bool listed;   /* the dataplane named it since the connection was made */
	bool lost;     /* the dataplane that ran it is gone, and no other runs it yet */
	bool resuming; /* in the queue of those to be opened again in a new dataplane */

	struct session_file *files;
	unsigned file_count;

	LIST_ENTRY(session) by_id;
	TAILQ_ENTRY(session) by_age, by_end, by_resume;

	unsigned track_count;
	struct session_track tracks[];
};

/* For log_with. */
#define SESSION_IDS(s) LOG_IDS(.session = (s)->id, .room = (s)->room)

TAILQ_HEAD(session_list, session);
LIST_HEAD(session_bucket, session);
LIST_HEAD(session_claims, session_track);

struct session_table {
	uint64_t seed; /* of the hashes: room names are the clients' */
	unsigned live, ended;
	struct session_list by_age; /* oldest first, all */
	struct session_list by_end; /* oldest end first, ended ones only */
	struct session_bucket ids[SESSION_TABLE_BUCKETS];
	struct session_claims claims[SESSION_TABLE_BUCKETS];
};

void session_table_init(struct session_table *table);
void session_table_clear(struct session_table *table); /* wipes and frees all sessions */

static inline bool session_table_has_ended(const struct session *session)
{
	return session->state >= MSG_SESSION_DONE;
}

/* NULL when unknown. */
struct session *session_table_find(const struct session_table *table, const char *id);

/* The live session that has track @track of @room, or NULL. */
struct session *session_table_claimant(
        const struct session_table *table, const char *room, const char *track);

/* Make a session of @open and take it in as waiting, with its claims. NULL: no memory. */
struct session *session_table_add(struct session_table *table, const struct msg_session_open *open);

/* What is asked of the dataplane to have @session run; holds its keys. */
void session_table_to_open(const struct session *session, struct msg_session_open *ret_open);

/* It has ended: @state is DONE or FAILED. Its keys are wiped, its claims given up; it is remembered for a
 * while. */
void session_table_end(struct session_table *table, struct session *session, enum msg_session_state_id state);

/* Forget a session altogether. */
void session_table_remove(struct session_table *table, struct session *session);

/* Forget those whose time is over. */
void session_table_prune(struct session_table *table, uint64_t now_mono_ns);

/* Note a file of the session, or that it is gone again; the oldest goes when there are SESSION_TABLE_FILES. 0 or
 * -ENOMEM. */
int session_table_put_file(struct session *session, const struct msg_file_state *file);

#endif
