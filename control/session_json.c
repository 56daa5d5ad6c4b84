/* SPDX-License-Identifier: BSD-3-Clause */
/* The API's view of sessions (control/session.h): the same object for GET, DELETE and lists. */
#include "control/session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "control/catalogue.h"
#include "control/control.h"
#include "control/json_field.h"
#include "control/session_json_track.h"
#include "control/session_life.h"

static const char *const states[] = { "waiting", "recording", "finalising", "done", "failed" };

static void set_place(json_t *object, const struct msg_addr *addr, uint16_t port)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(addr->family == 6 ? AF_INET6 : AF_INET, addr->bytes, text, sizeof(text));
	json_field_text(object, "address", text);
	json_field_number(object, "port", port);
	json_field_number(object, "rtcp_port", port + 1u);
}

json_t *sessions_opened_json(const struct msg_session_open *open)
{
	json_t *object = json_object(), *tracks = json_array();

	json_field_text(object, "id", open->id);
	json_field_text(object, "room", open->room);
	json_field_text(object, "participant", open->participant);
	json_field_text(object, "state", states[MSG_SESSION_WAITING]);
	set_place(object, &open->addr, open->port);
	for (unsigned i = 0; i < open->track_count; i++) {
		json_t *track = json_object();

		json_field_text(track, "id", open->tracks[i].id);
		json_field_text(track, "record", open->tracks[i].promised);
		json_array_append_new(tracks, track);
	}
	json_object_set_new(object, "tracks", tracks);
	return object;
}

static void add_recording(json_t *list, const char *name, const char *track, uint64_t bytes)
{
	char url[NAME_BYTES + 16];
	json_t *object = json_object();

	snprintf(url, sizeof(url), "/records/%s", name);
	json_field_text(object, "name", name);
	json_field_text(object, "track", track);
	json_field_number(object, "size", bytes);
	json_field_text(object, "url", url);
	json_array_append_new(list, object);
}

/* Those that are finished. */
static json_t *recordings(const struct session *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->file_count; i++) {
		if (s->files[i].state == MSG_FILE_FINISHED)
			add_recording(list, s->files[i].name, s->files[i].track, s->files[i].bytes);
	}
	return list;
}

static const char *shown_state(const struct session *s)
{
	return states[s->closing && !session_table_has_ended(s) ? MSG_SESSION_FINALISING : s->state];
}

static void set_webrtc(json_t *object, const struct session *s)
{
	bool connected = s->has_keys || s->keys.profile != PROFILE_PLAIN;

	json_field_text(object, "transport", "webrtc");
	json_field_number(object, "port", s->port);
	json_field_text(object, "ice", s->has_path ? "connected" : "checking");
	json_field_text(object, "dtls", connected ? "connected" : "handshaking");
	if (s->keys.profile != PROFILE_PLAIN)
		json_field_text(object, "profile", profile_info(s->keys.profile)->name);
}

/* With the lock, figures read. */
static json_t *session_json(struct session *s)
{
	json_t *object = json_object(), *tracks = json_array();

	json_field_text(object, "id", s->id);
	json_field_text(object, "room", s->room);
	json_field_text(object, "participant", s->participant);
	json_field_text(object, "state", shown_state(s));
	if (*s->reason)
		json_field_text(object, "reason", s->reason);
	if (s->transport == MSG_TRANSPORT_WEBRTC)
		set_webrtc(object, s);
	else
		set_place(object, &s->addr, s->port);
	json_field_number(object, "idle_timeout_s", s->idle_timeout_s);
	if (s->max_duration_s)
		json_field_number(object, "max_duration_s", s->max_duration_s);
	json_field_time(object, "opened", s->opened_unix_ns);
	json_field_time(object, "started", s->first_pkt_unix_ns);
	json_field_time(object, "ended", s->ended_unix_ns);
	for (unsigned i = 0; i < s->track_count; i++) {
		if (!s->tracks[i].msg.layer_of)
			json_array_append_new(tracks, session_json_track(s, i));
	}
	json_object_set_new(object, "tracks", tracks);
	json_object_set_new(object, "recordings", recordings(s));
	return object;
}

struct merge {
	json_t *list;               /* recordings so far */
	struct catalogue_row first; /* room and participant of the first row */
	unsigned rows;
};

static void merge_row(void *arg, const struct catalogue_row *row)
{
	struct merge *merge = arg;
	size_t i;
	json_t *known;

	if (!merge->rows++) {
		merge->first = *row;
		merge->first.sidecar = NULL;
	}
	json_array_foreach(merge->list, i, known)
	{
		if (!strcmp(json_string_value(json_object_get(known, "name")), row->name))
			return;
	}
	add_recording(merge->list, row->name, row->track, row->bytes);
}

/* What the catalogue has of session @id beside @list: files of before a restart, of repair, of long ago. */
static void merge_catalogue(struct sessions *ss, const char *id, struct merge *merge)
{
	struct catalogue_query query = { .session = id, .limit = LIMIT_LIST_ROWS };
	char *cursor = NULL;

	if (!ss->control->catalogue)
		return;
	catalogue_list(ss->control->catalogue, &query, merge_row, merge, &cursor);
	free(cursor);
}

static json_t *forgotten_json(struct sessions *ss, const char *id)
{
	struct merge merge = { .list = json_array() };
	json_t *object;

	merge_catalogue(ss, id, &merge);
	if (!merge.rows) {
		json_decref(merge.list);
		return NULL;
	}
	object = json_object();
	json_field_text(object, "id", id);
	json_field_text(object, "room", merge.first.room);
	json_field_text(object, "participant", merge.first.participant);
	json_field_text(object, "state", states[MSG_SESSION_DONE]);
	json_object_set_new(object, "tracks", json_array());
	json_object_set_new(object, "recordings", merge.list);
	return object;
}

json_t *sessions_json(struct sessions *ss, const char *id)
{
	struct merge merge = { 0 };
	json_t *object = NULL;
	struct session *s;
	bool hidden;

	pthread_mutex_lock(&ss->lock);
	s = session_table_find(&ss->table, id);
	hidden = s && (s->opening || s->orphan);
	if (s && !hidden) {
		if (!session_table_has_ended(s))
			session_life_read_figures(ss, s, false);
		object = session_json(s);
	}
	pthread_mutex_unlock(&ss->lock);
	if (hidden)
		return NULL;
	if (!object)
		return forgotten_json(ss, id);
	merge.list = json_object_get(object, "recordings");
	merge_catalogue(ss, id, &merge);
	return object;
}

/* "<opened, ns>.<id>" of the last session of the page before. */
static bool parse_cursor(const char *cursor, uint64_t *ret_opened, const char **ret_id)
{
	char *end;

	errno = 0;
	*ret_opened = strtoull(cursor, &end, 10);
	*ret_id = end + 1;
	return !errno && end != cursor && *end == '.' && end[1] && strlen(end + 1) <= LIMIT_SESSION_ID_BYTES;
}

static bool is_wanted(const struct session *s, const char *room, const char *state)
{
	return !s->opening && !s->orphan && (!room || !strcmp(s->room, room)) &&
	       (!state || !strcmp(shown_state(s), state));
}

/* The newest session after the cursor. Sessions opened in the same nanosecond follow their place in the list,
 * so the cursor's own session is looked up; when it is forgotten, they may be left out. */
static struct session *first_after(struct sessions *ss, uint64_t opened, const char *id)
{
	struct session *s = session_table_find(&ss->table, id);

	if (s && s->opened_unix_ns == opened)
		return TAILQ_PREV(s, session_list, by_age);
	s = TAILQ_LAST(&ss->table.by_age, session_list);
	while (s && s->opened_unix_ns >= opened)
		s = TAILQ_PREV(s, session_list, by_age);
	return s;
}

static char *make_cursor(const struct session *last)
{
	char *text;

	return asprintf(&text, "%" PRIu64 ".%s", last->opened_unix_ns, last->id) < 0 ? NULL : text;
}

json_t *sessions_list_json(struct sessions *ss, const char *room, const char *state, unsigned limit,
        const char *cursor, char **ret_cursor)
{
	uint64_t opened = UINT64_MAX;
	struct session *s, *last = NULL;
	const char *id = "";
	json_t *list;

	*ret_cursor = NULL;
	if (cursor && !parse_cursor(cursor, &opened, &id))
		return NULL;
	list = json_array();
	pthread_mutex_lock(&ss->lock);
	session_table_prune(&ss->table, clk_mono_ns());
	session_life_read_all(ss);
	for (s = first_after(ss, opened, id); s; s = TAILQ_PREV(s, session_list, by_age)) {
		if (!is_wanted(s, room, state))
			continue;
		if (json_array_size(list) == limit) {
			*ret_cursor = make_cursor(last);
			break;
		}
		json_array_append_new(list, session_json(s));
		last = s;
	}
	pthread_mutex_unlock(&ss->lock);
	return list;
}
