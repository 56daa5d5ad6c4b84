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
#include "control/session_life.h"

#define RATE_MIN_NS CLK_NS_PER_S /* a bit rate is measured over at least this */

static const char *const states[] = { "waiting", "recording", "finalising", "done", "failed" };

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static void set_time(json_t *object, const char *key, uint64_t unix_ns)
{
	char text[CLK_RFC3339_BYTES];

	if (unix_ns)
		set_text(object, key, clk_rfc3339(text, unix_ns, 3));
}

static void set_place(json_t *object, const struct msg_addr *addr, uint16_t port)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(addr->family == 6 ? AF_INET6 : AF_INET, addr->bytes, text, sizeof(text));
	set_text(object, "address", text);
	set_number(object, "port", port);
	set_number(object, "rtcp_port", port + 1u);
}

json_t *sessions_opened_json(const struct msg_session_open *open)
{
	json_t *object = json_object(), *tracks = json_array();

	set_text(object, "id", open->id);
	set_text(object, "room", open->room);
	set_text(object, "participant", open->participant);
	set_text(object, "state", states[MSG_SESSION_WAITING]);
	set_place(object, &open->addr, open->port);
	for (unsigned i = 0; i < open->track_count; i++) {
		json_t *track = json_object();

		set_text(track, "id", open->tracks[i].id);
		set_text(track, "record", open->tracks[i].promised);
		json_array_append_new(tracks, track);
	}
	json_object_set_new(object, "tracks", tracks);
	return object;
}

/* Bits per second since the figures were last asked for, or since the first packet. */
static uint64_t measure_rate(struct session_track *track, uint64_t first_pkt_unix_ns)
{
	uint64_t now = track->figures.last_pkt_unix_ns,
	         bytes = track->figures.count[SESSION_FIGURE_FLOW_bytes];

	if (!track->rate_ns)
		track->rate_ns = first_pkt_unix_ns;
	if (track->rate_ns && now > track->rate_ns && now - track->rate_ns >= RATE_MIN_NS &&
	        bytes >= track->rate_bytes) {
		double seconds = (double)(now - track->rate_ns) / (double)CLK_NS_PER_S;

		track->rate_bps = (uint64_t)((double)(bytes - track->rate_bytes) * 8 / seconds);
		track->rate_ns = now;
		track->rate_bytes = bytes;
	}
	return track->rate_bps;
}

static void add_figures(json_t *object, const struct session *s, struct session_track *track)
{
	const struct session_figures *figures = &track->figures;

	for (unsigned i = 0; i < SESSION_FIGURES; i++)
		set_number(object, session_figures_name(i), track->before.count[i] + figures->count[i]);
	json_object_set_new(
	        object, "jitter_ms", json_real((double)figures->jitter_rtp * 1000 / track->msg.clock_rate));
	set_number(object, "bitrate_bps",
	        session_table_has_ended(s) ? 0 : measure_rate(track, s->first_pkt_unix_ns));
	if (figures->width && figures->height) {
		set_number(object, "width", figures->width);
		set_number(object, "height", figures->height);
	}
	set_time(object, "last_packet", figures->last_pkt_unix_ns);
}

static json_t *track_records(const struct session *s, const struct session_track *track)
{
	json_t *names = json_array();

	for (unsigned i = 0; i < s->file_count; i++) {
		if (!strcmp(s->files[i].track, track->msg.id) && s->files[i].state != MSG_FILE_FAILED)
			json_array_append_new(names, json_string(s->files[i].name));
	}
	return names;
}

static json_t *track_json(const struct session *s, struct session_track *track)
{
	const struct msg_track *msg = &track->msg;
	json_t *object = json_object();
	uint64_t ssrc = track->figures.ssrc ? track->figures.ssrc : msg->ssrc;

	set_text(object, "id", msg->id);
	set_text(object, "record", msg->promised);
	set_text(object, "codec", codec_info(msg->codec)->name);
	set_number(object, "payload_type", msg->payload_type);
	set_number(object, "clock_rate", msg->clock_rate);
	if (!codec_info(msg->codec)->video)
		set_number(object, "channels", msg->channels);
	if (msg->profile != PROFILE_PLAIN)
		set_text(object, "profile", profile_info(msg->profile)->name);
	if (msg->ssrc_known || msg->ssrc_bound || track->figures.ssrc)
		set_number(object, "ssrc", ssrc);
	json_object_set_new(object, "records", track_records(s, track));
	add_figures(object, s, track);
	return object;
}

static void add_recording(json_t *list, const char *name, const char *track, uint64_t bytes)
{
	char url[NAME_BYTES + 16];
	json_t *object = json_object();

	snprintf(url, sizeof(url), "/records/%s", name);
	set_text(object, "name", name);
	set_text(object, "track", track);
	set_number(object, "size", bytes);
	set_text(object, "url", url);
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

/* With the lock, figures read. */
static json_t *session_json(struct session *s)
{
	json_t *object = json_object(), *tracks = json_array();

	set_text(object, "id", s->id);
	set_text(object, "room", s->room);
	set_text(object, "participant", s->participant);
	set_text(object, "state", shown_state(s));
	if (*s->reason)
		set_text(object, "reason", s->reason);
	set_place(object, &s->addr, s->port);
	set_number(object, "idle_timeout_s", s->idle_timeout_s);
	if (s->max_duration_s)
		set_number(object, "max_duration_s", s->max_duration_s);
	set_time(object, "opened", s->opened_unix_ns);
	set_time(object, "started", s->first_pkt_unix_ns);
	set_time(object, "ended", s->ended_unix_ns);
	for (unsigned i = 0; i < s->track_count; i++)
		json_array_append_new(tracks, track_json(s, &s->tracks[i]));
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
	set_text(object, "id", id);
	set_text(object, "room", merge.first.room);
	set_text(object, "participant", merge.first.participant);
	set_text(object, "state", states[MSG_SESSION_DONE]);
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
