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
#include "control/sdp.h"

#define HEAD  "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define KEY   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define CM80  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" KEY "\r\n"
#define VIDEO "m=video 5004 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n"

static struct sdp_offer offer;
static struct msg_session_open open;
static char why[LIMIT_REASON_BYTES + 1];

static int parse(const char *text)
{
	return sdp_parse(&offer, text, strlen(text), why);
}

static void parse_corpus(const char *name)
{
	char path[4096], text[8192];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/corpus/sdp/%s", getenv("TEST_DATA"), name);
	file = fopen(path, "r");
	assert_non_null(file);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_int_equal(sdp_parse(&offer, text, len, why), 0);
	memset(&open, 0, sizeof(open));
}

/* The offer in @text has one m-line, refused for @reason. */
static void assert_refused(const char *text, const char *reason)
{
	assert_int_equal(parse(text), 0);
	assert_non_null(offer.media[0].refusal);
	assert_string_equal(offer.media[0].refusal, reason);
}

static void takes_what_ffmpeg_writes(void **state)
{
	parse_corpus("ffmpeg_vp8_srtp.sdp");
	assert_string_equal(offer.name, "");
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_int_equal(open.track_count, 1);
	assert_string_equal(open.tracks[0].id, "video0");
	assert_int_equal(open.tracks[0].profile, PROFILE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(open.tracks[0].key[29], 29);
	parse_corpus("ffmpeg_opus.sdp");
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_string_equal(open.tracks[0].id, "audio0");
	assert_int_equal(open.tracks[0].profile, PROFILE_PLAIN);
	assert_int_equal(open.tracks[0].channels, 2);
	assert_int_equal(open.tracks[0].payload_type, 97);
}

static void takes_the_best_suite_and_the_first_codec_of_ours(void **state)
{
	parse_corpus("gstreamer_gcm.sdp");
	assert_string_equal(offer.name, "studio");
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_int_equal(open.track_count, 2);
	assert_int_equal(open.tracks[0].codec, CODEC_VP9);
	assert_int_equal(open.tracks[0].profile, PROFILE_AEAD_AES_256_GCM);
	assert_true(open.tracks[0].ssrc_known);
	assert_int_equal(open.tracks[0].ssrc, 1356955624);
	assert_string_equal(open.tracks[1].id, "audio1");
	assert_int_equal(open.tracks[1].profile, PROFILE_AEAD_AES_128_GCM);
	assert_int_equal(open.tracks[1].ssrc, 2156955625u);
}

static void passes_over_keys_with_mki_and_suites_unknown(void **state)
{
	parse_corpus("linphone_savp.sdp");
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_int_equal(open.track_count, 2);
	assert_int_equal(offer.media[0].crypto.tag, 2);
	assert_int_equal(open.tracks[0].codec, CODEC_OPUS);
	assert_true(offer.media[0].has_rtcp_mux);
	assert_false(offer.media[1].has_rtcp_mux);
}

static void takes_bundled_lines_and_labels(void **state)
{
	parse_corpus("bundle.sdp");
	assert_int_equal(offer.media_count, 3);
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_int_equal(open.track_count, 2);
	assert_string_equal(open.tracks[0].id, "microphone");
	assert_string_equal(open.tracks[1].id, "video1");
	assert_int_equal(open.tracks[1].ssrc, 11111);
	assert_true(offer.media[1].is_bundled);
	assert_false(offer.media[2].is_bundled);
	assert_string_equal(offer.media[2].refusal, "transport other than RTP/AVP, AVPF, SAVP, SAVPF");
}

static void gives_each_track_a_key_of_our_own(void **state)
{
	parse_corpus("gstreamer_gcm.sdp");
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_memory_not_equal(open.tracks[0].send_key, open.tracks[0].key, 44);
	assert_memory_not_equal(open.tracks[0].send_key, open.tracks[1].send_key, 28);
	assert_int_equal(open.tracks[1].send_key[28], 0);
}

/* RFC 3264 section 6: as many m-lines, in order; what is refused has port 0. RFC 4568 section 5.1.2: tag and
 * suite chosen. */
static void answers_line_by_line(void **state)
{
	char expected[2048], *answer;

	parse_corpus("bundle.sdp");
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	open.addr = (struct msg_addr){ .family = 6, .bytes = { 0xfd, [15] = 1 } };
	open.port = 20010;
	open.opened_unix_ns = 77;
	memset(open.tracks[0].send_key, 0, 30);
	memset(open.tracks[1].send_key, 0, 30);
	answer = sdp_answer(&offer, &open);
	snprintf(expected, sizeof(expected),
	        "v=0\r\no=wirespool 77 1 IN IP6 fd00::1\r\ns=-\r\nc=IN IP6 fd00::1\r\nt=0 "
	        "0\r\na=group:BUNDLE a0 v1\r\n"
	        "m=audio 20010 RTP/SAVPF 111\r\na=mid:a0\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n"
	        "a=crypto:7 AES_CM_128_HMAC_SHA1_80 "
	        "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\na=rtcp-mux\r\n"
	        "m=video 20010 RTP/SAVPF 96\r\na=mid:v1\r\na=recvonly\r\na=rtpmap:96 VP8/90000\r\n"
	        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
	        "a=rtcp-fb:96 nack pli\r\na=rtcp-mux\r\n"
	        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d2\r\n");
	assert_string_equal(answer, expected);
	free(answer);
}

static void answers_plain_rtp_with_its_rtcp_port(void **state)
{
	char *answer;

	assert_int_equal(
	        parse(HEAD "m=video 5004 RTP/AVPF 96\r\na=rtpmap:96 vp8/90000\r\na=rtcp-fb:* nack pli\r\n"),
	        0);
	memset(&open, 0, sizeof(open));
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	open.addr = (struct msg_addr){ .family = 4, .bytes = { 10, 77, 0, 1 } };
	open.port = 20000;
	answer = sdp_answer(&offer, &open);
	assert_non_null(strstr(answer, "c=IN IP4 10.77.0.1\r\n"));
	assert_non_null(strstr(answer, "m=video 20000 RTP/AVPF 96\r\na=recvonly\r\na=rtpmap:96 "
	                               "VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=rtcp:20001\r\n"));
	assert_null(strstr(answer, "a=crypto"));
	free(answer);
}

static void names_the_line_of_an_offer_that_is_broken(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "line 0: an offer has m-lines" },
		{ "o=x\r\n", "line 1: an offer begins with v=0" },
		{ "v=1\r\n", "line 1: an offer begins with v=0" },
		{ HEAD, "line 4: an offer has m-lines" },
		{ HEAD "hello\r\n", "line 5: a line is a letter, '=' and a value" },
		{ HEAD "\r\n" VIDEO, "line 5: a line is a letter, '=' and a value" },
		{ HEAD "m=video\r\n", "line 5: m= with a port that is not one number of 0 to 65535" },
		{ HEAD "m= 5004 RTP/AVP 96\r\n", "line 5: m= without a kind of media" },
		{ HEAD "m=video 5004/2 RTP/AVP 96\r\n",
		        "line 5: m= with a port that is not one number of 0 to 65535" },
		{ HEAD "m=video 65536 RTP/AVP 96\r\n",
		        "line 5: m= with a port that is not one number of 0 to 65535" },
		{ HEAD "m=video 5004\r\n", "line 5: m= without a transport" },
		{ HEAD "m=video 5004 RTP/AVP\r\n", "line 5: m= without a format" },
		{ HEAD VIDEO "a=mid:a b\r\n", "line 7: a=mid is empty, too long or no token" },
		{ HEAD VIDEO "a=label:\r\n", "line 7: a=label is empty, too long or no token" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].text), -EINVAL);
		assert_string_equal(why, cases[i].why);
	}
	assert_int_equal(sdp_parse(&offer, "v=0\no=\0\n", 8, why), -EINVAL);
	assert_string_equal(why, "line 2: too long, or holds a NUL");
}

static void bounds_lines_and_media(void **state)
{
	static char text[64 << 10];
	size_t len = (size_t)sprintf(text, "%s", HEAD);

	for (unsigned i = 0; i < SDP_MEDIA + 1; i++)
		len += (size_t)sprintf(text + len, "m=audio 9 RTP/AVP 0\n");
	assert_int_equal(sdp_parse(&offer, text, len, why), -EINVAL);
	assert_string_equal(why, "line 37: more than 32 m-lines");
	len = (size_t)sprintf(text, "%s", HEAD);
	for (unsigned i = 0; i < LIMIT_SDP_LINES; i++)
		len += (size_t)sprintf(text + len, "a=x\n");
	assert_int_equal(sdp_parse(&offer, text, len, why), -EINVAL);
	assert_string_equal(why, "line 2001: more than 2000 lines");
	memset(text, 'a', sizeof(text));
	memcpy(text, "v=0\n", 4);
	assert_int_equal(sdp_parse(&offer, text, sizeof(text), why), -EINVAL);
	assert_string_equal(why, "line 2: too long, or holds a NUL");
	len = (size_t)sprintf(text, "%sa=group:BUNDLE %0600d\n", HEAD, 1);
	assert_int_equal(sdp_parse(&offer, text, len, why), -EINVAL);
	assert_string_equal(why, "line 5: a=group:BUNDLE is too long");
}

static void says_why_a_media_line_is_refused(void **state)
{
	assert_refused(HEAD VIDEO, "no a=crypto line");
	assert_refused(HEAD VIDEO "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n",
	        "a=crypto with a key that is not base64 or of another length than its suite's");
	assert_refused(HEAD
	        "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=crypto:1 X inline:AAAA\r\n",
	        "a=crypto of a suite that is not supported");
	assert_refused(HEAD VIDEO CM80 "a=recvonly\r\n", "its sender does not send");
	assert_refused(HEAD "a=inactive\r\n" VIDEO CM80, "its sender does not send");
	assert_refused(HEAD "m=video 0 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n" CM80, "port 0");
	assert_refused(HEAD "m=video 9 RTP/SAVP 96\r\na=rtpmap:96 H263/90000\r\n" CM80,
	        "no codec that is supported");
	assert_refused(
	        HEAD "m=video 9 RTP/SAVP 72\r\na=rtpmap:72 VP8/90000\r\n" CM80, "no codec that is supported");
	assert_refused(HEAD "m=audio 9 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n" CM80,
	        "codec of another kind of media");
	assert_refused(HEAD "m=audio 9 RTP/SAVP 96\r\na=rtpmap:96 opus/44100/2\r\n" CM80,
	        "no codec that is supported");
	memset(&open, 0, sizeof(open));
	assert_int_equal(sdp_tracks(&open, &offer, why), -ENOENT);
	assert_string_equal(why, "no m-line can be taken; the first: no codec that is supported");
}

/* RFC 3551 section 6: payload types 0 and 8 need no a=rtpmap; with one, they are what it says. */
static void knows_the_payload_types_that_are_fixed(void **state)
{
	char *answer;

	assert_int_equal(parse(HEAD "m=audio 9 RTP/SAVP 0 8\r\n" CM80 "m=audio 9 RTP/SAVP 8\r\n" CM80), 0);
	memset(&open, 0, sizeof(open));
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_int_equal(open.track_count, 2);
	assert_int_equal(open.tracks[0].codec, CODEC_PCMU);
	assert_int_equal(open.tracks[0].clock_rate, 8000);
	assert_int_equal(open.tracks[0].channels, 1);
	assert_int_equal(open.tracks[1].codec, CODEC_PCMA);
	assert_int_equal(open.tracks[1].payload_type, 8);
	answer = sdp_answer(&offer, &open);
	assert_non_null(strstr(answer, "a=rtpmap:0 PCMU/8000\r\n"));
	free(answer);
	assert_refused(
	        HEAD "m=audio 9 RTP/SAVP 0\r\na=rtpmap:0 G722/8000\r\n" CM80, "no codec that is supported");
	assert_refused(
	        HEAD "m=audio 9 RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000/2\r\n" CM80, "no codec that is supported");
}

static void keeps_the_configuration_of_h264(void **state)
{
	char *answer;

	assert_int_equal(parse(HEAD "m=video 9 RTP/SAVP 97 96\r\na=rtpmap:97 H264/90000\r\n"
	                            "a=fmtp:97 packetization-mode=2\r\na=rtpmap:96 H264/90000\r\n"
	                            "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;"
	                            "sprop-parameter-sets=Z0LAHw==,aM48gA==\r\n" CM80),
	        0);
	memset(&open, 0, sizeof(open));
	assert_int_equal(sdp_tracks(&open, &offer, why), 0);
	assert_int_equal(open.tracks[0].payload_type, 96); /* mode 2 is not taken */
	assert_int_equal(open.tracks[0].parameter_set_bytes, 16);
	assert_memory_equal(open.tracks[0].parameter_sets, "\0\0\0\1\x67\x42", 6);
	answer = sdp_answer(&offer, &open);
	assert_non_null(strstr(answer, "a=rtpmap:96 H264/90000\r\n"
	                               "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f\r\n"));
	free(answer);
	assert_refused(HEAD "m=video 9 RTP/SAVP 97\r\na=rtpmap:97 H264/90000\r\n"
	                    "a=fmtp:97 packetization-mode=2\r\n" CM80,
	        "no codec that is supported");
}

static void refuses_more_tracks_than_a_session_has(void **state)
{
	static char text[16 << 10];
	size_t len = (size_t)sprintf(text, "%s", HEAD);

	for (unsigned i = 0; i < LIMIT_TRACKS_PER_SESSION + 1; i++)
		len += (size_t)sprintf(text + len, "%s%s", VIDEO, CM80);
	assert_int_equal(sdp_parse(&offer, text, len, why), 0);
	assert_int_equal(sdp_tracks(&open, &offer, why), -E2BIG);
	assert_string_equal(why, "more than 16 m-lines with media");
}

static void takes_lf_alone_and_no_end_of_the_last_line(void **state)
{
	assert_int_equal(parse("v=0\ns=r\nm=audio 9 RTP/AVP 111\na=rtpmap:111 opus/48000/2\na=fmtp:111 "
	                       "sprop-stereo=0"),
	        0);
	assert_string_equal(offer.name, "r");
	assert_null(offer.media[0].refusal);
	assert_int_equal(offer.media[0].channels, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_ffmpeg_writes),
		cmocka_unit_test(takes_the_best_suite_and_the_first_codec_of_ours),
		cmocka_unit_test(passes_over_keys_with_mki_and_suites_unknown),
		cmocka_unit_test(takes_bundled_lines_and_labels),
		cmocka_unit_test(gives_each_track_a_key_of_our_own),
		cmocka_unit_test(answers_line_by_line),
		cmocka_unit_test(answers_plain_rtp_with_its_rtcp_port),
		cmocka_unit_test(names_the_line_of_an_offer_that_is_broken),
		cmocka_unit_test(bounds_lines_and_media),
		cmocka_unit_test(says_why_a_media_line_is_refused),
		cmocka_unit_test(knows_the_payload_types_that_are_fixed),
		cmocka_unit_test(keeps_the_configuration_of_h264),
		cmocka_unit_test(refuses_more_tracks_than_a_session_has),
		cmocka_unit_test(takes_lf_alone_and_no_end_of_the_last_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
