/* SPDX-License-Identifier: BSD-3-Clause */
/* A datagram as it comes from a socket: what the parser says of it must lie within it. */
#include <assert.h>
#include <string.h>
#include "base/limits.h"
#include "base/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;

/* Touch every byte, so that a sanitizer sees a range that lies. */
static void touch(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sink ^= bytes[i];
}

static void check_extensions(const struct rtp_header *h, const uint8_t *data)
{
	struct rtp_extension list[LIMIT_HEADER_EXTENSIONS];
	unsigned count = rtp_extensions(h, data, list, LIMIT_HEADER_EXTENSIONS);
	const uint8_t *from = data + h->extension_offset, *end = from + h->extension_bytes;

	assert(count <= LIMIT_HEADER_EXTENSIONS);
	for (unsigned i = 0; i < count; i++) {
		assert(list[i].id != 0);
		assert(list[i].data >= from && list[i].data + list[i].len <= end);
		touch(list[i].data, list[i].len);
		from = list[i].data + list[i].len;
	}
}

static void check_unwrap(const struct rtp_header *h)
{
	uint64_t reference = (uint64_t)h->ssrc << 8 | h->seq;
	uint64_t t = rtp_unwrap32(reference, h->timestamp), s = rtp_unwrap16(reference, h->seq);

	assert((uint32_t)t == h->timestamp && (uint16_t)s == h->seq);
	assert(t < 1ull << 32 || (t > reference ? t - reference : reference - t) <= 1ull << 31);
	assert(s < 1ull << 16 || (s > reference ? s - reference : reference - s) <= 1ull << 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtp_header h;
	int bytes;

	assert(rtp_classify(data, size) <= RTP_CLASS_OTHER);
	if (rtp_parse(&h, data, size) < 0)
		return 0;
	assert(h.payload_offset >= RTP_HEADER_BYTES && h.payload_offset <= size);
	assert(h.extension_offset + h.extension_bytes <= h.payload_offset);
	check_extensions(&h, data);
	check_unwrap(&h);
	bytes = rtp_payload_bytes(&h, data, size);
	assert(bytes < 0 || (size_t)bytes <= size - h.payload_offset);
	if (bytes > 0)
		touch(data + h.payload_offset, (size_t)bytes);
	return 0;
}
