/* SPDX-License-Identifier: BSD-3-Clause */
/* From offers to what the dataplane is asked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/control/offers.h"

#define ALL_FEEDBACK                                                                                         \
	(MSG_FEEDBACK_NACK | MSG_FEEDBACK_PLI | MSG_FEEDBACK_FIR | MSG_FEEDBACK_TWCC | MSG_FEEDBACK_REMB |   \
	        MSG_FEEDBACK_RRTR)

static const struct msg_track *tracks = offers_open.tracks;

static void take(const char *name)
{
	offers_setup(NULL);
	if (offers_parse_file(name) || offers_tracks())
		fail_msg("%s: %s", name, offers_why);
}

static void takes_what_chromium_offers(void **state)
{
	take("chromium_camera");
	assert_int_equal(offers_open.track_count, 2);
	assert_string_equal(tracks[0].id, "alice-audio0");
	assert_int_equal(tracks[0].codec, CODEC_OPUS);
	assert_int_equal(tracks[0].payload_type, 111);
	assert_int_equal(tracks[0].red_payload_type, 63);
	assert_int_equal(tracks[0].channels, 2);
	assert_int_equal(tracks[0].feedback, MSG_FEEDBACK_TWCC | MSG_FEEDBACK_RRTR);
	assert_string_equal(tracks[0].mid, "0");
	assert_int_equal(tracks[0].ssrc, 2148495879u);
	assert_string_equal(tracks[1].id, "alice-video1");
	assert_int_equal(tracks[1].codec, CODEC_VP8);
	assert_int_equal(tracks[1].clock_rate, 90000);
	assert_int_equal(tracks[1].payload_type, 96);
	assert_int_equal(tracks[1].rtx_payload_type, 97);
	assert_int_equal(tracks[1].red_payload_type, 118);
	assert_int_equal(tracks[1].red_rtx_payload_type, 119);
	assert_int_equal(tracks[1].ulpfec_payload_type, 120);
	assert_int_equal(tracks[1].feedback, ALL_FEEDBACK);
	assert_true(tracks[1].ssrc_known && tracks[1].rtx_ssrc_known && !tracks[1].fec_ssrc_known);
	assert_int_equal(tracks[1].ssrc, 321364291);
	assert_int_equal(tracks[1].rtx_ssrc, 2062673007);
	assert_string_equal(offers_open.ice.remote_ufrag, "IDbW");
	assert_false(tracks[1].layer_of);
	assert_int_equal(offers_open.reduced_rtcp, 1);
	static const uint8_t ids[MSG_EXTENSIONS] = { [MSG_EXTENSION_MID] = 4,
		[MSG_EXTENSION_RID] = 10,
		[MSG_EXTENSION_REPAIRED_RID] = 11,
		[MSG_EXTENSION_TWCC] = 3,
		[MSG_EXTENSION_SEND_TIME] = 2,
		[MSG_EXTENSION_ORIENTATION] = 13,
		[MSG_EXTENSION_AUDIO_LEVEL] = 1 };
	assert_memory_equal(offers_open.extensions, ids, sizeof(ids));
}

static void takes_what_others_offer(void **state)
{
	take("firefox");
	assert_int_equal(tracks[0].payload_type, 109);
	assert_int_equal(tracks[1].payload_type, 120);
	assert_int_equal(tracks[1].rtx_payload_type, 124);
	assert_int_equal(tracks[1].red_payload_type, 122);
	assert_int_equal(tracks[1].rtx_ssrc, 4226951711u);
	assert_string_equal(offers_open.ice.remote_ufrag, "58b99ead");
	assert_int_equal(offers_open.reduced_rtcp, 0); /* not of both */
	take("safari");
	assert_int_equal(tracks[1].payload_type, 100);
	assert_int_equal(tracks[1].rtx_payload_type, 101);
	assert_string_equal(offers_open.ice.remote_ufrag, "a+/9");
	take("libdatachannel");
	assert_int_equal(tracks[0].ssrc, 1001);
	assert_int_equal(tracks[1].payload_type, 96);
	assert_int_equal(tracks[1].feedback, MSG_FEEDBACK_NACK | MSG_FEEDBACK_PLI | MSG_FEEDBACK_REMB);
	take("werift");
	assert_int_equal(tracks[0].payload_type, 98);
	assert_int_equal(tracks[1].codec, CODEC_OPUS);
	take("aiortc"); /* of the three ufrags that of the first of the bundle */
	assert_int_equal(offers_open.track_count, 2);
	assert_int_equal(tracks[1].rtx_ssrc, 3332716085u);
	take("gstreamer");
	assert_string_equal(tracks[0].id, "alice-video0");
	assert_int_equal(tracks[0].feedback & MSG_FEEDBACK_TWCC, 0); /* offered without its extension */
	assert_int_equal(tracks[1].channels, 1);                     /* sprop-stereo=0 */
}

static void parameter_sets_come_along(void **state)
{
	take("gstreamer_h264");
	assert_int_equal(tracks[0].codec, CODEC_H264);
	assert_int_equal(tracks[0].parameter_set_bytes, 27);
	assert_memory_equal(tracks[0].parameter_sets, "\0\0\0\1\x67\x42\xC0\x0C", 8);
}

static void the_order_of_codecs_is_ours(void **state)
{
	offers_want("H264,VP9,PCMU");
	assert_int_equal(offers_parse_file("safari"), 0);
	assert_int_equal(offers_tracks(), 0);
	assert_int_equal(tracks[0].codec, CODEC_PCMU);
	assert_int_equal(tracks[0].channels, 1);
	assert_int_equal(tracks[0].red_payload_type, 0);
	assert_int_equal(tracks[1].codec, CODEC_H264);
	assert_int_equal(tracks[1].payload_type, 96);
	offers_want("AV1");
	assert_int_equal(offers_tracks(), 0);
	assert_int_equal(offers_open.track_count, 1);
	assert_string_equal(tracks[0].id, "alice-video1");
	assert_int_equal(tracks[0].payload_type, 45);
	assert_string_equal(offers_open.ice.remote_ufrag, "a+/9");
}

static void nothing_in_common_is_told(void **state)
{
	offers_want("AV1");
	assert_int_equal(offers_parse_file("libdatachannel"), 0);
	assert_int_equal(offers_tracks(), -ENOENT);
	assert_string_equal(
	        offers_why, "no m-line can be served; the first: none of its codecs is in ingest.codecs");
}

static void layers_belong_to_the_best(void **state)
{
	take("chromium_simulcast");
	assert_int_equal(offers_open.track_count, 3);
	assert_string_equal(tracks[0].id, "alice-video0");
	assert_string_equal(tracks[0].rid, "q"); /* nothing tells that it is the smallest */
	assert_int_equal(tracks[0].layer_of, 0);
	assert_string_equal(tracks[2].id, "alice-video0-f");
	assert_string_equal(tracks[2].rid, "f");
	assert_int_equal(tracks[2].layer_of, 1);
	assert_int_equal(tracks[2].layer, 2);
	assert_int_equal(tracks[2].rtx_payload_type, 97);
	assert_false(tracks[0].ssrc_known);
	take("rare");
	assert_int_equal(offers_open.track_count, 4);
	assert_string_equal(tracks[0].rid, "b");
	assert_string_equal(tracks[1].rid, "c");
	assert_string_equal(tracks[2].rid, "a");
	assert_string_equal(tracks[3].id, "alice-audio2");
	assert_int_equal(tracks[0].flexfec_payload_type, 103);
}

static void all_layers_are_tracks_of_their_own(void **state)
{
	offers_conf.ingest_simulcast = CONF_SIMULCAST_ALL;
	assert_int_equal(offers_parse_file("chromium_simulcast"), 0);
	assert_int_equal(offers_tracks(), 0);
	assert_int_equal(offers_open.track_count, 3);
	assert_string_equal(tracks[0].id, "alice-video0-q");
	assert_string_equal(tracks[2].id, "alice-video0-f");
	assert_int_equal(tracks[2].layer_of, 0);
	assert_int_equal(tracks[2].layer, 0);
}

static void too_many_tracks_are_refused(void **state)
{
	static char text[65536] = OFFERS_BEGIN OFFERS_TRANSPORT "a=group:BUNDLE";

	for (unsigned i = 0; i <= LIMIT_TRACKS_PER_SESSION; i++)
		sprintf(text + strlen(text), " %u", i);
	strcat(text, "\r\n");
	for (unsigned i = 0; i <= LIMIT_TRACKS_PER_SESSION; i++)
		sprintf(text + strlen(text), "m=audio 9 RTP/SAVPF 0\r\na=mid:%u\r\n", i);
	assert_int_equal(offers_parse(text), 0);
	assert_int_equal(offers_tracks(), -E2BIG);
	assert_non_null(strstr(offers_why, "more than 16 tracks"));
}

static void bounds_are_the_lesser_of_two(void **state)
{
	assert_int_equal(offers_parse_file("chromium_camera"), 0);
	offers_conf.ingest_max_bitrate_kbps = 900;
	offers_tracks();
	assert_int_equal(tracks[0].max_bitrate_bps, 0);
	assert_int_equal(tracks[1].max_bitrate_bps, 900000);
	sdp_webrtc_bound(offers_offer, 500000);
	offers_tracks();
	assert_int_equal(tracks[1].max_bitrate_bps, 500000);
	offers_conf.ingest_max_bitrate_kbps = 0;
	offers_tracks();
	assert_int_equal(tracks[1].max_bitrate_bps, 500000);
	sdp_webrtc_bound(offers_offer, 0);
	offers_tracks();
	assert_int_equal(tracks[1].max_bitrate_bps, 0);
	offers_conf.ingest_max_bitrate_kbps = 1000000000;
	offers_tracks();
	assert_int_equal(tracks[1].max_bitrate_bps, UINT32_MAX);
}

static void long_participants_are_cut_and_stay_distinct(void **state)
{
	char first[LIMIT_TRACK_ID_BYTES + 1];

	assert_int_equal(offers_parse_file("chromium_camera"), 0);
	strcpy(offers_open.participant, "0123456789012345678901234567890123456789");
	offers_tracks();
	assert_int_equal(strncmp(tracks[1].id, "012345678901234567890123456-", 28), 0);
	assert_int_equal(strlen(tracks[1].id), 36 + strlen("-video1"));
	strcpy(first, tracks[1].id);
	offers_open.participant[39] = 'x';
	offers_tracks();
	assert_string_not_equal(tracks[1].id, first);
	/* between characters: 13 of two bytes are 26, a 14th does not fit in 27 */
	strcpy(offers_open.participant,
	        "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
	        "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
	        "\xC3\xA4");
	offers_tracks();
	assert_int_equal(tracks[1].id[26], '-');
	offers_open.participant[0] = '\0';
	offers_tracks();
	assert_string_equal(tracks[1].id, "video1");
}

static void offers_that_lie_about_ids_are_held_to_the_first(void **state)
{
	assert_int_equal(
	        offers_parse(OFFERS_BUNDLE OFFERS_VIDEO(
	                "0") "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=ssrc:7 cname:x\r\n"
	                     "a=extmap:2 urn:3gpp:video-orientation\r\n" OFFERS_VIDEO(
	                             "1") "a=extmap:2 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=ssrc:7 "
	                                  "cname:x\r\n"
	                                  "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"),
	        0);
	assert_int_equal(offers_tracks(), 0);
	assert_int_equal(offers_open.extensions[MSG_EXTENSION_MID], 1);
	assert_int_equal(offers_open.extensions[MSG_EXTENSION_ORIENTATION], 2);
	assert_int_equal(offers_open.extensions[MSG_EXTENSION_RID], 0);
	assert_true(tracks[0].ssrc_known);
	assert_false(tracks[1].ssrc_known);
	assert_int_equal(
	        offers_parse(OFFERS_BUNDLE OFFERS_VIDEO(
	                "0") "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:98 flexfec-03/90000\r\n"
	                     "a=ssrc-group:FID 1 2\r\na=ssrc-group:FEC-FR 1 2\r\n"),
	        0);
	assert_int_equal(offers_tracks(), 0);
	assert_true(tracks[0].rtx_ssrc_known);
	assert_false(tracks[0].fec_ssrc_known);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, offers_setup, offers_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(takes_what_chromium_offers),
		CASE(takes_what_others_offer),
		CASE(parameter_sets_come_along),
		CASE(the_order_of_codecs_is_ours),
		CASE(nothing_in_common_is_told),
		CASE(layers_belong_to_the_best),
		CASE(all_layers_are_tracks_of_their_own),
		CASE(too_many_tracks_are_refused),
		CASE(bounds_are_the_lesser_of_two),
		CASE(long_participants_are_cut_and_stay_distinct),
		CASE(offers_that_lie_about_ids_are_held_to_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
