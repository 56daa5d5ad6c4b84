/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/report.h"

#include <arpa/inet.h>
#include <string.h>
#include "base/balance.h"
#include "base/clk.h"
#include "base/stat.h"
#include "tools/replay/output.h"
#include "tools/replay/report_hints.h"

#define LOOKS         4                   /* at the ledger, */
#define LOOK_EVERY_NS (11 * CLK_NS_PER_S) /* longer apart than its window is */
#define ROWS          16

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *capture_json(const struct report_cfg *cfg)
{
	const struct survey_totals *t = survey_totals(cfg->survey);
	json_t *object = json_object();
	char at[CLK_RFC3339_BYTES];

	set_text(object, "file", cfg->capture);
	set_text(object, "link", link_name(cfg->link));
	set_number(object, "packets", t->pkts);
	set_number(object, "cut_packets", t->cut_pkts);
	set_number(object, "unreadable_packets", t->unknown_pkts);
	set_number(object, "oversize_packets", cfg->run->oversize_pkts);
	set_number(object, "backward_packets", t->backward_pkts);
	set_text(object, "first", clk_rfc3339(at, t->first_unix_ns, 6));
	set_text(object, "last", clk_rfc3339(at, t->last_unix_ns, 6));
	json_object_set_new(
	        object, "duration_s", json_real((double)((t->last_unix_ns - t->first_unix_ns) / 1000) / 1e6));
	json_object_set_new(object, "damage", t->is_damaged ? json_string(t->damage) : json_null());
	return object;
}

/* What a slot has counted, from @first to @last; of its gauges only what is lost. */
static void add_counters(
        json_t *object, enum stat_scope scope, const uint64_t *slot, unsigned first, unsigned last)
{
	for (unsigned id = first; id <= last; id++) {
		const struct stat_row *row = stat_row(scope, id);

		if (row->kind == STAT_KIND_COUNTER || (scope == STAT_SCOPE_FLOW && id == STAT_FLOW_lost_pkts))
			set_number(object, row->name, stat_get(slot, id));
	}
}

static json_t *track_json(const struct report_cfg *cfg, const struct msg_track *track, bool was_open)
{
	json_t *object = json_object(), *received = json_object(), *written = json_object();
	const uint64_t *flow, *slot;

	set_text(object, "id", track->id);
	set_text(object, "codec", codec_info(track->codec)->name);
	if (was_open) {
		flow = stat_slot(cfg->stat, STAT_SCOPE_FLOW, track->stat_index);
		slot = stat_slot(cfg->stat, STAT_SCOPE_TRACK, track->stat_index);
		set_number(object, "ssrc", stat_get(flow, STAT_FLOW_ssrc));
		add_counters(received, STAT_SCOPE_FLOW, flow, 0, STAT_FLOW_COUNT - 1);
		add_counters(written, STAT_SCOPE_TRACK, slot, STAT_TRACK_pkts, STAT_TRACK_COUNT - 1);
	}
	json_object_set_new(object, "received", received);
	json_object_set_new(object, "written", written);
	return object;
}

static json_t *session_json(const struct report_cfg *cfg, const struct sessions_one *one)
{
	const struct msg_session_open *open = &one->open;
	json_t *object = json_object(), *tracks = json_array();
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(open->addr.family == 6 ? AF_INET6 : AF_INET, open->addr.bytes, address, sizeof(address));
	set_text(object, "id", open->id);
	set_text(object, "room", open->room);
	set_text(object, "participant", open->participant);
	set_text(object, "address", address);
	set_number(object, "port", open->port);
	set_number(object, "packets", one->pkts);
	json_object_set_new(object, "refused", one->why[0] ? json_string(one->why) : json_null());
	for (unsigned i = 0; i < open->track_count; i++)
		json_array_append_new(tracks, track_json(cfg, &open->tracks[i], one->is_open));
	json_object_set_new(object, "tracks", tracks);
	return object;
}

/* Of a sidecar what one asks for first; the file beside the recording has all of it. */
static json_t *recording_json(const json_t *sidecar)
{
	static const char *const keys[] = { "name", "session", "track", "codec", "started", "duration_s",
		"frames", "packets", "gap_count", "gap_packets", "late_packets", "broken_frames",
		"skipped_frames", "width", "height", "size", "sha256", "reason" };
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(sidecar, keys[i]);

		if (value)
			json_object_set(object, keys[i], value);
	}
	return object;
}

static json_t *recordings_json(const char *output)
{
	json_t *sidecars = output_sidecars(output), *list = json_array(), *sidecar;
	size_t i;

	if (!sidecars) {
		json_decref(list);
		return NULL;
	}
	json_array_foreach(sidecars, i, sidecar) json_array_append_new(list, recording_json(sidecar));
	json_decref(sidecars);
	return list;
}

static json_t *drops_json(const uint64_t *lcore)
{
	json_t *list = json_array();

	for (unsigned id = STAT_LCORE_drop_l2_unknown; id <= STAT_LCORE_drop_forward_full; id++) {
		const struct stat_row *row = stat_row(STAT_SCOPE_LCORE, id);
		json_t *object;

		if (!stat_get(lcore, id))
			continue;
		object = json_object();
		set_text(object, "reason", row->name + strlen("drop_"));
		set_number(object, "packets", stat_get(lcore, id));
		set_text(object, "meaning", row->sentence);
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *packets_json(const uint64_t *lcore)
{
	static const unsigned ids[] = { STAT_LCORE_rx_pkts, STAT_LCORE_handed_pkts, STAT_LCORE_rtcp_pkts,
		STAT_LCORE_answered, STAT_LCORE_tx_pkts };
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		set_number(object, stat_row(STAT_SCOPE_LCORE, ids[i])->name, stat_get(lcore, ids[i]));
	json_object_set_new(object, "drops", drops_json(lcore));
	return object;
}

/* The ledger of the appliance (base/balance.h), which looks at counters that do not change any more. */
static json_t *ledger_json(const struct stat_segment *stat)
{
	json_t *object = json_object(), *list = json_array();
	struct balance_row rows[ROWS];
	struct balance *balance;
	unsigned count;

	if (balance_create(&balance)) {
		json_decref(object);
		json_decref(list);
		return NULL;
	}
	for (unsigned i = 0; i < LOOKS; i++)
		balance_look(balance, stat, clk_mono_ns() + i * LOOK_EVERY_NS);
	count = balance_rows(balance, rows, ROWS);
	for (unsigned i = 0; i < count && i < ROWS; i++) {
		json_t *row = json_object();

		set_text(row, "account", balance_kind_name(rows[i].kind));
		set_number(row, "instance", rows[i].instance);
		json_object_set_new(row, "packets", json_integer(rows[i].unaccounted_pkts));
		json_array_append_new(list, row);
	}
	json_object_set_new(object, "balanced", json_boolean(count == 0));
	set_number(object, "accounts", balance_accounts(balance));
	json_object_set_new(object, "unaccounted", list);
	balance_free(balance);
	return object;
}

json_t *report_make(const struct report_cfg *cfg)
{
	json_t *report = json_object(), *sessions = json_array(), *recordings = recordings_json(cfg->output),
	       *ledger = ledger_json(cfg->stat);

	for (unsigned i = 0; i < sessions_count(cfg->sessions); i++)
		json_array_append_new(sessions, session_json(cfg, sessions_at(cfg->sessions, i)));
	json_object_set_new(report, "capture", capture_json(cfg));
	json_object_set_new(report, "sessions", sessions);
	json_object_set_new(report, "packets", packets_json(stat_slot(cfg->stat, STAT_SCOPE_LCORE, 0)));
	set_text(report, "output", cfg->output);
	set_number(report, "failed_recordings",
	        stat_get(stat_slot(cfg->stat, STAT_SCOPE_PROC, 0), STAT_PROC_recordings_failed));
	/* A NULL is refused, and the object is released in either case. */
	if (json_object_set_new(report, "recordings", recordings) ||
	        json_object_set_new(report, "ledger", ledger) ||
	        json_object_set_new(report, "hints", report_hints(cfg))) {
		json_decref(report);
		return NULL;
	}
	return report;
}

bool report_is_good(const json_t *report)
{
	return json_is_true(json_object_get(json_object_get(report, "ledger"), "balanced")) &&
	       json_integer_value(json_object_get(report, "failed_recordings")) == 0;
}
