/* SPDX-License-Identifier: BSD-3-Clause */
/* Payload types: what they are, which is wanted, what goes with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "control/sdp_webrtc_offer.h"
#include "tests/unit/control/offers.h"

static const struct sdp_webrtc_media *media(const char *attributes, bool is_video)
{
	char offer[4096];

	snprintf(offer, sizeof(offer), "%s%s%s", OFFERS_BUNDLE,
	        is_video ? "m=video 9 UDP/TLS/RTP/SAVPF 35 40 63 64 95 96 97 98 99 100 101\r\na=mid:0\r\n"
	                 : "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 110 112\r\na=mid:0\r\n",
	        attributes);
	assert_int_equal(offers_parse(offer), 0);
	return offers_offer->media[0];
}

/* The payload type chosen, 255: none. */
static unsigned chosen(const struct sdp_webrtc_media *m)
{
	const struct sdp_webrtc_format *f = sdp_webrtc_format_choose(m, offers_conf.ingest_codecs);

	return f ? f->type : 255;
}

static void codecs_are_chosen_by_our_order(void **state)
{
	const char *text = "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 VP9/90000\r\na=rtpmap:98 H264/90000\r\n"
	                   "a=rtpmap:99 av1/90000\r\n";

	assert_int_equal(chosen(media(text, true)), 96);
	offers_want("AV1,VP8");
	assert_int_equal(chosen(media(text, true)), 99);
	offers_want("nothing,H264");
	assert_int_equal(chosen(media(text, true)), 98);
	offers_want("opus");
	assert_int_equal(chosen(media(text, true)), 255);
}

static void payload_types_that_look_like_rtcp_are_not_taken(void **state)
{
	assert_int_equal(chosen(media("a=rtpmap:64 VP8/90000\r\na=rtpmap:95 VP8/90000\r\n", true)), 255);
	assert_int_equal(chosen(media("a=rtpmap:95 VP8/90000\r\na=rtpmap:35 VP8/90000\r\n", true)), 35);
	assert_int_equal(chosen(media("a=rtpmap:63 vp8/90000\r\n", true)), 63);
}

static void formats_that_are_none_of_ours_are_not_taken(void **state)
{
	assert_int_equal(
	        chosen(media("a=rtpmap:96 VP8/48000\r\na=rtpmap:97 H265/90000\r\na=rtpmap:98\r\n"
	                     "a=rtpmap:99 VP8\r\na=rtpmap:120 VP8/90000\r\na=rtpmap:100 opus/48000/2\r\n"
	                     "a=rtpmap:101 a-very-long-codec-name/90000\r\n",
	                true)),
	        255);
	assert_int_equal(chosen(media("a=rtpmap:111 multiopus/48000/6\r\na=rtpmap:0 L16/8000\r\n"
	                              "a=rtpmap:8 PCMA/8000/2\r\na=rtpmap:110 opus/48000/9\r\n",
	                         false)),
	        255);
}

static void types_0_and_8_need_no_rtpmap(void **state)
{
	assert_int_equal(chosen(media("", false)), 0);
	offers_want("PCMA,PCMU");
	assert_int_equal(chosen(media("", false)), 8);
	assert_int_equal(chosen(media("a=rtpmap:8 CN/8000\r\n", false)), 0);
}

static void h264_in_fragments_comes_first(void **state)
{
	assert_int_equal(chosen(media("a=rtpmap:96 H264/90000\r\na=rtpmap:97 H264/90000\r\n"
	                              "a=fmtp:97 profile-level-id=42e01f;packetization-mode=1\r\n",
	                         true)),
	        97);
	assert_int_equal(
	        chosen(media("a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=2\r\n", true)), 255);
	assert_int_equal(
	        chosen(media("a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=0\r\n", true)), 96);
}

static void profile_0_comes_first(void **state)
{
	assert_int_equal(
	        chosen(media("a=rtpmap:96 VP9/90000\r\na=fmtp:96 profile-id=2\r\na=rtpmap:97 VP9/90000\r\n"
	                     "a=fmtp:97 profile-id=0\r\n",
	                true)),
	        97);
	assert_int_equal(chosen(media("a=rtpmap:96 VP9/90000\r\na=fmtp:96 profile-id=2\r\n", true)), 96);
	assert_int_equal(chosen(media("a=rtpmap:96 AV1/90000\r\na=fmtp:96 profile=1;tier=0\r\n"
	                              "a=rtpmap:97 AV1/90000\r\n",
	                         true)),
	        97);
}

static unsigned with(const struct sdp_webrtc_media *m, enum sdp_webrtc_use use, uint8_t type)
{
	const struct sdp_webrtc_format *f = sdp_webrtc_format_with(m, use, sdp_webrtc_format_of(m, type));

	return f ? f->type : 255;
}

static void companions_are_found_by_type_and_rate(void **state)
{
	const struct sdp_webrtc_media *m = media(
	        "a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=98\r\n"
	        "a=rtpmap:98 red/90000\r\na=rtpmap:99 RTX/90000\r\na=fmtp:99  rtx-time=9; apt=96\r\n"
	        "a=rtpmap:100 ulpfec/90000\r\na=rtpmap:101 flexfec-03/90000\r\na=fmtp:101 repair-window=1\r\n"
	        "a=rtpmap:64 rtx/90000\r\na=fmtp:64 apt=96\r\n",
	        true);

	assert_int_equal(with(m, SDP_WEBRTC_RTX, 96), 99);
	assert_int_equal(with(m, SDP_WEBRTC_RTX, 98), 97);
	assert_int_equal(with(m, SDP_WEBRTC_RED, 96), 98);
	assert_int_equal(with(m, SDP_WEBRTC_ULPFEC, 96), 100);
	assert_int_equal(with(m, SDP_WEBRTC_FLEXFEC, 96), 101);
	assert_null(sdp_webrtc_format_of(m, 127));
}

static void redundant_audio_holds_one_codec_only(void **state)
{
#define RED(list) "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 " list "\r\n"
	assert_int_equal(with(media(RED("111/111"), false), SDP_WEBRTC_RED, 111), 63);
	assert_int_equal(with(media(RED("111/111/111"), false), SDP_WEBRTC_RED, 111), 63);
	assert_int_equal(with(media(RED("111/0"), false), SDP_WEBRTC_RED, 111), 255);
	assert_int_equal(with(media(RED("110/111"), false), SDP_WEBRTC_RED, 111), 255);
	assert_int_equal(with(media(RED("x"), false), SDP_WEBRTC_RED, 111), 255);
	assert_int_equal(with(media(RED("111/"), false), SDP_WEBRTC_RED, 111), 255);
	assert_int_equal(
	        with(media("a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/8000\r\na=fmtp:63 111/111\r\n",
	                     false),
	                SDP_WEBRTC_RED, 111),
	        255);
	assert_int_equal(with(media("a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n", false),
	                         SDP_WEBRTC_RED, 111),
	        255);
#undef RED
}

static void feedback_is_by_type_or_for_all(void **state)
{
	const struct sdp_webrtc_media *m =
	        media("a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack  \r\na=rtcp-fb:97 nack pli\r\na=rtcp-fb:97 CCM "
	              "FIR\r\n"
	              "a=rtcp-fb:* transport-cc\r\na=rtcp-fb:* rrtr\r\na=rtcp-fb:98 nack "
	              "rpsi\r\na=rtcp-fb:98 ccm\r\n"
	              "a=rtcp-fb:98\r\na=rtcp-fb:127 nack\r\na=rtcp-fb:99 goog-remb\r\n",
	                true);

	assert_int_equal(sdp_webrtc_format_of(m, 96)->feedback, MSG_FEEDBACK_NACK);
	assert_int_equal(sdp_webrtc_format_of(m, 97)->feedback, MSG_FEEDBACK_PLI | MSG_FEEDBACK_FIR);
	assert_int_equal(sdp_webrtc_format_of(m, 98)->feedback, 0);
	assert_int_equal(sdp_webrtc_format_of(m, 99)->feedback, MSG_FEEDBACK_REMB);
	assert_int_equal(m->feedback, MSG_FEEDBACK_TWCC | MSG_FEEDBACK_RRTR);
}

static void parameters_are_numbers_or_not_said(void **state)
{
	const struct sdp_webrtc_media *m =
	        media("a=fmtp:96 a=7;B=8; c=x\r\na=fmtp:96 a=1\r\na=fmtp:97\r\na=fmtp:120 a=1\r\n", true);
	const struct sdp_webrtc_format *f = sdp_webrtc_format_of(m, 96);

	assert_int_equal(sdp_webrtc_format_number(f, "a", 1), 7);
	assert_int_equal(sdp_webrtc_format_number(f, "b", 1), 8);
	assert_int_equal(sdp_webrtc_format_number(f, "c", 1), 1);
	assert_int_equal(sdp_webrtc_format_number(sdp_webrtc_format_of(m, 97), "a", 5), 5);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, offers_setup, offers_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(codecs_are_chosen_by_our_order),
		CASE(payload_types_that_look_like_rtcp_are_not_taken),
		CASE(formats_that_are_none_of_ours_are_not_taken),
		CASE(types_0_and_8_need_no_rtpmap),
		CASE(h264_in_fragments_comes_first),
		CASE(profile_0_comes_first),
		CASE(companions_are_found_by_type_and_rate),
		CASE(redundant_audio_holds_one_codec_only),
		CASE(feedback_is_by_type_or_for_all),
		CASE(parameters_are_numbers_or_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
