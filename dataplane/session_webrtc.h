/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command thread knows of a WebRTC session beyond an RTP one: its keys, which come when the DTLS
 * handshake is through; its ICE credentials, which an ICE restart (RFC 8445 section 9) changes; what its
 * lcore tells of paths and consent (RFC 7675). All lcores know a session by two ufrags at most, the latest
 * and the one before: a restart first makes the other lcores forget the oldest, then know the new one.
 * Command thread only.
 */
#ifndef DATAPLANE_SESSION_WEBRTC_H
#define DATAPLANE_SESSION_WEBRTC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "base/msg.h"
#include "dataplane/claim.h"
#include "dataplane/command.h"
#include "dataplane/ice.h"

struct session_datagram;
struct session;

struct session_ufrag {
	char text[MSG_UFRAG_BYTES + 1];
	struct claim claim;
};

enum session_restart {
	SESSION_RESTART_NONE,
	SESSION_RESTART_ASKED,
	SESSION_RESTART_FORGETTING,
	SESSION_RESTART_POINTING
};

struct session_webrtc {
	bool has_path, has_keys;
	/* keys: the context is the session's, all its flows use it */
	struct crypto *crypto; /* NULL: not told yet */
	bool keys_busy;
	uint64_t keys_ack_id;
	struct command keys;
	/* ICE */
	struct session_ufrag ufrags[3];
	struct session_ufrag *latest, *before,
	        *coming; /* before: NULL without a restart; coming: while one is under way */
	enum session_restart restart;
	uint64_t restart_ack_id;
	struct msg_ice ice; /* of the restart */
	struct ice_credentials credentials;
	/* datagrams on their way down: dataplane/session_dtls.h */
	unsigned send_count;
	LIST_HEAD(, session_datagram) sends;
};

/* Make it, with the ufrag of the opening claimed. 0, -ENOMEM. */
int session_webrtc_create(struct session *session);

/* With all of the endpoint's and the flows' WebRTC half, packets that are held included. Does nothing for an
 * RTP session. */
void session_webrtc_free(struct session *session);

/* Give the session its keys: 0, and @ack_id is answered when its lcore has them; or an error of
 * msg_session_keys, with a sentence. */
int session_webrtc_take_keys(
        struct session *session, const struct msg_session_keys *keys, uint64_t ack_id, const char **ret_why);

/* Begin a restart; answered when all lcores know of it. As session_webrtc_take_keys, with the errors of
 * msg_session_ice and
 * @ret_why of LIMIT_REASON_BYTES + 1. */
int session_webrtc_restart(
        struct session *session, const struct msg_ice *ice, uint64_t ack_id, char *ret_why);

/* The next step of a restart, when no command of the session's set is under way. True: some are now. */
bool session_webrtc_advance(struct session *session);

/* COMMAND_KEYS has come back. */
void session_webrtc_take_answer(struct session *session, const struct command *command);

/* COMMAND_NEWS. */
void session_webrtc_take_news(struct session *session, const struct command *command);

/* Whether nothing but commands of the current set is with the lcores or on its way from them. True for an RTP
 * session. */
bool session_webrtc_is_settled(const struct session *session);

/* The ufrags by which the lcores know it; zeros for an RTP session. */
void session_webrtc_get_ufrags(const struct session *session, char ret_ufrags[2][MSG_UFRAG_BYTES]);

#endif
