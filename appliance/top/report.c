/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "appliance/top/format.h"
#include "base/clk.h"
#include "base/jsonw.h"

static const char *const dataplane_states[] = { [COUNTERS_ABSENT] = "absent",
	[COUNTERS_FOREIGN] = "foreign",
	[COUNTERS_STILL] = "still",
	[COUNTERS_LIVE] = "live" };
static const char *const control_states[] = {
	[API_UNKNOWN] = "unknown", [API_UP] = "up", [API_DOWN] = "down", [API_REFUSED] = "refused"
};

static double age_s(uint64_t unix_ns)
{
	uint64_t now = clk_wall_ns();

	return unix_ns && now > unix_ns ? (double)(now - unix_ns) / CLK_NS_PER_S : 0;
}

static void print_traffic(const struct machine *m, FILE *out)
{
	const struct overview *o = &m->overview;
	char a[FORMAT_BYTES], b[FORMAT_BYTES], c[FORMAT_BYTES];

	fprintf(out, "in         %s, %s\n", format_unit(a, o->in_pps, "packet/s"),
	        format_unit(b, o->in_bps, "bit/s"));
	fprintf(out, "out        %s, %s\n", format_unit(a, o->out_pps, "packet/s"),
	        format_unit(b, o->out_bps, "bit/s"));
	fprintf(out, "dropped    %s\n", format_unit(a, o->dropped_pps, "packet/s"));
	for (unsigned i = 0; i < o->drops; i++)
		fprintf(out, "  %-18s %s/s, %llu since start\n", o->drop[i].reason,
		        format_count(a, o->drop[i].per_s), (unsigned long long)o->drop[i].total);
	fprintf(out, "sessions   %llu, %llu tracks, %llu files open\n", (unsigned long long)o->sessions,
	        (unsigned long long)o->tracks, (unsigned long long)o->files);
	fprintf(out, "disk       %s/s written, recordings grow by %s/s\n", format_bytes(a, o->disk_bps),
	        format_bytes(b, m->growth_bps));
	fprintf(out, "free       %s, enough for %s\n",
	        format_bytes(a, m->space.is_known ? (double)m->space.free_bytes : NAN),
	        format_duration(c, m->space.is_known ? m->seconds_left : NAN));
}

static void print_lcores(const struct machine *m, FILE *out)
{
	const struct counters_sample *now = counters_now(m->counters);
	char a[FORMAT_BYTES], b[FORMAT_BYTES], c[FORMAT_BYTES], d[FORMAT_BYTES];

	for (unsigned i = 0; now && i < now->lcores; i++) {
		const struct lcores_row *row = &m->lcores[i];

		fprintf(out, "lcore %-4u %s %% busy, %s cycles a packet, bursts of %s, longest stall %s\n", i,
		        format_percent(a, row->busy), format_count(b, row->cycles_a_packet),
		        format_count(c, row->burst), format_ns(d, (double)row->stall_max_ns));
	}
}

static void print_uploads(const struct machine *m, FILE *out)
{
	const struct uploads_sums *u = &api_uploads(m->api)->sums;
	char age[FORMAT_BYTES];

	if (!u->is_known || !u->is_on) {
		fprintf(out, "uploads    %s\n", u->is_known ? "off" : "not known");
		return;
	}
	fprintf(out,
	        "uploads    %llu queued, %llu active, %llu retrying, %llu stopped; oldest not uploaded: %s\n",
	        (unsigned long long)u->queued, (unsigned long long)u->active, (unsigned long long)u->retrying,
	        (unsigned long long)u->stopped,
	        u->oldest_unix_ns ? format_duration(age, age_s(u->oldest_unix_ns)) : "none");
}

void report_text(const struct machine *m, FILE *out)
{
	enum counters_state state = counters_state(m->counters);
	char up[FORMAT_BYTES];

	fprintf(out, "dataplane  %s", dataplane_states[state]);
	if (state == COUNTERS_LIVE)
		fprintf(out, ", up %s", format_duration(up, (double)m->overview.uptime_s));
	fprintf(out, "\ncontrol    %s at %s\n", control_states[api_state(m->api)], api_url(m->api));
	if (counters_now(m->counters)) {
		print_traffic(m, out);
		print_lcores(m, out);
	}
	print_uploads(m, out);
	for (unsigned i = 0; i < m->alarms.count; i++)
		fprintf(out, "%s %s\n", m->alarms.rows[i].is_bad ? "ALARM     " : "warning   ",
		        m->alarms.rows[i].text);
	if (!m->alarms.count)
		fprintf(out, "alarms     none\n");
}

/* What is not known is null. */
static void put(struct jsonw *w, const char *key, double value)
{
	if (isfinite(value))
		jsonw_double(w, key, value);
	else
		jsonw_null(w, key);
}

static void json_processes(const struct machine *m, struct jsonw *w)
{
	const char *why = api_why(m->api);

	jsonw_object(w, "dataplane");
	jsonw_string(w, "state", dataplane_states[counters_state(m->counters)]);
	jsonw_string(w, "counters", counters_path(m->counters));
	jsonw_u64(w, "uptime_s", m->overview.uptime_s);
	jsonw_end_object(w);
	jsonw_object(w, "control");
	jsonw_string(w, "state", control_states[api_state(m->api)]);
	jsonw_string(w, "url", api_url(m->api));
	jsonw_string(w, "reason", *why ? why : NULL);
	jsonw_end_object(w);
}

static void json_traffic(const struct machine *m, struct jsonw *w)
{
	const struct overview *o = &m->overview;

	put(w, "seconds", o->seconds);
	put(w, "in_pps", o->in_pps);
	put(w, "in_bps", o->in_bps);
	put(w, "out_pps", o->out_pps);
	put(w, "out_bps", o->out_bps);
	put(w, "rtp_pps", o->rtp_pps);
	put(w, "dropped_pps", o->dropped_pps);
	jsonw_array(w, "drops");
	for (unsigned i = 0; i < o->drops; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, "reason", o->drop[i].reason);
		put(w, "pps", o->drop[i].per_s);
		jsonw_u64(w, "total", o->drop[i].total);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	jsonw_u64(w, "sessions", o->sessions);
	jsonw_u64(w, "tracks", o->tracks);
	jsonw_u64(w, "files_open", o->files);
	jsonw_u64(w, "recordings_finished", o->finished);
	jsonw_u64(w, "recordings_failed", o->failed);
}

static void json_disk(const struct machine *m, struct jsonw *w)
{
	jsonw_object(w, "disk");
	put(w, "written_bytes_per_s", m->overview.disk_bps);
	put(w, "growth_bytes_per_s", m->growth_bps);
	put(w, "free_bytes", m->space.is_known ? (double)m->space.free_bytes : NAN);
	put(w, "hours_left", m->space.is_known ? m->seconds_left / 3600 : NAN);
	jsonw_u64(w, "errno", m->overview.disk_error);
	jsonw_end_object(w);
}

static void json_lcores(const struct machine *m, struct jsonw *w)
{
	const struct counters_sample *now = counters_now(m->counters);

	jsonw_array(w, "lcores");
	for (unsigned i = 0; now && i < now->lcores; i++) {
		const struct lcores_row *row = &m->lcores[i];

		jsonw_object(w, NULL);
		put(w, "busy", row->busy);
		put(w, "pps", row->pps);
		put(w, "bps", row->bps);
		put(w, "dropped_pps", row->dropped_pps);
		put(w, "cycles_a_packet", row->cycles_a_packet);
		for (unsigned s = 0; s < LCORES_STAGES; s++)
			put(w, lcores_stage_name(s), row->stage[s]);
		put(w, "burst", row->burst);
		put(w, "poll_p99_ns", row->poll_p99_ns);
		jsonw_u64(w, "stall_max_ns", row->stall_max_ns);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void json_writers(const struct machine *m, struct jsonw *w)
{
	const struct counters_sample *now = counters_now(m->counters);

	jsonw_array(w, "writers");
	for (unsigned i = 0; now && i < now->writers; i++) {
		const struct disks_row *row = &m->writers[i];

		jsonw_object(w, NULL);
		put(w, "pps", row->pps);
		put(w, "frames_per_s", row->fps);
		put(w, "written_bytes_per_s", row->written_bps);
		put(w, "write_p99_ns", row->write_p99_ns);
		jsonw_u64(w, "queued_bytes", row->queued_bytes);
		jsonw_u64(w, "block_bytes", row->block_bytes);
		jsonw_u64(w, "files_open", row->files);
		jsonw_u64(w, "write_errors", row->write_errors);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void json_uploads(const struct machine *m, struct jsonw *w)
{
	const struct uploads_sums *u = &api_uploads(m->api)->sums;

	if (!u->is_known || !u->is_on) {
		jsonw_null(w, "uploads");
		return;
	}
	jsonw_object(w, "uploads");
	jsonw_u64(w, "queued", u->queued);
	jsonw_u64(w, "active", u->active);
	jsonw_u64(w, "retrying", u->retrying);
	jsonw_u64(w, "stopped", u->stopped);
	jsonw_u64(w, "done", u->done);
	put(w, "oldest_age_s", u->oldest_unix_ns ? age_s(u->oldest_unix_ns) : NAN);
	jsonw_bool(w, "store_usable", u->store_usable);
	jsonw_end_object(w);
}

void report_json(const struct machine *m, FILE *out)
{
	struct jsonw w = { 0 };
	char now[CLK_RFC3339_BYTES];

	jsonw_object(&w, NULL);
	jsonw_string(&w, "time", clk_rfc3339(now, clk_wall_ns(), 3));
	jsonw_string(&w, "version", WIRESPOOL_VERSION);
	json_processes(m, &w);
	json_traffic(m, &w);
	json_disk(m, &w);
	json_lcores(m, &w);
	json_writers(m, &w);
	json_uploads(m, &w);
	jsonw_array(&w, "alarms");
	for (unsigned i = 0; i < m->alarms.count; i++) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "severity", m->alarms.rows[i].is_bad ? "alarm" : "warning");
		jsonw_string(&w, "text", m->alarms.rows[i].text);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	if (!w.error)
		fprintf(out, "%s\n", w.text);
	jsonw_reset(&w);
}
