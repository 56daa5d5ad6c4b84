/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct options options;
static char error[512];

/* Parse the words of @line, which stay until the next call. */
static int parse(const char *line)
{
	static char words[1024], program[] = "wirespool-gen";
	char *argv[64] = { program }, *save;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	error[0] = '\0';
	return options_parse(&options, argc, argv, error, sizeof(error));
}

static void defaults_make_a_call(void **state)
{
	assert_int_equal(parse("--plan p"), 0);
	assert_int_equal(options.sessions, 1);
	assert_int_equal(options.track_count, 2);
	assert_int_equal(options.profile, PROFILE_AES_CM_128_HMAC_SHA1_80);
	assert_int_equal(options.duration_ns, 10000000000);
	assert_int_equal(options.seq, -1);
	assert_true(options.bye);
	assert_false(options.udp_checksum);
}

static void values_are_taken_in_both_forms(void **state)
{
	assert_int_equal(parse("--api http://127.0.0.1:8080 --sessions=20 --tracks vp9,opus,video --profile "
	                       "aead_aes_256_gcm "
	                       "--size 1280x720 --loss 2.5 --pause 1.5:0.25 --seq 65530 --timestamp "
	                       "4294967295 --frame-ms 2.5 "
	                       "--no-bye --no-sr --jitter-ms 0.5 --duration 0.1 --vp9-mode flexible --bind "
	                       "::1 --rate-scale 4 "
	                       "--seed 0x10"),
	        0);
	assert_int_equal(options.sessions, 20);
	assert_int_equal(options.track_count, 3);
	assert_int_equal(options.tracks[0], CODEC_VP9);
	assert_int_equal(options.tracks[1], CODEC_OPUS);
	assert_int_equal(options.tracks[2], CODEC_VP8);
	assert_int_equal(options.profile, PROFILE_AEAD_AES_256_GCM);
	assert_int_equal(options.clip.width, 1280);
	assert_int_equal(options.clip.height, 720);
	assert_true(options.impair.loss == 2.5);
	assert_int_equal(options.pause_at_ns, 1500000000);
	assert_int_equal(options.pause_len_ns, 250000000);
	assert_int_equal(options.seq, 65530);
	assert_true(options.timestamp == 4294967295);
	assert_int_equal(options.clip.frame_us, 2500);
	assert_false(options.bye);
	assert_false(options.reports);
	assert_int_equal(options.impair.jitter_ns, 500000);
	assert_int_equal(options.duration_ns, 100000000);
	assert_true(options.flexible);
	assert_int_equal(options.bind.ss_family, AF_INET6);
	assert_int_equal(options.seed, 16);
}

static void a_device_takes_addresses(void **state)
{
	assert_int_equal(parse("--plan p --vdev net_null0 --src-ip 10.0.0.1 --src-mac 02:00:5e:00:00:0a "
	                       "--dst-mac 2:0:0:0:0:1"),
	        0);
	assert_memory_equal(&options.src_ip, ((uint8_t[]){ 10, 0, 0, 1 }), 4);
	assert_memory_equal(options.src_mac, ((uint8_t[]){ 2, 0, 0x5e, 0, 0, 10 }), 6);
	assert_memory_equal(options.dst_mac, ((uint8_t[]){ 2, 0, 0, 0, 0, 1 }), 6);
}

static void packets_alone_set_no_duration(void **state)
{
	assert_int_equal(parse("--plan p --packets 5"), 0);
	assert_true(options.duration_ns > 1000000000000000ull);
}

static void help_needs_nothing_else(void **state)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_int_equal(parse("--help"), 0);
	assert_true(options.help);
	options_help(f);
	fclose(f);
	assert_non_null(strstr(text, "--loss-burst N"));
	assert_non_null(strstr(text, "--spatial-layers N"));
	free(text);
}

static void wrong_use_is_refused_with_a_reason(void **state)
{
	static const char *const lines[] = { "", "--api a --plan p", "plan", "--plans p", "--plan",
		"--plan p --loss", "--plan p --loss x", "--plan p --loss 100.1", "--plan p --loss -1",
		"--plan p --loss nan", "--plan p --sessions 0", "--plan p --sessions 1.5",
		"--plan p --sessions -1", "--plan p --seq 65536", "--plan p --timestamp 4294967296",
		"--plan p --duration 0", "--plan p --duration inf", "--plan p --size 640",
		"--plan p --size 8x8", "--plan p --size 640x", "--plan p --tracks vp8,",
		"--plan p --tracks h264", "--plan p --profile none", "--plan p --pause 3",
		"--plan p --pause 3:0", "--plan p --bind host", "--plan p --frame-ms 15",
		"--plan p --vp9-mode x", "--plan p --dtx=1", "--plan p --unpaced --rate-scale 2",
		"--plan p --vdev x", "--plan p --src-ip 10.0.0.1", "--plan p --vdev x --src-ip ten",
		"--plan p --src-mac 1:2:3:4:5:6",
		"--plan p --vdev x --src-ip 10.0.0.1 --dst-mac 02:00:00:00:00",
		"--plan p --vdev x --src-ip 10.0.0.1 --bind 10.0.0.1", "--api a --spatial-layers 3",
		"--plan p --ivf x --spatial-layers 2", "--plan p --spatial-layers 4",
		"--plan p --reorder-depth 65", "--plan= --loss 1", "--plan p --rate-scale 0" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		if (parse(lines[i]) != -EINVAL || !error[0])
			fail_msg("taken: %s", lines[i]);
	}
}

static void webrtc_takes_what_a_browser_would_do(void **state)
{
	assert_int_equal(parse("--api a --webrtc"), 0);
	assert_true(options.webrtc);
	assert_int_equal(
	        parse("--webrtc --profile AEAD_AES_256_GCM --omit-ssrc --keep-open --bind ::1 --api a"), 0);
	assert_true(options.webrtc && options.omit_ssrc && options.keep_open);
	assert_int_equal(options.profile, PROFILE_AEAD_AES_256_GCM);
	assert_int_equal(parse("--api a --rtcp-next-port --idle-timeout 5 --profile plain"), 0);
	assert_false(options.webrtc);
}

static void webrtc_refuses_what_no_browser_does(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "--plan p --webrtc", "--webrtc needs --api, and a profile that is not plain" },
		{ "--api a --profile plain --webrtc",
		        "--webrtc needs --api, and a profile that is not plain" },
		{ "--webrtc", "exactly one of --api and --plan is needed, see --help" },
		{ "--api a --webrtc --rtcp-next-port",
		        "--rtcp-next-port is not for --webrtc, where RTCP shares the port" },
		{ "--api a --webrtc --idle-timeout 5",
		        "--idle-timeout is not for --webrtc, whose sessions end without consent" },
		{ "--api a --webrtc=1", "--webrtc takes no value" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse(cases[i].line), -EINVAL);
		assert_string_equal(error, cases[i].why);
	}
}

static void the_reason_names_the_option_and_its_bounds(void **state)
{
	parse("--plan p --sessions 100001");
	assert_string_equal(error, "--sessions: a whole number from 1 to 100000 is expected, not '100001'");
	parse("--plan p --bogus");
	assert_string_equal(error, "unknown option '--bogus', see --help");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_make_a_call),
		cmocka_unit_test(values_are_taken_in_both_forms),
		cmocka_unit_test(a_device_takes_addresses),
		cmocka_unit_test(packets_alone_set_no_duration),
		cmocka_unit_test(help_needs_nothing_else),
		cmocka_unit_test(wrong_use_is_refused_with_a_reason),
		cmocka_unit_test(webrtc_takes_what_a_browser_would_do),
		cmocka_unit_test(webrtc_refuses_what_no_browser_does),
		cmocka_unit_test(the_reason_names_the_option_and_its_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
