/* SPDX-License-Identifier: BSD-3-Clause */
/* Transport-wide numbers and NACK as a sender drives them: steps of (number, time), with reports and requests
 * in between. A report fits its room and is sound RTCP; what is asked for ascends and was never there. */
#include <assert.h>
#include <stdlib.h>
#include "base/rtcp.h"
#include "dataplane/nack.h"
#include "dataplane/twcc.h"

#define STEP_NS 100000ull

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(struct twcc *twcc, size_t room)
{
	const struct rtcp_handlers none = { 0 };
	unsigned count = 0;

	while (twcc_pending(twcc)) {
		uint8_t *out = malloc(room);
		size_t len = twcc_build(twcc, out, room, 0, 1, 2);
		assert(len <= room && len % 4 == 0);
		assert(!len || rtcp_parse(out, len, &none) == 0);
		free(out);
		if (!len) {
			assert(room < 56); /* a chunk of the longest deltas has room in more */
			return;
		}
		assert(++count <= TWCC_WINDOW);
	}
}

static void ask(struct nack *nack, uint64_t now_ns)
{
	uint16_t seqs[64];
	unsigned gave_up, count = nack_collect(nack, now_ns, seqs, 64, &gave_up);

	assert(count <= 64 && gave_up <= NACK_MISSING_MAX + 1);
	for (unsigned i = 1; i < count; i++)
		assert((uint16_t)(seqs[i] - seqs[i - 1]) > 0 && (uint16_t)(seqs[i] - seqs[i - 1]) < 1u << 15);
	assert(nack_due_mono_ns(nack) > now_ns || count == 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct twcc *twcc;
	struct nack *nack;
	uint64_t now_ns = 1000000000, ext = 70000;
	uint16_t seq = 0;

	if (twcc_create(&twcc) || nack_create(&nack, 1000))
		abort();
	for (; size >= 4; data += 4, size -= 4) {
		int16_t step = (int16_t)(data[0] << 8 | data[1]);
		now_ns += data[2] * data[2] * STEP_NS;
		seq = (uint16_t)(seq + step);
		if ((int64_t)ext + step > 0)
			ext = (uint64_t)((int64_t)ext + step);
		twcc_note(twcc, seq, now_ns);
		nack_take(nack, ext, data[3] & 1, now_ns);
		if (data[3] & 2)
			report(twcc, 28 + (data[3] & 0xF0u) * 6);
		if (data[3] & 4)
			ask(nack, now_ns);
		if (data[3] & 8)
			nack_begin(nack, ext);
	}
	report(twcc, 1200);
	ask(nack, now_ns);
	twcc_free(twcc);
	nack_free(nack);
	return 0;
}
