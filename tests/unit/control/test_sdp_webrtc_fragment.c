/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/conf.h"
#include "control/sdp_webrtc.h"

#define ICE "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
#define CANDIDATE                                                                                            \
	"a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw\r\n"

static struct sdp_fragment fragment;
static char why[LIMIT_REASON_BYTES + 1];

static int parse(const char *text)
{
	return sdp_webrtc_fragment(&fragment, text, strlen(text), why);
}

static void assert_refused(const char *text, const char *reason)
{
	int r = parse(text);

	if (r != -EINVAL || !strstr(why, reason))
		fail_msg("wanted '%s', got %d: %s", reason, r, why);
}

/* RFC 9725 section 4.3.2, figure 5. */
static void candidates_are_counted(void **state)
{
	assert_int_equal(parse(ICE "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n" CANDIDATE CANDIDATE
	                           "a=candidate:2 1 tcp 1518280447 x.local 9 typ host tcptype active\r\n"
	                           "a=end-of-candidates\r\n"),
	        0);
	assert_string_equal(fragment.ufrag, "EsAw");
	assert_true(fragment.has_pwd);
	assert_int_equal(fragment.candidates, 3);
	assert_true(fragment.end_of_candidates);
}

static void each_part_may_come_alone(void **state)
{
	assert_int_equal(parse(CANDIDATE), 0);
	assert_string_equal(fragment.ufrag, "");
	assert_int_equal(parse("a=end-of-candidates\n"), 0);
	assert_int_equal(parse(ICE), 0);
	assert_int_equal(fragment.candidates, 0);
	assert_false(fragment.end_of_candidates);
	assert_int_equal(parse("m=audio 9 RTP/AVP 0\r\na=mid:0\r\n" ICE "m=video 9 RTP/AVP 0\r\n" ICE), 0);
}

static void what_is_cut_or_lies_is_refused(void **state)
{
	assert_refused("", "a fragment has credentials or candidates");
	assert_refused("m=audio 9 RTP/AVP 0\r\na=mid:0\r\n", "a fragment has credentials or candidates");
	assert_refused("{\"candidate\":1}", "line 1: a line is a letter");
	assert_refused("a=ice-ufrag:abc\r\n", "a=ice-ufrag");
	assert_refused("a=ice-ufrag:\r\n", "a=ice-ufrag");
	assert_refused("a=ice-ufrag:ab:cd\r\n", "a=ice-ufrag");
	assert_refused("a=ice-ufrag:a cde\r\n", "a=ice-ufrag");
	assert_refused("a=ice-pwd:short\r\n", "line 1: a=ice-pwd");
	assert_refused(ICE "a=ice-ufrag:other\r\n", "line 3: two of a=ice-ufrag");
	assert_refused("a=candidate:1 1 udp 1 192.0.2.1 6\r\n", "a=candidate is cut");
	assert_refused("a=candidate:1 1 udp 1 192.0.2.1 6 host typ\r\n", "a=candidate is cut");
	assert_int_equal(sdp_webrtc_fragment(&fragment, ICE "\0", sizeof(ICE), why), -EINVAL);
}

static void cut_anywhere_it_is_survived(void **state)
{
	const char text[] = ICE "m=audio 9 RTP/AVP 0\r\na=mid:0\r\n" CANDIDATE "a=end-of-candidates\r\n";

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		char *copy = malloc(cut ? cut : 1);

		memcpy(copy, text, cut);
		assert_true(sdp_webrtc_fragment(&fragment, copy, cut, why) <= 0);
		free(copy);
	}
}

static void candidates_beyond_the_limit_are_not_looked_at(void **state)
{
	size_t size = 256 << 10, len = 0;
	char *text = malloc(size);
	unsigned count = 0;

	while (len + sizeof(CANDIDATE) + 20 < size) {
		len += (size_t)snprintf(text + len, size - len, "%s", CANDIDATE);
		count++;
	}
	len += (size_t)snprintf(text + len, size - len, "a=candidate:cut\r\n");
	assert_true(count > LIMIT_SDP_LINES);
	assert_int_equal(sdp_webrtc_fragment(&fragment, text, len, why), 0);
	assert_int_equal(fragment.candidates, count + 1);
	free(text);
}

static void the_answer_names_us_anew(void **state)
{
	static char *own[] = { (char *)"10.77.0.1/24", NULL }, *public[] = { (char *)"192.0.2.7", NULL };
	struct conf conf = { .ingest_address = own, .ingest_public_address = public };
	struct msg_ice ice = { .ufrag = "newufrag", .pwd = "0123456789abcdef01234567" };
	const struct msg_track track = { .codec = CODEC_VP8, .payload_type = 96, .mid = "cam" };
	char *text = sdp_webrtc_fragment_answer(&ice, &track, &conf, 3478);

	assert_string_equal(text, "a=ice-lite\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:cam\r\n"
	                          "a=ice-ufrag:newufrag\r\na=ice-pwd:0123456789abcdef01234567\r\n"
	                          "a=candidate:1 1 udp 2130706431 10.77.0.1 3478 typ host\r\n"
	                          "a=candidate:2 1 udp 2130706175 192.0.2.7 3478 typ host\r\n"
	                          "a=end-of-candidates\r\n");
	assert_int_equal(parse(text), 0);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidates_are_counted),
		cmocka_unit_test(each_part_may_come_alone),
		cmocka_unit_test(what_is_cut_or_lies_is_refused),
		cmocka_unit_test(cut_anywhere_it_is_survived),
		cmocka_unit_test(candidates_beyond_the_limit_are_not_looked_at),
		cmocka_unit_test(the_answer_names_us_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
