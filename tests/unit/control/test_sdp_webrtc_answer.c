/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers, to the letter where clients depend on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/offers.h"

static const char *answer;

static void answer_parsed(void)
{
	if (offers_tracks())
		fail_msg("%s", offers_why);
	answer = offers_answer();
	assert_non_null(answer);
}

static void answer_file(const char *name)
{
	offers_setup(NULL);
	if (offers_parse_file(name))
		fail_msg("%s: %s", name, offers_why);
	answer_parsed();
}

static void assert_has(const char *part)
{
	if (!strstr(answer, part))
		fail_msg("no '%s' in:\n%s", part, answer);
}

static void assert_has_not(const char *part)
{
	if (strstr(answer, part))
		fail_msg("'%s' in:\n%s", part, answer);
}

static unsigned count_of(const char *part)
{
	unsigned count = 0;

	for (const char *at = answer; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

#define TRANSPORT                                                                                            \
	"a=ice-ufrag:ourufrag\r\na=ice-pwd:our-password-of-24-chars\r\n"                                     \
	"a=fingerprint:sha-256 OURS\r\na=setup:passive\r\n"

static void chromium_is_answered_to_the_letter(void **state)
{
	answer_file("chromium_camera");
	assert_string_equal(answer,
	        "v=0\r\no=- 1700000000000000000 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
	        "a=extmap-allow-mixed\r\na=ice-lite\r\na=msid-semantic:WMS *\r\n"
	        "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\nc=IN IP4 0.0.0.0\r\n"
	        "a=candidate:1 1 udp 2130706431 10.77.0.1 3478 typ host\r\n"
	        "a=candidate:2 1 udp 2130706175 fd77::1 3478 typ host\r\na=end-of-candidates\r\n" TRANSPORT
	        "a=mid:0\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
	        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
	        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
	        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
	        "a=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtcp-xr:rcvr-rtt=all\r\n"
	        "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\n"
	        "a=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
	        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 118 119 120\r\nc=IN IP4 0.0.0.0\r\n" TRANSPORT
	        "a=mid:1\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
	        "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
	        "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n"
	        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n"
	        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"
	        "a=extmap:13 urn:3gpp:video-orientation\r\n"
	        "a=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtcp-xr:rcvr-rtt=all\r\n"
	        "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\n"
	        "a=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
	        "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:118 red/90000\r\n"
	        "a=rtpmap:119 rtx/90000\r\na=fmtp:119 apt=118\r\na=rtpmap:120 ulpfec/90000\r\n");
}

static void simulcast_is_answered_in_the_offers_order(void **state)
{
	answer_file("chromium_simulcast");
	assert_has("a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n");
	offers_conf.ingest_simulcast = CONF_SIMULCAST_ALL;
	answer_parsed();
	assert_has("a=simulcast:recv q;h;f\r\n");
	answer_file("rare");
	assert_has("a=rid:a recv\r\na=rid:b recv\r\na=rid:c recv\r\na=simulcast:recv a;b;c\r\n");
	assert_int_equal(offers_parse(OFFERS_BUNDLE OFFERS_VIDEO(
	                         "0") "a=rid:a send\r\na=rid:b send\r\na=simulcast: send rid=a;b\r\n"),
	        0);
	answer_parsed();
	assert_has("a=simulcast: recv rid=a;b\r\n");
}

static void m_lines_not_served_have_port_0(void **state)
{
	answer_file("aiortc");
	assert_has("a=group:BUNDLE 0 1\r\n");
	assert_has("m=application 0 DTLS/SCTP 5000\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\n" TRANSPORT
	           "a=inactive\r\na=rtcp-mux\r\n");
	offers_want("VP8");
	assert_int_equal(offers_parse_file("chromium_camera"), 0);
	answer_parsed();
	assert_has("a=group:BUNDLE 1\r\n");
	assert_has("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n");
	assert_has("m=video 9 UDP/TLS/RTP/SAVPF 96 97 118 119 120\r\nc=IN IP4 0.0.0.0\r\na=candidate:1 ");
	assert_int_equal(count_of("a=end-of-candidates"), 1);
}

static void every_address_is_a_candidate_once(void **state)
{
	static char *public[] = { (char *)"192.0.2.7", (char *)"2001:db8::7", NULL };

	offers_conf.ingest_public_address = public;
	assert_int_equal(offers_parse_file("chromium_camera"), 0);
	answer_parsed();
	assert_has("a=candidate:3 1 udp 2130705919 192.0.2.7 3478 typ host\r\n"
	           "a=candidate:4 1 udp 2130705663 2001:db8::7 3478 typ host\r\na=end-of-candidates\r\n");
	assert_int_equal(count_of("a=candidate:"), 4);
}

static void formats_are_answered_as_offered(void **state)
{
	answer_file("gstreamer");
	assert_has("a=rtpmap:111 OPUS/48000/2\r\n");
	assert_has("m=audio 9 ");
	answer_file("gstreamer_h264");
	assert_has("a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c00c\r\n");
	answer_file("rare");
	assert_has("m=video 9 UDP/TLS/RTP/SAVPF 101 102 103\r\n");
	assert_has("a=rtpmap:101 vp8/90000\r\na=rtcp-fb:101 nack\r\na=rtcp-fb:101 nack pli\r\n"
	           "a=rtcp-fb:101 rrtr\r\n");
	assert_has("a=rtpmap:102 RTX/90000\r\na=fmtp:102 apt=101\r\n");
	assert_has("a=rtpmap:103 flexfec-03/90000\r\na=fmtp:103 repair-window=10000000\r\n");
	assert_has("m=audio 9 RTP/SAVPF 0\r\n");
	assert_has("a=rtpmap:0 PCMU/8000\r\n");
	assert_has("a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n");
	assert_has_not("video-orientation");
	assert_has_not("a=rtcp-rsize");
	offers_want("VP9,AV1");
	assert_int_equal(offers_parse_file("safari"), 0);
	answer_parsed();
	assert_has("a=fmtp:103 profile-id=0\r\n");
	offers_want("AV1");
	answer_parsed();
	assert_has("a=fmtp:45 level-idx=5;profile=0;tier=0\r\n");
}

static void stereo_is_asked_of_those_that_have_it(void **state)
{
	answer_file("libdatachannel");
	assert_has("a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n");
	answer_file("safari");
	assert_has_not("stereo");
}

static void a_bound_is_told_to_video(void **state)
{
	answer_file("chromium_camera");
	assert_has_not("b=");
	assert_has_not("x-google");
	offers_conf.ingest_max_bitrate_kbps = 1500;
	answer_parsed();
	assert_has("m=video 9 UDP/TLS/RTP/SAVPF 96 97 118 119 120\r\nc=IN IP4 0.0.0.0\r\n"
	           "b=AS:1500\r\nb=TIAS:1500000\r\n");
	assert_int_equal(count_of("b=AS:"), 1);
}

static void googles_stack_is_told_with_how_much_to_begin(void **state)
{
	static char *codecs[] = { NULL, (char *)"opus", NULL };
	static const struct {
		const char *codec, *line;
	} cases[] = {
		{ "VP8", "a=fmtp:100 x-google-start-bitrate=2000\r\n" },
		{ "VP9", "a=fmtp:103 profile-id=0;x-google-start-bitrate=2000\r\n" },
		{ "AV1", "a=fmtp:45 level-idx=5;profile=0;tier=0;x-google-start-bitrate=2000\r\n" },
		{ "H264", "packetization-mode=1;profile-level-id=640c1f;x-google-start-bitrate=2000\r\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		offers_setup(NULL);
		codecs[0] = (char *)cases[i].codec;
		offers_conf.ingest_codecs = codecs;
		offers_conf.ingest_start_bitrate_kbps = 2000;
		assert_int_equal(offers_parse_file("safari"), 0);
		answer_parsed();
		assert_has(cases[i].line);
		assert_int_equal(count_of("x-google-"), 1);
	}
	offers_setup(NULL);
	offers_conf.ingest_start_bitrate_kbps = 2000;
	offers_conf.ingest_max_bitrate_kbps = 800;
	assert_int_equal(offers_parse_file("chromium_camera"), 0);
	answer_parsed();
	assert_has("a=fmtp:96 x-google-start-bitrate=800\r\n");
	/* others, by whose feedback it can be told */
	offers_setup(NULL);
	offers_conf.ingest_start_bitrate_kbps = 2000;
	assert_int_equal(offers_parse_file("gstreamer"), 0);
	answer_parsed();
	assert_has_not("x-google-");
}

static void what_is_offered_cannot_break_out_of_its_line(void **state)
{
	assert_int_equal(offers_parse(OFFERS_BUNDLE "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=mid:0\r\n"
	                                            "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n"
	                                            "a=fmtp:63 111/111 \x01\x7F;x\r\n"),
	        0);
	answer_parsed();
	assert_has("a=fmtp:63 111/111\r\n");
}

/* What we answer to our own: the answers of all stacks parse as SDP, line by line. */
static void answers_are_sdp(void **state)
{
	static const char *const stacks[] = { "aiortc", "chromium_camera", "chromium_screen",
		"chromium_simulcast", "firefox", "gstreamer", "gstreamer_h264", "libdatachannel", "rare",
		"safari", "werift" };

	for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
		answer_file(stacks[i]);
		assert_int_equal(count_of("\n"), count_of("\r\n"));
		assert_int_equal(count_of("\r\nm="), count_of("c=IN IP4 0.0.0.0\r\n"));
		assert_has("a=ice-lite\r\n");
		assert_int_equal(count_of("a=end-of-candidates"), 1);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, offers_setup, offers_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(chromium_is_answered_to_the_letter),
		CASE(simulcast_is_answered_in_the_offers_order),
		CASE(m_lines_not_served_have_port_0),
		CASE(every_address_is_a_candidate_once),
		CASE(formats_are_answered_as_offered),
		CASE(stereo_is_asked_of_those_that_have_it),
		CASE(a_bound_is_told_to_video),
		CASE(googles_stack_is_told_with_how_much_to_begin),
		CASE(what_is_offered_cannot_break_out_of_its_line),
		CASE(answers_are_sdp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
