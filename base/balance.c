/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/balance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"
#include "base/limits.h"

#define LOOKS_AT_ONCE 8 /* at an lcore whose account is open */
#define WINDOW_NS     (10 * CLK_NS_PER_S)
#define BURST_PKTS    32 /* that an lcore may have taken from a port and not counted yet */
#define TRACK_ROWS    64
#define DONE          4 /* STAT_TRACK_state */

/* What an lcore has counted twice: as going in, and as going out by one way. */
static const unsigned ins[] = { STAT_LCORE_rx_pkts, STAT_LCORE_forwarded_in, STAT_LCORE_released_pkts,
	STAT_LCORE_recovered_pkts };
static const unsigned outs[] = { STAT_LCORE_forwarded_out, STAT_LCORE_answered, STAT_LCORE_punted_pkts,
	STAT_LCORE_held_pkts, STAT_LCORE_rtcp_pkts, STAT_LCORE_fec_pkts, STAT_LCORE_handed_pkts };
static const unsigned fates[] = { STAT_TRACK_pkts, STAT_TRACK_late_pkts, STAT_TRACK_padding_pkts,
	STAT_TRACK_malformed_pkts, STAT_TRACK_cut_pkts, STAT_TRACK_layer_pkts };

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What was sent by then, and what has arrived since. */
struct passage {
	uint64_t sent_before; /* a window ago */
	uint64_t sent;        /* at the window's begin */
	int64_t unaccounted;
};

struct balance {
	uint64_t start_unix_ns, window_ns;
	bool begun, whole; /* whole: a window has passed, so there is something to say */
	unsigned lcores, accounts;
	int64_t best[LIMIT_LCORES]; /* of this window */
	int64_t lcore[LIMIT_LCORES];
	struct passage ports, rings;
	uint64_t restarts; /* of ports, that were seen */
	int64_t uncounted; /* by ports, in restarts: at most so many */
	unsigned track_count;
	struct balance_row tracks[TRACK_ROWS];
};

int balance_create(struct balance **ret_balance)
{
	*ret_balance = calloc(1, sizeof(**ret_balance));
	return *ret_balance ? 0 : -ENOMEM;
}

void balance_free(struct balance *balance)
{
	free(balance);
}

const char *balance_kind_name(enum balance_kind kind)
{
	static const char *const names[BALANCE_KINDS] = { "ports", "lcore", "rings", "track", "files" };

	return names[kind];
}

static uint64_t sum_of(const uint64_t *slot, const unsigned *ids, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += stat_get(slot, ids[i]);
	return sum;
}

static uint64_t drops_of(const uint64_t *lcore)
{
	uint64_t sum = 0;

	for (unsigned i = STAT_LCORE_drop_l2_unknown; i <= STAT_LCORE_drop_forward_full; i++)
		sum += stat_get(lcore, i);
	return sum;
}

/* What went out is read first: so what comes in meanwhile is too much and never too little. */
int64_t balance_lcore(const uint64_t *lcore)
{
	uint64_t out = sum_of(lcore, outs, COUNT_OF(outs)) + drops_of(lcore);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return (int64_t)(sum_of(lcore, ins, COUNT_OF(ins)) - out);
}

static uint64_t total(const struct stat_segment *stat, enum stat_scope scope, unsigned id)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < stat_instances(stat, scope); i++)
		sum += stat_get(stat_slot(stat, scope, i), id);
	return sum;
}

static void look_at_lcores(struct balance *b, const struct stat_segment *stat)
{
	b->lcores = stat_instances(stat, STAT_SCOPE_LCORE);
	if (b->lcores > LIMIT_LCORES)
		b->lcores = LIMIT_LCORES;
	for (unsigned i = 0; i < b->lcores; i++) {
		for (unsigned look = 0; look < LOOKS_AT_ONCE && b->best[i]; look++) {
			int64_t now = balance_lcore(stat_slot(stat, STAT_SCOPE_LCORE, i));
			if (llabs(now) < llabs(b->best[i]))
				b->best[i] = now;
		}
	}
}

/* @arrived was read before @sent: it is no more than that, and no less than what was sent a window ago. */
static int64_t in_passage(const struct passage *passage, uint64_t arrived, uint64_t sent, uint64_t slack)
{
	if (arrived > sent + slack)
		return (int64_t)(sent - arrived);
	return passage->sent_before > arrived ? (int64_t)(passage->sent_before - arrived) : 0;
}

/* How many packets the ports' figures lack since a port began to count anew: no more than what the lcores had
 * ahead of them at any time since. */
static uint64_t lacking(struct balance *b, const struct stat_segment *stat, uint64_t port, uint64_t received)
{
	uint64_t restarts = total(stat, STAT_SCOPE_PORT, STAT_PORT_restarts);
	int64_t ahead = (int64_t)(received - port);

	if (!restarts)
		return 0;
	if (restarts != b->restarts || ahead < b->uncounted)
		b->uncounted = ahead;
	b->restarts = restarts;
	return (uint64_t)b->uncounted;
}

/* A port's counters are read once a second by its owner: they are what is behind, and lcores what is ahead.
 * What is too much for the lcores' part is missing in the port's, and the other way round. */
static void look_at_passages(struct balance *b, const struct stat_segment *stat)
{
	uint64_t taken = total(stat, STAT_SCOPE_WRITER, STAT_WRITER_pkts);
	uint64_t port = total(stat, STAT_SCOPE_PORT, STAT_PORT_rx_pkts);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	uint64_t handed = total(stat, STAT_SCOPE_LCORE, STAT_LCORE_handed_pkts) +
	                  total(stat, STAT_SCOPE_LCORE, STAT_LCORE_handed_reports);
	uint64_t received = total(stat, STAT_SCOPE_LCORE, STAT_LCORE_rx_pkts);

	b->rings.unaccounted = in_passage(&b->rings, taken, handed, 0);
	port += lacking(b, stat, port, received);
	b->ports.unaccounted = -in_passage(&b->ports, port, received, (uint64_t)BURST_PKTS * b->lcores);
	b->rings.sent = b->rings.sent ? b->rings.sent : handed;
	b->ports.sent = b->ports.sent ? b->ports.sent : received;
}

/* Where packets went first, then where they came from: one that is on its way is too much and never missing.
 */
static void sum_tracks(int64_t *left, unsigned count, const struct stat_segment *stat)
{
	for (unsigned i = 0; i < count; i++) {
		const uint64_t *track = stat_slot(stat, STAT_SCOPE_TRACK, i);
		left[i] = stat_get(track, STAT_TRACK_state) ? -(int64_t)sum_of(track, fates, COUNT_OF(fates))
		                                            : 0;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (unsigned i = 0; i < stat_instances(stat, STAT_SCOPE_FLOW); i++) {
		const uint64_t *flow = stat_slot(stat, STAT_SCOPE_FLOW, i);
		uint64_t of = stat_get(flow, STAT_FLOW_track);
		uint64_t shed = stat_get(flow, STAT_FLOW_shed_pkts);
		if (of < count)
			left[of] += (int64_t)(stat_get(flow, STAT_FLOW_pkts) - shed);
	}
}

/* Whether a track does not balance: one that is not done yet holds packets for their order. */
static bool is_open(const struct stat_segment *stat, unsigned track, int64_t left)
{
	uint64_t state = stat_get(stat_slot(stat, STAT_SCOPE_TRACK, track), STAT_TRACK_state);

	return state == DONE ? left != 0 : state && left < 0;
}

/* Twice: between the two sums a slot may have become another track's. */
static void look_at_tracks(struct balance *b, const struct stat_segment *stat)
{
	unsigned count = stat_instances(stat, STAT_SCOPE_TRACK), open = 0;
	int64_t *left = calloc(2 * (count + 1), sizeof(*left)), *again = left + count;

	b->track_count = 0;
	if (!left)
		return;
	sum_tracks(left, count, stat);
	for (unsigned i = 0; i < count; i++) {
		b->accounts += stat_get(stat_slot(stat, STAT_SCOPE_TRACK, i), STAT_TRACK_state) != 0;
		open += is_open(stat, i, left[i]);
	}
	if (open)
		sum_tracks(again, count, stat);
	for (unsigned i = 0; open && i < count && b->track_count < TRACK_ROWS; i++)
		if (is_open(stat, i, left[i]) && again[i] == left[i])
			b->tracks[b->track_count++] = (struct balance_row){ BALANCE_TRACK, i, left[i] };
	free(left);
}

/* What is in files was counted before, and is read before. */
static int64_t not_filed(const struct stat_segment *stat, unsigned track)
{
	const uint64_t *slot = stat_slot(stat, STAT_SCOPE_TRACK, track);
	uint64_t state = stat_get(slot, STAT_TRACK_state), filed = stat_get(slot, STAT_TRACK_filed_pkts);

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	int64_t left = (int64_t)(stat_get(slot, STAT_TRACK_pkts) - filed);
	return state == DONE || (state && left < 0) ? left : 0;
}

static void look_at_files(struct balance *b, const struct stat_segment *stat)
{
	unsigned count = stat_instances(stat, STAT_SCOPE_TRACK);

	for (unsigned i = 0; i < count; i++) {
		int64_t left = not_filed(stat, i);
		b->accounts += stat_get(stat_slot(stat, STAT_SCOPE_TRACK, i), STAT_TRACK_state) != 0;
		if (left && b->track_count < TRACK_ROWS && not_filed(stat, i) == left)
			b->tracks[b->track_count++] = (struct balance_row){ BALANCE_FILES, i, left };
	}
}

static void begin_window(struct balance *b, uint64_t now_ns)
{
	b->window_ns = now_ns;
	b->rings.sent_before = b->rings.sent;
	b->ports.sent_before = b->ports.sent;
	b->rings.sent = b->ports.sent = 0;
	for (unsigned i = 0; i < LIMIT_LCORES; i++)
		b->best[i] = INT64_MAX;
}

void balance_look(struct balance *b, const struct stat_segment *stat, uint64_t now_ns)
{
	uint64_t start = stat_get(stat_slot(stat, STAT_SCOPE_PROC, 0), STAT_PROC_start_unix_ns);

	if (!b->begun || b->start_unix_ns != start) {
		memset(b, 0, sizeof(*b));
		b->begun = true;
		b->start_unix_ns = start;
		begin_window(b, now_ns);
	}
	look_at_lcores(b, stat);
	look_at_passages(b, stat);
	if (now_ns - b->window_ns < WINDOW_NS)
		return;
	memcpy(b->lcore, b->best, sizeof(b->lcore));
	b->accounts = 2 + b->lcores;
	look_at_tracks(b, stat);
	look_at_files(b, stat);
	b->whole = true;
	begin_window(b, now_ns);
}

static void add(struct balance_row *rows, unsigned max, unsigned *count, struct balance_row row)
{
	if (!row.unaccounted_pkts)
		return;
	if (*count < max)
		rows[*count] = row;
	(*count)++;
}

unsigned balance_rows(const struct balance *b, struct balance_row *ret_rows, unsigned max)
{
	unsigned count = 0;

	if (!b->whole)
		return 0;
	add(ret_rows, max, &count, (struct balance_row){ BALANCE_PORTS, 0, b->ports.unaccounted });
	for (unsigned i = 0; i < b->lcores; i++)
		add(ret_rows, max, &count, (struct balance_row){ BALANCE_LCORE, i, b->lcore[i] });
	add(ret_rows, max, &count, (struct balance_row){ BALANCE_RINGS, 0, b->rings.unaccounted });
	for (unsigned i = 0; i < b->track_count; i++)
		add(ret_rows, max, &count, b->tracks[i]);
	return count;
}

unsigned balance_accounts(const struct balance *b)
{
	return b->accounts;
}
