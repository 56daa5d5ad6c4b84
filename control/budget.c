/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/budget.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <event2/event.h>
#include "base/clk.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/msg.h"
#include "control/budget_space.h"
#include "control/budget_state.h"
#include "control/catalogue.h"
#include "control/dataplane.h"
#include "uploader/uploader.h"

#define TELL_EVERY_NS (10 * CLK_NS_PER_S)

/* What a session is taken to send where nothing says more. */
#define VIDEO_BPS      2500000
#define VIDEO_PKT_BITS (1100 * 8)
#define AUDIO_BPS      64000
#define AUDIO_PKTS_S   50

/* Of blocks a track can do with, at the usual rates; it takes more while there are more. */
#define TRACK_BLOCK_BYTES (24 << 10)

#define MIB (1 << 20)

static struct budget_uploads ask_uploader(const struct control *control)
{
	struct uploader_backlog backlog;

	if (!control->uploader)
		return (struct budget_uploads){ 0 };
	uploader_backlog(control->uploader, &backlog);
	return (struct budget_uploads){ .sent_bytes = backlog.sent_bytes,
		.waiting_bytes = backlog.waiting_bytes,
		.held_bytes = backlog.held_bytes };
}

static struct budget_demand *promised_in(struct budget *b, uint64_t second)
{
	return &b->promised[second % BUDGET_PROMISED_S];
}

static void look(void *arg, const struct stat_segment *stat)
{
	struct budget *b = arg;

	pthread_mutex_lock(&b->lock);
	if (budget_measure_look(&b->measured, stat, &b->uploads, b->now_ns))
		*promised_in(b, ++b->second) = (struct budget_demand){ 0 };
	pthread_mutex_unlock(&b->lock);
}

void budget_look(struct budget *budget, uint64_t now_ns)
{
	if (!dataplane_is_up(budget->control->dataplane))
		return;
	budget->now_ns = now_ns;
	budget->uploads = ask_uploader(budget->control); /* never its lock under the counters' */
	dataplane_with_stats(budget->control->dataplane, look, budget);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	budget_look(arg, clk_mono_ns());
}

int budget_create(struct budget **ret_budget, const struct control *control, struct event_base *loop)
{
	const struct timeval every = { .tv_sec = 1 };
	struct budget *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->control = control;
	pthread_mutex_init(&b->lock, NULL);
	budget_measure_init(&b->measured);
	b->timer = event_new(loop, -1, EV_PERSIST, on_timer, b);
	if (!b->timer || event_add(b->timer, &every)) {
		budget_free(b);
		return -ENOMEM;
	}
	*ret_budget = b;
	return 0;
}

void budget_free(struct budget *budget)
{
	if (!budget)
		return;
	if (budget->timer)
		event_free(budget->timer);
	pthread_mutex_destroy(&budget->lock);
	free(budget);
}

static struct budget_demand demand_of(const struct control *control, const struct msg_session_open *open)
{
	const int64_t most_kbps = control->conf->ingest_max_bitrate_kbps;
	struct budget_demand demand = { 0 };

	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];
		bool video = codec_info(t->codec)->video;
		double bps = !video               ? AUDIO_BPS
		             : t->max_bitrate_bps ? t->max_bitrate_bps
		             : most_kbps          ? (double)most_kbps * 1000
		                                  : VIDEO_BPS;
		demand.pkts_s += video ? bps / VIDEO_PKT_BITS : AUDIO_PKTS_S;
		demand.bytes_s += bps / 8;
		demand.tracks++;
	}
	return demand;
}

struct budget_demand budget_promised(const struct budget *b)
{
	struct budget_demand sum = { 0 };

	for (unsigned i = 0; i < BUDGET_PROMISED_S; i++) {
		sum.pkts_s += b->promised[i].pkts_s;
		sum.bytes_s += b->promised[i].bytes_s;
		sum.tracks += b->promised[i].tracks;
	}
	return sum;
}

double budget_limit(const struct budget *b)
{
	return (double)b->control->conf->control_full_percent / 100;
}

double budget_loops(const struct budget *b, const struct budget_demand *more)
{
	const struct budget_measure *m = &b->measured;

	if (m->tsc_hz <= 0)
		return m->busiest;
	return m->busiest + more->pkts_s * m->cost / (m->tsc_hz * (m->lcores ? m->lcores : 1));
}

double budget_blocks(const struct budget *b, unsigned more_tracks)
{
	double pool = (double)b->control->conf->dataplane_block_mb * MIB;

	return (double)(b->measured.tracks + more_tracks) * TRACK_BLOCK_BYTES / pool;
}

double budget_disk(const struct budget *b, const struct budget_demand *more)
{
	const struct budget_disk *disk = &b->measured.disk;

	return disk->most_bytes_s > 0 ? (disk->written_bytes_s + more->bytes_s) / disk->most_bytes_s : 0;
}

double budget_space(const struct budget *b, uint64_t total_bytes, const struct budget_demand *more)
{
	const struct conf *conf = b->control->conf;
	const struct budget_measure *m = &b->measured;
	struct budget_space space = { .waiting_bytes = (double)m->waiting_bytes,
		.recorded_bytes_s = m->recorded_bytes_s,
		.sent_bytes_s = m->sent_bytes_s,
		.free_bytes = (double)m->free_bytes - (double)conf->record_min_free_mb * MIB };

	if (!b->control->uploader)
		return INFINITY;
	/* What is uploaded goes when space is short, if that is wanted before sessions are refused. */
	if (conf->record_retention_min_free_mb > conf->record_min_free_mb && total_bytes > m->held_bytes)
		space.free_bytes += (double)(total_bytes - m->held_bytes);
	return budget_space_lasts_s(&space, more->bytes_s);
}

/* Sentences of what is lacking. Each: whether it is. Locked. */

static bool lacks_packets(const struct budget *b, char *ret_why)
{
	uint64_t lost = budget_measure_lost(&b->measured);

	if (lost)
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: %" PRIu64
		        " packets were lost here in the last %d s: the machine has more than it can "
		        "take",
		        lost, BUDGET_MEASURE_S);
	return lost;
}

static bool lacks_loops(const struct budget *b, const struct budget_demand *more, char *ret_why)
{
	double loops = budget_loops(b, more), limit = budget_limit(b);

	if (loops > limit)
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: the poll loops would be busy for %.0f %%, %.0f %% is the budget "
		        "(control.full_percent)",
		        loops * 100, limit * 100);
	return loops > limit;
}

static bool lacks_blocks(const struct budget *b, const struct budget_demand *ask, char *ret_why)
{
	unsigned now = b->second % BUDGET_PROMISED_S,
	         before = (now + BUDGET_PROMISED_S - 1) % BUDGET_PROMISED_S;
	/* What was promised before the look before the last is open since; what came between may count twice.
	 */
	double blocks = budget_blocks(b, b->promised[now].tracks + b->promised[before].tracks + ask->tracks);
	double limit = budget_limit(b);

	if (blocks > limit)
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: %.0f %% of dataplane.block_mb would be needed, %.0f %% is the budget "
		        "(control.full_percent)",
		        blocks * 100, limit * 100);
	return blocks > limit;
}

static bool lacks_disk(const struct budget *b, const struct budget_demand *more, char *ret_why)
{
	const struct budget_disk *disk = &b->measured.disk;
	double limit = budget_limit(b), share = budget_disk(b, more);

	if (disk->strained)
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: the disk does not keep up: %.1f MB wait to be written, and it takes %.1f MB/s",
		        disk->queued_bytes / 1e6, disk->most_bytes_s / 1e6);
	else if (share > limit)
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: the disk would be asked for %.1f MB/s; when it did not keep up it took %.1f, "
		        "%.0f %% "
		        "of that is the budget (control.full_percent)",
		        (disk->written_bytes_s + more->bytes_s) / 1e6, disk->most_bytes_s / 1e6, limit * 100);
	return disk->strained || share > limit;
}

static bool lacks_space(
        const struct budget *b, uint64_t total_bytes, const struct budget_demand *more, char *ret_why)
{
	double lasts_s = budget_space(b, total_bytes, more);
	int64_t minutes = b->control->conf->control_full_minutes;

	if (!minutes || lasts_s >= (double)minutes * 60)
		return false;
	snprintf(ret_why, LIMIT_REASON_BYTES + 1,
	        "full: uploads are %.0f MB behind, which would fill the disk in %.0f min, %lld is the least "
	        "(control.full_minutes)",
	        (double)b->measured.waiting_bytes / 1e6, lasts_s / 60, (long long)minutes);
	return true;
}

/* What there is too little of for @ask, beside what is promised already. Locked. */
static enum budget_resource lacking(
        const struct budget *b, const struct budget_demand *ask, uint64_t total_bytes, char *ret_why)
{
	struct budget_demand more = budget_promised(b);

	more.pkts_s += ask->pkts_s;
	more.bytes_s += ask->bytes_s;
	if (lacks_packets(b, ret_why))
		return BUDGET_LOSSES;
	if (lacks_loops(b, &more, ret_why))
		return BUDGET_POLL_LOOPS;
	if (lacks_blocks(b, ask, ret_why))
		return BUDGET_BLOCKS;
	if (lacks_disk(b, &more, ret_why))
		return BUDGET_DISK;
	return lacks_space(b, total_bytes, &more, ret_why) ? BUDGET_UPLOADS : BUDGET_RESOURCES;
}

int budget_ask(struct budget *b, const struct msg_session_open *open, uint64_t now_ns,
        struct budget_promise *ret_promise, char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct catalogue_totals totals = { 0 };
	struct budget_demand ask;
	enum budget_resource lack;
	bool tell = false;

	*ret_promise = (struct budget_promise){ 0 };
	if (!b || !b->control->conf->control_full_percent)
		return 0;
	ask = demand_of(b->control, open);
	if (b->control->uploader)
		catalogue_totals(b->control->catalogue, &totals);
	pthread_mutex_lock(&b->lock);
	lack = lacking(b, &ask, totals.bytes, ret_why);
	if (lack == BUDGET_RESOURCES) {
		struct budget_demand *promised = promised_in(b, b->second);
		promised->pkts_s += ask.pkts_s;
		promised->bytes_s += ask.bytes_s;
		promised->tracks += ask.tracks;
		*ret_promise = (struct budget_promise){ .second = b->second, .demand = ask };
	} else {
		b->refused[lack]++;
		tell = !b->told_ns || now_ns - b->told_ns > TELL_EVERY_NS;
		b->told_ns = tell ? now_ns : b->told_ns;
	}
	pthread_mutex_unlock(&b->lock);
	if (tell)
		log_warn("budget: a new session is refused: %s", ret_why);
	return lack == BUDGET_RESOURCES ? 0 : -EUSERS;
}

void budget_return(struct budget *b, const struct budget_promise *promise)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	/* An older one is no longer reckoned with, and in its place is another second's. */
	if (b->second - promise->second < BUDGET_PROMISED_S) {
		struct budget_demand *promised = promised_in(b, promise->second);
		promised->pkts_s -= promise->demand.pkts_s;
		promised->bytes_s -= promise->demand.bytes_s;
		promised->tracks -= promise->demand.tracks;
	}
	pthread_mutex_unlock(&b->lock);
}
