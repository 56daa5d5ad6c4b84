/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/nack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/clk.h"

#define FIRST_NS       (10 * CLK_NS_PER_MS) /* what is merely out of order has come by then */
#define AGAIN_MIN_NS   (20 * CLK_NS_PER_MS)
#define UNKNOWN_NS     (100 * CLK_NS_PER_MS) /* a round trip, as long as none was measured */
#define ROUND_TRIP_MAX CLK_NS_PER_S

struct missing {
	uint64_t ext;
	uint64_t since_ns, asked_ns, due_ns;
	unsigned tries;
};

struct nack {
	uint64_t max_ext;
	bool started, overflown;
	bool measured; /* by reports: what answers tell is not needed */
	uint64_t round_trip_ns, give_up_ns;
	uint64_t due_ns; /* at the latest, of all */
	unsigned count;
	struct missing list[NACK_MISSING_MAX]; /* ascending */
};

int nack_create(struct nack **ret_nack, unsigned give_up_ms)
{
	struct nack *nack = aligned_alloc(64, (sizeof(*nack) + 63) / 64 * 64);

	if (!nack)
		return -ENOMEM;
	memset(nack, 0, sizeof(*nack));
	nack->give_up_ns = give_up_ms * CLK_NS_PER_MS;
	nack->due_ns = UINT64_MAX;
	*ret_nack = nack;
	return 0;
}

void nack_free(struct nack *nack)
{
	free(nack);
}

void nack_begin(struct nack *nack, uint64_t ext)
{
	nack->max_ext = ext;
	nack->started = true;
	nack->count = 0;
	nack->due_ns = UINT64_MAX;
}

/* An answer that was asked for once tells the round trip; one that was asked for again does not say to which
 * request it belongs (Karn). A first request waits at the sender for nothing, so the smoothed value is the
 * network's. */
static void measure(struct nack *n, const struct missing *m, uint64_t now_ns)
{
	if (!n->measured && m->tries == 1 && now_ns > m->asked_ns) {
		uint64_t sample = now_ns - m->asked_ns;
		n->round_trip_ns = n->round_trip_ns ? (7 * n->round_trip_ns + sample) / 8 : sample;
		if (n->round_trip_ns > ROUND_TRIP_MAX)
			n->round_trip_ns = ROUND_TRIP_MAX;
	}
}

static void found(struct nack *n, uint64_t ext, bool repaired, uint64_t now_ns)
{
	unsigned low = 0, high = n->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (n->list[middle].ext < ext)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == n->count || n->list[low].ext != ext)
		return;
	if (repaired)
		measure(n, &n->list[low], now_ns);
	n->count--;
	memmove(&n->list[low], &n->list[low + 1], (n->count - low) * sizeof(n->list[0]));
	if (!n->count)
		n->due_ns = UINT64_MAX;
}

void nack_take(struct nack *n, uint64_t ext, bool repaired, uint64_t now_mono_ns)
{
	if (!n->started) {
		nack_begin(n, ext);
		return;
	}
	if (ext <= n->max_ext) {
		if (n->count)
			found(n, ext, repaired, now_mono_ns);
		return;
	}
	if (ext - n->max_ext - 1 > NACK_MISSING_MAX - n->count) {
		/* Too much at once: only a key frame helps. */
		nack_begin(n, ext);
		n->overflown = true;
		n->due_ns = now_mono_ns;
		return;
	}
	for (uint64_t i = n->max_ext + 1; i < ext; i++)
		n->list[n->count++] = (struct missing){
			.ext = i, .since_ns = now_mono_ns, .due_ns = now_mono_ns + FIRST_NS
		};
	if (n->count && n->due_ns > now_mono_ns + FIRST_NS)
		n->due_ns = now_mono_ns + FIRST_NS;
	n->max_ext = ext;
}

void nack_round_trip(struct nack *nack, uint64_t round_trip_ns)
{
	nack->round_trip_ns = round_trip_ns < ROUND_TRIP_MAX ? round_trip_ns : ROUND_TRIP_MAX;
	nack->measured = true;
}

uint64_t nack_round_trip_ns(const struct nack *nack)
{
	return nack->round_trip_ns;
}

uint64_t nack_due_mono_ns(const struct nack *nack)
{
	return nack->due_ns;
}

/* How long an answer is waited for before it is asked for again. */
static uint64_t again_ns(const struct nack *n)
{
	uint64_t wait = n->round_trip_ns ? n->round_trip_ns * 6 / 5 : UNKNOWN_NS;

	return wait < AGAIN_MIN_NS ? AGAIN_MIN_NS : wait;
}

static bool is_hopeless(const struct nack *n, const struct missing *m, uint64_t now_ns)
{
	return now_ns - m->since_ns >= n->give_up_ns || (m->tries >= NACK_TRIES && now_ns >= m->due_ns);
}

unsigned nack_collect(
        struct nack *n, uint64_t now_mono_ns, uint16_t *ret_seqs, unsigned max, unsigned *ret_gave_up)
{
	unsigned kept = 0, asked = 0;
	uint64_t due = UINT64_MAX;

	*ret_gave_up = n->overflown;
	n->overflown = false;
	for (unsigned i = 0; i < n->count; i++) {
		struct missing m = n->list[i];

		if (is_hopeless(n, &m, now_mono_ns)) {
			++*ret_gave_up;
			continue;
		}
		if (m.due_ns <= now_mono_ns && asked < max) {
			ret_seqs[asked++] = (uint16_t)m.ext;
			m.tries++;
			m.asked_ns = now_mono_ns;
			m.due_ns = now_mono_ns + again_ns(n);
		}
		due = m.due_ns < due ? m.due_ns : due;
		due = m.since_ns + n->give_up_ns < due ? m.since_ns + n->give_up_ns : due;
		n->list[kept++] = m;
	}
	n->count = kept;
	n->due_ns = due;
	return asked;
}
