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
#include "tools/wirespool/target.h"

static struct args args;
static struct conf conf;
static struct target target;
static char *tokens[] = { (char *)"first", (char *)"second", NULL };

static int set_up(void **state)
{
	unsetenv("WIRESPOOL_API_TOKENS");
	args = (struct args){ 0 };
	conf = (struct conf){ .control_listen = (char *)"127.0.0.1:8080", .control_tls_cert = (char *)"" };
	return 0;
}

static void expect_url(const char *listen, const char *url)
{
	conf.control_listen = (char *)listen;
	assert_int_equal(target_make(&target, &args, &conf), 0);
	assert_string_equal(target.url, url);
	assert_true(target.local);
	target_free(&target);
}

static void the_url_comes_from_where_control_listens(void **state)
{
	expect_url("127.0.0.1:8080", "http://127.0.0.1:8080");
	expect_url("0.0.0.0:80", "http://127.0.0.1:80");
	expect_url("[::]:8080", "http://[::1]:8080");
	expect_url("[fd00::1]:8080", "http://[fd00::1]:8080");
	conf.control_tls_cert = (char *)"/etc/cert.pem";
	expect_url("10.0.0.1:443", "https://10.0.0.1:443");
	assert_int_equal(target_make(&target, &args, &conf), 0);
	assert_string_equal(target.ca_file, "/etc/cert.pem");
	target_free(&target);
}

static void the_command_line_comes_first(void **state)
{
	args.values[ARGS_URL] = "https://recorder:8443//";
	args.values[ARGS_TOKEN] = "mine";
	args.values[ARGS_CA_FILE] = "/ca.pem";
	conf.control_api_tokens = tokens;
	conf.control_tls_cert = (char *)"/etc/cert.pem";
	setenv("WIRESPOOL_API_TOKENS", "env", 1);
	assert_int_equal(target_make(&target, &args, &conf), 0);
	assert_string_equal(target.url, "https://recorder:8443");
	assert_string_equal(target.token, "mine");
	assert_string_equal(target.ca_file, "/ca.pem");
	assert_false(target.local);
	target_free(&target);
	assert_null(target.token);
}

static void a_token_is_the_first_of_its_list(void **state)
{
	assert_int_equal(target_make(&target, &args, &conf), 0);
	assert_null(target.token);
	target_free(&target);
	conf.control_api_tokens = tokens;
	assert_int_equal(target_make(&target, &args, &conf), 0);
	assert_string_equal(target.token, "first");
	target_free(&target);
	setenv("WIRESPOOL_API_TOKENS", " one, two", 1);
	assert_int_equal(target_make(&target, &args, &conf), 0);
	assert_string_equal(target.token, "one");
	target_free(&target);
}

static void without_a_good_configuration_a_url_is_needed(void **state)
{
	assert_int_equal(target_make(&target, &args, NULL), -ENOENT);
	args.values[ARGS_URL] = "http://127.0.0.1:1";
	assert_int_equal(target_make(&target, &args, NULL), 0);
	target_free(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_url_comes_from_where_control_listens, set_up),
		cmocka_unit_test_setup(the_command_line_comes_first, set_up),
		cmocka_unit_test_setup(a_token_is_the_first_of_its_list, set_up),
		cmocka_unit_test_setup(without_a_good_configuration_a_url_is_needed, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
