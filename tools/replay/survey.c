/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/survey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fnv.h"
#include "base/limits.h"
#include "tools/replay/datagram.h"

#define BUCKETS (4 * LIMIT_REPLAY_PLACES)

struct survey {
	struct survey_totals totals;
	unsigned place_count;
	struct survey_place places[LIMIT_REPLAY_PLACES];
	uint32_t buckets[BUCKETS]; /* open addressing: 1 + the index of a place, 0: none */
};

static bool is_same(const struct survey_place *p, const struct datagram *d)
{
	return p->port == d->dst_port && p->is_v6 == d->is_v6 &&
	       memcmp(p->addr, d->dst, sizeof(p->addr)) == 0;
}

/* The place of @d, made if it is new; NULL: there are too many. */
static struct survey_place *place_of(struct survey *survey, const struct datagram *d)
{
	uint64_t hash = fnv_1a(fnv_1a(FNV_BASIS, d->dst, sizeof(d->dst)), &d->dst_port, sizeof(d->dst_port));
	struct survey_place *place;
	unsigned at = (unsigned)(hash % BUCKETS);

	for (; survey->buckets[at]; at = (at + 1) % BUCKETS) {
		place = &survey->places[survey->buckets[at] - 1];
		if (is_same(place, d))
			return place;
	}
	if (survey->place_count == LIMIT_REPLAY_PLACES)
		return NULL;
	place = &survey->places[survey->place_count++];
	survey->buckets[at] = survey->place_count;
	*place =
	        (struct survey_place){ .is_v6 = d->is_v6, .port = d->dst_port, .first = survey->totals.pkts };
	memcpy(place->addr, d->dst, sizeof(place->addr));
	return place;
}

static void note_place(struct survey *survey, const struct capture_packet *packet, enum link_kind link)
{
	static const uint8_t anybody[LINK_MAC_BYTES];
	struct survey_place *place;
	struct link_frame frame;
	struct datagram d;

	if (!link_unwrap(link, packet->bytes, packet->len, anybody, &frame)) {
		survey->totals.unknown_pkts++;
		return;
	}
	if (!datagram_look(&frame, &d))
		return;
	place = place_of(survey, &d);
	if (!place) {
		survey->totals.elsewhere_pkts++;
		return;
	}
	place->pkts++;
	place->dtls_pkts += datagram_is_dtls(&d);
}

static void note(struct survey *survey, const struct capture_packet *packet, enum link_kind link)
{
	struct survey_totals *t = &survey->totals;

	if (t->pkts == 0)
		t->first_unix_ns = t->last_unix_ns = packet->unix_ns;
	t->backward_pkts += packet->unix_ns < t->last_unix_ns;
	if (packet->unix_ns > t->last_unix_ns)
		t->last_unix_ns = packet->unix_ns;
	t->cut_pkts += packet->len < packet->wire_len;
	t->digest = fnv_1a(t->digest, &packet->unix_ns, sizeof(packet->unix_ns));
	t->digest = fnv_1a(t->digest, packet->bytes, packet->len);
	note_place(survey, packet, link);
	t->pkts++;
}

static int by_packets(const void *a, const void *b)
{
	const struct survey_place *x = a, *y = b;

	if (x->pkts != y->pkts)
		return x->pkts > y->pkts ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

int survey_create(struct survey **ret_survey, struct capture *capture, const volatile sig_atomic_t *stop)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	struct capture_packet packet;
	int status = 0;

	if (!survey)
		return -ENOMEM;
	survey->totals.digest = FNV_BASIS;
	while (!*stop && (status = capture_next(capture, &packet)) > 0)
		note(survey, &packet, capture_link(capture));
	if (*stop) { /* it may have ended a read, too: that is no damage */
		survey_free(survey);
		return -EINTR;
	}
	if (status < 0) {
		survey->totals.is_damaged = true;
		snprintf(survey->totals.damage, sizeof(survey->totals.damage), "%s", capture_damage(capture));
	}
	qsort(survey->places, survey->place_count, sizeof(survey->places[0]), by_packets);
	*ret_survey = survey;
	return 0;
}

void survey_free(struct survey *survey)
{
	free(survey);
}

const struct survey_totals *survey_totals(const struct survey *survey)
{
	return &survey->totals;
}

const struct survey_place *survey_places(const struct survey *survey, unsigned *ret_count)
{
	*ret_count = survey->place_count;
	return survey->places;
}

const struct survey_place *survey_find(
        const struct survey *survey, uint16_t port, const uint8_t *addr, bool is_v6)
{
	for (unsigned i = 0; i < survey->place_count; i++) {
		const struct survey_place *place = &survey->places[i];

		if (place->port == port &&
		        (!addr || (place->is_v6 == is_v6 && memcmp(place->addr, addr, is_v6 ? 16 : 4) == 0)))
			return place;
	}
	return NULL;
}
