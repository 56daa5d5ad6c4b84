/* SPDX-License-Identifier: BSD-3-Clause */
/* Offers: what of them is taken, and why others are not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/sdp_webrtc_offer.h"
#include "tests/unit/control/offers.h"

static const char *const stacks[] = { "aiortc", "chromium_camera", "chromium_screen", "chromium_simulcast",
	"firefox", "gstreamer", "gstreamer_h264", "libdatachannel", "rare", "safari", "werift" };

static void assert_parse(const char *text, int want, const char *why)
{
	int r = offers_parse(text);

	if (r != want || (want && !strstr(offers_why, why)))
		fail_msg("wanted %d and '%s', got %d: %s", want, why, r, offers_why);
}

static const char *refusal(unsigned index)
{
	const char *text = offers_offer->media[index]->refusal;

	return text ? text : "none";
}

static void every_stack_is_taken(void **state)
{
	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		if (offers_parse_file(stacks[i]) || offers_tracks())
			fail_msg("%s: %s", stacks[i], offers_why);
	}
}

/* Whatever is left of it is taken or refused, with a reason, and nothing is read past the end. */
static void offers_cut_anywhere_are_survived(void **state)
{
	static char text[16384];

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		size_t len = offers_load(stacks[i], text, sizeof(text));

		assert_true(len > 500);
		for (size_t cut = 0; cut < len; cut++) {
			int r = offers_parse_bytes(text, cut);

			if (!r)
				r = offers_tracks();
			assert_true(r == 0 || r == -EINVAL || r == -ENOTSUP || r == -ENOENT);
			assert_true(r == 0 || *offers_why);
		}
	}
}

static void what_is_no_offer_is_refused_by_line(void **state)
{
	static char many[64 * 40], number[8];

	assert_parse("", -EINVAL, "line 0: an offer has m-lines");
	assert_parse("hello", -EINVAL, "line 1: an offer begins with v=0");
	assert_parse("v=0\r\nnonsense\r\n", -EINVAL, "line 2: a line is a letter, '=' and a value");
	assert_parse(OFFERS_BUNDLE, -EINVAL, "an offer has m-lines");
	assert_parse(OFFERS_BEGIN "m=audio\r\n", -EINVAL, "line 5: m= with a port");
	assert_parse(OFFERS_BEGIN "m=\r\n", -EINVAL, "kind of media");
	assert_parse(OFFERS_BEGIN "m=audio 70000 RTP/SAVPF 0\r\n", -EINVAL, "port");
	assert_parse(OFFERS_BEGIN "m=audio 9\r\n", -EINVAL, "transport");
	assert_parse(OFFERS_BEGIN "m=audio 9 RTP/SAVPF\r\n", -EINVAL, "format");
	assert_parse(OFFERS_BUNDLE OFFERS_AUDIO("0") "a=mid:\r\n", -EINVAL, "a=mid");
	assert_parse(OFFERS_BUNDLE OFFERS_AUDIO("0") OFFERS_VIDEO("0"), -EINVAL, "two m-lines have a=mid:0");
	assert_parse(OFFERS_BEGIN "a=ice-ufrag:a:b\r\n", -EINVAL, "line 5: a=ice-ufrag");
	assert_parse(OFFERS_BEGIN "a=ice-ufrag:\r\n", -EINVAL, "a=ice-ufrag");
	assert_parse(OFFERS_BEGIN "a=fingerprint:sha-256 12:XX\r\n", -EINVAL, "line 5: a=fingerprint");
	strcpy(many, OFFERS_BEGIN);
	for (unsigned i = 0; i <= SDP_WEBRTC_MEDIA; i++) {
		snprintf(number, sizeof(number), "%u", i);
		strcat(strcat(strcat(many, "m=audio 9 RTP/SAVPF "), number), "\r\n");
	}
	assert_parse(many, -EINVAL, "one m-line too many");
}

static void one_m_line_needs_no_bundle(void **state)
{
	assert_parse(OFFERS_BEGIN OFFERS_TRANSPORT "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n", 0, "");
	assert_string_equal(refusal(0), "none");
	assert_int_equal(offers_tracks(), 0);
}

static void several_m_lines_without_bundle_are_not_served(void **state)
{
	assert_parse(OFFERS_BEGIN OFFERS_TRANSPORT OFFERS_AUDIO("0") OFFERS_VIDEO("1"), -ENOTSUP,
	        "a=group:BUNDLE");
	assert_parse(OFFERS_BEGIN "a=group:LS 0 1\r\n" OFFERS_TRANSPORT OFFERS_AUDIO("0") OFFERS_VIDEO("1"),
	        -ENOTSUP, "a=group:BUNDLE");
	assert_parse(OFFERS_BEGIN "a=group:BUNDLE 1\r\n" OFFERS_TRANSPORT OFFERS_AUDIO("0") OFFERS_VIDEO("1"),
	        0, "");
	assert_string_equal(refusal(0), "outside of the bundle");
	assert_string_equal(refusal(1), "none");
	/* a mid is found as a whole word */
	assert_parse(OFFERS_BEGIN "a=group:BUNDLE 01 10\r\n" OFFERS_TRANSPORT OFFERS_AUDIO("0"), 0, "");
	assert_false(offers_offer->media[0]->is_bundled);
}

static void m_lines_that_cannot_be_served_say_why(void **state)
{
	assert_parse(OFFERS_BUNDLE "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
	                           "m=audio 9 RTP/AVP 0\r\na=mid:1\r\n"
	                           "m=audio 0 RTP/SAVPF 0\r\na=mid:2\r\n"
	                           "m=video 9 RTP/SAVPF 96\r\na=mid:3\r\na=recvonly\r\n"
	                           "m=video 9 RTP/SAVPF 96\r\na=mid:4\r\na=inactive\r\n"
	                           "m=video 0 RTP/SAVPF 96\r\na=mid:5\r\na=bundle-only\r\n"
	                           "m=video 9 RTP/SAVPF 96\r\na=mid:long-long-long-long-long-long-long-m\r\n",
	        0, "");
	assert_string_equal(refusal(0), "neither audio nor video");
	assert_non_null(strstr(refusal(1), "a transport other"));
	assert_string_equal(refusal(2), "port 0");
	assert_string_equal(refusal(3), "its peer does not send");
	assert_string_equal(refusal(4), "its peer does not send");
	assert_string_equal(refusal(5), "port 0"); /* not in the bundle */
	assert_string_equal(refusal(6), "a=mid is longer than is taken");
	assert_int_equal(offers_tracks(), -ENOENT);
	assert_string_equal(offers_why, "no m-line can be served; the first: neither audio nor video");
}

static void port_0_with_bundle_only_is_no_refusal(void **state)
{
	assert_int_equal(offers_parse_file("gstreamer"), 0);
	assert_string_equal(refusal(0), "none");
	assert_string_equal(refusal(1), "none");
}

static void the_session_says_what_m_lines_do_not(void **state)
{
	assert_parse(
	        OFFERS_BUNDLE "a=recvonly\r\nm=audio 9 RTP/SAVPF 0\r\na=mid:0\r\n" OFFERS_VIDEO("1"), 0, "");
	assert_string_equal(refusal(0), "its peer does not send");
	assert_string_equal(refusal(1), "none");
	assert_string_equal(offers_offer->media[1]->transport.ufrag, "peer");
	assert_parse(OFFERS_BUNDLE OFFERS_VIDEO("1") "a=ice-ufrag:mine\r\na=ice-pwd:0\r\n", 0, "");
	assert_string_equal(offers_offer->media[0]->transport.ufrag, "mine");
	/* RFC 9143 section 7.1.3: one of the bundle may say it for those that are bundle-only */
	assert_parse(OFFERS_BEGIN "a=group:BUNDLE 0 1\r\n" OFFERS_AUDIO("0") OFFERS_TRANSPORT
	        "m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=bundle-only\r\n",
	        0, "");
	assert_string_equal(offers_offer->media[1]->transport.ufrag, "peer");
	assert_int_equal(offers_offer->media[1]->transport.fingerprint_count, 1);
	assert_true(offers_offer->media[1]->has_rtcp_mux);
}

static void a_transport_that_cannot_be_had_is_told(void **state)
{
#define PRINT "a=fingerprint:sha-256 " OFFERS_PRINT "\r\n"
	assert_parse(OFFERS_BEGIN PRINT OFFERS_AUDIO("0"), -EINVAL, "a=ice-ufrag");
	assert_parse(OFFERS_BEGIN PRINT "a=ice-ufrag:peer\r\n" OFFERS_AUDIO("0"), -EINVAL, "a=ice-pwd");
	assert_parse(OFFERS_BEGIN OFFERS_ICE OFFERS_AUDIO("0"), -ENOTSUP, "a=fingerprint is missing");
	assert_parse(OFFERS_BEGIN OFFERS_ICE
	        "a=fingerprint:sha-1 "
	        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\n" OFFERS_AUDIO("0"),
	        -ENOTSUP, "a hash other than");
	assert_parse(OFFERS_BEGIN OFFERS_ICE PRINT "a=setup:passive\r\n" OFFERS_AUDIO("0"), -ENOTSUP,
	        "a=setup:passive");
	assert_parse(
	        OFFERS_BEGIN OFFERS_ICE PRINT "a=setup:holdconn\r\n" OFFERS_AUDIO("0"), -ENOTSUP, "holdconn");
	assert_parse(OFFERS_BEGIN OFFERS_ICE PRINT
	        "a=setup:passive\r\n" OFFERS_AUDIO("0") "a=setup:ACTIVE\r\n",
	        0, "");
	assert_parse(
	        OFFERS_BEGIN OFFERS_TRANSPORT "a=ice-lite\r\n" OFFERS_AUDIO("0"), -ENOTSUP, "a=ice-lite");
	assert_parse(OFFERS_BEGIN OFFERS_TRANSPORT "m=audio 9 RTP/SAVPF 0\r\n", -ENOTSUP, "a=rtcp-mux");
	assert_parse(OFFERS_BEGIN OFFERS_TRANSPORT "m=audio 9 RTP/SAVPF 0\r\na=rtcp-mux-only\r\n", 0, "");
}

static void fingerprints_are_those_of_the_served_once_each(void **state)
{
	struct dtls_fingerprint list[SDP_WEBRTC_FINGERPRINTS];

	assert_int_equal(offers_parse_file("chromium_camera"), 0);
	assert_int_equal(sdp_webrtc_fingerprints(offers_offer, list), 1);
	assert_int_equal(list[0].hash, DTLS_SHA256);
	assert_int_equal(list[0].bytes[0], 0x1D);
	assert_int_equal(offers_parse_file("rare"), 0); /* sha-1 passed over, sha-256 in small letters */
	assert_int_equal(sdp_webrtc_fingerprints(offers_offer, list), 1);
	assert_int_equal(list[0].bytes[1], 0x12);
	assert_parse(OFFERS_BUNDLE OFFERS_AUDIO("0") OFFERS_VIDEO("1") "a=fingerprint:sha-256 "
	                                                               "FF" OFFERS_PRINT "\r\n",
	        -EINVAL, "a=fingerprint that is none");
	assert_parse(OFFERS_BUNDLE OFFERS_AUDIO("0") OFFERS_VIDEO("1") PRINT
	        "a=fingerprint:sha-256 "
	        "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
	        "00:00:00:00:00:00:00:00\r\n",
	        0, "");
	assert_int_equal(sdp_webrtc_fingerprints(offers_offer, list), 2);
#undef PRINT
}

static void candidates_are_passed_over_however_many(void **state)
{
	size_t size = 256 << 10, len;
	char *text = malloc(size);

	len = (size_t)snprintf(text, size, "%s%s", OFFERS_BEGIN OFFERS_TRANSPORT, OFFERS_AUDIO("0"));
	for (unsigned i = 0; len + 60 < size; i++)
		len += (size_t)snprintf(text + len, size - len,
		        i % 3 ? "a=candidate:%u 1 udp 1 10.0.0.1 9 typ host\r\n"
		              : "a=candidate:%u 1 tcp 1 x.local 9 typ host tcptype active\r\n",
		        i);
	assert_int_equal(offers_parse_bytes(text, len), 0);
	memset(text, 'a', size);
	for (size_t i = 0; i < size; i += 4)
		memcpy(text + i, i ? "b=x\n" : "v=0\n", 4);
	assert_int_equal(offers_parse_bytes(text, size), -EINVAL);
	assert_non_null(strstr(offers_why, "more than 2000 lines"));
	free(text);
}

static void extensions_are_known_by_uri_and_direction(void **state)
{
	assert_parse(OFFERS_BEGIN OFFERS_TRANSPORT
	        "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n" OFFERS_AUDIO(
	                "0") "a=extmap:0 urn:3gpp:video-orientation\r\na=extmap:256 "
	                     "urn:3gpp:video-orientation\r\n"
	                     "a=extmap:2/recvonly urn:3gpp:video-orientation\r\n"
	                     "a=extmap:3/sendonly urn:ietf:params:rtp-hdrext:ssrc-audio-level vad=on\r\n"
	                     "a=extmap:4/sideways urn:3gpp:video-orientation\r\na=extmap:5\r\n"
	                     "a=extmap:6 urn:3gpp:video-orientation2\r\n",
	        0, "");
	const struct sdp_webrtc_extension *e = offers_offer->media[0]->extensions;
	assert_int_equal(e[MSG_EXTENSION_MID].id, 9);
	assert_int_equal(e[MSG_EXTENSION_ORIENTATION].id, 0);
	assert_int_equal(e[MSG_EXTENSION_AUDIO_LEVEL].id, 3);
	assert_true(e[MSG_EXTENSION_AUDIO_LEVEL].has_sendonly);
}

static void ssrcs_are_grouped(void **state)
{
	const struct sdp_webrtc_media *m;

	assert_parse(OFFERS_BUNDLE OFFERS_VIDEO("0") "a=ssrc-group:SIM 9 8\r\na=ssrc-group:FID 1 2\r\n"
	                                             "a=ssrc-group:FEC-FR 1 3\r\na=ssrc-group:FID 7 8\r\n"
	                                             "a=ssrc-group:FID 1\r\na=ssrc:2 cname:x\r\n",
	        0, "");
	m = offers_offer->media[0];
	assert_int_equal(m->ssrc, 1);
	assert_int_equal(m->rtx_ssrc, 2);
	assert_int_equal(m->fec_ssrc, 3);
	assert_parse(OFFERS_BUNDLE OFFERS_VIDEO("0") "a=ssrc:5 cname:x\r\na=ssrc:6 cname:x\r\n", 0, "");
	assert_int_equal(offers_offer->media[0]->ssrc, 5);
	assert_false(offers_offer->media[0]->has_rtx_ssrc);
	assert_parse(
	        OFFERS_BUNDLE OFFERS_VIDEO("0") "a=ssrc:many cname:x\r\na=ssrc-group:FID 3 3\r\n", 0, "");
	assert_false(offers_offer->media[0]->has_ssrc);
}

static void round_trip_reports_have_a_mode(void **state)
{
	assert_parse(OFFERS_BUNDLE OFFERS_VIDEO("0") "a=rtcp-xr:voip-metrics rcvr-rtt=sender:99\r\n", 0, "");
	assert_string_equal(offers_offer->media[0]->rtcp_xr_rtt, "sender");
	assert_parse(OFFERS_BUNDLE OFFERS_VIDEO("0") "a=rtcp-xr:rcvr-rtt=sometimes pkt-loss-rle\r\n", 0, "");
	assert_string_equal(offers_offer->media[0]->rtcp_xr_rtt, "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, offers_setup, offers_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(every_stack_is_taken),
		CASE(offers_cut_anywhere_are_survived),
		CASE(what_is_no_offer_is_refused_by_line),
		CASE(one_m_line_needs_no_bundle),
		CASE(several_m_lines_without_bundle_are_not_served),
		CASE(m_lines_that_cannot_be_served_say_why),
		CASE(port_0_with_bundle_only_is_no_refusal),
		CASE(the_session_says_what_m_lines_do_not),
		CASE(a_transport_that_cannot_be_had_is_told),
		CASE(fingerprints_are_those_of_the_served_once_each),
		CASE(candidates_are_passed_over_however_many),
		CASE(extensions_are_known_by_uri_and_direction),
		CASE(ssrcs_are_grouped),
		CASE(round_trip_reports_have_a_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
