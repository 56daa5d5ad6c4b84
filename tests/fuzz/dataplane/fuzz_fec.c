/* SPDX-License-Identifier: BSD-3-Clause */
/* FEC of both kinds: the first byte says which, then media and FEC packets follow, each behind a byte for
 * what it is and its length in two. What is made of them is a packet that lies in its room. */
#include <assert.h>
#include <stdlib.h>
#include "base/limits.h"
#include "base/rtp.h"
#include "dataplane/fec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_all(struct fec *fec, uint32_t ssrc)
{
	uint8_t *out = malloc(LIMIT_PACKET_BYTES);
	struct rtp_header header;
	unsigned count = 0;
	size_t len;

	while ((len = fec_take(fec, ssrc, out, LIMIT_PACKET_BYTES)) > 0) {
		assert(len <= LIMIT_PACKET_BYTES && rtp_parse(&header, out, len) == 0);
		assert(header.ssrc == ssrc && ++count <= FEC_WAITING);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fec *fec;
	struct rtp_header header = { .ssrc = 0 };

	if (size < 1 || fec_create(&fec, data[0] & 1 ? FEC_FLEX : FEC_ULP))
		return 0;
	for (data++, size--; size > 3;) {
		uint8_t is_repair = data[0] & 1;
		size_t len = (size_t)(data[1] << 8 | data[2]);
		data += 3;
		size -= 3;
		len = len < size ? len : size;
		if (is_repair) {
			fec_repair(fec, 0, data, len);
		} else {
			rtp_parse(&header, data, len);
			fec_media(fec, data, len);
		}
		take_all(fec, header.ssrc);
		data += len;
		size -= len;
	}
	fec_free(fec);
	return 0;
}
