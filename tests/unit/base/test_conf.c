/* SPDX-License-Identifier: BSD-3-Clause */
/* conf.c with conf_ini.c, conf_row.c and conf_report.c: from bytes of a file and the environment to struct
 * conf. */
#include "base/conf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char path[] = "/tmp/test_conf.XXXXXX";
static char *errors;
static struct conf *conf;

static int load_path(const char *file)
{
	size_t size;
	FILE *out;
	int err;

	free(errors);
	conf_free(conf);
	conf = NULL;
	out = open_memstream(&errors, &size);
	err = conf_load(&conf, file, out);
	fclose(out);
	assert_true((err == 0) == (conf != NULL));
	assert_true((err == 0) == (*errors == '\0'));
	return err;
}

static int load_bytes(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	return load_path(path);
}

static int load(const char *text)
{
	return load_bytes(text, strlen(text));
}

/* @text is refused with the one line "<path>:<line>: <message>". */
static void refuses(const char *text, unsigned line, const char *message)
{
	char expected[2048];

	assert_int_equal(load(text), -EINVAL);
	snprintf(expected, sizeof(expected), "%s:%u: %s\n", path, line, message);
	assert_string_equal(errors, expected);
}

static int setup(void **state)
{
	strcpy(strrchr(path, '.'), ".XXXXXX");
	return close(mkstemp(path));
}

static int teardown(void **state)
{
	unlink(path);
	conf_free(conf);
	free(errors);
	conf = NULL;
	errors = NULL;
	return 0;
}

static void defaults_are_those_of_the_table(void **state)
{
	assert_int_equal(load_path(NULL), 0);
	assert_true(conf->record_enabled);
	assert_string_equal(conf->record_dir, "/var/lib/wirespool/records");
	assert_int_equal(conf->record_flush_interval_ms, 1000);
	assert_int_equal(conf->record_io, CONF_IO_AUTO);
	assert_int_equal(conf->record_on_loss, CONF_ON_LOSS_KEEP);
	assert_false(conf->upload_enabled);
	assert_string_equal(conf->s3_bucket, "");
	assert_string_equal(conf->ingest_address[0], "10.77.0.1/24");
	assert_null(conf->ingest_address[1]);
	assert_null(conf->ingest_gateway[0]);
	assert_string_equal(conf->dataplane_port[0], "net_af_packet0,iface=rec0");
	assert_int_equal(conf->log_level, 2);
}

static void every_type_is_read(void **state)
{
	assert_int_equal(load("[record]\nenabled = no\ndir=/srv/a b\nflush_interval_ms = 250\nio = BUFFERED\n"
	                      "[ingest]\naddress = 10.0.0.1/24, fd00::1/64;10.0.1.1/24\tfe80::2/10\n"
	                      "[dataplane]\nport = net_tap0,iface=a;net_memif0,role=server ; 0000:01:00.0\n"),
	        0);
	assert_false(conf->record_enabled);
	assert_string_equal(conf->record_dir, "/srv/a b");
	assert_int_equal(conf->record_flush_interval_ms, 250);
	assert_int_equal(conf->record_io, CONF_IO_BUFFERED);
	assert_string_equal(conf->ingest_address[1], "fd00::1/64");
	assert_string_equal(conf->ingest_address[3], "fe80::2/10");
	assert_null(conf->ingest_address[4]);
	assert_string_equal(conf->dataplane_port[0], "net_tap0,iface=a");
	assert_string_equal(conf->dataplane_port[1], "net_memif0,role=server");
	assert_string_equal(conf->dataplane_port[2], "0000:01:00.0");
	assert_null(conf->dataplane_port[3]);
}

static void comments_white_space_and_line_ends_are_no_part_of_values(void **state)
{
	assert_int_equal(
	        load("\xEF\xBB\xBF; head\r\n# head\r\n  [record] ; the recorder\r\n"
	             "  dir = /srv/a;b ; behind\r\n\tidle_timeout_s=5 # behind\r\n[s3]\nprefix = ;none\n"
	             "[ingest]\naddress = 10.0.0.1/24 ; 10.0.1.1/24 # two\n"),
	        0);
	assert_string_equal(conf->record_dir, "/srv/a;b");
	assert_int_equal(conf->record_idle_timeout_s, 5);
	assert_string_equal(conf->s3_prefix, "");
	assert_string_equal(conf->ingest_address[1], "10.0.1.1/24");
	assert_null(conf->ingest_address[2]);
}

static void a_long_line_is_read_whole(void **state)
{
	char text[9000] = "[control]\napi_tokens = ";

	memset(text + strlen(text), 't', 8000);
	assert_int_equal(load(text), 0);
	assert_int_equal(strlen(conf->control_api_tokens[0]), 8000);
}

static void variables_are_replaced(void **state)
{
	setenv("TEST_CONF_ROOM", "/srv", 1);
	setenv("TEST_CONF_EMPTY", "", 1);
	assert_int_equal(load("[record]\ndir = ${TEST_CONF_ROOM}/x${TEST_CONF_EMPTY}/$${y}$z\n"), 0);
	assert_string_equal(conf->record_dir, "/srv/x/${y}$z");
}

static void an_unset_variable_is_an_error(void **state)
{
	unsetenv("TEST_CONF_NONE");
	refuses("[record]\n\ndir = /a/${TEST_CONF_NONE}/b\n", 3,
	        "[record] dir: ${TEST_CONF_NONE} is not set in the environment; set it, or write the value");
	refuses("[record]\ndir = /a/${TEST CONF}\n", 2,
	        "[record] dir: '${TEST CONF}' is no variable; allowed: ${NAME}, or $${ for a plain ${");
	refuses("[record]\ndir = /a/${TEST\n", 2,
	        "[record] dir: '${TEST' is no variable; allowed: ${NAME}, or $${ for a plain ${");
}

static void who_peeks_needs_no_variables(void **state)
{
	FILE *file = fopen(path, "w");
	size_t size;
	FILE *out;

	unsetenv("TEST_CONF_NONE");
	fputs("[record]\ndir = /a\n[upload]\nenabled = 1\n[s3]\nsecret_key = ${TEST_CONF_NONE}\n", file);
	fclose(file);
	free(errors);
	out = open_memstream(&errors, &size);
	assert_int_equal(conf_peek(&conf, path, out), 0);
	fclose(out);
	assert_string_equal(errors, "");
	assert_string_equal(conf->record_dir, "/a");
	assert_string_equal(conf->s3_secret_key, "");
	assert_int_equal(load_path(path), -EINVAL);
}

static void who_has_no_use_for_a_section_needs_not_its_variables(void **state)
{
	static const char *const without[] = { "s3", "control", NULL };
	static const struct {
		const char *text, *error, *ports; /* no error: it is taken */
	} files[] = {
		{ "[s3]\nsecret_key = ${TEST_CONF_NONE}\n", NULL },
		{ "[control]\nlisten = 0.0.0.0:80\napi_tokens = ${TEST_CONF_NONE}\n", NULL },
		{ "[control]\nlisten = 0.0.0.0:80\n", "api_tokens is empty" },
		{ "[s3]\nsecret_key = ${TEST CONF}\n", "is no variable" },
		{ "[record]\nfilename = ${TEST_CONF_NONE}\n", "is not set in the environment" },
		{ "[record]\ndir = ${TEST_CONF_NONE}\n", NULL }, /* the environment gives it */
		{ "[ingest]\nport_range = ${TEST_CONF_NONE}\n", "'9-2'", "9-2" },
	};

	unsetenv("TEST_CONF_NONE");
	setenv("RECORD_DIR", "/a", 1);
	for (unsigned i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *file = fopen(path, "w"), *out;
		size_t size;
		int err;

		if (files[i].ports)
			setenv("WIRESPOOL_INGEST_PORT_RANGE", files[i].ports, 1);
		fputs(files[i].text, file);
		fclose(file);
		free(errors);
		out = open_memstream(&errors, &size);
		err = conf_load_without(&conf, path, without, out);
		fclose(out);
		if (files[i].error)
			assert_non_null(strstr(errors, files[i].error));
		else
			assert_string_equal(errors, "");
		assert_int_equal(err, files[i].error ? -EINVAL : 0);
		if (!err)
			conf_free(conf);
		conf = NULL;
	}
	unsetenv("RECORD_DIR");
	unsetenv("WIRESPOOL_INGEST_PORT_RANGE");
}

static void the_environment_wins(void **state)
{
	setenv("RECORD_ENABLED", "0", 1);
	setenv("S3_BUCKET", "from-env", 1);
	setenv("WIRESPOOL_RECORD_IDLE_TIMEOUT_S", "7", 1);
	setenv("RECORD_DIR", "/srv/${not}/expanded", 1);
	setenv("WIRESPOOL_API_TOKENS", "one\ntwo\n", 1);
	assert_int_equal(load("[record]\nenabled=1\nidle_timeout_s=9\n[s3]\nbucket = from-file\n"), 0);
	unsetenv("RECORD_ENABLED");
	unsetenv("S3_BUCKET");
	unsetenv("WIRESPOOL_RECORD_IDLE_TIMEOUT_S");
	unsetenv("RECORD_DIR");
	unsetenv("WIRESPOOL_API_TOKENS");
	assert_string_equal(conf->control_api_tokens[1], "two");
	assert_false(conf->record_enabled);
	assert_string_equal(conf->s3_bucket, "from-env");
	assert_int_equal(conf->record_idle_timeout_s, 7);
	assert_string_equal(conf->record_dir, "/srv/${not}/expanded");
}

static void a_bad_variable_is_named(void **state)
{
	setenv("S3_USE_SSL", "perhaps", 1);
	assert_int_equal(load(""), -EINVAL);
	unsetenv("S3_USE_SSL");
	assert_string_equal(errors,
	        "environment S3_USE_SSL: [s3] use_ssl: 'perhaps' is neither on nor off; allowed: 0 or 1\n");
}

static void bad_values_say_where_and_what_is_allowed(void **state)
{
	refuses("\n[record]\nenabled = maybe\n", 3,
	        "[record] enabled: 'maybe' is neither on nor off; allowed: 0 or 1");
	refuses("[record]\nenabled =\n", 2,
	        "[record] enabled: the value is neither on nor off; allowed: 0 or 1");
	refuses("[record]\nreorder_ms = 5001\n", 2,
	        "[record] reorder_ms: '5001' is out of bounds; allowed: 0 to 5000");
	refuses("[record]\nreorder_ms = -1\n", 2,
	        "[record] reorder_ms: '-1' is out of bounds; allowed: 0 to 5000");
	refuses("[record]\nreorder_ms = 99999999999999999999\n", 2,
	        "[record] reorder_ms: '99999999999999999999' is out of bounds; allowed: 0 to 5000");
	refuses("[record]\nreorder_ms = 12ms\n", 2,
	        "[record] reorder_ms: '12ms' is not a whole number; allowed: 0 to 5000");
	refuses("[record]\nreorder_ms = -\n", 2,
	        "[record] reorder_ms: '-' is not a whole number; allowed: 0 to 5000");
	refuses("[record]\nio = mmap\n", 2,
	        "[record] io: 'mmap' is not one of the choices; allowed: auto, direct or buffered");
	refuses("[record]\nio = auto|direct\n", 2,
	        "[record] io: 'auto|direct' is not one of the choices; allowed: auto, direct or buffered");
	refuses("[record]\ndir =\n", 2, "[record] dir: the value is empty; allowed: text of 1 to 3500 bytes");
	refuses("[record]\ndir = a\001b\n", 2,
	        "[record] dir: 'a?b' holds a control character; allowed: text of 1 to 3500 bytes");
	refuses("[control]\nlisten = 1\n", 2,
	        "[control] listen: '1' is too short; allowed: text of 3 to 100 bytes");
	refuses("[ingest]\nmac = 02:00:00:00:00:01:02\n", 2,
	        "[ingest] mac: '02:00:00:00:00:01:02' is too long; allowed: text of 0 to 17 bytes");
	refuses("[dataplane]\nport = ; ;\n", 2,
	        "[dataplane] port: '; ;' has nothing between its separators; allowed: list of 1 to 4000 "
	        "bytes, "
	        "separated by ';' or spaces");
}

static void secrets_stay_out_of_errors(void **state)
{
	refuses("[s3]\nsecret_key = hush\001hush\n", 2,
	        "[s3] secret_key: the value holds a control character; allowed: text of 0 to 255 bytes");
}

static void what_is_unknown_is_an_error(void **state)
{
	refuses("dir = /x\n", 1, "'dir' stands before any section; [section] comes first");
	refuses("[recorder]\ndir = /x\n", 1,
	        "[recorder]: unknown section; allowed: record, upload, s3, ingest, dataplane, control, log");
	refuses("[record]\ndirectory = /x\n", 2,
	        "[record] directory: unknown key; --sample-config lists those of the section");
	refuses("[record]\nDir = /x\n", 2,
	        "[record] Dir: unknown key; --sample-config lists those of the section");
}

static void an_unknown_section_without_keys_is_an_error_too(void **state)
{
	refuses("[record]\n[recorder]\n", 2,
	        "[recorder]: unknown section; allowed: record, upload, s3, ingest, dataplane, control, log");
}

static void a_key_given_twice_is_an_error(void **state)
{
	refuses("[record]\ndir = /x\n[log]\n[record]\ndir = /y\n", 5,
	        "[record] dir: given twice, first in line 2; allowed: once");
}

static void broken_lines_are_errors(void **state)
{
	refuses("[record]\nenabled\n", 2, "'enabled' has no value; allowed: key = value");
	refuses("[log]\n[record\ndir = /x\n", 2, "'[' without ']'; a section is [name]");
	refuses("[record] dir = /x\n", 1, "text behind ']'; a section stands alone on its line");
	assert_int_equal(load_bytes("[record]\ndir = a\0b\n", 18), -EINVAL);
	assert_non_null(strstr(errors, ":2: holds a NUL byte; allowed: text\n"));
}

static void a_line_without_end_is_an_error(void **state)
{
	static char text[20000];

	memset(text, 'x', sizeof(text) - 1);
	refuses(text, 1, "line of 19999 bytes; allowed: up to 16384");
	memcpy(text, "[record]\n#", 10);
	text[9 + 16384] = '\0';
	assert_int_equal(load(text), 0);
	text[9 + 16384] = 'x';
	text[9 + 16385] = '\0';
	refuses(text, 2, "line of 16385 bytes; allowed: up to 16384");
}

static void an_expansion_without_end_is_an_error(void **state)
{
	char *big = malloc(65537);

	memset(big, 'x', 65536);
	big[65536] = '\0';
	setenv("TEST_CONF_BIG", big, 1);
	free(big);
	refuses("[record]\ndir = /${TEST_CONF_BIG}\n", 2,
	        "[record] dir: too long with its variables; allowed: 65536 bytes");
	unsetenv("TEST_CONF_BIG");
}

static void all_errors_are_reported_each_on_its_line(void **state)
{
	unsigned lines = 0;

	assert_int_equal(
	        load("[record]\nenabled = 7\nnonsense = 1\n[log]\nlevel = loud\n[ingest]\nport_range = 5\n"),
	        -EINVAL);
	for (const char *p = errors; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 4);
	assert_non_null(strstr(errors, ":2: [record] enabled:"));
	assert_non_null(strstr(errors, ":3: [record] nonsense:"));
	assert_non_null(strstr(errors, ":5: [log] level:"));
	assert_non_null(strstr(errors, ":7: [ingest] port_range:"));
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
	assert_int_equal(load_path("/tmp/there/is/no/such.ini"), -ENOENT);
	assert_string_equal(errors, "/tmp/there/is/no/such.ini: cannot be read: No such file or directory\n");
	assert_int_equal(load_path("/tmp"), -EISDIR);
	assert_int_equal(load_path("/dev/zero"), -EFBIG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(defaults_are_those_of_the_table, setup, teardown),
		cmocka_unit_test_setup_teardown(every_type_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        comments_white_space_and_line_ends_are_no_part_of_values, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_line_is_read_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(variables_are_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unset_variable_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(who_peeks_needs_no_variables, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        who_has_no_use_for_a_section_needs_not_its_variables, setup, teardown),
		cmocka_unit_test_setup_teardown(the_environment_wins, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bad_variable_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_values_say_where_and_what_is_allowed, setup, teardown),
		cmocka_unit_test_setup_teardown(secrets_stay_out_of_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_unknown_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        an_unknown_section_without_keys_is_an_error_too, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_given_twice_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_lines_are_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_without_end_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(an_expansion_without_end_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(all_errors_are_reported_each_on_its_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_cannot_be_read_is_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
