/* SPDX-License-Identifier: BSD-3-Clause */
/* A survey of datagrams that a test makes. Header only. */
#ifndef TESTS_UNIT_REPLAY_SURVEY_RIG_H
#define TESTS_UNIT_REPLAY_SURVEY_RIG_H

#include <stdlib.h>
#include "tools/replay/survey.h"
#include "tests/unit/replay/wire.h"

/* A packet of a capture of raw IP. */
struct rig_packet {
	uint64_t unix_ns;
	uint16_t port;
	bool is_v6;
	const char *payload; /* one byte of it */
	unsigned cut;        /* bytes that were not captured */
};

/* Survey @count of them; with @damage the file ends one byte early. */
static inline struct survey *rig_survey(const struct rig_packet *packets, unsigned count, unsigned damage)
{
	static const volatile sig_atomic_t stop;
	char *text, why[CAPTURE_WHY_BYTES];
	struct capture *capture;
	struct survey *survey;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	wire_pcap_begin(file, 101);
	for (unsigned i = 0; i < count; i++) {
		const struct rig_packet *p = &packets[i];
		uint8_t bytes[64];
		unsigned n = p->is_v6 ? wire_ipv6(bytes, p->port, p->payload, 1)
		                      : wire_ipv4(bytes, p->port, p->payload, 1);

		wire_pcap_add(file, p->unix_ns, bytes, n - p->cut, n);
	}
	fclose(file);
	assert_int_equal(capture_open_stream(&capture, fmemopen(text, len - damage, "r"), why), 0);
	assert_int_equal(survey_create(&survey, capture, &stop), 0);
	capture_close(capture);
	free(text);
	return survey;
}

#endif
