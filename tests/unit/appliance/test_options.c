/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "appliance/top/options.h"

static struct options *o;
static char ini[] = "/tmp/test_options.XXXXXX";

static int write_ini(const char *text)
{
	FILE *file = fopen(ini, "w");

	return !file || fputs(text, file) < 0 || fclose(file) ? -1 : 0;
}

static int setup(void **state)
{
	unsetenv("WIRESPOOL_API_TOKENS");
	unsetenv("NO_COLOR");
	strcpy(strrchr(ini, '.'), ".XXXXXX");
	close(mkstemp(ini));
	return 0;
}

static int teardown(void **state)
{
	options_free(o);
	o = NULL;
	unlink(ini);
	return 0;
}

/* The exit code, or 0 with o. What is said goes nowhere. */
static int load(const char *const *argv)
{
	int argc = 0, exit_code = 0, out = dup(1), err = dup(2), nowhere = open("/dev/null", O_WRONLY), r;

	while (argv[argc])
		argc++;
	fflush(stdout);
	dup2(nowhere, 1);
	dup2(nowhere, 2);
	options_free(o);
	o = NULL;
	r = options_load(&o, argc, (char **)(uintptr_t)argv, &exit_code);
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	close(nowhere);
	return r ? 100 + exit_code : 0;
}
#define LOAD(...) load((const char *const[]){ "wirespool-top", __VA_ARGS__, NULL })

static void the_ini_tells_where_everything_is(void **state)
{
	write_ini("[dataplane]\nrun_dir = /run/w\n[record]\ndir = /srv/r\nmin_free_mb = 2\n[control]\nlisten "
	          "= 127.0.0.1:9\napi_tokens = one,two\n");
	assert_int_equal(LOAD("--config", ini), 0);
	assert_string_equal(o->run_dir, "/run/w");
	assert_string_equal(o->record_dir, "/srv/r");
	assert_string_equal(o->url, "http://127.0.0.1:9");
	assert_string_equal(o->token, "one");
	assert_int_equal(o->min_free_bytes, 2 << 20);
	assert_int_equal(o->mode, OPTIONS_DASHBOARD);
	assert_true(o->colour);
	assert_null(o->ca_file);
}

static void a_listener_on_all_addresses_is_reached_on_the_loopback(void **state)
{
	write_ini("[control]\nlisten = 0.0.0.0:80\napi_tokens = t\n");
	assert_int_equal(LOAD("--config", ini), 0);
	assert_string_equal(o->url, "http://127.0.0.1:80");
	write_ini("[control]\nlisten = [::]:80\napi_tokens = t\ntls_cert = /c.pem\ntls_key = /k.pem\n");
	assert_int_equal(LOAD("--config", ini), 0);
	assert_string_equal(o->url, "https://[::1]:80");
	assert_string_equal(o->ca_file, "/c.pem");
	assert_true(o->any_host);
}

static void the_command_line_goes_before_the_environment_before_the_ini(void **state)
{
	write_ini("[control]\nlisten = 127.0.0.1:9\napi_tokens = ini\n");
	setenv("WIRESPOOL_API_TOKENS", "env other", 1);
	setenv("NO_COLOR", "1", 1);
	assert_int_equal(LOAD("--config", ini, "--json"), 0);
	assert_string_equal(o->token, "env");
	assert_false(o->colour);
	assert_int_equal(o->mode, OPTIONS_JSON);
	assert_int_equal(LOAD("--config", ini, "--token", "line", "--url", "https://h:1//", "--run-dir", "/r",
	                         "--ca-file", "/a"),
	        0);
	assert_string_equal(o->token, "line");
	assert_string_equal(o->url, "https://h:1");
	assert_string_equal(o->run_dir, "/r");
	assert_string_equal(o->ca_file, "/a");
	assert_false(o->any_host);
}

static void without_an_ini_url_and_run_dir_are_enough(void **state)
{
	assert_int_equal(LOAD("--url", "http://h:1", "--run-dir", "/r", "--once", "--no-colour"), 0);
	assert_null(o->record_dir);
	assert_null(o->token);
	assert_int_equal(o->mode, OPTIONS_ONCE);
	assert_false(o->colour);
}

static void wrong_use_ends_with_2_and_help_with_0(void **state)
{
	assert_int_equal(LOAD("--nope"), 102);
	assert_int_equal(LOAD("--url"), 102);
	assert_int_equal(LOAD("more"), 102);
	assert_int_equal(LOAD("--url", "h:1", "--run-dir", "/r"), 102);
	assert_int_equal(LOAD("--config", "/nonexistent.ini"), 102);
	write_ini("[nothing]\na = 1\n");
	assert_int_equal(LOAD("--config", ini), 102);
	assert_int_equal(LOAD("--help"), 100);
	assert_int_equal(LOAD("--version"), 100);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { CASE(the_ini_tells_where_everything_is),
		CASE(a_listener_on_all_addresses_is_reached_on_the_loopback),
		CASE(the_command_line_goes_before_the_environment_before_the_ini),
		CASE(without_an_ini_url_and_run_dir_are_enough),
		CASE(wrong_use_ends_with_2_and_help_with_0) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
