/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/budget.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <event2/event.h>
#include "base/clk.h"
#include "base/codec.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/msg.h"
#include "base/stat.h"
#include "control/control.h"
#include "control/dataplane.h"

#define SECONDS 10 /* that losses are remembered, and what was promised is reckoned with */

/* What a session is taken to send where nothing says more. */
#define VIDEO_BPS      2500000
#define VIDEO_PKT_BITS (1100 * 8)
#define AUDIO_PKTS_S   50

/* Of blocks a track can do with, at the usual rates; it takes more while there are more. */
#define TRACK_BLOCK_BYTES (24 << 10)

/* Cycles a packet takes. Of few packets it is no measure: a burst of one costs many times as much. */
#define COST_LEAST      500
#define COST_MOST       3000
#define COST_FROM_PKTS  10000 /* a second */
#define SMOOTH          0.5   /* of a new second */
#define LOST_LEAST_PKTS 1000  /* less is no overload */
#define LOST_SHARE      0.01
#define FRAME_PKTS      10 /* a frame without a block is as bad as so many packets */

enum resource { POLL_LOOPS, BLOCKS, LOSSES, RESOURCES };

static const char *const resource_names[RESOURCES] = { "poll_loops", "blocks", "losses" };

struct sample {
	uint64_t start_unix_ns, at_ns; /* at_ns 0: none */
	uint64_t busy[LIMIT_LCORES];
	uint64_t received, lost;
};

struct demand {
	double pkts_s;
	unsigned tracks;
};

struct budget {
	const struct control *control;
	struct event *timer;
	struct sample last; /* the loop's */
	uint64_t now_ns;
	pthread_mutex_t lock; /* of what follows */
	double busiest, cost; /* share of its cycles; cycles a packet */
	double tsc_hz;
	unsigned lcores;
	uint64_t tracks; /* open */
	unsigned second; /* of the two rings */
	uint64_t lost[SECONDS], received[SECONDS];
	struct demand promised[SECONDS];
	uint64_t refused[RESOURCES];
	uint64_t told_ns; /* when a refusal was logged last */
};

static void take_sample(struct sample *now, const struct stat_segment *stat, uint64_t now_ns)
{
	*now = (struct sample){ .at_ns = now_ns };
	now->start_unix_ns = stat_get(stat_slot(stat, STAT_SCOPE_PROC, 0), STAT_PROC_start_unix_ns);
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_LCORE) && i < LIMIT_LCORES; i++) {
		const uint64_t *lcore = stat_slot(stat, STAT_SCOPE_LCORE, i);
		now->busy[i] = stat_get(lcore, STAT_LCORE_cycles_busy);
		now->received += stat_get(lcore, STAT_LCORE_rx_pkts);
		now->lost += stat_get(lcore, STAT_LCORE_drop_ring_full) +
		             stat_get(lcore, STAT_LCORE_drop_forward_full);
	}
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_PORT); i++) {
		const uint64_t *port = stat_slot(stat, STAT_SCOPE_PORT, i);
		now->lost += stat_get(port, STAT_PORT_rx_missed) + stat_get(port, STAT_PORT_rx_nombuf);
	}
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_WRITER); i++)
		now->lost += FRAME_PKTS *
		             stat_get(stat_slot(stat, STAT_SCOPE_WRITER, i), STAT_WRITER_drop_no_block);
}

/* What was counted since, 0 when it went backwards. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void smooth(double *value, double now)
{
	*value += (now - *value) * SMOOTH;
}

/* The second between two samples. Locked. */
static void take_second(struct budget *b, const struct sample *now)
{
	double seconds = (double)(now->at_ns - b->last.at_ns) / CLK_NS_PER_S, busiest = 0, all = 0;
	uint64_t received = since(now->received, b->last.received);

	for (unsigned i = 0; i < b->lcores && i < LIMIT_LCORES; i++) {
		double busy = (double)since(now->busy[i], b->last.busy[i]);
		all += busy;
		if (busy > busiest)
			busiest = busy;
	}
	smooth(&b->busiest, busiest / (b->tsc_hz * seconds));
	if ((double)received > COST_FROM_PKTS * seconds) {
		double cost = all / (double)received;
		smooth(&b->cost, cost < COST_LEAST ? COST_LEAST : cost > COST_MOST ? COST_MOST : cost);
	}
	b->second = (b->second + 1) % SECONDS;
	b->received[b->second] = received;
	b->lost[b->second] = since(now->lost, b->last.lost);
	b->promised[b->second] = (struct demand){ 0 };
}

/* Another dataplane: nothing is known of it. Locked. */
static void begin_anew(struct budget *b)
{
	b->busiest = 0;
	b->cost = COST_MOST;
	memset(b->lost, 0, sizeof(b->lost));
	memset(b->received, 0, sizeof(b->received));
	memset(b->promised, 0, sizeof(b->promised));
}

static void look(void *arg, const struct stat_segment *stat)
{
	struct budget *b = arg;
	struct sample now;

	take_sample(&now, stat, b->now_ns);
	pthread_mutex_lock(&b->lock);
	b->lcores = stat_instances(stat, STAT_SCOPE_LCORE);
	b->tsc_hz = (double)stat_get(stat_slot(stat, STAT_SCOPE_LCORE, 0), STAT_LCORE_tsc_hz);
	b->tracks = stat_get(stat_slot(stat, STAT_SCOPE_PROC, 0), STAT_PROC_tracks_open);
	if (now.start_unix_ns != b->last.start_unix_ns)
		begin_anew(b);
	else if (b->tsc_hz > 0 && now.at_ns > b->last.at_ns)
		take_second(b, &now);
	pthread_mutex_unlock(&b->lock);
	b->last = now;
}

void budget_look(struct budget *budget, uint64_t now_ns)
{
	budget->now_ns = now_ns;
	if (dataplane_is_up(budget->control->dataplane))
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
	begin_anew(b);
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

static struct demand demand_of(const struct control *control, const struct msg_session_open *open)
{
	const int64_t most_kbps = control->conf->ingest_max_bitrate_kbps;
	struct demand demand = { 0 };

	for (unsigned i = 0; i < open->track_count; i++) {
		const struct msg_track *t = &open->tracks[i];
		double bps = t->max_bitrate_bps ? t->max_bitrate_bps
		             : most_kbps        ? (double)most_kbps * 1000
		                                : VIDEO_BPS;
		bool video = codec_info(t->codec)->video;
		demand.pkts_s += video ? bps / VIDEO_PKT_BITS : AUDIO_PKTS_S;
		demand.tracks++;
	}
	return demand;
}

/* Packets that were promised in the last seconds, and may not be sent yet. Locked. */
static double promised_pkts_s(const struct budget *b)
{
	double sum = 0;

	for (unsigned i = 0; i < SECONDS; i++)
		sum += b->promised[i].pkts_s;
	return sum;
}

/* Share of a poll loop's cycles that @pkts_s take, spread over all. Locked. */
static double share_of(const struct budget *b, double pkts_s)
{
	return b->tsc_hz > 0 ? pkts_s * b->cost / (b->tsc_hz * (b->lcores ? b->lcores : 1)) : 0;
}

/* Share of the blocks' memory that the open tracks and @more need. Locked. */
static double share_of_blocks(const struct budget *b, unsigned more)
{
	double pool = (double)b->control->conf->dataplane_block_mb * (1 << 20);

	return (double)(b->tracks + more) * TRACK_BLOCK_BYTES / pool;
}

/* Packets lost in the last seconds, 0 when they are too few to tell of too much load. Locked. */
static uint64_t losing(const struct budget *b)
{
	uint64_t lost = 0, received = 0;

	for (unsigned i = 0; i < SECONDS; i++) {
		lost += b->lost[i];
		received += b->received[i];
	}
	return lost > LOST_LEAST_PKTS && (double)lost > LOST_SHARE * (double)(received + lost) ? lost : 0;
}

static double limit_of(const struct budget *b)
{
	return (double)b->control->conf->control_full_percent / 100;
}

/* What there is too little of for @ask, beside what is promised already. Locked. */
static enum resource lacking(const struct budget *b, const struct demand *ask, char *ret_why)
{
	double loops = b->busiest + share_of(b, promised_pkts_s(b) + ask->pkts_s);
	/* What was promised before the look before the last is open since; what came between may count twice.
	 */
	unsigned before =
	        b->promised[b->second].tracks + b->promised[(b->second + SECONDS - 1) % SECONDS].tracks;
	double blocks = share_of_blocks(b, before + ask->tracks);
	double limit = limit_of(b);
	uint64_t lost = losing(b);

	if (lost) {
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: %" PRIu64
		        " packets were lost here in the last %d s: the machine has more than it can take",
		        lost, SECONDS);
		return LOSSES;
	}
	if (loops > limit) {
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: the poll loops would be busy for %.0f %%, %.0f %% is the budget "
		        "(control.full_percent)",
		        loops * 100, limit * 100);
		return POLL_LOOPS;
	}
	if (blocks > limit) {
		snprintf(ret_why, LIMIT_REASON_BYTES + 1,
		        "full: %.0f %% of dataplane.block_mb would be needed, %.0f %% is the budget "
		        "(control.full_percent)",
		        blocks * 100, limit * 100);
		return BLOCKS;
	}
	return RESOURCES;
}

int budget_ask(struct budget *b, const struct msg_session_open *open, uint64_t now_ns,
        char ret_why[LIMIT_REASON_BYTES + 1])
{
	struct demand ask;
	enum resource lack;
	bool tell = false;

	if (!b || !b->control->conf->control_full_percent)
		return 0;
	ask = demand_of(b->control, open);
	pthread_mutex_lock(&b->lock);
	lack = lacking(b, &ask, ret_why);
	if (lack == RESOURCES) {
		b->promised[b->second].pkts_s += ask.pkts_s;
		b->promised[b->second].tracks += ask.tracks;
	} else {
		b->refused[lack]++;
		tell = !b->told_ns || now_ns - b->told_ns > SECONDS * CLK_NS_PER_S;
		b->told_ns = tell ? now_ns : b->told_ns;
	}
	pthread_mutex_unlock(&b->lock);
	if (tell)
		log_warn("budget: a new session is refused: %s", ret_why);
	return lack == RESOURCES ? 0 : -EUSERS;
}

/* Packets a second that the poll loops would take beside what they have and what is promised. Locked. */
static double headroom(const struct budget *b)
{
	double left = limit_of(b) - b->busiest - share_of(b, promised_pkts_s(b));

	return left > 0 && b->tsc_hz > 0 ? left * b->tsc_hz * b->lcores / b->cost : 0;
}

#define FAMILY(name, kind, help)                                                                             \
	"# HELP wirespool_budget_" name " " help "\n# TYPE wirespool_budget_" name " " kind "\n"

void budget_print(struct budget *b, FILE *out)
{
	pthread_mutex_lock(&b->lock);
	fprintf(out,
	        FAMILY("limit_ratio", "gauge",
	                "Share from which on new sessions are refused; 0: never.") "wirespool_budget_limit_"
	                                                                           "ratio %.6g\n",
	        limit_of(b));
	fprintf(out,
	        FAMILY("used_ratio", "gauge",
	                "Share of what the machine has that is taken.") "wirespool_budget_used_ratio{"
	                                                                "resource=\"poll_loops\"} %.6g\n"
	                                                                "wirespool_budget_used_ratio{"
	                                                                "resource=\"blocks\"} %.6g\n",
	        b->busiest, share_of_blocks(b, 0));
	fprintf(out,
	        FAMILY("headroom_packets_per_second", "gauge",
	                "Packets a second that the poll loops would take beside what they have.") "wirespool_"
	                                                                                          "budget_"
	                                                                                          "headroom_"
	                                                                                          "packets_"
	                                                                                          "per_"
	                                                                                          "second "
	                                                                                          "%.6g\n",
	        headroom(b));
	fputs(FAMILY("refused_total", "counter",
	              "Sessions that were refused as full, by what there was too little of."),
	        out);
	for (unsigned i = 0; i < RESOURCES; i++)
		fprintf(out, "wirespool_budget_refused_total{resource=\"%s\"} %" PRIu64 "\n",
		        resource_names[i], b->refused[i]);
	pthread_mutex_unlock(&b->lock);
}

json_t *budget_json(struct budget *b)
{
	json_t *refused = json_object();

	pthread_mutex_lock(&b->lock);
	for (unsigned i = 0; i < RESOURCES; i++)
		json_object_set_new(refused, resource_names[i], json_integer((json_int_t)b->refused[i]));
	json_t *json = json_pack("{s:f, s:f, s:f, s:I, s:f, s:o}", "limit", limit_of(b), "poll_loops",
	        b->busiest, "blocks", share_of_blocks(b, 0), "losing", (json_int_t)losing(b),
	        "headroom_packets_s", headroom(b), "refused", refused);
	pthread_mutex_unlock(&b->lock);
	return json;
}
