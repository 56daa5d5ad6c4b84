/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages between control and dataplane, over one Unix SOCK_SEQPACKET socket (base/ipc.h).
 *
 * One message a datagram, of the fixed size of its type, in host byte order: both ends run on one machine and carry the
 * same MSG_VERSION, which HELLO checks. Control sends requests, each answered by one ACK with the same id; the dataplane
 * sends events unasked. LIST is answered by one SESSION_STATE a session and one FILE_STATE an open file, then its ACK:
 * so a control that comes back learns what runs.
 */
#ifndef BASE_MSG_H
#define BASE_MSG_H

#include <stdint.h>
#include "base/codec.h"
#include "base/limits.h"
#include "base/name.h"

#define MSG_VERSION 1
#define MSG_SOCKET "control.sock" /* in dataplane.run_dir */
#define MSG_STATS  "counters"     /* the shared segment, in dataplane.run_dir */

/* MSG(ID, struct) */
#define MSG_TABLE(MSG)                   \
	/* control → dataplane */            \
	MSG(HELLO, msg_hello)                \
	MSG(SESSION_OPEN, msg_session_open)  \
	MSG(SESSION_CLOSE, msg_session_close) \
	MSG(KEY_FRAME, msg_key_frame)        \
	MSG(LIST, msg_list)                  \
	/* dataplane → control */            \
	MSG(ACK, msg_ack)                    \
	MSG(WELCOME, msg_welcome)            \
	MSG(SESSION_STATE, msg_session_state) \
	MSG(FILE_STATE, msg_file_state)

#define MSG_ENUM(id, type) MSG_##id,
enum msg_type { MSG_TABLE(MSG_ENUM) MSG_TYPES };

struct msg_head {
	uint32_t type; /* enum msg_type */
	uint32_t size; /* of the whole message */
	uint64_t id;   /* of a request, chosen by control; its ACK bears the same; 0 in events */
};

/* First message of control; answered by WELCOME and then its ACK, or by ACK -EPROTO and a close. */
struct msg_hello {
	struct msg_head head;
	uint32_t version;
	uint32_t pid;
};

struct msg_welcome {
	struct msg_head head;
	uint32_t version;
	uint32_t pid;
	uint64_t boot_id;    /* random, new at every start of the dataplane */
	uint32_t max_tracks; /* of the whole dataplane */
	uint32_t repaired;   /* files repaired at this start */
};

struct msg_addr {
	uint8_t family; /* 4, 6 or 0: any of ours */
	uint8_t bytes[16];
};

struct msg_track {
	char id[LIMIT_TRACK_ID_BYTES + 1];
	char promised[NAME_BYTES]; /* the file name that the answer to the opening named; goes into the sidecar */
	uint8_t codec;        /* enum codec */
	uint8_t profile;      /* enum profile */
	uint8_t payload_type; /* 0..127 */
	uint8_t channels;     /* audio: 1 or 2 */
	uint8_t ssrc_known;   /* else the first valid packet of payload_type binds it */
	uint8_t ssrc_bound;   /* not known, but bound before: ssrc is that of a stream taken up again, and may change */
	uint32_t clock_rate;
	uint32_t ssrc;
	uint32_t roc;         /* SRTP roll-over counter to begin with: 0, or what is known of a stream taken up again */
	uint8_t key[PROFILE_KEY_BYTES];      /* master key and salt of what the sender sends */
	uint8_t send_key[PROFILE_KEY_BYTES]; /* of our SRTCP to it; the same where one key serves both ways */
	/* answered in SESSION_STATE: */
	uint32_t stat_index;  /* of its FLOW and TRACK slots */
};

/* Open a session; all of it or nothing. ACK: 0, -EEXIST (port, id, or room and track taken), -ENOSPC (tables full),
 * -EINVAL (a field out of bounds), -ENOKEY (keys not usable), -EROFS (record.dir not writable). */
struct msg_session_open {
	struct msg_head head;
	char id[LIMIT_SESSION_ID_BYTES + 1];
	char room[LIMIT_ROOM_BYTES + 1];
	char participant[LIMIT_PARTICIPANT_BYTES + 1];
	struct msg_addr addr;       /* the local address packets must be sent to */
	uint16_t port;              /* RTP and, muxed, RTCP; RTCP on port + 1 too */
	uint8_t track_count;
	uint32_t idle_timeout_s;
	uint32_t max_duration_s;    /* 0: none */
	uint64_t opened_unix_ns;
	struct msg_track tracks[LIMIT_TRACKS_PER_SESSION];
};

/* Stop a session and finalise its files. ACK at once: 0 or -ENOENT; SESSION_STATE done follows when all is durable. */
struct msg_session_close {
	struct msg_head head;
	char id[LIMIT_SESSION_ID_BYTES + 1];
	char reason[LIMIT_REASON_BYTES + 1]; /* "deleted": goes into the sidecars */
};

/* Ask the sender of a track (track_id empty: of every video track) for a key frame. ACK 0 or -ENOENT. */
struct msg_key_frame {
	struct msg_head head;
	char id[LIMIT_SESSION_ID_BYTES + 1];
	char track_id[LIMIT_TRACK_ID_BYTES + 1];
};

struct msg_list {
	struct msg_head head;
};

struct msg_ack {
	struct msg_head head;
	int32_t status; /* 0 or negative errno */
	char why[LIMIT_REASON_BYTES + 1];
};

enum msg_session_state_id {
	MSG_SESSION_WAITING, MSG_SESSION_RECORDING, MSG_SESSION_FINALISING, MSG_SESSION_DONE, MSG_SESSION_FAILED
};

/* A session as it is now: at every change of state, and for LIST. Carries the opening, so that control can adopt it. */
struct msg_session_state {
	struct msg_head head;
	uint32_t state;                      /* enum msg_session_state_id */
	char reason[LIMIT_REASON_BYTES + 1]; /* why it ended or failed: "idle", "bye", "deleted", "duration", "disk: …" */
	uint64_t first_pkt_unix_ns;          /* 0: none yet */
	struct msg_session_open open;
};

enum msg_file_state_id { MSG_FILE_OPEN, MSG_FILE_FINISHED, MSG_FILE_FAILED };

/* A file was begun, finished (it and its sidecar are durable under their final names), or could not be finished. */
struct msg_file_state {
	struct msg_head head;
	uint32_t state; /* enum msg_file_state_id */
	char session[LIMIT_SESSION_ID_BYTES + 1]; /* empty: repaired at start */
	char track[LIMIT_TRACK_ID_BYTES + 1];
	char name[NAME_BYTES];
	uint32_t stat_index; /* of the track, for its file_bytes while open */
	uint64_t bytes;      /* when finished */
	uint64_t started_unix_ns;
	char reason[LIMIT_REASON_BYTES + 1];
};

/* The largest message, for buffers. */
union msg {
	struct msg_head head;
#define MSG_MEMBER(id, type) struct type id##_;
	MSG_TABLE(MSG_MEMBER)
#undef MSG_MEMBER
};

#endif
