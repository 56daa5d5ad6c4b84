/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance/top/alarms.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "appliance/top/format.h"

#define BUSY_PART 0.9
#define SOON_S    3600.0 /* less time than this until the disk is full */
#define BAD       true
#define WARNING   false

static void __attribute__((format(printf, 3, 4))) add(struct alarms *a, bool is_bad, const char *format, ...)
{
	struct alarms_row *row = &a->rows[a->count];
	va_list args;

	if (a->count == ALARMS_ROWS)
		return;
	a->count++;
	row->is_bad = is_bad;
	va_start(args, format);
	vsnprintf(row->text, sizeof(row->text), format, args);
	va_end(args);
}

static void check_dataplane(struct alarms *a, const struct alarms_view *v)
{
	char text[FORMAT_BYTES];

	if (v->state == COUNTERS_ABSENT)
		add(a, BAD,
		        "dataplane: %s: %s. Is wirespool-dataplane running, and this its run_dir? Trying on.",
		        v->counters_path, strerror(-v->counters_error));
	else if (v->state == COUNTERS_FOREIGN)
		add(a, BAD,
		        "dataplane: %s: not a segment of version " WIRESPOOL_VERSION
		        ". Restart what is older, or start its own wirespool-top. Trying on.",
		        v->counters_path);
	else if (v->state == COUNTERS_STILL)
		add(a, BAD,
		        "dataplane: its counters have stood still for %s: it is dead or stuck. See its log. "
		        "Trying on.",
		        format_duration(text, v->still_s));
}

static void check_disk(struct alarms *a, const struct alarms_view *v)
{
	char left[FORMAT_BYTES], free[FORMAT_BYTES];

	if (v->overview && v->overview->disk_error)
		add(a, BAD, "disk: the last write failed: %s", strerror((int)v->overview->disk_error));
	if (!v->space.is_known)
		return;
	format_bytes(free, (double)v->space.free_bytes);
	if (v->space.free_bytes <= v->min_free_bytes)
		add(a, BAD, "disk: %s free: no session is taken below record.min_free_mb", free);
	else if (v->seconds_left < SOON_S)
		add(a, BAD, "disk: %s free, at this rate enough for %s", free,
		        format_duration(left, v->seconds_left));
}

/* What is lost here, and not by the network. */
static const struct {
	const char *reason;
	bool is_bad;
	const char *advice;
} losses[] = {
	{ "port rx_missed", BAD, "the poll loops are too slow: more dataplane.lcores, or fewer streams" },
	{ "port rx_nombuf", BAD, "no packet buffers: raise dataplane.mbufs" },
	{ "ring_full", BAD, "writers are too slow: more dataplane.writers, or CPUs for them" },
	{ "forward_full", BAD, "a poll loop is too slow for what others pass to it" },
	{ "writer no_block", BAD, "the disk is too slow: a faster one, or more dataplane.block_mb" },
	{ "auth", WARNING, "a sender's SRTP key is not its session's" },
	{ "no_flow", WARNING, "somebody sends to ports without a session" },
	{ "no_track", WARNING, "a payload type or SSRC that its session does not have" },
	{ "udp_checksum", WARNING, "wrong checksums: of a veth or tap, ethtool -K ... tx off" },
};

static void check_losses(struct alarms *a, const struct alarms_view *v)
{
	char rate[FORMAT_BYTES];

	for (unsigned i = 0; v->overview && i < v->overview->drops; i++) {
		const struct overview_drop *drop = &v->overview->drop[i];

		for (unsigned k = 0; drop->per_s > 0 && k < sizeof(losses) / sizeof(losses[0]); k++) {
			if (!strcmp(drop->reason, losses[k].reason))
				add(a, losses[k].is_bad, "%s: %s/s dropped: %s", drop->reason,
				        format_count(rate, drop->per_s), losses[k].advice);
		}
	}
}

static void check_lcores(struct alarms *a, const struct alarms_view *v)
{
	char busy[FORMAT_BYTES];

	for (unsigned i = 0; v->now && i < v->now->ports; i++) {
		if (!v->now->port[i][STAT_PORT_link_up])
			add(a, BAD, "port %u: no link", i);
	}
	for (unsigned i = 0; v->now && v->lcores && i < v->now->lcores; i++) {
		if (v->lcores[i].busy > BUSY_PART)
			add(a, WARNING, "lcore %u: %s %% busy", i, format_percent(busy, v->lcores[i].busy));
	}
}

static void check_control(struct alarms *a, const struct alarms_view *v)
{
	const char *line = v->not_ready;

	if (v->control_why && v->refused)
		add(a, WARNING,
		        "control: %s refuses the token: %s Give one by --token or WIRESPOOL_API_TOKENS.",
		        v->url, v->control_why);
	else if (v->control_why)
		add(a, BAD, "control: %s: %s.%s Names, uploads and actions are missing.", v->url,
		        v->control_why, v->state == COUNTERS_LIVE ? " Recordings go on." : "");
	while (line && *line) {
		size_t len = strcspn(line, "\n");

		add(a, BAD, "control: %.*s", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

static void check_balance(struct alarms *a, const struct alarms_view *v)
{
	for (unsigned i = 0; i < v->open_count; i++)
		add(a, BAD,
		        "%s %u: %lld packets are not accounted for: a defect of wirespool, please report it",
		        balance_kind_name(v->open[i].kind), v->open[i].instance,
		        (long long)v->open[i].unaccounted_pkts);
}

static void check_uploads(struct alarms *a, const struct alarms_view *v)
{
	if (!v->uploads || !v->uploads->is_known || !v->uploads->is_on)
		return;
	if (v->uploads->stopped)
		add(a, BAD, "uploads: %llu gave up after upload.max_retries: retry them in the uploads view",
		        (unsigned long long)v->uploads->stopped);
	if (v->uploads->retrying)
		add(a, WARNING, "uploads: %llu failed and wait to be tried again",
		        (unsigned long long)v->uploads->retrying);
}

void alarms_make(struct alarms *a, const struct alarms_view *view)
{
	struct alarms all = { 0 };

	check_dataplane(&all, view);
	check_disk(&all, view);
	if (view->state == COUNTERS_LIVE) {
		check_losses(&all, view);
		check_lcores(&all, view);
		check_balance(&all, view);
	}
	check_control(&all, view);
	check_uploads(&all, view);
	a->count = 0;
	for (int bad = 1; bad >= 0; bad--)
		for (unsigned i = 0; i < all.count; i++)
			if (all.rows[i].is_bad == bad)
				a->rows[a->count++] = all.rows[i];
}
