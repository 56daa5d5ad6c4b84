/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/conf.h"
#include "control/session_request.h"

#define KEY30                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
#define TRACK(fields)        "{\"id\":\"v\",\"codec\":\"VP8\",\"payload_type\":96" fields "}"
#define BODY(fields, tracks) "{\"room\":\"demo\",\"participant\":\"alice\"" fields ",\"tracks\":[" tracks "]}"

static char *addresses[] = { (char *)"10.77.0.1/24", (char *)"10.78.0.1/24", (char *)"fd00::1/64", NULL };
static struct conf conf;
static struct msg_session_open open;
static struct session_request_error error;

static int setup(void **state)
{
	conf = (struct conf){ .ingest_address = addresses,
		.ingest_port_range = (char *)"20000-20099",
		.ingest_allow_plain_rtp = true,
		.record_idle_timeout_s = 30 };
	return 0;
}

static int parse(const char *text)
{
	json_t *body = json_loads(text, 0, NULL);
	int r;

	assert_non_null(body);
	r = session_request_parse(&open, body, &conf, &error);
	json_decref(body);
	return r;
}

static void assert_refused(const char *text, const char *message)
{
	error.code = NULL;
	assert_int_equal(parse(text), -EINVAL);
	assert_string_equal(error.message, message);
	assert_string_equal(error.code, "bad_field");
}

static void takes_the_example_of_the_contract(void **state)
{
	assert_int_equal(
	        parse("{\"room\":\"demo\",\"participant\":\"alice\",\"idle_timeout_s\":31,\"tracks\":["
	              "{\"id\":\"video0\",\"codec\":\"VP8\",\"payload_type\":96,\"clock_rate\":90000,"
	              "\"ssrc\":268435456,"
	              "\"srtp\":{\"profile\":\"AES_CM_128_HMAC_SHA1_80\",\"key\":\"" KEY30 "\"}},"
	              "{\"id\":\"audio1\",\"codec\":\"opus\",\"payload_type\":111,\"clock_rate\":48000,"
	              "\"channels\":2}]}"),
	        0);
	assert_string_equal(open.room, "demo");
	assert_string_equal(open.participant, "alice");
	assert_int_equal(open.idle_timeout_s, 31);
	assert_int_equal(open.port, 0);
	assert_int_equal(open.track_count, 2);
	assert_string_equal(open.tracks[0].id, "video0");
	assert_int_equal(open.tracks[0].codec, CODEC_VP8);
	assert_int_equal(open.tracks[0].payload_type, 96);
	assert_int_equal(open.tracks[0].clock_rate, 90000);
	assert_true(open.tracks[0].ssrc_known);
	assert_int_equal(open.tracks[0].ssrc, 268435456);
	assert_int_equal(open.tracks[0].profile, PROFILE_AES_CM_128_HMAC_SHA1_80);
	for (unsigned i = 0; i < 30; i++) {
		assert_int_equal(open.tracks[0].key[i], i);
		assert_int_equal(open.tracks[0].send_key[i], i);
	}
	assert_int_equal(open.tracks[1].codec, CODEC_OPUS);
	assert_int_equal(open.tracks[1].channels, 2);
	assert_int_equal(open.tracks[1].profile, PROFILE_PLAIN);
	assert_false(open.tracks[1].ssrc_known);
}

static void fills_in_what_may_be_left_out(void **state)
{
	conf.record_max_duration_s = 600;
	assert_int_equal(parse(BODY("", "{\"id\":\"a\",\"codec\":\"OPUS\",\"payload_type\":111}")), 0);
	assert_int_equal(open.idle_timeout_s, 30);
	assert_int_equal(open.max_duration_s, 600);
	assert_int_equal(open.tracks[0].clock_rate, 48000);
	assert_int_equal(open.tracks[0].channels, 2);
	assert_int_equal(open.addr.family, 4);
	assert_memory_equal(open.addr.bytes, "\x0a\x4d\x00\x01", 4);
}

static void finds_the_address_that_is_wished(void **state)
{
	assert_int_equal(parse(BODY(",\"family\":6", TRACK(""))), 0);
	assert_int_equal(open.addr.family, 6);
	assert_int_equal(parse(BODY(",\"address\":\"10.78.0.1\"", TRACK(""))), 0);
	assert_memory_equal(open.addr.bytes, "\x0a\x4e\x00\x01", 4);
	assert_refused(BODY(",\"address\":\"10.79.0.1\"", TRACK("")), "address: not one of ingest.address");
	assert_refused(BODY(",\"address\":\"x\"", TRACK("")), "address: an IPv4 or IPv6 address is expected");
	assert_refused(BODY(",\"address\":1", TRACK("")), "address: a string is expected");
	assert_refused(BODY(",\"family\":6,\"address\":\"10.78.0.1\"", TRACK("")),
	        "address: not one of ingest.address");
	assert_refused(BODY(",\"family\":5", TRACK("")), "family: 4 or 6 is expected");
	addresses[2] = NULL;
	assert_refused(BODY(",\"family\":6", TRACK("")), "family: ingest.address has none of that family");
	addresses[2] = (char *)"fd00::1/64";
}

static void takes_every_profile_with_its_key_length(void **state)
{
	static const struct {
		const char *name;
		unsigned bytes;
	} profiles[] = { { "AES_CM_128_HMAC_SHA1_80", 30 }, { "AES_CM_128_HMAC_SHA1_32", 30 },
		{ "AEAD_AES_128_GCM", 28 }, { "AEAD_AES_256_GCM", 44 } };
	char text[512], message[128], key[80];

	for (unsigned i = 0; i < 4; i++) {
		memset(key, 'A', sizeof(key));
		key[(profiles[i].bytes * 4 + 2) / 3] = '\0';
		snprintf(text, sizeof(text), BODY("", TRACK(",\"srtp\":{\"profile\":\"%s\",\"key\":\"%s\"}")),
		        profiles[i].name, key);
		assert_int_equal(parse(text), 0);
		assert_int_equal(open.tracks[0].profile, i + 1);
		snprintf(text, sizeof(text),
		        BODY("", TRACK(",\"srtp\":{\"profile\":\"%s\",\"key\":\"AAAA\"}")), profiles[i].name);
		snprintf(message, sizeof(message),
		        "tracks[0].srtp.key: %u bytes expected after base64, 3 given", profiles[i].bytes);
		assert_refused(text, message);
	}
}

static void takes_a_key_of_our_own_direction(void **state)
{
	assert_int_equal(
	        parse(BODY("", TRACK(",\"srtp\":{\"profile\":\"AES_CM_128_HMAC_SHA1_32\",\"key\":\"" KEY30
	                             "\",\"send_key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"))),
	        0);
	assert_int_equal(open.tracks[0].key[29], 29);
	assert_int_equal(open.tracks[0].send_key[29], 0);
}

static void names_the_field_that_is_wrong(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[]", "body: an object is expected" },
		{ "{}", "room: missing" },
		{ "{\"room\":1}", "room: a string is expected" },
		{ "{\"room\":\"\"}", "room: 1 to 128 bytes expected, 0 given" },
		{ "{\"room\":\"a\\nb\"}", "room: control characters are not allowed" },
		{ "{\"room\":\"a\\u007f\"}", "room: control characters are not allowed" },
		{ "{\"room\":\"a\\u0085\"}", "room: control characters are not allowed" },
		{ "{\"room\":\"r\"}", "participant: missing" },
		{ BODY(",\"rom\":1", TRACK("")), "rom: unknown field" },
		{ BODY(",\"r\\u00f6m\\n\":1", TRACK("")), "r??m?: unknown field" },
		{ BODY(",\"port\":1.5", TRACK("")), "port: a whole number is expected" },
		{ BODY(",\"port\":\"20000\"", TRACK("")), "port: a whole number is expected" },
		{ BODY(",\"port\":70000", TRACK("")), "port: 0 to 65535 expected, 70000 given" },
		{ BODY(",\"port\":20001", TRACK("")), "port: an even port from 20000 to 20098 is expected "
		                                      "(RTCP is taken on the next), 20001 given" },
		{ BODY(",\"port\":20100", TRACK("")), "port: an even port from 20000 to 20098 is expected "
		                                      "(RTCP is taken on the next), 20100 given" },
		{ BODY(",\"idle_timeout_s\":0", TRACK("")), "idle_timeout_s: 1 to 86400 expected, 0 given" },
		{ BODY(",\"max_duration_s\":null", TRACK("")), "max_duration_s: a whole number is expected" },
		{ "{\"room\":\"r\",\"participant\":\"p\"}", "tracks: missing" },
		{ "{\"room\":\"r\",\"participant\":\"p\",\"tracks\":{}}", "tracks: an array is expected" },
		{ BODY("", ""), "tracks: 1 to 16 expected, 0 given" },
		{ BODY("", "7"), "tracks[0]: an object is expected" },
		{ BODY("", "{\"codec\":\"VP8\"}"), "tracks[0].id: missing" },
		{ BODY("", "{\"id\":\"v\"}"), "tracks[0].codec: missing" },
		{ BODY("", "{\"id\":\"v\",\"codec\":\"H263\"}"),
		        "tracks[0].codec: unknown; known are VP8, VP9, opus, AV1, H264, PCMU, PCMA" },
		{ BODY("", "{\"id\":\"v\",\"codec\":\"VP8\"}"), "tracks[0].payload_type: missing" },
		{ BODY("", "{\"id\":\"v\",\"codec\":\"VP8\",\"payload_type\":128}"),
		        "tracks[0].payload_type: 0 to 127 expected, 128 given" },
		{ BODY("", "{\"id\":\"v\",\"codec\":\"VP8\",\"payload_type\":-1}"),
		        "tracks[0].payload_type: 0 to 127 expected, -1 given" },
		{ BODY("", "{\"id\":\"v\",\"codec\":\"VP8\",\"payload_type\":72}"),
		        "tracks[0].payload_type: 64 to 95 cannot be told from RTCP (RFC 5761)" },
		{ BODY("", TRACK(",\"clock_rate\":48000")),
		        "tracks[0].clock_rate: 90000 to 90000 expected, 48000 given" },
		{ BODY("", TRACK(",\"channels\":2")), "tracks[0].channels: only audio has channels" },
		{ BODY("", "{\"id\":\"a\",\"codec\":\"opus\",\"payload_type\":111,\"channels\":3}"),
		        "tracks[0].channels: 1 to 2 expected, 3 given" },
		{ BODY("", "{\"id\":\"a\",\"codec\":\"PCMU\",\"payload_type\":0,\"channels\":2}"),
		        "tracks[0].channels: 1 to 1 expected, 2 given" },
		{ BODY("", TRACK(",\"ssrc\":4294967296")),
		        "tracks[0].ssrc: 0 to 4294967295 expected, 4294967296 given" },
		{ BODY("", TRACK(",\"ssrc\":true")), "tracks[0].ssrc: a whole number is expected" },
		{ BODY("", TRACK(",\"colour\":1")), "tracks[0].colour: unknown field" },
		{ BODY("", TRACK(",\"srtp\":null")), "tracks[0].srtp: an object is expected" },
		{ BODY("", TRACK(",\"srtp\":{}")), "tracks[0].srtp.profile: missing" },
		{ BODY("", TRACK(",\"srtp\":{\"profile\":\"\"}")),
		        "tracks[0].srtp.profile: unknown; AES_CM_128_HMAC_SHA1_80, AES_CM_128_HMAC_SHA1_32, "
		        "AEAD_AES_128_GCM or AEAD_AES_256_GCM" },
		{ BODY("", TRACK(",\"srtp\":{\"profile\":\"AEAD_AES_128_GCM\"}")),
		        "tracks[0].srtp.key: missing" },
		{ BODY("", TRACK(",\"srtp\":{\"profile\":\"AEAD_AES_128_GCM\",\"key\":\"??\"}")),
		        "tracks[0].srtp.key: base64 is expected" },
		{ BODY("", TRACK(",\"srtp\":{\"profile\":\"AEAD_AES_128_GCM\",\"kee\":\"??\"}")),
		        "tracks[0].srtp.kee: unknown field" },
		{ BODY("", TRACK("") "," TRACK("")), "tracks[1].id: the same as tracks[0].id" },
		{ BODY("", TRACK("") ",{\"id\":\"w\",\"codec\":\"VP9\",\"payload_type\":96}"),
		        "tracks[1].payload_type: the same as tracks[0].payload_type; then both need their "
		        "ssrc" },
		{ BODY("", TRACK(",\"ssrc\":5") ",{\"id\":\"w\",\"codec\":\"VP9\",\"payload_type\":97,"
		                                "\"ssrc\":5}"),
		        "tracks[1].ssrc: the same as tracks[0].ssrc" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].text, cases[i].message);
}

static void takes_one_payload_type_twice_when_both_ssrcs_are_known(void **state)
{
	assert_int_equal(parse(BODY("", TRACK(",\"ssrc\":5") ",{\"id\":\"w\",\"codec\":\"VP8\",\"payload_"
	                                                     "type\":96,\"ssrc\":6}")),
	        0);
}

static void refuses_too_long_names_and_too_many_tracks(void **state)
{
	char text[4096], name[202], tracks[3000] = "";

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "{\"room\":\"%s\"}", name);
	assert_refused(text, "room: 1 to 128 bytes expected, 201 given");
	name[65] = '\0';
	snprintf(text, sizeof(text), "{\"room\":\"r\",\"participant\":\"p\",\"tracks\":[{\"id\":\"%s\"}]}",
	        name);
	assert_refused(text, "tracks[0].id: 1 to 64 bytes expected, 65 given");
	for (unsigned i = 0; i < LIMIT_TRACKS_PER_SESSION + 1; i++)
		snprintf(tracks + strlen(tracks), sizeof(tracks) - strlen(tracks), "%s{}", i ? "," : "");
	snprintf(text, sizeof(text), "{\"room\":\"r\",\"participant\":\"p\",\"tracks\":[%s]}", tracks);
	assert_refused(text, "tracks: 1 to 16 expected, 17 given");
}

static void refuses_a_nul_within_a_name(void **state)
{
	json_t *body = json_pack("{s:o, s:s}", "room", json_stringn("a\0b", 3), "participant", "p");

	assert_int_equal(session_request_parse(&open, body, &conf, &error), -EINVAL);
	assert_string_equal(error.message, "room: control characters are not allowed");
	json_decref(body);
}

static void keeps_names_as_they_are(void **state)
{
	assert_int_equal(
	        parse("{\"room\":\"../\\u00fc \\u4e16\",\"participant\":\"p\",\"tracks\":[" TRACK("") "]}"),
	        0);
	assert_string_equal(open.room, "../ü 世");
}

static void refuses_plain_rtp_unless_it_is_allowed(void **state)
{
	conf.ingest_allow_plain_rtp = false;
	assert_int_equal(parse(BODY("", TRACK(""))), -EINVAL);
	assert_string_equal(error.code, "plain_rtp_refused");
	assert_string_equal(error.message, "tracks[0].srtp: missing, and ingest.allow_plain_rtp is off");
}

static void bounds_the_duration_by_the_configured_one(void **state)
{
	conf.record_max_duration_s = 600;
	assert_int_equal(parse(BODY(",\"max_duration_s\":60", TRACK(""))), 0);
	assert_int_equal(open.max_duration_s, 60);
	assert_refused(
	        BODY(",\"max_duration_s\":601", TRACK("")), "max_duration_s: 1 to 600 expected, 601 given");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(takes_the_example_of_the_contract, setup),
		cmocka_unit_test_setup(fills_in_what_may_be_left_out, setup),
		cmocka_unit_test_setup(finds_the_address_that_is_wished, setup),
		cmocka_unit_test_setup(takes_every_profile_with_its_key_length, setup),
		cmocka_unit_test_setup(takes_a_key_of_our_own_direction, setup),
		cmocka_unit_test_setup(names_the_field_that_is_wrong, setup),
		cmocka_unit_test_setup(takes_one_payload_type_twice_when_both_ssrcs_are_known, setup),
		cmocka_unit_test_setup(refuses_too_long_names_and_too_many_tracks, setup),
		cmocka_unit_test_setup(refuses_a_nul_within_a_name, setup),
		cmocka_unit_test_setup(keeps_names_as_they_are, setup),
		cmocka_unit_test_setup(refuses_plain_rtp_unless_it_is_allowed, setup),
		cmocka_unit_test_setup(bounds_the_duration_by_the_configured_one, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
