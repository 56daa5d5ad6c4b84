/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/gen/plan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tools/gen/roster.h"

#define KEY30 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"

static int read_text(struct roster *r, const char *text)
{
	char path[] = "/tmp/test-plan-XXXXXX";
	int fd = mkstemp(path), status;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	status = plan_read(r, path);
	unlink(path);
	return status;
}

static void flows_become_sessions_by_address_and_port(void **state)
{
	struct roster r = { 0 };

	assert_int_equal(
	        read_text(&r,
	                "# a call\n"
	                "127.0.0.1 20000 0x1001 96 VP8 AES_CM_128_HMAC_SHA1_80 " KEY30 "\n"
	                "\n"
	                "127.0.0.1 20000 4098 111 opus plain - # not secret\r\n"
	                "::1\t20002 7 98 vp9 AEAD_AES_128_GCM AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw\n"),
	        0);
	assert_int_equal(r.session_count, 2);
	assert_int_equal(r.track_count, 3);
	assert_int_equal(r.sessions[0].track_count, 2);
	assert_int_equal(r.sessions[1].first_track, 2);
	assert_int_equal(r.sessions[1].to.ss_family, AF_INET6);
	assert_int_equal(r.tracks[0].cfg.ssrc, 0x1001);
	assert_int_equal(r.tracks[0].cfg.key[29], 0x1D);
	assert_int_equal(r.tracks[1].cfg.codec, CODEC_OPUS);
	assert_int_equal(r.tracks[1].cfg.profile, PROFILE_PLAIN);
	assert_int_equal(r.tracks[2].session, 1);
	assert_int_equal(r.tracks[2].cfg.payload_type, 98);
	assert_int_equal(r.tracks[2].cfg.profile, PROFILE_AEAD_AES_128_GCM);
	roster_free(&r);
}

static void wrong_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"# nothing\n",
		"127.0.0.1 20000 1 96 VP8 plain\n",
		"127.0.0.1 20000 1 96 VP8 plain - -\n",
		"host 20000 1 96 VP8 plain -\n",
		"127.0.0.1 0 1 96 VP8 plain -\n",
		"127.0.0.1 65536 1 96 VP8 plain -\n",
		"127.0.0.1 20000 4294967296 96 VP8 plain -\n",
		"127.0.0.1 20000 -1 96 VP8 plain -\n",
		"127.0.0.1 20000 1 128 VP8 plain -\n",
		"127.0.0.1 20000 1 96 H264 plain -\n",
		"127.0.0.1 20000 1 96 VP8 plain " KEY30 "\n",
		"127.0.0.1 20000 1 96 VP8 AES_192 " KEY30 "\n",
		"127.0.0.1 20000 1 96 VP8 AEAD_AES_128_GCM " KEY30 "\n",
		"127.0.0.1 20000 1 96 VP8 AES_CM_128_HMAC_SHA1_80 -\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct roster r = { 0 };

		assert_int_equal(read_text(&r, lines[i]), -EINVAL);
		roster_free(&r);
	}
}

static void a_missing_plan_is_told(void **state)
{
	struct roster r = { 0 };
	assert_int_equal(plan_read(&r, "/nowhere/plan"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flows_become_sessions_by_address_and_port),
		cmocka_unit_test(wrong_lines_are_refused),
		cmocka_unit_test(a_missing_plan_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
