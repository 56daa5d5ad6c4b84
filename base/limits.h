/* SPDX-License-Identifier: BSD-3-Clause */
/* Every bound that a peer, a client, a store or a file can push against, in one place. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Names. Room, participant and track ids are kept as given (UTF-8, no control characters) up to these
 * lengths; what becomes of them in a file name is base/name.h's matter. Lengths are bytes without the
 * terminator. */
#define LIMIT_ROOM_BYTES        128
#define LIMIT_PARTICIPANT_BYTES 128
#define LIMIT_TRACK_ID_BYTES    64
#define LIMIT_FILE_NAME_BYTES                                                                                \
	200 /* NAME_MAX is 255; ".", ".part", ".journal", "-4294967295" must still fit */
#define LIMIT_REASON_BYTES     160
#define LIMIT_SESSION_ID_BYTES 31
#define LIMIT_CODEC_BYTES      15

/* Sessions. */
#define LIMIT_TRACKS_PER_SESSION 16
#define LIMIT_SESSIONS           20000 /* port pairs of the default port range */
#define LIMIT_LOCAL_ADDRS        8
#define LIMIT_LCORES             64
#define LIMIT_WRITERS            32
#define LIMIT_PORTS              16

/* WebRTC. */
#define LIMIT_ICE_UFRAG_BYTES     256 /* RFC 8839 section 5.4 */
#define LIMIT_ICE_PWD_BYTES_MIN   22  /* RFC 8839 section 5.4 */
#define LIMIT_ICE_PWD_BYTES       32  /* ours; a peer's, up to 256 by RFC 8839, is never needed */
#define LIMIT_ICE_PATHS           8   /* candidate pairs of one session that are remembered */
#define LIMIT_MID_BYTES           32
#define LIMIT_RID_BYTES           16
#define LIMIT_PARAMETER_SET_BYTES 160
#define LIMIT_SOURCES             48   /* SSRCs of one WebRTC session */
#define LIMIT_HELD_PKTS           64   /* of one WebRTC session, that came before its keys */
#define LIMIT_PUNTED_PKTS         1024 /* DTLS datagrams on their way from one lcore to the command thread */
#define LIMIT_STUN_ATTRIBUTES     32   /* looked at in one message */
#define LIMIT_WHIP_OFFER_BYTES    (256 << 10)
#define LIMIT_SDP_CANDIDATES      200   /* looked at; what a client sends beyond them is passed over */
#define LIMIT_DTLS_PENDING        20000 /* handshakes under way */
#define LIMIT_DTLS_SESSION_PKTS   32    /* datagrams of one session that wait for their turn */
#define LIMIT_DTLS_PKTS           16384 /* and of all */
#define LIMIT_DTLS_CERT_BYTES     16384 /* a peer's certificate, with what is sent along */
#define LIMIT_DTLS_OUT_PKTS       4096  /* datagrams on their way to the dataplane */

/* Media. */
#define LIMIT_PACKET_BYTES 2048      /* one Ethernet frame; jumbo frames are not taken */
#define LIMIT_FRAME_BYTES  (8 << 20) /* a frame that grows beyond this is cut as broken */
#define LIMIT_SEQ_JUMP     3000      /* MAX_DROPOUT of RFC 3550 A.1 */
#define LIMIT_SEQ_MISORDER 100       /* MAX_MISORDER of RFC 3550 A.1 */
#define LIMIT_TIME_JUMP_S  10 /* RTP time that runs off arrival time by more than this is a new epoch */
#define LIMIT_AUDIO_FILL_S                                                                                   \
	3600 /* the longest silence written into an Ogg file; beyond it a new file is begun */
#define LIMIT_REORDER_PKTS 512 /* slots of the reorder window of a video track; audio takes an eighth */
#define LIMIT_REORDER_PATIENT_PKTS                                                                           \
	2048                       /* the same, where repairs are waited for longer than record.reorder_ms */
#define LIMIT_PAUSE_PKTS        64 /* of an audio track, held after a gap until it is clear what it was */
#define LIMIT_SIDE_PIXELS       16384
#define LIMIT_RTCP_COMPOUND     32 /* packets looked at in one compound RTCP datagram */
#define LIMIT_HEADER_EXTENSIONS 16 /* elements looked at in one RTP header extension block */
#define LIMIT_RED_BLOCKS        32 /* of one payload (RFC 2198) */

/* HTTP. */
#define LIMIT_HTTP_BODY_BYTES (256 << 10)
#define LIMIT_JSON_DEPTH      16
#define LIMIT_LIST_ROWS       1000
#define LIMIT_SDP_LINES       2000
#define LIMIT_EVENTS          8192 /* kept for those who read the feed of events */
#define LIMIT_EVENT_BYTES     4096 /* of one of them, as it is sent */
#define LIMIT_EVENT_READERS   256
#define LIMIT_EVENT_IN_BYTES  (64 << 10) /* of one server-sent event that a client takes */

/* Replay. */
#define LIMIT_REPLAY_SESSIONS      256       /* of one session file */
#define LIMIT_REPLAY_SESSION_BYTES (4 << 20) /* of that file */
#define LIMIT_REPLAY_PLACES        65536     /* UDP ports of a capture that are told apart */

/* Stores. */
#define LIMIT_STORE_REPLY_BYTES (1 << 20)
#define LIMIT_UPLOAD_PARTS      10000 /* S3: parts of one multipart upload */

#endif
