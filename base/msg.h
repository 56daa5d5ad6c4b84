/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages between control and dataplane, over one Unix SOCK_SEQPACKET socket (base/ipc.h).
 *
 * One message a datagram, of the fixed size of its type, in host byte order: both ends run on one machine and carry the
 * same MSG_VERSION, which HELLO checks. Control sends requests, each answered by one ACK with the same id; the dataplane
 * sends events unasked. DTLS_OUT is not answered: DTLS sends again by itself what gets lost. LIST is answered by one SESSION_STATE a session and one FILE_STATE an open file, then its ACK:
 * so a control that comes back learns what runs.
 */
#ifndef BASE_MSG_H
#define BASE_MSG_H

#include <stdint.h>
#include "base/codec.h"
#include "base/limits.h"
#include "base/name.h"

#define MSG_VERSION 4
#define MSG_SOCKET "control.sock" /* in dataplane.run_dir */
#define MSG_STATS  "counters"     /* the shared segment, in dataplane.run_dir */

/* MSG(ID, struct) */
#define MSG_TABLE(MSG)                   \
	/* control → dataplane */            \
	MSG(HELLO, msg_hello)                \
	MSG(SESSION_OPEN, msg_session_open)  \
	MSG(SESSION_CLOSE, msg_session_close) \
	MSG(SESSION_KEYS, msg_session_keys)  \
	MSG(SESSION_ICE, msg_session_ice)    \
	MSG(DTLS_OUT, msg_datagram)          \
	MSG(KEY_FRAME, msg_key_frame)        \
	MSG(LIST, msg_list)                  \
	/* dataplane → control */            \
	MSG(ACK, msg_ack)                    \
	MSG(WELCOME, msg_welcome)            \
	MSG(SESSION_STATE, msg_session_state) \
	MSG(FILE_STATE, msg_file_state)      \
	MSG(DTLS_IN, msg_datagram)

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

/* How a session's packets come: to a port pair of its own, keys known from the start; or as WebRTC to the one port of
 * all WebRTC sessions, told apart by ICE (RFC 8445), with keys from DTLS (RFC 5764), all tracks bundled. */
enum msg_transport { MSG_TRANSPORT_RTP, MSG_TRANSPORT_WEBRTC };

/* ICE credentials, RFC 8445 section 5.3. Ours have MSG_UFRAG_BYTES and LIMIT_ICE_PWD_BYTES_MIN bytes or more. */
#define MSG_UFRAG_BYTES 8
struct msg_ice {
	char ufrag[MSG_UFRAG_BYTES + 1]; /* ours; unique among all sessions */
	char pwd[LIMIT_ICE_PWD_BYTES + 1]; /* ours: what the peer's checks are authenticated with */
	char remote_ufrag[LIMIT_ICE_UFRAG_BYTES + 1];
};

/* RTP header extensions (RFC 8285) whose ids the session negotiated; the same for all its tracks (RFC 8843). */
#define MSG_EXTENSION_TABLE(EXTENSION)                                                            \
	EXTENSION(MID, "urn:ietf:params:rtp-hdrext:sdes:mid")                                     \
	EXTENSION(RID, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id")                           \
	EXTENSION(REPAIRED_RID, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id")         \
	EXTENSION(TWCC, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01") \
	EXTENSION(SEND_TIME, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time")        \
	EXTENSION(CAPTURE_TIME, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time")  \
	EXTENSION(ORIENTATION, "urn:3gpp:video-orientation")                                      \
	EXTENSION(AUDIO_LEVEL, "urn:ietf:params:rtp-hdrext:ssrc-audio-level")
#define MSG_EXTENSION_ENUM(id, uri) MSG_EXTENSION_##id,
enum msg_extension { MSG_EXTENSION_TABLE(MSG_EXTENSION_ENUM) MSG_EXTENSIONS };

/* What a track's sender listens to. */
#define MSG_FEEDBACK_NACK 1  /* generic NACK, RFC 4585 section 6.2.1 */
#define MSG_FEEDBACK_PLI  2  /* RFC 4585 section 6.3.1 */
#define MSG_FEEDBACK_FIR  4  /* RFC 5104 section 4.3.1 */
#define MSG_FEEDBACK_TWCC 8  /* draft-holmer-rmcat-transport-wide-cc-extensions-01 */
#define MSG_FEEDBACK_REMB 16 /* draft-alvestrand-rmcat-remb-03 */
#define MSG_FEEDBACK_RRTR 32 /* receiver reference time, RFC 3611 section 4.4, answered by DLRR */

/* A track; or, with layer_of, one more simulcast layer of the track before it, of which one file is made. */
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
	/* WebRTC only, from here; profile and keys above are then empty. A payload type of 0: not negotiated. */
	char mid[LIMIT_MID_BYTES + 1];
	char rid[LIMIT_RID_BYTES + 1]; /* of a simulcast layer */
	uint8_t layer_of;  /* 1 + the index of the track that it is a layer of; 0: a track by itself */
	uint8_t layer;     /* among those of one track, in the order of a=simulcast */
	uint8_t rtx_payload_type;    /* RFC 4588, of payload_type */
	uint8_t red_payload_type;    /* RFC 2198: audio; video: carries ULPFEC */
	uint8_t red_rtx_payload_type;
	uint8_t ulpfec_payload_type; /* RFC 5109, inside RED or by itself */
	uint8_t flexfec_payload_type; /* RFC 8627 or its draft 03: tells itself by the header */
	uint8_t feedback;  /* MSG_FEEDBACK_… */
	uint8_t rtx_ssrc_known, fec_ssrc_known;
	uint32_t rtx_ssrc, fec_ssrc;
	uint32_t max_bitrate_bps; /* asked of the sender; 0: as much as it has */
	uint16_t parameter_set_bytes; /* H264: sprop-parameter-sets as Annex B, written before the first frame */
	uint8_t parameter_sets[LIMIT_PARAMETER_SET_BYTES];
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
	uint8_t transport;          /* enum msg_transport */
	uint8_t reduced_rtcp;       /* WebRTC: a=rtcp-rsize, RFC 5506 */
	uint8_t extensions[MSG_EXTENSIONS]; /* ids 1..14 or 1..255, 0: not negotiated */
	struct msg_ice ice;         /* WebRTC; after a restart those of the latest */
	struct msg_addr addr;       /* the local address packets must be sent to; WebRTC: any of ours */
	uint16_t port;              /* RTP and, muxed, RTCP; RTCP on port + 1 too; WebRTC: ingest.webrtc_port */
	uint8_t track_count;
	uint32_t idle_timeout_s;
	uint32_t max_duration_s;    /* 0: none */
	uint64_t opened_unix_ns;
	struct msg_track tracks[LIMIT_TRACKS_PER_SESSION];
};

/* The keys of a WebRTC session, from its DTLS handshake (RFC 5764 section 4.2): its media begins to flow. ACK 0, -ENOENT,
 * -EALREADY (it has keys), -EINVAL (not WebRTC, profile), -ENOKEY. */
struct msg_session_keys {
	struct msg_head head;
	char id[LIMIT_SESSION_ID_BYTES + 1];
	uint8_t profile;                     /* enum profile, not PLAIN */
	uint8_t key[PROFILE_KEY_BYTES];      /* the peer's write key and salt */
	uint8_t send_key[PROFILE_KEY_BYTES]; /* ours */
};

/* ICE restart (RFC 8445 section 9): further credentials are taken beside those that there are, until the peer has
 * nominated a path with them. ACK 0, -ENOENT, -EINVAL, -EEXIST (ufrag taken), -EBUSY (a restart is under way). */
struct msg_session_ice {
	struct msg_head head;
	char id[LIMIT_SESSION_ID_BYTES + 1];
	struct msg_ice ice;
};

/* A DTLS datagram of a WebRTC session, from its peer or to it. DTLS_IN are lost when control does not read. */
struct msg_datagram {
	struct msg_head head;
	char id[LIMIT_SESSION_ID_BYTES + 1];
	uint16_t len;
	uint8_t bytes[LIMIT_PACKET_BYTES];
};

/* Stop a session and finalise its files. ACK at once: 0 or -ENOENT; SESSION_STATE done follows when all is durable. */
struct msg_session_close {
	struct msg_head head;
	char id[LIMIT_SESSION_ID_BYTES + 1];
	char reason[LIMIT_REASON_BYTES + 1]; /* "deleted": goes into the sidecars */
	uint8_t failed;                      /* the reason is an error: so the session's state will say */
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
	char reason[LIMIT_REASON_BYTES + 1]; /* why it ended or failed: "idle", "bye", "deleted", "duration", "consent", "disk: …" */
	uint64_t first_pkt_unix_ns;          /* 0: none yet */
	uint8_t has_path;                    /* WebRTC: the peer has nominated one; news of it is a SESSION_STATE too */
	uint8_t has_keys;                    /* WebRTC: SESSION_KEYS has been taken; keys are told to nobody */
	struct msg_session_open open;
};

enum msg_file_state_id { MSG_FILE_OPEN, MSG_FILE_FINISHED, MSG_FILE_FAILED, MSG_FILE_DISCARDED };

/* A file was begun, finished (it and its sidecar are durable under their final names), could not be finished, or is gone
 * again, as nothing was recorded in it. */
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
