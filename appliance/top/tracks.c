/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/tracks.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/overview.h"
#include "base/clk.h"

/* What is sampled of every slot lies on the first cache line of either half. */
#define LINE_WORDS 8
static_assert(STAT_FLOW_pkts < LINE_WORDS && STAT_FLOW_bytes < LINE_WORDS &&
                      STAT_FLOW_lost_pkts < LINE_WORDS && STAT_FLOW_ssrc < LINE_WORDS &&
                      STAT_FLOW_jitter_rtp < LINE_WORDS,
        "one cache line");
static_assert(STAT_TRACK_state < LINE_WORDS && STAT_TRACK_frames < LINE_WORDS &&
                      STAT_TRACK_bytes < LINE_WORDS && STAT_TRACK_key_frames < LINE_WORDS,
        "one cache line");

/* Nobody has looked for so long: what was sampled before tells nothing of now. */
#define STALE_NS (3 * CLK_NS_PER_S)

/* A simulcast's recorded layer may be another than the slot's own: then more is written than came in here. */
#define OTHER_LAYER 1.5

struct point {
	uint64_t mono_ns;
	uint64_t pkts, bytes, lost_pkts, frames, media_bytes;
	uint32_t ssrc, jitter_rtp;
	uint32_t state, samples; /* samples in a row: with two there are rates */
};

/* What a track is sorted by: a text, which its first letters mostly decide, or a figure. */
struct place {
	double key;
	uint64_t letters; /* the first eight of @text in lower case, of which the first counts most */
	const char *text;
	unsigned slot;
};

/* Whether a slot matches the filter: found out once, for as long as nothing of it changes. */
enum verdict { UNKNOWN, MATCHES, MATCHES_NOT };

struct tracks {
	unsigned slots, total, count;
	struct names *names;
	struct point *now, *before; /* by slot */
	float *rates;               /* a row of all slots a sample of all, TRACKS_HISTORY of them in turn */
	unsigned wholes, wait;      /* samples of all so far; refreshes until the next */
	bool is_whole;              /* the last one */
	uint64_t mono_ns;
	struct place *places;
	uint8_t *verdicts; /* by slot, of enum verdict, for @filter and the names' @edition */
	char filter[TRACKS_FILTER_BYTES];
	unsigned edition;
};

const char *tracks_state_name(enum tracks_state state)
{
	static const char *const names[] = { "free", "waiting", "recording", "finalising", "done", "failed" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

const char *tracks_key_name(enum tracks_key key)
{
	static const char *const names[TRACKS_KEYS] = { "kbit/s", "loss", "jitter", "fps", "nack", "rtt",
		"room", "slot" };

	return names[key];
}

int tracks_create(struct tracks **ret_tracks, unsigned slots, struct names *names)
{
	struct tracks *t = calloc(1, sizeof(*t));
	size_t count = slots ? slots : 1;

	if (!t)
		return -ENOMEM;
	t->slots = slots;
	t->names = names;
	t->now = calloc(count, sizeof(t->now[0]));
	t->before = calloc(count, sizeof(t->before[0]));
	t->rates = calloc(count * TRACKS_HISTORY, sizeof(t->rates[0]));
	t->places = calloc(count, sizeof(t->places[0]));
	t->verdicts = calloc(count, sizeof(t->verdicts[0]));
	if (!t->now || !t->before || !t->rates || !t->places || !t->verdicts) {
		tracks_free(t);
		return -ENOMEM;
	}
	*ret_tracks = t;
	return 0;
}

void tracks_free(struct tracks *t)
{
	if (!t)
		return;
	free(t->now);
	free(t->before);
	free(t->rates);
	free(t->places);
	free(t->verdicts);
	free(t);
}

static bool is_live(uint32_t state)
{
	return state >= TRACKS_WAITING && state <= TRACKS_FINALISING;
}

/* Between a slot's two samples. */
static double seconds_of(const struct tracks *t, unsigned slot)
{
	return (double)(t->now[slot].mono_ns - t->before[slot].mono_ns) / CLK_NS_PER_S;
}

static double rate_of(const struct tracks *t, unsigned slot)
{
	const struct point *now = &t->now[slot], *before = &t->before[slot];
	double flow, media;

	if (now->samples < 2)
		return NAN;
	flow = overview_rate(now->bytes, before->bytes, seconds_of(t, slot)) * 8;
	media = overview_rate(now->media_bytes, before->media_bytes, seconds_of(t, slot)) * 8;
	return media > flow * OTHER_LAYER ? media : flow;
}

static void sample_slot(struct tracks *t, const struct stat_segment *stat, unsigned slot)
{
	const uint64_t *flow = stat_slot(stat, STAT_SCOPE_FLOW, slot),
	               *track = stat_slot(stat, STAT_SCOPE_TRACK, slot);
	struct point *now = &t->now[slot], *before = &t->before[slot];
	uint32_t state = track ? (uint32_t)stat_get(track, STAT_TRACK_state) : TRACKS_FREE;

	if (now->samples && now->mono_ns == t->mono_ns)
		return; /* shown twice */
	if (!flow || !is_live(state)) {
		if (now->state != state)
			names_forget(t->names, slot);
		t->verdicts[slot] = UNKNOWN;
		now->state = state;
		now->samples = 0;
		return;
	}
	*before = *now;
	*now = (struct point){ .mono_ns = t->mono_ns,
		.pkts = stat_get(flow, STAT_FLOW_pkts),
		.bytes = stat_get(flow, STAT_FLOW_bytes),
		.lost_pkts = stat_get(flow, STAT_FLOW_lost_pkts),
		.ssrc = (uint32_t)stat_get(flow, STAT_FLOW_ssrc),
		.jitter_rtp = (uint32_t)stat_get(flow, STAT_FLOW_jitter_rtp),
		.frames = stat_get(track, STAT_TRACK_frames),
		.media_bytes = stat_get(track, STAT_TRACK_bytes),
		.state = state,
		.samples = before->samples < 2 ? before->samples + 1 : 2 };
	if (before->state != now->state || before->ssrc != now->ssrc || before->samples == 0)
		t->verdicts[slot] = UNKNOWN;
	if (before->samples && now->pkts < before->pkts) { /* another track has it now */
		names_forget(t->names, slot);
		t->verdicts[slot] = UNKNOWN;
		now->samples = 1;
	}
	if (now->samples == 1)
		for (unsigned i = 0; i < TRACKS_HISTORY; i++)
			t->rates[(size_t)i * t->slots + slot] = NAN;
}

static void sample_all(struct tracks *t, const struct stat_segment *stat)
{
	float *rates;

	t->wholes++;
	t->total = 0;
	rates = &t->rates[(size_t)(t->wholes % TRACKS_HISTORY) * t->slots];
	for (unsigned slot = 0; slot < t->slots; slot++) {
		sample_slot(t, stat, slot);
		if (!is_live(t->now[slot].state))
			continue;
		t->total++;
		rates[slot] = (float)rate_of(t, slot);
	}
}

void tracks_sample(
        struct tracks *t, const struct stat_segment *stat, uint64_t mono_ns, const struct tracks_shown *shown)
{
	bool is_first =
	        mono_ns - t->mono_ns > STALE_NS; /* the next has to be one of all, too: rates are missing */

	t->mono_ns = mono_ns;
	t->is_whole = is_first || t->wait == 0;
	if (t->is_whole) {
		sample_all(t, stat);
		t->wait = is_first ? 0 : t->total / TRACKS_A_REFRESH;
		return;
	}
	t->wait--;
	for (unsigned i = 0; i < shown->rows && shown->first + i < t->count; i++)
		sample_slot(t, stat, t->places[shown->first + i].slot);
	if (shown->slot < t->slots)
		sample_slot(t, stat, shown->slot);
}

bool tracks_is_whole(const struct tracks *t)
{
	return t->is_whole;
}

double tracks_rate_before(const struct tracks *t, unsigned slot, unsigned back)
{
	if (slot >= t->slots || back >= TRACKS_HISTORY || back >= t->wholes)
		return NAN;
	return (double)t->rates[(size_t)((t->wholes - back) % TRACKS_HISTORY) * t->slots + slot];
}

static double loss_of(const struct tracks *t, unsigned slot)
{
	const struct point *now = &t->now[slot], *before = &t->before[slot];
	double lost, came;

	if (now->samples < 2)
		return NAN;
	lost = now->lost_pkts > before->lost_pkts ? (double)(now->lost_pkts - before->lost_pkts) : 0;
	came = now->pkts > before->pkts ? (double)(now->pkts - before->pkts) : 0;
	return lost + came > 0 ? lost / (lost + came) : 0;
}

static double fps_of(const struct tracks *t, unsigned slot)
{
	return t->now[slot].samples < 2
	               ? NAN
	               : overview_rate(t->now[slot].frames, t->before[slot].frames, seconds_of(t, slot));
}

/* Of one whose name is not known video has the one clock rate that video has (base/codec.h). */
static double jitter_of(const struct tracks *t, unsigned slot, bool has_picture)
{
	const struct names_track *name = names_get(t->names, slot);
	uint32_t rate = name && name->clock_rate ? name->clock_rate : has_picture ? 90000 : 0;

	return rate ? (double)t->now[slot].jitter_rtp * 1000 / rate : NAN;
}

static bool has_part(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

static bool matches(
        const struct tracks *t, const struct stat_segment *stat, unsigned slot, const char *filter)
{
	const struct names_track *name = names_get(t->names, slot);
	char ssrc[12];

	if (!*filter)
		return true;
	if (strlen(filter) == strspn(filter, "0123456789abcdefABCDEF")) {
		snprintf(ssrc, sizeof(ssrc), "%08x", t->now[slot].ssrc);
		if (has_part(ssrc, filter))
			return true;
	}
	if (has_part(tracks_state_name(t->now[slot].state), filter) ||
	        has_part(stat_label(stat, STAT_SCOPE_TRACK, slot), filter) ||
	        has_part(stat_label(stat, STAT_SCOPE_FLOW, slot), filter))
		return true;
	return name && (has_part(name->room, filter) || has_part(name->participant, filter) ||
	                       has_part(name->track, filter) || has_part(name->codec, filter) ||
	                       has_part(name->session, filter));
}

/* Verdicts of another filter, and of other names, are void. */
static void set_filter(struct tracks *t, const char *filter)
{
	if (t->edition == names_edition(t->names) && !strcmp(t->filter, filter))
		return;
	t->edition = names_edition(t->names);
	snprintf(t->filter, sizeof(t->filter), "%s", filter);
	memset(t->verdicts, UNKNOWN, t->slots);
}

static bool is_wanted(struct tracks *t, const struct stat_segment *stat, unsigned slot)
{
	if (t->verdicts[slot] == UNKNOWN)
		t->verdicts[slot] = matches(t, stat, slot, t->filter) ? MATCHES : MATCHES_NOT;
	return t->verdicts[slot] == MATCHES;
}

static double counted(const struct stat_segment *stat, unsigned slot, unsigned id)
{
	return (double)stat_get(stat_slot(stat, STAT_SCOPE_FLOW, slot), id);
}

static double key_of(
        const struct tracks *t, const struct stat_segment *stat, unsigned slot, enum tracks_key key)
{
	switch (key) {
	case TRACKS_BY_RATE:
		return rate_of(t, slot);
	case TRACKS_BY_LOSS:
		return loss_of(t, slot);
	case TRACKS_BY_JITTER:
		return jitter_of(
		        t, slot, stat_get(stat_slot(stat, STAT_SCOPE_TRACK, slot), STAT_TRACK_width) > 0);
	case TRACKS_BY_FPS:
		return fps_of(t, slot);
	case TRACKS_BY_NACK:
		return counted(stat, slot, STAT_FLOW_nacked_pkts);
	case TRACKS_BY_ROUND_TRIP:
		return counted(stat, slot, STAT_FLOW_round_trip_us);
	default:
		return 0;
	}
}

/* By text where there is one, then by key; the same go by slot. */
static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = !x->text - !y->text;

	if (x->letters != y->letters)
		return x->letters < y->letters ? -1 : 1;
	if (x->text && y->text)
		order = strcasecmp(x->text, y->text);
	if (order)
		return order;
	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return x->slot < y->slot ? -1 : 1;
}

static uint64_t first_letters(const char *text)
{
	uint64_t letters = 0;

	for (unsigned i = 0; i < sizeof(letters); i++) {
		letters = letters << 8 | (unsigned char)tolower((unsigned char)*text);
		text += *text != '\0';
	}
	return letters;
}

void tracks_arrange(struct tracks *t, const struct stat_segment *stat, enum tracks_key key, bool reverse,
        const char *filter)
{
	t->count = 0;
	set_filter(t, filter);
	for (unsigned slot = 0; slot < t->slots; slot++) {
		const struct names_track *name;
		double value;

		if (!is_live(t->now[slot].state) || !is_wanted(t, stat, slot))
			continue;
		value = key_of(t, stat, slot, key);
		name = key == TRACKS_BY_ROOM ? names_get(t->names, slot) : NULL;
		t->places[t->count++] =
		        (struct place){ .key = isnan(value) ? -1 : value, /* behind all others */
			        .letters = name                    ? first_letters(name->room)
			                   : key == TRACKS_BY_ROOM ? UINT64_MAX
			                                           : 0,
			        .text = name ? name->room : NULL,
			        .slot = slot };
	}
	qsort(t->places, t->count, sizeof(t->places[0]), compare);
	for (unsigned i = 0; reverse && i < t->count / 2; i++) {
		struct place swap = t->places[i];

		t->places[i] = t->places[t->count - 1 - i];
		t->places[t->count - 1 - i] = swap;
	}
}

unsigned tracks_total(const struct tracks *t)
{
	return t->total;
}

unsigned tracks_count(const struct tracks *t)
{
	return t->count;
}

unsigned tracks_index(const struct tracks *t, unsigned slot)
{
	unsigned index = 0;

	while (index < t->count && t->places[index].slot != slot)
		index++;
	return index;
}

static void read_flow(struct tracks_row *row, const uint64_t *flow)
{
	row->ssrc = stat_get(flow, STAT_FLOW_ssrc);
	row->pkts = stat_get(flow, STAT_FLOW_pkts);
	row->lost_pkts = stat_get(flow, STAT_FLOW_lost_pkts);
	row->nacked_pkts = stat_get(flow, STAT_FLOW_nacked_pkts);
	row->repaired_pkts = stat_get(flow, STAT_FLOW_rtx_repaired_pkts) +
	                     stat_get(flow, STAT_FLOW_red_repaired_pkts) +
	                     stat_get(flow, STAT_FLOW_fec_repaired_pkts);
	row->key_frame_requests = stat_get(flow, STAT_FLOW_key_frame_requests);
	row->shed_pkts = stat_get(flow, STAT_FLOW_shed_pkts);
	row->auth_failed_pkts = stat_get(flow, STAT_FLOW_auth_failed_pkts);
	if (stat_get(flow, STAT_FLOW_round_trip_us))
		row->round_trip_ms = (double)stat_get(flow, STAT_FLOW_round_trip_us) / 1000;
}

static void read_track(struct tracks_row *row, const uint64_t *track)
{
	row->state = (enum tracks_state)stat_get(track, STAT_TRACK_state);
	row->frames = stat_get(track, STAT_TRACK_frames);
	row->key_frames = stat_get(track, STAT_TRACK_key_frames);
	row->gaps = stat_get(track, STAT_TRACK_gaps);
	row->gap_pkts = stat_get(track, STAT_TRACK_gap_pkts);
	row->broken_frames = stat_get(track, STAT_TRACK_broken_frames);
	row->dropped_frames = stat_get(track, STAT_TRACK_dropped_frames);
	row->file_bytes = stat_get(track, STAT_TRACK_file_bytes);
	row->width = stat_get(track, STAT_TRACK_width);
	row->height = stat_get(track, STAT_TRACK_height);
	row->layer = stat_get(track, STAT_TRACK_layer);
}

void tracks_of_slot(
        const struct tracks *t, const struct stat_segment *stat, unsigned slot, struct tracks_row *row)
{
	const uint64_t *flow = stat_slot(stat, STAT_SCOPE_FLOW, slot),
	               *track = stat_slot(stat, STAT_SCOPE_TRACK, slot);

	*row = (struct tracks_row){ .slot = slot, .label = "", .round_trip_ms = NAN };
	if (!flow || !track || slot >= t->slots)
		return;
	read_flow(row, flow);
	read_track(row, track);
	row->name = names_get(t->names, slot);
	row->label = stat_label(stat, STAT_SCOPE_TRACK, slot);
	if (!*row->label)
		row->label = stat_label(stat, STAT_SCOPE_FLOW, slot);
	row->bps = rate_of(t, slot);
	row->fps = fps_of(t, slot);
	row->loss = loss_of(t, slot);
	row->jitter_ms = jitter_of(t, slot, row->width > 0);
}

void tracks_row(
        const struct tracks *t, const struct stat_segment *stat, unsigned index, struct tracks_row *row)
{
	tracks_of_slot(t, stat, index < t->count ? t->places[index].slot : t->slots, row);
}
