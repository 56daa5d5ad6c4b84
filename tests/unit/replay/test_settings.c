/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/replay/settings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/test_settings.XXXXXX";

static int load(struct conf **ret_conf, const char *text)
{
	const struct settings settings = {
		.config = path, .output = "/tmp/out", .run_dir = "/tmp/run", .addresses = "10.77.0.1/24"
	};
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
	return settings_load(ret_conf, &settings);
}

static void secrets_need_not_be_there(void **state)
{
	struct conf *conf;

	assert_int_equal(
	        load(&conf, "[upload]\nenabled = 1\n[s3]\nbucket = b\n"
	                    "access_key = ${TEST_SETTINGS_NONE}\nsecret_key = ${TEST_SETTINGS_NONE}\n"
	                    "[control]\nlisten = 0.0.0.0:8080\napi_tokens = ${TEST_SETTINGS_NONE}\n"
	                    "[record]\ndir = ${TEST_SETTINGS_NONE}\nidle_timeout_s = 9\n"),
	        0);
	assert_int_equal(conf->record_idle_timeout_s, 9);
	assert_string_equal(conf->record_dir, "/tmp/out");
	assert_false(conf->upload_enabled);
	conf_free(conf);
}

static void what_decides_of_recordings_must_be_known_and_right(void **state)
{
	struct conf *conf;

	assert_int_equal(load(&conf, "[record]\nidle_timeout_s = ${TEST_SETTINGS_NONE}\n"), -EINVAL);
	assert_int_equal(load(&conf, "[record]\nfilename = {nobody}\n"), -EINVAL);
	assert_int_equal(load(&conf, "[s3]\nendpoint = http://x/y\n"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_need_not_be_there),
		cmocka_unit_test(what_decides_of_recordings_must_be_known_and_right),
	};
	int failed;

	close(mkstemp(path));
	unsetenv("TEST_SETTINGS_NONE");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
