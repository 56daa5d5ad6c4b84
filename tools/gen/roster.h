/* SPDX-License-Identifier: BSD-3-Clause */
/* The sessions and tracks that are to be sent: filled by the API's answers or from a plan file. One thread.
 */
#ifndef TOOLS_GEN_ROSTER_H
#define TOOLS_GEN_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "base/limits.h"
#include "tools/gen/api.h"
#include "tools/gen/flow.h"

struct options;

#define ROSTER_RECORDS_MAX 16 /* recordings of one track that are kept by name */
#define ROSTER_UFRAG_BYTES 9
#define ROSTER_PWD_BYTES   33

struct roster_track {
	unsigned session;
	struct flow_cfg cfg;
	char id[LIMIT_TRACK_ID_BYTES + 1]; /* empty in a plan */
	char *records[ROSTER_RECORDS_MAX];
	unsigned record_count;
};

struct roster_session {
	struct sockaddr_storage to;
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	char id[LIMIT_SESSION_ID_BYTES + 1]; /* empty: not open */
	char room[LIMIT_ROOM_BYTES + 1], participant[LIMIT_PARTICIPANT_BYTES + 1];
	unsigned first_track, track_count;
	/* --webrtc */
	char location[API_LOCATION_BYTES];                             /* of the WHIP resource; empty: none */
	char ufrag[ROSTER_UFRAG_BYTES], pwd[ROSTER_PWD_BYTES];         /* ours */
	char remote_ufrag[LIMIT_ICE_UFRAG_BYTES + 1], remote_pwd[257]; /* the recorder's */
};

struct roster {
	struct roster_session *sessions;
	struct roster_track *tracks;
	unsigned session_count, track_count;
};

void roster_free(struct roster *roster);

/* Append a session without tracks, or a track to the last session. The new one, zeroed, valid until the next
 * call, or NULL: no memory. */
struct roster_session *roster_add_session(struct roster *roster);
struct roster_track *roster_add_track(struct roster *roster);

/* Where the session's packets go. 0 or -EINVAL: not an IPv4 or IPv6 address, port 0. */
int roster_set_address(struct roster_session *session, const char *address, unsigned port);

/* Fill it with options->sessions sessions as the options say, their keys and SSRCs from the seed; addresses
 * and ids are still to come. 0 or -ENOMEM. */
int roster_compose(struct roster *roster, const struct options *options);

/* Remember a recording of @track by its name, once. 0 or -ENOMEM. */
int roster_add_record(struct roster_track *track, const char *name);

#endif
