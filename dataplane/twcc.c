/* SPDX-License-Identifier: BSD-3-Clause */
/* The feedback packet, section 3.1 of draft-holmer-rmcat-transport-wide-cc-extensions-01:
 *
 *   |V=2|P|FMT=15 | PT=205 | length | SSRC | media SSRC |
 *   | first number 16 | count 16 | reference time 24, in 64 ms | report count 8 |
 *   | chunk 16 | ... | delta 8 or 16 | ... | zeros to a word
 *
 *   chunk  |0|S 2| run length 13|  or  |1|0| 14 x 1 bit|  or  |1|1| 7 x 2 bits|
 *   S      0: not received, 1: received, small delta (8 bits), 2: received, large or negative delta (16 bits)
 *
 * Deltas are in 250 us, from the packet received before, the first from the reference time.
 */
#include "dataplane/twcc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cur.h"
#include "base/rtcp.h"
#include "base/rtp.h"

#define FORMAT         15
#define HEAD_BYTES     20 /* up to the first chunk */
#define TICK_NS        250000
#define REFERENCE_BITS 8 /* 64 ms are 2^8 ticks */
#define RUN_MAX        0x1FFF
#define ONE_BIT        14 /* symbols in a chunk */
#define TWO_BITS       7
#define NOT_RECEIVED   INT64_MIN
#define ROOM_MAX       1400 /* for chunks and deltas: more than a datagram has */

struct twcc {
	uint64_t next, max; /* extended: first that is not reported, and highest that came */
	bool started;
	uint8_t reports;
	uint16_t stray;                /* the number that would follow the last one from before the window */
	int64_t arrivals[TWCC_WINDOW]; /* ticks, by number modulo the window */
};

int twcc_create(struct twcc **ret_twcc)
{
	struct twcc *twcc = aligned_alloc(64, (sizeof(*twcc) + 63) / 64 * 64);

	if (!twcc)
		return -ENOMEM;
	memset(twcc, 0, sizeof(*twcc));
	*ret_twcc = twcc;
	return 0;
}

void twcc_free(struct twcc *twcc)
{
	free(twcc);
}

static int64_t *arrival(struct twcc *t, uint64_t ext)
{
	return &t->arrivals[ext % TWCC_WINDOW];
}

static void begin(struct twcc *t, uint64_t ext)
{
	for (unsigned i = 0; i < TWCC_WINDOW; i++)
		t->arrivals[i] = NOT_RECEIVED;
	t->next = t->max = ext;
	t->started = true;
}

/* The window moves up to @ext; what falls out of it unreported is never told. */
static void advance(struct twcc *t, uint64_t ext)
{
	for (uint64_t i = t->max + 1; i < ext; i++)
		*arrival(t, i) = NOT_RECEIVED;
	t->max = ext;
	if (t->max - t->next >= TWCC_WINDOW)
		t->next = t->max - TWCC_WINDOW + 1;
}

/* Two in a row from far back: the sender counts anew. */
static bool is_anew(struct twcc *t, uint16_t seq)
{
	bool anew = seq == t->stray;

	t->stray = (uint16_t)(seq + 1);
	return anew;
}

void twcc_note(struct twcc *t, uint16_t seq, uint64_t arrival_mono_ns)
{
	uint64_t ext = t->started ? rtp_unwrap16(t->max, seq) : seq + (1u << 16);

	bool far_back = t->started && ext <= t->max && t->max - ext >= TWCC_WINDOW;

	if (far_back && !is_anew(t, seq))
		return;
	if (!t->started || far_back || ext > t->max + TWCC_WINDOW)
		begin(t, ext);
	else if (ext > t->max)
		advance(t, ext);
	else if (*arrival(t, ext) != NOT_RECEIVED)
		return;
	else if (ext < t->next)
		t->next = ext; /* after a report said that it was missing: what is told last holds */
	*arrival(t, ext) = (int64_t)(arrival_mono_ns / TICK_NS);
}

bool twcc_pending(const struct twcc *t)
{
	return t->started && t->next <= t->max;
}

/* A report being written: chunks behind the head, deltas aside until it is known how many chunks there are.
 */
struct report {
	uint8_t *chunks, *deltas;
	size_t chunk_bytes, delta_bytes, room; /* room: for both */
	int64_t last;                          /* arrival of the last packet told of */
	unsigned count;
};

static int64_t delta_of(struct twcc *t, const struct report *r, uint64_t ext)
{
	return *arrival(t, ext) - r->last;
}

static unsigned symbol_of(int64_t ticks, int64_t last)
{
	if (ticks == NOT_RECEIVED)
		return 0;
	return ticks - last >= 0 && ticks - last <= UINT8_MAX ? 1 : 2;
}

/* The symbols of up to @max packets from @ext on; fewer where a delta does not fit 16 bits. */
static unsigned symbols_from(
        struct twcc *t, const struct report *r, uint64_t ext, unsigned max, uint8_t *ret_symbols)
{
	int64_t last = r->last;
	unsigned n = 0;

	for (; n < max && ext + n <= t->max; n++) {
		int64_t ticks = *arrival(t, ext + n);
		if (ticks != NOT_RECEIVED && (ticks - last > INT16_MAX || ticks - last < INT16_MIN))
			break;
		ret_symbols[n] = (uint8_t)symbol_of(ticks, last);
		if (ticks != NOT_RECEIVED)
			last = ticks;
	}
	return n;
}

/* How many packets from @ext on were not received, or follow each other by small deltas. */
static unsigned run_from(struct twcc *t, const struct report *r, uint64_t ext, unsigned symbol)
{
	int64_t last = r->last;
	unsigned n = 0;

	for (; n < RUN_MAX && ext + n <= t->max; n++) {
		int64_t ticks = *arrival(t, ext + n);
		if (symbol_of(ticks, last) != symbol)
			break;
		if (symbol)
			last = ticks;
	}
	return n;
}

static void put_deltas(struct twcc *t, struct report *r, uint64_t ext, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int64_t delta;
		if (*arrival(t, ext + i) == NOT_RECEIVED)
			continue;
		delta = delta_of(t, r, ext + i);
		r->last = *arrival(t, ext + i);
		if (delta >= 0 && delta <= UINT8_MAX) {
			r->deltas[r->delta_bytes++] = (uint8_t)delta;
		} else {
			cur_put16(r->deltas + r->delta_bytes, (uint16_t)(int16_t)delta);
			r->delta_bytes += 2;
		}
	}
}

/* Write one chunk about packets from @ext on; how many. 0: no room, or a delta that needs a report of its
 * own. */
static unsigned put_chunk(struct twcc *t, struct report *r, uint64_t ext)
{
	size_t room = r->room - r->chunk_bytes - r->delta_bytes;
	uint8_t symbols[ONE_BIT];
	unsigned n = symbols_from(t, r, ext, ONE_BIT, symbols), run, bits = 1;
	uint16_t chunk;

	if (!n || room < 2 + 2 * ONE_BIT)
		return 0;
	run = symbols[0] < 2 ? run_from(t, r, ext, symbols[0]) : 0;
	if (run >= ONE_BIT) {
		if (symbols[0] && run > room - 2)
			run = (unsigned)(room - 2);
		chunk = (uint16_t)(symbols[0] << 13 | run);
		n = run;
	} else {
		/* Only the last vector may be cut short: fewer than ONE_BIT symbols end the report. */
		for (unsigned i = 0; i < n; i++)
			bits = symbols[i] == 2 ? 2 : bits;
		if (bits == 2 && n > TWO_BITS)
			n = TWO_BITS;
		chunk = (uint16_t)(bits == 2 ? 3 << 14 : 2 << 14);
		for (unsigned i = 0; i < n; i++)
			chunk |= (uint16_t)(symbols[i] << (bits == 2 ? 12 - 2 * i : 13 - i));
	}
	cur_put16(r->chunks + r->chunk_bytes, chunk);
	r->chunk_bytes += 2;
	put_deltas(t, r, ext, n);
	return n;
}

size_t twcc_build(struct twcc *t, uint8_t *out, size_t size, size_t len, uint32_t ssrc, uint32_t media_ssrc)
{
	uint8_t deltas[ROOM_MAX];
	struct report r = { .chunks = out + len + HEAD_BYTES, .deltas = deltas };
	uint64_t first = t->next, received;
	uint8_t *at;
	size_t bytes;
	unsigned n;

	if (!twcc_pending(t) || len + HEAD_BYTES + 4 > size)
		return 0;
	r.room = (size - len - HEAD_BYTES) / 4 * 4;
	if (r.room > ROOM_MAX)
		r.room = ROOM_MAX;
	for (received = first; *arrival(t, received) == NOT_RECEIVED;)
		received++;
	r.last = *arrival(t, received) >> REFERENCE_BITS << REFERENCE_BITS;
	int64_t reference = r.last >> REFERENCE_BITS;
	while (first + r.count <= t->max && r.count + RUN_MAX <= UINT16_MAX &&
	        (n = put_chunk(t, &r, first + r.count)))
		r.count += n;
	if (!r.count)
		return 0;
	bytes = (HEAD_BYTES + r.chunk_bytes + r.delta_bytes + 3) / 4 * 4;
	at = rtcp_put_feedback(out, size, len, RTCP_RTPFB, FORMAT, bytes, ssrc, media_ssrc);
	cur_put16(at + 12, (uint16_t)first);
	cur_put16(at + 14, (uint16_t)r.count);
	cur_put24(at + 16, (uint32_t)reference & 0xFFFFFF);
	at[19] = t->reports++;
	memcpy(at + HEAD_BYTES + r.chunk_bytes, deltas, r.delta_bytes);
	memset(at + HEAD_BYTES + r.chunk_bytes + r.delta_bytes, 0,
	        bytes - HEAD_BYTES - r.chunk_bytes - r.delta_bytes);
	t->next = first + r.count;
	return len + bytes;
}
