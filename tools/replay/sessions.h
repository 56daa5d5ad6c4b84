/* SPDX-License-Identifier: BSD-3-Clause */
/* The sessions of a replay: a JSON file with one body of POST /api/v1/sessions (control/session_request.h),
 * or an array of them. Beside what the API asks for "port" has to be given; "address" is by default the one
 * that most packets for that port went to. Main thread.
 */
#ifndef REPLAY_SESSIONS_H
#define REPLAY_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/msg.h"
#include "tools/replay/survey.h"

#define SESSIONS_WHY_BYTES 640

struct conf;
struct sessions;

struct sessions_one {
	struct msg_session_open open; /* holds keys */
	uint64_t first;               /* number of its first packet in the capture; UINT64_MAX: it has none */
	uint64_t pkts;                /* for its two ports, of any kind */
	bool is_open;                 /* tools/replay/run.c's: it was opened, */
	char why[LIMIT_REASON_BYTES + 1]; /* or refused for this */
};

/* Read @path, and find out of @survey where the sessions' packets go. 0, -EINVAL, -errno with @ret_why. */
int sessions_load(struct sessions **ret_sessions, const char *path, const struct survey *survey,
        char ret_why[SESSIONS_WHY_BYTES]);

/* Wipes the keys. NULL is allowed. */
void sessions_free(struct sessions *sessions);

/* Their addresses as ingest.address has them. */
const char *sessions_addresses(const struct sessions *sessions);

/* Check them field by field, against @conf with these addresses. 0 or -EINVAL with @ret_why. Randomness is
 * asked for: ids. */
int sessions_parse(struct sessions *sessions, const struct conf *conf, char ret_why[SESSIONS_WHY_BYTES]);

unsigned sessions_count(const struct sessions *sessions);
struct sessions_one *sessions_at(struct sessions *sessions, unsigned index);

#endif
