/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions, loop and a dataplane (tests/unit/control/peer.h), as main has them. Header only: each test is one
 * source file. */
#ifndef TESTS_UNIT_CONTROL_CONTROL_RIG_H
#define TESTS_UNIT_CONTROL_CONTROL_RIG_H

#include <jansson.h>
#include "base/conf.h"
#include "control/control.h"
#include "control/session.h"
#include "tests/unit/control/peer.h"

static struct peer *peer;
static struct peer_loop loop;
static struct conf conf;
static struct control control;
static _Atomic unsigned listed, downs;
static char why[LIMIT_REASON_BYTES + 1];

static void rig_on_up(void *arg, const struct msg_welcome *welcome, bool same_boot)
{
	sessions_dataplane_up(control.sessions, welcome, same_boot);
}

static void rig_on_listed(void *arg)
{
	sessions_dataplane_listed(control.sessions);
	listed++;
}

static void rig_on_down(void *arg)
{
	sessions_dataplane_down(control.sessions);
	downs++;
}

static void rig_on_session(void *arg, const struct msg_session_state *state)
{
	sessions_on_state(control.sessions, state);
}

static void rig_on_file(void *arg, const struct msg_file_state *file)
{
	sessions_on_file(control.sessions, file);
}

/* Control begins anew: an empty table, a new connection. @begin is called before the loop runs (NULL: nothing
 * is). */
static void rig_start(
        void (*begin)(void), void (*on_datagram)(void *arg, const struct msg_datagram *datagram))
{
	struct dataplane_cfg cfg = { .on_up = rig_on_up,
		.on_listed = rig_on_listed,
		.on_down = rig_on_down,
		.on_session = rig_on_session,
		.on_file = rig_on_file,
		.on_datagram = on_datagram,
		.run_dir = peer->dir };

	listed = downs = 0;
	peer_loop_create(&loop);
	cfg.loop = loop.base;
	assert_int_equal(sessions_create(&control.sessions, &control), 0);
	assert_int_equal(dataplane_create(&control.dataplane, &cfg), 0);
	if (begin)
		begin();
	peer_loop_run(&loop);
	assert_true(PEER_UNTIL(listed == 1));
}

/* @end is called when the loop has stopped (NULL: nothing is). */
static void rig_stop(void (*end)(void))
{
	peer_loop_stop(&loop);
	if (end)
		end();
	dataplane_free(control.dataplane);
	sessions_free(control.sessions);
	peer_loop_free(&loop);
}

static bool rig_create(void)
{
	static char *addresses[] = { (char *)"10.77.0.1/24", NULL };

	if (!peer_create(&peer))
		return false;
	conf = (struct conf){ .record_enabled = true,
		.record_dir = peer->dir,
		.record_filename = (char *)"{room}_{trackID}_{timestamp}.{ext}",
		.ingest_address = addresses,
		.ingest_port_range = (char *)"20000-20099",
		.ingest_webrtc_port = 3478,
		.record_idle_timeout_s = 30 };
	control = (struct control){ .conf = &conf };
	return true;
}

static void rig_free(void)
{
	peer_die(peer);
	peer_free(peer);
}

/* What the API shows of a session at @path, "state" or "tracks.0.packets"; static until the next call; ""
 * when missing. */
static const char *shown(const char *id, const char *path)
{
	static char text[512];
	json_t *session = sessions_json(control.sessions, id), *at = session;
	char copy[64], *word, *rest = copy;

	snprintf(copy, sizeof(copy), "%s", path);
	while (at && (word = strsep(&rest, ".")))
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(word)) : json_object_get(at, word);
	if (json_is_string(at))
		snprintf(text, sizeof(text), "%s", json_string_value(at));
	else if (json_is_integer(at))
		snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(at));
	else if (json_is_real(at))
		snprintf(text, sizeof(text), "%.2f", json_real_value(at));
	else
		text[0] = '\0';
	json_decref(session);
	return text;
}

#define SHOWS(id, path, value) PEER_UNTIL(!strcmp(shown(id, path), value))

/* The dataplane is killed, and a new one comes. */
static inline void rig_replace_dataplane(void)
{
	unsigned before = listed;

	peer_die(peer);
	assert_true(PEER_UNTIL(downs == 1));
	assert_true(peer_return(peer, true));
	assert_true(PEER_UNTIL(listed == before + 1));
}

#endif
