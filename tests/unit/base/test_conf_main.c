/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_main.c and conf_print.c: what the daemons' shared options print, and with which exit code they end. */
#include "base/conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/test_conf_main.XXXXXX";
static char out[65536], err[65536];
static struct conf *conf;
static int exit_code;

/* What was written to the temporary file behind @fd since it took the place of @standard, which comes back.
 */
static void restore(int standard, int saved, FILE *file, char *buf, size_t size)
{
	fflush(standard == STDOUT_FILENO ? stdout : stderr);
	dup2(saved, standard);
	close(saved);
	rewind(file);
	buf[fread(buf, 1, size - 1, file)] = '\0';
	fclose(file);
}

/* Run conf_main with up to three arguments; standard output and error go to out and err. */
static int run(const char *a, const char *b, const char *c)
{
	char *argv[] = { (char *)(uintptr_t) "wirespool-test", (char *)(uintptr_t)a, (char *)(uintptr_t)b,
		(char *)(uintptr_t)c, NULL };
	int argc = 1 + !!a + !!b + !!c, saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO),
	    result;
	FILE *out_file = tmpfile(), *err_file = tmpfile();

	fflush(stdout);
	dup2(fileno(out_file), STDOUT_FILENO);
	dup2(fileno(err_file), STDERR_FILENO);
	conf_free(conf);
	conf = NULL;
	exit_code = -1;
	result = conf_main(argc, argv, "wirespool-test", "Tests.", &conf, &exit_code);
	restore(STDOUT_FILENO, saved_out, out_file, out, sizeof(out));
	restore(STDERR_FILENO, saved_err, err_file, err, sizeof(err));
	return result;
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	return close(mkstemp(path));
}

static int teardown(void **state)
{
	conf_free(conf);
	return unlink(path);
}

static void a_good_file_goes_on(void **state)
{
	write_file("[record]\nidle_timeout_s = 12\n");
	assert_int_equal(run("--config", path, NULL), 0);
	assert_int_equal(conf->record_idle_timeout_s, 12);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
}

static void a_bad_file_is_exit_code_two(void **state)
{
	write_file("[record]\nidle_timeout = 12\n");
	assert_int_equal(run("--config", path, NULL), -1);
	assert_int_equal(exit_code, 2);
	assert_non_null(strstr(err, ":2: [record] idle_timeout: unknown key"));
	assert_int_equal(run("--check", "--config", path), -1);
	assert_int_equal(exit_code, 2);
	assert_string_equal(out, "");
	assert_int_equal(run("--config", "/tmp/there/is/no/such.ini", NULL), -1);
	assert_int_equal(exit_code, 2);
	assert_non_null(strstr(err, "No such file"));
}

static void check_only_tells(void **state)
{
	write_file("");
	assert_int_equal(run("--check", "--config", path), -1);
	assert_int_equal(exit_code, 0);
	assert_null(conf);
	assert_non_null(strstr(out, ": good\n"));
}

static void wrong_use_is_exit_code_two(void **state)
{
	assert_int_equal(run("--confg", path, NULL), -1);
	assert_int_equal(exit_code, 2);
	assert_string_equal(err, "wirespool-test: --confg: unknown argument; try --help\n");
	assert_int_equal(run("start", NULL, NULL), -1);
	assert_int_equal(exit_code, 2);
	assert_string_equal(err, "wirespool-test: start: unknown argument; try --help\n");
	assert_int_equal(run("--config", NULL, NULL), -1);
	assert_int_equal(exit_code, 2);
	assert_string_equal(err, "wirespool-test: --config: needs a value; try --help\n");
	assert_int_equal(run("--check=1", NULL, NULL), -1);
	assert_int_equal(exit_code, 2);
	assert_int_equal(run("-x", NULL, NULL), -1);
	assert_int_equal(exit_code, 2);
}

static void version_and_help_are_printed(void **state)
{
	assert_int_equal(run("--version", NULL, NULL), -1);
	assert_int_equal(exit_code, 0);
	assert_string_equal(out, "wirespool-test " WIRESPOOL_VERSION "\n");
	assert_int_equal(run("--help", NULL, NULL), -1);
	assert_int_equal(exit_code, 0);
	assert_non_null(strstr(out, "usage: wirespool-test [--config FILE]"));
	assert_non_null(strstr(out, "\nTests.\n"));
}

static void the_printed_configuration_masks_secrets(void **state)
{
	write_file("[s3]\nsecret_key = hush1\nbucket = b\n[control]\napi_tokens = hush2, hush3\n"
	           "[ingest]\naddress = fd00::1/64;10.0.0.1/8\n");
	assert_int_equal(run("--print-config", "--config", path), -1);
	assert_int_equal(exit_code, 0);
	assert_null(strstr(out, "hush"));
	assert_non_null(strstr(out, "\nsecret_key = ********\n"));
	assert_non_null(strstr(out, "\napi_tokens = ********\n"));
	assert_non_null(strstr(out, "\nsession_token =\n"));
	assert_non_null(strstr(out, "\nbucket = b\n"));
	assert_non_null(strstr(out, "\naddress = fd00::1/64, 10.0.0.1/8\n"));
	assert_non_null(strstr(out, "\nio = auto\n"));
}

static void the_printed_configuration_reads_back(void **state)
{
	static char first[sizeof(out)];

	write_file("[record]\ndir = /a$${b}/$c\nio = direct\nenabled = off\n[dataplane]\nport = "
	           "net_tap0,iface=x;net_tap1\n");
	run("--print-config", "--config", path);
	assert_non_null(strstr(out, "\ndir = /a$${b}/$c\n"));
	strcpy(first, out);
	write_file(first);
	assert_int_equal(run("--print-config", "--config", path), -1);
	assert_int_equal(exit_code, 0);
	assert_string_equal(out, first);
}

static void the_sample_is_the_defaults_as_comments(void **state)
{
	static char sample[sizeof(out)];

	run("--sample-config", NULL, NULL);
	assert_int_equal(exit_code, 0);
	strcpy(sample, out);
	assert_non_null(strstr(sample, "\n[record]\n"));
	assert_non_null(strstr(sample, "\n#enabled = 1\n"));
	assert_non_null(strstr(sample, "# 0 or 1; environment: RECORD_ENABLED\n"));
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(*line == '#' || *line == '[');
	write_file(sample);
	assert_int_equal(run("--config", path, NULL), 0);
}

static void every_line_of_the_sample_is_good_uncommented(void **state)
{
	char *p;

	run("--sample-config", NULL, NULL);
	for (p = out; (p = strstr(p, "\n#")); p++)
		if (p[2] != ' ' && p[2] != '\n')
			p[1] = ' ';
	write_file(out);
	assert_int_equal(run("--config", path, NULL), 0);
	assert_string_equal(err, "");
}

static void output_that_does_not_arrive_is_exit_code_one(void **state)
{
	int saved = dup(STDOUT_FILENO);
	char *argv[] = { (char *)(uintptr_t) "wirespool-test", (char *)(uintptr_t) "--help", NULL };

	fflush(stdout);
	assert_non_null(freopen("/dev/full", "w", stdout));
	assert_int_equal(conf_main(2, argv, "wirespool-test", "Tests.", &conf, &exit_code), -1);
	clearerr(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_int_equal(exit_code, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_goes_on),
		cmocka_unit_test(a_bad_file_is_exit_code_two),
		cmocka_unit_test(check_only_tells),
		cmocka_unit_test(wrong_use_is_exit_code_two),
		cmocka_unit_test(version_and_help_are_printed),
		cmocka_unit_test(the_printed_configuration_masks_secrets),
		cmocka_unit_test(the_printed_configuration_reads_back),
		cmocka_unit_test(the_sample_is_the_defaults_as_comments),
		cmocka_unit_test(every_line_of_the_sample_is_good_uncommented),
		cmocka_unit_test(output_that_does_not_arrive_is_exit_code_one),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
