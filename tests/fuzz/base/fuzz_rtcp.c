/* SPDX-License-Identifier: BSD-3-Clause */
/* A decrypted compound packet: its parts are told when the whole is sound, not one of them otherwise; how
 * many there can be is bounded by its length. */
#include <assert.h>
#include "base/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	size_t reports, byes, requests, blocks, delays;
};

static void on_sender_report(
        void *arg, uint32_t ssrc, uint64_t ntp, uint32_t rtp_time, uint32_t packets, uint32_t bytes)
{
	((struct told *)arg)->reports++;
}

static void on_bye(void *arg, uint32_t ssrc)
{
	((struct told *)arg)->byes++;
}

static void on_key_frame_request(void *arg, uint32_t media_ssrc)
{
	((struct told *)arg)->requests++;
}

static void on_report_block(
        void *arg, uint32_t ssrc, uint8_t fraction_lost, int32_t lost, uint32_t highest_seq, uint32_t jitter)
{
	assert(lost >= -0x800000 && lost <= 0x7FFFFF);
	((struct told *)arg)->blocks++;
}

static void on_delay_since_reference(void *arg, uint32_t ssrc, uint32_t last_rr, uint32_t delay)
{
	((struct told *)arg)->delays++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct told told = { 0 };
	const struct rtcp_handlers handlers = {
		.sender_report = on_sender_report,
		.bye = on_bye,
		.key_frame_request = on_key_frame_request,
		.report_block = on_report_block,
		.delay_since_reference = on_delay_since_reference,
		.arg = &told,
	};
	uint32_t ssrc;
	int result = rtcp_parse(data, size, &handlers);

	if (result < 0)
		assert(told.reports + told.byes + told.requests + told.blocks + told.delays == 0);
	assert(28 * told.reports + 4 * told.byes + 8 * told.requests + 24 * told.blocks + 12 * told.delays <=
	        size);
	assert(rtcp_sender_ssrc(data, size, &ssrc) == 0 || result < 0 || size < 8 || data[1] < 192 ||
	        data[1] > 223);
	return 0;
}
