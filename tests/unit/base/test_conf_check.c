/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/conf_check.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char *errors;

static int load(const char *text)
{
	char path[] = "/tmp/test_conf_check.XXXXXX";
	struct conf *conf = NULL;
	size_t size;
	FILE *out = open_memstream(&errors, &size), *file = fdopen(mkstemp(path), "w");
	int err;

	fputs(text, file);
	fclose(file);
	err = conf_load(&conf, path, out);
	fclose(out);
	unlink(path);
	conf_free(conf);
	return err;
}

static void accepts(const char *text)
{
	int err = load(text);

	assert_string_equal(errors, "");
	assert_int_equal(err, 0);
	free(errors);
}

/* @text is refused with one line that holds @part. */
static void refuses(const char *text, const char *part)
{
	assert_int_equal(load(text), -EINVAL);
	if (!strstr(errors, part))
		fail_msg("'%s' is not in: %s", part, errors);
	assert_ptr_equal(strchr(errors, '\n'), strrchr(errors, '\n'));
	free(errors);
}

static void upload_needs_its_secrets(void **state)
{
	assert_int_equal(load("[upload]\nenabled = 1\n[s3]\nbucket =\n"), -EINVAL);
	assert_non_null(strstr(errors,
	        ":4: [s3] bucket: missing, and [upload] enabled is on; set bucket in [s3] or the "
	        "environment variable S3_BUCKET\n"));
	assert_non_null(strstr(errors,
	        ":2: [s3] access_key: missing, and [upload] enabled is on; set access_key in [s3] "
	        "or the environment variable S3_ACCESS_KEY\n"));
	assert_non_null(strstr(errors,
	        ":2: [s3] secret_key: missing, and [upload] enabled is on; set secret_key in [s3] "
	        "or the environment variable S3_SECRET_KEY\n"));
	free(errors);
	accepts("[upload]\nenabled = 1\n[s3]\nbucket = b\naccess_key = a\nsecret_key = s\n");
	setenv("S3_SECRET_KEY", "s", 1);
	accepts("[upload]\nenabled = 1\n[s3]\nbucket = b\naccess_key = a\n");
	unsetenv("S3_SECRET_KEY");
}

static void retry_waits_are_in_order(void **state)
{
	refuses("[upload]\nmin_retry_ms = 2001\nmax_retry_ms = 2000\n",
	        ":2: [upload] min_retry_ms: is larger than max_retry_ms; allowed: up to 2000");
	accepts("[upload]\nmin_retry_ms = 2000\nmax_retry_ms = 2000\n");
}

static void an_endpoint_has_no_scheme(void **state)
{
	refuses("[s3]\nendpoint = http://store:9000\n",
	        ":2: [s3] endpoint: 'http://store:9000' is no endpoint");
	accepts("[s3]\nendpoint = store:9000\n");
	accepts("[s3]\nendpoint = [fd00::1]:9000\n");
}

static void a_file_name_must_be_distinct(void **state)
{
	refuses("[record]\nfilename = {room}_{trackID}\n", ":2: [record] filename: ");
	refuses("[record]\nfilename = {nobody}_{timestamp}.{ext}\n", ":2: [record] filename: ");
	accepts("[record]\nfilename = {room}-{participant}-{trackID}-{timestamp}.{ext}\n");
}

static void addresses_are_checked_one_by_one(void **state)
{
	refuses("[ingest]\naddress = 10.0.0.1/24, 10.0.0.1\n",
	        ":2: [ingest] address: '10.0.0.1' is no address; allowed: like 10.77.0.1/24 or fd00::1/64");
	refuses("[ingest]\naddress = 10.0.0.1/24 fd00::g/64\n", "'fd00::g/64' is no address");
	refuses("[ingest]\naddress = 10.0.0.1/24 10.0.0.2/24 10.0.0.3/24 10.0.0.4/24 10.0.0.5/24 fd00::1/64 "
	        "fd00::2/64 "
	        "fd00::3/64 fd00::4/64\n",
	        "too many addresses; allowed: up to 8");
	accepts("[ingest]\naddress = 10.0.0.1/24;fd00::1/64\ngateway = 10.0.0.254, fd00::fe\n");
}

static void there_is_one_gateway_a_version(void **state)
{
	refuses("[ingest]\ngateway = 10.0.0.254/24\n", ":2: [ingest] gateway: '10.0.0.254/24' is no address");
	refuses("[ingest]\ngateway = 10.0.0.254 10.0.0.253\n", "two gateways of one IP version");
	refuses("[ingest]\ngateway = fd00::1 fd00::2\n", "two gateways of one IP version");
}

static void port_ranges_hold_a_session_and_not_webrtc(void **state)
{
	refuses("[ingest]\nport_range = 200-100\n", ":2: [ingest] port_range: '200-100' is no port range");
	refuses("[ingest]\nport_range = 101-102\n", "'101-102' holds no session");
	refuses("[ingest]\nport_range = 100-100\n", "'100-100' holds no session");
	accepts("[ingest]\nport_range = 100-101\n");
	accepts("[ingest]\nport_range = 101-103\n");
	refuses("[ingest]\nport_range = 3000-4000\n", "[ingest] webrtc_port: 3478 lies within port_range");
}

static void a_mac_address_is_of_one_host(void **state)
{
	refuses("[ingest]\nmac = 01:00:5e:00:00:01\n",
	        ":2: [ingest] mac: '01:00:5e:00:00:01' is no MAC address");
	accepts("[ingest]\nmac = 02:00:00:00:00:01\n");
}

static void cpus_are_numbers(void **state)
{
	refuses("[dataplane]\nlcores = one\n",
	        ":2: [dataplane] lcores: no list of CPUs; allowed: up to 64 of 0 to 1023");
	refuses("[dataplane]\nlcores = 0-64\n", "[dataplane] lcores: no list of CPUs");
	refuses("[dataplane]\nwriter_cpus = 5-2\n", ":2: [dataplane] writer_cpus: no list of CPUs");
	accepts("[dataplane]\nlcores = 2-5,8\nwriter_cpus = 0 1\n");
}

static void there_are_sixteen_ports_at_most(void **state)
{
	accepts("[dataplane]\nport = a b c d e f g h i j k l m n o p\n");
	refuses("[dataplane]\nport = a b c d e f g h i j k l m n o p q\n",
	        "[dataplane] port: 17 ports; allowed: up to 16");
}

static void the_api_is_open_to_others_only_with_tokens(void **state)
{
	refuses("[control]\nlisten = 0.0.0.0:8080\n",
	        ":2: [control] listen: '0.0.0.0:8080' is open to others and api_tokens is empty");
	refuses("[control]\nlisten = [::]:8080\n", "is open to others");
	refuses("[control]\nlisten = 8080\n", "'8080' is no address and port");
	accepts("[control]\nlisten = 0.0.0.0:8080\napi_tokens = t\n");
	accepts("[control]\nlisten = [::1]:8080\n");
	accepts("[control]\nlisten = 127.9.9.9:8080\n");
}

static void certificate_and_key_come_together(void **state)
{
	refuses("[control]\ntls_cert = /c.pem\n", ":2: [control] tls_cert: set alone");
	refuses("[control]\ntls_key = /k.pem\n", ":2: [control] tls_key: set alone");
	accepts("[control]\ntls_cert = /c.pem\ntls_key = /k.pem\n");
}

static void public_addresses_have_no_prefix(void **state)
{
	refuses("[ingest]\npublic_address = 203.0.113.7/24\n",
	        ":2: [ingest] public_address: '203.0.113.7/24' is no address");
	refuses("[ingest]\npublic_address = 203.0.113.7, example.com\n", "'example.com' is no address");
	accepts("[ingest]\npublic_address = 203.0.113.7, 203.0.113.8, 2001:db8::7\n");
	accepts("[ingest]\npublic_address =\n");
}

static void codecs_are_known_by_name(void **state)
{
	refuses("[ingest]\ncodecs = VP8, H265\n",
	        ":2: [ingest] codecs: 'H265' is no codec that is known; allowed: VP8, ");
	refuses("[ingest]\ncodecs = ,,,,\n", ":2: [ingest] codecs:");
	accepts("[ingest]\ncodecs = av1, OPUS\n");
}

static void whip_tokens_name_their_room(void **state)
{
	refuses("[control]\nwhip_tokens = demo=one, hush\n",
	        ":2: [control] whip_tokens: number 2 is no room and token");
	assert_int_equal(load("[control]\nwhip_tokens = hush\n"), -EINVAL);
	assert_null(strstr(errors, "hush"));
	free(errors);
	refuses("[control]\nwhip_tokens = =hush\n", "number 1");
	refuses("[control]\nwhip_tokens = demo=\n", "number 1");
	accepts("[control]\nwhip_tokens = demo=one, *=two=\n");
}

static void the_directory_of_the_certificate_has_a_name(void **state)
{
	refuses("[control]\ndtls_dir =\n", ":2: [control] dtls_dir:");
	refuses("[control]\ndtls_cert_days = 0\n", ":2: [control] dtls_cert_days:");
}

static void what_was_reported_is_not_checked_again(void **state)
{
	refuses("[upload]\nenabled = maybe\n", ":2: [upload] enabled:");
	refuses("[upload]\nmin_retry_ms = 70000\nmax_retry_ms = 1\n", ":3: [upload] max_retry_ms:");
	refuses("[ingest]\nport_range = 3000-4000\nwebrtc_port = 0\n", ":3: [ingest] webrtc_port:");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(upload_needs_its_secrets),
		cmocka_unit_test(retry_waits_are_in_order),
		cmocka_unit_test(an_endpoint_has_no_scheme),
		cmocka_unit_test(a_file_name_must_be_distinct),
		cmocka_unit_test(addresses_are_checked_one_by_one),
		cmocka_unit_test(there_is_one_gateway_a_version),
		cmocka_unit_test(port_ranges_hold_a_session_and_not_webrtc),
		cmocka_unit_test(a_mac_address_is_of_one_host),
		cmocka_unit_test(cpus_are_numbers),
		cmocka_unit_test(there_are_sixteen_ports_at_most),
		cmocka_unit_test(the_api_is_open_to_others_only_with_tokens),
		cmocka_unit_test(certificate_and_key_come_together),
		cmocka_unit_test(public_addresses_have_no_prefix),
		cmocka_unit_test(codecs_are_known_by_name),
		cmocka_unit_test(whip_tokens_name_their_room),
		cmocka_unit_test(the_directory_of_the_certificate_has_a_name),
		cmocka_unit_test(what_was_reported_is_not_checked_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
