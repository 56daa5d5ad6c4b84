/* SPDX-License-Identifier: BSD-3-Clause */
/* The budget as others see it: metrics and JSON. */
#include <inttypes.h>
#include <math.h>
#include "control/budget_state.h"
#include "control/catalogue.h"

static const char *const names[BUDGET_RESOURCES] = {
	[BUDGET_POLL_LOOPS] = "poll_loops",
	[BUDGET_BLOCKS] = "blocks",
	[BUDGET_LOSSES] = "losses",
	[BUDGET_DISK] = "disk",
	[BUDGET_UPLOADS] = "uploads",
};

struct figures {
	double limit, loops, blocks, disk, space_s;
	double headroom_pkts_s, headroom_bytes_s; /* bytes: INFINITY while it is not known */
	uint64_t losing;
	uint64_t refused[BUDGET_RESOURCES];
	struct budget_measure measured;
};

static double not_below_0(double value)
{
	return value > 0 ? value : 0;
}

static void take(struct budget *b, struct figures *ret)
{
	const struct budget_demand none = { 0 };
	struct catalogue_totals totals = { 0 };

	if (b->control->uploader)
		catalogue_totals(b->control->catalogue, &totals);
	pthread_mutex_lock(&b->lock);
	const struct budget_measure *m = &b->measured;
	const struct budget_demand promised = budget_promised(b);
	*ret = (struct figures){ .limit = budget_limit(b),
		.loops = budget_loops(b, &none),
		.blocks = budget_blocks(b, 0),
		.disk = budget_disk(b, &none),
		.space_s = budget_space(b, totals.bytes, &none),
		.headroom_bytes_s = INFINITY,
		.losing = budget_measure_lost(m),
		.measured = *m };
	if (m->tsc_hz > 0)
		ret->headroom_pkts_s = not_below_0(ret->limit - budget_loops(b, &promised)) * m->tsc_hz *
		                       m->lcores / m->cost;
	if (m->disk.strained)
		ret->headroom_bytes_s = 0;
	else if (m->disk.most_bytes_s > 0)
		ret->headroom_bytes_s =
		        not_below_0(ret->limit - budget_disk(b, &promised)) * m->disk.most_bytes_s;
	for (unsigned i = 0; i < BUDGET_RESOURCES; i++)
		ret->refused[i] = b->refused[i];
	pthread_mutex_unlock(&b->lock);
}

static void family(FILE *out, const char *name, const char *kind, const char *help)
{
	fprintf(out, "# HELP wirespool_budget_%s %s\n# TYPE wirespool_budget_%s %s\n", name, help, name,
	        kind);
}

static void gauge(FILE *out, const char *name, const char *help, double value)
{
	family(out, name, "gauge", help);
	if (isinf(value))
		fprintf(out, "wirespool_budget_%s +Inf\n", name);
	else
		fprintf(out, "wirespool_budget_%s %.6g\n", name, value);
}

static void used(FILE *out, enum budget_resource resource, double share)
{
	fprintf(out, "wirespool_budget_used_ratio{resource=\"%s\"} %.6g\n", names[resource], share);
}

void budget_print(struct budget *b, FILE *out)
{
	struct figures f;

	take(b, &f);
	gauge(out, "limit_ratio", "Share from which on new sessions are refused; 0: never.", f.limit);
	family(out, "used_ratio", "gauge", "Share of what the machine has that is taken.");
	used(out, BUDGET_POLL_LOOPS, f.loops);
	used(out, BUDGET_BLOCKS, f.blocks);
	used(out, BUDGET_DISK, f.disk);
	gauge(out, "headroom_packets_per_second",
	        "Packets a second that the poll loops would take beside what they have.", f.headroom_pkts_s);
	gauge(out, "headroom_bytes_per_second",
	        "Bytes a second that the disk would take beside what it has; +Inf: its bound is not known.",
	        f.headroom_bytes_s);
	gauge(out, "disk_bytes_per_second", "Bytes a second that are written to the disk.",
	        f.measured.disk.written_bytes_s);
	gauge(out, "disk_most_bytes_per_second",
	        "What the disk took when it did not keep up, and a little more each second since; 0: it "
	        "keeps up.",
	        f.measured.disk.most_bytes_s);
	gauge(out, "disk_strained", "1 while the disk does not keep up.", f.measured.disk.strained);
	gauge(out, "recorded_bytes_per_second", "Bytes a second that are recorded.",
	        f.measured.recorded_bytes_s);
	gauge(out, "uploaded_bytes_per_second", "Bytes a second that go to the store.",
	        f.measured.sent_bytes_s);
	gauge(out, "full_in_seconds",
	        "Until uploads that are behind have filled the disk; +Inf: that is not to be feared.",
	        f.space_s);
	family(out, "refused_total", "counter",
	        "Sessions that were refused as full, by what there was too little of.");
	for (unsigned i = 0; i < BUDGET_RESOURCES; i++)
		fprintf(out, "wirespool_budget_refused_total{resource=\"%s\"} %" PRIu64 "\n", names[i],
		        f.refused[i]);
}

/* JSON has no infinity. */
static json_t *or_null(double value)
{
	return isinf(value) ? json_null() : json_real(value);
}

json_t *budget_json(struct budget *b)
{
	json_t *refused = json_object();
	struct figures f;

	take(b, &f);
	for (unsigned i = 0; i < BUDGET_RESOURCES; i++)
		json_object_set_new(refused, names[i], json_integer((json_int_t)f.refused[i]));
	return json_pack("{s:f, s:f, s:f, s:f, s:b, s:f, s:f, s:f, s:f, s:o, s:I, s:f, s:o, s:o}", "limit",
	        f.limit, "poll_loops", f.loops, "blocks", f.blocks, "disk", f.disk, "disk_strained",
	        f.measured.disk.strained, "disk_bytes_s", f.measured.disk.written_bytes_s,
	        "disk_most_bytes_s", f.measured.disk.most_bytes_s, "recorded_bytes_s",
	        f.measured.recorded_bytes_s, "uploaded_bytes_s", f.measured.sent_bytes_s, "full_in_s",
	        or_null(f.space_s), "losing", (json_int_t)f.losing, "headroom_packets_s", f.headroom_pkts_s,
	        "headroom_bytes_s", or_null(f.headroom_bytes_s), "refused", refused);
}
